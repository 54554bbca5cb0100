/* The engine beside wrk on the same loopback server, which answers at once: requests a second and
 * processor time of each, on one thread and as many connections, and how much memory a run of COUNT
 * asks takes beyond its start. One JSON line.
 *   bench-http [COUNT (200000) [CONNECTIONS (64) [SECONDS OF WRK (3)]]] */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/pool.h"
#include "instant_server.h"
#include "net/ask.h"

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
    pdx__buf_clear(out);
    pdx__buf_printf(out, "{\"model\":\"m\",\"prompt\":\"Pair %lld. ", (long long)i);
    for (int k = 0; k < 40; ++k) pdx__buf_text(out, "some words of two responses ");
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
static double wrk(int port, int connections, int seconds, double *processor, double *count) {
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
    snprintf(command, sizeof command,
             "wrk -t1 -c%d -d%d -s %s http://127.0.0.1:%d/v1/completions 2>/dev/null", connections,
             seconds, script, port);
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

static measured ours(int port, int64_t count, int connections) {
    char url[64], journal[128];
    pdx_http_options given, o;
    pdx_http_options_init(&given);
    snprintf(url, sizeof url, "http://127.0.0.1:%d", port);
    path_in(journal, "journal");
    given.url = url;
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

int main(int argc, char **argv) {
    int64_t count = argc > 1 ? atoll(argv[1]) : 200000;
    int connections = argc > 2 ? atoi(argv[2]) : 64, seconds = argc > 3 ? atoi(argv[3]) : 3;
    if (!mkdtemp(folder)) return 1;
    instant_server server = instant_server_start(ANSWER);
    double theirs = 0, sent = 0, peer = -1;
    if (seconds) peer = wrk(server.port, connections, seconds, &theirs, &sent);
    measured m = ours(server.port, count, connections);
    double before = processor_seconds(RUSAGE_CHILDREN);
    instant_server_stop(server);
    double its = (processor_seconds(RUSAGE_CHILDREN) - before) / ((double)count + sent);
    printf("{\"bench\":\"http\",\"connections\":%d,\"requests\":%lld,\"per_second\":%.0f,"
           "\"processor_us\":%.2f,\"server_us\":%.2f,\"grown_mib\":%.1f",
           connections, (long long)count, m.rate, 1e6 * m.processor, 1e6 * its, m.grown);
    if (peer > 0) /* undisturbed: each on a core of its own, the slower one decides */
        printf(",\"wrk_per_second\":%.0f,\"wrk_us\":%.2f,\"share\":%.3f,\"undisturbed\":%.3f,"
               "\"ratio\":%.3f",
               peer, 1e6 * theirs, m.rate / peer, fmax(theirs, its) / fmax(m.processor, its),
               0.5 * peer / m.rate);
    puts("}");
    char command[160];
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command) != 0;
}
