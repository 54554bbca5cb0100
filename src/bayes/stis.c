/* The sampler itself: chunks of draws (draws.c) weighed by their exact posterior. What is made of
 * the weighted draws is in stis_summary.c. */
#include "stis.h"

#include <math.h>
#include <string.h>

#include "cut.h"
#include "draws.h"
#include "sobol.h"

typedef struct sampler {
    pdx__proposal proposal;
    pdx__draw_rows rows;
    double constant;       /* of the log weight */
    double *a, *z;         /* [d][PDX__STRIDE] */
    double *log_density;   /* [PDX__CHUNK] */
    double *theta, *width; /* [PDX__CHUNK] of a cut, else not looked at */
} sampler;

static pdx_status prepare(sampler *s, pdx__stis *out, const pdx__ep *ep, int64_t n) {
    pdx__workspace *workspace = ep->workspace;
    const size_t d = (size_t)pdx__coordinates(ep), of_proposal = pdx__proposal_doubles(ep);
    const size_t of_rows = pdx__draw_rows_doubles(ep);
    *s = (sampler){0};
    *out = (pdx__stis){.d = (int32_t)d, .n = n};
    double *points = pdx__workspace_take(
        workspace, PDX__SLOT_POINTS,
        of_proposal + of_rows + 2 * d * PDX__STRIDE + 3 * PDX__CHUNK + 4 * d, sizeof(double));
    float *floats =
        pdx__workspace_take(workspace, PDX__SLOT_FLOATS, pdx__draw_rows_floats(ep), sizeof(float));
    out->draw = pdx__workspace_take(workspace, PDX__SLOT_DRAWS, d * (size_t)n, sizeof(double));
    out->weight = pdx__workspace_take(workspace, PDX__SLOT_WEIGHTS, 2 * (size_t)n, sizeof(double));
    if (!points || !floats || !out->draw || !out->weight) return PDX_ENOMEM;
    out->log_weight = out->weight + n;
    s->a = points + of_proposal + of_rows;
    s->z = s->a + d * PDX__STRIDE;
    s->log_density = s->z + d * PDX__STRIDE;
    s->theta = s->log_density + PDX__CHUNK;
    s->width = s->theta + PDX__CHUNK;
    out->mean = s->width + PDX__CHUNK;
    out->sd = out->mean + d;
    out->mean_se = out->sd + d;
    out->prob_positive = out->mean_se + d;
    PDX__TRY(pdx__proposal_open(&s->proposal, ep, points));
    PDX__TRY(pdx__draw_rows_open(&s->rows, ep, points + of_proposal, floats));
    for (int32_t k = 0; k < ep->d; ++k)
        if (ep->rate[k] > 0) s->constant += log(0.5 * ep->rate[k]);
    return PDX_OK;
}

/* theta of a chunk's draws from the last row of uniforms; the column of the cut. */
static void draw_cut(sampler *s, const pdx__ep *ep, const double *u, int32_t count) {
    const pdx__cut *cut = ep->problem->cut;
    double *c = s->a + (size_t)ep->d * PDX__STRIDE;
    for (int32_t i = 0; i < count; ++i) {
        double log_density;
        s->theta[i] = pdx__cut_draw(cut->proposal, u[i], &log_density);
        const pdx__cut_values at = pdx__cut_at(cut->model, s->theta[i], NULL);
        c[i] = at.offset;
        s->width[i] = at.width;
        s->log_density[i] += log_density - at.prior - cut->ties * at.tie;
    }
}

/* Mean and sd of the weighted draws; the standard error of the mean from the spread of the mean
 * between randomisations, each of which weighs by its own sum of weights. */
static void summarise(pdx__stis *out) {
    const int64_t each = out->n / PDX__RANDOMISATIONS;
    for (int32_t k = 0; k < out->d; ++k) {
        const double *a = out->draw + k * out->n;
        double total = 0, square = 0, spread = 0, positive = 0;
        double part[PDX__RANDOMISATIONS], weight[PDX__RANDOMISATIONS];
        const double origin = a[0];
        for (int r = 0; r < PDX__RANDOMISATIONS; ++r) {
            double sum = 0, w = 0;
            for (int64_t i = r * each; i < (r + 1) * each; ++i) {
                double off = a[i] - origin, wo = out->weight[i] * off;
                sum += wo;
                square += wo * off;
                w += out->weight[i];
                positive += a[i] > 0 ? out->weight[i] : 0;
            }
            part[r] = sum;
            weight[r] = w;
            total += sum;
        }
        for (int r = 0; r < PDX__RANDOMISATIONS; ++r) {
            double off = part[r] - weight[r] * total;
            spread += off * off;
        }
        out->mean[k] = origin + total;
        out->prob_positive[k] = fmin(positive, 1);
        out->sd[k] = sqrt(fmax(square - total * total, 0));
        out->mean_se[k] = sqrt(spread * PDX__RANDOMISATIONS / (PDX__RANDOMISATIONS - 1.0));
    }
}

pdx_status pdx__stis_run(pdx__stis *out, const pdx__ep *ep, int64_t n, uint64_t seed,
                         uint64_t stream) {
    sampler s;
    PDX__TRY(prepare(&s, out, ep, n));
    const int64_t each = n / PDX__RANDOMISATIONS;
    for (int r = 0; r < PDX__RANDOMISATIONS; ++r) {
        pdx__rng rng;
        pdx__rng_init(&rng, seed, stream * 64 + 1 + (uint64_t)r);
        pdx__sobol_points(out->draw + r * each, n, out->d, each, &rng);
    }
    for (int64_t first = 0; first < n; first += PDX__CHUNK) {
        int32_t count = (int32_t)(n - first < PDX__CHUNK ? n - first : PDX__CHUNK);
        double *log_weight = out->log_weight + first;
        memset(s.log_density, 0, (size_t)count * sizeof(double));
        /* out->draw holds the uniforms */
        const double *u = out->draw + first;
        const int cut = ep->problem->cut != NULL;
        if (cut) draw_cut(&s, ep, u + ep->d * n, count);
        pdx__proposal_draw(&s.proposal, u, n, count, cut ? s.theta : NULL, s.a, s.z, s.log_density);
        PDX__TRY(pdx__draw_rows_likelihood(&s.rows, s.a, cut ? s.width : NULL, count, log_weight));
        for (int32_t i = 0; i < count; ++i) log_weight[i] += s.constant - s.log_density[i];
        for (int32_t k = 0; k < out->d; ++k)
            memcpy(out->draw + k * n + first, k < ep->d ? s.a + k * PDX__STRIDE : s.theta,
                   (size_t)count * sizeof(double));
    }
    pdx__weighing weighing;
    PDX__TRY(pdx__weigh(out->log_weight, out->weight, n, &weighing));
    out->ess_fraction = weighing.ess_fraction;
    out->sd_log_weight = weighing.sd_log_weight;
    out->khat = weighing.khat;
    out->log_evidence = weighing.log_mean;
    summarise(out);
    return PDX_OK;
}
