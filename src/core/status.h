/* Status codes inside the library: set the thread's message once, where the failure happened, and
 * pass the code up untouched. */
#ifndef PDX_CORE_STATUS_H
#define PDX_CORE_STATUS_H

#include <prefdissect/common.h>

/* Sets the message of this thread and returns `status`. */
pdx_status pdx__fail(pdx_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The same with "file:line: " in front (line 0: only "file: "). */
pdx_status pdx__fail_at(pdx_status status, const char *file, int64_t line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
pdx_status pdx__nomem(void);
/* Where a value stands, for messages of readers. `line` 0: the whole file. */
typedef struct pdx__where {
    const char *file;
    int64_t line;
} pdx__where;

/* Sets the message of this thread from another thread's text (the pool uses it). */
void pdx__set_error_message(const char *text);

#define PDX__TRY(call)                                                                             \
    do {                                                                                           \
        pdx_status pdx__s_ = (call);                                                               \
        if (pdx__s_ != PDX_OK) return pdx__s_;                                                     \
    } while (0)

/* For functions that clean up at the label `done` and keep their result in `status`. */
#define PDX__GO(call)                                                                              \
    do {                                                                                           \
        status = (call);                                                                           \
        if (status != PDX_OK) goto done;                                                           \
    } while (0)

#define PDX__REQUIRE(condition, ...)                                                               \
    do {                                                                                           \
        if (!(condition)) return pdx__fail(PDX_EINVAL, __VA_ARGS__);                               \
    } while (0)

#endif
