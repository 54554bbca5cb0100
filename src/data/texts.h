/* Texts that stay in their file: where the line of each pair begins, and reading one when asked. */
#ifndef PDX_DATA_TEXTS_H
#define PDX_DATA_TEXTS_H

#include "data/dataset.h"
#include "data/fields.h"

pdx_status pdx__texts_create(pdx__texts **out, const char *path);
void pdx__texts_free(pdx__texts *texts);
/* The next pair's line begins at `offset`. */
pdx_status pdx__texts_append(pdx__texts *texts, int64_t pair, int64_t offset);
void pdx__texts_move(pdx__texts *texts, int64_t from, int64_t to); /* texts may be NULL */
const char *pdx__texts_path(const pdx__texts *texts);
int64_t pdx__texts_offset(const pdx__texts *texts, int64_t pair);

/* A pair's line as it stands in the file into `out`; the dataset must have texts. */
pdx_status pdx__texts_line(const pdx_dataset *dataset, int64_t pair, pdx__buf *out);

/* Shows a filter the members of a pair's line (nothing where the dataset has no texts). */
pdx_status pdx__texts_filter(const pdx_dataset *dataset, int64_t pair, pdx__filter *filter,
                             uint32_t *had, uint32_t *held);

/* Appends what a field reads: a string, a number as it is written, or the contents of a list of
 * messages [{"role", "content"}, ...] with a blank line between. 0 where it is none of these. */
int pdx__texts_value(pdx__span value, pdx__buf *out);

#endif
