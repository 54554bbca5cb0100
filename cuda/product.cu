/* Products by cuBLASLt. A plan (descriptors and the algorithm that the library's heuristic names
 * first) is made once for a shape and kept; a batch of another length needs plans of its own, so
 * the oldest make room. */
#include <cublasLt.h>
#include <stdlib.h>
#include <string.h>

#include "product.h"

enum { MOST_PLANS = 64, WORKSPACE = 64 << 20 };

struct plan {
    int tokens, columns, depth, exact, biased; /* the shape; tokens 0: no plan */
    cublasLtMatmulDesc_t product;
    cublasLtMatrixLayout_t w, x, out;
    cublasLtMatmulAlgo_t algorithm;
};

struct products {
    cublasLtHandle_t handle;
    void *workspace;
    plan plans[MOST_PLANS];
    int next;
};

static void forget(plan *p) {
    if (p->product) cublasLtMatmulDescDestroy(p->product);
    if (p->w) cublasLtMatrixLayoutDestroy(p->w);
    if (p->x) cublasLtMatrixLayoutDestroy(p->x);
    if (p->out) cublasLtMatrixLayoutDestroy(p->out);
    memset(p, 0, sizeof *p);
}

const char *products_open(products **out) {
    products *p = *out = (products *)calloc(1, sizeof *p);
    if (!p) return "out of memory";
    if (cublasLtCreate(&p->handle) != CUBLAS_STATUS_SUCCESS) return "cuBLASLt does not start";
    if (cudaMalloc(&p->workspace, WORKSPACE) != cudaSuccess)
        return "no device memory for cuBLASLt's workspace";
    return NULL;
}

void products_close(products *p) {
    if (!p) return;
    for (int i = 0; i < MOST_PLANS; ++i) forget(&p->plans[i]);
    if (p->workspace) cudaFree(p->workspace);
    if (p->handle) cublasLtDestroy(p->handle);
    free(p);
}

/* The library counts by columns: a row-major [rows][columns] is its columns x rows. So out' = w x'
 * with w taken transposed. 1 where an algorithm was found. */
static int make(products *p, plan *q) {
    cudaDataType_t type = q->exact ? CUDA_R_32F : CUDA_R_16BF;
    cublasOperation_t transposed = CUBLAS_OP_T;
    cublasLtEpilogue_t epilogue = CUBLASLT_EPILOGUE_BIAS;
    cublasLtMatmulPreference_t preference = NULL;
    cublasLtMatmulHeuristicResult_t found;
    size_t workspace = WORKSPACE;
    int count = 0;
    int ok =
        cublasLtMatmulDescCreate(&q->product, CUBLAS_COMPUTE_32F, CUDA_R_32F) ==
            CUBLAS_STATUS_SUCCESS &&
        cublasLtMatmulDescSetAttribute(q->product, CUBLASLT_MATMUL_DESC_TRANSA, &transposed,
                                       sizeof transposed) == CUBLAS_STATUS_SUCCESS &&
        cublasLtMatrixLayoutCreate(&q->w, CUDA_R_16BF, (uint64_t)q->depth, (uint64_t)q->columns,
                                   q->depth) == CUBLAS_STATUS_SUCCESS &&
        cublasLtMatrixLayoutCreate(&q->x, CUDA_R_16BF, (uint64_t)q->depth, (uint64_t)q->tokens,
                                   q->depth) == CUBLAS_STATUS_SUCCESS &&
        cublasLtMatrixLayoutCreate(&q->out, type, (uint64_t)q->columns, (uint64_t)q->tokens,
                                   q->columns) == CUBLAS_STATUS_SUCCESS &&
        cublasLtMatmulPreferenceCreate(&preference) == CUBLAS_STATUS_SUCCESS &&
        cublasLtMatmulPreferenceSetAttribute(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES,
                                             &workspace, sizeof workspace) == CUBLAS_STATUS_SUCCESS;
    if (ok && q->biased)
        ok = cublasLtMatmulDescSetAttribute(q->product, CUBLASLT_MATMUL_DESC_EPILOGUE, &epilogue,
                                            sizeof epilogue) == CUBLAS_STATUS_SUCCESS;
    if (ok)
        ok = cublasLtMatmulAlgoGetHeuristic(p->handle, q->product, q->w, q->x, q->out, q->out,
                                            preference, 1, &found,
                                            &count) == CUBLAS_STATUS_SUCCESS &&
             count == 1;
    if (preference) cublasLtMatmulPreferenceDestroy(preference);
    if (ok) q->algorithm = found.algo;
    return ok;
}

static plan *find(products *p, const plan *wanted) {
    for (int i = 0; i < MOST_PLANS; ++i) {
        plan *q = &p->plans[i];
        if (q->tokens == wanted->tokens && q->columns == wanted->columns &&
            q->depth == wanted->depth && q->exact == wanted->exact && q->biased == wanted->biased)
            return q;
    }
    plan *q = &p->plans[p->next];
    p->next = (p->next + 1) % MOST_PLANS;
    forget(q);
    *q = *wanted;
    if (make(p, q)) return q;
    forget(q);
    return NULL;
}

const char *multiply(products *p, cudaStream_t stream, void *out, int exact, const bf16 *x,
                     const bf16 *w, const bf16 *bias, int tokens, int columns, int depth,
                     int *biased) {
    plan wanted = {tokens, columns, depth, exact, bias && !exact};
    plan *q = find(p, &wanted);
    if (!q && wanted.biased) { /* no such fused form for this shape */
        wanted.biased = 0;
        q = find(p, &wanted);
    }
    if (!q) return "cuBLASLt knows no algorithm for a product of this shape";
    *biased = q->biased;
    if (q->biased && cublasLtMatmulDescSetAttribute(q->product, CUBLASLT_MATMUL_DESC_BIAS_POINTER,
                                                    &bias, sizeof bias) != CUBLAS_STATUS_SUCCESS)
        return "cuBLASLt refused a bias";
    float one = 1, zero = 0;
    if (cublasLtMatmul(p->handle, q->product, &one, w, q->w, x, q->x, &zero, out, q->out, out,
                       q->out, &q->algorithm, p->workspace, WORKSPACE,
                       stream) != CUBLAS_STATUS_SUCCESS)
        return "a cuBLASLt product failed";
    return NULL;
}
