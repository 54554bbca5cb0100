/* Scratch memory of one thread: one block per use, grown and never shrunk, so that many small fits
 * allocate once. Also holds what every fit needs and nothing changes: kernels and quadrature. */
#ifndef PDX_BAYES_WORKSPACE_H
#define PDX_BAYES_WORKSPACE_H

#include "fit.h"
#include "kernels.h"

enum { PDX__NODES = 8, PDX__LOO_NODES = 32 };

typedef enum pdx__slot {
    PDX__SLOT_BLOCK,
    PDX__SLOT_GRAM_SUMS,
    PDX__SLOT_MATRIX,
    PDX__SLOT_COLUMNS,
    PDX__SLOT_SITES,
    PDX__SLOT_DRAWS,
    PDX__SLOT_FLOATS,
    PDX__SLOT_POINTS,
    PDX__SLOT_WEIGHTS,
    PDX__SLOT_MARGIN,
    PDX__SLOT_OUTSIDE,
    PDX__SLOTS
} pdx__slot;

struct pdx__workspace {
    const pdx__kernels *kernels;
    double z[PDX__NODES], w[PDX__NODES], loo_z[PDX__LOO_NODES], loo_w[PDX__LOO_NODES];
    struct {
        void *block;
        size_t bytes;
    } slot[PDX__SLOTS];
};

/* At least `count` x `size` bytes, 64-byte aligned, contents undefined; valid until the slot is
 * asked for again. NULL: out of memory. */
void *pdx__workspace_take(pdx__workspace *workspace, pdx__slot slot, size_t count, size_t size);

#endif
