/* fits.json: an exact round trip; damage refused with file and field. */
#include "bayes/posterior.h"

#include "check.h"
#include "core/file.h"
#include "scratch.h"

static const char path[] = "test-fits.json", again[] = "test-fits-again.json";

static double *numbers(int count, double first) {
    double *out = pdx__alloc((size_t)count, sizeof *out);
    for (int i = 0; out && i < count; ++i) out[i] = first / (i + 3) - 1e-17 * i;
    return out;
}

/* A posterior that has everything. */
static pdx_posterior *whole(const char *judge, const char *group) {
    static const char *const columns[] = {"clear", "quote \" and \xc3\xa9"};
    pdx_posterior *p = NULL;
    if (pdx__posterior_create(&p, judge, group, 2, columns) != PDX_OK) return NULL;
    pdx__free(p->label);
    pdx__free(p->verdict);
    p->label = pdx__strdup("sum-logp");
    p->verdict = pdx__strdup("Trust it: \"why\" not.");
    p->n = 120, p->ties = 3, p->no_verdict = 4;
    p->mean[0] = 0.1, p->mean[1] = -1e-300;
    p->sd = numbers(2, 1), p->prob_positive = numbers(2, 0.7);
    p->covariance = numbers(4, 2), p->fold_mean = numbers(2, 3);
    p->quantile_count = 3, p->quantile_probs = numbers(3, 0.5), p->quantiles = numbers(6, -4);
    p->draw_count = 5, p->draws = numbers(10, 6);
    p->log_evidence = -1234.5678901234567, p->elpd_loo = NAN, p->prior_scale = 0.1;
    p->certificate = (pdx_certificate){.checked = 1,
                                       .ok = 1,
                                       .method = PDX_METHOD_STIS,
                                       .ep_sweeps = 7,
                                       .ep_converged = 1,
                                       .draws = 512,
                                       .ess_fraction = 0.99,
                                       .sd_log_weight = 1.0 / 3,
                                       .khat = NAN,
                                       .delta = 1e-4,
                                       .delta_se = 2e-4,
                                       .rhat = NAN,
                                       .nuts_ess = NAN,
                                       .divergences = 2,
                                       .mean_se = 0.5};
    p->position = (pdx_position){1, 0.3, 0.1, 0.99, 0.57, 0.52, 0.62};
    p->prediction = (pdx_prediction){10, 120, 0.7, 0.6, 0.75, 0.5, NAN};
    p->margin = (pdx_margin){1, 1.7, 0.1, 0.8, 0.81, 0.9, 0.7};
    p->cut = (pdx_cut){
        1, PDX_TIES_DAVIDSON, 0.4, 0.1, 0.3, 0.6, 0.2, 0.15, 0.25, -1.4, 0.17, 0.66, 0.81, 0.97};
    return p;
}

static pdx_study *small_study(void) {
    static const char *const columns[] = {"clear", "quote \" and \xc3\xa9"}, *const one[] = {"x"};
    pdx_study *study = NULL;
    if (pdx__study_create(&study, 3) != PDX_OK) return NULL;
    study->fit[study->count++] = whole("human", "Advice");
    pdx__posterior_create(&study->fit[study->count++], "means", "Advice", 2, columns);
    pdx__posterior_create(&study->fit[study->count++], "other", "all", 1, one);
    study->fit[1]->mean[0] = 1.0 / 3, study->fit[1]->mean[1] = 2;
    study->fit[2]->mean[0] = 0;
    pdx__free(study->options_json);
    study->options_json = pdx__strdup("{\"prior\":\"laplace\",\"prior_scale\":0.1}");
    pdx__free(study->data_sha256);
    study->data_sha256 = pdx__strdup("00ff");
    return study;
}

static int same(const double *a, const double *b, int64_t n) {
    if (!a || !b) return a == b;
    return memcmp(a, b, (size_t)n * sizeof *a) == 0;
}

