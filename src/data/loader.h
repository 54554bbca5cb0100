/* What the readers of one dataset share (load.c): the dataset being built, the rows' fields that
 * choose and group pairs, progress. */
#ifndef PDX_DATA_LOADER_H
#define PDX_DATA_LOADER_H

#include "core/file.h"
#include "data/dataset.h"
#include "data/fields.h"

typedef struct pdx__loader {
    pdx_dataset *dataset;
    const pdx_dataset_files *files;
    const pdx_dataset_options *options;
    const char *primary; /* the file whose rows are the pairs */
    pdx__filter filter;
    pdx__names group_by;
    uint32_t grouped; /* fields of group_by that some pair had, as bits */
    int numbered;     /* records keep their numbers, because some may be left out */
    int64_t records;  /* rows of the primary file so far */
    pdx__buf id;      /* scratch */
    double began, ticked;
} pdx__loader;

/* The members of a row of the primary file that matter to every reader. */
typedef struct pdx__row {
    int has_id;
    pdx__scan id; /* the scan as it stood at the member, for messages */
    uint32_t had, held;
    pdx__span group[PDX__MOST_FIELDS];
    uint32_t has_group;
} pdx__row;
void pdx__row_member(pdx__loader *loader, pdx__row *row, const pdx__scan *scan);
/* Makes a pair of the row; *pair = -1 where the filter leaves it out. A row without an id is named
 * by its number where `numbered_ids`, else an error. */
pdx_status pdx__loader_add(pdx__loader *loader, const pdx__row *row, const pdx__lines *lines,
                           int numbered_ids, int64_t *pair);
/* The pair of a row of another file, by its id: -1 where it was left out, an error where there is
 * no such pair. */
pdx_status pdx__loader_find(pdx__loader *loader, const pdx__row *row, int64_t *pair);
/* Calls progress now and then. */
pdx_status pdx__loader_tick(pdx__loader *loader, const char *what, int64_t done, int64_t total);

/* Readers. Those that take `schema` say which properties their file has before they fill them. */

/* features.c */
typedef struct pdx__features pdx__features;
pdx_status pdx__features_open(pdx__features **out, pdx_schema **schema, const char *path,
                              const char *names);
pdx_status pdx__features_read(pdx__features *features, pdx__loader *loader);
void pdx__features_close(pdx__features *features);
/* original.c */
pdx_status pdx__resolved_read(pdx__loader *loader, const char *path);
pdx_status pdx__groups_read(pdx__loader *loader, const char *path);
/* annotations.c */
pdx_status pdx__annotations_read(pdx__loader *loader, const char *path);
/* measure.c: the surface properties into the columns from `first_column` on. */
pdx_status pdx__measure_pairs(pdx__loader *loader, int32_t first_column);

#endif
