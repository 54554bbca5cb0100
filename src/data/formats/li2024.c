/* The original system's files (Li et al. 2024), recognised by what they hold, in any order:
 * - raw records (texts; the vote becomes the judge "human"), one per pair;
 * - resolved records (properties), as many as raw ones and in their order;
 * - per-order log-probabilities, "<judge>_AB.jsonl" and "<judge>_BA.jsonl": "response_a" is the
 * label A as shown, under which response B stood in BA; a file of the original's fixed name takes
 * its folder's name for the judge;
 * - a list of labels "A"/"B", one per record; the judge is the file's name;
 * - the group index: group -> record numbers: scenario groups become the field "group", the
 *   query-specific ones "cases";
 * - rows of the published dataset (JSON Lines), which hold all of this.
 * A record whose accuracy could not be checked is left out, with all that was said of it. */
#include "import.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "data/resolved.h"
#include "data/schema.h"
#include "li2024.h"

enum { D = PDX__ORIGINAL_PROPERTIES };
typedef enum kind { RAW, RESOLVED, LOGP, LABELS, GROUPS, ROWS } kind;

typedef struct record_facts {
    double cmp[D], diff[D];
    int32_t resolved, applicable;
    int64_t group; /* in `groups`, -1: none */
    uint32_t cases;
    int64_t pair; /* in import->ids, -1: left out */
} record_facts;

typedef struct study {
    record_facts *record;
    int64_t count; /* -1: not known yet */
    size_t capacity;
    const char *counted_in; /* the file that set the count */
    pdx__strmap groups;
    pdx_schema *schema;
    int64_t next; /* record of the file being read */
    pdx__buf judge;
    int32_t order;
} study;

static pdx_status record_at(study *all, int64_t number, record_facts **out) {
    size_t old = all->capacity;
    *out = NULL;
    PDX__TRY(pdx__grow(&all->record, &all->capacity, (size_t)number + 1, sizeof *all->record));
    for (size_t i = old; i < all->capacity; ++i) {
        memset(&all->record[i], 0, sizeof all->record[i]);
        all->record[i].applicable = 1;
        all->record[i].group = all->record[i].pair = -1;
    }
    *out = &all->record[number];
    return PDX_OK;
}

/* All files that number their records must have as many. */
static pdx_status check_count(study *all, const char *path, int64_t count) {
    if (all->count >= 0 && all->count != count)
        return pdx__fail_at(PDX_EPARSE, path, 0, "holds %lld records, but %s holds %lld",
                            (long long)count, all->counted_in, (long long)all->count);
    all->count = count;
    all->counted_in = path;
    return PDX_OK;
}

/* ---- What a file is ---- */

static int has(const cJSON *object, const char *key) {
    return cJSON_GetObjectItemCaseSensitive(object, key) != NULL;
}

static pdx_status kind_of_record(const cJSON *record, pdx__where where, kind *out) {
    if (has(record, "basic_response_1") || has(record, "preference_labels")) *out = ROWS;
    else if (has(record, "comparison")) *out = RESOLVED;
    else if (cJSON_IsNumber(cJSON_GetObjectItemCaseSensitive(record, "response_a"))) *out = LOGP;
    else if (has(record, "prompt") && has(record, "response_a")) *out = RAW;
    else if (record->child && cJSON_IsArray(record->child)) *out = GROUPS;
    else
        return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                            "is none of the files of this format: no field 'prompt' with "
                            "'response_a', 'comparison', 'preference_labels' or list of records");
    return PDX_OK;
}

typedef struct first_record {
    kind kind;
    int parsed, known;
} first_record;

static pdx_status kind_of_first(pdx__import *import, void *context, const cJSON *record,
                                pdx__where where) {
    (void)import;
    first_record *first = context;
    first->parsed = 1;
    PDX__TRY(kind_of_record(record, where, &first->kind));
    first->known = 1;
    return PDX_ECANCELED; /* seen enough */
}

