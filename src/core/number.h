/* Numbers as text, the same in every locale. */
#ifndef PDX_CORE_NUMBER_H
#define PDX_CORE_NUMBER_H

#include "status.h"

enum { PDX__NUMBER_TEXT = 32 };

/* The shortest text that reads back as the same double ("0.1", "1e+300", "nan", "inf", "-inf").
 * Returns its length. */
int pdx__format_double(char out[PDX__NUMBER_TEXT], double value);

/* Reads a decimal number that must fill all of [text, text + length), no white space around it, no
 * hexadecimal. "nan" and "inf" are read too (callers refuse them by name). 1: read, 0: not a
 * number (or one of more than 400 characters). A number beyond the range of double reads as an
 * infinity. */
int pdx__parse_double(const char *text, size_t length, double *out);
int pdx__parse_int64(const char *text, size_t length, int64_t *out);

#endif
