/* The sequential sampler over the hierarchy. Given mu and tau the groups are independent and
 * Gaussian under EP, so a block is drawn by one product; only mu's coordinates have the exact prior
 * in their proposal. Every block has a randomised Sobol sequence of its own, in random order. */
#include <math.h>
#include <string.h>

#include "core/rng.h"
#include "design.h"
#include "draws.h"
#include "hierarchy_draws.h"
#include "sobol.h"
#include "stis.h"

typedef struct sampler {
    pdx__hierarchy *h;
    pdx__joint_draws *out;
    const pdx__kernels *kernels;
    pdx__proposal proposal;
    pdx__draw_rows *rows;              /* [groups] */
    double *branch;                    /* [groups][2 ld ld + ld]: root', -Y, y */
    double *mu, *z, *normal, *weights; /* [d][PDX__STRIDE] */
    double *u;                         /* [d][padded] uniforms of one block */
    double *log_weight, *likelihood;   /* [PDX__CHUNK] */
    double *memory;
    float *floats;
} sampler;

static size_t branch_doubles(const pdx__hierarchy *h) {
    return 2 * (size_t)h->ld * (size_t)h->ld + (size_t)h->ld;
}

static pdx_status open_sampler(sampler *s, pdx__hierarchy *h, pdx__joint_draws *out) {
    const size_t d = (size_t)h->d, groups = (size_t)h->groups;
    const size_t of_rows = pdx__draw_rows_doubles(&h->mean);
    *s = (sampler){.h = h, .out = out, .kernels = h->workspace->kernels};
    s->rows = pdx__alloc(groups, sizeof *s->rows);
    s->floats = pdx__alloc_aligned(pdx__draw_rows_floats(&h->mean), sizeof(float));
    s->memory = pdx__alloc_aligned(groups * (branch_doubles(h) + of_rows) +
                                       pdx__proposal_doubles(&h->mean) + 5 * d * PDX__STRIDE +
                                       2 * PDX__CHUNK,
                                   sizeof(double));
    if (!s->rows || !s->floats || !s->memory) return PDX_ENOMEM;
    double *at = s->memory, **parts[] = {&s->mu, &s->z, &s->normal, &s->weights, &s->u};
    for (int i = 0; i < 5; ++i, at += d * PDX__STRIDE) *parts[i] = at;
    s->log_weight = at;
    s->likelihood = at + PDX__CHUNK;
    s->branch = at + 2 * PDX__CHUNK;
    at = s->branch + groups * branch_doubles(h);
    for (size_t g = 0; g < groups; ++g, at += of_rows)
        PDX__TRY(pdx__draw_rows_open(&s->rows[g], &h->branch[g].ep, at, s->floats));
    s->proposal.factor = at;
    return PDX_OK;
}

static void close_sampler(sampler *s) {
    pdx__free(s->rows);
    pdx__free(s->floats);
    pdx__free(s->memory);
}

/* What drawing at the node that EP stands at needs. */
static pdx_status take_node(sampler *s) {
    const pdx__hierarchy *h = s->h;
    const int32_t d = h->d, ld = h->ld;
    const size_t square = (size_t)ld * (size_t)ld;
    PDX__TRY(pdx__proposal_open(&s->proposal, &h->mean, s->proposal.factor));
    double *root = h->mean.lam; /* scratch */
    for (int32_t g = 0; g < h->groups; ++g) {
        double *turned = s->branch + (size_t)g * branch_doubles(h), *y_matrix = turned + square;
        pdx__hierarchy_branch(h, g, root, y_matrix, y_matrix + square);
        for (int32_t i = 0; i < d; ++i)
            for (int32_t k = 0; k < d; ++k) {
                turned[(size_t)k * ld + i] = root[(size_t)i * ld + k];
                y_matrix[(size_t)i * ld + k] = -y_matrix[(size_t)i * ld + k];
            }
    }
    return PDX_OK;
}

/* Uniforms of one block into s->u: `each` of every randomisation, run after run, in random order;
 * the rest of the last panel repeats what is there. */
