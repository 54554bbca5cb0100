/* Options of a fit from JSON, by the library's own table of names, ranges and choices. */
#include <string.h>

#include "bayes/fit_options.h"
#include "data/scan.h"
#include "fit.h"

static pdx_status read_choice(const pdx__scan *scan, const pdx__option *row, int32_t *out) {
    for (int32_t i = 0; row->choices[i]; ++i)
        if (pdx__span_is(scan->value, row->choices[i])) {
            *out = i;
            return PDX_OK;
        }
    return pdx__scan_fail(scan, "'%.*s' is no choice",
                          scan->value.length > 40 ? 40 : (int)scan->value.length, scan->value.text);
}

/* Ranges are checked by the fit itself, with what is said there. */
static pdx_status read_value(const pdx__scan *scan, const pdx__option *row, void *options) {
    char *field = (char *)options + row->offset;
    double number = 0;
    int32_t i32 = 0;
    if (row->choices && scan->value.kind == PDX__KIND_STRING) {
        PDX__TRY(read_choice(scan, row, &i32));
        memcpy(field, &i32, sizeof i32);
        return PDX_OK;
    }
    PDX__TRY(pdx__scan_double(scan, &number));
    if (row->kind == PDX__OPTION_DOUBLE) {
        memcpy(field, &number, sizeof number);
        return PDX_OK;
    }
    if (number != (double)(int64_t)number || number < 0 ||
        (row->kind == PDX__OPTION_INT32 && number > INT32_MAX))
        return pdx__scan_fail(scan, "%g is no whole number in range", number);
    int64_t whole = (int64_t)number;
    i32 = (int32_t)whole;
    if (row->kind == PDX__OPTION_INT32) memcpy(field, &i32, sizeof i32);
    else memcpy(field, &whole, sizeof whole);
    return PDX_OK;
}

static pdx_status read_list(const pdx__scan *scan, double **out, int32_t *count, int32_t wanted) {
    int32_t found = 0;
    if (scan->value.kind == PDX__KIND_LIST) {
        pdx__scan items;
        pdx__scan_inside(&items, scan->value);
        while (pdx__scan_next(&items)) ++found;
    }
    if (wanted >= 0) found = wanted;
    pdx__free(*out);
    *out = pdx__alloc((size_t)found, sizeof **out);
    if (!*out) return PDX_ENOMEM;
    *count = found;
    return pdx__scan_doubles(scan, found, *out);
}

static pdx_status read_member(pdxw_request *request, const pdx__scan *scan, int32_t columns) {
    size_t rows;
    int32_t ignored;
    const pdx__option *table = pdx__fit_options_table(&rows);
    if (scan->value.kind == PDX__KIND_NULL) return PDX_OK;
    if (pdx__span_is(scan->key, "skip_unknown")) {
        request->skip_unknown = scan->value.kind == PDX__KIND_TRUE;
        return PDX_OK;
    }
    if (pdx__span_is(scan->key, "quantile_count")) return PDX_OK; /* the length of the list */
    if (pdx__span_is(scan->key, "quantile_probs"))
        return read_list(scan, &request->quantile_probs, &request->fit.quantile_count, -1);
    if (pdx__span_is(scan->key, "prior_scales"))
        return read_list(scan, &request->prior_scales, &ignored, columns);
    for (size_t i = 0; i < rows; ++i)
        if (pdx__span_is(scan->key, table[i].name) && table[i].kind < PDX__OPTION_POINTER)
            return read_value(scan, &table[i], &request->fit);
    return pdx__scan_fail(scan, "there is no such option");
}

pdx_status pdxw_request_read(pdxw_request *out, const char *text, size_t length, int32_t columns) {
    pdx__scan scan;
    int more = 1;
    *out = (pdxw_request){.skip_unknown = 0};
    pdx_fit_options_init(&out->fit);
    PDX__TRY(pdx__scan_open(&scan, text, length, (pdx__where){"options", 0}));
    for (;;) {
        PDX__TRY(pdx__scan_member(&scan, &more));
        if (!more) break;
        PDX__TRY(read_member(out, &scan, columns));
    }
    out->fit.quantile_probs = out->quantile_probs;
    out->fit.prior_scales = out->prior_scales;
    out->fit.threads = 1;
    out->fit.judge_count = 0; /* every judge of the file */
    return PDX_OK;
}

void pdxw_request_free(pdxw_request *request) {
    pdx__free(request->quantile_probs);
    pdx__free(request->prior_scales);
}
