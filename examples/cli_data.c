/* From data options to a dataset and its judgments; see cli_data.h. */
#include "cli_data.h"

#include <string.h>

cli_data_options cli_data;

const cli_option cli_data_table[] = {
    {.kind = CLI_HEADING, .name = "Data"},
    {.kind = CLI_TEXT,
     .name = "pairs",
     .argument = "FILE",
     .target = &cli_data.files.pairs,
     .help = "pairs.jsonl: {\"id\", \"query\", \"response_a\", \"response_b\", ...} a line"},
    {.kind = CLI_LIST,
     .name = "judgments",
     .argument = "FILE",
     .target = &cli_data.judgments,
     .help = "judgments.jsonl: {\"pair\", \"judge\", \"order\": \"AB\" or \"BA\", \"winner\": "
             "\"A\", \"B\" or "
             "\"tie\"} a line; repeatable; - is standard input"},
    {.kind = CLI_TEXT,
     .name = "group-by",
     .argument = "FIELD",
     .target = &cli_data.group_by,
     .help = "fit each value of this field of the pairs apart, e.g. scenario"},
    {.kind = CLI_LIST,
     .name = "judge",
     .argument = "NAME",
     .target = &cli_data.judges,
     .help = "only this judge; repeatable"},
    {.kind = CLI_LIST,
     .name = "where",
     .argument = "FIELD=VALUE",
     .target = &cli_data.where,
     .help = "only judgments (or pairs) whose field has this value; repeatable"},
    {.kind = CLI_TEXT,
     .name = "features",
     .argument = "FILE",
     .target = &cli_data.files.features,
     .help = "features.jsonl: property comparisons; without it the 30 surface properties (length, "
             "lists, hedges, ...) are computed from the texts"},
    {.kind = CLI_TEXT,
     .name = "names",
     .argument = "FILE",
     .target = &cli_data.files.names,
     .help = "schema.json or feature_names.json: the names of the features"},
    {.kind = CLI_TEXT,
     .name = "annotations",
     .argument = "FILE",
     .target = &cli_data.files.annotations,
     .advanced = 1,
     .help = "annotations.jsonl: property ratings by an annotator"},
    {.kind = CLI_TEXT,
     .name = "schema",
     .argument = "FILE|NAME",
     .target = &cli_data.schema,
     .help = "what the annotations measure: schema.json, or li2024 (default)",
     .advanced = 1},
    {.kind = CLI_TEXT,
     .name = "resolved",
     .argument = "FILE",
     .target = &cli_data.files.resolved,
     .help = "resolved annotations of Li et al. 2024",
     .advanced = 1},
    {.kind = CLI_TEXT,
     .name = "groups",
     .argument = "FILE",
     .target = &cli_data.files.groups,
     .help = "query_aware_idxs.json of Li et al. 2024: group names and record numbers",
     .advanced = 1},
    {.kind = CLI_LIST,
     .name = "labels",
     .argument = "FILE",
     .target = &cli_data.labels,
     .help = "a JSON list of \"A\" and \"B\", one a pair; the file's name is the judge; repeatable",
     .advanced = 1},
    {.kind = CLI_LIST,
     .name = "verdicts",
     .argument = "FIELD",
     .target = &cli_data.verdicts,
     .help = "a field of the pairs that holds A, B or tie, e.g. gold: a judge of that name; "
             "repeatable",
     .advanced = 1},
    {.kind = CLI_TEXT,
     .name = "judge-by",
     .argument = "FIELDS",
     .target = &cli_data.judge_by,
     .help = "fields of a judgment that together name the judge, e.g. judge,strategy",
     .advanced = 1},
    {.kind = CLI_CHOICE,
     .name = "values",
     .argument = "comparison|difference",
     .target = &cli_data.values,
     .advanced = 1,
     .help = "who has more of a property (default), or how much more in standard deviations"},
    {.kind = CLI_SWITCH,
     .name = "surface",
     .target = &cli_data.surface,
     .advanced = 1,
     .help = "the surface properties beside those of the files"},
    {.kind = CLI_SWITCH,
     .name = "skip-unknown",
     .target = &cli_data.skip_unknown,
     .advanced = 1,
     .help = "leave judgments of unknown pairs out instead of refusing them"},
    {.kind = CLI_END},
};

static int files_given(void) {
    return cli_data.files.pairs || cli_data.files.features || cli_data.files.resolved ||
           cli_data.files.annotations || cli_data.judgments.count || cli_data.labels.count ||
           cli_data.verdicts.count;
}

int cli_data_given(void) { return cli_data.table || files_given(); }

/* "a=1", "b=2" -> "a=1,b=2", as the library takes it. */
static const char *join_where(char *out, size_t size) {
    size_t used = 0;
    for (int i = 0; i < cli_data.where.count; ++i) {
        used += (size_t)snprintf(out + used, size - used, "%s%s", i ? "," : "",
                                 cli_data.where.items[i]);
        if (used >= size) cli_fail(CLI_BAD_INPUT, "--where: the conditions are too long");
    }
    return used ? out : NULL;
}

