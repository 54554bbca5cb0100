/* Text and numbers as the report's page holds them. */
#ifndef PDX_REPORT_ENCODE_H
#define PDX_REPORT_ENCODE_H

#include "core/buf.h"

/* HTML text or a quoted attribute: markup escaped; characters that turn the direction of text round
 * or cannot be seen become visible, "[U+202E]". */
void pdx__html_text(pdx__buf *out, const char *text);
/* JSON that may stand in a script element: "<", ">", "&" and the line separators, which occur in
 * strings only, as escapes. */
void pdx__html_json(pdx__buf *out, const pdx__buf *json);

size_t pdx__html_json_size(const pdx__buf *json); /* at most so many bytes of it */

void pdx__base64(pdx__buf *out, const void *bytes, size_t length);

/* JSON values. */
void pdx__json_text(pdx__buf *out, const char *text);
void pdx__json_bytes(pdx__buf *out, const uint8_t *values, size_t count);   /* {"u8":base64} */
void pdx__json_indices(pdx__buf *out, const int64_t *values, size_t count); /* {"u32":base64} */
void pdx__json_exact(pdx__buf *out, const double *values, size_t count);    /* {"f64":base64} */
/* {"scale":s,"i16":base64}: value k s / 32767, s the largest size; -32768 where it is not finite.
 * Little-endian, all of them. */
void pdx__json_rounded(pdx__buf *out, const double *values, size_t count);

#endif
