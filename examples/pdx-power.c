/* pdx-power: how many pairs are needed to find an effect of a property. */
#include "analysis_write.h"

#include <math.h>
#include <string.h>

static pdx_power_options options;
static const char *property, *group;
static double percent_asked, count;
static int64_t check;

static int take_prior(void *target, const char *value) {
    (void)target;
    if (!strcmp(value, "flat")) options.prior_scale = INFINITY;
    else {
        char end;
        return sscanf(value, "laplace:%lf%c", &options.prior_scale, &end) == 1 &&
               options.prior_scale > 0;
    }
    return 1;
}

static const cli_option table[] = {
    {.kind = CLI_HEADING, .name = "The effect"},
    {.kind = CLI_REAL,
     .name = "effect",
     .argument = "W",
     .target = &options.effect,
     .least = -100,
     .most = 100,
     .help = "weight to be found, in log-odds; default 0.2"},
    {.kind = CLI_REAL,
     .name = "percent",
     .argument = "P",
     .target = &percent_asked,
     .least = 0.001,
     .most = 99.999,
     .help = "the same as a share: how often a response ahead in this property alone wins; 55 is "
             "--effect 0.2"},
    {.kind = CLI_REAL,
     .name = "power",
     .argument = "P",
     .target = &options.power,
     .least = 0.001,
     .most = 0.999,
     .help = "chance to find it; default 0.8"},
    {.kind = CLI_REAL,
     .advanced = 1,
     .name = "level",
     .argument = "P",
     .target = &options.level,
     .least = 0.5,
     .most = 0.999999,
     .help = "found: the sign is this sure; default 0.975 (the 95 % interval excludes zero)"},
    {.kind = CLI_CALL,
     .advanced = 1,
     .name = "prior",
     .argument = "laplace:B|flat",
     .call = take_prior,
     .help = "of the fit that will be made; default laplace:0.1"},
    {.kind = CLI_HEADING, .name = "The property"},
    {.kind = CLI_REAL,
     .name = "differs",
     .argument = "F",
     .target = &options.differs,
     .least = 1e-6,
     .most = 1e6,
     .help = "share of pairs in which the responses differ in it; default 0.3"},
    {.kind = CLI_REAL,
     .name = "shared",
     .argument = "R2",
     .target = &options.shared,
     .most = 0.9999,
     .help = "how much of it other properties already say; default 0"},
    {.kind = CLI_REAL,
     .name = "background",
     .argument = "SD",
     .target = &options.background,
     .most = 100,
     .help = "sd of the log-odds that the other properties make; default 0.5"},
    {.kind = CLI_TEXT,
     .name = "property",
     .argument = "NAME",
     .target = &property,
     .help = "take the three from data (--pairs, --features, ...): a property as frequent as this "
             "one; with --judgments also the background, of the judge's fit"},
    {.kind = CLI_HEADING, .name = "More"},
    {.kind = CLI_REAL,
     .name = "count",
     .argument = "N",
     .target = &count,
     .least = 1,
     .most = 1e12,
     .help = "also: the power of so many pairs"},
    {.kind = CLI_INT64,
     .advanced = 1,
     .name = "check",
     .argument = "STUDIES",
     .target = &check,
     .least = 1,
     .most = 1000000,
     .help = "also: simulate and fit so many studies of the size found"},
    {.kind = CLI_TEXT,
     .name = "group",
     .argument = "NAME",
     .target = &group,
     .help = "the background of this group's fit",
     .advanced = 1},
    {.kind = CLI_END},
};

static const cli_program program = {
    .name = "pdx-power",
    .purpose = "how many pairs does an effect need?",
    .usage = "pdx-power --percent 55 --differs 0.3\n"
             "       pdx-power --effect 0.2 --property words --pairs pairs.jsonl",
    .tables = {table, cli_data_table},
    .output_argument = "FILE",
    .output_help = "the answer; default standard output",
    .formats = 1,
};

