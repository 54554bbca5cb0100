/* How fast to ask: requests and tokens per minute, how many at once, how long to wait between
 * retries. Plain arithmetic on a clock that the caller reads. */
#ifndef PDX_NET_LIMITS_H
#define PDX_NET_LIMITS_H

#include <prefdissect/http.h>

#include "core/rng.h"

typedef struct pdx__bucket {
    double rate, most, level, at; /* per second; level may be in debt; rate 0: no limit */
} pdx__bucket;

typedef struct pdx__limits {
    pdx__bucket requests, tokens;
    double window, most; /* requests in flight: now, ever */
    int32_t steady;      /* 1 after the first refusal: grows slowly */
    double halved_at;
    double latency, best; /* smoothed seconds of an answer; the lowest that was seen */
    int64_t answers;
    pdx__rng rng;
} pdx__limits;

void pdx__limits_init(pdx__limits *l, const pdx_http_options *options, double now);
/* Seconds until one more request may be sent: 0: now; INFINITY: only after a reply. */
double pdx__limits_wait(pdx__limits *l, double now, int32_t in_flight);
void pdx__limits_sent(pdx__limits *l, int64_t tokens);
void pdx__limits_answered(pdx__limits *l, double seconds);
/* A 429 or a timeout of a request sent at `sent`: requests sent before the last halving do not
 * halve again. */
void pdx__limits_refused(pdx__limits *l, double now, double sent);
/* Seconds before retry number `attempt` (from 1): half a second doubled each time, at most a
 * minute, a random half of it off. */
double pdx__limits_backoff(pdx__limits *l, int32_t attempt);

#endif