static void test_round_trip_is_exact(void) {
    pdx_study *a = small_study(), *b;
    REQUIRE(a != NULL);
    OK(pdx_study_save(a, path));
    OK(pdx_study_load(&b, path));
    CHECK_INT(pdx_study_count(b), 3);
    CHECK_TEXT(b->options_json, a->options_json);
    CHECK_TEXT(b->data_sha256, "00ff");
    for (int i = 0; i < 3; ++i) {
        const pdx_posterior *p = a->fit[i], *q = b->fit[i];
        CHECK_TEXT(q->judge, p->judge);
        CHECK_TEXT(q->group, p->group);
        CHECK_TEXT(q->label, p->label);
        CHECK_INT(q->d, p->d);
        for (int c = 0; c < p->d; ++c) CHECK_TEXT(q->columns[c], p->columns[c]);
        CHECK(same(p->mean, q->mean, p->d));
        CHECK(same(p->sd, q->sd, p->d));
        CHECK(same(p->prob_positive, q->prob_positive, p->d));
        CHECK(same(p->covariance, q->covariance, (int64_t)p->d * p->d));
        CHECK(same(p->fold_mean, q->fold_mean, p->d));
        CHECK_INT(q->quantile_count, p->quantile_count);
        CHECK(same(p->quantile_probs, q->quantile_probs, p->quantile_count));
        CHECK(same(p->quantiles, q->quantiles, (int64_t)p->d * p->quantile_count));
        CHECK_INT(q->draw_count, p->draw_count);
        CHECK(same(p->draws, q->draws, p->draw_count * p->d));
        CHECK_INT(q->certificate.method, p->certificate.method);
        CHECK_INT(q->certificate.checked, p->certificate.checked);
    }
    const pdx_posterior *p = a->fit[0], *q = b->fit[0];
    CHECK_TEXT(q->verdict, p->verdict);
    CHECK(p->n == q->n && p->ties == q->ties && p->no_verdict == q->no_verdict);
    CHECK(p->log_evidence == q->log_evidence && isnan(q->elpd_loo));
    CHECK(p->certificate.ess_fraction == q->certificate.ess_fraction);
    CHECK(isnan(q->certificate.khat) && q->certificate.ep_sweeps == 7);
    CHECK(memcmp(&p->position, &q->position, sizeof p->position) == 0);
    CHECK(memcmp(&p->margin, &q->margin, sizeof p->margin) == 0);
    CHECK(memcmp(&p->cut, &q->cut, sizeof p->cut) == 0);
    CHECK(q->prediction.folds == 10 && q->prediction.auc == 0.75);
    CHECK(isnan(q->prediction.baseline_length));
    CHECK(!b->fit[1]->position.known && !b->fit[1]->sd);
    /* and what is read is written the same */
    pdx__buf first = PDX__BUF_EMPTY, second = PDX__BUF_EMPTY;
    OK(pdx_study_save(b, again));
    OK(pdx__file_read(path, 0, &first));
    OK(pdx__file_read(again, 0, &second));
    CHECK_TEXT(second.data, first.data);
    pdx__buf_free(&first);
    pdx__buf_free(&second);
    pdx_study_free(a);
    pdx_study_free(b);
}

static void test_find(void) {
    pdx_study *a = small_study();
    REQUIRE(a != NULL);
    CHECK(pdx_study_find(a, "means", "Advice") == pdx_study_get(a, 1));
    CHECK(pdx_study_find(a, "means", "all") == NULL);
    CHECK(pdx_study_get(a, 3) == NULL && pdx_study_get(a, -1) == NULL);
    CHECK_INT(pdx_study_count(NULL), 0);
    pdx_study_free(a);
    pdx_study_free(NULL);
}

static void refused(const char *text, const char *message) {
    pdx_study *study = (pdx_study *)1;
    OK(pdx__file_write(path, text, strlen(text)));
    FAILS(pdx_study_load(&study, path), PDX_EPARSE, message);
    CHECK(study == NULL);
    CHECK_CONTAINS(pdx_error_message(), path);
}

#define HEAD "{\"format\":\"prefdissect.fits\",\"version\":1,\"columns\":[\"a\",\"b\"],\"fits\":"

