/* The pictures of pdx-fit: the dissection, position effects, and the same judge under other priors.
 */
#include "fit_pictures.h"

#include <math.h>
#include <string.h>

#include "cli.h"

enum { SCALES = 5, AS_FITTED = 2 };
static const double factor[SCALES] = {0.25, 0.5, 1, 2, 4};

static void draw_prior(const char *path, const pdx_posterior *fit, const pdx_dataset *dataset,
                       const pdx_judgments *judgments, const pdx_fit_options *options) {
    const char *judge = pdx_posterior_judge(fit), *group = pdx_posterior_group(fit);
    const char *prior = options->prior == PDX_PRIOR_GAUSSIAN ? "Gaussian" : "Laplace";
    double scale = pdx_posterior_prior_scale(fit);
    pdx_study *study[SCALES] = {NULL};
    const pdx_posterior *fits[SCALES];
    const char *names[SCALES];
    char text[SCALES][64];
    if (!(scale > 0) || !isfinite(scale))
        cli_fail(CLI_BAD_INPUT, "--svg-prior: the prior of judge '%s' has no scale to vary", judge);
    for (int i = 0; i < SCALES; ++i) {
        pdx_fit_options other = *options;
        if (other.prior == PDX_PRIOR_EB) other.prior = PDX_PRIOR_LAPLACE;
        other.prior_scale = factor[i] * scale;
        other.judges = &judge;
        other.judge_count = 1;
        other.folds = 0;
        other.predict = 0;
        other.draws = 0;
        if (i != AS_FITTED) cli_read(pdx_study_fit(&study[i], dataset, judgments, &other));
        fits[i] = i == AS_FITTED ? fit : pdx_study_find(study[i], judge, group);
        snprintf(text[i], sizeof text[i], "%s %.3g%s", prior, other.prior_scale,
                 i == AS_FITTED ? " (this fit)" : "");
        names[i] = text[i];
    }
    cli_picture(pdx_report_prior_svg(fits, names, SCALES, path));
    for (int i = 0; i < SCALES; ++i) pdx_study_free(study[i]);
}

void draw_fit_pictures(const fit_picture_files *files, const pdx_study *study,
                       const pdx_dataset *dataset, const pdx_judgments *judgments,
                       const pdx_fit_options *options) {
    const pdx_posterior *first = NULL;
    if (!files->dissection && !files->position && !files->prior) return;
    for (int32_t i = pdx_study_count(study) - 1; i >= 0; --i) {
        const pdx_posterior *fit = pdx_study_get(study, i);
        if (!files->group || !strcmp(files->group, pdx_posterior_group(fit))) first = fit;
    }
    if (!first && files->group)
        cli_fail(CLI_BAD_INPUT, "--svg-group: there is no group '%s'", files->group);
    if (!first) cli_fail(CLI_BAD_INPUT, "there are no fits to draw");
    const char *group = pdx_posterior_group(first);
    if (files->dissection)
        cli_picture(pdx_report_dissection_svg(study, group, NULL, 0, NULL, files->dissection));
    if (files->position)
        cli_picture(pdx_report_position_svg(study, group, dataset, judgments, files->position));
    if (files->prior) draw_prior(files->prior, first, dataset, judgments, options);
}
