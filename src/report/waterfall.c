/* The waterfall: how the properties of one pair carry the probability that A is preferred from
 * where equal responses stand to where the judge ends, exact Shapley values in percentage points.
 * Bars point where they carry; those towards B are pale with an edge, which grey print keeps. The
 * smallest properties are drawn as one. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "report/names.h"
#include "report/svg.h"

#include <prefdissect/report.h>

#define WIDTH      900.0
#define MARGIN     24.0
#define LABEL_SIZE 13.0
#define LABEL_ROOM 250.0
#define NOTE_SIZE  12.0
#define MORE_ROOM  26.0
#define ROW        27.0
#define TOP        112.0
enum { MOST_BARS = 14 };

typedef struct bar {
    int32_t column; /* -1: several properties, drawn as one */
    double x, share, low, high;
} bar;

typedef struct plot {
    const pdx_posterior *fit;
    pdx_schema *names;
    pdx_explanation e;
    bar *bar;
    int32_t bars, together, equal; /* in the last bar; with x = 0 */
    int32_t order;                 /* PDX_ORDER_*: which was shown first, where that counts */
    double left, right, least, most, step;
} plot;

static int by_size(const void *a, const void *b) {
    const bar *x = a, *y = b;
    double gap = fabs(y->share) - fabs(x->share);
    return gap > 0 ? 1 : gap < 0 ? -1 : x->column - y->column;
}

/* By size, but a bar that would leave 0 to 100 % waits until it does not, where there is another.
 */
static void arrange(plot *p) {
    double at = 100 * p->e.start;
    for (int32_t i = 0; i < p->bars; ++i) {
        int32_t next = i;
        while (next < p->bars && p->bar[next].column >= 0 &&
               (at + p->bar[next].share < 0 || at + p->bar[next].share > 100))
            ++next;
        if (next == p->bars || p->bar[next].column < 0) next = i;
        bar chosen = p->bar[next];
        memmove(&p->bar[i + 1], &p->bar[i], (size_t)(next - i) * sizeof *p->bar);
        p->bar[i] = chosen;
        at += chosen.share;
    }
}

/* One bar a property that tells the responses apart; the smallest become one. */
static void take_bars(plot *p, const pdx_attribution *part) {
    for (int32_t k = 0; k < pdx_posterior_dim(p->fit); ++k) {
        if (part[k].x == 0 || !isfinite(part[k].share)) {
            ++p->equal;
            continue;
        }
        p->bar[p->bars++] = (bar){k, part[k].x, 100 * part[k].share, 100 * part[k].share_low,
                                  100 * part[k].share_high};
    }
    qsort(p->bar, (size_t)p->bars, sizeof *p->bar, by_size);
    if (p->bars > MOST_BARS) {
        bar rest = {-1, 0, 0, NAN, NAN};
        for (int32_t i = MOST_BARS - 1; i < p->bars; ++i) rest.share += p->bar[i].share;
        p->together = p->bars - MOST_BARS + 1;
        p->bars = MOST_BARS;
        p->bar[MOST_BARS - 1] = rest;
    }
    arrange(p);
}

static double x_of(const plot *p, double percent) {
    return p->left + (p->right - p->left) * (percent - p->least) / (p->most - p->least);
}

static double y_of(int32_t row) { return TOP + row * ROW; }

static void choose_axis(plot *p) {
    double at = 100 * p->e.start;
    p->least = p->most = at;
    for (int32_t i = 0; i < p->bars; ++i) {
        at += p->bar[i].share;
        p->least = fmin(p->least, at);
        p->most = fmax(p->most, at);
    }
    if (isfinite(p->e.probability_low) && isfinite(p->e.probability_high)) {
        p->least = fmin(p->least, 100 * p->e.probability_low);
        p->most = fmax(p->most, 100 * p->e.probability_high);
    }
    p->least = fmin(p->least, 48);
    p->most = fmax(p->most, 52);
    p->step = pdx__svg_step((p->most - p->least) / 9, 1);
    p->least = p->step * floor(p->least / p->step + 1e-9);
    p->most = p->step * ceil(p->most / p->step - 1e-9);
}

