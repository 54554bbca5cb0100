/* Sums over rows of a column file. The rows go by in spans of chunks, one span a task, each with
 * sums of its own, which are added in order: the result does not depend on the threads. */
#include "row_sums.h"

#include <math.h>
#include <string.h>

#include "core/pool.h"
#include "data/columns.h"
#include "ep_rows.h"

enum {
    SPAN = 16,        /* chunks, at least */
    MOST_SPANS = 256, /* each holds its sums until the end */
    BLOCKS = PDX_COLUMNS_CHUNK / PDX__BLOCK,
    MOST_TURNS = 12, /* of a row's site towards its fixed point */
    LOSS_DRAWS = 512 /* at once: they stay in the cache with a block */
};
#define SETTLED 1e-9 /* change of a site, in q's own units */

_Static_assert((int)PDX__COLUMNS_PANEL == (int)PDX__PANEL, "chunks hold the kernels' panels");

typedef struct question {
    int32_t kind, d, judge, group, flag;
    int64_t count;
    int32_t *column;           /* [d] */
    const double *mean;        /* [d] */
    double *root, *covariance; /* [ld][ld], [d][d] */
    const double *draw;        /* [d][count] */
    float *draw_float;
} question;

typedef struct thread_room {
    pdx__workspace *workspace;
    double *block, *wide, *gram, *gram_square; /* wide: a float32 block as doubles */
    float *block_float;
} thread_room;

typedef struct job {
    const pdx_columns *columns;
    const question *r;
    int64_t first, count, span;
    int drop;
    double *sums; /* [spans][length] */
    int64_t length;
    thread_room *room;
} job;

/* One block of a chunk: weights (0 for rows of others), labels, columns. Nonzero: a bad row. */
static int load(const job *j, thread_room *room, const pdx__chunk *c, int32_t b, pdx__ep_rows *r,
                double *y) {
    const question *q = j->r;
    const int32_t at = b * PDX__BLOCK, left = c->rows - at, d = pdx_columns_dim(j->columns);
    const int32_t panels = PDX__BLOCK / PDX__PANEL;
    r->rows = left < PDX__BLOCK ? left : PDX__BLOCK;
    r->count = PDX__BLOCK;
    int bad = 0;
    for (int32_t i = 0; i < PDX__BLOCK; ++i) {
        const int32_t row = at + i;
        int used = i < r->rows && (q->judge < 0 || (c->judge && c->judge[row] == q->judge)) &&
                   (q->group < 0 || (c->group && c->group[row] == q->group));
        r->weight[i] = !used ? 0 : c->weight ? (double)c->weight[row] : 1;
        r->band[i] = 0;
        r->offset[i] = used && c->offset ? (double)c->offset[row] : 0;
        y[i] = used ? (double)c->y[row] : 0.5;
        bad |= !(r->weight[i] >= 0 && r->weight[i] < INFINITY && isfinite(r->offset[i]) &&
                 y[i] >= 0 && y[i] <= 1);
        r->linear[i] = r->weight[i] * (y[i] - 0.5);
    }
    const int64_t x = (int64_t)at * d;
    const double *wide = NULL;
    if (c->x_float) {
        for (int64_t i = 0; i < (int64_t)PDX__BLOCK * d; ++i) {
            room->wide[i] = (double)c->x_float[x + i];
            bad |= !isfinite(room->wide[i]);
        }
        wide = room->wide;
    }
    const int8_t *narrow = c->x_int8 ? c->x_int8 + x : NULL;
    const pdx__kernels *kernels = room->workspace->kernels;
    if (q->kind == PDX__LOSS && q->flag)
        kernels->expand_float(room->block_float, narrow, wide, d, panels, q->column, q->d);
    else kernels->expand(room->block, narrow, wide, d, panels, q->column, q->d);
    return bad;
}

/* Sites that reproduce q's marginal of each row: from the likelihood's curvature at the mean,
 * updated with q held fixed until they settle. A turn leaves about the row's leverage of the error,
 * so that with rows in plenty there are two. */
