/* The inside of the engine, shared by ask.c (when to ask) and replies.c (what becomes of a reply).
 */
#ifndef PDX_NET_ASKER_H
#define PDX_NET_ASKER_H

#include "net/ask.h"
#include "net/budget.h"
#include "net/journal.h"
#include "net/limits.h"

typedef struct pdx__item {
    struct pdx__item *next;           /* in its queue */
    struct pdx__item *after, *before; /* among all */
    char *body;
    const char *path;
    pdx__told told;
    pdx__cost cost;
    size_t length;
    int64_t most_output;
    double not_before, sent;
    int32_t failures, refusals, in_flight;
} pdx__item;

typedef struct pdx__queue {
    pdx__item *first, *last;
} pdx__queue;

struct pdx__asker {
    pdx_http_options o;
    pdx__accept_fn accept;
    void *context;
    pdx__journal *journal;
    pdx__transport transport; /* ops NULL: not made yet */
    int32_t own_transport, offline;
    pdx__limits limits;
    pdx__budget budget;
    pdx_http_totals totals;
    pdx__item *all;
    pdx__queue ready, delayed, done;
    double next_due; /* the earliest of the delayed; INFINITY: none */
    int64_t pending;
    int32_t in_flight;
    const char *proved;                   /* path of the last good answer: the server can do it */
    int32_t given_up, refused, throttled; /* in a row */
    double pause_until, throttled_at;
    pdx_status fatal;
    char why[1024];  /* message of `fatal` */
    char shown[256]; /* the URL for messages: without a password */
};

void pdx__queue_push(pdx__queue *queue, pdx__item *item);
pdx__item *pdx__queue_pop(pdx__queue *queue); /* of one that is not empty */
/* 1 where this route of the server gave a good answer in this run. */
int32_t pdx__asker_proved(const pdx__asker *asker, const pdx__item *item);
/* To be told: an answer that was written down. */
void pdx__item_answered(pdx__asker *asker, pdx__item *item, cJSON *answer, int64_t when);
/* To be told: `told` says what. */
void pdx__item_done(pdx__asker *asker, pdx__item *item);
/* A reply of the transport: an answer, a retry, a failure; or the end of the run. */
pdx_status pdx__reply_take(pdx__asker *asker, const pdx__reply *reply);

#endif
