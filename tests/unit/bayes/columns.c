/* Column files: what is written is what is fitted; sums of parts; what damaged files say. */
#include <prefdissect/prefdissect.h>

#include <stdint.h>
#include <sys/stat.h>

#include "check.h"
#include "core/rng.h"
#include "scratch.h"

enum { D = 6 };

typedef struct table {
    int64_t n;
    double *x, *y, *weight, *offset;
} table;

static table make(int64_t n, int whole) {
    static const double weight[D] = {0.5, -0.3, 0, 0.2, 0.9, -0.1};
    table t = {n, malloc(sizeof(double) * (size_t)(n * D)), malloc(sizeof(double) * (size_t)n),
               malloc(sizeof(double) * (size_t)n), malloc(sizeof(double) * (size_t)n)};
    pdx__rng rng;
    pdx__rng_init(&rng, 11, (uint64_t)n);
    for (int64_t i = 0; i < n; ++i) {
        double eta = 0;
        for (int k = 0; k < D; ++k) {
            double draw = pdx__rng_normal(&rng);
            double value = whole ? (draw > 0.8) - (draw < -0.8) : (double)(float)draw;
            t.x[i * D + k] = value;
            eta += weight[k] * value;
        }
        t.offset[i] = 0.25 * (double)(i % 5);
        t.weight[i] = 0.5 * (double)(i % 3);
        t.y[i] = pdx__rng_uniform(&rng) < 1 / (1 + exp(-eta - t.offset[i]));
    }
    return t;
}

static void drop(table t) {
    free(t.x);
    free(t.y);
    free(t.weight);
    free(t.offset);
}

static pdx_rows rows_of(const table *t, int64_t from, int64_t to) {
    return (pdx_rows){.size = sizeof(pdx_rows),
                      .d = D,
                      .n = to - from,
                      .x = t->x + from * D,
                      .y = t->y + from,
                      .weight = t->weight + from,
                      .offset = t->offset + from};
}

static const char *const names[D] = {"a", "b", "c", "d", "e", "\"f\"\n"};

/* In pieces that do not match the chunks. */
static void write_file(const char *path, const table *t, int32_t kind) {
    pdx_columns_writer *w;
    OK(pdx_columns_create(&w, path, names, D, kind, PDX_COLUMNS_WEIGHT | PDX_COLUMNS_OFFSET));
    for (int64_t from = 0; from < t->n; from += 999) {
        pdx_rows rows = rows_of(t, from, from + 999 < t->n ? from + 999 : t->n);
        OK(pdx_columns_append(w, &rows, NULL, NULL));
    }
    OK(pdx_columns_finish(w));
}

static pdx_study *fit(const pdx_columns *columns, const pdx_columns_options *how, int32_t threads) {
    pdx_study *study = NULL;
    pdx_fit_options options;
    pdx_fit_options_init(&options);
    options.threads = threads;
    options.draws = 64;
    CHECK_INT(pdx_columns_fit(&study, columns, &options, how), PDX_OK);
    return study;
}

/* The same rows in memory, and in a file. With few rows the second-order terms of EP, which the
 * file's fit leaves out, show. */
static void as_in_memory(int64_t n, int whole, double apart) {
    table t = make(n, whole);
    pdx_rows rows = rows_of(&t, 0, n);
    pdx_posterior *memory = NULL;
    pdx_columns *columns = NULL;
    pdx_fit_options options;
    pdx_fit_options_init(&options);
    options.predict = 0;
    options.method = PDX_METHOD_EP;
    write_file("t.columns", &t, whole ? PDX_COLUMNS_INT8 : PDX_COLUMNS_FLOAT32);
    OK(pdx_fit_rows(&memory, &rows, &options));
    OK(pdx_columns_open(&columns, "t.columns"));
    CHECK_INT(pdx_columns_rows(columns), n);
    CHECK_INT(pdx_columns_chunks(columns), (n + 4095) / 4096);
    CHECK_TEXT(pdx_columns_name(columns, 5), names[5]);
    CHECK(!pdx_columns_name(columns, 6));
    pdx_study *study = fit(columns, NULL, 2);
    REQUIRE(study && memory);
    const pdx_posterior *file = pdx_study_get(study, 0);
    for (int k = 0; k < D; ++k) {
        double sd = pdx_posterior_sd(memory)[k];
        CHECK_NEAR(pdx_posterior_mean(file)[k], pdx_posterior_mean(memory)[k], apart * sd);
        CHECK_NEAR(pdx_posterior_sd(file)[k] / sd, 1, 2 * apart);
        CHECK_NEAR(pdx_posterior_prob_positive(file)[k], pdx_posterior_prob_positive(memory)[k],
                   apart);
        CHECK_NEAR(pdx_posterior_quantiles(file)[k * 9], pdx_posterior_quantiles(memory)[k * 9],
                   5 * apart * sd);
    }
    CHECK_NEAR(pdx_posterior_log_evidence(file), pdx_posterior_log_evidence(memory), 40 * apart);
    CHECK_NEAR(pdx_posterior_elpd_loo(file), pdx_posterior_elpd_loo(memory), 10 * apart);
    pdx_certificate certificate;
    OK(pdx_posterior_certificate(file, &certificate));
    CHECK_INT(certificate.ok, 1);
    CHECK(certificate.ess_fraction > 0.95);
    CHECK_INT(pdx_posterior_draw_count(file), 64);
    pdx_study_free(study);
    pdx_columns_free(columns);
    pdx_posterior_free(memory);
    drop(t);
}

