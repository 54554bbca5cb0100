/* pdx-annotate: the properties of responses, rated by a language model behind HTTP. */
#include "cli_http.h"

#include <math.h>
#include <string.h>

enum { RUN, STATUS, RESOLVE, BATCH_WRITE, BATCH_READ, IMPORT, WAYS };
static const char *const ways[WAYS] = {"run",         "status",     "resolve",
                                       "batch-write", "batch-read", "import"};

static pdx_annotator_options asked;
static pdx_annotate_options run;
static pdx_dataset_files files;
static const char *schema_path, *where, *results, *labelled;
static cli_list words;
static int32_t dry_run, strict, differences;

static const cli_option table[] = {
    {.kind = CLI_HEADING, .name = "What is annotated, by what"},
    {.kind = CLI_TEXT,
     .name = "pairs",
     .argument = "FILE",
     .target = &files.pairs,
     .help = "pairs.jsonl with query, response_a, response_b"},
    {.kind = CLI_TEXT,
     .name = "url",
     .argument = "URL[,URL]",
     .target = &cli_http.url,
     .help = "the server, \"http://127.0.0.1:8000\"; several share the work"},
    {.kind = CLI_TEXT,
     .name = "model",
     .argument = "NAME",
     .target = &cli_http.model,
     .help = "the annotator's name as the server knows it"},
    {.kind = CLI_TEXT,
     .name = "annotations",
     .argument = "FILE",
     .target = &files.annotations,
     .help = "status, resolve: annotations.jsonl; batch-write: what it or its journal answers is "
             "left out"},
    {.kind = CLI_TEXT,
     .name = "schema",
     .argument = "FILE",
     .target = &schema_path,
     .help = "the properties, schema.json; default: the 29 of Li et al. 2024"},
    {.kind = CLI_TEXT,
     .name = "where",
     .argument = "F=V[,F=V]",
     .target = &where,
     .help = "only pairs whose fields have these values",
     .advanced = 1},
    {.kind = CLI_INT64,
     .name = "limit",
     .argument = "N",
     .target = &run.limit,
     .most = 9e15,
     .help = "only the first N pairs",
     .advanced = 1},
    {.kind = CLI_SWITCH,
     .name = "only-failed",
     .target = &run.only_failed,
     .help = "only pairs with a failed row; good rows stay, whichever model made them"},
    {.kind = CLI_HEADING, .name = "How it is asked"},
    {.kind = CLI_TEXT,
     .name = "stages",
     .argument = "S,S",
     .target = &asked.stages,
     .help = "of query, reference, query-free, query-aware, query-specific, error, scenario; "
             "default: what the schema needs, and scenario where a pair has none"},
    {.kind = CLI_INT32,
     .name = "repeats",
     .argument = "N",
     .target = &asked.repeats,
     .least = 1,
     .most = 1000,
     .help = "independent annotations of each pair, for their noise; default 1"},
    {.kind = CLI_CHOICE,
     .name = "show",
     .argument = "random|both|AB|BA",
     .target = &asked.show,
     .help = "which response comes first: drawn from --seed for each pair (default), or both",
     .advanced = 1},
    {.kind = CLI_SWITCH,
     .name = "single",
     .target = &asked.single,
     .help = "responses are rated one by one, not side by side",
     .advanced = 1},
    {.kind = CLI_TEXT,
     .name = "prompts",
     .argument = "FOLDER",
     .target = &asked.prompts,
     .help = "prompt files in place of the installed ones (share/prefdissect/prompts)"},
    {.kind = CLI_CHOICE,
     .name = "structured",
     .argument = "auto|schema|json-schema|json|none",
     .target = &asked.structured,
     .help = "how JSON is asked for; default: found out by one probe request",
     .advanced = 1},
    {.kind = CLI_INT32,
     .name = "corrections",
     .argument = "N",
     .target = &asked.corrections,
     .most = 20,
     .help = "times that an unusable answer is sent back with the reason; default 2",
     .advanced = 1},
    {.kind = CLI_REAL,
     .name = "temperature",
     .argument = "T",
     .target = &asked.temperature,
     .least = 0,
     .most = 100,
     .help = "default: 0, with repeats the server's own",
     .advanced = 1},
    {.kind = CLI_INT64,
     .name = "max-output",
     .argument = "TOKENS",
     .target = &asked.max_tokens,
     .least = 16,
     .most = 1e9,
     .help = "longest answer, thinking included; default 4096",
     .advanced = 1},
    {.kind = CLI_SWITCH,
     .name = "reasoning",
     .target = &asked.reasoning,
     .help = "a model that takes max_completion_tokens and no temperature",
     .advanced = 1},
    {.kind = CLI_TEXT,
     .name = "body",
     .argument = "JSON",
     .target = &asked.body,
     .help = "members for every request: '{\"top_p\": 0.9}'",
     .advanced = 1},
    {.kind = CLI_SWITCH,
     .name = "dry-run",
     .target = &dry_run,
     .help = "print the requests, and what all would cost; send nothing"},
    {.kind = CLI_TEXT,
     .name = "journal",
     .argument = "FILE",
     .target = &cli_http.journal,
     .help = "where every answer is kept; default: beside the annotations, with .journal added",
     .advanced = 1},
    {.kind = CLI_TEXT,
     .name = "results",
     .argument = "FILE",
     .target = &results,
     .help = "batch-read: the results of a batch",
     .advanced = 1},
    {.kind = CLI_SWITCH,
     .name = "differences",
     .target = &differences,
     .help = "resolve: differences of ratings in place of comparisons",
     .advanced = 1},
    {.kind = CLI_TEXT,
     .name = "label",
     .argument = "FILE",
     .target = &labelled,
     .help = "resolve: also write the pairs with their \"scenario\" and \"cases\" (facts of the "
             "query), "
             "for --group-by",
     .advanced = 1},
    {.kind = CLI_SWITCH,
     .name = "strict",
     .target = &strict,
     .help = "exit with 1 where rows failed",
     .advanced = 1},
    {.kind = CLI_END},
};

