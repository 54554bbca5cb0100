/* pdx-simulate: a study whose truth is known, in our file formats: to learn the tools on, to test
 * them, and to see how much data an effect needs. */
#include "cli.h"

#include <stdlib.h>

static pdx_simulate_options options;
static const char *schema_named;
static int32_t by_cut;

static const cli_option table[] = {
    {.kind = CLI_HEADING, .name = "Study"},
    {.kind = CLI_INT64,
     .name = "pairs",
     .argument = "N",
     .target = &options.pairs,
     .least = 1,
     .most = 1e8,
     .help = "pairs of responses; default 1200"},
    {.kind = CLI_INT32,
     .name = "scenarios",
     .argument = "N",
     .target = &options.scenarios,
     .least = 1,
     .most = 16,
     .help = "groups of pairs; default 4"},
    {.kind = CLI_INT32,
     .name = "judges",
     .argument = "N",
     .target = &options.judges,
     .least = 1,
     .most = 1000,
     .help = "default 3: human, model-strong, model-weak; more are drawn at random"},
    {.kind = CLI_REAL,
     .name = "ties",
     .argument = "SHARE",
     .target = &options.ties,
     .most = 0.95,
     .help = "share of the human's verdicts that are ties; default 0.1"},
    {.kind = CLI_CHOICE,
     .name = "tie-model",
     .argument = "davidson|ordinal",
     .target = &by_cut,
     .help = "how ties come about; default davidson",
     .advanced = 1},
    {.kind = CLI_INT32,
     .name = "repeats",
     .argument = "N",
     .target = &options.repeats,
     .least = 1,
     .most = 1000,
     .help = "how often the human judges each order; default 1"},
    {.kind = CLI_REAL,
     .name = "zeros",
     .argument = "SHARE",
     .target = &options.zeros,
     .most = 0.999,
     .help = "share of properties in which a pair does not differ; default 0.7"},
    {.kind = CLI_REAL,
     .name = "weight-scale",
     .argument = "B",
     .target = &options.prior_scale,
     .most = 100,
     .help = "how strong the tastes are: Laplace(0, B); default 0.3"},
    {.kind = CLI_REAL,
     .name = "scenario-sd",
     .argument = "SD",
     .target = &options.scenario_sd,
     .most = 100,
     .help = "how far tastes differ between scenarios; default 0.1"},
    {.kind = CLI_INT32,
     .name = "factors",
     .argument = "N",
     .target = &options.factors,
     .least = 1,
     .most = 100,
     .help = "hidden factors that make properties go together; default 4",
     .advanced = 1},
    {.kind = CLI_TEXT,
     .name = "schema",
     .argument = "FILE|NAME",
     .target = &schema_named,
     .help = "the properties: schema.json, li2024 (default) or surface",
     .advanced = 1},
    {.kind = CLI_END},
};

static const cli_program program = {
    .name = "pdx-simulate",
    .purpose = "a study of judges whose true tastes are known",
    .usage = "pdx-simulate -o DIR",
    .tables = {table},
    .closing =
        "DIR gets pairs.jsonl, features.jsonl, schema.json, judgments.jsonl and truth.json. Then:\n"
        "  pdx-fit --pairs DIR/pairs.jsonl --features DIR/features.jsonl --names DIR/schema.json "
        "\\\n"
        "          --judgments DIR/judgments.jsonl --group-by scenario",
    .output_argument = "DIR",
    .output_help = "the folder for the files; made where it is absent",
};

/* {"id": "...", "scenario": "..."}: simulated pairs have properties but no texts. */
static void write_pairs(const pdx_dataset *dataset, const char *path) {
    int64_t n = pdx_dataset_count(dataset);
    const char **scenario = calloc((size_t)n + 1, sizeof *scenario);
    int64_t *pairs = calloc((size_t)n + 1, sizeof *pairs);
    if (!scenario || !pairs) cli_fail(CLI_OUTSIDE, "out of memory");
    for (int32_t g = 0; g < pdx_dataset_group_count(dataset); ++g) {
        cli_read(pdx_dataset_group_pairs(dataset, g, pairs));
        for (int64_t i = 0; i < pdx_dataset_group_size(dataset, g); ++i)
            scenario[pairs[i]] = pdx_dataset_group_name(dataset, g);
    }
    cli_sink sink;
    cli_sink_open(&sink);
    for (int64_t i = 0; i < n; ++i) {
        fputs("{\"id\": ", sink.stream);
        cli_print_json(sink.stream, pdx_dataset_id(dataset, i));
        if (scenario[i]) {
            fputs(", \"scenario\": ", sink.stream);
            cli_print_json(sink.stream, scenario[i]);
        }
        fputs("}\n", sink.stream);
    }
    cli_sink_finish(&sink, path);
    free(scenario);
    free(pairs);
}

int main(int argc, char **argv) {
    pdx_schema *schema = NULL;
    pdx_dataset *dataset;
    pdx_judgments *judgments;
    pdx_study *truth;
    char path[CLI_PATH];
    pdx_simulate_options_init(&options);
    cli_parse(&program, argc, argv);
    if (!cli.output) cli_fail(CLI_BAD_INPUT, "where to? Give -o DIR");
    if (schema_named && pdx_schema_builtin(&schema, schema_named) != PDX_OK)
        cli_read(pdx_schema_load(&schema, schema_named));
    options.schema = schema;
    options.seed = (uint64_t)cli.seed;
    options.hooks = cli_hooks();
    options.tie_model = by_cut ? PDX_TIES_ORDINAL : PDX_TIES_DAVIDSON;

    cli_read(pdx_simulate(&dataset, &judgments, &truth, &options));

    cli_make_folder(cli.output);
    cli_join(path, cli.output, "pairs.jsonl");
    write_pairs(dataset, path);
    cli_join(path, cli.output, "features.jsonl");
    cli_write(pdx_dataset_save_features(dataset, path));
    cli_join(path, cli.output, "schema.json");
    cli_write(pdx_schema_save(pdx_dataset_schema(dataset), path));
    cli_join(path, cli.output, "judgments.jsonl");
    cli_write(pdx_judgments_save(judgments, dataset, path));
    cli_join(path, cli.output, "truth.json");
    cli_write(pdx_study_save(truth, path));
    cli_note("%lld pairs and %lld judgments by %d judges written to %s",
             (long long)pdx_dataset_count(dataset), (long long)pdx_judgments_count(judgments),
             pdx_judgments_judge_count(judgments), cli.output);

    pdx_study_free(truth);
    pdx_judgments_free(judgments);
    pdx_dataset_free(dataset);
    pdx_schema_free(schema);
    return CLI_DONE;
}
