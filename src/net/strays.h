/* Answers that nobody asked for. HTTP/1 tells nothing of which request an answer belongs to but its
 * place: a server that answers twice would have its second answer taken for that of the next
 * request on the connection. So a connection at rest with bytes on it is closed; after the first
 * answer of all a moment is given for such bytes to come; and an answer that is byte for byte the
 * last one of its connection, from a server whose answers vary, is not taken: it is asked again
 * elsewhere. */
#ifndef PDX_NET_STRAYS_H
#define PDX_NET_STRAYS_H

#include "core/alloc.h"

typedef struct pdx__line {
    uint64_t last;  /* hash of its last answer */
    int32_t in_use; /* 1: curl waits for something on it */
    int32_t rests;  /* 1: it is among `rested` */
} pdx__line;

typedef struct pdx__strays {
    pdx__line *lines; /* [capacity] by number of the socket */
    size_t capacity;
    struct pollfd *rested; /* plain connections that curl may use for the next request */
    size_t rested_count, rested_capacity;
    int32_t varied, repeated; /* answers unlike, and like, the last one of their connection */
    int32_t looked;           /* 1: one answer was waited after */
    int32_t seen; /* 1: an answer too many was seen; no connection is to be used again */
} pdx__strays;

void pdx__strays_close(pdx__strays *s); /* a zeroed struct is open */
/* A socket that curl begins, or ends, to wait for. */
pdx_status pdx__strays_use(pdx__strays *s, int socket, int32_t in_use);
/* Notes a whole answer over `socket`. `again`: the connection had one before; `plain`: without TLS,
 * so that bytes on it can be seen. *stray: it is one too many. */
pdx_status pdx__strays_note(pdx__strays *s, int socket, const char *body, size_t length,
                            int32_t again, int32_t plain, int32_t *stray);
/* Closes connections at rest that have something on them. To be called before anything is sent. */
void pdx__strays_look(pdx__strays *s);

#endif
