/* Texts on demand: one line is read from the file at its offset and scanned for the field. A file
 * that has changed since is noticed by the pair's id. */
#include "texts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/file.h"

struct pdx__texts {
    char *path;
    int file; /* -1: not opened yet */
    int64_t *offset;
    size_t capacity;
    pdx__buf line, value, id;
};

enum { STEP = 1 << 14 };

pdx_status pdx__texts_create(pdx__texts **out, const char *path) {
    pdx__texts *texts = pdx__alloc_zero(1, sizeof *texts);
    *out = texts;
    if (!texts) return PDX_ENOMEM;
    texts->file = -1;
    texts->line.ceiling = (size_t)PDX__LONGEST_LINE + STEP;
    texts->path = pdx__strdup(path);
    return texts->path ? PDX_OK : PDX_ENOMEM;
}

void pdx__texts_free(pdx__texts *texts) {
    if (!texts) return;
    if (texts->file >= 0) close(texts->file);
    pdx__buf_free(&texts->line);
    pdx__buf_free(&texts->value);
    pdx__buf_free(&texts->id);
    pdx__free(texts->offset);
    pdx__free(texts->path);
    pdx__free(texts);
}

pdx_status pdx__texts_append(pdx__texts *texts, int64_t pair, int64_t offset) {
    PDX__TRY(pdx__grow(&texts->offset, &texts->capacity, (size_t)pair + 1, sizeof *texts->offset));
    texts->offset[pair] = offset;
    return PDX_OK;
}

void pdx__texts_move(pdx__texts *texts, int64_t from, int64_t to) {
    if (texts) texts->offset[to] = texts->offset[from];
}

const char *pdx__texts_path(const pdx__texts *texts) { return texts->path; }

int64_t pdx__texts_offset(const pdx__texts *texts, int64_t pair) { return texts->offset[pair]; }

int pdx__texts_value(pdx__span value, pdx__buf *out) {
    if (value.kind == PDX__KIND_STRING) {
        pdx__span_decode(value, out);
        return 1;
    }
    if (value.kind == PDX__KIND_NUMBER) {
        pdx__buf_append(out, value.text, value.length);
        return 1;
    }
    if (value.kind != PDX__KIND_LIST) return 0;
    pdx__scan messages, message;
    int any = 0;
    pdx__scan_inside(&messages, value);
    while (pdx__scan_next(&messages)) {
        if (messages.value.kind != PDX__KIND_OBJECT) return 0;
        pdx__scan_inside(&message, messages.value);
        while (pdx__scan_next(&message)) {
            if (!pdx__span_is(message.key, "content") || message.value.kind != PDX__KIND_STRING)
                continue;
            if (any++) pdx__buf_text(out, "\n\n");
            pdx__span_decode(message.value, out);
        }
    }
    return any;
}

static pdx_status changed(const pdx__texts *texts) {
    return pdx__fail_at(PDX_EIO, texts->path, 0, "has changed since it was loaded");
}

static pdx_status read_line(pdx__texts *texts, int64_t offset) {
    if (texts->file < 0) {
        texts->file = open(texts->path, O_RDONLY | O_CLOEXEC);
        if (texts->file < 0) return pdx__fail_errno(texts->path, 0, "");
    }
    pdx__buf_clear(&texts->line);
    for (;;) {
        char step[STEP];
        ssize_t got = pread(texts->file, step, sizeof step, offset);
        if (got < 0) return pdx__fail_errno(texts->path, 0, "");
        char *newline = got ? memchr(step, '\n', (size_t)got) : NULL;
        pdx__buf_append(&texts->line, step, newline ? (size_t)(newline - step) : (size_t)got);
        if (texts->line.status == PDX_ENOMEM) return PDX_ENOMEM;
        if (texts->line.status != PDX_OK) return changed(texts);
        if (newline || got == 0) break;
        offset += got;
    }
    return PDX_OK;
}

pdx_status pdx__texts_line(const pdx_dataset *dataset, int64_t pair, pdx__buf *out) {
    pdx__texts *texts = dataset->texts;
    PDX__TRY(read_line(texts, texts->offset[pair]));
    pdx__buf_clear(out);
    pdx__buf_append(out, texts->line.data, texts->line.length);
    return out->status;
}

pdx_status pdx__texts_filter(const pdx_dataset *dataset, int64_t pair, pdx__filter *filter,
                             uint32_t *had, uint32_t *held) {
    pdx__texts *texts = dataset->texts;
    if (!texts) return PDX_OK;
    PDX__TRY(read_line(texts, texts->offset[pair]));
    pdx__scan scan;
    int more = 1;
    if (pdx__scan_open(&scan, texts->line.data, texts->line.length, (pdx__where){texts->path, 0}) !=
        PDX_OK)
        return changed(texts);
    for (;;) {
        if (pdx__scan_member(&scan, &more) != PDX_OK) return changed(texts);
        if (!more) return PDX_OK;
        pdx__filter_member(filter, &scan, had, held);
    }
}

pdx_status pdx_dataset_text(const pdx_dataset *dataset, int64_t pair, const char *field,
                            const char **out) {
    PDX__REQUIRE(out, "pdx_dataset_text: 'out' is NULL");
    *out = NULL;
    PDX__REQUIRE(dataset && field, "pdx_dataset_text: an argument is NULL");
    PDX__REQUIRE(pair >= 0 && pair < dataset->n, "pdx_dataset_text: pair %lld of %lld",
                 (long long)pair, (long long)dataset->n);
    pdx__texts *texts = dataset->texts;
    if (!texts) return PDX_OK;
    PDX__TRY(read_line(texts, texts->offset[pair]));
    pdx__scan scan;
    pdx__where where = {texts->path, 0};
    int more = 1, found = 0, same;
    /* A row without an id is named by its number. */
    char number[24];
    snprintf(number, sizeof number, "%lld",
             (long long)(dataset->record ? dataset->record[pair] : pair));
    same = !strcmp(number, pdx_dataset_id(dataset, pair));
    pdx__buf_clear(&texts->value);
    pdx_status status = pdx__scan_open(&scan, texts->line.data, texts->line.length, where);
    while (status == PDX_OK && more) {
        status = pdx__scan_member(&scan, &more);
        if (status != PDX_OK || !more) break;
        if (pdx__span_is(scan.key, "id") && pdx__scan_text(&scan, &texts->id) == PDX_OK)
            same = !strcmp(texts->id.data, pdx_dataset_id(dataset, pair));
        if (!found && pdx__span_is(scan.key, field))
            found = pdx__texts_value(scan.value, &texts->value);
    }
    if (texts->value.status != PDX_OK) return texts->value.status;
    if (texts->id.status != PDX_OK) return texts->id.status;
    if (status != PDX_OK || !same) return changed(texts);
    if (found) *out = texts->value.data;
    return PDX_OK;
}
