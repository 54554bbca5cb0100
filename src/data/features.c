/* features.jsonl in and out: a header row or a names file says what the columns are; each row has
 * an id and "cmp", "diff", or both, of which one is read, and perhaps "noise" (dataset.h). */
#include <math.h>
#include <string.h>

#include "core/json.h"
#include "data/loader.h"

enum { NOISE, LOOKS, LOOK_MEAN, LOOK_SD, KNOWN };
static const char *const known_names[KNOWN] = {"noise", "looks", "look_mean", "look_sd"};

struct pdx__features {
    pdx__lines lines;
    pdx_schema *schema; /* borrowed by the loader's caller; ours is a copy */
    double *row;
    double *known[KNOWN]; /* [properties] what is known of repeats; see known_names */
    int has[KNOWN];       /* the row has it */
    int pending;          /* the first line was read and is no header */
};

void pdx__features_close(pdx__features *features) {
    if (!features) return;
    pdx__lines_close(&features->lines);
    pdx_schema_free(features->schema);
    pdx__free(features->row);
    pdx__free(features->known[0]);
    pdx__free(features);
}

static pdx_status is_header(const pdx__lines *lines, int *out) {
    pdx__scan scan;
    int more = 1;
    *out = 0;
    PDX__TRY(pdx__scan_open(&scan, lines->line, lines->length,
                            (pdx__where){lines->path, lines->number}));
    for (;;) {
        PDX__TRY(pdx__scan_member(&scan, &more));
        if (!more) return PDX_OK;
        if (pdx__span_is(scan.key, "properties")) *out = 1;
    }
}

static pdx_status read_header(pdx_schema **out, const pdx__lines *lines) {
    pdx__where where = {lines->path, lines->number};
    cJSON *tree;
    PDX__TRY(pdx__json_parse(&tree, lines->line, lines->length, where));
    pdx_status status = pdx__schema_from_json(out, tree, where);
    cJSON_Delete(tree);
    return status;
}

static pdx_status open_with_names(pdx__features *f, const char *path, const char *names) {
    int more, header = 0;
    PDX__TRY(pdx__lines_open(&f->lines, path));
    PDX__TRY(pdx__lines_next(&f->lines, &more));
    if (!more) return pdx__fail_at(PDX_EPARSE, path, 0, "no rows");
    PDX__TRY(is_header(&f->lines, &header));
    f->pending = !header;
    pdx_schema *said = NULL;
    if (header) PDX__TRY(read_header(&said, &f->lines));
    f->schema = said;
    if (!names) {
        if (said) return PDX_OK;
        return pdx__fail_at(PDX_EPARSE, path, f->lines.number,
                            "no header row names the properties, and no names file was given");
    }
    f->schema = NULL;
    pdx_status status = pdx_schema_load(&f->schema, names);
    if (status == PDX_OK && said && said->count != f->schema->count)
        status = pdx__fail_at(PDX_EPARSE, path, f->lines.number,
                              "the header names %d properties, %s names %d", said->count, names,
                              f->schema->count);
    pdx_schema_free(said);
    return status;
}

pdx_status pdx__features_open(pdx__features **out, pdx_schema **schema, const char *path,
                              const char *names) {
    *out = NULL;
    *schema = NULL;
    pdx__features *f = pdx__alloc_zero(1, sizeof *f);
    if (!f) return PDX_ENOMEM;
    pdx_status status = open_with_names(f, path, names);
    if (status == PDX_OK) {
        f->row = pdx__alloc((size_t)f->schema->count, sizeof *f->row);
        size_t d = (size_t)f->schema->count;
        f->known[0] = pdx__alloc(KNOWN * d, sizeof(double));
        for (int i = 1; f->known[0] && i < KNOWN; ++i) f->known[i] = f->known[0] + (size_t)i * d;
        status = f->row && f->known[0] ? pdx__schema_copy(schema, f->schema) : PDX_ENOMEM;
    }
    if (status == PDX_OK) *out = f;
    else pdx__features_close(f);
    return status;
}

