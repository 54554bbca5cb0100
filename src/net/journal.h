/* Answers on disk: one appended line each, keyed by the hash of what was asked.
 *   {"key":HASH,"answered":true,"time":T,"attempts":N,"answer":BODY}
 *   {"key":HASH,"answered":false,"time":T,"attempts":N,"error":TEXT,"body":TEXT?}
 * The last answered line of a key counts; failures are a record for people and are asked again. */
#ifndef PDX_NET_JOURNAL_H
#define PDX_NET_JOURNAL_H

#include <cjson/cJSON.h>

#include "core/buf.h"

typedef struct pdx__journal pdx__journal;

typedef struct pdx__journal_entry {
    cJSON *answer; /* the caller frees it */
    int64_t time;
    int32_t attempts;
} pdx__journal_entry;

/* Makes the file where it is new; PDX_EBUSY where another process holds it; a last line without its
 * end is cut off. `each` (may be NULL) sees every answered line's body, for totals. */
typedef void (*pdx__journal_see)(void *context, const cJSON *answer);
pdx_status pdx__journal_open(pdx__journal **out, const char *path, pdx__journal_see see,
                             void *context);
void pdx__journal_close(pdx__journal *journal);

/* *found = 0 where the key has no answer. */
pdx_status pdx__journal_find(pdx__journal *journal, const char *key, pdx__journal_entry *out,
                             int32_t *found);
/* `body` is JSON that was checked; line ends within it become spaces. */
pdx_status pdx__journal_answer(pdx__journal *journal, const char *key, int32_t attempts,
                               const char *body, size_t length);
/* `body`: the last thing that the server said, or NULL; a few KiB of it are kept. */
pdx_status pdx__journal_failure(pdx__journal *journal, const char *key, int32_t attempts,
                                const char *reason, const char *body, size_t length);
int64_t pdx__journal_count(const pdx__journal *journal); /* keys with an answer */

#endif
