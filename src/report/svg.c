/* SVG text. Numbers are written from integers, so no locale and no printf of doubles comes in; what
 * is not finite is never drawn: callers leave it out, and here it would become 0. */
#include "svg.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/utf8.h"

static void number(pdx__buf *out, double value) {
    long long hundredths = isfinite(value) && fabs(value) < 1e9 ? llround(value * 100) : 0;
    if (hundredths < 0) pdx__buf_char(out, '-');
    hundredths = llabs(hundredths);
    pdx__buf_printf(out, "%lld", hundredths / 100);
    int rest = (int)(hundredths % 100);
    if (rest % 10) pdx__buf_printf(out, ".%02d", rest);
    else if (rest) pdx__buf_printf(out, ".%d", rest / 10);
}

static void attribute(pdx__buf *out, const char *name, double value) {
    pdx__buf_printf(out, " %s=\"", name);
    number(out, value);
    pdx__buf_char(out, '"');
}

/* What XML 1.0 can hold; anything else in a text is shown as the replacement character. */
static int is_xml(uint32_t rune) {
    return rune == '\t' || rune == '\n' || rune == '\r' || (rune >= 0x20 && rune < 0xfffe) ||
           rune >= 0x10000;
}

static size_t next_rune(const char *text, size_t length, uint32_t *rune) {
    size_t used = pdx__utf8_decode(text, length, rune);
    if (used) return used;
    *rune = 0xfffd;
    return 1;
}

static void escape(pdx__buf *out, const char *text, size_t length) {
    uint32_t rune;
    char bytes[4];
    for (size_t i = 0; i < length;) {
        i += next_rune(text + i, length - i, &rune);
        switch (rune) {
        case '&': pdx__buf_text(out, "&amp;"); break;
        case '<': pdx__buf_text(out, "&lt;"); break;
        case '>': pdx__buf_text(out, "&gt;"); break;
        case '"': pdx__buf_text(out, "&quot;"); break;
        case '\'': pdx__buf_text(out, "&#39;"); break;
        default: pdx__buf_append(out, bytes, pdx__utf8_encode(is_xml(rune) ? rune : 0xfffd, bytes));
        }
    }
}

void pdx__svg_escape(pdx__buf *out, const char *text) { escape(out, text, strlen(text)); }

static void element(pdx__buf *out, const char *name, const char *text) {
    pdx__buf_printf(out, "<%s>", name);
    pdx__svg_escape(out, text);
    pdx__buf_printf(out, "</%s>", name);
}

void pdx__svg_begin(pdx__buf *out, double width, double height, const char *title,
                    const char *description) {
    pdx__buf_text(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\"");
    attribute(out, "width", width);
    attribute(out, "height", height);
    pdx__buf_text(out, " viewBox=\"0 0 ");
    number(out, width);
    pdx__buf_char(out, ' ');
    number(out, height);
    pdx__buf_text(out, "\" font-family=\"Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', "
                       "sans-serif\">\n");
    element(out, "title", title);
    element(out, "desc", description);
    pdx__buf_char(out, '\n');
    pdx__svg_rect(out, 0, 0, width, height, "#ffffff");
}

void pdx__svg_end(pdx__buf *out) { pdx__buf_text(out, "</svg>\n"); }

void pdx__svg_group(pdx__buf *out, const char *attributes) {
    pdx__buf_printf(out, "<g%s>\n", attributes);
}

void pdx__svg_group_end(pdx__buf *out) { pdx__buf_text(out, "</g>\n"); }

void pdx__svg_line(pdx__buf *out, double x1, double y1, double x2, double y2) {
    pdx__buf_text(out, "<line");
    attribute(out, "x1", x1);
    attribute(out, "y1", y1);
    attribute(out, "x2", x2);
    attribute(out, "y2", y2);
    pdx__buf_text(out, "/>\n");
}

void pdx__svg_rect(pdx__buf *out, double x, double y, double width, double height,
                   const char *fill) {
    pdx__buf_text(out, "<rect");
    attribute(out, "x", x);
    attribute(out, "y", y);
    attribute(out, "width", width);
    attribute(out, "height", height);
    pdx__buf_printf(out, " fill=\"%s\"/>\n", fill);
}

/* Width in units of the font's size. */
static double rune_width(uint32_t rune) {
    if (rune >= 0x1100 &&
        (rune < 0x11ff || (rune >= 0x2e80 && rune < 0xa4d0) || (rune >= 0xac00 && rune < 0xd7b0) ||
         (rune >= 0xf900 && rune < 0xfb00) || (rune >= 0xfe30 && rune < 0xff61) || rune >= 0x1f000))
        return 1;
    if (rune < 0x80 && strchr("iljtfrI.,:;!'|()[] -", (int)rune)) return 0.36;
    if (rune == 'm' || rune == 'w' || rune == 'M' || rune == 'W' || rune == '@') return 0.9;
    return rune >= 'A' && rune <= 'Z' ? 0.7 : 0.58;
}

double pdx__svg_text_width(double size, const char *text) {
    double width = 0;
    uint32_t rune;
    size_t length = strlen(text);
    for (size_t i = 0; i < length;) {
        i += next_rune(text + i, length - i, &rune);
        width += rune_width(rune);
    }
    return width * size;
}

/* Where a text is cut in its middle, so that names which differ at one end stay apart: bytes kept
 * in front, and where the rest begins. */
