/* Answers too many that look like answers. HTTP/1 tells nothing of which request an answer belongs
 * to but its place: a server that answers twice would have its second answer taken for that of the
 * next request on the connection. What comes between two requests is seen by sockets.h; here, an
 * answer that is byte for byte the last one of its connection, from a server whose answers vary, is
 * not taken: it is asked again elsewhere. Nothing is known of a server at its first answer, so that
 * answer's connection is not used again. */
#ifndef PDX_NET_STRAYS_H
#define PDX_NET_STRAYS_H

#include "core/alloc.h"

enum { PDX__PORTS = 1 << 16 };

typedef struct pdx__strays {
    uint64_t *told; /* [PDX__PORTS] hash of a connection's last answer, by its port on our side */
    int64_t answers, varied, repeated; /* all; unlike, and like, the one before */
    uint64_t last;                     /* hash of the last of all answers */
    int32_t seen; /* 1: an answer too many was seen; no connection is to be used again */
} pdx__strays;

void pdx__strays_close(pdx__strays *s); /* a zeroed struct is open */
/* The last answer of the connection from `port` is not to be held against the next. */
void pdx__strays_forget(pdx__strays *s, long port);
/* Notes a whole answer over the connection from `port`, which had one `before`. 1: it is one too
 * many; -1: out of memory. */
int32_t pdx__strays_note(pdx__strays *s, long port, const char *body, size_t length,
                         int32_t before);

#endif
