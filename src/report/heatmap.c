/* Heatmaps: one hue from light to dark, so that grey print keeps the order, with the number in
 * every cell; limits stand in the cells of few judges, and in the tooltips of all. What is not
 * known is a grey cell with a dash. The dendrogram stands right of the rows, leaves at the cells.
 */
#include "heatmap.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/alloc.h"
#include "report/svg.h"

#define MARGIN     24.0
#define LABEL_SIZE 13.0
#define LABEL_ROOM 190.0
#define TREE_WIDTH 120.0
#define HEAD       76.0
enum {
    FEW = 9,
    MANY = 16
}; /* judges up to which cells are large; up to which they are not small */

typedef struct plot {
    const pdx__heatmap *m;
    double cell, left, top, right, bottom;
    double label_size, least, most;
    double *x, *y; /* of every cluster: leaves and merges */
} plot;

static double at(const plot *p, const double *matrix, int32_t i, int32_t k) {
    return matrix ? matrix[(size_t)p->m->order[i] * (size_t)p->m->n + (size_t)p->m->order[k]] : NAN;
}

static const char *label(const plot *p, int32_t i) { return p->m->label[p->m->order[i]]; }

/* ---- colours ---- */

static void shade(char out[8], double share) {
    static const int stop[5][3] = {
        {247, 251, 255}, {198, 219, 239}, {107, 174, 214}, {33, 113, 181}, {8, 48, 107}};
    double place = fmin(fmax(share, 0), 1) * 4;
    int i = place >= 4 ? 3 : (int)place;
    int rgb[3];
    for (int c = 0; c < 3; ++c)
        rgb[c] = (int)lround(stop[i][c] + (place - i) * (stop[i + 1][c] - stop[i][c]));
    snprintf(out, 8, "#%02x%02x%02x", rgb[0], rgb[1], rgb[2]);
}

static double share_of(const plot *p, double value) {
    return (value - p->least) / (p->most - p->least);
}

/* The scale: from the smallest value of two different judges in whole tenths. */
static void choose_scale(plot *p) {
    p->most = p->m->most;
    double least = p->m->least;
    for (int32_t i = 0; i < p->m->n; ++i)
        for (int32_t k = 0; k < i; ++k) least = fmin(least, at(p, p->m->value, i, k));
    if (!isfinite(least) || least >= p->most) least = p->most - 1;
    double step = pdx__svg_step((p->most - least) / 10, 1e-4);
    p->least = p->most - step * ceil((p->most - least) / step - 1e-9);
}

/* ---- cells ---- */

/* "0.87", or ".87" where cells are small. */
static void number(char out[16], double value, int brief) {
    pdx__svg_tick(out, 16, value, 0.01, "");
    if (!brief || fabs(value) >= 0.995) return;
    char *zero = out;
    while (*zero && *zero != '0') ++zero;
    for (char *c = zero; *c; ++c) *c = c[1];
}

static void describe_cell(pdx__buf *out, const plot *p, int32_t i, int32_t k) {
    double value = at(p, p->m->value, i, k), low = at(p, p->m->low, i, k),
           high = at(p, p->m->high, i, k);
    char text[3][32];
    pdx__buf_text(out, "<title>");
    pdx__svg_escape(out, label(p, i));
    pdx__buf_text(out, " and ");
    pdx__svg_escape(out, label(p, k));
    if (isfinite(value)) {
        pdx__svg_tick(text[0], sizeof text[0], value, 0.001, "");
        pdx__buf_printf(out, ": %s", text[0]);
    } else pdx__buf_text(out, ": not known");
    if (i != k && isfinite(low) && isfinite(high)) {
        pdx__svg_tick(text[1], sizeof text[1], low, 0.001, "");
        pdx__svg_tick(text[2], sizeof text[2], high, 0.001, "");
        pdx__buf_printf(out, " (95%%: %s to %s)", text[1], text[2]);
    }
    pdx__buf_text(out, "</title>");
}