static pdx_status parse_whole(const char *path, cJSON **out) {
    pdx__buf file = PDX__BUF_EMPTY;
    pdx__where where = {path, 0};
    *out = NULL;
    pdx_status status = pdx__file_read(path, 0, &file);
    size_t mark = file.length >= 3 && !memcmp(file.data, "\xEF\xBB\xBF", 3) ? 3 : 0;
    if (status == PDX_OK)
        status = pdx__json_parse(out, file.data + mark, file.length - mark, where);
    pdx__buf_free(&file);
    return status;
}

/* A group index may be laid out over many lines, which then are no records. The error of the lines
 * stands where the whole is not JSON either. */
static pdx_status kind_of_whole(const char *path, kind *out) {
    char message[1024];
    cJSON *root;
    snprintf(message, sizeof message, "%s", pdx_error_message());
    pdx_status status = parse_whole(path, &root);
    if (status == PDX_OK && cJSON_IsObject(root)) {
        pdx__where where = {path, 0};
        status = kind_of_record(root, where, out);
    } else if (status == PDX_EPARSE) pdx__set_error_message(message);
    cJSON_Delete(root);
    return status;
}

/* Whether a list holds texts and no objects. */
static pdx_status is_label_list(const char *path, int *out) {
    void *stream;
    char block[512];
    *out = 0;
    PDX__TRY(pdx__input_open(&stream, path));
    size_t got = fread(block, 1, sizeof block, stream), i = 0;
    pdx__input_close(stream);
    while (i < got && memchr("\xEF\xBB\xBF \t\r\n[", block[i], 8)) ++i;
    *out = i < got && (block[i] == '"' || block[i] == ']');
    return PDX_OK;
}

static pdx_status kind_of_file(pdx__import *import, const char *path, kind *out) {
    char first;
    int labels = 0;
    PDX__TRY(pdx__import_first_byte(path, &first));
    if (first == '[') PDX__TRY(is_label_list(path, &labels));
    *out = LABELS;
    if (labels) return PDX_OK;
    first_record record = {RAW, 0, 0};
    pdx_status status = pdx__import_records(import, path, kind_of_first, &record);
    *out = record.kind;
    if (record.known) return PDX_OK;
    return status == PDX_EPARSE && first == '{' && !record.parsed ? kind_of_whole(path, out)
                                                                  : status;
}

/* The judge's name and the order from a file's name. */
static pdx_status judge_of(study *all, const char *path) {
    PDX__TRY(pdx__import_path_part(path, 0, &all->judge));
    all->order = PDX_ORDER_UNKNOWN;
    size_t length = all->judge.length;
    const char *end = length > 3 ? all->judge.data + length - 3 : "";
    if (!strcmp(end, "_AB")) all->order = PDX_ORDER_AB;
    if (!strcmp(end, "_BA")) all->order = PDX_ORDER_BA;
    if (all->order != PDX_ORDER_UNKNOWN) all->judge.data[all->judge.length -= 3] = 0;
    if (strcmp(all->judge.data, "direct_ask_preferences")) return PDX_OK;
    pdx__buf folder = PDX__BUF_EMPTY;
    pdx_status status = pdx__import_path_part(path, 1, &folder);
    if (status == PDX_OK && folder.length) {
        pdx__buf_clear(&all->judge);
        pdx__buf_text(&all->judge, folder.data);
        status = all->judge.status;
    }
    pdx__buf_free(&folder);
    return status;
}

/* ---- Facts about records: before the pairs are written ---- */

static pdx_status read_resolved(pdx__import *import, void *context, const cJSON *record,
                                pdx__where where) {
    (void)import;
    study *all = context;
    record_facts *facts;
    int applicable;
    PDX__TRY(record_at(all, all->next++, &facts));
    PDX__TRY(pdx__original_values(record, facts->cmp, facts->diff, &applicable, where));
    facts->resolved = 1;
    facts->applicable = applicable;
    facts->cases |= pdx__original_cases(cJSON_GetObjectItemCaseSensitive(record, "query_info"));
    return PDX_OK;
}

