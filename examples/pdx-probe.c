/* pdx-probe: do a judge's weights cause anything, and how far can a benchmark be moved by pleasing
 * it? Each step reads files and writes one: edit or arms, judge, report. */
#include "analysis_write.h"
#include "cli_http.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probe_table.h"

static cli_list words, names, fits, outputs;
static const char *edits_file, *texts, *group, *baseline, *questions, *arms_file;
static const char *grades, *plain, *format_name, *svg, *html;
static int32_t list_edits, inverted;
static double threshold = 0.6;
static pdx_probe_write_options writing;
static pdx_arms_options choosing;
static pdx_generate_options generating;
static int64_t draws = 1000;

static const cli_option edit_table[] = {
    {.kind = CLI_HEADING, .name = "edit: copies of pairs with one response edited"},
    {.kind = CLI_LIST,
     .name = "edit",
     .argument = "NAME",
     .target = &names,
     .help = "only this edit; repeatable; --list shows them"},
    {.kind = CLI_TEXT,
     .name = "edits",
     .argument = "FILE",
     .target = &edits_file,
     .help = "edits of your own (probe.h tells their form)"},
    {.kind = CLI_TEXT,
     .name = "texts",
     .argument = "FILE",
     .target = &texts,
     .help = "texts edited elsewhere: {\"pair\", \"edit\", \"side\", \"response\"} a line",
     .advanced = 1},
    {.kind = CLI_CHOICE,
     .name = "side",
     .argument = "random|a|b|both",
     .target = &writing.side,
     .help = "which response is edited; default random, one a pair",
     .advanced = 1},
    {.kind = CLI_INT64,
     .name = "limit",
     .argument = "N",
     .target = &writing.limit,
     .most = 9e15,
     .help = "only the first N pairs (edit) or queries (arms)",
     .advanced = 1},
    {.kind = CLI_SWITCH, .name = "list", .target = &list_edits, .help = "show the edits and leave"},
    {.kind = CLI_HEADING, .name = "arms: answers that please or displease the judge"},
    {.kind = CLI_LIST,
     .name = "fits",
     .argument = "FILE",
     .target = &fits,
     .help = "fits.json of pdx-fit: what the judge weighs; repeatable"},
    {.kind = CLI_TEXT,
     .name = "group",
     .argument = "NAME",
     .target = &group,
     .help = "report: the fit of this group",
     .advanced = 1},
    {.kind = CLI_INT32,
     .name = "top",
     .argument = "K",
     .target = &choosing.top,
     .least = 1,
     .most = 1000,
     .help = "properties that a message asks for; default 3",
     .advanced = 1},
    {.kind = CLI_TEXT,
     .name = "arms",
     .argument = "FILE",
     .target = &arms_file,
     .help = "arms.json with messages of your own, in place of those from the fits",
     .advanced = 1},
    {.kind = CLI_LIST,
     .name = "outputs",
     .argument = "FILE",
     .target = &outputs,
     .help = "model_outputs.json made elsewhere, or MT-bench's answers; repeatable"},
    {.kind = CLI_TEXT,
     .name = "baseline",
     .argument = "FILE|NAME",
     .target = &baseline,
     .help = "what all arms are compared with: outputs, or an arm"},
    {.kind = CLI_TEXT,
     .name = "questions",
     .argument = "FILE",
     .target = &questions,
     .help = "question.jsonl of MT-bench's answers",
     .advanced = 1},
    {.kind = CLI_TEXT,
     .name = "url",
     .argument = "URL[,URL]",
     .target = &cli_http.url,
     .help = "arms: the server that answers; grade: that grades"},
    {.kind = CLI_TEXT,
     .name = "model",
     .argument = "NAME",
     .target = &cli_http.model,
     .help = "the name that the server knows it by"},
    {.kind = CLI_REAL,
     .name = "temperature",
     .argument = "T",
     .target = &generating.temperature,
     .most = 100,
     .help = "default: the server's",
     .advanced = 1},
    {.kind = CLI_INT64,
     .name = "max-output",
     .argument = "TOKENS",
     .target = &generating.max_tokens,
     .least = 1,
     .most = 1e9,
     .help = "longest answer; default 1024",
     .advanced = 1},
    {.kind = CLI_SWITCH,
     .name = "reasoning",
     .target = &generating.reasoning,
     .help = "a model that takes max_completion_tokens and no temperature",
     .advanced = 1},
    {.kind = CLI_HEADING, .name = "report and export"},
    {.kind = CLI_TEXT,
     .name = "grades",
     .argument = "FILE",
     .target = &grades,
     .help = "report: what grade wrote",
     .advanced = 1},
    {.kind = CLI_TEXT,
     .name = "html",
     .argument = "FILE",
     .target = &html,
     .help = "report: the judge's page with a section on this, as pdx-report makes it",
     .advanced = 1},
    {.kind = CLI_TEXT,
     .name = "svg",
     .argument = "FILE",
     .target = &svg,
     .help = "report: draw the edits, predicted against measured",
     .advanced = 1},
    {.kind = CLI_TEXT,
     .name = "plain",
     .argument = "ARM",
     .target = &plain,
     .help = "report: the arm that shifts are measured from; default plain",
     .advanced = 1},
    {.kind = CLI_INT64,
     .name = "draws",
     .argument = "N",
     .target = &draws,
     .least = 40,
     .most = 1e6,
     .help = "of the posterior and the bootstrap; default 1000",
     .advanced = 1},
    {.kind = CLI_TEXT,
     .name = "to",
     .argument = "FORMAT",
     .target = &format_name,
     .help = "export: alpacaeval, mtbench or preferences (prompt, chosen, rejected)",
     .advanced = 1},
    {.kind = CLI_REAL,
     .name = "threshold",
     .argument = "P",
     .target = &threshold,
     .least = 0.5,
     .most = 0.999999,
     .help = "preferences: how sure the posterior must be; default 0.6",
     .advanced = 1},
    {.kind = CLI_SWITCH,
     .name = "inverted",
     .target = &inverted,
     .help = "preferences: choose what the judge would reject",
     .advanced = 1},
    {.kind = CLI_END},
};

