/* Scratch memory of one thread. */
#include "workspace.h"

#include "numerics.h"

pdx_status pdx__workspace_create(pdx__workspace **out) {
    *out = pdx__alloc_zero(1, sizeof **out);
    if (!*out) return PDX_ENOMEM;
    (*out)->kernels = pdx__kernels_best();
    pdx__gauss_hermite(PDX__NODES, (*out)->z, (*out)->w);
    pdx__gauss_hermite(PDX__LOO_NODES, (*out)->loo_z, (*out)->loo_w);
    return PDX_OK;
}

void pdx__workspace_free(pdx__workspace *workspace) {
    if (!workspace) return;
    for (int i = 0; i < PDX__SLOTS; ++i) pdx__free(workspace->slot[i].block);
    pdx__free(workspace);
}

void *pdx__workspace_take(pdx__workspace *workspace, pdx__slot slot, size_t count, size_t size) {
    if (size && count > SIZE_MAX / 2 / size) {
        pdx__nomem();
        return NULL;
    }
    size_t bytes = count * size;
    if (workspace->slot[slot].block && workspace->slot[slot].bytes >= bytes)
        return workspace->slot[slot].block;
    pdx__free(workspace->slot[slot].block);
    workspace->slot[slot].bytes = 0;
    workspace->slot[slot].block = pdx__alloc_aligned(bytes ? bytes : 1, 1);
    if (workspace->slot[slot].block) workspace->slot[slot].bytes = bytes;
    return workspace->slot[slot].block;
}
