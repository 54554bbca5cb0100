/* A plain table: anyone's data in one step. Each record of a CSV is a pair and one judgment of it,
 * in no order. Columns: `y` in [0, 1] or `margin` (log-odds of A over B); `w`, `offset`, `judge`
 * and `group` where they are there; every other one is a property, finite. A y between 0 and 1 is
 * kept as a probability, and then every row of the table is. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "data/dataset.h"
#include "data/judgments.h"
#include "data/table.h"

typedef struct table {
    pdx__table rows;
    pdx_dataset *dataset;
    pdx_judgments *judgments;
    int soft; /* some y lies between 0 and 1 */
} table;

static pdx_status begin(table *t) {
    pdx_schema *schema = NULL;
    pdx_status status = pdx_schema_from_names(&schema, t->rows.property, t->rows.properties);
    if (status == PDX_OK) status = pdx__dataset_begin(&t->dataset, schema, PDX_VALUES_COMPARISON);
    if (status == PDX_OK) status = pdx_judgments_create(&t->judgments);
    pdx_schema_free(schema);
    return status;
}

/* No verdict where it leans to neither: an even probability is a label, not a tie to be dropped. */
static int32_t winner_of(double lean) {
    return lean > 0 ? PDX_WINNER_A : lean < 0 ? PDX_WINNER_B : PDX_WINNER_NONE;
}

static pdx_status read_record(table *t) {
    const pdx__table *rows = &t->rows;
    const int64_t *special = rows->special;
    pdx_dataset *dataset = t->dataset;
    int64_t pair = dataset->n;
    const double inf = INFINITY;
    char id[24];
    int added;
    pdx_judgment j;
    snprintf(id, sizeof id, "%lld", (long long)pair);
    PDX__TRY(pdx__dataset_append(dataset, id, strlen(id), &added));
    PDX__TRY(pdx__dataset_reserve(dataset, dataset->n));
    for (int32_t k = 0; k < rows->properties; ++k) {
        double value;
        PDX__TRY(pdx__table_number(rows, rows->field[k], -inf, inf, &value));
        PDX__TRY(pdx__dataset_put(dataset, pair, k, value));
    }
    pdx_judgment_init(&j);
    j.pair = pair;
    if (special[PDX__TABLE_Y] >= 0) {
        double y;
        PDX__TRY(pdx__table_number(rows, special[PDX__TABLE_Y], 0, 1, &y));
        j.winner = winner_of(y - 0.5);
        if (y != 0 && y != 1) t->soft = 1;
        j.prob_a = y;
    } else {
        PDX__TRY(pdx__table_number(rows, special[PDX__TABLE_MARGIN], -inf, inf, &j.margin));
        j.winner = winner_of(j.margin);
    }
    if (special[PDX__TABLE_W] >= 0)
        PDX__TRY(pdx__table_number(rows, special[PDX__TABLE_W], 0, inf, &j.weight));
    if (special[PDX__TABLE_OFFSET] >= 0)
        PDX__TRY(pdx__table_number(rows, special[PDX__TABLE_OFFSET], -inf, inf, &j.offset));
    int64_t judge = special[PDX__TABLE_JUDGE], group = special[PDX__TABLE_GROUP];
    if (group >= 0)
        PDX__TRY(pdx__dataset_join_group(dataset, pair, rows->csv.field[group],
                                         rows->csv.length[group]));
    return pdx_judgments_append(t->judgments, judge >= 0 ? rows->csv.field[judge] : "judge", &j);
}

static pdx_status read_table(table *t, const char *path, const pdx_hooks *hooks) {
    pdx__ticker ticker = pdx__ticker_start(hooks);
    PDX__TRY(pdx__table_open(&t->rows, path));
    PDX__TRY(begin(t));
    for (int more;;) {
        PDX__TRY(pdx__csv_next(&t->rows.csv, &more));
        if (!more) break;
        PDX__TRY(read_record(t));
        PDX__TRY(pdx__ticker_tell(&ticker, "rows", t->dataset->n));
    }
    if (!t->dataset->n) return pdx__fail_at(PDX_EPARSE, path, 0, "no rows after the header");
    if (!t->soft) {
        pdx__free(t->judgments->rare[PDX__RARE_PROB_A]);
        t->judgments->rare[PDX__RARE_PROB_A] = NULL;
    }
    return pdx__dataset_finish(t->dataset, t->rows.special[PDX__TABLE_GROUP] >= 0);
}

pdx_status pdx_table_load(pdx_dataset **dataset, pdx_judgments **judgments, const char *path,
                          const pdx_hooks *hooks) {
    PDX__REQUIRE(dataset && judgments, "pdx_table_load: 'dataset' or 'judgments' is NULL");
    *dataset = NULL;
    *judgments = NULL;
    PDX__REQUIRE(path, "pdx_table_load: 'path' is NULL");
    table t = {0};
    pdx_status status = read_table(&t, path, hooks);
    pdx__table_close(&t.rows);
    if (status == PDX_OK) {
        *dataset = t.dataset;
        *judgments = t.judgments;
    } else {
        pdx_dataset_free(t.dataset);
        pdx_judgments_free(t.judgments);
    }
    return status;
}
