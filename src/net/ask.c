/* The engine: what is asked, when, how often, and what becomes of it. Orders, stages and what an
 * answer means are the caller's. */
#include "net/ask.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/json.h"
#include "core/sha256.h"
#include "net/budget.h"
#include "net/chat.h"
#include "net/journal.h"
#include "net/limits.h"

enum {
    MOST_GIVEN_UP = 8,    /* in a row, with no answer between: nothing is to be had here */
    MOST_REFUSED = 10,    /* likewise, definite refusals (4xx) */
    PATIENCE = 3,         /* with 429 in a row: so many times the retries */
    LONGEST_RETRY = 3600, /* seconds; a server that asks for more gets no retry */
    SLOWEST_KNOCK = 6     /* 429 without Retry-After: the wait grows to half a minute at most */
};

typedef struct item {
    struct item *next;           /* in its queue */
    struct item *after, *before; /* among all */
    char *body;
    const char *path;
    pdx__told told;
    pdx__cost cost;
    size_t length;
    int64_t most_output;
    double not_before, sent;
    int32_t failures, refusals, in_flight;
} item;

typedef struct queue {
    item *first, *last;
} queue;

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
    item *all;
    queue ready, delayed, done;
    int64_t pending;
    int32_t in_flight;
    const char *proved;                   /* path of the last good answer: the server can do it */
    int32_t given_up, refused, throttled; /* in a row */
    double pause_until, throttled_at;
    pdx_status fatal;
    char why[1024];  /* message of `fatal` */
    char shown[256]; /* the URL for messages: without a password */
};

void pdx__told_free(pdx__told *told) {
    cJSON_Delete(told->answer);
    told->answer = NULL;
}

void pdx__told_provenance(pdx__buf *out, const pdx__told *told, const char *prompt_sha256) {
    const char *model = pdx__chat_model(told->answer);
    pdx__buf_text(out, "{\"model\":");
    if (model) pdx__buf_json_string(out, model, strlen(model));
    else pdx__buf_text(out, "null");
    pdx__buf_printf(out, ",\"prompt_sha256\":\"%s\",\"asked_sha256\":\"%s\"", prompt_sha256,
                    told->key);
    pdx__buf_printf(out, ",\"time\":%lld,\"attempts\":%d", (long long)told->time, told->attempts);
    if (told->input_tokens >= 0)
        pdx__buf_printf(out, ",\"usage\":{\"input\":%lld,\"output\":%lld}",
                        (long long)told->input_tokens,
                        (long long)(told->output_tokens < 0 ? 0 : told->output_tokens));
    pdx__buf_char(out, '}');
}

void pdx__ask_key(const pdx__ask *ask, char out[65]) {
    char repeat[16];
    pdx__sha256 hash;
    pdx__sha256_init(&hash);
    pdx__sha256_add(&hash, ask->path, strlen(ask->path) + 1);
    pdx__sha256_add(&hash, ask->body, ask->length);
    int used = snprintf(repeat, sizeof repeat, "#%d", ask->repeat);
    pdx__sha256_add(&hash, repeat, (size_t)used);
    pdx__sha256_hex(&hash, out);
}

/* ---- queues ---- */

static void push(queue *q, item *i) {
    i->next = NULL;
    if (q->last) q->last->next = i;
    else q->first = i;
    q->last = i;
}

static item *pop(queue *q) {
    item *i = q->first;
    q->first = i->next;
    if (!q->first) q->last = NULL;
    return i;
}

static void free_item(pdx__asker *a, item *i) {
    if (i->before) i->before->after = i->after;
    else if (a->all == i) a->all = i->after;
    if (i->after) i->after->before = i->before;
    pdx__told_free(&i->told);
    pdx__free(i->body);
    pdx__free(i);
}

/* 1 where this route of the server gave a good answer in this run. */
static int32_t proved(const pdx__asker *a, const item *i) {
    return a->proved && !strcmp(a->proved, i->path);
}

/* A request's number is the address of its item. */
static int64_t number_of(const item *i) { return (int64_t)(intptr_t)i; }

/* ---- opening ---- */

static void see_usage(void *context, const cJSON *answer) {
    pdx__budget *budget = context;
    int64_t input, output;
    pdx__chat_usage(answer, &input, &output);
    budget->input_tokens += input > 0 ? input : 0;
    budget->output_tokens += output > 0 ? output : 0;
}

