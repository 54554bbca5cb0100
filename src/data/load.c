/* pdx_dataset_load: puts the readers together, and reads pairs.jsonl. Lines are scanned one after
 * another on one thread, which is faster than the disk; measuring texts uses all. */
#include <string.h>

#include "core/options.h"
#include "core/pool.h"
#include "data/loader.h"
#include "data/surface.h"
#include "data/texts.h"

static const char *const value_choices[] = {"comparison", "difference", NULL};
static const pdx__option option_rows[] = {
    {"values", PDX__OPTION_INT32, offsetof(pdx_dataset_options, values), 0, 0, 1, value_choices},
    {"schema", PDX__OPTION_POINTER, offsetof(pdx_dataset_options, schema), 0, 0, 0, NULL},
    {"group_by", PDX__OPTION_POINTER, offsetof(pdx_dataset_options, group_by), 0, 0, 0, NULL},
    {"where", PDX__OPTION_POINTER, offsetof(pdx_dataset_options, where), 0, 0, 0, NULL},
    {"threads", PDX__OPTION_INT32, offsetof(pdx_dataset_options, threads), 0, 0, 1024, NULL},
    {"surface", PDX__OPTION_INT32, offsetof(pdx_dataset_options, surface), 0, -1, 1, NULL},
    {"hooks", PDX__OPTION_HOOKS, offsetof(pdx_dataset_options, hooks), 0, 0, 0, NULL},
};

void(pdx_dataset_options_init)(pdx_dataset_options *options, uint32_t size) {
    if (options) pdx__options_init(options, size, option_rows, PDX__ROWS(option_rows));
}

pdx_status pdx__loader_tick(pdx__loader *loader, const char *what, int64_t done, int64_t total) {
    const pdx_hooks *hooks = &loader->options->hooks;
    if (!hooks->progress) return PDX_OK;
    double now = pdx__seconds();
    if (now - loader->ticked < 0.2 && done != total) return PDX_OK;
    loader->ticked = now;
    pdx_progress progress = {what, done, total, now - loader->began};
    if (hooks->progress(hooks->user, &progress))
        return pdx__fail(PDX_ECANCELED, "stopped on request");
    return PDX_OK;
}

/* Rows ----------------------------------------------------------------------------------------- */

void pdx__row_member(pdx__loader *loader, pdx__row *row, const pdx__scan *scan) {
    if (pdx__span_is(scan->key, "id") && scan->value.kind != PDX__KIND_NULL) {
        row->has_id = 1;
        row->id = *scan;
    }
    if (loader->filter.terms.count)
        pdx__filter_member(&loader->filter, scan, &row->had, &row->held);
    int32_t field = loader->group_by.count ? pdx__names_find(&loader->group_by, scan->key) : -1;
    if (field >= 0) {
        row->group[field] = scan->value;
        row->has_group |= 1u << field;
    }
}

static pdx_status join_field(pdx__loader *loader, int64_t pair, int32_t field, pdx__span value) {
    pdx__buf name = PDX__BUF_EMPTY;
    if (loader->group_by.count > 1) pdx__buf_printf(&name, "%s=", loader->group_by.name[field]);
    if (value.kind == PDX__KIND_STRING) pdx__span_decode(value, &name);
    else pdx__buf_append(&name, value.text, value.length);
    pdx_status status = name.status;
    if (status == PDX_OK)
        status = pdx__dataset_join_group(loader->dataset, pair, name.data, name.length);
    pdx__buf_free(&name);
    return status;
}

static pdx_status join_groups(pdx__loader *loader, int64_t pair, const pdx__row *row) {
    for (int32_t f = 0; f < loader->group_by.count; ++f) {
        if (!(row->has_group & 1u << f)) continue;
        pdx__span value = row->group[f];
        if (value.kind == PDX__KIND_NULL || value.kind == PDX__KIND_OBJECT) continue;
        loader->grouped |= 1u << f;
        if (value.kind != PDX__KIND_LIST) {
            PDX__TRY(join_field(loader, pair, f, value));
            continue;
        }
        pdx__scan items;
        pdx__scan_inside(&items, value);
        while (pdx__scan_next(&items))
            if (items.value.kind <= PDX__KIND_STRING && items.value.kind != PDX__KIND_NULL)
                PDX__TRY(join_field(loader, pair, f, items.value));
    }
    return PDX_OK;
}

