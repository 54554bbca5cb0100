/* Fits from files or from data, and numbers; see analysis_write.h. */
#include "analysis_write.h"

#include <math.h>
#include <string.h>

static void take(pdx_study **out, pdx_study *more) {
    if (!*out) {
        *out = more;
        return;
    }
    cli_read(pdx_study_append(*out, more));
    pdx_study_free(more);
}

void load_fits(pdx_study **out, const cli_list *fits, const cli_list *weights) {
    *out = NULL;
    for (int32_t i = 0; i < fits->count; ++i) {
        pdx_study *more;
        cli_read(pdx_study_load(&more, fits->items[i]));
        take(out, more);
    }
    for (int32_t i = 0; i < weights->count; ++i) {
        pdx_study *more;
        cli_read(pdx_study_load_weights(&more, weights->items[i]));
        take(out, more);
    }
    if (!pdx_study_count(*out)) cli_fail(CLI_BAD_INPUT, "there is no fit in these files");
}

void fit_now(pdx_study **out, const pdx_dataset *dataset, const pdx_judgments *judgments,
             int predict) {
    pdx_fit_options options;
    pdx_fit_options_init(&options);
    options.judges = cli_data.judges.count ? cli_data.judges.items : NULL;
    options.judge_count = cli_data.judges.count;
    options.predict = predict;
    options.threads = cli.threads;
    options.seed = (uint64_t)cli.seed;
    options.hooks = cli_hooks();
    cli_read(pdx_study_fit(out, dataset, judgments, &options));
    if (!pdx_study_count(*out)) cli_fail(CLI_BAD_INPUT, "no judge has judgments of these pairs");
}

/* What there is to choose from, as "a, b, c". */
static void list_choices(char *out, size_t size, const pdx_study *study,
                         const char *(*name_of)(const pdx_posterior *)) {
    size_t used = 0;
    for (int32_t i = 0; i < pdx_study_count(study) && used < size; ++i) {
        const char *name = name_of(pdx_study_get(study, i));
        int met = 0;
        for (int32_t k = 0; k < i; ++k) met |= !strcmp(name, name_of(pdx_study_get(study, k)));
        if (met) continue;
        used += (size_t)snprintf(out + used, size - used, "%s%s", used ? ", " : "", name);
    }
}

const pdx_posterior *choose_fit(const pdx_study *study, const char *judge, const char *group) {
    const pdx_posterior *found = NULL;
    char judges[400], groups[400];
    int32_t count = 0;
    for (int32_t i = 0; i < pdx_study_count(study); ++i) {
        const pdx_posterior *fit = pdx_study_get(study, i);
        if (judge && strcmp(judge, pdx_posterior_judge(fit))) continue;
        if (group && strcmp(group, pdx_posterior_group(fit))) continue;
        found = fit;
        ++count;
    }
    if (count == 1) return found;
    list_choices(judges, sizeof judges, study, pdx_posterior_judge);
    list_choices(groups, sizeof groups, study, pdx_posterior_group);
    if (count > 1)
        cli_fail(CLI_BAD_INPUT, "which fit? Give --judge NAME (%.300s) and --group NAME (%.300s)",
                 judges, groups);
    cli_fail(CLI_BAD_INPUT, "no fit of judge '%s'%s%s: there are judges %.300s; groups %.300s",
             judge ? judge : "(any)", group ? " in group " : "", group ? group : "", judges,
             groups);
}

void print_number(FILE *stream, double value) {
    char text[40];
    if (!isfinite(value)) {
        fputs("null", stream);
        return;
    }
    for (int digits = 15; digits <= 17; ++digits) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        double back;
        if (sscanf(text, "%lf", &back) == 1 && back == value) break;
    }
    fputs(text, stream);
}

void print_rate(FILE *stream, const char *name, const pdx_rate *rate) {
    fprintf(stream, "\"%s\":{\"value\":", name);
    print_number(stream, rate->value);
    fputs(",\"low\":", stream);
    print_number(stream, rate->low);
    fputs(",\"high\":", stream);
    print_number(stream, rate->high);
    fprintf(stream, ",\"n\":%lld}", (long long)rate->n);
}

void print_cell(FILE *stream, int width, int places, double value) {
    if (isfinite(value)) fprintf(stream, "%*.*f", width, places, value);
    else fprintf(stream, "%*s", width, "-");
}
