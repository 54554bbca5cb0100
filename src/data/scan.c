/* The scanner: strict grammar, no allocation. Runs of plain bytes in strings are skipped eight at a
 * time; numbers of few digits are read without strtod (exact: the digits and the power of ten are
 * both exact doubles, so one division rounds once). */
#include "scan.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/number.h"
#include "core/utf8.h"

enum { DEEPEST = 200 };

static int is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
static int is_digit(char c) { return c >= '0' && c <= '9'; }

static void skip_space(pdx__scan *s) {
    while (s->at < s->end && is_space(*s->at)) ++s->at;
}

pdx_status pdx__scan_fail(const pdx__scan *scan, const char *format, ...) {
    char reason[512];
    va_list args;
    va_start(args, format);
    vsnprintf(reason, sizeof reason, format, args);
    va_end(args);
    if (!scan->key.text)
        return pdx__fail_at(PDX_EPARSE, scan->where.file, scan->where.line, "%s", reason);
    int shown = scan->key.length > 60 ? 60 : (int)scan->key.length;
    return pdx__fail_at(PDX_EPARSE, scan->where.file, scan->where.line, "field '%.*s': %s", shown,
                        scan->key.text, reason);
}

static pdx_status broken(const pdx__scan *s) {
    if (s->at >= s->end) return pdx__scan_fail(s, "broken JSON: the text ends too early");
    size_t left = (size_t)(s->end - s->at);
    const char *name = *s->at == '-' && left > 1 ? s->at + 1 : s->at;
    left -= (size_t)(name - s->at);
    if (left >= 3 && (!memcmp(name, "NaN", 3) || !memcmp(name, "Inf", 3)))
        return pdx__scan_fail(s, "NaN and Infinity are no JSON numbers (byte %zu)",
                              (size_t)(s->at - s->start) + 1);
    return pdx__scan_fail(s, "broken JSON at byte %zu", (size_t)(s->at - s->start) + 1);
}

/* Strings -------------------------------------------------------------------------------------- */

/* Eight bytes with none that ends, escapes, is a control character or begins a longer one. */
static int is_plain(const char *at) {
    const uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;
    uint64_t word;
    memcpy(&word, at, sizeof word);
    uint64_t quote = word ^ ones * '"', slash = word ^ ones * '\\';
    uint64_t found = ((quote - ones) & ~quote) | ((slash - ones) & ~slash) |
                     ((word - ones * 0x20) & ~word) | word;
    return !(found & highs);
}

static int is_hex(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* From the opening quote to behind the closing one. */
static pdx_status scan_string(pdx__scan *s, pdx__span *out) {
    if (s->at >= s->end || *s->at != '"') return broken(s);
    const char *from = ++s->at;
    for (;;) {
        while (s->end - s->at >= 8 && is_plain(s->at)) s->at += 8;
        if (s->at >= s->end) return broken(s);
        unsigned char c = (unsigned char)*s->at;
        if (c == '"') break;
        if (c == '\\') {
            size_t left = (size_t)(s->end - s->at);
            if (left < 2 || !strchr("\"\\/bfnrtu", s->at[1]) || !s->at[1]) return broken(s);
            if (s->at[1] == 'u') {
                for (size_t i = 2; i < 6; ++i)
                    if (i >= left || !is_hex(s->at[i])) return broken(s);
                s->at += 6;
            } else s->at += 2;
        } else if (c < 0x20) return broken(s);
        else if (c < 0x80) ++s->at;
        else {
            uint32_t rune;
            size_t used = pdx__utf8_decode(s->at, (size_t)(s->end - s->at), &rune);
            if (!used)
                return pdx__scan_fail(s, "not UTF-8 at byte %zu", (size_t)(s->at - s->start) + 1);
            s->at += used;
        }
    }
    *out = (pdx__span){from, (size_t)(s->at - from), PDX__KIND_STRING};
    ++s->at;
    return PDX_OK;
}

static uint32_t hex4(const char *at) {
    uint32_t value = 0;
    for (int i = 0; i < 4; ++i) {
        char c = at[i];
        value = value << 4 | (uint32_t)(is_digit(c) ? c - '0' : (c | 32) - 'a' + 10);
    }
    return value;
}

/* The character that an escape at `*at` stands for; moves behind it. */
static uint32_t unescape(const char **at, const char *end) {
    char c = (*at)[1];
    *at += 2;
    switch (c) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'u': break;
    default: return (uint32_t)c;
    }
    uint32_t high = hex4(*at);
    *at += 4;
    if (high == 0) return 0xFFFD;
    if (high < 0xD800 || high > 0xDFFF) return high;
    if (high > 0xDBFF || end - *at < 6 || (*at)[0] != '\\' || (*at)[1] != 'u') return 0xFFFD;
    uint32_t low = hex4(*at + 2);
    if (low < 0xDC00 || low > 0xDFFF) return 0xFFFD;
    *at += 6;
    return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
}

