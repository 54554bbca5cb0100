/* The original's weight files, in and out. */
#include <sys/stat.h>
#include <unistd.h>

#include "bayes/posterior.h"

#include "check.h"
#include "core/file.h"
#include "scratch.h"

static const char folder[] = "test-weights",
                  shared[] = "../shared/data/gair/fitted_paras_comparison";

/* One line of a weights file: 29 weights start, start + 1, ... */
static int weights_text(char *out, size_t size, double start, int count) {
    int used = snprintf(out, size, "[");
    for (int i = 0; i < count; ++i)
        used += snprintf(out + used, size - (size_t)used, "%s%g", i ? ", " : "", start + i);
    return used + snprintf(out + used, size - (size_t)used, "]");
}

static void write_file(const char *name, const char *text) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    OK(pdx__file_write(path, text, strlen(text)));
}

static void write_group(const char *group, double first, double second) {
    char name[128], text[1024], a[400], b[400];
    weights_text(a, sizeof a, first, 29);
    weights_text(b, sizeof b, second, 29);
    snprintf(name, sizeof name, "model_%s_fitted_paras.jsonl", group);
    snprintf(text, sizeof text,
             "{\"model_name\": \"one\", \"parameters\": %s}\n"
             "{\"model_name\": \"two\", \"parameters\": %s}\n",
             a, b);
    write_file(name, text);
}

static void test_folder_round_trip(void) {
    OK(pdx__make_folder(folder));
    write_group("Advice", 0.5, 100);
    write_group("w_stances", 200, 300);
    write_file("notes.txt", "not weights");
    pdx_study *a, *b;
    OK(pdx_study_load_weights(&a, folder));
    REQUIRE(pdx_study_count(a) == 4);
    CHECK_TEXT(a->fit[0]->judge, "one"); /* judge-major */
    CHECK_TEXT(a->fit[1]->judge, "one");
    CHECK_TEXT(a->fit[1]->group, "w_stances");
    CHECK_NEAR(a->fit[3]->mean[28], 328, 0);
    CHECK_NEAR(a->fit[0]->mean[0], 0.5, 0);
    CHECK(a->fit[0]->sd == NULL);
    CHECK_INT(a->fit[0]->d, 29);
    OK(pdx_study_save_weights(a, "test-weights-again"));
    OK(pdx_study_load_weights(&b, "test-weights-again"));
    REQUIRE(pdx_study_count(b) == 4);
    for (int i = 0; i < 4; ++i)
        CHECK(memcmp(a->fit[i]->mean, b->fit[i]->mean, 29 * sizeof(double)) == 0);
    pdx_study_free(b);
    FAILS(pdx_study_save_weights(a, "test-weights/all.json"), PDX_EINVAL, "one judge");
    pdx_study_free(a);
    static const char *const names[] = {"x"};
    OK(pdx__study_create(&a, 1));
    OK(pdx__posterior_create(&a->fit[a->count++], "j", "g", 1, names));
    FAILS(pdx_study_save_weights(a, folder), PDX_EINVAL, "29 properties");
    pdx_study_free(a);
}

static void test_community_round_trip(void) {
    char text[2048], weights[400];
    weights_text(weights, sizeof weights, 1, 29);
    snprintf(text, sizeof text,
             "{\"[Scenario] NLP Tasks\": %s, \"[Query-Specific Cases] Unclear User Intent\": %s}",
             weights, weights);
    OK(pdx__make_folder(folder));
    write_file("6.5_My_Model.json", text);
    pdx_study *a, *b;
    OK(pdx_study_load_weights(&a, "test-weights/6.5_My_Model.json"));
    REQUIRE(pdx_study_count(a) == 2);
    CHECK_TEXT(a->fit[0]->judge, "My_Model");
    CHECK_TEXT(a->fit[0]->group, "NLP Tasks");
    CHECK_TEXT(a->fit[1]->group, "intent_unclear");
    OK(pdx_study_save_weights(a, "test-weights/7_Same.json"));
    OK(pdx_study_load_weights(&b, "test-weights/7_Same.json"));
    REQUIRE(pdx_study_count(b) == 2);
    CHECK_TEXT(b->fit[1]->group, "intent_unclear");
    CHECK(memcmp(a->fit[1]->mean, b->fit[1]->mean, 29 * sizeof(double)) == 0);
    pdx__buf saved = PDX__BUF_EMPTY;
    OK(pdx__file_read("test-weights/7_Same.json", 0, &saved));
    CHECK_CONTAINS(saved.data, "\"[Query-Specific Cases] Unclear User Intent\"");
    pdx__buf_free(&saved);
    pdx_study_free(a);
    pdx_study_free(b);
}

static void test_bad_files(void) {
    pdx_study *study = NULL;
    char text[1024], weights[400];
    FAILS(pdx_study_load_weights(&study, "no-such-folder"), PDX_EIO, "no-such-folder");
    OK(pdx__make_folder("test-weights-bad"));
    FAILS(pdx_study_load_weights(&study, "test-weights-bad"), PDX_ENOTFOUND, "model_");
    weights_text(weights, sizeof weights, 1, 28);
    snprintf(text, sizeof text, "\n{\"model_name\": \"a\", \"parameters\": %s}\n", weights);
    static const char bad[] = "test-weights-bad/model_X_fitted_paras.jsonl";
    OK(pdx__file_write(bad, text, strlen(text)));
    FAILS(pdx_study_load_weights(&study, "test-weights-bad"), PDX_EPARSE,
          "X_fitted_paras.jsonl:2: field 'parameters' has 28 weights instead of 29");
    CHECK(study == NULL);
    OK(pdx__file_write(bad, "{\"parameters\": []}\n", 19));
    FAILS(pdx_study_load_weights(&study, "test-weights-bad"), PDX_EPARSE, "model_name");
    weights_text(weights, sizeof weights, 1, 29);
    snprintf(
        text, sizeof text,
        "{\"model_name\": \"a\", \"parameters\": %s}\n{\"model_name\": \"a\", \"parameters\": %s}",
        weights, weights);
    OK(pdx__file_write(bad, text, strlen(text)));
    FAILS(pdx_study_load_weights(&study, "test-weights-bad"), PDX_EPARSE, "twice");
    FAILS(pdx_study_load_weights(&study, NULL), PDX_EINVAL, "NULL");
    remove(bad);
    rmdir("test-weights-bad");
}

static void test_published_weights(void) {
    struct stat info;
    if (stat(shared, &info) != 0) SKIP("%s is not there", shared);
    pdx_study *study;
    OK(pdx_study_load_weights(&study, shared));
    CHECK_INT(pdx_study_count(study), 33 * 16);
    const pdx_posterior *human = pdx_study_find(study, "human", "Code");
    REQUIRE(human != NULL);
    CHECK_NEAR(human->mean[0], -0.005253574717789889, 0);
    CHECK_TEXT(human->columns[28], pdx_study_get(study, 0)->columns[28]);
    CHECK(pdx_study_find(study, "human", "w_mistakes") != NULL);
    pdx_study_free(study);
}

int main(void) {
    RUN(test_published_weights);
    scratch_enter();
    RUN(test_folder_round_trip);
    RUN(test_community_round_trip);
    RUN(test_bad_files);
    scratch_leave();
    return check_result();
}
