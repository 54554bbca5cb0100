/* Schemas: built in, from names, from JSON and back; and the comparison of two values. The tables
 * of the built-in ones are in schema_builtin.c. */
#include "schema.h"

#include <math.h>
#include <string.h>

#include "core/file.h"

static const char *const stage_names[] = {"query-free", "query-aware", "query-specific",
                                          "error",      "computed",    NULL};
static const char *const rule_names[] = {"sign", "rel", "abs", "nonzero", "count", "length", NULL};
static const char *const kind_names[] = {"int", "rel", "real", NULL};
static const int32_t kind_rules[] = {PDX_RULE_SIGN, PDX_RULE_REL, PDX_RULE_ABS};

void pdx_schema_free(pdx_schema *schema) {
    if (!schema) return;
    for (int32_t i = 0; schema->property && i < schema->count; ++i) {
        pdx__free((char *)schema->property[i].id);
        pdx__free((char *)schema->property[i].name);
        pdx__free((char *)schema->property[i].description);
        pdx__free((char *)schema->property[i].depends_on);
    }
    pdx__free(schema->property);
    pdx__free(schema->name);
    pdx__strmap_free(&schema->ids);
    pdx__free(schema);
}

static pdx_status copy_property(pdx_property *to, const pdx_property *from) {
    *to = *from;
    to->id = pdx__strdup(from->id);
    to->name = pdx__strdup(from->name ? from->name : from->id);
    to->description = pdx__strdup(from->description ? from->description : "");
    to->depends_on = from->depends_on ? pdx__strdup(from->depends_on) : NULL;
    return to->id && to->name && to->description && (to->depends_on || !from->depends_on)
               ? PDX_OK
               : PDX_ENOMEM;
}

pdx_status pdx__schema_create(pdx_schema **out, const char *name, const pdx_property *properties,
                              int32_t count) {
    *out = NULL;
    pdx_schema *schema = pdx__alloc_zero(1, sizeof *schema);
    if (!schema) return PDX_ENOMEM;
    pdx_status status = PDX_OK;
    schema->name = pdx__strdup(name);
    schema->property = pdx__alloc_zero((size_t)count, sizeof *schema->property);
    if (!schema->name || !schema->property) status = PDX_ENOMEM;
    for (int32_t i = 0; status == PDX_OK && i < count; ++i) {
        const char *id = properties[i].id;
        int64_t index;
        int added;
        if (!id || !*id) {
            status = pdx__fail(PDX_EINVAL, "property %d has no id", i + 1);
            break;
        }
        status = pdx__strmap_add(&schema->ids, id, strlen(id), &index, &added);
        if (status == PDX_OK && !added)
            status = pdx__fail(PDX_EINVAL, "property %d: the id '%s' occurs twice", i + 1, id);
        if (status != PDX_OK) break;
        schema->count = i + 1;
        status = copy_property(&schema->property[i], &properties[i]);
    }
    if (status != PDX_OK) pdx_schema_free(schema);
    else *out = schema;
    return status;
}

pdx_status pdx__schema_copy(pdx_schema **out, const pdx_schema *schema) {
    return pdx__schema_create(out, schema->name, schema->property, schema->count);
}

pdx_status pdx__schema_join(pdx_schema **out, const pdx_schema *first, const pdx_schema *second) {
    *out = NULL;
    int32_t count = first->count + second->count;
    pdx_property *all = pdx__alloc((size_t)count, sizeof *all);
    if (!all) return PDX_ENOMEM;
    memcpy(all, first->property, (size_t)first->count * sizeof *all);
    memcpy(all + first->count, second->property, (size_t)second->count * sizeof *all);
    pdx__buf name = PDX__BUF_EMPTY;
    pdx__buf_printf(&name, "%s+%s", first->name, second->name);
    pdx_status status = name.status;
    if (status == PDX_OK) status = pdx__schema_create(out, name.data, all, count);
    pdx__buf_free(&name);
    pdx__free(all);
    return status;
}

pdx_status pdx_schema_builtin(pdx_schema **out, const char *name) {
    PDX__REQUIRE(out, "pdx_schema_builtin: 'out' is NULL");
    *out = NULL;
    PDX__REQUIRE(name, "pdx_schema_builtin: 'name' is NULL");
    int32_t count;
    const pdx_property *properties = pdx__builtin_properties(name, &count);
    if (!properties)
        return pdx__fail(PDX_ENOTFOUND, "no built-in schema '%s' (there are li2024 and surface)",
                         name);
    return pdx__schema_create(out, name, properties, count);
}

/* What holds where a file says nothing. */
static pdx_property plain_property(const char *id) {
    return (pdx_property){.id = id,
                          .stage = PDX_STAGE_COMPUTED,
                          .rule = PDX_RULE_SIGN,
                          .polarity = 1,
                          .scale_least = -INFINITY,
                          .scale_most = INFINITY};
}

