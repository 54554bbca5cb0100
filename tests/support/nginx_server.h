/* nginx with one worker on loopback that answers every request at once with the same body; a
 * process of its own, its files in a folder of the caller's. */
#ifndef PDX_TEST_NGINX_SERVER_H
#define PDX_TEST_NGINX_SERVER_H

#include <fcntl.h>

#include "instant_server.h"

/* A certificate of its own for 127.0.0.1, cert.pem and key.pem; 0 where openssl cannot be had. */
static inline int nginx_certificate(const char *folder) {
    char command[512];
    snprintf(
        command, sizeof command,
        "cd %s && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
        "-keyout key.pem -out cert.pem -subj /CN=127.0.0.1 -addext "
        "subjectAltName=IP:127.0.0.1 2>/dev/null",
        folder);
    return system(command) == 0;
}

static inline void nginx_configure(const char *folder, const char *body, int port, int secure) {
    static const char *kept[] = {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"};
    char path[256];
    snprintf(path, sizeof path, "%s/nginx.conf", folder);
    FILE *file = fopen(path, "w");
    if (!file) exit(1);
    fprintf(file,
            "daemon off;\nworker_processes 1;\npid %s/pid;\nerror_log /dev/null;\n"
            "events { worker_connections 4096; }\nhttp {\naccess_log off;\n"
            "keepalive_requests 1000000000;\nclient_body_buffer_size 64k;\n",
            folder);
    for (size_t i = 0; i < sizeof kept / sizeof *kept; ++i)
        fprintf(file, "%s_temp_path %s/temp;\n", kept[i], folder);
    if (secure)
        fprintf(file, "ssl_certificate %s/cert.pem;\nssl_certificate_key %s/key.pem;\n", folder,
                folder);
    fprintf(file,
            "server { listen 127.0.0.1:%d%s; default_type application/json;\n"
            "location / { return 200 '%s'; } } }\n",
            port, secure ? " ssl" : "", body);
    fclose(file);
}

/* Process 0 where it is not installed, or has no certificate. */
static inline instant_server nginx_start(const char *folder, const char *body, int secure) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    char path[256];
    int probe = socket(AF_INET, SOCK_STREAM, 0), null = open("/dev/null", O_WRONLY);
    if (probe < 0 || bind(probe, (struct sockaddr *)&at, size) ||
        getsockname(probe, (struct sockaddr *)&at, &size))
        exit(1);
    close(probe);
    instant_server none = {0, 0}, server = {0, ntohs(at.sin_port)};
    if (secure && !nginx_certificate(folder)) return none;
    nginx_configure(folder, body, server.port, secure);
    snprintf(path, sizeof path, "%s/nginx.conf", folder);
    server.process = fork();
    if (server.process == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        dup2(null, 2);
        execlp("nginx", "nginx", "-p", folder, "-c", path, (char *)NULL);
        _exit(127);
    }
    for (int failed = 1; failed; usleep(20000)) {
        if (waitpid(server.process, NULL, WNOHANG) > 0) return none;
        probe = socket(AF_INET, SOCK_STREAM, 0);
        failed = connect(probe, (struct sockaddr *)&at, sizeof at);
        close(probe);
    }
    return server;
}

/* Waits for its worker, too. */
static inline void nginx_stop(instant_server server) {
    kill(server.process, SIGTERM);
    waitpid(server.process, NULL, 0);
}

#endif
