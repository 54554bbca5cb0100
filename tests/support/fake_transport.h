/* A transport without a network: a script says what becomes of each request, and the clock jumps to
 * the next reply. */
#ifndef PDX_TEST_FAKE_TRANSPORT_H
#define PDX_TEST_FAKE_TRANSPORT_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "net/transport.h"

enum { FAKE_MOST = 4096 };

typedef struct fake_request {
    int64_t id;
    double due; /* when its reply comes; INFINITY: never */
    pdx__reply reply;
    int busy;
} fake_request;

typedef struct fake {
    /* Fills how, code, body (by fake_say), retry_after, seconds (until it comes) of the request
     * number `n`, counted from 0. */
    void (*play)(struct fake *fake, int64_t n, const char *path, const char *body, pdx__reply *out);
    void *user;
    double clock;
    int64_t submitted, cancelled;
    int32_t in_flight, most_in_flight;
    double sent_at[FAKE_MOST];
    fake_request list[FAKE_MOST];
} fake;

static inline void fake_say(pdx__reply *out, const char *body) {
    out->body = pdx__strdup(body);
    out->length = strlen(body);
}

static inline pdx_status fake_submit(void *self, int64_t id, const char *path, const char *body,
                                     size_t length) {
    fake *f = self;
    (void)length;
    for (int i = 0; i < FAKE_MOST; ++i) {
        fake_request *r = &f->list[i];
        if (r->busy) continue;
        *r = (fake_request){.id = id, .busy = 1};
        r->reply = (pdx__reply){.id = id, .code = 200, .retry_after = NAN, .seconds = 0.1};
        if (f->submitted < FAKE_MOST) f->sent_at[f->submitted] = f->clock;
        f->play(f, f->submitted++, path, body, &r->reply);
        r->due = f->clock + r->reply.seconds;
        if (++f->in_flight > f->most_in_flight) f->most_in_flight = f->in_flight;
        return PDX_OK;
    }
    abort();
}

static inline pdx_status fake_poll(void *self, double seconds, pdx__reply *out, int32_t *got) {
    fake *f = self;
    fake_request *first = NULL;
    for (int i = 0; i < FAKE_MOST; ++i)
        if (f->list[i].busy && (!first || f->list[i].due < first->due)) first = &f->list[i];
    *got = first && first->due <= f->clock + seconds;
    if (!*got) {
        f->clock += seconds;
        return PDX_OK;
    }
    f->clock = fmax(f->clock, first->due);
    *out = first->reply;
    first->busy = 0;
    --f->in_flight;
    return PDX_OK;
}

static inline void fake_cancel(void *self, int64_t id) {
    fake *f = self;
    for (int i = 0; i < FAKE_MOST; ++i)
        if (f->list[i].busy && f->list[i].id == id) {
            pdx__free(f->list[i].reply.body);
            f->list[i].busy = 0;
            --f->in_flight;
            ++f->cancelled;
        }
}

static inline double fake_now(void *self) { return ((fake *)self)->clock; }
static inline void fake_close(void *self) { (void)self; }

static inline pdx__transport fake_transport(fake *f) {
    static const pdx__transport_ops ops = {fake_submit, fake_poll, NULL,
                                           fake_cancel, fake_now,  fake_close};
    return (pdx__transport){&ops, f};
}

#endif
