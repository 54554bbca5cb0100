/* prefdissect/judge.h: things that make judgments. A judge is asked about every pair in both orders
 * of the responses; its answer is the log-probability of the two labels as the next token.
 *
 * A local judge runs a language model of the Llama shape (Llama, Mistral, Mixtral, Qwen2, Qwen3 and
 * what shares their form) from a GGUF file or a Hugging Face folder, with one packed forward pass
 * for many prompts: prefixes that prompts share are computed once. */
#ifndef PREFDISSECT_JUDGE_H
#define PREFDISSECT_JUDGE_H

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
PDX_API void pdx_local_options_init(pdx_local_options *options);

/* Opens a model: a .gguf file or a folder with config.json, model.safetensors (or its shards) and
 * tokenizer.json. Weights are memory-mapped. PDX_EPARSE, PDX_EUNSUPPORTED and PDX_EINVAL name the
 * tensor, key or label; PDX_ENOMEM says what the model needs. */
PDX_API pdx_status pdx_judge_open_local(pdx_judge **out, const char *model,
                                        const pdx_local_options *options);
PDX_API void pdx_judge_free(pdx_judge *judge);
/* The judge's name as judgments carry it: the model file's base name unless set in a run. */
PDX_API const char *pdx_judge_name(const pdx_judge *judge);

enum { PDX_ORDERS_BOTH = 0, PDX_ORDERS_AB = 1, PDX_ORDERS_BA = 2 };
typedef struct pdx_judge_options {
    uint32_t size;
    const char *name; /* of the judge in the judgments; default: its own */
    int32_t orders;   /* PDX_ORDERS_*; default both */
    int64_t limit;    /* at most so many pairs, the first ones; 0 (default): all */
    pdx_hooks hooks;  /* counts pairs; log tells the expected time before the long part */
} pdx_judge_options;
PDX_API void pdx_judge_options_init(pdx_judge_options *options);

typedef struct pdx_judge_result {
    int64_t pairs;     /* judged, those of earlier runs included */
    int64_t resumed;   /* judgments found in an interrupted run's file */
    int64_t judgments; /* made now */
    int64_t truncated; /* prompts that were cut to fit */
    int64_t tokens;    /* of all prompts made now */
    int64_t computed;  /* tokens that were computed: shared prefixes once */
    double seconds;    /* of the model's passes */
    double p_first;    /* share of judgments for the response shown first, made now */
    double coverage;   /* mean P(first) + P(second) */
} pdx_judge_result;

/* Judges every pair of the dataset and writes judgments.jsonl at `path`. Rows are appended and
 * flushed to `path`.part while the run goes on; at its end the file is renamed. A run that was
 * stopped (PDX_ECANCELED) or killed goes on where it was: rows of the part file with the same judge
 * and prompt are kept, a torn last line is dropped. Another process on the same part file:
 * PDX_EBUSY. */
PDX_API pdx_status pdx_judge_run(pdx_judge_result *result, pdx_judge *judge, pdx_dataset *dataset,
                                 const char *path, const pdx_judge_options *options);

#ifdef __cplusplus
}
#endif
#endif
