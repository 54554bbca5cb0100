/* pdx-explain: why a judge decided as it did. For one pair, what each property adds to the
 * probability (exact Shapley values); for a whole fit, each property alone and beside the others,
 * and the labels that the fit expects least. */
#include "analysis_write.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fit_table.h"

static cli_list fits, weights;
static const char *pair, *group, *svg;
static int32_t effects, top;
static int64_t surprising;
static pdx_explain_options options;

static const cli_option table[] = {
    {.kind = CLI_HEADING, .name = "What to explain"},
    {.kind = CLI_TEXT,
     .name = "pair",
     .argument = "ID",
     .target = &pair,
     .help = "one decision: what each property adds to P(A preferred)"},
    {.kind = CLI_SWITCH,
     .name = "effects",
     .target = &effects,
     .help = "the fit: each property alone beside the same property with all others"},
    {.kind = CLI_INT64,
     .name = "surprising",
     .argument = "N",
     .target = &surprising,
     .least = 1,
     .most = 1e9,
     .help = "the fit: the N judgments that it expects least; wrong labels are among them"},
    {.kind = CLI_TEXT,
     .name = "group",
     .argument = "NAME",
     .target = &group,
     .help = "of this group's fit, where there are several"},
    {.kind = CLI_LIST,
     .name = "fits",
     .argument = "FILE",
     .target = &fits,
     .help = "fits.json of pdx-fit; repeatable. Without fits and weights the data are fitted now"},
    {.kind = CLI_LIST,
     .name = "weights",
     .argument = "DIR",
     .target = &weights,
     .help = "published weights of Li et al. 2024; repeatable",
     .advanced = 1},
    {.kind = CLI_TEXT,
     .name = "svg",
     .argument = "FILE",
     .target = &svg,
     .help = "with --pair: also a picture, a waterfall from 50 % to this decision"},
    {.kind = CLI_CHOICE,
     .name = "order",
     .argument = "none|AB|BA",
     .target = &options.order,
     .help = "which response was shown first; none (default): both orders alike"},
    {.kind = CLI_INT32,
     .name = "top",
     .argument = "N",
     .target = &top,
     .least = 1,
     .most = 1e6,
     .help = "table: only the N largest",
     .advanced = 1},
    {.kind = CLI_INT64,
     .name = "draws",
     .argument = "N",
     .target = &options.draws,
     .most = 1e6,
     .help = "of the posterior, for intervals; default 200, 0: none",
     .advanced = 1},
    {.kind = CLI_END},
};

static const cli_program program = {
    .name = "pdx-explain",
    .purpose = "why did this judge prefer that response?",
    .usage = "pdx-explain --judge J --pair ID --pairs pairs.jsonl --judgments judgments.jsonl\n"
             "       pdx-explain --judge J --effects --surprising 20 --fits fits.json --pairs ...",
    .tables = {cli_data_table, table},
    .output_argument = "FILE",
    .output_help = "the explanation; default standard output",
    .formats = 1,
};

static pdx_dataset *dataset;
static pdx_judgments *judgments; /* NULL: none were given */
static const pdx_posterior *fit;

static void *room(size_t count, size_t size) {
    void *block = calloc(count + 1, size);
    if (!block) cli_fail(CLI_OUTSIDE, "out of memory");
    return block;
}

static void heading(FILE *f) {
    fprintf(f, "Judge %s, group %s, %lld rows\n", pdx_posterior_judge(fit),
            pdx_posterior_group(fit), (long long)pdx_posterior_rows(fit));
}

/* ---- one pair ---- */

static const double *sizes; /* of what is sorted */
static int larger(const void *a, const void *b) {
    double x = fabs(sizes[*(const int32_t *)a]), y = fabs(sizes[*(const int32_t *)b]);
    if (x != y) return x > y ? -1 : 1;
    return (*(const int32_t *)a > *(const int32_t *)b) -
           (*(const int32_t *)a < *(const int32_t *)b);
}

static void print_bar(FILE *f, double share) {
    int length = (int)(fabs(share) * 100 + 0.5);
    if (length > 30) length = 30;
    fputs(share > 0 ? "  +" : "  -", f);
    for (int i = 0; i < length; ++i) fputs("#", f);
    fputc('\n', f);
}

