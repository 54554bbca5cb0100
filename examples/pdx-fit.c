/* pdx-fit: judgments in, what each judge weighs out. The whole job is main's last lines: load, fit,
 * print; the rest says which options there are. */
#include "cli_data.h"
#include "fit_pictures.h"
#include "fit_table.h"
#include "pooled_table.h"

#include <stdlib.h>
#include <string.h>

static pdx_fit_options fit;
static int32_t strict, top, memory_mb = 256;
static const char *columns_file;
static double quantiles[64];
static fit_picture_files pictures;
static const char *draws_out, *weights_out, *preset;

/* "laplace:0.1" -> scale 0.1; 0 where `text` is not `word`:NUMBER. */
static int read_scale(const char *text, const char *word, double *scale) {
    size_t length = strlen(word);
    if (strncmp(text, word, length) || text[length] != ':') return 0;
    char *end;
    double value = strtod(text + length + 1, &end);
    if (end == text + length + 1 || *end || !(value > 0) || value > 1e6) return 0;
    *scale = value;
    return 1;
}

static int take_prior(void *target, const char *value) {
    (void)target;
    if (!strcmp(value, "eb")) fit.prior = PDX_PRIOR_EB;
    else if (read_scale(value, "laplace", &fit.prior_scale)) fit.prior = PDX_PRIOR_LAPLACE;
    else if (read_scale(value, "gaussian", &fit.prior_scale)) fit.prior = PDX_PRIOR_GAUSSIAN;
    else return 0;
    return 1;
}

static int take_position(void *target, const char *value) {
    (void)target;
    if (!strcmp(value, "none")) fit.position = PDX_POSITION_NONE;
    else if (read_scale(value, "gaussian", &fit.position_scale))
        fit.position = PDX_POSITION_GAUSSIAN;
    else if (read_scale(value, "laplace", &fit.position_scale)) fit.position = PDX_POSITION_LAPLACE;
    else return 0;
    return 1;
}

static int take_intercept(void *target, const char *value) {
    char *end;
    (void)target;
    fit.intercept_scale = strtod(value, &end);
    fit.intercept = 1;
    return end != value && !*end && fit.intercept_scale > 0;
}

static int take_quantiles(void *target, const char *value) {
    (void)target;
    int32_t count = 0;
    for (char *end; count < 64; value = end + 1) {
        double prob = strtod(value, &end);
        if (end == value || !(prob > 0 && prob < 1)) return 0;
        if (count && prob <= quantiles[count - 1]) return 0;
        quantiles[count++] = prob;
        if (*end == ',') continue;
        if (*end) return 0;
        fit.quantile_probs = quantiles;
        fit.quantile_count = count;
        return 1;
    }
    return 0;
}

