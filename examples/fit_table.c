/* Fits as tables; see fit_table.h. */
#include "fit_table.h"
#include "cli.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

double percent(double weight) { return 100 / (1 + exp(-weight)); }

typedef struct strength {
    double size;
    int32_t index;
} strength;

static int by_size(const void *a, const void *b) {
    const strength *p = a, *q = b;
    if (p->size != q->size) return p->size < q->size ? 1 : -1;
    return p->index < q->index ? -1 : 1;
}

void strongest_first(const pdx_posterior *posterior, int32_t *order) {
    int32_t d = pdx_posterior_dim(posterior);
    strength *all = calloc((size_t)d + 1, sizeof *all);
    if (!all) cli_fail(CLI_OUTSIDE, "out of memory");
    for (int32_t i = 0; i < d; ++i) all[i] = (strength){fabs(pdx_posterior_mean(posterior)[i]), i};
    qsort(all, (size_t)d, sizeof *all, by_size);
    for (int32_t i = 0; i < d; ++i) order[i] = all[i].index;
    free(all);
}

void interval_columns(const pdx_posterior *posterior, int32_t *low, int32_t *high) {
    int32_t count = pdx_posterior_quantile_count(posterior);
    const double *probs = pdx_posterior_quantile_probs(posterior);
    *low = 0;
    *high = count - 1;
    for (int32_t i = 0; i < count; ++i) {
        if (fabs(probs[i] - 0.025) < 1e-9) *low = i;
        if (fabs(probs[i] - 0.975) < 1e-9) *high = i;
    }
}

static const char *probability_text(double p, char out[16]) {
    if (p > 0.9995) return ">0.999";
    if (p < 0.0005) return "<0.001";
    snprintf(out, 16, "%.3f", p);
    return out;
}

/* 20 % to 80 % in 31 places: '-' the interval, 'o' the mean, '|' 50 %; '<' and '>' lie beyond. */
static void print_strip(FILE *stream, double low, double middle, double high) {
    char strip[32];
    memset(strip, ' ', 31);
    strip[31] = 0;
    strip[15] = '|';
    int from = (int)lround((low - 20) / 2), to = (int)lround((high - 20) / 2);
    for (int i = from < 0 ? 0 : from; i <= (to > 30 ? 30 : to); ++i) strip[i] = '-';
    int at = (int)lround((middle - 20) / 2);
    if (at < 0) strip[0] = '<';
    else if (at > 30) strip[30] = '>';
    else strip[at] = 'o';
    fputs(strip, stream);
}

static void print_properties(FILE *stream, const pdx_posterior *posterior,
                             const pdx_posterior *truth, int32_t top) {
    int32_t d = pdx_posterior_dim(posterior), low, high;
    int32_t count = pdx_posterior_quantile_count(posterior);
    const double *quantiles = pdx_posterior_quantiles(posterior);
    const double *probs = pdx_posterior_quantile_probs(posterior);
    const double *positive = pdx_posterior_prob_positive(posterior);
    interval_columns(posterior, &low, &high);
    int32_t *order = calloc((size_t)d + 1, sizeof *order);
    if (!order) cli_fail(CLI_OUTSIDE, "out of memory");
    strongest_first(posterior, order);
    char name[32];
    snprintf(name, sizeof name, "%g %% interval", 100 * (probs[high] - probs[low]));
    fprintf(stream, "  %-24s%s %9s  %15s  %6s  %-13s%-14s%s\n", "property",
            truth ? "  planted" : "", "preferred", name, "P(>0)", "20 %", "50 %", "80 %");
    int32_t shown = top > 0 && top < d ? top : d;
    for (int32_t k = 0; k < shown; ++k) {
        int32_t i = order[k];
        double a = percent(quantiles[i * count + low]), b = percent(quantiles[i * count + high]);
        double middle = percent(pdx_posterior_mean(posterior)[i]);
        char text[16];
        fputs("  ", stream);
        cli_print_column(stream, pdx_posterior_column(posterior, i), 24);
        if (truth) fprintf(stream, " %6.1f %%", percent(pdx_posterior_mean(truth)[i]));
        fprintf(stream, " %7.1f %%  %5.1f to %5.1f %%  %6s  ", middle, a, b,
                probability_text(positive[i], text));
        print_strip(stream, a, middle, b);
        fputc('\n', stream);
    }
    if (shown < d) fprintf(stream, "  ... and %d weaker ones\n", d - shown);
    free(order);
}

static void print_position(FILE *stream, const pdx_posterior *posterior,
                           const pdx_posterior *truth) {
    pdx_position position;
    cli_read(pdx_posterior_position(posterior, &position));
    if (!position.known) return;
    fprintf(
        stream,
        "  position: between equal responses the one shown first wins %.1f %% (%.1f to %.1f %%)",
        100 * position.p_first, 100 * position.p_first_low, 100 * position.p_first_high);
    if (truth) {
        cli_read(pdx_posterior_position(truth, &position));
        fprintf(stream, "; planted %.1f %%", percent(position.mean));
    }
    fputc('\n', stream);
}

