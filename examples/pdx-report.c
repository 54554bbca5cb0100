/* pdx-report: one HTML file in which a person sees what judges prefer. */
#include "analysis_write.h"

#include <ctype.h>
#include <string.h>

static cli_list fits, weights;
static const char *truth, *svg;
static pdx_report_options options;

static const cli_option table[] = {
    {.kind = CLI_TEXT,
     .name = "table",
     .argument = "FILE",
     .target = &cli_data.table,
     .help = "instead: one CSV with a header; columns are properties, and y in [0,1]",
     .advanced = 1},
    {.kind = CLI_HEADING, .name = "Weights"},
    {.kind = CLI_LIST,
     .name = "fits",
     .argument = "FILE",
     .target = &fits,
     .help = "fits.json of pdx-fit; repeatable. Without fits and weights the data are fitted now"},
    {.kind = CLI_LIST,
     .name = "weights",
     .argument = "DIR",
     .target = &weights,
     .help = "published weights of Li et al. 2024, a folder or a file; repeatable"},
    {.kind = CLI_HEADING, .name = "Report"},
    {.kind = CLI_TEXT,
     .name = "title",
     .argument = "TEXT",
     .target = &options.title,
     .help = "over the page; default \"What these judges prefer\""},
    {.kind = CLI_INT64,
     .name = "pairs-shown",
     .argument = "N",
     .target = &options.pairs_shown,
     .most = 1e9,
     .help = "pairs whose texts are kept; default 1000, 0: no texts"},
    {.kind = CLI_INT64,
     .name = "text-chars",
     .argument = "N",
     .target = &options.text_chars,
     .least = 20,
     .most = 1e9,
     .help = "the longest text that is kept whole; default 2000",
     .advanced = 1},
    {.kind = CLI_INT64,
     .name = "max-bytes",
     .argument = "N",
     .target = &options.max_bytes,
     .most = 4e9,
     .help = "texts are kept as long as the file stays below this; default 2000000",
     .advanced = 1},
    {.kind = CLI_TEXT,
     .name = "truth",
     .argument = "FILE",
     .target = &truth,
     .help = "truth.json of pdx-simulate: planted weights, shown beside the fitted ones",
     .advanced = 1},
    {.kind = CLI_TEXT,
     .name = "svg",
     .argument = "DIR",
     .target = &svg,
     .help = "also pictures for print: what each group's judges weigh, who is like whom, ..."},
    {.kind = CLI_INT64,
     .name = "draws",
     .argument = "N",
     .target = &options.draws,
     .most = 1e6,
     .help = "of each posterior, for limits of similarities; default 200, 0: none",
     .advanced = 1},
    {.kind = CLI_END},
};

static const cli_program program = {
    .name = "pdx-report",
    .purpose = "one HTML file in which a person sees what judges prefer.",
    .usage = "pdx-report -o report.html --pairs pairs.jsonl --judgments judgments.jsonl\n"
             "       pdx-report -o report.html --fits fits.json [data]\n"
             "       pdx-report -o report.html --weights fitted_paras_comparison",
    .tables = {cli_data_table, table},
    .closing = "The page works offline, from disk or from any static host. It holds texts of the "
               "pairs:\nthink of whom you send it to (--pairs-shown 0 leaves them out).",
    .output_argument = "FILE",
    .output_help = "the page; default report.html",
};

static void load(pdx_dataset **dataset, pdx_judgments **judgments, pdx_study **study) {
    int from_files = fits.count || weights.count;
    int judged = cli_data.judgments.count || cli_data.labels.count || cli_data.verdicts.count;
    if (!from_files && !cli_data_given())
        cli_fail(CLI_BAD_INPUT, "what about? Give --fits FILE, --weights DIR, or --pairs FILE and "
                                "--judgments FILE");
    if (!from_files || judged || cli_data.table) cli_load(dataset, judgments);
    else if (cli_data_given()) cli_load_dataset(dataset);
    if (from_files) load_fits(study, &fits, &weights);
    else fit_now(study, *dataset, *judgments, 1);
}

/* ---- pictures for print ---- */

enum { DRAWN = 8 }; /* judges that one picture can show */

