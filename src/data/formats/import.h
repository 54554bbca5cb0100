/* Foreign files -> ours: what the formats share. A format reads its files record by record and
 * hands pairs, judgments and properties to the collector, which names pairs, writes the files whole
 * or not at all, and keeps the log of what was left out. */
#ifndef PDX_DATA_FORMATS_IMPORT_H
#define PDX_DATA_FORMATS_IMPORT_H

#include <prefdissect/judgments.h>

#include "core/file.h"
#include "core/json.h"
#include "core/strmap.h"

typedef struct pdx__import {
    pdx_import_options options;
    const char *const *paths;
    int32_t path_count;
    pdx_import_result result;

    /* The rest is the collector's own. */
    const char *folder;
    pdx__writer pairs, judgments, features;
    pdx__buf schema;     /* the text of schema.json, empty: none */
    pdx__buf row;        /* under construction */
    pdx__buf id;         /* of the pair last handed in */
    pdx__strmap ids;     /* all ids given out */
    pdx__strmap content; /* wanted id + hash of the pair's content -> id_of[index] */
    int64_t *id_of;      /* -> ids */
    size_t id_of_capacity;
    pdx__strmap prefixes; /* "alpacaeval/gpt4/" -> how many pairs have it: */
    int64_t *numbered;
    size_t numbered_capacity;
    pdx__strmap judges;
    pdx__strmap asked; /* pair, judge, order -> how often: */
    int32_t *times;
    size_t times_capacity;
    int64_t records;
    double began, told;
} pdx__import;

/* ---- Reading ---- */

typedef pdx_status (*pdx__record_fn)(pdx__import *import, void *context, const cJSON *record,
                                     pdx__where where);
/* Calls `each` for every object of a JSON list or a JSON Lines file; anything else is an error. A
 * file without records is an error. */
pdx_status pdx__import_records(pdx__import *import, const char *path, pdx__record_fn each,
                               void *context);
/* Appends " (record 12)" to the message of a failure. */
void pdx__import_add_record_number(int64_t number);
/* Counts a record for the progress callback; PDX_ECANCELED where it says so. */
pdx_status pdx__import_tick(pdx__import *import);
/* The first byte of a file that is not white space; 0 where there is none. */
pdx_status pdx__import_first_byte(const char *path, char *out);
/* A member that is a string or a number, as text in `out`; absent: EPARSE, or with
 * PDX__OPTIONAL an empty text. */
pdx_status pdx__import_name(const cJSON *object, const char *key, int required, pdx__buf *out,
                            pdx__where where);
/* Part `up` of a path from its end (0: the file's name without its extension), "" where there are
 * not so many. */
pdx_status pdx__import_path_part(const char *path, int32_t up, pdx__buf *out);

/* ---- Writing ---- */

/* `,"key":"text"` for the `extra` of a pair or judgment; nothing where text is NULL. */
void pdx__import_extra(pdx__buf *extra, const char *key, const char *text);
/* The same for a string, number or boolean member of a record; others are passed over. */
void pdx__import_extra_value(pdx__buf *extra, const char *key, const cJSON *value);

/* A pair as a foreign file tells it; NULL where it does not. */
typedef struct pdx__import_pair {
    const char *id;    /* wanted; ends in '/': a number is appended. Taken by another pair: "#2" */
    const char *query; /* plain text, or */
    const char *query_json; /* a JSON value: a list of messages */
    const char *response_a, *response_b;
    const char *scenario, *model_a, *model_b, *reference;
    const char *extra; /* from pdx__import_extra */
} pdx__import_pair;
/* Writes the pair unless it is there already (same wanted id, models and texts). Its id stands in
 * import->id until the next call; *fresh (may be NULL) says whether it was written. */
pdx_status pdx__import_add_pair(pdx__import *import, const pdx__import_pair *pair, int *fresh);

typedef struct pdx__import_judgment {
    const char *judge;
    int32_t order;                          /* PDX_ORDER_* */
    int32_t winner;                         /* PDX_WINNER_* */
    double logp_first, logp_second, prob_a; /* NaN: not known */
    const char *raw;   /* the judge's words, of which the end is kept; NULL: not known */
    const char *extra; /* from pdx__import_extra */
} pdx__import_judgment;
void pdx__import_judgment_init(pdx__import_judgment *judgment);
/* Writes a judgment of the pair import->id; a judge that is asked again in the same order gets a
 * `repeat`. Without a verdict and log-probabilities it is also logged and counted. */
