/* The rows of an earlier run, by key. In memory is only where each lies. */
#include "annotate/rows.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "annotate/prompts.h"
#include "core/file.h"
#include "core/strmap.h"

typedef struct place {
    int64_t offset;
    uint32_t length;
    int32_t failed, used;
} place;

struct pdx__old_rows {
    char *path;
    int file; /* -1: not there */
    pdx__strmap keys, troubled;
    place *list; /* [keys] */
    size_t capacity;
    pdx__buf key; /* scratch */
};

static const char *const orders[] = {"", "AB", "BA"}, *const sides[] = {"a", "b"};

pdx_status pdx__row_key_read(pdx__row_key *out, const cJSON *row, pdx__where where) {
    const char *stage = NULL, *order = "", *response = NULL;
    int64_t repeat = 0;
    PDX__TRY(pdx__json_string(row, "id", PDX__REQUIRED, &out->id, where));
    PDX__TRY(pdx__json_string(row, "stage", PDX__REQUIRED, &stage, where));
    PDX__TRY(pdx__json_string(row, "order", PDX__OPTIONAL, &order, where));
    PDX__TRY(pdx__json_string(row, "response", PDX__OPTIONAL, &response, where));
    PDX__TRY(pdx__json_int(row, "repeat", PDX__OPTIONAL, &repeat, where));
    out->stage = pdx__stage_find(stage, strlen(stage));
    out->order = 0;
    out->side = response ? 0 : -1;
    out->repeat = (int32_t)repeat;
    while (out->order < 3 && strcmp(order, orders[out->order])) ++out->order;
    while (response && out->side < 2 && strcmp(response, sides[out->side])) ++out->side;
    if (out->stage < 0 || out->order == 3 || out->side == 2 || repeat < 0 || repeat > 1000000)
        return pdx__fail_at(PDX_EPARSE, where.file, where.line, "field '%s' is none of its values",
                            out->stage < 0    ? "stage"
                            : out->order == 3 ? "order"
                            : out->side == 2  ? "response"
                                              : "repeat");
    return PDX_OK;
}

static pdx_status name_key(pdx__old_rows *r, const pdx__row_key *key) {
    pdx__buf_clear(&r->key);
    pdx__buf_printf(&r->key, "%d %d %d %d ", key->stage, key->order, key->side, key->repeat);
    pdx__buf_text(&r->key, key->id);
    return r->key.status;
}

static pdx_status take_line(pdx__old_rows *r, const pdx__lines *lines) {
    cJSON *row;
    pdx__where where = {lines->path, lines->number};
    pdx__row_key key;
    int64_t index = -1;
    PDX__TRY(pdx__json_parse(&row, lines->line, lines->length, where));
    const cJSON *error = cJSON_GetObjectItemCaseSensitive(row, "error");
    int32_t failed = error && !cJSON_IsNull(error);
    pdx_status status = pdx__row_key_read(&key, row, where);
    if (status == PDX_OK && lines->length >= UINT32_MAX)
        status = pdx__fail_at(PDX_EPARSE, where.file, where.line, "the line is too long");
    if (status == PDX_OK) status = name_key(r, &key);
    if (status == PDX_OK)
        status = pdx__strmap_add(&r->keys, r->key.data, r->key.length, &index, NULL);
    if (status == PDX_OK)
        status = pdx__grow(&r->list, &r->capacity, (size_t)index + 1, sizeof *r->list);
    if (status == PDX_OK) {
        r->list[index] = (place){lines->offset, (uint32_t)lines->length, failed, 0};
        if (failed) status = pdx__strmap_add(&r->troubled, key.id, strlen(key.id), &index, NULL);
    }
    cJSON_Delete(row);
    return status;
}

static pdx_status read_all(pdx__old_rows *r, const char *path) {
    if (!path) return PDX_OK;
    r->path = pdx__strdup(path);
    if (!r->path) return PDX_ENOMEM;
    r->file = open(path, O_RDONLY | O_CLOEXEC);
    if (r->file < 0 && errno == ENOENT) return PDX_OK;
    if (r->file < 0) return pdx__fail_errno(path, 0, "cannot be read: ");
    pdx__lines lines;
    PDX__TRY(pdx__lines_open(&lines, r->path));
    pdx_status status;
    for (int more = 1;;) {
        status = pdx__lines_next(&lines, &more);
        if (status == PDX_OK && more) status = take_line(r, &lines);
        if (status != PDX_OK || !more) break;
    }
    pdx__lines_close(&lines);
    return status;
}

pdx_status pdx__old_rows_open(pdx__old_rows **out, const char *path) {
    *out = NULL;
    pdx__old_rows *r = pdx__alloc_zero(1, sizeof *r);
    if (!r) return PDX_ENOMEM;
    r->file = -1;
    pdx_status status = read_all(r, path);
    if (status == PDX_OK) *out = r;
    else pdx__old_rows_close(r);
    return status;
}

void pdx__old_rows_close(pdx__old_rows *r) {
    if (!r) return;
    if (r->file >= 0) close(r->file);
    pdx__free(r->path);
    pdx__free(r->list);
    pdx__strmap_free(&r->keys);
    pdx__strmap_free(&r->troubled);
    pdx__buf_free(&r->key);
    pdx__free(r);
}

pdx_status pdx__old_rows_find(pdx__old_rows *r, const pdx__row_key *key, int64_t *index,
                              int32_t *failed) {
    *index = -1;
    *failed = 0;
    PDX__TRY(name_key(r, key));
    *index = pdx__strmap_find(&r->keys, r->key.data, r->key.length);
    if (*index >= 0) *failed = r->list[*index].failed;
    return PDX_OK;
}

int32_t pdx__old_rows_failed(const pdx__old_rows *r, const char *id) {
    return pdx__strmap_find(&r->troubled, id, strlen(id)) >= 0;
}

pdx_status pdx__old_rows_read(pdx__old_rows *r, int64_t index, pdx__buf *out) {
    const place *at = &r->list[index];
    char *line = pdx__alloc((size_t)at->length + 1, 1);
    if (!line) return PDX_ENOMEM;
    pdx_status status = PDX_OK;
    if (pread(r->file, line, at->length, at->offset) != (ssize_t)at->length)
        status = pdx__fail_at(PDX_EIO, r->path, 0, "cannot be read again");
    line[at->length] = '\n';
    if (status == PDX_OK) pdx__buf_append(out, line, (size_t)at->length + 1);
    pdx__free(line);
    return status == PDX_OK ? out->status : status;
}

void pdx__old_rows_use(pdx__old_rows *r, int64_t index) { r->list[index].used = 1; }

int64_t pdx__old_rows_left(const pdx__old_rows *r, int64_t index) {
    for (; index < r->keys.count; ++index)
        if (!r->list[index].used) return index;
    return -1;
}
