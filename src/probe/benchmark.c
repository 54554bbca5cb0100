/* Reading a benchmark: pairs of arms against a baseline, the judge's labels, grades; and a measured
 * shift as JSON. */
#include <string.h>

#include "core/json_lines.h"
#include "core/utf8.h"
#include "data/dataset.h"
#include "shift.h"

void pdx__benchmark_free(pdx__benchmark *b) {
    pdx__strmap_free(&b->arm_names);
    pdx__strmap_free(&b->group_names);
    pdx__free(b->judge);
    pdx__free(b->baseline);
    pdx__free(b->start);
    pdx__free(b->query);
    pdx__free(b->wins);
    pdx__free(b->in_group);
}

typedef struct found {
    int64_t arm, query;
    double longer;
} found;

static double characters(const char *text) {
    double count = 0;
    for (; *text; ++text) count += ((unsigned char)*text & 0xC0) != 0x80;
    return count;
}

static pdx_status read_pair(pdx__benchmark *b, const pdx_dataset *dataset, int64_t i,
                            pdx__strmap *queries, found *out) {
    static const char *const fields[] = {"model_a", "model_b", "query"};
    const char *text[3];
    for (int f = 0; f < 3; ++f) {
        PDX__TRY(pdx_dataset_text(dataset, i, fields[f], &text[f]));
        if (!text[f])
            return pdx__fail(PDX_EINVAL, "pair '%.80s' has no '%s'", pdx_dataset_id(dataset, i),
                             fields[f]);
        if (f == 0 && !b->baseline) {
            b->baseline = pdx__strdup(text[f]);
            if (!b->baseline) return PDX_ENOMEM;
        }
        if (f == 0 && strcmp(b->baseline, text[f]))
            return pdx__fail(PDX_EINVAL,
                             "pair '%.80s': the baseline (model_a) is '%.60s', elsewhere '%.60s'",
                             pdx_dataset_id(dataset, i), text[f], b->baseline);
        if (f == 1)
            PDX__TRY(pdx__strmap_add(&b->arm_names, text[f], strlen(text[f]), &out->arm, NULL));
        if (f == 2) PDX__TRY(pdx__strmap_add(queries, text[f], strlen(text[f]), &out->query, NULL));
    }
    out->longer = 0;
    PDX__TRY(pdx_dataset_text(dataset, i, "response_b", &text[0]));
    if (text[0]) out->longer += characters(text[0]);
    PDX__TRY(pdx_dataset_text(dataset, i, "response_a", &text[0]));
    if (text[0]) out->longer -= characters(text[0]);
    return PDX_OK;
}

static pdx_status make_room(pdx__benchmark *b, int32_t groups) {
    size_t n = (size_t)b->n;
    b->start = pdx__alloc_zero((size_t)b->arm_names.count + 1, sizeof *b->start);
    b->query = pdx__alloc(n, sizeof *b->query);
    b->wins = pdx__alloc_zero(n * (size_t)(3 + b->d), sizeof *b->wins);
    b->in_group = pdx__alloc_zero((size_t)groups * n, 1);
    if (!b->start || !b->query || !b->wins || !b->in_group) return PDX_ENOMEM;
    b->grade = b->wins + n;
    b->longer = b->grade + n;
    b->x = b->longer + n;
    return PDX_OK;
}

