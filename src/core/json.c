/* Typed, located access to cJSON trees. */
#include "json.h"

#include <math.h>
#include <string.h>

#include "utf8.h"

enum { DEEPEST = 200 };

static int too_deep(const char *text, size_t length) {
    int depth = 0, in_string = 0;
    for (size_t i = 0; i < length; ++i) {
        char c = text[i];
        if (in_string) {
            if (c == '\\') ++i;
            else if (c == '"') in_string = 0;
        } else if (c == '"') in_string = 1;
        else if (c == '{' || c == '[') {
            if (++depth > DEEPEST) return 1;
        } else if (c == '}' || c == ']') --depth;
    }
    return 0;
}

pdx_status pdx__json_parse(cJSON **out, const char *text, size_t length, pdx__where where) {
    *out = NULL;
    size_t valid = pdx__utf8_valid_length(text, length);
    if (valid < length)
        return pdx__fail_at(PDX_EPARSE, where.file, where.line, "not UTF-8 at byte %zu", valid + 1);
    if (memchr(text, 0, length))
        return pdx__fail_at(PDX_EPARSE, where.file, where.line, "a NUL byte in the text");
    if (too_deep(text, length))
        return pdx__fail_at(PDX_EPARSE, where.file, where.line, "JSON nested deeper than %d",
                            DEEPEST);
    const char *end = NULL;
    cJSON *tree = cJSON_ParseWithLengthOpts(text, length, &end, 0);
    if (!tree) {
        size_t at = end && end >= text ? (size_t)(end - text) : 0;
        if (at >= length)
            return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                                "broken JSON: the text ends too early (or memory is out)");
        return pdx__fail_at(PDX_EPARSE, where.file, where.line, "broken JSON at byte %zu", at + 1);
    }
    while (end < text + length && (*end == ' ' || *end == '\t' || *end == '\r' || *end == '\n'))
        ++end;
    if (end < text + length) {
        cJSON_Delete(tree);
        return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                            "more text after the JSON value, at byte %zu",
                            (size_t)(end - text) + 1);
    }
    *out = tree;
    return PDX_OK;
}

const char *pdx__json_type(const cJSON *value) {
    if (!value) return "nothing";
    if (cJSON_IsNull(value)) return "null";
    if (cJSON_IsBool(value)) return "true or false";
    if (cJSON_IsNumber(value)) return "a number";
    if (cJSON_IsString(value)) return "a string";
    if (cJSON_IsArray(value)) return "a list";
    return "an object";
}

/* The member, NULL where it may be and is absent; `wrong` says whether to fail. */
static pdx_status member(const cJSON *object, const char *key, int required,
                         cJSON_bool (*is)(const cJSON *), const char *wanted, const cJSON **out,
                         pdx__where where) {
    *out = NULL;
    if (!cJSON_IsObject(object))
        return pdx__fail_at(PDX_EPARSE, where.file, where.line, "expected an object, found %s",
                            pdx__json_type(object));
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, key);
    if (!value || cJSON_IsNull(value)) {
        if (required)
            return pdx__fail_at(PDX_EPARSE, where.file, where.line, "field '%s' is missing", key);
        return PDX_OK;
    }
    if (!is(value))
        return pdx__fail_at(PDX_EPARSE, where.file, where.line, "field '%s': expected %s, found %s",
                            key, wanted, pdx__json_type(value));
    *out = value;
    return PDX_OK;
}

pdx_status pdx__json_string(const cJSON *object, const char *key, int required, const char **out,
                            pdx__where where) {
    const cJSON *value;
    PDX__TRY(member(object, key, required, cJSON_IsString, "a string", &value, where));
    if (value) *out = value->valuestring;
    return PDX_OK;
}

pdx_status pdx__json_double(const cJSON *object, const char *key, int required, double *out,
                            pdx__where where) {
    const cJSON *value;
    PDX__TRY(member(object, key, required, cJSON_IsNumber, "a number", &value, where));
    if (!value) return PDX_OK;
    if (!isfinite(value->valuedouble))
        return pdx__fail_at(PDX_EPARSE, where.file, where.line, "field '%s' is not a finite number",
                            key);
    *out = value->valuedouble;
    return PDX_OK;
}

pdx_status pdx__json_int(const cJSON *object, const char *key, int required, int64_t *out,
                         pdx__where where) {
    double number = NAN;
    PDX__TRY(pdx__json_double(object, key, required, &number, where));
    if (isnan(number)) return PDX_OK;
    if (number != floor(number) || fabs(number) > 9007199254740992.0)
        return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                            "field '%s': expected a whole number", key);
    *out = (int64_t)number;
    return PDX_OK;
}

pdx_status pdx__json_bool(const cJSON *object, const char *key, int required, int32_t *out,
                          pdx__where where) {
    const cJSON *value;
    PDX__TRY(member(object, key, required, cJSON_IsBool, "true or false", &value, where));
    if (value) *out = cJSON_IsTrue(value) ? 1 : 0;
    return PDX_OK;
}

pdx_status pdx__json_array(const cJSON *object, const char *key, int required, const cJSON **out,
                           pdx__where where) {
    const cJSON *value;
    PDX__TRY(member(object, key, required, cJSON_IsArray, "a list", &value, where));
    if (value) *out = value;
    return PDX_OK;
}

pdx_status pdx__json_object(const cJSON *object, const char *key, int required, const cJSON **out,
                            pdx__where where) {
    const cJSON *value;
    PDX__TRY(member(object, key, required, cJSON_IsObject, "an object", &value, where));
    if (value) *out = value;
    return PDX_OK;
}

pdx_status pdx__json_doubles(const cJSON *array, const char *key, int64_t count, double *out,
                             pdx__where where) {
    if (!cJSON_IsArray(array))
        return pdx__fail_at(PDX_EPARSE, where.file, where.line, "field '%s': expected a list", key);
    int64_t i = 0;
    for (const cJSON *value = array->child; value; value = value->next, ++i) {
        if (i == count) break;
        if (!cJSON_IsNumber(value) || !isfinite(value->valuedouble))
            return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                                "field '%s', entry %lld: expected a finite number, found %s", key,
                                (long long)i + 1, pdx__json_type(value));
        out[i] = value->valuedouble;
    }
    int64_t size = cJSON_GetArraySize(array);
    if (size != count)
        return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                            "field '%s': expected %lld numbers, found %lld", key, (long long)count,
                            (long long)size);
    return PDX_OK;
}
