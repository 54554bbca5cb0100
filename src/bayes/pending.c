/* Says so where a part of the engine is asked for that has not arrived: each function here goes
 * when its own file comes. */
#include "fit.h"

pdx_status pdx__fit_margin(pdx__fit *out, double *scale_mean, double *scale_sd,
                           const pdx__design *design, const double *margin, const double *weight,
                           const double *offset, const pdx__prior *prior,
                           const pdx__fit_settings *settings, pdx__workspace *workspace) {
    (void)scale_mean, (void)scale_sd, (void)design, (void)margin, (void)weight, (void)offset;
    (void)prior, (void)settings, (void)workspace;
    *out = (pdx__fit){0};
    return pdx__fail(PDX_EUNSUPPORTED, "the margin likelihood is not built into this library");
}

pdx_status pdx__fit_empirical_bayes(double *b, const pdx__problem *problem,
                                    pdx__workspace *workspace) {
    (void)problem, (void)workspace;
    *b = 0.1;
    return pdx__fail(PDX_EUNSUPPORTED, "empirical Bayes is not built into this library");
}