static void settle(const thread_room *room, pdx__ep_rows *r) {
    const pdx__workspace *w = room->workspace;
    pdx__row_sites sites = pdx__ep_row_sites(w, r);
    for (int32_t i = 0; i < r->count; ++i) {
        double half = 0.5 * (r->mean[i] + r->offset[i]), slope = tanh(half);
        r->tau[i] = r->weight[i] * 0.25 * (1 - slope * slope);
        r->nu[i] = r->tau[i] * r->mean[i] - r->weight[i] * 0.5 * slope;
    }
    for (int turn = 0; turn < MOST_TURNS; ++turn) {
        double tau[PDX__BLOCK], nu[PDX__BLOCK], change = 0;
        memcpy(tau, r->tau, sizeof tau);
        memcpy(nu, r->nu, sizeof nu);
        w->kernels->sites(&sites);
        for (int32_t i = 0; i < r->rows; ++i) {
            if (r->trouble[i] != 0) pdx__ep_robust_site(r, i);
            double off = r->tau[i] - tau[i], sd = sqrt(r->var[i]);
            change = fmax(change, fmax(fabs(off) * r->var[i],
                                       fabs(r->nu[i] - nu[i] - off * r->mean[i]) * sd));
        }
        if (change < SETTLED) break;
    }
}

static void add_sites(const job *j, thread_room *room, pdx__ep_rows *r) {
    const question *q = j->r;
    const pdx__kernels *kernels = room->workspace->kernels;
    const int bound = q->kind == PDX__SITES_BOUND;
    kernels->moments(r->mean, bound ? NULL : r->var, room->block, r->count, q->mean,
                     bound ? NULL : q->root, q->d);
    if (bound) pdx__ep_bound_sites(r);
    else settle(room, r);
    for (int32_t i = 0; i < r->count; ++i) r->linear[i] += r->nu[i];
    kernels->gram_add(room->gram, room->block, r->count, r->tau, r->linear, q->d);
}

static void finish_sites(const job *j, thread_room *room, double *sums) {
    const int32_t d = j->r->d, ld = pdx__column_pad(d);
    double *linear = sums + (int64_t)d * (d + 1) / 2;
    room->workspace->kernels->gram_finish(room->gram, d, room->gram_square, linear);
    for (int32_t i = 0; i < d; ++i)
        for (int32_t k = 0; k <= i; ++k) *sums++ = room->gram_square[(int64_t)i * ld + k];
}

static void add_description(const job *j, thread_room *room, pdx__ep_rows *r, const double *y,
                            double *sums) {
    const question *q = j->r;
    const pdx__workspace *w = room->workspace;
    double ratio[PDX__BLOCK], third[PDX__BLOCK], loo[PDX__BLOCK];
    w->kernels->moments(r->mean, r->var, room->block, r->count, q->mean, q->root, q->d);
    settle(room, r);
    pdx__row_sites sites = pdx__ep_row_sites(w, r);
    sites.log_ratio = ratio;
    sites.third = third;
    w->kernels->sites(&sites);
    w->kernels->skews(sums + 2, room->block, r->count, q->covariance, third, q->d);
    pdx__ep_left_out(w, r, y, q->flag, loo);
    for (int32_t i = 0; i < r->rows; ++i) {
        if (r->weight[i] == 0) continue;
        sums[0] += (r->trouble[i] != 0 ? pdx__ep_robust_ratio(r, i) : ratio[i]) +
                   r->linear[i] * r->offset[i];
        sums[1] += loo[i];
    }
}

static void add_linear(const job *j, thread_room *room, pdx__ep_rows *r, double *sums) {
    const question *q = j->r;
    const pdx__kernels *kernels = room->workspace->kernels;
    kernels->project(sums + 3, room->block, r->count, r->linear, q->d);
    kernels->moments(r->mean, NULL, room->block, r->count, q->mean, NULL, q->d);
    for (int32_t i = 0; i < r->rows; ++i) {
        double size = r->weight[i] * (1 + fabs(r->mean[i]) + fabs(r->offset[i]));
        sums[0] += r->linear[i] * r->offset[i];
        sums[1] += size * size;
        sums[2] += r->weight[i] > 0;
    }
}

static void add_loss(const job *j, thread_room *room, const pdx__ep_rows *r, double *sums) {
    const question *q = j->r;
    const pdx__kernels *kernels = room->workspace->kernels;
    float weight[PDX__BLOCK], offset[PDX__BLOCK];
    for (int32_t i = 0; i < r->count; ++i) {
        weight[i] = (float)r->weight[i];
        offset[i] = (float)r->offset[i];
    }
    for (int64_t at = 0; at < q->count; at += LOSS_DRAWS) {
        int64_t many = q->count - at < LOSS_DRAWS ? q->count - at : LOSS_DRAWS;
        if (q->flag)
            kernels->loss_float(sums + at, q->draw_float + at, q->count, many, room->block_float,
                                r->count, weight, offset, NULL, NULL, q->d);
        else
            kernels->loss(sums + at, q->draw + at, q->count, many, room->block, r->count, r->weight,
                          r->offset, NULL, NULL, q->d);
    }
}

