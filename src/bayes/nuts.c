/* NUTS with a unit metric in coordinates z, x = origin + A z, where A is the Cholesky factor of a
 * given covariance or a diagonal of adapted sds: a change of metric is a change of A, and the
 * sampler itself knows no metric. Trees are built by recursion with one scratch subtree a depth.
 * Left out: parallel chains (fits run in parallel, not their chains) and adaptation of a dense
 * metric (it comes from EP, or not at all). */
#include "nuts.h"

#include <math.h>
#include <string.h>

#include "adapt.h"
#include "core/linalg.h"
#include "core/pool.h"
#include "core/rng.h"
#include "diagnose.h"

/* Steps that lose this much energy end the trajectory and count as divergences. */
static const double LARGEST_ENERGY_ERROR = 1000;
enum { DEEPEST = 20 };

/* A moving end of the trajectory. */
typedef struct point {
    double *z, *p, *gradient; /* [dim] */
    double log_density;
} point;

/* A stretch of trajectory in the direction of travel: momenta at its ends, their sum over it, and
 * the state that stands for it. */
typedef struct subtree {
    double *p_begin, *p_end, *p_sum; /* [dim] */
    double *z, *gradient;            /* [dim] */
    double log_density, log_weight;
} subtree;

typedef struct sampler {
    const pdx__target *target;
    int32_t dim, max_depth;
    double *factor;         /* [dim][dim] lower triangle, or NULL: */
    double *scale;          /* [dim] */
    double *origin;         /* [dim] */
    double *x, *x_gradient; /* [dim] scratch */
    point now, ends[2];     /* ends: backwards in time, forwards */
    subtree whole, grown, scratch[DEEPEST];
    double *extra; /* [dim] */
    double *memory;
    pdx__rng rng;
    double step, start_energy;
    /* of the current trajectory */
    double accept_sum;
    int64_t steps;
    int divergent;
    /* of the run */
    int64_t gradients;
    const pdx_hooks *hooks;
    double begun, reported;
    int64_t done, total;
    int canceled;
} sampler;

static double dot(int32_t n, const double *a, const double *b) {
    double sum = 0;
    for (int32_t i = 0; i < n; ++i) sum += a[i] * b[i];
    return sum;
}

static void copy(int32_t n, double *to, const double *from) {
    memcpy(to, from, (size_t)n * sizeof *to);
}

static void position(const sampler *s, const double *z, double *x) {
    for (int32_t i = 0; i < s->dim; ++i)
        x[i] = s->origin[i] + (s->factor ? dot(i + 1, s->factor + (size_t)i * (size_t)s->dim, z)
                                         : s->scale[i] * z[i]);
}

static void report(sampler *s) {
    double now = pdx__seconds();
    if (now - s->reported < 0.25) return;
    s->reported = now;
    pdx_progress progress = {"draws", s->done, s->total, now - s->begun};
    if (s->hooks->progress(s->hooks->user, &progress)) s->canceled = 1;
}

/* Log density and gradient in z. */
static void evaluate(sampler *s, point *at) {
    position(s, at->z, s->x);
    at->log_density = s->target->value(s->target->context, s->x, s->x_gradient);
    ++s->gradients;
    if (s->factor) {
        memset(at->gradient, 0, (size_t)s->dim * sizeof(double));
        for (int32_t i = 0; i < s->dim; ++i)
            for (int32_t k = 0; k <= i; ++k)
                at->gradient[k] +=
                    s->factor[(size_t)i * (size_t)s->dim + (size_t)k] * s->x_gradient[i];
    } else {
        for (int32_t i = 0; i < s->dim; ++i) at->gradient[i] = s->scale[i] * s->x_gradient[i];
    }
    if (s->hooks && s->hooks->progress) report(s);
    if (pdx__pool_stopping()) s->canceled = 1;
}