/* The URLs as messages show them: what stands before an '@' is a secret. */
static void show_url(pdx__asker *a) {
    size_t used = 0;
    for (const char *at = a->o.url; *at && used + 1 < sizeof a->shown; ++at) {
        a->shown[used++] = *at;
        if (used < 3 || memcmp(a->shown + used - 3, "://", 3)) continue;
        size_t authority = strcspn(at + 1, "/,");
        const char *end = memrchr(at + 1, '@', authority);
        if (end) at = end;
    }
    a->shown[used] = 0;
}

static pdx_status set_up(pdx__asker *a, const pdx__asker_setup *setup) {
    a->o = *setup->options;
    a->accept = setup->accept;
    a->context = setup->context;
    a->offline = setup->offline || a->o.offline;
    show_url(a);
    if (setup->transport) {
        a->transport = *setup->transport;
        pdx__limits_init(&a->limits, &a->o, a->transport.ops->now(a->transport.self));
    }
    PDX__TRY(pdx__budget_open(&a->budget, &a->o));
    return pdx__journal_open(&a->journal, setup->journal, see_usage, &a->budget);
}

pdx_status pdx__asker_open(pdx__asker **out, const pdx__asker_setup *setup) {
    *out = NULL;
    pdx__asker *a = pdx__alloc_zero(1, sizeof *a);
    if (!a) return PDX_ENOMEM;
    pdx_status status = set_up(a, setup);
    if (status == PDX_OK) *out = a;
    else pdx__asker_close(a);
    return status;
}

void pdx__asker_close(pdx__asker *a) {
    if (!a) return;
    while (a->all) {
        if (a->all->in_flight) a->transport.ops->cancel(a->transport.self, number_of(a->all));
        free_item(a, a->all);
    }
    if (a->own_transport) a->transport.ops->close(a->transport.self);
    pdx__journal_close(a->journal);
    pdx__free(a);
}

int64_t pdx__asker_pending(const pdx__asker *a) { return a->pending; }

/* Enough to fill every free place at once, and no more: what waits stays with the caller. */
int32_t pdx__asker_has_room(const pdx__asker *a) {
    return a->fatal == PDX_OK && a->pending < a->in_flight + (int64_t)a->limits.window + 16;
}

void pdx__asker_totals(const pdx__asker *a, pdx_http_totals *out) {
    *out = a->totals;
    out->input_tokens = a->budget.input_tokens;
    out->output_tokens = a->budget.output_tokens;
    out->usd = pdx__budget_usd(&a->budget);
}

/* ---- ends ---- */

static void finish(pdx__asker *a, item *i) {
    push(&a->done, i);
    pdx__free(i->body);
    i->body = NULL;
}

static void succeed(pdx__asker *a, item *i, cJSON *answer, int64_t when) {
    i->told.status = PDX_OK;
    i->told.answer = answer;
    i->told.time = when;
    pdx__chat_usage(answer, &i->told.input_tokens, &i->told.output_tokens);
    a->given_up = a->refused = 0;
    finish(a, i);
}

static pdx_status stop(const pdx__asker *a, const item *i) {
    return pdx__fail(PDX_ENETWORK, "%s: %s", a->shown, i->told.reason);
}

/* The item stays valid: it waits to be told. */
static pdx_status give_up(pdx__asker *a, item *i, int32_t permanent, const char *body,
                          size_t length) {
    PDX__TRY(pdx__journal_failure(a->journal, i->told.key, i->told.attempts, i->told.reason, body,
                                  length));
    i->told.status = PDX_ENETWORK;
    i->told.permanent = permanent;
    ++a->totals.failed;
    *(permanent ? &a->refused : &a->given_up) += 1;
    finish(a, i);
    int32_t hopeless =
        permanent ? a->refused >= MOST_REFUSED : !proved(a, i) || a->given_up >= MOST_GIVEN_UP;
    return hopeless ? stop(a, i) : PDX_OK;
}

/* A failure that may mend itself. */
static pdx_status try_again(pdx__asker *a, item *i, double now, double wait, const char *body,
                            size_t length) {
    ++i->failures;
    if (i->failures > a->o.retries || wait > LONGEST_RETRY) return give_up(a, i, 0, body, length);
    double backoff = pdx__limits_backoff(&a->limits, i->failures);
    i->not_before = now + (wait > 0 ? wait + 0.1 * backoff : backoff);
    push(&a->delayed, i);
    return PDX_OK;
}

