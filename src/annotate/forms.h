/* What a stage wants to know in JSON: described in words, as an example, as a JSON schema; and read
 * from an answer. One place, so that the four agree. */
#ifndef PDX_ANNOTATE_FORMS_H
#define PDX_ANNOTATE_FORMS_H

#include "annotate/prompts.h"

/* The fields {properties}, {facts}, {scenarios} and {format}. `facts`: of the query, where the
 * stage needs them; NULL: every property of the stage. */
void pdx__form_properties(const pdx__prompts *prompts, int32_t stage, const cJSON *facts,
                          pdx__buf *out);
void pdx__form_facts(const pdx__prompts *prompts, pdx__buf *out);
void pdx__form_scenarios(const pdx__prompts *prompts, pdx__buf *out);
void pdx__form_format(const pdx__prompts *prompts, int32_t stage, const cJSON *facts,
                      pdx__buf *out);
void pdx__form_json_schema(const pdx__prompts *prompts, int32_t stage, const cJSON *facts,
                           pdx__buf *out);
/* 1 where the stage has anything to ask. */
int32_t pdx__form_asks(const pdx__prompts *prompts, int32_t stage, const cJSON *facts);

/* Properties of a stage one after another, from *k on; *entries: ratings that are wanted of each
 * response, as a list; 0: one rating, no list. 0 at the end. */
int32_t pdx__form_next(const pdx__prompts *prompts, int32_t stage, const cJSON *facts, int32_t *k,
                       int32_t *entries);
/* What a property of stage error calls its errors: "no_minor_errors" -> "minor", others by their
 * id. Returns the length of what *label points at. */
int32_t pdx__form_severity(const pdx_property *property, const char **label);

/* How an answer was asked for: sides[i] (0: a, 1: b) is the response shown in place i; one by one:
 * sides[0] only. */
typedef struct pdx__shown {
    int32_t sides[2], count;
} pdx__shown;
/* Reads an answer: "values" of a row, and "errors" of stage error (else left alone). 0 where it
 * cannot be used; `reason` is written so that it can be told to the annotator. */
int32_t pdx__form_read(const pdx__prompts *prompts, int32_t stage, const cJSON *facts,
                       const cJSON *answer, pdx__shown shown, pdx__buf *values, pdx__buf *errors,
                       char reason[512]);

#endif