void cli_load_dataset(pdx_dataset **out) {
    if (!cli_data.files.pairs && !cli_data.files.features && !cli_data.files.resolved)
        cli_fail(CLI_BAD_INPUT, "which pairs? Give --pairs FILE, --features FILE or --table FILE");
    pdx_schema *schema = NULL;
    pdx_dataset_options options;
    pdx_dataset_options_init(&options);
    if (cli_data.schema && pdx_schema_builtin(&schema, cli_data.schema) != PDX_OK)
        cli_read(pdx_schema_load(&schema, cli_data.schema));
    options.schema = schema;
    options.values = cli_data.values;
    options.surface = cli_data.surface;
    options.threads = cli.threads;
    options.hooks = cli_hooks();
    options.group_by = cli_data.group_by;
    cli_read(pdx_dataset_load(out, &cli_data.files, &options));
    pdx_schema_free(schema);
    for (int32_t i = 0; i < pdx_dataset_left_out(*out); ++i) {
        int64_t number;
        const char *reason = pdx_dataset_left_out_reason(*out, i, &number);
        cli_note("%lld pairs left out: %s", (long long)number, reason);
    }
}

/* Whether the fields of a pair agree with --where; conditions on fields that it lacks are for the
 * judgments alone. */
static int pair_matches(const pdx_dataset *dataset, int64_t pair) {
    for (int i = 0; i < cli_data.where.count; ++i) {
        const char *item = cli_data.where.items[i], *text;
        char field[128] = "";
        size_t length = strcspn(item, "=");
        if (length >= sizeof field) continue;
        memcpy(field, item, length);
        cli_read(pdx_dataset_text(dataset, pair, field, &text));
        if (text && strcmp(text, item + length + 1)) return 0;
    }
    return 1;
}

/* Verdicts that stand in a field of the pairs: "gold": "A". */
static void append_verdicts(pdx_judgments *judgments, const pdx_dataset *dataset,
                            const char *field) {
    int64_t found = 0;
    for (int64_t i = 0; i < pdx_dataset_count(dataset); ++i) {
        const char *text;
        if (!pair_matches(dataset, i)) continue;
        cli_read(pdx_dataset_text(dataset, i, field, &text));
        if (!text) continue;
        pdx_judgment judgment;
        pdx_judgment_init(&judgment);
        judgment.pair = i;
        if (!strcmp(text, "A")) judgment.winner = PDX_WINNER_A;
        else if (!strcmp(text, "B")) judgment.winner = PDX_WINNER_B;
        else if (!strcmp(text, "tie")) judgment.winner = PDX_WINNER_TIE;
        else
            cli_fail(CLI_BAD_INPUT, "--verdicts %s: pair '%s' holds '%.40s', expected A, B or tie",
                     field, pdx_dataset_id(dataset, i), text);
        cli_read(pdx_judgments_append(judgments, field, &judgment));
        ++found;
    }
    if (!found) cli_fail(CLI_BAD_INPUT, "--verdicts %s: no pair has this field", field);
}

static void append_labels(pdx_judgments *judgments, const pdx_dataset *dataset, const char *path) {
    const char *slash = strrchr(path, '/');
    char judge[256];
    snprintf(judge, sizeof judge, "%s", slash ? slash + 1 : path);
    char *ending = strrchr(judge, '.');
    if (ending && ending > judge) *ending = 0;
    pdx_judgments *labels;
    cli_read(pdx_judgments_load_labels(&labels, dataset, path, judge));
    for (int64_t i = 0; i < pdx_judgments_count(labels); ++i) {
        pdx_judgment judgment;
        cli_read(pdx_judgments_get(labels, i, &judgment));
        if (pair_matches(dataset, judgment.pair))
            cli_read(pdx_judgments_append(judgments, judge, &judgment));
    }
    pdx_judgments_free(labels);
}

void cli_load(pdx_dataset **dataset, pdx_judgments **judgments) {
    if (cli_data.table) {
        if (files_given() || cli_data.where.count || cli_data.group_by)
            cli_fail(CLI_BAD_INPUT,
                     "--table holds everything in one file; other data options do not go with it");
        pdx_hooks hooks = cli_hooks();
        cli_read(pdx_table_load(dataset, judgments, cli_data.table, &hooks));
        return;
    }
    for (int i = 0; i < cli_data.where.count; ++i)
        if (!strchr(cli_data.where.items[i], '=') || cli_data.where.items[i][0] == '=')
            cli_fail(CLI_BAD_INPUT, "--where: '%s' is not FIELD=VALUE", cli_data.where.items[i]);
    if (!cli_data.files.pairs && !cli_data.files.features && !cli_data.files.resolved)
        cli_fail(CLI_BAD_INPUT, "which pairs? Give --pairs FILE, --features FILE or --table FILE");
    if (!cli_data.judgments.count && !cli_data.labels.count && !cli_data.verdicts.count)
        cli_fail(CLI_BAD_INPUT, "who preferred what? Give --judgments FILE (or --labels, "
                                "--verdicts; see --help-all)");
    cli_load_dataset(dataset);
    if (cli_data.judgments.count) {
        char where[4096];
        pdx_judgments_options options;
        pdx_judgments_options_init(&options);
        options.judge_by = cli_data.judge_by;
        options.where = join_where(where, sizeof where);
        options.skip_unknown = cli_data.skip_unknown;
        options.hooks = cli_hooks();
        cli_read(pdx_judgments_load(judgments, *dataset, cli_data.judgments.items,
                                    cli_data.judgments.count, &options));
    } else {
        cli_read(pdx_judgments_create(judgments));
    }
    for (int i = 0; i < cli_data.labels.count; ++i)
        append_labels(*judgments, *dataset, cli_data.labels.items[i]);
    for (int i = 0; i < cli_data.verdicts.count; ++i)
        append_verdicts(*judgments, *dataset, cli_data.verdicts.items[i]);
}
