/* Names of properties for people: fits carry ids only. */
#include "names.h"

#include <string.h>

#include "core/status.h"

pdx_status pdx__names_for_people(pdx_schema **out, const pdx_posterior *fit) {
    static const char *const builtin[] = {"li2024", "surface"};
    *out = NULL;
    for (int i = 0; i < 2; ++i) {
        pdx_schema *schema;
        PDX__TRY(pdx_schema_builtin(&schema, builtin[i]));
        int32_t found = 0, d = pdx_posterior_dim(fit);
        for (int32_t k = 0; k < d; ++k) {
            int32_t index = pdx_schema_find(schema, pdx_posterior_column(fit, k));
            found += index >= 0 &&
                     !strcmp(pdx_schema_property(schema, index)->id, pdx_posterior_column(fit, k));
        }
        if (found == d) {
            *out = schema;
            return PDX_OK;
        }
        pdx_schema_free(schema);
    }
    return PDX_OK;
}

const char *pdx__name_for_people(const pdx_schema *names, const pdx_posterior *fit,
                                 int32_t column) {
    const char *id = pdx_posterior_column(fit, column);
    return names ? pdx_schema_property(names, pdx_schema_find(names, id))->name : id;
}