static void pair_table(FILE *f, const pdx_explanation *e, const pdx_attribution *part,
                       const int32_t *order, int32_t count) {
    heading(f);
    fprintf(f, "Pair %s: P(A preferred) = %.1f %%", pair, 100 * e->probability);
    if (isfinite(e->probability_low))
        fprintf(f, " (%.1f to %.1f)", 100 * e->probability_low, 100 * e->probability_high);
    fprintf(f, ", starting from %.1f %%\n\n%-32s %5s %8s %16s\n", 100 * e->start, "property",
            "A - B", "adds", "95 % interval");
    for (int32_t i = 0; i < count && (!top || i < top); ++i) {
        const pdx_attribution *p = &part[order[i]];
        cli_print_column(f, pdx_posterior_column(fit, order[i]), 32);
        fprintf(f, " %5.3g %7.1f %%", p->x, 100 * p->share);
        if (isfinite(p->share_low))
            fprintf(f, " %6.1f to %6.1f", 100 * p->share_low, 100 * p->share_high);
        else fprintf(f, " %16s", "-");
        print_bar(f, p->share);
    }
    fputc('\n', f);
    cli_print_paragraph(f, "",
                        "What a property adds is its exact Shapley value of the probability: all "
                        "of them and the start add up to P(A preferred). Properties in which the "
                        "responses are equal add nothing and are not shown.");
}

static void pair_csv(FILE *f, const pdx_attribution *part, const int32_t *order, int32_t count) {
    fputs("pair,property,x,log_odds,log_odds_low,log_odds_high,share,share_low,share_high\n", f);
    for (int32_t i = 0; i < count; ++i) {
        const pdx_attribution *p = &part[order[i]];
        cli_print_csv(f, pair);
        fputc(',', f);
        cli_print_csv(f, pdx_posterior_column(fit, order[i]));
        const double numbers[] = {p->x,     p->log_odds,  p->log_odds_low, p->log_odds_high,
                                  p->share, p->share_low, p->share_high};
        for (int k = 0; k < 7; ++k) {
            fputc(',', f);
            if (isfinite(numbers[k])) print_number(f, numbers[k]);
        }
        fputc('\n', f);
    }
}

static void json_field(FILE *f, const char *name, double value) {
    fprintf(f, ",\"%s\":", name);
    print_number(f, value);
}

static void pair_json(FILE *f, const pdx_explanation *e, const pdx_attribution *part,
                      const int32_t *order, int32_t count) {
    fputs("\"pair\":{\"id\":", f);
    cli_print_json(f, pair);
    json_field(f, "start", e->start);
    json_field(f, "log_odds", e->log_odds);
    json_field(f, "probability", e->probability);
    json_field(f, "probability_low", e->probability_low);
    json_field(f, "probability_high", e->probability_high);
    fputs(",\"properties\":[", f);
    for (int32_t i = 0; i < count; ++i) {
        const pdx_attribution *p = &part[order[i]];
        fputs(i ? ",\n{\"property\":" : "\n{\"property\":", f);
        cli_print_json(f, pdx_posterior_column(fit, order[i]));
        json_field(f, "x", p->x);
        json_field(f, "log_odds", p->log_odds);
        json_field(f, "log_odds_low", p->log_odds_low);
        json_field(f, "log_odds_high", p->log_odds_high);
        json_field(f, "share", p->share);
        json_field(f, "share_low", p->share_low);
        json_field(f, "share_high", p->share_high);
        fputc('}', f);
    }
    fputs("]}", f);
}

static void explain_pair(FILE *f) {
    int32_t d = pdx_posterior_dim(fit), count = 0, *order = room((size_t)d, sizeof *order);
    const pdx_schema *schema = pdx_dataset_schema(dataset);
    int64_t number = pdx_dataset_find(dataset, pair);
    if (number < 0) cli_fail(CLI_BAD_INPUT, "--pair: there is no pair '%s'", pair);
    if (d != pdx_schema_count(schema))
        cli_fail(CLI_BAD_INPUT, "the fit has %d columns, the data have %d properties", d,
                 pdx_schema_count(schema));
    for (int32_t k = 0; k < d; ++k)
        if (strcmp(pdx_posterior_column(fit, k), pdx_schema_property(schema, k)->id))
            cli_fail(CLI_BAD_INPUT, "column %d of the fit is '%s', property %d of the data '%s'",
                     k + 1, pdx_posterior_column(fit, k), k + 1,
                     pdx_schema_property(schema, k)->id);
    double *x = room((size_t)d, sizeof *x), *size = room((size_t)d, sizeof *size);
    pdx_attribution *part = room((size_t)d, sizeof *part);
    pdx_explanation e;
    cli_read(pdx_dataset_row(dataset, number, x));
    options.seed = (uint64_t)cli.seed;
    cli_read(pdx_posterior_explain(fit, x, &options, &e, part));
    for (int32_t k = 0; k < d; ++k) {
        size[k] = part[k].share;
        if (part[k].x != 0) order[count++] = k;
    }
    sizes = size;
    qsort(order, (size_t)count, sizeof *order, larger);
    if (svg) cli_picture(pdx_report_waterfall_svg(fit, x, &options, pair, svg));
    if (cli.format == CLI_FORMAT_JSON) pair_json(f, &e, part, order, count);
    else if (cli.format == CLI_FORMAT_CSV) pair_csv(f, part, order, count);
    else pair_table(f, &e, part, order, count);
    free(order);
    free(x);
    free(size);
    free(part);
}