static void draw_axis(pdx__buf *out, const plot *p) {
    double end = y_of(p->bars + 2);
    int ticks = (int)lround((p->most - p->least) / p->step);
    pdx__svg_group(out, " stroke=\"#d9d9d9\" stroke-width=\"1\"");
    for (int t = 0; t <= ticks; ++t) {
        double x = x_of(p, p->least + t * p->step);
        pdx__svg_line(out, x, TOP, x, end);
    }
    pdx__svg_group_end(out);
    pdx__svg_group(out, " stroke=\"#4d4d4d\" stroke-width=\"1.5\"");
    pdx__svg_line(out, x_of(p, 50), TOP - 4, x_of(p, 50), end + 4);
    pdx__svg_group_end(out);
    pdx__svg_group(out, " font-size=\"12\" fill=\"#4d4d4d\" text-anchor=\"middle\"");
    for (int t = 0; t <= ticks; ++t) {
        char text[32];
        pdx__svg_tick(text, sizeof text, p->least + t * p->step, p->step, "%");
        pdx__svg_text(out, x_of(p, p->least + t * p->step), TOP - 9, 12, 60, text);
        pdx__svg_text(out, x_of(p, p->least + t * p->step), end + 19, 12, 60, text);
    }
    pdx__svg_group_end(out);
    pdx__svg_group(out, " font-size=\"12\" fill=\"#4d4d4d\"");
    pdx__svg_text(out, p->left, end + 39, 12, 200, "\xe2\x86\x90 towards B");
    pdx__svg_group_end(out);
    pdx__svg_group(out, " font-size=\"12\" fill=\"#4d4d4d\" text-anchor=\"end\"");
    pdx__svg_text(out, p->right, end + 39, 12, 200, "towards A \xe2\x86\x92");
    pdx__svg_group_end(out);
}

/* A bar with a point at the end that it carries to. */
static void draw_bar(pdx__buf *out, double from, double to, double y) {
    double height = ROW - 9, tip = fmin(7, fabs(to - from)), back = to > from ? to - tip : to + tip;
    int towards_a = to >= from;
    pdx__svg_group(out, towards_a ? " fill=\"#0072B2\" stroke=\"#0072B2\" stroke-width=\"1.2\""
                                  : " fill=\"#f9d5b8\" stroke=\"#D55E00\" stroke-width=\"1.2\"");
    const double corner[5][2] = {
        {from, y}, {back, y}, {to, y + height / 2}, {back, y + height}, {from, y + height}};
    pdx__svg_polygon(out, corner, 5);
    pdx__svg_group_end(out);
}

/* A row's name; `more`, "(A)" or "(B)", is the response that has more of it, "" says nothing. */
static void label_row(pdx__buf *out, const plot *p, int32_t row, const char *name, const char *more,
                      int bold) {
    double right = p->left - 14, y = y_of(row) + ROW / 2 + 4.5;
    pdx__svg_group(out, bold ? " font-size=\"13\" fill=\"#1a1a1a\" text-anchor=\"end\" "
                               "font-weight=\"bold\""
                             : " font-size=\"13\" fill=\"#1a1a1a\" text-anchor=\"end\"");
    pdx__svg_text(out, *more ? right - MORE_ROOM : right, y, LABEL_SIZE, LABEL_ROOM, name);
    pdx__svg_group_end(out);
    if (!*more) return;
    pdx__svg_group(out, " font-size=\"12\" fill=\"#4d4d4d\" text-anchor=\"end\"");
    pdx__svg_text(out, right, y, 12, MORE_ROOM, more);
    pdx__svg_group_end(out);
}