/* null where it is not known. */
static pdx_status scan_known(pdx__features *f, const pdx__scan *scan, int which) {
    if (scan->value.kind != PDX__KIND_LIST)
        return pdx__scan_fail(scan, "expected a list, found %s", pdx__span_type(scan->value));
    pdx__scan items;
    int32_t k = 0, d = f->schema->count;
    pdx__scan_inside(&items, scan->value);
    for (; pdx__scan_next(&items); ++k) {
        double value = NAN, least = which == LOOK_MEAN ? -1e30 : 0;
        if (items.value.kind == PDX__KIND_NUMBER) value = pdx__span_number(items.value);
        if ((items.value.kind != PDX__KIND_NULL && !(value >= least && value < 1e30)) || k >= d)
            return pdx__scan_fail(scan,
                                  "entry %d: expected a number%s, or null, for each "
                                  "of %d properties",
                                  k + 1, which == LOOK_MEAN ? "" : " from 0 on", d);
        f->known[which][k] = value;
    }
    f->has[which] = k == d;
    return f->has[which] ? PDX_OK : pdx__scan_fail(scan, "expected %d entries, found %d", d, k);
}

/* Scans a row; its values go into f->row. */
static pdx_status scan_row(pdx__features *f, pdx__loader *loader, pdx__row *row) {
    int differences = loader->options->values == PDX_VALUES_DIFFERENCE, found = 0, other = 0;
    const char *wanted = differences ? "diff" : "cmp";
    pdx__where where = {f->lines.path, f->lines.number};
    pdx__scan scan;
    int more = 1;
    row->has_id = 0;
    memset(f->has, 0, sizeof f->has);
    row->had = row->held = row->has_group = 0;
    PDX__TRY(pdx__scan_open(&scan, f->lines.line, f->lines.length, where));
    for (;;) {
        PDX__TRY(pdx__scan_member(&scan, &more));
        if (!more) break;
        pdx__row_member(loader, row, &scan);
        if (pdx__span_is(scan.key, differences ? "cmp" : "diff")) other = 1;
        for (int i = 0; i < KNOWN; ++i)
            if (pdx__span_is(scan.key, known_names[i])) PDX__TRY(scan_known(f, &scan, i));
        if (!pdx__span_is(scan.key, wanted)) continue;
        found = 1;
        PDX__TRY(pdx__scan_doubles(&scan, f->schema->count, f->row));
        for (int32_t k = 0; !differences && k < f->schema->count; ++k)
            if (f->row[k] != 0 && f->row[k] != 1 && f->row[k] != -1)
                return pdx__scan_fail(&scan, "entry %d (%s) is %g, must be -1, 0 or 1", k + 1,
                                      f->schema->property[k].id, f->row[k]);
    }
    if (!row->has_id)
        return pdx__fail_at(PDX_EPARSE, where.file, where.line, "field 'id' is missing");
    if (!found)
        return pdx__fail_at(PDX_EPARSE, where.file, where.line, "field '%s' is missing%s", wanted,
                            !other        ? ""
                            : differences ? " (there is 'cmp': ask for comparisons)"
                                          : " (there is 'diff': ask for differences)");
    return PDX_OK;
}

static pdx__repeats repeats_of(const pdx__features *f, int32_t k) {
    pdx__repeats out = {0, (float)f->known[NOISE][k], NAN, NAN};
    if (!f->has[LOOKS] || !f->has[LOOK_MEAN] || !f->has[LOOK_SD]) return out;
    if (f->known[LOOKS][k] >= 2 && f->known[LOOKS][k] < 1e6) {
        out.looks = (int32_t)f->known[LOOKS][k];
        out.mean = (float)f->known[LOOK_MEAN][k];
        out.sd = (float)f->known[LOOK_SD][k];
    }
    return out;
}

static pdx_status read_rows(pdx__features *f, pdx__loader *loader, char **seen) {
    pdx_dataset *dataset = loader->dataset;
    int primary = !loader->files->pairs, more = 1;
    if (!primary) {
        *seen = pdx__alloc_zero((size_t)dataset->n, 1);
        if (!*seen) return PDX_ENOMEM;
    }
    for (int64_t rows = 0;; ++rows) {
        if (!f->pending) PDX__TRY(pdx__lines_next(&f->lines, &more));
        f->pending = 0;
        if (!more) break;
        pdx__row row;
        int64_t pair;
        PDX__TRY(scan_row(f, loader, &row));
        if (primary) PDX__TRY(pdx__loader_add(loader, &row, &f->lines, 0, &pair));
        else PDX__TRY(pdx__loader_find(loader, &row, &pair));
        if (pair < 0) continue;
        if (primary) PDX__TRY(pdx__dataset_reserve(dataset, dataset->n));
        else if ((*seen)[pair]++)
            return pdx__fail_at(PDX_EPARSE, f->lines.path, f->lines.number,
                                "field 'id': '%.200s' occurs twice", pdx_dataset_id(dataset, pair));
        for (int32_t k = 0; k < f->schema->count; ++k) {
            PDX__TRY(pdx__dataset_put(dataset, pair, k, f->row[k]));
            if (f->has[NOISE])
                PDX__TRY(pdx__dataset_put_repeats(dataset, pair, k, repeats_of(f, k)));
        }
        if (rows % 4096 == 0) PDX__TRY(pdx__loader_tick(loader, "rows", rows, 0));
    }
    for (int64_t i = 0; !primary && i < dataset->n; ++i)
        if (!(*seen)[i])
            return pdx__fail_at(PDX_EPARSE, f->lines.path, 0, "no row for pair '%.200s' of %s",
                                pdx_dataset_id(dataset, i), loader->primary);
    return PDX_OK;
}

