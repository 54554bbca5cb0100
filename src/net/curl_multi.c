/* The transport over libcurl's multi handle: one thread, kept-alive connections, several base URLs
 * as one pool. A server that answers twice would have its second answer taken for that of the next
 * request on the connection: see "stray answers". Redirects are not followed: the key would go
 * where nobody sent it. Leaves out retries (ask.c) and what bodies mean. */
#include <curl/curl.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "core/buf.h"
#include "core/pool.h"
#include "net/transport.h"

enum { MOST_HEADERS = 256 << 10, MOST_IDLE = 64, FIRST_LOOK_MS = 20 };

typedef struct server {
    char *url; /* without "/v1" and "/" at its end */
    int32_t in_flight, failures;
    double rests_until; /* after failed connections, so that a dead server does not look idle */
} server;

typedef struct exchange {
    CURL *easy;
    struct exchange *next, *previous;
    int64_t id;
    server *at;
    pdx__buf body;
    size_t headers;
    double start;
    int32_t too_large, closes; /* the answer is; the server ends the connection after it */
    char error[CURL_ERROR_SIZE];
} exchange;

typedef struct net {
    CURLM *multi;
    struct curl_slist *headers;
    server *servers;
    int32_t count, turn;
    exchange *busy; /* in flight */
    uint64_t *last; /* [last_capacity] by number of the socket: hash of its last answer */
    size_t last_capacity;
    curl_socket_t rested[MOST_IDLE]; /* plain connections that came to rest since curl looked */
    int32_t rested_count;
    int32_t varied, repeated; /* answers unlike, and like, the last one of their connection */
    int32_t looked, strays;   /* 1: one answer was waited after; an answer too many was seen */
    CURL *idle[MOST_IDLE];    /* handles to use again */
    int32_t idle_count;
    char *key, *proxy, *ca_file;
    pdx_http_options o; /* numbers only */
} net;

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;
static void start_curl(void) { curl_global_init(CURL_GLOBAL_DEFAULT); }

static double net_now(void *self) {
    (void)self;
    return pdx__seconds();
}

static size_t on_body(char *data, size_t size, size_t count, void *context) {
    exchange *x = context;
    size_t length = size * count;
    pdx__buf_append(&x->body, data, length);
    if (x->body.status == PDX_OK) return length;
    x->too_large = x->body.status != PDX_ENOMEM;
    return 0;
}

static size_t on_header(char *data, size_t size, size_t count, void *context) {
    exchange *x = context;
    static const char close[] = "connection: close";
    x->headers += size * count;
    if (size * count >= sizeof close - 1 && !strncasecmp(data, close, sizeof close - 1))
        x->closes = 1;
    x->too_large |= x->headers > MOST_HEADERS;
    return x->too_large ? 0 : size * count;
}

/* The least busy server that does not rest; the one that rests least where all do. */
static server *choose(net *n) {
    double now = pdx__seconds();
    server *best = NULL;
    for (int32_t i = 0; i < n->count; ++i) {
        server *s = &n->servers[(n->turn + i) % n->count];
        double rest = fmax(0, s->rests_until - now), best_rest = 0;
        if (best) best_rest = fmax(0, best->rests_until - now);
        if (!best || rest < best_rest || (rest == best_rest && s->in_flight < best->in_flight))
            best = s;
    }
    n->turn = (n->turn + 1) % n->count;
    return best;
}

static int ends_with(const char *text, const char *end) {
    size_t a = strlen(text), b = strlen(end);
    return a >= b && !strcmp(text + a - b, end);
}

/* The base and the path; a base that already ends in the route stands as it is. */
static void join_url(pdx__buf *out, const char *base, const char *path) {
    const char *route = strncmp(path, "/v1/", 4) ? path : path + 3;
    pdx__buf_text(out, base);
    if (!ends_with(base, route)) pdx__buf_text(out, path);
}

static CURLcode set_all(net *n, exchange *x, const char *url, const char *body, size_t length) {
    CURL *e = x->easy;
    CURLcode bad = CURLE_OK;
#define SET(option, value)                                                                         \
    if (bad == CURLE_OK) bad = curl_easy_setopt(e, option, value)
    SET(CURLOPT_URL, url);
    SET(CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075500
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
#else
    SET(CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    SET(CURLOPT_PIPEWAIT, 1L);
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_HTTPHEADER, n->headers);
    SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)length);
    SET(CURLOPT_COPYPOSTFIELDS, body);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, x);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, x);
    SET(CURLOPT_PRIVATE, x);
    SET(CURLOPT_ERRORBUFFER, x->error);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)ceil(n->o.connect_seconds * 1000));
    SET(CURLOPT_TIMEOUT_MS, (long)ceil(n->o.total_seconds * 1000));
    SET(CURLOPT_LOW_SPEED_LIMIT, 1L);
    SET(CURLOPT_LOW_SPEED_TIME, (long)ceil(n->o.idle_seconds));
    SET(CURLOPT_TCP_NODELAY, 1L);
    SET(CURLOPT_FORBID_REUSE, n->strays ? 1L : 0L);
    SET(CURLOPT_FRESH_CONNECT, n->strays ? 1L : 0L);
    if (n->proxy) SET(CURLOPT_PROXY, n->proxy);
    if (n->ca_file) SET(CURLOPT_CAINFO, n->ca_file);
    SET(CURLOPT_SSL_VERIFYPEER, n->o.insecure ? 0L : 1L);
    SET(CURLOPT_SSL_VERIFYHOST, n->o.insecure ? 0L : 2L);
