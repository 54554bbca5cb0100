/* pdx-judge: both orders of every pair, judged by a model on this machine or behind HTTP. */
#include "cli_http.h"
#include "judge_labels.h"

#include <math.h>
#include <string.h>

enum { LOCAL, HTTP, BATCH_WRITE, BATCH_READ, LABELS, WAYS };
static const char *const ways[WAYS] = {"local", "http", "batch-write", "batch-read", "labels"};

static pdx_local_options local;
static pdx_http_judge_options asked;
static pdx_judge_options run;
static pdx_dataset_files files;
static const char *model, *labels, *where, *prompt, *results, *judgments, *field, *label_file;
static cli_list words;
static int32_t truncate_long, dry_run, strict;

static const cli_option table[] = {
    {.kind = CLI_HEADING, .name = "What is judged, by what"},
    {.kind = CLI_TEXT,
     .name = "model",
     .argument = "FILE|DIR|NAME",
     .target = &model,
     .help = "local: a .gguf file, or a folder with config.json, safetensors and tokenizer.json; "
             "http: the name that the server knows"},
    {.kind = CLI_TEXT,
     .name = "url",
     .argument = "URL[,URL]",
     .target = &cli_http.url,
     .help = "http: the server, \"http://127.0.0.1:8000\"; several share the work"},
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
     .help = "only the first N pairs",
     .advanced = 1},
    {.kind = CLI_TEXT,
     .name = "name",
     .argument = "NAME",
     .target = &run.name,
     .help = "the judge's name in the judgments; default: the model's file name",
     .advanced = 1},
    {.kind = CLI_HEADING, .name = "How it is asked"},
    {.kind = CLI_TEXT,
     .name = "template",
     .argument = "NAME|FILE",
     .target = &prompt,
     .help = "plain, auto, chatml, llama-2, llama-3, mistral, zephyr, vicuna, or a "
             "file with {query}, {first}, {second}, {reference}"},
    {.kind = CLI_TEXT,
     .name = "labels",
     .argument = "A,B",
     .target = &labels,
     .help = "the two answers, each one token long; default A,B"},
    {.kind = CLI_CHOICE,
     .name = "kind",
     .argument = "completions|chat|verdict|token-ids|generative-scoring|score|llama",
     .target = &asked.kind,
     .help = "http: log-probabilities (completions, chat), a verdict in words, vLLM's "
             "logprob_token_ids and /generative_scoring, SGLang's /v1/score, llama.cpp's server"},
    {.kind = CLI_CHOICE,
     .name = "orders",
     .argument = "both|AB|BA",
     .target = &run.orders,
     .help = "which orders of the responses; default both"},
    {.kind = CLI_SWITCH,
     .name = "truncate",
     .target = &truncate_long,
     .help = "cut the longer response in its middle where a prompt is too long; default: refuse",
     .advanced = 1},
    {.kind = CLI_INT32,
     .name = "samples",
     .argument = "N",
     .target = &asked.samples,
     .least = 1,
     .most = 10000,
     .help = "verdicts of each pair and order",
     .advanced = 1},
    {.kind = CLI_REAL,
     .name = "temperature",
     .argument = "T",
     .target = &asked.temperature,
     .least = 0,
     .most = 100,
     .help = "default: 0 for log-probabilities, the server's for verdicts",
     .advanced = 1},
    {.kind = CLI_INT64,
     .name = "max-output",
     .argument = "TOKENS",
     .target = &asked.max_tokens,
     .least = 1,
     .most = 1e9,
     .help = "longest text of a verdict, thinking included; default 4096",
     .advanced = 1},
    {.kind = CLI_SWITCH,
     .name = "reasoning",
     .target = &asked.reasoning,
     .help = "a model that takes max_completion_tokens and no temperature",
     .advanced = 1},
    {.kind = CLI_TEXT,
     .name = "pattern",
     .argument = "REGEX",
     .target = &asked.pattern,
     .help = "verdicts: group 1 is the label, the last match counts; default: Verdict: LABEL",
     .advanced = 1},
    {.kind = CLI_INT32,
     .name = "top-logprobs",
     .argument = "K",
     .target = &asked.top_logprobs,
     .least = 1,
     .most = 10000,
     .help = "alternatives asked for; default 20 (some servers allow only 5)",
     .advanced = 1},
    {.kind = CLI_TEXT,
     .name = "label-ids",
     .argument = "ID,ID",
     .target = &asked.label_ids,
     .help = "token ids of the labels; default: asked of the server's /tokenize",
     .advanced = 1},
    {.kind = CLI_TEXT,
     .name = "field",
     .argument = "NAME",
     .target = &field,
     .help = "labels: the field of the pairs that says A, B or tie",
     .advanced = 1},
    {.kind = CLI_TEXT,
     .name = "labels-file",
     .argument = "FILE",
     .target = &label_file,
     .help = "labels: a JSON list or lines, a label for each pair in their order",
     .advanced = 1},
    {.kind = CLI_SWITCH,
     .name = "dry-run",
     .target = &dry_run,
     .help = "print the requests, and what they would cost; send nothing"},
    {.kind = CLI_TEXT,
     .name = "journal",
     .argument = "FILE",
     .target = &cli_http.journal,
     .help = "where every answer is kept; default: beside the judgments, with .journal added",
     .advanced = 1},
    {.kind = CLI_TEXT,
     .name = "results",
     .argument = "FILE",
     .target = &results,
     .help = "batch-read: the results of a batch",
     .advanced = 1},
    {.kind = CLI_TEXT,
     .name = "judgments",
     .argument = "FILE",
     .target = &judgments,
     .help = "batch-write: the judgments that the batch is for; what their journal answers is left "
             "out",
     .advanced = 1},
    {.kind = CLI_SWITCH,
     .name = "allow-missing",
     .target = &run.allow_missing,
     .help = "finish the file where answers stay missing; their rows have \"error\" and no verdict",
     .advanced = 1},
    {.kind = CLI_SWITCH,
     .name = "strict",
     .target = &strict,
     .help = "exit with 1 where the server refused an answer, or one is missing",
     .advanced = 1},
    {.kind = CLI_HEADING, .name = "Where it runs (local)"},
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
    .usage = "pdx-judge local --model FILE|DIR --pairs pairs.jsonl -o judgments.jsonl\n"
             "       pdx-judge http --url URL --model NAME --pairs pairs.jsonl -o judgments.jsonl\n"
             "       pdx-judge batch-write --model NAME --pairs pairs.jsonl -o requests.jsonl\n"
             "       pdx-judge batch-read --model NAME --pairs pairs.jsonl --results R -o "
             "judgments.jsonl\n"
             "       pdx-judge labels --field NAME --pairs pairs.jsonl -o judgments.jsonl",
    .tables = {table, cli_http_table},
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
    local.label_first = asked.label_first = text;
    local.label_second = asked.label_second = comma + 1;
}

