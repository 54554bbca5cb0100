/* JSON in: cJSON behind checks that name the file, line and field. JSON out is buf.h. */
#ifndef PDX_CORE_JSON_H
#define PDX_CORE_JSON_H

#include <cjson/cJSON.h>

#include "alloc.h"

/* Parses exactly one value that fills the text (white space around it allowed); strict UTF-8;
 * nesting deeper than 200 is refused. The caller frees *out with cJSON_Delete. */
pdx_status pdx__json_parse(cJSON **out, const char *text, size_t length, pdx__where where);

/* Members of an object. `required`: absence (or null) is an error; otherwise *out stays untouched
 * where the member is absent or null. A value of another type is always an error that names the
 * field. Strings are borrowed from the tree. */
enum { PDX__OPTIONAL = 0, PDX__REQUIRED = 1 };
pdx_status pdx__json_string(const cJSON *object, const char *key, int required, const char **out,
                            pdx__where where);
pdx_status pdx__json_double(const cJSON *object, const char *key, int required, double *out,
                            pdx__where where); /* finite */
pdx_status pdx__json_int(const cJSON *object, const char *key, int required, int64_t *out,
                         pdx__where where); /* a whole number */
pdx_status pdx__json_bool(const cJSON *object, const char *key, int required, int32_t *out,
                          pdx__where where);
pdx_status pdx__json_array(const cJSON *object, const char *key, int required, const cJSON **out,
                           pdx__where where);
pdx_status pdx__json_object(const cJSON *object, const char *key, int required, const cJSON **out,
                            pdx__where where);
/* An array of exactly `count` finite numbers into out[0..count). */
pdx_status pdx__json_doubles(const cJSON *array, const char *key, int64_t count, double *out,
                             pdx__where where);
/* "a string", "a number", ...: what a value is, for messages. */
const char *pdx__json_type(const cJSON *value);

#endif
