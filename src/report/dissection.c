/* The dissection plot: what each judge weighs, property by property, with its uncertainty. A forest
 * plot on the scale of percent: 100 sigmoid(w), the probability that the response with more of the
 * property is preferred, other things equal.
 *
 * Colours are those of Okabe & Ito 2008, told apart by the colour-blind (grey in place of their
 * yellow, which white paper swallows), and shapes double them. A number that is not finite has no
 * mark. Left out: more than 8 judges (a picture that cannot be read), and interaction. */
#include <prefdissect/report.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "report/svg.h"

enum { MOST_JUDGES = 8 };
static const char *const colours[MOST_JUDGES] = {"#0072B2", "#D55E00", "#009E73", "#CC79A7",
                                                 "#E69F00", "#56B4E9", "#000000", "#7F7F7F"};

#define WIDTH       900.0
#define MARGIN      24.0
#define LABEL_ROOM  250.0 /* the widest column of property names */
#define LABEL_SIZE  13.0
#define LEGEND_SIZE 13.0
#define LEGEND_ROOM 400.0 /* the widest name of a judge */
#define MARK_RADIUS 4.2
#define Z95         1.959963984540054

/* One mark in percent; where `known` is 0 there is none, where `ranged` is 0 it has no interval. */
typedef struct mark {
    int known, ranged;
    double value, low, high;
} mark;

typedef struct row {
    const char *name;
    double effect; /* largest |w| */
    int32_t place; /* in the fits, for a stable order */
    mark fitted[MOST_JUDGES], planted[MOST_JUDGES];
} row;

typedef struct plot {
    const char *group;
    int32_t judges;
    const pdx_posterior *fit[MOST_JUDGES], *truth[MOST_JUDGES];
    row *rows;
    int32_t properties, count; /* count: the row of position effects too, where there is one */
    double left, right, top;   /* of the field of marks */
    double lane, row_height;   /* a judge's share of a row */
    int ranged;                /* some mark has an interval */
    double least, most, step;  /* of the axis, percent */
} plot;

static double percent(double w) { return 100 / (1 + exp(-w)); }

static mark position_mark(const pdx_posterior *fit) {
    pdx_position p;
    mark m = {0, 0, 0, 0, 0};
    if (pdx_posterior_position(fit, &p) != PDX_OK || !p.known || !isfinite(p.p_first)) return m;
    m = (mark){1, isfinite(p.p_first_low) && isfinite(p.p_first_high), 100 * p.p_first,
               100 * p.p_first_low, 100 * p.p_first_high};
    return m;
}

/* Column of the posterior's quantiles for a probability; -1: none. */
static int32_t find_quantile(const pdx_posterior *fit, double probability) {
    const double *probs = pdx_posterior_quantile_probs(fit);
    for (int32_t q = 0; probs && q < pdx_posterior_quantile_count(fit); ++q)
        if (fabs(probs[q] - probability) < 1e-9) return q;
    return -1;
}

static mark weight_mark(const pdx_posterior *fit, int32_t column) {
    double mean = pdx_posterior_mean(fit)[column], low = NAN, high = NAN;
    mark m = {isfinite(mean), 0, 0, 0, 0};
    if (!m.known) return m;
    m.value = percent(mean);
    int32_t q_low = find_quantile(fit, 0.025), q_high = find_quantile(fit, 0.975);
    const double *quantiles = pdx_posterior_quantiles(fit), *sd = pdx_posterior_sd(fit);
    if (quantiles && q_low >= 0 && q_high >= 0) {
        const double *of_column =
            quantiles + (size_t)column * (size_t)pdx_posterior_quantile_count(fit);
        low = of_column[q_low];
        high = of_column[q_high];
    } else if (sd) {
        low = mean - Z95 * sd[column];
        high = mean + Z95 * sd[column];
    }
    m.ranged = !isnan(low) && !isnan(high);
    if (m.ranged) {
        m.low = percent(low);
        m.high = percent(high);
    }
    return m;
}

static int32_t find_column(const pdx_posterior *fit, const char *name) {
    for (int32_t k = 0; k < pdx_posterior_dim(fit); ++k)
        if (!strcmp(pdx_posterior_column(fit, k), name)) return k;
    return -1;
}

