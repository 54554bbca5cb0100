/* Records of foreign files: the objects of a JSON list or of a JSON Lines file, one at a time with
 * the line they stand on, and the small readings that several formats share. */
#include "import.h"

#include <stdio.h>
#include <string.h>

pdx_status pdx__import_first_byte(const char *path, char *out) {
    void *stream;
    char block[4096];
    PDX__TRY(pdx__input_open(&stream, path));
    size_t got = fread(block, 1, sizeof block, stream), i = 0;
    int failed = ferror((FILE *)stream);
    pdx__input_close(stream);
    if (failed) return pdx__fail_at(PDX_EIO, path, 0, "cannot be read");
    if (got >= 3 && !memcmp(block, "\xEF\xBB\xBF", 3)) i = 3;
    while (i < got && strchr(" \t\r\n", block[i]) && block[i]) ++i;
    *out = i < got ? block[i] : 0;
    return PDX_OK;
}

static pdx_status one(pdx__import *import, pdx__record_fn each, void *context, const char *text,
                      size_t length, pdx__where where) {
    cJSON *record;
    PDX__TRY(pdx__import_tick(import));
    PDX__TRY(pdx__json_parse(&record, text, length, where));
    pdx_status status = cJSON_IsObject(record)
                            ? each(import, context, record, where)
                            : pdx__fail_at(PDX_EPARSE, where.file, where.line,
                                           "expected an object, found %s", pdx__json_type(record));
    cJSON_Delete(record);
    return status;
}

/* Where the value that starts at `from` ends: at a comma or bracket outside it, or at `length`. */
static size_t value_end(const char *text, size_t from, size_t length, int64_t *line) {
    int depth = 0, in_string = 0;
    for (size_t i = from; i < length; ++i) {
        char c = text[i];
        if (c == '\n') ++*line;
        if (in_string) {
            if (c == '\\') ++i;
            else if (c == '"') in_string = 0;
        } else if (c == '"') in_string = 1;
        else if (c == '{' || c == '[') ++depth;
        else if (depth == 0 && (c == ',' || c == ']')) return i;
        else if (c == '}' || c == ']') --depth;
    }
    return length;
}

void pdx__import_add_record_number(int64_t number) {
    char text[1024];
    snprintf(text, sizeof text, "%s (record %lld)", pdx_error_message(), (long long)number);
    pdx__set_error_message(text);
}

static pdx_status list_records(pdx__import *import, const char *path, pdx__record_fn each,
                               void *context, const pdx__buf *file) {
    const char *text = file->data;
    size_t length = file->length, at = 0;
    int64_t line = 1, number = 0;
    while (text[at] != '[') line += text[at++] == '\n';
    for (;;) {
        ++at;
        while (at < length && strchr(" \t\r\n", text[at]) && text[at]) line += text[at++] == '\n';
        if (at < length && text[at] == ']' && number == 0) break;
        pdx__where where = {path, line};
        size_t end = value_end(text, at, length, &line);
        if (end >= length)
            return pdx__fail_at(PDX_EPARSE, path, line,
                                "the list is not closed: the file is cut off");
        pdx_status status = one(import, each, context, text + at, end - at, where);
        ++number;
        if (status != PDX_OK) {
            if (status == PDX_EPARSE) pdx__import_add_record_number(number);
            return status;
        }
        at = end;
        if (text[at] == ']') break;
    }
    for (++at; at < length; ++at)
        if (!strchr(" \t\r\n", text[at]) || !text[at])
            return pdx__fail_at(PDX_EPARSE, path, line, "more text after the list");
    return number ? PDX_OK : pdx__fail_at(PDX_EPARSE, path, 0, "holds no records");
}

static pdx_status line_records(pdx__import *import, const char *path, pdx__record_fn each,
                               void *context) {
    pdx__lines lines;
    PDX__TRY(pdx__lines_open(&lines, path));
    pdx_status status;
    int more;
    while ((status = pdx__lines_next(&lines, &more)) == PDX_OK && more) {
        pdx__where where = {path, lines.number};
        status = one(import, each, context, lines.line, lines.length, where);
        if (status != PDX_OK) break;
    }
    pdx__lines_close(&lines);
    return status;
}

pdx_status pdx__import_records(pdx__import *import, const char *path, pdx__record_fn each,
                               void *context) {
    char first;
    PDX__TRY(pdx__import_first_byte(path, &first));
    if (!first) return pdx__fail_at(PDX_EPARSE, path, 0, "holds no records");
    if (first != '[') return line_records(import, path, each, context);
    pdx__buf file = PDX__BUF_EMPTY;
    pdx_status status = pdx__file_read(path, 0, &file);
    if (status == PDX_OK) status = list_records(import, path, each, context, &file);
    pdx__buf_free(&file);
    return status;
}

pdx_status pdx__import_name(const cJSON *object, const char *key, int required, pdx__buf *out,
                            pdx__where where) {
    pdx__buf_clear(out);
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, key);
    if (cJSON_IsNumber(value)) pdx__buf_double(out, value->valuedouble);
    else {
        const char *text = "";
        PDX__TRY(pdx__json_string(object, key, required, &text, where));
        pdx__buf_text(out, text);
    }
    return out->status;
}

pdx_status pdx__import_path_part(const char *path, int32_t up, pdx__buf *out) {
    size_t end = strlen(path), start = end;
    pdx__buf_clear(out);
    pdx__buf_text(out, "");
    for (int32_t level = 0;; ++level) {
        while (end > 0 && path[end - 1] == '/') --end;
        start = end;
        while (start > 0 && path[start - 1] != '/') --start;
        if (level == up) break;
        end = start;
    }
    if (up == 0)
        for (size_t i = end; i > start + 1; --i)
            if (path[i - 1] == '.') {
                end = i - 1;
                break;
            }
    pdx__buf_append(out, path + start, end - start);
    return out->status;
}

pdx_status pdx__import_winner(const char *text, const char *key, int32_t *out, pdx__where where) {
    if (!text || !strcmp(text, "error")) *out = PDX_WINNER_NONE;
    else if (!strcmp(text, "model_1") || !strcmp(text, "model_a")) *out = PDX_WINNER_A;
    else if (!strcmp(text, "model_2") || !strcmp(text, "model_b")) *out = PDX_WINNER_B;
    else if (!strncmp(text, "tie", 3)) *out = PDX_WINNER_TIE;
    else
        return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                            "field '%s': '%.40s' is not a winner", key, text);
    return PDX_OK;
}

pdx_status pdx__import_score(const char *text, const char *key, int32_t order, int32_t *out,
                             pdx__where where) {
    static const struct {
        const char *text;
        int first; /* 1: A is better, -1: B is, 0: equal */
    } scores[] = {{"A>>B", 1}, {"A>B", 1},   {"A=B", 0}, {"B>A", -1}, {"B>>A", -1},
                  {"A<B", -1}, {"A<<B", -1}, {"B<A", 1}, {"B<<A", 1}, {"B=A", 0}};
    *out = PDX_WINNER_NONE;
    if (!text) return PDX_OK;
    for (size_t i = 0; i < sizeof scores / sizeof scores[0]; ++i) {
        if (strcmp(scores[i].text, text)) continue;
        if (scores[i].first == 0) *out = PDX_WINNER_TIE;
        else *out = (scores[i].first > 0) == (order == PDX_ORDER_AB) ? PDX_WINNER_A : PDX_WINNER_B;
        return PDX_OK;
    }
    return pdx__fail_at(PDX_EPARSE, where.file, where.line, "field '%s': '%.40s' is not a verdict",
                        key, text);
}