static void note_row(pdx__buf *out, int32_t row, const char *text) {
    pdx__svg_group(out, " font-size=\"12\" fill=\"#4d4d4d\" text-anchor=\"end\"");
    pdx__svg_text(out, WIDTH - MARGIN, y_of(row) + ROW / 2 + 4, NOTE_SIZE, 200, text);
    pdx__svg_group_end(out);
}

static void signed_points(char *out, size_t size, double points) {
    char text[32];
    pdx__svg_tick(text, sizeof text, points, 0.1, "");
    snprintf(out, size, "%s%s", llround(points * 10) > 0 ? "+" : "", text);
}

static void draw_bars(pdx__buf *out, const plot *p) {
    double at = 100 * p->e.start;
    for (int32_t i = 0; i < p->bars; ++i) {
        const bar *b = &p->bar[i];
        double from = x_of(p, at), to = x_of(p, at + b->share), y = y_of(i + 1);
        char text[96], low[40], high[40];
        if (b->column < 0) {
            snprintf(text, sizeof text, "%d smaller ones together", p->together);
            label_row(out, p, i + 1, text, "", 0);
        } else {
            label_row(out, p, i + 1, pdx__name_for_people(p->names, p->fit, b->column),
                      b->x > 0 ? "(A)" : "(B)", 0);
        }
        pdx__svg_group(out, " stroke=\"#7f7f7f\" stroke-width=\"1\" stroke-dasharray=\"2 2\"");
        pdx__svg_line(out, from, y - 4.5, from, y + 4.5);
        pdx__svg_group_end(out);
        draw_bar(out, from, to, y + 4.5);
        signed_points(text, sizeof text, b->share);
        if (isfinite(b->low) && isfinite(b->high)) {
            size_t used = strlen(text);
            signed_points(low, sizeof low, b->low);
            signed_points(high, sizeof high, b->high);
            snprintf(text + used, sizeof text - used, " (%s to %s)", low, high);
        }
        note_row(out, i + 1, text);
        at += b->share;
    }
}

static const char *equal_label(const plot *p) {
    return p->order == PDX_ORDER_AB   ? "equal, A shown first"
           : p->order == PDX_ORDER_BA ? "equal, B shown first"
                                      : "equal responses";
}

/* The first and the last row: where equal responses stand, and where this pair ends. */
static void draw_ends(pdx__buf *out, const plot *p) {
    char text[96], number[32];
    double y = y_of(p->bars + 1) + ROW / 2, end = 100 * p->e.probability;
    int ranged = isfinite(p->e.probability_low) && isfinite(p->e.probability_high);
    label_row(out, p, 0, equal_label(p), "", 1);
    pdx__svg_tick(number, sizeof number, 100 * p->e.start, 0.1, "%");
    note_row(out, 0, number);
    label_row(out, p, p->bars + 1, "this pair: A is preferred", "", 1);
    pdx__svg_tick(number, sizeof number, end, 0.1, "%");
    if (ranged)
        snprintf(text, sizeof text, "%s (%.0f to %.0f)", number, 100 * p->e.probability_low,
                 100 * p->e.probability_high);
    else snprintf(text, sizeof text, "%s", number);
    note_row(out, p->bars + 1, text);
    pdx__svg_group(out, " fill=\"#000000\" stroke=\"#000000\" stroke-width=\"1.8\"");
    pdx__svg_mark(out, PDX__SVG_DIAMOND, x_of(p, 100 * p->e.start), y_of(0) + ROW / 2, 4.2);
    if (ranged)
        pdx__svg_line(out, x_of(p, 100 * p->e.probability_low), y,
                      x_of(p, 100 * p->e.probability_high), y);
    pdx__svg_mark(out, PDX__SVG_DIAMOND, x_of(p, end), y, 4.2);
    pdx__svg_group_end(out);
}

