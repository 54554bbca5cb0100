/* The handle of edits: rows built in or read, compiled, applied to texts. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "edits.h"

#include <stdio.h>
#include <string.h>

#include "core/file.h"
#include "core/json.h"
#include "core/utf8.h"

typedef struct compiled {
    char *name, *what;
    int32_t content;
    pcre2_code *pattern[PDX__EDIT_STEPS];
    char *replacement[PDX__EDIT_STEPS];
    int32_t once[PDX__EDIT_STEPS];
    pdx__edit_fn make;
} compiled;

struct pdx_edits {
    compiled *edit;
    size_t count, capacity;
    pdx__buf text[2]; /* of the last apply */
};

static void release(compiled *e) {
    for (int i = 0; i < PDX__EDIT_STEPS; ++i) {
        pcre2_code_free(e->pattern[i]);
        pdx__free(e->replacement[i]);
    }
    pdx__free(e->name);
    pdx__free(e->what);
}

void pdx_edits_free(pdx_edits *edits) {
    if (!edits) return;
    for (size_t i = 0; i < edits->count; ++i) release(&edits->edit[i]);
    pdx__free(edits->edit);
    pdx__buf_free(&edits->text[0]);
    pdx__buf_free(&edits->text[1]);
    pdx__free(edits);
}

int32_t pdx_edits_count(const pdx_edits *edits) { return (int32_t)edits->count; }

int32_t pdx_edits_find(const pdx_edits *edits, const char *name) {
    for (size_t i = 0; i < edits->count; ++i)
        if (!strcmp(edits->edit[i].name, name)) return (int32_t)i;
    return -1;
}

pdx_status pdx_edits_get(const pdx_edits *edits, int32_t i, pdx_edit *out) {
    PDX__REQUIRE(edits && out, "pdx_edits_get: an argument is NULL");
    PDX__REQUIRE(i >= 0 && (size_t)i < edits->count, "edit %d of %zu", i, edits->count);
    const compiled *e = &edits->edit[i];
    *out = (pdx_edit){e->name, e->what, e->content};
    return PDX_OK;
}

/* ---- making ---- */

static pdx_status compile(compiled *e, int32_t at, const pdx__edit_step *step, pdx__where where) {
    int error;
    PCRE2_SIZE place;
    PCRE2_UCHAR reason[128];
    e->pattern[at] = pcre2_compile((PCRE2_SPTR)step->pattern, PCRE2_ZERO_TERMINATED,
                                   PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE, &error, &place, NULL);
    if (!e->pattern[at]) {
        if (error == PCRE2_ERROR_HEAP_FAILED) return pdx__nomem();
        pcre2_get_error_message(error, reason, sizeof reason);
        return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                            "edit '%s': field 'pattern': %s, at character %zu", e->name,
                            (const char *)reason, (size_t)place + 1);
    }
    pcre2_jit_compile(e->pattern[at], PCRE2_JIT_COMPLETE);
    e->replacement[at] = pdx__strdup(step->replacement);
    e->once[at] = step->once;
    return e->replacement[at] ? PDX_OK : PDX_ENOMEM;
}

int pdx__edit_name_is_good(const char *name) {
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    size_t length = strlen(name);
    return length > 0 && length <= 60 && strspn(name, allowed) == length && strcmp(name, "none");
}

static pdx_status add(pdx_edits *edits, const pdx__edit_row *row, pdx__where where) {
    if (!pdx__edit_name_is_good(row->name))
        return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                            "field 'name': '%.60s' is not made of at most 60 letters, digits, '-' "
                            "and '_', or is 'none'",
                            row->name);
    compiled e = {.content = row->content, .make = row->make};
    pdx_status status = PDX_OK;
    e.name = pdx__strdup(row->name);
    e.what = pdx__strdup(row->what);
    if (!e.name || !e.what) status = PDX_ENOMEM;
    for (int32_t i = 0; i < PDX__EDIT_STEPS && row->step[i].pattern && status == PDX_OK; ++i)
        status = compile(&e, i, &row->step[i], where);
    if (status == PDX_OK)
        status = pdx__grow(&edits->edit, &edits->capacity, edits->count + 1, sizeof e);
    if (status != PDX_OK) {
        release(&e);
        return status;
    }
    int32_t old = pdx_edits_find(edits, e.name);
    if (old >= 0) release(&edits->edit[old]);
    edits->edit[old >= 0 ? (size_t)old : edits->count++] = e;
    return PDX_OK;
}

static pdx_status read_step(const cJSON *object, pdx__edit_step *step, pdx__where where) {
    PDX__TRY(pdx__json_string(object, "pattern", PDX__REQUIRED, &step->pattern, where));
    PDX__TRY(pdx__json_string(object, "replacement", PDX__REQUIRED, &step->replacement, where));
    return pdx__json_bool(object, "once", PDX__OPTIONAL, &step->once, where);
}

