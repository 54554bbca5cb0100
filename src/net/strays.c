/* Telling answers apart from answers too many; see strays.h. */
#include "net/strays.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>

enum { RARE = 8 };
enum { AT_REST, IN_USE = 1, LISTED = 2 }; /* bits of a socket's state */

void pdx__strays_close(pdx__strays *s) {
    pdx__free(s->told);
    pdx__free(s->rested);
    pdx__free(s->state);
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

pdx_status pdx__strays_use(pdx__strays *s, int socket, int32_t in_use) {
    size_t had = s->capacity;
    if ((size_t)socket >= had) {
        PDX__TRY(pdx__grow(&s->state, &s->capacity, (size_t)socket + 1, sizeof *s->state));
        memset(s->state + had, AT_REST, s->capacity - had);
    }
    if (in_use) s->state[socket] |= IN_USE;
    else s->state[socket] &= (char)~IN_USE;
    return PDX_OK;
}

int32_t pdx__strays_in_use(const pdx__strays *s, int socket) {
    return (size_t)socket < s->capacity && s->state[socket] & IN_USE;
}

void pdx__strays_forget(pdx__strays *s, long port) {
    if (s->told) s->told[port & (PDX__PORTS - 1)] = 0;
}

pdx_status pdx__strays_rest(pdx__strays *s, int socket) {
    PDX__TRY(pdx__strays_use(s, socket, 0));
    if (s->state[socket] & LISTED) return PDX_OK;
    PDX__TRY(pdx__grow(&s->rested, &s->rested_capacity, s->rested_count + 1, sizeof *s->rested));
    s->rested[s->rested_count++] = (struct pollfd){.fd = socket, .events = POLLIN};
    s->state[socket] |= LISTED;
    return PDX_OK;
}

void pdx__strays_look(pdx__strays *s) {
    size_t kept = 0;
    if (!s->rested_count || poll(s->rested, s->rested_count, 0) < 0) return;
    for (size_t i = 0; i < s->rested_count; ++i) {
        char byte, *state = &s->state[s->rested[i].fd];
        struct pollfd rested = s->rested[i];
        if (!(*state & IN_USE) && !rested.revents) {
            s->rested[kept++] = rested;
            continue;
        }
        if (!(*state & IN_USE) && recv(rested.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0) {
            s->seen = 1;
            shutdown(rested.fd, SHUT_RDWR);
        }
        *state &= (char)~LISTED;
    }
    s->rested_count = kept;
}