static size_t cut(double size, double room, const char *text, size_t *rest) {
    size_t length = strlen(text), front = 0, used;
    *rest = length;
    if (pdx__svg_text_width(size, text) <= room) return length;
    uint32_t rune;
    double width = size; /* of the ellipsis */
    for (double most = size + 0.6 * (room - size); front < length; front += used) {
        used = next_rune(text + front, length - front, &rune);
        if (width + rune_width(rune) * size > most) break;
        width += rune_width(rune) * size;
    }
    while (*rest > front) {
        size_t back = 1; /* to the first byte of the character before */
        while (*rest - back > front && ((unsigned char)text[*rest - back] & 0xc0) == 0x80) ++back;
        next_rune(text + *rest - back, back, &rune);
        width += rune_width(rune) * size;
        if (width > room) break;
        *rest -= back;
    }
    return front;
}

static void text_inside(pdx__buf *out, double size, double room, const char *text) {
    size_t rest, front = cut(size, room, text, &rest);
    pdx__buf_char(out, '>');
    if (text[front]) element(out, "title", text);
    escape(out, text, front);
    if (text[front]) pdx__buf_text(out, "\xe2\x80\xa6");
    escape(out, text + rest, strlen(text + rest));
    pdx__buf_text(out, "</text>\n");
}

void pdx__svg_text(pdx__buf *out, double x, double y, double size, double room, const char *text) {
    pdx__buf_text(out, "<text");
    attribute(out, "x", x);
    attribute(out, "y", y);
    text_inside(out, size, room, text);
}

void pdx__svg_text_up(pdx__buf *out, double x, double y, double size, double room,
                      const char *text) {
    pdx__buf_text(out, "<text transform=\"translate(");
    number(out, x);
    pdx__buf_char(out, ' ');
    number(out, y);
    pdx__buf_text(out, ") rotate(-90)\"");
    text_inside(out, size, room, text);
}

void pdx__svg_heading(pdx__buf *out, double x, double room, const char *title,
                      const char *subtitle) {
    double wide = pdx__svg_text_width(20, title), size = wide <= room         ? 20
                                                         : wide <= 1.3 * room ? 16
                                                                              : 14;
    pdx__buf_printf(out, "<g font-size=\"%d\" font-weight=\"bold\" fill=\"#1a1a1a\">\n", (int)size);
    pdx__svg_text(out, x, 38, size, room, title);
    pdx__svg_group_end(out);
    pdx__svg_group(out, " font-size=\"13\" fill=\"#4d4d4d\"");
    pdx__svg_text(out, x, 60, 13, room, subtitle);
    pdx__svg_group_end(out);
}

double pdx__svg_step(double wanted, double least) {
    static const double steps[] = {1, 2, 5};
    wanted = fmin(fmax(wanted, least), 1e12);
    double power = pow(10, floor(log10(wanted)));
    for (int i = 0; i < 3; ++i)
        if (steps[i] * power >= wanted * (1 - 1e-12)) return steps[i] * power;
    return 10 * power;
}

void pdx__svg_tick(char *out, size_t size, double value, double step, const char *unit) {
    long long scale = 1;
    int decimals = 0;
    for (; step * (double)scale < 0.999 && decimals < 9; ++decimals) scale *= 10;
    long long whole = fabs(value) < 1e8 ? llround(value * (double)scale) : 0;
    const char *minus = whole < 0 ? "\xe2\x88\x92" : "";
    whole = llabs(whole);
    if (decimals)
        snprintf(out, size, "%s%lld.%0*lld%s", minus, whole / scale, decimals, whole % scale, unit);
    else snprintf(out, size, "%s%lld%s", minus, whole, unit);
}

static void polygon(pdx__buf *out, double x, double y, const double (*corner)[2], int corners,
                    double scale) {
    pdx__buf_text(out, "<path d=\"");
    for (int i = 0; i < corners; ++i) {
        pdx__buf_char(out, i ? 'L' : 'M');
        number(out, x + corner[i][0] * scale);
        pdx__buf_char(out, ' ');
        number(out, y + corner[i][1] * scale);
    }
    pdx__buf_text(out, "Z\"/>\n");
}

void pdx__svg_polygon(pdx__buf *out, const double (*corner)[2], int corners) {
    polygon(out, 0, 0, corner, corners, 1);
}

void pdx__svg_mark(pdx__buf *out, int32_t mark, double x, double y, double radius) {
    static const double square[4][2] = {{-1, -1}, {1, -1}, {1, 1}, {-1, 1}};
    static const double diamond[4][2] = {{0, -1}, {1, 0}, {0, 1}, {-1, 0}};
    static const double triangle[3][2] = {{0, -1}, {0.87, 0.5}, {-0.87, 0.5}};
    switch (mark % PDX__SVG_MARKS) {
    case PDX__SVG_SQUARE: polygon(out, x, y, square, 4, radius * 0.89); break;
    case PDX__SVG_DIAMOND: polygon(out, x, y, diamond, 4, radius * 1.25); break;
    case PDX__SVG_TRIANGLE: polygon(out, x, y, triangle, 3, radius * 1.4); break;
    default:
        pdx__buf_text(out, "<circle");
        attribute(out, "cx", x);
        attribute(out, "cy", y);
        attribute(out, "r", radius);
        pdx__buf_text(out, "/>\n");
    }
}