void pdx__span_decode(pdx__span string, pdx__buf *out) {
    const char *at = string.text, *end = at + string.length;
    while (at < end) {
        const char *slash = memchr(at, '\\', (size_t)(end - at));
        pdx__buf_append(out, at, (size_t)((slash ? slash : end) - at));
        if (!slash) break;
        at = slash;
        char bytes[4];
        uint32_t rune = unescape(&at, end);
        pdx__buf_append(out, bytes, pdx__utf8_encode(rune, bytes));
    }
    pdx__buf_append(out, "", 0);
}

int pdx__span_is(pdx__span string, const char *text) {
    if (string.kind != PDX__KIND_STRING) return 0;
    if (!memchr(string.text, '\\', string.length))
        return strlen(text) == string.length && !memcmp(string.text, text, string.length);
    const char *at = string.text, *end = at + string.length;
    while (at < end) {
        char bytes[4] = {*at};
        size_t used = 1;
        if (*at == '\\') used = pdx__utf8_encode(unescape(&at, end), bytes);
        else ++at;
        if (strncmp(text, bytes, used)) return 0;
        text += used;
    }
    return !*text;
}

/* Numbers -------------------------------------------------------------------------------------- */

static pdx_status scan_number(pdx__scan *s) {
    if (*s->at == '-') ++s->at;
    if (s->at >= s->end || !is_digit(*s->at)) {
        if (s->at < s->end && *s->at == 'I') --s->at;
        return broken(s);
    }
    if (*s->at == '0') ++s->at;
    else
        while (s->at < s->end && is_digit(*s->at)) ++s->at;
    if (s->at < s->end && *s->at == '.') {
        ++s->at;
        if (s->at >= s->end || !is_digit(*s->at)) return broken(s);
        while (s->at < s->end && is_digit(*s->at)) ++s->at;
    }
    if (s->at < s->end && (*s->at == 'e' || *s->at == 'E')) {
        ++s->at;
        if (s->at < s->end && (*s->at == '+' || *s->at == '-')) ++s->at;
        if (s->at >= s->end || !is_digit(*s->at)) return broken(s);
        while (s->at < s->end && is_digit(*s->at)) ++s->at;
    }
    return PDX_OK;
}

