/* Drawing primitives that write SVG text: pixels from the top left, two decimals, every text
 * escaped; the same calls give the same bytes in every locale. */
#ifndef PDX_REPORT_SVG_H
#define PDX_REPORT_SVG_H

#include "core/buf.h"

/* The whole picture, white, with a title and a description for those who cannot see it. */
void pdx__svg_begin(pdx__buf *out, double width, double height, const char *title,
                    const char *description);
void pdx__svg_end(pdx__buf *out);

/* A group with presentation attributes, written as they are: ` fill="#333"`. */
void pdx__svg_group(pdx__buf *out, const char *attributes);
void pdx__svg_group_end(pdx__buf *out);

void pdx__svg_line(pdx__buf *out, double x1, double y1, double x2, double y2);
void pdx__svg_rect(pdx__buf *out, double x, double y, double width, double height,
                   const char *fill);

/* One line of text with its baseline at y, cut in the middle where it would be wider than `room`
 * (then the whole of it is a tooltip). The group gives font and anchor; `size` in pixels must be
 * the group's. */
void pdx__svg_text(pdx__buf *out, double x, double y, double size, double room, const char *text);
/* About how wide a text is in a common sans-serif; errs on the wide side. */
double pdx__svg_text_width(double size, const char *text);
void pdx__svg_escape(pdx__buf *out, const char *text);

/* The same, turned: read from below upwards, from (x, y) on. */
void pdx__svg_text_up(pdx__buf *out, double x, double y, double size, double room,
                      const char *text);
/* A picture's title, smaller where it is long, and the line below it, at the top. */
void pdx__svg_heading(pdx__buf *out, double x, double room, const char *title,
                      const char *subtitle);

/* The smallest of 1, 2, 5 times a power of ten that is at least `wanted` and `least`; a number on
 * an axis of such steps, with a minus sign that is one and `unit` behind it. */
double pdx__svg_step(double wanted, double least);
void pdx__svg_tick(char *out, size_t size, double value, double step, const char *unit);

void pdx__svg_polygon(pdx__buf *out, const double (*corner)[2], int corners);
/* Marks of about equal area around (x, y). */
enum { PDX__SVG_CIRCLE, PDX__SVG_SQUARE, PDX__SVG_DIAMOND, PDX__SVG_TRIANGLE, PDX__SVG_MARKS };
void pdx__svg_mark(pdx__buf *out, int32_t mark, double x, double y, double radius);

#endif
