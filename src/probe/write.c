/* The pairs of a probe: originals as they are, and their edited copies. Members of an original are
 * copied as they are written, so nothing that this library does not know is lost. */
#include <string.h>

#include "core/file.h"
#include "core/json_lines.h"
#include "core/options.h"
#include "core/pool.h"
#include "core/rng.h"
#include "core/strmap.h"
#include "data/texts.h"
#include "probe/edits.h"

static const char *const sides[] = {"random", "a", "b", "both", NULL};
static const pdx__option option_table[] = {
    {"edits", PDX__OPTION_POINTER, offsetof(pdx_probe_write_options, edits), 0, 0, 0, NULL},
    {"edit_count", PDX__OPTION_INT32, offsetof(pdx_probe_write_options, edit_count), 0, 0, 1e6,
     NULL},
    {"side", PDX__OPTION_INT32, offsetof(pdx_probe_write_options, side), 0, 0, 3, sides},
    {"limit", PDX__OPTION_INT64, offsetof(pdx_probe_write_options, limit), 0, 0, 9e15, NULL},
    {"texts", PDX__OPTION_POINTER, offsetof(pdx_probe_write_options, texts), 0, 0, 0, NULL},
    {"seed", PDX__OPTION_UINT64, offsetof(pdx_probe_write_options, seed), 1, 0, 0, NULL},
    {"hooks", PDX__OPTION_HOOKS, offsetof(pdx_probe_write_options, hooks), 0, 0, 0, NULL},
};

void(pdx_probe_write_options_init)(pdx_probe_write_options *options, uint32_t size) {
    if (options) pdx__options_init(options, size, option_table, PDX__ROWS(option_table));
}

typedef struct job {
    const pdx_dataset *dataset;
    pdx_edits *edits;
    const pdx_probe_write_options *options;
    pdx_probe_counts *counts;
    pdx__writer writer;
    pdx__buf line, row, response[2];
    int64_t pairs;      /* originals at most */
    int64_t *unchanged; /* [edits] */
} job;

static const char side_letter[] = "ab";

static void tell(const job *j, const char *text) {
    const pdx_hooks *hooks = &j->options->hooks;
    if (hooks->log) hooks->log(hooks->user, PDX_LOG_INFO, text);
}

/* ---- rows ---- */

/* How a copy differs from its original; an original has no edit. */
typedef struct copy {
    const char *edit; /* NULL: an original */
    int32_t side, content;
    const char *response;
} copy;

static void name_member(pdx__buf *row, const char *key, const char *text) {
    pdx__buf_printf(row, "%s\"%s\":", row->length > 1 ? "," : "", key);
    pdx__buf_json_string(row, text, strlen(text));
}

static int is_ours(pdx__span key) {
    return pdx__span_is(key, "id") || pdx__span_is(key, "probe_edit") ||
           pdx__span_is(key, "probe_pair") || pdx__span_is(key, "probe_side") ||
           pdx__span_is(key, "probe_content");
}

static pdx_status write_row(job *j, int64_t pair, const copy *c) {
    const char *id = pdx_dataset_id(j->dataset, pair);
    pdx__buf *row = &j->row;
    pdx__scan scan;
    int more = 1;
    pdx__buf_clear(row);
    pdx__buf_char(row, '{');
    if (c->edit) {
        pdx__buf name = PDX__BUF_EMPTY;
        pdx__buf_printf(&name, "%s#%s#%c", id, c->edit, side_letter[c->side]);
        pdx_status status = name.status;
        if (status == PDX_OK) name_member(row, "id", name.data);
        pdx__buf_free(&name);
        PDX__TRY(status);
    } else name_member(row, "id", id);
    PDX__TRY(pdx__scan_open(&scan, j->line.data, j->line.length,
                            (pdx__where){pdx__texts_path(j->dataset->texts), 0}));
    for (;;) {
        PDX__TRY(pdx__scan_member(&scan, &more));
        if (!more) break;
        if (is_ours(scan.key)) continue;
        if (c->edit && pdx__span_is(scan.key, c->side ? "response_b" : "response_a")) {
            name_member(row, c->side ? "response_b" : "response_a", c->response);
            continue;
        }
        const char *quote = scan.value.kind == PDX__KIND_STRING ? "\"" : "";
        pdx__buf_text(row, ",\"");
        pdx__buf_append(row, scan.key.text, scan.key.length);
        pdx__buf_printf(row, "\":%s", quote);
        pdx__buf_append(row, scan.value.text, scan.value.length);
        pdx__buf_text(row, quote);
    }
    name_member(row, "probe_edit", c->edit ? c->edit : "none");
    if (c->edit) {
        name_member(row, "probe_pair", id);
        pdx__buf_printf(row, ",\"probe_side\":\"%c\",\"probe_content\":%d", side_letter[c->side],
                        c->content != 0);
    }
    pdx__buf_text(row, "}\n");
    PDX__TRY(row->status);
    return pdx__writer_append(&j->writer, row->data, row->length);
}

/* ---- one original ---- */

