/* The page's document, second part: who is like whom, and what each property does alone. The values
 * of similarities are not here: the page has the weights they follow from. */
#include <math.h>
#include <string.h>

#include "encode.h"
#include "report.h"

static const char *const metric_name[] = {"pearson", "spearman", "l1", "l2"};

/* The lower triangle (b < a) of one matrix a group, the last of all groups together. */
typedef const double *(*matrix_fn)(const pdx_similarity *, int32_t, int32_t);
static void put_triangles(pdx__buf *out, const char *key, const pdx_similarity *s, int32_t metric,
                          matrix_fn matrix) {
    size_t n = (size_t)pdx_similarity_judge_count(s), used = 0;
    int32_t groups = pdx_similarity_group_count(s);
    if (!matrix(s, -1, metric)) return;
    double *all = pdx__alloc(((size_t)groups + 1) * n * n, sizeof *all);
    if (!all) {
        out->status = PDX_ENOMEM;
        return;
    }
    for (int32_t g = 0; g <= groups; ++g) {
        const double *m = matrix(s, g == groups ? -1 : g, metric);
        for (size_t a = 0; a < n; ++a)
            for (size_t b = 0; b < a; ++b) all[used++] = m[a * n + b];
    }
    pdx__buf_printf(out, ",\"%s\":", key);
    pdx__json_rounded(out, all, used);
    pdx__free(all);
}

/* Clusters of every group and of all: leaf order, and merges by rising height. */
static pdx_status put_clusters(pdx__buf *out, const pdx_similarity *s, int32_t metric) {
    size_t n = (size_t)pdx_similarity_judge_count(s);
    int32_t groups = pdx_similarity_group_count(s);
    size_t trees = (size_t)groups + 1;
    pdx_merge *merge = pdx__alloc(n, sizeof *merge);
    int32_t *order = pdx__alloc(n, sizeof *order);
    double *index = pdx__alloc(trees * (3 * n), sizeof *index); /* whole: they survive rounding */
    double *height = pdx__alloc(trees * n, sizeof *height);
    pdx_status status = PDX_ENOMEM;
    if (!merge || !order || !index || !height) goto done;
    size_t used = 0;
    for (int32_t g = 0; g <= groups; ++g) {
        PDX__GO(pdx_similarity_cluster(s, g == groups ? -1 : g, metric, merge, order));
        for (size_t i = 0; i < n; ++i) index[used++] = order[i];
        for (size_t i = 0; i + 1 < n; ++i) {
            index[used++] = merge[i].left;
            index[used++] = merge[i].right;
            height[(size_t)g * (n - 1) + i] = merge[i].height;
        }
    }
    pdx__buf_text(out, ",\"tree\":");
    pdx__json_rounded(out, index, used);
    pdx__buf_text(out, ",\"height\":");
    pdx__json_rounded(out, height, trees * (n - 1));
    status = out->status;
done:
    pdx__free(merge);
    pdx__free(order);
    pdx__free(index);
    pdx__free(height);
    return status;
}

/* Its judges and groups by the document's numbers, and for each of those groups whether it counts
 * for the mean. */
static void put_members(pdx__buf *out, const pdx__report_source *source) {
    const pdx_similarity *s = source->similarity;
    for (int32_t j = 0; j < pdx_similarity_judge_count(s); ++j) {
        const char *name = pdx_similarity_judge(s, j);
        pdx__buf_printf(out, "%s%lld", j ? "," : "",
                        (long long)pdx__strmap_find(&source->judge, name, strlen(name)));
    }
    for (int which = 0; which < 2; ++which) {
        pdx__buf_text(out, which ? "],\"scenario\":{" : "],\"group\":[");
        for (int32_t g = 0; g < pdx_similarity_group_count(s); ++g) {
            const char *name = pdx_similarity_group(s, g);
            int64_t number = pdx__strmap_find(&source->group, name, strlen(name));
            pdx__buf_printf(out, which ? "%s\"%lld\":%d" : "%s%lld", g ? "," : "",
                            (long long)number, pdx_similarity_is_scenario(s, g));
        }
    }
}

static pdx_status put_similarity(pdx__buf *out, const pdx__report_source *source) {
    const pdx_similarity *s = source->similarity;
    pdx__buf_text(out, ",\n\"similarity\":{\"judge\":[");
    put_members(out, source);
    pdx__buf_text(out, "},\"note\":");
    pdx__json_text(out, pdx_similarity_note(s));
    for (int32_t m = 0; m < PDX_METRIC_COUNT; ++m) {
        pdx__buf_printf(out, ",\"%s\":{\"metric\":%d", metric_name[m], m);
        put_triangles(out, "low", s, m, pdx_similarity_low);
        put_triangles(out, "high", s, m, pdx_similarity_high);
        PDX__TRY(put_clusters(out, s, m));
        pdx__buf_char(out, '}');
    }
    pdx__buf_char(out, '}');
    return out->status;
}

/* ---- agreement ---- */

enum { VALUE, LOW, HIGH };

static double end_of(const pdx_rate *rate, int which) {
    return which == VALUE ? rate->value : which == LOW ? rate->low : rate->high;
}

