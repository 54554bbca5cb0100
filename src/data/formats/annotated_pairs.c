/* AnnotatedPairs 2.0 (feedback-forensics, ICAI): one JSON object. An annotator of the type
 * "principle" is a property: a -> 1, b -> -1, no preference -> 0; every other annotator is a judge
 * whose order is not known. A judge without a preference: "both" and "neither" are ties, all else
 * is no verdict. What a comparison's metadata says becomes fields of the pair. */
#include "import.h"

#include <string.h>

#include "data/schema.h"

typedef struct annotators {
    const cJSON **principle; /* entries of "annotators" */
    int32_t principles;
    size_t capacity;
    double *value; /* one per principle */
} annotators;

static const char *text_of(const cJSON *object, const char *key) {
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsString(value) ? value->valuestring : NULL;
}

static int is_principle(const cJSON *annotator) {
    const char *type = text_of(annotator, "type");
    return type && !strcmp(type, "principle");
}

static pdx_status list_principles(const cJSON *all, annotators *out, pdx__where where) {
    for (const cJSON *annotator = all->child; annotator; annotator = annotator->next) {
        if (!cJSON_IsObject(annotator))
            return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                                "field 'annotators', '%.80s': expected an object, found %s",
                                annotator->string, pdx__json_type(annotator));
        if (!is_principle(annotator)) continue;
        PDX__TRY(pdx__grow(&out->principle, &out->capacity, (size_t)out->principles + 1,
                           sizeof *out->principle));
        out->principle[out->principles++] = annotator;
    }
    out->value = pdx__alloc((size_t)out->principles, sizeof *out->value);
    return out->value ? PDX_OK : PDX_ENOMEM;
}

static pdx_status write_schema(pdx__import *import, const annotators *all, const char *path) {
    if (!all->principles) return PDX_OK;
    pdx_property *property = pdx__alloc_zero((size_t)all->principles, sizeof *property);
    if (!property) return PDX_ENOMEM;
    for (int32_t i = 0; i < all->principles; ++i) {
        const cJSON *principle = all->principle[i];
        property[i].id = principle->string;
        property[i].description = text_of(principle, "description");
        property[i].name = text_of(principle, "name");
        if (!property[i].name) property[i].name = property[i].description;
        property[i].stage = PDX_STAGE_QUERY_AWARE;
        property[i].rule = PDX_RULE_SIGN;
        property[i].polarity = 1;
        property[i].scale_least = -1;
        property[i].scale_most = 1;
    }
    pdx_schema *schema;
    pdx_status status = pdx__schema_create(&schema, "annotated-pairs", property, all->principles);
    if (status == PDX_EINVAL)
        status =
            pdx__fail_at(PDX_EPARSE, path, 0, "field 'annotators': an id is empty or occurs twice");
    pdx__free(property);
    if (status == PDX_OK) status = pdx__import_use_schema(import, schema);
    pdx_schema_free(schema);
    return status;
}

/* "a", "b" and what older exports write for them. */
static int32_t preference(const cJSON *annotation) {
    const char *text = text_of(annotation, "pref");
    if (text && (!strcmp(text, "a") || !strcmp(text, "text_a"))) return PDX_WINNER_A;
    if (text && (!strcmp(text, "b") || !strcmp(text, "text_b"))) return PDX_WINNER_B;
    const char *why = text_of(annotation, "no_pref_reason");
    if (why && (!strcmp(why, "both") || !strcmp(why, "neither"))) return PDX_WINNER_TIE;
    return PDX_WINNER_NONE;
}

/* A judge's name, or its id where the name is missing or is another's too. */
static const char *judge_name(const cJSON *all, const cJSON *judge) {
    const char *name = text_of(judge, "name");
    if (!name) return judge->string;
    for (const cJSON *other = all->child; other; other = other->next) {
        const char *others = other == judge || is_principle(other) ? NULL : text_of(other, "name");
        if (others && !strcmp(others, name)) return judge->string;
    }
    return name;
}

static pdx_status judge(pdx__import *import, const cJSON *all, const cJSON *annotations,
                        pdx__where where) {
    for (const cJSON *entry = annotations->child; entry; entry = entry->next) {
        const cJSON *annotator = cJSON_GetObjectItemCaseSensitive(all, entry->string);
        if (!annotator)
            return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                                "field 'annotations': '%.80s' is not among the annotators",
                                entry->string);
        if (is_principle(annotator)) continue;
        pdx__import_judgment judgment;
        pdx__import_judgment_init(&judgment);
        judgment.judge = judge_name(all, annotator);
        judgment.winner = preference(entry);
        PDX__TRY(pdx__import_add_judgment(import, &judgment, where));
    }
    return PDX_OK;
}

static pdx_status features(pdx__import *import, annotators *all, const cJSON *annotations) {
    for (int32_t i = 0; i < all->principles; ++i) {
        const cJSON *entry =
            cJSON_GetObjectItemCaseSensitive(annotations, all->principle[i]->string);
        int32_t winner = preference(entry);
        all->value[i] = winner == PDX_WINNER_A ? 1 : winner == PDX_WINNER_B ? -1 : 0;
    }
    return pdx__import_add_features(import, all->principles, all->value, all->value);
}

