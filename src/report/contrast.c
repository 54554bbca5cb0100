/* The contrast plot: what one judge weighs more than another, property by property, as differences
 * of weights with their intervals; solid marks and bold names are discoveries. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/file.h"
#include "report/forest.h"

/* With means only there is a difference, and no more. */
static pdx_status take_contrasts(pdx_contrast *out, const pdx_posterior *a, const pdx_posterior *b,
                                 double rate) {
    if (pdx_posterior_sd(a) && pdx_posterior_sd(b))
        return pdx_posterior_contrast_all(a, b, rate, out);
    PDX__REQUIRE(rate >= 0 && rate <= 1, "a false discovery rate of %g", rate);
    for (int32_t k = 0; k < pdx_posterior_dim(a); ++k)
        out[k] = (pdx_contrast){.mean = pdx_posterior_mean(a)[k] - pdx_posterior_mean(b)[k],
                                .low = NAN,
                                .high = NAN,
                                .prob_greater = NAN};
    return PDX_OK;
}

static void fill(pdx__forest *f, const pdx_contrast *contrast) {
    for (int32_t k = 0; k < f->rows; ++k) {
        const pdx_contrast *c = &contrast[k];
        pdx__forest_row *r = &f->row[k];
        r->mark[0] = pdx__mark_of(c->mean, c->low, c->high);
        r->mark[0].hollow = !c->discovery && r->mark[0].ranged;
        r->strong = c->discovery && r->mark[0].ranged;
        r->effect = r->mark[0].known ? fabs(c->mean) : -1;
        if (!isfinite(c->prob_greater) || !r->mark[0].known) continue;
        double surer = fmax(c->prob_greater, 1 - c->prob_greater);
        snprintf(r->note, sizeof r->note, surer > 0.9995 ? "P > 0.999" : "P %d.%03d",
                 (int)lround(surer * 1000) / 1000, (int)lround(surer * 1000) % 1000);
    }
    pdx__forest_sort(f, f->rows);
}

pdx_status pdx_report_contrast_svg(const pdx_posterior *a, const pdx_posterior *b, double rate,
                                   const char *path) {
    PDX__REQUIRE(a && b && path, "pdx_report_contrast_svg: an argument is NULL");
    pdx__forest f = {.unit = "", .centre = 0, .series = 1};
    pdx__buf out = PDX__BUF_EMPTY, title = PDX__BUF_EMPTY, less = PDX__BUF_EMPTY,
             more = PDX__BUF_EMPTY, found = PDX__BUF_EMPTY;
    pdx_contrast *contrast = NULL;
    pdx_status status;
    PDX__GO(pdx__forest_same_columns(a, b));
    PDX__GO(pdx__forest_rows(&f, a, 0));
    contrast = pdx__alloc_zero((size_t)f.rows, sizeof *contrast);
    PDX__GO(contrast ? PDX_OK : PDX_ENOMEM);
    PDX__GO(take_contrasts(contrast, a, b, rate));
    fill(&f, contrast);
    const char *first = pdx_posterior_judge(a), *second = pdx_posterior_judge(b);
    int same_group = !strcmp(pdx_posterior_group(a), pdx_posterior_group(b));
    pdx__buf_printf(&title, "%s against %s: %s", first, second, pdx_posterior_group(a));
    if (!same_group) pdx__buf_printf(&title, " against %s", pdx_posterior_group(b));
    pdx__buf_printf(&less, "\xe2\x86\x90 weighs more for %s", second);
    pdx__buf_printf(&more, "weighs more for %s \xe2\x86\x92", first);
    pdx__buf_printf(&found, "solid, bold: a discovery (at most %d%% of the signs wrong)",
                    (int)lround(100 * rate));
    if (pdx__forest_ranged(&f)) {
        f.name[0] = found.data;
        f.hollow = "hollow: not sure enough";
    }
    f.title = title.data;
    f.subtitle = pdx__forest_ranged(&f)
                     ? "Difference of weights in log-odds, other things equal; posterior mean, 95% "
                       "interval, P(sign)"
                     : "Difference of weights in log-odds, other things equal; means only, so no "
                       "interval is known";
    f.description = "Properties in rows, largest difference first; right of the line the first "
                    "judge weighs the property more.";
    f.less = less.data;
    f.more = more.data;
    PDX__GO(title.status);
    PDX__GO(less.status);
    PDX__GO(more.status);
    PDX__GO(found.status);
    pdx__forest_draw(&out, &f);
    PDX__GO(out.status);
    PDX__GO(pdx__file_write(path, out.data, out.length));
done:
    pdx__free(contrast);
    pdx__buf_free(&found);
    pdx__buf_free(&more);
    pdx__buf_free(&less);
    pdx__buf_free(&title);
    pdx__buf_free(&out);
    pdx__forest_free(&f);
    return status;
}
