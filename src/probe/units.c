/* Which pairs of a dataset are originals, which are edited copies, and what the judge said of both.
 * Copies are known by their ids, "ORIGINAL#EDIT#a". */
#include <string.h>

#include "data/dataset.h"
#include "measure.h"
#include "probe/edits.h"

void pdx__units_free(pdx__units *units) {
    pdx__labels_free(&units->labels);
    pdx__strmap_free(&units->names);
    pdx__free(units->row_start);
    pdx__free(units->cluster);
    pdx__free(units->content);
    pdx__free(units->unjudged);
    pdx__free(units->copies);
    pdx__free(units->unit);
    pdx__free(units->unit_start);
    pdx__free(units->eta);
}

/* ---- labels ---- */

static pdx_status take_labels(pdx__units *u, const pdx_judgments *judgments,
                              const pdx_posterior *posterior, const char *group) {
    PDX__TRY(pdx__rows_of_posterior(&u->labels, posterior, u->dataset, judgments, NULL, group,
                                    PDX_TIES_HALF));
    u->row_start = pdx__alloc_zero((size_t)u->dataset->n + 1, sizeof *u->row_start);
    if (!u->row_start) return PDX_ENOMEM;
    for (int64_t r = 0; r < u->labels.count; ++r) {
        ++u->row_start[u->labels.pair[r] + 1];
        if (u->labels.margin[r] == 0) u->labels.y[r] = 0.5;
    }
    for (int64_t p = 0; p < u->dataset->n; ++p) u->row_start[p + 1] += u->row_start[p];
    return PDX_OK;
}

static int is_judged(const pdx__units *u, int64_t pair) {
    return u->row_start[pair + 1] > u->row_start[pair];
}

double pdx__units_wins(const pdx__units *u, int64_t pair, double sign) {
    double sum = 0, weight = 0;
    for (int64_t r = u->row_start[pair]; r < u->row_start[pair + 1]; ++r) {
        sum += u->labels.weight[r] * u->labels.y[r];
        weight += u->labels.weight[r];
    }
    if (!(weight > 0)) return 0.5;
    return sign > 0 ? sum / weight : 1 - sum / weight;
}

double pdx__units_expect(const pdx__units *u, int64_t pair, double sign, double eta, double e,
                         double *slope) {
    double sum = 0, weight = 0;
    *slope = 0;
    for (int64_t r = u->row_start[pair]; r < u->row_start[pair + 1]; ++r) {
        double w = u->labels.weight[r];
        double p = pdx__sigmoid(sign * (eta + u->labels.sign[r] * e + u->labels.offset[r]));
        sum += w * p;
        *slope += w * p * (1 - p);
        weight += w;
    }
    if (!(weight > 0)) return 0.5;
    *slope /= weight;
    return sum / weight;
}

double pdx__units_margin(const pdx__units *u, int64_t pair, double sign) {
    if (!is_judged(u, pair)) return NAN;
    return sign * u->labels.margin[u->row_start[pair]];
}

/* ---- ids ---- */

/* "ORIGINAL#EDIT#a" into its parts; 0 where it is not of this form. */
static int split_id(const char *id, size_t *original, const char **edit, size_t *length,
                    double *sign) {
    size_t end = strlen(id);
    if (end < 5 || id[end - 2] != '#' || (id[end - 1] != 'a' && id[end - 1] != 'b')) return 0;
    size_t at = end - 2;
    while (at > 0 && id[at - 1] != '#') --at;
    if (at < 2 || at == end - 2) return 0;
    *original = at - 1;
    *edit = id + at;
    *length = end - 2 - at;
    *sign = id[end - 1] == 'a' ? 1 : -1;
    return 1;
}

typedef struct finding {
    int64_t original;
    int32_t edit;
    double sign;
} finding;

/* What pair `i` is: an original (edit -1), a copy, or an orphan (edit -2). */
static pdx_status look_at(pdx__units *u, int64_t i, finding *out) {
    const char *id = pdx_dataset_id(u->dataset, i), *edit, *marked;
    size_t original, length;
    int64_t number;
    *out = (finding){i, -1, 0};
    if (!split_id(id, &original, &edit, &length, &out->sign)) return PDX_OK;
    int64_t base = pdx__strmap_find(&u->dataset->ids, id, original);
    if (base < 0) {
        /* Only what says so itself is an orphan; else it is an original with an odd id. */
        PDX__TRY(pdx_dataset_text(u->dataset, i, "probe_pair", &marked));
        if (marked) out->edit = -2;
        return PDX_OK;
    }
    PDX__TRY(pdx__strmap_add(&u->names, edit, length, &number, NULL));
    out->original = base;
    out->edit = (int32_t)number;
    return PDX_OK;
}

static pdx_status find_content(pdx__units *u, const int64_t *example) {
    for (int32_t e = 0; e < u->names.count; ++e) {
        const char *name = pdx__strmap_get(&u->names, e), *said;
        u->content[e] = 1;
        for (int32_t k = 0; k < pdx__builtin_edit_count; ++k)
            if (!strcmp(pdx__builtin_edits[k].name, name))
                u->content[e] = pdx__builtin_edits[k].content;
        PDX__TRY(pdx_dataset_text(u->dataset, example[e], "probe_content", &said));
        if (said) u->content[e] = strcmp(said, "0") != 0;
    }
    return PDX_OK;
}

