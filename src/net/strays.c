/* Telling answers apart from answers too many; see strays.h. */
#include "net/strays.h"

#include <string.h>

enum { RARE = 8 };

void pdx__strays_close(pdx__strays *s) {
    pdx__free(s->told);
    memset(s, 0, sizeof *s);
}

static uint64_t hash_of(const char *text, size_t length) {
    uint64_t h = 0xcbf29ce484222325u, word;
    for (; length >= sizeof word; text += sizeof word, length -= sizeof word) {
        memcpy(&word, text, sizeof word);
        h = (h ^ word) * 0x9e3779b97f4a7c15u;
        h ^= h >> 32;
    }
    for (size_t i = 0; i < length; ++i) h = (h ^ (unsigned char)text[i]) * 0x100000001b3u;
    return h;
}

/* A server that always says the same says it to the next request, too. */
int32_t pdx__strays_note(pdx__strays *s, long port, const char *body, size_t length,
                         int32_t before) {
    if (!s->told && !(s->told = pdx__alloc_zero(PDX__PORTS, sizeof *s->told))) return -1;
    uint64_t hash = hash_of(body, length), *told = &s->told[port & (PDX__PORTS - 1)];
    int32_t stray = before && *told == hash && s->varied && s->repeated * RARE < s->varied;
    if (s->answers++ && !stray) ++*(s->last == hash ? &s->repeated : &s->varied);
    *told = s->last = hash;
    s->seen |= stray;
    return stray;
}

void pdx__strays_forget(pdx__strays *s, long port) {
    if (s->told) s->told[port & (PDX__PORTS - 1)] = 0;
}
