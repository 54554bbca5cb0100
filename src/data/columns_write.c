/* Column files, written: one chunk at a time is held. */
#include "columns.h"

#include <math.h>
#include <string.h>

#include "core/file.h"
#include "core/strmap.h"

struct pdx_columns_writer {
    pdx__writer file;
    int32_t d, kind, parts;
    pdx__chunk_layout layout;
    char *chunk; /* the one being filled */
    int64_t rows;
    pdx__strmap names, judges, groups;
    pdx_status failed;
};

static pdx_status begin(pdx_columns_writer *w, const char *path, const char *const *names) {
    for (int32_t k = 0; k < w->d; ++k) {
        int64_t index;
        int added;
        PDX__REQUIRE(names[k] && *names[k], "pdx_columns_create: column %d has no name", k + 1);
        PDX__TRY(pdx__strmap_add(&w->names, names[k], strlen(names[k]), &index, &added));
        PDX__REQUIRE(added, "pdx_columns_create: column '%.100s' occurs twice", names[k]);
    }
    w->chunk = pdx__alloc_aligned((size_t)w->layout.bytes, 1);
    if (!w->chunk) return PDX_ENOMEM;
    PDX__TRY(pdx__writer_open(&w->file, path));
    char head[PDX__COLUMNS_HEAD] = PDX__COLUMNS_FIRST;
    uint32_t fields[] = {1, (uint32_t)w->d, (uint32_t)w->kind, (uint32_t)w->parts,
                         PDX_COLUMNS_CHUNK};
    memcpy(head + 8, fields, sizeof fields);
    return pdx__writer_append(&w->file, head, sizeof head);
}

pdx_status pdx_columns_create(pdx_columns_writer **out, const char *path, const char *const *names,
                              int32_t d, int32_t kind, int32_t parts) {
    PDX__REQUIRE(out, "pdx_columns_create: NULL argument");
    *out = NULL;
    PDX__REQUIRE(path && names && d >= 1 && d <= 1 << 20,
                 "pdx_columns_create: a path, and 1 to 1,048,576 names");
    PDX__REQUIRE(kind == PDX_COLUMNS_INT8 || kind == PDX_COLUMNS_FLOAT32,
                 "pdx_columns_create: unknown kind %d", kind);
    PDX__REQUIRE(parts >= 0 && parts <= PDX__COLUMNS_PARTS, "pdx_columns_create: unknown parts %d",
                 parts);
    pdx_columns_writer *w = pdx__alloc_zero(1, sizeof *w);
    if (!w) return PDX_ENOMEM;
    w->d = d;
    w->kind = kind;
    w->parts = parts;
    w->layout = pdx__chunk_layout_of(d, kind, parts);
    pdx_status status = begin(w, path, names);
    if (status == PDX_OK) *out = w;
    else pdx_columns_abandon(w);
    return status;
}

void pdx_columns_abandon(pdx_columns_writer *w) {
    if (!w) return;
    pdx__writer_abandon(&w->file);
    pdx__strmap_free(&w->names);
    pdx__strmap_free(&w->judges);
    pdx__strmap_free(&w->groups);
    pdx__free(w->chunk);
    pdx__free(w);
}

static pdx_status code_of(pdx__strmap *map, const char *name, const char *what, int there,
                          uint16_t *code) {
    int64_t index = 0;
    PDX__REQUIRE(!there == !name, "pdx_columns_append: %s", there ? "a name is missing" : what);
    if (!there) return PDX_OK;
    PDX__TRY(pdx__strmap_add(map, name, strlen(name), &index, NULL));
    PDX__REQUIRE(index <= UINT16_MAX, "pdx_columns_append: more than 65,536 names");
    *code = (uint16_t)index;
    return PDX_OK;
}

static pdx_status put_float(pdx_columns_writer *w, int64_t at, int32_t row, double value,
                            double least, double most, const char *what) {
    float single = (float)value;
    PDX__REQUIRE(value >= least && value <= most && isfinite(single),
                 "row %lld: %s is %g, must be a number from %g to %g", (long long)w->rows + 1, what,
                 value, least, most);
    memcpy(w->chunk + at + 4 * (int64_t)row, &single, sizeof single);
    return PDX_OK;
}

static pdx_status put_x(pdx_columns_writer *w, int32_t row, int32_t k, double value) {
    int64_t at = ((int64_t)(row / PDX__COLUMNS_PANEL) * w->d + k) * PDX__COLUMNS_PANEL +
                 row % PDX__COLUMNS_PANEL;
    const char *name = pdx__strmap_get(&w->names, k);
    if (w->kind == PDX_COLUMNS_FLOAT32)
        return put_float(w, 4 * at - 4 * (int64_t)row, row, value, -3e38, 3e38, name);
    PDX__REQUIRE(value >= -127 && value <= 127 && value == (double)(int)value,
                 "row %lld, column '%.100s': %g is no whole number from -127 to 127",
                 (long long)w->rows + 1, name, value);
    w->chunk[at] = (char)(int8_t)value;
    return PDX_OK;
}