static const cli_option table[] = {
    {.kind = CLI_TEXT,
     .name = "table",
     .argument = "FILE",
     .target = &cli_data.table,
     .help = "instead: one CSV with a header; columns are properties, and y in [0,1] (or margin); "
             "optional w, offset, judge, group"},
    {.kind = CLI_TEXT,
     .name = "columns",
     .argument = "FILE",
     .target = &columns_file,
     .help = "instead: a column file of pdx-import columns, for tables beyond memory",
     .advanced = 1},
    {.kind = CLI_INT32,
     .name = "memory",
     .argument = "MB",
     .target = &memory_mb,
     .least = 1,
     .most = 1 << 30,
     .advanced = 1,
     .help = "with --columns: how much of the file to keep in memory; default 256"},
    {.kind = CLI_HEADING, .name = "Fit"},
    {.kind = CLI_CHOICE,
     .name = "label",
     .argument = "auto|order|sum-logp|soft|majority|margin",
     .target = &fit.label,
     .help = "how judgments become labels; auto: by what is known"},
    {.kind = CLI_CALL,
     .name = "prior",
     .argument = "laplace:B|gaussian:SD|eb",
     .call = take_prior,
     .help = "default laplace:0.1; eb finds the scale from the data"},
    {.kind = CLI_CALL,
     .name = "position",
     .argument = "gaussian:SD|laplace:B|none",
     .call = take_position,
     .help = "prior of the position effect; default gaussian:2.5",
     .advanced = 1},
    {.kind = CLI_TEXT,
     .name = "preset",
     .argument = "paper",
     .target = &preset,
     .help = "the procedure of Li et al. 2024: ten folds, no position effect"},
    {.kind = CLI_CHOICE,
     .name = "ties",
     .argument = "drop|half|refuse|ordinal|davidson",
     .target = &fit.ties,
     .help = "what becomes of ties; default drop. ordinal, davidson: an outcome"},
    {.kind = CLI_INT32,
     .name = "imputations",
     .argument = "N",
     .target = &fit.imputations,
     .least = 1,
     .most = 100,
     .help = "allow for noise in properties that were annotated repeatedly: N sets of them drawn, "
             "fitted, mixed; 20 are usual",
     .advanced = 1},
    {.kind = CLI_INT32,
     .name = "folds",
     .argument = "K",
     .target = &fit.folds,
     .least = 2,
     .most = 1000,
     .help = "also average the fits that leave one K-th of the labels out",
     .advanced = 1},
    {.kind = CLI_CHOICE,
     .name = "pool",
     .argument = "none|complete|partial",
     .target = &fit.pool,
     .help = "groups: each apart, all in one, or sharing strength (the usual default)"},
    {.kind = CLI_CHOICE,
     .name = "pool-over",
     .argument = "groups|judges",
     .target = &fit.pool_over,
     .help = "partial pooling: what shares strength; default the groups of a judge",
     .advanced = 1},
    {.kind = CLI_REAL,
     .name = "tau-scale",
     .argument = "S",
     .target = &fit.tau_scale,
     .least = 1e-6,
     .most = 1e6,
     .help = "partial pooling: scale of the half-normal prior of the spread; default 0.2",
     .advanced = 1},
    {.kind = CLI_CHOICE,
     .name = "overlap",
     .argument = "share|whole",
     .target = &fit.overlap,
     .help = "partial pooling: a pair in k groups counts 1/k in each (default), or 1",
     .advanced = 1},
    {.kind = CLI_CALL,
     .name = "intercept",
     .argument = "SD",
     .call = take_intercept,
     .advanced = 1,
     .help = "add a constant with a Gaussian prior of this sd"},
    {.kind = CLI_REAL,
     .name = "order-weight",
     .argument = "W",
     .target = &fit.order_weight,
     .most = 1e6,
     .advanced = 1,
     .help = "what one order of a pair counts; default 0.5, as two orders are one opinion"},
    {.kind = CLI_CHOICE,
     .name = "method",
     .argument = "auto|ep|stis|nuts",
     .target = &fit.method,
     .help = "auto: expectation propagation, checked; more where the check fails",
     .advanced = 1},
    {.kind = CLI_CHOICE,
     .name = "certificate",
     .argument = "auto|always|never",
     .target = &fit.certificate,
     .help = "check each fit (default), its folds too, or none",
     .advanced = 1},
    {.kind = CLI_CALL,
     .name = "quantiles",
     .argument = "LIST",
     .call = take_quantiles,
     .advanced = 1,
     .help = "ascending, e.g. 0.05,0.5,0.95"},
    {.kind = CLI_INT64,
     .name = "draws",
     .argument = "N",
     .target = &fit.draws,
     .most = 1e8,
     .advanced = 1,
     .help = "draw N weight vectors from each posterior, into fits.json or --draws-out"},
    {.kind = CLI_TEXT,
     .name = "draws-out",
     .argument = "FILE.npy",
     .target = &draws_out,
     .advanced = 1,
     .help = "NumPy array [fits][N][properties], fits in the order of fits.json"},
    {.kind = CLI_TEXT,
     .name = "weights-out",
     .argument = "DIR",
     .target = &weights_out,
     .advanced = 1,
     .help = "weight files as those of Li et al. 2024"},
    {.kind = CLI_HEADING, .name = "Pictures"},
    {.kind = CLI_TEXT,
     .name = "svg",
     .argument = "FILE",
     .target = &pictures.dissection,
     .help = "what each judge weighs, with intervals, at most 8 judges"},
    {.kind = CLI_TEXT,
     .name = "svg-position",
     .argument = "FILE",
     .target = &pictures.position,
     .help = "how far the order shown decides, by the fit and as seen",
     .advanced = 1},
    {.kind = CLI_TEXT,
     .name = "svg-prior",
     .argument = "FILE",
     .target = &pictures.prior,
     .help = "how far the weights are the prior's word: one judge under tighter and wider priors",
     .advanced = 1},
    {.kind = CLI_TEXT,
     .name = "svg-group",
     .argument = "NAME",
     .target = &pictures.group,
     .help = "of this group; default the first",
     .advanced = 1},
    {.kind = CLI_HEADING, .name = "Reading"},
    {.kind = CLI_INT32,
     .name = "top",
     .argument = "N",
     .target = &top,
     .least = 1,
     .most = 1e6,
     .help = "table: only the N strongest properties of each fit"},
    {.kind = CLI_SWITCH,
     .name = "strict",
     .target = &strict,
     .advanced = 1,
     .help = "exit with 1 where the check of a fit did not hold"},
    {.kind = CLI_END},
};

static const cli_program program = {
    .name = "pdx-fit",
    .purpose = "what does each judge weigh when it prefers one response, and how surely?",
    .usage = "pdx-fit --pairs pairs.jsonl --judgments judgments.jsonl [-o fits.json]\n"
             "       pdx-fit --table data.csv",
    .tables = {cli_data_table, table},
    .output_argument = "FILE",
    .output_help = "the fits; default standard output",
    .formats = 1,
};