static void fits_as_in_memory(void) {
    as_in_memory(150, 1, 3e-3);
    as_in_memory(10000, 1, 2e-4);
    as_in_memory(10000, 0, 2e-4);
    as_in_memory(200000, 1, 1e-4);
}

static void equal_bits(const pdx_study *a, const pdx_study *b) {
    const pdx_posterior *p = pdx_study_get(a, 0), *q = pdx_study_get(b, 0);
    REQUIRE(p && q);
    for (int k = 0; k < D; ++k) {
        CHECK_NEAR(pdx_posterior_mean(p)[k], pdx_posterior_mean(q)[k], 0);
        CHECK_NEAR(pdx_posterior_sd(p)[k], pdx_posterior_sd(q)[k], 0);
    }
    CHECK_NEAR(pdx_posterior_elpd_loo(p), pdx_posterior_elpd_loo(q), 0);
    CHECK_NEAR(pdx_posterior_draws(p)[7], pdx_posterior_draws(q)[7], 0);
}

typedef struct parts {
    const pdx_columns *columns;
    int64_t asked, give_up;
} parts;

/* The file in three parts, as three workers would have it. */
static int32_t sum_parts(void *user, const double *request, int64_t request_length, double *sums,
                         int64_t sums_length) {
    parts *p = user;
    double *part = malloc(sizeof *part * (size_t)sums_length);
    const int64_t chunks = pdx_columns_chunks(p->columns);
    if (++p->asked == p->give_up) {
        free(part);
        return 1;
    }
    for (int64_t i = 0; i < sums_length; ++i) sums[i] = 0;
    for (int64_t w = 0; w < 3; ++w) {
        int64_t from = w * chunks / 3, to = (w + 1) * chunks / 3;
        CHECK_INT(pdx_columns_sums(p->columns, from, to - from, request, request_length, part,
                                   sums_length, 1),
                  PDX_OK);
        for (int64_t i = 0; i < sums_length; ++i) sums[i] += part[i];
    }
    free(part);
    return 0;
}

static int32_t sum_nothing(void *user, const double *request, int64_t request_length, double *sums,
                           int64_t sums_length) {
    (void)user, (void)request, (void)request_length, (void)sums, (void)sums_length;
    return 0;
}

static void parts_add_up_on_any_number_of_threads(void) {
    table t = make(100000, 1);
    pdx_columns *columns = NULL;
    write_file("t.columns", &t, PDX_COLUMNS_INT8);
    OK(pdx_columns_open(&columns, "t.columns"));
    pdx_columns_options how;
    pdx_columns_options_init(&how);
    pdx_study *one = fit(columns, NULL, 1), *three = fit(columns, NULL, 3);
    equal_bits(one, three);
    pdx_study_free(three);
    how.memory_bytes = 1 << 20; /* less than the file: pages are let go */
    pdx_study *small = fit(columns, &how, 2);
    equal_bits(one, small);
    pdx_study_free(small);
    parts p = {columns, 0, 0};
    how.sums = sum_parts;
    how.sums_user = &p;
    pdx_study *apart = fit(columns, &how, 1);
    REQUIRE(apart && one);
    for (int k = 0; k < D; ++k)
        CHECK_NEAR(pdx_posterior_mean(pdx_study_get(apart, 0))[k],
                   pdx_posterior_mean(pdx_study_get(one, 0))[k], 1e-10);
    pdx_study_free(apart);
    pdx_study_free(one);
    pdx_study *out;
    p.give_up = p.asked; /* at its last question */
    p.asked = 0;
    pdx_fit_options options;
    pdx_fit_options_init(&options);
    options.draws = 64;
    FAILS(pdx_columns_fit(&out, columns, &options, &how), PDX_ECANCELED, "gave up");
    CHECK(!out);
    how.sums = sum_nothing;
    FAILS(pdx_columns_fit(&out, columns, NULL, &how), PDX_ENUMERIC, "not finite");
    double request[12] = {2}, sums[3];
    FAILS(pdx_columns_sums(columns, 0, 1, request, 12, sums, 3, 1), PDX_EINVAL, "version");
    FAILS(pdx_columns_sums(columns, 1, 25, request, 12, sums, 3, 1), PDX_EINVAL, "chunks 1 to 26");
    pdx_columns_free(columns);
    drop(t);
}

