/* The engine on a scripted transport: every fault at every place of a small run ends in all answers
 * or in a state that the next run completes; limits, budget, what stops a run. */
#include "net/ask.h"

#include <stdio.h>
#include <unistd.h>

#include "check.h"
#include "core/file.h"
#include "fake_transport.h"

static char folder[] = "/tmp/pdx-ask-XXXXXX";
static char journal[64];
static fake net;

#define GOOD                                                                                       \
    "{\"model\":\"m-1\",\"choices\":[{\"text\":\" A\"}],\"usage\":{\"prompt_tokens\":10,"          \
    "\"completion_tokens\":1}}"

enum { ASKS = 12 };

typedef struct outcome {
    int answers, failures, from_journal, told[ASKS];
    pdx_status status;
    pdx_http_totals totals;
} outcome;

static int32_t accept(void *context, int64_t tag, const cJSON *body, char reason[256]) {
    (void)context;
    (void)tag;
    if (cJSON_GetObjectItem(body, "unable")) {
        snprintf(reason, 256, "it cannot do this");
        return PDX__ACCEPT_NEVER;
    }
    if (cJSON_GetObjectItem(body, "choices")) return PDX__ACCEPT_GOOD;
    snprintf(reason, 256, "the body has no 'choices'");
    return PDX__ACCEPT_AGAIN;
}

static void good(fake *f, int64_t n, const char *path, const char *body, pdx__reply *out) {
    (void)f, (void)n, (void)path, (void)body;
    fake_say(out, GOOD);
}

static pdx_http_options plain_options(void) {
    pdx_http_options given, o;
    pdx_http_options_init(&given);
    given.url = "http://x:y@host:1/v1";
    given.model = "m";
    if (pdx__http_take_options(&o, &given) != PDX_OK) CHECK_FAIL("%s", pdx_error_message());
    return o;
}

/* Asks until all is told or the run ends. */
static outcome run(const pdx_http_options *o, int asks) {
    outcome result = {.status = PDX_OK};
    pdx__transport transport = fake_transport(&net);
    pdx__asker_setup setup = {o, journal, &transport, 0, accept, NULL};
    pdx__asker *a;
    result.status = pdx__asker_open(&a, &setup);
    int next = 0;
    while (result.status == PDX_OK && (next < asks || pdx__asker_pending(a))) {
        while (next < asks && pdx__asker_has_room(a)) {
            char body[64];
            snprintf(body, sizeof body, "{\"prompt\":\"number %d\"}", next);
            pdx__ask ask = {next++, "/v1/completions", body, strlen(body), 0, 1};
            pdx_status status = pdx__asker_put(a, &ask);
            if (status != PDX_OK) CHECK_FAIL("%s", pdx_error_message());
        }
        pdx__told told;
        int32_t got;
        result.status = pdx__asker_take(a, 1, &told, &got);
        if (!got) continue;
        if (told.tag < ASKS) ++result.told[told.tag];
        if (told.status == PDX_OK) ++result.answers;
        else ++result.failures;
        CHECK((told.status == PDX_OK) == (told.answer != NULL));
        result.from_journal += told.from_journal;
        pdx__told_free(&told);
    }
    if (a) pdx__asker_totals(a, &result.totals);
    pdx__asker_close(a);
    return result;
}

static void fresh(void (*play)(fake *, int64_t, const char *, const char *, pdx__reply *)) {
    unlink(journal);
    memset(&net, 0, sizeof net);
    net.play = play;
}

/* ---- faults ---- */

enum {
    TOO_MANY,
    TOO_MANY_WAIT,
    INTERNAL,
    UNAVAILABLE,
    BROKEN,
    CUT_JSON,
    HTML,
    SILENT,
    MOVED,
    HUGE_BODY,
    NOT_UTF8,
    DEEP,
    EMPTY,
    NO_CHOICES,
    ERROR_IN_200,
    UNREACHABLE,
    FAULTS
};

static void play_fault(int kind, pdx__reply *out) {
    static char deep[2001];
    switch (kind) {
    case TOO_MANY_WAIT: out->retry_after = 7; /* fall through */
    case TOO_MANY:
        out->code = 429;
        fake_say(out, "{\"error\":{\"message\":\"slow down\",\"code\":\"rate_limit_exceeded\"}}");
        break;
    case INTERNAL: out->code = 500, fake_say(out, "Internal Server Error"); break;
    case UNAVAILABLE: out->code = 503, fake_say(out, ""); break;
    case BROKEN: out->how = PDX__REPLY_BROKEN; break;
    case CUT_JSON: fake_say(out, "{\"choices\":[{\"text\":\" "); break;
    case HTML: fake_say(out, "<html>Please sign in</html>"); break;
    case SILENT: out->how = PDX__REPLY_TIMEOUT, out->seconds = 30; break;
    case MOVED: out->code = 302, fake_say(out, ""), strcpy(out->reason, "redirects to x"); break;
    case HUGE_BODY: out->how = PDX__REPLY_TOO_LARGE; break;
    case NOT_UTF8: fake_say(out, "{\"choices\":[{\"text\":\"\xff\xfe\"}]}"); break;
    case DEEP:
        memset(deep, '[', 2000);
        fake_say(out, deep);
        break;
    case EMPTY: fake_say(out, ""); break;
    case NO_CHOICES: fake_say(out, "{}"); break;
    case ERROR_IN_200: fake_say(out, "{\"error\":{\"message\":\"overloaded\"}}"); break;
    default: out->how = PDX__REPLY_UNREACHABLE;
    }
}

