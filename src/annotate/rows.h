/* annotations.jsonl as it was before a run: which rows there are, and their texts. */
#ifndef PDX_ANNOTATE_ROWS_H
#define PDX_ANNOTATE_ROWS_H

#include <prefdissect/annotate.h>

#include "core/buf.h"
#include "core/json.h"

typedef struct pdx__old_rows pdx__old_rows;

/* What tells rows apart. order: PDX_ORDER_* (0: none); side: -1 both, 0 a, 1 b. */
typedef struct pdx__row_key {
    const char *id;
    int32_t stage, order, repeat, side;
} pdx__row_key;

/* A file that is not there, or NULL, has no rows. Later rows replace earlier ones of the same key.
 */
pdx_status pdx__old_rows_open(pdx__old_rows **out, const char *path);
void pdx__old_rows_close(pdx__old_rows *rows);
/* The key's row, -1: none; *failed: it has "error". */
pdx_status pdx__old_rows_find(pdx__old_rows *rows, const pdx__row_key *key, int64_t *index,
                              int32_t *failed);
/* 1 where a pair has a failed row. */
int32_t pdx__old_rows_failed(const pdx__old_rows *rows, const char *id);
/* Its text, with the line end, behind what `out` holds. */
pdx_status pdx__old_rows_read(pdx__old_rows *rows, int64_t index, pdx__buf *out);
/* A row that was replaced or taken over is not left over. */
void pdx__old_rows_use(pdx__old_rows *rows, int64_t index);
/* The next row from *index on that nobody used; -1 at the end. */
int64_t pdx__old_rows_left(const pdx__old_rows *rows, int64_t index);

/* The members of a row that make its key; id is borrowed from the tree. PDX_EPARSE otherwise. */
pdx_status pdx__row_key_read(pdx__row_key *out, const cJSON *row, pdx__where where);

#endif
