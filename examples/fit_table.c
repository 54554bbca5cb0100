/* Fits as tables; see fit_table.h. */
#include "fit_table.h"
#include "cli.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MEAN "(mean)" /* judge or group of what is shared */

double percent(double weight) { return 100 / (1 + exp(-weight)); }

const char *property_name(const pdx_posterior *posterior, int32_t i) {
    static pdx_schema *schemas[2]; /* kept until the program ends */
    static const char *const names[2] = {"surface", "li2024"};
    const char *id = pdx_posterior_column(posterior, i);
    for (int s = 0; s < 2; ++s) {
        if (!schemas[s] && pdx_schema_builtin(&schemas[s], names[s]) != PDX_OK) return id;
        int32_t known = 0, d = pdx_posterior_dim(posterior);
        for (int32_t k = 0; k < d; ++k)
            known += pdx_schema_find(schemas[s], pdx_posterior_column(posterior, k)) >= 0;
        if (known == d)
            return pdx_schema_property(schemas[s], pdx_schema_find(schemas[s], id))->name;
    }
    return id;
}

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

const char *probability_text(double p, char out[16]) {
    if (p > 0.9995) return ">0.999";
    if (p < 0.0005) return "<0.001";
    snprintf(out, 16, "%.3f", p);
    return out;
}

/* 20 % to 80 % in 25 places: '-' the interval, 'o' the mean, '|' 50 %; '<' and '>' lie beyond. */
static int strip_place(double percents) { return (int)lround((percents - 20) / 2.5); }

static void print_strip(FILE *stream, double low, double middle, double high) {
    char strip[26] = "                         ";
    int from = strip_place(low), to = strip_place(high), at = strip_place(middle);
    for (int i = from < 0 ? 0 : from; i <= (to > 24 ? 24 : to); ++i) strip[i] = '-';
    strip[12] = '|';
    if (at < 0) strip[0] = '<';
    else if (at > 24) strip[24] = '>';
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
    const double *beside = truth ? pdx_posterior_mean(truth) : pdx_posterior_fold_mean(posterior);
    interval_columns(posterior, &low, &high);
    int32_t *order = calloc((size_t)d + 1, sizeof *order);
    if (!order) cli_fail(CLI_OUTSIDE, "out of memory");
    strongest_first(posterior, order);
    char name[32];
    snprintf(name, sizeof name, "%g%% interval", 100 * (probs[high] - probs[low]));
    fprintf(stream, "  %-22s%s %9s  %15s  %6s  %-10s%-11s%s\n", "property",
            truth    ? "  planted"
            : beside ? "    folds"
                     : "",
            "preferred", name, "P(>0)", "20%", "50%", "80%");
    int32_t shown = top > 0 && top < d ? top : d;
    for (int32_t k = 0; k < shown; ++k) {
        int32_t i = order[k];
        double a = percent(quantiles[i * count + low]), b = percent(quantiles[i * count + high]);
        double middle = percent(pdx_posterior_mean(posterior)[i]);
        char text[16];
        fputs("  ", stream);
        cli_print_column(stream, property_name(posterior, i), 22);
        if (beside) fprintf(stream, " %7.1f%%", percent(beside[i]));
        fprintf(stream, " %7.1f%%  %5.1f to %5.1f%%  %6s  ", middle, a, b,
                probability_text(positive[i], text));
        print_strip(stream, a, middle, b);
        fputc('\n', stream);
    }
    if (shown < d) fprintf(stream, "  ... and %d weaker ones\n", d - shown);
    free(order);
}

static void print_position(FILE *stream, const pdx_posterior *posterior,
                           const pdx_posterior *truth) {
    pdx_position position, planted;
    char beside[40] = "";
    cli_read(pdx_posterior_position(posterior, &position));
    if (!position.known) return;
    if (truth) {
        cli_read(pdx_posterior_position(truth, &planted));
        snprintf(beside, sizeof beside, "; planted %.1f%%", percent(planted.mean));
    }
    cli_print_paragraph(
        stream, "  position: ",
        "between equal responses the one shown first wins %.1f%% (%.1f to %.1f%%)%s",
        100 * position.p_first, 100 * position.p_first_low, 100 * position.p_first_high, beside);
}

/* "; NAME VALUE", or nothing where the value is not known. */
static const char *part(char out[48], const char *name, double value, const char *unit) {
    out[0] = 0;
    if (!isnan(value)) snprintf(out, 48, *unit ? "; %s %.1f%s" : "; %s %.3f%s", name, value, unit);
    return out;
}