static pdx_status sum_span(void *context, int64_t task, int32_t worker) {
    const job *j = context;
    thread_room *room = &j->room[worker];
    const question *q = j->r;
    const int sites = q->kind == PDX__SITES || q->kind == PDX__SITES_BOUND;
    double *sums = j->sums + task * j->length, y[PDX__BLOCK];
    const int64_t from = j->first + task * j->span, end = j->first + j->count;
    const int64_t to = from + j->span < end ? from + j->span : end;
    pdx__ep_rows r;
    if (sites)
        memset(room->gram, 0,
               (size_t)room->workspace->kernels->gram_doubles(q->d) * sizeof *room->gram);
    for (int64_t n = from; n < to; ++n) {
        const pdx__chunk c = pdx__columns_chunk(j->columns, n);
        for (int32_t b = 0; b < BLOCKS && b * PDX__BLOCK < c.rows; ++b) {
            if (load(j, room, &c, b, &r, y))
                return pdx__fail_at(PDX_EPARSE, pdx__columns_path(j->columns), 0,
                                    "rows %lld to %lld hold a number that is out of range",
                                    (long long)(n * PDX_COLUMNS_CHUNK + b * PDX__BLOCK + 1),
                                    (long long)(n * PDX_COLUMNS_CHUNK + b * PDX__BLOCK + r.rows));
            if (sites) add_sites(j, room, &r);
            else if (q->kind == PDX__DESCRIBE) add_description(j, room, &r, y, sums);
            else if (q->kind == PDX__LINEAR) add_linear(j, room, &r, sums);
            else add_loss(j, room, &r, sums);
        }
        if (j->drop) pdx__columns_drop(j->columns, n, 1);
        if (pdx__pool_stopping()) return pdx__fail(PDX_ECANCELED, "stopped on request");
    }
    if (sites) finish_sites(j, room, sums);
    return PDX_OK;
}

/* ---- the request, and room for it ---- */

static int whole_from(double value, double least, double most) {
    return value >= least && value <= most && value == floor(value);
}

static pdx_status parse(question *q, const pdx_columns *columns, const double *given,
                        int64_t length, int64_t sums_length) {
    static const char *const unknown = "not a request of this version of the library";
    const int32_t width = pdx_columns_dim(columns);
    PDX__REQUIRE(length >= PDX__REQUEST_HEAD && given[PDX__REQUEST_VERSION] == 1 &&
                     whole_from(given[PDX__REQUEST_KIND], PDX__SITES_BOUND, PDX__LOSS) &&
                     whole_from(given[PDX__REQUEST_D], 0, width) &&
                     whole_from(given[PDX__REQUEST_COUNT], 0, 1 << 20) &&
                     whole_from(given[PDX__REQUEST_JUDGE], -1, UINT16_MAX) &&
                     whole_from(given[PDX__REQUEST_GROUP], -1, UINT16_MAX) &&
                     whole_from(given[PDX__REQUEST_FLAG], 0, 1),
                 "%s", unknown);
    q->kind = (int32_t)given[PDX__REQUEST_KIND];
    q->d = (int32_t)given[PDX__REQUEST_D];
    q->judge = (int32_t)given[PDX__REQUEST_JUDGE];
    q->group = (int32_t)given[PDX__REQUEST_GROUP];
    q->flag = (int32_t)given[PDX__REQUEST_FLAG];
    q->count = (int64_t)given[PDX__REQUEST_COUNT];
    PDX__REQUIRE(length == pdx__request_length(q->kind, q->d, q->count) &&
                     sums_length == pdx__sums_length(q->kind, q->d, q->count) &&
                     q->count % PDX__DRAWS == 0,
                 "%s", unknown);
    const size_t d = (size_t)q->d, ld = (size_t)pdx__column_pad(q->d);
    q->column = pdx__alloc(d, sizeof *q->column);
    q->root = pdx__alloc_aligned(ld * ld + 1, sizeof *q->root);
    q->covariance = pdx__alloc_zero(d * d, sizeof *q->covariance);
    q->draw_float = pdx__alloc_aligned(d * (size_t)q->count + 1, sizeof *q->draw_float);
    if (!q->column || !q->root || !q->covariance || !q->draw_float) return PDX_ENOMEM;
    for (int32_t k = 0; k < q->d; ++k) {
        PDX__REQUIRE(whole_from(given[PDX__REQUEST_HEAD + k], 0, width - 1), "%s", unknown);
        q->column[k] = (int32_t)given[PDX__REQUEST_HEAD + k];
    }
    const double *payload = given + PDX__REQUEST_HEAD + d;
    q->mean = q->draw = payload;
    for (size_t i = 0; q->kind == PDX__LOSS && i < d * (size_t)q->count; ++i)
        q->draw_float[i] = (float)payload[i];
    if (q->kind != PDX__SITES && q->kind != PDX__DESCRIBE) return PDX_OK;
    payload += d;
    for (size_t i = 0; i < d; ++i, payload += i)
        memcpy(q->root + i * ld, payload, (i + 1) * sizeof *payload);
    for (size_t i = 0; i < d; ++i)
        for (size_t j = 0; j <= i; ++j)
            for (size_t k = 0; k <= i; ++k)
                q->covariance[j * d + k] += q->root[i * ld + j] * q->root[i * ld + k];
    return PDX_OK;
}

