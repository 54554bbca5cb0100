/* The stages of one pair. A stage starts as soon as what it needs is there: ratings that depend on
 * the query's facts after the facts, errors after the reference. */
#include "annotate/pipeline.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "annotate/relax.h"
#include "core/sha256.h"
#include "net/chat.h"

enum { MOST_ROUNDS = 100, MOST_SENT_BACK = 8192 };
static const char route[] = "/v1/chat/completions";
static const char no_reference[] = "(there is none)";

/* ---- making ---- */

/* Which response is shown first: by the seed, pair and repeat, whatever else is annotated. */
static int32_t draw_order(const pdx_annotator *n, const char *id, int32_t repeat) {
    pdx__sha256 hash;
    char text[64], hex[65];
    int used = snprintf(text, sizeof text, "%llu %d ", (unsigned long long)n->a.seed, repeat);
    pdx__sha256_init(&hash);
    pdx__sha256_add(&hash, text, (size_t)used);
    pdx__sha256_add(&hash, id, strlen(id));
    pdx__sha256_hex(&hash, hex);
    return hex[0] < '8' ? 1 : 2;
}

static void add_task(pdx__work *w, int32_t stage, int32_t order, int32_t side, int32_t repeat) {
    w->task[w->count++] =
        (pdx__task){.of = w, .stage = stage, .order = order, .side = side, .repeat = repeat};
}

/* The passes of a stage that sees the responses. */
static void add_passes(const pdx_annotator *n, pdx__work *w, int32_t stage, int32_t repeat) {
    int32_t show = n->a.show, drawn = draw_order(n, w->id, repeat);
    if (n->a.single) {
        add_task(w, stage, 0, 0, repeat);
        add_task(w, stage, 0, 1, repeat);
    } else if (show == PDX_SHOW_RANDOM) add_task(w, stage, drawn, -1, repeat);
    else {
        if (show != PDX_SHOW_BA) add_task(w, stage, 1, -1, repeat);
        if (show != PDX_SHOW_AB) add_task(w, stage, 2, -1, repeat);
    }
}

static pdx_status lay_out(pdx__pipeline *p, pdx__work *w) {
    const pdx_annotator *n = p->n;
    int32_t repeats = n->a.repeats, wanted[PDX_ANNOTATE_STAGES];
    const char *scenario;
    PDX__TRY(pdx_dataset_text(p->dataset, w->pair, "scenario", &scenario));
    for (int32_t s = 0; s < PDX_ANNOTATE_STAGES; ++s)
        wanted[s] = n->wanted[s] == 1 || (n->wanted[s] == 2 && !scenario);
    if (w->reference) wanted[PDX_ANNOTATE_REFERENCE] = 0;
    w->task = pdx__alloc((size_t)repeats * 9 + 2, sizeof *w->task);
    w->facts = pdx__alloc_zero((size_t)repeats, sizeof *w->facts);
    if (!w->task || !w->facts) return PDX_ENOMEM;
    for (int32_t r = 0; r < repeats && wanted[PDX_ANNOTATE_QUERY]; ++r)
        add_task(w, PDX_ANNOTATE_QUERY, 0, -1, r);
    if (wanted[PDX_ANNOTATE_REFERENCE]) add_task(w, PDX_ANNOTATE_REFERENCE, 0, -1, 0);
    for (int32_t s = PDX_ANNOTATE_QUERY_FREE; s <= PDX_ANNOTATE_ERROR; ++s)
        for (int32_t r = 0; r < repeats && wanted[s]; ++r) add_passes(n, w, s, r);
    if (wanted[PDX_ANNOTATE_SCENARIO]) add_task(w, PDX_ANNOTATE_SCENARIO, 0, -1, 0);
    w->left = w->count;
    return PDX_OK;
}

