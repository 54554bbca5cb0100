/* Strict UTF-8. */
#include "utf8.h"

size_t pdx__utf8_decode(const char *text, size_t length, uint32_t *rune) {
    const unsigned char *s = (const unsigned char *)text;
    if (!length) return 0;
    if (s[0] < 0x80) {
        *rune = s[0];
        return 1;
    }
    size_t n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    if (s[0] < 0xc2 || s[0] > 0xf4 || n > length) return 0;
    uint32_t value = s[0] & (0x7fu >> n);
    for (size_t i = 1; i < n; ++i) {
        if ((s[i] & 0xc0) != 0x80) return 0;
        value = value << 6 | (s[i] & 0x3f);
    }
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (value < least[n] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) return 0;
    *rune = value;
    return n;
}

size_t pdx__utf8_encode(uint32_t rune, char out[4]) {
    if (rune < 0x80) {
        out[0] = (char)rune;
        return 1;
    }
    size_t n = rune < 0x800 ? 2 : rune < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; --i) {
        out[i] = (char)(0x80 | (rune & 0x3f));
        rune >>= 6;
    }
    out[0] = (char)((n == 2 ? 0xc0 : n == 3 ? 0xe0 : 0xf0) | rune);
    return n;
}

size_t pdx__utf8_valid_length(const char *text, size_t length) {
    size_t i = 0;
    uint32_t rune;
    while (i < length) {
        size_t used = pdx__utf8_decode(text + i, length - i, &rune);
        if (!used) break;
        i += used;
    }
    return i;
}