static void describe(void) {
    pdx_dataset *dataset;
    pdx_judgments *judgments = NULL;
    pdx_study *study = NULL;
    const pdx_posterior *fit = NULL;
    if (cli_data.judgments.count || cli_data.labels.count || cli_data.verdicts.count) {
        cli_load(&dataset, &judgments);
        fit_now(&study, dataset, judgments, 0);
        fit = choose_fit(study, cli_data.judges.count ? cli_data.judges.items[0] : NULL, group);
    } else {
        cli_load_dataset(&dataset);
    }
    int32_t number = pdx_schema_find(pdx_dataset_schema(dataset), property);
    if (number < 0) cli_fail(CLI_BAD_INPUT, "--property: there is no property '%s'", property);
    cli_read(pdx_power_describe(&options, dataset, number, fit));
    if (!(options.differs > 0))
        cli_fail(CLI_BAD_INPUT,
                 "--property: no pair differs in '%s', so no number of such pairs "
                 "shows its effect",
                 property);
    pdx_study_free(study);
    pdx_judgments_free(judgments);
    pdx_dataset_free(dataset);
}

int main(int argc, char **argv) {
    double pairs, of_count = NAN;
    pdx_rate seen = {NAN, NAN, NAN, 0};
    pdx_power_options_init(&options);
    cli_parse(&program, argc, argv);
    if (percent_asked > 0) options.effect = log(percent_asked / (100 - percent_asked));
    if (property) describe();
    else if (cli_data_given()) cli_fail(CLI_BAD_INPUT, "data, but of what? Give --property NAME");
    options.seed = (uint64_t)cli.seed;
    options.threads = cli.threads;
    options.hooks = cli_hooks();
    cli_read(pdx_power_pairs(&pairs, &options));
    if (count > 0) cli_read(pdx_power_of(&of_count, count, &options));
    if (check) {
        if (pairs > 1e7)
            cli_fail(CLI_BAD_INPUT, "--check: studies of %.0f pairs are too large", pairs);
        cli_read(pdx_power_simulated(&seen, (int64_t)pairs, check, &options));
    }
    cli_sink sink;
    cli_sink_open(&sink);
    FILE *f = sink.stream;
    const double numbers[] = {
        options.effect, options.differs, options.shared, options.background,
        options.power,  options.level,   pairs,          count > 0 ? count : NAN,
        of_count,       seen.value,      seen.low,       seen.high};
    static const char *const names[] = {"effect",          "differs",       "shared",
                                        "background",      "power",         "level",
                                        "pairs",           "count",         "power_of_count",
                                        "power_simulated", "simulated_low", "simulated_high"};
    enum { NUMBERS = sizeof names / sizeof *names };
    if (cli.format == CLI_FORMAT_JSON) {
        fputs("{\"format\":\"prefdissect.power\",\"version\":1", f);
        for (int i = 0; i < NUMBERS; ++i) {
            fprintf(f, ",\"%s\":", names[i]);
            print_number(f, numbers[i]);
        }
        fputs("}\n", f);
    } else if (cli.format == CLI_FORMAT_CSV) {
        for (int i = 0; i < NUMBERS; ++i) fprintf(f, "%s%s", i ? "," : "", names[i]);
        fputc('\n', f);
        for (int i = 0; i < NUMBERS; ++i) {
            if (i) fputc(',', f);
            if (isfinite(numbers[i])) print_number(f, numbers[i]);
        }
        fputc('\n', f);
    } else {
        double share = 100 / (1 + exp(-fabs(options.effect)));
        fprintf(f, "%.0f pairs, one judgment each\n\n", pairs);
        cli_print_paragraph(f, "",
                            "find an effect of %.2f (%.1f %% to %.1f %%) in %.0f of 100 studies, "
                            "for a property in which %.0f %% of the pairs differ, of which the "
                            "other properties say %.0f %%, beside a background of sd %.2f.",
                            fabs(options.effect), share, 100 - share, 100 * options.power,
                            100 * options.differs, 100 * options.shared, options.background);
        if (count > 0)
            fprintf(f, "\n%.0f pairs find it in %.1f of 100 studies.\n", count, 100 * of_count);
        if (check)
            fprintf(f, "\nSimulated: found in %.1f of 100 studies (%.1f to %.1f).\n",
                    100 * seen.value, 100 * seen.low, 100 * seen.high);
    }
    cli_sink_finish(&sink, cli.output);
    return CLI_DONE;
}
