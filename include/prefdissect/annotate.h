/* prefdissect/annotate.h: properties of responses, rated by a language model behind HTTP.
 *
 * A pair goes through stages, each a request or several, each its own rows of annotations.jsonl:
 *   query           facts about the query: the `depends_on` of the schema's properties
 *   reference       an answer by the annotator itself, to check others against
 *   query-free      ratings of the responses alone
 *   query-aware     ratings of the responses to the query
 *   query-specific  ratings that the facts call for (after query)
 *   error           errors with their severity (after reference)
 *   scenario        what kind of request it is
 * A stage starts for a pair as soon as what it needs is there.
 *
 * annotations.jsonl: one row an answer,
 *   {"id":ID,"stage":STAGE,"order":"AB"|"BA","response":"a"|"b","repeat":R,
 *    "values":{...},"provenance":{...}}
 * - "order": which response was shown first; only in stages that show both. "response": which one
 * was rated, where they are shown one by one; its values have this side only. "repeat": 0, 1, ...;
 * every repeat is annotated anew, reference and scenario excepted. A row is one pass: rows of
 * several repeats or orders are annotations of the same thing, whose disagreement is the
 * annotator's noise.
 * - "values" by stage, always in terms of responses a and b, whatever was shown first:
 *   query: {<fact>: true | false | ["each constraint, stance or mistake", ...]}
 *   query-free, query-aware, query-specific: {<property>: {"a": rating, "b": rating}}; a property
 * whose fact is a list has a list of ratings, one for each entry. Query-specific properties whose
 * fact is absent are not there. error: {<property>: {"a": count, "b": count}}, or {<property>:
 * null} where they could not be checked; the errors themselves stand in "errors": {"a":
 * [{"severity","what"}], "b": [...]}. reference: {"text": str}. scenario: {"scenario": str}.
 * - "provenance": {"model" (as the server names it), "prompt_sha256" (model, prompt, properties and
 *   settings of the stage), "asked_sha256", "time", "attempts", "corrections" (times that an
 * unusable answer was sent back with the reason), "usage": {"input","output"} of all of that}.
 * - {"id","stage","order",...,"error": reason}: there is no usable answer; "refused": true where
 * the annotator will not say. Such rows are asked again by the next run. pdx_dataset_load reads
 * these rows (dataset.h): ratings are averaged over orders and repeats, then compared by the
 * property's rule; a query-specific property counts in the repeats whose facts have it, as 0 in the
 * others. */
#ifndef PREFDISSECT_ANNOTATE_H
#define PREFDISSECT_ANNOTATE_H

#include <prefdissect/http.h>
#include <prefdissect/dataset.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Stages, in the order of the summary. */
enum {
    PDX_ANNOTATE_QUERY = 0,
    PDX_ANNOTATE_REFERENCE = 1,
    PDX_ANNOTATE_QUERY_FREE = 2,
    PDX_ANNOTATE_QUERY_AWARE = 3,
    PDX_ANNOTATE_QUERY_SPECIFIC = 4,
    PDX_ANNOTATE_ERROR = 5,
    PDX_ANNOTATE_SCENARIO = 6,
    PDX_ANNOTATE_STAGES = 7
};

/* Which response a pairwise prompt shows first. */
enum {
    PDX_SHOW_RANDOM = 0, /* drawn for each pair and repeat from the seed */
    PDX_SHOW_BOTH = 1,   /* asked in both orders */
    PDX_SHOW_AB = 2,
    PDX_SHOW_BA = 3
};

/* How a server is made to answer in JSON. Whatever it is, answers are read leniently: fenced, after
 * thinking, with trailing commas, numbers as text. */
enum {
    PDX_STRUCTURED_AUTO = 0,   /* the first of the following that a probe request shows to work */
    PDX_STRUCTURED_SCHEMA = 1, /* response_format json_schema, strict: OpenAI, vLLM, SGLang */
    PDX_STRUCTURED_JSON_SCHEMA = 2, /* response_format json_object with schema: llama.cpp's kin */
    PDX_STRUCTURED_JSON = 3,        /* response_format json_object */
    PDX_STRUCTURED_NONE = 4         /* the prompt alone asks for JSON */
};

typedef struct pdx_annotator pdx_annotator;

typedef struct pdx_annotator_options {
    uint32_t size;
    const pdx_schema *schema; /* what is rated; default "li2024". Copied. */
    const char *prompts;      /* folder of prompt files in place of the built-in ones, which are
                                 installed in share/prefdissect/prompts, with a README */
    const char
        *stages;      /* names with commas between; default: all that the schema needs, and scenario
                         for pairs that have none. Stages that others depend on are added. */
    const char *body; /* JSON object whose members go into every request: {"top_p":0.9} */
    int32_t single;   /* 1: responses are rated one by one; default 0: side by side */
    int32_t show;     /* PDX_SHOW_* */
    int32_t repeats;  /* independent annotations of each pair; default 1 */
    int32_t structured;  /* PDX_STRUCTURED_*; batch files: auto is schema unless a probe is known */
    int32_t corrections; /* times that an unusable answer is sent back with the reason; default 2 */
    int32_t reasoning;   /* 1: a model that takes max_completion_tokens and no temperature */
    double temperature;  /* -1 (default): 0, with repeats the server's own */
    int64_t max_tokens;  /* of an answer, thinking included; default 4096 */
    uint64_t seed;       /* of the orders; repeat r is asked with seed + r; default 1 */
} pdx_annotator_options;
PDX_API void pdx_annotator_options_init(pdx_annotator_options *options, uint32_t size);
#define pdx_annotator_options_init(options)                                                        \
    pdx_annotator_options_init((options), (uint32_t)sizeof *(options))