static pdx_status copy_text(pdx__pipeline *p, int64_t pair, const char *field, int32_t required,
                            char **out) {
    const char *text;
    PDX__TRY(pdx_dataset_text(p->dataset, pair, field, &text));
    if (!text && required)
        return pdx__fail(PDX_EINVAL, "pair '%s' has no text '%s'", pdx_dataset_id(p->dataset, pair),
                         field);
    if (!text) return PDX_OK;
    *out = pdx__strdup(text);
    return *out ? PDX_OK : PDX_ENOMEM;
}

static pdx_status fill(pdx__pipeline *p, pdx__work *w) {
    w->id = pdx__strdup(pdx_dataset_id(p->dataset, w->pair));
    if (!w->id) return PDX_ENOMEM;
    PDX__TRY(copy_text(p, w->pair, "query", 1, &w->query));
    PDX__TRY(copy_text(p, w->pair, "response_a", 1, &w->response[0]));
    PDX__TRY(copy_text(p, w->pair, "response_b", 1, &w->response[1]));
    PDX__TRY(copy_text(p, w->pair, "reference", 0, &w->reference));
    return lay_out(p, w);
}

static void drop_turns(pdx__task *t) {
    for (int32_t i = 0; i < t->turns; ++i) pdx__free(t->turn[i].answer);
    pdx__free(t->turn);
    t->turn = NULL;
    t->turns = 0;
}

void pdx__work_free(pdx__pipeline *p, pdx__work *w) {
    if (!w) return;
    for (int32_t i = 0; i < w->count; ++i) {
        drop_turns(&w->task[i]);
        pdx__buf_free(&w->task[i].row);
    }
    for (int32_t r = 0; w->facts && r < p->n->a.repeats; ++r) cJSON_Delete(w->facts[r]);
    pdx__free(w->facts);
    pdx__free(w->task);
    pdx__free(w->id);
    pdx__free(w->query);
    pdx__free(w->response[0]);
    pdx__free(w->response[1]);
    pdx__free(w->reference);
    pdx__free(w);
}

/* ---- rows ---- */

static void begin_row(pdx__task *t) {
    pdx__buf *out = &t->row;
    pdx__buf_text(out, "{\"id\":");
    pdx__buf_json_string(out, t->of->id, strlen(t->of->id));
    pdx__buf_printf(out, ",\"stage\":\"%s\"", pdx__stage_name(t->stage));
    if (t->order) pdx__buf_printf(out, ",\"order\":\"%s\"", t->order == 1 ? "AB" : "BA");
    if (t->side >= 0) pdx__buf_printf(out, ",\"response\":\"%c\"", "ab"[t->side]);
    pdx__buf_printf(out, ",\"repeat\":%d", t->repeat);
}

/* `told` NULL: nothing was asked. The answer's usage is that of all that was asked for it. */
static void end_row(const pdx__pipeline *p, pdx__task *t, const pdx__told *told) {
    pdx__buf *out = &t->row;
    const char *model = told ? pdx__chat_model(told->answer) : NULL;
    pdx__buf_text(out, ",\"provenance\":{");
    if (model) {
        pdx__buf_text(out, "\"model\":");
        pdx__buf_json_string(out, model, strlen(model));
        pdx__buf_char(out, ',');
    }
    pdx__buf_printf(out, "\"prompt_sha256\":\"%s\"", p->n->prompt_sha256[t->stage]);
    if (told) {
        pdx__buf_printf(out, ",\"asked_sha256\":\"%s\",\"time\":%lld,\"attempts\":%d", told->key,
                        (long long)told->time, t->attempts);
        pdx__buf_printf(out, ",\"corrections\":%d", t->corrections);
        if (t->input + t->output > 0)
            pdx__buf_printf(out, ",\"usage\":{\"input\":%lld,\"output\":%lld}", (long long)t->input,
                            (long long)t->output);
    }
    pdx__buf_text(out, "}}\n");
}

static pdx_status start_task(pdx__pipeline *p, pdx__task *t);

