/* The reader of fits.json. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/file.h"
#include "core/json.h"
#include "fits_json.h"

static pdx_status read_members(const cJSON *object, void *of, const pdx__members *table,
                               pdx__where where) {
    for (size_t i = 0; i < table->rows; ++i) {
        const pdx__member *m = &table->row[i];
        char *at = (char *)of + m->offset;
        int64_t whole = INT64_MIN;
        switch (m->kind) {
        case PDX__NUMBER:
            *(double *)(void *)at = NAN; /* null or absent: not known */
            PDX__TRY(pdx__json_double(object, m->name, PDX__OPTIONAL, (double *)(void *)at, where));
            break;
        case PDX__BOOL:
            PDX__TRY(pdx__json_bool(object, m->name, PDX__OPTIONAL, (int32_t *)(void *)at, where));
            break;
        default:
            PDX__TRY(pdx__json_int(object, m->name, PDX__OPTIONAL, &whole, where));
            if (whole == INT64_MIN) break;
            if (whole < 0 || (m->kind == PDX__INT32 && whole > INT32_MAX))
                return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                                    "field '%s': %lld is out of range", m->name, (long long)whole);
            if (m->kind == PDX__INT32) *(int32_t *)(void *)at = (int32_t)whole;
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
    for (int32_t m = 1; m < PDX__METHODS; ++m)
        if (strcmp(name, pdx__method_names[m]) == 0) {
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
        PDX__TRY(read_members(certificate, &p->certificate, &pdx__certificate_members, where));
        PDX__TRY(pdx__json_string(certificate, "why", PDX__OPTIONAL, &why, where));
    }
    return why ? replace_text(&p->verdict, why) : pdx__posterior_write_verdict(p);
}

static pdx_status read_noise(pdx_posterior *p, const cJSON *object, pdx__where where) {
    const cJSON *noise = NULL;
    const pdx__members *members = &pdx__noise_members;
    int64_t imputations = 0;
    PDX__TRY(pdx__json_object(object, "noise", PDX__OPTIONAL, &noise, where));
    if (!noise) return PDX_OK;
    PDX__TRY(pdx__json_int(noise, "imputations", PDX__OPTIONAL, &imputations, where));
    p->imputations = imputations > 0 && imputations < INT32_MAX ? (int32_t)imputations : 0;
    if (!(p->noise = pdx__alloc_zero((size_t)p->d, sizeof *p->noise))) return PDX_ENOMEM;
    for (size_t i = 0; i < members->rows; ++i) {
        double *values = NULL;
        PDX__TRY(read_flat(&values, noise, members->row[i].name, p->d, where));
        for (int32_t k = 0; k < p->d; ++k) {
            p->noise[k].known = 1;
            *pdx__noise_at(&p->noise[k], &members->row[i]) = values ? values[k] : NAN;
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
    PDX__TRY(read_members(object, p, &pdx__posterior_members, where));
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
        const pdx__members *table;
        int32_t *known;
    } parts[] = {
        {"position", &p->position, &pdx__position_members, &p->position.known},
        {"margin_scale", &p->margin, &pdx__margin_members, &p->margin.known},
        {"cut", &p->cut, &pdx__cut_members, &p->cut.known},
        {"predict", &p->prediction, &pdx__prediction_members, &p->prediction.folds},
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; ++i) {
        part = NULL;
        PDX__TRY(pdx__json_object(object, parts[i].name, PDX__OPTIONAL, &part, where));
        if (!part) continue;
        *parts[i].known = 1;
        PDX__TRY(read_members(part, parts[i].into, parts[i].table, where));
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

/* The members of a pooled part, by name, among the fits that were read. */
static pdx_status read_pooled_fits(pdx_pooled *p, pdx_study *study, const cJSON *members,
                                   pdx__where where) {
    const int over_judges = p->over == PDX_POOL_OVER_JUDGES;
    int32_t i = 0;
    for (const cJSON *name = members->child; name; name = name->next, ++i) {
        if (!cJSON_IsString(name))
            return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                                "field 'members': entry %d is %s instead of a string", (int)i,
                                pdx__json_type(name));
        for (int32_t f = 0; f < study->count; ++f) {
            pdx_posterior *fit = study->fit[f];
            if (strcmp(fit->judge, over_judges ? name->valuestring : p->judge) ||
                strcmp(fit->group, over_judges ? p->group : name->valuestring))
                continue;
            if (fit->pooled || fit->d != p->mean->d) break;
            p->fit[i] = fit;
            fit->pooled = p;
            fit->pooled_number = i;
        }
        if (!p->fit[i])
            return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                                "field 'members': '%s' has no fit of its own with these columns",
                                name->valuestring);
    }
    return PDX_OK;
}

static pdx_status read_differences(pdx_pooled *p, const cJSON *object, pdx__where where) {
    const cJSON *array = NULL;
    PDX__TRY(pdx__json_array(object, "difference", PDX__OPTIONAL, &array, where));
    if (!array) return PDX_OK;
    const int32_t d = p->mean->d;
    const size_t all = (size_t)p->count * (size_t)d;
    if (!(p->difference = pdx__alloc_zero(all, sizeof *p->difference))) return PDX_ENOMEM;
    size_t at = 0;
    for (const cJSON *row = array->child; row; row = row->next)
        for (const cJSON *one = cJSON_IsArray(row) ? row->child : NULL; one; one = one->next, ++at)
            if (at < all && cJSON_IsObject(one))
                PDX__TRY(read_members(one, &p->difference[at], &pdx__contrast_members, where));
    if (at != all)
        return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                            "field 'difference' has %zu entries instead of %d x %d", at, p->count,
                            d);
    return PDX_OK;
}

