/* What a file of annotations holds and cost, stage by stage. */
#include <math.h>
#include <string.h>

#include "annotate/prompts.h"
#include "annotate/rows.h"
#include "core/json_lines.h"
#include "core/strmap.h"
#include "net/budget.h"

typedef struct report {
    pdx_annotate_stage *out;
    pdx__strmap paid; /* requests whose tokens were counted: pairs may share one */
} report;

static int64_t count_of(const cJSON *object, const char *key) {
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, key);
    double number = cJSON_IsNumber(value) ? value->valuedouble : 0;
    return number > 0 && number < 9e15 ? (int64_t)number : 0;
}

/* Nothing to rate, or errors that could not be checked: no value says anything. */
static int32_t says_nothing(const cJSON *values, int32_t stage) {
    if (stage == PDX_ANNOTATE_QUERY) return 0;
    for (const cJSON *value = values->child; value; value = value->next)
        if (!cJSON_IsNull(value)) return 0;
    return 1;
}

static pdx_status take_row(void *context, const cJSON *row, const pdx__lines *line) {
    report *r = context;
    pdx__where where = {line->path, line->number};
    pdx__row_key key;
    const cJSON *values = NULL, *provenance = NULL;
    const char *asked = NULL;
    int added = 1;
    int64_t index;
    PDX__TRY(pdx__row_key_read(&key, row, where));
    pdx_annotate_stage *s = &r->out[key.stage];
    const cJSON *error = cJSON_GetObjectItemCaseSensitive(row, "error");
    if (error && !cJSON_IsNull(error)) {
        ++s->failed;
        s->refused += cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(row, "refused"));
    } else {
        PDX__TRY(pdx__json_object(row, "values", PDX__REQUIRED, &values, where));
        ++s->rows;
        s->not_applicable += says_nothing(values, key.stage);
    }
    PDX__TRY(pdx__json_object(row, "provenance", PDX__OPTIONAL, &provenance, where));
    if (!provenance) return PDX_OK;
    PDX__TRY(pdx__json_string(provenance, "asked_sha256", PDX__OPTIONAL, &asked, where));
    s->corrected += values && count_of(provenance, "corrections") > 0;
    if (asked) PDX__TRY(pdx__strmap_add(&r->paid, asked, strlen(asked), &index, &added));
    const cJSON *usage = cJSON_GetObjectItemCaseSensitive(provenance, "usage");
    s->input_tokens += added ? count_of(usage, "input") : 0;
    s->output_tokens += added ? count_of(usage, "output") : 0;
    return PDX_OK;
}

pdx_status pdx_annotations_report(pdx_annotate_stage *out, const char *path, const char *prices,
                                  const char *model) {
    PDX__REQUIRE(out && path, "pdx_annotations_report: an argument is NULL");
    memset(out, 0, PDX_ANNOTATE_STAGES * sizeof *out);
    pdx_http_options http;
    pdx__budget price;
    pdx_http_options_init(&http);
    http.prices = prices;
    http.model = model ? model : "*";
    PDX__TRY(pdx__budget_open(&price, &http));
    report r = {.out = out};
    pdx_status status = pdx__json_lines(path, take_row, &r);
    pdx__strmap_free(&r.paid);
    for (int32_t s = 0; s < PDX_ANNOTATE_STAGES; ++s) {
        out[s].name = pdx__stage_name(s);
        out[s].usd = (double)out[s].input_tokens * price.input_price +
                     (double)out[s].output_tokens * price.output_price;
    }
    return status;
}
