/* Filters and grouping fields. A list fits where one of its items does. */
#include "fields.h"

#include <string.h>

pdx_status pdx__names_parse(pdx__names *names, const char *text, const char *what) {
    memset(names, 0, sizeof *names);
    if (!text) return PDX_OK;
    names->text = pdx__strdup(text);
    if (!names->text) return PDX_ENOMEM;
    char *rest = names->text, *name;
    while ((name = strsep(&rest, ","))) {
        if (!*name || names->count == PDX__MOST_FIELDS) {
            pdx_status status =
                *name ? pdx__fail(PDX_EINVAL, "'%s': more than %d fields", what, PDX__MOST_FIELDS)
                      : pdx__fail(PDX_EINVAL, "'%s': an empty field name in '%s'", what, text);
            pdx__names_free(names);
            return status;
        }
        names->name[names->count++] = name;
    }
    return PDX_OK;
}

void pdx__names_free(pdx__names *names) {
    pdx__free(names->text);
    memset(names, 0, sizeof *names);
}

int32_t pdx__names_find(const pdx__names *names, pdx__span key) {
    for (int32_t i = 0; i < names->count; ++i)
        if (pdx__span_is(key, names->name[i])) return i;
    return -1;
}

pdx_status pdx__filter_parse(pdx__filter *filter, const char *text) {
    memset(filter, 0, sizeof *filter);
    PDX__TRY(pdx__names_parse(&filter->terms, text, "where"));
    for (int32_t i = 0; i < filter->terms.count; ++i) {
        char *equals = strchr(filter->terms.name[i], '=');
        if (!equals || equals == filter->terms.name[i]) {
            pdx_status status = pdx__fail(PDX_EINVAL, "'where': expected field=value, found '%s'",
                                          filter->terms.name[i]);
            pdx__filter_free(filter);
            return status;
        }
        *equals = 0;
        filter->value[i] = equals + 1;
    }
    return PDX_OK;
}

void pdx__filter_free(pdx__filter *filter) { pdx__names_free(&filter->terms); }

int pdx__value_is(pdx__span value, const char *text) {
    pdx__scan items;
    switch (value.kind) {
    case PDX__KIND_STRING: return pdx__span_is(value, text);
    case PDX__KIND_NUMBER:
    case PDX__KIND_TRUE:
    case PDX__KIND_FALSE:
        return strlen(text) == value.length && !memcmp(value.text, text, value.length);
    case PDX__KIND_LIST:
        pdx__scan_inside(&items, value);
        while (pdx__scan_next(&items))
            if (items.value.kind != PDX__KIND_LIST && pdx__value_is(items.value, text)) return 1;
        return 0;
    default: return 0;
    }
}

void pdx__filter_member(pdx__filter *filter, const pdx__scan *member, uint32_t *had,
                        uint32_t *held) {
    for (int32_t i = 0; i < filter->terms.count; ++i) {
        if (!pdx__span_is(member->key, filter->terms.name[i])) continue;
        if (member->value.kind != PDX__KIND_NULL) *had |= 1u << i;
        if (pdx__value_is(member->value, filter->value[i])) *held |= 1u << i;
    }
    filter->known |= *had;
}

uint32_t pdx__filter_all(const pdx__filter *filter) { return (1u << filter->terms.count) - 1; }