static double energy(const sampler *s, const point *at) {
    double value = 0.5 * dot(s->dim, at->p, at->p) - at->log_density;
    return isnan(value) ? INFINITY : value;
}

static void leapfrog(sampler *s, point *at, double step) {
    for (int32_t i = 0; i < s->dim; ++i) {
        at->p[i] += 0.5 * step * at->gradient[i];
        at->z[i] += step * at->p[i];
    }
    evaluate(s, at);
    for (int32_t i = 0; i < s->dim; ++i) at->p[i] += 0.5 * step * at->gradient[i];
}

static void draw_momentum(sampler *s, point *at) {
    for (int32_t i = 0; i < s->dim; ++i) at->p[i] = pdx__rng_normal(&s->rng);
}

static double log_sum(double a, double b) {
    double high = a > b ? a : b, low = a > b ? b : a;
    return high == -INFINITY ? high : high + log1p(exp(low - high));
}

/* 1 with probability e^log_p. */
static int chance(sampler *s, double log_p) {
    return log_p >= 0 || log(pdx__rng_uniform(&s->rng)) < log_p;
}

/* 1 while the trajectory still moves apart at both of its ends. */
static int moves_apart(int32_t n, const double *p_begin, const double *p_end, const double *p_sum) {
    return dot(n, p_begin, p_sum) > 0 && dot(n, p_end, p_sum) > 0;
}

static void reverse(subtree *tree) {
    double *begin = tree->p_begin;
    tree->p_begin = tree->p_end;
    tree->p_end = begin;
}

/* Adds the momenta of `next`, which begins where `tree` ends; 0 where the union, or a half with the
 * first point of the other, turns back. */
static int join(sampler *s, subtree *tree, const subtree *next) {
    int32_t n = s->dim;
    for (int32_t i = 0; i < n; ++i) s->extra[i] = tree->p_sum[i] + next->p_begin[i];
    int apart = moves_apart(n, tree->p_begin, next->p_begin, s->extra);
    if (apart) {
        for (int32_t i = 0; i < n; ++i) s->extra[i] = next->p_sum[i] + tree->p_end[i];
        apart = moves_apart(n, tree->p_end, next->p_end, s->extra);
    }
    for (int32_t i = 0; i < n; ++i) tree->p_sum[i] += next->p_sum[i];
    copy(n, tree->p_end, next->p_end);
    return apart && moves_apart(n, tree->p_begin, tree->p_end, tree->p_sum);
}

/* Extends the trajectory from `end` by 2^depth steps into `tree`; 0: it turned back or diverged. */
static int build(sampler *s, point *end, double step, int32_t depth, subtree *tree) {
    if (depth == 0) {
        leapfrog(s, end, step);
        ++s->steps;
        double loss = energy(s, end) - s->start_energy;
        if (!(loss <= LARGEST_ENERGY_ERROR)) s->divergent = 1;
        s->accept_sum += loss > 0 ? exp(-loss) : 1;
        tree->log_weight = -loss;
        tree->log_density = end->log_density;
        copy(s->dim, tree->z, end->z);
        copy(s->dim, tree->gradient, end->gradient);
        copy(s->dim, tree->p_begin, end->p);
        copy(s->dim, tree->p_end, end->p);
        copy(s->dim, tree->p_sum, end->p);
        return !s->divergent && !s->canceled;
    }
    subtree *next = &s->scratch[depth - 1];
    if (!build(s, end, step, depth - 1, tree) || !build(s, end, step, depth - 1, next)) return 0;
    double log_weight = log_sum(tree->log_weight, next->log_weight);
    if (chance(s, next->log_weight - log_weight)) {
        copy(s->dim, tree->z, next->z);
        copy(s->dim, tree->gradient, next->gradient);
        tree->log_density = next->log_density;
    }
    tree->log_weight = log_weight;
    return join(s, tree, next);
}

static void copy_point(int32_t n, point *to, const point *from) {
    copy(n, to->z, from->z);
    copy(n, to->p, from->p);
    copy(n, to->gradient, from->gradient);
    to->log_density = from->log_density;
}

