/* What a stage wants in JSON: in words, as an example, as a JSON schema. Reading is form_read.c. */
#include "annotate/forms.h"

#include <math.h>
#include <string.h>

enum { MOST_GRADES = 20 }; /* whole scales up to so many steps are spelled out */

/* ---- which properties ---- */

static int32_t belongs(const pdx_property *property, int32_t stage) {
    static const int32_t stages[] = {[PDX_STAGE_QUERY_FREE] = PDX_ANNOTATE_QUERY_FREE,
                                     [PDX_STAGE_QUERY_AWARE] = PDX_ANNOTATE_QUERY_AWARE,
                                     [PDX_STAGE_QUERY_SPECIFIC] = PDX_ANNOTATE_QUERY_SPECIFIC,
                                     [PDX_STAGE_ERROR] = PDX_ANNOTATE_ERROR,
                                     [PDX_STAGE_COMPUTED] = -1};
    return stages[property->stage] == stage;
}

int32_t pdx__form_next(const pdx__prompts *prompts, int32_t stage, const cJSON *facts, int32_t *k,
                       int32_t *entries) {
    const pdx_schema *schema = prompts->schema;
    for (; *k < schema->count; ++*k) {
        const pdx_property *property = &schema->property[*k];
        *entries = 0;
        if (!belongs(property, stage)) continue;
        if (!facts || !property->depends_on) return 1;
        const cJSON *fact = cJSON_GetObjectItemCaseSensitive(facts, property->depends_on);
        *entries = cJSON_IsArray(fact) ? cJSON_GetArraySize(fact) : 0;
        if (*entries || cJSON_IsTrue(fact)) return 1;
    }
    return 0;
}

int32_t pdx__form_asks(const pdx__prompts *prompts, int32_t stage, const cJSON *facts) {
    int32_t k = 0, entries;
    if (stage == PDX_ANNOTATE_QUERY) return prompts->facts > 0;
    if (stage == PDX_ANNOTATE_SCENARIO) return 1;
    if (stage == PDX_ANNOTATE_REFERENCE) stage = PDX_ANNOTATE_ERROR;
    return pdx__form_next(prompts, stage, facts, &k, &entries);
}

int32_t pdx__form_severity(const pdx_property *property, const char **label) {
    size_t length = strlen(property->id);
    *label = property->id;
    if (length > 10 && !memcmp(property->id, "no_", 3) &&
        !strcmp(property->id + length - 7, "_errors")) {
        *label += 3;
        length -= 10;
    }
    return (int32_t)length;
}

/* Grades that can be spelled out: 0, 1, 2, 3. */
static int32_t is_graded(const pdx_property *p) {
    return isfinite(p->scale_least) && isfinite(p->scale_most) &&
           p->scale_least == floor(p->scale_least) && p->scale_most == floor(p->scale_most) &&
           p->scale_most - p->scale_least <= MOST_GRADES && fabs(p->scale_least) < 1e6;
}

/* ---- in words ---- */

static void put_scale(const pdx_property *p, pdx__buf *out) {
    int least = isfinite(p->scale_least), most = isfinite(p->scale_most);
    pdx__buf_text(out, is_graded(p) ? "whole number" : "number");
    if (least) {
        pdx__buf_text(out, " from ");
        pdx__buf_double(out, p->scale_least);
        if (!most) pdx__buf_text(out, " up");
    }
    if (most) {
        pdx__buf_text(out, least ? " to " : " up to ");
        pdx__buf_double(out, p->scale_most);
    }
}

void pdx__form_properties(const pdx__prompts *prompts, int32_t stage, const cJSON *facts,
                          pdx__buf *out) {
    int32_t entries;
    for (int32_t k = 0, any = 0; pdx__form_next(prompts, stage, facts, &k, &entries);
         ++k, any = 1) {
        const pdx_property *p = &prompts->schema->property[k];
        if (any) pdx__buf_char(out, '\n');
        if (stage == PDX_ANNOTATE_ERROR) {
            const char *label;
            int32_t length = pdx__form_severity(p, &label);
            pdx__buf_printf(out, "- %.*s: %s", (int)length, label, p->description);
            continue;
        }
        pdx__buf_printf(out, "- %s (", p->id);
        put_scale(p, out);
        pdx__buf_printf(out, "%s): %s", entries ? " for each entry" : "", p->description);
        if (!entries) continue;
        char *list = cJSON_PrintUnformatted(cJSON_GetObjectItemCaseSensitive(facts, p->depends_on));
        pdx__buf_printf(out, " Entries: ");
        if (list) pdx__buf_text(out, list);
        else out->status = PDX_ENOMEM;
        cJSON_free(list);
    }
}

