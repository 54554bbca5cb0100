/* Pictures of probes and shifts, and the page with a section on them; see probe_table.h. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "probe_table.h"

enum { MOST_POINTS = 256 };
typedef struct points {
    int32_t n;
    const char *names[MOST_POINTS];
    double predicted[3][MOST_POINTS], measured[3][MOST_POINTS]; /* value, low, high */
} points;

static void add_point(points *p, const char *name, const pdx_estimate *predicted,
                      const pdx_estimate *measured, double unit) {
    if (p->n == MOST_POINTS) return;
    const double x[3] = {predicted->value, predicted->low, predicted->high};
    const double y[3] = {measured->value, measured->low, measured->high};
    for (int k = 0; k < 3; ++k) {
        p->predicted[k][p->n] = unit * x[k];
        p->measured[k][p->n] = unit * y[k];
    }
    p->names[p->n++] = name;
}

static void draw(const points *p, double none, const char *unit, const char *title,
                 const char *path) {
    pdx_calibration_points plot = {.size = sizeof plot,
                                   .count = p->n,
                                   .names = p->names,
                                   .predicted = p->predicted[0],
                                   .predicted_low = p->predicted[1],
                                   .predicted_high = p->predicted[2],
                                   .measured = p->measured[0],
                                   .measured_low = p->measured[1],
                                   .measured_high = p->measured[2],
                                   .none = none,
                                   .unit = unit};
    cli_write(pdx_report_calibration_svg(&plot, title, path));
}

/* The text of a file that this program wrote, which is then removed. */
static char *take_file(const char *path) {
    FILE *file = fopen(path, "rb");
    char *text = NULL;
    size_t size = 0;
    if (!file || getdelim(&text, &size, 0, file) < 0)
        cli_fail(CLI_OUTSIDE, "%s: cannot be read", path);
    fclose(file);
    remove(path);
    return text;
}

/* The page of the judge's fits, with a section of its own for the picture and its numbers. */
static void write_page(const char *html, const pdx_study *study, const points *p, double none,
                       const char *unit, const char *heading, const char *title,
                       const char *sentences, const char *csv) {
    pdx_report *report;
    pdx_report_options options;
    char path[] = "/tmp/pdx-probe-XXXXXX";
    int file = mkstemp(path);
    if (file < 0) cli_fail(CLI_OUTSIDE, "%s: cannot be written", path);
    close(file);
    draw(p, none, unit, title, path);
    char *picture = take_file(path);
    pdx_report_options_init(&options);
    options.threads = cli.threads;
    options.hooks = cli_hooks();
    cli_read(pdx_report_create(&report, study, NULL, NULL, &options));
    cli_write(pdx_report_add_finding(report, sentences));
    cli_write(pdx_report_add_text(report, heading, sentences));
    cli_write(pdx_report_add_picture(report, heading, title,
                                     "Predicted by the fit's weights from the change of the "
                                     "properties, against what the judge did. On the dashed line "
                                     "they are the same.",
                                     picture, csv));
    cli_write(pdx_report_save(report, html));
    pdx_report_free(report);
    free(picture);
}

void show_probe(const pdx_probe *probe, const pdx_study *study, const char *svg, const char *html) {
    if (!svg && !html) return;
    static points p;
    char title[300];
    for (int32_t i = 0; i < pdx_probe_count(probe); ++i) {
        pdx_probe_effect e;
        cli_read(pdx_probe_get(probe, i, &e));
        if (e.pairs >= 5 && strcmp(e.name, "same"))
            add_point(&p, e.name, &e.predicted, &e.measured, 1);
    }
    snprintf(title, sizeof title, "What edits do to judge %.100s (log-odds)",
             pdx_probe_judge(probe));
    if (svg) draw(&p, 0, NULL, title, svg);
    if (!html) return;
    char *csv = NULL;
    size_t size;
    FILE *stream = open_memstream(&csv, &size);
    if (!stream) cli_fail(CLI_OUTSIDE, "out of memory");
    print_probe_csv(stream, probe);
    fclose(stream);
    write_page(html, study, &p, 0, NULL, "Interventions", title, pdx_probe_sentence(probe), csv);
    free(csv);
}

/* Every arm over all pairs. */
void show_shift(const pdx_shift *shift, const pdx_study *study, const char *svg, const char *html) {
    if (!svg && !html) return;
    static points p;
    char title[300], words_of[600];
    size_t used = 0;
    for (int32_t i = 0; i < pdx_shift_count(shift); ++i) {
        pdx_shift_row r;
        cli_read(pdx_shift_get(shift, i, &r));
        if (strcmp(r.group, "all")) break;
        if (!r.against) {
            add_point(&p, r.arm, &r.numbers.predicted, &r.numbers.wins, 100);
            continue;
        }
        if (used < sizeof words_of)
            used +=
                (size_t)snprintf(words_of + used, sizeof words_of - used,
                                 "%sArm %.60s wins %+.1f points more than %.60s (95 %%: %+.1f to "
                                 "%+.1f).",
                                 used ? " " : "", r.arm, 100 * r.numbers.wins.value, r.against,
                                 100 * r.numbers.wins.low, 100 * r.numbers.wins.high);
    }
    snprintf(title, sizeof title, "Win rates against %.80s, judge %.80s", pdx_shift_baseline(shift),
             pdx_shift_judge(shift));
    if (!used) snprintf(words_of, sizeof words_of, "One arm alone: nothing is compared.");
    if (svg) draw(&p, 50, "%", title, svg);
    if (!html) return;
    if (!study) cli_fail(CLI_BAD_INPUT, "--html needs --fits");
    char *csv = NULL;
    size_t size;
    FILE *stream = open_memstream(&csv, &size);
    if (!stream) cli_fail(CLI_OUTSIDE, "out of memory");
    print_shift_csv(stream, shift);
    fclose(stream);
    write_page(html, study, &p, 50, "%", "Benchmark", title, words_of, csv);
    free(csv);
}
