/* Byte-pair merging of one piece: the pair of lowest rank first, leftmost among equals. A heap over
 * a linked list: n log n, so that a piece of a megabyte is no trap. */
#include <string.h>

#include "core/utf8.h"
#include "tokenizer_internal.h"

typedef struct symbol {
    int32_t id, previous, next; /* neighbours, -1: none; id -1: swallowed; -2: no token */
    uint32_t start, length;
} symbol;

typedef struct candidate {
    double rank;
    int32_t left, right; /* symbols */
    int32_t left_id, right_id, merged;
} candidate;

typedef struct work {
    symbol *symbols;
    size_t count, capacity;
    candidate *heap;
    size_t size, heap_capacity;
} work;

pdx_status pdx__ids_push(pdx__ids *ids, int32_t id) {
    PDX__TRY(pdx__grow(&ids->id, &ids->capacity, ids->count + 1, sizeof *ids->id));
    ids->id[ids->count++] = id;
    return PDX_OK;
}

static int before(const candidate *a, const candidate *b) {
    return a->rank < b->rank || (a->rank == b->rank && a->left < b->left);
}

static pdx_status heap_push(work *w, candidate c) {
    PDX__TRY(pdx__grow(&w->heap, &w->heap_capacity, w->size + 1, sizeof *w->heap));
    size_t i = w->size++;
    while (i > 0 && before(&c, &w->heap[(i - 1) / 2])) {
        w->heap[i] = w->heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    w->heap[i] = c;
    return PDX_OK;
}

static candidate heap_pop(work *w) {
    candidate top = w->heap[0], last = w->heap[--w->size];
    size_t i = 0;
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= w->size) break;
        if (child + 1 < w->size && before(&w->heap[child + 1], &w->heap[child])) ++child;
        if (!before(&w->heap[child], &last)) break;
        w->heap[i] = w->heap[child];
        i = child;
    }
    if (w->size) w->heap[i] = last;
    return top;
}

static const pdx__merge *find_merge(const pdx__tokenizer *t, int32_t left, int32_t right) {
    uint64_t h = ((uint64_t)(uint32_t)left << 32 | (uint32_t)right) * 0x9e3779b97f4a7c15u;
    for (size_t at = (h >> 20) & (t->merge_slots - 1); t->merge[at].left >= 0;
         at = (at + 1) & (t->merge_slots - 1))
        if (t->merge[at].left == left && t->merge[at].right == right) return &t->merge[at];
    return NULL;
}

/* Offers the pair (left, its next) where it can be merged. */
static pdx_status offer(const pdx__tokenizer *t, const char *text, work *w, int32_t left) {
    int32_t right = left < 0 ? -1 : w->symbols[left].next;
    if (right < 0) return PDX_OK;
    const symbol *a = &w->symbols[left], *b = &w->symbols[right];
    candidate c = {0, left, right, a->id, b->id, -1};
    if (t->merge) {
        const pdx__merge *merge = a->id < 0 || b->id < 0 ? NULL : find_merge(t, a->id, b->id);
        if (!merge) return PDX_OK;
        c.rank = merge->rank;
        c.merged = merge->merged;
    } else {
        c.merged = pdx__vocabulary_find(t, text + a->start, (size_t)a->length + b->length);
        if (c.merged < 0) return PDX_OK;
        c.rank = -(double)t->token[c.merged].score;
    }
    return heap_push(w, c);
}

static pdx_status add_symbol(work *w, int32_t id, size_t start, size_t length) {
    PDX__TRY(pdx__grow(&w->symbols, &w->capacity, w->count + 1, sizeof *w->symbols));
    int32_t at = (int32_t)w->count++;
    w->symbols[at] = (symbol){id, at - 1, -1, (uint32_t)start, (uint32_t)length};
    if (at) w->symbols[at - 1].next = at;
    return PDX_OK;
}

/* Bytes, or characters (a character without a token is -2: bytes or unknown at the end). */
static pdx_status split(const pdx__tokenizer *t, const char *text, size_t length, work *w) {
    for (size_t i = 0; i < length;) {
        size_t used = 1;
        int32_t id;
        if (t->kind == PDX__BPE_BYTES) id = t->byte_id[(unsigned char)text[i]];
        else {
            uint32_t rune;
            used = pdx__utf8_decode(text + i, length - i, &rune);
            if (!used) used = 1;
            id = pdx__vocabulary_find(t, text + i, used);
        }
        PDX__TRY(add_symbol(w, id < 0 ? -2 : id, i, used));
        i += used;
    }
    return PDX_OK;
}

static pdx_status emit(const pdx__tokenizer *t, const char *text, const symbol *s, int *unknown,
                       pdx__ids *out) {
    if (s->id >= 0) {
        *unknown = 0;
        return pdx__ids_push(out, s->id);
    }
    int all_bytes = 1;
    for (uint32_t i = 0; i < s->length; ++i)
        all_bytes &= t->byte_id[(unsigned char)text[s->start + i]] >= 0;
    if (all_bytes) {
        *unknown = 0;
        for (uint32_t i = 0; i < s->length; ++i)
            PDX__TRY(pdx__ids_push(out, t->byte_id[(unsigned char)text[s->start + i]]));
        return PDX_OK;
    }
    if (t->unknown < 0 || (*unknown && t->fuse_unknown)) return PDX_OK;
    *unknown = 1;
    return pdx__ids_push(out, t->unknown);
}

static pdx_status merge_all(const pdx__tokenizer *t, const char *text, size_t length, work *w,
                            pdx__ids *out) {
    PDX__TRY(split(t, text, length, w));
    for (size_t i = 0; i + 1 < w->count; ++i) PDX__TRY(offer(t, text, w, (int32_t)i));
    while (w->size) {
        candidate c = heap_pop(w);
        symbol *a = &w->symbols[c.left], *b = &w->symbols[c.right];
        if (a->next != c.right || a->id != c.left_id || b->id != c.right_id) continue;
        a->id = c.merged;
        a->length += b->length;
        a->next = b->next;
        if (b->next >= 0) w->symbols[b->next].previous = c.left;
        b->id = -1;
        b->next = -1;
        PDX__TRY(offer(t, text, w, a->previous));
        PDX__TRY(offer(t, text, w, c.left));
    }
    int unknown = 0;
    for (int32_t i = w->count ? 0 : -1; i >= 0; i = w->symbols[i].next)
        PDX__TRY(emit(t, text, &w->symbols[i], &unknown, out));
    return PDX_OK;
}

pdx_status pdx__bpe(const pdx__tokenizer *t, const char *text, size_t length, pdx__ids *out) {
    if (length == 0) return PDX_OK;
    if (length > INT32_MAX / 2) return pdx__fail(PDX_EINVAL, "a piece of %zu bytes", length);
    if (t->ignore_merges) {
        int32_t id = pdx__vocabulary_find(t, text, length);
        if (id >= 0) return pdx__ids_push(out, id);
    }
    work w = {0};
    pdx_status status = merge_all(t, text, length, &w, out);
    pdx__free(w.symbols);
    pdx__free(w.heap);
    return status;
}
