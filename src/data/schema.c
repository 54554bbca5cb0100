/* Schemas: the handle, built in or from names; and the comparison of two values. The tables of the
 * built-in ones are in schema_builtin.c, files in schema_json.c. */
#include "schema.h"

#include <math.h>
#include <string.h>

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
pdx_property pdx__schema_plain_property(const char *id) {
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
    for (int32_t i = 0; i < count; ++i) properties[i] = pdx__schema_plain_property(names[i]);
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
