/* What an annotator is asked, stage by stage: prompt files, and the material that fills them. */
#ifndef PDX_ANNOTATE_PROMPTS_H
#define PDX_ANNOTATE_PROMPTS_H

#include <prefdissect/annotate.h>

#include "core/buf.h"
#include "core/json.h"
#include "data/schema.h"

enum { PDX__MOST_FACTS = 32 };

/* Made from the folder prompts; NULL ends it. */
typedef struct pdx__prompt_file {
    const char *name, *text;
} pdx__prompt_file;
extern const pdx__prompt_file pdx__prompt_files[];

typedef struct pdx__fact {
    const char *id; /* the schema's */
    char *text;
    int32_t list; /* its value is a list of entries, else true or false */
} pdx__fact;

typedef struct pdx__piece {
    int32_t field;    /* PIECE_* of prompts.c */
    const char *text; /* of the file; of PIECE_TEXT only */
    size_t length;
} pdx__piece;

/* One file: pieces of the system message, then those of the user's from `user` on. */
typedef struct pdx__prompt {
    char *text;
    pdx__piece *piece;
    size_t count, capacity, user;
} pdx__prompt;

typedef struct pdx__prompts {
    pdx_schema *schema; /* a copy */
    int32_t single;     /* responses are rated one by one */
    pdx__fact fact[PDX__MOST_FACTS];
    int32_t facts;
    cJSON *scenarios; /* name: description */
    pdx__prompt stage[PDX_ANNOTATE_STAGES];
} pdx__prompts;

/* The folder's files, where it has them, else the built-in ones; NULL: built-in. PDX_EPARSE names
 * the file, the line and what is wrong. */
pdx_status pdx__prompts_open(pdx__prompts **out, const char *folder, const pdx_schema *schema,
                             int32_t single);
void pdx__prompts_free(pdx__prompts *prompts);

/* "query", "query-free", ...; -1 where there is no such stage. */
const char *pdx__stage_name(int32_t stage);
int32_t pdx__stage_find(const char *name, size_t length);

/* What fills a prompt; texts are borrowed. */
typedef struct pdx__material {
    const char *query, *reference;
    const char *shown[2]; /* the responses as shown; one by one: the first only */
    const cJSON *facts;   /* "values" of the query's row; NULL where they are not needed */
} pdx__material;
void pdx__prompt_fill(const pdx__prompts *prompts, int32_t stage, const pdx__material *material,
                      pdx__buf *system, pdx__buf *user);
/* All that decides what is asked about any pair, for a hash. */
void pdx__prompt_describe(const pdx__prompts *prompts, int32_t stage, pdx__buf *out);

#endif
