/* pdx-quickstart: the main job in one go. Without data it simulates a small arena whose truth is
 * known, so that what is found can be held against what was planted; with data options it does the
 * same on files. */
#include "cli_data.h"
#include "fit_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int32_t top = 6;

static const cli_option table[] = {
    {.kind = CLI_TEXT,
     .name = "table",
     .argument = "FILE",
     .target = &cli_data.table,
     .help = "instead: one CSV with a header; columns are properties, and y in [0,1] (or margin); "
             "optional w, offset, judge, group"},
    {.kind = CLI_HEADING, .name = "Reading"},
    {.kind = CLI_INT32,
     .name = "top",
     .argument = "N",
     .target = &top,
     .least = 1,
     .most = 1e6,
     .help = "the N strongest properties of each fit; default 6"},
    {.kind = CLI_END},
};

static const cli_program program = {
    .name = "pdx-quickstart",
    .purpose = "what do judges of responses really prefer? The main job in one go.",
    .usage = "pdx-quickstart                       on a simulated arena with known truth\n"
             "       pdx-quickstart --pairs FILE --judgments FILE [--group-by FIELD]",
    .tables = {cli_data_table, table},
    .output_argument = "DIR",
    .output_help = "the folder for fits.json and dissection.svg; default quickstart-out",
    .formats = 2,
};

/* Which of the groups has most labels: the one that the picture shows. */
static const char *largest_group(const pdx_study *study) {
    const char *largest = NULL;
    int64_t most = -1;
    for (int32_t i = 0; i < pdx_study_count(study); ++i) {
        const pdx_posterior *fit = pdx_study_get(study, i);
        if (pdx_posterior_rows(fit) <= most) continue;
        most = pdx_posterior_rows(fit);
        largest = pdx_posterior_group(fit);
    }
    return largest;
}

static void save_picture(const pdx_study *study, const pdx_study *truth, const char *folder) {
    const char *group = largest_group(study), *judges[8];
    int32_t count = 0;
    for (int32_t i = 0; i < pdx_study_count(study) && count < 8; ++i) {
        const pdx_posterior *fit = pdx_study_get(study, i);
        if (!strcmp(pdx_posterior_group(fit), group)) judges[count++] = pdx_posterior_judge(fit);
    }
    char path[CLI_PATH];
    cli_join(path, folder, "dissection.svg");
    cli_write(pdx_report_dissection_svg(study, group, judges, count, truth, path));
}

/* How many planted weights lie in their 95 % interval. */
static void print_coverage(FILE *stream, const pdx_study *study, const pdx_study *truth) {
    int64_t inside = 0, all = 0;
    for (int32_t f = 0; f < pdx_study_count(study); ++f) {
        const pdx_posterior *fit = pdx_study_get(study, f);
        const pdx_posterior *planted =
            pdx_study_find(truth, pdx_posterior_judge(fit), pdx_posterior_group(fit));
        int32_t low, high, count = pdx_posterior_quantile_count(fit);
        interval_columns(fit, &low, &high);
        for (int32_t i = 0; planted && i < pdx_posterior_dim(fit); ++i, ++all) {
            double w = pdx_posterior_mean(planted)[i];
            const double *q = pdx_posterior_quantiles(fit) + (int64_t)i * count;
            inside += q[low] <= w && w <= q[high];
        }
    }
    fprintf(stream, "Of %lld planted weights %lld (%.1f%%) lie in their 95%% interval.\n",
            (long long)all, (long long)inside, 100.0 * (double)inside / (double)all);
}

/* "judge" or "judge (group)" */
static const char *who(const pdx_posterior *fit, char out[160]) {
    const char *group = pdx_posterior_group(fit);
    if (!strcmp(group, "all")) snprintf(out, 160, "%s", pdx_posterior_judge(fit));
    else snprintf(out, 160, "%s (%s)", pdx_posterior_judge(fit), group);
    return out;
}