static void draw_uniforms(sampler *s, int64_t each, int32_t padded, uint64_t seed,
                          uint64_t stream) {
    const int32_t d = s->h->d;
    pdx__rng rng;
    for (int32_t k = 0; k < d; ++k)
        for (int32_t i = 0; i < padded; ++i) s->u[(size_t)k * PDX__STRIDE + i] = 0.5;
    for (int r = 0; r < PDX__RANDOMISATIONS; ++r) {
        double *at = s->u + r * each;
        pdx__rng_init(&rng, seed, stream * 64 + (uint64_t)r);
        pdx__sobol_points(at, PDX__STRIDE, d, each, &rng);
        for (int64_t i = each - 1; i > 0; --i) {
            int64_t j = (int64_t)pdx__rng_below(&rng, (uint64_t)i + 1);
            for (int32_t k = 0; k < d; ++k) {
                double *row = at + (size_t)k * PDX__STRIDE, kept = row[i];
                row[i] = row[j];
                row[j] = kept;
            }
        }
    }
}

/* log density of a group's own weight under its prior, less that of its standard normal. */
static double own_prior(const pdx__ep *ep, int32_t k, double scale, double w, double z) {
    double sum = log(scale) + 0.5 * log(2 * M_PI) + 0.5 * z * z;
    if (ep->rate[k] > 0) return sum + log(0.5 * ep->rate[k]) - ep->rate[k] * fabs(w);
    if (ep->gaussian[k] > 0)
        return sum + 0.5 * log(ep->gaussian[k] / (2 * M_PI)) - 0.5 * ep->gaussian[k] * w * w;
    return sum;
}

/* One group given mu. */
static pdx_status draw_branch(sampler *s, int32_t g, int32_t count) {
    const pdx__hierarchy *h = s->h;
    const pdx__branch *b = &h->branch[g];
    const int32_t d = h->d, ld = h->ld;
    const double *turned = s->branch + (size_t)g * branch_doubles(h);
    const double *y_matrix = turned + (size_t)ld * ld, *y = y_matrix + (size_t)ld * ld;
    double log_det = 0;
    for (int32_t k = 0; k < d; ++k) {
        double *v = s->normal + (size_t)k * PDX__STRIDE, *shifted = s->z + (size_t)k * PDX__STRIDE;
        s->kernels->normal_quantiles(count, s->u + (size_t)k * PDX__STRIDE, v);
        s->kernels->combine(shifted, count, y[k], d, y_matrix + (size_t)k * ld, s->mu, PDX__STRIDE);
        for (int32_t i = 0; i < count; ++i) {
            s->log_weight[i] += 0.5 * v[i] * v[i];
            shifted[i] += v[i];
        }
        log_det += log(turned[(size_t)k * ld + k]);
    }
    for (int32_t k = 0; k < d; ++k) {
        double *z = s->normal + (size_t)k * PDX__STRIDE, *w = s->weights + (size_t)k * PDX__STRIDE;
        const double *mu = s->mu + (size_t)k * PDX__STRIDE, scale = h->scale[k];
        const int own = h->sharing[h->mean.column[k]] == PDX__OWN;
        s->kernels->combine(z, count, 0, d, turned + (size_t)k * ld, s->z, PDX__STRIDE);
        for (int32_t i = 0; i < count; ++i) {
            w[i] = mu[i] + scale * z[i];
            s->log_weight[i] -= 0.5 * z[i] * z[i];
            if (own) s->log_weight[i] += own_prior(&b->ep, k, scale, w[i], z[i]);
        }
    }
    PDX__TRY(pdx__draw_rows_likelihood(&s->rows[g], s->weights, NULL, count, s->likelihood));
    for (int32_t i = 0; i < count; ++i) s->log_weight[i] += s->likelihood[i] + log_det;
    return PDX_OK;
}

/* `each` draws of every randomisation at the node that EP stands at, from place `offset` of each
 * run on. */
