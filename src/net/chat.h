/* The bodies of /v1/completions and /v1/chat/completions: building what is asked, reading what is
 * answered. */
#ifndef PDX_NET_CHAT_H
#define PDX_NET_CHAT_H

#include <cjson/cJSON.h>

#include "core/buf.h"

typedef struct pdx__chat_settings {
    const char *model;
    double temperature;  /* NaN: left to the server */
    int64_t max_tokens;  /* 0: left to the server */
    int32_t reasoning;   /* 1: max_completion_tokens in place of max_tokens */
    int64_t seed;        /* -1: none */
    int32_t logprobs;    /* 0: none; else that many alternatives of each token */
    const char *format;  /* JSON of response_format, or NULL */
    const char *members; /* further members, "\"a\":1,\"b\":2", or NULL */
} pdx__chat_settings;

typedef struct pdx__chat_message {
    const char *role, *content;
} pdx__chat_message;

/* Equal inputs give equal bytes: bodies are keys. */
void pdx__chat_body(pdx__buf *out, const pdx__chat_settings *settings,
                    const pdx__chat_message *messages, int32_t count);
void pdx__completion_body(pdx__buf *out, const pdx__chat_settings *settings, const char *prompt,
                          size_t length);

/* What a body of either form says; all borrowed from the tree, NULL where absent. */
typedef struct pdx__chat_reply {
    const char *text;    /* content of the message, or the completion; never NULL after success */
    const char *thought; /* what a reasoning model thought before, where it is told apart */
    const char *refusal; /* the server's own word for it */
    const char *finish;  /* "stop", "length", "content_filter", ... */
    const cJSON *top;    /* the alternatives of the first token: an object {token: logp} or a list
                            [{"token","logprob"}] */
} pdx__chat_reply;
/* 0 where the body is of neither form; `reason` says why. */
int32_t pdx__chat_read(const cJSON *body, pdx__chat_reply *out, char reason[256]);

/* JSON has no NaN and no infinities, but some servers write them: they become "", in place. How
 * many there were. */
int32_t pdx__chat_mend(char *body, size_t length);
/* What stands behind the thinking, which is marked off in any of several ways; "" where it did not
 * come to an end. */
const char *pdx__chat_after_thinking(const char *text);

/* "usage": tokens read and written, -1 where it does not say. */
void pdx__chat_usage(const cJSON *body, int64_t *input, int64_t *output);
/* The model as the server names it, or NULL. */
const char *pdx__chat_model(const cJSON *body);
/* The message within an error body ({"error":{"message"}} and its kin), or NULL. */
const char *pdx__chat_error(const cJSON *body, const char **code);

#endif
