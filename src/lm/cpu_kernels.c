/* Inner loops on GCC vector types; PDX_ISA names the copy (plain, avx2, avx512), which the build
 * compiles with the matching flags. */
#include "cpu_kernels.h"

#include <math.h>
#include <string.h>

/* STEP vectors of each of four rows are summed at once: as many as there are registers for. */
#if defined(__AVX512F__)
enum { LANES = 16, STEP = 4 };
#elif defined(__AVX2__)
enum { LANES = 8, STEP = 2 };
#else
enum { LANES = 4, STEP = 2 };
#endif
typedef float vec __attribute__((vector_size(LANES * 4)));
typedef float anywhere __attribute__((vector_size(LANES * 4), aligned(4), may_alias));
typedef int32_t ivec __attribute__((vector_size(LANES * 4)));

static inline vec load(const float *p) { return *(const anywhere *)p; }
static inline void store(float *p, vec v) { *(anywhere *)p = v; }
static inline vec splat(float x) { return x - (vec){0}; }

/* mask ? a : b, lane by lane. */
static inline vec choose(ivec mask, vec a, vec b) {
    return (vec)((mask & (ivec)a) | (~mask & (ivec)b));
}

/* exp to about 2 ulp on [-87, 88]; below that 0. Cody-Waite reduction, polynomial of degree 6. */
static inline vec vexp(vec x) {
    ivec tiny = x<splat(-87.0f), huge = x> splat(88.0f);
    x = choose(tiny, splat(-87.0f), x);
    x = choose(huge, splat(88.0f), x);
    vec n = x * splat(1.44269504f);
    vec shift = splat(12582912.0f); /* 1.5 * 2^23: rounds to the nearest whole number */
    n = (n + shift) - shift;
    vec r = x - n * splat(0.693359375f);
    r = r + n * splat(2.12194440e-4f);
    vec p = splat(1.9875691500e-4f);
    p = p * r + splat(1.3981999507e-3f);
    p = p * r + splat(8.3334519073e-3f);
    p = p * r + splat(4.1665795894e-2f);
    p = p * r + splat(1.6666665459e-1f);
    p = p * r + splat(5.0000001201e-1f);
    p = p * r * r + r + splat(1.0f);
    ivec bits = (__builtin_convertvector(n, ivec) + 127) << 23;
    p = p * (vec)bits;
    return choose(tiny, splat(0.0f), p);
}

static inline float sum(vec v) {
    float s = 0;
    for (int i = 0; i < LANES; ++i) s += v[i];
    return s;
}

static inline float most_of(vec v) {
    float m = v[0];
    for (int i = 1; i < LANES; ++i) m = v[i] > m ? v[i] : m;
    return m;
}

/* out[r][j] = scale * q_r . k_j for keys [from, to): whole steps. */
static void scores(const float *const *q, const float *kt, int64_t stride, int32_t width,
                   int64_t from, int64_t to, float scale, float *out) {
    for (int64_t j = from; j < to; j += STEP * LANES) {
        vec a[4][STEP] = {{{0}}};
        for (int32_t d = 0; d < width; ++d) {
            vec k[STEP];
            for (int i = 0; i < STEP; ++i) k[i] = load(kt + d * stride + j + i * LANES);
            for (int r = 0; r < 4; ++r)
                for (int i = 0; i < STEP; ++i) a[r][i] += splat(q[r][d]) * k[i];
        }
        for (int r = 0; r < 4; ++r)
            for (int i = 0; i < STEP; ++i)
                store(out + r * stride + j + i * LANES, a[r][i] * splat(scale));
    }
}

/* Softmax over [first, last], zero elsewhere in [from, to): whole vectors. */
static void soften(float *row, int64_t from, int64_t to, int32_t first, int32_t last) {
    for (int64_t j = from; j < first; ++j) row[j] = -INFINITY;
    for (int64_t j = last + 1; j < to; ++j) row[j] = -INFINITY;
    vec highest = load(row + from), total = {0};
    for (int64_t j = from; j < to; j += LANES) {
        vec x = load(row + j);
        highest = choose(x > highest, x, highest);
    }
    float most = most_of(highest);
    for (int64_t j = from; j < to; j += LANES) {
        vec e = vexp(load(row + j) - splat(most));
        store(row + j, e);
        total += e;
    }
    vec share = splat(1.0f / sum(total));
    for (int64_t j = from; j < to; j += LANES) store(row + j, load(row + j) * share);
}

