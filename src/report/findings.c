/* What a report begins with: a study in plain sentences, the plainest first. Each is left out where
 * the data do not say it. "Sure" is a 95 % interval on one side, or a discovery at 5 % wrong signs.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

static double percent(double w) { return 100 / (1 + exp(-w)); }

static pdx_status say(pdx_report *report, pdx__buf *text) {
    pdx_status status = text->status;
    if (status == PDX_OK && text->length) status = pdx_report_add_finding(report, text->data);
    pdx__buf_free(text);
    return status;
}

/* "judge", or "judge (group)" where there are several. */
static void put_who(pdx__buf *out, const pdx__report_source *s, const pdx_posterior *fit) {
    pdx__buf_text(out, pdx_posterior_judge(fit));
    if (s->fitted_groups > 1) pdx__buf_printf(out, " (%s)", pdx_posterior_group(fit));
}

/* The taste whose interval stays farthest from 50 %; with means only, the strongest. */
static pdx_status find_taste(pdx_report *report, const pdx__report_source *s) {
    const pdx_posterior *found = NULL;
    int32_t property = 0;
    double farthest = 0, low = NAN, high = NAN;
    for (int32_t f = 0; f < s->fits; ++f) {
        const pdx_posterior *fit = pdx_study_get(s->study, f);
        for (int32_t k = 0; k < s->d; ++k) {
            double from, to;
            pdx__report_limits(fit, k, &from, &to);
            double distance = isnan(from) ? fabs(pdx_posterior_mean(fit)[k]) * 1e-6
                              : from > 0  ? from
                              : to < 0    ? -to
                                          : 0;
            if (!(distance > farthest)) continue;
            farthest = distance;
            found = fit;
            property = k;
            low = from;
            high = to;
        }
    }
    pdx__buf text = PDX__BUF_EMPTY;
    if (!found) {
        pdx__buf_text(&text, "No taste is sure: every 95% interval holds 50%. More pairs would "
                             "tell.");
        return say(report, &text);
    }
    double mean = pdx_posterior_mean(found)[property];
    pdx__buf_printf(&text, "The %sstrong%s taste: for ", isnan(low) ? "" : "surest ",
                    isnan(low) ? "est" : "");
    put_who(&text, s, found);
    pdx__buf_printf(
        &text, ", a response ahead in \xe2\x80\x98%s\xe2\x80\x99 alone wins %s%.0f%% of the time",
        pdx__report_property(s, property), mean > 0 ? "" : "only ", percent(mean));
    if (!isnan(low))
        pdx__buf_printf(&text, " (95%% interval %.0f to %.0f%%)", percent(low), percent(high));
    pdx__buf_char(&text, '.');
    return say(report, &text);
}

static pdx_status find_position(pdx_report *report, const pdx__report_source *s) {
    const pdx_posterior *found = NULL;
    pdx_position strongest = {0};
    int known = 0;
    for (int32_t f = 0; f < s->fits; ++f) {
        const pdx_posterior *fit = pdx_study_get(s->study, f);
        pdx_position e;
        if (pdx_posterior_position(fit, &e) != PDX_OK || !e.known) continue;
        known = 1;
        if (e.p_first_low <= 0.5 && e.p_first_high >= 0.5) continue;
        if (found && fabs(e.mean) <= fabs(strongest.mean)) continue;
        strongest = e;
        found = fit;
    }
    pdx__buf text = PDX__BUF_EMPTY;
    if (found) {
        pdx__buf_text(&text, "The strongest position effect: between equal responses ");
        put_who(&text, s, found);
        pdx__buf_printf(&text, " chooses the one shown first %.0f%% of the time (%.0f to %.0f%%).",
                        100 * strongest.p_first, 100 * strongest.p_first_low,
                        100 * strongest.p_first_high);
    } else if (known) {
        pdx__buf_text(&text,
                      "No judge surely favours the response that is shown first, or second.");
    }
    return say(report, &text);
}

/* ---- the largest sure difference of two judges in one group ---- */

/* Differences that seem sure by means and sds are candidates; the exact test, which is dear, is
 * asked of the largest few. */
enum { CANDIDATES = 24 };
typedef struct difference {
    const pdx_posterior *a, *b;
    int32_t property;
    double size; /* |mean of a - mean of b| */
} difference;
typedef struct shortlist {
    difference of[CANDIDATES]; /* largest first */
    int32_t count;
    int compared;
} shortlist;

