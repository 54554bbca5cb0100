/* Exact Shapley values of sigmoid(z0 + sum of parts), without sampling and without the 2^k subsets.
 *
 * sigmoid(z) - 1/2 = int_0^inf sin(t z) / sinh(pi t) dt, and under the multilinear extension (Owen
 * 1972) every player is present with probability q, so that with u_j = e^{i t w_j}
 *   phi_j = int dt / sinh(pi t) Im[ e^{i t z0} (u_j - 1) int_0^1 dq prod_{k != j} (1 - q + q u_k)
 * ]. The inner integrand is a polynomial in q of degree k - 1: Gauss-Legendre with ceil(k/2) nodes
 * is exact. With f_k = 1 - q + q u_k the factor at 1 - q is u_k conj(f_k), so one of two mirrored
 * nodes gives both: half the work. The outer one is the midpoint rule, which converges
 * geometrically once its period exceeds the range of the log-odds. Products without j are prefix
 * times suffix; eight t nodes go side by side in a vector. The parts' own Shapley values (the
 * log-odds) are the parts. */
#include "shapley.h"

#include <math.h>
#include <string.h>

#include "analysis.h"

enum { LANES = 8, FIRST_NODES = 16, EXACT_EVERY = 64 };
typedef double lanes __attribute__((vector_size(LANES * sizeof(double))));
typedef struct turn { /* a complex number a lane */
    lanes re, im;
} turn;

static const double EPSILON = 1e-15, LARGEST = 1e7;

struct pdx__shapley {
    int32_t most;          /* players */
    double *part;          /* [most] those that are not 0 */
    int32_t *player;       /* [most] who they are */
    double *node, *weight; /* lower half of the Gauss-Legendre nodes on (0, 1), [most] */
    int32_t nodes;         /* of the whole rule; 0: none yet */
    turn *unit;            /* [most + 1] e^{i t w}; the last: e^{i t z0} */
    turn *step;            /* [most + 1] e^{i LANES h w}, the same in every lane */
    turn *prefix, *sum;    /* [most] */
};

void pdx__shapley_free(pdx__shapley *s) {
    if (!s) return;
    pdx__free(s->part);
    pdx__free(s->player);
    pdx__free(s->unit);
    pdx__free(s);
}

pdx_status pdx__shapley_create(pdx__shapley **out, int32_t k) {
    *out = NULL;
    pdx__shapley *s = pdx__alloc_zero(1, sizeof *s);
    if (!s) return PDX_ENOMEM;
    size_t most = (size_t)k + 1;
    s->most = k;
    s->part = pdx__alloc_zero(3 * most, sizeof *s->part);
    s->player = pdx__alloc_zero(most, sizeof *s->player);
    s->unit = pdx__alloc_aligned(4 * most, sizeof *s->unit);
    if (!s->part || !s->player || !s->unit) {
        pdx__shapley_free(s);
        return PDX_ENOMEM;
    }
    s->node = s->part + most;
    s->weight = s->node + most;
    s->step = s->unit + most;
    s->prefix = s->step + most;
    s->sum = s->prefix + most;
    *out = s;
    return PDX_OK;
}

/* The lower ceil(n/2) nodes of Gauss-Legendre on (0, 1) by Newton's method; the middle one of an
 * odd rule, its own mirror image, gets half its weight. */
static void prepare_nodes(pdx__shapley *s, int32_t n) {
    if (s->nodes == n) return;
    s->nodes = n;
    for (int32_t i = 0; i < (n + 1) / 2; ++i) {
        double x = cos(M_PI * (i + 0.75) / (n + 0.5)), slope = 1;
        for (int round = 0; round < 8; ++round) {
            double below = 1, here = x;
            for (int32_t k = 1; k < n; ++k) {
                double next = ((2 * k + 1) * x * here - k * below) / (k + 1);
                below = here;
                here = next;
            }
            slope = n * (x * here - below) / (x * x - 1);
            double move = here / slope;
            x -= move;
            if (fabs(move) < 1e-15) break;
        }
        s->node[i] = 0.5 * (1 - x);
        s->weight[i] = 1 / ((1 - x * x) * slope * slope);
        if (2 * i + 1 == n) s->weight[i] *= 0.5;
    }
}

#define BODY __attribute__((always_inline)) static inline

