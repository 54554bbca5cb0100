/* pdx_import: the table of formats, the collector of rows, and the files that come of them. What a
 * foreign file means stands in the file of its format. */
#include "import.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/options.h"
#include "core/pool.h"
#include "core/sha256.h"
#include "data/schema.h"

enum { RAW_KEPT = 200 };

static const struct {
    const char *name, *what;
    pdx_status (*run)(pdx__import *import);
} formats[] = {
    {"li2024",
     "Li et al. 2024: raw and resolved records, per-order log-probabilities, labels, "
     "group index, dataset rows",
     pdx__import_li2024},
    {"alpacaeval", "AlpacaEval annotations.json (order not known)", pdx__import_alpacaeval},
    {"mtbench", "MT-bench pairwise judgments, both orders", pdx__import_mtbench},
    {"mtbench-single", "MT-bench single scores, compared model by model",
     pdx__import_mtbench_single},
    {"mtbench-human", "MT-bench human votes", pdx__import_mtbench_human},
    {"arena-hard", "Arena-Hard judgments, both orders", pdx__import_arena_hard},
    {"annotated-pairs", "AnnotatedPairs 2.0; principles become properties",
     pdx__import_annotated_pairs},
    {"llmbar", "LLMBar result.json, both orders", pdx__import_llmbar},
    {"judgebench", "JudgeBench pairs and judge outputs, both orders", pdx__import_judgebench},
    {"arena-33k", "Chatbot Arena conversations with votes", pdx__import_arena_33k},
    {"arena-55k", "Chatbot Arena CSV with votes", pdx__import_arena_55k},
    {"rewardbench", "RewardBench chosen/rejected", pdx__import_rewardbench},
    {"ultrafeedback", "UltraFeedback-binarized chosen/rejected", pdx__import_ultrafeedback},
};
enum { FORMATS = (int)(sizeof formats / sizeof formats[0]) };

static const char *const file_names[] = {"schema.json", "features.jsonl", "judgments.jsonl",
                                         "pairs.jsonl"};
enum { SCHEMA, FEATURES, JUDGMENTS, PAIRS, FILES };

static const pdx__option option_table[] = {
    {"seed", PDX__OPTION_UINT64, offsetof(pdx_import_options, seed), 1, 0, 0, NULL},
    {"overwrite", PDX__OPTION_INT32, offsetof(pdx_import_options, overwrite), 0, 0, 1, NULL},
    {"answers", PDX__OPTION_POINTER, offsetof(pdx_import_options, answers), 0, 0, 0, NULL},
    {"questions", PDX__OPTION_POINTER, offsetof(pdx_import_options, questions), 0, 0, 0, NULL},
    {"hooks", PDX__OPTION_HOOKS, offsetof(pdx_import_options, hooks), 0, 0, 0, NULL},
    {"baseline", PDX__OPTION_POINTER, offsetof(pdx_import_options, baseline), 0, 0, 0, NULL},
};

void(pdx_import_options_init)(pdx_import_options *options, uint32_t size) {
    if (options) pdx__options_init(options, size, option_table, PDX__ROWS(option_table));
}

const char *pdx_import_format(int32_t i, const char **what) {
    if (what) *what = i >= 0 && i < FORMATS ? formats[i].what : NULL;
    return i >= 0 && i < FORMATS ? formats[i].name : NULL;
}

void pdx__import_extra(pdx__buf *extra, const char *key, const char *text) {
    if (!text) return;
    pdx__buf_char(extra, ',');
    pdx__buf_json_string(extra, key, strlen(key));
    pdx__buf_char(extra, ':');
    pdx__buf_json_string(extra, text, strlen(text));
}

void pdx__import_extra_value(pdx__buf *extra, const char *key, const cJSON *value) {
    if (cJSON_IsString(value)) pdx__import_extra(extra, key, value->valuestring);
    else if (cJSON_IsNumber(value) || cJSON_IsBool(value)) {
        pdx__buf_char(extra, ',');
        pdx__buf_json_string(extra, key, strlen(key));
        pdx__buf_char(extra, ':');
        if (cJSON_IsNumber(value)) pdx__buf_json_double(extra, value->valuedouble);
        else pdx__buf_text(extra, cJSON_IsTrue(value) ? "true" : "false");
    }
}

void pdx__import_leave_out(pdx__import *import, pdx__where where, const char *format, ...) {
    ++import->result.left_out;
    if (!import->options.hooks.log) return;
    char text[512];
    int used = where.line ? snprintf(text, sizeof text, "%s:%lld: left out: ", where.file,
                                     (long long)where.line)
                          : snprintf(text, sizeof text, "%s: left out: ", where.file);
    if (used < 0 || used >= (int)sizeof text) used = 0;
    va_list args;
    va_start(args, format);
    vsnprintf(text + used, sizeof text - (size_t)used, format, args);
    va_end(args);
    for (char *c = text; *c; ++c)
        if (*c == '\n' || *c == '\r') *c = ' ';
    import->options.hooks.log(import->options.hooks.user, PDX_LOG_WARNING, text);
}