/* What waited for this task starts. */
static pdx_status release(pdx__pipeline *p, pdx__task *t) {
    pdx__work *w = t->of;
    for (int32_t i = 0; i < w->count; ++i) {
        pdx__task *other = &w->task[i];
        int32_t waited =
            other->stage == PDX_ANNOTATE_QUERY_SPECIFIC
                ? t->stage == PDX_ANNOTATE_QUERY && other->repeat == t->repeat
                : other->stage == PDX_ANNOTATE_ERROR && t->stage == PDX_ANNOTATE_REFERENCE;
        if (!waited || other->state != PDX__TASK_WAITS) continue;
        int32_t query = t->stage == PDX_ANNOTATE_QUERY;
        if (query ? w->facts[t->repeat] != NULL : w->reference != NULL)
            PDX__TRY(start_task(p, other));
        else
            PDX__TRY(pdx__task_stop(
                p, other, query ? "the query's facts are missing" : "the reference is missing"));
    }
    return PDX_OK;
}

static pdx_status end_task(pdx__pipeline *p, pdx__task *t, int32_t state) {
    t->state = state;
    --t->of->left;
    drop_turns(t);
    PDX__TRY(t->row.status);
    return release(p, t);
}

static pdx_status fail_task(pdx__pipeline *p, pdx__task *t, const pdx__told *told,
                            const char *reason, int32_t refused) {
    begin_row(t);
    pdx__buf_text(&t->row, ",\"error\":");
    pdx__buf_json_string(&t->row, reason, strlen(reason));
    if (refused) pdx__buf_text(&t->row, ",\"refused\":true");
    end_row(p, t, told);
    ++p->result->failed;
    return end_task(p, t, PDX__TASK_FAILED);
}

/* The old row of this key: the task's from now on, or to be replaced by what it will say. */
static pdx_status find_old(pdx__pipeline *p, const pdx__task *t, int64_t *index, int32_t *failed) {
    pdx__row_key key = {t->of->id, t->stage, t->order, t->repeat, t->side};
    return pdx__old_rows_find(p->rows, &key, index, failed);
}

pdx_status pdx__task_stop(pdx__pipeline *p, pdx__task *t, const char *reason) {
    int64_t old;
    int32_t failed;
    if (t->state > PDX__TASK_ASKED) return PDX_OK;
    PDX__TRY(find_old(p, t, &old, &failed));
    if (old >= 0) pdx__old_rows_use(p->rows, old);
    if (old >= 0 && !failed) {
        PDX__TRY(pdx__old_rows_read(p->rows, old, &t->row));
        return end_task(p, t, PDX__TASK_FAILED);
    }
    return fail_task(p, t, NULL, reason, 0);
}

/* ---- what answers give to other tasks ---- */

static pdx_status pass_on(pdx__task *t, const cJSON *values) {
    pdx__work *w = t->of;
    if (t->stage == PDX_ANNOTATE_QUERY) {
        cJSON_Delete(w->facts[t->repeat]);
        w->facts[t->repeat] = cJSON_Duplicate(values, 1);
        return w->facts[t->repeat] ? PDX_OK : pdx__nomem();
    }
    const cJSON *text = cJSON_GetObjectItemCaseSensitive(values, "text");
    if (t->stage != PDX_ANNOTATE_REFERENCE || !cJSON_IsString(text)) return PDX_OK;
    pdx__free(w->reference);
    w->reference = pdx__strdup(text->valuestring);
    return w->reference ? PDX_OK : PDX_ENOMEM;
}

/* A good row of an earlier run, of the same model and prompt (or whoever's, where only what failed
 * is to be asked). */
