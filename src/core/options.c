/* Options by table. */
#include "options.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

uint32_t pdx__option_bytes(pdx__option_kind kind) {
    switch (kind) {
    case PDX__OPTION_INT32: return sizeof(int32_t);
    case PDX__OPTION_INT64: return sizeof(int64_t);
    case PDX__OPTION_UINT64: return sizeof(uint64_t);
    case PDX__OPTION_DOUBLE: return sizeof(double);
    case PDX__OPTION_POINTER: return sizeof(void *);
    default: return sizeof(pdx_hooks);
    }
}

void pdx__options_init(void *options, uint32_t size, const pdx__option *table, size_t rows) {
    memset(options, 0, size);
    memcpy(options, &size, sizeof size);
    for (size_t i = 0; i < rows; ++i) {
        if (table[i].offset + pdx__option_bytes(table[i].kind) > size) break;
        char *field = (char *)options + table[i].offset;
        int32_t i32 = (int32_t)table[i].initial;
        int64_t i64 = (int64_t)table[i].initial;
        uint64_t u64 = (uint64_t)table[i].initial;
        switch (table[i].kind) {
        case PDX__OPTION_INT32: memcpy(field, &i32, sizeof i32); break;
        case PDX__OPTION_INT64: memcpy(field, &i64, sizeof i64); break;
        case PDX__OPTION_UINT64: memcpy(field, &u64, sizeof u64); break;
        case PDX__OPTION_DOUBLE: memcpy(field, &table[i].initial, sizeof(double)); break;
        default: break;
        }
    }
}

static double value_of(const void *options, const pdx__option *row) {
    const char *field = (const char *)options + row->offset;
    int32_t i32;
    int64_t i64;
    double d;
    switch (row->kind) {
    case PDX__OPTION_INT32: memcpy(&i32, field, sizeof i32); return i32;
    case PDX__OPTION_INT64: memcpy(&i64, field, sizeof i64); return (double)i64;
    case PDX__OPTION_DOUBLE: memcpy(&d, field, sizeof d); return d;
    default: return 0;
    }
}

pdx_status pdx__options_take(void *full, uint32_t size, const void *given, const pdx__option *table,
                             size_t rows, const char *noun) {
    pdx__options_init(full, size, table, rows);
    if (!given) return PDX_OK;
    uint32_t given_size;
    memcpy(&given_size, given, sizeof given_size);
    PDX__REQUIRE(given_size >= sizeof(uint32_t), "%s: 'size' is not set (call its init function)",
                 noun);
    PDX__REQUIRE(given_size <= size, "%s: made for a newer library (size %u, here %u)", noun,
                 given_size, size);
    memcpy(full, given, given_size);
    memcpy(full, &size, sizeof size);
    for (size_t i = 0; i < rows; ++i) {
        const pdx__option *row = &table[i];
        if (row->kind > PDX__OPTION_DOUBLE || row->kind == PDX__OPTION_UINT64) continue;
        double value = value_of(full, row);
        PDX__REQUIRE(value >= row->least && value <= row->most,
                     "%s: '%s' is %g, must be from %g to %g", noun, row->name, value, row->least,
                     row->most);
    }
    return PDX_OK;
}

void pdx__options_json(pdx__buf *out, const void *options, const pdx__option *table, size_t rows) {
    const char *separator = "{";
    for (size_t i = 0; i < rows; ++i) {
        const pdx__option *row = &table[i];
        if (row->kind >= PDX__OPTION_POINTER) continue;
        pdx__buf_printf(out, "%s\"%s\":", separator, row->name);
        separator = ",";
        if (row->kind == PDX__OPTION_UINT64) {
            uint64_t u64;
            memcpy(&u64, (const char *)options + row->offset, sizeof u64);
            pdx__buf_printf(out, "%" PRIu64, u64);
        } else if (row->choices) {
            pdx__buf_printf(out, "\"%s\"", row->choices[(int)value_of(options, row)]);
        } else pdx__buf_json_double(out, value_of(options, row));
    }
    pdx__buf_text(out, *separator == '{' ? "{}" : "}");
}