/* Judges asked for, or all of the group in the order of the study. */
static pdx_status choose_fits(plot *p, const pdx_study *study, const char *const *judges,
                              int32_t count) {
    if (judges) {
        for (int32_t j = 0; j < count; ++j) {
            PDX__REQUIRE(judges[j], "judge %d is NULL", (int)j);
            p->fit[p->judges] = pdx_study_find(study, judges[j], p->group);
            if (!p->fit[p->judges++])
                return pdx__fail(PDX_ENOTFOUND, "no fit of judge '%s' in group '%s'", judges[j],
                                 p->group);
        }
    } else {
        for (int32_t i = 0; i < pdx_study_count(study); ++i) {
            const pdx_posterior *fit = pdx_study_get(study, i);
            if (strcmp(pdx_posterior_group(fit), p->group)) continue;
            PDX__REQUIRE(p->judges < MOST_JUDGES,
                         "group '%s' has more than %d judges: name those to draw", p->group,
                         MOST_JUDGES);
            p->fit[p->judges++] = fit;
        }
    }
    if (!p->judges) return pdx__fail(PDX_ENOTFOUND, "no fits of group '%s'", p->group);
    p->properties = pdx_posterior_dim(p->fit[0]);
    for (int32_t j = 1; j < p->judges; ++j) {
        int same = pdx_posterior_dim(p->fit[j]) == p->properties;
        for (int32_t k = 0; same && k < p->properties; ++k)
            same = !strcmp(pdx_posterior_column(p->fit[j], k), pdx_posterior_column(p->fit[0], k));
        PDX__REQUIRE(same, "judges '%s' and '%s' were fitted on different properties",
                     pdx_posterior_judge(p->fit[0]), pdx_posterior_judge(p->fit[j]));
    }
    return PDX_OK;
}

static int by_effect(const void *a, const void *b) {
    const row *x = a, *y = b;
    if (x->effect != y->effect) return x->effect < y->effect ? 1 : -1;
    return x->place < y->place ? -1 : 1;
}

/* Where all columns are ids of one built-in schema, rows carry its names, made for people. */
static pdx_status name_rows(plot *p, pdx_schema **names) {
    static const char *const builtin[] = {"li2024", "surface"};
    for (int i = 0; i < 2; ++i) {
        PDX__TRY(pdx_schema_builtin(names, builtin[i]));
        int32_t found = 0;
        for (int32_t k = 0; k < p->properties; ++k) {
            int32_t index = pdx_schema_find(*names, p->rows[k].name);
            found += index >= 0 && !strcmp(pdx_schema_property(*names, index)->id, p->rows[k].name);
        }
        if (found == p->properties) {
            for (int32_t k = 0; k < p->properties; ++k)
                p->rows[k].name =
                    pdx_schema_property(*names, pdx_schema_find(*names, p->rows[k].name))->name;
            return PDX_OK;
        }
        pdx_schema_free(*names);
        *names = NULL;
    }
    return PDX_OK;
}

static pdx_status fill_rows(plot *p) {
    p->rows = pdx__alloc_zero((size_t)p->properties + 1, sizeof *p->rows);
    if (!p->rows) return PDX_ENOMEM;
    for (int32_t k = 0; k < p->properties; ++k) {
        row *r = &p->rows[k];
        r->name = pdx_posterior_column(p->fit[0], k);
        r->place = k;
        for (int32_t j = 0; j < p->judges; ++j) {
            r->fitted[j] = weight_mark(p->fit[j], k);
            if (r->fitted[j].known)
                r->effect = fmax(r->effect, fabs(pdx_posterior_mean(p->fit[j])[k]));
            int32_t planted = p->truth[j] ? find_column(p->truth[j], r->name) : -1;
            if (planted >= 0) r->planted[j] = weight_mark(p->truth[j], planted);
        }
    }
    p->count = p->properties;
    row *last = &p->rows[p->properties];
    last->name = "shown first";
    int any = 0;
    for (int32_t j = 0; j < p->judges; ++j) {
        any |= (last->fitted[j] = position_mark(p->fit[j])).known;
        if (p->truth[j] && last->fitted[j].known) last->planted[j] = position_mark(p->truth[j]);
    }
    p->count += any;
    return PDX_OK;
}

static void stretch(plot *p, const mark *m) {
    if (!m->known) return;
    p->ranged |= m->ranged;
    p->least = fmin(p->least, m->ranged ? fmin(m->low, m->value) : m->value);
    p->most = fmax(p->most, m->ranged ? fmax(m->high, m->value) : m->value);
}

/* The range of all marks and 50 in whole steps, with at least two steps on each side of 50. */
static void choose_axis(plot *p) {
    static const double steps[] = {1, 2, 5, 10};
    p->least = p->most = 50;
    for (int32_t i = 0; i < p->count; ++i)
        for (int32_t j = 0; j < p->judges; ++j) {
            stretch(p, &p->rows[i].fitted[j]);
            stretch(p, &p->rows[i].planted[j]);
        }
    int s = 0;
    while (s < 3 && p->most - p->least > 11 * steps[s]) ++s;
    p->step = steps[s];
    p->least = p->step * floor(fmin(p->least, 50 - 2 * p->step) / p->step + 1e-9);
    p->most = p->step * ceil(fmax(p->most, 50 + 2 * p->step) / p->step - 1e-9);
}

