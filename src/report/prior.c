/* The prior-sensitivity plot: the same judge fitted under priors from tight to wide. Weights that
 * move with the prior are the prior's word, those that stay are the data's. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/file.h"
#include "report/forest.h"

static pdx_status fill(pdx__forest *f, const pdx_posterior *const *fits) {
    PDX__TRY(pdx__forest_rows(f, fits[0], 1));
    for (int32_t k = 0; k < f->rows; ++k)
        for (int32_t j = 0; j < f->series; ++j) {
            pdx__forest_row *r = &f->row[k];
            r->mark[j] = pdx__mark_weight(fits[j], k);
            if (r->mark[j].known) r->effect = fmax(r->effect, fabs(pdx_posterior_mean(fits[j])[k]));
        }
    pdx__forest_sort(f, f->rows);
    pdx__forest_row *last = &f->row[f->rows];
    *last = (pdx__forest_row){.name = "shown first", .apart = 1};
    int any = 0;
    for (int32_t j = 0; j < f->series; ++j)
        any |= (last->mark[j] = pdx__mark_position(fits[j])).known;
    f->rows += any;
    return PDX_OK;
}

pdx_status pdx_report_prior_svg(const pdx_posterior *const *fits, const char *const *names,
                                int32_t count, const char *path) {
    PDX__REQUIRE(fits && names && path, "pdx_report_prior_svg: an argument is NULL");
    PDX__REQUIRE(count > 0 && count <= PDX__FOREST_SERIES, "%d fits, must be 1 to %d", (int)count,
                 PDX__FOREST_SERIES);
    for (int32_t j = 0; j < count; ++j)
        PDX__REQUIRE(fits[j] && names[j], "pdx_report_prior_svg: fit or name %d is NULL", (int)j);
    pdx__forest f = {.unit = "%", .centre = 50, .series = count, .ramp = 1};
    pdx__buf out = PDX__BUF_EMPTY, title = PDX__BUF_EMPTY;
    pdx_status status;
    for (int32_t j = 0; j < count; ++j) {
        PDX__GO(pdx__forest_same_columns(fits[0], fits[j]));
        f.name[j] = names[j];
    }
    PDX__GO(fill(&f, fits));
    pdx__buf_printf(&title, "How much is the prior's word? %s: %s", pdx_posterior_judge(fits[0]),
                    pdx_posterior_group(fits[0]));
    f.title = title.data;
    f.subtitle = "Probability that the response with more of a property is preferred, under each "
                 "prior of the weights; 95% interval";
    f.description = "Properties in rows, one mark a prior. Marks that stay in place are the data's "
                    "word.";
    f.less = "\xe2\x86\x90 less of it is preferred";
    f.more = "more of it is preferred \xe2\x86\x92";
    PDX__GO(title.status);
    pdx__forest_draw(&out, &f);
    PDX__GO(out.status);
    PDX__GO(pdx__file_write(path, out.data, out.length));
done:
    pdx__buf_free(&title);
    pdx__buf_free(&out);
    pdx__forest_free(&f);
    return status;
}
