/* The transport over libcurl's multi handle: one thread, kept-alive connections, epoll. Redirects
 * are not followed: the key would go where nobody sent it. Leaves out which server is asked
 * (servers.c), answers that nobody asked for (sockets.c, strays.c), retries (replies.c) and what
 * bodies mean.
 */
#include <curl/curl.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/pool.h"
#include "net/exchange.h"
#include "net/sockets.h"
#include "net/strays.h"
#include "net/transport.h"

typedef struct queue {
    pdx__exchange *first, *last;
} queue;

typedef struct net {
    CURLM *multi;
    pdx__wire wire;
    pdx__servers servers;
    pdx__sockets sockets;
    pdx__strays strays;
    queue waiting, done; /* for curl's next turn; for the caller */
    pdx__exchange *busy, *idle;
    pdx__server *told_at; /* of the last reply */
    double due;           /* when curl wants its turn without an event */
} net;

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;
static void start_curl(void) { curl_global_init(CURL_GLOBAL_DEFAULT); }

static double net_now(void *self) {
    (void)self;
    return pdx__seconds();
}

static void push(queue *q, pdx__exchange *x) {
    x->next = NULL;
    if (q->last) q->last->next = x;
    else q->first = x;
    q->last = x;
}

static pdx__exchange *pop(queue *q) {
    pdx__exchange *x = q->first;
    q->first = x->next;
    if (!q->first) q->last = NULL;
    return x;
}

/* ---- what curl calls ---- */

static int on_socket(CURL *easy, curl_socket_t s, int what, void *context, void *known) {
    net *n = context;
    pdx__exchange *x = NULL; /* NULL: curl closes a connection on its own account */
    (void)known;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&x);
    return pdx__sockets_want(&n->sockets, s, what, x && pdx__server_is_plain(x->at)) == PDX_OK ? 0
                                                                                               : -1;
}

/* A number that is closed may be that of another connection soon. */
static int on_close(void *context, curl_socket_t s) {
    net *n = context;
    pdx__sockets_forget(&n->sockets, s);
    return close(s);
}

static int on_timer(CURLM *multi, long milliseconds, void *context) {
    net *n = context;
    (void)multi;
    n->due = milliseconds < 0 ? INFINITY : pdx__seconds() + (double)milliseconds / 1000;
    return 0;
}

/* ---- exchanges ---- */

