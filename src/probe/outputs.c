/* Outputs of models: AlpacaEval's model_outputs.json and MT-bench's answers, read; the former
 * written; two models' outputs put together as pairs. */
#include <stdio.h>
#include <string.h>

#include "arms.h"
#include "core/file.h"
#include "core/json.h"

const char *pdx__queries_text(const pdx__queries *queries, int64_t query) {
    return pdx__strmap_get(&queries->keys, query);
}

void pdx__queries_free(pdx__queries *queries) { pdx__strmap_free(&queries->keys); }

void pdx__outputs_free(pdx__outputs *outputs) {
    for (size_t i = 0; i < outputs->count; ++i) {
        pdx__free(outputs->output[i].text);
        pdx__free(outputs->output[i].dataset);
    }
    pdx__free(outputs->output);
    pdx__free(outputs->model);
    memset(outputs, 0, sizeof *outputs);
}

/* ---- reading ---- */

typedef struct reading {
    pdx__outputs *out;
    pdx__queries *queries;
    pdx__strmap questions; /* ids of MT-bench's questions: */
    char **question;       /* their first turns */
    size_t capacity;
    pdx__strmap seen; /* queries of this file, as numbers */
} reading;

typedef pdx_status (*record_fn)(reading *r, const cJSON *record, pdx__where where);

/* Every object of a JSON list or of a file of lines. */
static pdx_status each_record(const char *path, record_fn take, reading *r) {
    pdx__buf text = PDX__BUF_EMPTY;
    cJSON *tree = NULL;
    PDX__TRY(pdx__file_read(path, 0, &text));
    pdx_status status = PDX_OK;
    size_t lead = strspn(text.data ? text.data : "", " \t\r\n");
    if (!text.length || lead == text.length)
        status = pdx__fail_at(PDX_EPARSE, path, 0, "holds no outputs");
    else if (text.data[lead] == '[') {
        const cJSON *record;
        int64_t number = 0;
        status = pdx__json_parse(&tree, text.data, text.length, (pdx__where){path, 0});
        if (status == PDX_OK) cJSON_ArrayForEach(record, tree) {
                ++number;
                status = take(r, record, (pdx__where){path, 0});
                if (status == PDX_EPARSE) {
                    char reason[640];
                    snprintf(reason, sizeof reason, "%.600s (record %lld)", pdx_error_message(),
                             (long long)number);
                    pdx__set_error_message(reason);
                }
                if (status != PDX_OK) break;
            }
        cJSON_Delete(tree);
    } else {
        pdx__lines lines;
        int more = 1;
        status = pdx__lines_open(&lines, path);
        while (status == PDX_OK) {
            status = pdx__lines_next(&lines, &more);
            if (status != PDX_OK || !more) break;
            pdx__where where = {path, lines.number};
            status = pdx__json_parse(&tree, lines.line, lines.length, where);
            if (status == PDX_OK) status = take(r, tree, where);
            cJSON_Delete(tree);
        }
        pdx__lines_close(&lines);
    }
    pdx__buf_free(&text);
    return status;
}

/* A question's id is a number or a text. */
static pdx_status id_of(const cJSON *record, char out[64], pdx__where where) {
    const cJSON *id = cJSON_GetObjectItemCaseSensitive(record, "question_id");
    if (cJSON_IsNumber(id)) snprintf(out, 64, "%.0f", id->valuedouble);
    else if (cJSON_IsString(id)) snprintf(out, 64, "%.60s", id->valuestring);
    else
        return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                            "field 'question_id': expected a number or a string, found %s",
                            pdx__json_type(id));
    return PDX_OK;
}

static pdx_status first_turn(const cJSON *holder, const char **out, pdx__where where) {
    const cJSON *turns;
    PDX__TRY(pdx__json_array(holder, "turns", PDX__REQUIRED, &turns, where));
    if (!cJSON_IsString(turns->child))
        return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                            "field 'turns': expected a text first, found %s",
                            pdx__json_type(turns->child));
    *out = turns->child->valuestring;
    return PDX_OK;
}

