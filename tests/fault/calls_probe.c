/* Edits, the pairs of a probe, and what is measured with them. */
#include "calls.h"

#include <stdio.h>

static pdx_edits *edits;
static pdx_dataset *texts;

static pdx_status write_text(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    if (!file) return PDX_EIO;
    fputs(text, file);
    return fclose(file) == 0 ? PDX_OK : PDX_EIO;
}

static pdx_status edits_create(void) {
    pdx_edits *out = UNSET(pdx_edits);
    MAKES(out, pdx_edits_create(&out, fault_path("edits.json")));
    pdx_edits_free(out);
    return PDX_OK;
}

static pdx_status edits_get(void) {
    pdx_edit edit;
    return pdx_edits_get(edits, 0, &edit);
}

static pdx_status edits_apply(void) {
    const char *out;
    MUST(pdx_edits_apply(edits, pdx_edits_find(edits, "hedges-added"), "It is. It was.", NULL, 1,
                         &out));
    return pdx_edits_apply(edits, pdx_edits_find(edits, "sentences-shuffled"), "It is. It was.",
                           NULL, 1, &out);
}

static pdx_status probe_write(void) {
    static const char *const names[] = {"same", "hedges-added", "blank-line"};
    pdx_probe_counts counts;
    pdx_probe_write_options options;
    pdx_probe_write_options_init(&options);
    options.edits = names;
    options.edit_count = 3;
    options.texts = fault_path("texts.jsonl");
    return pdx_probe_write(&counts, texts, edits, fault_path("out"), &options);
}

pdx_status fault_probe_begin(void) {
    MUST(write_text(fault_path("edits.json"),
                    "{\"edits\":[{\"name\":\"own\",\"pattern\":\"a\",\"replacement\":\"b\"}]}"));
    MUST(write_text(fault_path("originals.jsonl"),
                    "{\"id\":\"t1\",\"query\":\"q\",\"response_a\":\"It is one.\",\"response_b\":"
                    "\"It is two.\"}\n{\"id\":\"t2\",\"query\":\"r\",\"response_a\":\"A cat.\","
                    "\"response_b\":\"\"}\n"));
    MUST(write_text(
        fault_path("texts.jsonl"),
        "{\"pair\":\"t1\",\"edit\":\"mine\",\"side\":\"a\",\"response\":\"It was.\"}\n"));
    pdx_dataset_files files = {.pairs = fault_path("originals.jsonl")};
    MUST(pdx_dataset_load(&texts, &files, NULL));
    return pdx_edits_create(&edits, NULL);
}

void fault_probe_end(void) {
    pdx_edits_free(edits);
    pdx_dataset_free(texts);
}

const fault_call fault_probe_calls[] = {
    {"pdx_edits_create", edits_create, 1},
    {"pdx_edits_get", edits_get, 0},
    {"pdx_edits_apply", edits_apply, 1},
    {"pdx_probe_write", probe_write, 1},
    {0},
};