static void tell_speed(const pdx_judge_result *r, int way) {
    double seconds = r->seconds > 0 ? r->seconds : 1e-9;
    if (way == LOCAL) {
        double saved = r->tokens ? 1 - (double)r->computed / (double)r->tokens : 0;
        cli_note("%.1f tokens and %.2f judgments a second; shared prefixes saved %.1f %% of %lld "
                 "tokens",
                 (double)r->tokens / seconds, (double)r->judgments / seconds, 100 * saved,
                 (long long)r->tokens);
        return;
    }
    cli_note(
        "%lld requests sent, %.2f judgments a second; %lld tokens read and %lld written in all",
        (long long)r->requests, (double)r->judgments / seconds, (long long)r->tokens,
        (long long)r->output_tokens);
    if (!isnan(r->usd)) cli_note("%.6g USD spent in all", r->usd);
}

static void tell(const pdx_judge_result *r, int way) {
    cli_note("%lld pairs judged, %lld judgments made, %lld found from an earlier run",
             (long long)r->pairs, (long long)r->judgments, (long long)r->resumed);
    if (r->judgments > 0) tell_speed(r, way);
    if (!isnan(r->p_first))
        cli_note("the response shown first was chosen in %.1f %%", 100 * r->p_first);
    if (!isnan(r->coverage))
        cli_note("the labels hold %.1f %% of the probability", 100 * r->coverage);
    if (r->both_orders)
        cli_note("of %lld pairs in both orders, %.1f %% have the same winner in both, %.1f %% the "
                 "first shown in both",
                 (long long)r->both_orders, 100 * r->consistent, 100 * r->flip_to_first);
    if (r->no_verdict)
        cli_note("%lld answers say nothing; their text is kept", (long long)r->no_verdict);
    if (r->refused) cli_note("the server refused %lld; their rows say why", (long long)r->refused);
    if (r->failed && run.allow_missing)
        cli_note("%lld answers are missing; the same command asks for them again",
                 (long long)r->failed);
    if (r->truncated) cli_note("%lld prompts were cut to fit", (long long)r->truncated);
}

