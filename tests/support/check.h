/* The one assert header of the tests: prints both sides with file and line; a NaN always fails. A
 * test program is a main() that calls RUN(name) for each test and returns check_result(). A test
 * whose data is absent calls SKIP("why"); a program that only skipped exits with 77. */
#ifndef PDX_TEST_CHECK_H
#define PDX_TEST_CHECK_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int check_failures, check_skips, check_tests;
static const char *check_test = "";

#define CHECK_FAIL(...)                                                                            \
    do {                                                                                           \
        ++check_failures;                                                                          \
        printf("%s:%d: in %s: ", __FILE__, __LINE__, check_test);                                  \
        printf(__VA_ARGS__);                                                                       \
        printf("\n");                                                                              \
    } while (0)

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) CHECK_FAIL("not true: %s", #condition);                                  \
    } while (0)

/* Stops this test. */
#define REQUIRE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            CHECK_FAIL("not true: %s", #condition);                                                \
            return;                                                                                \
        }                                                                                          \
    } while (0)

#define CHECK_INT(a, b)                                                                            \
    do {                                                                                           \
        long long a_ = (long long)(a), b_ = (long long)(b);                                        \
        if (a_ != b_) CHECK_FAIL("%s = %lld, %s = %lld", #a, a_, #b, b_);                          \
    } while (0)

#define CHECK_NEAR(a, b, tolerance)                                                                \
    do {                                                                                           \
        double a_ = (a), b_ = (b), t_ = (tolerance);                                               \
        if (!(fabs(a_ - b_) <= t_) && !(a_ == b_))                                                 \
            CHECK_FAIL("%s = %.17g, %s = %.17g, apart by %.3g > %.3g", #a, a_, #b, b_,             \
                       fabs(a_ - b_), t_);                                                         \
    } while (0)

#define CHECK_LE(a, b)                                                                             \
    do {                                                                                           \
        double a_ = (a), b_ = (b);                                                                 \
        if (!(a_ <= b_)) CHECK_FAIL("%s = %.17g > %s = %.17g", #a, a_, #b, b_);                    \
    } while (0)

#define CHECK_TEXT(a, b)                                                                           \
    do {                                                                                           \
        const char *a_ = (a), *b_ = (b);                                                           \
        if (!a_ || !b_ || strcmp(a_, b_))                                                          \
            CHECK_FAIL("%s = \"%s\", %s = \"%s\"", #a, a_ ? a_ : "(null)", #b,                     \
                       b_ ? b_ : "(null)");                                                        \
    } while (0)

#define CHECK_CONTAINS(text, part)                                                                 \
    do {                                                                                           \
        const char *a_ = (text), *b_ = (part);                                                     \
        if (!a_ || !strstr(a_, b_))                                                                \
            CHECK_FAIL("\"%s\" does not contain \"%s\"", a_ ? a_ : "", b_);                        \
    } while (0)

/* A library call must succeed; else its message is shown and the test stops. */
#define OK(call)                                                                                   \
    do {                                                                                           \
        int s_ = (call);                                                                           \
        if (s_ != 0) {                                                                             \
            CHECK_FAIL("%s gave %s: %s", #call, pdx_status_name(s_), pdx_error_message());         \
            return;                                                                                \
        }                                                                                          \
    } while (0)

/* A library call must fail with this code and a message that contains `part`. */
#define FAILS(call, code, part)                                                                    \
    do {                                                                                           \
        int s_ = (call);                                                                           \
        if (s_ != (code))                                                                          \
            CHECK_FAIL("%s gave %s, expected %s", #call, pdx_status_name(s_), #code);              \
        else CHECK_CONTAINS(pdx_error_message(), part);                                            \
    } while (0)

#define SKIP(...)                                                                                  \
    do {                                                                                           \
        ++check_skips;                                                                             \
        printf("SKIP %s: ", check_test);                                                           \
        printf(__VA_ARGS__);                                                                       \
        printf("\n");                                                                              \
        return;                                                                                    \
    } while (0)

#define RUN(test)                                                                                  \
    do {                                                                                           \
        check_test = #test;                                                                        \
        ++check_tests;                                                                             \
        test();                                                                                    \
    } while (0)

static int check_result(void) {
    printf("%d tests, %d failures, %d skipped\n", check_tests, check_failures, check_skips);
    if (check_failures) return 1;
    return check_tests > 0 && check_skips == check_tests ? 77 : 0;
}

#endif
