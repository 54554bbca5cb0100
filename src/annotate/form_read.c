/* Answers into rows. Names are compared by their letters and digits only ("Response 1"), numbers
 * may stand as text; a value that is missing or off its scale makes the whole answer unusable, and
 * the reason says what to mend. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "annotate/forms.h"
#include "core/number.h"

enum { MOST_ENTRIES = 20, LONGEST_ENTRY = 1000, MOST_ERRORS = 200 };

typedef struct reading {
    const pdx__prompts *prompts;
    pdx__shown shown;
    char *reason; /* [512] */
    int32_t bad;
} reading;

/* The first complaint is told in full, the others are counted by `bad`. */
__attribute__((format(printf, 2, 3))) static void complain(reading *r, const char *format, ...) {
    va_list arguments;
    size_t used = r->bad ? strlen(r->reason) : 0;
    if (used && used < 300) used += (size_t)snprintf(r->reason + used, 512 - used, "; ");
    va_start(arguments, format);
    if (used < 302) vsnprintf(r->reason + used, 512 - used, format, arguments);
    va_end(arguments);
    ++r->bad;
}

/* ---- names ---- */

static char letter(char c) {
    if (c >= 'A' && c <= 'Z') return (char)(c + 32);
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80 ? c : 0;
}

static int32_t same_name(const char *x, size_t length, const char *y) {
    const char *end = x + length;
    for (;;) {
        while (x < end && !letter(*x)) ++x;
        while (*y && !letter(*y)) ++y;
        if (x == end || !*y) return x == end && !*y;
        if (letter(*x++) != letter(*y++)) return 0;
    }
}

static const cJSON *member(const cJSON *object, const char *name) {
    if (!cJSON_IsObject(object)) return NULL;
    for (const cJSON *entry = object->child; entry; entry = entry->next)
        if (same_name(entry->string, strlen(entry->string), name)) return entry;
    return NULL;
}

static const cJSON *response(const cJSON *object, int32_t place) {
    static const char *const names[2][3] = {{"response_1", "1", "first"},
                                            {"response_2", "2", "second"}};
    const cJSON *found = NULL;
    for (int i = 0; i < 3 && !found; ++i) found = member(object, names[place][i]);
    return found;
}

static const cJSON *of_property(const cJSON *object, const pdx_property *p) {
    const cJSON *found = member(object, p->id);
    return found ? found : member(object, p->name);
}

/* An answer within one more pair of braces: {"ratings": {...}}. */
static const cJSON *unwrap(const cJSON *answer) {
    const cJSON *only = answer->child;
    return only && !only->next && cJSON_IsObject(only) ? only : answer;
}

/* ---- ratings ---- */

/* A number, as text too: "2", "2/3" where 3 is the greatest. */
static int32_t read_number(const cJSON *value, const pdx_property *p, double *out) {
    if (cJSON_IsNumber(value)) {
        *out = value->valuedouble;
        return isfinite(*out);
    }
    if (!cJSON_IsString(value)) return 0;
    const char *from = value->valuestring + strspn(value->valuestring, " \t\r\n");
    size_t length = strlen(from);
    const char *slash = memchr(from, '/', length);
    double most;
    if (slash && pdx__parse_double(slash + 1, strlen(slash + 1), &most) && most == p->scale_most)
        length = (size_t)(slash - from);
    while (length && strchr(" \t\r\n", from[length - 1])) --length;
    return pdx__parse_double(from, length, out) && isfinite(*out);
}

static void put_rating(reading *r, const pdx_property *p, const cJSON *value, const char *who,
                       pdx__buf *out) {
    double rating = 0;
    if (!value || cJSON_IsNull(value)) complain(r, "%s%s is missing", p->id, who);
    else if (!read_number(value, p, &rating)) complain(r, "%s%s is no number", p->id, who);
    else if (rating < p->scale_least || rating > p->scale_most)
        complain(r, "%s%s is %g, outside the scale from %g to %g", p->id, who, rating,
                 p->scale_least, p->scale_most);
    pdx__buf_double(out, rating + 0.0);
}