static pdx_status read_edit(pdx_edits *edits, const cJSON *object, pdx__where where) {
    pdx__edit_row row = {.what = "", .content = 1};
    const cJSON *steps = NULL, *step;
    int32_t count = 0;
    PDX__TRY(pdx__json_string(object, "name", PDX__REQUIRED, &row.name, where));
    PDX__TRY(pdx__json_string(object, "what", PDX__OPTIONAL, &row.what, where));
    PDX__TRY(pdx__json_bool(object, "content", PDX__OPTIONAL, &row.content, where));
    PDX__TRY(pdx__json_array(object, "steps", PDX__OPTIONAL, &steps, where));
    if (!steps) PDX__TRY(read_step(object, &row.step[0], where));
    cJSON_ArrayForEach(step, steps) {
        if (count == PDX__EDIT_STEPS)
            return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                                "edit '%s': field 'steps' has more than %d", row.name,
                                PDX__EDIT_STEPS);
        PDX__TRY(read_step(step, &row.step[count++], where));
    }
    if (!row.step[0].pattern)
        return pdx__fail_at(PDX_EPARSE, where.file, where.line, "edit '%s': field 'steps' is empty",
                            row.name);
    return add(edits, &row, where);
}

static pdx_status read_file(pdx_edits *edits, const char *path) {
    pdx__buf text = PDX__BUF_EMPTY;
    cJSON *tree = NULL;
    const cJSON *list, *object;
    pdx__where where = {path, 0};
    int32_t number = 0;
    pdx_status status;
    PDX__GO(pdx__file_read(path, 16 << 20, &text));
    PDX__GO(pdx__json_parse(&tree, text.data, text.length, where));
    PDX__GO(pdx__json_array(tree, "edits", PDX__REQUIRED, &list, where));
    cJSON_ArrayForEach(object, list) {
        ++number;
        status = read_edit(edits, object, where);
        if (status == PDX_EPARSE) {
            char reason[640];
            snprintf(reason, sizeof reason, "%.600s (edit %d)", pdx_error_message(), number);
            pdx__set_error_message(reason);
        }
        if (status != PDX_OK) goto done;
    }
done:
    cJSON_Delete(tree);
    pdx__buf_free(&text);
    return status;
}

pdx_status pdx_edits_create(pdx_edits **out, const char *path) {
    PDX__REQUIRE(out, "pdx_edits_create: 'out' is NULL");
    *out = NULL;
    pdx_edits *edits = pdx__alloc_zero(1, sizeof *edits);
    if (!edits) return PDX_ENOMEM;
    pdx_status status = PDX_OK;
    pdx__where built_in = {"built-in edits", 0};
    for (int32_t i = 0; i < pdx__builtin_edit_count && status == PDX_OK; ++i)
        status = add(edits, &pdx__builtin_edits[i], built_in);
    if (status == PDX_OK && path) status = read_file(edits, path);
    if (status == PDX_OK) *out = edits;
    else pdx_edits_free(edits);
    return status;
}

/* ---- applying ---- */

static pdx_status substitute(const compiled *e, int32_t step, const pdx__buf *from, pdx__buf *to) {
    uint32_t flags = PCRE2_SUBSTITUTE_EXTENDED | PCRE2_SUBSTITUTE_UNSET_EMPTY |
                     PCRE2_SUBSTITUTE_OVERFLOW_LENGTH | PCRE2_NO_UTF_CHECK;
    if (!e->once[step]) flags |= PCRE2_SUBSTITUTE_GLOBAL;
    size_t room = 2 * from->length + 1024;
    for (int attempt = 0; attempt < 2; ++attempt) {
        pdx__buf_clear(to);
        PDX__TRY(pdx__grow(&to->data, &to->capacity, room, 1));
        PCRE2_SIZE length = to->capacity;
        int result = pcre2_substitute(e->pattern[step], (PCRE2_SPTR)from->data, from->length, 0,
                                      flags, NULL, NULL, (PCRE2_SPTR)e->replacement[step],
                                      PCRE2_ZERO_TERMINATED, (PCRE2_UCHAR *)to->data, &length);
        if (result >= 0) {
            to->length = length;
            return PDX_OK;
        }
        room = length;
        if (result == PCRE2_ERROR_NOMEMORY && !attempt && length > to->capacity) continue;
        if (result == PCRE2_ERROR_NOMEMORY) return pdx__nomem();
        PCRE2_UCHAR reason[128];
        pcre2_get_error_message(result, reason, sizeof reason);
        return pdx__fail(PDX_EPARSE, "edit '%s', step %d: %s", e->name, step + 1,
                         (const char *)reason);
    }
    return pdx__nomem();
}

pdx_status pdx_edits_apply(pdx_edits *edits, int32_t i, const char *response, const char *other,
                           uint64_t seed, const char **out) {
    PDX__REQUIRE(out, "pdx_edits_apply: 'out' is NULL");
    *out = NULL;
    PDX__REQUIRE(edits && response, "pdx_edits_apply: an argument is NULL");
    PDX__REQUIRE(i >= 0 && (size_t)i < edits->count, "edit %d of %zu", i, edits->count);
    size_t length = strlen(response), valid = pdx__utf8_valid_length(response, length);
    if (valid != length)
        return pdx__fail(PDX_EPARSE, "the response is not UTF-8 at byte %zu", valid);
    const compiled *e = &edits->edit[i];
    pdx__buf *at = &edits->text[0], *next = &edits->text[1];
    pdx__buf_clear(at);
    if (e->make) e->make(at, response, other ? other : "", seed);
    else pdx__buf_append(at, response, length);
    pdx__buf_text(at, "");
    PDX__TRY(at->status);
    for (int32_t s = 0; s < PDX__EDIT_STEPS && e->pattern[s]; ++s) {
        PDX__TRY(substitute(e, s, at, next));
        pdx__buf *swap = at;
        at = next;
        next = swap;
    }
    *out = at->data;
    return PDX_OK;
}
