/* The raw annotation files of Li et al. 2024 (GAIR-NLP/Preference-Dissection, annotation_codes):
 * one line a record, {"tag": "<id>_<what>", "output": the annotator's text, a JSON object}. They
 * are told apart by their tags. Rows come out so that pdx_dataset_load resolves them as the
 * original's resolve_collected_data.py does: a rating that is no whole number from 0 to 3 counts as
 * 0, words that it does not know as 0, lists by their mean, a property that was not rated as 0; a
 * record whose text is no JSON fails. Two departures: properties that its rules would stop at are
 * named in an error. */
#include <math.h>
#include <string.h>
#include <strings.h>

#include "annotate/prompts.h"
#include "core/file.h"
#include "core/json_lines.h"
#include "core/strmap.h"
#include "data/resolved.h"

enum { FIRST_ERROR = 20, FIRST_SPECIFIC = 23, CONSTRAINTS = 25, STANCES = 26, LAST_SPECIFIC = 27 };
enum { INFO, FREE, ONCE, TWICE, ERRORS };

/* What was rated of a record's first twenty properties, in two files. */
typedef struct seen {
    uint32_t properties, files; /* bits */
} seen;

typedef struct import {
    pdx__writer out;
    pdx_schema *schema;
    pdx_annotate_result *result;
    pdx__buf line, id;
    pdx__strmap ids;
    seen *list; /* [ids] */
    size_t capacity;
} import;

static const struct {
    const char *tag;
    int32_t stage;
} kinds[] = {
    [INFO] = {"_query-info", PDX_ANNOTATE_QUERY},
    [FREE] = {"_query-free-features-pair", PDX_ANNOTATE_QUERY_FREE},
    [ONCE] = {"_query-aware-once-features-pair", PDX_ANNOTATE_QUERY_AWARE},
    [TWICE] = {"_query-aware-twice-features-pair", PDX_ANNOTATE_QUERY_SPECIFIC},
    [ERRORS] = {"_accuracy-features-pair", PDX_ANNOTATE_ERROR},
};

typedef struct words {
    const char *text;
    double value;
} words;
static const words stances[] = {
    {"strongly supported", 2}, {"weakly supported", 1},  {"neutral", 0},
    {"weakly opposed", -1},    {"strongly opposed", -2}, {NULL, 0},
};
static const words mistakes[] = {
    {"pointed out and corrected", 3},
    {"corrected without being pointed out", 2},
    {"pointed out but not corrected", 1},
    {NULL, 0},
};

static int32_t is_word(const char *text, const char *word) {
    while (*text && strchr(" \t\r\n", *text)) ++text;
    size_t length = strlen(word);
    return !strncasecmp(text, word, length) && !text[length + strspn(text + length, " \t\r\n")];
}

/* 0 to 3, as a number or as its digit; anything else is 0. */
static double score(const cJSON *value) {
    if (cJSON_IsBool(value)) return cJSON_IsTrue(value);
    double number = NAN;
    if (cJSON_IsNumber(value)) number = value->valuedouble;
    else if (cJSON_IsString(value) && strlen(value->valuestring) == 1)
        number = value->valuestring[0] - '0';
    return number >= 0 && number <= 3 && number == floor(number) ? number : 0;
}

static double words_of(const words *known, const cJSON *value) {
    for (; known->text && cJSON_IsString(value); ++known)
        if (is_word(value->valuestring, known->text)) return known->value;
    return 0;
}

/* Of members with one name the last counts, as in Python. */
static const cJSON *member(const cJSON *object, const char *key) {
    const cJSON *found = NULL;
    for (const cJSON *entry = object ? object->child : NULL; entry; entry = entry->next)
        if (entry->string && !strcmp(entry->string, key)) found = entry;
    return found;
}

static pdx_status side(const cJSON *rated, int32_t upper, int32_t which, const cJSON **out,
                       pdx__where where) {
    static const char *const names[2][2] = {{"response 1", "response 2"},
                                            {"Response 1", "Response 2"}};
    *out = member(rated, names[upper][which]);
    if (!*out)
        return pdx__fail_at(PDX_EPARSE, where.file, where.line, "'%.80s' lacks '%s'",
                            rated->string ? rated->string : "", names[upper][which]);
    return PDX_OK;
}

static void put_key(import *m, int32_t k) {
    pdx__buf_text(&m->line, m->line.data[m->line.length - 1] == '{' ? "" : ",");
    pdx__buf_json_string(&m->line, m->schema->property[k].id, strlen(m->schema->property[k].id));
    pdx__buf_char(&m->line, ':');
}

static void put_pair(import *m, double a, double b) {
    pdx__buf_text(&m->line, "{\"a\":");
    pdx__buf_double(&m->line, a);
    pdx__buf_text(&m->line, ",\"b\":");
    pdx__buf_double(&m->line, b);
    pdx__buf_char(&m->line, '}');
}

/* ---- one kind each: the members of "values" ---- */

