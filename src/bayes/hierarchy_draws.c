/* What is made of joint draws: moments, quantiles, differences, equally weighted draws. */
#include "hierarchy_draws.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/rng.h"

static int64_t columns_of(const pdx__joint_draws *draws) {
    return ((int64_t)draws->groups + 1) * draws->d + 1;
}

pdx_status pdx__joint_draws_create(pdx__joint_draws *out, int32_t groups, int32_t d, int64_t n,
                                   int64_t parts) {
    *out = (pdx__joint_draws){.groups = groups, .d = d, .n = n, .parts = parts, .ess_fraction = 1};
    const size_t columns = (size_t)columns_of(out);
    out->value = pdx__alloc_zero(columns * (size_t)n, sizeof *out->value);
    out->weight = pdx__alloc(2 * (size_t)n, sizeof *out->weight);
    out->mean = pdx__alloc(3 * columns, sizeof *out->mean);
    if (!out->value || !out->weight || !out->mean) {
        pdx__joint_draws_free(out);
        return PDX_ENOMEM;
    }
    out->log_weight = out->weight + n;
    out->sd = out->mean + columns;
    out->mean_se = out->sd + columns;
    for (int64_t i = 0; i < n; ++i) out->weight[i] = 1 / (double)n;
    return PDX_OK;
}

void pdx__joint_draws_free(pdx__joint_draws *draws) {
    pdx__free(draws->value);
    pdx__free(draws->weight);
    pdx__free(draws->mean);
    *draws = (pdx__joint_draws){0};
}

/* The standard error of a mean from its spread between parts, each of which weighs by its own sum
 * of weights. */
void pdx__joint_draws_summarise(pdx__joint_draws *draws) {
    const int64_t each = draws->n / draws->parts;
    for (int64_t c = 0; c < columns_of(draws); ++c) {
        const double *a = draws->value + c * draws->n, origin = a[0];
        double total = 0, square = 0, spread = 0;
        for (int64_t i = 0; i < draws->n; ++i) {
            double off = a[i] - origin;
            total += draws->weight[i] * off;
            square += draws->weight[i] * off * off;
        }
        for (int64_t p = 0; p < draws->parts; ++p) {
            double off = 0;
            for (int64_t i = p * each; i < (p + 1) * each; ++i)
                off += draws->weight[i] * (a[i] - origin - total);
            spread += off * off;
        }
        const double parts = (double)draws->parts;
        draws->mean[c] = origin + total;
        draws->sd[c] = sqrt(fmax(square - total * total, 0));
        draws->mean_se[c] = parts > 1 ? sqrt(spread * parts / (parts - 1)) : NAN;
    }
}

typedef struct weighted {
    double value, weight;
} weighted;

static int by_value(const void *a, const void *b) {
    double x = ((const weighted *)a)->value, y = ((const weighted *)b)->value;
    return (x > y) - (x < y);
}

/* Quantiles of one column and the share above 0; `sorted` is scratch [n]. */
static double read_column(const pdx__joint_draws *draws, const double *value, const double *minus,
                          const double *probs, int32_t count, double *out, weighted *sorted) {
    double above = 0, below = 0;
    for (int64_t i = 0; i < draws->n; ++i) {
        sorted[i] = (weighted){value[i] - (minus ? minus[i] : 0), draws->weight[i]};
        if (sorted[i].value > 0) above += sorted[i].weight;
        if (sorted[i].value == 0) above += 0.5 * sorted[i].weight;
    }
    if (count == 0) return fmin(above, 1);
    qsort(sorted, (size_t)draws->n, sizeof *sorted, by_value);
    int64_t i = 0;
    for (int32_t q = 0; q < count; ++q) {
        if (q > 0 && probs[q] < probs[q - 1]) { /* limits stand behind the caller's quantiles */
            i = 0;
            below = 0;
        }
        while (i < draws->n - 1 && below + sorted[i].weight < probs[q]) below += sorted[i++].weight;
        double share = sorted[i].weight > 0 ? (probs[q] - below) / sorted[i].weight : 0.5;
        double next = sorted[i + 1 < draws->n ? i + 1 : i].value;
        out[q] = sorted[i].value + fmin(fmax(share, 0), 1) * (next - sorted[i].value);
    }
    return fmin(above, 1);
}

static double covariance_of(const pdx__joint_draws *draws, int64_t a, int64_t b) {
    const double *x = draws->value + a * draws->n, *y = draws->value + b * draws->n;
    double sum = 0;
    for (int64_t i = 0; i < draws->n; ++i)
        sum += draws->weight[i] * (x[i] - draws->mean[a]) * (y[i] - draws->mean[b]);
    return sum;
}

static void take_block(pdx__fit *fit, const pdx__ep *ep, const pdx__joint_draws *draws,
                       int32_t block, const pdx__fit_settings *settings, weighted *sorted) {
    for (int32_t k = 0; k < draws->d; ++k) {
        const int64_t from = (int64_t)block * draws->d + k;
        const int32_t c = ep->column[k], count = settings->quantile_count;
        fit->mean[c] = draws->mean[from];
        fit->sd[c] = draws->sd[from];
        fit->prob_positive[c] =
            read_column(draws, draws->value + from * draws->n, NULL, settings->quantile_probs,
                        count, fit->quantiles + (size_t)c * (size_t)count, sorted);
        for (int32_t j = 0; j <= k; ++j) {
            const int32_t other = ep->column[j];
            fit->covariance[(size_t)c * (size_t)fit->d + (size_t)other] =
                fit->covariance[(size_t)other * (size_t)fit->d + (size_t)c] =
                    covariance_of(draws, from, from - k + j);
        }
    }
}

