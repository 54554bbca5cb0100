/* What becomes of a reply: an answer that is written down, a retry, a failure, the end of the run.
 */
#include "net/asker.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/json.h"
#include "net/chat.h"

enum {
    MOST_GIVEN_UP = 8,    /* in a row, with no answer between: nothing is to be had here */
    MOST_REFUSED = 10,    /* likewise, definite refusals (4xx) */
    PATIENCE = 3,         /* with 429 in a row: so many times the retries */
    LONGEST_RETRY = 3600, /* seconds; a server that asks for more gets no retry */
    SLOWEST_KNOCK = 6     /* 429 without Retry-After: the wait grows to half a minute at most */
};

/* What a failure says: the answer may still come; this request is refused for good; the server will
 * answer none of this kind. */
enum { MAY_COME, REFUSED, BARRED };

/* ---- failures ---- */

static pdx_status stop(const pdx__asker *a, const pdx__item *i) {
    return pdx__fail(PDX_ENETWORK, "%s: %s", a->shown, i->told.reason);
}

/* The item stays valid: it waits to be told. */
static pdx_status give_up(pdx__asker *a, pdx__item *i, int32_t kind, const char *body,
                          size_t length) {
    int32_t proved = pdx__asker_proved(a, i);
    PDX__TRY(pdx__journal_failure(a->journal, i->told.key, i->told.attempts, i->told.reason, body,
                                  length));
    i->told.status = PDX_ENETWORK;
    i->told.permanent = kind != MAY_COME;
    ++a->totals.failed;
    pdx__item_done(a, i);
    /* Where others are answered, refusals say something of their requests only: too long, say. */
    if (kind == REFUSED && proved) return PDX_OK;
    if (kind != MAY_COME) return ++a->refused >= MOST_REFUSED ? stop(a, i) : PDX_OK;
    /* A server that says something, and gave answers to an earlier run, may fail on this alone. */
    int32_t known = proved || (body && pdx__journal_count(a->journal) > 0);
    return ++a->given_up >= MOST_GIVEN_UP || !known ? stop(a, i) : PDX_OK;
}

static void delay(pdx__asker *a, pdx__item *i) {
    a->next_due = fmin(a->next_due, i->not_before);
    pdx__queue_push(&a->delayed, i);
}

/* A failure that may mend itself. */
static pdx_status try_again(pdx__asker *a, pdx__item *i, double now, double wait, const char *body,
                            size_t length) {
    ++i->failures;
    if (i->failures > a->o.retries || wait > LONGEST_RETRY)
        return give_up(a, i, MAY_COME, body, length);
    double backoff = pdx__limits_backoff(&a->limits, i->failures);
    i->not_before = now + (wait > 0 ? wait + 0.1 * backoff : backoff);
    delay(a, i);
    return PDX_OK;
}

/* ---- replies ---- */

static void say(pdx__item *i, const char *format, int32_t code, const char *what) {
    snprintf(i->told.reason, sizeof i->told.reason, format, code, what);
}

static void distrust(pdx__asker *a) {
    if (a->transport.ops->distrust) a->transport.ops->distrust(a->transport.self);
}

/* 2xx: an answer only where it is JSON of the right form, and then it is written down first. */
static pdx_status read_answer(pdx__asker *a, pdx__item *i, const pdx__reply *r, double now) {
    cJSON *body;
    char reason[256] = "";
    const char *code;
    int64_t input = -1, output = -1;
    pdx__where where = {"the answer", 0};
    pdx_status status = pdx__json_parse(&body, r->body, r->length, where);
    if (status == PDX_EPARSE && pdx__chat_mend(r->body, r->length))
        status = pdx__json_parse(&body, r->body, r->length, where);
    if (status == PDX_ENOMEM) return status;
    if (status != PDX_OK) {
        say(i, "status %d, but %s", r->code, pdx_error_message());
        pdx__budget_lose(&a->budget, i->cost);
        distrust(a);
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
        pdx__item_answered(a, i, body, time(NULL));
        return PDX_OK;
    }
    cJSON_Delete(body);
    distrust(a);
    say(i, "status %d: %s", r->code, reason);
    if (verdict == PDX__ACCEPT_NEVER && !pdx__asker_proved(a, i)) {
        PDX__TRY(pdx__journal_failure(a->journal, i->told.key, i->told.attempts, i->told.reason,
                                      r->body, r->length));
        return pdx__fail(PDX_EUNSUPPORTED, "%s: %s", a->shown, reason);
    }
    return try_again(a, i, now, NAN, r->body, r->length);
}

/* What the server says about a status that is no success. */
static void explain(pdx__item *i, const pdx__reply *r, char code[64]) {
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
static pdx_status knock_again(pdx__asker *a, pdx__item *i, const pdx__reply *r, double now) {
    if (i->sent >= a->throttled_at) { /* not one of a volley that was counted already */
        a->throttled_at = now;
        ++a->throttled;
        int32_t steps = a->throttled < SLOWEST_KNOCK ? a->throttled : SLOWEST_KNOCK;
        double wait = pdx__limits_backoff(&a->limits, steps);
        if (r->retry_after > 0) wait = r->retry_after;
        a->pause_until = fmax(a->pause_until, now + wait);
    }
    if (a->throttled > PATIENCE * a->o.retries || r->retry_after > LONGEST_RETRY) {
        PDX__TRY(give_up(a, i, MAY_COME, r->body, r->length));
        return stop(a, i);
    }
    if (++i->refusals > PATIENCE * PATIENCE * a->o.retries)
        return give_up(a, i, MAY_COME, r->body, r->length);
    i->not_before = a->pause_until;
    delay(a, i);
    return PDX_OK;
}

static pdx_status read_refusal(pdx__asker *a, pdx__item *i, const pdx__reply *r, double now) {
    char code[64];
    int32_t c = r->code;
    pdx__budget_free(&a->budget, i->cost);
    explain(i, r, code);
    int32_t moved = c < 400, barred = c == 401 || c == 403 || c == 404 || c == 405 || moved;
    int32_t no_money = c == 402 || (c == 429 && !strcmp(code, "insufficient_quota"));
    if ((barred && !pdx__asker_proved(a, i)) || no_money) {
        PDX__TRY(give_up(a, i, BARRED, r->body, r->length));
        return stop(a, i);
    }
    if (c == 429 || c == 503) pdx__limits_refused(&a->limits, now, i->sent);
    if (c == 429) return knock_again(a, i, r, now);
    if (r->retry_after <= LONGEST_RETRY)
        a->pause_until = fmax(a->pause_until, now + r->retry_after);
    if (c == 408 || c == 409 || c == 425 || c >= 500 || moved)
        return try_again(a, i, now, r->retry_after, r->body, r->length);
    return give_up(a, i, barred ? BARRED : REFUSED, r->body, r->length);
}

pdx_status pdx__reply_take(pdx__asker *a, const pdx__reply *r) {
    pdx__item *i = (pdx__item *)(intptr_t)r->id;
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
        PDX__TRY(give_up(a, i, MAY_COME, NULL, 0));
        return stop(a, i);
    }
    if (r->how == PDX__REPLY_TIMEOUT) pdx__limits_refused(&a->limits, now, i->sent);
    if (r->how == PDX__REPLY_UNREACHABLE) pdx__budget_free(&a->budget, i->cost);
    else pdx__budget_lose(&a->budget, i->cost);
    return try_again(a, i, now, NAN, NULL, 0);
}
