/* A local model as judge: prompts in both orders, packed, one forward pass a batch, the labels'
 * log-probabilities added over their one-token spellings. */
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/options.h"
#include "core/pool.h"
#include "core/sha256.h"
#include "judge.h"
#include "lm/model.h"
#include "lm/pack.h"
#include "lm/template.h"

enum { MOST_SPELLINGS = 4, DEFAULT_BATCH = 4096 };

typedef struct local {
    pdx__model *model;
    pdx__tokenizer *tokenizer;
    pdx__template *template;
    int32_t too_long, context, batch_tokens;
    int32_t candidate[2 * MOST_SPELLINGS]; /* spellings of the first label, then of the second */
    int32_t spellings[2];
} local;

static const pdx__option option_table[] = {
    {"backend", PDX__OPTION_POINTER, offsetof(pdx_local_options, backend), 0, 0, 0, NULL},
    {"prompt", PDX__OPTION_POINTER, offsetof(pdx_local_options, prompt), 0, 0, 0, NULL},
    {"label_first", PDX__OPTION_POINTER, offsetof(pdx_local_options, label_first), 0, 0, 0, NULL},
    {"label_second", PDX__OPTION_POINTER, offsetof(pdx_local_options, label_second), 0, 0, 0, NULL},
    {"too_long", PDX__OPTION_INT32, offsetof(pdx_local_options, too_long), 0, 0, 1, NULL},
    {"context", PDX__OPTION_INT32, offsetof(pdx_local_options, context), 0, 0, 1 << 24, NULL},
    {"batch_tokens", PDX__OPTION_INT32, offsetof(pdx_local_options, batch_tokens), 0, 0, 1 << 20,
     NULL},
    {"memory_bytes", PDX__OPTION_INT64, offsetof(pdx_local_options, memory_bytes), 0, 0, 1e15,
     NULL},
    {"threads", PDX__OPTION_INT32, offsetof(pdx_local_options, threads), 0, 0, 256, NULL},
    {"device", PDX__OPTION_INT32, offsetof(pdx_local_options, device), 0, 0, 64, NULL},
};

void(pdx_local_options_init)(pdx_local_options *options, uint32_t size) {
    pdx__options_init(options, size, option_table, PDX__ROWS(option_table));
}

/* One spelling of a label: a candidate where, after the template's last words, it is exactly one
 * token more. */
static pdx_status try_spelling(local *l, const char *tail, const char *before, const char *label,
                               int32_t *candidate, int32_t *spellings) {
    pdx__buf text = PDX__BUF_EMPTY;
    pdx__ids without = {0}, with = {0};
    pdx_status status;
    pdx__buf_printf(&text, "%s%s%s", tail, before, label);
    PDX__GO(text.status);
    pdx__span span = {tail, strlen(tail), 0};
    PDX__GO(pdx__tokenize(l->tokenizer, &span, 1, 0, &without));
    span = (pdx__span){text.data, text.length, 0};
    PDX__GO(pdx__tokenize(l->tokenizer, &span, 1, 0, &with));
    if (with.count == without.count + 1 &&
        (without.count == 0 || !memcmp(with.id, without.id, without.count * sizeof *with.id))) {
        int32_t id = with.id[without.count], known = 0;
        for (int32_t i = 0; i < *spellings; ++i) known |= candidate[i] == id;
        if (!known) candidate[(*spellings)++] = id;
    }
done:
    pdx__buf_free(&text);
    pdx__free(without.id);
    pdx__free(with.id);
    return status;
}

static pdx_status find_labels(local *l, const char *first, const char *second) {
    static const char *const before[] = {" ", ""};
    const char *label[2] = {first ? first : "A", second ? second : "B"};
    const char *tail = pdx__template_tail(l->template);
    int32_t found[2][MOST_SPELLINGS];
    for (int k = 0; k < 2; ++k) {
        if (!label[k][0]) return pdx__fail(PDX_EINVAL, "a label is empty");
        for (size_t b = 0; b < sizeof before / sizeof *before; ++b)
            PDX__TRY(try_spelling(l, tail, before[b], label[k], found[k], &l->spellings[k]));
        if (!l->spellings[k])
            return pdx__fail(PDX_EINVAL, "the label '%.80s' is not one token long after \"%.80s\"",
                             label[k], tail + (strlen(tail) > 40 ? strlen(tail) - 40 : 0));
    }
    for (int32_t i = 0; i < l->spellings[0]; ++i)
        for (int32_t k = 0; k < l->spellings[1]; ++k)
            if (found[0][i] == found[1][k])
                return pdx__fail(PDX_EINVAL, "the labels '%.80s' and '%.80s' share a token",
                                 label[0], label[1]);
    memcpy(l->candidate, found[0], (size_t)l->spellings[0] * sizeof(int32_t));
    memcpy(l->candidate + l->spellings[0], found[1], (size_t)l->spellings[1] * sizeof(int32_t));
    return PDX_OK;
}