#undef SET
    return bad;
}

/* ---- stray answers ----
 *
 * HTTP/1 tells nothing of which request an answer belongs to but its place. So a connection at rest
 * with bytes on it is closed; after the first answer of all a moment is given for such bytes to
 * come; and an answer that is byte for byte the last one of its connection, from a server whose
 * answers vary, is not taken: the request is asked again elsewhere. */

static int has_bytes(curl_socket_t s) {
    char byte;
    return recv(s, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* A connection at rest with something on it is of no use. Between an answer's end and curl's next
 * turn nothing was asked over it, so what is there was not asked for. */
static void close_strays(net *n) {
    int32_t found = 0;
    for (int32_t i = 0; i < n->rested_count; ++i)
        if (has_bytes(n->rested[i])) {
            shutdown(n->rested[i], SHUT_RDWR);
            found = 1;
        }
    n->rested_count = 0;
    if (!found) return;
    n->strays = 1;
    for (exchange *x = n->busy; x; x = x->next) /* those that curl has not begun */
        curl_easy_setopt(x->easy, CURLOPT_FRESH_CONNECT, 1L);
}

static uint64_t hash_of(const char *text, size_t length) {
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < length; ++i) h = (h ^ (unsigned char)text[i]) * 0x100000001b3u;
    return h;
}

/* Notes an answer that came whole; *stray: it is one too many. */
static pdx_status look_at(net *n, exchange *x, int *stray) {
    curl_socket_t s = CURL_SOCKET_BAD;
    long version = 0;
    *stray = 0;
    curl_easy_getinfo(x->easy, CURLINFO_ACTIVESOCKET, &s);
    curl_easy_getinfo(x->easy, CURLINFO_HTTP_VERSION, &version);
    if (version != CURL_HTTP_VERSION_1_1) return PDX_OK;
    if (s == CURL_SOCKET_BAD) { /* curl itself met more than the answer, and closed it */
        n->strays |= !x->closes;
        return PDX_OK;
    }
    size_t before = n->last_capacity;
    if ((size_t)s >= before) {
        PDX__TRY(pdx__grow(&n->last, &n->last_capacity, (size_t)s + 1, sizeof *n->last));
        memset(n->last + before, 0, (n->last_capacity - before) * sizeof *n->last);
    }
    uint64_t body = hash_of(x->body.data, x->body.length);
    long fresh = 1;
    curl_easy_getinfo(x->easy, CURLINFO_NUM_CONNECTS, &fresh);
    int same = !fresh && n->last[s] == body;
    *stray = same && n->varied >= 2 && n->repeated * 8 < n->varied;
    ++*(same ? &n->repeated : &n->varied);
    n->last[s] = body;
    if (!n->looked++) {
        struct pollfd wait = {s, POLLIN, 0};
        poll(&wait, 1, FIRST_LOOK_MS);
    }
    if (*stray) {
        n->strays = 1;
        shutdown(s, SHUT_RDWR);
    } else if (!strncasecmp(x->at->url, "http:", 5) && n->rested_count < MOST_IDLE)
        n->rested[n->rested_count++] = s;
    return PDX_OK;
}

/* The handle goes back for the next exchange: its connection stays in the multi handle anyway. */
static void end_exchange(net *n, exchange *x) {
    if (x->next) x->next->previous = x->previous;
    if (x->previous) x->previous->next = x->next;
    else if (n->busy == x) n->busy = x->next;
    if (x->at) --x->at->in_flight;
    if (x->easy) {
        curl_multi_remove_handle(n->multi, x->easy);
        curl_easy_reset(x->easy);
        if (n->idle_count < MOST_IDLE) n->idle[n->idle_count++] = x->easy;
        else curl_easy_cleanup(x->easy);
    }
    pdx__buf_free(&x->body);
    pdx__free(x);
}

static pdx_status net_submit(void *self, int64_t id, const char *path, const char *body,
                             size_t length) {
    net *n = self;
    exchange *x = pdx__alloc_zero(1, sizeof *x);
    if (!x) return PDX_ENOMEM;
    x->id = id;
    x->body.ceiling = (size_t)n->o.max_response_bytes;
    x->start = pdx__seconds();
    x->easy = n->idle_count ? n->idle[--n->idle_count] : curl_easy_init();
    server *at = choose(n);
    close_strays(n);
    pdx__buf url = PDX__BUF_EMPTY;
    join_url(&url, at->url, path);
    pdx_status status = x->easy ? url.status : pdx__nomem();
    if (status == PDX_OK) {
        CURLcode bad = set_all(n, x, url.data, body, length);
        if (bad == CURLE_OUT_OF_MEMORY) status = pdx__nomem();
        else if (bad != CURLE_OK)
            status = pdx__fail(PDX_EUNSUPPORTED, "libcurl refuses an option: %s",
                               curl_easy_strerror(bad));
    }
    pdx__buf_free(&url);
    if (status == PDX_OK && curl_multi_add_handle(n->multi, x->easy) != CURLM_OK)
        status = pdx__nomem();
    if (status != PDX_OK) {
        end_exchange(n, x);
        return status;
    }
    x->at = at;
    ++at->in_flight;
    x->next = n->busy;
    if (n->busy) n->busy->previous = x;
    n->busy = x;
    return PDX_OK;
}

/* A server that repeats our key in what it says must not bring it into a file. */
static void hide_key(const net *n, char *text, size_t length) {
    size_t size = n->key ? strlen(n->key) : 0;
    if (size < 4) return;
    for (char *at = text; (at = memmem(at, length - (size_t)(at - text), n->key, size)); at += size)
        memset(at, '*', size);
}

static int32_t how_it_ended(const exchange *x, CURLcode code) {
    switch (code) {
    case CURLE_OK: return PDX__REPLY_ARRIVED;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT: return PDX__REPLY_UNREACHABLE;
    case CURLE_OPERATION_TIMEDOUT: return PDX__REPLY_TIMEOUT;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS: return PDX__REPLY_UNTRUSTED;
    default: return x->too_large ? PDX__REPLY_TOO_LARGE : PDX__REPLY_BROKEN;
    }
}

static void fill_reply(net *n, exchange *x, CURLcode code, pdx__reply *out) {
    long http = 0;
    curl_off_t wait = 0;
    char *location = NULL;
    curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &http);
    curl_easy_getinfo(x->easy, CURLINFO_RETRY_AFTER, &wait);
    curl_easy_getinfo(x->easy, CURLINFO_REDIRECT_URL, &location);
    *out = (pdx__reply){.id = x->id,
                        .how = how_it_ended(x, code),
                        .code = (int32_t)http,
                        .retry_after = wait > 0 ? (double)wait : NAN,
                        .seconds = pdx__seconds() - x->start};
    if (out->how == PDX__REPLY_TOO_LARGE)
        snprintf(out->reason, sizeof out->reason, "the answer is larger than %lld bytes",
                 (long long)n->o.max_response_bytes);
    else if (code != CURLE_OK)
        snprintf(out->reason, sizeof out->reason, "%s",
                 *x->error ? x->error : curl_easy_strerror(code));
    else if (location) snprintf(out->reason, sizeof out->reason, "redirects to %.200s", location);
    hide_key(n, out->reason, strlen(out->reason));
    server *s = x->at;
    if (out->how == PDX__REPLY_UNREACHABLE) {
        s->failures = s->failures < 6 ? s->failures + 1 : 6;
        s->rests_until = pdx__seconds() + ldexp(0.5, s->failures);
    } else if (out->how == PDX__REPLY_ARRIVED) {
        s->failures = 0;
        s->rests_until = 0;
    }
}

