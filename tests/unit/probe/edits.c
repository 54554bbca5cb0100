/* Edits: what each does to a text and to its surface properties; users' own; the pairs of a probe;
 * what changes nothing, what is empty, what is wrong. */
#include <prefdissect/prefdissect.h>

#include "check.h"
#include "scratch.h"

static const char response[] =
    "Sure! Water boils at 100 degrees at sea level. The pressure matters, and it falls with "
    "height. "
    "Please keep that in mind.\n\n"
    "## Why\n\n- Fewer molecules press on the surface.\n- **Less heat** is needed.\n\n"
    "1. Measure the pressure.\n2. Look up the table.\n\n"
    "```\n# not a header\nprint(\"The 7 dwarfs. The end.\")\n```\n\n"
    "Thanks for asking. I hope this helps!";

static const char *apply(pdx_edits *edits, const char *name, const char *text) {
    static char kept[4][8192];
    static int next;
    const char *out = NULL;
    CHECK_INT(pdx_edits_apply(edits, pdx_edits_find(edits, name), text, "other", 5, &out), PDX_OK);
    next = (next + 1) % 4;
    snprintf(kept[next], sizeof kept[next], "%s", out ? out : "");
    return kept[next];
}

/* The change of a surface property. */
static double change(const char *after, const char *before, const char *property) {
    double a[30], b[30];
    pdx_schema *schema;
    CHECK_INT(pdx_schema_builtin(&schema, "surface"), PDX_OK);
    int32_t k = pdx_schema_find(schema, property);
    CHECK_INT(pdx_surface_measure(after, strlen(after), NULL, 0, a), PDX_OK);
    CHECK_INT(pdx_surface_measure(before, strlen(before), NULL, 0, b), PDX_OK);
    pdx_schema_free(schema);
    return a[k] - b[k];
}

static void known_effects(void) {
    static const struct {
        const char *edit, *property;
        double least, most;
    } rows[] = {
        {"closing-paragraph", "words", 40, 60},    {"closing-paragraph", "paragraphs", 1, 1},
        {"headers-added", "md_headers", 2, 3},     {"headers-stripped", "md_headers", -1, -1},
        {"bold-added", "md_bold", 5, 12},          {"bold-stripped", "md_bold", -1, -1},
        {"lists-added", "md_unordered", 3, 8},     {"lists-stripped", "md_unordered", -2, -2},
        {"lists-stripped", "md_ordered", -2, -2},  {"hedges-added", "hedges", 3, 8},
        {"certainty-added", "certainty", 3, 8},    {"apology-first", "apologies", 1, 1},
        {"limits-first", "admits_limits", 2, 2},   {"politeness-added", "polite", 3, 5},
        {"politeness-stripped", "polite", -4, -3}, {"number-error", "words", 0, 0},
        {"spelling-errors", "words", 0, 0},        {"sentences-shuffled", "words", 0, 0},
        {"text-repeated", "repeat3", 0.3, 0.6},    {"blank-line", "words", 0, 0},
        {"blank-line", "paragraphs", 0, 0},
    };
    pdx_edits *edits;
    OK(pdx_edits_create(&edits, NULL));
    CHECK_INT(pdx_edits_count(edits), 20);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
        const char *after = apply(edits, rows[i].edit, response);
        double moved = change(after, response, rows[i].property);
        CHECK(strcmp(after, response) != 0);
        if (!(moved >= rows[i].least && moved <= rows[i].most))
            CHECK_FAIL("%s moves %s by %g, expected %g to %g: <<%s>>", rows[i].edit,
                       rows[i].property, moved, rows[i].least, rows[i].most, after);
        /* code stays as it is */
        if (strcmp(rows[i].edit, "constant"))
            CHECK(strstr(after, "print(\"The 7 dwarfs. The end.\")") != NULL);
    }
    pdx_edits_free(edits);
}

static void exact_texts(void) {
    pdx_edits *edits;
    OK(pdx_edits_create(&edits, NULL));
    CHECK_TEXT(apply(edits, "number-error", "1. It has 29 days.\n"), "1. It has 22 days.\n");
    CHECK_TEXT(apply(edits, "number-error", "x7 and 7."), "x7 and 2.");
    CHECK_TEXT(apply(edits, "number-error", "no number"), "no number");
    CHECK_TEXT(apply(edits, "spelling-errors", "the weather"), "the wetaher");
    CHECK_TEXT(apply(edits, "bold-stripped", "a **b c** __d__ **e"), "a b c d **e");
    CHECK_TEXT(apply(edits, "text-repeated", "a\nb \n"), "a\nb\n\na\nb");
    CHECK_TEXT(apply(edits, "lists-added", "One thing. Two things."),
               "- One thing.\n- Two things.");
    CHECK_TEXT(apply(edits, "same", "x"), "other");
    CHECK_TEXT(apply(edits, "blank-line", "x"), "x\n");
    CHECK_TEXT(apply(edits, "headers-stripped", "plain"), "plain");
    CHECK_TEXT(apply(edits, "politeness-stripped", "Of course! Do it, please."), "Do it, .");
    CHECK(!strcmp(apply(edits, "constant", "a"), apply(edits, "constant", response)));
    /* the same seed gives the same order */
    const char *once = apply(edits, "sentences-shuffled", response);
    CHECK_TEXT(apply(edits, "sentences-shuffled", response), once);
    CHECK_INT(strlen(once), strlen(response));
    const char *out;
    FAILS(pdx_edits_apply(edits, 0, "\xff", NULL, 1, &out), PDX_EPARSE, "UTF-8 at byte 0");
    FAILS(pdx_edits_apply(edits, 99, "a", NULL, 1, &out), PDX_EINVAL, "edit 99 of 20");
    pdx_edits_free(edits);
}

