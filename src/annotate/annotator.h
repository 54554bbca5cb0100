/* The annotator inside: options, prompts, and what a request looks like. */
#ifndef PDX_ANNOTATE_ANNOTATOR_H
#define PDX_ANNOTATE_ANNOTATOR_H

#include "annotate/forms.h"
#include "net/ask.h"

struct pdx_annotator {
    pdx_http_options o;      /* its strings are in `kept` */
    pdx_annotator_options a; /* likewise; its schema is the prompts' */
    char *kept[12];
    char *members; /* of a.body, without its braces; NULL: none */
    pdx__prompts *prompts;
    int32_t wanted[PDX_ANNOTATE_STAGES]; /* 1: always, 2: where the pair has no such field */
    double temperature;                  /* NaN: left to the server */
    char prompt_sha256[PDX_ANNOTATE_STAGES][65];
    const pdx__transport *transport; /* NULL: curl; tests put theirs here */
};

/* An answer that could not be used, and why. */
typedef struct pdx__turn {
    char *answer;
    char reason[512];
} pdx__turn;

/* The body of a request: the stage's prompt, then the turns so far. `structured` is no AUTO. */
void pdx__annotator_body(const pdx_annotator *annotator, int32_t stage, int32_t structured,
                         const pdx__material *material, const pdx__turn *turns, int32_t count,
                         int64_t seed, pdx__buf *out);
/* The journal that was named, or the one beside the annotations. */
pdx_status pdx__annotator_journal(char **out, const pdx_annotator *annotator,
                                  const char *annotations);
/* Whether a body can be read at all; context and tag are not looked at. */
int32_t pdx__annotator_accept(void *context, int64_t tag, const cJSON *body, char reason[256]);

/* structured.c: what the server can do: what the journal knows of earlier probes, else probe
 * requests. `offline`: the journal only, SCHEMA where it knows nothing. */
pdx_status pdx__structured_find(const pdx_annotator *annotator, const char *journal,
                                int32_t offline, int32_t *structured);

#endif
