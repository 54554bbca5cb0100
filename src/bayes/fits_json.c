/* The writer of fits.json. */
#include "fits_json.h"

#include <stdio.h>
#include <string.h>

#include "core/file.h"
#include "core/json.h"

const char *const pdx__method_names[] = {"auto", "ep", "stis", "nuts"};

static const pdx__member certificate_members[] = {
    {"checked", PDX__BOOL, offsetof(pdx_certificate, checked)},
    {"ok", PDX__BOOL, offsetof(pdx_certificate, ok)},
    {"ep_sweeps", PDX__INT32, offsetof(pdx_certificate, ep_sweeps)},
    {"ep_converged", PDX__BOOL, offsetof(pdx_certificate, ep_converged)},
    {"draws", PDX__INT64, offsetof(pdx_certificate, draws)},
    {"ess_fraction", PDX__NUMBER, offsetof(pdx_certificate, ess_fraction)},
    {"sd_log_weight", PDX__NUMBER, offsetof(pdx_certificate, sd_log_weight)},
    {"khat", PDX__NUMBER, offsetof(pdx_certificate, khat)},
    {"delta", PDX__NUMBER, offsetof(pdx_certificate, delta)},
    {"delta_se", PDX__NUMBER, offsetof(pdx_certificate, delta_se)},
    {"rhat", PDX__NUMBER, offsetof(pdx_certificate, rhat)},
    {"nuts_ess", PDX__NUMBER, offsetof(pdx_certificate, nuts_ess)},
    {"divergences", PDX__INT64, offsetof(pdx_certificate, divergences)},
    {"mean_se", PDX__NUMBER, offsetof(pdx_certificate, mean_se)},
};
static const pdx__member position_members[] = {
    {"mean", PDX__NUMBER, offsetof(pdx_position, mean)},
    {"sd", PDX__NUMBER, offsetof(pdx_position, sd)},
    {"prob_positive", PDX__NUMBER, offsetof(pdx_position, prob_positive)},
    {"p_first", PDX__NUMBER, offsetof(pdx_position, p_first)},
    {"p_first_low", PDX__NUMBER, offsetof(pdx_position, p_first_low)},
    {"p_first_high", PDX__NUMBER, offsetof(pdx_position, p_first_high)},
};
static const pdx__member prediction_members[] = {
    {"folds", PDX__INT32, offsetof(pdx_prediction, folds)},
    {"n", PDX__INT64, offsetof(pdx_prediction, n)},
    {"accuracy", PDX__NUMBER, offsetof(pdx_prediction, accuracy)},
    {"log_loss", PDX__NUMBER, offsetof(pdx_prediction, log_loss)},
    {"auc", PDX__NUMBER, offsetof(pdx_prediction, auc)},
    {"baseline_majority", PDX__NUMBER, offsetof(pdx_prediction, baseline_majority)},
    {"baseline_length", PDX__NUMBER, offsetof(pdx_prediction, baseline_length)},
};
static const pdx__member margin_members[] = {
    {"mean", PDX__NUMBER, offsetof(pdx_margin, scale_mean)},
    {"sd", PDX__NUMBER, offsetof(pdx_margin, scale_sd)},
    {"auc_margin", PDX__NUMBER, offsetof(pdx_margin, auc_margin)},
    {"auc_sign", PDX__NUMBER, offsetof(pdx_margin, auc_sign)},
    {"reliability_margin", PDX__NUMBER, offsetof(pdx_margin, reliability_margin)},
    {"reliability_sign", PDX__NUMBER, offsetof(pdx_margin, reliability_sign)},
};
static const pdx__member cut_members[] = {
    {"model", PDX__INT32, offsetof(pdx_cut, model)},
    {"mean", PDX__NUMBER, offsetof(pdx_cut, mean)},
    {"sd", PDX__NUMBER, offsetof(pdx_cut, sd)},
    {"low", PDX__NUMBER, offsetof(pdx_cut, low)},
    {"high", PDX__NUMBER, offsetof(pdx_cut, high)},
    {"p_tie", PDX__NUMBER, offsetof(pdx_cut, p_tie)},
    {"p_tie_low", PDX__NUMBER, offsetof(pdx_cut, p_tie_low)},
    {"p_tie_high", PDX__NUMBER, offsetof(pdx_cut, p_tie_high)},
    {"logit_mean", PDX__NUMBER, offsetof(pdx_cut, logit_mean)},
    {"logit_sd", PDX__NUMBER, offsetof(pdx_cut, logit_sd)},
    {"accuracy", PDX__NUMBER, offsetof(pdx_cut, accuracy)},
    {"log_loss", PDX__NUMBER, offsetof(pdx_cut, log_loss)},
    {"share_log_loss", PDX__NUMBER, offsetof(pdx_cut, share_log_loss)},
};
/* Arrays over the columns. */
static const pdx__member noise_members[] = {
    {"alpha", PDX__NUMBER, offsetof(pdx_noise, alpha)},
    {"alpha_low", PDX__NUMBER, offsetof(pdx_noise, alpha_low)},
    {"alpha_high", PDX__NUMBER, offsetof(pdx_noise, alpha_high)},
    {"noise", PDX__NUMBER, offsetof(pdx_noise, noise)},
    {"looks", PDX__NUMBER, offsetof(pdx_noise, looks)},
    {"plain_mean", PDX__NUMBER, offsetof(pdx_noise, plain_mean)},
    {"plain_sd", PDX__NUMBER, offsetof(pdx_noise, plain_sd)},
    {"wider", PDX__NUMBER, offsetof(pdx_noise, wider)},
    {"simex", PDX__NUMBER, offsetof(pdx_noise, simex)},
    {"pulled", PDX__NUMBER, offsetof(pdx_noise, pulled)},
};
static const pdx__member posterior_members[] = {
    {"n", PDX__INT64, offsetof(struct pdx_posterior, n)},
    {"ties", PDX__INT64, offsetof(struct pdx_posterior, ties)},
    {"no_verdict", PDX__INT64, offsetof(struct pdx_posterior, no_verdict)},
    {"prior_scale", PDX__NUMBER, offsetof(struct pdx_posterior, prior_scale)},
    {"log_evidence", PDX__NUMBER, offsetof(struct pdx_posterior, log_evidence)},
    {"elpd_loo", PDX__NUMBER, offsetof(struct pdx_posterior, elpd_loo)},
};
static const pdx__member tau_members[] = {
    {"mean", PDX__NUMBER, offsetof(pdx_tau, mean)},
    {"sd", PDX__NUMBER, offsetof(pdx_tau, sd)},
    {"low", PDX__NUMBER, offsetof(pdx_tau, low)},
    {"high", PDX__NUMBER, offsetof(pdx_tau, high)},
    {"scale", PDX__NUMBER, offsetof(pdx_tau, scale)},
};
static const pdx__member pooling_members[] = {
    {"folds", PDX__INT32, offsetof(pdx__pooling, numbers.folds)},
    {"n", PDX__INT64, offsetof(pdx__pooling, numbers.n)},
    {"weight", PDX__NUMBER, offsetof(pdx__pooling, weight)},
    {"log_loss_none", PDX__NUMBER, offsetof(pdx__pooling, numbers.log_loss_none)},
    {"log_loss_complete", PDX__NUMBER, offsetof(pdx__pooling, numbers.log_loss_complete)},
    {"log_loss_partial", PDX__NUMBER, offsetof(pdx__pooling, numbers.log_loss_partial)},
    {"accuracy_none", PDX__NUMBER, offsetof(pdx__pooling, numbers.accuracy_none)},
    {"accuracy_complete", PDX__NUMBER, offsetof(pdx__pooling, numbers.accuracy_complete)},
    {"accuracy_partial", PDX__NUMBER, offsetof(pdx__pooling, numbers.accuracy_partial)},
};
static const pdx__member contrast_members[] = {
    {"mean", PDX__NUMBER, offsetof(pdx_contrast, mean)},
    {"sd", PDX__NUMBER, offsetof(pdx_contrast, sd)},
    {"low", PDX__NUMBER, offsetof(pdx_contrast, low)},
    {"high", PDX__NUMBER, offsetof(pdx_contrast, high)},
    {"prob_greater", PDX__NUMBER, offsetof(pdx_contrast, prob_greater)},
};