static void mix(const float *p, int64_t stride, const float *v, int32_t width, int64_t from,
                int64_t to, int32_t rows, float *out, int64_t out_stride) {
    int32_t d = 0;
    for (; d + STEP * LANES <= width; d += STEP * LANES) {
        vec a[4][STEP] = {{{0}}};
        for (int64_t j = from; j < to; ++j) {
            vec values[STEP];
            for (int i = 0; i < STEP; ++i) values[i] = load(v + j * width + d + i * LANES);
            for (int r = 0; r < 4; ++r)
                for (int i = 0; i < STEP; ++i) a[r][i] += splat(p[r * stride + j]) * values[i];
        }
        for (int32_t r = 0; r < rows; ++r)
            for (int i = 0; i < STEP; ++i) store(out + r * out_stride + d + i * LANES, a[r][i]);
    }
    for (; d + LANES <= width; d += LANES) {
        vec a[4] = {{0}};
        for (int64_t j = from; j < to; ++j)
            for (int r = 0; r < 4; ++r) a[r] += splat(p[r * stride + j]) * load(v + j * width + d);
        for (int32_t r = 0; r < rows; ++r) store(out + r * out_stride + d, a[r]);
    }
    for (; d < width; ++d)
        for (int32_t r = 0; r < rows; ++r) {
            float s = 0;
            for (int64_t j = from; j < to; ++j) s += p[r * stride + j] * v[j * width + d];
            out[r * out_stride + d] = s;
        }
}

static void attend(const float *q, int64_t q_stride, int32_t rows, const float *kt, const float *v,
                   int64_t stride, int32_t width, const int32_t *first, const int32_t *last,
                   float scale, float *scratch, float *out, int64_t out_stride) {
    const float *query[4];
    int32_t least = first[0], most = last[0];
    for (int r = 0; r < 4; ++r) {
        int32_t from = r < rows ? r : 0;
        query[r] = q + from * q_stride;
        least = first[from] < least ? first[from] : least;
        most = last[from] > most ? last[from] : most;
    }
    int64_t from = least / (STEP * LANES) * (STEP * LANES);
    int64_t to = (most + STEP * LANES) / (STEP * LANES) * (STEP * LANES);
    scores(query, kt, stride, width, from, to, scale, scratch);
    for (int r = 0; r < 4; ++r)
        soften(scratch + r * stride, from, to, first[r < rows ? r : 0], last[r < rows ? r : 0]);
    mix(scratch, stride, v, width, least, most + 1, rows, out, out_stride);
}

static void gate(float *g, const float *up, int64_t count) {
    int64_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        vec x = load(g + i);
        store(g + i, x / (splat(1.0f) + vexp(-x)) * load(up + i));
    }
    for (; i < count; ++i) g[i] = g[i] / (1.0f + expf(-g[i])) * up[i];
}

static void norm(float *out, const float *x, const float *weight, int32_t width, float epsilon) {
    vec partial = {0};
    int32_t i = 0;
    for (; i + LANES <= width; i += LANES) partial += load(x + i) * load(x + i);
    double squares = sum(partial);
    for (; i < width; ++i) squares += (double)x[i] * x[i];
    float scale = (float)(1 / sqrt(squares / width + epsilon));
    for (i = 0; i < width; ++i) out[i] = x[i] * scale * weight[i];
}

static void add(float *x, const float *y, int64_t count) {
    for (int64_t i = 0; i < count; ++i) x[i] += y[i];
}

static double sum_exp(const float *x, int64_t count, float most) {
    double total = 0;
    int64_t i = 0;
    for (; i + LANES <= count; i += LANES) total += sum(vexp(load(x + i) - splat(most)));
    for (; i < count; ++i) total += exp((double)x[i] - most);
    return total;
}

#define JOIN(a, b) a##b
#define NAMED(isa) JOIN(pdx__cpu_kernels_, isa)
#define TEXT(x)    #x
#define TEXT_OF(x) TEXT(x)
const pdx__cpu_kernels NAMED(PDX_ISA) = {TEXT_OF(PDX_ISA), attend, gate, norm, add, sum_exp};
