/* Forest plots. Colours are those of Okabe & Ito 2008, told apart by the colour-blind (grey in
 * place of their yellow, which white paper swallows), and shapes double them, so that grey print
 * does too. A number that is not finite has no mark. Left out: interaction. */
#include "forest.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "report/names.h"
#include "report/svg.h"

static const char *const colours[PDX__FOREST_SERIES] = {"#0072B2", "#D55E00", "#009E73", "#CC79A7",
                                                        "#E69F00", "#56B4E9", "#000000", "#7F7F7F"};
/* From a light to a dark blue, in steps that grey keeps apart. */
static const char *const ramp[PDX__FOREST_SERIES] = {"#9ecae1", "#78b2d6", "#569bc9", "#3a82ba",
                                                     "#2369a8", "#135291", "#0a3c76", "#062a56"};

#define WIDTH       900.0
#define MARGIN      24.0
#define LABEL_ROOM  250.0 /* the widest column of names */
#define LABEL_SIZE  13.0
#define LEGEND_SIZE 13.0
#define LEGEND_ROOM 400.0 /* the widest name of a series */
#define NOTE_SIZE   12.0
#define MARK_RADIUS 4.2
#define Z95         1.959963984540054

typedef struct plot {
    const pdx__forest *f;
    double left, right, top;  /* of the field of marks */
    double lane, row_height;  /* a series' share of a row */
    double least, most, step; /* of the axis */
    double note_width;
} plot;

/* ---- marks ---- */

static double percent(double w) { return 100 / (1 + exp(-w)); }

pdx__mark pdx__mark_of(double value, double low, double high) {
    pdx__mark m = {.known = isfinite(value)};
    if (!m.known) return m;
    m.value = value;
    m.ranged = isfinite(low) && isfinite(high);
    if (m.ranged) {
        m.low = low;
        m.high = high;
    }
    return m;
}

pdx__mark pdx__mark_position(const pdx_posterior *fit) {
    pdx_position p;
    if (pdx_posterior_position(fit, &p) != PDX_OK || !p.known) return (pdx__mark){.known = 0};
    return pdx__mark_of(100 * p.p_first, 100 * p.p_first_low, 100 * p.p_first_high);
}

/* Column of the posterior's quantiles for a probability; -1: none. */
static int32_t find_quantile(const pdx_posterior *fit, double probability) {
    const double *probs = pdx_posterior_quantile_probs(fit);
    for (int32_t q = 0; probs && q < pdx_posterior_quantile_count(fit); ++q)
        if (fabs(probs[q] - probability) < 1e-9) return q;
    return -1;
}

pdx__mark pdx__mark_weight(const pdx_posterior *fit, int32_t column) {
    double mean = pdx_posterior_mean(fit)[column], low = NAN, high = NAN;
    if (!isfinite(mean)) return (pdx__mark){.known = 0};
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
    return pdx__mark_of(percent(mean), percent(low), percent(high));
}

/* ---- rows ---- */

pdx_status pdx__forest_rows(pdx__forest *forest, const pdx_posterior *fit, int32_t spare) {
    int32_t d = pdx_posterior_dim(fit);
    forest->row = pdx__alloc_zero((size_t)(d + spare), sizeof *forest->row);
    if (!forest->row) return PDX_ENOMEM;
    forest->rows = d;
    PDX__TRY(pdx__names_for_people(&forest->names, fit));
    for (int32_t k = 0; k < d; ++k) {
        forest->row[k].name = pdx__name_for_people(forest->names, fit, k);
        forest->row[k].place = k;
    }
    return PDX_OK;
}

pdx_status pdx__forest_same_columns(const pdx_posterior *a, const pdx_posterior *b) {
    int same = pdx_posterior_dim(a) == pdx_posterior_dim(b);
    for (int32_t k = 0; same && k < pdx_posterior_dim(a); ++k)
        same = !strcmp(pdx_posterior_column(a, k), pdx_posterior_column(b, k));
    PDX__REQUIRE(same, "judges '%s' and '%s' were fitted on different properties",
                 pdx_posterior_judge(a), pdx_posterior_judge(b));
    return PDX_OK;
}

int pdx__forest_ranged(const pdx__forest *forest) {
    for (int32_t i = 0; i < forest->rows; ++i)
        for (int32_t j = 0; j < forest->series; ++j)
            if (forest->row[i].mark[j].ranged) return 1;
    return 0;
}

static int by_effect(const void *a, const void *b) {
    const pdx__forest_row *x = a, *y = b;
    if (x->effect != y->effect) return x->effect < y->effect ? 1 : -1;
    return x->place < y->place ? -1 : x->place > y->place;
}

void pdx__forest_sort(pdx__forest *forest, int32_t count) {
    qsort(forest->row, (size_t)count, sizeof *forest->row, by_effect);
}

void pdx__forest_free(pdx__forest *forest) {
    pdx_schema_free(forest->names);
    pdx__free(forest->row);
}

/* ---- layout ---- */

