/* Products with the weights: cuBLASLt on a device (product.cu), plain loops where the kernels are
 * emulated (product_plain.h). */
#ifndef PDX_CUDA_PRODUCT_H
#define PDX_CUDA_PRODUCT_H

#include "device.h"

struct products; /* handle, workspace, and the plans made so far */

/* NULL where everything went well, else what went wrong (static text). */
const char *products_open(products **out);
void products_close(products *p);

/* out [tokens][columns] := x [tokens][depth] w', w [columns][depth], summed in float; out is float
 * where `exact`, else bfloat16. `bias` (or NULL) is added where that can be fused, and then
 * *biased is 1: the caller adds it otherwise. All bases aligned to 256 bytes. */
const char *multiply(products *p, cudaStream_t stream, void *out, int exact, const bf16 *x,
                     const bf16 *w, const bf16 *bias, int tokens, int columns, int depth,
                     int *biased);

#endif
