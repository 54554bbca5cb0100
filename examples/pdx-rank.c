/* pdx-rank: models rated from a judge's preferences, with the properties of their responses held
 * equal: who wins because it is better, and who because it is long. */
#include "analysis_write.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fit_table.h"

static pdx_rating_options options;
static int32_t top = 10;

static const cli_option table[] = {
    {.kind = CLI_HEADING, .name = "Ratings"},
    {.kind = CLI_TEXT,
     .name = "group",
     .argument = "NAME",
     .target = &options.group,
     .help = "pairs of this group only (needs --group-by or --groups)"},
    {.kind = CLI_TEXT,
     .name = "model-a",
     .argument = "FIELD",
     .target = &options.model_a,
     .help = "field of a pair that names the model of response A; default model_a"},
    {.kind = CLI_TEXT,
     .name = "model-b",
     .argument = "FIELD",
     .target = &options.model_b,
     .help = "that of response B; default model_b"},
    {.kind = CLI_CHOICE,
     .name = "ties",
     .argument = "drop|half|refuse",
     .target = &options.ties,
     .help = "what becomes of ties; default half a win for each"},
    {.kind = CLI_REAL,
     .name = "prior-scale",
     .argument = "B",
     .target = &options.prior_scale,
     .most = 1e6,
     .help = "Laplace scale of the properties' weights; default 0.1; 0: no control",
     .advanced = 1},
    {.kind = CLI_REAL,
     .name = "model-scale",
     .argument = "SD",
     .target = &options.model_scale,
     .least = 1e-6,
     .most = 1e6,
     .help = "prior sd of a model's strength; default 1.5",
     .advanced = 1},
    {.kind = CLI_INT32,
     .name = "top",
     .argument = "N",
     .target = &top,
     .least = 1,
     .most = 1e6,
     .help = "table: the N strongest properties; default 10",
     .advanced = 1},
    {.kind = CLI_END},
};

static const cli_program program = {
    .name = "pdx-rank",
    .purpose = "which model is best, other things equal?",
    .usage = "pdx-rank --judge J --pairs pairs.jsonl --judgments judgments.jsonl",
    .tables = {cli_data_table, table},
    .closing = "A strength is the log-odds of winning against the average model where no property\n"
               "differs; plain is the same without control of the properties.",
    .output_argument = "FILE",
    .output_help = "the ratings; default standard output",
    .formats = 1,
};

static void write_table(FILE *f, const pdx_rating *rating) {
    const pdx_posterior *p = pdx_rating_properties(rating);
    int32_t d = pdx_posterior_dim(p), low, high, *order = calloc((size_t)d + 1, sizeof *order);
    if (!order) cli_fail(CLI_OUTSIDE, "out of memory");
    fprintf(f, "%-28s %6s %7s %24s %9s %7s %8s\n", "model", "pairs", "wins", "strength (95 %)",
            "rank", "best", "plain");
    for (int32_t i = 0; i < pdx_rating_count(rating); ++i) {
        pdx_model_rating m;
        cli_read(pdx_rating_get(rating, i, &m));
        cli_print_column(f, m.name, 28);
        fprintf(f, " %6lld %5.1f %% %8.2f (%5.2f to %5.2f)  %2.0f to %2.0f %5.0f %% %8.2f\n",
                (long long)m.pairs, 100 * m.wins, m.strength, m.low, m.high, m.rank_low,
                m.rank_high, 100 * m.prob_best, m.plain);
    }
    interval_columns(p, &low, &high);
    strongest_first(p, order);
    fprintf(f, "\n%-28s %8s %24s\n", "property held equal", "percent", "weight (95 %)");
    for (int32_t i = 0; i < d && i < top; ++i) {
        int32_t k = order[i];
        const double *q = pdx_posterior_quantiles(p) + k * pdx_posterior_quantile_count(p);
        cli_print_column(f, pdx_posterior_column(p, k), 28);
        fprintf(f, " %6.1f %% %8.2f (%5.2f to %5.2f)\n", percent(pdx_posterior_mean(p)[k]),
                pdx_posterior_mean(p)[k], q[low], q[high]);
    }
    if (d > top) fprintf(f, "and %d more\n", d - top);
    free(order);
}

static const char *const names[] = {"wins",      "strength",  "low",        "high",
                                    "plain",     "plain_low", "plain_high", "rank_low",
                                    "rank_high", "prob_best"};
enum { NUMBERS = sizeof names / sizeof *names };

static void numbers_of(const pdx_model_rating *m, double out[NUMBERS]) {
    const double all[NUMBERS] = {m->wins,      m->strength,  m->low,        m->high,
                                 m->plain,     m->plain_low, m->plain_high, m->rank_low,
                                 m->rank_high, m->prob_best};
    memcpy(out, all, sizeof all);
}

