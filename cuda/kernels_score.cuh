/* From a row of logits to the candidates' log-probabilities over the whole vocabulary. */
#ifndef PDX_CUDA_KERNELS_SCORE_CUH
#define PDX_CUDA_KERNELS_SCORE_CUH

#include "device.h"

/* One block a row; the sum of exponentials in double. */
__global__ void score_candidates(double *logp, const float *logits, int vocabulary,
                                 const int32_t *candidate, int candidates) {
    __shared__ float most_of[WARPS];
    __shared__ double total_of[WARPS];
    const float *row = logits + (int64_t)blockIdx.x * vocabulary;
    int warp = (int)threadIdx.x / WARP;
    float most = -INFINITY;
    for (int i = (int)threadIdx.x; i < vocabulary; i += THREADS) most = fmaxf(most, row[i]);
    most = warp_max(most);
    if (lane_number() == 0) most_of[warp] = most;
    __syncthreads();
    for (int w = 0; w < WARPS; ++w) most = fmaxf(most, most_of[w]);
    double total = 0;
    for (int i = (int)threadIdx.x; i < vocabulary; i += THREADS) total += expf(row[i] - most);
    total = warp_sum(total);
    if (lane_number() == 0) total_of[warp] = total;
    __syncthreads();
    total = 0;
    for (int w = 0; w < WARPS; ++w) total += total_of[w];
    double all = (double)most + log(total);
    for (int c = (int)threadIdx.x; c < candidates; c += THREADS)
        logp[(int64_t)blockIdx.x * candidates + c] = (double)row[candidate[c]] - all;
}

#endif
