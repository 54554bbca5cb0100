/* Building and using a tokenizer: its vocabulary, its added tokens (found in the text before
 * anything else; special ones in a template's own text only), and prompts made of spans. */
#include "tokenizer.h"

#include <stdlib.h>
#include <string.h>

#include "core/utf8.h"
#include "tokenizer_internal.h"

enum { LARGEST_ID = 1 << 24 };

int32_t pdx__vocabulary_find(const pdx__tokenizer *t, const char *bytes, size_t length) {
    int64_t entry = pdx__strmap_find(&t->vocabulary, bytes, length);
    return entry < 0 ? -1 : t->entry_id[entry];
}

pdx_status pdx__tokenizer_add(pdx__tokenizer *t, int32_t id, const char *bytes, size_t length,
                              int32_t added, const char *path) {
    if (id < 0 || id >= LARGEST_ID)
        return pdx__fail_at(PDX_EPARSE, path, 0, "token id %d is out of range", id);
    size_t old = t->token_capacity;
    PDX__TRY(pdx__grow(&t->token, &t->token_capacity, (size_t)id + 1, sizeof *t->token));
    if (t->token_capacity > old)
        memset(t->token + old, 0, (t->token_capacity - old) * sizeof *t->token);
    pdx__token *token = &t->token[id];
    if (token->present && !added)
        return pdx__fail_at(PDX_EPARSE, path, 0, "token id %d stands there twice", id);
    token->start = t->bytes.length;
    token->length = length;
    token->present = 1;
    token->added = added;
    pdx__buf_append(&t->bytes, bytes, length);
    if (t->bytes.status != PDX_OK) return t->bytes.status;
    if (id >= t->size) t->size = id + 1;
    if (added) return PDX_OK;
    int64_t entry;
    int fresh;
    PDX__TRY(pdx__strmap_add(&t->vocabulary, bytes, length, &entry, &fresh));
    if (fresh) {
        PDX__TRY(
            pdx__grow(&t->entry_id, &t->entry_capacity, (size_t)entry + 1, sizeof *t->entry_id));
        t->entry_id[entry] = id;
    }
    return PDX_OK;
}

pdx_status pdx__tokenizer_merges(pdx__tokenizer *t, int64_t count) {
    t->merge_slots = 64;
    while (t->merge_slots < (size_t)count * 2) t->merge_slots *= 2;
    t->merge = pdx__alloc(t->merge_slots, sizeof *t->merge);
    if (!t->merge) return PDX_ENOMEM;
    for (size_t i = 0; i < t->merge_slots; ++i) t->merge[i].left = -1;
    return PDX_OK;
}

pdx_status pdx__tokenizer_merge(pdx__tokenizer *t, const char *left, size_t left_length,
                                const char *right, size_t right_length, int64_t rank,
                                const char *path) {
    char *both = pdx__alloc(left_length + right_length, 1);
    if (!both) return PDX_ENOMEM;
    memcpy(both, left, left_length);
    memcpy(both + left_length, right, right_length);
    int32_t a = pdx__vocabulary_find(t, left, left_length);
    int32_t b = pdx__vocabulary_find(t, right, right_length);
    int32_t merged = pdx__vocabulary_find(t, both, left_length + right_length);
    pdx__free(both);
    if (a < 0 || b < 0 || merged < 0)
        return pdx__fail_at(PDX_EPARSE, path, 0, "merge %lld names a token that is not there",
                            (long long)rank + 1);
    uint64_t h = ((uint64_t)(uint32_t)a << 32 | (uint32_t)b) * 0x9e3779b97f4a7c15u;
    size_t at = (h >> 20) & (t->merge_slots - 1);
    while (t->merge[at].left >= 0) {
        if (t->merge[at].left == a && t->merge[at].right == b) return PDX_OK; /* first one counts */
        at = (at + 1) & (t->merge_slots - 1);
    }
    t->merge[at] = (pdx__merge){a, b, merged, (int32_t)rank};
    return PDX_OK;
}

pdx_status pdx__tokenizer_cut(pdx__tokenizer *t, const char *pattern, int32_t behaviour,
                              const char *path) {
    pdx__cut *larger = realloc(t->cut, ((size_t)t->cuts + 1) * sizeof *t->cut);
    if (!larger) return pdx__nomem();
    t->cut = larger;
    int code;
    PCRE2_SIZE at;
    pcre2_code *compiled = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
                                         PCRE2_UTF | PCRE2_UCP, &code, &at, NULL);
    if (!compiled) {
        PCRE2_UCHAR text[128];
        pcre2_get_error_message(code, text, sizeof text);
        return code == PCRE2_ERROR_NOMEMORY || code == PCRE2_ERROR_HEAP_FAILED
                   ? pdx__nomem()
                   : pdx__fail_at(PDX_EUNSUPPORTED, path, 0,
                                  "the pre-tokenizer's pattern is not understood at %zu: %s", at,
                                  (const char *)text);
    }
    pcre2_jit_compile(compiled, PCRE2_JIT_COMPLETE); /* slower without, never wrong */
    t->cut[t->cuts++] = (pdx__cut){compiled, behaviour};
    return PDX_OK;
}

