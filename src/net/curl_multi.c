/* The transport over libcurl's multi handle: one thread, kept-alive connections, epoll. Redirects
 * are not followed: the key would go where nobody sent it. Leaves out which server is asked
 * (servers.c), answers that nobody asked for (strays.c), retries (replies.c) and what bodies mean.
 */
#include <curl/curl.h>
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/pool.h"
#include "net/servers.h"
#include "net/strays.h"
#include "net/transport.h"

enum {
    MOST_HEADERS = 256 << 10,
    MOST_HELD = 256 << 20, /* bytes of all answers on their way */
    EVENTS = 128           /* sockets that get a turn between two looks at what is done */
};

/* Keeps its handle, and that its settings, for the next request. */
typedef struct exchange {
    struct net *of;
    CURL *easy;
    struct exchange *next, *previous; /* in flight; next: in a queue, or idle */
    int64_t id;
    pdx__server *at;
    const pdx__server *url_at; /* whose URL, with which path, the handle has */
    const char *url_path;
    const char *to; /* the path that is asked */
    pdx__buf asked, body;
    size_t headers;
    double start, wait;  /* wait: seconds by "retry-after-ms", else NaN */
    int32_t once;        /* the handle uses a connection of its own */
    CURLcode code;       /* how it ended */
    int32_t stray;       /* the answer is that of another */
    int32_t closes;      /* the server ends the connection after this answer */
    const char *refused; /* why the answer was not read to its end */
    char error[CURL_ERROR_SIZE];
} exchange;

typedef struct queue {
    exchange *first, *last;
} queue;

typedef struct net {
    CURLM *multi;
    struct curl_slist *headers;
    pdx__servers servers;
    pdx__strays strays;
    queue waiting, done; /* for curl's next turn; for the caller */
    exchange *busy, *idle;
    size_t held;
    pdx__server *told_at; /* of the last reply */
    double due;           /* when curl wants its turn without an event */
    int poll;             /* of epoll */
    char *key, *proxy, *ca_file;
    pdx_http_options o; /* numbers only */
    char too_large[64];
} net;

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;
static void start_curl(void) { curl_global_init(CURL_GLOBAL_DEFAULT); }

static double net_now(void *self) {
    (void)self;
    return pdx__seconds();
}

static void push(queue *q, exchange *x) {
    x->next = NULL;
    if (q->last) q->last->next = x;
    else q->first = x;
    q->last = x;
}

static exchange *pop(queue *q) {
    exchange *x = q->first;
    q->first = x->next;
    if (!q->first) q->last = NULL;
    return x;
}

/* ---- what curl calls ---- */

static size_t on_body(char *data, size_t size, size_t count, void *context) {
    exchange *x = context;
    size_t length = size * count;
    if (x->of->held + length > MOST_HELD) {
        x->refused = "too many large answers at once";
        return 0;
    }
    pdx__buf_append(&x->body, data, length);
    if (x->body.status != PDX_OK) {
        if (x->body.status != PDX_ENOMEM) x->refused = x->of->too_large;
        return 0;
    }
    x->of->held += length;
    return length;
}

/* The value of a header, or NULL where it is another. */
static const char *header(const char *line, size_t length, const char *name) {
    size_t size = strlen(name);
    if (length <= size || strncasecmp(line, name, size) || line[size] != ':') return NULL;
    line += size + 1;
    return line + strspn(line, " \t");
}

static size_t on_header(char *data, size_t size, size_t count, void *context) {
    exchange *x = context;
    size_t length = size * count;
    char line[64]; /* what is looked for is short */
    size_t kept = length < sizeof line - 1 ? length : sizeof line - 1;
    memcpy(line, data, kept);
    line[kept] = 0;
    const char *value;
    if ((value = header(line, kept, "connection"))) x->closes |= !strncasecmp(value, "close", 5);
    else if ((value = header(line, kept, "retry-after-ms"))) {
        char *end;
        double wait = strtod(value, &end);
        if (end > value && wait > 0) x->wait = wait / 1000;
    }
    x->headers += length;
    if (x->headers > MOST_HEADERS) x->refused = "its headers do not end";
    return x->refused ? 0 : length;
}

static int on_socket(CURL *easy, curl_socket_t s, int what, void *context, void *known) {
    net *n = context;
    struct epoll_event wanted = {.data.fd = s};
    (void)easy;
    if (pdx__strays_use(&n->strays, s, what != CURL_POLL_REMOVE) != PDX_OK) return -1;
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(n->poll, EPOLL_CTL_DEL, s, &wanted);
        return 0;
    }
    if (what & CURL_POLL_IN) wanted.events |= EPOLLIN;
    if (what & CURL_POLL_OUT) wanted.events |= EPOLLOUT;
    int failed = epoll_ctl(n->poll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, s, &wanted);
    curl_multi_assign(n->multi, s, n);
    return failed;
}