static pdx_status read_groups(study *all, const char *path) {
    cJSON *root;
    pdx__where where = {path, 0};
    PDX__TRY(parse_whole(path, &root));
    pdx_status status = PDX_OK;
    for (const cJSON *group = root->child; group && status == PDX_OK; group = group->next) {
        int64_t name = -1;
        int32_t which = 0;
        if (!cJSON_IsArray(group)) {
            status = pdx__fail_at(PDX_EPARSE, path, 0, "group '%.80s': expected a list, found %s",
                                  group->string, pdx__json_type(group));
            break;
        }
        if (!strcmp(group->string, "all")) {
            status = check_count(all, path, cJSON_GetArraySize(group));
            continue;
        }
        while (pdx__original_case(which) && strcmp(pdx__original_case(which), group->string))
            ++which;
        if (!pdx__original_case(which))
            status =
                pdx__strmap_add(&all->groups, group->string, strlen(group->string), &name, NULL);
        for (const cJSON *entry = group->child; entry && status == PDX_OK; entry = entry->next) {
            double number = cJSON_IsNumber(entry) ? entry->valuedouble : -1;
            record_facts *facts = NULL;
            if (!(number >= 0 && number <= 1e8 && number == floor(number)))
                status = pdx__fail_at(PDX_EPARSE, where.file, 0,
                                      "group '%.80s': expected record numbers", group->string);
            else status = record_at(all, (int64_t)number, &facts);
            if (status != PDX_OK) break;
            if (name >= 0) facts->group = name;
            else facts->cases |= 1u << which;
        }
    }
    cJSON_Delete(root);
    return status;
}

/* ---- Pairs ---- */

/* Adds the pair of a record with its group, cases and properties; *facts of it. */
static pdx_status add_record(pdx__import *import, study *all, record_facts *facts,
                             pdx__import_pair *pair, pdx__buf *extra, pdx__where where) {
    if (!facts->applicable) {
        pdx__import_leave_out(import, where, "record %lld: the accuracy could not be checked",
                              (long long)all->next - 1);
        return PDX_OK;
    }
    if (facts->group >= 0)
        pdx__import_extra(extra, "group", pdx__strmap_get(&all->groups, facts->group));
    if (facts->cases) {
        char separator = '[';
        pdx__buf_text(extra, ",\"cases\":");
        for (int i = 0; i < PDX__ORIGINAL_CASES; ++i) {
            if (!(facts->cases >> i & 1)) continue;
            pdx__buf_printf(extra, "%c\"%s\"", separator, pdx__original_case(i));
            separator = ',';
        }
        pdx__buf_char(extra, ']');
    }
    if (extra->status != PDX_OK) return extra->status;
    pair->extra = extra->data;
    int fresh;
    PDX__TRY(pdx__import_add_pair(import, pair, &fresh));
    facts->pair = pdx__strmap_find(&import->ids, import->id.data, import->id.length);
    if (fresh && facts->resolved)
        PDX__TRY(pdx__import_add_features(import, D, facts->diff, facts->cmp));
    return PDX_OK;
}

/* Its own numbers of words: the rule of length counts by them. */
static pdx_status keep_words(const cJSON *record, pdx__buf *extra, pdx__where where) {
    static const char *const fields[] = {"response_a word", "response_b word"};
    for (int i = 0; i < 2; ++i) {
        int64_t words = -1;
        PDX__TRY(pdx__json_int(record, fields[i], PDX__OPTIONAL, &words, where));
        if (words >= 0) pdx__buf_printf(extra, ",\"%s\":%lld", fields[i], (long long)words);
    }
    return extra->status;
}