static void draw_cell(pdx__buf *out, const plot *p, int32_t i, int32_t k) {
    double value = at(p, p->m->value, i, k), low = at(p, p->m->low, i, k),
           high = at(p, p->m->high, i, k), x = p->left + k * p->cell, y = p->top + i * p->cell;
    int known = isfinite(value), brief = p->m->n > MANY;
    int ranged = i != k && p->m->n <= FEW && known && isfinite(low) && isfinite(high);
    double size = p->m->n <= FEW ? 15 : p->m->n <= MANY ? 12 : 9.5;
    char fill[8] = "#e4e4e4", text[48];
    if (known) shade(fill, share_of(p, value));
    pdx__buf_printf(out, "<g fill=\"%s\" font-size=\"%.4g\">",
                    known && share_of(p, value) > 0.62 ? "#ffffff" : "#1a1a1a", size);
    describe_cell(out, p, i, k);
    pdx__svg_rect(out, x, y, p->cell, p->cell, fill);
    if (known) number(text, value, brief);
    else snprintf(text, sizeof text, "\xe2\x80\x93");
    pdx__svg_text(out, x + p->cell / 2, y + p->cell / 2 + (ranged ? -2 : size * 0.36), size,
                  2 * p->cell, text);
    if (ranged) {
        char ends[2][16];
        number(ends[0], low, 0);
        number(ends[1], high, 0);
        snprintf(text, sizeof text, "%s to %s", ends[0], ends[1]);
        pdx__svg_group(out, " font-size=\"10\"");
        pdx__svg_text(out, x + p->cell / 2, y + p->cell / 2 + 14, 10, 2 * p->cell, text);
        pdx__svg_group_end(out);
    }
    pdx__svg_group_end(out);
}

static void draw_cells(pdx__buf *out, const plot *p) {
    pdx__svg_group(out, " text-anchor=\"middle\"");
    for (int32_t i = 0; i < p->m->n; ++i)
        for (int32_t k = 0; k < p->m->n; ++k) draw_cell(out, p, i, k);
    pdx__svg_group_end(out);
    pdx__svg_group(out, " stroke=\"#ffffff\" stroke-width=\"1\"");
    for (int32_t i = 1; i < p->m->n; ++i) {
        pdx__svg_line(out, p->left, p->top + i * p->cell, p->right, p->top + i * p->cell);
        pdx__svg_line(out, p->left + i * p->cell, p->top, p->left + i * p->cell, p->bottom);
    }
    pdx__svg_group_end(out);
}

static void draw_labels(pdx__buf *out, const plot *p) {
    pdx__buf_printf(out, "<g font-size=\"%.4g\" fill=\"#1a1a1a\" text-anchor=\"end\">\n",
                    p->label_size);
    for (int32_t i = 0; i < p->m->n; ++i)
        pdx__svg_text(out, p->left - 8, p->top + (i + 0.5) * p->cell + 4.5, p->label_size,
                      LABEL_ROOM, label(p, i));
    pdx__svg_group_end(out);
    pdx__buf_printf(out, "<g font-size=\"%.4g\" fill=\"#1a1a1a\">\n", p->label_size);
    for (int32_t i = 0; i < p->m->n; ++i)
        pdx__svg_text_up(out, p->left + (i + 0.5) * p->cell + 4.5, p->top - 8, p->label_size,
                         LABEL_ROOM, label(p, i));
    pdx__svg_group_end(out);
}

/* ---- the dendrogram ---- */

static double tree_x(const plot *p, double height, double highest) {
    return p->right + 10 + (TREE_WIDTH - 10) * (highest > 0 ? height / highest : 1);
}