static pdx_status finish(net *n, exchange *x, CURLcode code, pdx__reply *out) {
    fill_reply(n, x, code, out);
    pdx_status status = PDX_OK;
    int stray = 0;
    if (out->how == PDX__REPLY_ARRIVED) status = look_at(n, x, &stray);
    if (stray) {
        out->how = PDX__REPLY_BROKEN;
        snprintf(out->reason, sizeof out->reason, "an answer came twice on one connection");
    }
    if (x->body.status == PDX_ENOMEM || code == CURLE_OUT_OF_MEMORY) status = pdx__nomem();
    else if (status == PDX_OK && out->how == PDX__REPLY_ARRIVED) {
        out->length = x->body.length;
        pdx__buf_append(&x->body, "", 0);
        out->body = pdx__buf_take(&x->body);
        if (out->body) hide_key(n, out->body, out->length);
        else status = pdx__nomem();
    }
    end_exchange(n, x);
    return status;
}

static pdx_status net_poll(void *self, double seconds, pdx__reply *out, int32_t *got) {
    net *n = self;
    double until = pdx__seconds() + seconds;
    *got = 0;
    for (int32_t performed = 0;; performed = 1) {
        int running, left;
        CURLMsg *message;
        while ((message = curl_multi_info_read(n->multi, &left))) {
            if (message->msg != CURLMSG_DONE) continue;
            exchange *x = NULL;
            CURLcode code = message->data.result;
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&x);
            *got = 1;
            return finish(n, x, code, out);
        }
        double rest = until - pdx__seconds();
        if (performed && rest <= 0) return PDX_OK;
        int wait = (int)ceil(fmin(rest, 60) * 1000);
        if (performed && curl_multi_poll(n->multi, NULL, 0, wait, NULL) != CURLM_OK)
            return pdx__nomem();
        close_strays(n);
        if (curl_multi_perform(n->multi, &running) != CURLM_OK) return pdx__nomem();
    }
}