/* The texts of a question, perhaps shortened. */
typedef struct prompt_texts {
    const char *a, *b;
    char *cut_a, *cut_b; /* owned, NULL where the text is whole */
} prompt_texts;

static pdx_status make_prompt(local *l, const pdx__question *q, const prompt_texts *t, int order,
                              pdx__ids *out) {
    const char *values[PDX__FIELDS] = {NULL, q->query, order ? t->b : t->a, order ? t->a : t->b,
                                       q->reference};
    int32_t count = pdx__template_spans(l->template);
    pdx__span *spans = pdx__alloc((size_t)count, sizeof *spans);
    if (!spans) return PDX_ENOMEM;
    pdx__template_fill(l->template, values, spans);
    out->count = 0;
    pdx_status status = pdx__tokenize(l->tokenizer, spans, count, 1, out);
    pdx__free(spans);
    return status;
}

/* Takes `bytes` out of the middle of the text, whole characters, and marks the place. */
static pdx_status cut_middle(const char *text, size_t bytes, char **out) {
    static const char mark[] = " [...] ";
    size_t length = strlen(text), keep = length > bytes ? (length - bytes) / 2 : 0;
    size_t head = keep, tail = length - keep;
    while (head > 0 && ((unsigned char)text[head] & 0xc0) == 0x80) --head;
    while (tail < length && ((unsigned char)text[tail] & 0xc0) == 0x80) ++tail;
    pdx__buf buf = PDX__BUF_EMPTY;
    pdx__buf_append(&buf, text, head);
    pdx__buf_text(&buf, mark);
    pdx__buf_append(&buf, text + tail, length - tail);
    *out = pdx__buf_take(&buf);
    return *out ? PDX_OK : PDX_ENOMEM;
}

/* Both prompts of a question, shortened until both fit where that is wanted. The same texts are
 * shown in both orders. */
static pdx_status make_prompts(local *l, const pdx__question *q, pdx__ids prompts[2],
                               int32_t *truncated) {
    prompt_texts t = {q->response_a, q->response_b, NULL, NULL};
    pdx_status status = PDX_OK;
    size_t cut[2] = {0, 0};
    *truncated = 0;
    for (;;) {
        size_t longest = 0;
        for (int o = 0; o < 2; ++o) {
            PDX__GO(make_prompt(l, q, &t, o, &prompts[o]));
            if (prompts[o].count > longest) longest = prompts[o].count;
        }
        if (longest <= (size_t)l->context) break;
        size_t over = longest - (size_t)l->context;
        size_t a = strlen(q->response_a) - cut[0], b = strlen(q->response_b) - cut[1];
        int which = b > a;
        size_t left = which ? b : a, bytes = over * 3 + 16;
        if (l->too_long != PDX_TOO_LONG_TRUNCATE || left < 32) {
            status = pdx__fail(PDX_EINVAL,
                               "pair '%s': the prompt is %zu tokens long, the context holds %d",
                               q->id, longest, l->context);
            goto done;
        }
        *truncated = 1;
        cut[which] += bytes < left / 2 ? bytes : left / 2;
        char *shorter;
        PDX__GO(cut_middle(which ? q->response_b : q->response_a, cut[which], &shorter));
        char **slot = which ? &t.cut_b : &t.cut_a;
        pdx__free(*slot);
        *slot = shorter;
        if (which) t.b = shorter;
        else t.a = shorter;
    }
done:
    pdx__free(t.cut_a);
    pdx__free(t.cut_b);
    return status;
}

static double log_sum(const double *logp, int32_t count) {
    double most = -INFINITY, total = 0;
    for (int32_t i = 0; i < count; ++i) most = logp[i] > most ? logp[i] : most;
    if (most == -INFINITY) return most;
    for (int32_t i = 0; i < count; ++i) total += exp(logp[i] - most);
    return most + log(total);
}

/* Prompts [0, count) in one pass. */
static pdx_status one_batch(local *l, const pdx__ids *prompts, int32_t count, pdx__answer **answers,
                            pdx__judge_counts *counts) {
    pdx__pack pack;
    double start = pdx__seconds();
    int32_t candidates = l->spellings[0] + l->spellings[1];
    double *logp = pdx__alloc((size_t)count * (size_t)candidates, sizeof *logp);
    if (!logp) return PDX_ENOMEM;
    pdx_status status = pdx__pack_prompts(&pack, prompts, count);
    if (status == PDX_OK) {
        status = pdx__forward(l->model, &pack.batch, pack.last, count, l->candidate, candidates,
                              logp, NULL);
        counts->computed += pack.batch.tokens;
        pdx__pack_free(&pack);
    }
    for (int32_t i = 0; i < count && status == PDX_OK; ++i) {
        const double *p = logp + (int64_t)i * candidates;
        answers[i]->logp_first = log_sum(p, l->spellings[0]);
        answers[i]->logp_second = log_sum(p + l->spellings[0], l->spellings[1]);
        counts->tokens += (int64_t)prompts[i].count;
    }
    counts->seconds += pdx__seconds() - start;
    pdx__free(logp);
    return status;
}

