/* Measuring the surface properties. Most are counts of patterns (surface_patterns.c); the rest come
 * from the word tokens: how many, how long, how varied, how many of the query's.
 *
 * The values equal the reference's, made with Python's re module, on every text of the five real
 * sets that have texts (llmbar, autoj, pandalm, judgebench, mtbench: 8,686 responses). What the
 * description of the reference leaves open was settled by these texts: a text without sentence ends
 * has one sentence where it has any word, code included, and "I am an AI" and "its understandable"
 * count too. Left out: the context that Unicode gives to a final sigma beyond Greek letters. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "surface.h"
#include "surface_patterns.h"

#include <prefdissect/dataset.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/strmap.h"
#include "core/utf8.h"

enum { MOST_PATTERNS = 32, VARIETY_WORDS = 200, LEAST_QUERY_WORD = 4 };

struct pdx__surface {
    pcre2_code *count[MOST_PATTERNS]; /* of pdx__surface_patterns */
    pcre2_code *word;
};

typedef struct pdx__surface_span {
    const char *text;
    size_t length;
} span;

struct pdx__surface_scratch {
    const pdx__surface *surface;
    pcre2_match_data *match;
    pdx__buf prose, folded, lower;
    int32_t *word; /* of each token of the text: its number in `words` */
    size_t word_capacity;
    pdx__strmap words, trigrams, query;
};

static pdx_status compile(pcre2_code **out, const char *pattern, pcre2_compile_context *context) {
    int error;
    PCRE2_SIZE at;
    *out = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
                         PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE, &error, &at, context);
    if (!*out) {
        if (error == PCRE2_ERROR_HEAP_FAILED) return pdx__nomem();
        return pdx__fail(PDX_EUNSUPPORTED, "this PCRE2 refuses a surface pattern (error %d at %zu)",
                         error, (size_t)at);
    }
    /* Where it cannot be translated, the interpreter does the same, more slowly. */
    pcre2_jit_compile(*out, PCRE2_JIT_COMPLETE);
    return PDX_OK;
}

pdx_status pdx__surface_create(pdx__surface **out) {
    *out = NULL;
    pdx_status status = PDX_OK;
    pdx__surface *surface = pdx__alloc_zero(1, sizeof *surface);
    if (!surface) return PDX_ENOMEM;
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    if (!context) {
        status = pdx__nomem();
        goto done;
    }
    pcre2_set_newline(context, PCRE2_NEWLINE_LF);
    for (int32_t i = 0; i < pdx__surface_pattern_count; ++i)
        PDX__GO(compile(&surface->count[i], pdx__surface_patterns[i].pattern, context));
    PDX__GO(compile(&surface->word, pdx__surface_word, context));
    *out = surface;
    surface = NULL;
done:
    pcre2_compile_context_free(context);
    pdx__surface_free(surface);
    return status;
}

void pdx__surface_free(pdx__surface *surface) {
    if (!surface) return;
    for (int32_t i = 0; i < MOST_PATTERNS; ++i) pcre2_code_free(surface->count[i]);
    pcre2_code_free(surface->word);
    pdx__free(surface);
}

pdx_status pdx__surface_scratch_create(pdx__surface_scratch **out, const pdx__surface *surface) {
    *out = NULL;
    pdx__surface_scratch *scratch = pdx__alloc_zero(1, sizeof *scratch);
    if (!scratch) return PDX_ENOMEM;
    scratch->surface = surface;
    scratch->match = pcre2_match_data_create(1, NULL);
    if (!scratch->match) {
        pdx__surface_scratch_free(scratch);
        return pdx__nomem();
    }
    *out = scratch;
    return PDX_OK;
}

void pdx__surface_scratch_free(pdx__surface_scratch *scratch) {
    if (!scratch) return;
    pcre2_match_data_free(scratch->match);
    pdx__buf_free(&scratch->prose);
    pdx__buf_free(&scratch->folded);
    pdx__buf_free(&scratch->lower);
    pdx__free(scratch->word);
    pdx__strmap_free(&scratch->words);
    pdx__strmap_free(&scratch->trigrams);
    pdx__strmap_free(&scratch->query);
    pdx__free(scratch);
}

/* The next match at or after *at; *found = 0 where there is none. *at moves behind it. No pattern
 * matches the empty text. */
