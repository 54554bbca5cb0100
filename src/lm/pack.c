/* Sorting prompts by their ids makes shared prefixes neighbours; one walk over the sorted list then
 * gives the segments of their radix tree. */
#include "pack.h"

#include <stdlib.h>
#include <string.h>

typedef struct entry {
    const pdx__ids *prompt;
    int32_t number; /* in the caller's list */
    int32_t shared; /* leading ids in common with the entry before */
} entry;

static int32_t common(const pdx__ids *a, const pdx__ids *b) {
    size_t n = a->count < b->count ? a->count : b->count, i = 0;
    while (i < n && a->id[i] == b->id[i]) ++i;
    return (int32_t)i;
}

static int by_ids(const void *x, const void *y) {
    const entry *a = x, *b = y;
    size_t i = (size_t)common(a->prompt, b->prompt);
    if (i < a->prompt->count && i < b->prompt->count)
        return a->prompt->id[i] < b->prompt->id[i] ? -1 : 1;
    if (a->prompt->count != b->prompt->count) return a->prompt->count < b->prompt->count ? -1 : 1;
    return a->number - b->number;
}

static pdx_status sorted(const pdx__ids *prompts, int32_t count, entry **out) {
    entry *list = *out = pdx__alloc((size_t)count, sizeof *list);
    if (!list) return PDX_ENOMEM;
    for (int32_t i = 0; i < count; ++i) list[i] = (entry){&prompts[i], i, 0};
    qsort(list, (size_t)count, sizeof *list, by_ids);
    for (int32_t i = 1; i < count; ++i) list[i].shared = common(list[i - 1].prompt, list[i].prompt);
    return PDX_OK;
}

pdx_status pdx__packed_tokens(const pdx__ids *prompts, int32_t count, int64_t *tokens) {
    entry *list;
    *tokens = 0;
    PDX__TRY(sorted(prompts, count, &list));
    for (int32_t i = 0; i < count; ++i) *tokens += (int64_t)list[i].prompt->count - list[i].shared;
    pdx__free(list);
    return PDX_OK;
}

/* Adds entries [from, to), which share their first `depth` ids and whose segments so far end with
 * `parent`. Segments are cut where the group's members part. */
static void add_group(pdx__pack *p, const entry *list, int32_t from, int32_t to, int32_t depth,
                      int32_t parent) {
    while (from < to) {
        /* The members that go on with the same id, and how far they stay together. */
        int32_t end = from + 1, together = (int32_t)list[from].prompt->count;
        while (end < to && list[end].shared > depth) {
            together = list[end].shared < together ? list[end].shared : together;
            ++end;
        }
        int32_t segment = parent;
        if (together > depth) {
            segment = p->batch.segments++;
            p->segment[segment] = (pdx__segment){p->batch.tokens, together - depth, parent, depth};
            for (int32_t i = depth; i < together; ++i) {
                p->id[p->batch.tokens] = list[from].prompt->id[i];
                p->position[p->batch.tokens++] = i;
            }
        }
        /* Prompts that end here (they sort first), then the rest one level down. */
        int32_t i = from;
        while (i < end && (int32_t)list[i].prompt->count == together)
            p->last[list[i++].number] = p->segment[segment].start + p->segment[segment].length - 1;
        if (i < end) add_group(p, list, i, end, together, segment);
        from = end;
    }
}

pdx_status pdx__pack_prompts(pdx__pack *out, const pdx__ids *prompts, int32_t count) {
    memset(out, 0, sizeof *out);
    entry *list;
    int64_t tokens = 0;
    PDX__TRY(sorted(prompts, count, &list));
    for (int32_t i = 0; i < count; ++i) tokens += (int64_t)list[i].prompt->count - list[i].shared;
    out->id = pdx__alloc((size_t)tokens, sizeof *out->id);
    out->position = pdx__alloc((size_t)tokens, sizeof *out->position);
    out->segment = pdx__alloc(2 * (size_t)count, sizeof *out->segment); /* a tree of count leaves */
    out->last = pdx__alloc((size_t)count, sizeof *out->last);
    pdx_status status = PDX_OK;
    if (!out->id || !out->position || !out->segment || !out->last) status = PDX_ENOMEM;
    else {
        add_group(out, list, 0, count, 0, -1);
        out->batch.id = out->id;
        out->batch.position = out->position;
        out->batch.segment = out->segment;
    }
    pdx__free(list);
    if (status != PDX_OK) pdx__pack_free(out);
    return status;
}

void pdx__pack_free(pdx__pack *pack) {
    pdx__free(pack->id);
    pdx__free(pack->position);
    pdx__free(pack->segment);
    pdx__free(pack->last);
    memset(pack, 0, sizeof *pack);
}