/* One draw: replaces s->now. Returns the depth of the tree. */
static int32_t transition(sampler *s) {
    int32_t n = s->dim, depth = 0;
    subtree *whole = &s->whole, *grown = &s->grown;
    draw_momentum(s, &s->now);
    copy_point(n, &s->ends[0], &s->now);
    copy_point(n, &s->ends[1], &s->now);
    copy(n, whole->p_begin, s->now.p);
    copy(n, whole->p_end, s->now.p);
    copy(n, whole->p_sum, s->now.p);
    whole->log_weight = 0;
    s->start_energy = energy(s, &s->now);
    s->accept_sum = 0;
    s->steps = 0;
    s->divergent = 0;
    for (int apart = 1; apart && depth < s->max_depth; ++depth) {
        int forwards = (pdx__rng_next(&s->rng) >> 63) != 0;
        double step = forwards ? s->step : -s->step;
        if (!build(s, &s->ends[forwards], step, depth, grown)) break;
        /* biased towards the new half: it is farther from where the trajectory began */
        if (chance(s, grown->log_weight - whole->log_weight)) {
            copy(n, s->now.z, grown->z);
            copy(n, s->now.gradient, grown->gradient);
            s->now.log_density = grown->log_density;
        }
        whole->log_weight = log_sum(whole->log_weight, grown->log_weight);
        if (!forwards) reverse(whole); /* `grown` begins where it ends */
        apart = join(s, whole, grown);
        if (!forwards) reverse(whole);
    }
    return depth;
}

/* A step whose first leapfrog is accepted with about the target probability. */
static void guess_step(sampler *s, double target) {
    int direction = 0;
    for (int tries = 0; tries < 100 && !s->canceled; ++tries) {
        draw_momentum(s, &s->now);
        copy_point(s->dim, &s->ends[0], &s->now);
        double before = energy(s, &s->now);
        leapfrog(s, &s->ends[0], s->step);
        int accepted = before - energy(s, &s->ends[0]) > log(target);
        if (direction == 0) direction = accepted ? 1 : -1;
        else if (accepted != (direction > 0)) return;
        s->step *= direction > 0 ? 2 : 0.5;
    }
}

/* Puts the origin of z at x. */
static void recentre(sampler *s, const double *x) {
    copy(s->dim, s->origin, x);
    memset(s->now.z, 0, (size_t)s->dim * sizeof(double));
    evaluate(s, &s->now);
}

static pdx_status warm_up(sampler *s, const pdx__nuts_settings *settings, pdx__welford *welford) {
    pdx__step_adapt adapt;
    pdx__windows windows;
    if (!(settings->step > 0)) guess_step(s, settings->target_accept);
    pdx__step_start(&adapt, settings->target_accept, s->step);
    pdx__windows_start(&windows, settings->warmup);
    pdx__welford_clear(welford);
    for (int32_t i = 0; i < settings->warmup; ++i, ++s->done) {
        transition(s);
        if (s->canceled) return pdx__fail(PDX_ECANCELED, "sampling was canceled");
        s->step = pdx__step_update(&adapt, s->accept_sum / (double)s->steps);
        if (settings->covariance) continue;
        position(s, s->now.z, s->x);
        if (pdx__windows_hold(&windows, i)) pdx__welford_add(welford, s->x);
        if (pdx__windows_end(&windows, i)) {
            pdx__welford_scale(welford, s->scale);
            pdx__welford_clear(welford);
            recentre(s, s->x);
            guess_step(s, settings->target_accept);
            pdx__step_start(&adapt, settings->target_accept, s->step);
        }
    }
    if (adapt.count) s->step = pdx__step_final(&adapt);
    return PDX_OK;
}