static pdx_status read_responses(job *j, int64_t pair) {
    static const char *const fields[2] = {"response_a", "response_b"};
    for (int side = 0; side < 2; ++side) {
        const char *text;
        PDX__TRY(pdx_dataset_text(j->dataset, pair, fields[side], &text));
        if (!text)
            return pdx__fail(PDX_EINVAL, "pair '%s' has no text '%s'",
                             pdx_dataset_id(j->dataset, pair), fields[side]);
        pdx__buf_clear(&j->response[side]);
        pdx__buf_text(&j->response[side], text);
        PDX__TRY(j->response[side].status);
    }
    return pdx__texts_line(j->dataset, pair, &j->line);
}

static int is_blank(const char *text) { return text[strspn(text, " \t\r\n")] == 0; }

static pdx_status edit_side(job *j, int64_t pair, int32_t side, const int32_t *chosen,
                            int32_t count) {
    const char *response = j->response[side].data, *other = j->response[1 - side].data;
    if (is_blank(response)) {
        pdx__buf text = PDX__BUF_EMPTY;
        ++j->counts->empty;
        pdx__buf_printf(&text, "pair '%.80s': response %c is empty and is not edited",
                        pdx_dataset_id(j->dataset, pair), side_letter[side]);
        if (text.status == PDX_OK) tell(j, text.data);
        pdx__buf_free(&text);
        return PDX_OK;
    }
    for (int32_t i = 0; i < count; ++i) {
        pdx_edit edit;
        const char *made;
        PDX__TRY(pdx_edits_get(j->edits, chosen[i], &edit));
        pdx_status status = pdx_edits_apply(j->edits, chosen[i], response, other,
                                            j->options->seed + (uint64_t)pair, &made);
        if (status == PDX_EPARSE) {
            pdx__buf reason = PDX__BUF_EMPTY;
            pdx__buf_printf(&reason, "pair '%.80s', response %c: %s",
                            pdx_dataset_id(j->dataset, pair), side_letter[side],
                            pdx_error_message());
            if (reason.status == PDX_OK) pdx__set_error_message(reason.data);
            pdx__buf_free(&reason);
        }
        PDX__TRY(status);
        /* "same" puts this side's text on the other one. */
        int same = !strcmp(edit.name, "same");
        if (!strcmp(made, response)) {
            ++j->counts->unchanged;
            ++j->unchanged[chosen[i]];
            continue;
        }
        copy c = {edit.name, side, edit.content, made};
        if (same) c = (copy){edit.name, 1 - side, edit.content, response};
        PDX__TRY(write_row(j, pair, &c));
        ++j->counts->edited;
    }
    return PDX_OK;
}

static pdx_status one_original(job *j, int64_t pair, const int32_t *chosen, int32_t count) {
    PDX__TRY(read_responses(j, pair));
    PDX__TRY(write_row(j, pair, &(copy){0}));
    ++j->counts->originals;
    int32_t side = j->options->side;
    if (side == PDX_SIDE_RANDOM) {
        pdx__rng rng;
        pdx__rng_init(&rng, j->options->seed, (uint64_t)pair);
        side = pdx__rng_below(&rng, 2) ? PDX_SIDE_B : PDX_SIDE_A;
    }
    if (side != PDX_SIDE_B) PDX__TRY(edit_side(j, pair, 0, chosen, count));
    if (side != PDX_SIDE_A) PDX__TRY(edit_side(j, pair, 1, chosen, count));
    return PDX_OK;
}

/* ---- edited texts of a file ---- */

typedef struct texts {
    job *j;
    pdx__strmap taken;
} texts;

static pdx_status take_text(void *context, const cJSON *row, const pdx__lines *line) {
    texts *t = context;
    job *j = t->j;
    pdx__strmap *taken = &t->taken;
    pdx__where where = {line->path, line->number};
    const char *id = NULL, *edit = NULL, *side = NULL, *response = NULL;
    int32_t content = 1, is_new;
    int64_t unused;
    PDX__TRY(pdx__json_string(row, "pair", PDX__REQUIRED, &id, where));
    PDX__TRY(pdx__json_string(row, "edit", PDX__REQUIRED, &edit, where));
    PDX__TRY(pdx__json_string(row, "side", PDX__REQUIRED, &side, where));
    PDX__TRY(pdx__json_string(row, "response", PDX__REQUIRED, &response, where));
    PDX__TRY(pdx__json_bool(row, "content", PDX__OPTIONAL, &content, where));
    int64_t pair = pdx_dataset_find(j->dataset, id);
    if (pair < 0)
        return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                            "field 'pair': there is no pair '%.80s'", id);
    if (strcmp(side, "a") && strcmp(side, "b"))
        return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                            "field 'side': expected \"a\" or \"b\", found '%.40s'", side);
    if (!pdx__edit_name_is_good(edit))
        return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                            "field 'edit': '%.60s' is no name of an edit", edit);
    pdx__buf key = PDX__BUF_EMPTY;
    pdx__buf_printf(&key, "%s#%s#%s", id, edit, side);
    pdx_status status = key.status;
    if (status == PDX_OK) status = pdx__strmap_add(taken, key.data, key.length, &unused, &is_new);
    pdx__buf_free(&key);
    PDX__TRY(status);
    if (!is_new || pdx_edits_find(j->edits, edit) >= 0)
        return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                            "the edit '%.60s' of pair '%.80s', side %s, is there already", edit, id,
                            side);
    if (pair >= j->pairs) return PDX_OK; /* beyond the limit */
    PDX__TRY(read_responses(j, pair));
    int32_t at = *side == 'b';
    if (!strcmp(response, j->response[at].data)) {
        ++j->counts->unchanged;
        return PDX_OK;
    }
    ++j->counts->edited;
    return write_row(j, pair, &(copy){edit, at, content, response});
}