static int on_timer(CURLM *multi, long milliseconds, void *context) {
    net *n = context;
    (void)multi;
    n->due = milliseconds < 0 ? INFINITY : pdx__seconds() + (double)milliseconds / 1000;
    return 0;
}

/* ---- an exchange ---- */

#define SET(option, value)                                                                         \
    if (bad == CURLE_OK) bad = curl_easy_setopt(x->easy, option, value)

/* What is the same for all requests. */
static CURLcode set_always(net *n, exchange *x) {
    CURLcode bad = CURLE_OK;
    SET(CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075500
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
#else
    SET(CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    SET(CURLOPT_PIPEWAIT, 1L);
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_ACCEPT_ENCODING, "");
    SET(CURLOPT_HTTPHEADER, n->headers);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, x);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, x);
    SET(CURLOPT_PRIVATE, x);
    SET(CURLOPT_ERRORBUFFER, x->error);
    SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)n->o.max_response_bytes);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)ceil(n->o.connect_seconds * 1000));
    SET(CURLOPT_TIMEOUT_MS, (long)ceil(n->o.total_seconds * 1000));
    SET(CURLOPT_LOW_SPEED_LIMIT, 1L);
    SET(CURLOPT_LOW_SPEED_TIME, (long)ceil(n->o.idle_seconds));
    SET(CURLOPT_TCP_NODELAY, 1L);
    if (n->proxy) SET(CURLOPT_PROXY, n->proxy);
    if (n->ca_file) SET(CURLOPT_CAINFO, n->ca_file);
    SET(CURLOPT_SSL_VERIFYPEER, n->o.insecure ? 0L : 1L);
    SET(CURLOPT_SSL_VERIFYHOST, n->o.insecure ? 0L : 2L);
    return bad;
}

static CURLcode set_request(net *n, exchange *x) {
    CURLcode bad = CURLE_OK;
    if (x->url_at != x->at || x->url_path != x->to) {
        pdx__buf url = PDX__BUF_EMPTY;
        pdx__server_join(x->at, x->to, &url);
        if (url.status != PDX_OK) bad = CURLE_OUT_OF_MEMORY;
        SET(CURLOPT_URL, url.data);
        pdx__buf_free(&url);
        x->url_at = x->at;
        x->url_path = x->to;
    }
    int32_t once = n->strays.seen || !n->strays.answers;
    if (x->once != once) {
        x->once = once;
        SET(CURLOPT_FORBID_REUSE, (long)x->once);
        SET(CURLOPT_FRESH_CONNECT, (long)x->once);
    }
    SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)x->asked.length);
    SET(CURLOPT_POSTFIELDS, x->asked.data);
    return bad;
}
#undef SET

static void free_exchange(exchange *x) {
    if (x->easy) curl_easy_cleanup(x->easy);
    pdx__buf_free(&x->asked);
    pdx__buf_free(&x->body);
    pdx__free(x);
}

static pdx_status curl_failed(CURLcode bad) {
    if (bad == CURLE_OUT_OF_MEMORY) return pdx__nomem();
    return pdx__fail(PDX_EUNSUPPORTED, "libcurl refuses an option: %s", curl_easy_strerror(bad));
}

/* An idle exchange, or a new one. */
static pdx_status take_exchange(net *n, exchange **out) {
    exchange *x = *out = n->idle;
    if (x) {
        n->idle = x->next;
        return PDX_OK;
    }
    x = pdx__alloc_zero(1, sizeof *x);
    if (!x) return PDX_ENOMEM;
    x->of = n;
    x->body.ceiling = (size_t)n->o.max_response_bytes;
    x->easy = curl_easy_init();
    CURLcode bad = x->easy ? set_always(n, x) : CURLE_OUT_OF_MEMORY;
    if (bad != CURLE_OK) {
        free_exchange(x);
        return curl_failed(bad);
    }
    *out = x;
    return PDX_OK;
}

/* The connection stays in the multi handle. */
static void leave(net *n, exchange *x) {
    curl_multi_remove_handle(n->multi, x->easy);
    if (x->next) x->next->previous = x->previous;
    if (x->previous) x->previous->next = x->next;
    else n->busy = x->next;
    --x->at->in_flight;
}

static void make_idle(net *n, exchange *x) {
    n->held -= x->body.length;
    pdx__buf_free(&x->body);
    x->body.ceiling = (size_t)n->o.max_response_bytes;
    x->next = n->idle;
    n->idle = x;
}