static pdx_status draw_chunk(sampler *s, int64_t offset, int64_t each, double log_prior,
                             uint64_t seed, uint64_t stream) {
    pdx__joint_draws *out = s->out;
    const pdx__hierarchy *h = s->h;
    const int32_t d = h->d, count = (int32_t)(each * PDX__RANDOMISATIONS);
    const int32_t padded = (count + PDX__DRAWS - 1) / PDX__DRAWS * PDX__DRAWS;
    const int64_t run = out->n / out->parts;
    memset(s->log_weight, 0, (size_t)padded * sizeof(double));
    for (int32_t block = 0; block <= h->groups; ++block) {
        draw_uniforms(s, each, padded, seed, stream * 4096 + (uint64_t)block);
        double *from = s->weights;
        if (block == 0) {
            pdx__proposal_draw(&s->proposal, s->u, PDX__STRIDE, padded, NULL, s->mu, s->z,
                               s->log_weight);
            for (int32_t i = 0; i < padded; ++i) s->log_weight[i] = log_prior - s->log_weight[i];
            from = s->mu;
        } else PDX__TRY(draw_branch(s, block - 1, padded));
        for (int32_t k = 0; k < d; ++k)
            for (int r = 0; r < PDX__RANDOMISATIONS; ++r)
                memcpy(out->value + ((size_t)block * (size_t)d + (size_t)k) * (size_t)out->n +
                           r * run + offset,
                       from + (size_t)k * PDX__STRIDE + r * each, (size_t)each * sizeof(double));
    }
    double *tau = out->value + (size_t)(h->groups + 1) * (size_t)d * (size_t)out->n;
    for (int r = 0; r < PDX__RANDOMISATIONS; ++r)
        for (int64_t i = 0; i < each; ++i) {
            out->log_weight[r * run + offset + i] = s->log_weight[r * each + i];
            tau[r * run + offset + i] = h->tau;
        }
    return PDX_OK;
}

static pdx_status sample(sampler *s, const pdx__nodes *nodes, double tau_scale, pdx__node_fn run,
                         void *context, uint64_t seed, uint64_t stream) {
    pdx__joint_draws *out = s->out;
    const pdx__hierarchy *h = s->h;
    const int64_t of_run = out->n / out->parts;
    int64_t done = 0;
    double share = 0, constant = 0;
    for (int32_t k = 0; k < h->d; ++k)
        if (h->mean.rate[k] > 0) constant += log(0.5 * h->mean.rate[k]);
    for (int32_t i = 0; i < nodes->count; ++i) {
        double log_z, at = nodes->at[i];
        share += nodes->weight[i];
        int64_t upto = i + 1 == nodes->count ? of_run : (int64_t)(share * (double)of_run + 0.5);
        if (upto <= done) continue;
        PDX__TRY(run(context, at, &log_z));
        PDX__TRY(take_node(s));
        double log_prior = constant - 0.5 * at * at / (tau_scale * tau_scale) -
                           log((double)(upto - done) / (double)of_run);
        for (int64_t first = done; first < upto; first += PDX__CHUNK / PDX__RANDOMISATIONS) {
            int64_t each = upto - first;
            if (each > PDX__CHUNK / PDX__RANDOMISATIONS) each = PDX__CHUNK / PDX__RANDOMISATIONS;
            PDX__TRY(draw_chunk(s, first, each, log_prior, seed,
                                stream * 1048583 + (uint64_t)first * 64 + (uint64_t)i + 1));
        }
        done = upto;
    }
    pdx__weighing weighing;
    PDX__TRY(pdx__weigh(out->log_weight, out->weight, out->n, &weighing));
    out->ess_fraction = weighing.ess_fraction;
    out->sd_log_weight = weighing.sd_log_weight;
    out->khat = weighing.khat;
    pdx__joint_draws_summarise(out);
    return PDX_OK;
}

pdx_status pdx__hierarchy_stis(pdx__joint_draws *out, pdx__hierarchy *hierarchy,
                               const pdx__nodes *nodes, double tau_scale, pdx__node_fn run,
                               void *context, int64_t n, uint64_t seed, uint64_t stream) {
    sampler s = {0};
    pdx_status status =
        pdx__joint_draws_create(out, hierarchy->groups, hierarchy->d, n, PDX__RANDOMISATIONS);
    if (status == PDX_OK) status = open_sampler(&s, hierarchy, out);
    if (status == PDX_OK) status = sample(&s, nodes, tau_scale, run, context, seed, stream);
    close_sampler(&s);
    if (status != PDX_OK) pdx__joint_draws_free(out);
    return status;
}