static const cli_program program = {
    .name = "pdx-annotate",
    .purpose = "properties of responses, rated by a language model",
    .usage = "pdx-annotate run --url URL --model NAME --pairs pairs.jsonl -o annotations.jsonl\n"
             "       pdx-annotate status --annotations annotations.jsonl\n"
             "       pdx-annotate resolve --pairs pairs.jsonl --annotations annotations.jsonl -o "
             "features.jsonl\n"
             "       pdx-annotate batch-write --model NAME --pairs pairs.jsonl --annotations A -o "
             "requests.jsonl\n"
             "       pdx-annotate batch-read --model NAME --pairs pairs.jsonl --results R -o A\n"
             "       pdx-annotate import FILE... -o annotations.jsonl",
    .tables = {table, cli_http_table},
    .closing =
        "What fails is asked again by the same command; what was answered is never asked twice. "
        "Batch files\nhold what can be asked now: write, have them answered, read, and again until "
        "nothing is left.\nimport takes the raw annotation files of Li et al. 2024. Then:\n"
        "  pdx-fit --pairs pairs.jsonl --annotations annotations.jsonl --judgments judgments.jsonl",
    .words = &words,
    .output_argument = "FILE",
    .output_help = "annotations.jsonl, features.jsonl or requests.jsonl",
    .formats = 1,
};

/* ---- what a file holds ---- */

static const char *const columns[] = {"rows",           "failed",    "refused",
                                      "not_applicable", "corrected", "input_tokens",
                                      "output_tokens",  "usd"};

static double cell(const pdx_annotate_stage *s, int column) {
    const double all[] = {(double)s->rows,          (double)s->failed,
                          (double)s->refused,       (double)s->not_applicable,
                          (double)s->corrected,     (double)s->input_tokens,
                          (double)s->output_tokens, s->usd};
    return all[column];
}

static void print_json(FILE *stream, const pdx_annotate_stage *stages) {
    fprintf(stream, "{\"stages\":{");
    for (int i = 0; i < PDX_ANNOTATE_STAGES; ++i) {
        fprintf(stream, "%s\"%s\":{", i ? "," : "", stages[i].name);
        for (int c = 0; c < 8; ++c) {
            fprintf(stream, "%s\"%s\":", c ? "," : "", columns[c]);
            double value = cell(&stages[i], c);
            fprintf(stream, isnan(value) ? "null" : "%.10g", value);
        }
        fprintf(stream, "}");
    }
    fprintf(stream, "}}\n");
}

