/* prefdissect/judge.h: things that make judgments. A judge is asked about every pair in both orders
 * of the responses; its answer is the log-probability of the two labels as the next token.
 *
 * A local judge runs a language model of the Llama shape (Llama, Mistral, Mixtral, Qwen2, Qwen3 and
 * what shares their form) from a GGUF file or a Hugging Face folder, with one packed forward pass
 * for many prompts: prefixes that prompts share are computed once.
 *
 * A judge behind HTTP is asked by any of the routes below; those without log-probabilities give a
 * verdict in words. */
#ifndef PREFDISSECT_JUDGE_H
#define PREFDISSECT_JUDGE_H

#include <prefdissect/http.h>
#include <prefdissect/judgments.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pdx_judge pdx_judge;

enum { PDX_TOO_LONG_REFUSE = 0, PDX_TOO_LONG_TRUNCATE = 1 };

typedef struct pdx_local_options {
    uint32_t size;
    const char *backend;      /* "cpu" (default) or "cuda" */
    const char *prompt;       /* name or file of the template: "plain" (default), "auto" (by the
                                 model's own chat template), "chatml", "llama-2", "llama-3",
                                 "mistral", "zephyr", "vicuna", or a path: text with {query},
                                 {first}, {second}, {reference}; {{ is a brace */
    const char *label_first;  /* default "A": what names the response shown first */
    const char *label_second; /* default "B" */
    int32_t too_long;         /* PDX_TOO_LONG_*; default refuse: an error that names the pair.
                                 Truncate cuts the longer response in its middle, counted */
    int32_t context;          /* longest prompt in tokens; 0 (default): the model's own */
    int32_t batch_tokens;     /* tokens of one pass; 0 (default): 4096 or what memory allows */
    int64_t memory_bytes; /* for activations (CPU) or everything (GPU); 0: half of what is free */
    int32_t threads;      /* CPU; 0: all cores */
    int32_t device;       /* GPU number; default 0 */
} pdx_local_options;
PDX_API void pdx_local_options_init(pdx_local_options *options, uint32_t size);
#define pdx_local_options_init(options)                                                            \
    pdx_local_options_init((options), (uint32_t)sizeof *(options))

/* Opens a model: a .gguf file or a folder with config.json, model.safetensors (or its shards) and
 * tokenizer.json. Weights are memory-mapped. PDX_EPARSE, PDX_EUNSUPPORTED and PDX_EINVAL name the
 * tensor, key or label; PDX_ENOMEM says what the model needs. */
PDX_API pdx_status pdx_judge_open_local(pdx_judge **out, const char *model,
                                        const pdx_local_options *options);
/* How a server is asked, and which of its routes. */
enum {
    PDX_HTTP_COMPLETIONS = 0,        /* /v1/completions with logprobs */
    PDX_HTTP_CHAT = 1,               /* /v1/chat/completions with top_logprobs */
    PDX_HTTP_VERDICT = 2,            /* /v1/chat/completions, the verdict found in the text */
    PDX_HTTP_TOKEN_IDS = 3,          /* vLLM: /v1/completions with logprob_token_ids */
    PDX_HTTP_GENERATIVE_SCORING = 4, /* vLLM: /generative_scoring; no coverage. It cuts the end off
                                        prompts beyond its context; rows say so where /tokenize
                                        was asked for the labels, too. */
    PDX_HTTP_SCORE = 5,              /* SGLang: /v1/score */
    PDX_HTTP_LLAMA = 6               /* llama.cpp's server: /completion with n_probs */
};
typedef struct pdx_http_judge_options {
    uint32_t size;
    const char *prompt; /* "plain", "chat" or "verdict", the default of the kind, or a path: text
                           with {query}, {first}, {second}, {reference}. Chat routes send it as
                           one message of the user. */
    const char *label_first;  /* default "A" */
    const char *label_second; /* default "B" */
    const char *label_tie;    /* verdicts only; default "tie" */
    const char *pattern;      /* verdicts: a PCRE2 pattern whose group 1 is a label; its last match
                                 counts. Default: "Verdict: LABEL" in any case. */
    const char *label_ids; /* "362,425": token ids of the labels; several spellings of one with '+'
                              between. Default: asked of the server's /tokenize. */
    int32_t kind;          /* PDX_HTTP_* */
    int32_t top_logprobs;  /* alternatives asked for; default 20 */
    int32_t samples;       /* verdicts of each pair and order; default 1 */
    int32_t reasoning;     /* 1: a model that takes max_completion_tokens and no temperature */
    double temperature;    /* -1 (default): 0 for log-probabilities, the server's for verdicts */
    int64_t max_tokens;    /* of a verdict's text; default 4096 */
    uint64_t seed;         /* sample k is asked with seed + k; default 1 */
} pdx_http_judge_options;
PDX_API void pdx_http_judge_options_init(pdx_http_judge_options *options, uint32_t size);
#define pdx_http_judge_options_init(options)                                                       \
    pdx_http_judge_options_init((options), (uint32_t)sizeof *(options))

