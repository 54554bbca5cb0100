/* The engine beside wrk, and beside libcurl alone, on the same loopback servers, which answer at
 * once: nginx with one worker, with TLS as judges by API have it and without, and one of our own
 * that does as little as a server can. Requests a second and processor time of each, on one thread
 * and as many connections, and how much memory a run of COUNT asks takes beyond its start. One JSON
 * line for each server; without wrk or nginx what is there is measured. bench-http [COUNT (200000)
 * [CONNECTIONS (64) [SECONDS OF WRK (3)]]] */
#include <curl/curl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/pool.h"
#include "net/ask.h"
#include "nginx_server.h"

#define ANSWER                                                                                     \
    "{\"id\":\"cmpl-1\",\"object\":\"text_completion\",\"model\":\"m-0613\",\"choices\":[{"        \
    "\"index\":0,\"text\":\" A\",\"finish_reason\":\"length\",\"logprobs\":{\"tokens\":[\" A\"],"  \
    "\"top_logprobs\":[{\" A\":-0.5,\"A\":-3.2,\"B\":-2.2,\" B\":-1.3,\"The\":-6.5,\" a\":-7.0,"   \
    "\" C\":-7.5,\" one\":-8.1,\" the\":-8.2,\"1\":-8.4}]}}],\"usage\":{\"prompt_tokens\":250,"    \
    "\"completion_tokens\":1}}"

static char folder[] = "/tmp/pdx-bench-XXXXXX";

static void path_in(char out[128], const char *name) { snprintf(out, 128, "%s/%s", folder, name); }

/* The body of ask `i`: a prompt of a thousand characters, as a short pair makes. */
static void body_of(pdx__buf *out, int64_t i) {
    static char words[40 * 28 + 1];
    while (strlen(words) + 1 < sizeof words) strcat(words, "some words of two responses ");
    pdx__buf_clear(out);
    pdx__buf_printf(out, "{\"model\":\"m\",\"prompt\":\"Pair %lld. ", (long long)i);
    pdx__buf_append(out, words, sizeof words - 1);
    pdx__buf_text(out, "\",\"logprobs\":20,\"max_tokens\":1,\"temperature\":0}");
}

static int32_t accept_all(void *context, int64_t tag, const cJSON *body, char reason[256]) {
    (void)context, (void)tag, (void)body, (void)reason;
    return PDX__ACCEPT_GOOD;
}

