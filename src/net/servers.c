/* The pool of base URLs; see servers.h. */
#include "net/servers.h"

#include <math.h>
#include <string.h>
#include <strings.h>

enum { LONGEST_REST = 6 }; /* doublings of half a second */

/* "/" and "/v1" at the end fall away. */
static pdx_status add_server(pdx__servers *s, const char *text, size_t length) {
    if (strncasecmp(text, "http://", 7) && strncasecmp(text, "https://", 8))
        return pdx__fail(PDX_EINVAL, "'%.*s' is no URL: it begins with http:// or https://",
                         length < 200 ? (int)length : 200, text);
    pdx__server *new = &s->list[s->count++];
    size_t used = 0;
    while (used < length && text[used] != '?') ++used;
    new->query = pdx__strndup(text + used, length - used);
    while (used && text[used - 1] == '/') --used;
    if (used > 3 && !strncmp(text + used - 3, "/v1", 3)) used -= 3;
    new->url = pdx__strndup(text, used);
    return new->url &&new->query ? PDX_OK : PDX_ENOMEM;
}

pdx_status pdx__servers_open(pdx__servers *s, const char *urls) {
    int32_t most = 1;
    for (const char *c = urls; *c; ++c) most += *c == ',';
    s->list = pdx__alloc_zero((size_t)most, sizeof *s->list);
    if (!s->list) return PDX_ENOMEM;
    for (const char *at = urls;;) {
        size_t length = strcspn(at, ",");
        PDX__TRY(add_server(s, at, length));
        if (!at[length]) return PDX_OK;
        at += length + 1;
    }
}

void pdx__servers_close(pdx__servers *s) {
    for (int32_t i = 0; i < s->count; ++i) {
        pdx__free(s->list[i].url);
        pdx__free(s->list[i].query);
    }
    pdx__free(s->list);
    memset(s, 0, sizeof *s);
}

pdx__server *pdx__servers_choose(pdx__servers *s, double now) {
    pdx__server *best = NULL;
    double best_rest = 0;
    for (int32_t i = 0; i < s->count; ++i) {
        pdx__server *at = &s->list[(s->turn + i) % s->count];
        double rest = fmax(0, at->rests_until - now);
        if (!best || rest < best_rest || (rest == best_rest && at->in_flight < best->in_flight)) {
            best = at;
            best_rest = rest;
        }
    }
    s->turn = (s->turn + 1) % s->count;
    return best;
}

void pdx__server_did(pdx__server *server, int32_t well, double now) {
    if (well) {
        server->failures = 0;
        server->rests_until = 0;
        return;
    }
    if (server->failures < LONGEST_REST) ++server->failures;
    server->rests_until = now + ldexp(0.5, server->failures);
}

int32_t pdx__server_is_plain(const pdx__server *server) {
    return !strncasecmp(server->url, "http:", 5);
}

static int ends_with(const char *text, const char *end) {
    size_t a = strlen(text), b = strlen(end);
    return a >= b && !strcmp(text + a - b, end);
}

void pdx__server_join(const pdx__server *server, const char *path, pdx__buf *out) {
    const char *route = strncmp(path, "/v1/", 4) ? path : path + 3;
    pdx__buf_text(out, server->url);
    if (!ends_with(server->url, route)) pdx__buf_text(out, path);
    pdx__buf_text(out, server->query);
}
