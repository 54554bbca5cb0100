/* A plain table: anyone's data in one step. Each record of a CSV is a pair and one judgment of it,
 * in no order. Columns: `y` in [0, 1] or `margin` (log-odds of A over B); `w`, `offset`, `judge`
 * and `group` where they are there; every other one is a property, finite. A y between 0 and 1 is
 * kept as a probability, and then every row of the table is. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/number.h"
#include "core/pool.h"
#include "data/csv.h"
#include "data/dataset.h"
#include "data/judgments.h"

enum { COLUMN_Y, COLUMN_MARGIN, COLUMN_W, COLUMN_OFFSET, COLUMN_JUDGE, COLUMN_GROUP, SPECIAL };
static const char *const special_names[SPECIAL] = {"y", "margin", "w", "offset", "judge", "group"};

typedef struct table {
    pdx__csv csv;
    int64_t special[SPECIAL]; /* field of each, -1: absent */
    int64_t fields;
    char **name;       /* of every field */
    int32_t *property; /* of a field; -1: special */
    pdx_dataset *dataset;
    pdx_judgments *judgments;
    int soft; /* some y lies between 0 and 1 */
} table;

static pdx_status read_header(table *t) {
    int more;
    PDX__TRY(pdx__csv_next(&t->csv, &more));
    if (!more) return pdx__fail_at(PDX_EPARSE, t->csv.path, 0, "the file is empty");
    t->fields = t->csv.count;
    t->name = pdx__alloc_zero((size_t)t->fields, sizeof *t->name);
    t->property = pdx__alloc((size_t)t->fields, sizeof *t->property);
    const char **properties = pdx__alloc((size_t)t->fields, sizeof *properties);
    pdx_status status = t->name && t->property && properties ? PDX_OK : PDX_ENOMEM;
    int32_t count = 0;
    for (int64_t f = 0; status == PDX_OK && f < t->fields; ++f) {
        int kind = 0;
        t->name[f] = pdx__strdup(t->csv.field[f]);
        if (!t->name[f]) {
            status = PDX_ENOMEM;
            break;
        }
        while (kind < SPECIAL && strcmp(t->name[f], special_names[kind])) ++kind;
        t->property[f] = kind < SPECIAL ? -1 : count;
        int again = 0;
        for (int64_t e = 0; e < f; ++e) again |= !strcmp(t->name[e], t->name[f]);
        if (!*t->name[f])
            status = pdx__fail_at(PDX_EPARSE, t->csv.path, t->csv.line, "column %lld has no name",
                                  (long long)f + 1);
        else if (again)
            status = pdx__fail_at(PDX_EPARSE, t->csv.path, t->csv.line,
                                  "column '%.100s' occurs twice", t->name[f]);
        else if (kind < SPECIAL) t->special[kind] = f;
        else properties[count++] = t->name[f];
    }
    int has_y = t->special[COLUMN_Y] >= 0, has_margin = t->special[COLUMN_MARGIN] >= 0;
    if (status == PDX_OK && has_y == has_margin)
        status = pdx__fail_at(PDX_EPARSE, t->csv.path, t->csv.line,
                              has_y ? "there are both 'y' and 'margin'"
                                    : "there is neither a column 'y' nor 'margin'");
    if (status == PDX_OK && !count)
        status = pdx__fail_at(PDX_EPARSE, t->csv.path, t->csv.line, "no column is a property");
    pdx_schema *schema = NULL;
    if (status == PDX_OK) status = pdx_schema_from_names(&schema, properties, count);
    if (status == PDX_OK) status = pdx__dataset_begin(&t->dataset, schema, PDX_VALUES_COMPARISON);
    if (status == PDX_OK) status = pdx_judgments_create(&t->judgments);
    pdx_schema_free(schema);
    pdx__free(properties);
    return status;
}

static pdx_status number(const table *t, int64_t field, double least, double most, double *out) {
    const char *text = t->csv.field[field];
    const char *end = text + t->csv.length[field];
    while (text < end && (*text == ' ' || *text == '\t')) ++text;
    while (end > text && (end[-1] == ' ' || end[-1] == '\t')) --end;
    if (!pdx__parse_double(text, (size_t)(end - text), out))
        return pdx__fail_at(PDX_EPARSE, t->csv.path, t->csv.line,
                            "column '%.100s': '%.60s' is no number", t->name[field],
                            t->csv.field[field]);
    if (!isfinite(*out))
        return pdx__fail_at(PDX_EPARSE, t->csv.path, t->csv.line,
                            "column '%.100s': '%.60s' is not finite", t->name[field],
                            t->csv.field[field]);
    if (*out < least || *out > most) {
        if (isinf(most))
            return pdx__fail_at(PDX_EPARSE, t->csv.path, t->csv.line,
                                "column '%.100s': %g is below %g", t->name[field], *out, least);
        return pdx__fail_at(PDX_EPARSE, t->csv.path, t->csv.line,
                            "column '%.100s': %g is not from %g to %g", t->name[field], *out, least,
                            most);
    }
    return PDX_OK;
}