static pdx_status read_raw(pdx__import *import, void *context, const cJSON *record,
                           pdx__where where) {
    study *all = context;
    pdx__buf id = PDX__BUF_EMPTY, name = PDX__BUF_EMPTY, extra = PDX__BUF_EMPTY;
    pdx__import_pair pair = {0};
    pdx__import_judgment judgment;
    pdx__import_judgment_init(&judgment);
    const char *winner = NULL;
    int64_t number = all->next++;
    record_facts *facts;
    pdx_status status;
    PDX__GO(record_at(all, number, &facts));
    PDX__GO(pdx__import_name(record, "id", PDX__OPTIONAL, &name, where));
    PDX__GO(pdx__json_string(record, "prompt", PDX__REQUIRED, &pair.query, where));
    PDX__GO(pdx__json_string(record, "response_a", PDX__REQUIRED, &pair.response_a, where));
    PDX__GO(pdx__json_string(record, "response_b", PDX__REQUIRED, &pair.response_b, where));
    PDX__GO(pdx__json_string(record, "model_a", PDX__OPTIONAL, &pair.model_a, where));
    PDX__GO(pdx__json_string(record, "model_b", PDX__OPTIONAL, &pair.model_b, where));
    PDX__GO(pdx__json_string(record, "scenario", PDX__OPTIONAL, &pair.scenario, where));
    PDX__GO(pdx__json_string(record, "gpt4_ref_output", PDX__OPTIONAL, &pair.reference, where));
    PDX__GO(pdx__json_string(record, "winner", PDX__OPTIONAL, &winner, where));
    PDX__GO(pdx__import_winner(winner, "winner", &judgment.winner, where));
    if (facts->group < 0) {
        const char *group = NULL;
        PDX__GO(pdx__json_string(record, "group", PDX__OPTIONAL, &group, where));
        if (group)
            PDX__GO(pdx__strmap_add(&all->groups, group, strlen(group), &facts->group, NULL));
    }
    PDX__GO(keep_words(record, &extra, where));
    if (name.length) pdx__buf_printf(&id, "li2024/%s", name.data);
    else pdx__buf_printf(&id, "li2024/%lld", (long long)number);
    PDX__GO(id.status);
    pair.id = id.data;
    PDX__GO(add_record(import, all, facts, &pair, &extra, where));
    if (winner && facts->pair >= 0) {
        judgment.judge = "human";
        status = pdx__import_add_judgment(import, &judgment, where);
    }
done:
    pdx__buf_free(&id);
    pdx__buf_free(&name);
    pdx__buf_free(&extra);
    return status;
}

static pdx_status read_row(pdx__import *import, void *context, const cJSON *row, pdx__where where) {
    study *all = context;
    pdx__buf id = PDX__BUF_EMPTY, extra = PDX__BUF_EMPTY;
    pdx__import_pair pair = {0};
    const cJSON *a = NULL, *b = NULL, *labels = NULL;
    const char *group = NULL;
    int64_t number = all->next++;
    record_facts *facts;
    int applicable;
    pdx_status status;
    PDX__GO(record_at(all, number, &facts));
    PDX__GO(pdx__json_string(row, "query", PDX__REQUIRED, &pair.query, where));
    PDX__GO(pdx__json_object(row, "response_1", PDX__REQUIRED, &a, where));
    PDX__GO(pdx__json_object(row, "response_2", PDX__REQUIRED, &b, where));
    PDX__GO(pdx__json_string(a, "content", PDX__REQUIRED, &pair.response_a, where));
    PDX__GO(pdx__json_string(b, "content", PDX__REQUIRED, &pair.response_b, where));
    PDX__GO(pdx__json_string(a, "model", PDX__OPTIONAL, &pair.model_a, where));
    PDX__GO(pdx__json_string(b, "model", PDX__OPTIONAL, &pair.model_b, where));
    PDX__GO(pdx__json_string(row, "scenario_auto-j", PDX__OPTIONAL, &pair.scenario, where));
    PDX__GO(pdx__json_string(row, "scenario_group", PDX__OPTIONAL, &group, where));
    PDX__GO(pdx__json_string(row, "gpt-4-turbo_reference", PDX__OPTIONAL, &pair.reference, where));
    PDX__GO(pdx__json_object(row, "preference_labels", PDX__OPTIONAL, &labels, where));
    PDX__GO(pdx__li2024_values(row, all->schema, facts->cmp, facts->diff, &applicable, where));
    if (group && facts->group < 0)
        PDX__GO(pdx__strmap_add(&all->groups, group, strlen(group), &facts->group, NULL));
    facts->resolved = 1;
    facts->applicable = applicable;
    facts->cases |= pdx__original_cases(row);
    pdx__buf_printf(&id, "li2024/%lld", (long long)number);
    PDX__GO(id.status);
    pair.id = id.data;
    PDX__GO(add_record(import, all, facts, &pair, &extra, where));
    const cJSON *label = labels && facts->pair >= 0 ? labels->child : NULL;
    for (; label; label = label->next) {
        pdx__import_judgment judgment;
        pdx__import_judgment_init(&judgment);
        const char *text = cJSON_IsString(label) ? label->valuestring : "";
        judgment.judge = label->string;
        judgment.winner = !strcmp(text, "response_1")   ? PDX_WINNER_A
                          : !strcmp(text, "response_2") ? PDX_WINNER_B
                                                        : PDX_WINNER_NONE;
        PDX__GO(pdx__import_add_judgment(import, &judgment, where));
    }
done:
    pdx__buf_free(&id);
    pdx__buf_free(&extra);
    return status;
}

