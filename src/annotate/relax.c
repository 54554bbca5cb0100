/* A lenient reader that copies what it reads as strict JSON. What it cannot read is no object; it
 * repairs nothing that it would have to guess at: a text that was cut off stays unreadable. */
#include "annotate/relax.h"

#include <stdio.h>
#include <string.h>

#include "core/json.h"
#include "core/number.h"
#include "core/utf8.h"

enum { DEEPEST = 64, LONGEST_NUMBER = 64 };

typedef struct reader {
    const char *at, *end;
    pdx__buf *out;
} reader;

static void skip(reader *r) {
    while (r->at < r->end) {
        char c = *r->at;
        size_t left = (size_t)(r->end - r->at);
        if (c == ' ' || c == '\n' || c == '\r' || c == '\t') ++r->at;
        else if (left >= 2 && c == '\xc2' && r->at[1] == '\xa0') r->at += 2; /* no-break space */
        else if (left >= 2 && c == '/' && (r->at[1] == '/' || r->at[1] == '*')) {
            const char *stop = r->at[1] == '/' ? "\n" : "*/";
            const char *close = memmem(r->at + 2, left - 2, stop, strlen(stop));
            r->at = close ? close + strlen(stop) : r->end;
        } else return;
    }
}

static int is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || (unsigned char)c >= 0x80;
}

/* "...", '...'. Its contents as a strict string; an escape that JSON lacks stands for its letter.
 */
static int take_string(reader *r) {
    char quote = *r->at++;
    pdx__buf_char(r->out, '"');
    for (; r->at < r->end && *r->at != quote; ++r->at) {
        char c = *r->at;
        if (c == '\\') {
            if (++r->at == r->end) return 0;
            c = *r->at;
            if (c == 'u') {
                pdx__buf_text(r->out, "\\u");
                continue;
            }
            if (strchr("\"\\/bfnrt", c)) pdx__buf_char(r->out, '\\');
            pdx__buf_char(r->out, c);
        } else if (c == '"') pdx__buf_text(r->out, "\\\"");
        else if ((unsigned char)c < 0x20) pdx__buf_printf(r->out, "\\u%04x", (unsigned)c);
        else pdx__buf_char(r->out, c);
    }
    if (r->at == r->end) return 0;
    ++r->at;
    pdx__buf_char(r->out, '"');
    return 1;
}

/* true, None, -1.5, +2, .5 */
static int take_word(reader *r) {
    static const char *const words[][2] = {{"true", "true"}, {"false", "false"}, {"null", "null"},
                                           {"True", "true"}, {"False", "false"}, {"None", "null"},
                                           {"TRUE", "true"}, {"FALSE", "false"}};
    const char *from = r->at;
    while (r->at < r->end && (is_word(*r->at) || *r->at == '.' || *r->at == '+')) ++r->at;
    size_t length = (size_t)(r->at - from);
    for (size_t i = 0; i < sizeof words / sizeof *words; ++i)
        if (strlen(words[i][0]) == length && !memcmp(words[i][0], from, length)) {
            pdx__buf_text(r->out, words[i][1]);
            return 1;
        }
    char number[LONGEST_NUMBER + 2];
    double value;
    if (length && *from == '+') ++from, --length;
    if (!length || length > LONGEST_NUMBER) return 0;
    snprintf(number, sizeof number, "%s%.*s", *from == '.' ? "0" : "", (int)length, from);
    if (!pdx__parse_double(number, strlen(number), &value) || !(value > -1e300 && value < 1e300))
        return 0;
    pdx__buf_double(r->out, value);
    return 1;
}

static int take_value(reader *r, int depth);

static int take_key(reader *r) {
    if (r->at < r->end && (*r->at == '"' || *r->at == '\'')) return take_string(r);
    const char *from = r->at;
    while (r->at < r->end && is_word(*r->at)) ++r->at;
    pdx__buf_json_string(r->out, from, (size_t)(r->at - from));
    return r->at > from;
}

static int take_members(reader *r, int depth, char close) {
    if (depth > DEEPEST) return 0;
    pdx__buf_char(r->out, *r->at++);
    for (int any = 0;; any = 1) {
        skip(r);
        if (r->at < r->end && *r->at == close) break; /* also after a comma */
        if (any) pdx__buf_char(r->out, ',');
        if (close == '}') {
            if (!take_key(r)) return 0;
            skip(r);
            if (r->at == r->end || *r->at != ':') return 0;
            ++r->at;
            pdx__buf_char(r->out, ':');
        }
        if (!take_value(r, depth)) return 0;
        skip(r);
        if (r->at < r->end && *r->at == ',') ++r->at;
        else if (r->at == r->end || *r->at != close) return 0;
    }
    ++r->at;
    pdx__buf_char(r->out, close);
    return 1;
}

static int take_value(reader *r, int depth) {
    skip(r);
    if (r->at == r->end) return 0;
    if (*r->at == '{') return take_members(r, depth + 1, '}');
    if (*r->at == '[') return take_members(r, depth + 1, ']');
    if (*r->at == '"' || *r->at == '\'') return take_string(r);
    return take_word(r);
}

cJSON *pdx__relaxed_object(const char *text, pdx_status *status) {
    const char *end = text + strlen(text);
    size_t patience = (size_t)(end - text) * 8 + 65536; /* bytes to read, braces that begin nothing
                                                           included: the time stays bounded */
    cJSON *found = NULL;
    *status = PDX_OK;
    for (const char *at = text; (at = memchr(at, '{', (size_t)(end - at))) && patience;) {
        pdx__buf strict = PDX__BUF_EMPTY;
        reader r = {at, end, &strict};
        cJSON *object = NULL;
        int ok = take_members(&r, 1, '}');
        if (strict.status != PDX_OK) *status = strict.status;
        else if (ok)
            *status =
                pdx__json_parse(&object, strict.data, strict.length, (pdx__where){"the answer", 0});
        pdx__buf_free(&strict);
        size_t used = (size_t)(r.at - at) + 1;
        patience -= used < patience ? used : patience;
        if (*status == PDX_ENOMEM) break;
        *status = PDX_OK;
        if (object) {
            cJSON_Delete(found);
            found = object;
        }
        at = object ? r.at : at + 1;
    }
    if (*status == PDX_OK) return found;
    cJSON_Delete(found);
    return NULL;
}