static void write_csv(FILE *f, const pdx_rating *rating) {
    fputs("model,pairs", f);
    for (int k = 0; k < NUMBERS; ++k) fprintf(f, ",%s", names[k]);
    fputc('\n', f);
    for (int32_t i = 0; i < pdx_rating_count(rating); ++i) {
        pdx_model_rating m;
        double number[NUMBERS];
        cli_read(pdx_rating_get(rating, i, &m));
        numbers_of(&m, number);
        cli_print_csv(f, m.name);
        fprintf(f, ",%lld", (long long)m.pairs);
        for (int k = 0; k < NUMBERS; ++k) {
            fputc(',', f);
            if (isfinite(number[k])) print_number(f, number[k]);
        }
        fputc('\n', f);
    }
}

static void write_json(FILE *f, const pdx_rating *rating) {
    const pdx_posterior *p = pdx_rating_properties(rating);
    int32_t low, high;
    interval_columns(p, &low, &high);
    fputs("{\"format\":\"prefdissect.ratings\",\"version\":1,\"judge\":", f);
    cli_print_json(f, pdx_posterior_judge(p));
    fputs(",\"group\":", f);
    cli_print_json(f, pdx_posterior_group(p));
    fprintf(f, ",\"rows\":%lld,\"left_out\":%lld,\"models\":[", (long long)pdx_posterior_rows(p),
            (long long)pdx_rating_left_out(rating));
    for (int32_t i = 0; i < pdx_rating_count(rating); ++i) {
        pdx_model_rating m;
        double number[NUMBERS];
        cli_read(pdx_rating_get(rating, i, &m));
        numbers_of(&m, number);
        fputs(i ? ",\n{\"model\":" : "\n{\"model\":", f);
        cli_print_json(f, m.name);
        fprintf(f, ",\"pairs\":%lld", (long long)m.pairs);
        for (int k = 0; k < NUMBERS; ++k) {
            fprintf(f, ",\"%s\":", names[k]);
            print_number(f, number[k]);
        }
        fputc('}', f);
    }
    fputs("],\n\"properties\":[", f);
    for (int32_t k = 0; k < pdx_posterior_dim(p); ++k) {
        const double *q = pdx_posterior_quantiles(p) + k * pdx_posterior_quantile_count(p);
        fputs(k ? ",\n{\"property\":" : "\n{\"property\":", f);
        cli_print_json(f, pdx_posterior_column(p, k));
        const double numbers[] = {pdx_posterior_mean(p)[k], pdx_posterior_sd(p)[k], q[low], q[high],
                                  pdx_posterior_prob_positive(p)[k]};
        static const char *const fields[] = {"mean", "sd", "low", "high", "prob_positive"};
        for (int i = 0; i < 5; ++i) {
            fprintf(f, ",\"%s\":", fields[i]);
            print_number(f, numbers[i]);
        }
        fputc('}', f);
    }
    fputs("]}\n", f);
}

int main(int argc, char **argv) {
    pdx_dataset *dataset;
    pdx_judgments *judgments;
    pdx_rating *rating;
    pdx_rating_options_init(&options);
    cli_parse(&program, argc, argv);
    if (cli_data.judges.count > 1) cli_fail(CLI_BAD_INPUT, "--judge: one judge at a time");
    cli_load(&dataset, &judgments);
    if (!cli_data.judges.count && pdx_judgments_judge_count(judgments) > 1)
        cli_fail(CLI_BAD_INPUT,
                 "whose preferences? There are %d judges; give --judge NAME, e.g. %s",
                 pdx_judgments_judge_count(judgments), pdx_judgments_judge_name(judgments, 0));
    if (cli_data.judges.count) options.judge = cli_data.judges.items[0];
    options.seed = (uint64_t)cli.seed;
    options.threads = cli.threads;
    options.hooks = cli_hooks();
    cli_read(pdx_rating_fit(&rating, dataset, judgments, &options));
    if (pdx_rating_left_out(rating))
        cli_note("%lld pairs left out: they name no two models",
                 (long long)pdx_rating_left_out(rating));
    cli_sink sink;
    cli_sink_open(&sink);
    if (cli.format == CLI_FORMAT_JSON) write_json(sink.stream, rating);
    else if (cli.format == CLI_FORMAT_CSV) write_csv(sink.stream, rating);
    else write_table(sink.stream, rating);
    cli_sink_finish(&sink, cli.output);
    pdx_rating_free(rating);
    pdx_judgments_free(judgments);
    pdx_dataset_free(dataset);
    return CLI_DONE;
}