static void consider(shortlist *list, const pdx_posterior *a, const pdx_posterior *b, int32_t d) {
    const double *mean_a = pdx_posterior_mean(a), *sd_a = pdx_posterior_sd(a);
    const double *mean_b = pdx_posterior_mean(b), *sd_b = pdx_posterior_sd(b);
    if (!sd_a || !sd_b) return;
    list->compared = 1;
    for (int32_t k = 0; k < d; ++k) {
        double size = fabs(mean_a[k] - mean_b[k]);
        if (!(size > 2 * hypot(sd_a[k], sd_b[k]))) continue;
        int32_t at = list->count;
        while (at > 0 && list->of[at - 1].size < size) --at;
        if (at == CANDIDATES) continue;
        if (list->count < CANDIDATES) ++list->count;
        memmove(&list->of[at + 1], &list->of[at],
                (size_t)(list->count - 1 - at) * sizeof *list->of);
        list->of[at] = (difference){a, b, k, size};
    }
}

/* The first of the list that is a discovery; a NULL where none is. */
static pdx_status find_discovery(difference *out, const shortlist *list, int32_t d) {
    *out = (difference){NULL, NULL, 0, 0};
    pdx_contrast *contrast = pdx__alloc((size_t)d, sizeof *contrast);
    pdx_status status = contrast ? PDX_OK : PDX_ENOMEM;
    for (int32_t i = 0; i < list->count && !out->a && status == PDX_OK; ++i) {
        const difference *one = &list->of[i];
        status = pdx_posterior_contrast_all(one->a, one->b, 0.05, contrast);
        if (status == PDX_OK && contrast[one->property].discovery) *out = *one;
    }
    pdx__free(contrast);
    return status;
}

static pdx_status find_difference(pdx_report *report, const pdx__report_source *s) {
    shortlist list = {.count = 0};
    difference largest;
    for (int32_t g = 0; g < s->fitted_groups; ++g)
        for (int32_t i = 0; i < s->fitted_judges; ++i)
            for (int32_t j = i + 1; j < s->fitted_judges; ++j) {
                const pdx_posterior *a = s->fit[i * s->fitted_groups + g];
                const pdx_posterior *b = s->fit[j * s->fitted_groups + g];
                if (a && b) consider(&list, a, b, s->d);
            }
    if (!list.compared) return PDX_OK;
    PDX__TRY(find_discovery(&largest, &list, s->d));
    pdx__buf text = PDX__BUF_EMPTY;
    if (!largest.a) {
        pdx__buf_text(&text, "No two judges differ for certain on any property.");
        return say(report, &text);
    }
    double first = percent(pdx_posterior_mean(largest.a)[largest.property]);
    double second = percent(pdx_posterior_mean(largest.b)[largest.property]);
    pdx__buf_printf(
        &text,
        "The largest sure disagreement: ahead in \xe2\x80\x98%s\xe2\x80\x99 alone wins %.0f%% of "
        "the time with ",
        pdx__report_property(s, largest.property), first);
    pdx__buf_text(&text, pdx_posterior_judge(largest.a));
    pdx__buf_printf(&text, " and %.0f%% with ", second);
    put_who(&text, s, largest.b);
    pdx__buf_char(&text, '.');
    return say(report, &text);
}

/* ---- what judges share and what divides them, over the groups of each ---- */

/* What a judge's groups share where they were pooled; NULL: they were not. */
static const pdx_posterior *shared_weights(const pdx__report_source *s, int32_t judge) {
    for (int32_t g = 0; g < s->fitted_groups; ++g) {
        const pdx_posterior *fit = s->fit[judge * s->fitted_groups + g];
        const pdx_pooled *pooled = fit ? pdx_posterior_pooled(fit) : NULL;
        if (pooled && pdx_pooled_over(pooled) == PDX_POOL_OVER_GROUPS)
            return pdx_pooled_mean(pooled);
    }
    return NULL;
}

/* Mean weight of a judge over its groups, and its sd where all of them have one: as pooling says,
 * else with groups taken as independent. */