static void stretch(plot *p, const pdx__mark *m) {
    if (!m->known) return;
    p->least = fmin(p->least, m->ranged ? fmin(m->low, m->value) : m->value);
    p->most = fmax(p->most, m->ranged ? fmax(m->high, m->value) : m->value);
}

/* The range of all marks and the centre in whole steps, at least two on each side of the centre. */
static void choose_axis(plot *p) {
    const pdx__forest *f = p->f;
    p->least = p->most = f->centre;
    for (int32_t i = 0; i < f->rows; ++i)
        for (int32_t j = 0; j < f->series; ++j) {
            stretch(p, &f->row[i].mark[j]);
            stretch(p, &f->row[i].extra[j]);
        }
    p->step = pdx__svg_step((p->most - p->least) / 11, *f->unit ? 1 : 0.05);
    p->least = p->step * floor(fmin(p->least, f->centre - 2 * p->step) / p->step + 1e-9);
    p->most = p->step * ceil(fmax(p->most, f->centre + 2 * p->step) / p->step - 1e-9);
}

static double x_of(const plot *p, double value) {
    return p->left + (p->right - p->left) * (value - p->least) / (p->most - p->least);
}

static double y_of(const plot *p, int32_t index) {
    double gap = 0; /* rows that stand apart */
    for (int32_t i = 0; i <= index; ++i) gap += p->f->row[i].apart ? 8 : 0;
    return p->top + index * p->row_height + gap;
}

static double bottom(const plot *p) {
    return p->f->rows ? y_of(p, p->f->rows - 1) + p->row_height : p->top;
}

static const char *colour_of(const plot *p, int32_t series) {
    if (!p->f->ramp) return colours[series];
    int32_t last = p->f->series > 1 ? p->f->series - 1 : 1;
    return ramp[series * (PDX__FOREST_SERIES - 1) / last];
}

/* All marks of the series are hollow. */
static int is_hollow(const pdx__forest *f, int32_t series) {
    int hollow = 0;
    for (int32_t i = 0; i < f->rows; ++i) {
        if (f->row[i].mark[series].known && !f->row[i].mark[series].hollow) return 0;
        hollow |= f->row[i].mark[series].known;
    }
    return hollow && !f->hollow; /* where hollow has a meaning of its own, it has its own entry */
}

/* Draws the legend and returns the y below it; with `out` NULL it only measures. */
static double legend(pdx__buf *out, const plot *p, double y) {
    const pdx__forest *f = p->f;
    double x = MARGIN;
    int any = 0;
    for (int32_t j = 0; j < f->series + 2; ++j) {
        int own = j < f->series;
        const char *name = own ? f->name[j] : j == f->series ? f->extra : f->hollow;
        if (!name) continue;
        any = 1;
        double width = fmin(pdx__svg_text_width(LEGEND_SIZE, name), LEGEND_ROOM);
        if (x + 16 + width > WIDTH - MARGIN && x > MARGIN) {
            x = MARGIN;
            y += 22;
        }
        if (out) {
            const char *stroke = own             ? colour_of(p, j)
                                 : f->series > 1 ? "#555555"
                                                 : colour_of(p, 0);
            pdx__buf_printf(out, "<g fill=\"%s\" stroke=\"%s\" stroke-width=\"1.4\">\n",
                            own && !is_hollow(f, j) ? stroke : "#ffffff", stroke);
            pdx__svg_mark(out, own ? j : PDX__SVG_CIRCLE, x + 5, y - 4.5, own ? 4.5 : 5.5);
            pdx__svg_group_end(out);
            pdx__svg_text(out, x + 16, y, LEGEND_SIZE, LEGEND_ROOM, name);
        }
        x += 16 + width + 24;
    }
    return any ? y + 22 : y - 10;
}

static void lay_out(plot *p) {
    double widest = 0;
    for (int32_t i = 0; i < p->f->rows; ++i) {
        /* bold is wider */
        double wider = p->f->row[i].strong ? 1.06 : 1;
        widest = fmax(widest, wider * pdx__svg_text_width(LABEL_SIZE, p->f->row[i].name));
        p->note_width = fmax(p->note_width, pdx__svg_text_width(NOTE_SIZE, p->f->row[i].note));
    }
    p->left = MARGIN + fmax(90, fmin(widest, LABEL_ROOM)) + 14;
    p->right = WIDTH - MARGIN - 12 - (p->note_width > 0 ? p->note_width + 12 : 0);
    p->top = legend(NULL, p, 92) + 16;
    p->lane = p->f->ramp ? 8 : p->f->series <= 4 ? 11 : 9.5;
    p->row_height = fmax(23, p->f->series * p->lane + 8);
}