pdx_status pdx__tokenizer_rewrite(pdx__tokenizer *t, int32_t kind, const char *from,
                                  const char *to) {
    pdx__rewrite *larger = realloc(t->rewrite, ((size_t)t->rewrites + 1) * sizeof *t->rewrite);
    if (!larger) return pdx__nomem();
    t->rewrite = larger;
    pdx__rewrite r = {kind, pdx__strdup(from ? from : ""), pdx__strdup(to ? to : "")};
    if (!r.from || !r.to) {
        pdx__free(r.from);
        pdx__free(r.to);
        return PDX_ENOMEM;
    }
    t->rewrite[t->rewrites++] = r;
    return PDX_OK;
}

pdx_status pdx__bytes_of_printable(pdx__buf *out, const char *text, size_t length) {
    for (size_t i = 0; i < length;) {
        uint32_t rune;
        size_t used = pdx__utf8_decode(text + i, length - i, &rune);
        if (!used) {
            pdx__buf_char(out, text[i++]);
            continue;
        }
        int byte = -1;
        if ((rune > 0x20 && rune < 0x7f) || (rune > 0xa0 && rune < 0xad) ||
            (rune > 0xad && rune < 0x100))
            byte = (int)rune;
        else if (rune >= 0x100 && rune < 0x100 + 68) { /* the other 68 bytes, in order */
            uint32_t k = rune - 0x100;
            byte = (int)(k < 33 ? k : k < 67 ? 0x7f + (k - 33) : 0xad);
        }
        if (byte >= 0) pdx__buf_char(out, (char)byte);
        else pdx__buf_append(out, text + i, used);
        i += used;
    }
    return out->status;
}

/* Longest first; among equals the smaller id. Insertion: a model has few hundred at most. */
static pdx_status order_added(pdx__tokenizer *t) {
    int32_t count = 0;
    for (int32_t id = 0; id < t->size; ++id) count += t->token[id].added && t->token[id].length;
    t->added = pdx__alloc((size_t)count, sizeof *t->added);
    if (!t->added) return PDX_ENOMEM;
    for (int32_t id = 0; id < t->size; ++id) {
        if (!t->token[id].added || !t->token[id].length) continue;
        int32_t at = t->added_count++;
        while (at > 0 && t->token[t->added[at - 1]].length < t->token[id].length) {
            t->added[at] = t->added[at - 1];
            --at;
        }
        t->added[at] = id;
    }
    return PDX_OK;
}

pdx_status pdx__tokenizer_finish(pdx__tokenizer *t, const char *path) {
    if (t->size == 0) return pdx__fail_at(PDX_EPARSE, path, 0, "the tokenizer has no tokens");
    for (int b = 0; b < 256; ++b) {
        char byte = (char)b, name[8];
        static const char hex[] = "0123456789ABCDEF";
        if (t->kind == PDX__BPE_BYTES) t->byte_id[b] = pdx__vocabulary_find(t, &byte, 1);
        else {
            memcpy(name, "<0x__>", 7);
            name[3] = hex[b >> 4];
            name[4] = hex[b & 15];
            t->byte_id[b] = pdx__vocabulary_find(t, name, 6);
        }
    }
    return order_added(t);
}

pdx_status pdx__tokenizer_open(pdx__tokenizer **out, const pdx__weights *weights) {
    *out = NULL;
    pdx__tokenizer *t = pdx__alloc_zero(1, sizeof *t);
    if (!t) return PDX_ENOMEM;
    t->unknown = -1;
    pdx_status status;
    if (pdx__weights_is_gguf(weights)) status = pdx__tokenizer_read_gguf(t, weights);
    else status = pdx__tokenizer_read_json(t, pdx__weights_path(weights));
    if (status == PDX_OK) *out = t;
    else pdx__tokenizer_close(t);
    return status;
}

pdx_status pdx__tokenizer_from_json(pdx__tokenizer **out, const char *path) {
    *out = NULL;
    pdx__tokenizer *t = pdx__alloc_zero(1, sizeof *t);
    if (!t) return PDX_ENOMEM;
    t->unknown = -1;
    pdx_status status = pdx__tokenizer_read_json(t, path);
    if (status == PDX_OK) *out = t;
    else pdx__tokenizer_close(t);
    return status;
}

