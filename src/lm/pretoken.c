/* From a section of text to pieces: normalise (replacements, Unicode's NFC), cut by the
 * pre-tokenizer's patterns (PCRE2 with Unicode classes), merge each piece. */
#include <string.h>
#include <utf8proc.h>

#include "tokenizer_internal.h"

const char pdx__gpt2_pattern[] =
    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

typedef struct piece {
    size_t start, length;
} piece;

typedef struct pieces {
    piece *list;
    size_t count, capacity;
} pieces;

static pdx_status push(pieces *p, size_t start, size_t end) {
    if (end <= start) return PDX_OK;
    PDX__TRY(pdx__grow(&p->list, &p->capacity, p->count + 1, sizeof *p->list));
    p->list[p->count++] = (piece){start, end - start};
    return PDX_OK;
}

static void replace_all(pdx__buf *out, const char *text, size_t length, const char *from,
                        const char *to) {
    size_t n = strlen(from);
    for (size_t i = 0; i < length;) {
        if (n && length - i >= n && !memcmp(text + i, from, n)) {
            pdx__buf_text(out, to);
            i += n;
        } else pdx__buf_char(out, text[i++]);
    }
}

static pdx_status compose(pdx__buf *out, const char *text, size_t length) {
    utf8proc_uint8_t *composed = NULL;
    utf8proc_ssize_t n =
        utf8proc_map((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)length, &composed,
                     (utf8proc_option_t)(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
    if (n < 0)
        return n == UTF8PROC_ERROR_NOMEM
                   ? pdx__nomem()
                   : pdx__fail(PDX_EPARSE, "text cannot be normalised: %s", utf8proc_errmsg(n));
    pdx__buf_append(out, composed, (size_t)n);
    pdx__free(composed);
    return PDX_OK;
}

static pdx_status normalise(const pdx__tokenizer *t, const char *text, size_t length, int32_t first,
                            pdx__buf *out) {
    pdx__buf_append(out, text, length);
    for (int32_t i = 0; i < t->rewrites && out->status == PDX_OK; ++i) {
        const pdx__rewrite *r = &t->rewrite[i];
        pdx__buf next = PDX__BUF_EMPTY;
        switch (r->kind) {
        case PDX__TEXT_PREPEND:
            pdx__buf_text(&next, r->to);
            pdx__buf_append(&next, out->data, out->length);
            break;
        case PDX__TEXT_MARK_FIRST: /* at the start of the prompt, unless it is there already */
            if (first && strncmp(out->data, r->to, strlen(r->to))) pdx__buf_text(&next, r->to);
            pdx__buf_append(&next, out->data, out->length);
            break;
        case PDX__TEXT_REPLACE: replace_all(&next, out->data, out->length, r->from, r->to); break;
        default: {
            pdx_status status = compose(&next, out->data, out->length);
            if (status != PDX_OK) next.status = status;
        }
        }
        pdx__buf_free(out);
        *out = next;
    }
    return out->status;
}

static pdx_status cut_piece(const pdx__cut *cut, const char *text, piece p, pcre2_match_data *data,
                            pieces *out) {
    const char *subject = text + p.start;
    size_t at = 0, kept = 0; /* kept: start of what was not handed out yet */
    while (at < p.length) {
        int rc = pcre2_match(cut->pattern, (PCRE2_SPTR)subject, p.length, at,
                             PCRE2_NO_UTF_CHECK | PCRE2_NOTEMPTY, data, NULL);
        if (rc == PCRE2_ERROR_NOMATCH) break;
        if (rc < 0)
            return rc == PCRE2_ERROR_NOMEMORY
                       ? pdx__nomem()
                       : pdx__fail(PDX_EPARSE, "the pre-tokenizer's pattern gives up (code %d)",
                                   rc);
        const PCRE2_SIZE *range = pcre2_get_ovector_pointer(data);
        size_t from = range[0], to = range[1];
        if (to <= from || from < at) break; /* a \K could do that */
        switch (cut->behaviour) {
        case PDX__CUT_WITH_PREVIOUS: PDX__TRY(push(out, p.start + kept, p.start + to)); break;
        case PDX__CUT_WITH_NEXT:
            PDX__TRY(push(out, p.start + kept, p.start + from));
            kept = from;
            at = to;
            continue;
        default:
            PDX__TRY(push(out, p.start + kept, p.start + from));
            if (cut->behaviour == PDX__CUT_ISOLATE)
                PDX__TRY(push(out, p.start + from, p.start + to));
        }
        kept = at = to;
    }
    return push(out, p.start + kept, p.start + p.length);
}

static pdx_status cut_all(const pdx__tokenizer *t, const char *text, size_t length, pieces *now) {
    PDX__TRY(push(now, 0, length));
    pdx_status status = PDX_OK;
    for (int32_t i = 0; i < t->cuts && status == PDX_OK; ++i) {
        pieces next = {0};
        pcre2_match_data *data = pcre2_match_data_create_from_pattern(t->cut[i].pattern, NULL);
        if (!data) return pdx__nomem();
        for (size_t k = 0; k < now->count && status == PDX_OK; ++k)
            status = cut_piece(&t->cut[i], text, now->list[k], data, &next);
        pcre2_match_data_free(data);
        pdx__free(now->list);
        *now = next;
    }
    return status;
}

pdx_status pdx__tokenize_section(const pdx__tokenizer *t, const char *text, size_t length,
                                 int32_t first, pdx__ids *out) {
    if (length == 0) return PDX_OK;
    pdx__buf buf = PDX__BUF_EMPTY;
    pieces p = {0};
    pdx_status status = normalise(t, text, length, first, &buf);
    if (status == PDX_OK) status = cut_all(t, buf.data, buf.length, &p);
    for (size_t i = 0; i < p.count && status == PDX_OK; ++i)
        status = pdx__bpe(t, buf.data + p.list[i].start, p.list[i].length, out);
    pdx__free(p.list);
    pdx__buf_free(&buf);
    return status;
}