/* Lays the pairs out arm by arm; place[pair] is its row. */
static pdx_status lay_out(pdx__benchmark *b, const pdx_dataset *dataset, const found *what,
                          int64_t *place) {
    b->arms = (int32_t)b->arm_names.count;
    for (int64_t i = 0; i < b->n; ++i) ++b->start[what[i].arm + 1];
    for (int32_t a = 0; a < b->arms; ++a) b->start[a + 1] += b->start[a];
    for (int64_t i = 0; i < b->n; ++i) {
        int64_t at = place[i] = b->start[what[i].arm]++;
        b->query[at] = what[i].query;
        b->longer[at] = what[i].longer;
        b->wins[at] = b->grade[at] = NAN;
        if (b->d) PDX__TRY(pdx_dataset_row(dataset, i, b->x + at * b->d));
    }
    memmove(b->start + 1, b->start, (size_t)b->arms * sizeof *b->start);
    b->start[0] = 0;
    for (int32_t g = 0; g < pdx_dataset_group_count(dataset); ++g) {
        const char *name = pdx_dataset_group_name(dataset, g);
        PDX__TRY(pdx__strmap_add(&b->group_names, name, strlen(name), &(int64_t){0}, NULL));
        for (int64_t k = dataset->group_start[g]; k < dataset->group_start[g + 1]; ++k)
            b->in_group[g * b->n + place[dataset->group_pair[k]]] = 1;
    }
    return PDX_OK;
}

/* ---- what the judge said ---- */

static pdx_status take_labels(pdx__benchmark *b, const pdx_dataset *dataset,
                              const pdx_judgments *judgments, const pdx_posterior *posterior,
                              const char *judge, const int64_t *place) {
    pdx__labels rows;
    if (posterior)
        PDX__TRY(pdx__rows_of_posterior(&rows, posterior, dataset, judgments, NULL, NULL,
                                        PDX_TIES_HALF));
    else
        PDX__TRY(pdx__rows_of_judge(&rows, dataset, judgments, NULL, judge, NULL, PDX_LABEL_AUTO,
                                    PDX_TIES_HALF));
    b->has_sign = rows.has_sign;
    for (int64_t r = 0; r < rows.count;) {
        double sum = 0, weight = 0;
        int64_t pair = rows.pair[r];
        for (; r < rows.count && rows.pair[r] == pair; ++r) {
            sum += rows.weight[r] * (rows.margin[r] == 0 ? 0.5 : rows.y[r]);
            weight += rows.weight[r];
        }
        if (weight > 0) b->wins[place[pair]] = 1 - sum / weight; /* the arm is B */
    }
    pdx__labels_free(&rows);
    return PDX_OK;
}

static pdx_status find_judge(const char **out, const pdx_judgments *judgments,
                             const pdx_posterior *posterior, const pdx_shift_options *options) {
    *out = posterior ? posterior->judge : options->judge;
    if (*out) return PDX_OK;
    PDX__REQUIRE(pdx_judgments_judge_count(judgments) == 1,
                 "there are %d judges: name the one to measure",
                 pdx_judgments_judge_count(judgments));
    *out = pdx_judgments_judge_name(judgments, 0);
    return PDX_OK;
}

/* Grades, by model and query. Those of models or queries that are not here are passed over. */
typedef struct grading {
    pdx__benchmark *b;
    const pdx__strmap *queries;
} grading;

static pdx_status take_grade(void *context, const cJSON *row, const pdx__lines *line) {
    const grading *g = context;
    pdx__benchmark *b = g->b;
    pdx__where where = {line->path, line->number};
    const char *model = NULL, *query = NULL;
    double score = -1;
    PDX__TRY(pdx__json_string(row, "model", PDX__REQUIRED, &model, where));
    PDX__TRY(pdx__json_string(row, "query", PDX__REQUIRED, &query, where));
    PDX__TRY(pdx__json_double(row, "score", PDX__OPTIONAL, &score, where));
    int64_t arm = pdx__strmap_find(&b->arm_names, model, strlen(model));
    int64_t number = pdx__strmap_find(g->queries, query, strlen(query));
    if (score < 0 || arm < 0 || number < 0) return PDX_OK;
    if (score < 1 || score > 10)
        return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                            "field 'score' is %g, not from 1 to 10", score);
    for (int64_t i = b->start[arm]; i < b->start[arm + 1]; ++i)
        if (b->query[i] == number) b->grade[i] = score;
    return PDX_OK;
}

