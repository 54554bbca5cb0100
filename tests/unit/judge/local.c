/* The local judge end to end on a very small model: both orders, resume, what cannot be asked. */
#include <prefdissect/prefdissect.h>

#include <sys/file.h>
#include <unistd.h>
#include <fcntl.h>

#include "check.h"
#include "core/file.h"

#define MODEL "tests/golden/judge"
static char folder[] = "/tmp/pdx-judge-XXXXXX";

static const char *in_folder(const char *name) {
    static char path[4][256];
    static int next;
    char *p = path[next++ % 4];
    snprintf(p, 256, "%s/%s", folder, name);
    return p;
}

static void write_text(const char *path, const char *text) {
    if (pdx__file_write(path, text, strlen(text)) != PDX_OK) CHECK_FAIL("cannot write %s", path);
}

static char *read_text(const char *path) {
    pdx__buf buf = PDX__BUF_EMPTY;
    if (pdx__file_read(path, 0, &buf) != PDX_OK) {
        pdx__buf_free(&buf);
        return NULL;
    }
    return pdx__buf_take(&buf);
}

/* Twelve pairs, three of each query. */
static pdx_dataset *make_pairs(void) {
    pdx__buf text = PDX__BUF_EMPTY;
    for (int i = 0; i < 12; ++i)
        pdx__buf_printf(&text,
                        "{\"id\":\"p%d\",\"query\":\"q%d?\",\"response_a\":\"yes %d\","
                        "\"response_b\":\"no, %d\"}\n",
                        i, i % 4, i, i * i);
    write_text(in_folder("pairs.jsonl"), text.data);
    pdx__buf_free(&text);
    pdx_dataset *dataset = NULL;
    pdx_dataset_files files = {.pairs = in_folder("pairs.jsonl")};
    if (pdx_dataset_load(&dataset, &files, NULL) != PDX_OK) CHECK_FAIL("%s", pdx_error_message());
    return dataset;
}

static pdx_judge *open_judge(const pdx_local_options *options) {
    pdx_local_options o;
    pdx_judge *judge = NULL;
    write_text(in_folder("t.txt"), "{query}\nA {first}\nB {second}\nBest:");
    if (options) o = *options;
    else pdx_local_options_init(&o);
    if (!o.prompt) o.prompt = in_folder("t.txt");
    if (pdx_judge_open_local(&judge, MODEL, &o) != PDX_OK) CHECK_FAIL("%s", pdx_error_message());
    return judge;
}

static void both_orders_are_asked(void) {
    pdx_dataset *dataset = make_pairs();
    pdx_judge *judge = open_judge(NULL);
    REQUIRE(dataset && judge);
    CHECK_TEXT(pdx_judge_name(judge), "judge");
    pdx_judge_result result;
    const char *path = in_folder("a.jsonl");
    OK(pdx_judge_run(&result, judge, dataset, path, NULL));
    CHECK_INT(result.pairs, 12);
    CHECK_INT(result.judgments, 24);
    CHECK(result.computed < result.tokens);
    CHECK(access(in_folder("a.jsonl.part"), F_OK) != 0);
    pdx_judgments *judgments;
    OK(pdx_judgments_load(&judgments, dataset, &path, 1, NULL));
    CHECK_INT(pdx_judgments_count(judgments), 24);
    int seen[12][3] = {{0}};
    for (int64_t i = 0; i < 24; ++i) {
        pdx_judgment j;
        OK(pdx_judgments_get(judgments, i, &j));
        ++seen[j.pair][j.order];
        CHECK(j.logp_first < 0 && j.logp_second < 0);
        CHECK_NEAR(j.coverage, exp(j.logp_first) + exp(j.logp_second), 1e-12);
    }
    for (int i = 0; i < 12; ++i) CHECK(seen[i][PDX_ORDER_AB] == 1 && seen[i][PDX_ORDER_BA] == 1);
    pdx_judgments_free(judgments);
    pdx_judge_free(judge);
    pdx_dataset_free(dataset);
}

/* Batch size and thread count do not change an answer beyond rounding. */
static void batches_change_nothing(void) {
    pdx_dataset *dataset = make_pairs();
    pdx_judgments *judgments[3];
    for (int k = 0; k < 3; ++k) {
        pdx_local_options o;
        pdx_judge_result result;
        pdx_local_options_init(&o);
        o.batch_tokens = k == 0 ? 1 : k == 1 ? 100 : 4000;
        o.threads = 1 + k;
        pdx_judge *judge = open_judge(&o);
        const char *path = in_folder("b.jsonl");
        OK(pdx_judge_run(&result, judge, dataset, path, NULL));
        OK(pdx_judgments_load(&judgments[k], dataset, &path, 1, NULL));
        pdx_judge_free(judge);
    }
    for (int64_t i = 0; i < 24; ++i) {
        pdx_judgment a, b;
        OK(pdx_judgments_get(judgments[0], i, &a));
        for (int k = 1; k < 3; ++k) {
            OK(pdx_judgments_get(judgments[k], i, &b));
            CHECK_INT(a.pair, b.pair);
            CHECK_INT(a.order, b.order);
            CHECK_NEAR(a.logp_first, b.logp_first, 1e-5);
            CHECK_NEAR(a.logp_second, b.logp_second, 1e-5);
        }
    }
    for (int k = 0; k < 3; ++k) pdx_judgments_free(judgments[k]);
    pdx_dataset_free(dataset);
}

static int32_t stop_at_once(void *user, const pdx_progress *progress) {
    (void)user;
    return progress->done > 0;
}