static void print_cut(FILE *stream, const pdx_posterior *posterior) {
    pdx_cut cut;
    char loss[48], shares[48], right[48];
    cli_read(pdx_posterior_cut(posterior, &cut));
    if (!cut.known) return;
    cli_print_paragraph(
        stream, "  ties:     ",
        "between equal responses %.1f%% (%.1f to %.1f%%) are called a tie; %s %.3f (%.3f to "
        "%.3f)%s%s%s",
        100 * cut.p_tie, 100 * cut.p_tie_low, 100 * cut.p_tie_high,
        cut.model == PDX_TIES_ORDINAL ? "cut" : "weight of a tie", cut.mean, cut.low, cut.high,
        part(right, "held out, all three outcomes: right", 100 * cut.accuracy, "%"),
        part(loss, "log loss", cut.log_loss, ""),
        part(shares, "by the shares alone", cut.share_log_loss, ""));
}

/* What noise in the properties does, the strongest weights first. */
static void print_noise(FILE *stream, const pdx_posterior *posterior, int32_t top) {
    if (!pdx_posterior_imputations(posterior)) return;
    int32_t d = pdx_posterior_dim(posterior), *order = calloc((size_t)d + 1, sizeof *order);
    if (!order) cli_fail(CLI_OUTSIDE, "out of memory");
    strongest_first(posterior, order);
    fprintf(stream,
            "  noise in the properties allowed for by %d imputations\n"
            "  %-22s %5s  %-14s %8s %8s %8s  %s\n",
            pdx_posterior_imputations(posterior), "property", "alpha", "95% interval", "as exact",
            "allowed", "by SIMEX", "interval wider");
    for (int32_t k = 0; k < (top > 0 && top < d ? top : d); ++k) {
        pdx_noise n;
        cli_read(pdx_posterior_noise(posterior, order[k], &n));
        fputs("  ", stream);
        cli_print_column(stream, property_name(posterior, order[k]), 22);
        if (isnan(n.alpha)) fprintf(stream, " %5s  %-14s", "-", "no repeats");
        else fprintf(stream, " %5.2f  %5.2f to %5.2f", n.alpha, n.alpha_low, n.alpha_high);
        fprintf(stream, " %7.1f%% %7.1f%% %7.1f%%  x %.2f\n", percent(n.plain_mean),
                percent(pdx_posterior_mean(posterior)[order[k]]), percent(n.simex), n.wider);
    }
    free(order);
}

static void print_prediction(FILE *stream, const pdx_posterior *posterior) {
    pdx_prediction p;
    char commoner[48], length[48], loss[48], auc[48];
    cli_read(pdx_posterior_prediction(posterior, &p));
    if (!p.folds) return;
    cli_print_paragraph(stream, "  unseen:   ", "%.1f%% of held-out labels right%s%s%s%s",
                        100 * p.accuracy,
                        part(commoner, "always the commoner side", 100 * p.baseline_majority, "%"),
                        part(length, "by length alone", 100 * p.baseline_length, "%"),
                        part(loss, "log loss", p.log_loss, ""), part(auc, "AUC", p.auc, ""));
}

static void print_margin(FILE *stream, const pdx_posterior *posterior) {
    pdx_margin m;
    char auc[48], auc_sign[48], halves[48], halves_sign[48];
    cli_read(pdx_posterior_margin(posterior, &m));
    if (!m.known) return;
    cli_print_paragraph(stream, "  margins:  ", "scale %.3f (sd %.3f)%s%s%s%s", m.scale_mean,
                        m.scale_sd, part(auc, "AUC for the sign", m.auc_margin, ""),
                        part(auc_sign, "the same from signs alone", m.auc_sign, ""),
                        part(halves, "two halves of the data agree", m.reliability_margin, ""),
                        part(halves_sign, "the same from signs alone", m.reliability_sign, ""));
}