/* value, low and high of a rate that `at` finds, each as an array. */
typedef const pdx_rate *(*rate_fn)(const pdx__report_source *, size_t i);
static void put_rates(pdx__buf *out, const char *key, const pdx__report_source *s,
                      const size_t *where, size_t count, rate_fn at, int with_n) {
    static const char *const names[] = {"value", "low", "high"};
    double *all = pdx__alloc(count, sizeof *all);
    int64_t *n = pdx__alloc(count, sizeof *n);
    if (all && n) {
        pdx__buf_printf(out, ",\"%s\":{", key);
        for (int which = VALUE; which <= HIGH; ++which) {
            for (size_t i = 0; i < count; ++i) all[i] = end_of(at(s, where ? where[i] : i), which);
            pdx__buf_printf(out, "%s\"%s\":", which ? "," : "", names[which]);
            pdx__json_rounded(out, all, count);
        }
        if (with_n) {
            for (size_t i = 0; i < count; ++i) n[i] = at(s, where ? where[i] : i)->n;
            pdx__buf_text(out, ",\"n\":");
            pdx__json_indices(out, n, count);
        }
        pdx__buf_char(out, '}');
    } else {
        out->status = PDX_ENOMEM;
    }
    pdx__free(all);
    pdx__free(n);
}

#define RATE(name, array, field)                                                                   \
    static const pdx_rate *name(const pdx__report_source *s, size_t i) {                           \
        return &s->array[i].field;                                                                 \
    }
RATE(raw_of, agreement, raw)
RATE(kappa_of, agreement, kappa)
RATE(first_of, consistency, first)
RATE(consistent_of, consistency, consistent)
RATE(flip_of, consistency, flip)
RATE(flip_to_first_of, consistency, flip_to_first)
RATE(wins_of, effect, wins)

static pdx_status put_agreement(pdx__buf *out, const pdx__report_source *s) {
    size_t n = (size_t)s->labellers, groups = (size_t)s->groups + 1, used = 0;
    size_t *where = pdx__alloc(groups * n * n, sizeof *where);
    if (!where) return PDX_ENOMEM;
    for (size_t g = 0; g < groups; ++g)
        for (size_t a = 0; a < n; ++a)
            for (size_t b = 0; b < a; ++b) where[used++] = (g * n + a) * n + b;
    pdx__buf_text(out, ",\n\"agreement\":{\"judges\":[");
    for (size_t i = 0; i < n; ++i) pdx__buf_printf(out, "%s%d", i ? "," : "", s->labeller[i]);
    pdx__buf_char(out, ']');
    put_rates(out, "raw", s, where, used, raw_of, 1);
    put_rates(out, "kappa", s, where, used, kappa_of, 0);
    pdx__free(where);
    put_rates(out, "first", s, NULL, groups * n, first_of, 1);
    put_rates(out, "consistent", s, NULL, groups * n, consistent_of, 1);
    put_rates(out, "flip", s, NULL, groups * n, flip_of, 0);
    put_rates(out, "flip_to_first", s, NULL, groups * n, flip_to_first_of, 0);
    pdx__buf_char(out, '}');
    return out->status;
}

pdx_status pdx__report_put_comparison(pdx__buf *out, const pdx__report_source *s) {
    PDX__TRY(put_similarity(out, s));
    if (s->labellers) PDX__TRY(put_agreement(out, s));
    return out->status;
}

/* ---- effects, surprises ---- */

typedef double (*effect_fn)(const pdx_effect *);
static double alone(const pdx_effect *e) { return e->alone; }
static double alone_low(const pdx_effect *e) { return e->alone_low; }
static double alone_high(const pdx_effect *e) { return e->alone_high; }
static double differs(const pdx_effect *e) { return e->differs; }
/* Share of the property that the others already say. */
static double shared(const pdx_effect *e) { return 1 - 1 / e->inflation; }
static double correlation(const pdx_effect *e) { return e->partner_correlation; }
/* Whole numbers, which survive the rounding: the partner's number + 1, twice, + 1 where the two
 * effects part. */
static double partner(const pdx_effect *e) { return 2.0 * (e->partner + 1) + (e->parted != 0); }

static void put_effect(pdx__buf *out, const char *key, const pdx__report_source *s,
                       effect_fn value) {
    size_t count = (size_t)s->fits * (size_t)s->d;
    double *all = pdx__alloc(count, sizeof *all);
    if (!all) {
        out->status = PDX_ENOMEM;
        return;
    }
    for (size_t i = 0; i < count; ++i) all[i] = value(&s->effect[i]);
    pdx__buf_printf(out, ",\"%s\":", key);
    pdx__json_rounded(out, all, count);
    pdx__free(all);
}

static void put_surprises(pdx__buf *out, const pdx__report_source *s) {
    pdx__buf_text(out, ",\n\"surprises\":[");
    for (int32_t f = 0, first = 1; f < s->fits; ++f)
        for (int32_t i = 0; i < s->surprising[f]; ++i) {
            const pdx_surprise *e = &s->surprise[(size_t)f * (size_t)s->surprises + (size_t)i];
            double of_label = e->y > 0.5 ? e->probability : 1 - e->probability;
            pdx__buf_printf(out, "%s[%d,%lld,%d,%d,", first ? "" : ",", f, (long long)e->pair,
                            e->order, e->y > 0.5);
            pdx__buf_double(out, isfinite(of_label) ? round(of_label * 1e4) / 1e4 : 0);
            pdx__buf_char(out, ']');
            first = 0;
        }
    pdx__buf_char(out, ']');
}

void pdx__report_put_effects(pdx__buf *out, const pdx__report_source *s) {
    if (!s->effect) return;
    pdx__buf_printf(out, ",\n\"effects\":{\"d\":%d", s->d);
    put_rates(out, "wins", s, NULL, (size_t)s->fits * (size_t)s->d, wins_of, 0);
    put_effect(out, "alone", s, alone);
    put_effect(out, "alone_low", s, alone_low);
    put_effect(out, "alone_high", s, alone_high);
    put_effect(out, "differs", s, differs);
    put_effect(out, "shared", s, shared);
    put_effect(out, "correlation", s, correlation);
    put_effect(out, "partner", s, partner);
    pdx__buf_char(out, '}');
    put_surprises(out, s);
}
