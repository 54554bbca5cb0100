/* Fits of column files from 10,000 to 10,000,000 rows of 29 comparisons: seconds in all and for a
 * sweep, nanoseconds a row and sweep, peak of resident memory, beside the rate at which this
 * machine reads memory in the same run. One JSON line a size. bench-columns [MOST ROWS] */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <prefdissect/prefdissect.h>

#include "core/pool.h"
#include "core/rng.h"

enum { D = 29, PIECE = 8192 };

static void check(pdx_status status) {
    if (status == PDX_OK) return;
    fprintf(stderr, "%s: %s\n", pdx_status_name(status), pdx_error_message());
    exit(1);
}

static void write_rows(const char *path, int64_t n) {
    static int8_t x[PIECE * D];
    static double y[PIECE];
    char text[D][8];
    const char *names[D];
    double weight[D];
    pdx__rng rng;
    pdx_columns_writer *w;
    pdx__rng_init(&rng, 7, 0);
    for (int k = 0; k < D; ++k) {
        snprintf(text[k], sizeof text[k], "p%d", k + 1);
        names[k] = text[k];
        weight[k] = pdx__rng_laplace(&rng, 0.2);
    }
    check(pdx_columns_create(&w, path, names, D, PDX_COLUMNS_INT8, 0));
    for (int64_t at = 0; at < n; at += PIECE) {
        int64_t rows = n - at < PIECE ? n - at : PIECE;
        for (int64_t i = 0; i < rows; ++i) {
            double eta = 0;
            for (int k = 0; k < D; k += 3) { /* three comparisons of one draw's bits: 70 % ties */
                uint64_t bits = pdx__rng_next(&rng);
                for (int j = k; j < k + 3 && j < D; ++j, bits >>= 20) {
                    uint32_t part = bits & 0xfffff;
                    x[i * D + j] = (int8_t)((part < 157286) - (part >= 1048576 - 157286));
                    eta += weight[j] * x[i * D + j];
                }
            }
            y[i] = pdx__rng_uniform(&rng) < 1 / (1 + exp(-eta));
        }
        pdx_rows piece = {.size = sizeof piece, .d = D, .n = rows, .x_int8 = x, .y = y};
        check(pdx_columns_append(w, &piece, NULL, NULL));
    }
    check(pdx_columns_finish(w));
}

static pdx_status read_part(void *context, int64_t task, int32_t worker) {
    enum { WORDS = 1 << 21 };
    const uint64_t *at = (const uint64_t *)context + task * WORDS;
    volatile uint64_t sink;
    uint64_t sum = 0;
    (void)worker;
    for (int64_t i = 0; i < WORDS; ++i) sum += at[i];
    sink = sum;
    (void)sink;
    return PDX_OK;
}

/* Bytes a second that all threads read from memory. */
static double bandwidth(void) {
    enum { PARTS = 16 };
    const size_t bytes = (size_t)PARTS << 24;
    char *block = malloc(bytes);
    double best = INFINITY;
    if (!block) exit(1);
    memset(block, 1, bytes);
    for (int i = 0; i < 4; ++i) {
        double from = pdx__seconds();
        check(pdx__pool_run(pdx__pool_threads(0, PARTS), PARTS, read_part, block, NULL, "parts"));
        best = fmin(best, pdx__seconds() - from);
    }
    free(block);
    return (double)bytes / best;
}

/* In a process of its own, whose peak of memory is the fit's. */
static void one_size(const char *path, int64_t n, double rate) {
    fflush(stdout);
    if (fork() != 0) {
        int state;
        wait(&state);
        if (state) exit(1);
        return;
    }
    pdx_columns *columns;
    pdx_study *study;
    pdx_fit_options options;
    pdx_certificate c;
    struct rusage usage;
    pdx_fit_options_init(&options);
    options.certificate = PDX_CERTIFICATE_NEVER;
    check(pdx_columns_open(&columns, path));
    double start = pdx__seconds();
    check(pdx_columns_fit(&study, columns, &options, NULL));
    double plain = pdx__seconds() - start;
    pdx_study_free(study);
    options.certificate = PDX_CERTIFICATE_AUTO;
    start = pdx__seconds();
    check(pdx_columns_fit(&study, columns, &options, NULL));
    double certified = pdx__seconds() - start;
    check(pdx_posterior_certificate(pdx_study_get(study, 0), &c));
    getrusage(RUSAGE_SELF, &usage);
    /* a fit: rows counted, the start, its sweeps, the description; each is a pass */
    const double per_row = plain / (double)n / (c.ep_sweeps + 3);
    printf("{\"benchmark\":\"columns\",\"rows\":%lld,\"columns\":%d,\"sweeps\":%d,\"seconds\":%.3f,"
           "\"certified_seconds\":%.3f,\"certificate_ok\":%d,\"ns_per_row_and_pass\":%.2f,"
           "\"file_gb_per_second\":%.2f,\"memory_gb_per_second\":%.2f,\"peak_mb\":%.0f}\n",
           (long long)n, D, c.ep_sweeps, plain, certified, c.ok, 1e9 * per_row,
           (D + 4) / per_row / 1e9, rate / 1e9, (double)usage.ru_maxrss / 1024);
    fflush(stdout);
    _exit(0);
}

int main(int argc, char **argv) {
    const int64_t most = argc > 1 ? atoll(argv[1]) : 1000000;
    char path[] = "bench-XXXXXX";
    int file = mkstemp(path);
    if (file < 0) return 1;
    close(file);
    const double rate = bandwidth();
    for (int64_t n = 10000; n <= most; n *= 10) {
        write_rows(path, n);
        one_size(path, n, rate);
    }
    unlink(path);
    return 0;
}
