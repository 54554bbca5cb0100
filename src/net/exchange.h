/* One request by curl: its handle with all that is set on it, what curl hands to it, and the reply
 * that it comes to. When it begins and ends is curl_multi.c. */
#ifndef PDX_NET_EXCHANGE_H
#define PDX_NET_EXCHANGE_H

#include <curl/curl.h>

#include "core/buf.h"
#include "net/servers.h"
#include "net/transport.h"

/* What all exchanges of a transport share. */
typedef struct pdx__wire {
    pdx_http_options o; /* numbers only */
    struct curl_slist *headers;
    char *key, *proxy, *ca_file; /* proxy "": none; NULL: as the environment says */
    char too_large[64];          /* what is said of an answer over the limit */
    size_t held;                 /* bytes of all answers on their way */
} pdx__wire;
pdx_status pdx__wire_open(pdx__wire *wire, const pdx_http_options *options);
void pdx__wire_close(pdx__wire *wire); /* any time */

/* Keeps its handle, and that its settings, for the next request. */
typedef struct pdx__exchange {
    pdx__wire *wire;
    CURL *easy;
    struct pdx__exchange *next, *previous; /* in flight; next: in a queue, or idle */
    int64_t id;
    pdx__server *at;
    CURLU *url;
    const pdx__server *url_at; /* whose URL, with which path, the handle has */
    const char *url_path;
    const char *to;    /* the path that is asked */
    const char *asked; /* borrowed, with its length */
    size_t asked_length;
    pdx__buf body;
    size_t headers;      /* bytes of the answer's */
    double start, wait;  /* wait: seconds by "retry-after-ms", else NaN */
    int32_t once;        /* the handle uses a connection of its own */
    CURLcode code;       /* how it ended */
    int32_t stray;       /* the answer is that of another */
    int32_t closes;      /* the server ends the connection after this answer */
    const char *refused; /* why the answer was not read to its end */
    char error[CURL_ERROR_SIZE];
} pdx__exchange;

pdx_status pdx__exchange_open(pdx__exchange **out, pdx__wire *wire);
void pdx__exchange_close(pdx__exchange *x);
/* Before it begins: asks `at`; once: over a connection of its own. `to` and `asked` are set. */
pdx_status pdx__exchange_ready(pdx__exchange *x, pdx__server *at, int32_t once);
/* After it ended: the reply, which takes the body, and what the server is worth. */
pdx_status pdx__exchange_reply(pdx__exchange *x, pdx__reply *out);
void pdx__exchange_clear(pdx__exchange *x); /* forgets the answer */

#endif