typedef struct plan {
    int kind;
    int64_t from, to; /* requests that get it */
} plan;

static void faulty(fake *f, int64_t n, const char *path, const char *body, pdx__reply *out) {
    const plan *p = f->user;
    if (n >= p->from && n < p->to) play_fault(p->kind, out);
    else good(f, n, path, body, out);
}

/* One fault, then a row of them, at each place; then the run that follows. */
static void every_fault_at_every_place(void) {
    pdx_http_options o = plain_options();
    for (int kind = 0; kind < FAULTS; ++kind)
        for (int at = 0; at < ASKS; ++at)
            for (int length = 1; length <= 200; length += 199) {
                plan p = {kind, at, at + length};
                fresh(faulty);
                net.user = &p;
                outcome first = run(&o, ASKS);
                if (length == 1 && !(kind == MOVED && at == 0)) {
                    CHECK_INT(first.status, PDX_OK);
                    CHECK_INT(first.answers, ASKS);
                    CHECK_INT(net.submitted, ASKS + 1);
                } else CHECK(first.answers < ASKS);
                int64_t sent = net.submitted;
                net.play = good;
                outcome second = run(&o, ASKS);
                CHECK_INT(second.status, PDX_OK);
                CHECK_INT(second.answers, ASKS);
                CHECK_INT(second.from_journal, first.answers);
                CHECK_INT(net.submitted - sent, ASKS - first.answers);
                for (int i = 0; i < ASKS; ++i) CHECK_INT(second.told[i], 1);
            }
}

static void retry_after_is_obeyed(void) {
    pdx_http_options o = plain_options();
    plan p = {TOO_MANY_WAIT, 3, 4};
    fresh(faulty);
    net.user = &p;
    outcome result = run(&o, ASKS);
    CHECK_INT(result.answers, ASKS);
    double refused = net.sent_at[3] + 0.1;
    int early = 0;
    for (int64_t n = 4; n < net.submitted; ++n)
        early += net.sent_at[n] > refused + 1e-9 && net.sent_at[n] < refused + 7 - 1e-9;
    CHECK_INT(early, 0);
    CHECK(net.clock >= refused + 7);
}

/* ---- what stops a run ---- */

static void wrong_key(fake *f, int64_t n, const char *path, const char *body, pdx__reply *out) {
    (void)f, (void)n, (void)path, (void)body;
    out->code = 401;
    fake_say(out, "{\"error\":{\"message\":\"wrong key\"}}");
}

static void unable(fake *f, int64_t n, const char *path, const char *body, pdx__reply *out) {
    (void)f, (void)n, (void)path, (void)body;
    fake_say(out, "{\"unable\":1}");
}

static void down(fake *f, int64_t n, const char *path, const char *body, pdx__reply *out) {
    (void)f, (void)n, (void)path, (void)body;
    out->how = PDX__REPLY_UNREACHABLE;
    strcpy(out->reason, "nobody there");
}

static void too_long(fake *f, int64_t n, const char *path, const char *body, pdx__reply *out) {
    if (!strstr(body, "number 0") && !strstr(body, "number 5")) {
        good(f, n, path, body, out);
        return;
    }
    out->code = 400;
    fake_say(out, "{\"error\":{\"message\":\"too long\",\"code\":\"context_length_exceeded\"}}");
}

static void all_refused(fake *f, int64_t n, const char *path, const char *body, pdx__reply *out) {
    (void)f, (void)n, (void)path, (void)body;
    out->code = 400;
    fake_say(out, "{\"detail\":\"no\"}");
}

