/* The sockets that curl waits for, in one epoll set. A connection at rest stays in the set, so that
 * its next request costs no system call. What a server says there without being asked, where its
 * bytes can be seen (HTTP/1.1 without TLS), is an answer too many, which the next request on the
 * connection would take for its own. So pdx__sockets_wait, which closes such connections, is to be
 * called before anything is sent. */
#ifndef PDX_NET_SOCKETS_H
#define PDX_NET_SOCKETS_H

#include <sys/epoll.h>

#include "core/alloc.h"

typedef struct pdx__socket {
    unsigned char in_set; /* EPOLLIN, EPOLLOUT: what the set waits for; 0: not in it */
    unsigned char in_use; /* curl waits for it: a request is under way */
    unsigned char plain;  /* what arrives there can be seen */
} pdx__socket;

typedef struct pdx__sockets {
    int poll;
    pdx__socket *list;         /* [capacity] by number of the socket */
    size_t capacity, count;    /* count: in the set */
    struct epoll_event *ready; /* [ready_count] after a wait: those in use, by data.fd */
    size_t ready_capacity, ready_count;
    int32_t spoke_unasked; /* 1 once a server did */
} pdx__sockets;

pdx_status pdx__sockets_open(pdx__sockets *s);
void pdx__sockets_close(pdx__sockets *s); /* also one that did not open */
/* What curl waits for: CURL_POLL_IN, _OUT or _INOUT; _REMOVE: the socket is at rest. `plain`: what
 * arrives there can be seen. */
pdx_status pdx__sockets_want(pdx__sockets *s, int socket, int what, int32_t plain);
int32_t pdx__sockets_in_use(const pdx__sockets *s, int socket);
void pdx__sockets_forget(pdx__sockets *s, int socket); /* before it is closed */
/* Waits at most so long; fills `ready`. */
pdx_status pdx__sockets_wait(pdx__sockets *s, int milliseconds);

#endif