pdx_status pdx__import_tick(pdx__import *import) {
    ++import->records;
    if (!import->options.hooks.progress || (import->records & 63)) return PDX_OK;
    double now = pdx__seconds();
    if (now - import->told < 0.1) return PDX_OK;
    import->told = now;
    pdx_progress progress = {"records", import->records, 0, now - import->began};
    if (import->options.hooks.progress(import->options.hooks.user, &progress))
        return pdx__fail(PDX_ECANCELED, "stopped by the progress callback");
    return PDX_OK;
}

/* ---- Rows ---- */

static pdx_status append_row(pdx__import *import, pdx__writer *writer) {
    pdx__buf_char(&import->row, '\n');
    if (import->row.status != PDX_OK) return import->row.status;
    return pdx__writer_append(writer, import->row.data, import->row.length);
}

/* The id that is wanted, made unique. */
static pdx_status choose_id(pdx__import *import, const char *wanted) {
    pdx__buf *id = &import->id;
    size_t length = strlen(wanted);
    int numbered = length > 0 && wanted[length - 1] == '/', added = 0;
    int64_t prefix = 0, ignored;
    if (numbered) {
        int fresh;
        PDX__TRY(pdx__strmap_add(&import->prefixes, wanted, length, &prefix, &fresh));
        PDX__TRY(pdx__grow(&import->numbered, &import->numbered_capacity, (size_t)prefix + 1,
                           sizeof *import->numbered));
        if (fresh) import->numbered[prefix] = 0;
    }
    for (int64_t attempt = 1; !added; ++attempt) {
        pdx__buf_clear(id);
        pdx__buf_text(id, wanted);
        if (numbered) pdx__buf_printf(id, "%lld", (long long)import->numbered[prefix]++);
        else if (attempt > 1) pdx__buf_printf(id, "#%lld", (long long)attempt);
        if (id->status != PDX_OK) return id->status;
        PDX__TRY(pdx__strmap_add(&import->ids, id->data, id->length, &ignored, &added));
    }
    return PDX_OK;
}

static void hash_text(pdx__sha256 *hash, const char *text) {
    pdx__sha256_add(hash, text ? "+" : "-", 1);
    if (text) pdx__sha256_add(hash, text, strlen(text) + 1);
}

static void row_text(pdx__buf *row, const char *key, const char *text) {
    pdx__import_extra(row, key, text);
}

pdx_status pdx__import_add_pair(pdx__import *import, const pdx__import_pair *pair, int *fresh) {
    int is_new;
    int64_t index;
    pdx__sha256 hash;
    char hex[65];
    pdx__sha256_init(&hash);
    hash_text(&hash, pair->id);
    hash_text(&hash, pair->query);
    hash_text(&hash, pair->query_json);
    hash_text(&hash, pair->response_a);
    hash_text(&hash, pair->response_b);
    hash_text(&hash, pair->model_a);
    hash_text(&hash, pair->model_b);
    pdx__sha256_hex(&hash, hex);
    PDX__TRY(pdx__strmap_add(&import->content, hex, 32, &index, &is_new));
    if (fresh) *fresh = is_new;
    if (!is_new) {
        const char *known = pdx__strmap_get(&import->ids, import->id_of[index]);
        pdx__buf_clear(&import->id);
        pdx__buf_text(&import->id, known);
        return import->id.status;
    }
    PDX__TRY(pdx__grow(&import->id_of, &import->id_of_capacity, (size_t)index + 1,
                       sizeof *import->id_of));
    PDX__TRY(choose_id(import, pair->id));
    import->id_of[index] = import->ids.count - 1;

    pdx__buf *row = &import->row;
    pdx__buf_clear(row);
    pdx__buf_text(row, "{\"id\":");
    pdx__buf_json_string(row, import->id.data, import->id.length);
    row_text(row, "scenario", pair->scenario);
    row_text(row, "model_a", pair->model_a);
    row_text(row, "model_b", pair->model_b);
    if (pair->query_json) {
        pdx__buf_text(row, ",\"query\":");
        pdx__buf_text(row, pair->query_json);
    } else row_text(row, "query", pair->query);
    row_text(row, "response_a", pair->response_a);
    row_text(row, "response_b", pair->response_b);
    row_text(row, "reference", pair->reference);
    if (pair->extra) pdx__buf_text(row, pair->extra);
    pdx__buf_char(row, '}');
    PDX__TRY(append_row(import, &import->pairs));
    ++import->result.pairs;
    return PDX_OK;
}