/* "DIR/kind-group.svg", with only such characters of the group's name as any file system takes. */
static void picture_path(char path[CLI_PATH], const char *kind, const char *group) {
    char name[256];
    int used =
        snprintf(name, sizeof name, "%s%s%.160s.svg", kind, group ? "-" : "", group ? group : "");
    for (int i = 0; i < used; ++i)
        if (name[i] != '.' && name[i] != '-' && !isalnum((unsigned char)name[i])) name[i] = '_';
    cli_join(path, svg, name);
}

static void draw_group(const pdx_study *study, const pdx_study *planted, const pdx_dataset *dataset,
                       const pdx_judgments *judgments, const char *group) {
    const char *judges[DRAWN];
    int32_t count = 0, ordered = judgments != NULL;
    for (int32_t i = 0; i < pdx_study_count(study) && count < DRAWN; ++i) {
        const pdx_posterior *fit = pdx_study_get(study, i);
        if (strcmp(pdx_posterior_group(fit), group)) continue;
        pdx_position position;
        cli_read(pdx_posterior_position(fit, &position));
        ordered |= position.known;
        judges[count++] = pdx_posterior_judge(fit);
    }
    char path[CLI_PATH];
    picture_path(path, "dissection", group);
    cli_picture(pdx_report_dissection_svg(study, group, judges, count, planted, path));
    picture_path(path, "position", group);
    pdx_status status =
        ordered ? pdx_report_position_svg(study, group, dataset, judgments, path) : PDX_OK;
    if (status != PDX_EINVAL) cli_picture(status); /* of no judge is the order known */
}

static void draw_pictures(const pdx_study *study, const pdx_study *planted,
                          const pdx_dataset *dataset, const pdx_judgments *judgments) {
    pdx_similarity *similarity;
    pdx_similarity_options like;
    pdx_similarity_options_init(&like);
    like.seed = (uint64_t)cli.seed;
    like.threads = cli.threads;
    like.hooks = cli_hooks();
    cli_make_folder(svg);
    cli_read(pdx_similarity_create(&similarity, study, &like));
    char path[CLI_PATH];
    for (int32_t g = 0; g < pdx_similarity_group_count(similarity); ++g)
        draw_group(study, planted, dataset, judgments, pdx_similarity_group(similarity, g));
    for (int32_t g = -1; g < pdx_similarity_group_count(similarity); ++g) {
        if (pdx_similarity_judge_count(similarity) < 2) break;
        picture_path(path, "similarity", g < 0 ? "overall" : pdx_similarity_group(similarity, g));
        cli_picture(pdx_report_similarity_svg(similarity, g, PDX_METRIC_PEARSON, path));
    }
    if (judgments && pdx_judgments_judge_count(judgments) > 1) {
        picture_path(path, "agreement", NULL);
        cli_picture(
            pdx_report_agreement_svg(judgments, dataset, NULL, 0, -1, PDX_AGREEMENT_KAPPA, path));
    }
    pdx_similarity_free(similarity);
}

int main(int argc, char **argv) {
    pdx_dataset *dataset = NULL;
    pdx_judgments *judgments = NULL;
    pdx_study *study, *planted = NULL;
    pdx_report *report;
    pdx_report_options_init(&options);
    cli_parse(&program, argc, argv);
    load(&dataset, &judgments, &study);
    if (truth) cli_read(pdx_study_load(&planted, truth));
    options.truth = planted;
    options.seed = (uint64_t)cli.seed;
    options.threads = cli.threads;
    options.hooks = cli_hooks();
    cli_read(pdx_report_create(&report, study, dataset, judgments, &options));
    const char *path = cli.output ? cli.output : "report.html";
    cli_write(pdx_report_save(report, path));
    if (svg) draw_pictures(study, planted, dataset, judgments);
    for (int32_t i = 0; i < pdx_report_finding_count(report) && i < 3; ++i)
        cli_note("%s", pdx_report_finding(report, i));
    cli_note("the report is in %s", path);
    pdx_report_free(report);
    pdx_study_free(planted);
    pdx_study_free(study);
    pdx_judgments_free(judgments);
    pdx_dataset_free(dataset);
    return CLI_DONE;
}