BODY turn times(turn a, turn b) {
    return (turn){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

/* e^{i t w} in every lane for t = (first + lane + 1/2) h. */
static void start_turning(turn *out, double w, double h, int64_t first) {
    double re[LANES], im[LANES], step_re = cos(w * h), step_im = sin(w * h);
    re[0] = cos(w * h * ((double)first + 0.5));
    im[0] = sin(w * h * ((double)first + 0.5));
    for (int l = 1; l < LANES; ++l) {
        re[l] = re[l - 1] * step_re - im[l - 1] * step_im;
        im[l] = re[l - 1] * step_im + im[l - 1] * step_re;
    }
    memcpy(&out->re, re, sizeof re);
    memcpy(&out->im, im, sizeof im);
}

/* Adds the share of eight t nodes to phi; amount: h / sinh(pi t), 0 beyond the end. */
BODY void add_block(pdx__shapley *s, int32_t k, lanes amount, double *phi) {
    const turn *unit = s->unit;
    for (int32_t j = 0; j < k; ++j) s->sum[j] = (turn){{0}, {0}};
    for (int32_t i = 0; i < (s->nodes + 1) / 2; ++i) {
        double q = s->node[i], rest = 1 - q;
        turn product = {(lanes){0} + 1, {0}};
        for (int32_t j = 0; j < k; ++j) {
            s->prefix[j] = product;
            product = times(product, (turn){rest + q * unit[j].re, q * unit[j].im});
        }
        product = (turn){(lanes){0} + s->weight[i], {0}};
        for (int32_t j = k - 1; j >= 0; --j) {
            turn others = times(s->prefix[j], product);
            s->sum[j].re += others.re;
            s->sum[j].im += others.im;
            product = times(product, (turn){rest + q * unit[j].re, q * unit[j].im});
        }
    }
    turn start = {unit[k].re * amount, unit[k].im * amount}, all = start;
    for (int32_t j = 0; j < k; ++j) all = times(all, unit[j]);
    for (int32_t j = 0; j < k; ++j) {
        turn v = times((turn){unit[j].re - 1, unit[j].im}, s->sum[j]);
        /* Im[start v - all conj(v)] */
        lanes im = start.re * v.im + start.im * v.re - all.im * v.re + all.re * v.im;
        double sum = 0;
        for (int l = 0; l < LANES; ++l) sum += im[l];
        phi[j] += sum;
    }
}

BODY void integrate(pdx__shapley *s, int32_t k, double start, double reach, double *phi) {
    double h = 2 * M_PI / (2 * reach + log(1 / EPSILON) + 2);
    int64_t count = (int64_t)(log(4 / EPSILON) / M_PI / h) + 1;
    s->part[k] = start;
    for (int32_t j = 0; j <= k; ++j) {
        double re = cos(LANES * h * s->part[j]), im = sin(LANES * h * s->part[j]);
        s->step[j] = (turn){(lanes){0} + re, (lanes){0} + im};
    }
    for (int32_t j = 0; j < k; ++j) phi[j] = 0;
    for (int64_t first = 0; first < count; first += LANES) {
        int exact = first % (EXACT_EVERY * LANES) == 0; /* rounding grows with the turns */
        for (int32_t j = 0; j <= k; ++j)
            if (exact) start_turning(&s->unit[j], s->part[j], h, first);
            else s->unit[j] = times(s->unit[j], s->step[j]);
        double share[LANES];
        lanes amount;
        for (int l = 0; l < LANES; ++l)
            share[l] = first + l < count ? h / sinh(M_PI * h * ((double)(first + l) + 0.5)) : 0;
        memcpy(&amount, share, sizeof amount);
        add_block(s, k, amount, phi);
    }
}

/* One body, compiled for wider vectors too; without contraction all give the same bits. */
static void integrate_plain(pdx__shapley *s, int32_t k, double start, double reach, double *phi) {
    integrate(s, k, start, reach, phi);
}
#if defined(__x86_64__)
__attribute__((target("avx2"))) static void integrate_avx2(pdx__shapley *s, int32_t k, double start,
                                                           double reach, double *phi) {
    integrate(s, k, start, reach, phi);
}
__attribute__((target("avx512f"))) static void
integrate_avx512(pdx__shapley *s, int32_t k, double start, double reach, double *phi) {
    integrate(s, k, start, reach, phi);
}
#endif

static void integrate_best(pdx__shapley *s, int32_t k, double start, double reach, double *phi) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f")) integrate_avx512(s, k, start, reach, phi);
    else if (__builtin_cpu_supports("avx2")) integrate_avx2(s, k, start, reach, phi);
    else
#endif
        integrate_plain(s, k, start, reach, phi);
}

pdx_status pdx__shapley_run(pdx__shapley *s, const double *part, double start, double *phi) {
    double up = start, down = start, whole = start;
    int32_t k = 0, largest = 0;
    for (int32_t j = 0; j < s->most; ++j) {
        phi[j] = 0;
        if (part[j] == 0) continue;
        s->part[k] = part[j];
        s->player[k++] = j;
        *(part[j] > 0 ? &up : &down) += part[j];
        whole += part[j];
    }
    double reach = fmax(fabs(up), fabs(down)), residual;
    if (!(reach <= LARGEST))
        return pdx__fail(PDX_ENUMERIC, "Shapley values of log-odds of %g are out of reach", reach);
    if (k == 0) return PDX_OK;
    /* Few nodes are enough for moderate parts; the sum, which is known, tells. */
    int32_t exact = (k + 1) / 2, nodes = exact < FIRST_NODES ? exact : FIRST_NODES;
    for (;;) {
        prepare_nodes(s, nodes);
        integrate_best(s, k, start, reach, phi);
        residual = pdx__sigmoid(whole) - pdx__sigmoid(start);
        for (int32_t j = 0; j < k; ++j) residual -= phi[j];
        if (nodes == exact || fabs(residual) < 1e-14) break;
        nodes = 2 * nodes < exact ? 2 * nodes : exact;
    }
    /* the last rounding goes to the largest, so that the sum is exact */
    for (int32_t j = 1; j < k; ++j)
        if (fabs(phi[j]) > fabs(phi[largest])) largest = j;
    phi[largest] += residual;
    for (int32_t j = k - 1; j >= 0; --j) {
        double own = phi[j];
        phi[j] = 0;
        phi[s->player[j]] = own;
    }
    return PDX_OK;
}

pdx_status pdx_shapley(int32_t k, const double *part, double start, double *phi) {
    PDX__REQUIRE(k >= 0 && ((part && phi) || k == 0), "pdx_shapley: k is %d, or NULL", k);
    PDX__REQUIRE(isfinite(start), "pdx_shapley: 'start' is not finite");
    for (int32_t j = 0; j < k; ++j)
        PDX__REQUIRE(isfinite(part[j]), "pdx_shapley: part %d is not finite", j + 1);
    pdx__shapley *s;
    PDX__TRY(pdx__shapley_create(&s, k));
    pdx_status status = pdx__shapley_run(s, part, start, phi);
    pdx__shapley_free(s);
    return status;
}
