/* Prints the rows of every options table, "struct field offset bytes alignment", and the struct's
 * size as "struct size": what options.py holds against the headers. The init functions hand their
 * tables to pdx__options_init, which the linker turns to the one here. */
#include <prefdissect/prefdissect.h>

#include <stdio.h>

#include "core/options.h"

static const char *name;

void __wrap_pdx__options_init(void *options, uint32_t size, const pdx__option *table, size_t rows);
void __real_pdx__options_init(void *options, uint32_t size, const pdx__option *table, size_t rows);
void __wrap_pdx__options_init(void *options, uint32_t size, const pdx__option *table, size_t rows) {
    __real_pdx__options_init(options, size, table, rows);
    printf("%s %u\n", name, size);
    for (size_t i = 0; i < rows; ++i) {
        uint32_t bytes = pdx__option_bytes(table[i].kind);
        printf("%s %s %u %u %u\n", name, table[i].name, table[i].offset, bytes,
               bytes < 8 ? bytes : 8);
    }
}

#define TABLE(struct_name)                                                                         \
    do {                                                                                           \
        struct_name options;                                                                       \
        name = #struct_name;                                                                       \
        struct_name##_init(&options);                                                              \
    } while (0)

int main(void) {
    TABLE(pdx_columns_options);
    TABLE(pdx_annotate_options);
    TABLE(pdx_annotator_options);
    TABLE(pdx_arms_options);
    TABLE(pdx_generate_options);
    TABLE(pdx_dataset_options);
    TABLE(pdx_explain_options);
    TABLE(pdx_fit_options);
    TABLE(pdx_http_judge_options);
    TABLE(pdx_http_options);
    TABLE(pdx_import_options);
    TABLE(pdx_judge_options);
    TABLE(pdx_judgments_options);
    TABLE(pdx_local_options);
    TABLE(pdx_power_options);
    TABLE(pdx_probe_options);
    TABLE(pdx_probe_write_options);
    TABLE(pdx_report_options);
    TABLE(pdx_rating_options);
    TABLE(pdx_shift_options);
    TABLE(pdx_similarity_options);
    TABLE(pdx_simulate_options);
    return 0;
}