/* The taste whose interval stays farthest from 50 %. */
static void tell_strongest_taste(FILE *stream, const pdx_study *study) {
    const pdx_posterior *found = NULL;
    int32_t property = 0;
    double farthest = 0, near = 0, far = 0;
    for (int32_t f = 0; f < pdx_study_count(study); ++f) {
        const pdx_posterior *fit = pdx_study_get(study, f);
        int32_t low, high, count = pdx_posterior_quantile_count(fit);
        interval_columns(fit, &low, &high);
        for (int32_t i = 0; i < pdx_posterior_dim(fit); ++i) {
            const double *q = pdx_posterior_quantiles(fit) + (int64_t)i * count;
            double distance = q[low] > 0 ? q[low] : q[high] < 0 ? -q[high] : 0;
            if (!(distance > farthest)) continue;
            farthest = distance;
            found = fit;
            property = i;
            near = percent(q[low]);
            far = percent(q[high]);
        }
    }
    if (!found) return;
    char name[160];
    double mean = pdx_posterior_mean(found)[property];
    cli_print_paragraph(
        stream, "- ",
        "The surest strong taste: for %s, a response ahead in '%s' alone wins %s%.0f%% of the "
        "time "
        "(95%% interval %.0f to %.0f%%).",
        who(found, name), property_name(found, property), mean > 0 ? "" : "only ", percent(mean),
        near, far);
}

static void tell_position(FILE *stream, const pdx_study *study) {
    const pdx_posterior *found = NULL;
    pdx_position strongest = {0};
    for (int32_t f = 0; f < pdx_study_count(study); ++f) {
        pdx_position position;
        cli_read(pdx_posterior_position(pdx_study_get(study, f), &position));
        if (!position.known || (found && fabs(position.mean) <= fabs(strongest.mean))) continue;
        strongest = position;
        found = pdx_study_get(study, f);
    }
    if (!found) return;
    char name[160];
    cli_print_paragraph(
        stream, "- ",
        "The strongest position effect: between equal responses %s chooses the one shown first "
        "%.0f%% of the time (%.0f to %.0f%%).",
        who(found, name), 100 * strongest.p_first, 100 * strongest.p_first_low,
        100 * strongest.p_first_high);
}

/* The largest difference between two judges on one property that is no accident: among those that
 * are discoveries at a rate of 5 % wrong signs. */
static void tell_disagreement(FILE *stream, const pdx_study *study) {
    const pdx_posterior *a = NULL, *b = NULL;
    int32_t property = 0, compared = 0, d = pdx_posterior_dim(pdx_study_get(study, 0));
    pdx_contrast *contrasts = calloc((size_t)d + 1, sizeof *contrasts), largest = {0};
    if (!contrasts) cli_fail(CLI_OUTSIDE, "out of memory");
    for (int32_t f = 0; f < pdx_study_count(study); ++f)
        for (int32_t g = f + 1; g < pdx_study_count(study); ++g) {
            const pdx_posterior *p = pdx_study_get(study, f), *q = pdx_study_get(study, g);
            if (strcmp(pdx_posterior_group(p), pdx_posterior_group(q))) continue;
            cli_read(pdx_posterior_contrast_all(p, q, 0.05, contrasts));
            compared = 1;
            for (int32_t i = 0; i < d; ++i) {
                if (!contrasts[i].discovery || fabs(contrasts[i].mean) <= fabs(largest.mean))
                    continue;
                largest = contrasts[i];
                property = i;
                a = p;
                b = q;
            }
        }
    free(contrasts);
    if (!compared) return; /* one judge alone */
    if (!a) {
        cli_print_paragraph(stream, "- ", "No two judges differ for certain on any property.");
        return;
    }
    char name[160], other[160], text[16];
    double surely = largest.mean > 0 ? largest.prob_greater : 1 - largest.prob_greater;
    cli_print_paragraph(
        stream, "- ",
        "The largest sure disagreement: ahead in '%s' alone wins %.0f%% of the time with %s and "
        "%.0f%% with %s (probability that the order is right: %s).",
        property_name(a, property), percent(pdx_posterior_mean(a)[property]), who(a, name),
        percent(pdx_posterior_mean(b)[property]), who(b, other), probability_text(surely, text));
}

