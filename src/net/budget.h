/* What asking costs: prices from a file, what was spent, what is in flight, and whether one more
 * request still fits. */
#ifndef PDX_NET_BUDGET_H
#define PDX_NET_BUDGET_H

#include "net/transport.h"

typedef struct pdx__budget {
    double input_price, output_price; /* USD a token; NaN: no prices were given */
    double max_usd;                   /* 0: no limit */
    int64_t max_tokens;               /* 0: no limit */
    int64_t input_tokens, output_tokens;
    int64_t lost_input, lost_output;         /* of requests whose end is unknown: perhaps billed */
    int64_t reserved_input, reserved_output; /* in flight, by estimate */
    double per_byte;                         /* most input tokens a byte of body that was seen */
} pdx__budget;

/* Tokens of one request by estimate. */
typedef struct pdx__cost {
    int64_t input, output;
} pdx__cost;

pdx_status pdx__budget_open(pdx__budget *b, const pdx_http_options *options);
pdx__cost pdx__budget_estimate(const pdx__budget *b, size_t body_length, int64_t most_output);
int32_t pdx__budget_allows(const pdx__budget *b, pdx__cost cost);
void pdx__budget_reserve(pdx__budget *b, pdx__cost cost);
/* The request ended: nothing was spent, or what the server says (-1: the estimate), or nobody knows
 * and the estimate counts as spent. */
void pdx__budget_free(pdx__budget *b, pdx__cost cost);
void pdx__budget_spend(pdx__budget *b, pdx__cost cost, int64_t input, int64_t output,
                       size_t body_length);
void pdx__budget_lose(pdx__budget *b, pdx__cost cost);
double pdx__budget_usd(const pdx__budget *b); /* spent by the server's count; NaN without prices */

#endif