static const cli_program program = {
    .name = "pdx-probe",
    .purpose = "what a judge's weights cause, and how far pleasing it moves a benchmark",
    .usage =
        "pdx-probe edit --pairs pairs.jsonl -o probe.jsonl\n"
        "       pdx-probe arms --fits F --pairs P --url URL --model M --baseline plain -o DIR\n"
        "       pdx-probe judge local|http ...         (as pdx-judge)\n"
        "       pdx-probe grade --outputs FILE --url URL --model M -o grades.jsonl\n"
        "       pdx-probe report --pairs probe.jsonl --judgments J --fits fits.json\n"
        "       pdx-probe export --to FORMAT --pairs P --judgments J -o FILE",
    .tables = {edit_table, cli_http_table, cli_data_table},
    .words = &words,
    .output_argument = "FILE|DIR",
    .output_help = "what the step writes; report: probe.json, default a table",
    .formats = 1,
};

/* ---- steps ---- */

static void need(int given, const char *what) {
    if (!given) cli_fail(CLI_BAD_INPUT, "%s needs %s (see --help)", words.items[0], what);
}

static pdx_edits *open_edits(void) {
    pdx_edits *edits;
    cli_read(pdx_edits_create(&edits, edits_file));
    return edits;
}

static void show_edits(void) {
    pdx_edits *edits = open_edits();
    for (int32_t i = 0; i < pdx_edits_count(edits); ++i) {
        pdx_edit edit;
        cli_read(pdx_edits_get(edits, i, &edit));
        printf("%-22s %s%s\n", edit.name, edit.what, edit.content ? " (content)" : "");
    }
    pdx_edits_free(edits);
}