static double x_of(const plot *p, double value) {
    return p->left + (p->right - p->left) * (value - p->least) / (p->most - p->least);
}

static double y_of(const plot *p, int32_t index) {
    double gap = index >= p->properties ? 8 : 0; /* the position row stands apart */
    return p->top + index * p->row_height + gap;
}

static double bottom(const plot *p) { return y_of(p, p->count - 1) + p->row_height; }

/* Draws the legend and returns the y below it; with `out` NULL it only measures. */
static double legend(pdx__buf *out, const plot *p, double y) {
    double x = MARGIN;
    int any_truth = 0;
    for (int32_t j = 0; j <= p->judges; ++j) {
        int truth = j == p->judges;
        if (truth && !any_truth) break;
        any_truth |= !truth && p->truth[j] != NULL;
        const char *name = truth ? "hollow: planted truth" : pdx_posterior_judge(p->fit[j]);
        double width = fmin(pdx__svg_text_width(LEGEND_SIZE, name), LEGEND_ROOM);
        if (x + 16 + width > WIDTH - MARGIN && x > MARGIN) {
            x = MARGIN;
            y += 22;
        }
        if (out) {
            pdx__buf_printf(out, "<g fill=\"%s\" stroke=\"%s\" stroke-width=\"1.4\">\n",
                            truth ? "#ffffff" : colours[j], truth ? "#555555" : colours[j]);
            pdx__svg_mark(out, truth ? PDX__SVG_CIRCLE : j, x + 5, y - 4.5, truth ? 5.5 : 4.5);
            pdx__svg_group_end(out);
            pdx__svg_text(out, x + 16, y, LEGEND_SIZE, LEGEND_ROOM, name);
        }
        x += 16 + width + 24;
    }
    return y + 22;
}

static void draw_axis(pdx__buf *out, const plot *p) {
    double end = bottom(p);
    int ticks = (int)lround((p->most - p->least) / p->step);
    pdx__svg_group(out, " stroke=\"#d9d9d9\" stroke-width=\"1\"");
    for (int t = 0; t <= ticks; ++t) {
        double x = x_of(p, p->least + t * p->step);
        pdx__svg_line(out, x, p->top, x, end);
    }
    pdx__svg_group_end(out);
    pdx__svg_group(out, " stroke=\"#4d4d4d\" stroke-width=\"1.5\"");
    pdx__svg_line(out, x_of(p, 50), p->top - 4, x_of(p, 50), end + 4);
    pdx__svg_group_end(out);
    pdx__svg_group(out, " font-size=\"12\" fill=\"#4d4d4d\" text-anchor=\"middle\"");
    for (int t = 0; t <= ticks; ++t) {
        double value = p->least + t * p->step;
        char text[16];
        snprintf(text, sizeof text, "%d%%", (int)lround(value));
        pdx__svg_text(out, x_of(p, value), p->top - 9, 12, 60, text);
        pdx__svg_text(out, x_of(p, value), end + 19, 12, 60, text);
    }
    pdx__svg_group_end(out);
    pdx__svg_group(out, " font-size=\"12\" fill=\"#4d4d4d\" text-anchor=\"start\"");
    pdx__svg_text(out, p->left, end + 39, 12, 300, "\xe2\x86\x90 less of it is preferred");
    pdx__svg_group_end(out);
    pdx__svg_group(out, " font-size=\"12\" fill=\"#4d4d4d\" text-anchor=\"end\"");
    pdx__svg_text(out, p->right, end + 39, 12, 300, "more of it is preferred \xe2\x86\x92");
    pdx__svg_group_end(out);
}

static void draw_rows(pdx__buf *out, const plot *p) {
    for (int32_t i = 0; i < p->count; ++i)
        if (i % 2 == 0 || i >= p->properties)
            pdx__svg_rect(out, MARGIN - 8, y_of(p, i), WIDTH - 2 * MARGIN + 16, p->row_height,
                          i >= p->properties ? "#eef3f7" : "#f6f6f4");
}

static void draw_labels(pdx__buf *out, const plot *p) {
    pdx__svg_group(out, " font-size=\"13\" fill=\"#1a1a1a\" text-anchor=\"end\"");
    for (int32_t i = 0; i < p->count; ++i)
        pdx__svg_text(out, p->left - 14, y_of(p, i) + p->row_height / 2 + 4.5, LABEL_SIZE,
                      LABEL_ROOM, p->rows[i].name);
    pdx__svg_group_end(out);
}