static pdx_status run_chain(pdx__nuts_run *out, sampler *s, int32_t chain,
                            const pdx__nuts_settings *settings, pdx__welford *welford) {
    int32_t n = s->dim;
    double *draw = out->draw + (size_t)chain * (size_t)settings->draws * (size_t)n;
    double accept = 0, depth = 0;
    pdx__rng seeds;
    pdx__rng_init(&seeds, settings->seed, settings->stream);
    pdx__rng_init(&s->rng, pdx__rng_next(&seeds), (uint64_t)chain);
    for (int32_t i = 0; i < n; ++i) s->scale[i] = settings->scale ? settings->scale[i] : 1;
    s->step = settings->step > 0 ? settings->step : 1;
    recentre(s, settings->start + (size_t)chain * (size_t)n);
    if (!isfinite(s->now.log_density))
        return pdx__fail(PDX_ENUMERIC, "the density at the start of chain %d is zero or undefined",
                         chain);
    PDX__TRY(warm_up(s, settings, welford));
    for (int32_t i = 0; i < settings->draws; ++i, ++s->done) {
        depth += transition(s);
        if (s->canceled) return pdx__fail(PDX_ECANCELED, "sampling was canceled");
        accept += s->accept_sum / (double)s->steps;
        out->divergences[chain] += s->divergent;
        position(s, s->now.z, draw + (size_t)i * (size_t)n);
    }
    out->step_size[chain] = s->step;
    out->accept[chain] = accept / settings->draws;
    out->depth[chain] = depth / settings->draws;
    return PDX_OK;
}

/* Cuts the next `count` doubles off a block. */
static double *cut(double **block, size_t count) {
    double *part = *block;
    *block += count;
    return part;
}

static pdx_status open_sampler(sampler *s, pdx__welford *welford, const pdx__target *target,
                               const pdx__nuts_settings *settings) {
    size_t n = (size_t)target->dim;
    int dense = settings->covariance != NULL;
    /* 3 points, subtrees of 5, and scale, origin, x, its gradient, extra, mean, squares */
    size_t vectors = 3 * 3 + 5 * (2 + DEEPEST) + 7;
    *s = (sampler){.target = target, .dim = target->dim, .max_depth = settings->max_depth};
    s->memory = pdx__alloc(vectors + (dense ? n : 0), n * sizeof(double));
    if (!s->memory) return PDX_ENOMEM;
    double *block = s->memory;
    point *points[3] = {&s->now, &s->ends[0], &s->ends[1]};
    for (int i = 0; i < 3; ++i) {
        points[i]->z = cut(&block, n);
        points[i]->p = cut(&block, n);
        points[i]->gradient = cut(&block, n);
    }
    for (int i = 0; i < 2 + DEEPEST; ++i) {
        subtree *tree = i == 0 ? &s->whole : i == 1 ? &s->grown : &s->scratch[i - 2];
        tree->p_begin = cut(&block, n);
        tree->p_end = cut(&block, n);
        tree->p_sum = cut(&block, n);
        tree->z = cut(&block, n);
        tree->gradient = cut(&block, n);
    }
    s->scale = cut(&block, n);
    s->origin = cut(&block, n);
    s->x = cut(&block, n);
    s->x_gradient = cut(&block, n);
    s->extra = cut(&block, n);
    *welford = (pdx__welford){.dim = s->dim, .mean = cut(&block, n), .squares = cut(&block, n)};
    s->hooks = settings->hooks;
    s->begun = s->reported = pdx__seconds();
    s->total = (int64_t)settings->chains * (settings->warmup + settings->draws);
    if (!dense) return PDX_OK;
    s->factor = cut(&block, n * n);
    memcpy(s->factor, settings->covariance, n * n * sizeof(double));
    if (pdx__cholesky(s->dim, s->factor) != PDX_OK)
        return pdx__fail(PDX_ENUMERIC, "the covariance for NUTS is not positive definite");
    return PDX_OK;
}

