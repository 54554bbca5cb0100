/* From a plain table to a column file, a record at a time. */
#include <math.h>

#include "columns.h"
#include "table.h"

static pdx_status check_header(const pdx__table *t) {
    if (t->special[PDX__TABLE_MARGIN] >= 0)
        return pdx__fail_at(PDX_EUNSUPPORTED, t->csv.path, t->csv.line,
                            "column 'margin': a column file has labels only");
    return PDX_OK;
}

static int32_t parts_of(const pdx__table *t) {
    return (t->special[PDX__TABLE_W] >= 0 ? PDX_COLUMNS_WEIGHT : 0) |
           (t->special[PDX__TABLE_OFFSET] >= 0 ? PDX_COLUMNS_OFFSET : 0) |
           (t->special[PDX__TABLE_JUDGE] >= 0 ? PDX_COLUMNS_JUDGE : 0) |
           (t->special[PDX__TABLE_GROUP] >= 0 ? PDX_COLUMNS_GROUP : 0);
}

/* *fits = 0: a value that is no small whole number. */
static pdx_status read_record(const pdx__table *t, double *x, double *rest, int whole, int *fits) {
    for (int32_t k = 0; k < t->properties; ++k) {
        PDX__TRY(pdx__table_number(t, t->field[k], -3e38, 3e38, &x[k]));
        if (whole && !(fabs(x[k]) <= 127 && x[k] == (double)(int)x[k])) *fits = 0;
    }
    PDX__TRY(pdx__table_number(t, t->special[PDX__TABLE_Y], 0, 1, &rest[0]));
    if (t->special[PDX__TABLE_W] >= 0)
        PDX__TRY(pdx__table_number(t, t->special[PDX__TABLE_W], 0, 3e38, &rest[1]));
    if (t->special[PDX__TABLE_OFFSET] >= 0)
        PDX__TRY(pdx__table_number(t, t->special[PDX__TABLE_OFFSET], -3e38, 3e38, &rest[2]));
    return PDX_OK;
}

static pdx_status copy_rows(pdx__table *t, pdx_columns_writer *w, double *x, int whole, int *fits,
                            int64_t *count, pdx__ticker *ticker) {
    const int64_t judge = t->special[PDX__TABLE_JUDGE], group = t->special[PDX__TABLE_GROUP];
    double rest[3];
    const pdx_rows row = {.size = sizeof row,
                          .d = t->properties,
                          .n = 1,
                          .x = x,
                          .y = &rest[0],
                          .weight = t->special[PDX__TABLE_W] >= 0 ? &rest[1] : NULL,
                          .offset = t->special[PDX__TABLE_OFFSET] >= 0 ? &rest[2] : NULL};
    for (*count = 0, *fits = 1;; ++*count) {
        int more;
        PDX__TRY(pdx__csv_next(&t->csv, &more));
        if (!more) break;
        PDX__TRY(read_record(t, x, rest, whole, fits));
        if (!*fits) return PDX_OK;
        PDX__TRY(pdx_columns_append(w, &row, judge >= 0 ? t->csv.field[judge] : NULL,
                                    group >= 0 ? t->csv.field[group] : NULL));
        PDX__TRY(pdx__ticker_tell(ticker, "rows", *count + 1));
    }
    return *count ? PDX_OK : pdx__fail_at(PDX_EPARSE, t->csv.path, 0, "no rows after the header");
}

/* *fits = 0: nothing is written, a value is no small whole number. */
static pdx_status convert(int64_t *rows, const char *from, const char *to, int32_t kind, int *fits,
                          pdx__ticker *ticker) {
    pdx__table t;
    pdx_columns_writer *w = NULL;
    double *x = NULL;
    PDX__TRY(pdx__table_open(&t, from));
    pdx_status status = check_header(&t);
    PDX__GO(status);
    x = pdx__alloc((size_t)t.properties, sizeof *x);
    if (!x) {
        status = PDX_ENOMEM;
        goto done;
    }
    PDX__GO(pdx_columns_create(&w, to, t.property, t.properties, kind, parts_of(&t)));
    PDX__GO(copy_rows(&t, w, x, kind == PDX_COLUMNS_INT8, fits, rows, ticker));
    if (*fits) {
        status = pdx_columns_finish(w);
        w = NULL;
    }
done:
    pdx_columns_abandon(w);
    pdx__free(x);
    pdx__table_close(&t);
    return status;
}

pdx_status pdx_columns_from_table(int64_t *rows, const char *table, const char *path,
                                  const pdx_hooks *hooks) {
    PDX__REQUIRE(rows && table && path, "pdx_columns_from_table: NULL argument");
    pdx__ticker ticker = pdx__ticker_start(hooks);
    int fits = 1;
    *rows = 0;
    PDX__TRY(convert(rows, table, path, PDX_COLUMNS_INT8, &fits, &ticker));
    if (fits) return PDX_OK;
    PDX__REQUIRE(table[0] != '-' || table[1],
                 "a table with values that are no small whole numbers is read twice: give a file");
    return convert(rows, table, path, PDX_COLUMNS_FLOAT32, &fits, &ticker);
}