static void hopeless_runs_stop_early(void) {
    pdx_http_options o = plain_options();
    fresh(wrong_key);
    CHECK_INT(run(&o, ASKS).status, PDX_ENETWORK);
    CHECK_CONTAINS(pdx_error_message(), "http://host:1/v1: status 401: wrong key");
    CHECK_INT(net.submitted, 1);
    fresh(unable);
    CHECK_INT(run(&o, ASKS).status, PDX_EUNSUPPORTED);
    CHECK_CONTAINS(pdx_error_message(), "it cannot do this");
    CHECK_INT(net.submitted, 1);
    fresh(down);
    CHECK_INT(run(&o, ASKS).status, PDX_ENETWORK);
    CHECK_CONTAINS(pdx_error_message(), "nobody there");
    fresh(all_refused);
    CHECK_INT(run(&o, 1000).status, PDX_ENETWORK);
    CHECK_INT(net.submitted, 10);
    fresh(too_long); /* two that never fit do not stop the others */
    outcome result = run(&o, ASKS);
    CHECK_INT(result.status, PDX_OK);
    CHECK_INT(result.answers, ASKS - 2);
    CHECK_INT(result.failures, 2);
    CHECK_INT(net.submitted, ASKS);
}

/* ---- limits ---- */

static void requests_per_minute(void) {
    pdx_http_options o = plain_options();
    o.requests_per_minute = 60;
    fresh(good);
    outcome result = run(&o, 100);
    CHECK_INT(result.answers, 100);
    CHECK_INT(net.submitted, 100);
    for (int n = 61; n < 100; ++n) CHECK(net.sent_at[n] - net.sent_at[n - 61] >= 60 - 1e-3);
    CHECK_LE(net.clock, 102);
}

static void concurrency_adapts(void) {
    pdx_http_options o = plain_options();
    o.concurrency = 40;
    fresh(good);
    CHECK_INT(run(&o, 2000).answers, 2000);
    CHECK_INT(net.most_in_flight, 40);
    plan p = {TOO_MANY, 300, 340};
    fresh(faulty);
    net.user = &p;
    CHECK_INT(run(&o, 2000).answers, 2000);
    int at_once = 0; /* sent within one answer's time, soon after the refusals */
    double after = net.sent_at[345];
    for (int n = 345; n < 2000 && net.sent_at[n] < after + 0.1; ++n) ++at_once;
    CHECK_LE(at_once, 25);
}

static void many_asks_stay_with_the_caller(void) {
    pdx_http_options o = plain_options();
    pdx__transport transport = fake_transport(&net);
    pdx__asker_setup setup = {&o, journal, &transport, 0, accept, NULL};
    pdx__asker *a;
    fresh(good);
    OK(pdx__asker_open(&a, &setup));
    int put = 0;
    for (; put < 1000000 && pdx__asker_has_room(a); ++put) {
        char body[32];
        snprintf(body, sizeof body, "{\"p\":%d}", put);
        pdx__ask ask = {put, "/v1/completions", body, strlen(body), 0, 1};
        OK(pdx__asker_put(a, &ask));
    }
    CHECK_LE(put, 100);
    pdx__told told;
    int32_t got;
    OK(pdx__asker_take(a, 5, &told, &got));
    pdx__told_free(&told);
    pdx__asker_close(a); /* what is in flight is cancelled */
    CHECK_INT(net.in_flight, 0);
}

static void budgets_hold(void) {
    pdx_http_options o = plain_options();
    o.max_tokens = 70; /* each answer takes 11 */
    fresh(good);
    outcome result = run(&o, ASKS);
    CHECK_INT(result.status, PDX_EBUDGET);
    CHECK_CONTAINS(pdx_error_message(), "budget of 70 tokens");
    CHECK(result.answers >= 4 && result.answers * 11 <= 70);
    outcome again = run(&o, ASKS); /* the journal counts */
    CHECK_INT(again.status, PDX_EBUDGET);
    CHECK_INT(again.answers + 0, result.answers);
    o.max_tokens = 0;
    char prices[64];
    snprintf(prices, sizeof prices, "%s/prices.json", folder);
    const char *text = "{\"m\":{\"input\":1000,\"output\":10000}}"; /* 0.02 USD an answer */
    OK(pdx__file_write(prices, text, strlen(text)));
    o.prices = prices;
    o.max_usd = 0.1;
    fresh(good);
    result = run(&o, ASKS);
    CHECK_INT(result.status, PDX_EBUDGET);
    CHECK_LE(result.totals.usd, 0.1 + 1e-12);
    CHECK_NEAR(result.totals.usd, 0.02 * result.answers, 1e-12);
    CHECK(result.answers >= 3);
    o.model = "other";
    fresh(good);
    CHECK_INT(run(&o, ASKS).status, PDX_ENOTFOUND);
}

int main(void) {
    if (!mkdtemp(folder)) return 1;
    snprintf(journal, sizeof journal, "%s/journal", folder);
    RUN(every_fault_at_every_place);
    RUN(retry_after_is_obeyed);
    RUN(hopeless_runs_stop_early);
    RUN(requests_per_minute);
    RUN(concurrency_adapts);
    RUN(many_asks_stay_with_the_caller);
    RUN(budgets_hold);
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", folder);
    return check_result() | (system(command) != 0);
}
