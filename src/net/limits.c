/* Token buckets, additive growth with halving, exponential backoff with jitter. */
#include "net/limits.h"

#include <math.h>

/* The bucket holds a second's worth, at least one request. */
static pdx__bucket bucket(double per_minute, double least, double now) {
    double rate = per_minute / 60, most = rate > least ? rate : least;
    return (pdx__bucket){rate, most, most, now};
}

void pdx__limits_init(pdx__limits *l, const pdx_http_options *options, double now) {
    *l = (pdx__limits){.requests = bucket(options->requests_per_minute, 1, now),
                       .tokens = bucket(options->tokens_per_minute, 1, now),
                       .window = 4,
                       .most = options->concurrency,
                       .halved_at = -INFINITY,
                       .best = INFINITY};
    if (l->window > l->most) l->window = l->most;
    pdx__rng_init(&l->rng, options->seed, 0);
}

/* Requests need a whole one in the bucket; tokens go into debt, so that the largest request is sent
 * and paid off afterwards. */
static double wait_for(pdx__bucket *b, double now, double least) {
    if (b->rate == 0) return 0;
    b->level = fmin(b->most, b->level + (now - b->at) * b->rate);
    b->at = now;
    return b->level >= least ? 0 : (least - b->level) / b->rate + 1e-6;
}

double pdx__limits_wait(pdx__limits *l, double now, int32_t in_flight) {
    if (in_flight >= (int32_t)l->window) return INFINITY;
    return fmax(wait_for(&l->requests, now, 1), wait_for(&l->tokens, now, 1e-9));
}

void pdx__limits_sent(pdx__limits *l, int64_t tokens) {
    l->requests.level -= 1;
    l->tokens.level -= (double)tokens;
}

void pdx__limits_answered(pdx__limits *l, double seconds) {
    double share = fmax(1.0 / (double)++l->answers, 1 / fmax(8, l->window));
    l->latency += share * (seconds - l->latency);
    if (l->answers >= 8) l->best = fmin(l->best, l->latency);
    if (l->latency > 2 * l->best + 0.05) return;
    l->window = fmin(l->most, l->window + (l->steady ? 1 / l->window : 1));
}

void pdx__limits_refused(pdx__limits *l, double now, double sent) {
    l->steady = 1;
    if (sent < l->halved_at) return;
    l->halved_at = now;
    l->window = fmax(1, l->window / 2);
}

double pdx__limits_backoff(pdx__limits *l, int32_t attempt) {
    double most = fmin(60, ldexp(0.5, attempt > 10 ? 10 : attempt - 1));
    return most * (1 - 0.5 * pdx__rng_uniform(&l->rng));
}