/* What stands for one response: a rating, or one for each entry. */
static void put_side(reading *r, const pdx_property *p, const cJSON *value, int32_t entries,
                     const char *who, pdx__buf *out) {
    if (!entries) {
        if (cJSON_IsArray(value) && cJSON_GetArraySize(value) == 1) value = value->child;
        put_rating(r, p, value, who, out);
        return;
    }
    int32_t many = cJSON_IsArray(value) || cJSON_IsObject(value);
    int32_t found = many ? cJSON_GetArraySize(value) : value && !cJSON_IsNull(value);
    if (found != entries) {
        complain(r, "%s%s has %d ratings for %d entries", p->id, who, found, entries);
        return;
    }
    pdx__buf_char(out, '[');
    const cJSON *entry = many ? value->child : value;
    for (int32_t i = 0; i < entries; ++i, entry = entry->next) {
        if (i) pdx__buf_char(out, ',');
        put_rating(r, p, entry, who, out);
    }
    pdx__buf_char(out, ']');
}

/* Where response a or b was shown; -1: nowhere. */
static int32_t place_of(pdx__shown shown, int32_t side) {
    for (int32_t i = 0; i < shown.count; ++i)
        if (shown.sides[i] == side) return i;
    return -1;
}

static void read_ratings(reading *r, int32_t stage, const cJSON *facts, const cJSON *answer,
                         pdx__buf *out) {
    static const char *const who[] = {", response 1,", ", response 2,"};
    int32_t entries;
    for (int32_t k = 0, any = 0; pdx__form_next(r->prompts, stage, facts, &k, &entries);
         ++k, any = 1) {
        const pdx_property *p = &r->prompts->schema->property[k];
        const cJSON *of = of_property(answer, p);
        pdx__buf_text(out, any ? "," : "");
        pdx__buf_json_string(out, p->id, strlen(p->id));
        pdx__buf_text(out, ":{");
        for (int32_t side = 0, any_side = 0; side < 2; ++side) {
            int32_t i = place_of(r->shown, side);
            const cJSON *value = of;
            if (i < 0) continue;
            if (r->shown.count == 1) {
                if (response(of, 0)) value = response(of, 0);
            } else if (of) {
                value = response(of, i);
                if (!value && !entries && cJSON_IsArray(of)) value = cJSON_GetArrayItem(of, i);
            } else value = of_property(response(answer, i), p); /* the other way round */
            pdx__buf_printf(out, "%s\"%c\":", any_side++ ? "," : "", "ab"[side]);
            put_side(r, p, value, entries, r->shown.count == 1 ? "" : who[i], out);
        }
        pdx__buf_char(out, '}');
    }
}

/* ---- facts ---- */

/* 1, 0, or -1 where it is neither yes nor no. */
static int32_t read_flag(const cJSON *value) {
    static const char *const words[2][3] = {{"false", "no", "none"}, {"true", "yes", "1"}};
    if (cJSON_IsBool(value)) return cJSON_IsTrue(value);
    if (cJSON_IsNumber(value)) return value->valuedouble != 0;
    if (cJSON_IsArray(value)) return value->child != NULL;
    for (int32_t flag = 0; flag < 2 && cJSON_IsString(value); ++flag)
        for (int i = 0; i < 3; ++i)
            if (same_name(value->valuestring, strlen(value->valuestring), words[flag][i]))
                return flag;
    return -1;
}

/* Cut at a character's end. */
static void put_text(const char *text, size_t most, pdx__buf *out) {
    size_t length = strlen(text);
    if (length > most)
        for (length = most; length && ((unsigned char)text[length] & 0xC0) == 0x80;) --length;
    pdx__buf_json_string(out, text, length);
}

/* No letter and no digit: what small models copy from the form. */
static int32_t says_nothing(const char *text) {
    while (*text && !letter(*text)) ++text;
    return !*text;
}