static double processor_seconds(int who) {
    struct rusage u;
    getrusage(who, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static double resident_mib(void) {
    long pages = 0, unused;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%ld %ld", &unused, &pages) != 2) exit(1);
    fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / (1 << 20);
}

/* wrk's requests a second, -1 where it is not installed; *count: how many it sent. */
static double wrk(const char *url, int connections, int seconds, double *processor, double *count) {
    char script[128], command[512], line[256];
    pdx__buf body = PDX__BUF_EMPTY;
    double rate = -1, before = processor_seconds(RUSAGE_CHILDREN);
    path_in(script, "post.lua");
    body_of(&body, 1);
    FILE *file = fopen(script, "w");
    if (!file) exit(1);
    fprintf(file,
            "wrk.method=\"POST\"\nwrk.headers[\"Content-Type\"]=\"application/json\"\n"
            "wrk.body='%s'\n",
            body.data);
    fclose(file);
    pdx__buf_free(&body);
    snprintf(command, sizeof command, "wrk -t1 -c%d -d%d -s %s %s/v1/completions 2>/dev/null",
             connections, seconds, script, url);
    FILE *run = popen(command, "r");
    *count = 0;
    while (run && fgets(line, sizeof line, run)) {
        sscanf(line, "Requests/sec: %lf", &rate);
        sscanf(line, " %lf requests in", count);
    }
    if (run) pclose(run);
    *processor = *count > 0 ? (processor_seconds(RUSAGE_CHILDREN) - before) / *count : 0;
    return rate;
}

typedef struct measured {
    double rate, processor, grown; /* requests a second, seconds a request, MiB */
} measured;

static measured ours(const char *url, int64_t count, int connections) {
    char journal[128], certificate[128];
    pdx_http_options given, o;
    pdx_http_options_init(&given);
    path_in(journal, "journal");
    path_in(certificate, "cert.pem");
    given.url = url;
    if (!strncmp(url, "https", 5)) given.ca_file = certificate;
    given.model = "m";
    given.concurrency = connections;
    pdx__asker_setup setup = {.options = &o, .journal = journal, .accept = accept_all};
    pdx__asker *a;
    if (pdx__http_take_options(&o, &given) || pdx__asker_open(&a, &setup)) exit(1);
    pdx__buf body = PDX__BUF_EMPTY;
    double start = pdx__seconds(), processor = processor_seconds(RUSAGE_SELF);
    double resident = resident_mib(), most = resident;
    for (int64_t put = 0, taken = 0; taken < count;) {
        for (; put < count && pdx__asker_has_room(a); ++put) {
            body_of(&body, put);
            pdx__ask ask = {put, "/v1/completions", body.data, body.length, 0, 1};
            if (pdx__asker_put(a, &ask)) exit(1);
        }
        pdx__told told;
        int32_t got;
        if (pdx__asker_take(a, 1, &told, &got)) {
            fprintf(stderr, "%s\n", pdx_error_message());
            exit(1);
        }
        taken += got;
        pdx__told_free(&told);
        if (taken % 4096 == 0 && resident_mib() > most) most = resident_mib();
    }
    measured m = {(double)count / (pdx__seconds() - start),
                  (processor_seconds(RUSAGE_SELF) - processor) / (double)count, most - resident};
    pdx__buf_free(&body);
    pdx__asker_close(a);
    unlink(journal);
    return m;
}

/* ---- libcurl alone: the same requests by the same handles, and nothing done with the answers ----
 */

static double due;
static int poll_set;

static int on_socket(CURL *easy, curl_socket_t s, int what, void *context, void *known) {
    struct epoll_event wanted = {.data.fd = s, .events = what & CURL_POLL_OUT ? EPOLLOUT : EPOLLIN};
    (void)context;
    if (what == CURL_POLL_REMOVE) return 0; /* it stays in the set: the cheapest way */
    if (epoll_ctl(poll_set, EPOLL_CTL_MOD, s, &wanted))
        epoll_ctl(poll_set, EPOLL_CTL_ADD, s, &wanted);
    (void)easy, (void)known;
    return 0;
}

static int on_timer(CURLM *multi, long milliseconds, void *context) {
    (void)multi, (void)context;
    due = milliseconds < 0 ? INFINITY : pdx__seconds() + (double)milliseconds / 1000;
    return 0;
}

static size_t drop(char *data, size_t size, size_t count, void *context) {
    (void)data, (void)context;
    return size * count;
}

static double libcurl_alone(const char *base, int64_t count, int connections) {
    char text[128], certificate[128];
    pdx__buf body = PDX__BUF_EMPTY;
    struct epoll_event ready[256];
    int64_t sent = 0, done = 0;
    int running, left;
    CURLM *multi = curl_multi_init();
    CURLU *url = curl_url();
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    snprintf(text, sizeof text, "%s/v1/completions", base);
    path_in(certificate, "cert.pem");
    curl_url_set(url, CURLUPART_URL, text, 0);
    body_of(&body, 1);
    poll_set = epoll_create1(0);
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)connections);
    double start = pdx__seconds();
    for (; sent < connections; ++sent) {
        CURL *easy = curl_easy_init();
        curl_easy_setopt(easy, CURLOPT_CURLU, url);
        curl_easy_setopt(easy, CURLOPT_PROXY, "");
        curl_easy_setopt(easy, CURLOPT_CAINFO, certificate);
        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)body.length);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.data);
        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
        curl_multi_add_handle(multi, easy);
    }
    while (done < count) {
        double wait = due - pdx__seconds();
        if (wait <= 0) {
            due = INFINITY;
            curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
        } else {
            int got = epoll_wait(poll_set, ready, 256, (int)ceil(1000 * fmin(wait, 1)));
            for (int i = 0; i < got; ++i)
                curl_multi_socket_action(
                    multi, ready[i].data.fd,
                    ready[i].events & EPOLLOUT ? CURL_CSELECT_OUT : CURL_CSELECT_IN, &running);
        }
        for (CURLMsg *message; (message = curl_multi_info_read(multi, &left)); ++done) {
            CURL *easy = message->easy_handle;
            curl_multi_remove_handle(multi, easy);
            if (sent++ < count) curl_multi_add_handle(multi, easy);
            else curl_easy_cleanup(easy);
        }
    }
    double rate = (double)count / (pdx__seconds() - start);
    curl_multi_cleanup(multi);
    curl_url_cleanup(url);
    curl_slist_free_all(headers);
    pdx__buf_free(&body);
    close(poll_set);
    return rate;
}

static void against(const char *name, const char *scheme, instant_server server, int64_t count,
                    int connections, int seconds) {
    char url[64];
    double theirs = 0, sent = 0, peer = -1, before = processor_seconds(RUSAGE_CHILDREN);
    snprintf(url, sizeof url, "%s://127.0.0.1:%d", scheme, server.port);
    if (seconds) peer = wrk(url, connections, seconds, &theirs, &sent);
    measured m = ours(url, count, connections);
    double alone = libcurl_alone(url, count, connections);
    nginx_stop(server);
    double its =
        (processor_seconds(RUSAGE_CHILDREN) - before - theirs * sent) / (2 * (double)count + sent);
    printf("{\"bench\":\"http\",\"server\":\"%s\",\"connections\":%d,\"requests\":%lld,"
           "\"per_second\":%.0f,\"processor_us\":%.2f,\"server_us\":%.2f,\"grown_mib\":%.1f,"
           "\"libcurl_per_second\":%.0f",
           name, connections, (long long)count, m.rate, 1e6 * m.processor, 1e6 * its, m.grown,
           alone);
    if (peer > 0) /* must: a share of 0.5 */
        printf(",\"wrk_per_second\":%.0f,\"wrk_us\":%.2f,\"share\":%.3f,\"libcurl_share\":%.3f,"
               "\"ratio\":%.3f",
               peer, 1e6 * theirs, m.rate / peer, alone / peer, 0.5 * peer / m.rate);
    puts("}");
    fflush(stdout);
}

int main(int argc, char **argv) {
    int64_t count = argc > 1 ? atoll(argv[1]) : 200000;
    int connections = argc > 2 ? atoi(argv[2]) : 64, seconds = argc > 3 ? atoi(argv[3]) : 3;
    if (!mkdtemp(folder)) return 1;
    for (int secure = 1; secure >= 0; --secure) {
        instant_server nginx = nginx_start(folder, ANSWER, secure);
        if (nginx.process)
            against(secure ? "nginx, TLS" : "nginx", secure ? "https" : "http", nginx, count,
                    connections, seconds);
    }
    against("our own", "http", instant_server_start(ANSWER), count, connections, seconds);
    char command[160];
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command) != 0;
}