static pdx_status put_facts(import *m, const cJSON *output) {
    static const char *const facts[PDX__ORIGINAL_CASES] = {"feelings", "unclear_intent",
                                                           "constraints", "mistakes", "stances"};
    static const char *const lists[PDX__ORIGINAL_CASES] = {NULL, NULL, "explicit constraints",
                                                           "explicit mistakes or biases",
                                                           "explicit subjective stances"};
    uint32_t cases = pdx__original_cases(output);
    for (int i = 0; i < PDX__ORIGINAL_CASES; ++i) {
        const cJSON *list = lists[i] ? cJSON_GetObjectItemCaseSensitive(output, lists[i]) : NULL;
        char *text = cases >> i & 1 && list ? cJSON_PrintUnformatted(list) : NULL;
        pdx__buf_printf(&m->line, "%s\"%s\":", i ? "," : "", facts[i]);
        pdx__buf_text(&m->line, text ? text : lists[i] ? "[]" : cases >> i & 1 ? "true" : "false");
        cJSON_free(text);
    }
    return PDX_OK;
}

static pdx_status put_ratings(import *m, const cJSON *output, seen *record, pdx__where where) {
    for (const cJSON *rated = output->child; rated; rated = rated->next) {
        int32_t k = 0;
        const cJSON *a, *b;
        while (k < FIRST_ERROR && strcmp(pdx__original_key(k), rated->string)) ++k;
        if (k == FIRST_ERROR)
            return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                                "'%.80s' is no property of the original", rated->string);
        PDX__TRY(side(rated, 0, 0, &a, where));
        PDX__TRY(side(rated, 0, 1, &b, where));
        record->properties |= 1u << k;
        put_key(m, k);
        put_pair(m, score(a), score(b));
    }
    return PDX_OK;
}

/* Sums over the entries, then one division, as the original does. */
static pdx_status put_specific(import *m, const cJSON *output, pdx__where where) {
    for (int32_t k = FIRST_SPECIFIC; k <= LAST_SPECIFIC; ++k) {
        const cJSON *rated = cJSON_GetObjectItemCaseSensitive(output, pdx__original_key(k));
        const words *known = k == LAST_SPECIFIC ? mistakes : k == STANCES ? stances : NULL;
        int32_t listed = k >= CONSTRAINTS, count = 0;
        double sum[2] = {0, 0};
        const cJSON *entry = listed && rated ? rated->child : rated;
        for (; entry; entry = listed ? entry->next : NULL) {
            if (listed && member(rated, entry->string) != entry) continue;
            ++count;
            for (int32_t i = 0; i < 2; ++i) {
                const cJSON *value;
                PDX__TRY(side(entry, 1, i, &value, where));
                sum[i] += known ? words_of(known, value) : score(value);
            }
        }
        if (rated && !count)
            return pdx__fail_at(PDX_EPARSE, where.file, where.line, "'%s' has no entries",
                                pdx__original_key(k));
        put_key(m, k);
        put_pair(m, count ? sum[0] / count : 0, count ? sum[1] / count : 0);
    }
    return PDX_OK;
}

static pdx_status count_errors(const cJSON *output, double counts[2][3], int32_t *checked,
                               pdx__where where) {
    static const char *const severities[] = {"minor", "moderate", "severe"};
    for (int32_t i = 0; i < 2; ++i) {
        const cJSON *of, *list = NULL;
        const char *said = NULL;
        PDX__TRY(side(output, 1, i, &of, where));
        PDX__TRY(pdx__json_string(of, "accuracy check", PDX__REQUIRED, &said, where));
        if (strcmp(said, "applicable")) *checked = 0;
        if (!*checked) continue;
        PDX__TRY(pdx__json_array(of, "inaccuracies", PDX__REQUIRED, &list, where));
        for (const cJSON *error = list->child; error; error = error->next) {
            const char *severity = NULL;
            PDX__TRY(pdx__json_string(error, "severity", PDX__REQUIRED, &severity, where));
            for (int s = 0; s < 3; ++s) counts[i][s] += is_word(severity, severities[s]);
        }
    }
    return PDX_OK;
}

static pdx_status put_errors(import *m, const cJSON *output, pdx__where where) {
    double counts[2][3] = {{0}};
    int32_t checked = 1;
    PDX__TRY(count_errors(output, counts, &checked, where));
    for (int32_t s = 0; s < 3; ++s) {
        put_key(m, FIRST_ERROR + s);
        if (checked) put_pair(m, counts[0][s], counts[1][s]);
        else pdx__buf_text(&m->line, "null");
    }
    return PDX_OK;
}

/* ---- rows ---- */

static pdx_status kind_of(const cJSON *row, const char **tag, size_t *id, int32_t *kind,
                          pdx__where where) {
    PDX__TRY(pdx__json_string(row, "tag", PDX__REQUIRED, tag, where));
    for (*kind = 0; *kind <= ERRORS; ++*kind) {
        size_t length = strlen(*tag), end = strlen(kinds[*kind].tag);
        if (length <= end || strcmp(*tag + length - end, kinds[*kind].tag)) continue;
        *id = length - end;
        return PDX_OK;
    }
    return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                        "field 'tag': '%.80s' is none of the original's (of pairs)", *tag);
}

