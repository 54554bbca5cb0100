/* Options of a fit, and the presets. */
#include "fit_options.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "data/labels.h"

static const char *const labels[] = {"auto",     "order",  "sum-logp", "soft",
                                     "majority", "margin", NULL};
static const char *const ties[] = {"drop", "half", "refuse", "ordinal", "davidson", NULL};
static const char *const priors[] = {"laplace", "gaussian", "eb", NULL};
static const char *const positions[] = {"none", "gaussian", "laplace", NULL};
static const char *const methods[] = {"auto", "ep", "stis", "nuts", NULL};
static const char *const certificates[] = {"auto", "always", "never", NULL};

static const char *const pools[] = {"none", "complete", "partial", "auto", NULL};
static const char *const pooled_over[] = {"groups", "judges", NULL};
static const char *const overlaps[] = {"share", "whole", NULL};

#define AT(field) offsetof(pdx_fit_options, field)
static const pdx__option table[] = {
    {"label", PDX__OPTION_INT32, AT(label), PDX_LABEL_AUTO, 0, 5, labels},
    {"ties", PDX__OPTION_INT32, AT(ties), PDX_TIES_DROP, 0, 4, ties},
    {"prior", PDX__OPTION_INT32, AT(prior), PDX_PRIOR_LAPLACE, 0, 2, priors},
    {"prior_scale", PDX__OPTION_DOUBLE, AT(prior_scale), 0.1, 0, INFINITY, NULL},
    {"prior_scales", PDX__OPTION_POINTER, AT(prior_scales), 0, 0, 0, NULL},
    {"intercept", PDX__OPTION_INT32, AT(intercept), 0, 0, 1, NULL},
    {"intercept_scale", PDX__OPTION_DOUBLE, AT(intercept_scale), 2.5, 0, INFINITY, NULL},
    {"position", PDX__OPTION_INT32, AT(position), PDX_POSITION_GAUSSIAN, 0, 2, positions},
    {"position_scale", PDX__OPTION_DOUBLE, AT(position_scale), 2.5, 0, INFINITY, NULL},
    {"order_weight", PDX__OPTION_DOUBLE, AT(order_weight), 0.5, 0, 1e6, NULL},
    {"folds", PDX__OPTION_INT32, AT(folds), 0, 0, 1e6, NULL},
    {"paper_folds", PDX__OPTION_INT32, AT(paper_folds), 0, 0, 1, NULL},
    {"predict", PDX__OPTION_INT32, AT(predict), 1, 0, 1, NULL},
    {"method", PDX__OPTION_INT32, AT(method), PDX_METHOD_AUTO, 0, 3, methods},
    {"certificate", PDX__OPTION_INT32, AT(certificate), PDX_CERTIFICATE_AUTO, 0, 2, certificates},
    {"draws", PDX__OPTION_INT64, AT(draws), 0, 0, 1e9, NULL},
    {"nuts_chains", PDX__OPTION_INT32, AT(nuts_chains), 4, 1, 1000, NULL},
    {"nuts_warmup", PDX__OPTION_INT32, AT(nuts_warmup), 500, 0, 1e8, NULL},
    {"nuts_draws", PDX__OPTION_INT32, AT(nuts_draws), 2000, 1, 1e8, NULL},
    {"seed", PDX__OPTION_UINT64, AT(seed), 1, 0, 0, NULL},
    {"threads", PDX__OPTION_INT32, AT(threads), 0, 0, 4096, NULL},
    {"quantile_probs", PDX__OPTION_POINTER, AT(quantile_probs), 0, 0, 0, NULL},
    {"quantile_count", PDX__OPTION_INT32, AT(quantile_count), 0, 0, 10000, NULL},
    {"covariance", PDX__OPTION_INT32, AT(covariance), 1, 0, 1, NULL},
    {"hooks", PDX__OPTION_HOOKS, AT(hooks), 0, 0, 0, NULL},
    {"judges", PDX__OPTION_POINTER, AT(judges), 0, 0, 0, NULL},
    {"judge_count", PDX__OPTION_INT32, AT(judge_count), 0, 0, INT32_MAX, NULL},
    {"pool", PDX__OPTION_INT32, AT(pool), PDX_POOL_AUTO, 0, 3, pools},
    {"imputations", PDX__OPTION_INT32, AT(imputations), 0, 0, 100, NULL},
    {"tau_scale", PDX__OPTION_DOUBLE, AT(tau_scale), 0.2, 0, 1e6, NULL},
    {"pool_over", PDX__OPTION_INT32, AT(pool_over), PDX_POOL_OVER_GROUPS, 0, 1, pooled_over},
    {"overlap", PDX__OPTION_INT32, AT(overlap), PDX_OVERLAP_SHARE, 0, 1, overlaps},
    {"group_weights", PDX__OPTION_POINTER, AT(group_weights), 0, 0, 0, NULL},
    {"pool_compare", PDX__OPTION_INT32, AT(pool_compare), 1, 0, 1, NULL},
};