/* ---- effects ---- */

static void effects_table(FILE *f, const pdx_effect *e, const int32_t *order, int32_t d) {
    int parted = 0;
    heading(f);
    fprintf(f, "\n%-24s %8s %7s %22s %22s %7s\n", "", "differs", "wins", "alone", "with all others",
            "shared");
    for (int32_t i = 0; i < d && (!top || i < top); ++i) {
        const pdx_effect *p = &e[order[i]];
        parted += p->parted;
        cli_print_column(f, pdx_posterior_column(fit, order[i]), 24);
        fprintf(f, " %6.1f %%", 100 * p->differs);
        print_cell(f, 6, 1, 100 * p->wins.value);
        fprintf(f, " %% %5.2f (%5.2f to %5.2f) %5.2f", p->alone, p->alone_low, p->alone_high,
                p->joint);
        if (isfinite(p->joint_low)) fprintf(f, " (%5.2f to %5.2f)", p->joint_low, p->joint_high);
        else fprintf(f, " %16s", "");
        fprintf(f, " %4.0f %%%s\n", 100 * (1 - 1 / p->inflation), p->parted ? " !" : "");
    }
    fputc('\n', f);
    cli_print_paragraph(f, "",
                        "differs: pairs in which the responses differ in it. wins: share of them "
                        "won by the response with more of it. alone: its weight in a fit without "
                        "other properties; with all others: its weight in the fit (log-odds, 95 "
                        "%% interval). shared: how much of it the other properties already say.");
    for (int32_t i = 0, told = 0; i < d && told < 10; ++i) {
        const pdx_effect *p = &e[order[i]];
        if (!p->parted) continue;
        ++told;
        cli_print_paragraph(f, "! ",
                            "%s weighs %.2f alone and %.2f with all others: it goes along with "
                            "other properties, most with %s (correlation %.2f), so its share of "
                            "wins is not its effect.",
                            pdx_posterior_column(fit, order[i]), p->alone, p->joint,
                            p->partner < 0 ? "none" : pdx_posterior_column(fit, p->partner),
                            p->partner_correlation);
    }
}

static void effect_row(FILE *f, const pdx_effect *p, int32_t k, int json) {
    static const char *const names[] = {
        "differs",    "wins",  "wins_low",  "wins_high",  "alone",     "alone_low",
        "alone_high", "joint", "joint_low", "joint_high", "inflation", "partner_correlation"};
    const double numbers[] = {p->differs,   p->wins.value, p->wins.low,   p->wins.high,
                              p->alone,     p->alone_low,  p->alone_high, p->joint,
                              p->joint_low, p->joint_high, p->inflation,  p->partner_correlation};
    const char *partner = p->partner < 0 ? "" : pdx_posterior_column(fit, p->partner);
    if (json) {
        fputs("{\"property\":", f);
        cli_print_json(f, pdx_posterior_column(fit, k));
        for (int i = 0; i < 12; ++i) json_field(f, names[i], numbers[i]);
        fputs(",\"partner\":", f);
        cli_print_json(f, partner);
        fprintf(f, ",\"parted\":%s}", p->parted ? "true" : "false");
        return;
    }
    cli_print_csv(f, pdx_posterior_column(fit, k));
    for (int i = 0; i < 12; ++i) {
        fputc(',', f);
        if (isfinite(numbers[i])) print_number(f, numbers[i]);
    }
    fputc(',', f);
    cli_print_csv(f, partner);
    fprintf(f, ",%d\n", p->parted);
}

static void explain_effects(FILE *f) {
    int32_t d = pdx_posterior_dim(fit), *order = room((size_t)d, sizeof *order);
    pdx_effect *e = room((size_t)d, sizeof *e);
    cli_read(pdx_posterior_effects(fit, dataset, judgments, e));
    for (int32_t k = 0; k < d; ++k) order[k] = k;
    sizes = pdx_posterior_mean(fit);
    qsort(order, (size_t)d, sizeof *order, larger);
    if (cli.format == CLI_FORMAT_TABLE) effects_table(f, e, order, d);
    if (cli.format == CLI_FORMAT_CSV)
        fputs("property,differs,wins,wins_low,wins_high,alone,alone_low,alone_high,joint,"
              "joint_low,joint_high,inflation,partner_correlation,partner,parted\n",
              f);
    if (cli.format == CLI_FORMAT_JSON) fputs("\"effects\":[\n", f);
    for (int32_t i = 0; cli.format != CLI_FORMAT_TABLE && i < d; ++i) {
        if (i && cli.format == CLI_FORMAT_JSON) fputs(",\n", f);
        effect_row(f, &e[order[i]], order[i], cli.format == CLI_FORMAT_JSON);
    }
    if (cli.format == CLI_FORMAT_JSON) fputs("]", f);
    free(order);
    free(e);
}