pdx_status pdx__import_add_judgment(pdx__import *import, const pdx__import_judgment *judgment,
                                    pdx__where where);
/* Property values of the pair import->id, which must be fresh. */
pdx_status pdx__import_add_features(pdx__import *import, int32_t count, const double *diff,
                                    const double *cmp);
/* What the features mean: becomes schema.json. */
pdx_status pdx__import_use_schema(pdx__import *import, const pdx_schema *schema);
/* Logs "file:line: left out: why" and counts it. */
void pdx__import_leave_out(pdx__import *import, pdx__where where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- Conversations (messages.c) ---- */

/* Text of a message's content: a string, or an object with "answer" or "content", or a list of
 * text parts. NULL: none of these. A list gives its first text. */
const char *pdx__message_text(const cJSON *content);
/* A list of {"role","content"}: what the user said as a JSON value (one message: a string) and the
 * assistant's turns joined by a blank line. Only the first `turns` user messages and the answers to
 * them count; 0: all. */
pdx_status pdx__conversation(const cJSON *messages, const char *key, int64_t turns,
                             pdx__buf *query_json, pdx__buf *answer, pdx__where where);
/* The first `count` strings of a list as one query (JSON value) or joined by a blank line. */
pdx_status pdx__turns_query(const cJSON *turns, int64_t count, pdx__buf *query_json);
pdx_status pdx__turns_answer(const cJSON *turns, int64_t count, pdx__buf *answer);

/* Answer files of MT-bench and Arena-Hard, and their question files: found by model ("" for
 * questions) and question. A value is {"turns":[text],"prompt":text?,"category":..?,...}. */
typedef struct pdx__answers {
    pdx__strmap keys;
    cJSON **value;
    size_t capacity;
} pdx__answers;
/* A file, or a folder whose *.jsonl files are read in the order of their names. */
pdx_status pdx__answers_load(pdx__answers *answers, pdx__import *import, const char *path);
pdx_status pdx__questions_load(pdx__answers *questions, pdx__import *import, const char *path);
void pdx__answers_free(pdx__answers *answers);
/* Fills texts of `pair` from options.answers and options.questions (buffers hold them). *found = 0,
 * with a line in the log, where answers were given and this one is not there. */
pdx_status pdx__answers_fill(pdx__import *import, const pdx__answers *answers,
                             const pdx__answers *questions, const char *question, int64_t turn,
                             pdx__import_pair *pair, pdx__buf texts[3], int *found,
                             pdx__where where);

/* ---- Formats ---- */

pdx_status pdx__import_li2024(pdx__import *import);
pdx_status pdx__import_alpacaeval(pdx__import *import);
pdx_status pdx__import_mtbench(pdx__import *import);
pdx_status pdx__import_mtbench_single(pdx__import *import);
pdx_status pdx__import_mtbench_human(pdx__import *import);
pdx_status pdx__import_arena_hard(pdx__import *import);
pdx_status pdx__import_annotated_pairs(pdx__import *import);
pdx_status pdx__import_llmbar(pdx__import *import);
pdx_status pdx__import_judgebench(pdx__import *import);
pdx_status pdx__import_arena_33k(pdx__import *import);
pdx_status pdx__import_arena_55k(pdx__import *import);
pdx_status pdx__import_rewardbench(pdx__import *import);
pdx_status pdx__import_ultrafeedback(pdx__import *import);

/* Winner of a verdict text: "model_1"|"model_a" -> A, "model_2"|"model_b" -> B, "tie..." -> tie;
 * "error" or NULL -> none; else EPARSE. */
pdx_status pdx__import_winner(const char *text, const char *key, int32_t *out, pdx__where where);
/* A>>B, A>B, A=B, B>A, A<B, ... about what was shown first (A) and second (B), in an order. */
pdx_status pdx__import_score(const char *text, const char *key, int32_t order, int32_t *out,
                             pdx__where where);

#endif
