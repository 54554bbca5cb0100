/* What a probe comes to, in words; and all of it as JSON. */
#include <math.h>
#include <string.h>

#include "core/file.h"
#include "measure.h"

/* "a, b and c" of the weights with a verdict; how many there are. */
static int32_t list_weights(pdx__buf *out, const pdx_probe *p, int32_t verdict) {
    int32_t count = 0, said = 0;
    for (int32_t k = 0; k < p->d; ++k) count += p->weight[k].verdict == verdict;
    for (int32_t k = 0; k < p->d; ++k) {
        if (p->weight[k].verdict != verdict) continue;
        pdx__buf_printf(out, "%s%s", !said ? "" : said + 1 == count ? " and " : ", ", p->shown[k]);
        ++said;
    }
    return count;
}

static void say_weights(pdx__buf *out, const pdx_probe *p) {
    static const struct {
        int32_t verdict;
        const char *words;
    } rows[] = {{PDX_WEIGHT_CONFIRMED, "The interventions confirm the weights of "},
                {PDX_WEIGHT_CONTRADICTED, "They contradict the weights of "},
                {PDX_WEIGHT_FOUND, "They show effects that the fit is not sure of: "}};
    int32_t decided = 0, open = 0, untested = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
        pdx__buf names = PDX__BUF_EMPTY;
        int32_t count = list_weights(&names, p, rows[i].verdict);
        decided += count;
        if (count && names.status == PDX_OK)
            pdx__buf_printf(out, " %s%s.", rows[i].words, names.data);
        if (names.status != PDX_OK) out->status = names.status;
        pdx__buf_free(&names);
    }
    for (int32_t k = 0; k < p->d; ++k) {
        open += p->weight[k].verdict == PDX_WEIGHT_UNCLEAR;
        untested += p->weight[k].verdict == PDX_WEIGHT_UNTESTED;
    }
    if (!decided) pdx__buf_text(out, " The interventions confirm no weight and contradict none.");
    if (open || untested)
        pdx__buf_printf(out,
                        " Of %d other properties nothing can be said: the edits move %d of them "
                        "together with others or too little, and %d not at all.",
                        open + untested, open, untested);
}

static void say_slope(pdx__buf *out, const pdx_probe *p) {
    const pdx_probe_calibration *c = &p->calibration;
    int32_t clear = 0, agree = 0, tried = 0;
    for (int32_t e = 0; e < p->edits; ++e) {
        const pdx_probe_effect *x = &p->effect[e];
        if (!x->pairs || !strcmp(x->name, "same")) continue;
        ++tried;
        clear += x->measured.low > 0 || x->measured.high < 0;
        agree += x->verdict == PDX_EFFECT_AS_PREDICTED;
    }
    pdx__buf_printf(out,
                    "Of %d edits %d move judge '%s' for certain; the effects of %d are what its "
                    "weights predict.",
                    tried, clear, p->judge, agree);
    if (isnan(c->slope.value)) {
        pdx__buf_text(out,
                      " Too few edits are predicted to do anything to compare them as a whole.");
        return;
    }
    const char *meaning =
        c->slope.low > 1                         ? "interventions do more than the weights say"
        : c->slope.low > 0 && c->slope.high >= 1 ? "as if the weights were causes, within the error"
        : c->slope.low > 0                       ? "the same way as the weights say, but less"
        : c->slope.high < 0                      ? "against what the weights say"
        : c->slope.high >= 1 ? "which decides neither for nor against the weights as causes"
                             : "no sign that the weights are causes";
    pdx__buf_printf(out,
                    " Measured over predicted has a slope of %.2f (95 %%: %.2f to %.2f): %s; what "
                    "the properties do not see spreads by %.2f in log-odds.",
                    c->slope.value, c->slope.low, c->slope.high, meaning, c->spread.value);
}

pdx_status pdx__probe_write_sentence(pdx_probe *p) {
    pdx__buf text = PDX__BUF_EMPTY;
    const pdx_rate *turned = &p->summary.turned;
    say_slope(&text, p);
    say_weights(&text, p);
    if (turned->n)
        pdx__buf_printf(&text,
                        " An edit without content turns %.0f %% of its decisions (95 %%: %.0f to "
                        "%.0f).",
                        100 * turned->value, 100 * turned->low, 100 * turned->high);
    p->sentence = pdx__buf_take(&text);
    return p->sentence ? PDX_OK : PDX_ENOMEM;
}

/* ---- JSON ---- */

static void put_interval(pdx__buf *out, const char *key, double value, double low, double high) {
    pdx__buf_printf(out, ",\"%s\":{\"value\":", key);
    pdx__buf_json_double(out, value);
    pdx__buf_text(out, ",\"low\":");
    pdx__buf_json_double(out, low);
    pdx__buf_text(out, ",\"high\":");
    pdx__buf_json_double(out, high);
}

