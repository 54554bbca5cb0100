/* prefdissect/probe.h: do the weights cause anything, and how far can a benchmark be moved by
 * pleasing its judge? The instrument for both.
 *
 * Interventions. A probe is a file of pairs: the originals, and copies in which one response was
 * edited in a known way (longer, bolder, politer, ...). The judge is asked about all of them like
 * about any pairs; then the change that it made of each edit stands beside the change that its fit
 * predicts from the properties:
 *   pdx_probe_write(&counts, dataset, edits, "probe.jsonl", NULL);
 *   pdx_judge_run(...);                       every pair of probe.jsonl, both orders
 *   pdx_probe_measure(&probe, dataset, judgments, posterior, NULL);
 * The original of an edited pair is known by its id: "ORIGINAL#EDIT#a" (or "#b": the side). */
#ifndef PREFDISSECT_PROBE_H
#define PREFDISSECT_PROBE_H

#include <prefdissect/analysis.h>
#include <prefdissect/judge.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- edits ---- */

typedef struct pdx_edits pdx_edits;

typedef struct pdx_edit {
    const char *name; /* unique; letters, digits, '-', '_' */
    const char *what; /* one line: what it does to a text */
    int32_t content; /* 1: it changes what the response says or how well; 0: it should not matter */
} pdx_edit;

/* The built-in edits and, behind them, those of a JSON file (NULL: none):
 * {"edits":[{"name","what","content":bool,"pattern":PCRE2,"replacement":str,"once":bool} or, in
 * place of the last three, "steps":[{"pattern","replacement","once"},...]]}. Patterns see UTF-8 and
 * lines (^ and $); replacements are PCRE2's extended ones ($1, \l$1, $$, \n); "once" (default
 * false): the first match only. A name that is there already replaces that edit. PDX_EPARSE names
 * the edit and the place in its pattern. */
PDX_API pdx_status pdx_edits_create(pdx_edits **out, const char *path);
PDX_API void pdx_edits_free(pdx_edits *edits);
PDX_API int32_t pdx_edits_count(const pdx_edits *edits);
PDX_API pdx_status pdx_edits_get(const pdx_edits *edits, int32_t i, pdx_edit *out); /* borrowed */
PDX_API int32_t pdx_edits_find(const pdx_edits *edits, const char *name);           /* -1: absent */
/* The edited text into *out, borrowed until the next call on this handle; the same bytes as
 * `response` where the edit changes nothing. `other` is the response on the other side, which the
 * edit "same" needs; `seed` decides the edit "sentences-shuffled". */
PDX_API pdx_status pdx_edits_apply(pdx_edits *edits, int32_t i, const char *response,
                                   const char *other, uint64_t seed, const char **out);

/* ---- the pairs of a probe ---- */

enum { PDX_SIDE_RANDOM = 0, PDX_SIDE_A = 1, PDX_SIDE_B = 2, PDX_SIDE_BOTH = 3 };
typedef struct pdx_probe_write_options {
    uint32_t size;
    const char *const *edits; /* names, in this order; default NULL: all of the handle */
    int32_t edit_count;
    int32_t side;      /* PDX_SIDE_*: which response is edited; default random, one a pair, the same
                          for all edits */
    int64_t limit;     /* at most so many originals, the first ones; 0 (default): all */
    const char *texts; /* edited texts made elsewhere: a JSON Lines file of {"pair","edit","side":
                          "a"|"b","response","content":bool}; default NULL */
    uint64_t seed;     /* default 1 */
    pdx_hooks hooks;   /* log names what was left out */
} pdx_probe_write_options;
PDX_API void pdx_probe_write_options_init(pdx_probe_write_options *options, uint32_t size);
#define pdx_probe_write_options_init(options)                                                      \
    pdx_probe_write_options_init((options), (uint32_t)sizeof *(options))

typedef struct pdx_probe_counts {
    int64_t originals; /* pairs written as they are */
    int64_t edited;    /* pairs with one response edited */
    int64_t unchanged; /* edits that left a text as it was: not written */
    int64_t empty;     /* sides without a text: not edited, their pairs stand as originals */
} pdx_probe_counts;
/* Writes the originals (with "probe_edit":"none") and their edited copies as pairs.jsonl. All
 * members of an original are kept; copies have "probe_pair", "probe_edit", "probe_side" and
 * "probe_content" beside. A dataset without texts is PDX_EINVAL. */
PDX_API pdx_status pdx_probe_write(pdx_probe_counts *counts, const pdx_dataset *dataset,
                                   pdx_edits *edits, const char *path,
                                   const pdx_probe_write_options *options);

#ifdef __cplusplus
}
#endif
#endif
