/* A schema inside the library: an array of properties whose texts it owns. */
#ifndef PDX_DATA_SCHEMA_H
#define PDX_DATA_SCHEMA_H

#include <prefdissect/schema.h>

#include "core/buf.h"
#include "core/strmap.h"

struct pdx_schema {
    char *name;
    int32_t count;
    pdx_property *property; /* texts are owned blocks */
    pdx__strmap ids;        /* number of an id = number of its property */
};

/* Tables of schema_builtin.c; NULL where there is no such name. */
const pdx_property *pdx__builtin_properties(const char *name, int32_t *count);

/* Makes a schema of `count` properties whose texts are copied. PDX_EINVAL: a NULL, empty or
 * repeated id. */
pdx_status pdx__schema_create(pdx_schema **out, const char *name, const pdx_property *properties,
                              int32_t count);
pdx_status pdx__schema_copy(pdx_schema **out, const pdx_schema *schema);
/* `first` and then `second`; PDX_EINVAL names an id that both have. */
pdx_status pdx__schema_join(pdx_schema **out, const pdx_schema *first, const pdx_schema *second);

/* A property that is only its id: what holds where a file says nothing else. */
pdx_property pdx__schema_plain_property(const char *id);

struct cJSON;
/* From {"name", "properties": [...]} or {"features": [...]} (schema.h); a property may be just its
 * id. Errors name the property's number and the key. */
pdx_status pdx__schema_from_json(pdx_schema **out, const struct cJSON *object, pdx__where where);
/* `"name":...,"properties":[...]`, without the braces around. */
void pdx__schema_json(pdx__buf *out, const pdx_schema *schema);

#endif
