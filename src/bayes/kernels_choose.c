/* Picks the kernels by what the processor says it can do. */
#include "kernels.h"

#include <string.h>

extern const pdx__kernels pdx__kernels_plain;
#ifdef PDX_KERNELS_X86
extern const pdx__kernels pdx__kernels_avx2, pdx__kernels_avx512;
#endif

const pdx__kernels *pdx__kernels_named(const char *name) {
    if (!strcmp(name, "plain")) return &pdx__kernels_plain;
#ifdef PDX_KERNELS_X86
    if (!strcmp(name, "avx2") && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return &pdx__kernels_avx2;
    if (!strcmp(name, "avx512") && __builtin_cpu_supports("avx512f") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl"))
        return &pdx__kernels_avx512;
#endif
    return NULL;
}

const pdx__kernels *pdx__kernels_best(void) {
    const char *const names[] = {"avx512", "avx2"};
    for (int i = 0; i < 2; ++i) {
        const pdx__kernels *kernels = pdx__kernels_named(names[i]);
        if (kernels) return kernels;
    }
    return &pdx__kernels_plain;
}
