/* Schemas from JSON and back: schema.json and feature_names.json. Errors name the property and, for
 * whole files, the line on which it begins. */
#include <math.h>
#include <string.h>

#include "core/file.h"
#include "core/json.h"
#include "schema.h"

static const char *const stage_names[] = {"query-free", "query-aware", "query-specific",
                                          "error",      "computed",    NULL};
static const char *const rule_names[] = {"sign", "rel", "abs", "nonzero", "count", "length", NULL};
static const char *const kind_names[] = {"int", "rel", "real", NULL};
static const int32_t kind_rules[] = {PDX_RULE_SIGN, PDX_RULE_REL, PDX_RULE_ABS};

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
    *property = pdx__schema_plain_property(NULL);
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
