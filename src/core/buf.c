/* The growing buffer and the JSON text that is written into it. */
#include "buf.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "number.h"
#include "utf8.h"

void pdx__buf_free(pdx__buf *buf) {
    pdx__free(buf->data);
    memset(buf, 0, sizeof *buf);
}

void pdx__buf_clear(pdx__buf *buf) {
    buf->length = 0;
    buf->status = PDX_OK;
    if (buf->data) buf->data[0] = 0;
}

static int reserve(pdx__buf *buf, size_t more) {
    if (buf->status != PDX_OK) return 0;
    if (buf->ceiling && more > buf->ceiling - buf->length)
        buf->status = pdx__fail(PDX_EINVAL, "text is longer than %zu bytes", buf->ceiling);
    else buf->status = pdx__grow(&buf->data, &buf->capacity, buf->length + more + 1, 1);
    return buf->status == PDX_OK;
}

void pdx__buf_append(pdx__buf *buf, const void *bytes, size_t length) {
    if (!reserve(buf, length)) return;
    if (length) memcpy(buf->data + buf->length, bytes, length);
    buf->length += length;
    buf->data[buf->length] = 0;
}

void pdx__buf_text(pdx__buf *buf, const char *text) { pdx__buf_append(buf, text, strlen(text)); }

void pdx__buf_char(pdx__buf *buf, char c) { pdx__buf_append(buf, &c, 1); }

void pdx__buf_printf(pdx__buf *buf, const char *format, ...) {
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    size_t from = buf->length, room = buf->capacity - from;
    int length = vsnprintf(room ? buf->data + from : NULL, room, format, args);
    va_end(args);
    if (length >= 0 && reserve(buf, (size_t)length)) {
        if ((size_t)length >= room) vsnprintf(buf->data + from, (size_t)length + 1, format, again);
        buf->length += (size_t)length;
    } else if (room) buf->data[from] = 0;
    va_end(again);
}

void pdx__buf_double(pdx__buf *buf, double value) {
    char text[PDX__NUMBER_TEXT];
    pdx__buf_append(buf, text, (size_t)pdx__format_double(text, value));
}

void pdx__buf_json_double(pdx__buf *buf, double value) {
    if (isfinite(value)) pdx__buf_double(buf, value);
    else pdx__buf_text(buf, "null");
}

void pdx__buf_json_string(pdx__buf *buf, const char *text, size_t length) {
    pdx__buf_char(buf, '"');
    for (size_t i = 0; i < length;) {
        unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\') {
            pdx__buf_char(buf, '\\');
            pdx__buf_char(buf, (char)c);
            ++i;
        } else if (c == '\n') {
            pdx__buf_text(buf, "\\n");
            ++i;
        } else if (c < 0x20 || c == 0x7f) {
            pdx__buf_printf(buf, "\\u%04x", c);
            ++i;
        } else if (c < 0x80) {
            pdx__buf_char(buf, (char)c);
            ++i;
        } else {
            uint32_t rune;
            size_t used = pdx__utf8_decode(text + i, length - i, &rune);
            if (used) pdx__buf_append(buf, text + i, used);
            else pdx__buf_text(buf, "\xEF\xBF\xBD");
            i += used ? used : 1;
        }
    }
    pdx__buf_char(buf, '"');
}

char *pdx__buf_take(pdx__buf *buf) {
    if (buf->status == PDX_OK && !buf->data) pdx__buf_append(buf, "", 0);
    char *text = buf->status == PDX_OK ? buf->data : NULL;
    if (text) buf->data = NULL;
    pdx__buf_free(buf);
    return text;
}
