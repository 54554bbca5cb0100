/* Checked allocation over malloc. */
#include "alloc.h"

#include <stdlib.h>
#include <string.h>

static int overflows(size_t count, size_t size, size_t *bytes) {
    if (__builtin_mul_overflow(count, size, bytes) || *bytes > PTRDIFF_MAX - 64) return 1;
    if (*bytes == 0) *bytes = 1;
    return 0;
}

void *pdx__alloc(size_t count, size_t size) {
    size_t bytes;
    void *block = overflows(count, size, &bytes) ? NULL : malloc(bytes);
    if (!block) pdx__nomem();
    return block;
}

void *pdx__alloc_zero(size_t count, size_t size) {
    size_t bytes;
    void *block = overflows(count, size, &bytes) ? NULL : calloc(1, bytes);
    if (!block) pdx__nomem();
    return block;
}

void *pdx__alloc_aligned(size_t count, size_t size) {
    size_t bytes;
    if (overflows(count, size, &bytes)) {
        pdx__nomem();
        return NULL;
    }
    bytes = (bytes + 63) & ~(size_t)63;
    void *block = aligned_alloc(64, bytes);
    if (!block) pdx__nomem();
    else memset(block, 0, bytes);
    return block;
}

char *pdx__strndup(const char *text, size_t length) {
    char *copy = pdx__alloc(length + 1, 1);
    if (!copy) return NULL;
    memcpy(copy, text, length);
    copy[length] = 0;
    return copy;
}

char *pdx__strdup(const char *text) { return pdx__strndup(text, strlen(text)); }

void pdx__free(void *block) { free(block); }

pdx_status pdx__grow(void *block_address, size_t *capacity, size_t count, size_t size) {
    if (count <= *capacity) return PDX_OK;
    size_t wanted = *capacity < 8 ? 8 : *capacity;
    while (wanted < count) {
        if (wanted > SIZE_MAX / 2) return pdx__nomem();
        wanted *= 2;
    }
    size_t bytes;
    if (overflows(wanted, size, &bytes)) return pdx__nomem();
    void **block = block_address;
    void *larger = realloc(*block, bytes);
    if (!larger) return pdx__nomem();
    *block = larger;
    *capacity = wanted;
    return PDX_OK;
}
