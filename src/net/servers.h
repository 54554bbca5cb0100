/* Several base URLs as one pool: the least busy one is asked, one that fails rests for a while. */
#ifndef PDX_NET_SERVERS_H
#define PDX_NET_SERVERS_H

#include "core/buf.h"

typedef struct pdx__server {
    char *url;                   /* without "/v1" and "/" at its end, without its query */
    char *query;                 /* "?api-version=..." or "" */
    int32_t in_flight, failures; /* failures in a row */
    double rests_until;
} pdx__server;

typedef struct pdx__servers {
    pdx__server *list;
    int32_t count, turn;
} pdx__servers;

/* "url,url": each with a scheme. */
pdx_status pdx__servers_open(pdx__servers *s, const char *urls);
void pdx__servers_close(pdx__servers *s); /* any time */
/* The least busy one that does not rest; the one that rests least where all do. */
pdx__server *pdx__servers_choose(pdx__servers *s, double now);
/* What became of an exchange with it. One that fails at once looks idle: it must rest. */
void pdx__server_did(pdx__server *server, int32_t well, double now);
int32_t pdx__server_is_plain(const pdx__server *server); /* without TLS */
/* The whole URL of a path; a base that already ends in the route stands as it is. */
void pdx__server_join(const pdx__server *server, const char *path, pdx__buf *out);

#endif