static void judges_and_groups(void) {
    static const char *const judge[] = {"x", "y", "x"}, *const group[] = {"g", "g", "h"};
    table t = make(9000, 1);
    pdx_columns_writer *w;
    pdx_columns *columns = NULL;
    pdx_study *study = NULL;
    OK(pdx_columns_create(&w, "g.columns", names, D, PDX_COLUMNS_INT8,
                          PDX_COLUMNS_JUDGE | PDX_COLUMNS_GROUP));
    for (int i = 0; i < 3; ++i) {
        pdx_rows rows = rows_of(&t, 3000 * i, 3000 * (i + 1));
        rows.weight = rows.offset = NULL;
        OK(pdx_columns_append(w, &rows, judge[i], group[i]));
    }
    OK(pdx_columns_finish(w));
    OK(pdx_columns_open(&columns, "g.columns"));
    CHECK_INT(pdx_columns_judge_count(columns), 2);
    OK(pdx_columns_fit(&study, columns, NULL, NULL));
    CHECK_INT(pdx_study_count(study), 3); /* y has no rows in h */
    const pdx_posterior *p = pdx_study_find(study, "x", "h");
    REQUIRE(p);
    CHECK_INT(pdx_posterior_rows(p), 3000);
    pdx_rows rows = rows_of(&t, 6000, 9000);
    rows.weight = rows.offset = NULL;
    pdx_posterior *alone = NULL;
    OK(pdx_fit_rows(&alone, &rows, NULL));
    for (int k = 0; k < D; ++k)
        CHECK_NEAR(pdx_posterior_mean(p)[k], pdx_posterior_mean(alone)[k], 1e-4);
    pdx_posterior_free(alone);
    pdx_study_free(study);
    pdx_fit_options options;
    pdx_fit_options_init(&options);
    const char *nobody = "z";
    options.judges = &nobody;
    options.judge_count = 1;
    FAILS(pdx_columns_fit(&study, columns, &options, NULL), PDX_ENOTFOUND, "'z'");
    options.judge_count = 0;
    options.judges = NULL;
    options.method = PDX_METHOD_NUTS;
    FAILS(pdx_columns_fit(&study, columns, &options, NULL), PDX_EUNSUPPORTED, "only EP");
    pdx_columns_free(columns);
    drop(t);
}

static void put(const char *path, const char *text) {
    FILE *f = fopen(path, "w");
    REQUIRE(f);
    fputs(text, f);
    fclose(f);
}

static void from_a_table(void) {
    int64_t rows;
    pdx_columns *columns = NULL;
    put("t.csv", "a,y,judge,b\n1,0,ann,-127\n0,0.5,bob,2\n");
    OK(pdx_columns_from_table(&rows, "t.csv", "c.columns", NULL));
    CHECK_INT(rows, 2);
    OK(pdx_columns_open(&columns, "c.columns"));
    CHECK_INT(pdx_columns_kind(columns), PDX_COLUMNS_INT8);
    CHECK_TEXT(pdx_columns_judge(columns, 1), "bob");
    pdx_columns_free(columns);
    put("t.csv", "a,y\n1,0\n0.5,1\n");
    OK(pdx_columns_from_table(&rows, "t.csv", "c.columns", NULL));
    OK(pdx_columns_open(&columns, "c.columns"));
    CHECK_INT(pdx_columns_kind(columns), PDX_COLUMNS_FLOAT32);
    pdx_columns_free(columns);
    put("t.csv", "a,y\n1,0\n0,2\n");
    FAILS(pdx_columns_from_table(&rows, "t.csv", "d.columns", NULL), PDX_EPARSE,
          "t.csv:3: column 'y'");
    put("t.csv", "a,margin\n1,0\n");
    FAILS(pdx_columns_from_table(&rows, "t.csv", "d.columns", NULL), PDX_EUNSUPPORTED, "'margin'");
    struct stat info;
    CHECK(stat("d.columns", &info) != 0);
}