pdx_status pdx_schema_from_names(pdx_schema **out, const char *const *names, int32_t count) {
    PDX__REQUIRE(out, "pdx_schema_from_names: 'out' is NULL");
    *out = NULL;
    PDX__REQUIRE(names && count > 0, "pdx_schema_from_names: no names");
    pdx_property *properties = pdx__alloc((size_t)count, sizeof *properties);
    if (!properties) return PDX_ENOMEM;
    for (int32_t i = 0; i < count; ++i) properties[i] = plain_property(names[i]);
    pdx_status status = pdx__schema_create(out, "names", properties, count);
    pdx__free(properties);
    return status;
}

int32_t pdx_schema_count(const pdx_schema *schema) { return schema ? schema->count : 0; }

const char *pdx_schema_name(const pdx_schema *schema) { return schema ? schema->name : NULL; }

const pdx_property *pdx_schema_property(const pdx_schema *schema, int32_t index) {
    return schema && index >= 0 && index < schema->count ? &schema->property[index] : NULL;
}

int32_t pdx_schema_find(const pdx_schema *schema, const char *id) {
    if (!schema || !id) return -1;
    int64_t index = pdx__strmap_find(&schema->ids, id, strlen(id));
    for (int32_t i = 0; index < 0 && i < schema->count; ++i)
        if (!strcmp(schema->property[i].name, id)) index = i;
    return (int32_t)index;
}

static int32_t sign(double x) { return (x > 0) - (x < 0); }

/* The original's thresholds (GAIR-NLP/Preference-Dissection, annotation_codes/
 * resolve_collected_data.py): up to 11 words the longer response must reach a tabled length, above
 * that it must be longer both by a ratio and by a number of words. */
static int32_t compare_lengths(double a, double b) {
    static const int8_t longer_from[12] = {1, 3, 5, 7, 8, 10, 11, 13, 14, 16, 17, 19};
    double shorter = fmin(a, b), longer = fmax(a, b), gap = longer - shorter;
    int apart;
    if (shorter <= 11) apart = shorter >= 0 && longer >= longer_from[(int)shorter];
    else
        apart = (shorter <= 0.7 * longer && gap >= 10) || (shorter <= 0.8 * longer && gap >= 20) ||
                (shorter <= 0.9 * longer && gap >= 40);
    return apart ? sign(a - b) : 0;
}

int32_t pdx_property_compare(const pdx_property *property, double a, double b) {
    if (!property || isnan(a) || isnan(b)) return 0;
    /* Values rounded to decimals must not fall out of a tolerance by their last bit. */
    const double slack = 1e-12;
    int32_t result = sign(a - b);
    switch (property->rule) {
    case PDX_RULE_REL:
        if (fabs(a - b) <= property->tolerance * fmax(fabs(a), fabs(b)) + slack) result = 0;
        break;
    case PDX_RULE_ABS:
        if (fabs(a - b) <= property->tolerance + slack) result = 0;
        break;
    case PDX_RULE_NONZERO: result = (a > 0) - (b > 0); break;
    case PDX_RULE_COUNT: result = -result; break;
    case PDX_RULE_LENGTH: result = compare_lengths(a, b); break;
    default: break;
    }
    return property->polarity < 0 ? -result : result;
}

/* One property of a file ----------------------------------------------------------------------- */

static pdx_status named_value(const cJSON *object, const char *key, const char *const *names,
                              int32_t *out, pdx__where where) {
    const char *text = NULL;
    PDX__TRY(pdx__json_string(object, key, PDX__OPTIONAL, &text, where));
    if (!text) return PDX_OK;
    pdx__buf list = PDX__BUF_EMPTY;
    for (int32_t i = 0; names[i]; ++i) {
        if (!strcmp(names[i], text)) {
            pdx__buf_free(&list);
            *out = i;
            return PDX_OK;
        }
        pdx__buf_printf(&list, "%s%s", i ? ", " : "", names[i]);
    }
    pdx_status status = list.status != PDX_OK
                            ? list.status
                            : pdx__fail_at(PDX_EPARSE, where.file, where.line,
                                           "field '%s': '%s' is none of %s", key, text, list.data);
    pdx__buf_free(&list);
    return status;
}