/* ---- replies ---- */

static void say(item *i, const char *format, int32_t code, const char *what) {
    snprintf(i->told.reason, sizeof i->told.reason, format, code, what);
}

/* 2xx: an answer only where it is JSON of the right form, and then it is written down first. */
static pdx_status read_answer(pdx__asker *a, item *i, const pdx__reply *r, double now) {
    cJSON *body;
    char reason[256] = "";
    const char *code;
    int64_t input = -1, output = -1;
    pdx_status status = pdx__json_parse(&body, r->body, r->length, (pdx__where){"the answer", 0});
    if (status == PDX_ENOMEM) return status;
    if (status != PDX_OK) {
        say(i, "status %d, but %s", r->code, pdx_error_message());
        pdx__budget_lose(&a->budget, i->cost);
        return try_again(a, i, now, NAN, r->body, r->length);
    }
    pdx__chat_usage(body, &input, &output);
    pdx__budget_spend(&a->budget, i->cost, input, output, i->length);
    int32_t verdict = PDX__ACCEPT_AGAIN;
    if (!cJSON_IsObject(body)) snprintf(reason, sizeof reason, "the answer is no JSON object");
    else if (cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(body, "error")))
        snprintf(reason, sizeof reason, "%.200s", pdx__chat_error(body, &code));
    else verdict = a->accept(a->context, i->told.tag, body, reason);
    if (verdict == PDX__ACCEPT_GOOD) {
        status = pdx__journal_answer(a->journal, i->told.key, i->told.attempts, r->body, r->length);
        if (status != PDX_OK) {
            cJSON_Delete(body);
            return status;
        }
        a->proved = i->path;
        a->throttled = 0;
        ++a->totals.answered;
        pdx__limits_answered(&a->limits, r->seconds);
        succeed(a, i, body, time(NULL));
        return PDX_OK;
    }
    cJSON_Delete(body);
    say(i, "status %d: %s", r->code, reason);
    if (verdict == PDX__ACCEPT_NEVER && !proved(a, i)) {
        PDX__TRY(pdx__journal_failure(a->journal, i->told.key, i->told.attempts, i->told.reason,
                                      r->body, r->length));
        return pdx__fail(PDX_EUNSUPPORTED, "%s: %s", a->shown, reason);
    }
    return try_again(a, i, now, NAN, r->body, r->length);
}

/* What the server says about a status that is no success. */
static void explain(item *i, const pdx__reply *r, char code[64]) {
    cJSON *body = NULL;
    const char *said = NULL, *kind = NULL;
    if (pdx__json_parse(&body, r->body, r->length, (pdx__where){"", 0}) == PDX_OK)
        said = pdx__chat_error(body, &kind);
    snprintf(code, 64, "%s", kind ? kind : "");
    if (said) say(i, "status %d: %.400s", r->code, said);
    else if (*r->reason) say(i, "status %d: %.400s", r->code, r->reason);
    else say(i, "status %d: %.300s", r->code, r->body);
    cJSON_Delete(body);
}

/* 429: nobody asks for a while. It is no failure of this request, unless it alone is refused for
 * ever. */
static pdx_status knock_again(pdx__asker *a, item *i, const pdx__reply *r, double now) {
    if (i->sent >= a->throttled_at) { /* not one of a volley that was counted already */
        a->throttled_at = now;
        ++a->throttled;
        int32_t steps = a->throttled < SLOWEST_KNOCK ? a->throttled : SLOWEST_KNOCK;
        double wait = pdx__limits_backoff(&a->limits, steps);
        if (r->retry_after > 0) wait = r->retry_after;
        a->pause_until = fmax(a->pause_until, now + wait);
    }
    if (a->throttled > PATIENCE * a->o.retries || r->retry_after > LONGEST_RETRY) {
        PDX__TRY(give_up(a, i, 0, r->body, r->length));
        return stop(a, i);
    }
    if (++i->refusals > PATIENCE * PATIENCE * a->o.retries)
        return give_up(a, i, 0, r->body, r->length);
    i->not_before = a->pause_until;
    push(&a->delayed, i);
    return PDX_OK;
}

