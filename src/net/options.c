/* The options of everything that asks servers. */
#include <string.h>

#include "core/options.h"
#include "net/ask.h"

#define POINTER(field)                                                                             \
    { #field, PDX__OPTION_POINTER, offsetof(pdx_http_options, field), 0, 0, 0, NULL }
#define NUMBER(kind, field, initial, least, most)                                                  \
    { #field, PDX__OPTION_##kind, offsetof(pdx_http_options, field), initial, least, most, NULL }

/* Characters of a header's name: RFC 9110, section 5.6.2. */
#define TOKEN "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

static const pdx__option option_table[] = {
    POINTER(url),
    POINTER(model),
    POINTER(key_env),
    POINTER(proxy),
    POINTER(ca_file),
    POINTER(prices),
    POINTER(journal),
    NUMBER(INT32, offline, 0, 0, 1),
    NUMBER(INT32, insecure, 0, 0, 1),
    NUMBER(INT32, concurrency, 64, 1, 20000),
    NUMBER(INT32, retries, 6, 0, 100),
    NUMBER(DOUBLE, requests_per_minute, 0, 0, 1e9),
    NUMBER(DOUBLE, tokens_per_minute, 0, 0, 1e15),
    NUMBER(DOUBLE, connect_seconds, 10, 0.001, 1e6),
    NUMBER(DOUBLE, idle_seconds, 120, 0.001, 1e6),
    NUMBER(DOUBLE, total_seconds, 600, 0.001, 1e6),
    NUMBER(DOUBLE, max_usd, 0, 0, 1e12),
    NUMBER(INT64, max_tokens, 0, 0, 9e15),
    NUMBER(INT64, max_response_bytes, 1 << 20, 1024, 1 << 30),
    NUMBER(UINT64, seed, 1, 0, 0),
    POINTER(key),
    POINTER(key_header),
};

void(pdx_http_options_init)(pdx_http_options *options, uint32_t size) {
    pdx__options_init(options, size, option_table, PDX__ROWS(option_table));
}

pdx_status pdx__http_take_options(pdx_http_options *full, const pdx_http_options *given) {
    PDX__TRY(pdx__options_take(full, sizeof *full, given, option_table, PDX__ROWS(option_table),
                               "http options"));
    PDX__REQUIRE(full->url && *full->url, "http options: 'url' is not set");
    PDX__REQUIRE(full->model && *full->model, "http options: 'model' is not set");
    PDX__REQUIRE(full->max_usd == 0 || full->prices,
                 "http options: 'max_usd' needs 'prices', a file that says what tokens cost");
    PDX__REQUIRE(!full->key_header ||
                     (*full->key_header && !full->key_header[strspn(full->key_header, TOKEN)]),
                 "http options: 'key_header' is no name of a header");
    if (!full->key_env) full->key_env = "OPENAI_API_KEY";
    return PDX_OK;
}
