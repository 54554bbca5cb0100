/* Locale-free formatting and parsing: the C library does the work, the decimal point is ours. */
#include "number.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST = 400 }; /* characters of a number that is read */

/* Of the process's locale; more than one byte in a few. */
static const char *decimal_point(void) {
    const char *point = localeconv()->decimal_point;
    return point && point[0] ? point : ".";
}

int pdx__format_double(char out[PDX__NUMBER_TEXT], double value) {
    if (isnan(value)) return snprintf(out, PDX__NUMBER_TEXT, "nan");
    if (isinf(value)) return snprintf(out, PDX__NUMBER_TEXT, value > 0 ? "inf" : "-inf");
    if (fabs(value) < 1e9 && value == (int32_t)value && !(value == 0 && signbit(value)))
        return snprintf(out, PDX__NUMBER_TEXT, "%d", (int)value);
    int length = 0;
    for (int digits = 15; digits <= 17; ++digits) {
        length = snprintf(out, PDX__NUMBER_TEXT, "%.*g", digits, value);
        if (strtod(out, NULL) == value) break;
    }
    const char *point = decimal_point();
    char *at = strcmp(point, ".") ? strstr(out, point) : NULL;
    if (at) {
        size_t size = strlen(point);
        *at = '.';
        memmove(at + 1, at + size, strlen(at + size) + 1);
        length -= (int)size - 1;
    }
    return length;
}

static int looks_decimal(const char *text, size_t length) {
    size_t i = 0, digits = 0;
    if (i < length && (text[i] == '-' || text[i] == '+')) ++i;
    for (; i < length && text[i] >= '0' && text[i] <= '9'; ++i) ++digits;
    if (i < length && text[i] == '.')
        for (++i; i < length && text[i] >= '0' && text[i] <= '9'; ++i) ++digits;
    if (!digits) return 0;
    if (i < length && (text[i] == 'e' || text[i] == 'E')) {
        ++i;
        if (i < length && (text[i] == '-' || text[i] == '+')) ++i;
        size_t start = i;
        while (i < length && text[i] >= '0' && text[i] <= '9') ++i;
        if (i == start) return 0;
    }
    return i == length;
}

static int named_value(const char *text, size_t length, double *out) {
    double sign = 1;
    if (length && (*text == '-' || *text == '+')) {
        sign = *text == '-' ? -1 : 1;
        ++text;
        --length;
    }
    char word[10] = {0};
    if (length < 3 || length > 8) return 0;
    for (size_t i = 0; i < length; ++i) word[i] = (char)(text[i] | 0x20);
    if (!strcmp(word, "nan")) *out = NAN;
    else if (!strcmp(word, "inf") || !strcmp(word, "infinity")) *out = sign * INFINITY;
    else return 0;
    return 1;
}

int pdx__parse_double(const char *text, size_t length, double *out) {
    if (!looks_decimal(text, length)) return named_value(text, length, out);
    /* Up to 15 digits without an exponent are exact in one division. */
    if (length <= 16) {
        int64_t mantissa = 0;
        int scale = -1, negative = 0;
        size_t i = 0;
        if (text[0] == '-' || text[0] == '+') negative = text[i++] == '-';
        for (; i < length; ++i) {
            if (text[i] == '.') scale = 0;
            else if (text[i] >= '0' && text[i] <= '9') {
                mantissa = mantissa * 10 + (text[i] - '0');
                if (scale >= 0) ++scale;
            } else break;
        }
        if (i == length) {
            static const double power[] = {1,   1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7, 1e8,
                                           1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16};
            if (mantissa < (int64_t)1 << 53) {
                double value = (double)mantissa / power[scale < 0 ? 0 : scale];
                *out = negative ? -value : value;
                return 1;
            }
        }
    }
    const char *point = decimal_point(), *dot = memchr(text, '.', length);
    size_t before = dot ? (size_t)(dot - text) : length, size = dot ? strlen(point) : 0;
    char copy[LONGEST + 16];
    if (length > LONGEST || size > 15) return 0;
    memcpy(copy, text, before);
    memcpy(copy + before, point, size);
    if (dot) memcpy(copy + before + size, dot + 1, length - before - 1);
    copy[dot ? length - 1 + size : length] = 0;
    *out = strtod(copy, NULL);
    return 1;
}

int pdx__parse_int64(const char *text, size_t length, int64_t *out) {
    if (length == 0 || length > 20) return 0;
    char copy[24];
    memcpy(copy, text, length);
    copy[length] = 0;
    size_t i = copy[0] == '-' || copy[0] == '+';
    if (!copy[i]) return 0;
    for (size_t k = i; copy[k]; ++k)
        if (copy[k] < '0' || copy[k] > '9') return 0;
    errno = 0;
    long long value = strtoll(copy, NULL, 10);
    if (errno) return 0;
    *out = value;
    return 1;
}
