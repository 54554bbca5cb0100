/* Options structs. One table row a field drives the default, the check, the JSON text and the
 * help. The public struct starts with `uint32_t size`; an older, shorter struct keeps working. */
#ifndef PDX_CORE_OPTIONS_H
#define PDX_CORE_OPTIONS_H

#include "buf.h"

typedef enum pdx__option_kind {
    PDX__OPTION_INT32, /* int32_t in [least, most]; `choices` names its values where not NULL */
    PDX__OPTION_INT64,
    PDX__OPTION_UINT64,  /* default only */
    PDX__OPTION_DOUBLE,  /* in [least, most], never NaN */
    PDX__OPTION_POINTER, /* default NULL; not in the JSON text */
    PDX__OPTION_HOOKS    /* default all zero; not in the JSON text */
} pdx__option_kind;

typedef struct pdx__option {
    const char *name;
    pdx__option_kind kind;
    uint32_t offset;
    double initial, least, most;
    const char *const *choices; /* names of the values 0, 1, ...; NULL-terminated */
} pdx__option;

/* Fills the first `size` bytes of `options` with the defaults, its size field with `size`: an older
 * program's struct ends before this table does. */
void pdx__options_init(void *options, uint32_t size, const pdx__option *table, size_t rows);

/* full := defaults, then the caller's fields as far as its size reaches (NULL: none), then checks
 * every range. `noun` names the struct in messages. */
pdx_status pdx__options_take(void *full, uint32_t size, const void *given, const pdx__option *table,
                             size_t rows, const char *noun);
/* {"name":value,...} */
void pdx__options_json(pdx__buf *out, const void *options, const pdx__option *table, size_t rows);
/* Bytes of a field of this kind (the tests check that rows tile the struct). */
uint32_t pdx__option_bytes(pdx__option_kind kind);

#define PDX__ROWS(table) (sizeof(table) / sizeof((table)[0]))

#endif
