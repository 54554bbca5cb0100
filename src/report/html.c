/* The page put together: its parts, and what stands in their slots. */
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "encode.h"
#include "page.h"
#include "report.h"
#include "wasm.h"

static void put_title(pdx__buf *out, const pdx_report *report) {
    pdx__html_text(out, report->title);
}

static void put_findings(pdx__buf *out, const pdx_report *report) {
    for (size_t i = 0; i < report->findings; ++i) {
        pdx__buf_text(out, "<li>");
        pdx__html_text(out, report->finding[i]);
        pdx__buf_text(out, "</li>\n");
    }
}

static void put_document(pdx__buf *out, const pdx_report *report) {
    pdx__html_json(out, &report->document);
}

/* The fit in WebAssembly; empty where this build has none. */
static void put_fitter(pdx__buf *out, const pdx_report *report) {
    (void)report;
    pdx__base64(out, pdx__wasm_module, pdx__wasm_module_size);
}

/* ---- what callers added ---- */

static void put_paragraphs(pdx__buf *out, const char *text) {
    while (*text) {
        const char *end = strstr(text, "\n\n");
        size_t length = end ? (size_t)(end - text) : strlen(text);
        char *paragraph = pdx__strndup(text, length);
        if (!paragraph) {
            out->status = PDX_ENOMEM;
            return;
        }
        pdx__buf_text(out, "<p>");
        pdx__html_text(out, paragraph);
        pdx__buf_text(out, "</p>\n");
        pdx__free(paragraph);
        text += length;
        while (*text == '\n') ++text;
    }
}

/* An SVG as an image: nothing in it can run, and its names cannot meet others of the page. */
static void put_picture(pdx__buf *out, const pdx__report_piece *piece, int number) {
    pdx__buf_text(out, "<figure class=\"picture\"><h3>");
    pdx__html_text(out, piece->title);
    pdx__buf_text(out, "</h3>\n<img alt=\"");
    pdx__html_text(out, piece->title);
    if (piece->caption) {
        pdx__buf_text(out, ". ");
        pdx__html_text(out, piece->caption);
    }
    pdx__buf_text(out, "\" src=\"data:image/svg+xml;base64,");
    pdx__base64(out, piece->svg, strlen(piece->svg));
    pdx__buf_text(out, "\">\n");
    if (piece->caption) {
        pdx__buf_text(out, "<figcaption>");
        pdx__html_text(out, piece->caption);
        pdx__buf_text(out, "</figcaption>\n");
    }
    if (piece->csv) {
        pdx__buf csv = PDX__BUF_EMPTY;
        pdx__json_text(&csv, piece->csv);
        pdx__buf_printf(out,
                        "<script type=\"application/json\" class=\"csv\" data-name=\"picture-%d\">",
                        number);
        if (csv.status == PDX_OK) pdx__html_json(out, &csv);
        else out->status = csv.status;
        pdx__buf_text(out, "</script>\n");
        pdx__buf_free(&csv);
    }
    pdx__buf_text(out, "</figure>\n");
}

static int is_first_of_heading(const pdx_report *report, size_t i) {
    for (size_t k = 0; k < i; ++k)
        if (!strcmp(report->piece[k].heading, report->piece[i].heading)) return 0;
    return 1;
}

static void put_sections(pdx__buf *out, const pdx_report *report) {
    int number = 0;
    for (size_t i = 0; i < report->pieces; ++i) {
        if (!is_first_of_heading(report, i)) continue;
        const char *heading = report->piece[i].heading;
        pdx__buf_printf(out, "<section class=\"view added\" id=\"added-%zu\"><h2>", i + 1);
        pdx__html_text(out, heading);
        pdx__buf_text(out, "</h2>\n");
        for (size_t k = i; k < report->pieces; ++k) {
            if (strcmp(report->piece[k].heading, heading)) continue;
            if (report->piece[k].text) put_paragraphs(out, report->piece[k].text);
            else put_picture(out, &report->piece[k], ++number);
        }
        pdx__buf_text(out, "</section>\n");
    }
}

static const struct {
    const char *name;
    void (*put)(pdx__buf *, const pdx_report *);
} slot[] = {
    {"title", put_title},       {"heading", put_title},     {"findings", put_findings},
    {"sections", put_sections}, {"document", put_document}, {"fitter", put_fitter},
};

size_t pdx__report_page_size(const pdx_report *report) {
    pdx__buf texts = PDX__BUF_EMPTY; /* where it fails, so will saving */
    put_title(&texts, report);
    size_t size = texts.length + 4 * (pdx__wasm_module_size / 3 + 1);
    put_findings(&texts, report);
    size += texts.length;
    pdx__buf_free(&texts);
    for (const pdx__page_part *part = pdx__page; part->slot; ++part) size += strlen(part->text);
    return size;
}

pdx_status pdx_report_save(const pdx_report *report, const char *path) {
    PDX__REQUIRE(report && path, "pdx_report_save: an argument is NULL");
    pdx__buf out = PDX__BUF_EMPTY;
    for (const pdx__page_part *part = pdx__page; part->slot; ++part) {
        for (size_t i = 0; i < sizeof slot / sizeof *slot; ++i)
            if (!strcmp(slot[i].name, part->slot)) slot[i].put(&out, report);
        pdx__buf_text(&out, part->text);
    }
    pdx_status status = out.status;
    if (status == PDX_OK) status = pdx__file_write(path, out.data, out.length);
    pdx__buf_free(&out);
    return status;
}
