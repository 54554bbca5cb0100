/* The products of product.h by plain loops, where the kernels are emulated. Bias is left to the
 * caller, so that its kernel runs too. */
#ifndef PDX_CUDA_PRODUCT_PLAIN_H
#define PDX_CUDA_PRODUCT_PLAIN_H

#include "product.h"

struct products {
    int opened;
};

const char *products_open(products **out) {
    *out = (products *)calloc(1, sizeof **out);
    return *out ? NULL : "out of memory";
}

void products_close(products *p) { free(p); }

const char *multiply(products *, cudaStream_t, void *out, int exact, const bf16 *x, const bf16 *w,
                     const bf16 *, int tokens, int columns, int depth, int *biased) {
    *biased = 0;
    for (int64_t t = 0; t < tokens; ++t)
        for (int64_t c = 0; c < columns; ++c) {
            float sum = 0;
            for (int64_t k = 0; k < depth; ++k)
                sum += to_float(x[t * depth + k]) * to_float(w[c * depth + k]);
            if (exact) ((float *)out)[t * columns + c] = sum;
            else ((bf16 *)out)[t * columns + c] = to_bf16(sum);
        }
    return NULL;
}

#endif
