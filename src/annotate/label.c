/* What annotators say of queries, put into the pairs: "scenario" and "cases", so that they can
 * group and filter. Lines are copied as they stand; a field that is there already is left alone. */
#include <string.h>

#include "annotate/prompts.h"
#include "annotate/rows.h"
#include "core/file.h"
#include "core/json_lines.h"
#include "core/strmap.h"

typedef struct label {
    int64_t scenario; /* in `names`, counted from 1; 0: none */
    uint32_t facts;   /* bits */
} label;

typedef struct labels {
    pdx__strmap ids, names, facts;
    label *list; /* [ids] */
    size_t capacity;
} labels;

static pdx_status take_facts(labels *l, label *of, const cJSON *values) {
    of->facts = 0;
    for (const cJSON *fact = values->child; fact; fact = fact->next) {
        int64_t index;
        if (!cJSON_IsTrue(fact) && !(cJSON_IsArray(fact) && fact->child)) continue;
        PDX__TRY(pdx__strmap_add(&l->facts, fact->string, strlen(fact->string), &index, NULL));
        PDX__REQUIRE(index < PDX__MOST_FACTS, "more than %d query facts", PDX__MOST_FACTS);
        of->facts |= 1u << index;
    }
    return PDX_OK;
}

/* The first repeat speaks for the query. */
static pdx_status take_annotation(void *context, const cJSON *row, const pdx__lines *lines) {
    labels *l = context;
    pdx__where where = {lines->path, lines->number};
    pdx__row_key key;
    int64_t index, name;
    const cJSON *values = cJSON_GetObjectItemCaseSensitive(row, "values");
    PDX__TRY(pdx__row_key_read(&key, row, where));
    if (key.repeat || !cJSON_IsObject(values) ||
        (key.stage != PDX_ANNOTATE_QUERY && key.stage != PDX_ANNOTATE_SCENARIO))
        return PDX_OK;
    size_t before = l->capacity;
    PDX__TRY(pdx__strmap_add(&l->ids, key.id, strlen(key.id), &index, NULL));
    PDX__TRY(pdx__grow(&l->list, &l->capacity, (size_t)index + 1, sizeof *l->list));
    for (size_t i = before; i < l->capacity; ++i) l->list[i] = (label){0, 0};
    if (key.stage == PDX_ANNOTATE_QUERY) return take_facts(l, &l->list[index], values);
    const char *scenario = NULL;
    PDX__TRY(pdx__json_string(values, "scenario", PDX__REQUIRED, &scenario, where));
    PDX__TRY(pdx__strmap_add(&l->names, scenario, strlen(scenario), &name, NULL));
    l->list[index].scenario = name + 1;
    return PDX_OK;
}

typedef struct copying {
    labels *l;
    pdx__writer out;
    pdx__buf line;
} copying;

static int32_t lacks(const cJSON *row, const char *key) {
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(row, key);
    return !value || cJSON_IsNull(value);
}

static void put_labels(copying *c, const cJSON *row, const label *of) {
    pdx__buf *out = &c->line;
    if (of->scenario && lacks(row, "scenario")) {
        const char *name = pdx__strmap_get(&c->l->names, of->scenario - 1);
        pdx__buf_text(out, ",\"scenario\":");
        pdx__buf_json_string(out, name, strlen(name));
    }
    if (!lacks(row, "cases")) return;
    pdx__buf_text(out, ",\"cases\":[");
    for (int64_t f = 0, any = 0; f < c->l->facts.count; ++f) {
        const char *name = pdx__strmap_get(&c->l->facts, f);
        if (!(of->facts >> f & 1)) continue;
        pdx__buf_text(out, any++ ? "," : "");
        pdx__buf_json_string(out, name, strlen(name));
    }
    pdx__buf_char(out, ']');
}

static pdx_status copy_pair(void *context, const cJSON *row, const pdx__lines *lines) {
    copying *c = context;
    const char *id = NULL;
    PDX__TRY(
        pdx__json_string(row, "id", PDX__REQUIRED, &id, (pdx__where){lines->path, lines->number}));
    int64_t index = pdx__strmap_find(&c->l->ids, id, strlen(id));
    size_t length = lines->length;
    while (length && lines->line[length - 1] != '}') --length;
    pdx__buf_clear(&c->line);
    pdx__buf_append(&c->line, lines->line, length - 1);
    if (index >= 0) put_labels(c, row, &c->l->list[index]);
    pdx__buf_text(&c->line, "}\n");
    PDX__TRY(c->line.status);
    return pdx__writer_append(&c->out, c->line.data, c->line.length);
}

pdx_status pdx_annotations_label(const char *pairs, const char *annotations, const char *out) {
    PDX__REQUIRE(pairs && annotations && out, "pdx_annotations_label: an argument is NULL");
    labels l = {.capacity = 0};
    copying c = {.l = &l};
    pdx_status status = pdx__json_lines(annotations, take_annotation, &l);
    if (status == PDX_OK) status = pdx__writer_open(&c.out, out);
    if (status == PDX_OK) {
        status = pdx__json_lines(pairs, copy_pair, &c);
        if (status == PDX_OK) status = pdx__writer_commit(&c.out);
        else pdx__writer_abandon(&c.out);
    }
    pdx__buf_free(&c.line);
    pdx__strmap_free(&l.ids);
    pdx__strmap_free(&l.names);
    pdx__strmap_free(&l.facts);
    pdx__free(l.list);
    return status;
}
