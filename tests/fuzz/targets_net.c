/* What servers and batch services send, as fuzz targets (see targets.c): private functions, so
 * these link the library's static twin. */
#include <prefdissect/prefdissect.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "annotate/forms.h"
#include "annotate/relax.h"
#include "core/file.h"
#include "core/json.h"
#include "judge/http.h"
#include "net/batch.h"
#include "net/chat.h"

#pragma GCC diagnostic ignored "-Wunused-function"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct input {
    const char *path;
    const char *text;
    size_t size;
} input;

enum { KINDS = 7 };

static const pdx__http_judge *judge_of(int32_t kind) {
    static pdx_judge *judges[KINDS];
    if (!judges[kind]) {
        pdx_http_options http;
        pdx_http_judge_options options;
        pdx_http_options_init(&http);
        pdx_http_judge_options_init(&options);
        http.url = "http://127.0.0.1:1";
        http.model = "m";
        options.kind = kind;
        options.label_ids = "1,2";
        if (pdx_judge_open_http(&judges[kind], &http, &options) != PDX_OK) abort();
    }
    return pdx__http_judge_of(judges[kind]);
}

/* Whatever is said, an answer is a pair of log-probabilities, a verdict, or none of them. */
static inline void answer(input in) {
    cJSON *body;
    if (pdx__json_parse(&body, in.text, in.size, (pdx__where){"body", 0}) != PDX_OK) return;
    for (int32_t kind = 0; kind < KINDS; ++kind) {
        pdx__answer out;
        char reason[256] = "";
        int32_t verdict = pdx__answer_read(judge_of(kind), body, &out, reason);
        if (verdict != PDX__ACCEPT_GOOD && !*reason) abort();
        if (verdict != PDX__ACCEPT_GOOD) continue;
        if (isnan(out.logp_first) != isnan(out.logp_second)) abort();
        if (out.logp_first > 0 || out.logp_second > 0) abort();
        if (isinf(out.logp_first) || isinf(out.logp_second)) abort();
        if (out.shown < PDX__SHOWN_NONE || out.shown > PDX__SHOWN_TIE) abort();
    }
    int64_t read, written;
    const char *code;
    pdx__chat_usage(body, &read, &written);
    if (read < -1 || written < -1) abort();
    pdx__chat_error(body, &code);
    pdx__chat_model(body);
    cJSON_Delete(body);
}

/* A copy, for a journal is written to. What was opened takes an answer and gives it back. */
static pdx__journal *journal_of(input in, char path[64]) {
    pdx__journal *out;
    snprintf(path, 64, "/dev/shm/pdx-fuzz-net-%d", (int)getpid());
    FILE *copy = fopen(path, "wb");
    if (!copy || fwrite(in.text, 1, in.size, copy) != in.size || fclose(copy) != 0) abort();
    if (pdx__journal_open(&out, path, NULL, NULL) != PDX_OK && (out || !*pdx_error_message()))
        abort();
    return out;
}

static inline void journal(input in) {
    static const char key[] = "00000000000000000000000000000000000000000000000000000000000000aa";
    char path[64];
    pdx__journal *j = journal_of(in, path);
    pdx__journal_entry entry;
    int32_t found;
    if (j) {
        if (pdx__journal_find(j, key, &entry, &found) == PDX_OK) cJSON_Delete(entry.answer);
        if (pdx__journal_answer(j, key, 1, "{\"t\":1}", 7) != PDX_OK) abort();
        if (pdx__journal_find(j, key, &entry, &found) != PDX_OK || !found) abort();
        cJSON_Delete(entry.answer);
    }
    pdx__journal_close(j);
    unlink(path);
}

static inline void batch(input in) {
    char path[64];
    pdx__batch_counts counts;
    pdx__journal *j = journal_of((input){NULL, "", 0}, path);
    if (pdx__batch_read(&counts, j, in.path) != PDX_OK && !*pdx_error_message()) abort();
    if (pdx__journal_count(j) > counts.answered) abort();
    pdx__journal_close(j);
    unlink(path);
}

static const pdx__prompts *prompts_of(int32_t single) {
    static pdx__prompts *prompts[2];
    pdx_schema *schema;
    if (prompts[single]) return prompts[single];
    if (pdx_schema_builtin(&schema, "li2024") != PDX_OK) abort();
    if (pdx__prompts_open(&prompts[single], NULL, schema, single) != PDX_OK) abort();
    pdx_schema_free(schema);
    return prompts[single];
}

/* What an annotator says: values are JSON of numbers on their scales, or there is a reason. */
static inline void annotated(input in) {
    static const char facts_text[] =
        "{\"unclear_intent\":true,\"feelings\":true,\"constraints\":[\"x\"],"
        "\"stances\":[\"x\",\"y\"],\"mistakes\":[]}";
    pdx_status status;
    char *text = malloc(in.size + 1);
    if (!text) abort();
    memcpy(text, in.text, in.size);
    text[in.size] = 0;
    cJSON *object = pdx__relaxed_object(text, &status), *facts = cJSON_Parse(facts_text);
    for (int32_t k = 0; object && k < 2 * PDX_ANNOTATE_STAGES; ++k) {
        int32_t stage = k / 2, single = k % 2;
        if (stage == PDX_ANNOTATE_REFERENCE) continue;
        pdx__buf values = PDX__BUF_EMPTY, errors = PDX__BUF_EMPTY;
        char reason[512];
        pdx__shown shown = {{1, 0}, single ? 1 : 2};
        int32_t good = pdx__form_read(prompts_of(single), stage, facts, object, shown, &values,
                                      &errors, reason);
        cJSON *tree = NULL;
        if (!good && !*reason) abort();
        if (good &&
            pdx__json_parse(&tree, values.data, values.length, (pdx__where){"", 0}) != PDX_OK)
            abort();
        cJSON_Delete(tree);
        if (good && errors.length &&
            pdx__json_parse(&tree, errors.data, errors.length, (pdx__where){"", 0}) != PDX_OK)
            abort();
        if (errors.length) cJSON_Delete(tree);
        pdx__buf_free(&values);
        pdx__buf_free(&errors);
    }
    cJSON_Delete(object);
    cJSON_Delete(facts);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char path[32];
    int file = memfd_create("input", MFD_CLOEXEC);
    if (file < 0 || write(file, data, size) != (ssize_t)size) abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    TARGET((input){path, (const char *)data, size});
    close(file);
    return 0;
}