static void what_does_not_fit_is_named(void) {
    table t = make(10, 0);
    pdx_columns_writer *w;
    pdx_rows rows = rows_of(&t, 0, 10);
    OK(pdx_columns_create(&w, "w.columns", names, D, PDX_COLUMNS_INT8, 0));
    FAILS(pdx_columns_append(w, &rows, NULL, NULL), PDX_EINVAL, "no weights");
    rows.weight = rows.offset = NULL;
    FAILS(pdx_columns_append(w, &rows, "x", NULL), PDX_EINVAL, "no judges");
    FAILS(pdx_columns_append(w, &rows, NULL, NULL), PDX_EINVAL, "failed before");
    FAILS(pdx_columns_finish(w), PDX_EINVAL, "failed before");
    OK(pdx_columns_create(&w, "w.columns", names, D, PDX_COLUMNS_INT8, 0));
    FAILS(pdx_columns_append(w, &rows, NULL, NULL), PDX_EINVAL, "row 1, column 'a'");
    pdx_columns_abandon(w);
    const char *twice[] = {"a", "a"};
    FAILS(pdx_columns_create(&w, "w.columns", twice, 2, 0, 0), PDX_EINVAL, "occurs twice");
    drop(t);
}

/* Every file cut short, and every byte of head and end turned over, is refused or read as before.
 */
static void damaged_files_are_refused(void) {
    table t = make(5000, 1);
    pdx_columns *columns;
    write_file("t.columns", &t, PDX_COLUMNS_INT8);
    FILE *f = fopen("t.columns", "rb");
    REQUIRE(f);
    static char bytes[1 << 18];
    const size_t size = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    REQUIRE(size < sizeof bytes);
    for (size_t cut = 0; cut < size; cut += cut < 100 || cut + 200 > size ? 1 : 4999) {
        f = fopen("u.columns", "wb");
        fwrite(bytes, 1, cut, f);
        fclose(f);
        FAILS(pdx_columns_open(&columns, "u.columns"), PDX_EPARSE, "u.columns");
        CHECK(!columns);
    }
    for (size_t i = 0; i < size; i += i < 64 || i + 120 > size ? 1 : 70001) {
        if (i >= 28 && i < 64) continue; /* zeros that nothing reads */
        bytes[i] = (char)~bytes[i];
        f = fopen("u.columns", "wb");
        fwrite(bytes, 1, size, f);
        fclose(f);
        bytes[i] = (char)~bytes[i];
        if (pdx_columns_open(&columns, "u.columns") != PDX_OK) continue;
        pdx_study *study;
        CHECK(i >= 64);
        if (pdx_columns_fit(&study, columns, NULL, NULL) == PDX_OK) pdx_study_free(study);
        pdx_columns_free(columns);
    }
    FAILS(pdx_columns_open(&columns, "/dev/null"), PDX_EPARSE, "no regular file");
    FAILS(pdx_columns_open(&columns, "missing"), PDX_EIO, "missing");
    /* a y that is no probability, in the second chunk */
    const size_t y_of_second = 64 + (size_t)4096 * (D + 12) + (size_t)4096 * D;
    float two = 2;
    memcpy(bytes + y_of_second + 4 * 200, &two, 4);
    f = fopen("u.columns", "wb");
    fwrite(bytes, 1, size, f);
    fclose(f);
    OK(pdx_columns_open(&columns, "u.columns"));
    pdx_study *study;
    FAILS(pdx_columns_fit(&study, columns, NULL, NULL), PDX_EPARSE, "rows 4225 to 4352");
    pdx_columns_free(columns);
    drop(t);
}

int main(void) {
    scratch_enter();
    RUN(fits_as_in_memory);
    RUN(parts_add_up_on_any_number_of_threads);
    RUN(judges_and_groups);
    RUN(from_a_table);
    RUN(what_does_not_fit_is_named);
    RUN(damaged_files_are_refused);
    scratch_leave();
    return check_result();
}