static pdx_status take_old(pdx__pipeline *p, pdx__task *t, int64_t index, int32_t *taken) {
    pdx__buf line = PDX__BUF_EMPTY;
    cJSON *row = NULL;
    pdx__where where = {"annotations", 0};
    *taken = 0;
    pdx_status status = pdx__old_rows_read(p->rows, index, &line);
    if (status == PDX_OK) status = pdx__json_parse(&row, line.data, line.length, where);
    const cJSON *provenance = cJSON_GetObjectItemCaseSensitive(row, "provenance");
    const cJSON *prompt = cJSON_GetObjectItemCaseSensitive(provenance, "prompt_sha256");
    const cJSON *values = cJSON_GetObjectItemCaseSensitive(row, "values");
    int32_t same =
        cJSON_IsString(prompt) && !strcmp(prompt->valuestring, p->n->prompt_sha256[t->stage]);
    if (status == PDX_OK && cJSON_IsObject(values) && (same || p->only_failed)) {
        *taken = 1;
        status = pass_on(t, values);
        if (status == PDX_OK) {
            pdx__old_rows_use(p->rows, index);
            ++p->result->kept;
            t->row = line;
            line = (pdx__buf)PDX__BUF_EMPTY;
        }
    }
    cJSON_Delete(row);
    pdx__buf_free(&line);
    return status;
}

/* ---- asking ---- */

static pdx__material material_of(const pdx__task *t) {
    const pdx__work *w = t->of;
    int32_t first = t->side >= 0 ? t->side : t->order == 2;
    return (pdx__material){.query = w->query,
                           .reference = w->reference ? w->reference : no_reference,
                           .shown = {w->response[first], t->side >= 0 ? NULL : w->response[!first]},
                           .facts = t->stage == PDX_ANNOTATE_QUERY_SPECIFIC ? w->facts[t->repeat]
                                                                            : NULL};
}

/* As many entries and words as are common. */
static pdx_status guess_facts(const pdx__pipeline *p, cJSON **out) {
    static const char *const entries[] = {"an entry of common length, as annotators write them",
                                          "another entry of common length"};
    *out = cJSON_CreateObject();
    int ok = *out != NULL;
    for (int32_t f = 0; f < p->n->prompts->facts && ok; ++f) {
        const pdx__fact *fact = &p->n->prompts->fact[f];
        cJSON *value = fact->list ? cJSON_CreateStringArray(entries, 2) : cJSON_CreateTrue();
        ok = value && cJSON_AddItemToObject(*out, fact->id, value);
        if (!ok) cJSON_Delete(value);
    }
    return ok ? PDX_OK : pdx__nomem();
}

pdx_status pdx__task_body(const pdx__pipeline *p, const pdx__task *t, int32_t guess,
                          pdx__buf *out) {
    static char reference[2001];
    pdx__material m = material_of(t);
    cJSON *facts = NULL;
    if (guess && t->stage == PDX_ANNOTATE_QUERY_SPECIFIC) PDX__TRY(guess_facts(p, &facts));
    if (facts) m.facts = facts;
    if (guess && !t->of->reference) {
        memset(reference, 'x', sizeof reference - 1);
        m.reference = reference;
    }
    uint64_t seed = p->n->a.seed + (uint64_t)t->repeat + 1000003u * (uint64_t)t->round;
    pdx__annotator_body(p->n, t->stage, p->structured, &m, t->turn, t->turns,
                        (int64_t)(seed & INT64_MAX), out);
    cJSON_Delete(facts);
    return out->status;
}

static pdx_status ask(pdx__pipeline *p, pdx__task *t) {
    pdx__buf body = PDX__BUF_EMPTY;
    pdx_status status = pdx__task_body(p, t, 0, &body);
    pdx__ask ask = {.tag = (int64_t)(intptr_t)t,
                    .path = route,
                    .body = body.data,
                    .length = body.length,
                    .most_output = p->n->a.max_tokens};
    t->state = PDX__TASK_ASKED;
    if (status == PDX_OK) pdx__ask_key(&ask, t->key);
    if (status == PDX_OK) status = p->send(p->driver, t, &ask);
    pdx__buf_free(&body);
    return status;
}

static int32_t must_wait(const pdx__task *t) {
    const pdx__work *w = t->of;
    if (t->stage == PDX_ANNOTATE_QUERY_SPECIFIC) return !w->facts[t->repeat];
    return t->stage == PDX_ANNOTATE_ERROR && !w->reference;
}