#define TABLE(name) const pdx__members pdx__##name = {name, sizeof(name) / sizeof *(name)}
TABLE(certificate_members);
TABLE(position_members);
TABLE(prediction_members);
TABLE(margin_members);
TABLE(cut_members);
TABLE(noise_members);
TABLE(posterior_members);
TABLE(tau_members);
TABLE(pooling_members);
TABLE(contrast_members);

static void key(pdx__buf *out, const char *name) { pdx__buf_printf(out, ",\"%s\":", name); }

static void write_text(pdx__buf *out, const char *text) {
    pdx__buf_json_string(out, text, strlen(text));
}

/* "name":value,... without braces. */
static void write_members(pdx__buf *out, const void *of, const pdx__members *table) {
    for (size_t i = 0; i < table->rows; ++i) {
        const pdx__member *m = &table->row[i];
        const char *at = (const char *)of + m->offset;
        pdx__buf_printf(out, "%s\"%s\":", i ? "," : "", m->name);
        switch (m->kind) {
        case PDX__NUMBER: pdx__buf_json_double(out, *(const double *)(const void *)at); break;
        case PDX__INT32: pdx__buf_printf(out, "%d", (int)*(const int32_t *)(const void *)at); break;
        case PDX__INT64:
            pdx__buf_printf(out, "%lld", (long long)*(const int64_t *)(const void *)at);
            break;
        case PDX__BOOL:
            pdx__buf_text(out, *(const int32_t *)(const void *)at ? "true" : "false");
            break;
        }
    }
}

