/* pdx-import: other tools' files -> pairs.jsonl and judgments.jsonl, saying row by row what was
 * left out and why. */
#include "cli.h"

#include <string.h>

static pdx_import_options options;
static cli_list words;
static int32_t list_asked;

static const cli_option table[] = {
    {.kind = CLI_HEADING, .name = "Input"},
    {.kind = CLI_SWITCH,
     .name = "list",
     .target = &list_asked,
     .help = "the formats that are read, with one line on each"},
    {.kind = CLI_TEXT,
     .name = "answers",
     .argument = "PATH",
     .target = &options.answers,
     .help = "mtbench, arena-hard: the models' answers, a file or a folder; without it no texts"},
    {.kind = CLI_TEXT,
     .name = "questions",
     .argument = "FILE",
     .target = &options.questions,
     .help = "mtbench, arena-hard: question.jsonl"},
    {.kind = CLI_TEXT,
     .name = "baseline",
     .argument = "MODEL",
     .target = &options.baseline,
     .help =
         "mtbench-single: the model that the others are compared with; arena-hard: of rows that "
         "name none"},
    {.kind = CLI_SWITCH,
     .name = "overwrite",
     .target = &options.overwrite,
     .help = "replace files that are in DIR already"},
    {.kind = CLI_END},
};

static const cli_program program = {
    .name = "pdx-import",
    .purpose = "other tools' judgments into the files that the other programs read",
    .usage = "pdx-import FORMAT FILE... -o DIR\n"
             "       pdx-import columns TABLE.csv -o FILE.columns\n"
             "       pdx-import --list",
    .tables = {table},
    .closing =
        "example: pdx-import alpacaeval results/my-model/annotations.json -o arena\n"
        "DIR gets pairs.jsonl and judgments.jsonl; features.jsonl and schema.json where FORMAT\n"
        "carries properties. What is left out is told on standard error, row by row.",
    .words = &words,
    .output_argument = "DIR",
    .output_help = "the folder for the files; made where it is absent",
};

static void list_formats(void) {
    cli_sink sink;
    const char *name, *what;
    cli_sink_open(&sink);
    for (int32_t i = 0; (name = pdx_import_format(i, &what)); ++i)
        fprintf(sink.stream, "%-16s %s\n", name, what);
    fprintf(sink.stream, "%-16s %s\n", "columns",
            "a CSV table (as pdx-fit --table) into one file for fits beyond memory");
    cli_sink_finish(&sink, NULL);
}

/* A table beyond memory: one file that pdx-fit --columns goes over block by block. */
static int import_columns(void) {
    int64_t rows;
    if (words.count != 2 || !cli.output)
        cli_fail(CLI_BAD_INPUT, "columns takes one table: pdx-import columns TABLE.csv -o FILE");
    cli_need_file(words.items[1], 0);
    pdx_hooks hooks = cli_hooks();
    cli_write(pdx_columns_from_table(&rows, words.items[1], cli.output, &hooks));
    cli_note("%lld rows written to %s", (long long)rows, cli.output);
    return CLI_DONE;
}

static int is_format(const char *word) {
    const char *name, *what;
    for (int32_t i = 0; (name = pdx_import_format(i, &what)); ++i)
        if (!strcmp(name, word)) return 1;
    return 0;
}

int main(int argc, char **argv) {
    pdx_import_result result;
    pdx_import_options_init(&options);
    cli_parse(&program, argc, argv);
    if (list_asked) {
        list_formats();
        return CLI_DONE;
    }
    if (!words.count) cli_fail(CLI_BAD_INPUT, "which format? pdx-import --list names them");
    if (!strcmp(words.items[0], "columns")) return import_columns();
    if (!is_format(words.items[0]))
        cli_fail(CLI_BAD_INPUT, "there is no format '%s'; pdx-import --list names them",
                 words.items[0]);
    if (words.count < 2) cli_fail(CLI_BAD_INPUT, "which files? Give them after the format");
    if (!cli.output) cli_fail(CLI_BAD_INPUT, "where to? Give -o DIR");
    options.seed = (uint64_t)cli.seed;
    options.hooks = cli_hooks();
    for (int i = 1; i < words.count; ++i) cli_need_file(words.items[i], 0);
    if (options.answers) cli_need_file(options.answers, 1);
    if (options.questions) cli_need_file(options.questions, 0);

    cli_write(pdx_import(&result, words.items[0], words.items + 1, words.count - 1, cli.output,
                         &options));
    cli_note("%lld pairs and %lld judgments written to %s; %lld rows left out",
             (long long)result.pairs, (long long)result.judgments, cli.output,
             (long long)result.left_out);
    return CLI_DONE;
}
