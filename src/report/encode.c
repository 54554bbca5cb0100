/* What goes into the page: escapes, base64, arrays of numbers. */
#include "encode.h"

#include <math.h>
#include <string.h>

#include "core/utf8.h"

/* Controls, marks and overrides of direction, and what has no width: they could make a text read
 * otherwise than it is. */
static int is_trick(uint32_t rune) {
    return (rune < 0x20 && rune != '\t' && rune != '\n' && rune != '\r') ||
           (rune >= 0x7f && rune < 0xa0) || rune == 0x61c || (rune >= 0x200b && rune <= 0x200f) ||
           (rune >= 0x2028 && rune <= 0x202e) || (rune >= 0x2060 && rune <= 0x206f) ||
           rune == 0xfeff || rune == 0xfffe || rune == 0xffff;
}

void pdx__html_text(pdx__buf *out, const char *text) {
    size_t length = strlen(text);
    for (size_t i = 0; i < length;) {
        uint32_t rune = 0xfffd;
        size_t used = pdx__utf8_decode(text + i, length - i, &rune);
        switch (rune) {
        case '&': pdx__buf_text(out, "&amp;"); break;
        case '<': pdx__buf_text(out, "&lt;"); break;
        case '>': pdx__buf_text(out, "&gt;"); break;
        case '"': pdx__buf_text(out, "&quot;"); break;
        case '\'': pdx__buf_text(out, "&#39;"); break;
        default:
            if (!used) pdx__buf_text(out, "\xef\xbf\xbd");
            else if (is_trick(rune)) pdx__buf_printf(out, "[U+%04X]", (unsigned)rune);
            else pdx__buf_append(out, text + i, used);
        }
        i += used ? used : 1;
    }
}

void pdx__html_json(pdx__buf *out, const pdx__buf *json) {
    size_t from = 0;
    for (size_t i = 0; i < json->length; ++i) {
        unsigned char c = (unsigned char)json->data[i];
        size_t used = 1;
        const char *instead;
        if (c == '<') instead = "\\u003c";
        else if (c == '>') instead = "\\u003e";
        else if (c == '&') instead = "\\u0026";
        else if (c == 0xe2 && i + 2 < json->length && (unsigned char)json->data[i + 1] == 0x80 &&
                 ((unsigned char)json->data[i + 2] & 0xfe) == 0xa8) {
            instead = (unsigned char)json->data[i + 2] == 0xa8 ? "\\u2028" : "\\u2029";
            used = 3;
        } else continue;
        pdx__buf_append(out, json->data + from, i - from);
        pdx__buf_text(out, instead);
        i += used - 1;
        from = i + 1;
    }
    if (json->length > from) pdx__buf_append(out, json->data + from, json->length - from);
}

size_t pdx__html_json_size(const pdx__buf *json) {
    size_t size = json->length;
    for (size_t i = 0; i < json->length; ++i)
        if (strchr("<>&\xe2", json->data[i])) size += 5;
    return size;
}

typedef struct base64 {
    pdx__buf *out;
    uint32_t bits;
    int held;
} base64;

static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void put(base64 *b, uint32_t byte) {
    b->bits = b->bits << 8 | (byte & 0xff);
    if (++b->held < 3) return;
    char four[4];
    for (int i = 0; i < 4; ++i) four[i] = digit[b->bits >> (18 - 6 * i) & 63];
    pdx__buf_append(b->out, four, 4);
    *b = (base64){b->out, 0, 0};
}

static void finish(base64 *b) {
    if (!b->held) return;
    int held = b->held;
    char four[4];
    b->bits <<= 8 * (3 - held);
    for (int i = 0; i < 4; ++i) four[i] = i <= held ? digit[b->bits >> (18 - 6 * i) & 63] : '=';
    pdx__buf_append(b->out, four, 4);
    b->held = 0;
}

void pdx__base64(pdx__buf *out, const void *bytes, size_t length) {
    base64 b = {out, 0, 0};
    for (size_t i = 0; i < length; ++i) put(&b, ((const uint8_t *)bytes)[i]);
    finish(&b);
}

void pdx__json_text(pdx__buf *out, const char *text) {
    pdx__buf_json_string(out, text, strlen(text));
}

void pdx__json_bytes(pdx__buf *out, const uint8_t *values, size_t count) {
    pdx__buf_text(out, "{\"u8\":\"");
    pdx__base64(out, values, count);
    pdx__buf_text(out, "\"}");
}

void pdx__json_indices(pdx__buf *out, const int64_t *values, size_t count) {
    base64 b = {out, 0, 0};
    pdx__buf_text(out, "{\"u32\":\"");
    for (size_t i = 0; i < count; ++i)
        for (int shift = 0; shift < 32; shift += 8) put(&b, (uint32_t)values[i] >> shift);
    finish(&b);
    pdx__buf_text(out, "\"}");
}

void pdx__json_exact(pdx__buf *out, const double *values, size_t count) {
    base64 b = {out, 0, 0};
    pdx__buf_text(out, "{\"f64\":\"");
    for (size_t i = 0; i < count; ++i) {
        uint64_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        for (int shift = 0; shift < 64; shift += 8) put(&b, (uint32_t)(bits >> shift));
    }
    finish(&b);
    pdx__buf_text(out, "\"}");
}

void pdx__json_rounded(pdx__buf *out, const double *values, size_t count) {
    base64 b = {out, 0, 0};
    double scale = 0;
    for (size_t i = 0; i < count; ++i)
        if (isfinite(values[i])) scale = fmax(scale, fabs(values[i]));
    pdx__buf_text(out, "{\"scale\":");
    pdx__buf_double(out, scale);
    pdx__buf_text(out, ",\"i16\":\"");
    for (size_t i = 0; i < count; ++i) {
        long k = isfinite(values[i]) && scale > 0 ? lround(values[i] / scale * 32767) : 0;
        uint32_t bits = isfinite(values[i]) ? (uint32_t)k : 0x8000;
        put(&b, bits);
        put(&b, bits >> 8);
    }
    finish(&b);
    pdx__buf_text(out, "\"}");
}
