/* prefdissect/columns.h: tables of more rows than memory should hold: column files, and fits that
 * go over them block by block.
 *
 * A column file holds what a plain table does (pdx_table_load): a row is one judgment of one pair,
 * with D property comparisons, y in [0, 1], and where they are wanted weight, offset, judge and
 * group. It is written once, front to back, memory-mapped when read, and never held in memory as a
 * whole. A row takes D bytes (comparisons) or 4 D (real values) and 4 to 16 more.
 *
 * A fit asks the file for sums only: over all rows, of the sites of expectation propagation at a
 * given posterior, of the likelihood at given draws. A row's site follows from the posterior alone
 * (it is solved for, not remembered), so nothing is kept between sweeps, and a sum over the file is
 * the sum over its parts: pdx_columns_sums answers for a part, here or on another machine.
 *
 * An open file may be shared by threads. */
#ifndef PREFDISSECT_COLUMNS_H
#define PREFDISSECT_COLUMNS_H

#include <prefdissect/posterior.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pdx_columns pdx_columns;               /* a file that is read */
typedef struct pdx_columns_writer pdx_columns_writer; /* one that is written */

enum {
    PDX_COLUMNS_INT8 = 0,   /* whole numbers from -127 to 127 */
    PDX_COLUMNS_FLOAT32 = 1 /* rounded to single precision */
};
/* What rows have beside properties and y; added up. */
enum {
    PDX_COLUMNS_WEIGHT = 1,
    PDX_COLUMNS_OFFSET = 2,
    PDX_COLUMNS_JUDGE = 4,
    PDX_COLUMNS_GROUP = 8
};
/* Rows of one chunk, the unit of parts. */
enum { PDX_COLUMNS_CHUNK = 4096 };

/* names[d]: unique property names. The file appears when pdx_columns_finish has written it whole.
 */
PDX_API pdx_status pdx_columns_create(pdx_columns_writer **out, const char *path,
                                      const char *const *names, int32_t d, int32_t kind,
                                      int32_t parts);
/* Rows of one judge and group (NULL where the file has none; else at most 65,535 different names
 * each). rows->y is needed, rows->margin is not taken; weight and offset only where the file has
 * them. PDX_EINVAL names the row (counted over all calls) and column of a value that does not fit.
 * After a failure the writer can only be abandoned. */
PDX_API pdx_status pdx_columns_append(pdx_columns_writer *writer, const pdx_rows *rows,
                                      const char *judge, const char *group);
/* Writes what is left, names the file, frees the writer whatever comes of it. */
PDX_API pdx_status pdx_columns_finish(pdx_columns_writer *writer);
/* Removes what was written; frees the writer; NULL is fine. */
PDX_API void pdx_columns_abandon(pdx_columns_writer *writer);
/* A CSV table as of pdx_table_load (without 'margin'), row by row, into a column file: INT8 where
 * every property of every row fits, else FLOAT32 (the table is then read twice: "-" is refused).
 * *rows: how many. */
PDX_API pdx_status pdx_columns_from_table(int64_t *rows, const char *table, const char *path,
                                          const pdx_hooks *hooks);

/* PDX_EPARSE: the file is no column file, of a later version, damaged or cut short. Chunks are not
 * read before they are asked for; a bad value in one is PDX_EPARSE then. */
PDX_API pdx_status pdx_columns_open(pdx_columns **out, const char *path);
PDX_API void pdx_columns_free(pdx_columns *columns);
PDX_API int64_t pdx_columns_rows(const pdx_columns *columns);
PDX_API int64_t pdx_columns_chunks(const pdx_columns *columns);
PDX_API int32_t pdx_columns_kind(const pdx_columns *columns); /* PDX_COLUMNS_INT8, ... */
PDX_API int32_t pdx_columns_dim(const pdx_columns *columns);  /* D */
PDX_API const char *pdx_columns_name(const pdx_columns *columns, int32_t d);
PDX_API int32_t pdx_columns_judge_count(const pdx_columns *columns); /* 0: one judge, "judge" */
PDX_API const char *pdx_columns_judge(const pdx_columns *columns, int32_t i);
PDX_API int32_t pdx_columns_group_count(const pdx_columns *columns); /* 0: one group, "all" */
PDX_API const char *pdx_columns_group(const pdx_columns *columns, int32_t i);

/* Answers a request of a fit over the whole file: fills sums[sums_length], all finite, from
 * request[request_length], usually by adding up what pdx_columns_sums says of the parts. Called on
 * the thread that called pdx_columns_fit. Nonzero: the fit stops with PDX_ECANCELED. */
typedef int32_t (*pdx_columns_sums_fn)(void *user, const double *request, int64_t request_length,
                                       double *sums, int64_t sums_length);

typedef struct pdx_columns_options {
    uint32_t size;
    int64_t memory_bytes;     /* of the file to keep in memory at most, >= 1 MiB: what has been used
                                 is let go; default 256 MiB. What a fit needs besides is below 16
                                 MiB a thread for D = 30 */
    pdx_columns_sums_fn sums; /* who adds up; default NULL: this process, on its threads */
    void *sums_user;
} pdx_columns_options;
PDX_API void pdx_columns_options_init(pdx_columns_options *options, uint32_t size);
#define pdx_columns_options_init(options)                                                          \
    pdx_columns_options_init((options), (uint32_t)sizeof *(options))

/* Fits every judge x group of the file by EP, certified by the importance sampler (512 draws). Of
 * the fit's options prior (not eb), prior_scale(s), method (auto, ep), certificate, draws, seed,
 * threads, quantiles, covariance, judges, pool (none, complete) and hooks are used; folds and
 * predictions are not made: with rows in plenty elpd_loo says the same. Refinement beyond EP is not
 * made either: a certificate that does not hold says so. Flat priors, NUTS, an intercept and
 * partial pooling are PDX_EUNSUPPORTED. The result is that of the same rows in memory up to EP's
 * second-order terms, which vanish with the number of rows, and does not depend on threads. */
PDX_API pdx_status pdx_columns_fit(pdx_study **out, const pdx_columns *columns,
                                   const pdx_fit_options *fit_options,
                                   const pdx_columns_options *options);
/* A request over chunks [first, first + count): fills sums[sums_length], which must be as long as
 * the fit said. `threads` 0: all cores. Sums of parts add up to the sums of the whole; the order of
 * additions within a part does not depend on threads. PDX_EINVAL: no request of this version. */
PDX_API pdx_status pdx_columns_sums(const pdx_columns *columns, int64_t first, int64_t count,
                                    const double *request, int64_t request_length, double *sums,
                                    int64_t sums_length, int32_t threads);

#ifdef __cplusplus
}
#endif
#endif
