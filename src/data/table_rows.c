/* Plain tables: header and numbers. */
#include "table.h"

#include <math.h>
#include <string.h>

#include "core/number.h"
#include "core/pool.h"

static const char *const special_names[PDX__TABLE_SPECIAL] = {"y",      "margin", "w",
                                                              "offset", "judge",  "group"};

static pdx_status fail(const pdx__table *t, const char *what, const char *name) {
    return pdx__fail_at(PDX_EPARSE, t->csv.path, t->csv.line, what, name);
}

static pdx_status read_header(pdx__table *t) {
    int more;
    PDX__TRY(pdx__csv_next(&t->csv, &more));
    if (!more) return pdx__fail_at(PDX_EPARSE, t->csv.path, 0, "the file is empty");
    t->fields = t->csv.count;
    t->name = pdx__alloc_zero((size_t)t->fields, sizeof *t->name);
    t->property = pdx__alloc((size_t)t->fields, sizeof *t->property);
    t->field = pdx__alloc((size_t)t->fields, sizeof *t->field);
    if (!t->name || !t->property || !t->field) return PDX_ENOMEM;
    for (int64_t f = 0; f < t->fields; ++f) {
        int kind = 0;
        char *name = t->name[f] = pdx__strdup(t->csv.field[f]);
        if (!name) return PDX_ENOMEM;
        if (!*name)
            return pdx__fail_at(PDX_EPARSE, t->csv.path, t->csv.line, "column %lld has no name",
                                (long long)f + 1);
        for (int64_t e = 0; e < f; ++e)
            if (!strcmp(t->name[e], name)) return fail(t, "column '%.100s' occurs twice", name);
        while (kind < PDX__TABLE_SPECIAL && strcmp(name, special_names[kind])) ++kind;
        if (kind < PDX__TABLE_SPECIAL) {
            t->special[kind] = f;
            continue;
        }
        t->property[t->properties] = name;
        t->field[t->properties++] = f;
    }
    const int has_y = t->special[PDX__TABLE_Y] >= 0,
              has_margin = t->special[PDX__TABLE_MARGIN] >= 0;
    if (has_y && has_margin) return fail(t, "there are both 'y' and 'margin'%s", "");
    if (!has_y && !has_margin) return fail(t, "there is neither a column 'y' nor 'margin'%s", "");
    return t->properties ? PDX_OK : fail(t, "no column is a property%s", "");
}

pdx_status pdx__table_open(pdx__table *table, const char *path) {
    *table = (pdx__table){.special = {-1, -1, -1, -1, -1, -1}};
    pdx_status status = pdx__csv_open(&table->csv, path);
    if (status == PDX_OK) status = read_header(table);
    if (status != PDX_OK) pdx__table_close(table);
    return status;
}

void pdx__table_close(pdx__table *table) {
    pdx__csv_close(&table->csv);
    for (int64_t f = 0; table->name && f < table->fields; ++f) pdx__free(table->name[f]);
    pdx__free(table->name);
    pdx__free(table->property);
    pdx__free(table->field);
    *table = (pdx__table){0};
}

pdx_status pdx__table_number(const pdx__table *t, int64_t field, double least, double most,
                             double *out) {
    const char *text = t->csv.field[field];
    const char *end = text + t->csv.length[field];
    while (text < end && (*text == ' ' || *text == '\t')) ++text;
    while (end > text && (end[-1] == ' ' || end[-1] == '\t')) --end;
    if (!pdx__parse_double(text, (size_t)(end - text), out))
        return pdx__fail_at(PDX_EPARSE, t->csv.path, t->csv.line,
                            "column '%.100s': '%.60s' is no number", t->name[field],
                            t->csv.field[field]);
    if (!isfinite(*out))
        return pdx__fail_at(PDX_EPARSE, t->csv.path, t->csv.line,
                            "column '%.100s': '%.60s' is not finite", t->name[field],
                            t->csv.field[field]);
    if (*out < least || *out > most) {
        if (isinf(most))
            return pdx__fail_at(PDX_EPARSE, t->csv.path, t->csv.line,
                                "column '%.100s': %g is below %g", t->name[field], *out, least);
        return pdx__fail_at(PDX_EPARSE, t->csv.path, t->csv.line,
                            "column '%.100s': %g is not from %g to %g", t->name[field], *out, least,
                            most);
    }
    return PDX_OK;
}

pdx__ticker pdx__ticker_start(const pdx_hooks *hooks) {
    double now = pdx__seconds();
    return (pdx__ticker){hooks, now, now};
}

pdx_status pdx__ticker_tell(pdx__ticker *ticker, const char *what, int64_t done) {
    if (!ticker->hooks || !ticker->hooks->progress || done % 4096) return PDX_OK;
    double now = pdx__seconds();
    if (now - ticker->ticked < 0.2) return PDX_OK;
    ticker->ticked = now;
    pdx_progress progress = {what, done, 0, now - ticker->began};
    if (ticker->hooks->progress(ticker->hooks->user, &progress))
        return pdx__fail(PDX_ECANCELED, "stopped on request");
    return PDX_OK;
}