static int32_t shared_with(const pdx__ids *a, const pdx__ids *b) {
    size_t n = a->count < b->count ? a->count : b->count, i = 0;
    while (i < n && a->id[i] == b->id[i]) ++i;
    return (int32_t)i;
}

/* Cuts the prompts into batches of at most batch_tokens computed tokens (one prompt at least). A
 * prompt's cost is what it does not share with the one before it: neighbours share most. */
static pdx_status all_batches(local *l, const pdx__ids *prompts, pdx__answer **answers,
                              int32_t count, pdx__judge_counts *counts, const pdx__asking *asking) {
    for (int32_t from = 0; from < count;) {
        int32_t to = from;
        int64_t cost = 0;
        while (to < count) {
            int32_t more = (int32_t)prompts[to].count;
            if (to > from) more -= shared_with(&prompts[to - 1], &prompts[to]);
            if (to > from && cost + more > l->batch_tokens) break;
            cost += more;
            ++to;
        }
        if (asking->tick(asking->context, NULL))
            return pdx__fail(PDX_ECANCELED, "stopped on request");
        PDX__TRY(one_batch(l, prompts + from, to - from, answers + from, counts));
        from = to;
    }
    return PDX_OK;
}

enum { CHUNK = 32, FIRST_CHUNK = 2 }; /* questions; the first few tell how fast it goes */

/* The prompts of some questions, and where their answers go. */
typedef struct chunk {
    pdx__question *question[CHUNK];
    int32_t count;
    pdx__answer out[CHUNK][2];
    pdx__ids prompts[2 * CHUNK];
    pdx__answer *answers[2 * CHUNK];
    int32_t used;
} chunk;

static pdx_status make_chunk(local *l, chunk *c) {
    for (int32_t i = 0; i < c->count; ++i) {
        const pdx__question *q = c->question[i];
        pdx__ids both[2] = {{0}, {0}};
        int32_t truncated = 0;
        pdx_status status = make_prompts(l, q, both, &truncated);
        for (int o = 0; o < 2; ++o) {
            c->out[i][o] =
                (pdx__answer){.logp_first = NAN, .logp_second = NAN, .truncated = truncated};
            if (q->asked[o] && status == PDX_OK) {
                c->answers[c->used] = &c->out[i][o];
                c->prompts[c->used++] = both[o];
            } else pdx__free(both[o].id);
        }
        PDX__TRY(status);
    }
    return PDX_OK;
}

static pdx_status answer_chunk(local *l, chunk *c, const pdx__asking *asking,
                               pdx__judge_counts *counts) {
    c->used = 0;
    pdx_status status = make_chunk(l, c);
    if (status == PDX_OK) status = all_batches(l, c->prompts, c->answers, c->used, counts, asking);
    for (int32_t i = 0; i < c->count; ++i)
        for (int o = 0; o < 2; ++o)
            if (c->question[i]->asked[o] && status == PDX_OK)
                status = asking->tell(asking->context, c->question[i], o, &c->out[i][o]);
    for (int32_t i = 0; i < c->used; ++i) pdx__free(c->prompts[i].id);
    return status;
}

static int32_t model_tick(void *context) {
    const pdx__asking *asking = context;
    return asking->tick(asking->context, NULL);
}

static pdx_status local_run(void *self, const pdx__asking *asking, pdx__judge_counts *counts) {
    local *l = self;
    chunk *c = pdx__alloc_zero(1, sizeof *c);
    if (!c) return PDX_ENOMEM;
    l->model->tick = model_tick;
    l->model->tick_context = (void *)(uintptr_t)asking;
    pdx_status status = PDX_OK;
    for (int32_t most = FIRST_CHUNK, more = 1; more && status == PDX_OK; most = CHUNK) {
        c->count = 0;
        while (c->count < most && more && status == PDX_OK) {
            status = asking->next(asking->context, &c->question[c->count]);
            more = status == PDX_OK && c->question[c->count];
            c->count += more;
        }
        if (status == PDX_OK && c->count) status = answer_chunk(l, c, asking, counts);
        for (int32_t i = 0; i < c->count; ++i) asking->release(asking->context, c->question[i]);
    }
    l->model->tick = NULL;
    pdx__free(c);
    return status;
}