/* ---- turns ---- */

/* Whether a whole answer belongs to this request. Over HTTP/2 it does. */
static pdx_status look_at(net *n, exchange *x) {
    curl_socket_t s = CURL_SOCKET_BAD;
    long version = 0, fresh = 1, port = 0;
    curl_easy_getinfo(x->easy, CURLINFO_ACTIVESOCKET, &s);
    curl_easy_getinfo(x->easy, CURLINFO_HTTP_VERSION, &version);
    curl_easy_getinfo(x->easy, CURLINFO_NUM_CONNECTS, &fresh);
    curl_easy_getinfo(x->easy, CURLINFO_LOCAL_PORT, &port);
    if (version != CURL_HTTP_VERSION_1_1) {
        ++n->strays.answers;
        return PDX_OK;
    }
    x->stray = pdx__strays_note(&n->strays, port, x->body.data, x->body.length, !fresh);
    if (x->stray < 0) return PDX_ENOMEM;
    if (s == CURL_SOCKET_BAD) {
        /* Closed, though neither side said so: curl itself met more than the answer. */
        n->strays.seen |= !x->closes && !x->once;
        return PDX_OK;
    }
    if (x->stray) shutdown(s, SHUT_RDWR);
    else if (!strncasecmp(x->at->url, "http:", 5)) return pdx__strays_rest(&n->strays, s);
    return PDX_OK;
}

/* Lets curl work; what is done is looked at before its connection can be used again, so at most one
 * request may begin in a turn. */
static pdx_status act(net *n, curl_socket_t s, int what) {
    int running, left;
    CURLMsg *message;
    CURLMcode code = curl_multi_socket_action(n->multi, s, what, &running);
    if (code == CURLM_OUT_OF_MEMORY) return pdx__nomem();
    if (code != CURLM_OK) return pdx__fail(PDX_EIO, "curl: %s", curl_multi_strerror(code));
    while ((message = curl_multi_info_read(n->multi, &left))) {
        if (message->msg != CURLMSG_DONE) continue;
        exchange *x = NULL;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&x);
        x->code = message->data.result;
        if (x->code == CURLE_OK) PDX__TRY(look_at(n, x));
        leave(n, x);
        push(&n->done, x);
    }
    return PDX_OK;
}

static pdx_status act_if_due(net *n, double now) {
    if (now < n->due) return PDX_OK;
    n->due = INFINITY;
    return act(n, CURL_SOCKET_TIMEOUT, 0);
}

/* ---- requests ---- */

static pdx_status net_submit(void *self, int64_t id, const char *path, const char *body,
                             size_t length) {
    net *n = self;
    exchange *x;
    PDX__TRY(take_exchange(n, &x));
    pdx__buf_clear(&x->asked);
    pdx__buf_append(&x->asked, body, length);
    if (x->asked.status != PDX_OK) {
        free_exchange(x);
        return PDX_ENOMEM;
    }
    x->id = id;
    x->to = path;
    x->start = pdx__seconds();
    push(&n->waiting, x);
    return PDX_OK;
}

static pdx_status start(net *n, exchange *x) {
    x->at = pdx__servers_choose(&n->servers, x->start);
    x->headers = 0;
    x->wait = NAN;
    x->closes = x->stray = 0;
    x->refused = NULL;
    *x->error = 0;
    CURLcode bad = set_request(n, x);
    if (bad != CURLE_OK) return curl_failed(bad);
    return curl_multi_add_handle(n->multi, x->easy) == CURLM_OK ? PDX_OK : pdx__nomem();
}

/* Sends what was submitted, all in a row: a server that is woken for one has the others at once.
 * One begins at a time, and over a connection that was looked at before. */
static pdx_status start_all(net *n) {
    pdx__strays_look(&n->strays);
    while (n->waiting.first) {
        exchange *x = pop(&n->waiting), *done = n->done.last;
        pdx_status status = start(n, x);
        if (status != PDX_OK) {
            free_exchange(x);
            return status;
        }
        ++x->at->in_flight;
        x->previous = NULL;
        x->next = n->busy;
        if (n->busy) n->busy->previous = x;
        n->busy = x;
        PDX__TRY(act_if_due(n, pdx__seconds()));
        if (n->done.last != done) pdx__strays_look(&n->strays);
    }
    return PDX_OK;
}

/* ---- waiting ---- */