static void put_entries(reading *r, const pdx__fact *fact, const cJSON *value, pdx__buf *out) {
    int32_t count = 0;
    int32_t none = !value || cJSON_IsNull(value) || cJSON_IsFalse(value) ||
                   (cJSON_IsString(value) && (!*value->valuestring || read_flag(value) == 0));
    if (!none && !cJSON_IsArray(value) && !cJSON_IsString(value))
        complain(r, "%s is no list", fact->id);
    pdx__buf_char(out, '[');
    const cJSON *entry = cJSON_IsArray(value) ? value->child : none ? NULL : value;
    for (; entry && count < MOST_ENTRIES; entry = cJSON_IsArray(value) ? entry->next : NULL) {
        if (cJSON_IsString(entry) && says_nothing(entry->valuestring)) continue;
        if (count++) pdx__buf_char(out, ',');
        if (cJSON_IsString(entry)) put_text(entry->valuestring, LONGEST_ENTRY, out);
        else {
            char *text = cJSON_PrintUnformatted(entry);
            if (text) put_text(text, LONGEST_ENTRY, out);
            else out->status = PDX_ENOMEM;
            cJSON_free(text);
        }
    }
    pdx__buf_char(out, ']');
}

static void read_facts(reading *r, const cJSON *answer, pdx__buf *out) {
    for (int32_t f = 0; f < r->prompts->facts; ++f) {
        const pdx__fact *fact = &r->prompts->fact[f];
        const cJSON *value = member(answer, fact->id);
        pdx__buf_text(out, f ? "," : "");
        pdx__buf_json_string(out, fact->id, strlen(fact->id));
        pdx__buf_char(out, ':');
        if (fact->list) {
            if (!value) complain(r, "%s is missing", fact->id);
            put_entries(r, fact, value, out);
            continue;
        }
        int32_t flag = read_flag(value);
        if (flag < 0)
            complain(r, "%s is %s", fact->id, value ? "neither true nor false" : "missing");
        pdx__buf_text(out, flag == 1 ? "true" : "false");
    }
}

/* ---- errors ---- */

/* The property whose errors these are; -1: none. */
static int32_t property_of(const pdx__prompts *prompts, const char *severity) {
    int32_t entries;
    for (int32_t k = 0; pdx__form_next(prompts, PDX_ANNOTATE_ERROR, NULL, &k, &entries); ++k) {
        const pdx_property *p = &prompts->schema->property[k];
        const char *label;
        size_t length = (size_t)pdx__form_severity(p, &label);
        if (same_name(label, length, severity) || same_name(p->id, strlen(p->id), severity) ||
            same_name(p->name, strlen(p->name), severity))
            return k;
    }
    return -1;
}

static void put_error(reading *r, const cJSON *error, int64_t *counts, int32_t first,
                      pdx__buf *out) {
    const cJSON *severity = member(error, "severity"), *what = member(error, "what");
    if (!what) what = member(error, "description");
    if (!what) what = member(error, "brief description");
    int32_t k = cJSON_IsString(severity) ? property_of(r->prompts, severity->valuestring) : -1;
    if (k < 0) {
        complain(r, "an error's severity is none of those that were named");
        return;
    }
    ++counts[k];
    const char *label;
    size_t length = (size_t)pdx__form_severity(&r->prompts->schema->property[k], &label);
    pdx__buf_text(out, first ? "{\"severity\":" : ",{\"severity\":");
    pdx__buf_json_string(out, label, length);
    pdx__buf_text(out, ",\"what\":");
    put_text(cJSON_IsString(what) ? what->valuestring : "", LONGEST_ENTRY, out);
    pdx__buf_char(out, '}');
}