/* One judge: intervals below, then hollow marks, then solid ones, so that none hides another. */
static void draw_marks(pdx__buf *out, const plot *p, int32_t j) {
    pdx__buf_printf(out, "<g stroke=\"%s\" fill=\"%s\">\n", colours[j], colours[j]);
    for (int layer = 0; layer < 3; ++layer) {
        pdx__svg_group(out, layer == 0   ? " stroke-width=\"1.8\" stroke-linecap=\"round\""
                            : layer == 1 ? " stroke-width=\"1.4\" fill=\"#ffffff\""
                                         : " stroke=\"#ffffff\" stroke-width=\"0.8\"");
        for (int32_t i = 0; i < p->count; ++i) {
            const mark *m = layer == 1 ? &p->rows[i].planted[j] : &p->rows[i].fitted[j];
            double y = y_of(p, i) + p->row_height / 2 + (j - (p->judges - 1) / 2.0) * p->lane;
            if (!m->known) continue;
            if (layer > 0)
                pdx__svg_mark(out, j, x_of(p, m->value), y, MARK_RADIUS + 2 * (layer == 1));
            else if (m->ranged) pdx__svg_line(out, x_of(p, m->low), y, x_of(p, m->high), y);
        }
        pdx__svg_group_end(out);
    }
    pdx__svg_group_end(out);
}

static void lay_out(plot *p) {
    double widest = 0;
    for (int32_t i = 0; i < p->count; ++i)
        widest = fmax(widest, pdx__svg_text_width(LABEL_SIZE, p->rows[i].name));
    p->left = MARGIN + fmax(90, fmin(widest, LABEL_ROOM)) + 14;
    p->right = WIDTH - MARGIN - 12;
    p->top = legend(NULL, p, 92) + 16;
    p->lane = p->judges <= 4 ? 11 : 9.5;
    p->row_height = fmax(23, p->judges * p->lane + 8);
}

static void draw(pdx__buf *out, plot *p) {
    choose_axis(p);
    lay_out(p);
    pdx__buf title = PDX__BUF_EMPTY;
    pdx__buf_printf(&title, "What each judge weighs: %s", p->group);
    if (title.status != PDX_OK) out->status = title.status;
    pdx__svg_begin(out, WIDTH, bottom(p) + 56, title.data ? title.data : "",
                   "Properties in rows, one mark a judge at the probability that the response with "
                   "more of the property is preferred.");
    draw_rows(out, p);
    pdx__svg_group(out, " font-size=\"20\" font-weight=\"bold\" fill=\"#1a1a1a\"");
    pdx__svg_text(out, MARGIN, 38, 20, WIDTH - 2 * MARGIN, title.data ? title.data : "");
    pdx__svg_group_end(out);
    pdx__svg_group(out, " font-size=\"13\" fill=\"#4d4d4d\"");
    pdx__svg_text(out, MARGIN, 60, 13, WIDTH,
                  p->ranged ? "Probability that the response with more of a property is preferred, "
                              "other things equal; posterior mean, 95% interval"
                            : "Probability that the response with more of a property is preferred, "
                              "other things equal");
    pdx__svg_group_end(out);
    pdx__svg_group(out, " font-size=\"13\" fill=\"#1a1a1a\"");
    legend(out, p, 92);
    pdx__svg_group_end(out);
    draw_axis(out, p);
    draw_labels(out, p);
    for (int32_t j = 0; j < p->judges; ++j) draw_marks(out, p, j);
    pdx__svg_end(out);
    pdx__buf_free(&title);
}

pdx_status pdx_report_dissection_svg(const pdx_study *study, const char *group,
                                     const char *const *judges, int32_t judge_count,
                                     const pdx_study *truth, const char *path) {
    PDX__REQUIRE(study && path, "study and path are needed");
    PDX__REQUIRE(pdx_study_count(study) > 0, "the study has no fits");
    PDX__REQUIRE(!judges || (judge_count > 0 && judge_count <= MOST_JUDGES),
                 "judge_count is %d, must be 1 to %d", (int)judge_count, MOST_JUDGES);
    plot p = {.group = group ? group : pdx_posterior_group(pdx_study_get(study, 0))};
    pdx_schema *names = NULL;
    pdx__buf out = PDX__BUF_EMPTY;
    pdx_status status;
    PDX__GO(choose_fits(&p, study, judges, judge_count));
    for (int32_t j = 0; truth && j < p.judges; ++j)
        p.truth[j] = pdx_study_find(truth, pdx_posterior_judge(p.fit[j]), p.group);
    PDX__GO(fill_rows(&p));
    PDX__GO(name_rows(&p, &names));
    qsort(p.rows, (size_t)p.properties, sizeof *p.rows, by_effect);
    draw(&out, &p);
    PDX__GO(out.status);
    PDX__GO(pdx__file_write(path, out.data, out.length));
done:
    pdx_schema_free(names);
    pdx__buf_free(&out);
    pdx__free(p.rows);
    return status;
}
