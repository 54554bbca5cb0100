/* Pools of servers: URLs, who is asked, who rests. Answers that nobody asked for. */
#include "net/servers.h"

#include <curl/curl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "net/sockets.h"
#include "net/strays.h"

static void check_join(const char *url, const char *path, const char *whole) {
    pdx__servers s = {0};
    pdx__buf out = PDX__BUF_EMPTY;
    OK(pdx__servers_open(&s, url));
    pdx__server_join(&s.list[0], path, &out);
    CHECK_TEXT(out.data, whole);
    pdx__buf_free(&out);
    pdx__servers_close(&s);
}

static void urls(void) {
    check_join("http://h:1", "/v1/completions", "http://h:1/v1/completions");
    check_join("http://h:1/", "/v1/completions", "http://h:1/v1/completions");
    check_join("https://h/v1/", "/v1/completions", "https://h/v1/completions");
    check_join("https://h/v1", "/completion", "https://h/completion");
    check_join("https://h/a/v1/completions", "/v1/completions", "https://h/a/v1/completions");
    check_join("https://h/d/completions?v=1", "/v1/completions", "https://h/d/completions?v=1");
    check_join("https://h/d?v=1/", "/v1/completions", "https://h/d/v1/completions?v=1/");
    pdx__servers s = {0};
    FAILS(pdx__servers_open(&s, "http://a,ftp://b"), PDX_EINVAL, "ftp://b");
    CHECK_INT(s.count, 1);
    pdx__servers_close(&s);
    OK(pdx__servers_open(&s, "http://a,https://b/v1,HTTP://c"));
    CHECK_INT(s.count, 3);
    CHECK_TEXT(s.list[1].url, "https://b");
    pdx__servers_close(&s);
}

static void the_least_busy_one_that_does_not_rest(void) {
    pdx__servers s = {0};
    int asked[3] = {0};
    OK(pdx__servers_open(&s, "http://a,http://b,http://c"));
    for (int i = 0; i < 30; ++i) {
        pdx__server *at = pdx__servers_choose(&s, 0);
        ++at->in_flight;
        ++asked[at - s.list];
    }
    for (int i = 0; i < 3; ++i) CHECK_INT(asked[i], 10);
    s.list[1].in_flight = 0;
    CHECK(pdx__servers_choose(&s, 0) == &s.list[1]);
    pdx__server_did(&s.list[1], 0, 100);
    CHECK(pdx__servers_choose(&s, 100.5) != &s.list[1]);
    CHECK(pdx__servers_choose(&s, 101.01) == &s.list[1]); /* a second's rest is over */
    pdx__server_did(&s.list[1], 0, 101);
    CHECK(pdx__servers_choose(&s, 102.9) != &s.list[1]); /* the next one is longer */
    pdx__server_did(&s.list[1], 1, 102);
    CHECK(pdx__servers_choose(&s, 102) == &s.list[1]);
    for (int i = 0; i < 3; ++i) pdx__server_did(&s.list[i], 0, 200 + (i != 2));
    CHECK(pdx__servers_choose(&s, 200) == &s.list[2]); /* all rest: the soonest back */
    for (int i = 0; i < 20; ++i) pdx__server_did(&s.list[0], 0, 300);
    CHECK_LE(s.list[0].rests_until, 300 + 64);
    pdx__servers_close(&s);
}

static int32_t note(pdx__strays *s, long port, const char *body, int32_t before) {
    return pdx__strays_note(s, port, body, strlen(body), before);
}

static void an_answer_too_many(void) {
    pdx__strays s = {0};
    CHECK_INT(note(&s, 10, "answer one", 0), 0);
    CHECK_INT(note(&s, 11, "answer two", 0), 0);
    CHECK_INT(note(&s, 11, "answer two", 1), 1);
    CHECK_INT(s.seen, 1);
    CHECK_INT(note(&s, 10, "answer one", 1), 1); /* its kind, on the other connection */
    CHECK_INT(note(&s, 10, "answer one", 0), 0); /* a new connection from the same port */
    pdx__strays_close(&s);
    for (int i = 0; i < 100; ++i) /* a server that always says the same */
        CHECK_INT(note(&s, 10 + i % 3, "same", i >= 3), 0);
    pdx__strays_close(&s);
    for (int i = 0; i < 100; ++i) /* or one of two things: taken for one too many at most once */
        note(&s, 10, i % 3 ? "A" : "B", i > 0);
    CHECK_INT(note(&s, 10, "A", 1), 0);
    pdx__strays_close(&s);
}

/* How many sockets in use have something. */
static int ready(pdx__sockets *s) {
    CHECK_INT(pdx__sockets_wait(s, 0), PDX_OK);
    return (int)s->ready_count;
}

static void bytes_at_rest(void) {
    pdx__sockets s;
    int pair[2], again[2];
    char byte;
    OK(pdx__sockets_open(&s));
    CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    OK(pdx__sockets_want(&s, pair[0], CURL_POLL_INOUT, 1));
    CHECK_INT(ready(&s), 1);
    CHECK_INT((int)s.ready[0].events, EPOLLOUT);
    OK(pdx__sockets_want(&s, pair[0], CURL_POLL_IN, 1));
    CHECK_INT(ready(&s), 0);
    CHECK_INT((int)write(pair[1], "x", 1), 1); /* in use: its bytes are an answer */
    CHECK_INT(ready(&s), 1);
    CHECK_INT(pdx__sockets_in_use(&s, pair[0]), 1);
    CHECK_INT((int)read(pair[0], &byte, 1), 1);
    OK(pdx__sockets_want(&s, pair[0], CURL_POLL_REMOVE, 1));
    CHECK_INT(pdx__sockets_in_use(&s, pair[0]), 0);
    CHECK_INT(ready(&s), 0);
    CHECK_INT(s.spoke_unasked, 0);
    CHECK_INT((int)write(pair[1], "x", 1), 1);
    CHECK_INT(ready(&s), 0);
    CHECK_INT(s.spoke_unasked, 1);
    CHECK_INT((int)read(pair[1], &byte, 1), 0); /* closed */
    CHECK_INT((int)s.count, 0);                 /* and not waited for */

    /* A number that was another socket's. */
    CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, again), 0);
    OK(pdx__sockets_want(&s, again[0], CURL_POLL_IN, 1));
    pdx__sockets_forget(&s, again[0]);
    CHECK_INT(dup2(pair[1], again[0]), again[0]);
    OK(pdx__sockets_want(&s, again[0], CURL_POLL_IN, 1));
    CHECK_INT(ready(&s), 1); /* its end of the file */

    /* What TLS says at rest cannot be told apart: it is left for curl to read. */
    s.spoke_unasked = 0;
    OK(pdx__sockets_want(&s, again[0], CURL_POLL_REMOVE, 0));
    CHECK_INT((int)s.count, 1);
    CHECK_INT(ready(&s), 0);
    CHECK_INT((int)s.count, 0);
    CHECK_INT(s.spoke_unasked, 0);
    close(pair[0]);
    close(pair[1]);
    close(again[0]);
    close(again[1]);
    pdx__sockets_close(&s);
}

int main(void) {
    RUN(urls);
    RUN(the_least_busy_one_that_does_not_rest);
    RUN(an_answer_too_many);
    RUN(bytes_at_rest);
    return check_result();
}