/* Counts by property into counts[schema]; 0 where it could not be checked. */
static int32_t read_errors_of(reading *r, const cJSON *of, int32_t place, int64_t *counts,
                              pdx__buf *list) {
    const cJSON *errors = member(of, "errors"), *checkable = member(of, "checkable");
    char who[24] = "";
    if (r->shown.count > 1) snprintf(who, sizeof who, " of response %d", place + 1);
    int32_t can = checkable ? read_flag(checkable) : cJSON_IsArray(errors) ? 1 : -1;
    pdx__buf_printf(list, "%s\"%c\":[", list->length > 1 ? "," : "", "ab"[r->shown.sides[place]]);
    if (can < 0) complain(r, "'checkable'%s is missing", who);
    if (can > 0 && !cJSON_IsArray(errors)) complain(r, "'errors'%s is no list", who);
    else if (can > 0 && cJSON_GetArraySize(errors) > MOST_ERRORS)
        complain(r, "'errors'%s has more than %d entries", who, MOST_ERRORS);
    else if (can > 0) {
        int32_t first = 1;
        for (const cJSON *error = errors->child; error; error = error->next, first = 0)
            put_error(r, error, counts, first, list);
    }
    pdx__buf_char(list, ']');
    return can > 0;
}

static pdx_status read_errors(reading *r, const cJSON *answer, pdx__buf *out, pdx__buf *list) {
    const pdx_schema *schema = r->prompts->schema;
    int64_t *counts = pdx__alloc_zero((size_t)schema->count * 2, sizeof *counts);
    int32_t can = 1, entries;
    if (!counts) return PDX_ENOMEM;
    pdx__buf_char(list, '{');
    for (int32_t side = 0; side < 2; ++side) {
        int32_t i = place_of(r->shown, side);
        if (i < 0) continue;
        const cJSON *of = response(answer, i);
        if (r->shown.count == 1 && !of) of = answer;
        can &= read_errors_of(r, of, i, counts + side * schema->count, list);
    }
    pdx__buf_char(list, '}');
    for (int32_t k = 0, any = 0; pdx__form_next(r->prompts, PDX_ANNOTATE_ERROR, NULL, &k, &entries);
         ++k, any = 1) {
        pdx__buf_text(out, any ? "," : "");
        pdx__buf_json_string(out, schema->property[k].id, strlen(schema->property[k].id));
        pdx__buf_text(out, can ? ":{" : ":null");
        for (int32_t side = 0, any_side = 0; can && side < 2; ++side)
            if (place_of(r->shown, side) >= 0)
                pdx__buf_printf(out, "%s\"%c\":%lld", any_side++ ? "," : "", "ab"[side],
                                (long long)counts[side * schema->count + k]);
        if (can) pdx__buf_char(out, '}');
    }
    pdx__free(counts);
    return PDX_OK;
}

/* ---- all ---- */

static void read_scenario(reading *r, const cJSON *answer, pdx__buf *out) {
    const cJSON *said = member(answer, "scenario"), *found = NULL;
    for (const cJSON *s = r->prompts->scenarios->child; s && cJSON_IsString(said); s = s->next)
        if (same_name(s->string, strlen(s->string), said->valuestring)) found = s;
    if (!found) complain(r, "'scenario' is none of the kinds that were named");
    pdx__buf_text(out, "\"scenario\":");
    pdx__buf_json_string(out, found ? found->string : "", found ? strlen(found->string) : 0);
}

int32_t pdx__form_read(const pdx__prompts *prompts, int32_t stage, const cJSON *facts,
                       const cJSON *answer, pdx__shown shown, pdx__buf *values, pdx__buf *errors,
                       char reason[512]) {
    reading r = {prompts, shown, reason, 0};
    *reason = 0;
    pdx__buf_char(values, '{');
    if (stage == PDX_ANNOTATE_QUERY) read_facts(&r, answer, values);
    else if (stage == PDX_ANNOTATE_SCENARIO) read_scenario(&r, answer, values);
    else if (stage == PDX_ANNOTATE_ERROR) {
        pdx_status status = read_errors(&r, answer, values, errors);
        if (status != PDX_OK) values->status = status;
    } else {
        const cJSON *inner = unwrap(answer);
        int32_t k = 0, entries, direct = 0;
        for (; pdx__form_next(prompts, stage, facts, &k, &entries); ++k)
            direct |= of_property(answer, &prompts->schema->property[k]) != NULL;
        read_ratings(&r, stage, facts, direct || response(answer, 0) ? answer : inner, values);
    }
    pdx__buf_char(values, '}');
    return !r.bad;
}