static pdx_status take_question(reading *r, const cJSON *record, pdx__where where) {
    char id[64];
    const char *text = NULL;
    int64_t number;
    int fresh;
    PDX__TRY(id_of(record, id, where));
    PDX__TRY(first_turn(record, &text, where));
    PDX__TRY(
        pdx__grow(&r->question, &r->capacity, (size_t)r->questions.count + 1, sizeof *r->question));
    r->question[r->questions.count] = NULL;
    PDX__TRY(pdx__strmap_add(&r->questions, id, strlen(id), &number, &fresh));
    if (!fresh) return PDX_OK;
    r->question[number] = pdx__strdup(text);
    return r->question[number] ? PDX_OK : PDX_ENOMEM;
}

static pdx_status take_mtbench(reading *r, const cJSON *record, const char **query,
                               const char **text, const char **model, pdx__where where) {
    char id[64];
    const cJSON *choices;
    PDX__TRY(id_of(record, id, where));
    PDX__TRY(pdx__json_string(record, "model_id", PDX__REQUIRED, model, where));
    PDX__TRY(pdx__json_array(record, "choices", PDX__REQUIRED, &choices, where));
    if (!cJSON_IsObject(choices->child))
        return pdx__fail_at(PDX_EPARSE, where.file, where.line, "field 'choices' is empty");
    PDX__TRY(first_turn(choices->child, text, where));
    int64_t number = pdx__strmap_find(&r->questions, id, strlen(id));
    if (number < 0)
        return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                            "field 'question_id': the questions have no '%s'%s", id,
                            r->questions.count ? "" : " (no file of questions was given)");
    *query = r->question[number];
    return PDX_OK;
}

static pdx_status number_query(reading *r, const char *query, int64_t *out) {
    size_t length = strlen(query);
    char *key = pdx__alloc(length + 32, 1);
    pdx_status status = key ? PDX_OK : PDX_ENOMEM;
    for (int fresh = 0, repeat = 0; status == PDX_OK && !fresh; ++repeat) {
        char number[32];
        memcpy(key, query, length + 1);
        size_t used = length + 1 + (size_t)snprintf(key + length + 1, 24, "%d", repeat);
        status = pdx__strmap_add(&r->queries->keys, key, used, out, NULL);
        if (status != PDX_OK) break;
        int digits = snprintf(number, sizeof number, "%lld", (long long)*out);
        status = pdx__strmap_add(&r->seen, number, (size_t)digits, &(int64_t){0}, &fresh);
    }
    pdx__free(key);
    return status;
}

static pdx_status take_output(reading *r, const cJSON *record, pdx__where where) {
    const char *query = NULL, *text = "", *model = NULL, *dataset = NULL;
    pdx__outputs *out = r->out;
    if (!cJSON_IsObject(record))
        return pdx__fail_at(PDX_EPARSE, where.file, where.line, "expected an object, found %s",
                            pdx__json_type(record));
    if (cJSON_HasObjectItem(record, "choices"))
        PDX__TRY(take_mtbench(r, record, &query, &text, &model, where));
    else {
        PDX__TRY(pdx__json_string(record, "instruction", PDX__REQUIRED, &query, where));
        PDX__TRY(pdx__json_string(record, "output", PDX__OPTIONAL, &text, where)); /* null: empty */
        PDX__TRY(pdx__json_string(record, "generator", PDX__REQUIRED, &model, where));
        PDX__TRY(pdx__json_string(record, "dataset", PDX__OPTIONAL, &dataset, where));
    }
    if (!out->model) {
        out->model = pdx__strdup(model);
        if (!out->model) return PDX_ENOMEM;
    }
    if (strcmp(out->model, model))
        return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                            "outputs of two models: '%.60s' and '%.60s'", out->model, model);
    PDX__TRY(pdx__grow(&out->output, &out->capacity, out->count + 1, sizeof *out->output));
    pdx__output *o = &out->output[out->count];
    memset(o, 0, sizeof *o);
    PDX__TRY(number_query(r, query, &o->query));
    ++out->count;
    o->text = pdx__strdup(text);
    if (dataset) o->dataset = pdx__strdup(dataset);
    return o->text && (!dataset || o->dataset) ? PDX_OK : PDX_ENOMEM;
}