static void save_draws(const pdx_study *study) {
    int64_t shape[3] = {pdx_study_count(study), fit.draws, 0};
    if (shape[0]) shape[2] = pdx_posterior_dim(pdx_study_get(study, 0));
    size_t each = (size_t)(shape[1] * shape[2]);
    double *all = calloc((size_t)shape[0] * each + 1, sizeof *all);
    if (!all) cli_fail(CLI_OUTSIDE, "out of memory");
    for (int64_t i = 0; i < shape[0]; ++i) {
        const pdx_posterior *posterior = pdx_study_get(study, (int32_t)i);
        if (pdx_posterior_draw_count(posterior) != fit.draws)
            cli_fail(CLI_BAD_INPUT, "--draws: the fit of '%s' has %lld draws",
                     pdx_posterior_judge(posterior),
                     (long long)pdx_posterior_draw_count(posterior));
        memcpy(all + (size_t)i * each, pdx_posterior_draws(posterior), each * sizeof *all);
    }
    cli_save_npy(draws_out, all, shape, 3);
    free(all);
}

/* What fits share comes before the first of them. */
static void print_tables(FILE *stream, const pdx_study *study) {
    for (int32_t i = 0; i < pdx_study_count(study); ++i) {
        const pdx_posterior *posterior = pdx_study_get(study, i);
        const pdx_pooled *pooled = pdx_posterior_pooled(posterior);
        if (pooled && pdx_pooled_get(pooled, 0) == posterior)
            print_pooled_table(stream, pooled, top);
        print_fit_table(stream, posterior, NULL, top);
    }
}

static void write_study(const pdx_study *study) {
    if (cli.format == CLI_FORMAT_JSON) {
        cli_write(pdx_study_save(study, cli.output ? cli.output : "-"));
        return;
    }
    cli_sink sink;
    cli_sink_open(&sink);
    if (cli.format == CLI_FORMAT_CSV) {
        print_fits_csv(sink.stream, study);
    } else {
        print_tables(sink.stream, study);
        print_fit_legend(sink.stream, study);
    }
    cli_sink_finish(&sink, cli.output);
}

static pdx_study *fit_data(void) {
    pdx_study *study;
    if (!columns_file) {
        pdx_dataset *dataset;
        pdx_judgments *judgments;
        cli_load(&dataset, &judgments);
        cli_read(pdx_study_fit(&study, dataset, judgments, &fit));
        draw_fit_pictures(&pictures, study, dataset, judgments, &fit);
        pdx_judgments_free(judgments);
        pdx_dataset_free(dataset);
        return study;
    }
    if (cli_data_given()) cli_fail(CLI_BAD_INPUT, "--columns is all the data: no other files");
    if (pictures.prior || pictures.position)
        cli_fail(CLI_BAD_INPUT, "--columns: of the pictures only the dissection can be drawn");
    pdx_columns *columns;
    pdx_columns_options how;
    pdx_columns_options_init(&how);
    how.memory_bytes = (int64_t)memory_mb << 20;
    cli_need_file(columns_file, 0);
    cli_read(pdx_columns_open(&columns, columns_file));
    cli_read(pdx_columns_fit(&study, columns, &fit, &how));
    draw_fit_pictures(&pictures, study, NULL, NULL, &fit);
    pdx_columns_free(columns);
    return study;
}

int main(int argc, char **argv) {
    pdx_fit_options_init(&fit);
    const char *preset_named = cli_peek(argc, argv, "preset");
    int preset_known = !preset_named || pdx_fit_options_preset(&fit, preset_named) == PDX_OK;
    cli_parse(&program, argc, argv);
    if (!preset_known) cli_fail(CLI_BAD_INPUT, "--preset: '%s' is not paper", preset_named);
    if (draws_out && !fit.draws) cli_fail(CLI_BAD_INPUT, "--draws-out: how many? Give --draws N");
    fit.judges = cli_data.judges.count ? cli_data.judges.items : NULL;
    fit.judge_count = cli_data.judges.count;
    fit.seed = (uint64_t)cli.seed;
    fit.threads = cli.threads;
    fit.hooks = cli_hooks();

    pdx_study *study = fit_data();
    write_study(study);
    if (draws_out) save_draws(study);
    if (weights_out) cli_write(pdx_study_save_weights(study, weights_out));

    int32_t fits = pdx_study_count(study), checked, failed;
    count_checked(study, &checked, &failed);
    char line[256];
    if (cli.output) cli_note("%d fits written to %s", fits, cli.output);
    if (pooling_line(study, line, sizeof line)) cli_note("%s", line);
    if (failed) cli_note("the numerical check failed for %d of %d fits", failed, checked);
    pdx_study_free(study);
    return strict && failed ? CLI_NOT_HELD : CLI_DONE;
}
