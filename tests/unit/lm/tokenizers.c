/* Tokenizers of every kind on hard text against the `tokenizers` package: equal ids. */
#include <prefdissect/prefdissect.h>

#include "check.h"
#include "core/file.h"
#include "core/json.h"
#include "lm/tokenizer.h"

#define GOLDEN "tests/golden/tokenizers/"

static void check_ids(const pdx__tokenizer *t, const cJSON *row, int64_t line) {
    const cJSON *text = cJSON_GetObjectItem(row, "text"), *ids = cJSON_GetObjectItem(row, "ids"),
                *id;
    pdx__span span = {text->valuestring, strlen(text->valuestring), 0};
    pdx__ids out = {0};
    OK(pdx__tokenize(t, &span, 1, 0, &out));
    int same = (int)out.count == cJSON_GetArraySize(ids);
    size_t i = 0;
    cJSON_ArrayForEach(id, ids) {
        same = same && out.id[i] == id->valueint;
        ++i;
    }
    if (!same) {
        CHECK_FAIL("ids.jsonl:%d, %s: other ids for \"%.40s\"", (int)line,
                   cJSON_GetObjectItem(row, "kind")->valuestring, text->valuestring);
        for (size_t k = 0; k < out.count; ++k) printf("%d ", out.id[k]);
        printf("\n");
    }
    pdx__free(out.id);
}

static void ids_are_equal(void) {
    pdx__lines lines;
    char now[32] = "";
    pdx__tokenizer *t = NULL;
    int rows = 0;
    OK(pdx__lines_open(&lines, GOLDEN "ids.jsonl"));
    for (int more = 1;; ++rows) {
        OK(pdx__lines_next(&lines, &more));
        if (!more) break;
        cJSON *row;
        OK(pdx__json_parse(&row, lines.line, lines.length, (pdx__where){"ids", lines.number}));
        const char *kind = cJSON_GetObjectItem(row, "kind")->valuestring;
        if (strcmp(kind, now)) {
            char path[128];
            snprintf(now, sizeof now, "%s", kind);
            snprintf(path, sizeof path, GOLDEN "%s.json", kind);
            pdx__tokenizer_close(t);
            OK(pdx__tokenizer_from_json(&t, path));
        }
        check_ids(t, row, lines.number);
        cJSON_Delete(row);
    }
    CHECK(rows > 150);
    pdx__tokenizer_close(t);
    pdx__lines_close(&lines);
}

/* What a field holds cannot pose as a special token; pieces between them are one string. */
static void fields_are_text(void) {
    pdx__tokenizer *t;
    OK(pdx__tokenizer_from_json(&t, GOLDEN "gpt2.json"));
    int32_t end = pdx__token_find(t, "<|end|>", 7);
    CHECK(end >= 0 && pdx__token_is_special(t, end));
    pdx__span spans[] = {{"<|start|>", 9, 0}, {"he said <|end|> the", 19, 1}, {"n<|end|>", 8, 0}};
    pdx__ids ids = {0}, again = {0};
    OK(pdx__tokenize(t, spans, 3, 0, &ids));
    int ends = 0;
    for (size_t i = 0; i < ids.count; ++i) ends += ids.id[i] == end;
    CHECK_INT(ends, 1);
    CHECK_INT(ids.id[ids.count - 1], end);
    /* "the" + "n" meet across the border of the field. */
    pdx__span whole[] = {{"<|start|>", 9, 0}, {"he said <|end|> then", 20, 1}, {"<|end|>", 7, 0}};
    OK(pdx__tokenize(t, whole, 3, 0, &again));
    CHECK_INT(ids.count, again.count);
    CHECK(!memcmp(ids.id, again.id, ids.count * sizeof *ids.id));
    /* A special token that starts in a field and ends in the template is none. */
    pdx__span torn[] = {{"<|en", 4, 1}, {"d|>", 3, 0}};
    ids.count = 0;
    OK(pdx__tokenize(t, torn, 2, 0, &ids));
    for (size_t i = 0; i < ids.count; ++i) CHECK(ids.id[i] != end);
    pdx__free(ids.id);
    pdx__free(again.id);
    pdx__tokenizer_close(t);
}

static void front_and_bad_bytes(void) {
    pdx__tokenizer *t;
    OK(pdx__tokenizer_from_json(&t, GOLDEN "llama2.json"));
    pdx__ids ids = {0}, good = {0};
    pdx__span bad = {"a\xff\xfe b\xe2\x82", 7, 1};
    pdx__span replaced = {"a\xEF\xBF\xBD\xEF\xBF\xBD b\xEF\xBF\xBD", 12, 1};
    OK(pdx__tokenize(t, &bad, 1, 1, &ids));
    OK(pdx__tokenize(t, &replaced, 1, 0, &good));
    CHECK_INT(ids.id[0], pdx__token_find(t, "<s>", 3)); /* what the tokenizer puts in front */
    CHECK_INT(ids.count, good.count + 1);
    CHECK(!memcmp(ids.id + 1, good.id, good.count * sizeof *good.id));
    pdx__free(ids.id);
    pdx__free(good.id);
    pdx__tokenizer_close(t);
}

static void write_file(const char *path, const char *text) {
    FILE *f = fopen(path, "wb");
    fputs(text, f);
    fclose(f);
}

static void what_is_not_known_is_refused(void) {
    static const struct {
        const char *json;
        int status;
        const char *part;
    } bad[] = {
        {"{", PDX_EPARSE, "tokenizer"},
        {"{}", PDX_EPARSE, "'model' is missing"},
        {"{\"model\":{\"type\":\"WordPiece\"}}", PDX_EUNSUPPORTED, "WordPiece"},
        {"{\"model\":{\"type\":\"BPE\",\"merges\":[]}}", PDX_EPARSE, "'vocab'"},
        {"{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":-4},\"merges\":[]}}", PDX_EPARSE, "id -4"},
        {"{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":1e9},\"merges\":[]}}", PDX_EPARSE, "'a'"},
        {"{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":0},\"merges\":[]}}", PDX_EPARSE,
         "twice"},
        {"{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[\"a b\"]}}", PDX_EPARSE,
         "merge 1"},
        {"{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[7]}}", PDX_EPARSE,
         "entry 1"},
        {"{\"model\":{\"type\":\"BPE\",\"vocab\":{},\"merges\":[]}}", PDX_EPARSE, "no tokens"},
        {"{\"normalizer\":{\"type\":\"Lowercase\"},\"model\":{\"vocab\":{\"a\":0},\"merges\":[]}}",
         PDX_EUNSUPPORTED, "Lowercase"},
        {"{\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"Regex\":\"(\"},\"behavior\":"
         "\"Isolated\"},\"model\":{\"vocab\":{\"a\":0},\"merges\":[]}}",
         PDX_EUNSUPPORTED, "pattern"},
    };
    char path[] = "/tmp/pdx-tokenizer-XXXXXX";
    int file = mkstemp(path);
    REQUIRE(file >= 0);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; ++i) {
        pdx__tokenizer *t;
        write_file(path, bad[i].json);
        FAILS(pdx__tokenizer_from_json(&t, path), bad[i].status, bad[i].part);
        CHECK(t == NULL);
    }
    remove(path);
}

int main(void) {
    RUN(ids_are_equal);
    RUN(fields_are_text);
    RUN(front_and_bad_bytes);
    RUN(what_is_not_known_is_refused);
    return check_result();
}
