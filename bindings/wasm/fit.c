/* The page's calls: pairs in, a file of judgments in, fits out. Left out: more than one dataset at
 * a time, progress (a call is one judge, tenths of a second). */
#include "fit.h"

#include <string.h>

#include "bayes/posterior.h"
#include "core/file.h"
#include "data/dataset.h"
#include "data/judgments.h"
#include "data/scan.h"

static pdx_dataset *dataset;
static pdx__buf fits, warnings;

const char *pdxw_message(void) { return pdx_error_message(); }
const char *pdxw_fits(void) { return fits.data ? fits.data : ""; }

void pdxw_close(void) {
    pdx_dataset_free(dataset);
    dataset = NULL;
    pdx__buf_free(&fits);
    pdx__buf_free(&warnings);
}

/* The pairs ------------------------------------------------------------------------------------ */

typedef struct about {
    pdx__scan columns, ids, groups, record; /* as they stood at their members */
    double records;
} about;

static pdx_status read_about(about *a, const char *text, size_t length) {
    pdx__scan scan;
    int more = 1;
    PDX__TRY(pdx__scan_open(&scan, text, length, (pdx__where){"data", 0}));
    for (;;) {
        PDX__TRY(pdx__scan_member(&scan, &more));
        if (!more) break;
        int list = scan.value.kind == PDX__KIND_LIST;
        if (list && pdx__span_is(scan.key, "columns")) a->columns = scan;
        else if (list && pdx__span_is(scan.key, "ids")) a->ids = scan;
        else if (list && pdx__span_is(scan.key, "groups")) a->groups = scan;
        else if (list && pdx__span_is(scan.key, "record")) a->record = scan;
        else if (pdx__span_is(scan.key, "records")) PDX__TRY(pdx__scan_double(&scan, &a->records));
        else return pdx__scan_fail(&scan, "no such field here, or not a list");
    }
    PDX__REQUIRE(a->columns.value.text && a->ids.value.text,
                 "data: 'columns' and 'ids' are needed");
    return PDX_OK;
}

/* The texts of a list one after another, each with its NUL. */
static pdx_status read_texts(const pdx__scan *list, pdx__buf *out, int32_t *count) {
    pdx__scan items;
    pdx__buf text = PDX__BUF_EMPTY;
    pdx_status status = PDX_OK;
    *count = 0;
    pdx__scan_inside(&items, list->value);
    for (; status == PDX_OK && pdx__scan_next(&items); ++*count) {
        if (items.value.kind != PDX__KIND_STRING)
            status = pdx__scan_fail(list, "entry %d: expected a string, found %s", *count + 1,
                                    pdx__span_type(items.value));
        if (status == PDX_OK) status = pdx__scan_text(&items, &text);
        pdx__buf_append(out, text.data, text.length);
        pdx__buf_char(out, 0);
    }
    pdx__buf_free(&text);
    return status != PDX_OK ? status : out->status;
}

static pdx_status make_schema(pdx_schema **out, const pdx__scan *columns) {
    pdx__buf texts = PDX__BUF_EMPTY;
    const char **names = NULL;
    int32_t count;
    pdx_status status = read_texts(columns, &texts, &count);
    if (status == PDX_OK) {
        names = pdx__alloc((size_t)count + 1, sizeof *names);
        if (!names) status = PDX_ENOMEM;
    }
    const char *at = texts.data;
    for (int32_t i = 0; status == PDX_OK && i < count; ++i, at += strlen(at) + 1) names[i] = at;
    if (status == PDX_OK) status = pdx_schema_from_names(out, names, count);
    pdx__free(names);
    pdx__buf_free(&texts);
    return status;
}

static pdx_status add_pairs(pdx_dataset *to, const about *a, const void *values, uint32_t width) {
    pdx__buf ids = PDX__BUF_EMPTY;
    int32_t n, d = pdx_schema_count(pdx_dataset_schema(to));
    pdx_status status = read_texts(&a->ids, &ids, &n);
    if (status == PDX_OK) status = pdx__dataset_reserve(to, n);
    const char *id = ids.data;
    for (int32_t i = 0; status == PDX_OK && i < n; ++i, id += strlen(id) + 1) {
        int added;
        status = pdx__dataset_append(to, id, strlen(id), &added);
        if (status == PDX_OK && !added)
            status = pdx__fail(PDX_EINVAL, "data: the id '%.200s' occurs twice", id);
        for (int32_t k = 0; status == PDX_OK && k < d; ++k) {
            int64_t at = (int64_t)i * d + k;
            double value = width == 1 ? ((const int8_t *)values)[at] : ((const double *)values)[at];
            if (!isfinite(value))
                status =
                    pdx__fail(PDX_EINVAL, "data: pair '%.200s' has a value that is not finite", id);
            else status = pdx__dataset_put(to, i, k, value);
        }
    }
    pdx__buf_free(&ids);
    return status;
}

/* Whole numbers from 0 to below `limit`. */
static pdx_status read_index(const pdx__scan *list, const pdx__scan *item, int64_t limit,
                             int64_t *out) {
    double number = item->value.kind == PDX__KIND_NUMBER ? pdx__span_number(item->value) : -1;
    *out = (int64_t)number;
    return number >= 0 && number < (double)limit && number == (double)*out
               ? PDX_OK
               : pdx__scan_fail(list, "%.*s is no number from 0 to %lld",
                                item->value.length > 40 ? 40 : (int)item->value.length,
                                item->value.text, (long long)limit - 1);
}