double pdx__span_number(pdx__span number) {
    static const double power[] = {1,   1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    const char *at = number.text, *end = at + number.length;
    int negative = at < end && *at == '-';
    if (number.length <= 15) {
        int64_t digits = 0;
        int decimals = -1;
        for (at += negative; at < end; ++at) {
            if (is_digit(*at)) {
                digits = digits * 10 + (*at - '0');
                if (decimals >= 0) ++decimals;
            } else if (*at == '.') decimals = 0;
            else break;
        }
        if (at == end) {
            double value = (double)digits / power[decimals > 0 ? decimals : 0];
            return negative ? -value : value;
        }
    }
    double value = NAN;
    pdx__parse_double(number.text, number.length, &value);
    return value;
}

/* Any value ------------------------------------------------------------------------------------ */

static pdx_status scan_word(pdx__scan *s, const char *word) {
    size_t length = strlen(word);
    if ((size_t)(s->end - s->at) < length || memcmp(s->at, word, length)) return broken(s);
    s->at += length;
    return PDX_OK;
}

static pdx_status scan_value(pdx__scan *s, pdx__span *out, int depth);

static pdx_status scan_container(pdx__scan *s, char open, int depth) {
    char close = open == '{' ? '}' : ']';
    if (depth >= DEEPEST) return pdx__scan_fail(s, "JSON nested deeper than %d", DEEPEST);
    ++s->at;
    skip_space(s);
    if (s->at < s->end && *s->at == close) {
        ++s->at;
        return PDX_OK;
    }
    for (;;) {
        pdx__span ignored;
        if (open == '{') {
            skip_space(s);
            PDX__TRY(scan_string(s, &ignored));
            skip_space(s);
            if (s->at >= s->end || *s->at != ':') return broken(s);
            ++s->at;
        }
        PDX__TRY(scan_value(s, &ignored, depth + 1));
        skip_space(s);
        if (s->at < s->end && *s->at == close) {
            ++s->at;
            return PDX_OK;
        }
        if (s->at >= s->end || *s->at != ',') return broken(s);
        ++s->at;
    }
}

/* Skips white space and one value. */
static pdx_status scan_value(pdx__scan *s, pdx__span *out, int depth) {
    skip_space(s);
    if (s->at >= s->end) return broken(s);
    const char *from = s->at;
    pdx_status status;
    switch (*from) {
    case '"': return scan_string(s, out);
    case '{':
        out->kind = PDX__KIND_OBJECT;
        status = scan_container(s, '{', depth);
        break;
    case '[':
        out->kind = PDX__KIND_LIST;
        status = scan_container(s, '[', depth);
        break;
    case 't':
        out->kind = PDX__KIND_TRUE;
        status = scan_word(s, "true");
        break;
    case 'f':
        out->kind = PDX__KIND_FALSE;
        status = scan_word(s, "false");
        break;
    case 'n':
        out->kind = PDX__KIND_NULL;
        status = scan_word(s, "null");
        break;
    default:
        if (*from != '-' && !is_digit(*from)) return broken(s);
        out->kind = PDX__KIND_NUMBER;
        status = scan_number(s);
    }
    out->text = from;
    out->length = (size_t)(s->at - from);
    return status;
}

static pdx_status open_text(pdx__scan *scan, const char *text, size_t length, pdx__where where,
                            char bracket, const char *expected) {
    *scan =
        (pdx__scan){.start = text, .at = text, .end = text + length, .where = where, .fresh = 1};
    skip_space(scan);
    if (scan->at < scan->end && *scan->at == bracket) {
        ++scan->at;
        return PDX_OK;
    }
    pdx__span value;
    PDX__TRY(scan_value(scan, &value, 0));
    return pdx__scan_fail(scan, "expected %s, found %s", expected, pdx__span_type(value));
}

pdx_status pdx__scan_open(pdx__scan *scan, const char *text, size_t length, pdx__where where) {
    return open_text(scan, text, length, where, '{', "an object");
}

pdx_status pdx__scan_open_list(pdx__scan *scan, const char *text, size_t length, pdx__where where) {
    return open_text(scan, text, length, where, '[', "a list");
}

/* To the next member or item; *more = 0 behind the closing bracket, where the text must end. */
static pdx_status advance(pdx__scan *scan, char bracket, int *more) {
    *more = 0;
    scan->key.text = NULL;
    skip_space(scan);
    if (scan->at < scan->end && *scan->at == bracket) {
        ++scan->at;
        skip_space(scan);
        if (scan->at < scan->end)
            return pdx__scan_fail(scan, "more text after the JSON value, at byte %zu",
                                  (size_t)(scan->at - scan->start) + 1);
        return PDX_OK;
    }
    if (!scan->fresh) {
        if (scan->at >= scan->end || *scan->at != ',') return broken(scan);
        ++scan->at;
        skip_space(scan);
    }
    scan->fresh = 0;
    *more = 1;
    return PDX_OK;
}

pdx_status pdx__scan_member(pdx__scan *scan, int *more) {
    PDX__TRY(advance(scan, '}', more));
    if (!*more) return PDX_OK;
    *more = 0;
    pdx__span key;
    PDX__TRY(scan_string(scan, &key));
    skip_space(scan);
    if (scan->at >= scan->end || *scan->at != ':') return broken(scan);
    ++scan->at;
    scan->key = key;
    PDX__TRY(scan_value(scan, &scan->value, 1));
    *more = 1;
    return PDX_OK;
}

pdx_status pdx__scan_item(pdx__scan *scan, int *more) {
    PDX__TRY(advance(scan, ']', more));
    return *more ? scan_value(scan, &scan->value, 1) : PDX_OK;
}

void pdx__scan_inside(pdx__scan *scan, pdx__span value) {
    *scan = (pdx__scan){.start = value.text,
                        .at = value.text + 1,
                        .end = value.text + value.length,
                        .fresh = value.kind == PDX__KIND_OBJECT};
}

int pdx__scan_next(pdx__scan *scan) {
    skip_space(scan);
    if (*scan->at == ',') {
        ++scan->at;
        skip_space(scan);
    }
    if (*scan->at == '}' || *scan->at == ']') return 0;
    if (scan->fresh) { /* an object: a key first */
        if (scan_string(scan, &scan->key) != PDX_OK) return 0;
        skip_space(scan);
        ++scan->at;
    }
    return scan_value(scan, &scan->value, 1) == PDX_OK;
}

/* Typed values --------------------------------------------------------------------------------- */

const char *pdx__span_type(pdx__span value) {
    static const char *const names[] = {"null",     "true or false", "true or false", "a number",
                                        "a string", "a list",        "an object"};
    return names[value.kind];
}

pdx_status pdx__scan_double(const pdx__scan *scan, double *out) {
    if (scan->value.kind != PDX__KIND_NUMBER)
        return pdx__scan_fail(scan, "expected a number, found %s", pdx__span_type(scan->value));
    *out = pdx__span_number(scan->value);
    if (!isfinite(*out)) return pdx__scan_fail(scan, "not a finite number");
    return PDX_OK;
}

pdx_status pdx__scan_text(const pdx__scan *scan, pdx__buf *out) {
    pdx__buf_clear(out);
    if (scan->value.kind == PDX__KIND_STRING) pdx__span_decode(scan->value, out);
    else if (scan->value.kind == PDX__KIND_NUMBER)
        pdx__buf_append(out, scan->value.text, scan->value.length);
    else return pdx__scan_fail(scan, "expected a string, found %s", pdx__span_type(scan->value));
    return out->status;
}

pdx_status pdx__scan_doubles(const pdx__scan *scan, int64_t count, double *out) {
    if (scan->value.kind != PDX__KIND_LIST)
        return pdx__scan_fail(scan, "expected a list, found %s", pdx__span_type(scan->value));
    pdx__scan items;
    pdx__scan_inside(&items, scan->value);
    int64_t found = 0;
    for (; pdx__scan_next(&items); ++found) {
        if (found >= count) continue;
        if (items.value.kind != PDX__KIND_NUMBER)
            return pdx__scan_fail(scan, "entry %lld: expected a number, found %s",
                                  (long long)found + 1, pdx__span_type(items.value));
        out[found] = pdx__span_number(items.value);
        if (!isfinite(out[found]))
            return pdx__scan_fail(scan, "entry %lld is not a finite number", (long long)found + 1);
    }
    if (found != count)
        return pdx__scan_fail(scan, "expected %lld numbers, found %lld", (long long)count,
                              (long long)found);
    return PDX_OK;
}