/* ---- drawing ---- */

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
    pdx__svg_line(out, x_of(p, p->f->centre), p->top - 4, x_of(p, p->f->centre), end + 4);
    pdx__svg_group_end(out);
    pdx__svg_group(out, " font-size=\"12\" fill=\"#4d4d4d\" text-anchor=\"middle\"");
    for (int t = 0; t <= ticks; ++t) {
        double value = p->least + t * p->step;
        char text[32];
        pdx__svg_tick(text, sizeof text, value, p->step, p->f->unit);
        pdx__svg_text(out, x_of(p, value), p->top - 9, 12, 60, text);
        pdx__svg_text(out, x_of(p, value), end + 19, 12, 60, text);
    }
    pdx__svg_group_end(out);
    /* Each side may take what its text leaves of the other's. */
    double room = (p->right - p->left - 12) / 2;
    pdx__svg_group(out, " font-size=\"12\" fill=\"#4d4d4d\" text-anchor=\"start\"");
    pdx__svg_text(out, p->left, end + 39, 12, room, p->f->less);
    pdx__svg_group_end(out);
    pdx__svg_group(out, " font-size=\"12\" fill=\"#4d4d4d\" text-anchor=\"end\"");
    pdx__svg_text(out, p->right, end + 39, 12, room, p->f->more);
    pdx__svg_group_end(out);
}

static void draw_rows(pdx__buf *out, const plot *p) {
    for (int32_t i = 0; i < p->f->rows; ++i)
        if (i % 2 == 0 || p->f->row[i].apart)
            pdx__svg_rect(out, MARGIN - 8, y_of(p, i), WIDTH - 2 * MARGIN + 16, p->row_height,
                          p->f->row[i].apart ? "#eef3f7" : "#f6f6f4");
}

static void draw_labels(pdx__buf *out, const plot *p) {
    const pdx__forest *f = p->f;
    pdx__svg_group(out, " font-size=\"13\" fill=\"#1a1a1a\" text-anchor=\"end\"");
    for (int32_t i = 0; i < f->rows; ++i) {
        if (f->row[i].strong) pdx__svg_group(out, " font-weight=\"bold\"");
        pdx__svg_text(out, p->left - 14, y_of(p, i) + p->row_height / 2 + 4.5, LABEL_SIZE,
                      LABEL_ROOM, f->row[i].name);
        if (f->row[i].strong) pdx__svg_group_end(out);
    }
    pdx__svg_group_end(out);
    if (!(p->note_width > 0)) return;
    pdx__svg_group(out, " font-size=\"12\" fill=\"#4d4d4d\" text-anchor=\"end\"");
    for (int32_t i = 0; i < f->rows; ++i)
        if (*f->row[i].note)
            pdx__svg_text(out, WIDTH - MARGIN, y_of(p, i) + p->row_height / 2 + 4, NOTE_SIZE,
                          p->note_width + 1, f->row[i].note);
    pdx__svg_group_end(out);
}

/* One series: intervals below, then hollow marks, then solid ones, so that none hides another. */
static void draw_marks(pdx__buf *out, const plot *p, int32_t j) {
    const pdx__forest *f = p->f;
    const char *colour = colour_of(p, j);
    pdx__buf_printf(out, "<g stroke=\"%s\" fill=\"%s\">\n", colour, colour);
    for (int layer = 0; layer < 3; ++layer) {
        pdx__svg_group(out, layer == 0   ? " stroke-width=\"1.8\" stroke-linecap=\"round\""
                            : layer == 1 ? " stroke-width=\"1.4\" fill=\"#ffffff\""
                                         : " stroke=\"#ffffff\" stroke-width=\"0.8\"");
        for (int32_t i = 0; i < f->rows; ++i) {
            const pdx__mark *m = &f->row[i].mark[j], *extra = &f->row[i].extra[j];
            double y = y_of(p, i) + p->row_height / 2 + (j - (f->series - 1) / 2.0) * p->lane;
            if (layer == 0 && m->known && m->ranged)
                pdx__svg_line(out, x_of(p, m->low), y, x_of(p, m->high), y);
            if (layer == 1 && extra->known)
                pdx__svg_mark(out, j, x_of(p, extra->value), y, MARK_RADIUS + 2);
            if (m->known && layer == (m->hollow ? 1 : 2))
                pdx__svg_mark(out, j, x_of(p, m->value), y, MARK_RADIUS);
        }
        pdx__svg_group_end(out);
    }
    pdx__svg_group_end(out);
}

void pdx__forest_draw(pdx__buf *out, const pdx__forest *forest) {
    plot p = {.f = forest};
    choose_axis(&p);
    lay_out(&p);
    pdx__svg_begin(out, WIDTH, bottom(&p) + 56, forest->title, forest->description);
    draw_rows(out, &p);
    pdx__svg_heading(out, MARGIN, WIDTH - 2 * MARGIN, forest->title, forest->subtitle);
    pdx__svg_group(out, " font-size=\"13\" fill=\"#1a1a1a\"");
    legend(out, &p, 92);
    pdx__svg_group_end(out);
    draw_axis(out, &p);
    draw_labels(out, &p);
    for (int32_t j = 0; j < forest->series; ++j) draw_marks(out, &p, j);
    pdx__svg_end(out);
}
