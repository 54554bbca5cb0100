/* Prompt templates: text with {query}, {first}, {second} and {reference}; {{ and }} are braces.
 * What a field holds is text and nothing else: it is never read as template or as special tokens.
 */
#ifndef PDX_LM_TEMPLATE_H
#define PDX_LM_TEMPLATE_H

#include "tokenizer.h"

enum {
    PDX__FIELD_TEXT,
    PDX__FIELD_QUERY,
    PDX__FIELD_FIRST,
    PDX__FIELD_SECOND,
    PDX__FIELD_REFERENCE,
    PDX__FIELDS
};

typedef struct pdx__template pdx__template;

/* `file` names the source in messages. {first} and {second} must each stand there. */
pdx_status pdx__template_parse(pdx__template **out, const char *text, size_t length,
                               const char *file);
/* By name: "plain", "chat" and "verdict" (messages without special tokens), "chatml", "llama-2",
 * "llama-3", "mistral", "zephyr", "vicuna"; a path to a file otherwise. */
pdx_status pdx__template_open(pdx__template **out, const char *name_or_path);
void pdx__template_free(pdx__template *t);
/* The name of the chat form whose marks stand in a model's chat template, "plain" where none is
 * known. */
const char *pdx__template_detect(const char *chat_template);

int32_t pdx__template_uses(const pdx__template *t, int32_t field);
const char *pdx__template_text(const pdx__template *t); /* its source */
/* The template's own text after the last field: where the answer begins. */
const char *pdx__template_tail(const pdx__template *t);
/* Spans for pdx__tokenize; values[PDX__FIELDS], NULL for a field that is not used. The spans borrow
 * the template and the values. `out` has room for pdx__template_spans(t). */
int32_t pdx__template_spans(const pdx__template *t);
void pdx__template_fill(const pdx__template *t, const char *const *values, pdx__span *out);

#endif