static void test_damage_is_refused_by_name(void) {
    refused("[1]", "instead of an object");
    refused("{\"format\":\"x\"}", "'format'");
    refused("{\"format\":\"prefdissect.fits\",\"version\":1,\"fits\":[]}", "columns");
    refused("{\"format\":\"prefdissect.fits\",\"version\":1,\"columns\":[1],\"fits\":[]}",
            "entry 0");
    refused(HEAD "[]", "JSON");
    refused(HEAD "[3]}", "fits[0]");
    refused(HEAD "[{\"group\":\"g\",\"mean\":[1,2]}]}", "judge");
    refused(HEAD "[{\"judge\":\"j\",\"group\":\"g\"}]}", "'mean'");
    refused(HEAD "[{\"judge\":\"j\",\"group\":\"g\",\"mean\":[1]}]}", "mean");
    refused(HEAD "[{\"judge\":\"j\",\"group\":\"g\",\"mean\":[1,\"2\"]}]}", "mean");
    refused(HEAD "[{\"judge\":\"j\",\"group\":\"g\",\"mean\":[1,2],\"cov\":[[1,2]]}]}", "cov");
    refused(HEAD "[{\"judge\":\"j\",\"group\":\"g\",\"mean\":[1,2],\"cov\":[[1,2],7]}]}", "row 1");
    refused(HEAD "[{\"judge\":\"j\",\"group\":\"g\",\"mean\":[1,2],\"method\":\"mcmc\"}]}", "mcmc");
    refused(HEAD "[{\"judge\":\"j\",\"group\":\"g\",\"mean\":[1,2],\"n\":-4}]}", "'n'");
    refused(HEAD "[{\"judge\":\"j\",\"group\":\"g\",\"mean\":[1,2],\"position\":3}]}", "position");
    refused(HEAD "[{\"judge\":\"j\",\"group\":\"g\",\"mean\":[1,2]},"
                 "{\"judge\":\"j\",\"group\":\"g\",\"mean\":[1,2],\"quantiles\":[[1],[2]],"
                 "\"quantile_probs\":[0.1,0.2]}]}",
            "fits[1]");
    pdx_study *study;
    FAILS(pdx_study_load(&study, "no-such-file.json"), PDX_EIO, "no-such-file");
    FAILS(pdx_study_load(&study, NULL), PDX_EINVAL, "NULL");
    FAILS(pdx_study_save(NULL, path), PDX_EINVAL, "NULL");
}

static void test_unknown_members_and_versions(void) {
    static const char text[] =
        "{\"format\":\"prefdissect.fits\",\"version\":1,\"news\":{},\"columns\":[\"a\"],\"fits\":["
        "{\"judge\":\"j\",\"group\":\"g\",\"mean\":[1],\"pooled\":[3],\"position\":null}]}";
    pdx_study *study;
    OK(pdx__file_write(path, text, strlen(text)));
    OK(pdx_study_load(&study, path));
    CHECK_NEAR(study->fit[0]->mean[0], 1, 0);
    CHECK_INT(study->fit[0]->position.known, 0);
    pdx_study_free(study);
    static const char later[] = "{\"format\":\"prefdissect.fits\",\"version\":2}";
    OK(pdx__file_write(path, later, strlen(later)));
    FAILS(pdx_study_load(&study, path), PDX_EUNSUPPORTED, "version");
}

static void test_one_fit_is_a_file(void) {
    pdx_posterior *fit = whole("human", "Advice");
    pdx_study *back = NULL;
    REQUIRE(fit);
    OK(pdx_posterior_save(fit, path));
    OK(pdx_study_load(&back, path));
    CHECK_INT(pdx_study_count(back), 1);
    REQUIRE(pdx_study_find(back, "human", "Advice"));
    CHECK_NEAR(pdx_posterior_mean(pdx_study_get(back, 0))[1], -1e-300, 0);
    CHECK_INT(pdx_posterior_draw_count(pdx_study_get(back, 0)), 5);
    FAILS(pdx_posterior_save(NULL, path), PDX_EINVAL, "NULL");
    pdx_study_free(back);
    pdx_posterior_free(fit);
}

int main(void) {
    scratch_enter();
    RUN(test_round_trip_is_exact);
    RUN(test_one_fit_is_a_file);
    RUN(test_find);
    RUN(test_damage_is_refused_by_name);
    RUN(test_unknown_members_and_versions);
    scratch_leave();
    return check_result();
}
