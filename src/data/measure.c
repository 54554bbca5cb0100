/* The surface properties of every pair, from the texts of pairs.jsonl: the file is read once more,
 * some hundred rows at a time, which all threads measure. Compared by the rules of the schema, or
 * subtracted. */
#include <string.h>

#include "core/pool.h"
#include "data/loader.h"
#include "data/surface.h"
#include "data/texts.h"

enum { BATCH_ROWS = 512, BATCH_BYTES = 8 << 20 };

typedef struct worker {
    pdx__surface_scratch *scratch;
    pdx__buf query, a, b;
} worker;

typedef struct batch {
    const char *path;
    int32_t differences;
    const pdx_property *property;
    int64_t rows;
    size_t start[BATCH_ROWS + 1]; /* of each row's line in text */
    int64_t line[BATCH_ROWS];
    pdx__buf text;
    double value[BATCH_ROWS][PDX__SURFACE_COUNT];
    worker *workers;
} batch;

static pdx_status take_text(const pdx__scan *scan, pdx__buf *out, int *found) {
    pdx__buf_clear(out);
    *found = pdx__texts_value(scan->value, out);
    if (out->status != PDX_OK) return out->status;
    if (*found || scan->value.kind == PDX__KIND_NULL) return PDX_OK;
    return pdx__scan_fail(scan, "expected a text, found %s", pdx__span_type(scan->value));
}

static pdx_status measure(worker *w, const pdx__buf *response, const char *field, int has_query,
                          pdx__where where, double *out) {
    pdx_status status =
        pdx__surface_measure(w->scratch, response->data, response->length,
                             has_query ? w->query.data : NULL, w->query.length, out);
    if (status != PDX_EPARSE) return status;
    char reason[256];
    size_t length = strlen(pdx_error_message());
    if (length >= sizeof reason) length = sizeof reason - 1;
    memcpy(reason, pdx_error_message(), length);
    reason[length] = 0;
    return pdx__fail_at(status, where.file, where.line, "field '%s': %s", field, reason);
}

static pdx_status measure_row(void *context, int64_t row, int32_t index) {
    batch *all = context;
    worker *w = &all->workers[index];
    pdx__where where = {all->path, all->line[row]};
    pdx__scan scan;
    int more = 1, has_query = 0, has_a = 0, has_b = 0;
    PDX__TRY(pdx__scan_open(&scan, all->text.data + all->start[row],
                            all->start[row + 1] - all->start[row], where));
    for (;;) {
        PDX__TRY(pdx__scan_member(&scan, &more));
        if (!more) break;
        if (pdx__span_is(scan.key, "query")) PDX__TRY(take_text(&scan, &w->query, &has_query));
        if (pdx__span_is(scan.key, "response_a")) PDX__TRY(take_text(&scan, &w->a, &has_a));
        if (pdx__span_is(scan.key, "response_b")) PDX__TRY(take_text(&scan, &w->b, &has_b));
    }
    if (!has_a || !has_b)
        return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                            "field '%s' is missing (surface properties need the texts)",
                            has_a ? "response_b" : "response_a");
    double a[PDX__SURFACE_COUNT], b[PDX__SURFACE_COUNT];
    PDX__TRY(measure(w, &w->a, "response_a", has_query, where, a));
    PDX__TRY(measure(w, &w->b, "response_b", has_query, where, b));
    for (int32_t k = 0; k < PDX__SURFACE_COUNT; ++k)
        all->value[row][k] = all->differences ? round((a[k] - b[k]) * 1e4) / 1e4
                                              : pdx_property_compare(&all->property[k], a[k], b[k]);
    return PDX_OK;
}

/* The lines of the next pairs; all->rows = 0 at the end. */
static pdx_status fill(batch *all, pdx__lines *lines, const pdx_dataset *dataset, int64_t next) {
    pdx__buf_clear(&all->text);
    all->rows = 0;
    int more = 1;
    while (all->rows < BATCH_ROWS && all->text.length < BATCH_BYTES && next < dataset->n) {
        PDX__TRY(pdx__lines_next(lines, &more));
        if (!more) return pdx__fail_at(PDX_EIO, lines->path, 0, "has changed while it was loaded");
        if (lines->offset != pdx__texts_offset(dataset->texts, next)) continue;
        all->start[all->rows] = all->text.length;
        all->line[all->rows++] = lines->number;
        pdx__buf_append(&all->text, lines->line, lines->length);
        all->start[all->rows] = all->text.length;
        ++next;
    }
    return all->text.status;
}

static pdx_status run(pdx__loader *loader, batch *all, pdx__lines *lines, int32_t threads,
                      int32_t first_column) {
    pdx_dataset *dataset = loader->dataset;
    for (int64_t next = 0; next < dataset->n; next += all->rows) {
        PDX__TRY(fill(all, lines, dataset, next));
        PDX__TRY(pdx__pool_run(threads, all->rows, measure_row, all, NULL, "pairs"));
        for (int64_t row = 0; row < all->rows; ++row)
            for (int32_t k = 0; k < PDX__SURFACE_COUNT; ++k)
                PDX__TRY(
                    pdx__dataset_put(dataset, next + row, first_column + k, all->value[row][k]));
        PDX__TRY(pdx__loader_tick(loader, "texts", next, dataset->n));
    }
    return PDX_OK;
}

pdx_status pdx__measure_pairs(pdx__loader *loader, int32_t first_column) {
    int32_t threads = pdx__pool_threads(loader->options->threads, loader->dataset->n);
    pdx__surface *surface = NULL;
    pdx__lines lines = {0};
    batch *all = pdx__alloc_zero(1, sizeof *all);
    if (!all) return PDX_ENOMEM;
    pdx_status status = PDX_OK;
    all->path = loader->primary;
    all->differences = loader->options->values == PDX_VALUES_DIFFERENCE;
    all->property = loader->dataset->schema->property + first_column;
    all->workers = pdx__alloc_zero((size_t)threads, sizeof *all->workers);
    if (!all->workers) {
        threads = 0;
        status = PDX_ENOMEM;
    }
    if (status == PDX_OK) status = pdx__surface_create(&surface);
    for (int32_t i = 0; status == PDX_OK && i < threads; ++i)
        status = pdx__surface_scratch_create(&all->workers[i].scratch, surface);
    if (status == PDX_OK) status = pdx__lines_open(&lines, loader->primary);
    if (status == PDX_OK) status = run(loader, all, &lines, threads, first_column);
    pdx__lines_close(&lines);
    for (int32_t i = 0; i < threads; ++i) {
        pdx__surface_scratch_free(all->workers[i].scratch);
        pdx__buf_free(&all->workers[i].query);
        pdx__buf_free(&all->workers[i].a);
        pdx__buf_free(&all->workers[i].b);
    }
    pdx__surface_free(surface);
    pdx__buf_free(&all->text);
    pdx__free(all->workers);
    pdx__free(all);
    return status;
}