static pdx_status sort_units(pdx__units *u, const finding *what) {
    int64_t n = u->dataset->n;
    size_t edits = (size_t)u->names.count;
    pdx_status status = PDX_ENOMEM;
    int64_t *example = pdx__alloc_zero(edits, sizeof *example);
    u->content = pdx__alloc_zero(edits, sizeof *u->content);
    u->unjudged = pdx__alloc_zero(edits, sizeof *u->unjudged);
    u->copies = pdx__alloc_zero(edits, sizeof *u->copies);
    u->unit_start = pdx__alloc_zero(edits + 1, sizeof *u->unit_start);
    u->unit = pdx__alloc((size_t)n, sizeof *u->unit);
    if (!example || !u->content || !u->unjudged || !u->copies || !u->unit_start || !u->unit)
        goto done;
    for (int64_t i = 0; i < n; ++i) {
        int32_t e = what[i].edit;
        u->orphans += e == -2;
        if (e == -1) {
            ++u->originals;
            u->judged_originals += is_judged(u, i);
        }
        if (e < 0) continue;
        example[e] = i;
        ++u->copies[e];
        if (is_judged(u, i) && is_judged(u, what[i].original)) ++u->unit_start[e + 1];
        else ++u->unjudged[e];
    }
    for (size_t e = 0; e < edits; ++e) u->unit_start[e + 1] += u->unit_start[e];
    u->count = u->unit_start[edits];
    for (int64_t i = 0; i < n; ++i) {
        const finding *f = &what[i];
        if (f->edit < 0 || !is_judged(u, i) || !is_judged(u, f->original)) continue;
        u->unit[u->unit_start[f->edit]++] = (pdx__unit){f->original, i, f->edit, f->sign};
    }
    memmove(u->unit_start + 1, u->unit_start, edits * sizeof *u->unit_start);
    u->unit_start[0] = 0;
    status = find_content(u, example);
done:
    pdx__free(example);
    return status;
}

static pdx_status find_clusters(pdx__units *u, const finding *what, const char *field) {
    pdx__strmap values = {0};
    pdx_status status = PDX_OK;
    u->cluster = pdx__alloc((size_t)u->dataset->n, sizeof *u->cluster);
    if (!u->cluster) return PDX_ENOMEM;
    for (int64_t i = 0; i < u->dataset->n && status == PDX_OK; ++i) {
        const char *value;
        u->cluster[i] = -1;
        if (what[i].edit != -1) continue;
        status = pdx_dataset_text(u->dataset, i, field ? field : "query", &value);
        if (status == PDX_OK && !value && field)
            status = pdx__fail(PDX_ENOTFOUND, "pair '%.80s' has no field '%.40s' to cluster by",
                               pdx_dataset_id(u->dataset, i), field);
        if (status != PDX_OK) break;
        if (!value) value = pdx_dataset_id(u->dataset, i);
        status = pdx__strmap_add(&values, value, strlen(value), &u->cluster[i], NULL);
    }
    u->clusters = values.count;
    pdx__strmap_free(&values);
    return status;
}

static pdx_status find_eta(pdx__units *u, const pdx_posterior *posterior) {
    double *row = pdx__alloc((size_t)posterior->d, sizeof *row);
    pdx_status status = row ? PDX_OK : PDX_ENOMEM;
    u->eta = pdx__alloc_zero((size_t)u->dataset->n, sizeof *u->eta);
    if (!u->eta) status = PDX_ENOMEM;
    for (int64_t i = 0; i < u->dataset->n && status == PDX_OK; ++i) {
        status = pdx_dataset_row(u->dataset, i, row);
        for (int32_t k = 0; k < posterior->d; ++k) u->eta[i] += row[k] * posterior->mean[k];
    }
    pdx__free(row);
    if (posterior->position.known && u->labels.has_sign) u->position = posterior->position.mean;
    return status;
}

pdx_status pdx__units_create(pdx__units *u, const pdx_dataset *dataset,
                             const pdx_judgments *judgments, const pdx_posterior *posterior,
                             const pdx_probe_options *options) {
    memset(u, 0, sizeof *u);
    u->dataset = dataset;
    PDX__TRY(take_labels(u, judgments, posterior, options->group));
    finding *what = pdx__alloc((size_t)dataset->n, sizeof *what);
    pdx_status status = what ? PDX_OK : PDX_ENOMEM;
    for (int64_t i = 0; i < dataset->n && status == PDX_OK; ++i) status = look_at(u, i, &what[i]);
    if (status == PDX_OK) status = sort_units(u, what);
    if (status == PDX_OK) status = find_clusters(u, what, options->cluster_by);
    if (status == PDX_OK) status = find_eta(u, posterior);
    pdx__free(what);
    if (status == PDX_OK && !u->count)
        status = pdx__fail(PDX_EINVAL,
                           "no pair of this dataset is an edited copy (\"ORIGINAL#EDIT#a\") that "
                           "judge '%s' has judged along with its original",
                           posterior->judge);
    return status;
}
