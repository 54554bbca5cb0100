/* A loopback HTTP/1.1 server that answers every request at once with the same body: what a client
 * can do where the server costs next to nothing. One thread, epoll; a process of its own. */
#ifndef PDX_TEST_INSTANT_SERVER_H
#define PDX_TEST_INSTANT_SERVER_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { INSTANT_MOST = 1 << 16 }; /* bytes of a request, and connections */

typedef struct instant_server {
    pid_t process;
    int port;
} instant_server;

typedef struct instant_connection {
    size_t used;
    char text[INSTANT_MOST + 1];
} instant_connection;

/* Length of the first whole request in `text`, or 0. */
static inline size_t instant_request(instant_connection *c) {
    c->text[c->used] = 0;
    const char *end = strstr(c->text, "\r\n\r\n");
    if (!end) return 0;
    const char *length = strcasestr(c->text, "\r\ncontent-length:");
    size_t whole = (size_t)(end - c->text) + 4;
    if (length && length < end) whole += strtoul(length + 17, NULL, 10);
    if (whole > INSTANT_MOST) abort();
    return whole <= c->used ? whole : 0;
}

/* 0 where the connection has ended. */
static inline int instant_serve(int socket, instant_connection *c, const char *reply,
                                size_t length) {
    ssize_t got = recv(socket, c->text + c->used, INSTANT_MOST - c->used, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return 1;
    if (got <= 0) return 0;
    c->used += (size_t)got;
    for (size_t whole; (whole = instant_request(c));) {
        memmove(c->text, c->text + whole, c->used -= whole);
        if (send(socket, reply, length, MSG_NOSIGNAL) != (ssize_t)length) return 0;
    }
    return 1;
}

static inline void instant_loop(int listener, const char *reply) {
    static instant_connection *connections[INSTANT_MOST];
    struct epoll_event ready[256], wanted = {.events = EPOLLIN, .data.fd = listener};
    int poll = epoll_create1(0), on = 1;
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &wanted);
    for (;;) {
        int count = epoll_wait(poll, ready, 256, -1);
        for (int i = 0; i < count; ++i) {
            int socket = ready[i].data.fd;
            if (socket == listener) {
                int new = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
                if (new < 0 || new >= INSTANT_MOST) continue;
                setsockopt(new, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
                connections[new] = calloc(1, sizeof(instant_connection));
                wanted.data.fd = new;
                epoll_ctl(poll, EPOLL_CTL_ADD, new, &wanted);
            } else if (!instant_serve(socket, connections[socket], reply, strlen(reply))) {
                free(connections[socket]);
                close(socket);
            }
        }
    }
}

/* Starts the server in a child that ends with its parent; `body` is what it says. */
static inline instant_server instant_server_start(const char *body) {
    instant_server server;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&at, size) || listen(listener, 4096) ||
        getsockname(listener, (struct sockaddr *)&at, &size)) {
        perror("instant server");
        exit(1);
    }
    server.port = ntohs(at.sin_port);
    server.process = fork();
    if (server.process == 0) {
        char *reply = malloc(strlen(body) + 128);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        sprintf(reply,
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n"
                "%s",
                strlen(body), body);
        instant_loop(listener, reply);
    }
    close(listener);
    return server;
}

static inline void instant_server_stop(instant_server server) {
    kill(server.process, SIGKILL);
    waitpid(server.process, NULL, 0);
}

#endif