static void write_file(const char *name, const char *text) {
    FILE *file = fopen(name, "w");
    REQUIRE(file);
    fputs(text, file);
    fclose(file);
}

static void own_edits(void) {
    pdx_edits *edits;
    pdx_edit edit;
    write_file("edits.json",
               "{\"edits\":[{\"name\":\"shout\",\"what\":\"ends loudly\",\"content\":false,"
               "\"pattern\":\"\\\\.$\",\"replacement\":\"!\"},"
               "{\"name\":\"blank-line\",\"steps\":[{\"pattern\":\"a\",\"replacement\":\"$0$0\","
               "\"once\":true},{\"pattern\":\"b\",\"replacement\":\"\"}]}]}");
    OK(pdx_edits_create(&edits, "edits.json"));
    CHECK_INT(pdx_edits_count(edits), 21);
    OK(pdx_edits_get(edits, pdx_edits_find(edits, "shout"), &edit));
    CHECK_TEXT(edit.what, "ends loudly");
    CHECK_INT(edit.content, 0);
    CHECK_TEXT(apply(edits, "shout", "One.\nTwo."), "One!\nTwo!");
    CHECK_TEXT(apply(edits, "blank-line", "abab"), "aaa");
    pdx_edits_free(edits);
    static const struct {
        const char *text, *reason;
    } wrong[] = {
        {"{\"edits\":[{\"name\":\"x\",\"pattern\":\"(\",\"replacement\":\"\"}]}",
         "edits.json: edit 'x': field 'pattern': missing closing parenthesis"},
        {"{\"edits\":[{\"name\":\"x y\",\"pattern\":\"a\",\"replacement\":\"\"}]}", "field 'name'"},
        {"{\"edits\":[{\"name\":\"none\",\"pattern\":\"a\",\"replacement\":\"\"}]}", "'none'"},
        {"{\"edits\":[{\"name\":\"x\",\"pattern\":\"a\"}]}", "field 'replacement'"},
        {"{\"edits\":[{\"name\":\"x\",\"steps\":[]}]}", "field 'steps' is empty (edit 1)"},
        {"{}", "field 'edits'"},
        {"[", "edits.json"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; ++i) {
        write_file("edits.json", wrong[i].text);
        edits = (pdx_edits *)&edits;
        FAILS(pdx_edits_create(&edits, "edits.json"), PDX_EPARSE, wrong[i].reason);
        CHECK(edits == NULL);
    }
    write_file("edits.json",
               "{\"edits\":[{\"name\":\"x\",\"pattern\":\"a\",\"replacement\":\"$9\"}]}");
    OK(pdx_edits_create(&edits, "edits.json"));
    const char *out;
    FAILS(pdx_edits_apply(edits, pdx_edits_find(edits, "x"), "a", NULL, 1, &out), PDX_EPARSE,
          "edit 'x', step 1");
    pdx_edits_free(edits);
}

static const char pairs[] =
    "{\"id\":\"p#1\",\"query\":[{\"role\":\"user\",\"content\":\"Hm?\"}],\"response_a\":\"Yes. It "
    "is.\","
    "\"response_b\":\"It took 3 days.\",\"big\":12345678901234567890,\"scenario\":\"x\\u00e9\"}\n"
    "{\"id\":\"p2\",\"query\":\"q\",\"response_a\":\" "
    "\",\"response_b\":\"Fine\",\"scenario\":\"y\"}\n";

static char log_text[4096];
static void note(void *user, int32_t level, const char *text) {
    (void)user;
    (void)level;
    snprintf(log_text + strlen(log_text), sizeof log_text - strlen(log_text), "%s\n", text);
}

static void probe_pairs(void) {
    pdx_dataset *dataset, *probe;
    pdx_edits *edits;
    pdx_probe_counts counts;
    pdx_probe_write_options options;
    pdx_dataset_files files = {.pairs = "pairs.jsonl"};
    const char *text;
    write_file("pairs.jsonl", pairs);
    write_file("texts.jsonl",
               "{\"pair\":\"p2\",\"edit\":\"mine\",\"side\":\"b\",\"response\":\"Fine, "
               "I think.\",\"content\":false}\n");
    OK(pdx_dataset_load(&dataset, &files, NULL));
    OK(pdx_edits_create(&edits, NULL));
    pdx_probe_write_options_init(&options);
    static const char *const wanted[] = {"number-error", "blank-line", "same"};
    options.edits = wanted;
    options.edit_count = 3;
    options.side = PDX_SIDE_BOTH;
    options.texts = "texts.jsonl";
    options.hooks.log = note;
    OK(pdx_probe_write(&counts, dataset, edits, "probe.jsonl", &options));
    CHECK_INT(counts.originals, 2);
    /* p#1: a blank-line, same; b number-error, blank-line, same. p2: b blank-line, same, mine */
    CHECK_INT(counts.edited, 8);
    CHECK_INT(counts.unchanged, 2);
    CHECK_INT(counts.empty, 1);
    CHECK_CONTAINS(log_text, "pair 'p2': response a is empty");
    CHECK_CONTAINS(log_text, "edit 'number-error' changes nothing in 2 responses");
    files.pairs = "probe.jsonl";
    OK(pdx_dataset_load(&probe, &files, NULL));
    CHECK_INT(pdx_dataset_count(probe), 10);
    int64_t at = pdx_dataset_find(probe, "p#1#number-error#b");
    REQUIRE(at >= 0);
    static const struct {
        const char *field, *value;
    } kept[] = {{"response_a", "Yes. It is."},
                {"response_b", "It took 6 days."},
                {"query", "Hm?"},
                {"big", "12345678901234567890"},
                {"scenario", "x\xc3\xa9"},
                {"probe_pair", "p#1"},
                {"probe_edit", "number-error"},
                {"probe_side", "b"}};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; ++i) {
        OK(pdx_dataset_text(probe, at, kept[i].field, &text));
        CHECK_TEXT(text, kept[i].value);
    }
    at = pdx_dataset_find(probe, "p#1#same#b"); /* A's text on both sides */
    OK(pdx_dataset_text(probe, at, "response_b", &text));
    CHECK_TEXT(text, "Yes. It is.");
    OK(pdx_dataset_text(probe, pdx_dataset_find(probe, "p2#mine#b"), "response_b", &text));
    CHECK_TEXT(text, "Fine, I think.");
    OK(pdx_dataset_text(probe, 0, "probe_edit", &text));
    CHECK_TEXT(text, "none");
    pdx_dataset_free(probe);
    static const struct {
        const char *text, *reason;
    } wrong[] = {
        {"{\"pair\":\"p9\",\"edit\":\"m\",\"side\":\"b\",\"response\":\"x\"}\n", "no pair 'p9'"},
        {"{\"pair\":\"p2\",\"edit\":\"m\",\"side\":\"c\",\"response\":\"x\"}\n", "field 'side'"},
        {"{\"pair\":\"p2\",\"edit\":\"same\",\"side\":\"a\",\"response\":\"x\"}\n",
         "there already"},
        {"{\"pair\":\"p2\",\"edit\":\"m\",\"side\":\"a\"}\n", "texts.jsonl:1: field 'response'"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; ++i) {
        write_file("texts.jsonl", wrong[i].text);
        FAILS(pdx_probe_write(&counts, dataset, edits, "bad.jsonl", &options), PDX_EPARSE,
              wrong[i].reason);
    }
    CHECK(access("bad.jsonl", F_OK) != 0);
    options.texts = NULL;
    static const char *const unknown[] = {"nope"}, *const twice[] = {"same", "same"};
    options.edits = unknown;
    options.edit_count = 1;
    FAILS(pdx_probe_write(&counts, dataset, edits, "bad.jsonl", &options), PDX_ENOTFOUND, "'nope'");
    options.edits = twice;
    options.edit_count = 2;
    FAILS(pdx_probe_write(&counts, dataset, edits, "bad.jsonl", &options), PDX_EINVAL, "twice");
    pdx_dataset_free(dataset);
    double x[2] = {1, 0};
    pdx_schema *schema;
    static const char *const names[] = {"a", "b"};
    OK(pdx_schema_from_names(&schema, names, 2));
    OK(pdx_dataset_from_arrays(&dataset, schema, 1, x, NULL, NULL));
    FAILS(pdx_probe_write(&counts, dataset, edits, "bad.jsonl", NULL), PDX_EINVAL, "no texts");
    pdx_schema_free(schema);
    pdx_dataset_free(dataset);
    pdx_edits_free(edits);
}

int main(void) {
    scratch_enter();
    RUN(known_effects);
    RUN(exact_texts);
    RUN(own_edits);
    RUN(probe_pairs);
    scratch_leave();
    return check_result();
}