static void print_table(FILE *stream, const pdx_annotate_stage *stages, const char *separator) {
    int csv = *separator == ',';
    fprintf(stream, csv ? "stage" : "%-14s", "stage");
    for (int c = 0; c < 8; ++c) fprintf(stream, csv ? ",%s" : " %14s", columns[c]);
    for (int i = 0; i < PDX_ANNOTATE_STAGES; ++i) {
        fprintf(stream, csv ? "\n%s" : "\n%-14s", stages[i].name);
        for (int c = 0; c < 8; ++c) {
            double value = cell(&stages[i], c);
            if (isnan(value)) fprintf(stream, csv ? "," : " %14s", "-");
            else fprintf(stream, csv ? ",%.10g" : " %14.10g", value);
        }
    }
    fprintf(stream, "\n");
}

static void tell_status(void) {
    pdx_annotate_stage stages[PDX_ANNOTATE_STAGES];
    cli_sink sink;
    cli_read(pdx_annotations_report(stages, files.annotations, cli_http.prices, cli_http.model));
    cli_sink_open(&sink);
    if (cli.format == CLI_FORMAT_JSON) print_json(sink.stream, stages);
    else print_table(sink.stream, stages, cli.format == CLI_FORMAT_CSV ? "," : " ");
    cli_sink_finish(&sink, cli.output);
}

/* ---- runs ---- */

static void tell(const pdx_annotate_result *r) {
    static const char *const formats[] = {"", "a strict schema", "a schema", "JSON",
                                          "the prompt alone"};
    cli_note("%lld pairs annotated; %lld rows made, %lld kept, %lld failed", (long long)r->pairs,
             (long long)r->rows, (long long)r->kept, (long long)r->failed);
    if (r->refused || r->unusable)
        cli_note("%lld refusals, %lld without a usable answer; their rows say why",
                 (long long)r->refused, (long long)r->unusable);
    if (r->requests)
        cli_note("%lld requests sent (asked for by %s), %.1f a second, %lld answers sent back",
                 (long long)r->requests, formats[r->structured],
                 (double)r->requests / fmax(r->seconds, 1e-3), (long long)r->corrections);
    cli_note("%lld tokens read and %lld written in all", (long long)r->input_tokens,
             (long long)r->output_tokens);
    if (!isnan(r->usd)) cli_note("%.6g USD spent in all", r->usd);
}

static void write_batch(pdx_annotator *annotator, pdx_dataset *dataset) {
    pdx_annotate_batch batch;
    const char *to = dry_run ? "-" : cli.output, *of = dry_run ? cli.output : files.annotations;
    cli_write(pdx_annotate_batch_write(&batch, annotator, dataset, to, of, &run));
    cli_note("%lld requests now, %lld later that depend on answers (at most); %lld are answered",
             (long long)batch.requests, (long long)batch.dependent, (long long)batch.answered);
    cli_note("about %lld tokens to read in all", (long long)batch.tokens);
    if (!isnan(batch.usd)) cli_note("about %.6g USD, at most %.6g", batch.usd, batch.usd_most);
}

static int annotate(int way, pdx_annotator *annotator, pdx_dataset *dataset) {
    pdx_annotate_result result;
    if (way == BATCH_READ) {
        pdx_annotate_batch batch;
        cli_read(pdx_annotate_batch_read(&batch, annotator, results, cli.output));
        cli_note("%lld results, %lld of them good", (long long)batch.requests,
                 (long long)batch.answered);
    }
    pdx_status status = pdx_annotate_run(&result, annotator, dataset, cli.output, &run);
    tell(&result);
    if (way == BATCH_READ && status == PDX_ENETWORK) {
        cli_note("what is missing comes with the next batch-write, or by run");
        status = PDX_OK;
    }
    if (status == PDX_EIO || status == PDX_EBUSY) cli_write(status);
    cli_read(status);
    return strict && result.failed ? CLI_NOT_HELD : CLI_DONE;
}

