/* The rows of a design matrix in panels: as int8 where every value is a small whole number (the
 * usual case: comparisons in {-1, 0, 1}), else as doubles. */
#include "design.h"

#include <math.h>
#include <string.h>

pdx_status pdx__design_create(pdx__design **out, int64_t n, int32_t d, const double *x,
                              const int8_t *x_int8) {
    *out = NULL;
    PDX__REQUIRE(n >= 0 && d >= 1, "a design needs rows >= 0 and columns >= 1, not %lld x %d",
                 (long long)n, d);
    PDX__REQUIRE(n == 0 || x || x_int8, "a design without values");
    int whole = 1;
    double largest = 0;
    if (x && !x_int8)
        for (int64_t i = 0; i < n * d; ++i) {
            PDX__REQUIRE(isfinite(x[i]), "row %lld, column %lld of x is not finite",
                         (long long)(i / d + 1), (long long)(i % d + 1));
            double size = fabs(x[i]);
            if (size > largest) largest = size;
            whole &= size <= 127 && x[i] == (double)(int)x[i];
        }
    pdx__design *design = pdx__alloc_zero(1, sizeof *design);
    if (!design) return PDX_ENOMEM;
    design->n = n;
    design->d = d;
    design->panels = (n + PDX__PANEL - 1) / PDX__PANEL;
    design->largest = largest;
    size_t count = (size_t)design->panels * (size_t)d * PDX__PANEL;
    if (whole) design->x_int8 = pdx__alloc_aligned(count, sizeof *design->x_int8);
    else design->x = pdx__alloc_aligned(count, sizeof *design->x);
    if (!design->x_int8 && !design->x) {
        pdx__design_free(design);
        return PDX_ENOMEM;
    }
    for (int64_t i = 0; i < n; ++i) {
        size_t base = (size_t)(i / PDX__PANEL) * (size_t)d * PDX__PANEL + (size_t)(i % PDX__PANEL);
        for (int32_t k = 0; k < d; ++k) {
            size_t to = base + (size_t)k * PDX__PANEL, from = (size_t)i * (size_t)d + (size_t)k;
            if (x_int8) {
                design->x_int8[to] = x_int8[from];
                design->largest = fmax(design->largest, fabs((double)x_int8[from]));
            } else if (whole) design->x_int8[to] = (int8_t)x[from];
            else design->x[to] = x[from];
        }
    }
    *out = design;
    return PDX_OK;
}

void pdx__design_free(pdx__design *design) {
    if (!design) return;
    pdx__free(design->x_int8);
    pdx__free(design->x);
    pdx__free(design);
}

int64_t pdx__design_rows(const pdx__design *design) { return design->n; }
int32_t pdx__design_dim(const pdx__design *design) { return design->d; }

void pdx__design_row(const pdx__design *design, int64_t row, double *out) {
    size_t from =
        (size_t)(row / PDX__PANEL) * (size_t)design->d * PDX__PANEL + (size_t)(row % PDX__PANEL);
    for (int32_t k = 0; k < design->d; ++k, from += PDX__PANEL)
        out[k] = design->x_int8 ? design->x_int8[from] : design->x[from];
}

enum { BLOCK_PANELS = PDX__BLOCK / PDX__PANEL };

int64_t pdx__design_blocks(const pdx__design *design) {
    return (design->panels + BLOCK_PANELS - 1) / BLOCK_PANELS;
}

int32_t pdx__design_block_panels(const pdx__design *design, int64_t block) {
    int64_t left = design->panels - block * BLOCK_PANELS;
    return (int32_t)(left < BLOCK_PANELS ? left : BLOCK_PANELS);
}

int32_t pdx__design_block_rows(const pdx__design *design, int64_t block) {
    int64_t left = design->n - block * PDX__BLOCK;
    return (int32_t)(left < PDX__BLOCK ? left : PDX__BLOCK);
}

void pdx__design_expand(const pdx__design *design, const pdx__kernels *kernels, int64_t block,
                        const int32_t *column, int32_t d, double *x) {
    size_t from = (size_t)block * BLOCK_PANELS * (size_t)design->d * PDX__PANEL;
    kernels->expand(x, design->x_int8 ? design->x_int8 + from : NULL,
                    design->x ? design->x + from : NULL, design->d,
                    pdx__design_block_panels(design, block), column, d);
}

void pdx__design_expand_float(const pdx__design *design, const pdx__kernels *kernels, int64_t block,
                              const int32_t *column, int32_t d, float *x) {
    size_t from = (size_t)block * BLOCK_PANELS * (size_t)design->d * PDX__PANEL;
    kernels->expand_float(x, design->x_int8 ? design->x_int8 + from : NULL,
                          design->x ? design->x + from : NULL, design->d,
                          pdx__design_block_panels(design, block), column, d);
}
