/* prefdissect/http.h: how servers are asked: where, how fast, for how much. Judges and annotators
 * behind HTTP share these options.
 *
 * Every answer is one line of a journal, written as it comes, keyed by the hash of what was asked:
 * a run that was stopped asks only what has no good answer yet, and pays for nothing twice. */
#ifndef PREFDISSECT_HTTP_H
#define PREFDISSECT_HTTP_H

#include <prefdissect/common.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pdx_http_options {
    uint32_t size;
    const char *url;     /* base URL ("http://127.0.0.1:8000"; a "/v1" at its end is understood), or
                            several with commas between: a pool, the least busy server is asked,
                            and one that fails rests. A URL that ends in the route itself
                            (".../chat/completions") is used as it stands; a query
                            ("?api-version=...") stays behind the route. */
    const char *model;   /* the name that the server knows it by */
    const char *key_env; /* environment variable that holds the key; default OPENAI_API_KEY; where
                            it is not set, no key is sent. The key is never logged or stored. */
    const char *proxy;   /* default: what the environment says (http_proxy, ...) */
    const char *ca_file; /* certificates to trust in place of the system's */
    const char *prices;  /* JSON file: {"model": {"input": 0.15, "output": 0.6}, "*": {...}}, in USD
                            for a million tokens */
    const char
        *journal;     /* file of the answers; default: beside the result, with ".journal" added */
    int32_t offline;  /* 1: nothing is sent, the journal alone answers; default 0 */
    int32_t insecure; /* 1: certificates are not checked; default 0 */
    int32_t concurrency; /* most requests in flight; default 64. The number in use adapts: it grows
                            while answers come as fast as before, and halves where the server
                            refuses (429) or is silent. */
    int32_t retries; /* of a request that failed on the way or by the server's fault; default 6 */
    double requests_per_minute; /* 0 (default): no limit */
    double tokens_per_minute;   /* prompt and answer; 0 (default): no limit */
    double connect_seconds;     /* default 10 */
    double idle_seconds; /* with no byte coming, the time that the server thinks too; default 120 */
    double total_seconds; /* of one request; default 600 */
    double max_usd;       /* money that the whole journal may cost; 0 (default): no limit. Needs
                             prices. Stops before it is exceeded, by estimate of what is in flight. */
    int64_t max_tokens;   /* the same in tokens, read and written */
    int64_t max_response_bytes; /* of one answer; default 1 MiB */
    uint64_t seed;              /* of the waits between retries; default 1 */
    const char *key;            /* the key itself, in place of key_env */
    const char *key_header;     /* the header that carries the key, as in "api-key"; default
                                   "Authorization", as "Bearer KEY" */
} pdx_http_options;
PDX_API void pdx_http_options_init(pdx_http_options *options, uint32_t size);
#define pdx_http_options_init(options) pdx_http_options_init((options), (uint32_t)sizeof *(options))

/* What asking came to. */
typedef struct pdx_http_totals {
    int64_t answered;      /* by a server, in this run */
    int64_t from_journal;  /* answered before this run */
    int64_t failed;        /* given up, in this run */
    int64_t attempts;      /* requests sent */
    int64_t input_tokens;  /* as the server counts them, the journal's included */
    int64_t output_tokens; /* as the server counts them, the journal's included */
    double usd;            /* NaN without prices */
} pdx_http_totals;

#ifdef __cplusplus
}
#endif
#endif
