/* Open addressing over one text block: about 16 bytes a string beyond its text. */
#include "strmap.h"

#include <string.h>

static uint64_t hash(const char *text, size_t length) {
    uint64_t h = 0xcbf29ce484222325u ^ length;
    for (size_t i = 0; i < length; ++i) h = (h ^ (unsigned char)text[i]) * 0x100000001b3u;
    return h ^ h >> 29;
}

void pdx__strmap_free(pdx__strmap *map) {
    pdx__free(map->text);
    pdx__free(map->start);
    pdx__free(map->slot);
    memset(map, 0, sizeof *map);
}

const char *pdx__strmap_get(const pdx__strmap *map, int64_t index) {
    return map->text + map->start[index];
}

static size_t length_of(const pdx__strmap *map, int64_t i) {
    size_t end = i + 1 < map->count ? map->start[i + 1] : map->text_length;
    return end - map->start[i] - 1;
}

static size_t find_slot(const pdx__strmap *map, const char *text, size_t length) {
    size_t at = hash(text, length) & (map->slots - 1);
    while (map->slot[at]) {
        int64_t i = map->slot[at] - 1;
        if (length_of(map, i) == length && !memcmp(pdx__strmap_get(map, i), text, length)) break;
        at = (at + 1) & (map->slots - 1);
    }
    return at;
}

int64_t pdx__strmap_find(const pdx__strmap *map, const char *text, size_t length) {
    if (!map->slots) return -1;
    return (int64_t)map->slot[find_slot(map, text, length)] - 1;
}

static pdx_status rehash(pdx__strmap *map) {
    size_t slots = map->slots ? map->slots * 2 : 64;
    uint32_t *slot = pdx__alloc_zero(slots, sizeof *slot);
    if (!slot) return PDX_ENOMEM;
    pdx__free(map->slot);
    map->slot = slot;
    map->slots = slots;
    for (int64_t i = 0; i < map->count; ++i) {
        size_t at = hash(pdx__strmap_get(map, i), length_of(map, i)) & (slots - 1);
        while (slot[at]) at = (at + 1) & (slots - 1);
        slot[at] = (uint32_t)i + 1;
    }
    return PDX_OK;
}

pdx_status pdx__strmap_add(pdx__strmap *map, const char *text, size_t length, int64_t *index,
                           int *added) {
    if (added) *added = 0;
    if ((size_t)map->count * 4 >= map->slots * 3) PDX__TRY(rehash(map));
    size_t at = find_slot(map, text, length);
    if (map->slot[at]) {
        *index = map->slot[at] - 1;
        return PDX_OK;
    }
    if (map->count >= UINT32_MAX - 1) return pdx__fail(PDX_EINVAL, "too many distinct names");
    PDX__TRY(pdx__grow(&map->text, &map->text_capacity, map->text_length + length + 1, 1));
    PDX__TRY(
        pdx__grow(&map->start, &map->start_capacity, (size_t)map->count + 1, sizeof *map->start));
    map->start[map->count] = map->text_length;
    memcpy(map->text + map->text_length, text, length);
    map->text[map->text_length + length] = 0;
    map->text_length += length + 1;
    map->slot[at] = (uint32_t)map->count + 1;
    *index = map->count++;
    if (added) *added = 1;
    return PDX_OK;
}
