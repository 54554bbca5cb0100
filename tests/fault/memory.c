/* malloc and its family over glibc's own. Counts on all threads. */
#include "memory.h"

#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *block);

static atomic_int armed;
static atomic_long asked_for, refused_to, blocks;
static long first_refused, preparation;
static int refuse_which;

void memory_arm(long fail_at, int which) {
    first_refused = fail_at;
    refuse_which = which;
    atomic_store(&asked_for, 0);
    atomic_store(&refused_to, 0);
    atomic_store(&blocks, 0);
    preparation = 0;
    atomic_store(&armed, 1);
}

void memory_disarm(long *asked, long *refused, long *live) {
    atomic_store(&armed, 0);
    *asked = atomic_load(&asked_for);
    *refused = atomic_load(&refused_to);
    *live = atomic_load(&blocks);
}

void memory_prepared(void) { preparation = atomic_load(&asked_for); }

long memory_preparation(void) { return preparation; }

static int refuse(void) {
    if (!atomic_load(&armed)) return 0;
    long number = atomic_fetch_add(&asked_for, 1);
    int yes = refuse_which == MEMORY_ONE   ? number == first_refused
              : refuse_which == MEMORY_ALL ? number >= first_refused
                                           : 0;
    if (yes) {
        atomic_fetch_add(&refused_to, 1);
        errno = ENOMEM;
    }
    return yes;
}

static void *given(void *block) {
    if (block && atomic_load(&armed)) atomic_fetch_add(&blocks, 1);
    return block;
}

void *malloc(size_t size) { return refuse() ? NULL : given(__libc_malloc(size)); }

void *calloc(size_t count, size_t size) {
    return refuse() ? NULL : given(__libc_calloc(count, size));
}

void *realloc(void *block, size_t size) {
    if (refuse()) return NULL;
    void *moved = __libc_realloc(block, size);
    return block ? moved : given(moved);
}

void *memalign(size_t alignment, size_t size) {
    return refuse() ? NULL : given(__libc_memalign(alignment, size));
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **out, size_t alignment, size_t size) {
    void *block = memalign(alignment, size);
    if (!block) return ENOMEM;
    *out = block;
    return 0;
}

void free(void *block) {
    if (block && atomic_load(&armed)) atomic_fetch_sub(&blocks, 1);
    __libc_free(block);
}
