/* Files with a JSON value on each line. */
#ifndef PDX_CORE_JSON_LINES_H
#define PDX_CORE_JSON_LINES_H

#include "file.h"
#include "json.h"

/* `line` is where the row was read: its path, number and text. The row is freed after the call. */
typedef pdx_status (*pdx__row_fn)(void *context, const cJSON *row, const pdx__lines *line);
/* Every row of the file, until one is refused. */
pdx_status pdx__json_lines(const char *path, pdx__row_fn take, void *context);

#endif
