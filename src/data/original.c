/* The files of the original system (Li et al. 2024; GAIR-NLP/Preference-Dissection, visualization/
 * app.py for how it reads them) as a dataset: resolved records, one by one in resolved.c, and the
 * group index. Its raw records and weight files are read elsewhere. */
#include <stdlib.h>
#include <string.h>

#include "data/loader.h"
#include "data/resolved.h"

/* Which pair the record is: by its id, else by its number. */
static pdx_status find_pair(pdx__loader *loader, const pdx__row *row, const pdx__lines *lines,
                            const int64_t *pair_of_record, int64_t record, int64_t *pair) {
    if (!loader->files->pairs) return pdx__loader_add(loader, row, lines, 1, pair);
    if (row->has_id) return pdx__loader_find(loader, row, pair);
    if (record >= loader->records)
        return pdx__fail_at(PDX_EPARSE, lines->path, lines->number,
                            "record %lld has no id, and %s has only %lld pairs", (long long)record,
                            loader->primary, (long long)loader->records);
    *pair = pair_of_record[record];
    return PDX_OK;
}

typedef struct resolving {
    int64_t *pair_of_record; /* -1: left out */
    char *state;             /* of a pair: 0 nothing yet, 1 read, 2 left out */
    size_t state_capacity;
} resolving;

static pdx_status read_record(pdx__loader *loader, resolving *r, const pdx__lines *lines,
                              int64_t record) {
    pdx_dataset *dataset = loader->dataset;
    pdx__where where = {lines->path, lines->number};
    pdx__scan scan;
    pdx__row row;
    int more = 1, applies = 1;
    int64_t pair;
    row.has_id = 0;
    row.had = row.held = row.has_group = 0;
    PDX__TRY(pdx__scan_open(&scan, lines->line, lines->length, where));
    for (;;) {
        PDX__TRY(pdx__scan_member(&scan, &more));
        if (!more) break;
        pdx__row_member(loader, &row, &scan);
    }
    PDX__TRY(find_pair(loader, &row, lines, r->pair_of_record, record, &pair));
    if (pair < 0) return PDX_OK;
    size_t before = r->state_capacity;
    PDX__TRY(pdx__grow(&r->state, &r->state_capacity, (size_t)dataset->n, 1));
    memset(r->state + before, 0, r->state_capacity - before);
    PDX__TRY(pdx__dataset_reserve(dataset, dataset->n));
    if (r->state[pair])
        return pdx__fail_at(PDX_EPARSE, where.file, where.line, "a second record of pair '%.200s'",
                            pdx_dataset_id(dataset, pair));
    cJSON *tree;
    PDX__TRY(pdx__json_parse(&tree, lines->line, lines->length, where));
    double cmp[PDX__ORIGINAL_PROPERTIES], diff[PDX__ORIGINAL_PROPERTIES];
    pdx_status status = pdx__original_values(tree, cmp, diff, &applies, where);
    cJSON_Delete(tree);
    r->state[pair] = applies ? 1 : 2;
    const double *values = loader->options->values == PDX_VALUES_DIFFERENCE ? diff : cmp;
    for (int32_t k = 0; status == PDX_OK && applies && k < PDX__ORIGINAL_PROPERTIES; ++k)
        status = pdx__dataset_put(dataset, pair, k, values[k]);
    return status;
}

static pdx_status read_records(pdx__loader *loader, resolving *r, pdx__lines *lines) {
    pdx_dataset *dataset = loader->dataset;
    int more = 1, dropped = 0;
    if (loader->files->pairs) {
        r->pair_of_record = pdx__alloc((size_t)loader->records, sizeof *r->pair_of_record);
        if (!r->pair_of_record) return PDX_ENOMEM;
        for (int64_t i = 0; i < loader->records; ++i) r->pair_of_record[i] = -1;
        for (int64_t i = 0; i < dataset->n; ++i) r->pair_of_record[dataset->record[i]] = i;
    }
    for (int64_t record = 0;; ++record) {
        PDX__TRY(pdx__lines_next(lines, &more));
        if (!more) break;
        PDX__TRY(read_record(loader, r, lines, record));
        if (record % 256 == 0) PDX__TRY(pdx__loader_tick(loader, "records", record, 0));
    }
    for (int64_t i = 0; i < dataset->n; ++i) {
        int state = (size_t)i < r->state_capacity ? r->state[i] : 0;
        if (!state)
            return pdx__fail_at(PDX_EPARSE, lines->path, 0, "no record of pair '%.200s' of %s",
                                pdx_dataset_id(dataset, i), loader->primary);
        r->state[i] = state == 2;
        dropped += state == 2;
    }
    return dropped ? pdx__dataset_drop(dataset, r->state, "accuracy not applicable") : PDX_OK;
}

