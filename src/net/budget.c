/* Prices and the budget. Estimates err on the dear side: a budget is to hold. */
#include "net/budget.h"

#include <math.h>

#include "core/file.h"
#include "core/json.h"

static pdx_status read_prices(pdx__budget *b, const char *path, const char *model) {
    pdx__buf text = PDX__BUF_EMPTY;
    cJSON *tree = NULL;
    pdx__where where = {path, 0};
    pdx_status status = pdx__file_read(path, 1 << 20, &text);
    if (status == PDX_OK) status = pdx__json_parse(&tree, text.data, text.length, where);
    if (status == PDX_OK) {
        const cJSON *row = NULL;
        double input = 0, output = 0;
        PDX__GO(pdx__json_object(tree, model, PDX__OPTIONAL, &row, where));
        if (!row) PDX__GO(pdx__json_object(tree, "*", PDX__OPTIONAL, &row, where));
        if (!row) {
            status = pdx__fail_at(PDX_ENOTFOUND, path, 0, "no price of model '%.200s', and no '*'",
                                  model);
            goto done;
        }
        PDX__GO(pdx__json_double(row, "input", PDX__REQUIRED, &input, where));
        PDX__GO(pdx__json_double(row, "output", PDX__REQUIRED, &output, where));
        if (input < 0 || output < 0)
            status = pdx__fail_at(PDX_EPARSE, path, 0, "a price of '%.200s' is negative", model);
        b->input_price = input / 1e6;
        b->output_price = output / 1e6;
    }
done:
    cJSON_Delete(tree);
    pdx__buf_free(&text);
    return status;
}

pdx_status pdx__budget_open(pdx__budget *b, const pdx_http_options *options) {
    *b = (pdx__budget){.input_price = NAN,
                       .output_price = NAN,
                       .max_usd = options->max_usd,
                       .max_tokens = options->max_tokens,
                       .per_byte = 0.4};
    return options->prices ? read_prices(b, options->prices, options->model) : PDX_OK;
}

pdx__cost pdx__budget_estimate(const pdx__budget *b, size_t body_length, int64_t most_output) {
    return (pdx__cost){(int64_t)ceil(b->per_byte * (double)body_length), most_output};
}

static double usd(const pdx__budget *b, int64_t input, int64_t output) {
    return (double)input * b->input_price + (double)output * b->output_price;
}

int32_t pdx__budget_allows(const pdx__budget *b, pdx__cost cost) {
    int64_t input = b->input_tokens + b->lost_input + b->reserved_input + cost.input;
    int64_t output = b->output_tokens + b->lost_output + b->reserved_output + cost.output;
    if (b->max_tokens > 0 && input + output > b->max_tokens) return 0;
    return !(b->max_usd > 0 && usd(b, input, output) > b->max_usd);
}

void pdx__budget_reserve(pdx__budget *b, pdx__cost cost) {
    b->reserved_input += cost.input;
    b->reserved_output += cost.output;
}

void pdx__budget_free(pdx__budget *b, pdx__cost cost) {
    b->reserved_input -= cost.input;
    b->reserved_output -= cost.output;
}

void pdx__budget_spend(pdx__budget *b, pdx__cost cost, int64_t input, int64_t output,
                       size_t body_length) {
    pdx__budget_free(b, cost);
    b->input_tokens += input >= 0 ? input : cost.input;
    b->output_tokens += output >= 0 ? output : cost.output;
    if (input >= 0 && body_length)
        b->per_byte = fmax(b->per_byte, (double)input / (double)body_length);
}

void pdx__budget_lose(pdx__budget *b, pdx__cost cost) {
    pdx__budget_free(b, cost);
    b->lost_input += cost.input;
    b->lost_output += cost.output;
}

double pdx__budget_usd(const pdx__budget *b) { return usd(b, b->input_tokens, b->output_tokens); }
