/* A request by curl; see exchange.h. */
#include "net/exchange.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/pool.h"

enum { MOST_HEADERS = 256 << 10, MOST_HELD = 256 << 20 };

/* ---- what curl calls ---- */

static size_t on_body(char *data, size_t size, size_t count, void *context) {
    pdx__exchange *x = context;
    size_t length = size * count;
    if (x->wire->held + length > MOST_HELD) {
        x->refused = "too many large answers at once";
        return 0;
    }
    pdx__buf_append(&x->body, data, length);
    if (x->body.status != PDX_OK) {
        if (x->body.status != PDX_ENOMEM) x->refused = x->wire->too_large;
        return 0;
    }
    x->wire->held += length;
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
    pdx__exchange *x = context;
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

/* ---- the handle ---- */

/* Redirects are not followed: the key would go where nobody sent it. */
#define SET(option, value)                                                                         \
    if (bad == CURLE_OK) bad = curl_easy_setopt(x->easy, option, value)

/* What is the same for all requests. */
static CURLcode set_always(pdx__exchange *x) {
    CURLcode bad = CURLE_OK;
    SET(CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075500
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
#else
    SET(CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_ACCEPT_ENCODING, "gzip"); /* short: curl writes headers by the letter */
    SET(CURLOPT_HTTPHEADER, x->wire->headers);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, x);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, x);
    SET(CURLOPT_PRIVATE, x);
    SET(CURLOPT_ERRORBUFFER, x->error);
    SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)x->wire->o.max_response_bytes);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)ceil(x->wire->o.connect_seconds * 1000));
    SET(CURLOPT_TIMEOUT_MS, (long)ceil(x->wire->o.total_seconds * 1000));
    SET(CURLOPT_LOW_SPEED_LIMIT, 1L);
    SET(CURLOPT_LOW_SPEED_TIME, (long)ceil(x->wire->o.idle_seconds));
    SET(CURLOPT_TCP_NODELAY, 1L);
    if (x->wire->proxy) SET(CURLOPT_PROXY, x->wire->proxy);
    if (x->wire->ca_file) SET(CURLOPT_CAINFO, x->wire->ca_file);
    SET(CURLOPT_SSL_VERIFYPEER, x->wire->o.insecure ? 0L : 1L);
    SET(CURLOPT_SSL_VERIFYHOST, x->wire->o.insecure ? 0L : 2L);
    return bad;
}

/* Read once, not by curl at every request. What curl cannot read so, it explains when it is asked.
 */
static CURLcode read_url(pdx__exchange *x, const char *url) {
    CURLcode bad = CURLE_OK;
    CURLU *read = curl_url();
    if (!read) return CURLE_OUT_OF_MEMORY;
    int32_t ok = !curl_url_set(read, CURLUPART_URL, url, 0);
    SET(CURLOPT_CURLU, ok ? read : NULL);
    if (!ok) SET(CURLOPT_URL, url);
    curl_url_cleanup(x->url);
    x->url = read;
    return bad;
}

static CURLcode set_request(pdx__exchange *x, int32_t once) {
    CURLcode bad = CURLE_OK;
    if (x->url_at != x->at || x->url_path != x->to) {
        pdx__buf url = PDX__BUF_EMPTY;
        pdx__server_join(x->at, x->to, &url);
        if (url.status != PDX_OK) bad = CURLE_OUT_OF_MEMORY;
        else bad = read_url(x, url.data);
        /* Without TLS there is no HTTP/2 to wait for. */
        SET(CURLOPT_PIPEWAIT, pdx__server_is_plain(x->at) ? 0L : 1L);
        pdx__buf_free(&url);
        x->url_at = x->at;
        x->url_path = x->to;
    }
    if (x->once != once) {
        x->once = once;
        SET(CURLOPT_FORBID_REUSE, (long)x->once);
        SET(CURLOPT_FRESH_CONNECT, (long)x->once);
    }
    SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)x->asked_length);
    SET(CURLOPT_POSTFIELDS, x->asked);
    return bad;
}
#undef SET

static pdx_status curl_failed(CURLcode bad) {
    if (bad == CURLE_OUT_OF_MEMORY) return pdx__nomem();
    return pdx__fail(PDX_EUNSUPPORTED, "libcurl refuses an option: %s", curl_easy_strerror(bad));
}

pdx_status pdx__exchange_open(pdx__exchange **out, pdx__wire *wire) {
    pdx__exchange *x = *out = pdx__alloc_zero(1, sizeof *x);
    if (!x) return PDX_ENOMEM;
    x->wire = wire;
    x->body.ceiling = (size_t)wire->o.max_response_bytes;
    x->easy = curl_easy_init();
    CURLcode bad = x->easy ? set_always(x) : CURLE_OUT_OF_MEMORY;
    if (bad == CURLE_OK) return PDX_OK;
    pdx__exchange_close(x);
    *out = NULL;
    return curl_failed(bad);
}

void pdx__exchange_close(pdx__exchange *x) {
    if (x->easy) curl_easy_cleanup(x->easy);
    curl_url_cleanup(x->url);
    pdx__buf_free(&x->body);
    pdx__free(x);
}

void pdx__exchange_clear(pdx__exchange *x) {
    x->wire->held -= x->body.length;
    pdx__buf_free(&x->body);
    x->body.ceiling = (size_t)x->wire->o.max_response_bytes;
}