pdx_status pdx__resolved_read(pdx__loader *loader, const char *path) {
    resolving r = {0};
    pdx__lines lines;
    PDX__TRY(pdx__lines_open(&lines, path));
    pdx_status status = read_records(loader, &r, &lines);
    pdx__lines_close(&lines);
    pdx__free(r.pair_of_record);
    pdx__free(r.state);
    return status;
}

/* The group index --------------------------------------------------------------------------------
 */

static int ascending(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The original walks the records and asks whether a group has them: so each counts once, and in the
 * order of the file. */
static pdx_status read_group(pdx_dataset *dataset, const cJSON *group,
                             const int64_t *pair_of_record, pdx__where where) {
    int64_t count = cJSON_IsArray(group) ? cJSON_GetArraySize(group) : -1, n = 0, index;
    if (count < 0)
        return pdx__fail_at(PDX_EPARSE, where.file, 0, "group '%.100s': expected a list, found %s",
                            group->string, pdx__json_type(group));
    PDX__TRY(pdx__strmap_add(&dataset->groups, group->string, strlen(group->string), &index, NULL));
    int64_t *record = pdx__alloc((size_t)count, sizeof *record);
    if (!record) return PDX_ENOMEM;
    pdx_status status = PDX_OK;
    for (const cJSON *entry = group->child; entry && status == PDX_OK; entry = entry->next, ++n) {
        double number = cJSON_IsNumber(entry) ? entry->valuedouble : NAN;
        if (!(number >= 0) || number != floor(number))
            status = pdx__fail_at(PDX_EPARSE, where.file, 0,
                                  "group '%.100s', entry %lld: expected a record number",
                                  group->string, (long long)n + 1);
        else if (number >= (double)dataset->records)
            status =
                pdx__fail_at(PDX_EPARSE, where.file, 0,
                             "group '%.100s', entry %lld: there is no record %.0f, only %lld",
                             group->string, (long long)n + 1, number, (long long)dataset->records);
        else record[n] = (int64_t)number;
    }
    if (status == PDX_OK) qsort(record, (size_t)count, sizeof *record, ascending);
    for (int64_t i = 0; status == PDX_OK && i < count; ++i) {
        int64_t pair = pair_of_record[record[i]];
        if (pair < 0 || (i > 0 && record[i] == record[i - 1])) continue;
        status = pdx__dataset_join_group(dataset, pair, group->string, strlen(group->string));
    }
    pdx__free(record);
    return status;
}

pdx_status pdx__groups_read(pdx__loader *loader, const char *path) {
    pdx_dataset *dataset = loader->dataset;
    pdx__where where = {path, 0};
    pdx__buf text = PDX__BUF_EMPTY;
    cJSON *tree = NULL;
    int64_t *pair_of_record = pdx__alloc((size_t)dataset->records, sizeof *pair_of_record);
    pdx_status status = pair_of_record ? pdx__file_read(path, 0, &text) : PDX_ENOMEM;
    if (status == PDX_OK && !text.length)
        status = pdx__fail_at(PDX_EPARSE, path, 0, "the file is empty");
    if (status == PDX_OK) status = pdx__json_parse(&tree, text.data, text.length, where);
    if (status == PDX_OK && !cJSON_IsObject(tree))
        status = pdx__fail_at(PDX_EPARSE, path, 0, "expected an object of groups, found %s",
                              pdx__json_type(tree));
    for (int64_t i = 0; status == PDX_OK && i < dataset->records; ++i) pair_of_record[i] = -1;
    for (int64_t i = 0; status == PDX_OK && i < dataset->n; ++i)
        pair_of_record[dataset->record ? dataset->record[i] : i] = i;
    for (const cJSON *group = status == PDX_OK ? tree->child : NULL; group && status == PDX_OK;
         group = group->next)
        if (strcmp(group->string, "all")) /* no group of the original's fits */
            status = read_group(dataset, group, pair_of_record, where);
    if (status == PDX_OK && !dataset->groups.count)
        status = pdx__fail_at(PDX_EPARSE, path, 0, "no groups");
    cJSON_Delete(tree);
    pdx__buf_free(&text);
    pdx__free(pair_of_record);
    return status;
}
