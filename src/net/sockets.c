/* Sockets in use and at rest; see sockets.h. */
#include "net/sockets.h"

#include <curl/curl.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LEAST_READY = 64 };

pdx_status pdx__sockets_open(pdx__sockets *s) {
    memset(s, 0, sizeof *s);
    s->poll = epoll_create1(EPOLL_CLOEXEC);
    return s->poll < 0 ? pdx__fail(PDX_EIO, "epoll: %s", strerror(errno)) : PDX_OK;
}

void pdx__sockets_close(pdx__sockets *s) {
    if (s->poll > 0) close(s->poll);
    pdx__free(s->list);
    pdx__free(s->ready);
    memset(s, 0, sizeof *s);
}

/* Waits for `events` of the socket from now on, or for none. */
static int set(pdx__sockets *s, int socket, unsigned char events) {
    pdx__socket *at = &s->list[socket];
    struct epoll_event wanted = {.events = events, .data.fd = socket};
    if (at->in_set == events) return 0;
    int how = !events ? EPOLL_CTL_DEL : at->in_set ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    s->count += how == EPOLL_CTL_ADD;
    s->count -= how == EPOLL_CTL_DEL;
    at->in_set = events;
    return epoll_ctl(s->poll, how, socket, &wanted) && how != EPOLL_CTL_DEL;
}

pdx_status pdx__sockets_want(pdx__sockets *s, int socket, int what, int32_t plain) {
    size_t had = s->capacity;
    unsigned char events =
        (what & CURL_POLL_IN ? EPOLLIN : 0) | (what & CURL_POLL_OUT ? EPOLLOUT : 0);
    const int rests = what == CURL_POLL_REMOVE;
    if ((size_t)socket >= had) {
        PDX__TRY(pdx__grow(&s->list, &s->capacity, (size_t)socket + 1, sizeof *s->list));
        memset(s->list + had, 0, (s->capacity - had) * sizeof *s->list);
    }
    if (rests) events = s->list[socket].in_set & EPOLLIN;
    s->list[socket].in_use = !rests;
    s->list[socket].plain = plain != 0;
    return set(s, socket, events) ? pdx__fail(PDX_EIO, "epoll: %s", strerror(errno)) : PDX_OK;
}

int32_t pdx__sockets_in_use(const pdx__sockets *s, int socket) {
    return (size_t)socket < s->capacity && s->list[socket].in_use;
}

void pdx__sockets_forget(pdx__sockets *s, int socket) {
    if ((size_t)socket >= s->capacity) return;
    set(s, socket, 0);
    s->list[socket].in_use = 0;
}

/* Something came, or the server closed it: either way curl finds it at its next look. */
static void speaks_at_rest(pdx__sockets *s, int socket) {
    char byte;
    if (s->list[socket].plain && recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0) {
        s->spoke_unasked = 1;
        shutdown(socket, SHUT_RDWR);
    }
    set(s, socket, 0);
}

pdx_status pdx__sockets_wait(pdx__sockets *s, int milliseconds) {
    size_t most = s->count < LEAST_READY ? LEAST_READY : s->count; /* none is overlooked */
    s->ready_count = 0;
    PDX__TRY(pdx__grow(&s->ready, &s->ready_capacity, most, sizeof *s->ready));
    int got = epoll_wait(s->poll, s->ready, (int)most, milliseconds);
    if (got < 0 && errno != EINTR) return pdx__fail(PDX_EIO, "epoll: %s", strerror(errno));
    for (int i = 0; i < got; ++i) {
        struct epoll_event ready = s->ready[i];
        if (s->list[ready.data.fd].in_use) s->ready[s->ready_count++] = ready;
        else speaks_at_rest(s, ready.data.fd);
    }
    return PDX_OK;
}