/* An idle exchange, or a new one. */
static pdx_status take_exchange(net *n, pdx__exchange **out) {
    *out = n->idle;
    if (n->idle) {
        n->idle = n->idle->next;
        return PDX_OK;
    }
    PDX__TRY(pdx__exchange_open(out, &n->wire));
    curl_easy_setopt((*out)->easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
    curl_easy_setopt((*out)->easy, CURLOPT_CLOSESOCKETDATA, n);
    return PDX_OK;
}

/* The connection stays in the multi handle. */
static void leave(net *n, pdx__exchange *x) {
    curl_multi_remove_handle(n->multi, x->easy);
    if (x->next) x->next->previous = x->previous;
    if (x->previous) x->previous->next = x->next;
    else n->busy = x->next;
    --x->at->in_flight;
}

static void make_idle(net *n, pdx__exchange *x) {
    pdx__exchange_clear(x);
    x->next = n->idle;
    n->idle = x;
}

/* ---- turns ---- */

/* Whether a whole answer belongs to this request. Over HTTP/2 it does. */
static pdx_status look_at(net *n, pdx__exchange *x) {
    curl_socket_t s = CURL_SOCKET_BAD;
    long version = 0, fresh = 1, port = 0, code = 0;
    curl_easy_getinfo(x->easy, CURLINFO_ACTIVESOCKET, &s);
    curl_easy_getinfo(x->easy, CURLINFO_HTTP_VERSION, &version);
    curl_easy_getinfo(x->easy, CURLINFO_NUM_CONNECTS, &fresh);
    curl_easy_getinfo(x->easy, CURLINFO_LOCAL_PORT, &port);
    curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &code);
    if (version != CURL_HTTP_VERSION_1_1) {
        ++n->strays.answers;
        return PDX_OK;
    }
    /* A request that waited in curl may have begun on the connection in this very turn: its answer
     * is not to be lost. */
    const int taken = s != CURL_SOCKET_BAD && pdx__sockets_in_use(&n->sockets, s);
    if (code >= 300) { /* refusals may well be all the same: such a connection is given up */
        if (s != CURL_SOCKET_BAD && !taken) shutdown(s, SHUT_RDWR);
        pdx__strays_forget(&n->strays, port);
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
        pdx__exchange *x = NULL;
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
    pdx__exchange *x;
    PDX__TRY(take_exchange(n, &x));
    x->id = id;
    x->to = path;
    x->asked = body;
    x->asked_length = length;
    x->start = pdx__seconds();
    push(&n->waiting, x);
    return PDX_OK;
}

static pdx_status start(net *n, pdx__exchange *x) {
    int32_t once = n->strays.seen || n->sockets.spoke_unasked || !n->strays.answers;
    PDX__TRY(pdx__exchange_ready(x, pdx__servers_choose(&n->servers, x->start), once));
    return curl_multi_add_handle(n->multi, x->easy) == CURLM_OK ? PDX_OK : pdx__nomem();
}

/* Sends what was submitted, all in a row: a server that is woken for one has the others at once.
 * One begins at a time, and over a connection that was looked at before. */
static pdx_status start_all(net *n) {
    const pdx__exchange *done = n->done.last;
    while (n->waiting.first && n->done.last == done) {
        pdx__exchange *x = pop(&n->waiting);
        pdx_status status = start(n, x);
        if (status != PDX_OK) {
            pdx__exchange_close(x);
            return status;
        }
        ++x->at->in_flight;
        x->previous = NULL;
        x->next = n->busy;
        if (n->busy) n->busy->previous = x;
        n->busy = x;
        PDX__TRY(act_if_due(n, pdx__seconds()));
    }
    return PDX_OK;
}

/* ---- waiting ---- */

/* Waits at most `seconds` for sockets, not at all where something is to be sent. */
static pdx_status turn(net *n, double seconds) {
    double now = pdx__seconds();
    double wait = n->waiting.first ? 0 : fmin(fmax(0, fmin(seconds, n->due - now)), 60);
    PDX__TRY(pdx__sockets_wait(&n->sockets, (int)ceil(wait * 1000)));
    PDX__TRY(start_all(n));
    PDX__TRY(act_if_due(n, pdx__seconds()));
    for (size_t i = 0; i < n->sockets.ready_count; ++i) {
        struct epoll_event ready = n->sockets.ready[i];
        int what = (ready.events & EPOLLIN ? CURL_CSELECT_IN : 0) |
                   (ready.events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                   (ready.events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
        PDX__TRY(act(n, ready.data.fd, what));
    }
    return PDX_OK;
}

/* ---- replies ---- */

static pdx_status net_poll(void *self, double seconds, pdx__reply *out, int32_t *got) {
    net *n = self;
    double now = pdx__seconds(), until = now + seconds;
    for (int32_t turned = 0; !n->done.first; turned = 1, now = pdx__seconds()) {
        *got = 0;
        if (turned && now >= until) return PDX_OK;
        PDX__TRY(turn(n, until - now));
    }
    *got = 1;
    pdx__exchange *x = pop(&n->done);
    pdx_status status = pdx__exchange_reply(x, out);
    n->told_at = x->at;
    make_idle(n, x);
    return status;
}

static void net_distrust(void *self) {
    net *n = self;
    if (n->told_at) pdx__server_did(n->told_at, 0, pdx__seconds());
}

static int32_t take_out(net *n, queue *q, int64_t id) {
    queue rest = {0};
    int32_t found = 0;
    while (q->first) {
        pdx__exchange *x = pop(q);
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
    for (pdx__exchange *x = n->busy; x; x = x->next)
        if (x->id == id) {
            leave(n, x);
            make_idle(n, x);
            return;
        }
}

static void free_all(pdx__exchange *list) {
    while (list) {
        pdx__exchange *next = list->next;
        pdx__exchange_close(list);
        list = next;
    }
}

static void net_close(void *self) {
    net *n = self;
    if (!n) return;
    for (pdx__exchange *x = n->busy; x; x = x->next) curl_multi_remove_handle(n->multi, x->easy);
    free_all(n->busy);
    free_all(n->waiting.first);
    free_all(n->done.first);
    free_all(n->idle);
    if (n->multi) curl_multi_cleanup(n->multi);
    pdx__servers_close(&n->servers);
    pdx__sockets_close(&n->sockets);
    pdx__strays_close(&n->strays);
    pdx__wire_close(&n->wire);
    pdx__free(n);
}

/* ---- opening ---- */

static const pdx__transport_ops ops = {net_submit, net_poll, net_distrust,
                                       net_cancel, net_now,  net_close};

static pdx_status set_up(net *n, const pdx_http_options *o) {
    PDX__TRY(pdx__servers_open(&n->servers, o->url));
    PDX__TRY(pdx__wire_open(&n->wire, o));
    PDX__TRY(pdx__sockets_open(&n->sockets));
    n->multi = curl_multi_init();
    if (!n->multi) return pdx__nomem();
    curl_multi_setopt(n->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(n->multi, CURLMOPT_SOCKETDATA, n);
    curl_multi_setopt(n->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(n->multi, CURLMOPT_TIMERDATA, n);
    curl_multi_setopt(n->multi, CURLMOPT_MAXCONNECTS, (long)o->concurrency);
    return PDX_OK;
}

pdx_status pdx__curl_open(pdx__transport *out, const pdx_http_options *options) {
    memset(out, 0, sizeof *out);
    pthread_once(&curl_once, start_curl);
    net *n = pdx__alloc_zero(1, sizeof *n);
    if (!n) return PDX_ENOMEM;
    n->due = INFINITY;
    pdx_status status = set_up(n, options);
    if (status == PDX_OK) *out = (pdx__transport){&ops, n};
    else net_close(n);
    return status;
}
