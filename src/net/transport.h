/* The seam of the network: bodies go out, replies come back in any order. The one over curl's multi
 * handle is curl_multi.c; the other is the scripted one of the tests. One thread. */
#ifndef PDX_NET_TRANSPORT_H
#define PDX_NET_TRANSPORT_H

#include <prefdissect/http.h>

#include "core/alloc.h"

/* How an exchange ended. */
enum {
    PDX__REPLY_ARRIVED,     /* whole; `code` is the HTTP status */
    PDX__REPLY_UNREACHABLE, /* no connection: nothing was asked */
    PDX__REPLY_BROKEN,      /* the connection ended before the reply did */
    PDX__REPLY_TIMEOUT,
    PDX__REPLY_TOO_LARGE,
    PDX__REPLY_UNTRUSTED /* the certificate is not one to trust */
};

typedef struct pdx__reply {
    int64_t id; /* as submitted */
    int32_t how, code;
    double retry_after; /* seconds that the server asks for; NaN: none */
    double seconds;     /* from submission to the last byte */
    char *body;         /* the receiver frees it; NUL-terminated, never NULL where ARRIVED */
    size_t length;
    char reason[256]; /* for people, where it did not arrive whole or redirects */
} pdx__reply;

typedef struct pdx__transport_ops {
    /* POST of a JSON body, borrowed until its reply is told or it is cancelled; path as in
     * "/v1/completions". */
    pdx_status (*submit)(void *self, int64_t id, const char *path, const char *body, size_t length);
    /* Waits at most `seconds` for one reply; *got = 0 where none came. */
    pdx_status (*poll)(void *self, double seconds, pdx__reply *out, int32_t *got);
    /* The last reply was no answer, though its status says so. NULL: nobody wants to know. */
    void (*distrust)(void *self);
    void (*cancel)(void *self, int64_t id); /* no reply will come */
    double (*now)(void *self);              /* seconds of a steady clock */
    void (*close)(void *self);
} pdx__transport_ops;

typedef struct pdx__transport {
    const pdx__transport_ops *ops;
    void *self;
} pdx__transport;

/* Over libcurl; `options` were checked and have url set. Strings are copied. */
pdx_status pdx__curl_open(pdx__transport *out, const pdx_http_options *options);

#endif