static void step_edit(void) {
    if (list_edits) {
        show_edits();
        return;
    }
    pdx_dataset *dataset;
    pdx_probe_counts counts;
    need(cli.output != NULL, "-o");
    cli_load_dataset(&dataset);
    pdx_edits *edits = open_edits();
    writing.edits = names.count ? names.items : NULL;
    writing.edit_count = names.count;
    writing.texts = texts;
    writing.seed = (uint64_t)cli.seed;
    writing.hooks = cli_hooks();
    pdx_status status = pdx_probe_write(&counts, dataset, edits, cli.output, &writing);
    if (status == PDX_EIO) cli_write(status);
    cli_read(status);
    cli_note("%lld originals and %lld edited copies; %lld edits change nothing, %lld responses are "
             "empty",
             (long long)counts.originals, (long long)counts.edited, (long long)counts.unchanged,
             (long long)counts.empty);
    pdx_edits_free(edits);
    pdx_dataset_free(dataset);
}

/* Hands over to pdx-judge, which stands beside this program or on the PATH. */
static void step_judge(int argc, char **argv) {
    char path[CLI_PATH];
    const char *slash = strrchr(argv[0], '/');
    char **arguments = calloc((size_t)argc + 1, sizeof *arguments);
    if (!arguments) cli_fail(CLI_OUTSIDE, "out of memory");
    snprintf(path, sizeof path, "%.*spdx-judge", slash ? (int)(slash + 1 - argv[0]) : 0, argv[0]);
    arguments[0] = path;
    for (int i = 2; i < argc; ++i) arguments[i - 1] = argv[i];
    execvp(path, arguments);
    fprintf(stderr, "pdx-probe: cannot run %s\n", path);
    exit(CLI_OUTSIDE);
}

static pdx_arms *get_arms(void) {
    pdx_arms *arms;
    pdx_study *study;
    pdx_schema *schema = NULL;
    if (arms_file) {
        cli_read(pdx_arms_load(&arms, arms_file));
        return arms;
    }
    need(fits.count, "--fits or --arms");
    load_fits(&study, &fits, &(cli_list){.count = 0});
    if (cli_data.schema && pdx_schema_builtin(&schema, cli_data.schema) != PDX_OK)
        cli_read(pdx_schema_load(&schema, cli_data.schema));
    choosing.judge = cli_data.judges.count ? cli_data.judges.items[0] : NULL;
    choosing.seed = (uint64_t)cli.seed;
    cli_read(pdx_arms_choose(&arms, study, schema, &choosing));
    pdx_schema_free(schema);
    pdx_study_free(study);
    return arms;
}

static void tell_generated(const pdx_generate_result *r, const char *noun) {
    cli_note("%lld %s, %lld of them from an earlier run, %lld empty", (long long)r->answers, noun,
             (long long)r->resumed, (long long)r->empty);
    if (r->failed) cli_note("%lld are missing", (long long)r->failed);
}

/* Answers of every arm over HTTP; their files join `outputs`. */
static void generate(const pdx_arms *arms) {
    static char paths[16][CLI_PATH];
    pdx_dataset *dataset;
    pdx_generate_result result;
    need(cli_http.model != NULL, "--model");
    cli_load_dataset(&dataset);
    generating.limit = writing.limit;
    generating.hooks = cli_hooks();
    generating.seed = (uint64_t)cli.seed;
    pdx_status status =
        pdx_arms_generate(&result, arms, dataset, cli.output, &cli_http, &generating);
    tell_generated(&result, "answers");
    if (status == PDX_EIO) cli_write(status);
    cli_read(status);
    for (int32_t a = 0; a < pdx_arms_count(arms) && a < 16; ++a) {
        char name[80];
        snprintf(name, sizeof name, "%.70s.json", pdx_arms_name(arms, a));
        cli_join(paths[a], cli.output, name);
        outputs.items[outputs.count++] = paths[a];
    }
    pdx_dataset_free(dataset);
}