static void free_question(question *q) {
    pdx__free(q->column);
    pdx__free(q->root);
    pdx__free(q->covariance);
    pdx__free(q->draw_float);
}

static pdx_status make_room(thread_room *room, const question *q, int32_t width) {
    const size_t ld = (size_t)pdx__column_pad(q->d > 0 ? q->d : 1);
    PDX__TRY(pdx__workspace_create(&room->workspace));
    const size_t gram = (size_t)room->workspace->kernels->gram_doubles(q->d);
    room->block = pdx__alloc_aligned(ld * PDX__BLOCK, sizeof *room->block);
    room->wide = pdx__alloc_aligned((size_t)width * PDX__BLOCK, sizeof *room->wide);
    room->gram = pdx__alloc_aligned(gram + 1, sizeof *room->gram);
    room->gram_square = pdx__alloc_aligned(ld * ld, sizeof *room->gram_square);
    room->block_float = pdx__alloc_aligned(ld * PDX__BLOCK, sizeof *room->block_float);
    return room->block && room->wide && room->gram && room->gram_square && room->block_float
               ? PDX_OK
               : PDX_ENOMEM;
}

static void free_room(thread_room *room) {
    pdx__workspace_free(room->workspace);
    pdx__free(room->block);
    pdx__free(room->wide);
    pdx__free(room->gram);
    pdx__free(room->gram_square);
    pdx__free(room->block_float);
}

pdx_status pdx__row_sums(const pdx_columns *columns, int64_t first, int64_t count,
                         const double *request, int64_t request_length, double *sums,
                         int64_t sums_length, int32_t threads, int64_t memory,
                         const pdx_hooks *hooks) {
    question q = {0};
    job j = {.columns = columns, .r = &q, .first = first, .count = count, .length = sums_length};
    pdx_status status = parse(&q, columns, request, request_length, sums_length);
    PDX__GO(status);
    j.span = count / MOST_SPANS + 1 > SPAN ? count / MOST_SPANS + 1 : SPAN;
    j.drop = memory > 0 && pdx__columns_bytes(columns) > memory;
    const int64_t spans = (count + j.span - 1) / j.span;
    threads = pdx__pool_threads(threads, spans);
    j.sums = pdx__alloc_zero((size_t)(spans * sums_length), sizeof *j.sums);
    j.room = pdx__alloc_zero((size_t)threads, sizeof *j.room);
    if (!j.sums || !j.room) status = PDX_ENOMEM;
    for (int32_t t = 0; t < threads && status == PDX_OK; ++t)
        status = make_room(&j.room[t], &q, pdx_columns_dim(columns));
    PDX__GO(status);
    PDX__GO(pdx__pool_run(threads, spans, sum_span, &j, hooks, "spans of rows"));
    memset(sums, 0, (size_t)sums_length * sizeof *sums);
    for (int64_t s = 0; s < spans; ++s)
        for (int64_t i = 0; i < sums_length; ++i) sums[i] += j.sums[s * sums_length + i];
done:
    for (int32_t t = 0; j.room && t < threads; ++t) free_room(&j.room[t]);
    pdx__free(j.room);
    pdx__free(j.sums);
    free_question(&q);
    return status;
}

pdx_status pdx_columns_sums(const pdx_columns *columns, int64_t first, int64_t count,
                            const double *request, int64_t request_length, double *sums,
                            int64_t sums_length, int32_t threads) {
    PDX__REQUIRE(columns && request && sums, "pdx_columns_sums: NULL argument");
    PDX__REQUIRE(first >= 0 && count >= 0 && first <= pdx_columns_chunks(columns) - count,
                 "pdx_columns_sums: chunks %lld to %lld of %lld", (long long)first,
                 (long long)(first + count), (long long)pdx_columns_chunks(columns));
    return pdx__row_sums(columns, first, count, request, request_length, sums, sums_length, threads,
                         0, NULL);
}