static pdx_status read_refusal(pdx__asker *a, item *i, const pdx__reply *r, double now) {
    char code[64];
    int32_t c = r->code;
    pdx__budget_free(&a->budget, i->cost);
    explain(i, r, code);
    int32_t moved = c < 400, barred = c == 401 || c == 403 || c == 404 || c == 405 || moved;
    if ((barred && !proved(a, i)) || (c == 429 && !strcmp(code, "insufficient_quota"))) {
        PDX__TRY(give_up(a, i, 1, r->body, r->length));
        return stop(a, i);
    }
    if (c == 429 || c == 503) pdx__limits_refused(&a->limits, now, i->sent);
    if (c == 429) return knock_again(a, i, r, now);
    if (r->retry_after <= LONGEST_RETRY)
        a->pause_until = fmax(a->pause_until, now + r->retry_after);
    if (c == 408 || c == 409 || c == 425 || c >= 500 || moved)
        return try_again(a, i, now, r->retry_after, r->body, r->length);
    return give_up(a, i, 1, r->body, r->length);
}

static pdx_status take_reply(pdx__asker *a, const pdx__reply *r) {
    item *i = (item *)(intptr_t)r->id;
    double now = a->transport.ops->now(a->transport.self);
    --a->in_flight;
    i->in_flight = 0;
    if (r->how == PDX__REPLY_ARRIVED) {
        if (r->code >= 200 && r->code < 300) return read_answer(a, i, r, now);
        return read_refusal(a, i, r, now);
    }
    snprintf(i->told.reason, sizeof i->told.reason, "%s", r->reason);
    if (r->how == PDX__REPLY_UNTRUSTED) {
        pdx__budget_free(&a->budget, i->cost);
        PDX__TRY(give_up(a, i, 0, NULL, 0));
        return stop(a, i);
    }
    if (r->how == PDX__REPLY_TIMEOUT) pdx__limits_refused(&a->limits, now, i->sent);
    if (r->how == PDX__REPLY_UNREACHABLE) pdx__budget_free(&a->budget, i->cost);
    else pdx__budget_lose(&a->budget, i->cost);
    return try_again(a, i, now, NAN, NULL, 0);
}

/* ---- asking ---- */

static pdx_status from_journal(pdx__asker *a, item *i, int32_t *found) {
    pdx__journal_entry entry;
    char reason[256];
    PDX__TRY(pdx__journal_find(a->journal, i->told.key, &entry, found));
    if (!*found) return PDX_OK;
    if (a->accept(a->context, i->told.tag, entry.answer, reason) != PDX__ACCEPT_GOOD) {
        cJSON_Delete(entry.answer);
        *found = 0;
        return PDX_OK;
    }
    i->told.from_journal = 1;
    i->told.attempts = entry.attempts;
    ++a->totals.from_journal;
    succeed(a, i, entry.answer, entry.time);
    return PDX_OK;
}

static pdx_status place_item(pdx__asker *a, item *i, const pdx__ask *ask) {
    int32_t found;
    i->told.tag = ask->tag;
    pdx__ask_key(ask, i->told.key);
    PDX__TRY(from_journal(a, i, &found));
    if (found) return PDX_OK;
    if (a->offline) {
        snprintf(i->told.reason, sizeof i->told.reason, "no answer in the journal");
        i->told.status = PDX_ENETWORK;
        ++a->totals.failed;
        finish(a, i);
        return PDX_OK;
    }
    i->path = ask->path;
    i->length = ask->length;
    i->most_output = ask->most_output;
    i->body = pdx__strndup(ask->body, ask->length);
    if (!i->body) return PDX_ENOMEM;
    push(&a->ready, i);
    return PDX_OK;
}

pdx_status pdx__asker_put(pdx__asker *a, const pdx__ask *ask) {
    item *i = pdx__alloc_zero(1, sizeof *i);
    if (!i) return PDX_ENOMEM;
    i->told.input_tokens = i->told.output_tokens = -1;
    i->after = a->all;
    if (a->all) a->all->before = i;
    a->all = i;
    pdx_status status = place_item(a, i, ask);
    if (status == PDX_OK) ++a->pending;
    else free_item(a, i);
    return status;
}

/* The transport is made when there is something to send. */
static pdx_status connect(pdx__asker *a) {
    if (a->transport.ops) return PDX_OK;
    PDX__TRY(pdx__curl_open(&a->transport, &a->o));
    a->own_transport = 1;
    pdx__limits_init(&a->limits, &a->o, a->transport.ops->now(a->transport.self));
    return PDX_OK;
}