static double over_groups(const pdx__report_source *s, int32_t judge, int32_t k, double *sd) {
    const pdx_posterior *shared = shared_weights(s, judge);
    if (shared && pdx_posterior_sd(shared)) {
        *sd = pdx_posterior_sd(shared)[k];
        return pdx_posterior_mean(shared)[k];
    }
    double sum = 0, variance = 0;
    int32_t count = 0;
    for (int32_t g = 0; g < s->fitted_groups; ++g) {
        const pdx_posterior *fit = s->fit[judge * s->fitted_groups + g];
        if (!fit) continue;
        double own = pdx_posterior_sd(fit) ? pdx_posterior_sd(fit)[k] : NAN;
        sum += pdx_posterior_mean(fit)[k];
        variance += own * own;
        ++count;
    }
    *sd = sqrt(variance) / count;
    return sum / count;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

typedef struct tally {
    int32_t up, down; /* judges that surely prefer more of it, less of it */
    double median;    /* of all judges' weights */
} tally;

static tally count_property(const pdx__report_source *s, int32_t k, double *weight, int *sure) {
    tally t = {0, 0, 0};
    for (int32_t j = 0; j < s->fitted_judges; ++j) {
        double sd;
        weight[j] = over_groups(s, j, k, &sd);
        *sure &= !isnan(sd);
        double edge = isnan(sd) ? 0.02 : 1.96 * sd; /* means only: beyond half a percent */
        t.up += weight[j] > edge;
        t.down += weight[j] < -edge;
    }
    qsort(weight, (size_t)s->fitted_judges, sizeof *weight, ascending);
    t.median = weight[s->fitted_judges / 2];
    return t;
}

static pdx_status find_common(pdx_report *report, const pdx__report_source *s) {
    if (s->fitted_judges < 3) return PDX_OK;
    double *weight = pdx__alloc((size_t)s->fitted_judges, sizeof *weight);
    if (!weight) return PDX_ENOMEM;
    int32_t shared = -1, divided = -1;
    int sure = 1;
    tally most = {0, 0, 0}, apart = {0, 0, 0};
    for (int32_t k = 0; k < s->d; ++k) {
        tally t = count_property(s, k, weight, &sure);
        int32_t more = t.up > t.down ? t.up : t.down, less = t.up < t.down ? t.up : t.down;
        int32_t best = most.up > most.down ? most.up : most.down;
        int32_t least = apart.up < apart.down ? apart.up : apart.down;
        if (more > best || (more == best && fabs(t.median) > fabs(most.median))) {
            most = t;
            shared = k;
        }
        if (less > least) {
            apart = t;
            divided = k;
        }
    }
    pdx__free(weight);
    int32_t best = most.up > most.down ? most.up : most.down;
    const char *surely = sure ? "surely " : "",
               *and = s->fitted_groups > 1 ? ", groups taken together" : "";
    pdx__buf text = PDX__BUF_EMPTY;
    if (shared >= 0 && 2 * best > s->fitted_judges)
        pdx__buf_printf(&text,
                        "What they share: with %d of %d judges a response ahead in "
                        "\xe2\x80\x98%s\xe2\x80\x99 %s%s more "
                        "often (half of them: %.0f%% of the time or %s%s).",
                        (int)best, (int)s->fitted_judges, pdx__report_property(s, shared), surely,
                        most.up > most.down ? "wins" : "loses", percent(most.median),
                        most.up > most.down ? "more" : "less", and);
    PDX__TRY(say(report, &text));
    if (divided >= 0)
        pdx__buf_printf(&text,
                        "What divides them: being ahead in \xe2\x80\x98%s\xe2\x80\x99 %shelps with "
                        "%d judge%s and %sharms "
                        "with %d%s.",
                        pdx__report_property(s, divided), surely, (int)apart.up,
                        apart.up == 1 ? "" : "s", surely, (int)apart.down, and);
    return say(report, &text);
}

static pdx_status find_alike(pdx_report *report, const pdx__report_source *s) {
    const double *r = pdx_similarity_matrix(s->similarity, -1, PDX_METRIC_PEARSON);
    int32_t n = pdx_similarity_judge_count(s->similarity);
    int32_t most = -1, least = -1;
    for (int32_t i = 0; i < n; ++i)
        for (int32_t j = 0; j < i; ++j) {
            int32_t at = i * n + j;
            if (isnan(r[at])) continue;
            if (most < 0 || r[at] > r[most]) most = at;
            if (least < 0 || r[at] < r[least]) least = at;
        }
    pdx__buf text = PDX__BUF_EMPTY;
    if (most < 0) return PDX_OK;
    pdx__buf_printf(&text, "Most alike: %s and %s (their weights correlate at %.2f)",
                    pdx_similarity_judge(s->similarity, most % n),
                    pdx_similarity_judge(s->similarity, most / n), r[most]);
    if (least != most)
        pdx__buf_printf(&text, "; least alike: %s and %s (%.2f)",
                        pdx_similarity_judge(s->similarity, least % n),
                        pdx_similarity_judge(s->similarity, least / n), r[least]);
    pdx__buf_char(&text, '.');
    return say(report, &text);
}

static pdx_status find_inconsistency(pdx_report *report, const pdx__report_source *s) {
    int32_t worst = -1;
    const pdx_consistency *all = s->consistency + (size_t)s->groups * (size_t)s->labellers;
    for (int32_t i = 0; i < s->labellers; ++i)
        if (all[i].flip.n >= 20 && (worst < 0 || all[i].flip.value > all[worst].flip.value))
            worst = i;
    pdx__buf text = PDX__BUF_EMPTY;
    if (worst >= 0)
        pdx__buf_printf(&text,
                        "Asked again with the responses swapped, %s changes its mind on %.0f%% of "
                        "pairs (%.0f to %.0f%%)%s.",
                        pdx__report_judge(s, s->labeller[worst]), 100 * all[worst].flip.value,
                        100 * all[worst].flip.low, 100 * all[worst].flip.high,
                        s->labellers > 1 ? ", the most of all" : "");
    return say(report, &text);
}

/* Where a property's share of wins misleads most. */
static pdx_status find_misleading(pdx_report *report, const pdx__report_source *s) {
    int64_t found = -1;
    double apart = 0;
    for (int64_t i = 0; s->effect && i < (int64_t)s->fits * s->d; ++i) {
        const pdx_effect *e = &s->effect[i];
        if (!e->parted || !(fabs(e->alone - e->joint) > apart)) continue;
        apart = fabs(e->alone - e->joint);
        found = i;
    }
    if (found < 0) return PDX_OK;
    const pdx_effect *e = &s->effect[found];
    pdx__buf text = PDX__BUF_EMPTY;
    pdx__buf_printf(&text,
                    "Counting wins misleads: with %s, responses ahead in "
                    "\xe2\x80\x98%s\xe2\x80\x99 won %.0f%% of their "
                    "pairs, but with all else equal it would be %.0f%%",
                    pdx__report_judge(s, s->fit_judge[found / s->d]),
                    pdx__report_property(s, (int32_t)(found % s->d)), 100 * e->wins.value,
                    percent(e->joint));
    if (e->partner >= 0)
        pdx__buf_printf(&text, "; it goes along with \xe2\x80\x98%s\xe2\x80\x99",
                        pdx__report_property(s, e->partner));
    pdx__buf_char(&text, '.');
    return say(report, &text);
}

/* Whether the numbers can be trusted. */
static pdx_status find_trust(pdx_report *report, const pdx__report_source *s) {
    int32_t checked = 0, failed = 0, spread = 0;
    for (int32_t f = 0; f < s->fits; ++f) {
        pdx_certificate c;
        const pdx_posterior *fit = pdx_study_get(s->study, f);
        PDX__TRY(pdx_posterior_certificate(fit, &c));
        checked += c.checked != 0;
        failed += c.checked && !c.ok;
        spread += pdx_posterior_sd(fit) != NULL;
    }
    pdx__buf text = PDX__BUF_EMPTY;
    if (!spread)
        pdx__buf_text(&text, "These are weights without their uncertainty: small differences may "
                             "be chance.");
    else if (!checked) pdx__buf_text(&text, "No fit was checked numerically.");
    else if (failed)
        pdx__buf_printf(&text,
                        "Handle with care: %d of %d checked fits did not pass their "
                        "numerical check; they are marked.",
                        (int)failed, (int)checked);
    else if (checked == s->fits)
        pdx__buf_printf(&text,
                        "The numbers can be trusted: %s passed an independent numerical "
                        "check.",
                        s->fits == 1 ? "the fit" : "all fits");
    else
        pdx__buf_printf(&text, "%d of %d fits were checked numerically, and all of them passed.",
                        (int)checked, (int)s->fits);
    return say(report, &text);
}

pdx_status pdx__report_find(pdx_report *report, const pdx__report_source *s) {
    PDX__TRY(find_taste(report, s));
    PDX__TRY(find_position(report, s));
    PDX__TRY(find_difference(report, s));
    PDX__TRY(find_common(report, s));
    PDX__TRY(find_alike(report, s));
    if (s->labellers) PDX__TRY(find_inconsistency(report, s));
    PDX__TRY(find_misleading(report, s));
    return find_trust(report, s);
}