void pdx__tokenizer_close(pdx__tokenizer *t) {
    if (!t) return;
    for (int32_t i = 0; i < t->cuts; ++i) pcre2_code_free(t->cut[i].pattern);
    for (int32_t i = 0; i < t->rewrites; ++i) {
        pdx__free(t->rewrite[i].from);
        pdx__free(t->rewrite[i].to);
    }
    pdx__free(t->cut);
    pdx__free(t->rewrite);
    pdx__buf_free(&t->bytes);
    pdx__free(t->token);
    pdx__strmap_free(&t->vocabulary);
    pdx__free(t->entry_id);
    pdx__free(t->merge);
    pdx__free(t->added);
    pdx__free(t->front);
    pdx__free(t->chat_template);
    pdx__free(t);
}

int32_t pdx__tokenizer_size(const pdx__tokenizer *t) { return t->size; }

const char *pdx__token_text(const pdx__tokenizer *t, int32_t id, size_t *length) {
    *length = 0;
    if (id < 0 || id >= t->size || !t->token[id].present) return NULL;
    *length = t->token[id].length;
    return t->bytes.data + t->token[id].start;
}

int32_t pdx__token_is_special(const pdx__tokenizer *t, int32_t id) {
    return id >= 0 && id < t->size && t->token[id].special;
}

int32_t pdx__token_find(const pdx__tokenizer *t, const char *text, size_t length) {
    for (int32_t i = 0; i < t->added_count; ++i) {
        const pdx__token *token = &t->token[t->added[i]];
        if (token->length == length && !memcmp(t->bytes.data + token->start, text, length))
            return t->added[i];
    }
    return pdx__vocabulary_find(t, text, length);
}

const char *pdx__tokenizer_chat_template(const pdx__tokenizer *t) { return t->chat_template; }

/* The prompt in one piece; `own[i]` is 1 where byte i is the template's own text. */
typedef struct prompt {
    pdx__buf text;
    pdx__buf own;
} prompt;

/* Fields may hold any bytes: what is not UTF-8 becomes U+FFFD. */
static pdx_status join(const pdx__span *spans, int32_t count, prompt *p) {
    for (int32_t s = 0; s < count; ++s) {
        const char *text = spans[s].text;
        size_t before = p->text.length, length = spans[s].length;
        while (length) {
            size_t valid = pdx__utf8_valid_length(text, length);
            pdx__buf_append(&p->text, text, valid);
            text += valid;
            length -= valid;
            if (!length) break;
            pdx__buf_text(&p->text, "\xEF\xBF\xBD");
            ++text;
            --length;
            while (length && ((unsigned char)*text & 0xc0) == 0x80) ++text, --length;
        }
        for (size_t i = before; i < p->text.length; ++i)
            pdx__buf_char(&p->own, spans[s].is_field ? 0 : 1);
    }
    return p->text.status != PDX_OK ? p->text.status : p->own.status;
}

static int32_t added_at(const pdx__tokenizer *t, const prompt *p, size_t at) {
    for (int32_t i = 0; i < t->added_count; ++i) {
        const pdx__token *token = &t->token[t->added[i]];
        if (token->length > p->text.length - at ||
            memcmp(p->text.data + at, t->bytes.data + token->start, token->length))
            continue;
        if (!token->special || !memchr(p->own.data + at, 0, token->length)) return t->added[i];
    }
    return -1;
}

static int is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static pdx_status tokenize_prompt(const pdx__tokenizer *t, const prompt *p, pdx__ids *out) {
    char starts[256] = {0};
    for (int32_t i = 0; i < t->added_count; ++i)
        starts[(unsigned char)t->bytes.data[t->token[t->added[i]].start]] = 1;
    size_t from = 0;
    for (size_t at = 0; at < p->text.length;) {
        int32_t id = starts[(unsigned char)p->text.data[at]] ? added_at(t, p, at) : -1;
        if (id < 0) {
            ++at;
            continue;
        }
        size_t end = at;
        if (t->token[id].lstrip)
            while (end > from && is_space(p->text.data[end - 1])) --end;
        PDX__TRY(pdx__tokenize_section(t, p->text.data + from, end - from, from == 0, out));
        PDX__TRY(pdx__ids_push(out, id));
        at += t->token[id].length;
        if (t->token[id].rstrip)
            while (at < p->text.length && is_space(p->text.data[at])) ++at;
        from = at;
    }
    return pdx__tokenize_section(t, p->text.data + from, p->text.length - from, from == 0, out);
}

pdx_status pdx__tokenize(const pdx__tokenizer *t, const pdx__span *spans, int32_t count,
                         int32_t add_bos, pdx__ids *out) {
    for (int32_t i = 0; add_bos && i < t->front_count; ++i)
        PDX__TRY(pdx__ids_push(out, t->front[i]));
    prompt p = {PDX__BUF_EMPTY, PDX__BUF_EMPTY};
    pdx_status status = join(spans, count, &p);
    if (status == PDX_OK && p.text.length) status = tokenize_prompt(t, &p, out);
    pdx__buf_free(&p.text);
    pdx__buf_free(&p.own);
    return status;
}
