/* Contrasts of two judges, as table, CSV, JSON and picture. */
#include "contrast_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis_write.h"

enum { NAME = 26 };

typedef struct contrasts {
    const pdx_posterior *a, *b;
    double rate;
    int32_t d, *order; /* the largest difference first */
    int means_only;
    pdx_contrast *of; /* [d] */
} contrasts;

static const pdx_contrast *sorted;

static int by_size(const void *x, const void *y) {
    int32_t i = *(const int32_t *)x, k = *(const int32_t *)y;
    double gap = fabs(sorted[k].mean) - fabs(sorted[i].mean);
    return gap > 0 ? 1 : gap < 0 ? -1 : i - k;
}

/* The names of "A,B": where the text has several commas, the split that names two judges. */
static void choose(contrasts *c, const pdx_study *study, const char *judges, const char *group) {
    char text[1024];
    for (const char *comma = strchr(judges, ','); comma; comma = strchr(comma + 1, ',')) {
        int known[2] = {0, 0};
        snprintf(text, sizeof text, "%s", judges);
        if ((size_t)(comma - judges) >= sizeof text - 1) break;
        text[comma - judges] = 0;
        const char *const name[2] = {text, text + (comma - judges) + 1};
        for (int32_t i = 0; i < pdx_study_count(study); ++i)
            for (int k = 0; k < 2; ++k)
                known[k] |= !strcmp(name[k], pdx_posterior_judge(pdx_study_get(study, i)));
        if (strchr(comma + 1, ',') && (!known[0] || !known[1])) continue;
        c->a = choose_fit(study, name[0], group);
        c->b = choose_fit(study, name[1], group);
        return;
    }
    cli_fail(CLI_BAD_INPUT, "--contrast: '%s' is not A,B", judges);
}

static void compute(contrasts *c) {
    c->d = pdx_posterior_dim(c->a);
    c->of = calloc((size_t)c->d + 1, sizeof *c->of);
    c->order = calloc((size_t)c->d + 1, sizeof *c->order);
    if (!c->of || !c->order) cli_fail(CLI_OUTSIDE, "out of memory");
    if (pdx_posterior_sd(c->a) && pdx_posterior_sd(c->b)) {
        cli_read(pdx_posterior_contrast_all(c->a, c->b, c->rate, c->of));
    } else { /* means only: how sure a difference is cannot be said */
        if (pdx_posterior_dim(c->b) != c->d)
            cli_fail(CLI_BAD_INPUT, "--contrast: the two judges have %d and %d properties", c->d,
                     pdx_posterior_dim(c->b));
        for (int32_t k = 0; k < c->d; ++k)
            c->of[k] = (pdx_contrast){
                pdx_posterior_mean(c->a)[k] - pdx_posterior_mean(c->b)[k], NAN, NAN, NAN, NAN, 0};
        c->means_only = 1;
    }
    for (int32_t k = 0; k < c->d; ++k) c->order[k] = k;
    sorted = c->of;
    qsort(c->order, (size_t)c->d, sizeof *c->order, by_size);
}

static void write_json(FILE *f, const contrasts *c) {
    fputs("{\"format\":\"prefdissect.contrast\",\"version\":1,\"a\":", f);
    cli_print_json(f, pdx_posterior_judge(c->a));
    fputs(",\"b\":", f);
    cli_print_json(f, pdx_posterior_judge(c->b));
    fputs(",\"group\":", f);
    cli_print_json(f, pdx_posterior_group(c->a));
    fputs(",\"rate\":", f);
    print_number(f, c->rate);
    fputs(",\"contrasts\":[", f);
    for (int32_t i = 0; i < c->d; ++i) {
        const pdx_contrast *of = &c->of[c->order[i]];
        static const char *const names[] = {"mean", "sd", "low", "high", "prob_greater"};
        const double numbers[] = {of->mean, of->sd, of->low, of->high, of->prob_greater};
        fputs(i ? ",\n{\"property\":" : "\n{\"property\":", f);
        cli_print_json(f, pdx_posterior_column(c->a, c->order[i]));
        for (int k = 0; k < 5; ++k) {
            fprintf(f, ",\"%s\":", names[k]);
            print_number(f, numbers[k]);
        }
        fprintf(f, ",\"discovery\":%s}", of->discovery ? "true" : "false");
    }
    fputs("\n]}\n", f);
}

static void write_csv(FILE *f, const contrasts *c) {
    fputs("a,b,group,property,mean,sd,low,high,prob_greater,discovery\n", f);
    for (int32_t i = 0; i < c->d; ++i) {
        const pdx_contrast *of = &c->of[c->order[i]];
        const char *const texts[] = {pdx_posterior_judge(c->a), pdx_posterior_judge(c->b),
                                     pdx_posterior_group(c->a),
                                     pdx_posterior_column(c->a, c->order[i])};
        const double numbers[] = {of->mean, of->sd, of->low, of->high, of->prob_greater};
        for (int k = 0; k < 4; ++k) {
            cli_print_csv(f, texts[k]);
            fputc(',', f);
        }
        for (int k = 0; k < 5; ++k) {
            if (isfinite(numbers[k])) print_number(f, numbers[k]);
            fputc(',', f);
        }
        fprintf(f, "%d\n", of->discovery);
    }
}

static void write_table(FILE *f, const contrasts *c) {
    int32_t found = 0;
    fprintf(f, "Weights of %s minus those of %s, %s\n\n", pdx_posterior_judge(c->a),
            pdx_posterior_judge(c->b), pdx_posterior_group(c->a));
    fprintf(f, "    %-*s%11s%22s%12s\n", NAME, "property", "difference", "95 % interval",
            "P(greater)");
    for (int32_t i = 0; i < c->d; ++i) {
        const pdx_contrast *of = &c->of[c->order[i]];
        fputs(of->discovery ? "  * " : "    ", f);
        cli_print_column(f, pdx_posterior_column(c->a, c->order[i]), NAME);
        print_cell(f, 11, 3, of->mean);
        print_cell(f, 10, 3, of->low);
        fputs(" to", f);
        print_cell(f, 9, 3, of->high);
        print_cell(f, 12, 3, of->prob_greater);
        fputc('\n', f);
        found += of->discovery;
    }
    if (c->means_only) fputs("\nof means only: how sure these differences are is not known\n", f);
    else
        fprintf(
            f, "\n* a discovery: %d of %d; at most %g %% of their signs are expected to be wrong\n",
            found, c->d, 100 * c->rate);
}

void write_contrast(const pdx_study *study, const char *judges, const char *group, double rate,
                    const char *svg) {
    contrasts c = {.rate = rate};
    choose(&c, study, judges, group);
    compute(&c);
    if (svg) cli_picture(pdx_report_contrast_svg(c.a, c.b, rate, svg));
    cli_sink sink;
    cli_sink_open(&sink);
    if (cli.format == CLI_FORMAT_JSON) write_json(sink.stream, &c);
    else if (cli.format == CLI_FORMAT_CSV) write_csv(sink.stream, &c);
    else write_table(sink.stream, &c);
    cli_sink_finish(&sink, cli.output);
    free(c.order);
    free(c.of);
}