/* A run that is stopped, torn, and run again has each answer once. */
static void an_interrupted_run_goes_on(void) {
    pdx_dataset *dataset = make_pairs();
    pdx_judge *judge = open_judge(NULL);
    pdx_judge_options o;
    pdx_judge_result result;
    const char *path = in_folder("c.jsonl");
    pdx_judge_options_init(&o);
    o.hooks.progress = stop_at_once;
    CHECK_INT(pdx_judge_run(&result, judge, dataset, path, &o), PDX_ECANCELED);
    CHECK(access(path, F_OK) != 0);
    char *part = read_text(in_folder("c.jsonl.part"));
    REQUIRE(part && strlen(part) > 20);
    int rows = 0;
    for (char *c = part; *c; ++c) rows += *c == '\n';
    CHECK(rows > 0 && rows < 24);
    part[strlen(part) - 9] = 0; /* the last line is torn */
    write_text(in_folder("c.jsonl.part"), part);
    pdx__free(part);
    OK(pdx_judge_run(&result, judge, dataset, path, NULL));
    CHECK_INT(result.resumed, rows - 1);
    CHECK_INT(result.judgments, 24 - (rows - 1));
    pdx_judgments *judgments;
    OK(pdx_judgments_load(&judgments, dataset, &path, 1, NULL));
    CHECK_INT(pdx_judgments_count(judgments), 24);
    pdx_judgments_free(judgments);

    write_text(in_folder("d.jsonl.part"),
               "{\"pair\":\"p1\",\"judge\":\"other\",\"order\":\"AB\",\"provenance\":"
               "{\"prompt_sha256\":\"0\"}}\n");
    FAILS(pdx_judge_run(&result, judge, dataset, in_folder("d.jsonl"), NULL), PDX_EINVAL,
          "d.jsonl.part:1");
    int busy = open(in_folder("e.jsonl.part"), O_RDWR | O_CREAT, 0600);
    flock(busy, LOCK_EX);
    FAILS(pdx_judge_run(&result, judge, dataset, in_folder("e.jsonl"), NULL), PDX_EBUSY, "e.jsonl");
    close(busy);
    FAILS(pdx_judge_run(&result, judge, dataset, "/no/such/folder/x", NULL), PDX_EIO, "/no/such");
    pdx_judge_free(judge);
    pdx_dataset_free(dataset);
}

static void long_prompts(void) {
    pdx__buf text = PDX__BUF_EMPTY;
    pdx__buf_text(&text, "{\"id\":\"long\",\"query\":\"q\",\"response_a\":\"");
    for (int i = 0; i < 300; ++i) pdx__buf_text(&text, "é word ");
    pdx__buf_text(&text, "\",\"response_b\":\"short\"}\n");
    write_text(in_folder("long.jsonl"), text.data);
    pdx__buf_free(&text);
    pdx_dataset *dataset;
    pdx_dataset_files files = {.pairs = in_folder("long.jsonl")};
    OK(pdx_dataset_load(&dataset, &files, NULL));
    pdx_judge_result result;
    pdx_judge *judge = open_judge(NULL);
    FAILS(pdx_judge_run(&result, judge, dataset, in_folder("l.jsonl"), NULL), PDX_EINVAL, "'long'");
    pdx_judge_free(judge);
    pdx_local_options o;
    pdx_local_options_init(&o);
    o.too_long = PDX_TOO_LONG_TRUNCATE;
    judge = open_judge(&o);
    OK(pdx_judge_run(&result, judge, dataset, in_folder("l.jsonl"), NULL));
    CHECK_INT(result.truncated, 2);
    CHECK(result.tokens <= 2 * 256 && result.tokens > 2 * 128);
    pdx_judge_free(judge);
    pdx_dataset_free(dataset);
}

static void what_cannot_be_opened(void) {
    pdx_judge *judge;
    pdx_local_options o;
    pdx_local_options_init(&o);
    o.label_first = "Alphabet";
    FAILS(pdx_judge_open_local(&judge, MODEL, &o), PDX_EINVAL, "'Alphabet' is not one token");
    CHECK(judge == NULL);
    o.label_first = "B";
    FAILS(pdx_judge_open_local(&judge, MODEL, &o), PDX_EINVAL, "share a token");
    o.label_first = NULL;
    o.backend = "abacus";
    FAILS(pdx_judge_open_local(&judge, MODEL, &o), PDX_EINVAL, "abacus");
    o.backend = NULL;
    o.memory_bytes = 1000;
    FAILS(pdx_judge_open_local(&judge, MODEL, &o), PDX_ENOMEM, "budget");
    o.memory_bytes = 0;
    o.prompt = "/no/such/template";
    FAILS(pdx_judge_open_local(&judge, MODEL, &o), PDX_EIO, "/no/such/template");
    FAILS(pdx_judge_open_local(&judge, "/no/such/model", NULL), PDX_EIO, "/no/such/model");
    FAILS(pdx_judge_open_local(&judge, "tests/golden/judge/config.json", NULL), PDX_EPARSE, "GGUF");
    FAILS(pdx_judge_open_local(&judge, "tests/golden/tokenizers", NULL), PDX_EIO, "config.json");
}

int main(void) {
    if (!mkdtemp(folder)) return 1;
    RUN(both_orders_are_asked);
    RUN(batches_change_nothing);
    RUN(an_interrupted_run_goes_on);
    RUN(long_prompts);
    RUN(what_cannot_be_opened);
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", folder);
    return check_result() | (system(command) != 0);
}