static int which_way(void) {
    int way = 0;
    while (way < WAYS && (words.count < 1 || strcmp(words.items[0], ways[way]))) ++way;
    if (way == WAYS)
        cli_fail(CLI_BAD_INPUT,
                 "what is to be done? (run, status, resolve, batch-write, batch-read, import)");
    if (words.count > 1 && way != IMPORT)
        cli_fail(CLI_BAD_INPUT, "'%s' is one word too many", words.items[1]);
    if (way == STATUS) {
        if (!files.annotations) cli_fail(CLI_BAD_INPUT, "status needs --annotations");
        return way;
    }
    if (!cli.output && !dry_run) cli_fail(CLI_BAD_INPUT, "%s needs -o", ways[way]);
    if (way == IMPORT) {
        if (words.count < 2) cli_fail(CLI_BAD_INPUT, "import needs the original's files");
        return way;
    }
    if (!files.pairs) cli_fail(CLI_BAD_INPUT, "%s needs --pairs", ways[way]);
    if (way == RESOLVE && !files.annotations)
        cli_fail(CLI_BAD_INPUT, "resolve needs --annotations");
    if (way != RESOLVE && !cli_http.model) cli_fail(CLI_BAD_INPUT, "%s needs --model", ways[way]);
    if (way == RUN && !cli_http.url && !dry_run) cli_fail(CLI_BAD_INPUT, "run needs --url");
    if (way == BATCH_READ && !results) cli_fail(CLI_BAD_INPUT, "batch-read needs --results");
    if (dry_run && way != RUN) cli_fail(CLI_BAD_INPUT, "--dry-run is for run");
    if (cli_http.max_usd > 0 && !cli_http.prices)
        cli_fail(CLI_BAD_INPUT, "--max-usd needs --prices");
    return way;
}

static void resolve(pdx_dataset_options *data) {
    pdx_dataset *dataset;
    data->values = differences ? PDX_VALUES_DIFFERENCE : PDX_VALUES_COMPARISON;
    cli_read(pdx_dataset_load(&dataset, &files, data));
    cli_write(pdx_dataset_save_features(dataset, cli.output));
    if (labelled) cli_write(pdx_annotations_label(files.pairs, files.annotations, labelled));
    cli_note("%lld pairs resolved", (long long)pdx_dataset_count(dataset));
    for (int32_t i = 0; i < pdx_dataset_left_out(dataset); ++i) {
        int64_t number;
        const char *reason = pdx_dataset_left_out_reason(dataset, i, &number);
        cli_note("%lld left out: %s", (long long)number, reason);
    }
    pdx_dataset_free(dataset);
}

static void import_original(void) {
    pdx_annotate_result result;
    for (int32_t i = 1; i < words.count; ++i) cli_need_file(words.items[i], 0);
    pdx_status status = pdx_annotate_import(&result, words.items + 1, words.count - 1, cli.output);
    if (status == PDX_EIO) cli_write(status);
    cli_read(status);
    cli_note("%lld rows, %lld failed", (long long)result.rows, (long long)result.failed);
}

int main(int argc, char **argv) {
    pdx_dataset_options data;
    pdx_dataset *dataset;
    pdx_annotator *annotator;
    pdx_schema *schema = NULL;
    pdx_http_options_init(&cli_http);
    pdx_annotator_options_init(&asked);
    pdx_annotate_options_init(&run);
    pdx_dataset_options_init(&data);
    cli_parse(&program, argc, argv);
    int way = which_way();
    if (way == STATUS) {
        tell_status();
        return CLI_DONE;
    }
    if (way == IMPORT) {
        import_original();
        return CLI_DONE;
    }
    run.hooks = data.hooks = cli_hooks();
    data.where = where;
    data.threads = cli.threads;
    if (schema_path) cli_read(pdx_schema_load(&schema, schema_path));
    data.schema = asked.schema = schema;
    if (way == RESOLVE) {
        resolve(&data);
        return CLI_DONE;
    }

    /* Batch files are not sent from here. */
    if (!cli_http.url) cli_http.url = "http://nowhere.invalid";
    cli_http.offline = way == BATCH_READ;
    asked.seed = (uint64_t)cli.seed;
    pdx_dataset_files pairs = {.pairs = files.pairs};
    cli_read(pdx_annotator_open(&annotator, &cli_http, &asked));
    cli_read(pdx_dataset_load(&dataset, &pairs, &data));
    int status = CLI_DONE;
    if (way == BATCH_WRITE || dry_run) write_batch(annotator, dataset);
    else status = annotate(way, annotator, dataset);
    pdx_annotator_free(annotator);
    pdx_dataset_free(dataset);
    pdx_schema_free(schema);
    return status;
}
