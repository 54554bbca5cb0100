/* Partial pooling as a table; see pooled_table.h. */
#include "pooled_table.h"
#include "cli.h"
#include "fit_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DISCOVERY_RATE 0.05

static const char *member_name(const pdx_pooled *pooled, int32_t i) {
    const pdx_posterior *fit = pdx_pooled_get(pooled, i);
    return pdx_pooled_over(pooled) == PDX_POOL_OVER_JUDGES ? pdx_posterior_judge(fit)
                                                           : pdx_posterior_group(fit);
}

static void print_differences(FILE *stream, const pdx_pooled *pooled) {
    const pdx_posterior *mean = pdx_pooled_mean(pooled);
    const int32_t d = pdx_posterior_dim(mean), count = pdx_pooled_count(pooled);
    const char *noun = pdx_pooled_over(pooled) == PDX_POOL_OVER_JUDGES ? "judge" : "group";
    pdx_contrast *all = calloc((size_t)d * (size_t)count + 1, sizeof *all);
    if (!all) cli_fail(CLI_OUTSIDE, "out of memory");
    cli_read(pdx_pooled_differences(pooled, DISCOVERY_RATE, all));
    int found = 0;
    for (int32_t i = 0; i < count; ++i)
        for (int32_t k = 0; k < d; ++k) {
            const pdx_contrast *c = &all[i * d + k];
            if (!c->discovery) continue;
            if (!found++)
                cli_print_paragraph(stream, "  differ:   ",
                                    "weights that differ from the average (of the signs at most "
                                    "%g%% wrong)",
                                    100 * DISCOVERY_RATE);
            fputs("    ", stream);
            cli_print_column(stream, member_name(pooled, i), 24);
            fputc(' ', stream);
            cli_print_column(stream, property_name(mean, k), 24);
            fprintf(stream, " %5.1f%% against %5.1f%%, P(%s) %.3f\n",
                    percent(pdx_posterior_mean(pdx_pooled_get(pooled, i))[k]),
                    percent(pdx_posterior_mean(mean)[k]), c->mean > 0 ? "more" : "less",
                    fmax(c->prob_greater, 1 - c->prob_greater));
        }
    if (!found)
        cli_print_paragraph(stream, "  differ:   ",
                            "no %s differs from the average so surely that of the signs at most "
                            "%g%% would be wrong",
                            noun, 100 * DISCOVERY_RATE);
    free(all);
}

void print_pooled_table(FILE *stream, const pdx_pooled *pooled, int32_t top) {
    const int over_judges = pdx_pooled_over(pooled) == PDX_POOL_OVER_JUDGES;
    pdx_tau tau;
    cli_read(pdx_pooled_tau(pooled, &tau));
    print_fit_table(stream, pdx_pooled_mean(pooled), NULL, top);
    const int32_t count = pdx_pooled_count(pooled);
    if (count > 1)
        cli_print_paragraph(stream, "  spread:   ",
                            "weights of the %d %s scatter about the average by %.3f (95%% interval "
                            "%.3f to %.3f)",
                            count, over_judges ? "judges" : "groups", tau.mean, tau.low, tau.high);
    else
        cli_print_paragraph(stream, "  spread:   ",
                            "one %s alone hardly tells how far they scatter: %.3f (95%% interval "
                            "%.3f to %.3f) is mostly what was assumed",
                            over_judges ? "judge" : "group", tau.mean, tau.low, tau.high);
    if (count > 1) print_differences(stream, pooled);
    fputc('\n', stream);
}

int pooling_line(const pdx_study *study, char *out, size_t size) {
    pdx_pooling p;
    cli_read(pdx_study_pooling(study, NULL, &p));
    if (!p.folds) return 0;
    snprintf(out, size,
             "held-out log loss (accuracy) on %lld labels in %d folds: apart %.4f (%.1f%%), all "
             "as one %.4f (%.1f%%), partly pooled %.4f (%.1f%%)",
             (long long)p.n, p.folds, p.log_loss_none, 100 * p.accuracy_none, p.log_loss_complete,
             100 * p.accuracy_complete, p.log_loss_partial, 100 * p.accuracy_partial);
    return 1;
}