static void print_prediction(FILE *stream, const pdx_posterior *posterior) {
    pdx_prediction p;
    cli_read(pdx_posterior_prediction(posterior, &p));
    if (!p.folds) return;
    fprintf(stream, "  prediction of unseen labels (%d folds): %.1f %% right", p.folds,
            100 * p.accuracy);
    if (!isnan(p.baseline_majority))
        fprintf(stream, "; always the commoner side %.1f %%", 100 * p.baseline_majority);
    if (!isnan(p.baseline_length))
        fprintf(stream, "; length alone %.1f %%", 100 * p.baseline_length);
    fprintf(stream, "; log loss %.3f", p.log_loss);
    if (!isnan(p.auc)) fprintf(stream, "; AUC %.3f", p.auc);
    fputc('\n', stream);
}

static void print_margin(FILE *stream, const pdx_posterior *posterior) {
    pdx_margin m;
    cli_read(pdx_posterior_margin(posterior, &m));
    if (!m.known) return;
    fprintf(stream, "  margins: scale %.3f (sd %.3f)", m.scale_mean, m.scale_sd);
    if (!isnan(m.auc_margin))
        fprintf(stream, "; AUC %.3f, from signs alone %.3f", m.auc_margin, m.auc_sign);
    if (!isnan(m.reliability_margin))
        fprintf(stream, "; two halves agree %.3f, from signs alone %.3f", m.reliability_margin,
                m.reliability_sign);
    fputc('\n', stream);
}

void print_fit_table(FILE *stream, const pdx_posterior *posterior, const pdx_posterior *truth,
                     int32_t top) {
    const char *group = pdx_posterior_group(posterior);
    int64_t ties = pdx_posterior_ties(posterior), none = pdx_posterior_no_verdict(posterior);
    fprintf(stream, "%s, %s%s: %lld labels by rule '%s'", pdx_posterior_judge(posterior),
            strcmp(group, "all") ? "group " : "", strcmp(group, "all") ? group : "all pairs",
            (long long)pdx_posterior_rows(posterior), pdx_posterior_label(posterior));
    if (ties) fprintf(stream, ", %lld ties", (long long)ties);
    if (none) fprintf(stream, ", %lld without a verdict", (long long)none);
    fputc('\n', stream);
    print_properties(stream, posterior, truth, top);
    print_position(stream, posterior, truth);
    print_prediction(stream, posterior);
    print_margin(stream, posterior);
    fprintf(stream, "  trust: %s\n\n", pdx_posterior_verdict(posterior));
}

void print_fit_legend(FILE *stream) {
    fputs(
        "preferred: how often a response that is ahead in this property alone wins; 50 %: it does "
        "not count.\nP(>0): probability that being ahead helps rather than harms.\n",
        stream);
}

static void print_csv_row(FILE *stream, const pdx_posterior *posterior, const char *property,
                          double mean, double sd, double positive) {
    cli_print_csv(stream, pdx_posterior_judge(posterior));
    fputc(',', stream);
    cli_print_csv(stream, pdx_posterior_group(posterior));
    fprintf(stream, ",%lld,%s,", (long long)pdx_posterior_rows(posterior),
            pdx_posterior_label(posterior));
    cli_print_csv(stream, property);
    fprintf(stream, ",%.17g,%.17g,%.17g,%.6f", mean, sd, positive, percent(mean));
}

void print_fits_csv(FILE *stream, const pdx_study *study) {
    if (!pdx_study_count(study)) return;
    const pdx_posterior *first = pdx_study_get(study, 0);
    int32_t count = pdx_posterior_quantile_count(first);
    fputs("judge,group,n,label,property,mean,sd,prob_positive,percent_preferred", stream);
    for (int32_t q = 0; q < count; ++q)
        fprintf(stream, ",q%g", pdx_posterior_quantile_probs(first)[q]);
    fputc('\n', stream);
    for (int32_t f = 0; f < pdx_study_count(study); ++f) {
        const pdx_posterior *fit = pdx_study_get(study, f);
        for (int32_t i = 0; i < pdx_posterior_dim(fit); ++i) {
            print_csv_row(stream, fit, pdx_posterior_column(fit, i), pdx_posterior_mean(fit)[i],
                          pdx_posterior_sd(fit)[i], pdx_posterior_prob_positive(fit)[i]);
            for (int32_t q = 0; q < count; ++q)
                fprintf(stream, ",%.17g", pdx_posterior_quantiles(fit)[i * count + q]);
            fputc('\n', stream);
        }
        pdx_position position;
        cli_read(pdx_posterior_position(fit, &position));
        if (!position.known) continue;
        print_csv_row(stream, fit, "(position)", position.mean, position.sd,
                      position.prob_positive);
        for (int32_t q = 0; q < count; ++q) fputc(',', stream);
        fputc('\n', stream);
    }
}

int32_t count_untrusted(const pdx_study *study) {
    int32_t untrusted = 0;
    for (int32_t i = 0; i < pdx_study_count(study); ++i) {
        pdx_certificate certificate;
        cli_read(pdx_posterior_certificate(pdx_study_get(study, i), &certificate));
        untrusted += certificate.checked && !certificate.ok;
    }
    return untrusted;
}
