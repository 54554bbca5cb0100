/* The core's own promises: numbers, text, maps, hashes, files, threads, algebra. */
#include <prefdissect/prefdissect.h>

#include <locale.h>

#include "check.h"
#include <sys/stat.h>

#include "core/buf.h"
#include "core/file.h"
#include "core/linalg.h"
#include "core/number.h"
#include "core/pool.h"
#include "core/rng.h"
#include "core/sha256.h"
#include "core/strmap.h"

static void numbers_round_trip(void) {
    pdx__rng rng;
    pdx__rng_init(&rng, 1, 2);
    for (int i = 0; i < 20000; ++i) {
        union {
            uint64_t bits;
            double value;
        } v = {pdx__rng_next(&rng)};
        if (i % 2) v.value = ldexp((double)(int64_t)(pdx__rng_next(&rng) % 100000), -i % 7);
        if (!isfinite(v.value)) continue;
        char text[PDX__NUMBER_TEXT];
        double back;
        int length = pdx__format_double(text, v.value);
        REQUIRE(pdx__parse_double(text, (size_t)length, &back));
        CHECK(back == v.value);
    }
    double out;
    CHECK(!pdx__parse_double("1e", 2, &out));
    CHECK(!pdx__parse_double(" 1", 2, &out));
    CHECK(!pdx__parse_double("0x10", 4, &out));
    CHECK(!pdx__parse_double("", 0, &out));
    CHECK(pdx__parse_double("-0.25", 5, &out) && out == -0.25);
}

/* Wherever the host's locale writes the decimal point as something else. */
static void numbers_know_no_locale(void) {
    if (!setlocale(LC_NUMERIC, "de_DE.UTF-8") && !setlocale(LC_NUMERIC, "fr_FR.UTF-8"))
        SKIP("no locale with a decimal comma is installed");
    char text[PDX__NUMBER_TEXT];
    double out = 0;
    int length = pdx__format_double(text, 0.1);
    int read = pdx__parse_double("1234567890.12345678", 19, &out);
    setlocale(LC_NUMERIC, "C");
    CHECK_TEXT(text, "0.1");
    CHECK_INT(length, 3);
    CHECK(read && out == 1234567890.12345678);
}

static void messages_are_one_clean_line(void) {
    pdx__fail_at(PDX_EPARSE, "a.json", 3, "odd\n\x1b[2J%s", "\xc3\xa9 \xff \xc2\x9b");
    CHECK_TEXT(pdx_error_message(), "a.json:3: odd??[2J\xc3\xa9 ? ??");
    pdx__fail(PDX_EINVAL, "outer: %s", pdx_error_message());
    CHECK_TEXT(pdx_error_message(), "outer: a.json:3: odd??[2J\xc3\xa9 ? ??");
    char longer[3000];
    memset(longer, 'x', sizeof longer);
    memcpy(longer + 1022, "\xc3\xa9", 3);
    pdx__fail(PDX_EINVAL, "%s", longer);
    CHECK_INT(strlen(pdx_error_message()), 1023);
    CHECK(pdx_error_message()[1022] == '?');
}

