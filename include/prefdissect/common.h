/* prefdissect/common.h: what every other header uses: status codes, errors, hooks, versions. */
#ifndef PREFDISSECT_COMMON_H
#define PREFDISSECT_COMMON_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define PDX_API __attribute__((visibility("default")))
#else
#define PDX_API
#endif

#define PDX_VERSION_MAJOR 0
#define PDX_VERSION_MINOR 1
#define PDX_VERSION_PATCH 0

/* Result of a call. Zero is success; callers branch on the negative codes. New codes are appended.
 */
typedef int32_t pdx_status;
enum {
    PDX_OK = 0,
    PDX_EINVAL = -1,       /* the call is wrong: NULL, a range, an option outside its limits */
    PDX_ENOMEM = -2,       /* out of memory */
    PDX_EIO = -3,          /* a file could not be opened, read or written; the disk is full */
    PDX_EPARSE = -4,       /* a file or text is damaged or says something impossible */
    PDX_ENOTFOUND = -5,    /* a name (judge, group, property, pair) is not there */
    PDX_ENUMERIC = -6,     /* no answer can be computed from these numbers */
    PDX_ECANCELED = -7,    /* the progress callback asked to stop */
    PDX_EUNSUPPORTED = -8, /* this build or this file's version cannot do it */
    PDX_ENETWORK = -9,     /* a server could not be reached or refused */
    PDX_EBUSY = -10,       /* another process holds the file */
    PDX_EBUDGET = -11      /* going on would cost more than was allowed */
};

/* Name of a code, "PDX_EPARSE"; "PDX_?" for an unknown one. Static storage. */
PDX_API const char *pdx_status_name(pdx_status status);

/* One line on the last failure of this thread, with file, line and field of the data where there
 * are any ("labels.jsonl:812: field 'winner': ..."). Valid until the next failing call of this
 * thread; "" if nothing has failed. */
PDX_API const char *pdx_error_message(void);

/* Version of the library that is loaded: "0.1.0", and major * 10000 + minor * 100 + patch. */
PDX_API const char *pdx_version_string(void);
PDX_API int32_t pdx_version_number(void);

/* How far a long call is. `total` is 0 where it is not known. */
typedef struct pdx_progress {
    const char *what; /* "fits", "rows", ...: the unit that is counted */
    int64_t done;
    int64_t total;
    double seconds; /* since the call began */
} pdx_progress;

/* Called on the caller's thread only, at least once a second during long work. A nonzero return
 * stops the call with PDX_ECANCELED. */
typedef int32_t (*pdx_progress_fn)(void *user, const pdx_progress *progress);

enum { PDX_LOG_INFO = 0, PDX_LOG_WARNING = 1 };
/* Called on the caller's thread only. `text` is one line without a newline. */
typedef void (*pdx_log_fn)(void *user, int32_t level, const char *text);

/* The callbacks of a call, in every options struct. All zero: silent. */
typedef struct pdx_hooks {
    pdx_progress_fn progress;
    pdx_log_fn log;
    void *user; /* handed to both */
} pdx_hooks;

#ifdef __cplusplus
}
#endif
#endif