static void local_close(void *self) {
    local *l = self;
    if (!l) return;
    pdx__template_free(l->template);
    pdx__tokenizer_close(l->tokenizer);
    pdx__model_close(l->model);
    pdx__free(l);
}

static const pdx__judge_ops local_ops = {local_run, local_close};

/* The activations of a batch must fit the budget; a smaller batch is slower, never wrong. */
static pdx_status choose_batch(local *l, const pdx_local_options *options) {
    int64_t budget = options->memory_bytes;
    if (budget == 0)
        budget = (int64_t)sysconf(_SC_AVPHYS_PAGES) * (int64_t)sysconf(_SC_PAGESIZE) / 2;
    int64_t a_token = pdx__model_batch_bytes(&l->model->shape, 1), fits = budget / a_token;
    int64_t wanted = options->batch_tokens ? options->batch_tokens : DEFAULT_BATCH;
    if (fits < 64)
        return pdx__fail(PDX_ENOMEM,
                         "the model needs %lld bytes of memory for 64 tokens, the budget is %lld",
                         (long long)a_token * 64, (long long)budget);
    l->batch_tokens = (int32_t)(wanted < fits ? wanted : fits);
    return PDX_OK;
}

static pdx_status describe(pdx_judge *judge, const local *l, const char *model) {
    const char *text = pdx__template_text(l->template), *base = strrchr(model, '/');
    base = base && base[1] ? base + 1 : model;
    pdx__sha256 hash;
    pdx__sha256_init(&hash);
    pdx__sha256_add(&hash, text, strlen(text));
    pdx__sha256_hex(&hash, judge->prompt_sha256);
    pdx__buf json = PDX__BUF_EMPTY;
    pdx__buf_text(&json, "{\"model\":");
    pdx__buf_json_string(&json, base, strlen(base));
    pdx__buf_printf(&json, ",\"backend\":\"%s\",\"prompt_sha256\":\"%s\"}", l->model->backend->name,
                    judge->prompt_sha256);
    judge->provenance = pdx__buf_take(&json);
    judge->name = pdx__strdup(base);
    judge->repeats = 1;
    judge->uses_reference = pdx__template_uses(l->template, PDX__FIELD_REFERENCE);
    return judge->provenance && judge->name ? PDX_OK : PDX_ENOMEM;
}

static pdx_status open_parts(local *l, const char *model, const pdx_local_options *o) {
    const pdx__backend *backend;
    pdx__backend_options backend_options = {o->threads, o->device, o->memory_bytes};
    PDX__TRY(pdx__backend_find(&backend, o->backend ? o->backend : "cpu"));
    PDX__TRY(pdx__model_open(&l->model, model, backend, &backend_options));
    PDX__TRY(pdx__tokenizer_open(&l->tokenizer, l->model->weights));
    if (pdx__tokenizer_size(l->tokenizer) > l->model->shape.vocabulary)
        return pdx__fail_at(
            PDX_EPARSE, model, 0,
            "the tokenizer has %d tokens, the model %d: they do not belong together",
            pdx__tokenizer_size(l->tokenizer), l->model->shape.vocabulary);
    const char *prompt = o->prompt ? o->prompt : "plain";
    if (!strcmp(prompt, "auto"))
        prompt = pdx__template_detect(pdx__tokenizer_chat_template(l->tokenizer));
    PDX__TRY(pdx__template_open(&l->template, prompt));
    PDX__TRY(find_labels(l, o->label_first, o->label_second));
    l->too_long = o->too_long;
    l->context =
        o->context && o->context < l->model->shape.context ? o->context : l->model->shape.context;
    return choose_batch(l, o);
}

pdx_status pdx_judge_open_local(pdx_judge **out, const char *model,
                                const pdx_local_options *options) {
    PDX__REQUIRE(out, "pdx_judge_open_local: 'out' is NULL");
    *out = NULL;
    PDX__REQUIRE(model, "pdx_judge_open_local: 'model' is NULL");
    pdx_local_options o;
    PDX__TRY(pdx__options_take(&o, sizeof o, options, option_table, PDX__ROWS(option_table),
                               "local options"));
    pdx_judge *judge = pdx__alloc_zero(1, sizeof *judge);
    local *l = pdx__alloc_zero(1, sizeof *l);
    pdx_status status = judge && l ? PDX_OK : PDX_ENOMEM;
    if (status == PDX_OK) status = open_parts(l, model, &o);
    if (status == PDX_OK) status = describe(judge, l, model);
    if (judge) {
        judge->ops = &local_ops;
        judge->self = l;
    } else local_close(l);
    if (status == PDX_OK) *out = judge;
    else pdx_judge_free(judge);
    return status;
}
