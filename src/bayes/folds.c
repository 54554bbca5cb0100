/* Folds. The original shuffles with np.random.seed(0); np.random.shuffle(...), which is MT19937
 * (Matsumoto & Nishimura 1998, ACM TOMACS 8:3) and swaps from the end with bounded draws by masked
 * rejection; here only as much of it as indices below 2^32 need. */
#include "folds.h"

#include "core/rng.h"

enum { TWISTER_WORDS = 624, TWISTER_SHIFT = 397 };

typedef struct twister {
    uint32_t word[TWISTER_WORDS];
    int next;
} twister;

static void twister_seed(twister *t, uint32_t seed) {
    t->word[0] = seed;
    for (int i = 1; i < TWISTER_WORDS; ++i)
        t->word[i] = 1812433253u * (t->word[i - 1] ^ (t->word[i - 1] >> 30)) + (uint32_t)i;
    t->next = TWISTER_WORDS;
}

static uint32_t twister_next(twister *t) {
    if (t->next == TWISTER_WORDS) {
        for (int i = 0; i < TWISTER_WORDS; ++i) {
            uint32_t y =
                (t->word[i] & 0x80000000u) | (t->word[(i + 1) % TWISTER_WORDS] & 0x7fffffffu);
            t->word[i] = t->word[(i + TWISTER_SHIFT) % TWISTER_WORDS] ^ (y >> 1) ^
                         (y & 1u ? 0x9908b0dfu : 0u);
        }
        t->next = 0;
    }
    uint32_t y = t->word[t->next++];
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c5680u;
    y ^= (y << 15) & 0xefc60000u;
    return y ^ (y >> 18);
}

/* A number in [0, most], the same number of 32-bit words drawn as numpy draws. */
static uint32_t twister_at_most(twister *t, uint32_t most) {
    uint32_t mask = most;
    for (int shift = 1; shift < 32; shift *= 2) mask |= mask >> shift;
    uint32_t value;
    do value = twister_next(t) & mask;
    while (value > most);
    return value;
}

static void swap(int64_t *a, int64_t *b) {
    int64_t keep = *a;
    *a = *b;
    *b = keep;
}

static void shuffle_paper(int64_t *order, int64_t n) {
    twister t;
    twister_seed(&t, 0);
    for (int64_t i = n - 1; i > 0; --i) swap(&order[i], &order[twister_at_most(&t, (uint32_t)i)]);
}

static void shuffle_own(int64_t *order, int64_t n, uint64_t seed) {
    pdx__rng rng;
    pdx__rng_init(&rng, seed, UINT64_C(0x666f6c6473)); /* a stream that no fit uses: "folds" */
    for (int64_t i = n - 1; i > 0; --i)
        swap(&order[i], &order[pdx__rng_below(&rng, (uint64_t)i + 1)]);
}

pdx_status pdx__folds_create(pdx__folds *out, int64_t n, int32_t k, int32_t paper, uint64_t seed) {
    *out = (pdx__folds){.k = k, .n = n};
    PDX__REQUIRE(k >= 2 && n >= 0, "folds: %d folds of %lld rows", (int)k, (long long)n);
    PDX__REQUIRE(n <= UINT32_MAX, "folds: more than 2^32 - 1 rows");
    out->order = pdx__alloc((size_t)n, sizeof *out->order);
    out->start = pdx__alloc((size_t)k, sizeof *out->start);
    out->size = pdx__alloc((size_t)k, sizeof *out->size);
    if (!out->order || !out->start || !out->size) {
        pdx__folds_free(out);
        return PDX_ENOMEM;
    }
    for (int64_t i = 0; i < n; ++i) out->order[i] = i;
    if (paper) shuffle_paper(out->order, n);
    else shuffle_own(out->order, n, seed);
    for (int32_t i = 0; i < k; ++i) {
        if (paper) {
            out->start[i] = (int64_t)((double)i / (double)k * (double)n);
            out->size[i] = n / k;
        } else {
            out->start[i] = i * n / k;
            out->size[i] = (i + 1) * n / k - out->start[i];
        }
    }
    return PDX_OK;
}

void pdx__folds_free(pdx__folds *folds) {
    pdx__free(folds->order);
    pdx__free(folds->start);
    pdx__free(folds->size);
    *folds = (pdx__folds){0};
}
