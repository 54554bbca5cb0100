/* A growing byte buffer with a ceiling. The first failure sticks in `status`, so a writer appends
 * freely and checks once at the end. `data` is always NUL-terminated once anything was appended. */
#ifndef PDX_CORE_BUF_H
#define PDX_CORE_BUF_H

#include "alloc.h"

typedef struct pdx__buf {
    char *data;
    size_t length;
    size_t capacity;
    size_t ceiling; /* 0: none */
    pdx_status status;
} pdx__buf;

#define PDX__BUF_EMPTY                                                                             \
    { 0, 0, 0, 0, PDX_OK }

void pdx__buf_free(pdx__buf *buf);
void pdx__buf_clear(pdx__buf *buf); /* keeps the memory, forgets a failure */
void pdx__buf_append(pdx__buf *buf, const void *bytes, size_t length);
void pdx__buf_text(pdx__buf *buf, const char *text);
void pdx__buf_char(pdx__buf *buf, char c);
void pdx__buf_printf(pdx__buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void pdx__buf_double(pdx__buf *buf, double value); /* shortest that reads back the same */
void pdx__buf_json_string(pdx__buf *buf, const char *text, size_t length); /* quoted, escaped;
                                                        invalid UTF-8 becomes U+FFFD */
void pdx__buf_json_double(pdx__buf *buf, double value); /* null where it is not finite */
/* Hands the text to the caller, who frees it with pdx__free; NULL after a failure. */
char *pdx__buf_take(pdx__buf *buf);

#endif
