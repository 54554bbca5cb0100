/* Asking servers: the journal first, then requests within the limits, retried while that helps,
 * each answer written down before it is told. The caller hands over asks while there is room and
 * takes what is told, so memory does not grow with the number of asks:
 *
 *   while (more || pdx__asker_pending(a)) {
 *       while (more && pdx__asker_has_room(a)) pdx__asker_put(a, &ask);
 *       pdx__asker_take(a, 0.25, &told, &got);
 *       if (got) { use it, perhaps put another ask that needed it; pdx__told_free(&told); }
 *   } */
#ifndef PDX_NET_ASK_H
#define PDX_NET_ASK_H

#include <cjson/cJSON.h>

#include "core/buf.h"
#include "net/transport.h"

typedef struct pdx__ask {
    int64_t tag;         /* the caller's; comes back in what is told */
    const char *path;    /* "/v1/chat/completions": static, borrowed */
    const char *body;    /* JSON on one line; copied */
    size_t length;       /* of the body */
    int32_t repeat;      /* tells equal bodies apart that are asked several times */
    int64_t most_output; /* tokens that the answer may have, for limits and budget */
} pdx__ask;

typedef struct pdx__told {
    int64_t tag;
    pdx_status status; /* PDX_OK: `answer` is there; PDX_ENETWORK: `reason` */
    int32_t permanent; /* a failure that asking again would not mend (a 4xx) */
    cJSON *answer;     /* the body */
    char reason[512];
    char key[65];          /* hash of what was asked */
    int32_t from_journal;  /* answered before this run */
    int32_t attempts;      /* requests that were sent for it */
    int64_t input_tokens;  /* as the server counts; -1: it does not say */
    int64_t output_tokens; /* likewise */
    int64_t time;          /* of the answer, seconds since 1970 */
} pdx__told;
void pdx__told_free(pdx__told *told); /* the answer; any time */
/* {"model","prompt_sha256","time","attempts","usage","asked_sha256"} of an answer. */
void pdx__told_provenance(pdx__buf *out, const pdx__told *told, const char *prompt_sha256);

/* Whether a body (status 2xx, JSON) is an answer to the ask `tag`; `path` as asked. GOOD: it is
 * written down and told. AGAIN: it is not (say why in `reason`), ask again. NEVER: this server
 * cannot do what is asked; the run stops where it was the first answer, and asks again later on. */
enum { PDX__ACCEPT_GOOD, PDX__ACCEPT_AGAIN, PDX__ACCEPT_NEVER };
typedef int32_t (*pdx__accept_fn)(void *context, int64_t tag, const cJSON *body, char reason[256]);

typedef struct pdx__asker pdx__asker;

/* `options` full and checked (pdx__http_take_options), its strings outlive the asker; `journal` the
 * path; transport NULL: curl,
 * made when the first ask has no answer in the journal. A transport that is given stays the
 * caller's. offline: asks without an answer in the journal fail at once (permanent = 0). */
typedef struct pdx__asker_setup {
    const pdx_http_options *options;
    const char *journal;
    const pdx__transport *transport;
    int32_t offline;
    pdx__accept_fn accept;
    void *context;
} pdx__asker_setup;
pdx_status pdx__asker_open(pdx__asker **out, const pdx__asker_setup *setup);
/* At the end of a run that was stopped: what is on its way is paid for, so a few seconds are given
 * to it, and its answers are written down, not told. `accept` is called, pdx_error_message() stays.
 */
void pdx__asker_drain(pdx__asker *asker);
void pdx__asker_close(pdx__asker *asker); /* drains, and drops what is left */

int32_t pdx__asker_has_room(const pdx__asker *asker);
/* Put and not taken; never 0 where the run has ended by an error that pdx__asker_take will return.
 */
int64_t pdx__asker_pending(const pdx__asker *asker);
/* Taken also without room (an ask that follows from an answer need not wait). */
pdx_status pdx__asker_put(pdx__asker *asker, const pdx__ask *ask);
/* Waits at most `seconds`; *got = 0 where nothing was told. An error ends the run: nothing more can
 * be asked (no server, wrong key, full disk), or PDX_EBUDGET once all that was in flight is told.
 */
pdx_status pdx__asker_take(pdx__asker *asker, double seconds, pdx__told *out, int32_t *got);
void pdx__asker_totals(const pdx__asker *asker, pdx_http_totals *out);

/* The hash that names an ask in journals and batch files. */
void pdx__ask_key(const pdx__ask *ask, char out[65]);

/* Defaults, ranges, url and model present; `full` borrows the strings of `given`. */
pdx_status pdx__http_take_options(pdx_http_options *full, const pdx_http_options *given);

#endif