pdx_status pdx__exchange_ready(pdx__exchange *x, pdx__server *at, int32_t once) {
    x->at = at;
    x->headers = 0;
    x->wait = NAN;
    x->closes = x->stray = 0;
    x->refused = NULL;
    *x->error = 0;
    CURLcode bad = set_request(x, once);
    return bad == CURLE_OK ? PDX_OK : curl_failed(bad);
}

/* ---- replies ---- */

/* A server that repeats our key in what it says must not bring it into a file. */
static void hide_key(const pdx__wire *w, char *text, size_t length) {
    size_t size = w->key ? strlen(w->key) : 0;
    if (size < 4) return;
    for (char *at = text; (at = memmem(at, length - (size_t)(at - text), w->key, size)); at += size)
        memset(at, '*', size);
}

static int32_t how_it_ended(const pdx__exchange *x) {
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
    if (x->refused == x->wire->too_large) return PDX__REPLY_TOO_LARGE;
    curl_easy_getinfo(x->easy, CURLINFO_REQUEST_SIZE, &sent);
    if (sent == 0) return PDX__REPLY_UNREACHABLE;
    return x->code == CURLE_OPERATION_TIMEDOUT ? PDX__REPLY_TIMEOUT : PDX__REPLY_BROKEN;
}

static void fill_reply(pdx__exchange *x, pdx__reply *out) {
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
    if (out->how == PDX__REPLY_TOO_LARGE) x->refused = x->wire->too_large;
    if (x->stray) x->refused = "an answer came twice on one connection";
    if (x->refused || x->code != CURLE_OK)
        snprintf(out->reason, sizeof out->reason, "%s",
                 x->refused  ? x->refused
                 : *x->error ? x->error
                             : curl_easy_strerror(x->code));
    else if (location) snprintf(out->reason, sizeof out->reason, "redirects to %.200s", location);
    hide_key(x->wire, out->reason, strlen(out->reason));
    int32_t theirs = http >= 500 || http == 401 || http == 403 || http == 404 || http == 405;
    pdx__server_did(x->at, out->how == PDX__REPLY_ARRIVED && !theirs, now);
}

static pdx_status take_body(pdx__exchange *x, pdx__reply *out) {
    out->length = x->body.length;
    x->wire->held -= x->body.length;
    pdx__buf_append(&x->body, "", 0);
    out->body = pdx__buf_take(&x->body);
    if (!out->body) return pdx__nomem();
    hide_key(x->wire, out->body, out->length);
    return PDX_OK;
}

pdx_status pdx__exchange_reply(pdx__exchange *x, pdx__reply *out) {
    fill_reply(x, out);
    if (x->body.status == PDX_ENOMEM || x->code == CURLE_OUT_OF_MEMORY) return pdx__nomem();
    return out->how == PDX__REPLY_ARRIVED ? take_body(x, out) : PDX_OK;
}

/* ---- what all share ---- */

static pdx_status add_header(pdx__wire *w, const char *text) {
    struct curl_slist *longer = curl_slist_append(w->headers, text);
    if (!longer) return pdx__nomem();
    w->headers = longer;
    return PDX_OK;
}

static pdx_status add_key(pdx__wire *w, const pdx_http_options *o) {
    const char *key = o->key ? o->key : getenv(o->key_env), *header = o->key_header;
    if (!key || !*key) return PDX_OK;
    for (const char *c = key; *c; ++c)
        if ((unsigned char)*c < 0x20)
            return pdx__fail(PDX_EINVAL, "the key (%.80s) has a line end or the like within",
                             o->key ? "option 'key'" : o->key_env);
    int plain = !header || !strcasecmp(header, "Authorization");
    pdx__buf text = PDX__BUF_EMPTY;
    w->key = pdx__strdup(key);
    pdx__buf_printf(&text, "%s: %s%s", plain ? "Authorization" : header, plain ? "Bearer " : "",
                    key);
    pdx_status status = w->key ? text.status : PDX_ENOMEM;
    if (status == PDX_OK) status = add_header(w, text.data);
    pdx__buf_free(&text);
    return status;
}

/* The variables that curl would look for at every request. */
static int32_t proxy_in_environment(void) {
    static const char *names[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
                                  "ALL_PROXY"};
    for (size_t i = 0; i < sizeof names / sizeof *names; ++i)
        if (getenv(names[i])) return 1;
    return 0;
}

pdx_status pdx__wire_open(pdx__wire *w, const pdx_http_options *o) {
    w->o = *o;
    snprintf(w->too_large, sizeof w->too_large, "the answer is larger than %lld bytes",
             (long long)o->max_response_bytes);
    const char *proxy = o->proxy ? o->proxy : proxy_in_environment() ? NULL : "";
    if (proxy && !(w->proxy = pdx__strdup(proxy))) return PDX_ENOMEM;
    if (o->ca_file && !(w->ca_file = pdx__strdup(o->ca_file))) return PDX_ENOMEM;
    PDX__TRY(add_header(w, "Content-Type: application/json"));
    PDX__TRY(add_header(w, "Expect:")); /* no waiting for 100 Continue */
    return add_key(w, o);
}

void pdx__wire_close(pdx__wire *w) {
    curl_slist_free_all(w->headers);
    pdx__free(w->key);
    pdx__free(w->proxy);
    pdx__free(w->ca_file);
}