static void pair_outputs(void) {
    char path[CLI_PATH], of_arm[CLI_PATH], name[80];
    pdx_outputs_counts counts;
    pdx_hooks hooks = cli_hooks();
    cli_list others = {.count = 0};
    const char *file = baseline;
    snprintf(name, sizeof name, "%.70s.json", baseline);
    cli_join(of_arm, cli.output, name);
    if (access(file, R_OK) != 0 && access(of_arm, R_OK) == 0) file = of_arm;
    for (int32_t i = 0; i < outputs.count; ++i)
        if (strcmp(outputs.items[i], file)) others.items[others.count++] = outputs.items[i];
    cli_join(path, cli.output, "pairs.jsonl");
    cli_read(pdx_outputs_pair(&counts, others.items, others.count, file, questions, path, &hooks));
    cli_note(
        "%lld pairs in %s; %lld answers are missing, %lld are to other queries, %lld pairs have "
        "an empty response",
        (long long)counts.pairs, path, (long long)counts.missing, (long long)counts.foreign,
        (long long)counts.empty);
}

static void step_arms(void) {
    need(cli.output != NULL, "-o");
    cli_make_folder(cli.output);
    if (arms_file || fits.count) {
        char path[CLI_PATH];
        pdx_arms *arms = get_arms();
        cli_join(path, cli.output, "arms.json");
        cli_write(pdx_arms_save(arms, path));
        if (cli_http.url) generate(arms);
        pdx_arms_free(arms);
    } else need(outputs.count, "--fits, --arms or --outputs");
    if (baseline) {
        need(outputs.count, "--url or --outputs beside --baseline");
        pair_outputs();
    }
}

static void step_grade(void) {
    pdx_generate_result result;
    need(outputs.count, "--outputs");
    need(cli.output && cli_http.url && cli_http.model, "-o, --url and --model");
    generating.hooks = cli_hooks();
    generating.seed = (uint64_t)cli.seed;
    pdx_status status = pdx_outputs_grade(&result, outputs.items, outputs.count, questions,
                                          cli.output, &cli_http, &generating);
    tell_generated(&result, "texts");
    if (status == PDX_EIO) cli_write(status);
    cli_read(status);
    if (result.ungraded) cli_note("%lld hold no grade", (long long)result.ungraded);
}

/* The fit from --fits, or one made now of the originals. */
static const pdx_posterior *get_fit(pdx_study **study, int of_edits) {
    const char *judge = cli_data.judges.count ? cli_data.judges.items[0] : NULL;
    if (fits.count) {
        load_fits(study, &fits, &(cli_list){.count = 0});
        return choose_fit(*study, judge, group);
    }
    if (!of_edits) return NULL;
    pdx_dataset *originals;
    pdx_judgments *judgments;
    cli_list before = cli_data.where;
    cli_data.where.items[cli_data.where.count++] = "probe_edit=none";
    cli_load(&originals, &judgments);
    cli_data.where = before;
    fit_now(study, originals, judgments, 0);
    pdx_judgments_free(judgments);
    pdx_dataset_free(originals);
    return choose_fit(*study, judge, group);
}

static void report_edits(const pdx_dataset *dataset, const pdx_judgments *judgments) {
    pdx_study *study = NULL;
    pdx_probe *probe;
    pdx_probe_options options;
    pdx_probe_options_init(&options);
    options.draws = draws;
    options.seed = (uint64_t)cli.seed;
    cli_read(pdx_probe_measure(&probe, dataset, judgments, get_fit(&study, 1), &options));
    show_probe(probe, study, svg, html);
    if (cli.format == CLI_FORMAT_JSON)
        cli_write(pdx_probe_save(probe, cli.output ? cli.output : "/dev/stdout"));
    else {
        cli_sink sink;
        cli_sink_open(&sink);
        if (cli.format == CLI_FORMAT_CSV) print_probe_csv(sink.stream, probe);
        else print_probe_table(sink.stream, probe);
        cli_sink_finish(&sink, cli.output);
    }
    pdx_probe_free(probe);
    pdx_study_free(study);
}