static const double usual_probs[] = {0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975};

const pdx__option *pdx__fit_options_table(size_t *rows) {
    *rows = PDX__ROWS(table);
    return table;
}

void(pdx_fit_options_init)(pdx_fit_options *options, uint32_t size) {
    if (options) pdx__options_init(options, size, table, PDX__ROWS(table));
}

pdx_status(pdx_fit_options_preset)(pdx_fit_options *options, uint32_t size, const char *name) {
    PDX__REQUIRE(options && name, "pdx_fit_options_preset: NULL argument");
    if (!strcmp(name, "default")) {
        (pdx_fit_options_init)(options, size);
        return PDX_OK;
    }
    PDX__REQUIRE(!strcmp(name, "paper"),
                 "pdx_fit_options_preset: unknown preset '%s' (default, paper)", name);
    PDX__REQUIRE(size >= offsetof(pdx_fit_options, predict),
                 "pdx_fit_options_preset: a struct of %u bytes is too short for 'paper'", size);
    (pdx_fit_options_init)(options, size);
    options->position = PDX_POSITION_NONE;
    options->folds = 10;
    options->paper_folds = 1;
    if (size >= AT(tau_scale)) options->pool = PDX_POOL_NONE;
    if (size >= AT(pool_compare) + sizeof options->pool_compare) options->pool_compare = 0;
    return PDX_OK;
}

pdx_status pdx__fit_options_take(pdx_fit_options *full, const pdx_fit_options *given) {
    PDX__TRY(pdx__options_take(full, sizeof *full, given, table, PDX__ROWS(table), "fit options"));
    /* A program that is older than partial pooling fits groups apart. */
    if (given && given->size < AT(tau_scale) && full->pool == PDX_POOL_AUTO)
        full->pool = PDX_POOL_NONE;
    PDX__REQUIRE(full->folds != 1, "fit options: 'folds' is 1, must be 0 or at least 2");
    PDX__REQUIRE(full->prior != PDX_PRIOR_EB || full->prior_scale > 0,
                 "fit options: empirical Bayes starts from a 'prior_scale' above 0");
    PDX__REQUIRE(full->prior != PDX_PRIOR_EB || isfinite(full->prior_scale),
                 "fit options: empirical Bayes starts from a finite 'prior_scale'");
    PDX__REQUIRE(
        full->ties < PDX_TIES_ORDINAL || full->label == PDX_LABEL_AUTO ||
            pdx__label_has_ties(full->label, full->ties),
        "fit options: 'ties' is a model of ties, and labels by the rule '%s' have none; use "
        "order or majority",
        pdx__label_name(full->label));
    if (full->imputations && (full->ties >= PDX_TIES_ORDINAL || full->label == PDX_LABEL_MARGIN ||
                              full->pool == PDX_POOL_PARTIAL))
        return pdx__fail(PDX_EUNSUPPORTED,
                         "fit options: 'imputations' goes with verdicts alone: no "
                         "model of ties, no margins, no partial pooling");
    if (full->prior == PDX_PRIOR_EB && full->pool == PDX_POOL_PARTIAL)
        return pdx__fail(PDX_EUNSUPPORTED,
                         "fit options: empirical Bayes finds a prior scale for one fit, not for "
                         "partial pooling; fit groups apart (pool none) or as one (complete), or "
                         "name the prior's scale");
    PDX__REQUIRE(full->tau_scale > 0, "fit options: 'tau_scale' must be above 0");
    if (!full->quantile_probs) {
        PDX__REQUIRE(full->quantile_count == 0,
                     "fit options: 'quantile_count' without 'quantile_probs'");
        full->quantile_probs = usual_probs;
        full->quantile_count = (int32_t)PDX__ROWS(usual_probs);
    }
    double last = 0;
    for (int32_t i = 0; i < full->quantile_count; ++i) {
        PDX__REQUIRE(full->quantile_probs[i] > last && full->quantile_probs[i] < 1,
                     "fit options: 'quantile_probs' must ascend within (0, 1); number %d does not",
                     i + 1);
        last = full->quantile_probs[i];
    }
    return PDX_OK;
}

pdx_status pdx__fit_options_scales(const pdx_fit_options *full, int32_t d) {
    for (int32_t k = 0; full->prior_scales && k < d; ++k)
        PDX__REQUIRE(full->prior_scales[k] >= 0,
                     "fit options: 'prior_scales' number %d is not at least 0", k + 1);
    return PDX_OK;
}

void pdx__fit_options_json(pdx__buf *out, const pdx_fit_options *options) {
    pdx__options_json(out, options, table, PDX__ROWS(table));
}