pdx_status pdx__outputs_read(pdx__outputs *out, pdx__queries *queries, const char *path,
                             const char *questions) {
    reading r = {.out = out, .queries = queries};
    memset(out, 0, sizeof *out);
    pdx_status status = PDX_OK;
    if (questions) status = each_record(questions, take_question, &r);
    if (status == PDX_OK) status = each_record(path, take_output, &r);
    if (status == PDX_OK && !out->count)
        status = pdx__fail_at(PDX_EPARSE, path, 0, "holds no outputs");
    for (int64_t i = 0; i < r.questions.count; ++i) pdx__free(r.question[i]);
    pdx__free(r.question);
    pdx__strmap_free(&r.questions);
    pdx__strmap_free(&r.seen);
    if (status != PDX_OK) pdx__outputs_free(out);
    return status;
}

/* ---- writing ---- */

static void put(pdx__buf *out, const char *before, const char *text) {
    pdx__buf_text(out, before);
    pdx__buf_json_string(out, text, strlen(text));
}

pdx_status pdx__outputs_write(const char *path, const char *generator, int64_t n,
                              const char *const *instruction, const char *const *output,
                              const char *const *dataset) {
    pdx__buf text = PDX__BUF_EMPTY;
    pdx__buf_char(&text, '[');
    for (int64_t i = 0; i < n; ++i) {
        put(&text, i ? ",\n{\"instruction\":" : "\n{\"instruction\":", instruction[i]);
        put(&text, ",\"output\":", output[i]);
        put(&text, ",\"generator\":", generator);
        put(&text, ",\"dataset\":", dataset[i] ? dataset[i] : "all");
        pdx__buf_char(&text, '}');
    }
    pdx__buf_text(&text, "\n]\n");
    pdx_status status = text.status;
    if (status == PDX_OK) status = pdx__file_write(path, text.data, text.length);
    pdx__buf_free(&text);
    return status;
}

/* ---- pairs ---- */

static void say(const pdx_hooks *hooks, const char *format, const char *model, const char *query,
                int64_t number) {
    char text[320];
    if (!hooks || !hooks->log) return;
    snprintf(text, sizeof text, format, model, (long long)number + 1, query);
    for (char *c = text; *c; ++c)
        if (*c == '\n' || *c == '\r') *c = ' ';
    hooks->log(hooks->user, PDX_LOG_WARNING, text);
}

static int is_blank(const char *text) { return text[strspn(text, " \t\r\n")] == 0; }

/* at[query]: the baseline's output, -1: none. `met` is scratch of as many bytes. */
static pdx_status pair_arm(pdx_outputs_counts *counts, pdx__buf *rows, const pdx__outputs *baseline,
                           const pdx__outputs *arm, const pdx__queries *queries, const char *path,
                           const int64_t *at, char *met, const pdx_hooks *hooks) {
    int64_t shared = 0, n = queries->keys.count;
    memset(met, 0, (size_t)n);
    for (size_t i = 0; i < arm->count; ++i) shared += at[arm->output[i].query] >= 0;
    if (!shared)
        return pdx__fail(PDX_EINVAL,
                         "%s: answers no query of the baseline's: outputs of another benchmark?",
                         path);
    for (size_t i = 0; i < arm->count; ++i) {
        const pdx__output *o = &arm->output[i];
        const char *query = pdx__queries_text(queries, o->query);
        if (at[o->query] < 0) {
            ++counts->foreign;
            say(hooks, "'%.60s': the baseline has no answer to query %lld, \"%.80s\"", arm->model,
                query, o->query);
            continue;
        }
        const pdx__output *b = &baseline->output[at[o->query]];
        met[o->query] = 1;
        if (is_blank(o->text) || is_blank(b->text)) {
            ++counts->empty;
            say(hooks, "'%.60s': an answer to query %lld is empty, \"%.80s\"",
                is_blank(o->text) ? arm->model : baseline->model, query, o->query);
        }
        pdx__buf id = PDX__BUF_EMPTY;
        pdx__buf_printf(&id, "%s/%lld", arm->model, (long long)o->query + 1);
        if (id.status != PDX_OK) return id.status;
        put(rows, "{\"id\":", id.data);
        pdx__buf_free(&id);
        put(rows, ",\"query\":", query);
        put(rows, ",\"response_a\":", b->text);
        put(rows, ",\"response_b\":", o->text);
        put(rows, ",\"model_a\":", baseline->model);
        put(rows, ",\"model_b\":", arm->model);
        const char *dataset = o->dataset ? o->dataset : b->dataset;
        put(rows, ",\"scenario\":", dataset ? dataset : "all");
        pdx__buf_text(rows, "}\n");
        ++counts->pairs;
    }
    for (int64_t q = 0; q < n; ++q) {
        if (at[q] < 0 || met[q]) continue;
        ++counts->missing;
        say(hooks, "'%.60s' has no answer to query %lld, \"%.80s\"", arm->model,
            pdx__queries_text(queries, q), q);
    }
    return PDX_OK;
}