pdx_status pdx__benchmark_read(pdx__benchmark *b, const pdx_dataset *dataset,
                               const pdx_judgments *judgments, const pdx_posterior *posterior,
                               const pdx_shift_options *options) {
    memset(b, 0, sizeof *b);
    const char *judge;
    PDX__TRY(find_judge(&judge, judgments, posterior, options));
    b->n = dataset->n;
    b->d = posterior ? posterior->d : 0;
    pdx__strmap queries = {0};
    found *what = pdx__alloc((size_t)b->n, sizeof *what);
    int64_t *place = pdx__alloc((size_t)b->n, sizeof *place);
    b->judge = pdx__strdup(judge);
    pdx_status status = what && place && b->judge ? PDX_OK : PDX_ENOMEM;
    for (int64_t i = 0; i < b->n && status == PDX_OK; ++i)
        status = read_pair(b, dataset, i, &queries, &what[i]);
    b->queries = queries.count;
    if (status == PDX_OK && !b->n) status = pdx__fail(PDX_EINVAL, "there are no pairs");
    if (status == PDX_OK) status = make_room(b, pdx_dataset_group_count(dataset));
    if (status == PDX_OK) status = lay_out(b, dataset, what, place);
    if (status == PDX_OK) status = take_labels(b, dataset, judgments, posterior, judge, place);
    if (status == PDX_OK && options->grades)
        status = pdx__json_lines(options->grades, take_grade, &(grading){b, &queries});
    pdx__strmap_free(&queries);
    pdx__free(what);
    pdx__free(place);
    return status;
}

/* ---- JSON ---- */

static void put_estimate(pdx__buf *out, const char *key, const pdx_estimate *e) {
    pdx__buf_printf(out, ",\"%s\":{\"value\":", key);
    pdx__buf_json_double(out, e->value);
    pdx__buf_text(out, ",\"low\":");
    pdx__buf_json_double(out, e->low);
    pdx__buf_text(out, ",\"high\":");
    pdx__buf_json_double(out, e->high);
    pdx__buf_char(out, '}');
}

static void put_text(pdx__buf *out, const char *before, const char *text) {
    pdx__buf_text(out, before);
    if (text) pdx__buf_json_string(out, text, strlen(text));
    else pdx__buf_text(out, "null");
}

pdx_status pdx_shift_save(const pdx_shift *shift, const char *path) {
    PDX__REQUIRE(shift && path, "pdx_shift_save: an argument is NULL");
    pdx__buf out = PDX__BUF_EMPTY;
    put_text(&out, "{\"format\":\"prefdissect.shift\",\"version\":1,\"judge\":", shift->judge);
    put_text(&out, ",\"baseline\":", shift->baseline);
    pdx__buf_text(&out, ",\"rows\":[");
    for (int32_t i = 0; i < shift->count; ++i) {
        const pdx_shift_row *r = &shift->row[i];
        put_text(&out, i ? ",\n{\"arm\":" : "\n{\"arm\":", r->arm);
        put_text(&out, ",\"against\":", r->against);
        put_text(&out, ",\"group\":", r->group);
        pdx__buf_printf(&out, ",\"pairs\":%lld,\"unjudged\":%lld,\"graded\":%lld,\"length\":",
                        (long long)r->pairs, (long long)r->unjudged, (long long)r->graded);
        pdx__buf_json_double(&out, r->length);
        put_estimate(&out, "wins", &r->numbers.wins);
        put_estimate(&out, "controlled", &r->numbers.controlled);
        put_estimate(&out, "predicted", &r->numbers.predicted);
        put_estimate(&out, "predicted_length", &r->numbers.predicted_length);
        put_estimate(&out, "grade", &r->numbers.grade);
        pdx__buf_text(&out, ",\"length_share\":");
        pdx__buf_json_double(&out, r->length_share);
        pdx__buf_char(&out, '}');
    }
    pdx__buf_text(&out, "\n]}\n");
    pdx_status status = out.status;
    if (status == PDX_OK) status = pdx__file_write(path, out.data, out.length);
    pdx__buf_free(&out);
    return status;
}
