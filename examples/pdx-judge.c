/* pdx-judge: both orders of every pair, judged by a model on this machine. */
#include "cli.h"

#include <math.h>
#include <string.h>

static pdx_local_options local;
static pdx_judge_options run;
static pdx_dataset_files files;
static const char *model, *labels, *where;
static cli_list words;
static int32_t truncate_long;

static const cli_option table[] = {
    {.kind = CLI_HEADING, .name = "What is judged, by what"},
    {.kind = CLI_TEXT,
     .name = "model",
     .argument = "FILE|DIR",
     .target = &model,
     .help = "a .gguf file, or a folder with config.json, safetensors and tokenizer.json"},
    {.kind = CLI_TEXT,
     .name = "pairs",
     .argument = "FILE",
     .target = &files.pairs,
     .help = "pairs.jsonl with query, response_a, response_b"},
    {.kind = CLI_TEXT,
     .name = "where",
     .argument = "F=V[,F=V]",
     .target = &where,
     .help = "only pairs whose fields have these values"},
    {.kind = CLI_INT64,
     .name = "limit",
     .argument = "N",
     .target = &run.limit,
     .most = 9e15,
     .help = "only the first N pairs"},
    {.kind = CLI_TEXT,
     .name = "name",
     .argument = "NAME",
     .target = &run.name,
     .help = "the judge's name in the judgments; default: the model's file name"},
    {.kind = CLI_HEADING, .name = "How it is asked"},
    {.kind = CLI_TEXT,
     .name = "template",
     .argument = "NAME|FILE",
     .target = &local.prompt,
     .help = "plain (default), auto, chatml, llama-2, llama-3, mistral, zephyr, vicuna, or a "
             "file with {query}, {first}, {second}, {reference}"},
    {.kind = CLI_TEXT,
     .name = "labels",
     .argument = "A,B",
     .target = &labels,
     .help = "the two answers, each one token long; default A,B"},
    {.kind = CLI_CHOICE,
     .name = "orders",
     .argument = "both|AB|BA",
     .target = &run.orders,
     .help = "which orders of the responses; default both"},
    {.kind = CLI_SWITCH,
     .name = "truncate",
     .target = &truncate_long,
     .help = "cut the longer response in its middle where a prompt is too long; default: refuse"},
    {.kind = CLI_HEADING, .name = "Where it runs"},
    {.kind = CLI_TEXT,
     .name = "backend",
     .argument = "cpu|cuda",
     .target = &local.backend,
     .help = "default cpu"},
    {.kind = CLI_INT32,
     .name = "context",
     .argument = "TOKENS",
     .target = &local.context,
     .most = 1 << 24,
     .help = "longest prompt; default: the model's own",
     .advanced = 1},
    {.kind = CLI_INT32,
     .name = "batch-tokens",
     .argument = "TOKENS",
     .target = &local.batch_tokens,
     .most = 1 << 20,
     .help = "tokens of one pass; default 4096, or what memory allows",
     .advanced = 1},
    {.kind = CLI_INT64,
     .name = "memory",
     .argument = "BYTES",
     .target = &local.memory_bytes,
     .most = 1e15,
     .help = "memory for a pass; default: half of what is free",
     .advanced = 1},
    {.kind = CLI_INT32,
     .name = "device",
     .argument = "N",
     .target = &local.device,
     .most = 64,
     .help = "which GPU; default 0",
     .advanced = 1},
    {.kind = CLI_END},
};

static const cli_program program = {
    .name = "pdx-judge",
    .purpose = "both orders of every pair, judged by a language model",
    .usage = "pdx-judge local --model FILE|DIR --pairs pairs.jsonl -o judgments.jsonl",
    .tables = {table},
    .closing =
        "The judgments are written to FILE.part as they come and renamed at the end; a run that "
        "was\nstopped goes on where it was when the same command is given again. Then:\n"
        "  pdx-fit --pairs pairs.jsonl --judgments judgments.jsonl",
    .words = &words,
    .output_argument = "FILE",
    .output_help = "judgments.jsonl",
};

/* "A,B" into two labels. */
static void split_labels(char *text) {
    char *comma = strchr(text, ',');
    if (!comma || comma == text || !comma[1] || strchr(comma + 1, ','))
        cli_fail(CLI_BAD_INPUT, "--labels takes two labels, as in A,B");
    *comma = 0;
    local.label_first = text;
    local.label_second = comma + 1;
}

static void tell(const pdx_judge_result *r) {
    cli_note("%lld pairs judged, %lld judgments made, %lld found from an earlier run",
             (long long)r->pairs, (long long)r->judgments, (long long)r->resumed);
    if (r->judgments == 0) return;
    double saved = r->tokens ? 1 - (double)r->computed / (double)r->tokens : 0;
    cli_note(
        "%.1f tokens and %.2f judgments a second; shared prefixes saved %.1f %% of %lld tokens",
        (double)r->tokens / r->seconds, (double)r->judgments / r->seconds, 100 * saved,
        (long long)r->tokens);
    cli_note("the response shown first was chosen in %.1f %%; the labels hold %.1f %% of the "
             "probability",
             100 * r->p_first, 100 * r->coverage);
    if (r->truncated) cli_note("%lld prompts were cut to fit", (long long)r->truncated);
}

int main(int argc, char **argv) {
    pdx_dataset_options data;
    pdx_dataset *dataset;
    pdx_judge *judge;
    pdx_judge_result result;
    char label_text[256];
    pdx_local_options_init(&local);
    pdx_judge_options_init(&run);
    pdx_dataset_options_init(&data);
    cli_parse(&program, argc, argv);
    if (words.count != 1 || strcmp(words.items[0], "local"))
        cli_fail(CLI_BAD_INPUT, "what kind of judge? (local)");
    if (!model || !files.pairs || !cli.output)
        cli_fail(CLI_BAD_INPUT, "--model, --pairs and -o are needed (see --help)");
    if (labels) {
        if (strlen(labels) >= sizeof label_text) cli_fail(CLI_BAD_INPUT, "--labels are too long");
        split_labels(strcpy(label_text, labels));
    }
    local.too_long = truncate_long ? PDX_TOO_LONG_TRUNCATE : PDX_TOO_LONG_REFUSE;
    local.threads = cli.threads;
    run.hooks = data.hooks = cli_hooks();
    data.where = where;
    data.threads = cli.threads;

    cli_read(pdx_dataset_load(&dataset, &files, &data));
    cli_read(pdx_judge_open_local(&judge, model, &local));
    pdx_status status = pdx_judge_run(&result, judge, dataset, cli.output, &run);
    if (status == PDX_EIO || status == PDX_EBUSY) cli_write(status);
    cli_read(status);
    tell(&result);

    pdx_judge_free(judge);
    pdx_dataset_free(dataset);
    return CLI_DONE;
}