static pdx_status put_values(import *m, int32_t kind, const cJSON *output, seen *record,
                             pdx__where where) {
    record->files |= 1u << kind;
    switch (kind) {
    case INFO: return put_facts(m, output);
    case TWICE: return put_specific(m, output, where);
    case ERRORS: return put_errors(m, output, where);
    default: return put_ratings(m, output, record, where);
    }
}

/* m->id is the record's. */
static pdx_status begin_row(import *m, int32_t stage, seen **record) {
    int64_t index;
    size_t before = m->capacity;
    PDX__TRY(m->id.status);
    PDX__TRY(pdx__strmap_add(&m->ids, m->id.data, m->id.length, &index, NULL));
    PDX__TRY(pdx__grow(&m->list, &m->capacity, (size_t)index + 1, sizeof *m->list));
    for (size_t i = before; i < m->capacity; ++i) m->list[i] = (seen){0, 0};
    *record = &m->list[index];
    pdx__buf_clear(&m->line);
    pdx__buf_text(&m->line, "{\"id\":");
    pdx__buf_json_string(&m->line, m->id.data, m->id.length);
    pdx__buf_printf(&m->line, ",\"stage\":\"%s\",\"order\":\"AB\",\"repeat\":0",
                    pdx__stage_name(stage));
    return PDX_OK;
}

static pdx_status end_row(import *m) {
    PDX__TRY(m->line.status);
    return pdx__writer_append(&m->out, m->line.data, m->line.length);
}

static pdx_status take_row(void *context, const cJSON *row, const pdx__lines *line) {
    import *m = context;
    pdx__where where = {line->path, line->number};
    const char *tag = NULL, *text = NULL;
    size_t id = 0;
    int32_t kind = 0;
    cJSON *output = NULL;
    seen *record = NULL;
    PDX__TRY(kind_of(row, &tag, &id, &kind, where));
    PDX__TRY(pdx__json_string(row, "output", PDX__OPTIONAL, &text, where));
    if (!text && kind == TWICE) text = "{}"; /* the query has none of the facts */
    if (!text) text = "";
    pdx__buf_clear(&m->id);
    pdx__buf_text(&m->id, "li2024/");
    pdx__buf_append(&m->id, tag, id);
    PDX__TRY(begin_row(m, kinds[kind].stage, &record));
    pdx_status status = pdx__json_parse(&output, text, strlen(text), (pdx__where){"output", 0});
    if (status == PDX_EPARSE || (status == PDX_OK && !cJSON_IsObject(output))) {
        pdx__buf_text(&m->line, ",\"error\":\"the annotator's text is no JSON object\"}\n");
        ++m->result->failed;
        status = PDX_OK;
    } else if (status == PDX_OK) {
        pdx__buf_text(&m->line, ",\"values\":{");
        status = put_values(m, kind, output, record, where);
        pdx__buf_text(&m->line, "}}\n");
        ++m->result->rows;
    }
    cJSON_Delete(output);
    return status == PDX_OK ? end_row(m) : status;
}

/* What neither file of ratings has counts as 0. */
static pdx_status fill_up(import *m) {
    const uint32_t both = 1u << FREE | 1u << ONCE, all = (1u << FIRST_ERROR) - 1;
    for (int64_t i = 0; i < m->ids.count; ++i) {
        seen *record = &m->list[i];
        if ((record->files & both) != both || record->properties == all) continue;
        uint32_t missing = all & ~record->properties;
        pdx__buf_clear(&m->id);
        pdx__buf_text(&m->id, pdx__strmap_get(&m->ids, i));
        PDX__TRY(begin_row(m, PDX_ANNOTATE_QUERY_FREE, &record));
        pdx__buf_text(&m->line, ",\"values\":{");
        for (int32_t k = 0; k < FIRST_ERROR; ++k) {
            if (!(missing >> k & 1)) continue;
            put_key(m, k);
            put_pair(m, 0, 0);
        }
        pdx__buf_text(&m->line, "}}\n");
        PDX__TRY(end_row(m));
    }
    return PDX_OK;
}

pdx_status pdx_annotate_import(pdx_annotate_result *result, const char *const *paths, int32_t count,
                               const char *out) {
    PDX__REQUIRE(result && paths && count > 0 && out, "pdx_annotate_import: an argument is NULL");
    memset(result, 0, sizeof *result);
    result->usd = NAN;
import m = {.result = result };
    PDX__TRY(pdx_schema_builtin(&m.schema, "li2024"));
    pdx_status status = pdx__writer_open(&m.out, out);
    if (status == PDX_OK) {
        for (int32_t i = 0; i < count && status == PDX_OK; ++i)
            status = pdx__json_lines(paths[i], take_row, &m);
        if (status == PDX_OK) status = fill_up(&m);
        if (status == PDX_OK) status = pdx__writer_commit(&m.out);
        else pdx__writer_abandon(&m.out);
    }
    pdx_schema_free(m.schema);
    pdx__strmap_free(&m.ids);
    pdx__free(m.list);
    pdx__buf_free(&m.line);
    pdx__buf_free(&m.id);
    return status;
}