static pdx_status take_texts(job *j, const char *path) {
    texts t = {.j = j};
    pdx_status status = pdx__json_lines(path, take_text, &t);
    pdx__strmap_free(&t.taken);
    return status;
}

/* ---- all of it ---- */

static pdx_status choose(job *j, int32_t **chosen, int32_t *count) {
    const pdx_probe_write_options *o = j->options;
    *count = o->edits ? o->edit_count : pdx_edits_count(j->edits);
    *chosen = pdx__alloc((size_t)*count, sizeof **chosen);
    if (!*chosen) return PDX_ENOMEM;
    for (int32_t i = 0; i < *count; ++i) {
        (*chosen)[i] = o->edits ? pdx_edits_find(j->edits, o->edits[i]) : i;
        if ((*chosen)[i] < 0)
            return pdx__fail(PDX_ENOTFOUND, "there is no edit '%.60s'", o->edits[i]);
        for (int32_t k = 0; k < i; ++k)
            PDX__REQUIRE((*chosen)[k] != (*chosen)[i], "the edit '%.60s' is asked for twice",
                         o->edits[i]);
    }
    return PDX_OK;
}

static void tell_unchanged(job *j, const int32_t *chosen, int32_t count) {
    for (int32_t i = 0; i < count; ++i) {
        pdx_edit edit;
        pdx__buf text = PDX__BUF_EMPTY;
        if (!j->unchanged[chosen[i]] || pdx_edits_get(j->edits, chosen[i], &edit) != PDX_OK)
            continue;
        pdx__buf_printf(&text, "edit '%s' changes nothing in %lld responses", edit.name,
                        (long long)j->unchanged[chosen[i]]);
        if (text.status == PDX_OK) tell(j, text.data);
        pdx__buf_free(&text);
    }
}

static pdx_status run(job *j, const char *path) {
    int32_t *chosen = NULL, count;
    double start = pdx__seconds(), told = start;
    const pdx_hooks *hooks = &j->options->hooks;
    pdx_status status;
    PDX__GO(choose(j, &chosen, &count));
    j->unchanged = pdx__alloc_zero((size_t)pdx_edits_count(j->edits), sizeof *j->unchanged);
    status = PDX_ENOMEM;
    if (!j->unchanged) goto done;
    PDX__GO(pdx__writer_open(&j->writer, path));
    for (int64_t pair = 0; pair < j->pairs; ++pair) {
        PDX__GO(one_original(j, pair, chosen, count));
        double now = pdx__seconds();
        if (!hooks->progress || now - told < 0.25) continue;
        told = now;
        pdx_progress progress = {"pairs", pair + 1, j->pairs, now - start};
        if (hooks->progress(hooks->user, &progress))
            PDX__GO(pdx__fail(PDX_ECANCELED, "stopped on request"));
    }
    if (j->options->texts) PDX__GO(take_texts(j, j->options->texts));
    status = pdx__writer_commit(&j->writer);
    if (status == PDX_OK) tell_unchanged(j, chosen, count);
done:
    pdx__writer_abandon(&j->writer);
    pdx__free(j->unchanged);
    pdx__free(chosen);
    return status;
}

pdx_status pdx_probe_write(pdx_probe_counts *counts, const pdx_dataset *dataset, pdx_edits *edits,
                           const char *path, const pdx_probe_write_options *options) {
    PDX__REQUIRE(counts && dataset && edits && path, "pdx_probe_write: an argument is NULL");
    memset(counts, 0, sizeof *counts);
    pdx_probe_write_options o;
    PDX__TRY(pdx__options_take(&o, sizeof o, options, option_table, PDX__ROWS(option_table),
                               "pdx_probe_write_options"));
    PDX__REQUIRE(dataset->texts, "this dataset has no texts to edit");
    job j = {.dataset = dataset, .edits = edits, .options = &o, .counts = counts};
    j.pairs = o.limit && o.limit < dataset->n ? o.limit : dataset->n;
    pdx_status status = run(&j, path);
    pdx__buf_free(&j.line);
    pdx__buf_free(&j.row);
    pdx__buf_free(&j.response[0]);
    pdx__buf_free(&j.response[1]);
    if (status != PDX_OK) memset(counts, 0, sizeof *counts);
    return status;
}