void pdx__import_judgment_init(pdx__import_judgment *judgment) {
    memset(judgment, 0, sizeof *judgment);
    judgment->logp_first = judgment->logp_second = judgment->prob_a = NAN;
}

/* The end of a judge's words. */
static void row_raw(pdx__buf *row, const char *raw) {
    size_t length = strlen(raw), from = length > RAW_KEPT ? length - RAW_KEPT : 0;
    while (from && ((unsigned char)raw[from] & 0xC0) == 0x80) ++from;
    pdx__buf cut = PDX__BUF_EMPTY;
    if (from) pdx__buf_text(&cut, "\xE2\x80\xA6");
    pdx__buf_text(&cut, raw + from);
    if (cut.status == PDX_OK) row_text(row, "raw", cut.data);
    else row->status = cut.status;
    pdx__buf_free(&cut);
}

/* How often this judge has judged the pair in this order before. */
static pdx_status count_repeat(pdx__import *import, const pdx__import_judgment *judgment,
                               int32_t *repeat) {
    int64_t pair = pdx__strmap_find(&import->ids, import->id.data, import->id.length), judge, asked;
    int fresh;
    char key[64];
    PDX__TRY(
        pdx__strmap_add(&import->judges, judgment->judge, strlen(judgment->judge), &judge, NULL));
    int length = snprintf(key, sizeof key, "%llx %llx %d", (long long)pair, (long long)judge,
                          judgment->order);
    PDX__TRY(pdx__strmap_add(&import->asked, key, (size_t)length, &asked, &fresh));
    PDX__TRY(pdx__grow(&import->times, &import->times_capacity, (size_t)asked + 1,
                       sizeof *import->times));
    if (fresh) import->times[asked] = 0;
    *repeat = import->times[asked]++;
    return PDX_OK;
}

static void row_number(pdx__buf *row, const char *key, double value) {
    if (!isfinite(value)) return;
    pdx__buf_printf(row, ",\"%s\":", key);
    pdx__buf_double(row, value);
}

pdx_status pdx__import_add_judgment(pdx__import *import, const pdx__import_judgment *judgment,
                                    pdx__where where) {
    static const char *const winners[] = {"null", "\"A\"", "\"B\"", "\"tie\""};
    static const char *const orders[] = {"null", "\"AB\"", "\"BA\""};
    int32_t repeat;
    PDX__TRY(count_repeat(import, judgment, &repeat));
    const char *shown = "null";
    if (judgment->winner == PDX_WINNER_TIE) shown = "\"tie\"";
    else if (judgment->winner != PDX_WINNER_NONE && judgment->order != PDX_ORDER_UNKNOWN)
        shown = (judgment->winner == PDX_WINNER_A) == (judgment->order == PDX_ORDER_AB)
                    ? "\"first\""
                    : "\"second\"";
    pdx__buf *row = &import->row;
    pdx__buf_clear(row);
    pdx__buf_text(row, "{\"pair\":");
    pdx__buf_json_string(row, import->id.data, import->id.length);
    row_text(row, "judge", judgment->judge);
    pdx__buf_printf(row, ",\"order\":%s,\"shown\":%s,\"winner\":%s", orders[judgment->order], shown,
                    winners[judgment->winner]);
    row_number(row, "logp_first", judgment->logp_first);
    row_number(row, "logp_second", judgment->logp_second);
    row_number(row, "prob_a", judgment->prob_a);
    if (repeat) pdx__buf_printf(row, ",\"repeat\":%d", repeat);
    if (judgment->extra) pdx__buf_text(row, judgment->extra);
    if (judgment->raw) row_raw(row, judgment->raw);
    pdx__buf_char(row, '}');
    PDX__TRY(append_row(import, &import->judgments));
    ++import->result.judgments;
    if (judgment->winner == PDX_WINNER_NONE && !isfinite(judgment->logp_first))
        pdx__import_leave_out(import, where, "no verdict of '%s' on '%s' could be read",
                              judgment->judge, import->id.data);
    return PDX_OK;
}

static void row_doubles(pdx__buf *row, const char *key, int32_t count, const double *values) {
    pdx__buf_printf(row, ",\"%s\":", key);
    for (int32_t i = 0; i < count; ++i) {
        pdx__buf_char(row, i ? ',' : '[');
        pdx__buf_json_double(row, values[i]);
    }
    pdx__buf_char(row, ']');
}

pdx_status pdx__import_add_features(pdx__import *import, int32_t count, const double *diff,
                                    const double *cmp) {
    if (!import->features.stream) {
        char *path;
        PDX__TRY(pdx__path_join(&path, import->folder, file_names[FEATURES]));
        pdx_status status = pdx__writer_open(&import->features, path);
        pdx__free(path);
        PDX__TRY(status);
    }
    pdx__buf *row = &import->row;
    pdx__buf_clear(row);
    pdx__buf_text(row, "{\"id\":");
    pdx__buf_json_string(row, import->id.data, import->id.length);
    row_doubles(row, "diff", count, diff);
    row_doubles(row, "cmp", count, cmp);
    pdx__buf_char(row, '}');
    return append_row(import, &import->features);
}