void pdx__form_facts(const pdx__prompts *prompts, pdx__buf *out) {
    for (int32_t f = 0; f < prompts->facts; ++f) {
        const pdx__fact *fact = &prompts->fact[f];
        pdx__buf_printf(out, "%s- %s (%s): %s", f ? "\n" : "", fact->id,
                        fact->list ? "list" : "true or false", fact->text);
    }
}

void pdx__form_scenarios(const pdx__prompts *prompts, pdx__buf *out) {
    for (const cJSON *s = prompts->scenarios->child; s; s = s->next)
        pdx__buf_printf(out, "%s- %s: %s", s->prev->next ? "\n" : "", s->string, s->valuestring);
}

/* ---- as an example ---- */

/* What stands for one response: a #, a list of them, or the errors. */
static void put_example(int32_t entries, pdx__buf *out) {
    if (!entries) pdx__buf_char(out, '#');
    for (int32_t i = 0; i < entries; ++i) pdx__buf_text(out, i ? ", #" : "[#");
    if (entries) pdx__buf_char(out, ']');
}

static void put_severities(const pdx__prompts *prompts, const char *between, pdx__buf *out) {
    int32_t entries;
    for (int32_t k = 0, any = 0; pdx__form_next(prompts, PDX_ANNOTATE_ERROR, NULL, &k, &entries);
         ++k, any = 1) {
        const char *label;
        int32_t length = pdx__form_severity(&prompts->schema->property[k], &label);
        pdx__buf_text(out, any ? between : "");
        pdx__buf_json_string(out, label, (size_t)length);
    }
}

static void put_errors_example(const pdx__prompts *prompts, pdx__buf *out) {
    pdx__buf_text(out, "{\"checkable\": true or false, \"errors\": [{\"what\": \"...\", "
                       "\"severity\": ");
    put_severities(prompts, " or ", out);
    pdx__buf_text(out, "}, ...]}");
}

static void put_ratings_example(const pdx__prompts *prompts, int32_t stage, const cJSON *facts,
                                pdx__buf *out) {
    int32_t entries;
    for (int32_t k = 0, any = 0; pdx__form_next(prompts, stage, facts, &k, &entries);
         ++k, any = 1) {
        pdx__buf_printf(out, "%s\"%s\": ", any ? ",\n " : "", prompts->schema->property[k].id);
        if (!prompts->single) pdx__buf_text(out, "{\"response_1\": ");
        put_example(entries, out);
        if (prompts->single) continue;
        pdx__buf_text(out, ", \"response_2\": ");
        put_example(entries, out);
        pdx__buf_char(out, '}');
    }
}

void pdx__form_format(const pdx__prompts *prompts, int32_t stage, const cJSON *facts,
                      pdx__buf *out) {
    pdx__buf_text(out, "Answer with one JSON object and nothing else, in this form");
    if (stage == PDX_ANNOTATE_QUERY) {
        pdx__buf_text(out, " (a list is empty where there is nothing to put in):\n{");
        for (int32_t f = 0; f < prompts->facts; ++f)
            pdx__buf_printf(out, "%s\"%s\": %s", f ? ", " : "", prompts->fact[f].id,
                            prompts->fact[f].list ? "[text, text, ...]" : "true or false");
    } else if (stage == PDX_ANNOTATE_SCENARIO) {
        pdx__buf_text(out, ":\n{\"scenario\": \"the kind's name\"");
    } else if (stage == PDX_ANNOTATE_ERROR) {
        pdx__buf_text(out, " (the list is empty where there are none):\n");
        if (!prompts->single) pdx__buf_text(out, "{\"response_1\": ");
        put_errors_example(prompts, out);
        if (prompts->single) return;
        pdx__buf_text(out, ",\n \"response_2\": ");
        put_errors_example(prompts, out);
    } else {
        pdx__buf_text(out, ", with a number in place of each #:\n{");
        put_ratings_example(prompts, stage, facts, out);
    }
    pdx__buf_char(out, '}');
}

/* ---- as a JSON schema ---- */

static void put_rating_type(const pdx_property *p, int32_t entries, pdx__buf *out) {
    if (entries) pdx__buf_text(out, "{\"type\":\"array\",\"items\":");
    if (!is_graded(p)) pdx__buf_text(out, "{\"type\":\"number\"}");
    else {
        pdx__buf_text(out, "{\"type\":\"integer\",\"enum\":");
        for (double grade = p->scale_least; grade <= p->scale_most; ++grade) {
            pdx__buf_char(out, grade == p->scale_least ? '[' : ',');
            pdx__buf_double(out, grade);
        }
        pdx__buf_text(out, "]}");
    }
    if (entries) pdx__buf_printf(out, ",\"minItems\":%d,\"maxItems\":%d}", entries, entries);
}

