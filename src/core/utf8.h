/* UTF-8: decode one character strictly (no overlong forms, surrogates or values past U+10FFFF). */
#ifndef PDX_CORE_UTF8_H
#define PDX_CORE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Bytes used (1-4), or 0 where the bytes are not UTF-8. */
size_t pdx__utf8_decode(const char *text, size_t length, uint32_t *rune);
size_t pdx__utf8_encode(uint32_t rune, char out[4]);
/* Offset of the first byte that is not UTF-8; `length` where all is well. */
size_t pdx__utf8_valid_length(const char *text, size_t length);

/* Simple lower case of one character; the character itself where it has none. */
uint32_t pdx__utf8_lower(uint32_t rune);

#endif