static pdx_status add_group(pdx_dataset *to, const pdx__scan *groups, pdx__span group,
                            pdx__buf *name) {
    pdx__scan member, pairs = {0}, items;
    int64_t pair;
    pdx__buf_clear(name);
    pdx__scan_inside(&member, group);
    while (pdx__scan_next(&member)) {
        if (pdx__span_is(member.key, "name")) PDX__TRY(pdx__scan_text(&member, name));
        else if (pdx__span_is(member.key, "pairs")) pairs = member;
    }
    if (!name->length || pairs.value.kind != PDX__KIND_LIST || !pairs.value.text)
        return pdx__scan_fail(groups, "a group needs a 'name' and a list of 'pairs'");
    pdx__scan_inside(&items, pairs.value);
    while (pdx__scan_next(&items)) {
        PDX__TRY(read_index(groups, &items, pdx_dataset_count(to), &pair));
        PDX__TRY(pdx__dataset_join_group(to, pair, name->data, name->length));
    }
    return PDX_OK;
}

static pdx_status add_groups(pdx_dataset *to, const about *a) {
    pdx__scan items;
    pdx__buf name = PDX__BUF_EMPTY;
    pdx_status status = PDX_OK;
    pdx__scan_inside(&items, a->groups.value);
    while (status == PDX_OK && pdx__scan_next(&items))
        status = items.value.kind == PDX__KIND_OBJECT
                     ? add_group(to, &a->groups, items.value, &name)
                     : pdx__scan_fail(&a->groups, "expected objects");
    pdx__buf_free(&name);
    return status;
}

/* Which record of the original's file each pair is. */
static pdx_status set_records(pdx_dataset *to, const about *a) {
    pdx__scan items;
    int64_t count = 0, n = to->n;
    PDX__TRY(pdx__grow(&to->record, &to->record_capacity, (size_t)n, sizeof *to->record));
    pdx__scan_inside(&items, a->record.value);
    for (; pdx__scan_next(&items); ++count) {
        if (count >= n) continue;
        PDX__TRY(read_index(&a->record, &items, (int64_t)a->records, &to->record[count]));
        if (count && to->record[count] <= to->record[count - 1])
            return pdx__scan_fail(&a->record, "the numbers must ascend");
    }
    PDX__REQUIRE(count == n, "data: 'record' must have one number a pair");
    to->records = (int64_t)a->records;
    return PDX_OK;
}

pdx_status pdxw_open(const char *text, uint32_t length, const void *values, uint32_t width) {
    about a = {.records = 0};
    pdx_schema *schema = NULL;
    pdx_status status;
    pdxw_close();
    PDX__REQUIRE(width == 1 || width == 8, "data: values of %u bytes", width);
    PDX__GO(read_about(&a, text, length));
    PDX__GO(make_schema(&schema, &a.columns));
    PDX__GO(pdx__dataset_begin(&dataset, schema, PDX_VALUES_COMPARISON));
    PDX__GO(add_pairs(dataset, &a, values, width));
    int grouped = a.groups.value.text != NULL;
    if (grouped) PDX__GO(add_groups(dataset, &a));
    if (a.record.value.text) PDX__GO(set_records(dataset, &a));
    PDX__GO(pdx__dataset_finish(dataset, grouped));
done:
    pdx_schema_free(schema);
    if (status != PDX_OK) pdxw_close();
    return status;
}

/* The fit -------------------------------------------------------------------------------------- */

static void warn(void *user, int32_t level, const char *text) {
    (void)user;
    if (level < PDX_LOG_WARNING) return;
    if (warnings.length) pdx__buf_char(&warnings, ',');
    pdx__buf_json_string(&warnings, text, strlen(text));
}

static pdx_status is_label_list(const char *path, int *out) {
    pdx__lines lines;
    int more;
    PDX__TRY(pdx__lines_open(&lines, path));
    pdx_status status = pdx__lines_next(&lines, &more);
    *out = status == PDX_OK && more && lines.line[strspn(lines.line, " \t")] == '[';
    pdx__lines_close(&lines);
    return status;
}

static pdx_status load(pdx_judgments **out, const char *path, const char *judge,
                       const pdxw_request *request) {
    int list;
    pdx_judgments_options options;
    pdx_judgments_options_init(&options);
    options.skip_unknown = request->skip_unknown;
    options.hooks.log = warn;
    PDX__TRY(is_label_list(path, &list));
    return list ? pdx_judgments_load_labels(out, dataset, path, judge)
                : pdx_judgments_load(out, dataset, &path, 1, &options);
}

/* The text of fits.json, one member longer. */
static pdx_status answer(const pdx_study *study) {
    pdx__study_json(&fits, study);
    while (fits.length && fits.data[fits.length - 1] != '}') --fits.length;
    if (fits.length) --fits.length;
    pdx__buf_text(&fits, ",\"warnings\":[");
    pdx__buf_append(&fits, warnings.data, warnings.length);
    pdx__buf_text(&fits, "]}\n");
    return warnings.status != PDX_OK ? warnings.status : fits.status;
}

pdx_status pdxw_fit(const char *path, const char *judge, const char *options, uint32_t length) {
    pdxw_request request = {.skip_unknown = 0};
    pdx_judgments *judgments = NULL;
    pdx_study *study = NULL;
    pdx_status status;
    pdx__buf_free(&fits);
    pdx__buf_free(&warnings);
    PDX__REQUIRE(dataset, "no data: pdxw_open comes first");
    PDX__GO(pdxw_request_read(&request, options, length,
                              pdx_schema_count(pdx_dataset_schema(dataset))));
    PDX__GO(load(&judgments, path, judge, &request));
    request.fit.hooks.log = warn;
    PDX__GO(pdx_study_fit(&study, dataset, judgments, &request.fit));
    PDX__GO(answer(study));
done:
    pdx_study_free(study);
    pdx_judgments_free(judgments);
    pdxw_request_free(&request);
    return status;
}
