/* AlpacaEval: annotations.json. output_1 is response A. The order shown was drawn by the tool and
 * not stored, so it is not known. preference: 1 is A, 2 is B, 1.5 (or 0 in old files) a draw, other
 * numbers between 1 and 2 are one plus the probability of B, null a failed call. */
#include "import.h"

#include <string.h>

static pdx_status verdict(const cJSON *record, pdx__import_judgment *judgment, pdx__where where) {
    double preference = -1;
    PDX__TRY(pdx__json_double(record, "preference", PDX__OPTIONAL, &preference, where));
    if (preference == -1) return PDX_OK;
    if (preference == 0) preference = 1.5;
    if (preference < 1 || preference > 2)
        return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                            "field 'preference' is %g, expected 1 to 2, 0 or null", preference);
    judgment->winner = preference == 1.5  ? PDX_WINNER_TIE
                       : preference < 1.5 ? PDX_WINNER_A
                                          : PDX_WINNER_B;
    if (preference != 1 && preference != 2 && preference != 1.5) judgment->prob_a = 2 - preference;
    return PDX_OK;
}

static pdx_status annotation(pdx__import *import, void *context, const cJSON *record,
                             pdx__where where) {
    (void)context;
    pdx__buf id = PDX__BUF_EMPTY, folder = PDX__BUF_EMPTY;
    pdx__import_pair pair = {0};
    pdx__import_judgment judgment;
    pdx__import_judgment_init(&judgment);
    pdx_status status;
    const char *generator = "model";
    PDX__GO(pdx__json_string(record, "instruction", PDX__REQUIRED, &pair.query, where));
    PDX__GO(pdx__json_string(record, "output_1", PDX__REQUIRED, &pair.response_a, where));
    PDX__GO(pdx__json_string(record, "output_2", PDX__REQUIRED, &pair.response_b, where));
    PDX__GO(pdx__json_string(record, "generator_1", PDX__OPTIONAL, &pair.model_a, where));
    PDX__GO(pdx__json_string(record, "generator_2", PDX__OPTIONAL, &pair.model_b, where));
    PDX__GO(pdx__json_string(record, "dataset", PDX__OPTIONAL, &pair.scenario, where));
    PDX__GO(verdict(record, &judgment, where));
    if (pair.model_b) generator = pair.model_b;
    pdx__buf_printf(&id, "alpacaeval/%s/", generator);
    PDX__GO(id.status);
    pair.id = id.data;
    PDX__GO(pdx__import_add_pair(import, &pair, NULL));
    /* Older files leave the annotator to the name of their folder. */
    PDX__GO(pdx__import_path_part(where.file, 1, &folder));
    judgment.judge = folder.length ? folder.data : "annotator";
    PDX__GO(pdx__json_string(record, "annotator", PDX__OPTIONAL, &judgment.judge, where));
    status = pdx__import_add_judgment(import, &judgment, where);
done:
    pdx__buf_free(&id);
    pdx__buf_free(&folder);
    return status;
}

pdx_status pdx__import_alpacaeval(pdx__import *import) {
    for (int32_t i = 0; i < import->path_count; ++i)
        PDX__TRY(pdx__import_records(import, import->paths[i], annotation, NULL));
    return PDX_OK;
}
