/* Second order: what pairs of skewed sites add to evidence and variances. With q standard normal
 * and log (likelihood/sites) = sum_i c_i H3(z_i), c_i a sixth of the skewness of row i, the pairs i
 * != j add sum rho_ij^3 skew_i skew_j / 12 to the log evidence and sum rho_ij^2 rho_ik rho_jk
 * skew_i skew_j / 2 to the variance of coordinate k over itself (Opper, Paquet & Winther 2013, JMLR
 * 14:2857). Both are contractions of one tensor, sum_i skew_i x_i^3 in coordinates where q is
 * standard normal. The evidence counts the Laplace sites too; the variances do not: the exact prior
 * of the column itself is in its shape already. */
#include "ep_second.h"

#include <math.h>
#include <string.h>

static int64_t tensor_size(int64_t d) { return d * (d + 1) * (d + 2) / 6; }

pdx_status pdx__ep_second_start(pdx__ep_second *second, pdx__ep *ep) {
    const int64_t d = ep->d, ld = ep->ld;
    size_t doubles = (size_t)(ld * PDX__BLOCK + tensor_size(d));
    second->white = pdx__workspace_take(ep->workspace, PDX__SLOT_POINTS, doubles, sizeof(double));
    if (!second->white) return PDX_ENOMEM;
    memset(second->white, 0, doubles * sizeof(double));
    second->tensor = second->white + ld * PDX__BLOCK;
    memset(ep->gram_sums, 0,
           (size_t)ep->workspace->kernels->gram_doubles(ep->d) * sizeof *ep->gram_sums);
    return PDX_OK;
}

void pdx__ep_second_add(pdx__ep_second *second, pdx__ep *ep, const pdx__ep_rows *r,
                        const double *third) {
    const pdx__kernels *kernels = ep->workspace->kernels;
    double own[PDX__BLOCK], zero[PDX__BLOCK] = {0}; /* pairs i = i are no pairs */
    for (int32_t i = 0; i < r->count; ++i) own[i] = -pow(third[i] * r->var[i], 2);
    kernels->whiten(second->white, ep->block, r->count, ep->root, ep->d);
    kernels->cubes(second->tensor, second->white, r->count, third, ep->d);
    kernels->gram_add(ep->gram_sums, second->white, r->count, own, zero, ep->d);
}

/* The tensor as rows of pairs a >= b, and their Gram matrix over the third index. */
static void contract(pdx__ep_second *second, pdx__ep *ep) {
    const pdx__kernels *kernels = ep->workspace->kernels;
    const int32_t d = ep->d;
    double one[PDX__BLOCK], zero[PDX__BLOCK] = {0};
    for (int i = 0; i < PDX__BLOCK; ++i) one[i] = 1;
    int32_t filled = 0;
    for (int32_t a = 0; a < d; ++a)
        for (int32_t b = 0; b <= a; ++b) {
            const double scale = a == b ? 1 : M_SQRT2;
            for (int32_t c = 0; c < d; ++c) {
                int64_t high = c > a ? c : a, low = c < b ? c : b, middle = a + b + c - high - low;
                second->white[(int64_t)c * PDX__BLOCK + filled] =
                    scale * second->tensor[tensor_size(high) + middle * (middle + 1) / 2 + low];
            }
            int last = a == d - 1 && b == a;
            if (++filled < PDX__BLOCK && !last) continue;
            for (int32_t c = 0; last && c < d; ++c)
                memset(second->white + (int64_t)c * PDX__BLOCK + filled, 0,
                       (size_t)(PDX__BLOCK - filled) * sizeof(double));
            kernels->gram_add(ep->gram_sums, second->white, PDX__BLOCK, one, zero, d);
            filled = 0;
        }
}

double pdx__ep_second_finish(pdx__ep_second *second, pdx__ep *ep, const double *covariance,
                             const double *along, double *widen) {
    const int32_t d = ep->d, ld = ep->ld;
    double *pairs = ep->lam, *unused = ep->linear, *prior = ep->work; /* scratch of the solve */
    contract(second, ep);
    memset(pairs, 0, (size_t)ld * (size_t)ld * sizeof *pairs);
    ep->workspace->kernels->gram_finish(ep->gram_sums, d, pairs, unused);
    double rows = 0;
    for (int32_t c = 0; c < d; ++c) rows += pairs[(size_t)c * (size_t)ld + (size_t)c];
    for (int32_t k = 0; k < d; ++k) {
        double sum = 0;
        for (int32_t b = k; b < d; ++b) {
            const double wb = ep->root[(size_t)b * (size_t)ld + (size_t)k];
            for (int32_t c = k; c <= b; ++c)
                sum += (b == c ? 1 : 2) * pairs[(size_t)b * (size_t)ld + (size_t)c] * wb *
                       ep->root[(size_t)c * (size_t)ld + (size_t)k];
        }
        double factor = 1 + 0.5 * sum / (ep->sd[k] * ep->sd[k]);
        widen[k] = factor > 0.8 && factor < 1.25 ? factor : 1; /* beyond, the series is no help */
    }
    /* priors against rows (each pair twice) and against one another */
    double mixed = 0;
    for (int32_t k = 0; k < d; ++k) {
        prior[k] = ep->rate[k] > 0 ? pdx__ep_marginal(ep, k).skew / pow(ep->sd[k], 3) : 0;
        mixed += 2 * prior[k] * along[k];
        for (int32_t j = 0; j < k; ++j)
            mixed +=
                2 * prior[k] * prior[j] * pow(covariance[(size_t)k * (size_t)d + (size_t)j], 3);
    }
    double correction = (rows + mixed) / 12;
    return fabs(correction) < 1 ? correction : 0;
}