static pdx_status flush(pdx_columns_writer *w) {
    PDX__TRY(pdx__writer_append(&w->file, w->chunk, (size_t)w->layout.bytes));
    memset(w->chunk, 0, (size_t)w->layout.bytes);
    return PDX_OK;
}

static pdx_status append(pdx_columns_writer *w, const pdx_rows *rows, const char *judge,
                         const char *group) {
    uint16_t judge_code = 0, group_code = 0;
    PDX__TRY(code_of(&w->judges, judge, "this file has no judges", w->parts & PDX_COLUMNS_JUDGE,
                     &judge_code));
    PDX__TRY(code_of(&w->groups, group, "this file has no groups", w->parts & PDX_COLUMNS_GROUP,
                     &group_code));
    for (int64_t i = 0; i < rows->n; ++i) {
        const int32_t row = (int32_t)(w->rows % PDX_COLUMNS_CHUNK);
        for (int32_t k = 0; k < w->d; ++k)
            PDX__TRY(put_x(w, row, k,
                           rows->x ? rows->x[i * w->d + k] : (double)rows->x_int8[i * w->d + k]));
        PDX__TRY(put_float(w, w->layout.y, row, rows->y[i], 0, 1, "y"));
        if (w->layout.weight)
            PDX__TRY(put_float(w, w->layout.weight, row, rows->weight ? rows->weight[i] : 1, 0,
                               3e38, "weight"));
        if (w->layout.offset)
            PDX__TRY(put_float(w, w->layout.offset, row, rows->offset ? rows->offset[i] : 0, -3e38,
                               3e38, "offset"));
        if (w->layout.judge) memcpy(w->chunk + w->layout.judge + 2 * row, &judge_code, 2);
        if (w->layout.group) memcpy(w->chunk + w->layout.group + 2 * row, &group_code, 2);
        if (++w->rows % PDX_COLUMNS_CHUNK == 0) PDX__TRY(flush(w));
    }
    return PDX_OK;
}

pdx_status pdx_columns_append(pdx_columns_writer *writer, const pdx_rows *rows, const char *judge,
                              const char *group) {
    PDX__REQUIRE(writer && rows, "pdx_columns_append: NULL argument");
    PDX__REQUIRE(writer->failed == PDX_OK, "pdx_columns_append: the writer has failed before");
    PDX__REQUIRE(rows->size == sizeof *rows, "rows: 'size' is %u, must be %zu", rows->size,
                 sizeof *rows);
    PDX__REQUIRE(rows->d == writer->d && rows->n >= 0, "rows: %d columns, the file has %d", rows->d,
                 writer->d);
    PDX__REQUIRE(!rows->n || (!rows->x != !rows->x_int8 && rows->y && !rows->margin),
                 "rows: give x or x_int8, and y; a column file has no margins");
    PDX__REQUIRE(!rows->weight || writer->layout.weight, "rows: this file has no weights");
    PDX__REQUIRE(!rows->offset || writer->layout.offset, "rows: this file has no offsets");
    return writer->failed = append(writer, rows, judge, group);
}

static void put_names(pdx__buf *out, const char *key, const pdx__strmap *names) {
    pdx__buf_printf(out, "%c\"%s\":[", out->length ? ',' : '{', key);
    for (int64_t i = 0; i < names->count; ++i) {
        const char *name = pdx__strmap_get(names, i);
        if (i) pdx__buf_char(out, ',');
        pdx__buf_json_string(out, name, strlen(name));
    }
    pdx__buf_char(out, ']');
}

pdx_status pdx_columns_finish(pdx_columns_writer *w) {
    PDX__REQUIRE(w, "pdx_columns_finish: NULL argument");
    pdx__buf names = PDX__BUF_EMPTY;
    pdx_status status = w->failed;
    if (status != PDX_OK) status = pdx__fail(PDX_EINVAL, "the writer has failed before");
    PDX__GO(status);
    if (w->rows % PDX_COLUMNS_CHUNK) PDX__GO(flush(w));
    put_names(&names, "columns", &w->names);
    if (w->parts & PDX_COLUMNS_JUDGE) put_names(&names, "judges", &w->judges);
    if (w->parts & PDX_COLUMNS_GROUP) put_names(&names, "groups", &w->groups);
    pdx__buf_char(&names, '}');
    PDX__GO(names.status);
    PDX__GO(pdx__writer_append(&w->file, names.data, names.length));
    char end[PDX__COLUMNS_END] = {0};
    uint64_t fields[] = {(uint64_t)w->rows, names.length};
    memcpy(end, fields, sizeof fields);
    memcpy(end + 24, PDX__COLUMNS_LAST, 8);
    PDX__GO(pdx__writer_append(&w->file, end, sizeof end));
    status = pdx__writer_commit(&w->file);
done:
    pdx__buf_free(&names);
    pdx_columns_abandon(w);
    return status;
}