/* Without raw records the pairs have no texts. */
static pdx_status bare_records(pdx__import *import, study *all, const char *path) {
    pdx__where where = {path, 0};
    for (all->next = 0; all->next < all->count;) {
        pdx__buf id = PDX__BUF_EMPTY, extra = PDX__BUF_EMPTY;
        pdx__import_pair pair = {0};
        record_facts *facts;
        pdx_status status = record_at(all, all->next, &facts);
        pdx__buf_printf(&id, "li2024/%lld", (long long)all->next++);
        if (status == PDX_OK) status = id.status;
        pair.id = id.data;
        if (status == PDX_OK) status = add_record(import, all, facts, &pair, &extra, where);
        pdx__buf_free(&id);
        pdx__buf_free(&extra);
        PDX__TRY(status);
    }
    return PDX_OK;
}

/* ---- Judgments: after the pairs ---- */

/* Makes the record's pair the current one; *known = 0 where it was left out. */
static pdx_status go_to(pdx__import *import, study *all, int64_t number, pdx__where where,
                        int *known) {
    *known = 0;
    if (number >= all->count)
        return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                            "holds more than the %lld records of %s", (long long)all->count,
                            all->counted_in);
    *known = all->record[number].pair >= 0;
    if (!*known) {
        pdx__import_leave_out(import, where, "record %lld is not among the pairs",
                              (long long)number);
        return PDX_OK;
    }
    pdx__buf_clear(&import->id);
    pdx__buf_text(&import->id, pdx__strmap_get(&import->ids, all->record[number].pair));
    return import->id.status;
}

static pdx_status read_logp(pdx__import *import, void *context, const cJSON *record,
                            pdx__where where) {
    study *all = context;
    pdx__import_judgment judgment;
    pdx__import_judgment_init(&judgment);
    int known;
    PDX__TRY(go_to(import, all, all->next++, where, &known));
    PDX__TRY(pdx__json_double(record, "response_a", PDX__REQUIRED, &judgment.logp_first, where));
    PDX__TRY(pdx__json_double(record, "response_b", PDX__REQUIRED, &judgment.logp_second, where));
    if (!known) return PDX_OK;
    judgment.judge = all->judge.data;
    judgment.order = all->order;
    double lead = judgment.logp_first - judgment.logp_second;
    judgment.winner = lead == 0                                        ? PDX_WINNER_TIE
                      : (lead > 0) == (judgment.order == PDX_ORDER_AB) ? PDX_WINNER_A
                                                                       : PDX_WINNER_B;
    return pdx__import_add_judgment(import, &judgment, where);
}

static pdx_status read_labels(pdx__import *import, study *all, const char *path) {
    cJSON *root;
    pdx__where where = {path, 0};
    PDX__TRY(parse_whole(path, &root));
    pdx_status status = check_count(all, path, cJSON_GetArraySize(root));
    int64_t number = 0;
    for (const cJSON *label = root->child; label && status == PDX_OK; label = label->next) {
        pdx__import_judgment judgment;
        pdx__import_judgment_init(&judgment);
        int known = 0;
        status = pdx__import_tick(import);
        if (status == PDX_OK) status = go_to(import, all, number++, where, &known);
        if (status != PDX_OK) break;
        const char *text = cJSON_IsString(label) ? label->valuestring : "";
        if (strcmp(text, "A") && strcmp(text, "B"))
            status =
                pdx__fail_at(PDX_EPARSE, path, 0, "label %lld: expected \"A\" or \"B\", found %s",
                             (long long)number, pdx__json_type(label));
        if (status != PDX_OK || !known) continue;
        judgment.judge = all->judge.data;
        judgment.winner = text[0] == 'A' ? PDX_WINNER_A : PDX_WINNER_B;
        status = pdx__import_add_judgment(import, &judgment, where);
    }
    cJSON_Delete(root);
    return status;
}

