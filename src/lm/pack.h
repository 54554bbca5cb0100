/* Many prompts, one forest: every prefix that prompts share is computed once. The two orders of a
 * pair share the template's head and the query; pairs of one query share it too; all prompts of a
 * template share its first words. */
#ifndef PDX_LM_PACK_H
#define PDX_LM_PACK_H

#include "backend.h"
#include "tokenizer.h"

typedef struct pdx__pack {
    pdx__batch batch; /* over the arrays below */
    int32_t *id, *position;
    pdx__segment *segment;
    int32_t *last; /* [prompts] token number of each prompt's last token */
} pdx__pack;

/* Packs prompts of at least one token each. */
pdx_status pdx__pack_prompts(pdx__pack *out, const pdx__ids *prompts, int32_t count);
void pdx__pack_free(pdx__pack *pack);
/* Tokens that packing prompts[0..count) would take. */
pdx_status pdx__packed_tokens(const pdx__ids *prompts, int32_t count, int64_t *tokens);

#endif