/* Nothing is sent yet. `http` must name url and model. PDX_EPARSE names a prompt file's line. */
PDX_API pdx_status pdx_annotator_open(pdx_annotator **out, const pdx_http_options *http,
                                      const pdx_annotator_options *options);
PDX_API void pdx_annotator_free(pdx_annotator *annotator);

typedef struct pdx_annotate_options {
    uint32_t size;
    int32_t only_failed; /* 1: only pairs with a failed row in the file; what is good stays, whoever
                            said it; default 0 */
    int64_t limit;       /* at most so many pairs, the first ones; 0 (default): all */
    pdx_hooks hooks;     /* counts pairs; log: now and then rate, failures, cost, time left */
} pdx_annotate_options;
PDX_API void pdx_annotate_options_init(pdx_annotate_options *options, uint32_t size);
#define pdx_annotate_options_init(options)                                                         \
    pdx_annotate_options_init((options), (uint32_t)sizeof *(options))

typedef struct pdx_annotate_result {
    int64_t pairs;         /* with a good row in every stage */
    int64_t rows;          /* good ones made now */
    int64_t kept;          /* good rows that an earlier run had made */
    int64_t failed;        /* rows with "error"; the following are some of them */
    int64_t refused;       /* the annotator will not say */
    int64_t unusable;      /* no usable answer after all corrections */
    int64_t corrections;   /* answers that were sent back */
    int64_t requests;      /* sent now */
    int64_t from_journal;  /* answers that an earlier run had got */
    int64_t input_tokens;  /* of all the journal */
    int64_t output_tokens; /* of all the journal */
    double usd;            /* of all the journal; NaN without prices */
    double seconds;
    int32_t structured; /* PDX_STRUCTURED_* that was used */
} pdx_annotate_result;

/* Annotates every pair of the dataset (query, response_a, response_b; a field "reference" is used
 * in place of asking for one) and writes annotations.jsonl at `path`, whole. Good rows that are
 * there already are kept where model, prompt and properties are the same; answers of the journal
 * (beside `path`, with ".journal" added) are not asked again, so a run that was killed goes on
 * where it was. Equal requests (one query of many pairs) are sent once. However the run ends, the
 * file holds all that is known: PDX_ECANCELED, PDX_EBUDGET (the budget is spent), PDX_ENETWORK
 * (answers that may come by running again are missing), PDX_EBUSY (another run has the journal:
 * nothing is written). Refusals and unusable answers are no error of the run. */
PDX_API pdx_status pdx_annotate_run(pdx_annotate_result *result, pdx_annotator *annotator,
                                    pdx_dataset *dataset, const char *path,
                                    const pdx_annotate_options *options);

/* Batch files in OpenAI's form, as for judges (judge.h). Stages that depend on others' answers come
 * in the next file: write, have it answered, read, and again until nothing is left to write. */
typedef struct pdx_annotate_batch {
    int64_t requests;  /* written; read: results */
    int64_t answered;  /* requests that rows or journal answer already; read: good results */
    int64_t dependent; /* requests that depend on answers to come, at most so many */
    int64_t tokens;    /* to read, by estimate on the dear side, the dependent included */
    double usd;        /* a fair estimate, the dependent included; NaN without prices */
    double usd_most;   /* were every answer as long as it may be */
} pdx_annotate_batch;
/* Writes a request a line ("-": standard output) for what rows and journal of `annotations` (a
 * path; may be NULL) do not answer. This is a dry run too. */
PDX_API pdx_status pdx_annotate_batch_write(pdx_annotate_batch *result, pdx_annotator *annotator,
                                            pdx_dataset *dataset, const char *path,
                                            const char *annotations,
                                            const pdx_annotate_options *options);
/* Takes results into the journal, in any order, failures among them. pdx_annotate_run then makes
 * the rows and asks by HTTP what is missing (`offline`: nothing is asked). */
PDX_API pdx_status pdx_annotate_batch_read(pdx_annotate_batch *result, pdx_annotator *annotator,
                                           const char *results, const char *annotations);

/* The raw annotation files of Li et al. 2024 ("annotation_results/...jsonl" of its annotate.py,
 * pairwise) into annotations.jsonl at `out`. Pairs are named "li2024/<id>", as pdx_import names
 * those of its raw records. Loaded with them, the rows give the comparisons of the original's
 * rules, the record's own numbers of words included. result: rows, failed (texts that are no JSON
 * object). */
PDX_API pdx_status pdx_annotate_import(pdx_annotate_result *result, const char *const *paths,
                                       int32_t count, const char *out);

/* What a file of annotations holds, stage by stage. */
typedef struct pdx_annotate_stage {
    const char *name;       /* static */
    int64_t rows;           /* with an answer */
    int64_t failed;         /* rows with "error" */
    int64_t refused;        /* of them: the annotator will not say */
    int64_t not_applicable; /* of the rows: nothing to rate, or errors that could not be checked */
    int64_t corrected;      /* of the rows: an answer was sent back at least once */
    int64_t input_tokens;   /* of answers that are kept or failed, each counted once */
    int64_t output_tokens;
    double usd; /* NaN without prices */
} pdx_annotate_stage;
/* Fills out[PDX_ANNOTATE_STAGES]. `prices` (http.h) and `model`, whose price counts, may be NULL.
 */
PDX_API pdx_status pdx_annotations_report(pdx_annotate_stage *out, const char *path,
                                          const char *prices, const char *model);

/* Writes the pairs (a path) to `out` with what the annotations say of their queries: "scenario",
 * and "cases", the list of the facts that hold ("feelings", ...), so that both can group pairs
 * (pdx_dataset_options.group_by). Fields that a pair has already stay. */
PDX_API pdx_status pdx_annotations_label(const char *pairs, const char *annotations,
                                         const char *out);

#ifdef __cplusplus
}
#endif
#endif