pdx_status pdx__loader_add(pdx__loader *loader, const pdx__row *row, const pdx__lines *lines,
                           int numbered_ids, int64_t *pair) {
    pdx_dataset *dataset = loader->dataset;
    int64_t record = loader->records++;
    *pair = -1;
    if (row->has_id) PDX__TRY(pdx__scan_text(&row->id, &loader->id));
    else if (numbered_ids) {
        pdx__buf_clear(&loader->id);
        pdx__buf_printf(&loader->id, "%lld", (long long)record);
        if (loader->id.status != PDX_OK) return loader->id.status;
    } else return pdx__fail_at(PDX_EPARSE, lines->path, lines->number, "field 'id' is missing");
    const char *id = loader->id.data;
    size_t length = loader->id.length;
    if (!length) return pdx__fail_at(PDX_EPARSE, lines->path, lines->number, "field 'id' is empty");
    int added = pdx__strmap_find(&dataset->absent, id, length) < 0;
    int out = (row->held & pdx__filter_all(&loader->filter)) != pdx__filter_all(&loader->filter);
    int64_t ignored;
    if (added && out) {
        if (pdx__strmap_find(&dataset->ids, id, length) >= 0) added = 0;
        else PDX__TRY(pdx__strmap_add(&dataset->absent, id, length, &ignored, &added));
    } else if (added) PDX__TRY(pdx__dataset_append(dataset, id, length, &added));
    if (!added)
        return pdx__fail_at(PDX_EPARSE, lines->path, lines->number,
                            "field 'id': '%.200s' occurs twice", id);
    if (out) return pdx__dataset_leave_out(dataset, "where", 1);
    *pair = dataset->n - 1;
    if (loader->numbered) PDX__TRY(pdx__dataset_set_record(dataset, record));
    if (dataset->texts) PDX__TRY(pdx__texts_append(dataset->texts, *pair, lines->offset));
    return join_groups(loader, *pair, row);
}

pdx_status pdx__loader_find(pdx__loader *loader, const pdx__row *row, int64_t *pair) {
    const pdx__where at = row->id.where;
    PDX__TRY(pdx__scan_text(&row->id, &loader->id));
    *pair = pdx__strmap_find(&loader->dataset->ids, loader->id.data, loader->id.length);
    if (*pair >= 0 ||
        pdx__strmap_find(&loader->dataset->absent, loader->id.data, loader->id.length) >= 0)
        return PDX_OK;
    return pdx__fail_at(PDX_EPARSE, at.file, at.line, "field 'id': no pair '%.200s' in %s",
                        loader->id.data, loader->primary);
}

static pdx_status read_pairs(pdx__loader *loader, const char *path) {
    pdx__lines lines;
    PDX__TRY(pdx__lines_open(&lines, path));
    pdx_status status = PDX_OK;
    int more = 1;
    while (status == PDX_OK) {
        status = pdx__lines_next(&lines, &more);
        if (status != PDX_OK || !more) break;
        pdx__scan scan;
        pdx__row row;
        row.has_id = 0;
        row.had = row.held = row.has_group = 0;
        int64_t pair;
        int member = 1;
        status = pdx__scan_open(&scan, lines.line, lines.length, (pdx__where){path, lines.number});
        while (status == PDX_OK) {
            status = pdx__scan_member(&scan, &member);
            if (status != PDX_OK || !member) break;
            pdx__row_member(loader, &row, &scan);
        }
        if (status == PDX_OK) status = pdx__loader_add(loader, &row, &lines, 0, &pair);
        if (status == PDX_OK && loader->records % 4096 == 0)
            status = pdx__loader_tick(loader, "pairs", loader->records, 0);
    }
    pdx__lines_close(&lines);
    return status;
}

/* The whole load ------------------------------------------------------------------------------- */

/* After the primary file was read: was there anything, and did the fields exist? */
static pdx_status check_primary(const pdx__loader *loader) {
    if (loader->records == 0) return pdx__fail_at(PDX_EPARSE, loader->primary, 0, "no rows");
    const pdx__filter *filter = &loader->filter;
    for (int32_t i = 0; i < filter->terms.count; ++i)
        if (!(filter->known & 1u << i))
            return pdx__fail_at(PDX_ENOTFOUND, loader->primary, 0,
                                "'where': no pair has a field '%s'", filter->terms.name[i]);
    if (filter->terms.count && loader->dataset->n == 0)
        return pdx__fail_at(PDX_ENOTFOUND, loader->primary, 0, "'where': no pair matches '%s'",
                            loader->options->where);
    for (int32_t i = 0; i < loader->group_by.count; ++i)
        if (!(loader->grouped & 1u << i))
            return pdx__fail_at(PDX_ENOTFOUND, loader->primary, 0,
                                "'group_by': no pair has a field '%s'", loader->group_by.name[i]);
    return PDX_OK;
}