static void print_all(FILE *stream, const pdx_study *study, const pdx_study *truth) {
    const char *group = largest_group(study);
    if (truth)
        cli_print_paragraph(
            stream, "",
            "A simulated arena: judges whose tastes are known (the column 'planted') "
            "have compared pairs of responses in several scenarios. What do the fits "
            "find?\n");
    int32_t shown = 0, fits = pdx_study_count(study);
    for (int32_t i = 0; i < fits && shown < 8; ++i) {
        const pdx_posterior *fit = pdx_study_get(study, i);
        if (strcmp(pdx_posterior_group(fit), group)) continue;
        const pdx_posterior *planted =
            truth ? pdx_study_find(truth, pdx_posterior_judge(fit), group) : NULL;
        print_fit_table(stream, fit, planted, top);
        ++shown;
    }
    print_fit_legend(stream, study);
    if (shown < fits) fprintf(stream, "Shown: %d of %d fits; all are in fits.json.\n", shown, fits);
    fputc('\n', stream);
    if (truth) print_coverage(stream, study, truth);
    int32_t checked, failed;
    count_checked(study, &checked, &failed);
    fprintf(stream, "The numerical check was made for %d of %d fits and held for %d.\n", checked,
            fits, checked - failed);
    fputs("\nIn plain words, over all fits:\n", stream);
    tell_strongest_taste(stream, study);
    tell_position(stream, study);
    tell_disagreement(stream, study);
}

int main(int argc, char **argv) {
    pdx_dataset *dataset;
    pdx_judgments *judgments;
    pdx_study *study, *truth = NULL;
    cli_parse(&program, argc, argv);
    if (cli_data_given()) {
        cli_load(&dataset, &judgments);
    } else {
        pdx_simulate_options options;
        pdx_simulate_options_init(&options);
        options.pairs = 4000;
        options.seed = (uint64_t)cli.seed;
        cli_read(pdx_simulate(&dataset, &judgments, &truth, &options));
    }
    pdx_fit_options fit;
    pdx_fit_options_init(&fit);
    if (truth) fit.prior = PDX_PRIOR_EB; /* how strong tastes are is for the data to say */
    fit.judges = cli_data.judges.count ? cli_data.judges.items : NULL;
    fit.judge_count = cli_data.judges.count;
    fit.seed = (uint64_t)cli.seed;
    fit.threads = cli.threads;
    fit.hooks = cli_hooks();
    cli_read(pdx_study_fit(&study, dataset, judgments, &fit));
    if (!pdx_study_count(study)) cli_fail(CLI_BAD_INPUT, "there is nothing to fit");

    const char *folder = cli.output ? cli.output : "quickstart-out";
    char path[CLI_PATH];
    cli_make_folder(folder);
    cli_join(path, folder, "fits.json");
    cli_write(pdx_study_save(study, path));
    save_picture(study, truth, folder);
    if (cli.format == CLI_FORMAT_JSON) {
        cli_write(pdx_study_save(study, "-"));
    } else {
        cli_sink sink;
        cli_sink_open(&sink);
        if (cli.format == CLI_FORMAT_CSV) print_fits_csv(sink.stream, study);
        else print_all(sink.stream, study, truth);
        cli_sink_finish(&sink, NULL);
    }
    cli_note("fits.json and dissection.svg are in %s", folder);

    pdx_study_free(study);
    pdx_study_free(truth);
    pdx_judgments_free(judgments);
    pdx_dataset_free(dataset);
    return CLI_DONE;
}
