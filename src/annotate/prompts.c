/* Prompt files: reading, checking, filling. What is asked in them in JSON is forms.c. A field's
 * text is put in once and never read again; marks around texts hold a code that none of the texts
 * has. */
#include "annotate/prompts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "annotate/forms.h"
#include "core/file.h"
#include "core/sha256.h"

enum {
    TEXT,
    QUERY,
    RESPONSE,
    RESPONSE_1,
    RESPONSE_2,
    REFERENCE,
    PROPERTIES,
    FACTS,
    SCENARIOS,
    FORMAT,
    MARK,
    FIELDS
};
static const char *const field_names[FIELDS] = {
    "",           "query", "response",  "response_1", "response_2", "reference",
    "properties", "facts", "scenarios", "format",     "mark"};

#define FIELD(name) (1u << (name))
#define TWO         (FIELD(RESPONSE_1) | FIELD(RESPONSE_2))
static const struct {
    const char *name;
    uint32_t needs; /* fields; of the responses: those of the pair */
    int32_t rates;  /* there is a file for responses one by one */
} stages[PDX_ANNOTATE_STAGES] = {
    {"query", FIELD(QUERY) | FIELD(FACTS) | FIELD(FORMAT), 0},
    {"reference", FIELD(QUERY), 0},
    {"query-free", TWO | FIELD(PROPERTIES) | FIELD(FORMAT), 1},
    {"query-aware", TWO | FIELD(QUERY) | FIELD(PROPERTIES) | FIELD(FORMAT), 1},
    {"query-specific", TWO | FIELD(QUERY) | FIELD(PROPERTIES) | FIELD(FORMAT), 1},
    {"error", TWO | FIELD(QUERY) | FIELD(REFERENCE) | FIELD(PROPERTIES) | FIELD(FORMAT), 1},
    {"scenario", FIELD(QUERY) | FIELD(SCENARIOS) | FIELD(FORMAT), 0},
};

const char *pdx__stage_name(int32_t stage) { return stages[stage].name; }

int32_t pdx__stage_find(const char *name, size_t length) {
    for (int32_t s = 0; s < PDX_ANNOTATE_STAGES; ++s)
        if (strlen(stages[s].name) == length && !memcmp(stages[s].name, name, length)) return s;
    return -1;
}

/* ---- files ---- */

static const char *built_in(const char *name) {
    for (const pdx__prompt_file *file = pdx__prompt_files; file->name; ++file)
        if (!strcmp(file->name, name)) return file->text;
    return NULL;
}

/* The text of a file, from the folder or built in; *path for messages, the caller frees both. */
static pdx_status read_file(const char *folder, const char *name, char **text, char **path) {
    pdx__buf file = PDX__BUF_EMPTY;
    pdx_status status = PDX_OK;
    *text = NULL;
    if (folder) PDX__TRY(pdx__path_join(path, folder, name));
    else *path = pdx__strdup(name);
    if (!*path) return PDX_ENOMEM;
    if (folder && access(*path, F_OK) == 0) {
        status = pdx__file_read(*path, (size_t)1 << 20, &file);
        if (status == PDX_OK && !file.length)
            status = pdx__fail_at(PDX_EPARSE, *path, 0, "the file is empty");
        if (status == PDX_OK && memchr(file.data, 0, file.length))
            status = pdx__fail_at(PDX_EPARSE, *path, 0, "holds a NUL character");
        if (status == PDX_OK) *text = pdx__buf_take(&file);
        pdx__buf_free(&file);
        return status;
    }
    *text = pdx__strdup(built_in(name));
    return *text ? PDX_OK : PDX_ENOMEM;
}

/* ---- templates ---- */

static pdx_status add_piece(pdx__prompt *p, int32_t field, const char *text, size_t length) {
    if (field == TEXT && !length) return PDX_OK;
    PDX__TRY(pdx__grow(&p->piece, &p->capacity, p->count + 1, sizeof *p->piece));
    p->piece[p->count++] = (pdx__piece){field, text, length};
    return PDX_OK;
}

