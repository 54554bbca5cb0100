/* Judges behind HTTP, inside: what is asked on each route, and what its answers say. */
#ifndef PDX_JUDGE_HTTP_H
#define PDX_JUDGE_HTTP_H

#include "judge/judge.h"
#include "lm/template.h"
#include "net/ask.h"

enum { PDX__MOST_IDS = 4 };

typedef struct pdx__http_judge {
    pdx_http_options o;       /* its strings are in `kept` */
    pdx_http_judge_options j; /* likewise */
    char *kept[16];
    pdx__template *template;
    const char *label[3]; /* first, second, tie */
    void *pattern;        /* verdicts: compiled */
    int32_t ids[2][PDX__MOST_IDS], id_count[2];
    int64_t context;    /* tokens, as /tokenize says; 0: unknown */
    double temperature; /* NaN: left to the server */
    char prompt_sha256[65];
} pdx__http_judge;

/* NULL where the judge is another. */
pdx__http_judge *pdx__http_judge_of(const pdx_judge *judge);
/* The journal that was named, or the one beside the judgments. */
pdx_status pdx__http_journal_path(char **out, const pdx__http_judge *h, const char *judgments);

/* ---- http_routes.c: what is asked ---- */

int32_t pdx__route_needs_ids(int32_t kind);
const char *pdx__route_path(int32_t kind);
/* The ask of one order; its body goes into `body`. Reads ids where the route needs them. */
pdx_status pdx__route_ask(const pdx__http_judge *h, const pdx__question *question, int32_t order,
                          pdx__buf *body, pdx__ask *out);

/* ---- http_answers.c: what is answered ---- */

pdx_status pdx__answers_open(pdx__http_judge *h); /* compiles the pattern */
void pdx__answers_close(pdx__http_judge *h);
/* PDX__ACCEPT_*; where GOOD, `out` is the answer (raw borrows the body). */
int32_t pdx__answer_read(const pdx__http_judge *h, const cJSON *body, pdx__answer *out,
                         char reason[256]);

#endif