void pdx__nuts_settings_init(pdx__nuts_settings *settings) {
    *settings = (pdx__nuts_settings){.chains = 4,
                                     .warmup = 500,
                                     .draws = 2000,
                                     .max_depth = 10,
                                     .target_accept = 0.8,
                                     .seed = 1};
}

pdx_status pdx__nuts(pdx__nuts_run *out, const pdx__target *target,
                     const pdx__nuts_settings *settings) {
    *out = (pdx__nuts_run){0};
    PDX__REQUIRE(target->dim > 0 && settings->start, "NUTS needs a dimension and starts");
    PDX__REQUIRE(settings->chains > 0 && settings->warmup >= 0 && settings->draws > 0 &&
                     settings->max_depth > 0 && settings->max_depth <= DEEPEST &&
                     settings->target_accept > 0 && settings->target_accept < 1,
                 "NUTS with %d chains of %d + %d draws, depth %d, acceptance %g", settings->chains,
                 settings->warmup, settings->draws, settings->max_depth, settings->target_accept);
    sampler s;
    pdx__welford welford;
    size_t chains = (size_t)settings->chains;
    pdx_status status;
    PDX__GO(open_sampler(&s, &welford, target, settings));
    out->chains = settings->chains;
    out->draws = settings->draws;
    out->dim = target->dim;
    out->draw = pdx__alloc(chains * (size_t)settings->draws * (size_t)target->dim, sizeof(double));
    out->step_size = pdx__alloc_zero(chains, sizeof(double));
    out->accept = pdx__alloc_zero(chains, sizeof(double));
    out->depth = pdx__alloc_zero(chains, sizeof(double));
    out->divergences = pdx__alloc_zero(chains, sizeof(int64_t));
    if (!out->draw || !out->step_size || !out->accept || !out->depth || !out->divergences)
        status = PDX_ENOMEM;
    for (int32_t c = 0; c < settings->chains && status == PDX_OK; ++c)
        status = run_chain(out, &s, c, settings, &welford);
    out->gradients = s.gradients;
done:
    pdx__free(s.memory);
    if (status != PDX_OK) pdx__nuts_free(out);
    return status;
}

void pdx__nuts_free(pdx__nuts_run *run) {
    if (!run) return;
    pdx__free(run->draw);
    pdx__free(run->step_size);
    pdx__free(run->accept);
    pdx__free(run->depth);
    pdx__free(run->divergences);
    *run = (pdx__nuts_run){0};
}

pdx_status pdx__nuts_summary(const pdx__nuts_run *run, double *mean, double *sd, double *mean_se,
                             double *worst_rhat, double *least_ess) {
    int64_t n = (int64_t)run->chains * run->draws;
    double *one = pdx__alloc((size_t)n, sizeof *one), worst = 0, least = INFINITY;
    if (!one) return PDX_ENOMEM;
    pdx_status status = PDX_OK;
    for (int32_t d = 0; d < run->dim; ++d) {
        double sum = 0, squares = 0, rhat, bulk, effective;
        for (int64_t i = 0; i < n; ++i) sum += one[i] = run->draw[i * run->dim + d];
        double centre = sum / (double)n;
        for (int64_t i = 0; i < n; ++i) squares += (one[i] - centre) * (one[i] - centre);
        double spread = sqrt(squares / (double)(n > 1 ? n - 1 : 1));
        PDX__GO(pdx__rhat_and_bulk(one, run->chains, run->draws, &rhat, &bulk));
        PDX__GO(pdx__ess_mean(one, run->chains, run->draws, &effective));
        if (isnan(rhat) || rhat > worst) worst = rhat; /* NaN stays */
        if (isnan(bulk) || bulk < least) least = bulk;
        if (mean) mean[d] = centre;
        if (sd) sd[d] = spread;
        if (mean_se) mean_se[d] = spread / sqrt(effective);
    }
    if (worst_rhat) *worst_rhat = worst;
    if (least_ess) *least_ess = least;
done:
    pdx__free(one);
    return status;
}