static pdx_status add_line(pdx__prompt *p, const char *line, size_t length, pdx__where where) {
    const char *from = line, *at = line, *end = line + length;
    while (at < end) {
        if (*at != '{' && *at != '}') {
            ++at;
            continue;
        }
        if (at + 1 < end && at[1] == *at) { /* one brace */
            PDX__TRY(add_piece(p, TEXT, from, (size_t)(at - from) + 1));
            from = at += 2;
            continue;
        }
        const char *close = *at == '{' ? memchr(at, '}', (size_t)(end - at)) : NULL;
        int32_t field = TEXT + 1;
        for (; close && field < FIELDS; ++field)
            if (strlen(field_names[field]) == (size_t)(close - at) - 1 &&
                !memcmp(field_names[field], at + 1, (size_t)(close - at) - 1))
                break;
        if (!close || field == FIELDS)
            return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                                "'%.*s' is no field (a brace is written twice)",
                                (int)(close ? close - at + 1 : 1), at);
        PDX__TRY(add_piece(p, TEXT, from, (size_t)(at - from)));
        PDX__TRY(add_piece(p, field, NULL, 0));
        from = at = close + 1;
    }
    return add_piece(p, TEXT, from, (size_t)(at - from));
}

/* A message does not end in line ends of the file. */
static void end_message(pdx__prompt *p) {
    pdx__piece *last = p->count ? &p->piece[p->count - 1] : NULL;
    while (last && last->field == TEXT && last->length &&
           strchr("\r\n", last->text[last->length - 1]))
        if (--last->length == 0) --p->count, last = p->count ? last - 1 : NULL;
}

static uint32_t fields_of(const pdx__prompt *p) {
    uint32_t used = 0;
    for (size_t i = 0; i < p->count; ++i) used |= FIELD(p->piece[i].field);
    return used;
}

static pdx_status parse(pdx__prompt *p, uint32_t needs, const char *path) {
    enum { BEFORE, SYSTEM, USER } part = BEFORE;
    pdx__where where = {path, 0};
    for (const char *line = p->text; *line;) {
        const char *newline = strchr(line, '\n');
        size_t length = newline ? (size_t)(newline - line) + 1 : strlen(line), plain = length;
        ++where.line;
        while (plain && (line[plain - 1] == '\n' || line[plain - 1] == '\r')) --plain;
        int system = plain == 8 && !memcmp(line, "[system]", 8);
        int user = plain == 6 && !memcmp(line, "[user]", 6);
        if (system || user) {
            if (part >= (system ? SYSTEM : USER))
                return pdx__fail_at(PDX_EPARSE, path, where.line,
                                    "expected [system] once, then [user] once");
            part = system ? SYSTEM : USER;
            end_message(p);
            if (user) p->user = p->count;
        } else if (part != BEFORE) PDX__TRY(add_line(p, line, length, where));
        else if (plain)
            return pdx__fail_at(PDX_EPARSE, path, where.line, "text before [system] or [user]");
        line += length;
    }
    end_message(p);
    if (part != USER) return pdx__fail_at(PDX_EPARSE, path, 0, "has no [user] part");
    uint32_t used = fields_of(p);
    for (int32_t field = 0; field < FIELDS; ++field)
        if (needs & ~used & FIELD(field))
            return pdx__fail_at(PDX_EPARSE, path, 0, "has no field {%s}", field_names[field]);
    if (used & ~(needs | FIELD(MARK) | FIELD(TEXT) | FIELD(QUERY)))
        return pdx__fail_at(PDX_EPARSE, path, 0, "has a field that this stage does not fill");
    return PDX_OK;
}

static pdx_status read_prompt(pdx__prompts *all, const char *folder, int32_t stage) {
    char name[64], *path = NULL;
    int single = all->single && stages[stage].rates;
    uint32_t needs = stages[stage].needs;
    if (single) needs = (needs & ~TWO) | FIELD(RESPONSE);
    snprintf(name, sizeof name, "%s%s.txt", stages[stage].name, single ? "-single" : "");
    pdx_status status = read_file(folder, name, &all->stage[stage].text, &path);
    if (status == PDX_OK) status = parse(&all->stage[stage], needs, path);
    pdx__free(path);
    return status;
}

