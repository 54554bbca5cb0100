/* Every foreign format on a small file of our own words against the files that must come of it
 * (tests/golden/import), and what bad input says. */
#include <prefdissect/prefdissect.h>

#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "core/file.h"
#include "import_cases.h"

static char folder[64];
static char log_text[8192];

static const char *in_folder(const char *name) {
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void new_folder(void) {
    strcpy(folder, "/tmp/pdx-import-XXXXXX");
    if (!mkdtemp(folder)) abort();
}

static void remove_folder(void) {
    for (int i = 0; i < 4; ++i) unlink(in_folder(golden_outputs[i]));
    if (rmdir(folder) != 0) CHECK_FAIL("%s holds more than it should", folder);
}

static void take_log(void *user, int32_t level, const char *text) {
    (void)user;
    (void)level;
    size_t used = strlen(log_text);
    snprintf(log_text + used, sizeof log_text - used, "%s\n", text);
}

static pdx_import_options logging(void) {
    pdx_import_options options;
    pdx_import_options_init(&options);
    options.hooks.log = take_log;
    log_text[0] = 0;
    return options;
}

static void same_file(const char *expected, const char *made) {
    pdx__buf a = PDX__BUF_EMPTY, b = PDX__BUF_EMPTY;
    int is_there = access(expected, F_OK) == 0;
    if (is_there != (access(made, F_OK) == 0)) CHECK_FAIL("%s: is there %d", expected, is_there);
    else if (is_there) {
        OK(pdx__file_read(expected, 0, &a));
        OK(pdx__file_read(made, 0, &b));
        if (a.length != b.length || memcmp(a.data, b.data, a.length))
            CHECK_FAIL("%s differs; made:\n%s", expected, b.data);
    }
    pdx__buf_free(&a);
    pdx__buf_free(&b);
}

/* What was imported is what the loaders read. Pairs without texts have no properties. */
static void loads(const golden *one, const pdx_import_result *wrote) {
    static char path[4][256];
    for (int i = 0; i < 4; ++i)
        snprintf(path[i], sizeof path[i], "%s", in_folder(golden_outputs[i]));
    pdx_dataset_files files = {.pairs = path[0]};
    if (access(path[2], F_OK) == 0) {
        files.features = path[2];
        files.names = path[3];
    } else if (!strcmp(one->format, "mtbench-single")) return;
    pdx_dataset *dataset;
    pdx_judgments *judgments;
    OK(pdx_dataset_load(&dataset, &files, NULL));
    CHECK_INT(pdx_dataset_count(dataset), wrote->pairs);
    const char *const judged = path[1];
    OK(pdx_judgments_load(&judgments, dataset, &judged, 1, NULL));
    CHECK_INT(pdx_judgments_count(judgments), wrote->judgments);
    for (int64_t i = 0; i < pdx_judgments_count(judgments); ++i) {
        pdx_judgment row;
        OK(pdx_judgments_get(judgments, i, &row));
        CHECK(row.winner != PDX_WINNER_NONE || wrote->left_out > 0);
    }
    if (!strcmp(one->name, "li2024")) {
        const char *group = NULL;
        CHECK_INT(pdx_schema_count(pdx_dataset_schema(dataset)), 29);
        OK(pdx_dataset_text(dataset, 1, "group", &group));
        CHECK_TEXT(group, "Code");
    }
    pdx_judgments_free(judgments);
    pdx_dataset_free(dataset);
}

static void formats_give_the_golden_files(void) {
    for (size_t i = 0; i < sizeof golden_cases / sizeof golden_cases[0]; ++i) {
        const golden *one = &golden_cases[i];
        pdx_import_options options = logging();
        pdx_import_result result;
        options.answers = one->answers;
        options.questions = one->questions;
        new_folder();
        OK(pdx_import(&result, one->format, one->paths, golden_paths(one), folder, &options));
        CHECK_INT(result.pairs, one->pairs);
        CHECK_INT(result.judgments, one->judgments);
        CHECK_INT(result.left_out, one->left_out);
        CHECK_CONTAINS(log_text, one->logged);
        for (int f = 0; f < 4; ++f) {
            char expected[256];
            snprintf(expected, sizeof expected, GOLDEN "%s/expected/%s", one->name,
                     golden_outputs[f]);
            same_file(expected, in_folder(golden_outputs[f]));
        }
        loads(one, &result);
        remove_folder();
    }
}

static void every_format_is_listed_and_tried(void) {
    const char *what, *name;
    int32_t formats = 0;
    while ((name = pdx_import_format(formats, &what))) {
        int tried = 0;
        for (size_t i = 0; i < sizeof golden_cases / sizeof golden_cases[0]; ++i)
            tried |= !strcmp(golden_cases[i].format, name);
        if (!tried) CHECK_FAIL("no golden case of %s", name);
        CHECK(what && *what);
        ++formats;
    }
    CHECK_INT(formats, 13);
    CHECK(!pdx_import_format(-1, NULL));
}

static void a_baseline_narrows_single_scores(void) {
    static const char *const paths[] = {GOLDEN "mtbench-single/gpt-4_single.jsonl"};
    pdx_import_options options = logging();
    pdx_import_result result;
    options.baseline = "cat";
    new_folder();
    OK(pdx_import(&result, "mtbench-single", paths, 1, folder, &options));
    CHECK_INT(result.pairs, 3); /* cat with ant and bee, cat with ant */
    options.baseline = "dog";
    options.overwrite = 1;
    FAILS(pdx_import(&result, "mtbench-single", paths, 1, folder, &options), PDX_ENOTFOUND,
          "'dog' has no scores");
    remove_folder();
}

/* ---- Bad input ---- */

static char input[128];

static const char *put(const char *name, const char *text) {
    snprintf(input, sizeof input, "/tmp/pdx-import-in-%ld-%s", (long)getpid(), name);
    if (pdx__file_write(input, text, strlen(text)) != PDX_OK) abort();
    return input;
}

/* Nothing may be left, not even the folder. */
static void refuses(const char *format, const char *name, const char *text, const char *part) {
    const char *path = put(name, text);
    pdx_import_result result = {7, 7, 7};
    snprintf(folder, sizeof folder, "/tmp/pdx-import-bad-%ld", (long)getpid());
    FAILS(pdx_import(&result, format, &path, 1, folder, NULL), PDX_EPARSE, part);
    CHECK_INT(result.pairs, 0);
    if (access(folder, F_OK) == 0) {
        CHECK_FAIL("%s: %s was left behind", part, folder);
        remove_folder();
    }
    unlink(path);
}

static void bad_input_is_named(void) {
    refuses("alpacaeval", "a.json", "", "a.json: holds no records");
    refuses("alpacaeval", "a.json", "[]", "a.json: holds no records");
    refuses("alpacaeval", "a.json", "[\n{\"instruction\": \"x\",",
            "a.json:2: the list is not closed");
    refuses("alpacaeval", "a.json", "[{\"instruction\": \"x\"}]\nmore",
            "'output_1' is missing (record 1)");
    refuses("alpacaeval", "a.json", "[\n\n{\"instruction\": 7}]",
            "a.json:3: field 'instruction': expected a string, found a number (record 1)");
    refuses("alpacaeval", "a.json", "[\n3]",
            "a.json:2: expected an object, found a number (record 1)");
    refuses("alpacaeval", "a.json",
            "[{\"instruction\":\"i\",\"output_1\":\"a\",\"output_2\":\"b\",\"preference\":3}]",
            "field 'preference' is 3");
    refuses("mtbench", "m.jsonl", "{\"question_id\":1,\n", "m.jsonl:1: broken JSON");
    refuses("mtbench", "m.jsonl",
            "{\"question_id\":1,\"model_1\":\"a\",\"model_2\":\"b\",\"judge\":\"j\",\"g1_winner\":"
            "\"me\"}",
            "m.jsonl:1: field 'g1_winner': 'me' is not a winner");
    refuses(
        "mtbench-human", "h.jsonl",
        "{\"question_id\":1,\"model_a\":\"a\",\"model_b\":\"b\",\"judge\":\"j\",\"winner\":\"tie\","
        "\"conversation_a\":[{\"role\":\"user\",\"content\":\"q\"}],\"conversation_b\":[]}",
        "the conversation has no answer");
    refuses("arena-hard", "h.jsonl",
            "{\"uid\":\"u\",\"model\":\"m\",\"baseline\":\"b\",\"judge\":\"j\",\"games\":[{"
            "\"score\":\"A?B\"}]}",
            "field 'score': 'A?B' is not a verdict");
    refuses("annotated-pairs", "p.json", "{\"annotators\":{}}",
            "p.json: field 'comparisons' is missing");
    refuses("annotated-pairs", "p.json",
            "{\"annotators\":{},\"comparisons\":[{\"response_a\":{\"text\":\"a\"},\"response_b\":"
            "{\"text\":\"b\"},\"annotations\":{\"x\":{\"pref\":\"a\"}}}]}",
            "'x' is not among the annotators (record 1)");
    refuses("llmbar", "r.json",
            "[{\"input\":\"i\",\"output_1\":\"a\",\"output_2\":\"b\",\"label\":5}]",
            "field 'label' is 5");
    refuses("judgebench", "j.jsonl",
            "{\"pair_id\":\"k\",\"question\":\"q\",\"response_A\":\"a\",\"response_B\":\"b\","
            "\"judgments\":[{\"decision\":4}]}",
            "j.jsonl:1: field 'decision': expected a string, found a number");
    refuses("arena-33k", "a.jsonl", "{\"question_id\":\"q\",\"winner\":\"model_a\"}",
            "field 'conversation_a' is missing");
    refuses("arena-55k", "a.csv", "id,prompt\n1,2\n", "a.csv:1: column 'response_a' is missing");
    refuses("rewardbench", "r.jsonl", "{\"chosen\":\"c\",\"rejected\":\"r\"}",
            "field 'prompt' is missing");
    refuses("ultrafeedback", "u.jsonl", "{\"chosen\":[],\"rejected\":[]}",
            "field 'chosen': the last message has no text");
    refuses("li2024", "l.jsonl", "{\"some\":\"thing\"}", "l.jsonl:1: is none of the files");
    refuses("li2024", "l.json", "[\"A\",\"C\"]", "label 2: expected \"A\" or \"B\"");
    refuses("li2024", "l.jsonl", "{\"comparison\":{\"accuracy\":{\"comparison\":{\"Minor\":2}}}}",
            "l.jsonl:1: property 'accuracy', field 'Minor': expected -1, 0 or 1");
    refuses("li2024", "l_AB.jsonl", "{\"response_a\":-1,\"response_b\":\"x\"}",
            "field 'response_b'");
    refuses("li2024", "g.json", "{\"Advice\":[0.5]}", "group 'Advice': expected record numbers");
}

static void files_must_agree(void) {
    static const char *const paths[] = {GOLDEN "li2024/records.jsonl", input};
    pdx_import_result result;
    put("labels.json", "[\"A\", \"B\"]");
    snprintf(folder, sizeof folder, "/tmp/pdx-import-bad-%ld", (long)getpid());
    FAILS(pdx_import(&result, "li2024", paths, 2, folder, NULL), PDX_EPARSE,
          "labels.json: holds 2 records, but " GOLDEN "li2024/records.jsonl holds 3");
    unlink(input);
    put("judge.jsonl",
        "{\"response_a\":-1,\"response_b\":-2}\n{\"response_a\":-1,\"response_b\":-2}\n"
        "{\"response_a\":-1,\"response_b\":-2}\n");
    FAILS(pdx_import(&result, "li2024", paths, 2, folder, NULL), PDX_EINVAL,
          "the name must end in _AB or _BA");
    unlink(input);
    CHECK(access(folder, F_OK) != 0);
}

static void calls_are_checked(void) {
    static const char *const paths[] = {GOLDEN "alpacaeval/annotations.json"};
    static const char *const folders[] = {"tests/golden"};
    static const char *const absent[] = {"tests/nothing.json"};
    pdx_import_result result;
    pdx_import_options options = logging();
    new_folder();
    FAILS(pdx_import(&result, "alpaca", paths, 1, folder, NULL), PDX_EINVAL,
          "'alpaca' is not a format");
    FAILS(pdx_import(&result, "alpacaeval", paths, 0, folder, NULL), PDX_EINVAL, "no file");
    FAILS(pdx_import(&result, NULL, paths, 1, folder, NULL), PDX_EINVAL, "NULL");
    FAILS(pdx_import(NULL, "alpacaeval", paths, 1, folder, NULL), PDX_EINVAL, "NULL");
    FAILS(pdx_import(&result, "alpacaeval", folders, 1, folder, NULL), PDX_EIO, "is a folder");
    FAILS(pdx_import(&result, "alpacaeval", absent, 1, folder, NULL), PDX_EIO, "No such file");
    FAILS(pdx_import(&result, "alpacaeval", paths, 1, "/nowhere/deep", NULL), PDX_EIO,
          "/nowhere/deep");
    OK(pdx_import(&result, "alpacaeval", paths, 1, folder, &options));
    FAILS(pdx_import(&result, "alpacaeval", paths, 1, folder, &options), PDX_EINVAL,
          "pairs.jsonl is there already");
    options.overwrite = 1;
    OK(pdx_import(&result, "alpacaeval", paths, 1, folder, &options));
    same_file(GOLDEN "alpacaeval/expected/pairs.jsonl", in_folder("pairs.jsonl"));
    /* A failure leaves what was there. */
    FAILS(pdx_import(&result, "mtbench", paths, 1, folder, &options), PDX_EPARSE, "question_id");
    same_file(GOLDEN "alpacaeval/expected/pairs.jsonl", in_folder("pairs.jsonl"));
    remove_folder();
}

static int32_t stop(void *user, const pdx_progress *progress) {
    (void)user;
    return progress->done > 0;
}

static void progress_can_stop_it(void) {
    pdx__buf text = PDX__BUF_EMPTY;
    for (int i = 0; i < 40000; ++i)
        pdx__buf_printf(&text, "{\"prompt\":\"q%d\",\"chosen\":\"a\",\"rejected\":\"b\"}\n", i);
    const char *path = put("many.jsonl", text.data);
    pdx__buf_free(&text);
    pdx_import_options options = logging();
    pdx_import_result result;
    options.hooks.progress = stop;
    snprintf(folder, sizeof folder, "/tmp/pdx-import-bad-%ld", (long)getpid());
    FAILS(pdx_import(&result, "rewardbench", &path, 1, folder, &options), PDX_ECANCELED, "stopped");
    CHECK(access(folder, F_OK) != 0);
    unlink(path);
}

/* The order of chosen and rejected is decided by the seed, and is no constant. */
static void the_seed_decides_the_order(void) {
    static const char *const paths[] = {GOLDEN "rewardbench/filtered.jsonl"};
    char first[8][2048];
    int same = 1;
    for (int seed = 0; seed < 8; ++seed) {
        pdx_import_options options = logging();
        pdx_import_result result;
        options.seed = (uint64_t)seed;
        new_folder();
        OK(pdx_import(&result, "rewardbench", paths, 1, folder, &options));
        pdx__buf text = PDX__BUF_EMPTY;
        OK(pdx__file_read(in_folder("judgments.jsonl"), 0, &text));
        snprintf(first[seed], sizeof first[seed], "%s", text.data);
        pdx__buf_free(&text);
        remove_folder();
        if (seed && strcmp(first[seed], first[0])) same = 0;
    }
    CHECK(!same);
    CHECK(strstr(first[1], "\"winner\":\"A\"") && strstr(first[1], "\"winner\":\"B\""));
}

int main(void) {
    RUN(formats_give_the_golden_files);
    RUN(every_format_is_listed_and_tried);
    RUN(a_baseline_narrows_single_scores);
    RUN(bad_input_is_named);
    RUN(files_must_agree);
    RUN(calls_are_checked);
    RUN(progress_can_stop_it);
    RUN(the_seed_decides_the_order);
    return check_result();
}