static pdx_status read_tau(pdx_pooled *p, const cJSON *object, pdx__where where) {
    const cJSON *tau = NULL;
    PDX__TRY(pdx__json_object(object, "tau", PDX__OPTIONAL, &tau, where));
    if (!tau) return PDX_OK;
    PDX__TRY(read_members(tau, &p->tau, &pdx__tau_members, where));
    return read_flat(&p->tau_quantiles, tau, "quantiles", p->mean->quantile_count, where);
}

/* The mean: as a fit ("average"), or by mean and sd alone. */
static pdx_status read_average(pdx_posterior **out, const cJSON *object, const pdx_pooled *p,
                               const char **columns, int32_t d, pdx__where where) {
    const cJSON *average = NULL;
    PDX__TRY(pdx__json_object(object, "average", PDX__OPTIONAL, &average, where));
    if (average) return read_fit(out, average, columns, d, where);
    pdx_posterior *mean;
    const int over_judges = p->over == PDX_POOL_OVER_JUDGES;
    PDX__TRY(pdx__posterior_create(&mean, over_judges ? "(mean)" : p->judge,
                                   over_judges ? p->group : "(mean)", d, columns));
    *out = mean;
    return read_parts(mean, object, where);
}

static pdx_status read_pooled(pdx_study *study, const cJSON *object, const char **columns,
                              int32_t d, pdx__where where) {
    const char *judge = NULL, *group = "(groups)", *over = "groups";
    const cJSON *members = NULL;
    PDX__TRY(pdx__json_string(object, "judge", PDX__REQUIRED, &judge, where));
    PDX__TRY(pdx__json_string(object, "group", PDX__OPTIONAL, &group, where));
    PDX__TRY(pdx__json_string(object, "over", PDX__OPTIONAL, &over, where));
    PDX__TRY(pdx__json_array(object, "members", PDX__OPTIONAL, &members, where));
    pdx_pooled **to = &study->pooled[study->pooled_count];
    PDX__TRY(pdx__pooled_create(
        to, judge, group, !strcmp(over, "judges") ? PDX_POOL_OVER_JUDGES : PDX_POOL_OVER_GROUPS,
        members ? cJSON_GetArraySize(members) : 0));
    ++study->pooled_count;
    PDX__TRY(read_average(&(*to)->mean, object, *to, columns, d, where));
    PDX__TRY(read_tau(*to, object, where));
    if (members) PDX__TRY(read_pooled_fits(*to, study, members, where));
    PDX__TRY(read_differences(*to, object, where));
    return read_rows(&(*to)->cross, object, "cross", (int64_t)(*to)->count * ((*to)->count - 1) / 2,
                     (*to)->mean->d, where);
}

