/* Telling answers apart from answers too many; see strays.h. */
#include "net/strays.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>

enum { FIRST_LOOK_MS = 20, ENOUGH_VARIED = 2, RARE = 8 };

void pdx__strays_close(pdx__strays *s) {
    pdx__free(s->lines);
    pdx__free(s->rested);
    memset(s, 0, sizeof *s);
}

static pdx_status reach(pdx__strays *s, int socket) {
    size_t before = s->capacity;
    if ((size_t)socket < before) return PDX_OK;
    PDX__TRY(pdx__grow(&s->lines, &s->capacity, (size_t)socket + 1, sizeof *s->lines));
    memset(s->lines + before, 0, (s->capacity - before) * sizeof *s->lines);
    return PDX_OK;
}

pdx_status pdx__strays_use(pdx__strays *s, int socket, int32_t in_use) {
    PDX__TRY(reach(s, socket));
    s->lines[socket].in_use = in_use;
    return PDX_OK;
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

/* Only connections that are used again tell whether a server's answers vary. */
static int32_t is_stray(pdx__strays *s, int socket, uint64_t body, int32_t again) {
    if (!again) return 0;
    int32_t same = s->lines[socket].last == body;
    int32_t stray = same && s->varied >= ENOUGH_VARIED && s->repeated * RARE < s->varied;
    ++*(same ? &s->repeated : &s->varied);
    return stray;
}

pdx_status pdx__strays_note(pdx__strays *s, int socket, const char *body, size_t length,
                            int32_t again, int32_t plain, int32_t *stray) {
    *stray = 0;
    PDX__TRY(reach(s, socket));
    uint64_t hash = hash_of(body, length);
    *stray = is_stray(s, socket, hash, again);
    s->lines[socket].last = hash;
    if (!s->looked++) {
        struct pollfd wait = {socket, POLLIN, 0};
        poll(&wait, 1, FIRST_LOOK_MS);
    }
    if (*stray) {
        s->seen = 1;
        shutdown(socket, SHUT_RDWR);
        return PDX_OK;
    }
    if (!plain || s->lines[socket].rests) return PDX_OK;
    PDX__TRY(pdx__grow(&s->rested, &s->rested_capacity, s->rested_count + 1, sizeof *s->rested));
    s->rested[s->rested_count++] = (struct pollfd){.fd = socket, .events = POLLIN};
    s->lines[socket].rests = 1;
    return PDX_OK;
}

void pdx__strays_look(pdx__strays *s) {
    size_t kept = 0;
    if (!s->rested_count || poll(s->rested, s->rested_count, 0) < 0) return;
    for (size_t i = 0; i < s->rested_count; ++i) {
        char byte;
        struct pollfd rested = s->rested[i];
        s->lines[rested.fd].rests = 0;
        if (s->lines[rested.fd].in_use) continue;
        if (!rested.revents) {
            s->lines[rested.fd].rests = 1;
            s->rested[kept++] = rested;
        } else if (recv(rested.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0) {
            s->seen = 1;
            shutdown(rested.fd, SHUT_RDWR);
        }
    }
    s->rested_count = kept;
}