static pdx_status read_scale(const cJSON *object, pdx_property *property, pdx__where where) {
    const cJSON *scale = NULL;
    PDX__TRY(pdx__json_array(object, "scale", PDX__OPTIONAL, &scale, where));
    if (!scale) return PDX_OK;
    double ends[2] = {-INFINITY, INFINITY};
    int n = 0, wrong = 0;
    for (const cJSON *end = scale->child; end; end = end->next, ++n) {
        if (n > 1 || (!cJSON_IsNumber(end) && !cJSON_IsNull(end))) wrong = 1;
        else if (cJSON_IsNumber(end)) ends[n] = end->valuedouble;
    }
    if (wrong || n != 2 || isnan(ends[0]) || !(ends[0] < ends[1]))
        return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                            "field 'scale': expected [least, most], least below most");
    property->scale_least = ends[0];
    property->scale_most = ends[1];
    return PDX_OK;
}

static pdx_status read_property(const cJSON *object, int from_features, pdx_property *property,
                                pdx__where where) {
    *property = plain_property(NULL);
    if (cJSON_IsString(object)) {
        property->id = object->valuestring;
        return PDX_OK;
    }
    PDX__TRY(pdx__json_string(object, from_features ? "name" : "id", PDX__REQUIRED, &property->id,
                              where));
    if (from_features) {
        int32_t kind = -1;
        PDX__TRY(named_value(object, "kind", kind_names, &kind, where));
        if (kind >= 0) property->rule = kind_rules[kind];
    }
    int64_t polarity = 1;
    PDX__TRY(pdx__json_string(object, "name", PDX__OPTIONAL, &property->name, where));
    PDX__TRY(pdx__json_string(object, "description", PDX__OPTIONAL, &property->description, where));
    PDX__TRY(pdx__json_string(object, "depends_on", PDX__OPTIONAL, &property->depends_on, where));
    PDX__TRY(named_value(object, "stage", stage_names, &property->stage, where));
    PDX__TRY(named_value(object, "rule", rule_names, &property->rule, where));
    PDX__TRY(pdx__json_int(object, "polarity", PDX__OPTIONAL, &polarity, where));
    PDX__TRY(pdx__json_bool(object, "promptable", PDX__OPTIONAL, &property->promptable, where));
    PDX__TRY(pdx__json_double(object, "tolerance", PDX__OPTIONAL, &property->tolerance, where));
    PDX__TRY(read_scale(object, property, where));
    if (polarity != 1 && polarity != -1)
        return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                            "field 'polarity' is %lld, must be 1 or -1", (long long)polarity);
    if (property->tolerance < 0)
        return pdx__fail_at(PDX_EPARSE, where.file, where.line, "field 'tolerance' is below 0");
    property->polarity = (int32_t)polarity;
    return PDX_OK;
}

/* The failing call knew the file only; says which property it was. */
static pdx_status in_property(pdx_status status, int32_t number, const char *id, pdx__where where) {
    if (status != PDX_EPARSE && status != PDX_EINVAL) return status;
    char reason[512];
    const char *message = pdx_error_message();
    size_t prefix = strlen(where.file);
    if (!strncmp(message, where.file, prefix)) {
        const char *after = strstr(message + prefix, ": ");
        if (after) message = after + 2;
    }
    size_t length = strlen(message);
    if (length >= sizeof reason) length = sizeof reason - 1;
    memcpy(reason, message, length);
    reason[length] = 0;
    if (!number) return pdx__fail_at(PDX_EPARSE, where.file, where.line, "%s", reason);
    return pdx__fail_at(PDX_EPARSE, where.file, where.line, "property %d%s%s%s: %s", number,
                        id ? " ('" : "", id ? id : "", id ? "')" : "", reason);
}

/* The line on which entry `index` of the list `key` of the outermost object begins. */
static int64_t line_of_entry(const char *text, const char *key, int32_t index) {
    const size_t length = strlen(key);
    int64_t line = 1;
    int depth = 0, quoted = 0, inside = 0;
    for (const char *p = text; *p; ++p) {
        line += *p == '\n';
        if (quoted) {
            if (*p == '\\' && p[1]) ++p;
            else quoted = *p != '"';
            continue;
        }
        if (inside && depth == 2 && index == 0 && !strchr(" \t\r\n,", *p)) return line;
        if (*p == '"') {
            quoted = 1;
            if (depth == 1) inside = !strncmp(p + 1, key, length) && p[length + 1] == '"';
        } else if (*p == '{' || *p == '[') {
            ++depth;
        } else {
            depth -= *p == '}' || *p == ']';
            index -= inside && depth == 2 && *p == ',';
        }
    }
    return 0;
}