void print_fit_table(FILE *stream, const pdx_posterior *posterior, const pdx_posterior *truth,
                     int32_t top) {
    const char *group = pdx_posterior_group(posterior);
    int64_t ties = pdx_posterior_ties(posterior), none = pdx_posterior_no_verdict(posterior);
    const char *judge = pdx_posterior_judge(posterior);
    if (!strcmp(judge, MEAN)) fprintf(stream, "average judge, ");
    else fprintf(stream, "%s, ", judge);
    if (!strcmp(group, MEAN)) fputs("average group", stream);
    else if (!strcmp(group, "all")) fputs("all pairs", stream);
    else fprintf(stream, "group %s", group);
    fprintf(stream, ": %lld labels by rule '%s'", (long long)pdx_posterior_rows(posterior),
            pdx_posterior_label(posterior));
    if (ties) fprintf(stream, ", %lld ties", (long long)ties);
    if (none) fprintf(stream, ", %lld without a verdict", (long long)none);
    fputc('\n', stream);
    print_properties(stream, posterior, truth, top);
    print_position(stream, posterior, truth);
    print_noise(stream, posterior, top);
    print_cut(stream, posterior);
    print_prediction(stream, posterior);
    print_margin(stream, posterior);
    /* the average's says it for all groups at once */
    if (!pdx_posterior_pooled(posterior))
        cli_print_paragraph(stream, "  trust:    ", "%s", pdx_posterior_verdict(posterior));
    fputc('\n', stream);
}

void print_fit_legend(FILE *stream, const pdx_study *study) {
    fputs("preferred: how often a response that is ahead in this property alone wins; 50%: it does "
          "not count.\nP(>0): probability that being ahead helps rather than harms.\n",
          stream);
    if (pdx_study_count(study) && pdx_posterior_fold_mean(pdx_study_get(study, 0)))
        fputs("folds: the same as preferred, averaged over fits that each leave one fold out.\n",
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

/* A row that has neither quantiles nor folds. */
static void print_csv_extra(FILE *stream, const pdx_posterior *fit, const char *name, double mean,
                            double sd, double positive, int32_t empty) {
    print_csv_row(stream, fit, name, mean, sd, positive);
    for (int32_t q = 0; q < empty; ++q) fputc(',', stream);
    fputc('\n', stream);
}

void print_fits_csv(FILE *stream, const pdx_study *study) {
    if (!pdx_study_count(study)) return;
    const pdx_posterior *first = pdx_study_get(study, 0);
    int32_t count = pdx_posterior_quantile_count(first);
    fputs("judge,group,n,label,property,mean,sd,prob_positive,percent_preferred", stream);
    for (int32_t q = 0; q < count; ++q)
        fprintf(stream, ",q%g", pdx_posterior_quantile_probs(first)[q]);
    if (pdx_posterior_fold_mean(first)) fputs(",fold_mean", stream);
    fputc('\n', stream);
    const int32_t fits = pdx_study_count(study), pooled = pdx_study_pooled_count(study);
    for (int32_t f = 0; f < fits + pooled; ++f) {
        const pdx_posterior *fit =
            f < fits ? pdx_study_get(study, f) : pdx_pooled_mean(pdx_study_pooled(study, f - fits));
        const double *folds = pdx_posterior_fold_mean(fit);
        for (int32_t i = 0; i < pdx_posterior_dim(fit); ++i) {
            print_csv_row(stream, fit, pdx_posterior_column(fit, i), pdx_posterior_mean(fit)[i],
                          pdx_posterior_sd(fit)[i], pdx_posterior_prob_positive(fit)[i]);
            for (int32_t q = 0; q < count; ++q)
                fprintf(stream, ",%.17g", pdx_posterior_quantiles(fit)[i * count + q]);
            if (folds) fprintf(stream, ",%.17g", folds[i]);
            fputc('\n', stream);
        }
        pdx_position position;
        pdx_cut cut;
        cli_read(pdx_posterior_position(fit, &position));
        cli_read(pdx_posterior_cut(fit, &cut));
        if (position.known)
            print_csv_extra(stream, fit, "(position)", position.mean, position.sd,
                            position.prob_positive, count + (folds != NULL));
        if (cut.known)
            print_csv_extra(stream, fit, "(tie)", cut.logit_mean, cut.logit_sd, NAN,
                            count + (folds != NULL));
    }
}

void count_checked(const pdx_study *study, int32_t *checked, int32_t *failed) {
    *checked = *failed = 0;
    for (int32_t i = 0; i < pdx_study_count(study); ++i) {
        pdx_certificate certificate;
        cli_read(pdx_posterior_certificate(pdx_study_get(study, i), &certificate));
        *checked += certificate.checked != 0;
        *failed += certificate.checked && !certificate.ok;
    }
}
