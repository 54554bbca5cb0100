/* Files with a JSON value on each line; see json_lines.h. Loaders of millions of rows scan their
 * lines without trees (src/data/scan.c). */
#include "json_lines.h"

pdx_status pdx__json_lines(const char *path, pdx__row_fn take, void *context) {
    pdx__lines lines;
    PDX__TRY(pdx__lines_open(&lines, path));
    pdx_status status = PDX_OK;
    for (int more = 1; status == PDX_OK;) {
        status = pdx__lines_next(&lines, &more);
        if (status != PDX_OK || !more) break;
        cJSON *row;
        status = pdx__json_parse(&row, lines.line, lines.length, (pdx__where){path, lines.number});
        if (status == PDX_OK) status = take(context, row, &lines);
        cJSON_Delete(row);
    }
    pdx__lines_close(&lines);
    return status;
}