static void take_differences(pdx__pooled_fit *fit, const pdx__ep *ep, const pdx__joint_draws *draws,
                             weighted *sorted) {
    static const double limits[] = {0.025, 0.975};
    for (int32_t g = 0; g < fit->groups; ++g)
        for (int32_t k = 0; k < draws->d; ++k) {
            const int64_t of_mean = k, of_group = ((int64_t)g + 1) * draws->d + k;
            pdx_contrast *out = &fit->difference[g * fit->d + ep->column[k]];
            double q[2], square = 0, mean = draws->mean[of_group] - draws->mean[of_mean];
            const double *w = draws->value + of_group * draws->n;
            const double *mu = draws->value + of_mean * draws->n;
            for (int64_t i = 0; i < draws->n; ++i)
                square += draws->weight[i] * (w[i] - mu[i] - mean) * (w[i] - mu[i] - mean);
            out->prob_greater = read_column(draws, w, mu, limits, 2, q, sorted);
            out->mean = mean;
            out->sd = sqrt(square);
            out->low = q[0];
            out->high = q[1];
        }
    double *cross = fit->cross;
    for (int32_t g = 1; g < fit->groups; ++g)
        for (int32_t other = 0; other < g; ++other, cross += fit->d)
            for (int32_t k = 0; k < draws->d; ++k)
                cross[ep->column[k]] = covariance_of(draws, ((int64_t)g + 1) * draws->d + k,
                                                     ((int64_t)other + 1) * draws->d + k);
}

pdx_status pdx__pooled_fit_take_draws(pdx__pooled_fit *fit, const pdx__hierarchy *hierarchy,
                                      const pdx__joint_draws *draws,
                                      const pdx__fit_settings *settings) {
    const int64_t of_tau = columns_of(draws) - 1;
    const pdx__ep *ep = &hierarchy->mean;
    weighted *sorted = pdx__alloc((size_t)draws->n, sizeof *sorted);
    if (!sorted) return PDX_ENOMEM;
    take_block(&fit->mean, ep, draws, 0, settings, sorted);
    for (int32_t g = 0; g < fit->groups; ++g)
        take_block(&fit->group[g], ep, draws, g + 1, settings, sorted);
    if (fit->certificate.method == PDX_METHOD_NUTS) { /* the sampler's tau are EP's nodes */
        fit->tau_mean = draws->mean[of_tau];
        fit->tau_sd = draws->sd[of_tau];
        read_column(draws, draws->value + of_tau * draws->n, NULL, settings->quantile_probs,
                    settings->quantile_count, fit->tau_quantiles, sorted);
    }
    take_differences(fit, ep, draws, sorted);
    pdx__free(sorted);
    return PDX_OK;
}

static pdx_status keep_block(pdx__fit *fit, const pdx__ep *ep, const pdx__joint_draws *draws,
                             int32_t block, const int64_t *index, int64_t count) {
    pdx__free(fit->draws);
    fit->draw_count = 0;
    fit->draws = pdx__alloc_zero((size_t)count * (size_t)fit->d, sizeof *fit->draws);
    if (!fit->draws) return PDX_ENOMEM;
    fit->draw_count = count;
    for (int32_t k = 0; k < draws->d; ++k) {
        const double *value = draws->value + ((int64_t)block * draws->d + k) * draws->n;
        for (int64_t i = 0; i < count; ++i)
            fit->draws[i * fit->d + ep->column[k]] = value[index[i]];
    }
    return PDX_OK;
}

pdx_status pdx__pooled_fit_keep_draws(pdx__pooled_fit *fit, const pdx__hierarchy *hierarchy,
                                      const pdx__joint_draws *draws,
                                      const pdx__fit_settings *settings) {
    const int64_t count = settings->draws;
    int64_t *index = pdx__alloc((size_t)count, sizeof *index), from = 0;
    if (!index) return PDX_ENOMEM;
    pdx__rng rng;
    pdx__rng_init(&rng, settings->seed, settings->stream * 64 + 62);
    double place = pdx__rng_uniform(&rng), below = draws->weight[0];
    for (int64_t i = 0; i < count; ++i) { /* systematic resampling, then a shuffle */
        while (from < draws->n - 1 && below * (double)count < place + (double)i)
            below += draws->weight[++from];
        index[i] = from;
    }
    for (int64_t i = count - 1; i > 0; --i) {
        int64_t j = (int64_t)pdx__rng_below(&rng, (uint64_t)i + 1), kept = index[i];
        index[i] = index[j];
        index[j] = kept;
    }
    pdx_status status = keep_block(&fit->mean, &hierarchy->mean, draws, 0, index, count);
    for (int32_t g = 0; g < fit->groups && status == PDX_OK; ++g)
        status = keep_block(&fit->group[g], &hierarchy->mean, draws, g + 1, index, count);
    pdx__free(index);
    return status;
}
