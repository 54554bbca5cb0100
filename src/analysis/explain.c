/* Why one decision fell as it did: what each property adds to the log-odds and to the probability
 * of A, with limits over the posterior. The shares are those of the posterior means; limits are of
 * the same quantities over draws. */
#include <math.h>
#include <stdlib.h>

#include "analysis.h"
#include "core/options.h"
#include "shapley.h"

#define ROW(name, kind, initial, least, most)                                                      \
    { #name, kind, offsetof(pdx_explain_options, name), initial, least, most, NULL }
static const pdx__option table[] = {
    ROW(order, PDX__OPTION_INT32, PDX_ORDER_UNKNOWN, 0, 2),
    ROW(draws, PDX__OPTION_INT64, 200, 0, 1e6),
    ROW(seed, PDX__OPTION_UINT64, 1, 0, 0),
};

void(pdx_explain_options_init)(pdx_explain_options *options, uint32_t size) {
    if (options) pdx__options_init(options, size, table, PDX__ROWS(table));
}

static double position_sign(int32_t order) {
    return order == PDX_ORDER_AB ? 1 : order == PDX_ORDER_BA ? -1 : 0;
}

/* Shares of the draws as columns share[d][draws], probabilities behind them. */
static pdx_status over_draws(const pdx_posterior *p, const double *x, const pdx_explain_options *o,
                             pdx__shapley *shapley, pdx_explanation *out, pdx_attribution *part) {
    size_t d = (size_t)p->d, n = (size_t)o->draws;
    double sign = p->position.known ? position_sign(o->order) : 0;
    pdx__rng rng;
    pdx__rng_init(&rng, o->seed, 0);
    double *weights = pdx__alloc(n * d, sizeof *weights);
    double *share = pdx__alloc(n * (d + 1), sizeof *share);
    double *row = pdx__alloc(2 * d, sizeof *row), *phi = row + d, *probability = NULL;
    pdx_status status = PDX_ENOMEM;
    if (!weights || !share || !row) goto done;
    probability = share + n * d;
    PDX__GO(pdx__draw_weights(weights, p, o->draws, &rng));
    for (size_t i = 0; i < n; ++i) {
        double start = 0, whole;
        if (sign != 0) start = sign * (p->position.mean + p->position.sd * pdx__rng_normal(&rng));
        whole = start;
        for (size_t k = 0; k < d; ++k) whole += row[k] = weights[i * d + k] * x[k];
        probability[i] = pdx__sigmoid(whole);
        if (!part) continue;
        PDX__GO(pdx__shapley_run(shapley, row, start, phi));
        for (size_t k = 0; k < d; ++k) share[k * n + i] = phi[k];
    }
    for (size_t k = 0; part && k < d; ++k) {
        double *own = share + k * n;
        qsort(own, n, sizeof *own, pdx__ascending);
        part[k].share_low = pdx__sorted_quantile(own, o->draws, 0.025);
        part[k].share_high = pdx__sorted_quantile(own, o->draws, 0.975);
        for (size_t i = 0; i < n; ++i) own[i] = weights[i * d + k] * x[k];
        qsort(own, n, sizeof *own, pdx__ascending);
        part[k].log_odds_low = pdx__sorted_quantile(own, o->draws, 0.025);
        part[k].log_odds_high = pdx__sorted_quantile(own, o->draws, 0.975);
    }
    qsort(probability, n, sizeof *probability, pdx__ascending);
    out->probability_low = pdx__sorted_quantile(probability, o->draws, 0.025);
    out->probability_high = pdx__sorted_quantile(probability, o->draws, 0.975);
done:
    pdx__free(weights);
    pdx__free(share);
    pdx__free(row);
    return status;
}

pdx_status pdx_posterior_explain(const pdx_posterior *posterior, const double *x,
                                 const pdx_explain_options *options, pdx_explanation *out,
                                 pdx_attribution *part) {
    PDX__REQUIRE(out, "pdx_posterior_explain: 'out' is NULL");
    *out = (pdx_explanation){NAN, NAN, NAN, NAN, NAN};
    PDX__REQUIRE(posterior && x, "pdx_posterior_explain: an argument is NULL");
    pdx_explain_options full;
    PDX__TRY(
        pdx__options_take(&full, sizeof full, options, table, PDX__ROWS(table), "explain options"));
    int32_t d = posterior->d;
    for (int32_t k = 0; k < d; ++k) {
        PDX__REQUIRE(isfinite(x[k]), "x of '%s' is not finite", posterior->columns[k]);
        PDX__REQUIRE(isfinite(posterior->mean[k]), "the weight of '%s' is missing",
                     posterior->columns[k]);
    }
    double *row = pdx__alloc(2 * (size_t)d, sizeof *row), start = 0;
    pdx__shapley *shapley = NULL;
    pdx_status status = PDX_ENOMEM;
    if (!row) goto done;
    PDX__GO(pdx__shapley_create(&shapley, d));
    if (posterior->position.known) start = position_sign(full.order) * posterior->position.mean;
    out->start = pdx__sigmoid(start);
    out->log_odds = start;
    for (int32_t k = 0; k < d; ++k) out->log_odds += row[k] = posterior->mean[k] * x[k];
    out->probability = pdx__sigmoid(out->log_odds);
    if (part) {
        PDX__GO(pdx__shapley_run(shapley, row, start, row + d));
        for (int32_t k = 0; k < d; ++k)
            part[k] = (pdx_attribution){x[k], row[k], NAN, NAN, row[d + k], NAN, NAN};
    }
    if (full.draws > 1 && pdx__has_spread(posterior))
        PDX__GO(over_draws(posterior, x, &full, shapley, out, part));
done:
    pdx__shapley_free(shapley);
    pdx__free(row);
    return status;
}