static pdx_status start_task(pdx__pipeline *p, pdx__task *t) {
    int64_t old;
    int32_t failed, taken = 0;
    if (t->state != PDX__TASK_WAITS || must_wait(t)) return PDX_OK;
    PDX__TRY(find_old(p, t, &old, &failed));
    if (old >= 0 && !failed) PDX__TRY(take_old(p, t, old, &taken));
    if (taken) return end_task(p, t, PDX__TASK_GOOD);
    if (old >= 0) pdx__old_rows_use(p->rows, old);
    if (t->stage == PDX_ANNOTATE_QUERY_SPECIFIC &&
        !pdx__form_asks(p->n->prompts, t->stage, t->of->facts[t->repeat])) {
        begin_row(t);
        pdx__buf_text(&t->row, ",\"values\":{}");
        end_row(p, t, NULL);
        ++p->result->rows;
        return end_task(p, t, PDX__TASK_GOOD);
    }
    return ask(p, t);
}

pdx_status pdx__work_start(pdx__pipeline *p, int64_t pair, pdx__work **out) {
    *out = NULL;
    if (p->only_failed && !pdx__old_rows_failed(p->rows, pdx_dataset_id(p->dataset, pair)))
        return PDX_OK;
    pdx__work *w = pdx__alloc_zero(1, sizeof *w);
    if (!w) return PDX_ENOMEM;
    w->pair = pair;
    *out = w;
    PDX__TRY(fill(p, w));
    for (int32_t i = 0; i < w->count; ++i) PDX__TRY(start_task(p, &w->task[i]));
    return PDX_OK;
}

/* ---- answers ---- */

typedef struct reading {
    pdx__buf values, errors;
    int32_t refused;
    const char *text; /* what was said, without thinking */
    char reason[512]; /* empty: usable */
} reading;

static pdx_status read_object(const pdx__pipeline *p, const pdx__task *t, reading *r) {
    pdx_status status;
    cJSON *answer = pdx__relaxed_object(r->text, &status);
    PDX__TRY(status);
    if (!answer) {
        snprintf(r->reason, sizeof r->reason, "it holds no JSON object");
        return PDX_OK;
    }
    int32_t first = t->side >= 0 ? t->side : t->order == 2;
    pdx__shown shown = {{first, !first}, t->side >= 0 ? 1 : 2};
    const cJSON *facts = t->stage == PDX_ANNOTATE_QUERY_SPECIFIC ? t->of->facts[t->repeat] : NULL;
    int32_t good = pdx__form_read(p->n->prompts, t->stage, facts, answer, shown, &r->values,
                                  &r->errors, r->reason);
    if (good) *r->reason = 0;
    cJSON_Delete(answer);
    return r->values.status != PDX_OK ? r->values.status : r->errors.status;
}

static pdx_status read_answer(const pdx__pipeline *p, const pdx__task *t, const cJSON *body,
                              reading *r) {
    pdx__chat_reply reply;
    char reason[256];
    if (!pdx__chat_read(body, &reply, reason)) { /* accepted once: it cannot be */
        snprintf(r->reason, sizeof r->reason, "%.200s", reason);
        r->text = "";
        return PDX_OK;
    }
    r->text = pdx__chat_after_thinking(reply.text);
    const char *finish = reply.finish ? reply.finish : "";
    r->refused = reply.refusal || !strcmp(finish, "content_filter");
    if (r->refused)
        snprintf(r->reason, sizeof r->reason, "refused: %.300s",
                 reply.refusal ? reply.refusal : "the content filter of the server");
    else if (!strcmp(finish, "length"))
        snprintf(r->reason, sizeof r->reason, "it was cut off, for it was too long");
    else if (!r->text[strspn(r->text, " \t\r\n")])
        snprintf(r->reason, sizeof r->reason, "it is empty");
    else if (t->stage != PDX_ANNOTATE_REFERENCE) return read_object(p, t, r);
    else {
        pdx__buf_text(&r->values, "{\"text\":");
        pdx__buf_json_string(&r->values, r->text, strlen(r->text));
        pdx__buf_char(&r->values, '}');
    }
    return r->values.status;
}