static pdx_status find(pdx__surface_scratch *scratch, const pcre2_code *pattern, span text,
                       size_t *at, span *match, int *found) {
    int result = pcre2_match(pattern, (PCRE2_SPTR)text.text, text.length, *at, PCRE2_NO_UTF_CHECK,
                             scratch->match, NULL);
    *found = result >= 0;
    if (result >= 0) {
        const PCRE2_SIZE *bounds = pcre2_get_ovector_pointer(scratch->match);
        match->text = text.text + bounds[0];
        match->length = bounds[1] - bounds[0];
        *at = bounds[1];
        return PDX_OK;
    }
    if (result == PCRE2_ERROR_NOMATCH) return PDX_OK;
    if (result == PCRE2_ERROR_NOMEMORY) return pdx__nomem();
    return pdx__fail(PDX_EPARSE, "the text exceeds a limit of the pattern search (PCRE2 error %d)",
                     result);
}

static pdx_status count(pdx__surface_scratch *scratch, const pcre2_code *pattern, span text,
                        double *out) {
    size_t at = 0;
    span match;
    int found;
    int64_t number = 0;
    for (;;) {
        PDX__TRY(find(scratch, pattern, text, &at, &match, &found));
        if (!found) break;
        ++number;
    }
    *out = (double)number;
    return PDX_OK;
}

/* Text without ``` .. ```, each replaced by a newline; an unclosed block ends with the text. */
static pdx_status take_code_out(pdx__buf *prose, span text, double *blocks) {
    const char *end = text.text + text.length, *at = text.text, *fence;
    int64_t number = 0;
    while ((fence = memmem(at, (size_t)(end - at), "```", 3))) {
        pdx__buf_append(prose, at, (size_t)(fence - at));
        pdx__buf_char(prose, '\n');
        const char *close = memmem(fence + 3, (size_t)(end - fence - 3), "```", 3);
        at = close ? close + 3 : end;
        ++number;
    }
    pdx__buf_append(prose, at, (size_t)(end - at));
    *blocks = (double)number;
    return prose->status;
}

/* What the word lists match: see the head of surface_patterns.c. Never longer than the text. */
static pdx_status fold(pdx__buf *out, span text) {
    pdx__buf_append(out, text.text, text.length);
    if (out->status != PDX_OK) return out->status;
    char *to = out->data;
    uint32_t rune;
    for (size_t i = 0, used; i < text.length; i += used) {
        used = pdx__utf8_decode(text.text + i, text.length - i, &rune);
        if (rune == 0x130 || rune == 0x131) *to++ = 'i';
        else if (rune == 0x17f) *to++ = 's';
        else if (rune == 0x212a) *to++ = 'k';
        else if (rune == 0x2019) *to++ = '\'';
        else if (rune < 0x80) *to++ = (char)pdx__utf8_lower(rune);
        else
            for (size_t k = 0; k < used; ++k) *to++ = text.text[i + k];
    }
    out->length = (size_t)(to - out->data);
    return PDX_OK;
}

static int is_greek(const char *text, size_t length) {
    uint32_t rune;
    return pdx__utf8_decode(text, length, &rune) &&
           ((rune >= 0x370 && rune < 0x400) || (rune >= 0x1f00 && rune < 0x2000));
}

/* A word in lower case, as Python's str.lower makes it: a capital sigma at the end of a Greek word
 * becomes a final one. *characters: how many the word has. */
static pdx_status lower(pdx__buf *out, span word, int64_t *characters) {
    pdx__buf_clear(out);
    uint32_t rune;
    int greek_before = 0;
    *characters = 0;
    for (size_t i = 0, used; i < word.length; i += used) {
        used = pdx__utf8_decode(word.text + i, word.length - i, &rune);
        ++*characters;
        if (rune < 0x80) {
            pdx__buf_char(out, (char)pdx__utf8_lower(rune));
            continue;
        }
        size_t after = i + used;
        uint32_t small = pdx__utf8_lower(rune);
        if (rune == 0x3a3 && greek_before && !is_greek(word.text + after, word.length - after))
            small = 0x3c2;
        greek_before = is_greek(word.text + i, used);
        char bytes[4];
        pdx__buf_append(out, bytes, pdx__utf8_encode(small, bytes));
    }
    return out->status;
}

/* The values of the published tables have four decimals, rounded as decimal text is. */
static double round4(double value) {
    char text[64];
    snprintf(text, sizeof text, "%.4f", value);
    return strtod(text, NULL);
}

static double share(int64_t part, int64_t whole) {
    return whole ? round4((double)part / (double)whole) : 0;
}

