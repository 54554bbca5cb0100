/* The engine: what is asked, and when. What becomes of a reply is replies.c; orders, stages and
 * what an answer means are the caller's. */
#include "net/asker.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/sha256.h"
#include "net/chat.h"

/* Seconds that a run waits, at its end, for answers that are on their way: stopped by a person, or
 * by an error. */
enum { PATIENCE_OF_PEOPLE = 3, PATIENCE_OF_RUNS = 15 };

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

void pdx__queue_push(pdx__queue *q, pdx__item *i) {
    i->next = NULL;
    if (q->last) q->last->next = i;
    else q->first = i;
    q->last = i;
}

pdx__item *pdx__queue_pop(pdx__queue *q) {
    pdx__item *i = q->first;
    q->first = i->next;
    if (!q->first) q->last = NULL;
    return i;
}

static void free_item(pdx__asker *a, pdx__item *i) {
    if (i->before) i->before->after = i->after;
    else if (a->all == i) a->all = i->after;
    if (i->after) i->after->before = i->before;
    pdx__told_free(&i->told);
    pdx__free(i->body);
    pdx__free(i);
}

int32_t pdx__asker_proved(const pdx__asker *a, const pdx__item *i) {
    return a->proved && !strcmp(a->proved, i->path);
}

/* A request's number is the address of its item. */
static int64_t number_of(const pdx__item *i) { return (int64_t)(intptr_t)i; }

/* ---- opening ---- */

static void see_usage(void *context, const cJSON *answer) {
    pdx__budget *budget = context;
    int64_t input, output;
    pdx__chat_usage(answer, &input, &output);
    budget->input_tokens += input > 0 ? input : 0;
    budget->output_tokens += output > 0 ? output : 0;
}

/* The URLs as messages show them: what stands before an '@' or after a '?' may be a secret. */
static void show_url(pdx__asker *a) {
    size_t used = 0;
    for (const char *at = a->o.url; *at && used + 1 < sizeof a->shown; ++at) {
        if (*at == '?') at += strcspn(at, ",");
        if (!*at) break;
        a->shown[used++] = *at;
        if (used < 3 || memcmp(a->shown + used - 3, "://", 3)) continue;
        size_t authority = strcspn(at + 1, "/,?");
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
    a->next_due = INFINITY;
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

void pdx__asker_drain(pdx__asker *a) {
    char why[1024];
    if (!a->in_flight) return;
    snprintf(why, sizeof why, "%s", pdx_error_message());
    double patience = a->fatal == PDX_OK ? PATIENCE_OF_PEOPLE : PATIENCE_OF_RUNS;
    double until = a->transport.ops->now(a->transport.self) + patience;
    pdx_status status = PDX_OK;
    while (a->in_flight && (status == PDX_OK || status == PDX_ENETWORK)) {
        pdx__reply reply;
        int32_t got;
        double left = until - a->transport.ops->now(a->transport.self);
        if (left <= 0) break;
        status = a->transport.ops->poll(a->transport.self, left, &reply, &got);
        if (status != PDX_OK || !got) continue;
        status = pdx__reply_take(a, &reply);
        pdx__free(reply.body);
    }
    pdx__set_error_message(why);
}

void pdx__asker_close(pdx__asker *a) {
    if (!a) return;
    pdx__asker_drain(a);
    while (a->all) {
        if (a->all->in_flight) a->transport.ops->cancel(a->transport.self, number_of(a->all));
        free_item(a, a->all);
    }
    if (a->own_transport) a->transport.ops->close(a->transport.self);
    pdx__journal_close(a->journal);
    pdx__free(a);
}

int64_t pdx__asker_pending(const pdx__asker *a) { return a->pending + (a->fatal != PDX_OK); }

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

/* ---- asking ---- */

void pdx__item_done(pdx__asker *a, pdx__item *i) {
    pdx__queue_push(&a->done, i);
    pdx__free(i->body);
    i->body = NULL;
}

void pdx__item_answered(pdx__asker *a, pdx__item *i, cJSON *answer, int64_t when) {
    i->told.status = PDX_OK;
    i->told.answer = answer;
    i->told.time = when;
    pdx__chat_usage(answer, &i->told.input_tokens, &i->told.output_tokens);
    a->given_up = a->refused = 0;
    pdx__item_done(a, i);
}

static pdx_status from_journal(pdx__asker *a, pdx__item *i, int32_t *found) {
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
    pdx__item_answered(a, i, entry.answer, entry.time);
    return PDX_OK;
}

static pdx_status place_item(pdx__asker *a, pdx__item *i, const pdx__ask *ask) {
    int32_t found;
    i->told.tag = ask->tag;
    pdx__ask_key(ask, i->told.key);
    PDX__TRY(from_journal(a, i, &found));
    if (found) return PDX_OK;
    if (a->offline) {
        snprintf(i->told.reason, sizeof i->told.reason, "no answer in the journal");
        i->told.status = PDX_ENETWORK;
        ++a->totals.failed;
        pdx__item_done(a, i);
        return PDX_OK;
    }
    i->path = ask->path;
    i->length = ask->length;
    i->most_output = ask->most_output;
    i->body = pdx__strndup(ask->body, ask->length);
    if (!i->body) return PDX_ENOMEM;
    pdx__queue_push(&a->ready, i);
    return PDX_OK;
}

pdx_status pdx__asker_put(pdx__asker *a, const pdx__ask *ask) {
    pdx__item *i = pdx__alloc_zero(1, sizeof *i);
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
        pdx__item *i = a->ready.first;
        if (!pdx__asker_proved(a, i) && a->in_flight)
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
        pdx__queue_pop(&a->ready);
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
    pdx__queue due = {0}, rest = {0};
    if (now >= a->next_due) {
        a->next_due = INFINITY;
        while (a->delayed.first) {
            pdx__item *i = pdx__queue_pop(&a->delayed);
            if (i->not_before <= now) pdx__queue_push(&due, i);
            else {
                a->next_due = fmin(a->next_due, i->not_before);
                pdx__queue_push(&rest, i);
            }
        }
        a->delayed = rest;
        while (a->ready.first) pdx__queue_push(&due, pdx__queue_pop(&a->ready));
        a->ready = due;
    }
    *wait = a->next_due - now;
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
    pdx_status status = pdx__reply_take(a, &reply);
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
    pdx__item *i = pdx__queue_pop(&a->done);
    *out = i->told;
    i->told.answer = NULL;
    --a->pending;
    *got = 1;
    free_item(a, i);
    return PDX_OK;
}