static void begin_object(pdx__buf *out) {
    pdx__buf_text(out, "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{");
}

static void put_pair_of(const pdx__buf *type, pdx__buf *out) {
    begin_object(out);
    pdx__buf_text(out, "\"response_1\":");
    pdx__buf_append(out, type->data, type->length);
    pdx__buf_text(out, ",\"response_2\":");
    pdx__buf_append(out, type->data, type->length);
    pdx__buf_text(out, "},\"required\":[\"response_1\",\"response_2\"]}");
}

static void put_either(const pdx__prompts *prompts, const pdx__buf *type, pdx__buf *out) {
    if (type->status != PDX_OK) out->status = type->status;
    else if (prompts->single) pdx__buf_append(out, type->data, type->length);
    else put_pair_of(type, out);
}

static void put_member(pdx__buf *out, pdx__buf *required, const char *name) {
    if (required->length) {
        pdx__buf_char(out, ',');
        pdx__buf_char(required, ',');
    }
    pdx__buf_json_string(out, name, strlen(name));
    pdx__buf_json_string(required, name, strlen(name));
    pdx__buf_char(out, ':');
}

static void put_ratings_schema(const pdx__prompts *prompts, int32_t stage, const cJSON *facts,
                               pdx__buf *out, pdx__buf *required) {
    int32_t entries;
    for (int32_t k = 0; pdx__form_next(prompts, stage, facts, &k, &entries); ++k) {
        const pdx_property *p = &prompts->schema->property[k];
        pdx__buf type = PDX__BUF_EMPTY;
        put_member(out, required, p->id);
        put_rating_type(p, entries, &type);
        put_either(prompts, &type, out);
        pdx__buf_free(&type);
    }
}

static void put_errors_schema(const pdx__prompts *prompts, pdx__buf *out) {
    pdx__buf type = PDX__BUF_EMPTY;
    begin_object(&type);
    pdx__buf_text(&type, "\"checkable\":{\"type\":\"boolean\"},\"errors\":{\"type\":\"array\","
                         "\"items\":");
    begin_object(&type);
    pdx__buf_text(&type, "\"what\":{\"type\":\"string\"},\"severity\":{\"type\":\"string\","
                         "\"enum\":[");
    put_severities(prompts, ",", &type);
    pdx__buf_text(&type, "]}},\"required\":[\"what\",\"severity\"]}}},"
                         "\"required\":[\"checkable\",\"errors\"]}");
    put_either(prompts, &type, out);
    pdx__buf_free(&type);
}

static void put_facts_schema(const pdx__prompts *prompts, pdx__buf *out, pdx__buf *required) {
    for (int32_t f = 0; f < prompts->facts; ++f) {
        put_member(out, required, prompts->fact[f].id);
        pdx__buf_text(out, prompts->fact[f].list
                               ? "{\"type\":\"array\",\"items\":{\"type\":\"string\"}}"
                               : "{\"type\":\"boolean\"}");
    }
}

static void put_scenario_schema(const pdx__prompts *prompts, pdx__buf *out, pdx__buf *required) {
    put_member(out, required, "scenario");
    pdx__buf_text(out, "{\"type\":\"string\",\"enum\":[");
    for (const cJSON *s = prompts->scenarios->child; s; s = s->next) {
        if (s->prev->next) pdx__buf_char(out, ',');
        pdx__buf_json_string(out, s->string, strlen(s->string));
    }
    pdx__buf_text(out, "]}");
}

void pdx__form_json_schema(const pdx__prompts *prompts, int32_t stage, const cJSON *facts,
                           pdx__buf *out) {
    if (stage == PDX_ANNOTATE_ERROR) {
        put_errors_schema(prompts, out);
        return;
    }
    pdx__buf required = PDX__BUF_EMPTY;
    begin_object(out);
    if (stage == PDX_ANNOTATE_QUERY) put_facts_schema(prompts, out, &required);
    else if (stage == PDX_ANNOTATE_SCENARIO) put_scenario_schema(prompts, out, &required);
    else put_ratings_schema(prompts, stage, facts, out, &required);
    pdx__buf_text(out, "},\"required\":[");
    if (required.data) pdx__buf_text(out, required.data);
    if (required.status != PDX_OK) out->status = required.status;
    pdx__buf_text(out, "]}");
    pdx__buf_free(&required);
}