static pdx_status pair_all(pdx_outputs_counts *counts, pdx__buf *rows, pdx__outputs *all,
                           const char *const *paths, int32_t count, const pdx__queries *queries,
                           const pdx_hooks *hooks) {
    size_t n = (size_t)queries->keys.count;
    int64_t *at = pdx__alloc(n, sizeof *at);
    char *met = pdx__alloc(n, 1);
    pdx_status status = at && met ? PDX_OK : PDX_ENOMEM;
    for (size_t q = 0; status == PDX_OK && q < n; ++q) at[q] = -1;
    for (size_t i = 0; status == PDX_OK && i < all[count].count; ++i)
        at[all[count].output[i].query] = (int64_t)i;
    for (int32_t a = 0; a < count && status == PDX_OK; ++a) {
        for (int32_t b = a + 1; b < count && status == PDX_OK; ++b)
            if (!strcmp(all[a].model, all[b].model))
                status = pdx__fail(PDX_EINVAL, "%s and %s are both of model '%.60s'", paths[a],
                                   paths[b], all[a].model);
        if (status == PDX_OK)
            status =
                pair_arm(counts, rows, &all[count], &all[a], queries, paths[a], at, met, hooks);
    }
    pdx__free(at);
    pdx__free(met);
    return status;
}

pdx_status pdx_outputs_pair(pdx_outputs_counts *counts, const char *const *outputs, int32_t count,
                            const char *baseline, const char *questions, const char *path,
                            const pdx_hooks *hooks) {
    PDX__REQUIRE(counts && outputs && baseline && path, "pdx_outputs_pair: an argument is NULL");
    memset(counts, 0, sizeof *counts);
    PDX__REQUIRE(count > 0, "pdx_outputs_pair: there are no outputs");
    pdx__queries queries = {{0}};
    pdx__buf rows = PDX__BUF_EMPTY;
    pdx__outputs *all = pdx__alloc_zero((size_t)count + 1, sizeof *all);
    pdx_status status = all ? PDX_OK : PDX_ENOMEM;
    /* the baseline first: its queries give the numbers */
    if (status == PDX_OK) status = pdx__outputs_read(&all[count], &queries, baseline, questions);
    for (int32_t i = 0; i < count && status == PDX_OK; ++i)
        status = pdx__outputs_read(&all[i], &queries, outputs[i], questions);
    if (status == PDX_OK) status = pair_all(counts, &rows, all, outputs, count, &queries, hooks);
    if (status == PDX_OK) status = rows.status;
    if (status == PDX_OK) status = pdx__file_write(path, rows.data, rows.length);
    for (int32_t i = 0; all && i <= count; ++i) pdx__outputs_free(&all[i]);
    pdx__free(all);
    pdx__buf_free(&rows);
    pdx__queries_free(&queries);
    if (status != PDX_OK) memset(counts, 0, sizeof *counts);
    return status;
}