/* No verdict where it leans to neither: an even probability is a label, not a tie to be dropped. */
static int32_t winner_of(double lean) {
    return lean > 0 ? PDX_WINNER_A : lean < 0 ? PDX_WINNER_B : PDX_WINNER_NONE;
}

static pdx_status read_record(table *t) {
    pdx_dataset *dataset = t->dataset;
    int64_t pair = dataset->n;
    const double inf = INFINITY;
    char id[24];
    int added;
    pdx_judgment j;
    snprintf(id, sizeof id, "%lld", (long long)pair);
    PDX__TRY(pdx__dataset_append(dataset, id, strlen(id), &added));
    PDX__TRY(pdx__dataset_reserve(dataset, dataset->n));
    for (int64_t f = 0; f < t->fields; ++f) {
        double value;
        if (t->property[f] < 0) continue;
        PDX__TRY(number(t, f, -inf, inf, &value));
        PDX__TRY(pdx__dataset_put(dataset, pair, t->property[f], value));
    }
    pdx_judgment_init(&j);
    j.pair = pair;
    if (t->special[COLUMN_Y] >= 0) {
        double y;
        PDX__TRY(number(t, t->special[COLUMN_Y], 0, 1, &y));
        j.winner = winner_of(y - 0.5);
        if (y != 0 && y != 1) t->soft = 1;
        j.prob_a = y;
    } else {
        PDX__TRY(number(t, t->special[COLUMN_MARGIN], -inf, inf, &j.margin));
        j.winner = winner_of(j.margin);
    }
    if (t->special[COLUMN_W] >= 0) PDX__TRY(number(t, t->special[COLUMN_W], 0, inf, &j.weight));
    if (t->special[COLUMN_OFFSET] >= 0)
        PDX__TRY(number(t, t->special[COLUMN_OFFSET], -inf, inf, &j.offset));
    int64_t judge = t->special[COLUMN_JUDGE], group = t->special[COLUMN_GROUP];
    if (group >= 0)
        PDX__TRY(pdx__dataset_join_group(dataset, pair, t->csv.field[group], t->csv.length[group]));
    return pdx_judgments_append(t->judgments, judge >= 0 ? t->csv.field[judge] : "judge", &j);
}

static pdx_status read_table(table *t, const char *path, const pdx_hooks *hooks) {
    double began = pdx__seconds(), ticked = began;
    int more;
    PDX__TRY(pdx__csv_open(&t->csv, path));
    PDX__TRY(read_header(t));
    for (;;) {
        PDX__TRY(pdx__csv_next(&t->csv, &more));
        if (!more) break;
        PDX__TRY(read_record(t));
        if (!hooks || !hooks->progress || t->dataset->n % 4096) continue;
        double now = pdx__seconds();
        if (now - ticked < 0.2) continue;
        ticked = now;
        pdx_progress progress = {"rows", t->dataset->n, 0, now - began};
        if (hooks->progress(hooks->user, &progress))
            return pdx__fail(PDX_ECANCELED, "stopped on request");
    }
    if (!t->dataset->n) return pdx__fail_at(PDX_EPARSE, path, 0, "no rows after the header");
    if (!t->soft) {
        pdx__free(t->judgments->rare[PDX__RARE_PROB_A]);
        t->judgments->rare[PDX__RARE_PROB_A] = NULL;
    }
    return pdx__dataset_finish(t->dataset, t->special[COLUMN_GROUP] >= 0);
}

pdx_status pdx_table_load(pdx_dataset **dataset, pdx_judgments **judgments, const char *path,
                          const pdx_hooks *hooks) {
    PDX__REQUIRE(dataset && judgments, "pdx_table_load: 'dataset' or 'judgments' is NULL");
    *dataset = NULL;
    *judgments = NULL;
    PDX__REQUIRE(path, "pdx_table_load: 'path' is NULL");
    table t = {.special = {-1, -1, -1, -1, -1, -1}};
    pdx_status status = read_table(&t, path, hooks);
    pdx__csv_close(&t.csv);
    for (int64_t f = 0; t.name && f < t.fields; ++f) pdx__free(t.name[f]);
    pdx__free(t.name);
    pdx__free(t.property);
    if (status == PDX_OK) {
        *dataset = t.dataset;
        *judgments = t.judgments;
    } else {
        pdx_dataset_free(t.dataset);
        pdx_judgments_free(t.judgments);
    }
    return status;
}