/* Sends what may be sent; *wait: seconds until more may be. */
static pdx_status send_ready(pdx__asker *a, double now, double *wait, int32_t *broke) {
    *wait = INFINITY;
    *broke = 0;
    while (a->ready.first) {
        item *i = a->ready.first;
        if (!proved(a, i) && a->in_flight)
            return PDX_OK; /* the first one finds out what it can do */
        *wait = fmax(a->pause_until - now, pdx__limits_wait(&a->limits, now, a->in_flight));
        if (*wait > 0) return PDX_OK;
        i->cost = pdx__budget_estimate(&a->budget, i->length, i->most_output);
        if (!pdx__budget_allows(&a->budget, i->cost)) {
            *wait = INFINITY;
            *broke = 1;
            return PDX_OK;
        }
        PDX__TRY(
            a->transport.ops->submit(a->transport.self, number_of(i), i->path, i->body, i->length));
        pop(&a->ready);
        pdx__budget_reserve(&a->budget, i->cost);
        pdx__limits_sent(&a->limits, i->cost.input + i->cost.output);
        i->sent = now;
        i->in_flight = 1;
        ++i->told.attempts;
        ++a->totals.attempts;
        ++a->in_flight;
    }
    *wait = INFINITY;
    return PDX_OK;
}

/* Retries whose time has come go first; *wait: until the next one. */
static void wake(pdx__asker *a, double now, double *wait) {
    queue due = {0}, rest = {0};
    *wait = INFINITY;
    if (!a->delayed.first) return;
    while (a->delayed.first) {
        item *i = pop(&a->delayed);
        if (i->not_before <= now) push(&due, i);
        else {
            *wait = fmin(*wait, i->not_before - now);
            push(&rest, i);
        }
    }
    a->delayed = rest;
    while (a->ready.first) push(&due, pop(&a->ready));
    a->ready = due;
}

static pdx_status over_budget(const pdx__asker *a) {
    pdx_http_totals t;
    pdx__asker_totals(a, &t);
    if (a->o.max_usd > 0)
        return pdx__fail(PDX_EBUDGET,
                         "one more request might exceed the budget of %g USD (%.6g "
                         "spent)",
                         a->o.max_usd, t.usd);
    return pdx__fail(PDX_EBUDGET,
                     "one more request might exceed the budget of %lld tokens (%lld "
                     "used)",
                     (long long)a->o.max_tokens, (long long)(t.input_tokens + t.output_tokens));
}

static pdx_status step(pdx__asker *a, double until, int32_t *over) {
    double now = a->transport.ops->now(a->transport.self), wait_retry, wait_limits;
    int32_t broke, got;
    pdx__reply reply;
    wake(a, now, &wait_retry);
    PDX__TRY(send_ready(a, now, &wait_limits, &broke));
    if (broke && !a->in_flight) return over_budget(a);
    double wait = fmin(fmin(wait_retry, wait_limits), until - now);
    PDX__TRY(a->transport.ops->poll(a->transport.self, fmax(0, wait), &reply, &got));
    *over = !got && a->transport.ops->now(a->transport.self) >= until;
    if (!got) return PDX_OK;
    pdx_status status = take_reply(a, &reply);
    pdx__free(reply.body);
    return status;
}

pdx_status pdx__asker_take(pdx__asker *a, double seconds, pdx__told *out, int32_t *got) {
    memset(out, 0, sizeof *out);
    *got = 0;
    if (!a->done.first && a->pending && a->fatal == PDX_OK) {
        PDX__TRY(connect(a));
        double until = a->transport.ops->now(a->transport.self) + seconds;
        for (int32_t over = 0; !a->done.first && !over && a->fatal == PDX_OK;)
            a->fatal = step(a, until, &over);
        if (a->fatal != PDX_OK) snprintf(a->why, sizeof a->why, "%s", pdx_error_message());
    }
    if (!a->done.first) {
        if (a->fatal != PDX_OK) pdx__set_error_message(a->why);
        return a->fatal;
    }
    item *i = pop(&a->done);
    *out = i->told;
    i->told.answer = NULL;
    --a->pending;
    *got = 1;
    free_item(a, i);
    return PDX_OK;
}