/* Which properties there will be; opens features.jsonl, whose first row may say it. */
static pdx_status choose_schema(pdx_schema **out, pdx__features **features,
                                const pdx_dataset_files *files,
                                const pdx_dataset_options *options) {
    pdx_schema *first = NULL, *surface = NULL;
    pdx_status status = PDX_OK;
    if (files->features)
        status = pdx__features_open(features, &first, files->features, files->names);
    else if (files->annotations && options->schema)
        status = pdx__schema_copy(&first, options->schema);
    else if (files->annotations || files->resolved) status = pdx_schema_builtin(&first, "li2024");
    if (status == PDX_OK && !first && options->surface < 0)
        status = pdx__schema_create(&first, "none", NULL, 0);
    if (status == PDX_OK && (!first || options->surface > 0))
        status = pdx_schema_builtin(&surface, "surface");
    if (status == PDX_OK && first && surface) {
        status = pdx__schema_join(out, first, surface);
        pdx_schema_free(first);
        pdx_schema_free(surface);
    } else if (status == PDX_OK) *out = first ? first : surface;
    else {
        pdx_schema_free(first);
        pdx_schema_free(surface);
    }
    return status;
}

static pdx_status load(pdx__loader *loader, pdx__features *features) {
    const pdx_dataset_files *files = loader->files;
    pdx_dataset *dataset = loader->dataset;
    int seekable = strcmp(loader->primary, "-") != 0;
    if (seekable) PDX__TRY(pdx__texts_create(&dataset->texts, loader->primary));
    if (files->pairs) {
        PDX__TRY(read_pairs(loader, files->pairs));
        PDX__TRY(check_primary(loader));
        PDX__TRY(pdx__dataset_reserve(dataset, dataset->n));
    }
    if (features) PDX__TRY(pdx__features_read(features, loader));
    if (files->resolved) PDX__TRY(pdx__resolved_read(loader, files->resolved));
    if (files->annotations) PDX__TRY(pdx__annotations_read(loader, files->annotations));
    if (!files->pairs) PDX__TRY(check_primary(loader));
    dataset->records = loader->records;
    if (dataset->n == 0)
        return pdx__fail_at(PDX_EPARSE, loader->primary, 0, "every record was left out (%s)",
                            dataset->reason[dataset->reasons - 1].text);
    int any = features || files->resolved || files->annotations;
    if (loader->options->surface > 0 || (!any && loader->options->surface == 0)) {
        PDX__REQUIRE(files->pairs && seekable,
                     "surface properties need the texts of a pairs file that can be read twice");
        PDX__TRY(pdx__measure_pairs(loader, any ? dataset->schema->count - PDX__SURFACE_COUNT : 0));
    }
    if (files->groups) PDX__TRY(pdx__groups_read(loader, files->groups));
    PDX__TRY(pdx__loader_tick(loader, "pairs", dataset->n, dataset->n));
    return pdx__dataset_finish(dataset, files->groups || loader->group_by.count > 0);
}

pdx_status pdx_dataset_load(pdx_dataset **out, const pdx_dataset_files *files,
                            const pdx_dataset_options *options) {
    PDX__REQUIRE(out, "pdx_dataset_load: 'out' is NULL");
    *out = NULL;
    PDX__REQUIRE(files, "pdx_dataset_load: 'files' is NULL");
    pdx_dataset_options full;
    PDX__TRY(pdx__options_take(&full, sizeof full, options, option_rows, PDX__ROWS(option_rows),
                               "pdx_dataset_options"));
    int sources =
        (files->features != NULL) + (files->annotations != NULL) + (files->resolved != NULL);
    PDX__REQUIRE(files->pairs || files->features || files->resolved,
                 "pdx_dataset_load: no pairs, features or resolved records");
    PDX__REQUIRE(sources <= 1,
                 "pdx_dataset_load: give one of features, annotations and resolved records");
    PDX__REQUIRE(!files->annotations || files->pairs, "pdx_dataset_load: annotations need pairs");
    PDX__REQUIRE(!files->groups || !full.group_by,
                 "pdx_dataset_load: give a group index or 'group_by', not both");
    pdx__loader loader = {.files = files, .options = &full, .began = pdx__seconds()};
    loader.primary = files->pairs      ? files->pairs
                     : files->resolved ? files->resolved
                                       : files->features;
    loader.numbered = full.where || files->resolved || files->annotations;
    loader.ticked = loader.began;
    pdx_schema *schema = NULL;
    pdx__features *features = NULL;
    pdx_status status = pdx__filter_parse(&loader.filter, full.where);
    if (status == PDX_OK) status = pdx__names_parse(&loader.group_by, full.group_by, "group_by");
    if (status == PDX_OK) status = choose_schema(&schema, &features, files, &full);
    if (status == PDX_OK) status = pdx__dataset_begin(&loader.dataset, schema, full.values);
    if (status == PDX_OK) status = load(&loader, features);
    if (status == PDX_OK) *out = loader.dataset;
    else pdx_dataset_free(loader.dataset);
    pdx__features_close(features);
    pdx_schema_free(schema);
    pdx__filter_free(&loader.filter);
    pdx__names_free(&loader.group_by);
    pdx__buf_free(&loader.id);
    return status;
}
