/* fits.json: a study as JSON, numbers in round-trip precision, what is not known as null or absent.
 * Unknown members are passed over, so that later versions may add. Members beyond the contract of
 * the programs: label, ties, cut ("model": 3 ordinal, 4 Davidson), no_verdict, prior_scale, draws,
 * the limits of p_first, and everything of the certificate ("run" in its place where no certificate
 * was made). */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/file.h"
#include "core/json.h"
#include "posterior.h"

static const char *const method_names[] = {"auto", "ep", "stis", "nuts"};
enum { METHODS = 4 };

/* Named numbers of a struct: one table drives writing and reading. */
typedef struct member {
    const char *name;
    enum { NUMBER, INT32, INT64, BOOL } kind;
    size_t offset;
} member;

static const member certificate_members[] = {
    {"checked", BOOL, offsetof(pdx_certificate, checked)},
    {"ok", BOOL, offsetof(pdx_certificate, ok)},
    {"ep_sweeps", INT32, offsetof(pdx_certificate, ep_sweeps)},
    {"ep_converged", BOOL, offsetof(pdx_certificate, ep_converged)},
    {"draws", INT64, offsetof(pdx_certificate, draws)},
    {"ess_fraction", NUMBER, offsetof(pdx_certificate, ess_fraction)},
    {"sd_log_weight", NUMBER, offsetof(pdx_certificate, sd_log_weight)},
    {"khat", NUMBER, offsetof(pdx_certificate, khat)},
    {"delta", NUMBER, offsetof(pdx_certificate, delta)},
    {"delta_se", NUMBER, offsetof(pdx_certificate, delta_se)},
    {"rhat", NUMBER, offsetof(pdx_certificate, rhat)},
    {"nuts_ess", NUMBER, offsetof(pdx_certificate, nuts_ess)},
    {"divergences", INT64, offsetof(pdx_certificate, divergences)},
    {"mean_se", NUMBER, offsetof(pdx_certificate, mean_se)},
};
static const member position_members[] = {
    {"mean", NUMBER, offsetof(pdx_position, mean)},
    {"sd", NUMBER, offsetof(pdx_position, sd)},
    {"prob_positive", NUMBER, offsetof(pdx_position, prob_positive)},
    {"p_first", NUMBER, offsetof(pdx_position, p_first)},
    {"p_first_low", NUMBER, offsetof(pdx_position, p_first_low)},
    {"p_first_high", NUMBER, offsetof(pdx_position, p_first_high)},
};
static const member prediction_members[] = {
    {"folds", INT32, offsetof(pdx_prediction, folds)},
    {"n", INT64, offsetof(pdx_prediction, n)},
    {"accuracy", NUMBER, offsetof(pdx_prediction, accuracy)},
    {"log_loss", NUMBER, offsetof(pdx_prediction, log_loss)},
    {"auc", NUMBER, offsetof(pdx_prediction, auc)},
    {"baseline_majority", NUMBER, offsetof(pdx_prediction, baseline_majority)},
    {"baseline_length", NUMBER, offsetof(pdx_prediction, baseline_length)},
};
static const member margin_members[] = {
    {"mean", NUMBER, offsetof(pdx_margin, scale_mean)},
    {"sd", NUMBER, offsetof(pdx_margin, scale_sd)},
    {"auc_margin", NUMBER, offsetof(pdx_margin, auc_margin)},
    {"auc_sign", NUMBER, offsetof(pdx_margin, auc_sign)},
    {"reliability_margin", NUMBER, offsetof(pdx_margin, reliability_margin)},
    {"reliability_sign", NUMBER, offsetof(pdx_margin, reliability_sign)},
};
static const member cut_members[] = {
    {"model", INT32, offsetof(pdx_cut, model)},
    {"mean", NUMBER, offsetof(pdx_cut, mean)},
    {"sd", NUMBER, offsetof(pdx_cut, sd)},
    {"low", NUMBER, offsetof(pdx_cut, low)},
    {"high", NUMBER, offsetof(pdx_cut, high)},
    {"p_tie", NUMBER, offsetof(pdx_cut, p_tie)},
    {"p_tie_low", NUMBER, offsetof(pdx_cut, p_tie_low)},
    {"p_tie_high", NUMBER, offsetof(pdx_cut, p_tie_high)},
    {"logit_mean", NUMBER, offsetof(pdx_cut, logit_mean)},
    {"logit_sd", NUMBER, offsetof(pdx_cut, logit_sd)},
    {"accuracy", NUMBER, offsetof(pdx_cut, accuracy)},
    {"log_loss", NUMBER, offsetof(pdx_cut, log_loss)},
    {"share_log_loss", NUMBER, offsetof(pdx_cut, share_log_loss)},
};
/* Arrays over the columns. */
static const member noise_members[] = {
    {"alpha", NUMBER, offsetof(pdx_noise, alpha)},
    {"alpha_low", NUMBER, offsetof(pdx_noise, alpha_low)},
    {"alpha_high", NUMBER, offsetof(pdx_noise, alpha_high)},
    {"noise", NUMBER, offsetof(pdx_noise, noise)},
    {"looks", NUMBER, offsetof(pdx_noise, looks)},
    {"plain_mean", NUMBER, offsetof(pdx_noise, plain_mean)},
    {"plain_sd", NUMBER, offsetof(pdx_noise, plain_sd)},
    {"wider", NUMBER, offsetof(pdx_noise, wider)},
    {"simex", NUMBER, offsetof(pdx_noise, simex)},
    {"pulled", NUMBER, offsetof(pdx_noise, pulled)},
};
static const member posterior_members[] = {
    {"n", INT64, offsetof(struct pdx_posterior, n)},
    {"ties", INT64, offsetof(struct pdx_posterior, ties)},
    {"no_verdict", INT64, offsetof(struct pdx_posterior, no_verdict)},
    {"prior_scale", NUMBER, offsetof(struct pdx_posterior, prior_scale)},
    {"log_evidence", NUMBER, offsetof(struct pdx_posterior, log_evidence)},
    {"elpd_loo", NUMBER, offsetof(struct pdx_posterior, elpd_loo)},
};
#define MEMBERS(table) table, sizeof(table) / sizeof *(table)