/* ---- All of it ---- */

/* The records of a file are counted, so that files can be checked against each other. */
static pdx_status read_records(pdx__import *import, study *all, const char *path,
                               pdx__record_fn each) {
    all->next = 0;
    PDX__TRY(pdx__import_records(import, path, each, all));
    return check_count(all, path, all->next);
}

static pdx_status label_count(study *all, const char *path) {
    cJSON *root;
    PDX__TRY(parse_whole(path, &root));
    pdx_status status = check_count(all, path, cJSON_GetArraySize(root));
    cJSON_Delete(root);
    return status;
}

static pdx_status count_one(pdx__import *import, void *context, const cJSON *record,
                            pdx__where where) {
    (void)import, (void)record, (void)where;
    ++((study *)context)->next;
    return PDX_OK;
}

static pdx_status run(pdx__import *import, study *all, const kind *kinds) {
    int raw = 0, rows = 0, resolved = 0;
    for (int32_t i = 0; i < import->path_count; ++i) {
        const char *path = import->paths[i];
        raw += kinds[i] == RAW;
        rows += kinds[i] == ROWS;
        resolved += kinds[i] == RESOLVED;
        if (kinds[i] == RESOLVED) PDX__TRY(read_records(import, all, path, read_resolved));
        if (kinds[i] == GROUPS) PDX__TRY(read_groups(all, path));
    }
    PDX__REQUIRE(raw + rows <= 1 && resolved + rows <= 1,
                 "li2024: expected one file of records and one of resolved ones");
    if (rows + resolved) PDX__TRY(pdx__import_use_schema(import, all->schema));
    for (int32_t i = 0; i < import->path_count; ++i) {
        const char *path = import->paths[i];
        if (kinds[i] == RAW) PDX__TRY(read_records(import, all, path, read_raw));
        if (kinds[i] == ROWS) PDX__TRY(read_records(import, all, path, read_row));
        if (raw + rows) continue;
        if (kinds[i] == LABELS) PDX__TRY(label_count(all, path));
        if (kinds[i] == LOGP) PDX__TRY(read_records(import, all, path, count_one));
    }
    if (!(raw + rows)) PDX__TRY(bare_records(import, all, all->counted_in));
    for (int32_t i = 0; i < import->path_count; ++i) {
        const char *path = import->paths[i];
        if (kinds[i] != LABELS && kinds[i] != LOGP) continue;
        PDX__TRY(judge_of(all, path));
        if (kinds[i] == LABELS) PDX__TRY(read_labels(import, all, path));
        else if (all->order == PDX_ORDER_UNKNOWN)
            return pdx__fail_at(PDX_EINVAL, path, 0,
                                "the name must end in _AB or _BA: the order stands nowhere else");
        else PDX__TRY(read_records(import, all, path, read_logp));
    }
    return PDX_OK;
}

pdx_status pdx__import_li2024(pdx__import *import) {
    study all;
    memset(&all, 0, sizeof all);
    all.count = -1;
    kind *kinds = pdx__alloc((size_t)import->path_count, sizeof *kinds);
    pdx_status status = kinds ? pdx_schema_builtin(&all.schema, "li2024") : PDX_ENOMEM;
    for (int32_t i = 0; i < import->path_count && status == PDX_OK; ++i)
        status = kind_of_file(import, import->paths[i], &kinds[i]);
    if (status == PDX_OK) status = run(import, &all, kinds);
    pdx__free(kinds);
    pdx__free(all.record);
    pdx__strmap_free(&all.groups);
    pdx_schema_free(all.schema);
    pdx__buf_free(&all.judge);
    return status;
}