/* ---- facts and scenarios ---- */

static pdx_status read_object(cJSON **out, const char *folder, const char *name, char **path) {
    char *text = NULL;
    *out = NULL;
    pdx_status status = read_file(folder, name, &text, path);
    if (status == PDX_OK) status = pdx__json_parse(out, text, strlen(text), (pdx__where){*path, 0});
    if (status == PDX_OK && (!cJSON_IsObject(*out) || !(*out)->child))
        status = pdx__fail_at(PDX_EPARSE, *path, 0, "expected an object with members");
    pdx__free(text);
    return status;
}

/* Described in facts.json, or asked for by its name. */
static pdx_status describe_fact(pdx__fact *fact, const cJSON *all, pdx__where where) {
    const cJSON *entry = NULL;
    const char *text = NULL;
    PDX__TRY(pdx__json_object(all, fact->id, PDX__OPTIONAL, &entry, where));
    if (entry) {
        PDX__TRY(pdx__json_string(entry, "text", PDX__REQUIRED, &text, where));
        PDX__TRY(pdx__json_bool(entry, "list", PDX__OPTIONAL, &fact->list, where));
        fact->text = pdx__strdup(text);
        return fact->text ? PDX_OK : PDX_ENOMEM;
    }
    pdx__buf own = PDX__BUF_EMPTY;
    pdx__buf_printf(&own, "True where this holds of the request: %s.", fact->id);
    for (size_t i = 0; i < own.length; ++i)
        if (own.data[i] == '_') own.data[i] = ' ';
    fact->text = pdx__buf_take(&own);
    return fact->text ? PDX_OK : PDX_ENOMEM;
}

static pdx_status find_facts(pdx__prompts *all, const cJSON *described, const char *path) {
    for (int32_t k = 0; k < all->schema->count; ++k) {
        const pdx_property *property = &all->schema->property[k];
        int32_t f = 0;
        if (property->stage != PDX_STAGE_QUERY_SPECIFIC || !property->depends_on) continue;
        while (f < all->facts && strcmp(all->fact[f].id, property->depends_on)) ++f;
        if (f < all->facts) continue;
        PDX__REQUIRE(f < PDX__MOST_FACTS, "schema: more than %d query facts", PDX__MOST_FACTS);
        all->fact[all->facts++].id = property->depends_on;
        PDX__TRY(describe_fact(&all->fact[f], described, (pdx__where){path, 0}));
    }
    return PDX_OK;
}

static pdx_status check_scenarios(const cJSON *all, const char *path) {
    for (const cJSON *entry = all->child; entry; entry = entry->next)
        if (!cJSON_IsString(entry))
            return pdx__fail_at(PDX_EPARSE, path, 0, "'%.80s': expected a description, found %s",
                                entry->string, pdx__json_type(entry));
    return PDX_OK;
}

/* ---- opening ---- */

static pdx_status open_all(pdx__prompts *all, const char *folder, const pdx_schema *schema) {
    char *path = NULL;
    cJSON *described = NULL;
    PDX__TRY(pdx__schema_copy(&all->schema, schema));
    if (folder && access(folder, R_OK | X_OK) != 0)
        return pdx__fail_errno(folder, 0, "cannot be read: ");
    pdx_status status = read_object(&described, folder, "facts.json", &path);
    if (status == PDX_OK) status = find_facts(all, described, path);
    cJSON_Delete(described);
    pdx__free(path);
    path = NULL;
    if (status == PDX_OK) status = read_object(&all->scenarios, folder, "scenarios.json", &path);
    if (status == PDX_OK) status = check_scenarios(all->scenarios, path);
    pdx__free(path);
    for (int32_t s = 0; s < PDX_ANNOTATE_STAGES && status == PDX_OK; ++s)
        status = read_prompt(all, folder, s);
    return status;
}