static void hash_matches_the_standard(void) {
    pdx__sha256 hash;
    char hex[65];
    pdx__sha256_init(&hash);
    pdx__sha256_add(&hash, "abc", 3);
    pdx__sha256_hex(&hash, hex);
    CHECK_TEXT(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    pdx__sha256_init(&hash);
    for (int i = 0; i < 1000000; ++i) pdx__sha256_add(&hash, "a", 1);
    pdx__sha256_hex(&hash, hex);
    CHECK_TEXT(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    char many[1000];
    memset(many, 'a', sizeof many);
    pdx__sha256_init(&hash); /* in pieces of every length around the blocks' */
    for (int left = 1000000, size = 1; left; left -= size, size = size % 700 + 1) {
        if (size > left) size = left;
        pdx__sha256_add(&hash, many, (size_t)size);
    }
    pdx__sha256_hex(&hash, hex);
    CHECK_TEXT(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void json_text_is_safe(void) {
    pdx__buf buf = PDX__BUF_EMPTY;
    pdx__buf_json_string(&buf, "a\"\\\n\x01\xff\xc3\xa9", 8);
    CHECK_TEXT(buf.data, "\"a\\\"\\\\\\n\\u0001\xEF\xBF\xBD\xc3\xa9\"");
    pdx__buf_free(&buf);
}

static void map_numbers_strings(void) {
    pdx__strmap map = {0};
    char name[24];
    int64_t index;
    for (int round = 0; round < 2; ++round)
        for (int i = 0; i < 5000; ++i) {
            int added;
            snprintf(name, sizeof name, "pair/%d", i);
            OK(pdx__strmap_add(&map, name, strlen(name), &index, &added));
            CHECK_INT(index, i);
            CHECK_INT(added, round == 0);
        }
    CHECK_TEXT(pdx__strmap_get(&map, 4321), "pair/4321");
    CHECK_INT(pdx__strmap_find(&map, "absent", 6), -1);
    pdx__strmap_free(&map);
}

static pdx_status square(void *context, int64_t task, int32_t worker) {
    (void)worker;
    if (task == 70) return pdx__fail(PDX_ENUMERIC, "task 70");
    ((int64_t *)context)[task] = task * task;
    return PDX_OK;
}

static void pool_runs_and_fails(void) {
    int64_t out[100] = {0};
    CHECK_INT(pdx__pool_run(4, 70, square, out, NULL, "tasks"), PDX_OK);
    for (int i = 0; i < 70; ++i) CHECK_INT(out[i], i * i);
    FAILS(pdx__pool_run(4, 100, square, out, NULL, "tasks"), PDX_ENUMERIC, "task 70");
}

static int32_t stop_at_once(void *user, const pdx_progress *progress) {
    (void)user, (void)progress;
    return 1;
}

static pdx_status wait_for_the_stop(void *context, int64_t task, int32_t worker) {
    (void)context, (void)task, (void)worker;
    double start = pdx__seconds();
    while (!pdx__pool_stopping())
        if (pdx__seconds() - start > 20) return PDX_ENUMERIC;
    return pdx__fail(PDX_ECANCELED, "stopped");
}

static pdx_status wait_within(void *context, int64_t task, int32_t worker) {
    (void)task, (void)worker;
    return pdx__pool_run(2, 2, wait_for_the_stop, context, NULL, "inner tasks");
}

static void long_tasks_hear_the_stop(void) {
    pdx_hooks hooks = {.progress = stop_at_once};
    CHECK(!pdx__pool_stopping());
    FAILS(pdx__pool_run(2, 2, wait_for_the_stop, NULL, &hooks, "tasks"), PDX_ECANCELED, "request");
    FAILS(pdx__pool_run(2, 2, wait_within, NULL, &hooks, "tasks"), PDX_ECANCELED, "request");
    CHECK(!pdx__pool_stopping());
}

static void devices_are_written_straight(void) {
    struct stat info;
    CHECK_INT(pdx__file_write("/dev/null", "text", 4), PDX_OK);
    REQUIRE(stat("/dev/null", &info) == 0);
    CHECK(S_ISCHR(info.st_mode)); /* still the device: nothing was renamed over it */
    if (stat("/dev/full", &info) == 0) CHECK_INT(pdx__file_write("/dev/full", "text", 4), PDX_EIO);
    CHECK_INT(pdx__file_write("/dev/", "text", 4), PDX_EIO);
}

/* LAPACK's version (large matrices only) against the plain loops, and both against the definition.
 */
static void algebra_of_size(int32_t n) {
    pdx__rng rng;
    pdx__rng_init(&rng, 3, (uint64_t)n);
    size_t size = (size_t)n * (size_t)n;
    double *a = malloc(size * sizeof *a), *l = malloc(size * sizeof *a),
           *p = malloc(size * sizeof *a);
    double *inverse = malloc(size * sizeof *a), *plain = malloc(size * sizeof *a);
    double *x = malloc((size_t)n * sizeof *x), *y = malloc((size_t)n * sizeof *x);
    double *z = malloc((size_t)n * sizeof *x);
    for (int32_t i = 0; i < n; ++i) {
        x[i] = pdx__rng_normal(&rng);
        for (int32_t j = 0; j <= i; ++j)
            a[i * n + j] = a[j * n + i] = pdx__rng_normal(&rng) + (i == j ? 2.5 * n : 0);
    }
    memcpy(l, a, size * sizeof *a);
    memcpy(p, a, size * sizeof *a);
    OK(pdx__cholesky(n, l));
    OK(pdx__plain_cholesky(n, p));
    for (int32_t i = 0; i < n; ++i)
        for (int32_t j = 0; j <= i; ++j) {
            CHECK_NEAR(l[i * n + j], p[i * n + j], 1e-10);
            double sum = 0;
            for (int32_t k = 0; k <= j; ++k) sum += p[i * n + k] * p[j * n + k];
            CHECK_NEAR(sum, a[i * n + j], 1e-9);
        }
    pdx__cholesky_inverse(n, l, inverse);
    pdx__plain_cholesky_inverse(n, p, plain);
    for (size_t i = 0; i < size; ++i) CHECK_NEAR(inverse[i], plain[i], 1e-12);
    pdx__symv(n, a, x, y);
    pdx__plain_symv(n, a, x, z);
    for (int32_t i = 0; i < n; ++i) CHECK_NEAR(y[i], z[i], 1e-9);
    pdx__cholesky_solve(n, l, y);
    pdx__plain_cholesky_solve(n, p, z);
    for (int32_t i = 0; i < n; ++i) {
        CHECK_NEAR(y[i], x[i], 1e-10);
        CHECK_NEAR(z[i], x[i], 1e-10);
    }
    a[0] = -1;
    CHECK_INT(pdx__cholesky(n, a), PDX_ENUMERIC);
    free(a);
    free(l);
    free(p);
    free(inverse);
    free(plain);
    free(x);
    free(y);
    free(z);
}

static void algebra_agrees(void) {
    algebra_of_size(1);
    algebra_of_size(31);
    algebra_of_size(300);
}

int main(void) {
    RUN(numbers_round_trip);
    RUN(numbers_know_no_locale);
    RUN(messages_are_one_clean_line);
    RUN(hash_matches_the_standard);
    RUN(json_text_is_safe);
    RUN(map_numbers_strings);
    RUN(pool_runs_and_fails);
    RUN(long_tasks_hear_the_stop);
    RUN(devices_are_written_straight);
    RUN(algebra_agrees);
    return check_result();
}