static void put_estimate(pdx__buf *out, const char *key, const pdx_estimate *e) {
    put_interval(out, key, e->value, e->low, e->high);
    pdx__buf_char(out, '}');
}

static void put_rate(pdx__buf *out, const char *key, const pdx_rate *r) {
    put_interval(out, key, r->value, r->low, r->high);
    pdx__buf_printf(out, ",\"n\":%lld}", (long long)r->n);
}

static void put_text(pdx__buf *out, const char *before, const char *text) {
    pdx__buf_text(out, before);
    pdx__buf_json_string(out, text, strlen(text));
}

static void put_number(pdx__buf *out, const char *key, double value) {
    pdx__buf_printf(out, ",\"%s\":", key);
    pdx__buf_json_double(out, value);
}

static void put_effect(pdx__buf *out, const pdx_probe_effect *e) {
    static const char *const verdicts[] = {"as-predicted", "stronger", "weaker", "opposite"};
    put_text(out, "{\"name\":", e->name);
    pdx__buf_printf(out,
                    ",\"content\":%s,\"verdict\":\"%s\",\"pairs\":%lld,\"queries\":%lld,"
                    "\"unjudged\":%lld,\"untouched\":%lld",
                    e->content ? "true" : "false", verdicts[e->verdict], (long long)e->pairs,
                    (long long)e->queries, (long long)e->unjudged, (long long)e->untouched);
    put_estimate(out, "measured", &e->measured);
    put_estimate(out, "predicted", &e->predicted);
    put_estimate(out, "gap", &e->gap);
    put_estimate(out, "own", &e->own);
    put_estimate(out, "wins", &e->wins);
    put_estimate(out, "wins_predicted", &e->wins_predicted);
    put_rate(out, "turned", &e->turned);
    pdx__buf_char(out, '}');
}

static void put_weight(pdx__buf *out, const pdx_probe_weight *w) {
    static const char *const verdicts[] = {"untested", "unclear", "confirmed", "contradicted",
                                           "found"};
    put_text(out, "{\"property\":", w->column);
    pdx__buf_printf(out, ",\"verdict\":\"%s\",\"edits\":%d", verdicts[w->verdict], w->edits);
    put_number(out, "fitted", w->fitted);
    put_number(out, "fitted_prob_positive", w->fitted_prob_positive);
    put_estimate(out, "caused", &w->caused);
    put_number(out, "caused_prob_positive", w->caused_prob_positive);
    pdx__buf_char(out, '}');
}

pdx_status pdx_probe_save(const pdx_probe *p, const char *path) {
    PDX__REQUIRE(p && path, "pdx_probe_save: an argument is NULL");
    pdx__buf out = PDX__BUF_EMPTY;
    put_text(&out, "{\"format\":\"prefdissect.probe\",\"version\":1,\"judge\":", p->judge);
    put_text(&out, ",\"group\":", p->group);
    put_text(&out, ",\"label\":", p->label);
    put_text(&out, ",\"sentence\":", p->sentence);
    pdx__buf_printf(&out, ",\"calibration\":{\"edits\":%d", p->calibration.edits);
    put_estimate(&out, "slope", &p->calibration.slope);
    put_number(&out, "prob_positive", p->calibration.prob_positive);
    put_estimate(&out, "spread", &p->calibration.spread);
    put_number(&out, "scale", p->calibration.scale);
    pdx__buf_printf(&out, "},\"summary\":{\"originals\":%lld,\"orphans\":%lld",
                    (long long)p->summary.originals, (long long)p->summary.orphans);
    put_rate(&out, "turned", &p->summary.turned);
    put_rate(&out, "constant_wins", &p->summary.constant_wins);
    put_rate(&out, "same_first", &p->summary.same_first);
    put_estimate(&out, "same_log_odds", &p->summary.same_log_odds);
    if (p->summary.fitted_position.known) {
        put_number(&out, "fitted_position", p->summary.fitted_position.mean);
        put_number(&out, "fitted_p_first", p->summary.fitted_position.p_first);
    }
    pdx__buf_text(&out, "},\"effects\":[");
    for (int32_t e = 0; e < p->edits; ++e) {
        pdx__buf_text(&out, e ? ",\n" : "\n");
        put_effect(&out, &p->effect[e]);
    }
    pdx__buf_text(&out, "\n],\"weights\":[");
    for (int32_t k = 0; k < p->d; ++k) {
        pdx__buf_text(&out, k ? ",\n" : "\n");
        put_weight(&out, &p->weight[k]);
    }
    pdx__buf_text(&out, "\n]}\n");
    pdx_status status = out.status;
    if (status == PDX_OK) status = pdx__file_write(path, out.data, out.length);
    pdx__buf_free(&out);
    return status;
}