/* ---- surprises ---- */

static void explain_surprises(FILE *f) {
    static const char *const orders[] = {"", "AB", "BA"};
    int64_t most = 3 * pdx_posterior_rows(fit) + 16, count;
    if (surprising < most) most = surprising;
    pdx_surprise *all = room((size_t)most, sizeof *all);
    cli_read(pdx_posterior_surprising(fit, dataset, judgments, all, most, &count));
    if (cli.format == CLI_FORMAT_TABLE) {
        heading(f);
        fprintf(f, "\n%-40s %5s %6s %18s\n", "least expected judgments", "order", "winner",
                "P(this winner)");
    }
    if (cli.format == CLI_FORMAT_CSV) fputs("pair,order,winner,probability,log_score\n", f);
    if (cli.format == CLI_FORMAT_JSON) fputs("\"surprising\":[", f);
    for (int64_t i = 0; i < count; ++i) {
        const pdx_surprise *s = &all[i];
        const char *id = pdx_dataset_id(dataset, s->pair), *winner = s->y > 0.5 ? "A" : "B";
        if (cli.format == CLI_FORMAT_TABLE) {
            cli_print_column(f, id, 40);
            fprintf(f, " %5s %6s %16.2f %%\n", orders[s->order], winner, 100 * exp(s->log_score));
        } else if (cli.format == CLI_FORMAT_CSV) {
            cli_print_csv(f, id);
            fprintf(f, ",%s,%s,", orders[s->order], winner);
            print_number(f, exp(s->log_score));
            fputc(',', f);
            print_number(f, s->log_score);
            fputc('\n', f);
        } else {
            fputs(i ? ",\n{\"pair\":" : "\n{\"pair\":", f);
            cli_print_json(f, id);
            fprintf(f, ",\"order\":%s%s%s,\"winner\":\"%s\"", s->order ? "\"" : "",
                    s->order ? orders[s->order] : "null", s->order ? "\"" : "", winner);
            json_field(f, "probability", exp(s->log_score));
            json_field(f, "log_score", s->log_score);
            fputc('}', f);
        }
    }
    if (cli.format == CLI_FORMAT_JSON) fputs("]", f);
    free(all);
}

/* ---- running ---- */

static void load(pdx_study **study) {
    int from_files = fits.count || weights.count, data = effects || surprising || !from_files;
    if (data || cli_data.judgments.count) cli_load(&dataset, &judgments);
    else cli_load_dataset(&dataset);
    if (from_files) load_fits(study, &fits, &weights);
    else fit_now(study, dataset, judgments, 0);
}

int main(int argc, char **argv) {
    pdx_study *study;
    pdx_explain_options_init(&options);
    cli_parse(&program, argc, argv);
    if (!pair && !effects && !surprising)
        cli_fail(CLI_BAD_INPUT, "what? Give --pair ID, --effects or --surprising N");
    if (cli.format == CLI_FORMAT_CSV && (pair != NULL) + effects + (surprising > 0) > 1)
        cli_fail(CLI_BAD_INPUT, "--format csv holds one table: give one of --pair, --effects and "
                                "--surprising");
    if (svg && !pair) cli_fail(CLI_BAD_INPUT, "--svg draws one decision: give --pair ID");
    if (cli_data.judges.count > 1) cli_fail(CLI_BAD_INPUT, "--judge: one judge at a time");
    load(&study);
    fit = choose_fit(study, cli_data.judges.count ? cli_data.judges.items[0] : NULL, group);
    cli_sink sink;
    cli_sink_open(&sink);
    FILE *f = sink.stream;
    int json = cli.format == CLI_FORMAT_JSON, parts = 0;
    if (json) {
        fputs("{\"format\":\"prefdissect.explanation\",\"version\":1,\"judge\":", f);
        cli_print_json(f, pdx_posterior_judge(fit));
        fputs(",\"group\":", f);
        cli_print_json(f, pdx_posterior_group(fit));
    }
    void (*const part[])(FILE *) = {explain_pair, explain_effects, explain_surprises};
    const int asked[] = {pair != NULL, effects, surprising > 0};
    for (int i = 0; i < 3; ++i) {
        if (!asked[i]) continue;
        if (json) fputs(",\n", f);
        else if (parts++) fputc('\n', f);
        part[i](f);
    }
    if (json) fputs("}\n", f);
    cli_sink_finish(&sink, cli.output);
    pdx_study_free(study);
    pdx_judgments_free(judgments);
    pdx_dataset_free(dataset);
    return CLI_DONE;
}
