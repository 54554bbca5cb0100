/* What a fit asks of rows that are not in memory: requests made, answers taken. */
#include "row_source.h"

#include <math.h>
#include <string.h>

int64_t pdx__request_length(int32_t kind, int64_t d, int64_t count) {
    int64_t head = PDX__REQUEST_HEAD + d;
    switch (kind) {
    case PDX__SITES:
    case PDX__DESCRIBE: return head + d + d * (d + 1) / 2;
    case PDX__LOSS: return head + d * count;
    default: return head + d;
    }
}

int64_t pdx__sums_length(int32_t kind, int64_t d, int64_t count) {
    switch (kind) {
    case PDX__DESCRIBE: return 2 + d;
    case PDX__LINEAR: return 3 + d;
    case PDX__LOSS: return count;
    default: return pdx__source_site_sums(d);
    }
}

/* Asks and checks: sums[pdx__sums_length]. `payload` stands behind the columns already. */
static pdx_status ask(const pdx__row_source *source, double *request, double *sums) {
    const int32_t kind = (int32_t)request[PDX__REQUEST_KIND];
    const int64_t d = (int64_t)request[PDX__REQUEST_D],
                  count = (int64_t)request[PDX__REQUEST_COUNT];
    const int64_t length = pdx__sums_length(kind, d, count);
    PDX__TRY(
        source->sums(source->context, request, pdx__request_length(kind, d, count), sums, length));
    for (int64_t i = 0; i < length; ++i)
        if (!isfinite(sums[i]))
            return pdx__fail(PDX_ENUMERIC,
                             "sums over the rows are not finite (number %lld of %lld)",
                             (long long)i + 1, (long long)length);
    return PDX_OK;
}

/* A request about `ep`, with room for its answer behind it. */
static double *begin(const pdx__ep *ep, int32_t kind, int64_t count, int flag, double **payload,
                     double **sums) {
    const pdx__row_source *source = ep->problem->source;
    const int64_t length = pdx__request_length(kind, ep->d, count);
    double *request =
        pdx__alloc((size_t)(length + pdx__sums_length(kind, ep->d, count)), sizeof *request);
    if (!request) return NULL;
    request[PDX__REQUEST_VERSION] = 1;
    request[PDX__REQUEST_KIND] = kind;
    request[PDX__REQUEST_D] = ep->d;
    request[PDX__REQUEST_JUDGE] = source->judge;
    request[PDX__REQUEST_GROUP] = source->group;
    request[PDX__REQUEST_COUNT] = (double)count;
    request[PDX__REQUEST_FLAG] = flag;
    for (int32_t k = 0; k < ep->d; ++k) request[PDX__REQUEST_HEAD + k] = ep->column[k];
    *payload = request + PDX__REQUEST_HEAD + ep->d;
    *sums = request + length;
    if (kind == PDX__LOSS) return request;
    memcpy(*payload, ep->mean, (size_t)ep->d * sizeof **payload);
    *payload += ep->d;
    if (kind != PDX__SITES && kind != PDX__DESCRIBE) return request;
    for (int32_t i = 0; i < ep->d; ++i, *payload += i)
        memcpy(*payload, ep->root + (size_t)i * (size_t)ep->ld, (size_t)(i + 1) * sizeof(double));
    return request;
}

pdx_status pdx__source_sites(pdx__ep *ep, int bound) {
    double *payload, *sums;
    double *request = begin(ep, bound ? PDX__SITES_BOUND : PDX__SITES, 0, 0, &payload, &sums);
    if (!request) return PDX_ENOMEM;
    pdx_status status = ask(ep->problem->source, request, sums);
    if (status == PDX_OK)
        memcpy(ep->outside, sums, (size_t)pdx__source_site_sums(ep->d) * sizeof *sums);
    pdx__free(request);
    return status;
}

pdx_status pdx__source_describe(const pdx__ep *ep, int whole, double *total, double *elpd,
                                double *skew) {
    double *payload, *sums;
    double *request = begin(ep, PDX__DESCRIBE, 0, whole, &payload, &sums);
    if (!request) return PDX_ENOMEM;
    pdx_status status = ask(ep->problem->source, request, sums);
    if (status == PDX_OK) {
        *total += sums[0];
        *elpd += sums[1];
        for (int32_t k = 0; skew && k < ep->d; ++k) skew[k] += sums[2 + k];
    }
    pdx__free(request);
    return status;
}

pdx_status pdx__source_linear(const pdx__ep *ep, double *linear, double *constant, double *square) {
    double *payload, *sums;
    double *request = begin(ep, PDX__LINEAR, 0, 0, &payload, &sums);
    if (!request) return PDX_ENOMEM;
    pdx_status status = ask(ep->problem->source, request, sums);
    if (status == PDX_OK) {
        *constant += sums[0];
        *square += sums[1];
        for (int32_t k = 0; k < ep->d; ++k) linear[k] += sums[3 + k];
    }
    pdx__free(request);
    return status;
}

pdx_status pdx__source_loss(const pdx__ep *ep, const double *a, int64_t stride, int32_t count,
                            int in_float, double *loss) {
    double *payload, *sums;
    double *request = begin(ep, PDX__LOSS, count, in_float, &payload, &sums);
    if (!request) return PDX_ENOMEM;
    for (int32_t k = 0; k < ep->d; ++k)
        memcpy(payload + (int64_t)k * count, a + k * stride, (size_t)count * sizeof *payload);
    pdx_status status = ask(ep->problem->source, request, sums);
    if (status == PDX_OK) memcpy(loss, sums, (size_t)count * sizeof *loss);
    pdx__free(request);
    return status;
}

pdx_status pdx__source_rows(const pdx__row_source *source, int64_t *rows) {
    double request[PDX__REQUEST_HEAD] = {1, PDX__LINEAR, 0, source->judge, source->group};
    double sums[3];
    PDX__TRY(ask(source, request, sums));
    *rows = (int64_t)sums[2];
    return PDX_OK;
}