static pdx_status succeed(pdx__pipeline *p, pdx__task *t, const pdx__told *told, const reading *r) {
    cJSON *values;
    PDX__TRY(
        pdx__json_parse(&values, r->values.data, r->values.length, (pdx__where){"an answer", 0}));
    pdx_status status = pass_on(t, values);
    cJSON_Delete(values);
    PDX__TRY(status);
    begin_row(t);
    pdx__buf_text(&t->row, ",\"values\":");
    pdx__buf_append(&t->row, r->values.data, r->values.length);
    if (r->errors.length) {
        pdx__buf_text(&t->row, ",\"errors\":");
        pdx__buf_append(&t->row, r->errors.data, r->errors.length);
    }
    end_row(p, t, told);
    ++p->result->rows;
    return end_task(p, t, PDX__TASK_GOOD);
}

static pdx_status send_back(pdx__pipeline *p, pdx__task *t, const reading *r) {
    pdx__turn *turn = pdx__alloc_zero((size_t)t->turns + 1, sizeof *turn);
    if (!turn) return PDX_ENOMEM;
    size_t length = strlen(r->text);
    if (length > MOST_SENT_BACK)
        for (length = MOST_SENT_BACK; length && ((unsigned char)r->text[length] & 0xC0) == 0x80;)
            --length;
    if (t->turns) memcpy(turn, t->turn, (size_t)t->turns * sizeof *turn);
    pdx__free(t->turn);
    t->turn = turn;
    turn = &t->turn[t->turns++];
    turn->answer = pdx__strndup(r->text, length);
    if (!turn->answer) return PDX_ENOMEM;
    snprintf(turn->reason, sizeof turn->reason, "%s", r->reason);
    ++t->corrections;
    ++p->result->corrections;
    return ask(p, t);
}

static pdx_status use_answer(pdx__pipeline *p, pdx__task *t, const pdx__told *told, reading *r) {
    PDX__TRY(read_answer(p, t, told->answer, r));
    if (!*r->reason) return succeed(p, t, told, r);
    if (!r->refused && t->turns < p->n->a.corrections) return send_back(p, t, r);
    if (!t->fresh && t->round < MOST_ROUNDS) { /* all of it is an earlier run's: ask anew */
        drop_turns(t);
        ++t->round;
        return ask(p, t);
    }
    if (r->refused && t->stage == PDX_ANNOTATE_REFERENCE) { /* errors are checked without one */
        t->of->reference = pdx__strdup(no_reference);
        if (!t->of->reference) return PDX_ENOMEM;
    }
    ++*(r->refused ? &p->result->refused : &p->result->unusable);
    char reason[600];
    snprintf(reason, sizeof reason, "%s%s", r->refused ? "" : "no usable answer: ", r->reason);
    return fail_task(p, t, told, reason, r->refused);
}

pdx_status pdx__task_told(pdx__pipeline *p, pdx__task *t, const pdx__told *told) {
    if (told->status != PDX_OK) {
        if (!told->permanent && !*p->failure)
            snprintf(p->failure, sizeof p->failure, "pair '%.80s', %s: %.200s", t->of->id,
                     pdx__stage_name(t->stage), told->reason);
        p->missing += !told->permanent;
        return fail_task(p, t, NULL, told->reason, 0);
    }
    t->fresh |= !told->from_journal;
    t->attempts += told->attempts;
    if (told->input_tokens >= 0) {
        t->input += told->input_tokens;
        t->output += told->output_tokens > 0 ? told->output_tokens : 0;
    }
    reading r = {0};
    pdx_status status = use_answer(p, t, told, &r);
    pdx__buf_free(&r.values);
    pdx__buf_free(&r.errors);
    return status;
}