/* words, repeat3, type_token, word_len */
static pdx_status measure_words(pdx__surface_scratch *scratch, span text, double *out) {
    int64_t tokens = 0, characters = 0, variety = 0, number, length;
    size_t at = 0;
    span word;
    int found;
    for (;;) {
        PDX__TRY(find(scratch, scratch->surface->word, text, &at, &word, &found));
        if (!found) break;
        PDX__TRY(lower(&scratch->lower, word, &length));
        PDX__TRY(pdx__strmap_add(&scratch->words, scratch->lower.data, scratch->lower.length,
                                 &number, NULL));
        PDX__TRY(pdx__grow(&scratch->word, &scratch->word_capacity, (size_t)tokens + 1,
                           sizeof *scratch->word));
        scratch->word[tokens++] = (int32_t)number;
        characters += length;
        if (tokens <= VARIETY_WORDS) variety = scratch->words.count;
    }
    for (int64_t i = 0; i + 2 < tokens; ++i)
        PDX__TRY(pdx__strmap_add(&scratch->trigrams, (const char *)(scratch->word + i),
                                 3 * sizeof *scratch->word, &number, NULL));
    out[0] = (double)tokens;
    out[24] = tokens < 3 ? 0 : round4(1 - (double)scratch->trigrams.count / (double)(tokens - 2));
    out[25] = share(variety, tokens < VARIETY_WORDS ? tokens : VARIETY_WORDS);
    out[26] = share(characters, tokens);
    return PDX_OK;
}

/* query_overlap: of the distinct longer words of the query, how many the response has. */
static pdx_status measure_overlap(pdx__surface_scratch *scratch, span query, double *out) {
    int64_t number, length, shared = 0;
    size_t at = 0;
    span word;
    int found, added;
    for (;;) {
        PDX__TRY(find(scratch, scratch->surface->word, query, &at, &word, &found));
        if (!found) break;
        PDX__TRY(lower(&scratch->lower, word, &length));
        if (length < LEAST_QUERY_WORD) continue;
        PDX__TRY(pdx__strmap_add(&scratch->query, scratch->lower.data, scratch->lower.length,
                                 &number, &added));
        if (added &&
            pdx__strmap_find(&scratch->words, scratch->lower.data, scratch->lower.length) >= 0)
            ++shared;
    }
    out[28] = share(shared, scratch->query.count);
    return PDX_OK;
}

static pdx_status check_utf8(const char *noun, span text) {
    size_t valid = pdx__utf8_valid_length(text.text, text.length);
    if (valid == text.length) return PDX_OK;
    return pdx__fail(PDX_EPARSE, "the %s is not UTF-8 at byte %zu", noun, valid);
}

pdx_status pdx__surface_measure(pdx__surface_scratch *scratch, const char *response,
                                size_t response_length, const char *query, size_t query_length,
                                double out[PDX__SURFACE_COUNT]) {
    span text = {response, response_length}, asked = {query ? query : "", query ? query_length : 0};
    PDX__TRY(check_utf8("response", text));
    PDX__TRY(check_utf8("query", asked));
    pdx__buf_clear(&scratch->prose);
    pdx__buf_clear(&scratch->folded);
    pdx__strmap_free(&scratch->words);
    pdx__strmap_free(&scratch->trigrams);
    pdx__strmap_free(&scratch->query);
    memset(out, 0, PDX__SURFACE_COUNT * sizeof *out);

    PDX__TRY(take_code_out(&scratch->prose, text, &out[7]));
    span prose = {scratch->prose.data, scratch->prose.length};
    PDX__TRY(fold(&scratch->folded, prose));
    span folded = {scratch->folded.data, scratch->folded.length};
    span source[PDX__SURFACE_SOURCES] = {text, prose, folded};
    for (int32_t i = 0; i < pdx__surface_pattern_count; ++i) {
        const pdx__surface_pattern *pattern = &pdx__surface_patterns[i];
        PDX__TRY(count(scratch, scratch->surface->count[i], source[pattern->source],
                       &out[pattern->property]));
    }
    PDX__TRY(measure_words(scratch, text, out));
    PDX__TRY(measure_overlap(scratch, asked, out));
    if (out[1] == 0 && out[0] > 0) out[1] = 1;
    double prose_words = out[0];
    if (out[7] > 0) PDX__TRY(count(scratch, scratch->surface->word, prose, &prose_words));
    out[27] = share((int64_t)prose_words, (int64_t)out[1]);
    return PDX_OK;
}

pdx_status pdx_surface_measure(const char *response, size_t response_length, const char *query,
                               size_t query_length, double out[30]) {
    PDX__REQUIRE(response && out, "response and out are needed");
    pdx__surface *surface = NULL;
    pdx__surface_scratch *scratch = NULL;
    pdx_status status;
    PDX__GO(pdx__surface_create(&surface));
    PDX__GO(pdx__surface_scratch_create(&scratch, surface));
    PDX__GO(pdx__surface_measure(scratch, response, response_length, query, query_length, out));
done:
    pdx__surface_scratch_free(scratch);
    pdx__surface_free(surface);
    return status;
}
