/* The report's handle: gathering, what callers add, and freeing. */
#include "report.h"

#include <math.h>
#include <string.h>

#include "core/options.h"

#define ROW(name, kind, initial, least, most)                                                      \
    { #name, kind, offsetof(pdx_report_options, name), initial, least, most, NULL }
static const pdx__option table[] = {
    ROW(title, PDX__OPTION_POINTER, 0, 0, 0),
    ROW(max_bytes, PDX__OPTION_INT64, 2000000, 0, 4e9),
    ROW(pairs_shown, PDX__OPTION_INT64, 1000, 0, 1e9),
    ROW(text_chars, PDX__OPTION_INT64, 2000, 20, 1e9),
    ROW(draws, PDX__OPTION_INT64, 200, 0, 1e6),
    ROW(truth, PDX__OPTION_POINTER, 0, 0, 0),
    ROW(seed, PDX__OPTION_UINT64, 1, 0, 0),
    ROW(threads, PDX__OPTION_INT32, 0, 0, 4096),
    ROW(hooks, PDX__OPTION_HOOKS, 0, 0, 0),
};

void(pdx_report_options_init)(pdx_report_options *options, uint32_t size) {
    if (options) pdx__options_init(options, size, table, PDX__ROWS(table));
}

void pdx_report_free(pdx_report *report) {
    if (!report) return;
    for (size_t i = 0; i < report->findings; ++i) pdx__free(report->finding[i]);
    for (size_t i = 0; i < report->pieces; ++i) {
        pdx__report_piece *p = &report->piece[i];
        char *const texts[] = {p->heading, p->text, p->title, p->caption, p->svg, p->csv};
        for (size_t k = 0; k < sizeof texts / sizeof *texts; ++k) pdx__free(texts[k]);
    }
    pdx__buf_free(&report->document);
    pdx__free(report->finding);
    pdx__free(report->piece);
    pdx__free(report->title);
    pdx__free(report);
}

static pdx_status write_document(pdx_report *report, const pdx__report_source *source) {
    pdx__buf *out = &report->document;
    pdx__buf_text(out, "{\"format\":\"prefdissect.report\",\"version\":1,\"library\":");
    pdx__buf_json_string(out, pdx_version_string(), strlen(pdx_version_string()));
    pdx__report_put_study(out, source);
    PDX__TRY(pdx__report_put_comparison(out, source));
    pdx__report_put_effects(out, source);
    int64_t limit = source->options->max_bytes - (int64_t)pdx__report_page_size(report);
    PDX__TRY(pdx__report_put_pairs(out, source, limit));
    pdx__buf_char(out, '}');
    return out->status;
}

pdx_status pdx_report_create(pdx_report **out, const pdx_study *study, const pdx_dataset *dataset,
                             const pdx_judgments *judgments, const pdx_report_options *options) {
    PDX__REQUIRE(out, "pdx_report_create: 'out' is NULL");
    *out = NULL;
    PDX__REQUIRE(study, "pdx_report_create: 'study' is NULL");
    PDX__REQUIRE(pdx_study_count(study) > 0, "the study has no fits: there is nothing to report");
    PDX__REQUIRE(!judgments || dataset, "pdx_report_create: judgments without their dataset");
    pdx_report_options full;
    PDX__TRY(
        pdx__options_take(&full, sizeof full, options, table, PDX__ROWS(table), "report options"));
    pdx__report_source source = {
        .study = study, .dataset = dataset, .judgments = judgments, .options = &full};
    pdx_report *report = pdx__alloc_zero(1, sizeof *report);
    if (!report) return PDX_ENOMEM;
    pdx_status status = PDX_ENOMEM;
    report->title = pdx__strdup(full.title ? full.title : "What these judges prefer");
    if (!report->title) goto done;
    PDX__GO(pdx__report_gather(&source));
    PDX__GO(pdx__report_find(report, &source));
    PDX__GO(write_document(report, &source));
    *out = report;
    report = NULL;
done:
    pdx__report_source_free(&source);
    pdx_report_free(report);
    return status;
}

int32_t pdx_report_finding_count(const pdx_report *report) {
    return report ? (int32_t)report->findings : 0;
}

const char *pdx_report_finding(const pdx_report *report, int32_t i) {
    return report && i >= 0 && (size_t)i < report->findings ? report->finding[i] : NULL;
}

pdx_status pdx_report_add_finding(pdx_report *report, const char *sentence) {
    PDX__REQUIRE(report && sentence && *sentence, "pdx_report_add_finding: NULL or empty");
    PDX__TRY(pdx__grow(&report->finding, &report->finding_capacity, report->findings + 1,
                       sizeof *report->finding));
    char *copy = pdx__strdup(sentence);
    if (!copy) return PDX_ENOMEM;
    report->finding[report->findings++] = copy;
    return PDX_OK;
}

/* Copies a text into its place; NULL stays NULL. */
static int copied(char **to, const char *text) {
    return !text || (*to = pdx__strdup(text)) != NULL;
}

static pdx_status add(pdx_report *report, const pdx__report_piece *given) {
    PDX__TRY(pdx__grow(&report->piece, &report->piece_capacity, report->pieces + 1,
                       sizeof *report->piece));
    pdx__report_piece *p = &report->piece[report->pieces++];
    memset(p, 0, sizeof *p);
    if (copied(&p->heading, given->heading) && copied(&p->text, given->text) &&
        copied(&p->title, given->title) && copied(&p->caption, given->caption) &&
        copied(&p->svg, given->svg) && copied(&p->csv, given->csv))
        return PDX_OK;
    char *const texts[] = {p->heading, p->text, p->title, p->caption, p->svg, p->csv};
    for (size_t k = 0; k < sizeof texts / sizeof *texts; ++k) pdx__free(texts[k]);
    --report->pieces;
    return PDX_ENOMEM;
}

pdx_status pdx_report_add_text(pdx_report *report, const char *heading, const char *text) {
    PDX__REQUIRE(report && heading && *heading && text && *text,
                 "pdx_report_add_text: NULL or empty");
    return add(report, &(pdx__report_piece){.heading = (char *)heading, .text = (char *)text});
}

pdx_status pdx_report_add_picture(pdx_report *report, const char *heading, const char *title,
                                  const char *caption, const char *svg, const char *csv) {
    PDX__REQUIRE(report && heading && *heading && title && *title && svg && *svg,
                 "pdx_report_add_picture: heading, title and svg are needed");
    PDX__REQUIRE(strstr(svg, "<svg"), "pdx_report_add_picture: 'svg' of '%s' is not an SVG", title);
    return add(report, &(pdx__report_piece){.heading = (char *)heading,
                                            .title = (char *)title,
                                            .caption = (char *)caption,
                                            .svg = (char *)svg,
                                            .csv = (char *)csv});
}