static void draw_tree(pdx__buf *out, plot *p) {
    const pdx__heatmap *m = p->m;
    double highest = 0;
    for (int32_t i = 0; i < m->n; ++i) {
        p->x[m->order[i]] = p->right + 6;
        p->y[m->order[i]] = p->top + (i + 0.5) * p->cell;
    }
    for (int32_t i = 0; i + 1 < m->n; ++i) highest = fmax(highest, m->merge[i].height);
    pdx__svg_group(out, " stroke=\"#4d4d4d\" stroke-width=\"1.3\" stroke-linecap=\"square\"");
    for (int32_t i = 0; i + 1 < m->n; ++i) {
        const pdx_merge *one = &m->merge[i];
        double x = tree_x(p, one->height, highest);
        pdx__svg_line(out, p->x[one->left], p->y[one->left], x, p->y[one->left]);
        pdx__svg_line(out, p->x[one->right], p->y[one->right], x, p->y[one->right]);
        pdx__svg_line(out, x, p->y[one->left], x, p->y[one->right]);
        p->x[m->n + i] = x;
        p->y[m->n + i] = (p->y[one->left] + p->y[one->right]) / 2;
    }
    pdx__svg_group_end(out);
    pdx__svg_group(out, " stroke=\"#999999\" stroke-width=\"1\"");
    pdx__svg_line(out, tree_x(p, 0, highest), p->bottom + 8, tree_x(p, highest, highest),
                  p->bottom + 8);
    pdx__svg_group_end(out);
    char text[2][32];
    pdx__svg_tick(text[0], sizeof text[0], 0, 1, "");
    pdx__svg_tick(text[1], sizeof text[1], highest, highest < 0.1 ? 0.001 : 0.01, "");
    pdx__svg_group(out, " font-size=\"11\" fill=\"#4d4d4d\" text-anchor=\"middle\"");
    pdx__svg_text(out, tree_x(p, 0, highest), p->bottom + 22, 11, 60, text[0]);
    pdx__svg_text(out, tree_x(p, highest, highest), p->bottom + 22, 11, 60, text[1]);
    pdx__svg_text(out, p->right + 5 + TREE_WIDTH / 2, p->bottom + 38, 11, 2 * TREE_WIDTH,
                  m->distance);
    pdx__svg_group_end(out);
}

static void draw_scale(pdx__buf *out, const plot *p) {
    enum { STEPS = 10 };
    double width = fmin(24, (p->right - p->left) / STEPS), y = p->bottom + 10;
    for (int i = 0; i < STEPS; ++i) {
        char fill[8];
        shade(fill, (i + 0.5) / STEPS);
        pdx__svg_rect(out, p->left + i * width, y, width, 10, fill);
    }
    pdx__svg_group(out, " font-size=\"11\" fill=\"#4d4d4d\" text-anchor=\"middle\"");
    for (int i = 0; i <= 2; ++i) {
        char text[32];
        double value = p->least + (p->most - p->least) * i / 2;
        pdx__svg_tick(text, sizeof text, value, p->most - p->least < 0.2 ? 0.001 : 0.01, "");
        pdx__svg_text(out, p->left + i * STEPS * width / 2, y + 24, 11, 60, text);
    }
    pdx__svg_group_end(out);
}

void pdx__heatmap_draw(pdx__buf *out, const pdx__heatmap *map) {
    plot p = {.m = map};
    int32_t n = map->n;
    p.x = pdx__alloc_zero((size_t)(2 * n), sizeof *p.x);
    p.y = pdx__alloc_zero((size_t)(2 * n), sizeof *p.y);
    if (!p.x || !p.y) {
        out->status = PDX_ENOMEM;
        goto done;
    }
    double widest = 0;
    p.cell = n <= FEW ? 76 : n <= MANY ? 44 : 25;
    p.label_size = n <= MANY ? LABEL_SIZE : 12;
    for (int32_t i = 0; i < n; ++i)
        widest = fmax(widest, pdx__svg_text_width(p.label_size, map->label[i]));
    widest = fmin(widest, LABEL_ROOM);
    p.left = MARGIN + widest + 8;
    p.top = HEAD + widest + 12;
    p.right = p.left + n * p.cell;
    p.bottom = p.top + n * p.cell;
    choose_scale(&p);
    double width = fmax(p.right + TREE_WIDTH + MARGIN + 12, 620);
    pdx__svg_begin(out, width, p.bottom + 52, map->title, map->description);
    pdx__svg_heading(out, MARGIN, width - 2 * MARGIN, map->title, map->subtitle);
    draw_labels(out, &p);
    draw_cells(out, &p);
    if (n > 1) draw_tree(out, &p);
    draw_scale(out, &p);
    pdx__svg_end(out);
done:
    pdx__free(p.x);
    pdx__free(p.y);
}
