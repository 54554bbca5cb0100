/* The calibration plot: what was predicted against what was measured, each with its interval, and
 * the line on which both are the same. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "report/svg.h"

#include <prefdissect/report.h>

#define WIDTH     720.0
#define MARGIN    24.0
#define LEFT      92.0
#define TOP       96.0
#define SIDE      600.0 /* of the square field */
#define NAME_SIZE 11.5
#define NAME_ROOM 200.0
enum { MOST_NAMES = 40 }; /* beside their points; all are in tooltips */

typedef struct box {
    double left, top, right, bottom;
} box;

typedef struct plot {
    const pdx_calibration_points *points;
    double least, most, step;
    box *taken; /* by marks and names, [boxes] */
    int32_t boxes;
} plot;

static double at(const double *values, int32_t i) { return values ? values[i] : NAN; }

static int is_drawn(const plot *p, int32_t i) {
    return isfinite(p->points->predicted[i]) && isfinite(p->points->measured[i]);
}

static void stretch(plot *p, double value) {
    if (!isfinite(value)) return;
    p->least = fmin(p->least, value);
    p->most = fmax(p->most, value);
}

/* One range for both axes, the value of no effect in it. */
static void choose_axis(plot *p) {
    const pdx_calibration_points *c = p->points;
    p->least = p->most = isfinite(c->none) ? c->none : c->predicted[0];
    for (int32_t i = 0; i < c->count; ++i) {
        if (!is_drawn(p, i)) continue;
        stretch(p, c->predicted[i]);
        stretch(p, at(c->predicted_low, i));
        stretch(p, at(c->predicted_high, i));
        stretch(p, c->measured[i]);
        stretch(p, at(c->measured_low, i));
        stretch(p, at(c->measured_high, i));
    }
    if (!(p->most > p->least)) {
        double room = fmax(1e-3, 0.1 * fabs(p->most));
        p->least -= room;
        p->most += room;
    }
    p->step = pdx__svg_step((p->most - p->least) / 9, 1e-6);
    p->least = p->step * floor(p->least / p->step + 1e-9);
    p->most = p->step * ceil(p->most / p->step - 1e-9);
}

static double share(const plot *p, double value) {
    return SIDE * (value - p->least) / (p->most - p->least);
}
static double x_of(const plot *p, double value) { return LEFT + share(p, value); }
static double y_of(const plot *p, double value) { return TOP + SIDE - share(p, value); }

/* ---- frame ---- */

static void draw_frame(pdx__buf *out, const plot *p) {
    int ticks = (int)lround((p->most - p->least) / p->step);
    double none = p->points->none;
    pdx__svg_group(out, " stroke=\"#e0e0e0\" stroke-width=\"1\"");
    for (int t = 0; t <= ticks; ++t) {
        double value = p->least + t * p->step;
        pdx__svg_line(out, x_of(p, value), TOP, x_of(p, value), TOP + SIDE);
        pdx__svg_line(out, LEFT, y_of(p, value), LEFT + SIDE, y_of(p, value));
    }
    pdx__svg_group_end(out);
    pdx__svg_group(out, " stroke=\"#999999\" stroke-width=\"1.2\"");
    if (isfinite(none)) {
        pdx__svg_line(out, x_of(p, none), TOP, x_of(p, none), TOP + SIDE);
        pdx__svg_line(out, LEFT, y_of(p, none), LEFT + SIDE, y_of(p, none));
    }
    pdx__svg_group_end(out);
    pdx__svg_group(out, " stroke=\"#4d4d4d\" stroke-width=\"1.5\" stroke-dasharray=\"6 4\"");
    pdx__svg_line(out, LEFT, TOP + SIDE, LEFT + SIDE, TOP);
    pdx__svg_group_end(out);
    const char *unit = p->points->unit ? p->points->unit : "";
    for (int t = 0; t <= ticks; ++t) {
        double value = p->least + t * p->step;
        char text[32];
        pdx__svg_tick(text, sizeof text, value, p->step, unit);
        pdx__svg_group(out, " font-size=\"12\" fill=\"#4d4d4d\" text-anchor=\"middle\"");
        pdx__svg_text(out, x_of(p, value), TOP + SIDE + 19, 12, 80, text);
        pdx__svg_group_end(out);
        pdx__svg_group(out, " font-size=\"12\" fill=\"#4d4d4d\" text-anchor=\"end\"");
        pdx__svg_text(out, LEFT - 8, y_of(p, value) + 4, 12, 80, text);
        pdx__svg_group_end(out);
    }
    pdx__svg_group(out, " font-size=\"13\" fill=\"#1a1a1a\" text-anchor=\"middle\"");
    pdx__svg_text(out, LEFT + SIDE / 2, TOP + SIDE + 42, 13, SIDE, "predicted");
    pdx__svg_text_up(out, MARGIN + 10, TOP + SIDE / 2, 13, SIDE, "measured");
    pdx__svg_group_end(out);
}

