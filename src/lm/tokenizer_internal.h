/* What a tokenizer is inside. Filled by tokenizer_json.c and tokenizer_gguf.c, used by pretoken.c
 * (normalise, cut), bpe.c (merge) and tokenizer.c (special tokens, the public calls). */
#ifndef PDX_LM_TOKENIZER_INTERNAL_H
#define PDX_LM_TOKENIZER_INTERNAL_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "core/buf.h"
#include "core/strmap.h"
#include "tokenizer.h"

enum { PDX__BPE_BYTES, PDX__BPE_CHARACTERS }; /* GPT-2's kind; SentencePiece's kind */

typedef struct pdx__token {
    size_t start, length;   /* in `bytes` */
    int32_t present;        /* ids may have holes */
    int32_t added;          /* found in the text before anything else */
    int32_t special;        /* ... and then only in a template's own text */
    int32_t lstrip, rstrip; /* an added token that swallows white space beside it */
    float score;            /* GGUF's SentencePiece vocabularies: merges by score */
} pdx__token;

typedef struct pdx__merge {
    int32_t left, right, merged, rank; /* left -1: an empty slot */
} pdx__merge;

enum { PDX__CUT_ISOLATE, PDX__CUT_REMOVE, PDX__CUT_WITH_PREVIOUS, PDX__CUT_WITH_NEXT };
typedef struct pdx__cut { /* one step of the pre-tokenizer */
    pcre2_code *pattern;
    int32_t behaviour;
} pdx__cut;

enum { PDX__TEXT_PREPEND, PDX__TEXT_REPLACE, PDX__TEXT_NFC, PDX__TEXT_MARK_FIRST };
typedef struct pdx__rewrite { /* one step of the normaliser */
    int32_t kind;
    char *from, *to;
} pdx__rewrite;

struct pdx__tokenizer {
    int32_t kind;
    pdx__buf bytes; /* all tokens' bytes */
    pdx__token *token;
    size_t token_capacity;
    int32_t size;           /* largest id + 1 */
    pdx__strmap vocabulary; /* bytes -> entry, for ordinary tokens ... */
    int32_t *entry_id;      /* ... whose id is this */
    size_t entry_capacity;
    pdx__merge *merge; /* open addressing; NULL: merges by score */
    size_t merge_slots;
    int32_t byte_id[256];  /* token of a single byte; -1: none, the byte is dropped (as the
                             reference tokenizers do) or unknown */
    int32_t unknown;       /* -1: none */
    int32_t ignore_merges; /* a piece that is a token stays whole */
    int32_t fuse_unknown;
    pdx__cut *cut;
    int32_t cuts;
    pdx__rewrite *rewrite;
    int32_t rewrites;
    int32_t *added; /* ids of added tokens, longest first */
    int32_t added_count;
    int32_t *front; /* ids that the tokenizer puts in front */
    int32_t front_count;
    char *chat_template;
};

/* Building (both readers). */
pdx_status pdx__tokenizer_add(pdx__tokenizer *t, int32_t id, const char *bytes, size_t length,
                              int32_t added, const char *path);
pdx_status pdx__tokenizer_merges(pdx__tokenizer *t, int64_t count);
pdx_status pdx__tokenizer_merge(pdx__tokenizer *t, const char *left, size_t left_length,
                                const char *right, size_t right_length, int64_t rank,
                                const char *path);
pdx_status pdx__tokenizer_cut(pdx__tokenizer *t, const char *pattern, int32_t behaviour,
                              const char *path);
pdx_status pdx__tokenizer_rewrite(pdx__tokenizer *t, int32_t kind, const char *from,
                                  const char *to);
pdx_status pdx__tokenizer_finish(pdx__tokenizer *t, const char *path);
/* "Ġhello" in GPT-2's printable alphabet -> the bytes " hello"; characters outside the alphabet are
 * kept as they are. */
pdx_status pdx__bytes_of_printable(pdx__buf *out, const char *text, size_t length);
pdx_status pdx__tokenizer_read_json(pdx__tokenizer *t, const char *path);
pdx_status pdx__tokenizer_read_gguf(pdx__tokenizer *t, const pdx__weights *weights);
int32_t pdx__vocabulary_find(const pdx__tokenizer *t, const char *bytes, size_t length);

/* The pattern of GPT-2's byte-level pre-tokenizer, as the regular expression is published. */
extern const char pdx__gpt2_pattern[];

/* Using. A section is the text between two added tokens; `first`: it starts the prompt. */
pdx_status pdx__tokenize_section(const pdx__tokenizer *t, const char *text, size_t length,
                                 int32_t first, pdx__ids *out);
/* Merges one piece. */
pdx_status pdx__bpe(const pdx__tokenizer *t, const char *text, size_t length, pdx__ids *out);
pdx_status pdx__ids_push(pdx__ids *ids, int32_t id);

#endif