/* A judge behind HTTP; nothing is sent yet. `http` must name url and model. */
PDX_API pdx_status pdx_judge_open_http(pdx_judge **out, const pdx_http_options *http,
                                       const pdx_http_judge_options *options);

PDX_API void pdx_judge_free(pdx_judge *judge);
/* The judge's name as judgments carry it: the model file's base name unless set in a run. */
PDX_API const char *pdx_judge_name(const pdx_judge *judge);

enum { PDX_ORDERS_BOTH = 0, PDX_ORDERS_AB = 1, PDX_ORDERS_BA = 2 };
typedef struct pdx_judge_options {
    uint32_t size;
    const char *name; /* of the judge in the judgments; default: its own (the model's) */
    int32_t orders;   /* PDX_ORDERS_*; default both */
    int64_t limit;    /* at most so many pairs, the first ones; 0 (default): all */
    pdx_hooks hooks;  /* counts pairs; log tells the expected time before the long part */
    int32_t
        allow_missing; /* 1: the file is finished even where answers are missing that may still
                          come; their rows have "error", and a later run asks again; default 0 */
} pdx_judge_options;
PDX_API void pdx_judge_options_init(pdx_judge_options *options, uint32_t size);
#define pdx_judge_options_init(options)                                                            \
    pdx_judge_options_init((options), (uint32_t)sizeof *(options))

typedef struct pdx_judge_result {
    int64_t pairs;     /* judged, those of earlier runs included */
    int64_t resumed;   /* judgments found in an interrupted run's file */
    int64_t judgments; /* made now */
    int64_t truncated; /* prompts that were cut to fit */
    int64_t tokens;    /* of all prompts made now */
    int64_t computed;  /* tokens that were computed: shared prefixes once */
    double seconds;    /* of the model's passes; of asking */
    double p_first;    /* share of verdicts for the response shown first, made now; ties are half */
    double coverage;   /* mean P(first) + P(second) */
    int64_t no_verdict;    /* judgments made now that say nothing: refusals, unreadable texts */
    int64_t failed;        /* answers that are missing and may come by running again */
    int64_t refused;       /* answers that the server will not give: rows with "error" */
    int64_t both_orders;   /* pairs (times repeats) with a verdict in both orders */
    double consistent;     /* share of them with the same winner in both */
    double flip_to_first;  /* share of them where both orders chose the response shown first */
    int64_t output_tokens; /* of answers, the journal's included (as `tokens` is, over HTTP) */
    int64_t requests;      /* sent now */
    double usd;            /* what the journal's answers cost; NaN without prices */
} pdx_judge_result;

/* Judges every pair of the dataset and writes judgments.jsonl at `path`. Rows are appended and
 * flushed to `path`.part while the run goes on; at its end the file is renamed. A run that was
 * stopped (PDX_ECANCELED) or killed goes on where it was: rows of the part file with the same judge
 * and prompt are kept, a torn last line is dropped. Another process on the same part file:
 * PDX_EBUSY.
 *
 * Rows beyond the common fields: "bound": "first" | "second" where that label was not among the
 * alternatives that the server told, so that its log-probability is an upper bound and "coverage"
 * is without it; "normalised": true where probabilities are of the two labels only; "raw": the text
 * of a verdict, or of an answer that says nothing (then shown and winner are null); "error": the
 * server will not answer this one, and why. Answers that may still come make the run end with
 * PDX_ENETWORK, its part file kept, unless allow_missing; PDX_EBUDGET: the budget is spent,
 * likewise. */
PDX_API pdx_status pdx_judge_run(pdx_judge_result *result, pdx_judge *judge, pdx_dataset *dataset,
                                 const char *path, const pdx_judge_options *options);

/* Batch files in OpenAI's form, for batch services and `vllm run-batch` (which takes chat routes;
 * those of completions by its version). Judges over HTTP only. */
typedef struct pdx_batch_result {
    int64_t requests; /* written; read: results */
    int64_t answered; /* asks that the journal answers already; read: good results */
    int64_t tokens;   /* written: of all prompts, by estimate on the dear side */
    double usd;       /* written: the most that they may cost, by the same; NaN without prices */
} pdx_batch_result;
/* Writes a request a line ("-": standard output) for every pair and order that the journal of
 * `judgments` (a path; may be NULL) does not answer. This is a dry run too. */
PDX_API pdx_status pdx_judge_batch_write(pdx_batch_result *result, pdx_judge *judge,
                                         pdx_dataset *dataset, const char *path,
                                         const char *judgments, const pdx_judge_options *options);
/* Takes results into that journal, in any order, failures among them. pdx_judge_run then makes the
 * judgments and asks by HTTP what is missing (`offline`: nothing is asked). */
PDX_API pdx_status pdx_judge_batch_read(pdx_batch_result *result, pdx_judge *judge,
                                        const char *results, const char *judgments);

#ifdef __cplusplus
}
#endif
#endif