static pdx_status read_pooling(pdx_study *study, const cJSON *object, const char **columns,
                               int32_t d, pdx__where where) {
    const char *judge = NULL, *group = "";
    (void)columns, (void)d;
    PDX__TRY(pdx__json_string(object, "judge", PDX__REQUIRED, &judge, where));
    PDX__TRY(pdx__json_string(object, "group", PDX__OPTIONAL, &group, where));
    pdx__pooling *to = &study->pooling[study->pooling_count++];
    to->judge = pdx__strdup(judge);
    to->group = pdx__strdup(group);
    if (!to->judge || !to->group) return PDX_ENOMEM;
    return read_members(object, to, &pdx__pooling_members, where);
}

static pdx_status read_one_fit(pdx_study *study, const cJSON *object, const char **columns,
                               int32_t d, pdx__where where) {
    PDX__TRY(read_fit(&study->fit[study->count], object, columns, d, where));
    ++study->count;
    return PDX_OK;
}

/* Each object of an array, its place named in errors. */
static pdx_status read_each(pdx_study *study, const cJSON *array, const char *name,
                            const char *path, const char **columns, int32_t d,
                            pdx_status (*read)(pdx_study *, const cJSON *, const char **, int32_t,
                                               pdx__where)) {
    int32_t number = 0;
    for (const cJSON *one = array ? array->child : NULL; one; one = one->next, ++number) {
        char place[512];
        snprintf(place, sizeof place, "%s: %s[%d]", path, name, (int)number);
        if (!cJSON_IsObject(one))
            return pdx__fail_at(PDX_EPARSE, place, 0, "%s instead of an object",
                                pdx__json_type(one));
        PDX__TRY(read(study, one, columns, d, (pdx__where){place, 0}));
    }
    return PDX_OK;
}

static pdx_status read_study(pdx_study **out, const cJSON *root, const char *path) {
    pdx__where where = {path, 0};
    const cJSON *fits = NULL, *pooled = NULL, *pooling = NULL;
    const char *sha256 = NULL, **columns = NULL;
    pdx_study *study = NULL;
    int32_t d = 0;
    pdx_status status;
    PDX__GO(check_header(root, where));
    PDX__GO(read_columns(&columns, &d, root, PDX__REQUIRED, where));
    PDX__GO(pdx__json_array(root, "fits", PDX__REQUIRED, &fits, where));
    PDX__GO(pdx__study_create(&study, cJSON_GetArraySize(fits)));
    PDX__GO(read_options(study, root, where));
    PDX__GO(pdx__json_string(root, "data_sha256", PDX__OPTIONAL, &sha256, where));
    if (sha256) PDX__GO(replace_text(&study->data_sha256, sha256));
    PDX__GO(pdx__json_array(root, "pooled", PDX__OPTIONAL, &pooled, where));
    PDX__GO(pdx__json_array(root, "pooling", PDX__OPTIONAL, &pooling, where));
    PDX__GO(pdx__study_reserve_pooled(study, pooled ? cJSON_GetArraySize(pooled) : 0,
                                      pooling ? cJSON_GetArraySize(pooling) : 0));
    PDX__GO(read_each(study, fits, "fits", path, columns, d, read_one_fit));
    PDX__GO(read_each(study, pooled, "pooled", path, columns, d, read_pooled));
    PDX__GO(read_each(study, pooling, "pooling", path, columns, d, read_pooling));
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
