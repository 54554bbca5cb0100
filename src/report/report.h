/* Inside a report: what create gathers, in the order in which the page's document holds it, and
 * what callers add. The document is one JSON object; page/data.js reads it. */
#ifndef PDX_REPORT_REPORT_H
#define PDX_REPORT_REPORT_H

#include <prefdissect/report.h>

#include "core/buf.h"
#include "core/strmap.h"
#include "data/labels.h"

/* A paragraph (text) or a picture (the rest) under a heading. */
typedef struct pdx__report_piece {
    char *heading, *text, *title, *caption, *svg, *csv; /* NULL: absent */
} pdx__report_piece;

struct pdx_report {
    char *title;
    pdx__buf document;
    char **finding;
    pdx__report_piece *piece;
    size_t findings, finding_capacity, pieces, piece_capacity;
};

/* What there is to tell, numbered. Judges and groups of the study come first, those of the data
 * alone behind them. */
typedef struct pdx__report_source {
    const pdx_study *study;
    const pdx_dataset *dataset;     /* NULL: none */
    const pdx_judgments *judgments; /* NULL: none */
    const pdx_report_options *options;
    pdx_schema *names; /* built-in schema of the columns; NULL: of none */
    pdx__strmap judge, group;
    int32_t judges, groups, fitted_judges, fitted_groups, fits, d;
    int32_t *fit_judge, *fit_group; /* [fits] */
    const pdx_posterior **fit;      /* [fitted_judges][fitted_groups], NULL: no such fit */
    int32_t *label_judge;           /* [judges] number in the judgments, -1: none */
    int32_t *data_group;            /* [groups] number in the dataset; -1: all pairs; -2: none */
    pdx_similarity *similarity;     /* of all fitted judges */
    pdx__judgment_index index;      /* where there are judgments */
    int32_t labellers, *labeller;   /* judges with judgments */
    pdx_agreement *agreement;       /* [groups + 1][labellers][labellers], the last: all pairs */
    pdx_consistency *consistency;   /* [groups + 1][labellers] */
    pdx_effect *effect;             /* [fits][d]; NULL: no judgments */
    pdx_surprise *surprise;         /* [fits][surprises] */
    int32_t surprises, *surprising; /* [fits] how many there are */
} pdx__report_source;

/* source.c */
pdx_status pdx__report_gather(pdx__report_source *source);
void pdx__report_source_free(pdx__report_source *source);
const char *pdx__report_judge(const pdx__report_source *source, int32_t judge);
const char *pdx__report_group(const pdx__report_source *source, int32_t group);
const char *pdx__report_property(const pdx__report_source *source, int32_t k); /* for people */
const pdx_property *pdx__report_described(const pdx__report_source *source,
                                          int32_t k); /* or NULL */
/* Ends of the 95 % interval of a weight: quantiles, else by sd; NaN with means only. */
void pdx__report_limits(const pdx_posterior *fit, int32_t k, double *low, double *high);

/* Members of the document, each with a comma before it. document_*.c */
void pdx__report_put_study(pdx__buf *out, const pdx__report_source *source);
pdx_status pdx__report_put_comparison(pdx__buf *out, const pdx__report_source *source);
void pdx__report_put_effects(pdx__buf *out, const pdx__report_source *source);
/* Texts only as long as the whole document takes at most `limit` bytes of the page. */
pdx_status pdx__report_put_pairs(pdx__buf *out, const pdx__report_source *source, int64_t limit);

/* findings.c */
pdx_status pdx__report_find(pdx_report *report, const pdx__report_source *source);

/* html.c: bytes of the page without document and added pieces. */
size_t pdx__report_page_size(const pdx_report *report);

#endif