/* ---- points ---- */

static int covers(const plot *p, int32_t i) {
    double low = at(p->points->measured_low, i), high = at(p->points->measured_high, i);
    return low <= p->points->predicted[i] && p->points->predicted[i] <= high;
}

static int has_interval(const plot *p, int32_t i) {
    return isfinite(at(p->points->measured_low, i)) && isfinite(at(p->points->measured_high, i));
}

static void draw_point(pdx__buf *out, plot *p, int32_t i) {
    const pdx_calibration_points *c = p->points;
    double x = x_of(p, c->predicted[i]), y = y_of(p, c->measured[i]);
    double low = at(c->predicted_low, i), high = at(c->predicted_high, i);
    int missed = has_interval(p, i) && !covers(p, i);
    char text[2][32];
    pdx__svg_group(out, missed ? " stroke=\"#D55E00\" fill=\"#D55E00\" stroke-width=\"1.4\""
                               : " stroke=\"#0072B2\" fill=\"#0072B2\" stroke-width=\"1.4\"");
    pdx__buf_text(out, "<title>");
    if (c->names && c->names[i]) pdx__svg_escape(out, c->names[i]);
    pdx__svg_tick(text[0], sizeof text[0], c->predicted[i], p->step / 100, "");
    pdx__svg_tick(text[1], sizeof text[1], c->measured[i], p->step / 100, "");
    pdx__buf_printf(out, ": predicted %s, measured %s</title>\n", text[0], text[1]);
    pdx__svg_group(out, " opacity=\"0.6\"");
    if (isfinite(low) && isfinite(high)) pdx__svg_line(out, x_of(p, low), y, x_of(p, high), y);
    if (has_interval(p, i))
        pdx__svg_line(out, x, y_of(p, c->measured_low[i]), x, y_of(p, c->measured_high[i]));
    pdx__svg_group_end(out);
    pdx__svg_group(out, " stroke=\"#ffffff\" stroke-width=\"0.8\"");
    pdx__svg_mark(out, missed ? PDX__SVG_DIAMOND : PDX__SVG_CIRCLE, x, y, 4.6);
    pdx__svg_group_end(out);
    pdx__svg_group_end(out);
}

static int is_free(const plot *p, const box *b) {
    if (b->left < LEFT || b->right > LEFT + SIDE || b->top < TOP || b->bottom > TOP + SIDE)
        return 0;
    for (int32_t i = 0; i < p->boxes; ++i) {
        const box *o = &p->taken[i];
        if (b->left < o->right && o->left < b->right && b->top < o->bottom && o->top < b->bottom)
            return 0;
    }
    return 1;
}

/* A name goes to the first corner beside its point that is free, or nowhere. */
static void draw_name(pdx__buf *out, plot *p, int32_t i) {
    const char *name = p->points->names[i];
    double width = fmin(pdx__svg_text_width(NAME_SIZE, name), NAME_ROOM);
    double x = x_of(p, p->points->predicted[i]), y = y_of(p, p->points->measured[i]);
    for (int place = 0; place < 4; ++place) {
        int left = place & 1, below = place >> 1;
        double from = left ? x - 7 - width : x + 7, base = below ? y + 14 : y - 6;
        box b = {from, base - 10, from + width, base + 3};
        if (!is_free(p, &b)) continue;
        p->taken[p->boxes++] = b;
        pdx__svg_text(out, from, base, NAME_SIZE, NAME_ROOM, name);
        return;
    }
}