static void report_arms(const pdx_dataset *dataset, const pdx_judgments *judgments) {
    pdx_study *study = NULL;
    pdx_shift *shift;
    pdx_shift_options options;
    pdx_shift_options_init(&options);
    options.judge = cli_data.judges.count ? cli_data.judges.items[0] : NULL;
    options.plain = plain;
    options.grades = grades;
    options.draws = draws;
    options.seed = (uint64_t)cli.seed;
    options.hooks = cli_hooks();
    cli_read(pdx_shift_measure(&shift, dataset, judgments, get_fit(&study, 0), &options));
    show_shift(shift, study, svg, html);
    if (cli.format == CLI_FORMAT_JSON)
        cli_write(pdx_shift_save(shift, cli.output ? cli.output : "/dev/stdout"));
    else {
        cli_sink sink;
        cli_sink_open(&sink);
        if (cli.format == CLI_FORMAT_CSV) print_shift_csv(sink.stream, shift);
        else print_shift_table(sink.stream, shift);
        cli_sink_finish(&sink, cli.output);
    }
    pdx_shift_free(shift);
    pdx_study_free(study);
}

/* Pairs that pdx-probe edit wrote say so. */
static void step_report(void) {
    pdx_dataset *dataset;
    pdx_judgments *judgments;
    const char *edit = NULL;
    need(cli_data.judgments.count, "--judgments");
    cli_load(&dataset, &judgments);
    if (pdx_dataset_count(dataset)) cli_read(pdx_dataset_text(dataset, 0, "probe_edit", &edit));
    if (edit) report_edits(dataset, judgments);
    else report_arms(dataset, judgments);
    pdx_judgments_free(judgments);
    pdx_dataset_free(dataset);
}

static void step_export(void) {
    pdx_dataset *dataset;
    pdx_judgments *judgments = NULL;
    pdx_study *study = NULL;
    pdx_export_counts counts = {0};
    const char *judge = cli_data.judges.count ? cli_data.judges.items[0] : NULL;
    need(format_name && cli.output, "--to and -o");
    int to_train = !strcmp(format_name, "preferences");
    if (!to_train && strcmp(format_name, "alpacaeval") && strcmp(format_name, "mtbench"))
        cli_fail(CLI_BAD_INPUT, "--to: '%s' is not alpacaeval, mtbench or preferences",
                 format_name);
    if (to_train) {
        need(fits.count, "--fits for preferences");
        cli_load_dataset(&dataset);
        load_fits(&study, &fits, &(cli_list){.count = 0});
        cli_read(pdx_export_preferences(&counts, dataset, choose_fit(study, judge, group),
                                        threshold, inverted, cli.output));
    } else {
        need(cli_data.judgments.count, "--judgments");
        cli_load(&dataset, &judgments);
        cli_read(!strcmp(format_name, "alpacaeval")
                     ? pdx_export_alpacaeval(&counts, dataset, judgments, judge, cli.output)
                     : pdx_export_mtbench(&counts, dataset, judgments, judge, cli.output));
    }
    cli_note("%lld rows, %lld of them without a verdict; %lld pairs left out",
             (long long)counts.rows, (long long)counts.no_verdict, (long long)counts.left_out);
    pdx_study_free(study);
    pdx_judgments_free(judgments);
    pdx_dataset_free(dataset);
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*run)(void);
    } steps[] = {{"edit", step_edit},
                 {"arms", step_arms},
                 {"grade", step_grade},
                 {"report", step_report},
                 {"export", step_export}};
    if (argc > 1 && !strcmp(argv[1], "judge")) step_judge(argc, argv);
    pdx_probe_write_options_init(&writing);
    pdx_arms_options_init(&choosing);
    pdx_generate_options_init(&generating);
    pdx_http_options_init(&cli_http);
    cli_parse(&program, argc, argv);
    for (size_t i = 0; words.count == 1 && i < sizeof steps / sizeof *steps; ++i)
        if (!strcmp(words.items[0], steps[i].name)) {
            steps[i].run();
            return CLI_DONE;
        }
    cli_fail(CLI_BAD_INPUT, "what is to be done? (edit, arms, judge, grade, report or export)");
}