pdx_status pdx__import_use_schema(pdx__import *import, const pdx_schema *schema) {
    pdx__buf_clear(&import->schema);
    pdx__buf_text(&import->schema, "{\"format\":\"prefdissect.schema\",\"version\":1,");
    pdx__schema_json(&import->schema, schema);
    pdx__buf_text(&import->schema, "}\n");
    return import->schema.status;
}

/* ---- Files ---- */

static pdx_status commit_file(pdx__import *import, int32_t which, const char *path) {
    pdx__writer *writers[] = {NULL, &import->features, &import->judgments, &import->pairs};
    if (which == SCHEMA && import->schema.length)
        return pdx__file_write(path, import->schema.data, import->schema.length);
    if (which != SCHEMA && writers[which]->stream) return pdx__writer_commit(writers[which]);
    unlink(path); /* of an import that is replaced: it would not fit the new pairs */
    return PDX_OK;
}

/* Renames all into place, the pairs last; a failure takes back what was renamed before it. */
static pdx_status commit(pdx__import *import, char *const paths[FILES]) {
    pdx_status status = PDX_OK;
    for (int32_t i = 0; i < FILES; ++i) {
        status = commit_file(import, i, paths[i]);
        if (status == PDX_OK) continue;
        for (int32_t j = 0; j < i; ++j) unlink(paths[j]);
        break;
    }
    return status;
}

static pdx_status collect(pdx__import *import, int32_t format, char *const paths[FILES]) {
    for (int32_t i = FILES - 1; i >= 0 && !import->options.overwrite; --i)
        PDX__REQUIRE(access(paths[i], F_OK) != 0, "%s is there already", paths[i]);
    PDX__TRY(pdx__writer_open(&import->pairs, paths[PAIRS]));
    PDX__TRY(pdx__writer_open(&import->judgments, paths[JUDGMENTS]));
    PDX__TRY(formats[format].run(import));
    if (import->result.pairs == 0)
        return pdx__fail_at(PDX_EPARSE, import->paths[0], 0, "no pair could be read");
    return commit(import, paths);
}

static void release(pdx__import *import) {
    pdx__writer_abandon(&import->pairs);
    pdx__writer_abandon(&import->judgments);
    pdx__writer_abandon(&import->features);
    pdx__buf_free(&import->schema);
    pdx__buf_free(&import->row);
    pdx__buf_free(&import->id);
    pdx__strmap_free(&import->ids);
    pdx__strmap_free(&import->content);
    pdx__strmap_free(&import->prefixes);
    pdx__strmap_free(&import->judges);
    pdx__strmap_free(&import->asked);
    pdx__free(import->id_of);
    pdx__free(import->numbered);
    pdx__free(import->times);
}

pdx_status pdx_import(pdx_import_result *result, const char *format, const char *const *paths,
                      int32_t count, const char *folder, const pdx_import_options *options) {
    PDX__REQUIRE(result, "pdx_import: 'result' is NULL");
    memset(result, 0, sizeof *result);
    PDX__REQUIRE(format && paths && folder, "pdx_import: a NULL argument");
    PDX__REQUIRE(count > 0, "pdx_import: no file was given");
    for (int32_t i = 0; i < count; ++i)
        PDX__REQUIRE(paths[i] && strcmp(paths[i], "-"), "pdx_import: file %d has no name", i + 1);
    int32_t which = 0;
    while (which < FORMATS && strcmp(formats[which].name, format)) ++which;
    if (which == FORMATS)
        return pdx__fail(PDX_EINVAL, "'%s' is not a format that can be imported", format);

    pdx__import import;
    memset(&import, 0, sizeof import);
    PDX__TRY(pdx__options_take(&import.options, sizeof import.options, options, option_table,
                               PDX__ROWS(option_table), "pdx_import_options"));
    import.paths = paths;
    import.path_count = count;
    import.folder = folder;
    import.began = pdx__seconds();
    import.told = import.began - 1;

    char *outputs[FILES] = {NULL};
    pdx_status status = PDX_OK;
    int made = access(folder, F_OK) != 0;
    for (int32_t i = 0; i < FILES && status == PDX_OK; ++i)
        status = pdx__path_join(&outputs[i], folder, file_names[i]);
    if (status == PDX_OK) status = pdx__make_folder(folder);
    else made = 0;
    if (status == PDX_OK) status = collect(&import, which, outputs);
    if (status == PDX_OK) *result = import.result;
    release(&import);
    if (status != PDX_OK && made) rmdir(folder);
    for (int32_t i = 0; i < FILES; ++i) pdx__free(outputs[i]);
    return status;
}
