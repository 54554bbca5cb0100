/* Results do not depend on the number of threads, and what may be shared for reading can be. Run
 * under the thread sanitizer, too. */
#include <prefdissect/prefdissect.h>

#include <pthread.h>
#include <unistd.h>

#include "check.h"

static pdx_dataset *dataset;
static pdx_judgments *judgments;

static void make_inputs(void) {
    pdx_simulate_options options;
    pdx_simulate_options_init(&options);
    options.pairs = 160;
    options.scenarios = 2;
    OK(pdx_simulate(&dataset, &judgments, NULL, &options));
}

static pdx_status fit(pdx_study **study, int32_t threads, const pdx_hooks *hooks) {
    pdx_fit_options options;
    pdx_fit_options_init(&options);
    options.threads = threads;
    options.folds = 3;
    options.draws = 50;
    if (hooks) options.hooks = *hooks;
    return pdx_study_fit(study, dataset, judgments, &options);
}

static void check_same(const pdx_study *a, const pdx_study *b) {
    CHECK_INT(pdx_study_count(a), pdx_study_count(b));
    for (int32_t i = 0; i < pdx_study_count(a); ++i) {
        const pdx_posterior *p = pdx_study_get(a, i), *q = pdx_study_get(b, i);
        size_t d = (size_t)pdx_posterior_dim(p),
               quantiles = (size_t)pdx_posterior_quantile_count(p);
        CHECK_TEXT(pdx_posterior_judge(p), pdx_posterior_judge(q));
        CHECK_TEXT(pdx_posterior_group(p), pdx_posterior_group(q));
        CHECK(!memcmp(pdx_posterior_mean(p), pdx_posterior_mean(q), d * sizeof(double)));
        CHECK(!memcmp(pdx_posterior_sd(p), pdx_posterior_sd(q), d * sizeof(double)));
        CHECK(!memcmp(pdx_posterior_fold_mean(p), pdx_posterior_fold_mean(q), d * sizeof(double)));
        CHECK(!memcmp(pdx_posterior_quantiles(p), pdx_posterior_quantiles(q),
                      d * quantiles * sizeof(double)));
        REQUIRE(pdx_posterior_draw_count(p) == 50 && pdx_posterior_draw_count(q) == 50);
        CHECK(!memcmp(pdx_posterior_draws(p), pdx_posterior_draws(q), 50 * d * sizeof(double)));
        CHECK(pdx_posterior_log_evidence(p) == pdx_posterior_log_evidence(q));
        CHECK(pdx_posterior_elpd_loo(p) == pdx_posterior_elpd_loo(q));
    }
}

static void fits_do_not_depend_on_threads(void) {
    pdx_study *alone, *many;
    OK(fit(&alone, 1, NULL));
    CHECK_INT(pdx_study_count(alone), 6);
    for (int32_t threads = 2; threads <= 5; threads += 3) {
        OK(fit(&many, threads, NULL));
        check_same(alone, many);
        pdx_study_free(many);
    }
    pdx_study_free(alone);
}

static void texts_do_not_depend_on_threads(void) {
    char path[] = "/tmp/pdx-threads-XXXXXX";
    int file = mkstemp(path);
    FILE *stream = fdopen(file, "w");
    REQUIRE(stream);
    for (int i = 0; i < 3000; ++i)
        fprintf(stream,
                "{\"id\":\"p%d\",\"query\":\"q %d?\",\"response_a\":\"%.*s\",\"response_b\":\"No; "
                "%d.\"}\n",
                i, i, i % 40, "Sure! First, **one**; then two. See (three).", i);
    REQUIRE(fclose(stream) == 0);
    char first[65] = "";
    for (int32_t threads = 1; threads <= 4; threads += 3) {
        pdx_dataset *loaded;
        pdx_dataset_files files = {.pairs = path};
        pdx_dataset_options options;
        pdx_dataset_options_init(&options);
        options.threads = threads;
        OK(pdx_dataset_load(&loaded, &files, &options));
        if (threads == 1) memcpy(first, pdx_dataset_sha256(loaded), sizeof first);
        CHECK_TEXT(pdx_dataset_sha256(loaded), first);
        pdx_dataset_free(loaded);
    }
    unlink(path);
}

typedef struct reader {
    pthread_t thread;
    pdx_study *study;
    int32_t number;
    int message_is_own;
} reader;

/* Each thread fails in its own words, then fits the shared data with threads of its own. */
static void *read_shared(void *argument) {
    reader *r = argument;
    char name[16], message[256];
    pdx_schema *none;
    snprintf(name, sizeof name, "absent-%d", r->number);
    pdx_schema_builtin(&none, name);
    snprintf(message, sizeof message, "%s", pdx_error_message());
    pdx_status status = fit(&r->study, 2, NULL);
    r->message_is_own = strstr(message, name) && status == PDX_OK;
    return NULL;
}

static void handles_are_shared_for_reading(void) {
    reader readers[3] = {{0}};
    for (int32_t i = 0; i < 3; ++i) {
        readers[i].number = i;
        REQUIRE(pthread_create(&readers[i].thread, NULL, read_shared, &readers[i]) == 0);
    }
    for (int32_t i = 0; i < 3; ++i) {
        pthread_join(readers[i].thread, NULL);
        CHECK(readers[i].message_is_own);
    }
    for (int32_t i = 1; i < 3; ++i) check_same(readers[0].study, readers[i].study);
    for (int32_t i = 0; i < 3; ++i) pdx_study_free(readers[i].study);
}

static int32_t stop_at_once(void *user, const pdx_progress *progress) {
    (void)progress;
    ++*(int *)user;
    return 1;
}

static void a_fit_can_be_stopped(void) {
    for (int32_t threads = 1; threads <= 3; threads += 2) {
        int calls = 0;
        pdx_hooks hooks = {.progress = stop_at_once, .user = &calls};
        pdx_study *study = (pdx_study *)&calls;
        FAILS(fit(&study, threads, &hooks), PDX_ECANCELED, "");
        CHECK(study == NULL);
        CHECK_INT(calls, 1);
    }
}

int main(void) {
    RUN(make_inputs);
    if (!dataset) return check_result();
    RUN(fits_do_not_depend_on_threads);
    RUN(texts_do_not_depend_on_threads);
    RUN(handles_are_shared_for_reading);
    RUN(a_fit_can_be_stopped);
    pdx_judgments_free(judgments);
    pdx_dataset_free(dataset);
    return check_result();
}
