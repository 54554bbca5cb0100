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
    .output_help =
        "the folder for report.html, fits.json and dissection.svg; default quickstart-out",
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

enum { PLAINEST = 3 };

/* The report, and its plainest findings. */
static void tell_findings(FILE *stream, const pdx_report *report) {
    fputs("\nIn plain words, over all fits:\n", stream);
    for (int32_t i = 0; i < PLAINEST && i < pdx_report_finding_count(report); ++i)
        cli_print_paragraph(stream, "- ", "%s", pdx_report_finding(report, i));
}

static void print_all(FILE *stream, const pdx_study *study, const pdx_study *truth,
                      const pdx_report *report) {
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
    tell_findings(stream, report);
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
    pdx_report *report;
    pdx_report_options about;
    pdx_report_options_init(&about);
    about.truth = truth;
    about.seed = (uint64_t)cli.seed;
    about.threads = cli.threads;
    about.hooks = cli_hooks();
    cli_read(pdx_report_create(&report, study, dataset, judgments, &about));
    cli_join(path, folder, "report.html");
    cli_write(pdx_report_save(report, path));
    if (cli.format == CLI_FORMAT_JSON) {
        cli_write(pdx_study_save(study, "-"));
    } else {
        cli_sink sink;
        cli_sink_open(&sink);
        if (cli.format == CLI_FORMAT_CSV) print_fits_csv(sink.stream, study);
        else print_all(sink.stream, study, truth, report);
        cli_sink_finish(&sink, NULL);
    }
    cli_note("fits.json and dissection.svg are in %s; open the report: %s", folder, path);

    pdx_report_free(report);
    pdx_study_free(study);
    pdx_study_free(truth);
    pdx_judgments_free(judgments);
    pdx_dataset_free(dataset);
    return CLI_DONE;
}
