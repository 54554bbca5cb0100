/* The CPU backend against the table. */
#include "table.h"

int main(void) {
    pdx__backend_options options = {.threads = 2};
    backend_table(pdx__backend_cpu(), &options, 2e-5, 0);
    return check_result();
}