static void draw_points(pdx__buf *out, plot *p) {
    const pdx_calibration_points *c = p->points;
    for (int32_t i = 0; i < c->count; ++i) {
        if (!is_drawn(p, i)) continue;
        double x = x_of(p, c->predicted[i]), y = y_of(p, c->measured[i]);
        p->taken[p->boxes++] = (box){x - 5, y - 5, x + 5, y + 5};
        draw_point(out, p, i);
    }
    if (!c->names || c->count > MOST_NAMES) return;
    pdx__svg_group(out, " font-size=\"11.5\" fill=\"#333333\" stroke=\"#ffffff\" "
                        "stroke-width=\"3\" stroke-linejoin=\"round\" paint-order=\"stroke\"");
    for (int32_t i = 0; i < c->count; ++i)
        if (is_drawn(p, i) && c->names[i]) draw_name(out, p, i);
    pdx__svg_group_end(out);
}

/* "12 effects; ...": what there is to be read off. */
static void summarise(pdx__buf *out, const plot *p) {
    int32_t drawn = 0, judged = 0, covered = 0;
    double square = 0;
    for (int32_t i = 0; i < p->points->count; ++i) {
        if (!is_drawn(p, i)) continue;
        ++drawn;
        square += pow(p->points->measured[i] - p->points->predicted[i], 2);
        if (!has_interval(p, i)) continue;
        ++judged;
        covered += covers(p, i);
    }
    char text[32];
    double rms = drawn ? sqrt(square / drawn) : 0;
    pdx__svg_tick(text, sizeof text, rms, p->step / 100, p->points->unit ? p->points->unit : "");
    pdx__buf_printf(out, "%d effect%s; root mean square difference %s", (int)drawn,
                    drawn == 1 ? "" : "s", text);
    if (judged)
        pdx__buf_printf(out, "; %d of %d measured intervals hold the prediction (circles)",
                        (int)covered, (int)judged);
}

pdx_status pdx_report_calibration_svg(const pdx_calibration_points *points, const char *title,
                                      const char *path) {
    PDX__REQUIRE(points && title && path, "pdx_report_calibration_svg: an argument is NULL");
    PDX__REQUIRE(points->size >= sizeof *points,
                 "pdx_report_calibration_svg: 'size' of the points is not set");
    PDX__REQUIRE(points->count > 0 && points->predicted && points->measured,
                 "pdx_report_calibration_svg: there are no points");
    plot p = {.points = points};
    int32_t drawn = 0;
    for (int32_t i = 0; i < points->count; ++i) drawn += is_drawn(&p, i);
    PDX__REQUIRE(drawn, "pdx_report_calibration_svg: no point has two finite numbers");
    pdx__buf out = PDX__BUF_EMPTY, subtitle = PDX__BUF_EMPTY;
    pdx_status status;
    p.taken = pdx__alloc_zero(2 * (size_t)points->count, sizeof *p.taken);
    PDX__GO(p.taken ? PDX_OK : PDX_ENOMEM);
    choose_axis(&p);
    summarise(&subtitle, &p);
    PDX__GO(subtitle.status);
    pdx__svg_begin(&out, WIDTH, TOP + SIDE + 62, title,
                   "Predicted effects across, measured ones upwards; on the dashed line both are "
                   "the same.");
    pdx__svg_heading(&out, MARGIN, WIDTH - 2 * MARGIN, title, subtitle.data);
    draw_frame(&out, &p);
    draw_points(&out, &p);
    pdx__svg_end(&out);
    PDX__GO(out.status);
    PDX__GO(pdx__file_write(path, out.data, out.length));
done:
    pdx__buf_free(&subtitle);
    pdx__buf_free(&out);
    pdx__free(p.taken);
    return status;
}