/* text: the whole file, for the lines of its properties; NULL: the line is known. */
static pdx_status from_json(pdx_schema **out, const cJSON *object, const char *text,
                            pdx__where where) {
    *out = NULL;
    const cJSON *list = NULL;
    int64_t version = 1;
    PDX__TRY(pdx__json_int(object, "version", PDX__OPTIONAL, &version, where));
    if (version != 1)
        return pdx__fail_at(PDX_EUNSUPPORTED, where.file, where.line,
                            "version %lld is not known here, only 1", (long long)version);
    PDX__TRY(pdx__json_array(object, "features", PDX__OPTIONAL, &list, where));
    int from_features = list != NULL;
    if (!list) PDX__TRY(pdx__json_array(object, "properties", PDX__REQUIRED, &list, where));
    const char *name = "schema";
    PDX__TRY(pdx__json_string(object, "name", PDX__OPTIONAL, &name, where));
    int32_t count = cJSON_GetArraySize(list), i = 0;
    if (count == 0) return pdx__fail_at(PDX_EPARSE, where.file, where.line, "no properties");
    pdx_property *properties = pdx__alloc((size_t)count, sizeof *properties);
    if (!properties) return PDX_ENOMEM;
    pdx_status status = PDX_OK;
    for (const cJSON *item = list->child; item && status == PDX_OK; item = item->next, ++i) {
        status = read_property(item, from_features, &properties[i], where);
        if (status == PDX_OK) continue;
        if (text) where.line = line_of_entry(text, from_features ? "features" : "properties", i);
        status = in_property(status, i + 1, properties[i].id, where);
    }
    if (status == PDX_OK) {
        status = pdx__schema_create(out, name, properties, count);
        if (status != PDX_OK) status = in_property(status, 0, NULL, where);
    }
    pdx__free(properties);
    return status;
}

pdx_status pdx__schema_from_json(pdx_schema **out, const cJSON *object, pdx__where where) {
    return from_json(out, object, NULL, where);
}

pdx_status pdx_schema_load(pdx_schema **out, const char *path) {
    PDX__REQUIRE(out, "pdx_schema_load: 'out' is NULL");
    *out = NULL;
    PDX__REQUIRE(path, "pdx_schema_load: 'path' is NULL");
    pdx__buf text = PDX__BUF_EMPTY;
    cJSON *tree = NULL;
    pdx__where where = {path, 0};
    pdx_status status = pdx__file_read(path, (size_t)64 << 20, &text);
    if (status == PDX_OK && text.length == 0)
        status = pdx__fail_at(PDX_EPARSE, path, 0, "the file is empty");
    if (status == PDX_OK) status = pdx__json_parse(&tree, text.data, text.length, where);
    if (status == PDX_OK) status = from_json(out, tree, text.data, where);
    cJSON_Delete(tree);
    pdx__buf_free(&text);
    return status;
}

/* JSON out ------------------------------------------------------------------------------------- */

static void write_text(pdx__buf *out, const char *key, const char *text) {
    pdx__buf_printf(out, ",\"%s\":", key);
    pdx__buf_json_string(out, text, strlen(text));
}

static void write_property(pdx__buf *out, const pdx_property *p) {
    pdx__buf_text(out, "{\"id\":");
    pdx__buf_json_string(out, p->id, strlen(p->id));
    write_text(out, "name", p->name);
    write_text(out, "description", p->description);
    write_text(out, "stage", stage_names[p->stage]);
    write_text(out, "rule", rule_names[p->rule]);
    pdx__buf_printf(out, ",\"polarity\":%d,\"scale\":[", p->polarity);
    pdx__buf_json_double(out, p->scale_least);
    pdx__buf_char(out, ',');
    pdx__buf_json_double(out, p->scale_most);
    pdx__buf_text(out, "],\"tolerance\":");
    pdx__buf_json_double(out, p->tolerance);
    if (p->depends_on) write_text(out, "depends_on", p->depends_on);
    pdx__buf_printf(out, ",\"promptable\":%s}", p->promptable ? "true" : "false");
}

void pdx__schema_json(pdx__buf *out, const pdx_schema *schema) {
    pdx__buf_text(out, "\"name\":");
    pdx__buf_json_string(out, schema->name, strlen(schema->name));
    pdx__buf_text(out, ",\"properties\":[");
    for (int32_t i = 0; i < schema->count; ++i) {
        if (i) pdx__buf_char(out, ',');
        write_property(out, &schema->property[i]);
    }
    pdx__buf_char(out, ']');
}

pdx_status pdx_schema_save(const pdx_schema *schema, const char *path) {
    PDX__REQUIRE(schema && path, "pdx_schema_save: an argument is NULL");
    pdx__buf text = PDX__BUF_EMPTY;
    pdx__buf_text(&text, "{\"format\":\"prefdissect.schema\",\"version\":1,");
    pdx__schema_json(&text, schema);
    pdx__buf_text(&text, "}\n");
    pdx_status status = text.status;
    if (status == PDX_OK) status = pdx__file_write(path, text.data, text.length);
    pdx__buf_free(&text);
    return status;
}