/* ---- writing ---- */

static void key(pdx__buf *out, const char *name) { pdx__buf_printf(out, ",\"%s\":", name); }

static void write_text(pdx__buf *out, const char *text) {
    pdx__buf_json_string(out, text, strlen(text));
}

/* "name":value,... without braces. */
static void write_members(pdx__buf *out, const void *of, const member *table, size_t rows) {
    for (size_t i = 0; i < rows; ++i) {
        const char *at = (const char *)of + table[i].offset;
        pdx__buf_printf(out, "%s\"%s\":", i ? "," : "", table[i].name);
        switch (table[i].kind) {
        case NUMBER: pdx__buf_json_double(out, *(const double *)(const void *)at); break;
        case INT32: pdx__buf_printf(out, "%d", (int)*(const int32_t *)(const void *)at); break;
        case INT64:
            pdx__buf_printf(out, "%lld", (long long)*(const int64_t *)(const void *)at);
            break;
        case BOOL: pdx__buf_text(out, *(const int32_t *)(const void *)at ? "true" : "false"); break;
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

static void write_object(pdx__buf *out, const char *name, const void *of, const member *table,
                         size_t rows) {
    key(out, name);
    pdx__buf_char(out, '{');
    write_members(out, of, table, rows);
    pdx__buf_char(out, '}');
}

static double *noise_at(pdx_noise *noise, const member *m) {
    return (double *)(void *)((char *)noise + m->offset);
}

static void write_noise(pdx__buf *out, const pdx_posterior *p) {
    if (!p->noise) return;
    pdx__buf_printf(out, ",\"noise\":{\"imputations\":%d", (int)p->imputations);
    for (size_t i = 0; i < sizeof noise_members / sizeof *noise_members; ++i) {
        key(out, noise_members[i].name);
        for (int32_t k = 0; k < p->d; ++k) {
            pdx__buf_char(out, k ? ',' : '[');
            pdx__buf_json_double(out, *noise_at(&p->noise[k], &noise_members[i]));
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
    write_members(out, p, MEMBERS(posterior_members));
    if (c->method > 0 && c->method < METHODS) {
        key(out, "method");
        write_text(out, method_names[c->method]);
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
    if (p->position.known) write_object(out, "position", &p->position, MEMBERS(position_members));
    else pdx__buf_text(out, ",\"position\":null");
    if (p->margin.known) write_object(out, "margin_scale", &p->margin, MEMBERS(margin_members));
    if (p->cut.known) write_object(out, "cut", &p->cut, MEMBERS(cut_members));
    if (p->prediction.folds)
        write_object(out, "predict", &p->prediction, MEMBERS(prediction_members));
    write_noise(out, p);
    if (p->sd) { /* fits that are means only were not made here */
        key(out, c->checked ? "certificate" : "run");
        pdx__buf_char(out, '{');
        write_members(out, c, MEMBERS(certificate_members));
        key(out, "why");
        write_text(out, p->verdict ? p->verdict : "");
        pdx__buf_char(out, '}');
    }
    pdx__buf_char(out, '}');
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

/* ---- reading ---- */

static pdx_status read_members(const cJSON *object, void *of, const member *table, size_t rows,
                               pdx__where where) {
    for (size_t i = 0; i < rows; ++i) {
        char *at = (char *)of + table[i].offset;
        int64_t whole = INT64_MIN;
        switch (table[i].kind) {
        case NUMBER:
            *(double *)(void *)at = NAN; /* null or absent: not known */
            PDX__TRY(pdx__json_double(object, table[i].name, PDX__OPTIONAL, (double *)(void *)at,
                                      where));
            break;
        case BOOL:
            PDX__TRY(
                pdx__json_bool(object, table[i].name, PDX__OPTIONAL, (int32_t *)(void *)at, where));
            break;
        default:
            PDX__TRY(pdx__json_int(object, table[i].name, PDX__OPTIONAL, &whole, where));
            if (whole == INT64_MIN) break;
            if (whole < 0 || (table[i].kind == INT32 && whole > INT32_MAX))
                return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                                    "field '%s': %lld is out of range", table[i].name,
                                    (long long)whole);
            if (table[i].kind == INT32) *(int32_t *)(void *)at = (int32_t)whole;
            else *(int64_t *)(void *)at = whole;
        }
    }
    return PDX_OK;
}

/* A flat array of `count` numbers; *out stays NULL where it is absent. */
static pdx_status read_flat(double **out, const cJSON *object, const char *name, int64_t count,
                            pdx__where where) {
    const cJSON *array = NULL;
    PDX__TRY(pdx__json_array(object, name, PDX__OPTIONAL, &array, where));
    if (!array) return PDX_OK;
    if (!(*out = pdx__alloc((size_t)count, sizeof **out))) return PDX_ENOMEM;
    return pdx__json_doubles(array, name, count, *out, where);
}

/* An array of `rows` arrays of `columns` numbers. */
static pdx_status read_rows(double **out, const cJSON *object, const char *name, int64_t rows,
                            int64_t columns, pdx__where where) {
    const cJSON *array = NULL;
    PDX__TRY(pdx__json_array(object, name, PDX__OPTIONAL, &array, where));
    if (!array) return PDX_OK;
    if (cJSON_GetArraySize(array) != rows)
        return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                            "field '%s' has %d rows instead of %lld", name,
                            cJSON_GetArraySize(array), (long long)rows);
    if (!(*out = pdx__alloc((size_t)rows * (size_t)columns, sizeof **out))) return PDX_ENOMEM;
    int64_t i = 0;
    for (const cJSON *row = array->child; row; row = row->next, ++i) {
        if (!cJSON_IsArray(row))
            return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                                "field '%s': row %lld is %s instead of an array", name,
                                (long long)i, pdx__json_type(row));
        PDX__TRY(pdx__json_doubles(row, name, columns, *out + i * columns, where));
    }
    return PDX_OK;
}

/* Column names, borrowed from the tree; the caller frees the list. */
static pdx_status read_columns(const char ***out, int32_t *count, const cJSON *object, int required,
                               pdx__where where) {
    const cJSON *array = NULL;
    PDX__TRY(pdx__json_array(object, "columns", required, &array, where));
    if (!array) return PDX_OK;
    int32_t size = cJSON_GetArraySize(array), c = 0;
    const char **names = pdx__alloc((size_t)size, sizeof *names);
    if (!names) return PDX_ENOMEM;
    for (const cJSON *name = array->child; name; name = name->next, ++c) {
        if (!cJSON_IsString(name)) {
            pdx__free(names);
            return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                                "field 'columns': entry %d is %s instead of a string", (int)c,
                                pdx__json_type(name));
        }
        names[c] = name->valuestring;
    }
    *out = names;
    *count = size;
    return PDX_OK;
}

static pdx_status replace_text(char **text, const char *by) {
    char *copy = pdx__strdup(by);
    if (!copy) return PDX_ENOMEM;
    pdx__free(*text);
    *text = copy;
    return PDX_OK;
}

static pdx_status read_method(int32_t *method, const cJSON *object, pdx__where where) {
    const char *name = NULL;
    PDX__TRY(pdx__json_string(object, "method", PDX__OPTIONAL, &name, where));
    if (!name) return PDX_OK;
    for (int32_t m = 1; m < METHODS; ++m)
        if (strcmp(name, method_names[m]) == 0) {
            *method = m;
            return PDX_OK;
        }
    return pdx__fail_at(PDX_EPARSE, where.file, where.line, "field 'method': unknown method '%s'",
                        name);
}

static pdx_status read_certificate(pdx_posterior *p, const cJSON *object, pdx__where where) {
    const cJSON *certificate = NULL;
    const char *why = NULL;
    PDX__TRY(pdx__json_object(object, "certificate", PDX__OPTIONAL, &certificate, where));
    if (certificate) p->certificate.checked = 1; /* whoever wrote it says so by writing it */
    else PDX__TRY(pdx__json_object(object, "run", PDX__OPTIONAL, &certificate, where));
    if (certificate) {
        PDX__TRY(read_members(certificate, &p->certificate, MEMBERS(certificate_members), where));
        PDX__TRY(pdx__json_string(certificate, "why", PDX__OPTIONAL, &why, where));
    }
    return why ? replace_text(&p->verdict, why) : pdx__posterior_write_verdict(p);
}

static pdx_status read_noise(pdx_posterior *p, const cJSON *object, pdx__where where) {
    const cJSON *noise = NULL;
    int64_t imputations = 0;
    PDX__TRY(pdx__json_object(object, "noise", PDX__OPTIONAL, &noise, where));
    if (!noise) return PDX_OK;
    PDX__TRY(pdx__json_int(noise, "imputations", PDX__OPTIONAL, &imputations, where));
    p->imputations = imputations > 0 && imputations < INT32_MAX ? (int32_t)imputations : 0;
    if (!(p->noise = pdx__alloc_zero((size_t)p->d, sizeof *p->noise))) return PDX_ENOMEM;
    for (size_t i = 0; i < sizeof noise_members / sizeof *noise_members; ++i) {
        double *values = NULL;
        PDX__TRY(read_flat(&values, noise, noise_members[i].name, p->d, where));
        for (int32_t k = 0; k < p->d; ++k) {
            p->noise[k].known = 1;
            *noise_at(&p->noise[k], &noise_members[i]) = values ? values[k] : NAN;
        }
        pdx__free(values);
    }
    return PDX_OK;
}

static pdx_status read_parts(pdx_posterior *p, const cJSON *object, pdx__where where) {
    const cJSON *part = NULL;
    const char *label = NULL;
    double *mean = NULL;
    pdx_status status = read_flat(&mean, object, "mean", p->d, where);
    if (status == PDX_OK && !mean)
        status = pdx__fail_at(PDX_EPARSE, where.file, where.line, "field 'mean' is missing");
    if (status == PDX_OK) memcpy(p->mean, mean, (size_t)p->d * sizeof *mean);
    pdx__free(mean);
    PDX__TRY(status);
    PDX__TRY(pdx__json_string(object, "label", PDX__OPTIONAL, &label, where));
    PDX__TRY(replace_text(&p->label, label ? label : ""));
    PDX__TRY(read_members(object, p, MEMBERS(posterior_members), where));
    PDX__TRY(read_flat(&p->sd, object, "sd", p->d, where));
    PDX__TRY(read_flat(&p->prob_positive, object, "prob_positive", p->d, where));
    PDX__TRY(pdx__json_array(object, "quantile_probs", PDX__OPTIONAL, &part, where));
    p->quantile_count = part ? cJSON_GetArraySize(part) : 0;
    PDX__TRY(read_flat(&p->quantile_probs, object, "quantile_probs", p->quantile_count, where));
    PDX__TRY(read_rows(&p->quantiles, object, "quantiles", p->d, p->quantile_count, where));
    PDX__TRY(read_rows(&p->covariance, object, "cov", p->d, p->d, where));
    PDX__TRY(read_flat(&p->fold_mean, object, "fold_mean", p->d, where));
    part = NULL;
    PDX__TRY(pdx__json_array(object, "draws", PDX__OPTIONAL, &part, where));
    p->draw_count = part ? cJSON_GetArraySize(part) : 0;
    PDX__TRY(read_rows(&p->draws, object, "draws", p->draw_count, p->d, where));
    PDX__TRY(read_method(&p->certificate.method, object, where));
    struct {
        const char *name;
        void *into;
        const member *table;
        size_t rows;
        int32_t *known;
    } parts[] = {
        {"position", &p->position, MEMBERS(position_members), &p->position.known},
        {"margin_scale", &p->margin, MEMBERS(margin_members), &p->margin.known},
        {"cut", &p->cut, MEMBERS(cut_members), &p->cut.known},
        {"predict", &p->prediction, MEMBERS(prediction_members), &p->prediction.folds},
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; ++i) {
        part = NULL;
        PDX__TRY(pdx__json_object(object, parts[i].name, PDX__OPTIONAL, &part, where));
        if (!part) continue;
        *parts[i].known = 1;
        PDX__TRY(read_members(part, parts[i].into, parts[i].table, parts[i].rows, where));
    }
    PDX__TRY(read_noise(p, object, where));
    if (p->cut.known && p->cut.model != PDX_TIES_ORDINAL && p->cut.model != PDX_TIES_DAVIDSON)
        return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                            "field 'cut': unknown model %d of ties", (int)p->cut.model);
    return read_certificate(p, object, where);
}

static pdx_status read_fit(pdx_posterior **out, const cJSON *object, const char **columns,
                           int32_t d, pdx__where where) {
    const char *judge = NULL, *group = NULL, **own = NULL;
    pdx_posterior *p = NULL;
    pdx_status status;
    PDX__GO(pdx__json_string(object, "judge", PDX__REQUIRED, &judge, where));
    PDX__GO(pdx__json_string(object, "group", PDX__REQUIRED, &group, where));
    PDX__GO(read_columns(&own, &d, object, PDX__OPTIONAL, where));
    PDX__GO(pdx__posterior_create(&p, judge, group, d, own ? own : columns));
    PDX__GO(read_parts(p, object, where));
    *out = p;
    p = NULL;
done:
    pdx__free(own);
    pdx_posterior_free(p);
    return status;
}

static pdx_status check_header(const cJSON *root, pdx__where where) {
    const char *format = NULL;
    int64_t version = 0;
    if (!cJSON_IsObject(root))
        return pdx__fail_at(PDX_EPARSE, where.file, 0, "%s instead of an object",
                            pdx__json_type(root));
    PDX__TRY(pdx__json_string(root, "format", PDX__REQUIRED, &format, where));
    if (strcmp(format, "prefdissect.fits"))
        return pdx__fail_at(PDX_EPARSE, where.file, 0,
                            "field 'format' is '%s' instead of 'prefdissect.fits'", format);
    PDX__TRY(pdx__json_int(root, "version", PDX__REQUIRED, &version, where));
    if (version != 1)
        return pdx__fail_at(PDX_EUNSUPPORTED, where.file, 0,
                            "field 'version' is %lld; this library reads 1", (long long)version);
    return PDX_OK;
}

/* The options as they stand in the file, without white space. */
static pdx_status read_options(pdx_study *study, const cJSON *root, pdx__where where) {
    const cJSON *options = NULL;
    PDX__TRY(pdx__json_object(root, "options", PDX__OPTIONAL, &options, where));
    if (!options) return PDX_OK;
    char *text = cJSON_PrintUnformatted(options);
    if (!text) return pdx__nomem();
    pdx_status status = replace_text(&study->options_json, text);
    cJSON_free(text);
    return status;
}

static pdx_status read_study(pdx_study **out, const cJSON *root, const char *path) {
    pdx__where where = {path, 0};
    const cJSON *fits = NULL;
    const char *sha256 = NULL, **columns = NULL;
    pdx_study *study = NULL;
    int32_t d = 0, number = 0;
    pdx_status status;
    PDX__GO(check_header(root, where));
    PDX__GO(read_columns(&columns, &d, root, PDX__REQUIRED, where));
    PDX__GO(pdx__json_array(root, "fits", PDX__REQUIRED, &fits, where));
    PDX__GO(pdx__study_create(&study, cJSON_GetArraySize(fits)));
    PDX__GO(read_options(study, root, where));
    PDX__GO(pdx__json_string(root, "data_sha256", PDX__OPTIONAL, &sha256, where));
    if (sha256) PDX__GO(replace_text(&study->data_sha256, sha256));
    for (const cJSON *fit = fits->child; fit; fit = fit->next, ++number) {
        char place[512];
        snprintf(place, sizeof place, "%s: fits[%d]", path, (int)number);
        pdx__where there = {place, 0};
        if (!cJSON_IsObject(fit)) {
            status =
                pdx__fail_at(PDX_EPARSE, place, 0, "%s instead of an object", pdx__json_type(fit));
            goto done;
        }
        PDX__GO(read_fit(&study->fit[study->count], fit, columns, d, there));
        ++study->count;
    }
    *out = study;
    study = NULL;
done:
    pdx__free(columns);
    pdx_study_free(study);
    return status;
}

pdx_status pdx_study_load(pdx_study **out, const char *path) {
    PDX__REQUIRE(out, "pdx_study_load: NULL argument");
    *out = NULL;
    PDX__REQUIRE(path, "pdx_study_load: NULL argument");
    pdx__buf text = PDX__BUF_EMPTY;
    cJSON *root = NULL;
    pdx_status status = pdx__file_read(path, 0, &text);
    if (status == PDX_OK)
        status = pdx__json_parse(&root, text.data, text.length, (pdx__where){path, 0});
    pdx__buf_free(&text);
    if (status == PDX_OK) status = read_study(out, root, path);
    cJSON_Delete(root);
    return status;
}