/* Requests as a batch file; with --dry-run for people to look at. */
static void write_batch(pdx_judge *judge, pdx_dataset *dataset) {
    pdx_batch_result batch;
    const char *to = dry_run ? "-" : cli.output, *of = dry_run ? cli.output : judgments;
    cli_write(pdx_judge_batch_write(&batch, judge, dataset, to, of, &run));
    cli_note("%lld requests, about %lld tokens to read; %lld are answered already",
             (long long)batch.requests, (long long)batch.tokens, (long long)batch.answered);
    if (!isnan(batch.usd)) cli_note("at most about %.6g USD", batch.usd);
}

static void read_results(pdx_judge *judge) {
    pdx_batch_result batch;
    cli_read(pdx_judge_batch_read(&batch, judge, results, cli.output));
    cli_note("%lld results, %lld of them good", (long long)batch.requests,
             (long long)batch.answered);
}

/* Which way, and what it needs. */
static int which_way(void) {
    int way = 0;
    while (way < WAYS && (words.count != 1 || strcmp(words.items[0], ways[way]))) ++way;
    if (way == WAYS)
        cli_fail(CLI_BAD_INPUT,
                 "what kind of judge? (local, http, batch-write, batch-read or labels)");
    if (way == LABELS) {
        if (!files.pairs || !cli.output || !field == !label_file)
            cli_fail(CLI_BAD_INPUT, "labels needs --pairs, -o, and --field or --labels-file");
        return way;
    }
    if (!model || !files.pairs || (!cli.output && !dry_run))
        cli_fail(CLI_BAD_INPUT, "--model, --pairs and -o are needed (see --help)");
    if (way == HTTP && !cli_http.url) cli_fail(CLI_BAD_INPUT, "http needs --url");
    if (way == BATCH_READ && !results) cli_fail(CLI_BAD_INPUT, "batch-read needs --results");
    if (dry_run && way != HTTP) cli_fail(CLI_BAD_INPUT, "--dry-run is for http");
    if (cli_http.max_usd > 0 && !cli_http.prices)
        cli_fail(CLI_BAD_INPUT, "--max-usd needs --prices");
    return way;
}

static pdx_judge *open_judge(int way) {
    pdx_judge *judge;
    if (way == LOCAL) {
        local.prompt = prompt;
        local.too_long = truncate_long ? PDX_TOO_LONG_TRUNCATE : PDX_TOO_LONG_REFUSE;
        local.threads = cli.threads;
        cli_read(pdx_judge_open_local(&judge, model, &local));
        return judge;
    }
    cli_http.model = model;
    /* Batch files are not sent from here. */
    if (!cli_http.url) cli_http.url = "http://nowhere.invalid";
    cli_http.offline = way == BATCH_READ;
    asked.prompt = prompt;
    asked.seed = (uint64_t)cli.seed;
    cli_read(pdx_judge_open_http(&judge, &cli_http, &asked));
    return judge;
}

int main(int argc, char **argv) {
    pdx_dataset_options data;
    pdx_dataset *dataset;
    pdx_judge_result result;
    char label_text[256];
    pdx_local_options_init(&local);
    pdx_http_options_init(&cli_http);
    pdx_http_judge_options_init(&asked);
    pdx_judge_options_init(&run);
    pdx_dataset_options_init(&data);
    cli_parse(&program, argc, argv);
    int way = which_way();
    if (labels) {
        if (strlen(labels) >= sizeof label_text) cli_fail(CLI_BAD_INPUT, "--labels are too long");
        split_labels(strcpy(label_text, labels));
    }
    run.hooks = data.hooks = cli_hooks();
    data.where = where;
    data.threads = cli.threads;
    data.surface = -1;

    cli_read(pdx_dataset_load(&dataset, &files, &data));
    if (way == LABELS) {
        const char *source = field ? field : label_file, *slash = strrchr(source, '/');
        judge_labels(dataset, field, label_file,
                     run.name ? run.name
                     : slash  ? slash + 1
                              : source,
                     cli.output);
        pdx_dataset_free(dataset);
        return CLI_DONE;
    }
    pdx_judge *judge = open_judge(way);
    if (way == BATCH_WRITE || dry_run) write_batch(judge, dataset);
    else {
        if (way == BATCH_READ) read_results(judge);
        pdx_status status = pdx_judge_run(&result, judge, dataset, cli.output, &run);
        if (status != PDX_OK && way != LOCAL) tell(&result, way);
        if (status == PDX_EIO || status == PDX_EBUSY) cli_write(status);
        cli_read(status);
        tell(&result, way);
        if (strict && (result.refused || result.failed)) return CLI_NOT_HELD;
    }
    pdx_judge_free(judge);
    pdx_dataset_free(dataset);
    return CLI_DONE;
}