static void write_array(pdx__buf *out, const double *values, int64_t count) {
    pdx__buf_char(out, '[');
    for (int64_t i = 0; i < count; ++i) {
        if (i) pdx__buf_char(out, ',');
        pdx__buf_json_double(out, values[i]);
    }
    pdx__buf_char(out, ']');
}

/* Absent where `values` is NULL. rows < 0: one flat array. */
static void write_numbers(pdx__buf *out, const char *name, const double *values, int64_t rows,
                          int64_t columns) {
    if (!values) return;
    key(out, name);
    if (rows < 0) {
        write_array(out, values, columns);
        return;
    }
    pdx__buf_char(out, '[');
    for (int64_t i = 0; i < rows; ++i) {
        if (i) pdx__buf_char(out, ',');
        write_array(out, values + i * columns, columns);
    }
    pdx__buf_char(out, ']');
}

static void write_columns(pdx__buf *out, const pdx_posterior *p) {
    pdx__buf_char(out, '[');
    for (int32_t c = 0; p && c < p->d; ++c) {
        if (c) pdx__buf_char(out, ',');
        write_text(out, p->columns[c]);
    }
    pdx__buf_char(out, ']');
}

static int same_columns(const pdx_posterior *a, const pdx_posterior *b) {
    if (a->d != b->d) return 0;
    for (int32_t c = 0; c < a->d; ++c)
        if (strcmp(a->columns[c], b->columns[c])) return 0;
    return 1;
}

static void write_object(pdx__buf *out, const char *name, const void *of,
                         const pdx__members *table) {
    key(out, name);
    pdx__buf_char(out, '{');
    write_members(out, of, table);
    pdx__buf_char(out, '}');
}

double *pdx__noise_at(pdx_noise *noise, const pdx__member *member) {
    return (double *)(void *)((char *)noise + member->offset);
}

static void write_noise(pdx__buf *out, const pdx_posterior *p) {
    const pdx__members *members = &pdx__noise_members;
    if (!p->noise) return;
    pdx__buf_printf(out, ",\"noise\":{\"imputations\":%d", (int)p->imputations);
    for (size_t i = 0; i < members->rows; ++i) {
        key(out, members->row[i].name);
        for (int32_t k = 0; k < p->d; ++k) {
            pdx__buf_char(out, k ? ',' : '[');
            pdx__buf_json_double(out, *pdx__noise_at(&p->noise[k], &members->row[i]));
        }
        pdx__buf_text(out, p->d ? "]" : "[]");
    }
    pdx__buf_char(out, '}');
}

static void write_fit(pdx__buf *out, const pdx_posterior *p, const pdx_posterior *first) {
    const pdx_certificate *c = &p->certificate;
    pdx__buf_text(out, "{\"judge\":");
    write_text(out, p->judge);
    key(out, "group");
    write_text(out, p->group);
    key(out, "label");
    write_text(out, p->label);
    pdx__buf_char(out, ',');
    write_members(out, p, &pdx__posterior_members);
    if (c->method > 0 && c->method < PDX__METHODS) {
        key(out, "method");
        write_text(out, pdx__method_names[c->method]);
    }
    if (!same_columns(p, first)) {
        key(out, "columns");
        write_columns(out, p);
    }
    write_numbers(out, "mean", p->mean, -1, p->d);
    write_numbers(out, "sd", p->sd, -1, p->d);
    write_numbers(out, "prob_positive", p->prob_positive, -1, p->d);
    write_numbers(out, "quantile_probs", p->quantile_probs, -1, p->quantile_count);
    write_numbers(out, "quantiles", p->quantiles, p->d, p->quantile_count);
    write_numbers(out, "cov", p->covariance, p->d, p->d);
    write_numbers(out, "fold_mean", p->fold_mean, -1, p->d);
    write_numbers(out, "draws", p->draws, p->draw_count, p->d);
    if (p->position.known) write_object(out, "position", &p->position, &pdx__position_members);
    else pdx__buf_text(out, ",\"position\":null");
    if (p->margin.known) write_object(out, "margin_scale", &p->margin, &pdx__margin_members);
    if (p->cut.known) write_object(out, "cut", &p->cut, &pdx__cut_members);
    if (p->prediction.folds) write_object(out, "predict", &p->prediction, &pdx__prediction_members);
    write_noise(out, p);
    if (p->sd) { /* fits that are means only were not made here */
        key(out, c->checked ? "certificate" : "run");
        pdx__buf_char(out, '{');
        write_members(out, c, &pdx__certificate_members);
        key(out, "why");
        write_text(out, p->verdict ? p->verdict : "");
        pdx__buf_char(out, '}');
    }
    pdx__buf_char(out, '}');
}