pdx_status pdx__features_read(pdx__features *features, pdx__loader *loader) {
    char *seen = NULL;
    pdx_status status = read_rows(features, loader, &seen);
    pdx__free(seen);
    return status;
}

/* Out ----------------------------------------------------------------------------------------- */

static int is_ternary(const pdx_dataset *dataset) {
    for (int32_t k = 0; k < dataset->schema->count; ++k) {
        const int8_t *small = dataset->column[k].small;
        if (!small) return 0;
        for (int64_t i = 0; i < dataset->n; ++i)
            if (small[i] < -1 || small[i] > 1) return 0;
    }
    return 1;
}

static void write_row(pdx__buf *out, const pdx_dataset *dataset, int64_t pair, const char *key) {
    const char *id = pdx_dataset_id(dataset, pair);
    pdx__buf_text(out, "{\"id\":");
    pdx__buf_json_string(out, id, strlen(id));
    pdx__buf_printf(out, ",\"%s\":[", key);
    for (int32_t k = 0; k < dataset->schema->count; ++k) {
        if (k) pdx__buf_char(out, ',');
        pdx__buf_double(out, pdx__column_get(&dataset->column[k], pair));
    }
    pdx__buf_char(out, ']');
    const pdx__repeats *r =
        dataset->repeats ? dataset->repeats + pair * dataset->schema->count : NULL;
    int any = 0, looks = 0;
    for (int32_t k = 0; r && k < dataset->schema->count; ++k) {
        any |= !isnan(r[k].noise);
        looks |= r[k].looks > 1;
    }
    for (int i = 0; any && i < (looks ? KNOWN : 1); ++i) {
        pdx__buf_printf(out, ",\"%s\":[", known_names[i]);
        for (int32_t k = 0; k < dataset->schema->count; ++k) {
            if (k) pdx__buf_char(out, ',');
            pdx__buf_json_double(out, i == NOISE       ? r[k].noise
                                      : i == LOOK_MEAN ? r[k].mean
                                      : i == LOOK_SD   ? r[k].sd
                                      : r[k].looks > 1 ? r[k].looks
                                                       : NAN);
        }
        pdx__buf_char(out, ']');
    }
    pdx__buf_text(out, "}\n");
}

pdx_status pdx_dataset_save_features(const pdx_dataset *dataset, const char *path) {
    PDX__REQUIRE(dataset && path, "pdx_dataset_save_features: an argument is NULL");
    const char *key = is_ternary(dataset) ? "cmp" : "diff";
    pdx__writer writer;
    PDX__TRY(pdx__writer_open(&writer, path));
    pdx__buf text = PDX__BUF_EMPTY;
    pdx__buf_text(&text, "{\"format\":\"prefdissect.features\",\"version\":1,");
    pdx__schema_json(&text, dataset->schema);
    pdx__buf_text(&text, "}\n");
    pdx_status status = text.status;
    for (int64_t i = 0; status == PDX_OK && i < dataset->n; ++i) {
        write_row(&text, dataset, i, key);
        if (text.length < (1 << 16)) continue;
        status = text.status;
        if (status == PDX_OK) status = pdx__writer_append(&writer, text.data, text.length);
        pdx__buf_clear(&text);
    }
    if (status == PDX_OK) status = text.status;
    if (status == PDX_OK) status = pdx__writer_append(&writer, text.data, text.length);
    pdx__buf_free(&text);
    if (status == PDX_OK) return pdx__writer_commit(&writer);
    pdx__writer_abandon(&writer);
    return status;
}