static void draw(pdx__buf *out, plot *p, const char *pair) {
    double widest = pdx__svg_text_width(LABEL_SIZE, "this pair: A is preferred") * 1.06;
    for (int32_t i = 0; i < p->bars; ++i)
        if (p->bar[i].column >= 0)
            widest =
                fmax(widest, MORE_ROOM + pdx__svg_text_width(
                                             LABEL_SIZE, pdx__name_for_people(p->names, p->fit,
                                                                              p->bar[i].column)));
    p->left = MARGIN + fmin(widest, LABEL_ROOM + MORE_ROOM) + 14;
    p->right = WIDTH - MARGIN - 156;
    choose_axis(p);
    pdx__buf title = PDX__BUF_EMPTY, subtitle = PDX__BUF_EMPTY;
    pdx__buf_printf(&title, "Why %s leans to %s%s%s", pdx_posterior_judge(p->fit),
                    p->e.probability >= 0.5 ? "A" : "B", pair ? ": " : "", pair ? pair : "");
    pdx__buf_text(&subtitle, "What each property adds to the probability that A is preferred, in "
                             "points (exact Shapley values)");
    if (isfinite(p->e.probability_low)) pdx__buf_text(&subtitle, "; 95% interval");
    if (title.status != PDX_OK || subtitle.status != PDX_OK) {
        out->status = PDX_ENOMEM;
    } else {
        char note[120];
        pdx__svg_begin(out, WIDTH, y_of(p->bars + 2) + 56, title.data,
                       "Properties in rows, the largest share first; each bar carries the "
                       "probability from where the one above left it.");
        for (int32_t row = 0; row < p->bars + 2; row += 2)
            pdx__svg_rect(out, MARGIN - 8, y_of(row), WIDTH - 2 * MARGIN + 16, ROW, "#f6f6f4");
        pdx__svg_heading(out, MARGIN, WIDTH - 2 * MARGIN, title.data, subtitle.data);
        snprintf(note, sizeof note, "(A) or (B): the response that has more of it");
        if (p->equal)
            snprintf(note + strlen(note), sizeof note - strlen(note),
                     "; %d propert%s equal in both", p->equal, p->equal == 1 ? "y is" : "ies are");
        pdx__svg_group(out, " font-size=\"12\" fill=\"#4d4d4d\"");
        pdx__svg_text(out, MARGIN, 80, 12, WIDTH - 2 * MARGIN, note);
        pdx__svg_group_end(out);
        draw_axis(out, p);
        draw_bars(out, p);
        draw_ends(out, p);
        pdx__svg_end(out);
    }
    pdx__buf_free(&subtitle);
    pdx__buf_free(&title);
}

pdx_status pdx_report_waterfall_svg(const pdx_posterior *posterior, const double *x,
                                    const pdx_explain_options *options, const char *pair,
                                    const char *path) {
    PDX__REQUIRE(posterior && x && path, "pdx_report_waterfall_svg: an argument is NULL");
    plot p = {.fit = posterior, .order = options ? options->order : PDX_ORDER_UNKNOWN};
    size_t d = (size_t)pdx_posterior_dim(posterior);
    pdx_attribution *part = pdx__alloc_zero(d, sizeof *part);
    pdx__buf out = PDX__BUF_EMPTY;
    pdx_status status;
    p.bar = pdx__alloc_zero(d, sizeof *p.bar);
    PDX__GO(part && p.bar ? PDX_OK : PDX_ENOMEM);
    PDX__GO(pdx__names_for_people(&p.names, posterior));
    PDX__GO(pdx_posterior_explain(posterior, x, options, &p.e, part));
    PDX__GO(isfinite(p.e.probability)
                ? PDX_OK
                : pdx__fail(PDX_ENUMERIC, "the decision has no probability: a weight or a property "
                                          "is not finite"));
    take_bars(&p, part);
    draw(&out, &p, pair);
    PDX__GO(out.status);
    PDX__GO(pdx__file_write(path, out.data, out.length));
done:
    pdx__buf_free(&out);
    pdx_schema_free(p.names);
    pdx__free(p.bar);
    pdx__free(part);
    return status;
}
