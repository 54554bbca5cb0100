/* Waits, growth and halving by arithmetic. */
#include "net/limits.h"

#include "check.h"

static pdx_http_options options(void) {
    pdx_http_options o;
    pdx_http_options_init(&o);
    return o;
}

static void backoff_doubles_with_jitter(void) {
    pdx_http_options o = options();
    pdx__limits a, b;
    pdx__limits_init(&a, &o, 0);
    pdx__limits_init(&b, &o, 0);
    for (int k = 1; k < 20; ++k) {
        double most = fmin(60, 0.5 * pow(2, k - 1)), wait = pdx__limits_backoff(&a, k);
        CHECK(wait >= most / 2 && wait <= most);
        CHECK_NEAR(wait, pdx__limits_backoff(&b, k), 0); /* the seed decides */
    }
}

static void tokens_go_into_debt_and_are_paid_off(void) {
    pdx_http_options o = options();
    o.tokens_per_minute = 600;
    pdx__limits l;
    pdx__limits_init(&l, &o, 0);
    CHECK_NEAR(pdx__limits_wait(&l, 0, 0), 0, 0);
    pdx__limits_sent(&l, 110);
    CHECK_NEAR(pdx__limits_wait(&l, 0, 0), 10, 1e-3);
    CHECK_NEAR(pdx__limits_wait(&l, 10.01, 0), 0, 0);
}

static void the_window_follows_the_server(void) {
    pdx_http_options o = options();
    pdx__limits l;
    pdx__limits_init(&l, &o, 0);
    for (int i = 0; i < 100; ++i) pdx__limits_answered(&l, 1);
    CHECK_NEAR(l.window, 64, 0);
    pdx__limits_refused(&l, 10, 9);
    CHECK_NEAR(l.window, 32, 0);
    pdx__limits_refused(&l, 10.1, 9.5); /* sent before the halving: the same trouble */
    CHECK_NEAR(l.window, 32, 0);
    pdx__limits_refused(&l, 11, 10.5);
    CHECK_NEAR(l.window, 16, 0);
    for (int i = 0; i < 200; ++i) pdx__limits_answered(&l, 5); /* slower: no growth */
    double slow = l.window;
    CHECK_LE(slow, 20);
    for (int i = 0; i < 500; ++i) pdx__limits_answered(&l, 1);
    CHECK(l.window > slow + 5);
    CHECK(isinf(pdx__limits_wait(&l, 20, 64)));
}

int main(void) {
    RUN(backoff_doubles_with_jitter);
    RUN(tokens_go_into_debt_and_are_paid_off);
    RUN(the_window_follows_the_server);
    return check_result();
}
