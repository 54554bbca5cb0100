/* Edits inside the library: a row of text (built in or of a user's file), and the same compiled. */
#ifndef PDX_PROBE_EDITS_H
#define PDX_PROBE_EDITS_H

#include <prefdissect/probe.h>

#include "core/buf.h"

enum { PDX__EDIT_STEPS = 4 };

/* One pass over the text. */
typedef struct pdx__edit_step {
    const char *pattern, *replacement;
    int32_t once; /* 1: the first match only */
} pdx__edit_step;

/* What patterns cannot do. Appends the edited text to `out`. */
typedef void (*pdx__edit_fn)(pdx__buf *out, const char *response, const char *other, uint64_t seed);

typedef struct pdx__edit_row {
    const char *name, *what;
    int32_t content;
    pdx__edit_step step[PDX__EDIT_STEPS]; /* as many as have a pattern */
    pdx__edit_fn make;                    /* in place of steps */
} pdx__edit_row;

extern const pdx__edit_row pdx__builtin_edits[];
extern const int32_t pdx__builtin_edit_count;

/* Letters, digits, '-' and '_', at most 60, not "none". */
int pdx__edit_name_is_good(const char *name);

/* edits_special.c */
void pdx__edit_number(pdx__buf *out, const char *response, const char *other, uint64_t seed);
void pdx__edit_shuffle(pdx__buf *out, const char *response, const char *other, uint64_t seed);
void pdx__edit_same(pdx__buf *out, const char *response, const char *other, uint64_t seed);

#endif
