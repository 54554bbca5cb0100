/* The CUDA backend compiled by the C++ compiler: the same device code, run by cuda/emulate.h. */
#include "../../cuda/backend.cu"
#include "../../cuda/operations.cu"

#include "../../cuda/product_plain.h"