/* What the groups of one judge, or the judges of one group, share. */
static void write_pooled(pdx__buf *out, const pdx_pooled *p, const pdx_posterior *first) {
    static const char *const over[] = {"groups", "judges"};
    const int64_t pairs = (int64_t)p->count * (p->count - 1) / 2;
    pdx__buf_text(out, "{\"judge\":");
    write_text(out, p->judge);
    key(out, "group");
    write_text(out, p->group);
    key(out, "over");
    write_text(out, over[p->over == PDX_POOL_OVER_JUDGES]);
    key(out, "members");
    for (int32_t i = 0; i < p->count; ++i) {
        pdx__buf_char(out, i ? ',' : '[');
        write_text(out, p->over == PDX_POOL_OVER_JUDGES ? p->fit[i]->judge : p->fit[i]->group);
    }
    pdx__buf_text(out, p->count ? "]" : "[]");
    write_numbers(out, "mean", p->mean->mean, -1, p->mean->d);
    write_numbers(out, "sd", p->mean->sd, -1, p->mean->d);
    pdx__buf_text(out, ",\"tau\":{");
    write_members(out, &p->tau, &pdx__tau_members);
    write_numbers(out, "quantiles", p->tau_quantiles, -1, p->mean->quantile_count);
    pdx__buf_char(out, '}');
    key(out, "average"); /* the mean as a fit */
    write_fit(out, p->mean, first);
    if (p->difference) {
        key(out, "difference"); /* [member][column] from the mean */
        for (int32_t i = 0; i < p->count; ++i)
            for (int32_t c = 0; c < p->mean->d; ++c) {
                pdx__buf_text(out, c ? "," : i ? "],[" : "[[");
                pdx__buf_char(out, '{');
                write_members(out, &p->difference[i * p->mean->d + c], &pdx__contrast_members);
                pdx__buf_char(out, '}');
            }
        pdx__buf_text(out, p->count && p->mean->d ? "]]" : "[]");
    }
    write_numbers(out, "cross", p->cross, pairs, p->mean->d);
    pdx__buf_char(out, '}');
}

static void write_pooling(pdx__buf *out, const pdx__pooling *p) {
    pdx__buf_text(out, "{\"judge\":");
    write_text(out, p->judge);
    key(out, "group");
    write_text(out, p->group);
    pdx__buf_char(out, ',');
    write_members(out, p, &pdx__pooling_members);
    pdx__buf_char(out, '}');
}

/* "],name:[entries": closes the array before. */
static void next_array(pdx__buf *out, const char *name, int32_t i) {
    if (i) pdx__buf_text(out, ",\n");
    else pdx__buf_printf(out, "\n],\n\"%s\":[\n", name);
}

void pdx__study_json(pdx__buf *out, const pdx_study *study) {
    const pdx_posterior *first = study->count ? study->fit[0] : NULL;
    pdx__buf_text(out, "{\"format\":\"prefdissect.fits\",\"version\":1,\n\"columns\":");
    write_columns(out, first);
    pdx__buf_printf(out, ",\n\"options\":%s,\n\"data_sha256\":", study->options_json);
    write_text(out, study->data_sha256);
    pdx__buf_text(out, ",\n\"fits\":[");
    for (int32_t i = 0; i < study->count; ++i) {
        pdx__buf_text(out, i ? ",\n" : "\n");
        write_fit(out, study->fit[i], first);
    }
    for (int32_t i = 0; i < study->pooled_count; ++i) {
        next_array(out, "pooled", i);
        write_pooled(out, study->pooled[i], first);
    }
    for (int32_t i = 0; i < study->pooling_count; ++i) {
        next_array(out, "pooling", i);
        write_pooling(out, &study->pooling[i]);
    }
    pdx__buf_text(out, "\n]}\n");
}

pdx_status pdx_study_save(const pdx_study *study, const char *path) {
    PDX__REQUIRE(study && path, "pdx_study_save: NULL argument");
    pdx__buf out = PDX__BUF_EMPTY;
    pdx__study_json(&out, study);
    pdx_status status = out.status;
    if (status == PDX_OK) status = pdx__file_write(path, out.data, out.length);
    pdx__buf_free(&out);
    return status;
}

pdx_status pdx_posterior_save(const pdx_posterior *posterior, const char *path) {
    PDX__REQUIRE(posterior && path, "pdx_posterior_save: NULL argument");
    pdx_posterior *fit = (pdx_posterior *)posterior; /* only read */
    char options[] = "{}", no_hash[] = "";
    pdx_study one = {.fit = &fit, .count = 1, .options_json = options, .data_sha256 = no_hash};
    return pdx_study_save(&one, path);
}
