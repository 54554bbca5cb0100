/* How a column file is laid out. Little-endian throughout:
 *   64 bytes    "PDXCOLS1", u32 version, d, kind, parts, rows of a chunk, zeros
 *   chunks      as many as there are rows, the last one filled up with zeros, each
 *                 x[panels][d][PDX__PANEL] int8 or float32, panels of 32 rows as in bayes/design.h,
 *                 y float32[chunk], then each [chunk] where it is there: weight float32, offset
 *                 float32, judge u16, group u16
 *   JSON        {"columns":[...],"judges":[...],"groups":[...]}
 *   32 bytes    u64 rows, u64 length of the JSON, u64 zero, "PDXCOLSE"
 * Nothing needs to be known before the last row is, so it can be written to a pipe; a file that was
 * cut short has no end. */
#ifndef PDX_DATA_COLUMNS_H
#define PDX_DATA_COLUMNS_H

#include <prefdissect/columns.h>

#include "core/alloc.h"

enum { PDX__COLUMNS_PANEL = 32, PDX__COLUMNS_HEAD = 64, PDX__COLUMNS_END = 32 };
#define PDX__COLUMNS_FIRST "PDXCOLS1"
#define PDX__COLUMNS_LAST  "PDXCOLSE"
enum { PDX__COLUMNS_PARTS = 15 };

/* Where the parts of a chunk stand, in bytes from its start; 0: not there (x starts there). */
typedef struct pdx__chunk_layout {
    int64_t y, weight, offset, judge, group, bytes;
} pdx__chunk_layout;
pdx__chunk_layout pdx__chunk_layout_of(int32_t d, int32_t kind, int32_t parts);

/* One chunk of an open file; NULL members are not there. Borrowed from the mapping. */
typedef struct pdx__chunk {
    int32_t rows; /* that are real */
    const int8_t *x_int8;
    const float *x_float;
    const float *y, *weight, *offset;
    const uint16_t *judge, *group;
} pdx__chunk;
pdx__chunk pdx__columns_chunk(const pdx_columns *columns, int64_t chunk);
/* Lets the pages of chunks [first, first + count) go; they come back when they are read. */
void pdx__columns_drop(const pdx_columns *columns, int64_t first, int64_t count);
int64_t pdx__columns_bytes(const pdx_columns *columns);
const char *pdx__columns_path(const pdx_columns *columns);

#endif
