/* Parsing and filling prompt templates, and the built-in ones in our own words. */
#include "template.h"

#include <string.h>

#include "core/file.h"

typedef struct part {
    int32_t field; /* PDX__FIELD_TEXT: `text` */
    char *text;
    size_t length;
} part;

struct pdx__template {
    part *list;
    size_t count, capacity;
    char *source;
};

static const char *const names[PDX__FIELDS] = {"", "query", "first", "second", "reference"};

#define HEAD     "Read a query and two responses to it, then say which response is better."
#define SHOWN    "Query:\n{query}\n\nResponse A:\n{first}\n\nResponse B:\n{second}\n\n"
#define QUESTION "Which of the two is better, Response A or Response B?"
#define TOLD     HEAD "\n\n" SHOWN QUESTION
static const struct {
    const char *name, *mark, *text; /* mark: what gives the form away in a model's own template */
} builtin[] = {
    {"plain", NULL, HEAD "\n\n" SHOWN "Comparing the two, the better response is Response"},
    {"chat", NULL, TOLD " Answer with one letter, A or B, and nothing else."},
    {"verdict", NULL,
     TOLD
     " Weigh both first, as briefly as you like, whatever order they stand in. Then end with a "
     "last line of exactly this form: \"Verdict: A\", \"Verdict: B\", or \"Verdict: tie\" where "
     "neither is better."},
    {"chatml", "<|im_start|>",
     "<|im_start|>system\nYou compare responses fairly.<|im_end|>\n<|im_start|>user\n" TOLD
     "<|im_end|>\n<|im_start|>assistant\nThe better response is Response"},
    {"llama-3", "<|start_header_id|>",
     "<|start_header_id|>user<|end_header_id|>\n\n" TOLD
     "<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nThe better response is Response"},
    {"llama-2", "<<SYS>>", "[INST] " TOLD " [/INST] The better response is Response"},
    {"mistral", "[INST]", "[INST] " TOLD " [/INST] The better response is Response"},
    {"zephyr", "<|user|>",
     "<|user|>\n" TOLD "</s>\n<|assistant|>\nThe better response is Response"},
    {"vicuna", "USER:", "USER: " TOLD " ASSISTANT: The better response is Response"},
};
enum { BUILTIN = sizeof builtin / sizeof *builtin };

const char *pdx__template_detect(const char *chat_template) {
    for (int i = 1; chat_template && i < BUILTIN; ++i)
        if (builtin[i].mark && strstr(chat_template, builtin[i].mark)) return builtin[i].name;
    return builtin[0].name;
}

static pdx_status add(pdx__template *t, int32_t field, pdx__buf *text) {
    if (field == PDX__FIELD_TEXT && text->length == 0) return text->status;
    PDX__TRY(pdx__grow(&t->list, &t->capacity, t->count + 1, sizeof *t->list));
    part p = {field, NULL, text->length};
    if (field == PDX__FIELD_TEXT && !(p.text = pdx__buf_take(text))) return PDX_ENOMEM;
    t->list[t->count++] = p;
    return PDX_OK;
}

static int64_t line_of(const char *text, size_t at) {
    int64_t line = 1;
    for (size_t i = 0; i < at; ++i) line += text[i] == '\n';
    return line;
}

static pdx_status parse(pdx__template *t, const char *text, size_t length, const char *file,
                        pdx__buf *now) {
    for (size_t i = 0; i < length;) {
        char c = text[i];
        if ((c == '{' || c == '}') && i + 1 < length && text[i + 1] == c) {
            pdx__buf_char(now, c);
            i += 2;
        } else if (c == '{') {
            const char *end = memchr(text + i, '}', length - i);
            size_t size = end ? (size_t)(end - text) - i - 1 : 0, rest = length - i - 1;
            size_t shown = end && size < 40 ? size : rest < 10 ? rest : 10;
            int32_t field = 1;
            while (field < PDX__FIELDS &&
                   (strlen(names[field]) != size || memcmp(names[field], text + i + 1, size)))
                ++field;
            if (!end || field == PDX__FIELDS)
                return pdx__fail_at(
                    PDX_EPARSE, file, line_of(text, i),
                    "'{%.*s' is no field (query, first, second, reference; a brace is "
                    "written {{)",
                    (int)shown, text + i + 1);
            PDX__TRY(add(t, PDX__FIELD_TEXT, now));
            PDX__TRY(add(t, field, now));
            i += size + 2;
        } else {
            pdx__buf_char(now, c);
            ++i;
        }
    }
    return add(t, PDX__FIELD_TEXT, now);
}

pdx_status pdx__template_parse(pdx__template **out, const char *text, size_t length,
                               const char *file) {
    *out = NULL;
    pdx__template *t = pdx__alloc_zero(1, sizeof *t);
    if (!t) return PDX_ENOMEM;
    pdx__buf now = PDX__BUF_EMPTY;
    pdx_status status = (t->source = pdx__strndup(text, length)) ? PDX_OK : PDX_ENOMEM;
    if (status == PDX_OK) status = parse(t, text, length, file, &now);
    if (status == PDX_OK &&
        !(pdx__template_uses(t, PDX__FIELD_FIRST) && pdx__template_uses(t, PDX__FIELD_SECOND)))
        status = pdx__fail_at(PDX_EPARSE, file, 0, "the template lacks {first} or {second}");
    pdx__buf_free(&now);
    if (status == PDX_OK) *out = t;
    else pdx__template_free(t);
    return status;
}

pdx_status pdx__template_open(pdx__template **out, const char *name_or_path) {
    *out = NULL;
    for (int i = 0; i < BUILTIN; ++i)
        if (!strcmp(builtin[i].name, name_or_path))
            return pdx__template_parse(out, builtin[i].text, strlen(builtin[i].text), name_or_path);
    pdx__buf text = PDX__BUF_EMPTY;
    pdx_status status = pdx__file_read(name_or_path, 1 << 20, &text);
    if (status == PDX_OK) status = pdx__template_parse(out, text.data, text.length, name_or_path);
    pdx__buf_free(&text);
    return status;
}

void pdx__template_free(pdx__template *t) {
    if (!t) return;
    for (size_t i = 0; i < t->count; ++i) pdx__free(t->list[i].text);
    pdx__free(t->list);
    pdx__free(t->source);
    pdx__free(t);
}

int32_t pdx__template_uses(const pdx__template *t, int32_t field) {
    for (size_t i = 0; i < t->count; ++i)
        if (t->list[i].field == field) return 1;
    return 0;
}

const char *pdx__template_text(const pdx__template *t) { return t->source; }

const char *pdx__template_tail(const pdx__template *t) {
    const part *last = &t->list[t->count - 1];
    return last->field == PDX__FIELD_TEXT ? last->text : "";
}

int32_t pdx__template_spans(const pdx__template *t) { return (int32_t)t->count; }

void pdx__template_fill(const pdx__template *t, const char *const *values, pdx__span *out) {
    for (size_t i = 0; i < t->count; ++i) {
        const part *p = &t->list[i];
        const char *value = p->field == PDX__FIELD_TEXT ? p->text : values[p->field];
        if (!value) value = "";
        out[i] = (pdx__span){value, p->field == PDX__FIELD_TEXT ? p->length : strlen(value),
                             p->field != PDX__FIELD_TEXT};
    }
}