pdx_status pdx__prompts_open(pdx__prompts **out, const char *folder, const pdx_schema *schema,
                             int32_t single) {
    *out = NULL;
    pdx__prompts *all = pdx__alloc_zero(1, sizeof *all);
    if (!all) return PDX_ENOMEM;
    all->single = single;
    pdx_status status = open_all(all, folder, schema);
    if (status == PDX_OK) *out = all;
    else pdx__prompts_free(all);
    return status;
}

void pdx__prompts_free(pdx__prompts *all) {
    if (!all) return;
    for (int32_t s = 0; s < PDX_ANNOTATE_STAGES; ++s) {
        pdx__free(all->stage[s].text);
        pdx__free(all->stage[s].piece);
    }
    for (int32_t f = 0; f < all->facts; ++f) pdx__free(all->fact[f].text);
    cJSON_Delete(all->scenarios);
    pdx_schema_free(all->schema);
    pdx__free(all);
}

/* ---- filling ---- */

/* A code that stands in none of the texts. It depends on the texts of this prompt only, so that
 * equal prompts are equal requests. */
static void choose_mark(char mark[13], const char *const texts[FIELDS], uint32_t used) {
    for (int round = 0, clash = 1; clash; ++round) {
        char hex[65];
        pdx__sha256 hash;
        pdx__sha256_init(&hash);
        pdx__sha256_add(&hash, &round, sizeof round);
        for (int i = 0; i < FIELDS; ++i)
            if (texts[i] && used & FIELD(i)) pdx__sha256_add(&hash, texts[i], strlen(texts[i]) + 1);
        pdx__sha256_hex(&hash, hex);
        snprintf(mark, 13, "%.12s", hex);
        clash = 0;
        for (int i = 0; i < FIELDS; ++i)
            clash |= texts[i] && used & FIELD(i) && strstr(texts[i], mark);
    }
}

static void put_field(const pdx__prompts *all, int32_t stage, int32_t field,
                      const char *const texts[FIELDS], const cJSON *facts, pdx__buf *out) {
    switch (field) {
    case FACTS: pdx__form_facts(all, out); break;
    case SCENARIOS: pdx__form_scenarios(all, out); break;
    case FORMAT: pdx__form_format(all, stage, facts, out); break;
    default: pdx__buf_text(out, texts[field]);
    }
}

void pdx__prompt_fill(const pdx__prompts *all, int32_t stage, const pdx__material *m,
                      pdx__buf *system, pdx__buf *user) {
    const pdx__prompt *p = &all->stage[stage];
    pdx__buf properties = PDX__BUF_EMPTY;
    char mark[13] = "";
    pdx__buf_text(&properties, "");
    pdx__form_properties(all, stage, m->facts, &properties);
    const char *texts[FIELDS] = {
        [QUERY] = m->query,         [RESPONSE] = m->shown[0],   [RESPONSE_1] = m->shown[0],
        [RESPONSE_2] = m->shown[1], [REFERENCE] = m->reference, [PROPERTIES] = properties.data};
    choose_mark(mark, texts, fields_of(p));
    texts[MARK] = mark;
    pdx__buf_text(system, "");
    pdx__buf_text(user, "");
    for (size_t i = 0; i < p->count; ++i) {
        pdx__buf *out = i < p->user ? system : user;
        const pdx__piece *piece = &p->piece[i];
        if (piece->field == TEXT) pdx__buf_append(out, piece->text, piece->length);
        else put_field(all, stage, piece->field, texts, m->facts, out);
    }
    if (properties.status != PDX_OK) user->status = properties.status;
    pdx__buf_free(&properties);
}

void pdx__prompt_describe(const pdx__prompts *all, int32_t stage, pdx__buf *out) {
    pdx__buf_text(out, all->stage[stage].text);
    if (stage == PDX_ANNOTATE_QUERY) pdx__form_facts(all, out);
    else if (stage == PDX_ANNOTATE_SCENARIO) pdx__form_scenarios(all, out);
    else pdx__form_properties(all, stage, NULL, out);
}
