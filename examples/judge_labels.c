/* Labels as judgments; see judge_labels.h. */
#include "judge_labels.h"

#include "cli.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LONGEST = 64 };

/* "A", "B", "tie" or NULL for none; exits where it is another word. */
static const char *winner_of(const char *label, const char *pair) {
    static const char *const winners[] = {"A", "B", "tie"};
    if (!*label || !strcasecmp(label, "null")) return NULL;
    for (int k = 0; k < 3; ++k)
        if (!strcasecmp(label, winners[k])) return winners[k];
    cli_fail(CLI_BAD_INPUT, "pair '%s': the label '%.40s' is none of A, B, tie", pair, label);
}

/* The next word of a list, whatever stands between: quotes, commas, brackets, line ends. */
static int next_label(FILE *file, char label[LONGEST]) {
    int c = fgetc(file), length = 0;
    while (c != EOF && !isalnum(c)) c = fgetc(file);
    for (; c != EOF && (isalnum(c) || c == '_'); c = fgetc(file))
        if (length < LONGEST - 1) label[length++] = (char)c;
    label[length] = 0;
    return length > 0;
}

static void write_row(FILE *out, const char *pair, const char *name, const char *winner) {
    fputs("{\"pair\":", out);
    cli_print_json(out, pair);
    fputs(",\"judge\":", out);
    cli_print_json(out, name);
    fprintf(out, ",\"order\":null,\"shown\":null,\"winner\":%s%s%s}\n", winner ? "\"" : "",
            winner ? winner : "null", winner ? "\"" : "");
}

void judge_labels(const pdx_dataset *dataset, const char *field, const char *file, const char *name,
                  const char *path) {
    cli_sink sink;
    char label[LONGEST];
    int64_t n = pdx_dataset_count(dataset), labelled = 0;
    FILE *list = file ? fopen(file, "r") : NULL;
    if (file && !list) cli_fail(CLI_BAD_INPUT, "%s: cannot be read", file);
    cli_sink_open(&sink);
    for (int64_t i = 0; i < n; ++i) {
        const char *pair = pdx_dataset_id(dataset, i), *text = label;
        if (!list) {
            cli_read(pdx_dataset_text(dataset, i, field, &text));
        } else if (!next_label(list, label))
            cli_fail(CLI_BAD_INPUT, "%s: %lld labels for %lld pairs", file, (long long)i,
                     (long long)n);
        const char *winner = winner_of(text ? text : "", pair);
        labelled += winner != NULL;
        write_row(sink.stream, pair, name, winner);
    }
    if (list && next_label(list, label))
        cli_fail(CLI_BAD_INPUT, "%s: more labels than %lld pairs", file, (long long)n);
    if (!labelled)
        cli_fail(CLI_BAD_INPUT, "no pair has a label in %s%s", file ? file : "field ",
                 file ? "" : field);
    if (list) fclose(list);
    cli_sink_finish(&sink, path);
    cli_note("%lld of %lld pairs have a label", (long long)labelled, (long long)n);
}