/* Waits at most `seconds` for sockets. */
static pdx_status turn(net *n, double seconds) {
    struct epoll_event ready[EVENTS];
    double now = pdx__seconds();
    PDX__TRY(start_all(n));
    PDX__TRY(act_if_due(n, now));
    double wait = n->done.first ? 0 : fmin(fmax(0, fmin(seconds, n->due - now)), 60);
    int count = epoll_wait(n->poll, ready, EVENTS, (int)ceil(wait * 1000));
    if (count < 0 && errno != EINTR) return pdx__fail(PDX_EIO, "epoll: %s", strerror(errno));
    for (int i = 0; i < count; ++i) {
        int what = (ready[i].events & EPOLLIN ? CURL_CSELECT_IN : 0) |
                   (ready[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                   (ready[i].events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
        PDX__TRY(act(n, ready[i].data.fd, what));
    }
    return PDX_OK;
}

/* ---- replies ---- */

/* A server that repeats our key in what it says must not bring it into a file. */
static void hide_key(const net *n, char *text, size_t length) {
    size_t size = n->key ? strlen(n->key) : 0;
    if (size < 4) return;
    for (char *at = text; (at = memmem(at, length - (size_t)(at - text), n->key, size)); at += size)
        memset(at, '*', size);
}

static int32_t how_it_ended(const exchange *x) {
    long sent = 0;
    switch (x->code) {
    case CURLE_OK: return x->stray ? PDX__REPLY_BROKEN : PDX__REPLY_ARRIVED;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS: return PDX__REPLY_UNTRUSTED;
    case CURLE_FILESIZE_EXCEEDED: return PDX__REPLY_TOO_LARGE;
    default: break;
    }
    if (x->refused == x->of->too_large) return PDX__REPLY_TOO_LARGE;
    curl_easy_getinfo(x->easy, CURLINFO_REQUEST_SIZE, &sent);
    if (sent == 0) return PDX__REPLY_UNREACHABLE;
    return x->code == CURLE_OPERATION_TIMEDOUT ? PDX__REPLY_TIMEOUT : PDX__REPLY_BROKEN;
}

static void fill_reply(net *n, exchange *x, pdx__reply *out) {
    long http = 0;
    curl_off_t wait = 0;
    char *location = NULL;
    double now = pdx__seconds();
    curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &http);
    curl_easy_getinfo(x->easy, CURLINFO_RETRY_AFTER, &wait);
    *out = (pdx__reply){.id = x->id,
                        .how = how_it_ended(x),
                        .code = (int32_t)http,
                        .retry_after = wait > 0 ? (double)wait : x->wait,
                        .seconds = now - x->start};
    if (http >= 300 && http < 400) curl_easy_getinfo(x->easy, CURLINFO_REDIRECT_URL, &location);
    if (out->how == PDX__REPLY_TOO_LARGE) x->refused = n->too_large;
    if (x->stray) x->refused = "an answer came twice on one connection";
    if (x->refused || x->code != CURLE_OK)
        snprintf(out->reason, sizeof out->reason, "%s",
                 x->refused  ? x->refused
                 : *x->error ? x->error
                             : curl_easy_strerror(x->code));
    else if (location) snprintf(out->reason, sizeof out->reason, "redirects to %.200s", location);
    hide_key(n, out->reason, strlen(out->reason));
    int32_t theirs = http >= 500 || http == 401 || http == 403 || http == 404 || http == 405;
    pdx__server_did(x->at, out->how == PDX__REPLY_ARRIVED && !theirs, now);
}

static pdx_status take_body(net *n, exchange *x, pdx__reply *out) {
    out->length = x->body.length;
    n->held -= x->body.length;
    pdx__buf_append(&x->body, "", 0);
    out->body = pdx__buf_take(&x->body);
    if (!out->body) return pdx__nomem();
    hide_key(n, out->body, out->length);
    return PDX_OK;
}

static pdx_status finish(net *n, exchange *x, pdx__reply *out) {
    pdx_status status = PDX_OK;
    fill_reply(n, x, out);
    n->told_at = x->at;
    if (x->body.status == PDX_ENOMEM || x->code == CURLE_OUT_OF_MEMORY) status = pdx__nomem();
    else if (out->how == PDX__REPLY_ARRIVED) status = take_body(n, x, out);
    make_idle(n, x);
    return status;
}

static pdx_status net_poll(void *self, double seconds, pdx__reply *out, int32_t *got) {
    net *n = self;
    double now = pdx__seconds(), until = now + seconds;
    for (int32_t turned = 0; !n->done.first; turned = 1, now = pdx__seconds()) {
        *got = 0;
        if (turned && now >= until) return PDX_OK;
        PDX__TRY(turn(n, until - now));
    }
    *got = 1;
    return finish(n, pop(&n->done), out);
}

static void net_distrust(void *self) {
    net *n = self;
    if (n->told_at) pdx__server_did(n->told_at, 0, pdx__seconds());
}

static int32_t take_out(net *n, queue *q, int64_t id) {
    queue rest = {0};
    int32_t found = 0;
    while (q->first) {
        exchange *x = pop(q);
        if (x->id != id) push(&rest, x);
        else make_idle(n, x);
        found |= x->id == id;
    }
    *q = rest;
    return found;
}

static void net_cancel(void *self, int64_t id) {
    net *n = self;
    if (take_out(n, &n->waiting, id) || take_out(n, &n->done, id)) return;
    for (exchange *x = n->busy; x; x = x->next)
        if (x->id == id) {
            leave(n, x);
            make_idle(n, x);
            return;
        }
}

static void free_all(exchange *list) {
    while (list) {
        exchange *next = list->next;
        free_exchange(list);
        list = next;
    }
}

static void net_close(void *self) {
    net *n = self;
    if (!n) return;
    for (exchange *x = n->busy; x; x = x->next) curl_multi_remove_handle(n->multi, x->easy);
    free_all(n->busy);
    free_all(n->waiting.first);
    free_all(n->done.first);
    free_all(n->idle);
    if (n->multi) curl_multi_cleanup(n->multi);
    if (n->poll >= 0) close(n->poll);
    curl_slist_free_all(n->headers);
    pdx__servers_close(&n->servers);
    pdx__strays_close(&n->strays);
    pdx__free(n->key);
    pdx__free(n->proxy);
    pdx__free(n->ca_file);
    pdx__free(n);
}

/* ---- opening ---- */

static const pdx__transport_ops ops = {net_submit, net_poll, net_distrust,
                                       net_cancel, net_now,  net_close};

static pdx_status add_header(net *n, const char *text) {
    struct curl_slist *longer = curl_slist_append(n->headers, text);
    if (!longer) return pdx__nomem();
    n->headers = longer;
    return PDX_OK;
}

static pdx_status add_key(net *n, const pdx_http_options *o) {
    const char *key = o->key ? o->key : getenv(o->key_env), *header = o->key_header;
    if (!key || !*key) return PDX_OK;
    for (const char *c = key; *c; ++c)
        if ((unsigned char)*c < 0x20)
            return pdx__fail(PDX_EINVAL, "the key (%.80s) has a line end or the like within",
                             o->key ? "option 'key'" : o->key_env);
    int plain = !header || !strcasecmp(header, "Authorization");
    pdx__buf text = PDX__BUF_EMPTY;
    n->key = pdx__strdup(key);
    pdx__buf_printf(&text, "%s: %s%s", plain ? "Authorization" : header, plain ? "Bearer " : "",
                    key);
    pdx_status status = n->key ? text.status : PDX_ENOMEM;
    if (status == PDX_OK) status = add_header(n, text.data);
    pdx__buf_free(&text);
    return status;
}

static pdx_status set_up(net *n, const pdx_http_options *o) {
    n->o = *o;
    snprintf(n->too_large, sizeof n->too_large, "the answer is larger than %lld bytes",
             (long long)o->max_response_bytes);
    PDX__TRY(pdx__servers_open(&n->servers, o->url));
    if (o->proxy && !(n->proxy = pdx__strdup(o->proxy))) return PDX_ENOMEM;
    if (o->ca_file && !(n->ca_file = pdx__strdup(o->ca_file))) return PDX_ENOMEM;
    n->multi = curl_multi_init();
    if (!n->multi) return pdx__nomem();
    n->poll = epoll_create1(EPOLL_CLOEXEC);
    if (n->poll < 0) return pdx__fail(PDX_EIO, "epoll: %s", strerror(errno));
    curl_multi_setopt(n->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(n->multi, CURLMOPT_SOCKETDATA, n);
    curl_multi_setopt(n->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(n->multi, CURLMOPT_TIMERDATA, n);
    curl_multi_setopt(n->multi, CURLMOPT_MAXCONNECTS, (long)o->concurrency);
    PDX__TRY(add_header(n, "Content-Type: application/json"));
    PDX__TRY(add_header(n, "Expect:")); /* no waiting for 100 Continue */
    return add_key(n, o);
}

pdx_status pdx__curl_open(pdx__transport *out, const pdx_http_options *options) {
    memset(out, 0, sizeof *out);
    pthread_once(&curl_once, start_curl);
    net *n = pdx__alloc_zero(1, sizeof *n);
    if (!n) return PDX_ENOMEM;
    n->poll = -1;
    n->due = INFINITY;
    pdx_status status = set_up(n, options);
    if (status == PDX_OK) *out = (pdx__transport){&ops, n};
    else net_close(n);
    return status;
}