static int is_ours(const char *key) {
    static const char *const ours[] = {"id",      "query",   "response_a", "response_b", "scenario",
                                       "model_a", "model_b", "reference",  "cases"};
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; ++i)
        if (!strcmp(key, ours[i])) return 1;
    return 0;
}

static pdx_status comparison(pdx__import *import, const cJSON *all, annotators *list,
                             const cJSON *record, pdx__where where) {
    pdx__buf id = PDX__BUF_EMPTY, extra = PDX__BUF_EMPTY;
    pdx__import_pair pair = {0};
    const cJSON *a = NULL, *b = NULL, *annotations = NULL, *metadata = NULL;
    const char *name = "";
    int fresh;
    pdx_status status;
    PDX__GO(pdx__json_string(record, "id", PDX__OPTIONAL, &name, where));
    PDX__GO(pdx__json_object(record, "response_a", PDX__REQUIRED, &a, where));
    PDX__GO(pdx__json_object(record, "response_b", PDX__REQUIRED, &b, where));
    PDX__GO(pdx__json_object(record, "annotations", PDX__REQUIRED, &annotations, where));
    PDX__GO(pdx__json_object(record, "metadata", PDX__OPTIONAL, &metadata, where));
    PDX__GO(pdx__json_string(a, "text", PDX__REQUIRED, &pair.response_a, where));
    PDX__GO(pdx__json_string(b, "text", PDX__REQUIRED, &pair.response_b, where));
    PDX__GO(pdx__json_string(a, "model", PDX__OPTIONAL, &pair.model_a, where));
    PDX__GO(pdx__json_string(b, "model", PDX__OPTIONAL, &pair.model_b, where));
    PDX__GO(pdx__json_string(record, "prompt", PDX__OPTIONAL, &pair.query, where));
    const cJSON *field = metadata ? metadata->child : NULL;
    for (; field; field = field->next)
        if (!is_ours(field->string)) pdx__import_extra_value(&extra, field->string, field);
    pdx__buf_printf(&id, "annotated-pairs/%s", name);
    PDX__GO(id.status);
    PDX__GO(extra.status);
    pair.id = id.data;
    pair.extra = extra.data;
    PDX__GO(pdx__import_add_pair(import, &pair, &fresh));
    if (fresh && list->principles) PDX__GO(features(import, list, annotations));
    status = judge(import, all, annotations, where);
done:
    pdx__buf_free(&id);
    pdx__buf_free(&extra);
    return status;
}

static pdx_status document(pdx__import *import, const cJSON *root, const char *path,
                           annotators *list) {
    pdx__where where = {path, 0};
    const cJSON *metadata = NULL, *all = NULL, *comparisons = NULL;
    const char *version = "2.0";
    PDX__TRY(pdx__json_object(root, "metadata", PDX__OPTIONAL, &metadata, where));
    if (metadata) PDX__TRY(pdx__json_string(metadata, "version", PDX__OPTIONAL, &version, where));
    if (strncmp(version, "2.", 2) && strcmp(version, "2"))
        return pdx__fail_at(PDX_EUNSUPPORTED, path, 0, "version '%.20s', expected 2.0", version);
    PDX__TRY(pdx__json_object(root, "annotators", PDX__REQUIRED, &all, where));
    PDX__TRY(pdx__json_array(root, "comparisons", PDX__REQUIRED, &comparisons, where));
    PDX__TRY(list_principles(all, list, where));
    PDX__TRY(write_schema(import, list, path));
    int64_t number = 0;
    for (const cJSON *record = comparisons->child; record; record = record->next) {
        PDX__TRY(pdx__import_tick(import));
        ++number;
        pdx_status status = comparison(import, all, list, record, where);
        if (status == PDX_EPARSE) pdx__import_add_record_number(number);
        PDX__TRY(status);
    }
    return PDX_OK;
}

pdx_status pdx__import_annotated_pairs(pdx__import *import) {
    PDX__REQUIRE(import->path_count == 1,
                 "annotated-pairs: expected one file, as each has properties of its own");
    pdx__buf file = PDX__BUF_EMPTY;
    cJSON *root = NULL;
    annotators list = {NULL, 0, 0, NULL};
    pdx_status status;
    const char *path = import->paths[0];
    pdx__where where = {path, 0};
    PDX__GO(pdx__file_read(path, 0, &file));
    size_t mark = file.length >= 3 && !memcmp(file.data, "\xEF\xBB\xBF", 3) ? 3 : 0;
    PDX__GO(pdx__json_parse(&root, file.data + mark, file.length - mark, where));
    pdx__buf_free(&file);
    status = document(import, root, path, &list);
done:
    pdx__buf_free(&file);
    pdx__free(list.principle);
    pdx__free(list.value);
    cJSON_Delete(root);
    return status;
}
