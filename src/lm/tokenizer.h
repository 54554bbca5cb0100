/* Text to token ids: byte-level BPE (GPT-2, Llama 3, Qwen, SmolLM) and SentencePiece-style BPE with
 * byte fallback (Llama 1-2, Mistral, Yi). Read from a folder's tokenizer.json or a GGUF file's
 * metadata. Immutable once made: shared by threads for reading. */
#ifndef PDX_LM_TOKENIZER_H
#define PDX_LM_TOKENIZER_H

#include "weights.h"

typedef struct pdx__tokenizer pdx__tokenizer;

typedef struct pdx__ids {
    int32_t *id;
    size_t count, capacity;
} pdx__ids;

pdx_status pdx__tokenizer_open(pdx__tokenizer **out, const pdx__weights *weights);
/* From a tokenizer.json alone (golden tests, fuzzing). */
pdx_status pdx__tokenizer_from_json(pdx__tokenizer **out, const char *path);
void pdx__tokenizer_close(pdx__tokenizer *tokenizer);

/* A piece of a prompt. In template text special tokens ("<|im_start|>") are recognised; what a
 * field holds is plain text, whatever it looks like. Between special tokens, neighbouring pieces
 * are tokenized as one string. */
typedef struct pdx__span {
    const char *text;
    size_t length;
    int32_t is_field; /* 1: special tokens are not recognised */
} pdx__span;

/* Appends the ids of the spans. Adds what the tokenizer itself puts in front (BOS) where
 * `add_bos` is 1 and the model asks for it. Text must be UTF-8 (else bytes go through fallback). */
pdx_status pdx__tokenize(const pdx__tokenizer *tokenizer, const pdx__span *spans, int32_t count,
                         int32_t add_bos, pdx__ids *out);

int32_t pdx__tokenizer_size(const pdx__tokenizer *tokenizer);
/* The bytes that a token stands for; special tokens give their text. Borrowed. */
const char *pdx__token_text(const pdx__tokenizer *tokenizer, int32_t id, size_t *length);
int32_t pdx__token_is_special(const pdx__tokenizer *tokenizer, int32_t id);
/* Id of a special or ordinary token by its exact text, -1 where there is none. */
int32_t pdx__token_find(const pdx__tokenizer *tokenizer, const char *text, size_t length);
/* The chat template's source text where the files carry one, else NULL. */
const char *pdx__tokenizer_chat_template(const pdx__tokenizer *tokenizer);

#endif
