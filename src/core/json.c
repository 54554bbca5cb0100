/* Typed, located access to cJSON trees. */
#include "json.h"

#include <math.h>
#include <string.h>

#include "utf8.h"

enum { DEEPEST = 200 };

/* A strict reading of RFC 8259. cJSON is lenient ("01", control characters in strings), cuts
 * strings at a \u0000, and gives NULL both for broken text and for want of memory; after this check
 * NULL can only be memory. */
typedef struct reader {
    const char *at, *end;
    const char *wrong; /* what is wrong at `at` */
} reader;

static int refuse(reader *r, const char *what) {
    if (!r->wrong) r->wrong = r->at == r->end ? "the text ends too early" : what;
    return 0;
}

static void skip_space(reader *r) {
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\r' || *r->at == '\n'))
        ++r->at;
}

static int take(reader *r, char c) {
    if (r->at == r->end || *r->at != c) return 0;
    ++r->at;
    return 1;
}

static int take_digits(reader *r) {
    const char *start = r->at;
    while (r->at < r->end && *r->at >= '0' && *r->at <= '9') ++r->at;
    return r->at > start || refuse(r, "expected a digit");
}

static int check_number(reader *r) {
    take(r, '-');
    if (!take(r, '0') && !take_digits(r)) return 0;
    if (take(r, '.') && !take_digits(r)) return 0;
    if (take(r, 'e') || take(r, 'E')) {
        if (!take(r, '+')) take(r, '-');
        return take_digits(r);
    }
    return 1;
}

static int check_unit(reader *r, unsigned *unit) {
    *unit = 0;
    for (int i = 0; i < 4; ++i, ++r->at) {
        int c = r->at < r->end ? *r->at : 0;
        int digit = c >= '0' && c <= '9'                 ? c - '0'
                    : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
                                                         : -1;
        if (digit < 0) return refuse(r, "expected four hexadecimal digits");
        *unit = *unit * 16 + (unsigned)digit;
    }
    return 1;
}

static int check_escape(reader *r) {
    if (!take(r, 'u')) {
        if (r->at == r->end || !memchr("\"\\/bfnrt", *r->at, 8))
            return refuse(r, "an unknown escape in a string");
        ++r->at;
        return 1;
    }
    unsigned unit, low;
    if (!check_unit(r, &unit)) return 0;
    if (unit == 0) return refuse(r, "a NUL character in a string");
    if (unit < 0xd800 || unit > 0xdfff) return 1;
    if (unit > 0xdbff || !take(r, '\\') || !take(r, 'u') || !check_unit(r, &low) || low < 0xdc00 ||
        low > 0xdfff)
        return refuse(r, "half of a surrogate pair in a string");
    return 1;
}

static int check_string(reader *r) {
    if (!take(r, '"')) return refuse(r, "expected a string");
    while (r->at < r->end && (unsigned char)*r->at >= 0x20) {
        char c = *r->at++;
        if (c == '"') return 1;
        if (c == '\\' && !check_escape(r)) return 0;
    }
    return refuse(r, "a control character in a string");
}

static int check_value(reader *r, int depth);

static int check_members(reader *r, int depth, char close, int keys) {
    if (depth > DEEPEST) return refuse(r, "nested too deep");
    skip_space(r);
    if (take(r, close)) return 1;
    do {
        skip_space(r);
        if (keys) {
            if (!check_string(r)) return 0;
            skip_space(r);
            if (!take(r, ':')) return refuse(r, "expected ':'");
        }
        if (!check_value(r, depth)) return 0;
    } while (take(r, ','));
    return take(r, close) || refuse(r, keys ? "expected ',' or '}'" : "expected ',' or ']'");
}

static int check_word(reader *r, const char *word) {
    size_t length = strlen(word);
    if ((size_t)(r->end - r->at) < length || memcmp(r->at, word, length))
        return refuse(r, "expected a value");
    r->at += length;
    return 1;
}

/* A value and the white space around it. */
static int check_value(reader *r, int depth) {
    skip_space(r);
    int ok, c = r->at < r->end ? *r->at : 0;
    if (c == '{' || c == '[') {
        ++r->at;
        ok = check_members(r, depth + 1, c == '{' ? '}' : ']', c == '{');
    } else if (c == '"') ok = check_string(r);
    else if (c == '-' || (c >= '0' && c <= '9')) ok = check_number(r);
    else ok = check_word(r, c == 't' ? "true" : c == 'f' ? "false" : "null");
    if (ok) skip_space(r);
    return ok;
}

pdx_status pdx__json_parse(cJSON **out, const char *text, size_t length, pdx__where where) {
    *out = NULL;
    size_t valid = pdx__utf8_valid_length(text, length);
    if (valid < length)
        return pdx__fail_at(PDX_EPARSE, where.file, where.line, "not UTF-8 at byte %zu", valid + 1);
    reader r = {.at = text, .end = text + length};
    const int known = where.line != 0; /* else it is counted, unless the text is one line */
    if (check_value(&r, 0) && r.at < r.end) refuse(&r, "more text after the JSON value");
    for (const char *p = text; r.wrong && !known && p < r.at; ++p)
        if (*p == '\n') where.line += where.line == 0 ? 2 : 1;
    if (r.wrong)
        return pdx__fail_at(PDX_EPARSE, where.file, where.line, "broken JSON at byte %zu: %s",
                            (size_t)(r.at - text) + 1, r.wrong);
    *out = cJSON_ParseWithLength(text, length);
    return *out ? PDX_OK : pdx__nomem();
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