static void net_cancel(void *self, int64_t id) {
    net *n = self;
    for (exchange *x = n->busy; x; x = x->next)
        if (x->id == id) {
            end_exchange(n, x);
            return;
        }
}

static void net_close(void *self) {
    net *n = self;
    if (!n) return;
    while (n->busy) end_exchange(n, n->busy);
    for (int32_t i = 0; i < n->idle_count; ++i) curl_easy_cleanup(n->idle[i]);
    if (n->multi) curl_multi_cleanup(n->multi);
    curl_slist_free_all(n->headers);
    for (int32_t i = 0; i < n->count; ++i) pdx__free(n->servers[i].url);
    pdx__free(n->servers);
    pdx__free(n->last);
    pdx__free(n->key);
    pdx__free(n->proxy);
    pdx__free(n->ca_file);
    pdx__free(n);
}

static const pdx__transport_ops ops = {net_submit, net_poll, net_cancel, net_now, net_close};

/* "url,url": each with a scheme; "/" and "/v1" at the end fall away. */
static pdx_status add_servers(net *n, const char *list) {
    int32_t most = 1;
    for (const char *c = list; *c; ++c) most += *c == ',';
    n->servers = pdx__alloc_zero((size_t)most, sizeof *n->servers);
    if (!n->servers) return PDX_ENOMEM;
    for (const char *at = list;;) {
        size_t length = strcspn(at, ","), used = length;
        while (used && at[used - 1] == '/') --used;
        if (used > 3 && !strncmp(at + used - 3, "/v1", 3)) used -= 3;
        if (strncasecmp(at, "http://", 7) && strncasecmp(at, "https://", 8))
            return pdx__fail(PDX_EINVAL, "'%.*s' is no URL: it begins with http:// or https://",
                             length < 200 ? (int)length : 200, at);
        server *s = &n->servers[n->count++];
        s->url = pdx__strndup(at, used);
        if (!s->url) return PDX_ENOMEM;
        if (!at[length]) return PDX_OK;
        at += length + 1;
    }
}

static pdx_status add_header(net *n, const char *text) {
    struct curl_slist *longer = curl_slist_append(n->headers, text);
    if (!longer) return pdx__nomem();
    n->headers = longer;
    return PDX_OK;
}

static pdx_status add_key(net *n, const char *name) {
    const char *key = getenv(name);
    if (!key || !*key) return PDX_OK;
    if (key[strcspn(key, "\r\n")])
        return pdx__fail(PDX_EINVAL, "the key in %.80s has a line end within", name);
    pdx__buf text = PDX__BUF_EMPTY;
    n->key = pdx__strdup(key);
    pdx__buf_printf(&text, "Authorization: Bearer %s", key);
    pdx_status status = n->key ? text.status : PDX_ENOMEM;
    if (status == PDX_OK) status = add_header(n, text.data);
    pdx__buf_free(&text);
    return status;
}

static pdx_status set_up(net *n, const pdx_http_options *o) {
    n->o = *o;
    PDX__TRY(add_servers(n, o->url));
    if (o->proxy && !(n->proxy = pdx__strdup(o->proxy))) return PDX_ENOMEM;
    if (o->ca_file && !(n->ca_file = pdx__strdup(o->ca_file))) return PDX_ENOMEM;
    n->multi = curl_multi_init();
    if (!n->multi) return pdx__nomem();
    curl_multi_setopt(n->multi, CURLMOPT_MAXCONNECTS, (long)o->concurrency);
    PDX__TRY(add_header(n, "Content-Type: application/json"));
    PDX__TRY(add_header(n, "Expect:")); /* no waiting for 100 Continue */
    return add_key(n, o->key_env);
}

pdx_status pdx__curl_open(pdx__transport *out, const pdx_http_options *options) {
    memset(out, 0, sizeof *out);
    pthread_once(&curl_once, start_curl);
    net *n = pdx__alloc_zero(1, sizeof *n);
    if (!n) return PDX_ENOMEM;
    pdx_status status = set_up(n, options);
    if (status == PDX_OK) *out = (pdx__transport){&ops, n};
    else net_close(n);
    return status;
}
