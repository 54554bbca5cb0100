/* Loading a million pairs with 29 properties: seconds, rows a second and peak memory, beside a
 * plain read of the same two files, which no loader can beat. One JSON line. Argument: pairs
 * (1000000). */
#include <prefdissect/prefdissect.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/pool.h"
#include "core/rng.h"

enum { PROPERTIES = 29 };

static void write_files(const char *pairs, const char *features, long n) {
    static const char words[] = "the quick answer to a question that nobody asked is seldom short ";
    FILE *p = fopen(pairs, "w"), *f = fopen(features, "w");
    if (!p || !f) _exit(1);
    pdx__rng rng;
    pdx__rng_init(&rng, 1, 0);
    fputs("{\"properties\":[", f);
    for (int k = 0; k < PROPERTIES; ++k) fprintf(f, "%s\"property %d\"", k ? "," : "", k);
    fputs("]}\n", f);
    for (long i = 0; i < n; ++i) {
        int spread = (int)pdx__rng_below(&rng, 40);
        fprintf(p,
                "{\"id\":\"arena/%07ld\",\"scenario\":\"s%ld\",\"query\":\"%.*s\",\"response_a\":"
                "\"%s%s\\n%s\",\"response_b\":\"%s%.*s\"}\n",
                i, i % 16, 20 + spread, words, words, words, words, words, 60 - spread, words);
        fprintf(f, "{\"id\":\"arena/%07ld\",\"diff\":[", i);
        double difference[PROPERTIES];
        for (int k = 0; k < PROPERTIES; ++k) {
            difference[k] = (double)((int64_t)pdx__rng_below(&rng, 7) - 3) / (k % 4 ? 1 : 4);
            fprintf(f, "%s%g", k ? "," : "", difference[k]);
        }
        fputs("],\"cmp\":[", f);
        for (int k = 0; k < PROPERTIES; ++k)
            fprintf(f, "%s%d", k ? "," : "", (difference[k] > 0) - (difference[k] < 0));
        fputs("]}\n", f);
    }
    if (fclose(p) || fclose(f)) _exit(1);
    _exit(0);
}

static double plain_read(const char *path) {
    static char block[1 << 18];
    double start = pdx__seconds();
    FILE *file = fopen(path, "r");
    long lines = 0;
    for (size_t got; file && (got = fread(block, 1, sizeof block, file)) > 0;)
        for (char *at = block; (at = memchr(at, '\n', (size_t)(block + got - at))); ++at) ++lines;
    if (file) fclose(file);
    return lines ? pdx__seconds() - start : -1;
}

static long peak_mib(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss / 1024;
}

static double processor_seconds(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

int main(int argc, char **argv) {
    long n = argc > 1 ? atol(argv[1]) : 1000000;
    char folder[] = "/tmp/pdx-bench-XXXXXX", pairs[64], features[64];
    if (!mkdtemp(folder)) return 1;
    snprintf(pairs, sizeof pairs, "%s/pairs.jsonl", folder);
    snprintf(features, sizeof features, "%s/features.jsonl", folder);
    int written = 1;
    pid_t child = fork();
    if (child == 0) write_files(pairs, features, n);
    waitpid(child, &written, 0);
    double read = plain_read(pairs) + plain_read(features);
    struct stat a = {0}, b = {0};
    stat(pairs, &a);
    stat(features, &b);
    long before = peak_mib();
    pdx_dataset_files files = {.pairs = pairs, .features = features};
    pdx_dataset_options options;
    pdx_dataset *dataset;
    pdx_dataset_options_init(&options);
    options.group_by = "scenario";
    double start = pdx__seconds(), processor = processor_seconds();
    pdx_status status = written ? PDX_EIO : pdx_dataset_load(&dataset, &files, &options);
    double seconds = pdx__seconds() - start;
    processor = processor_seconds() - processor;
    if (status == PDX_OK) {
        printf("{\"bench\":\"load\",\"pairs\":%ld,\"megabytes\":%.0f,\"seconds\":%.3f,"
               "\"processor_seconds\":%.3f,\"rows_per_second\":%.0f,\"plain_read_seconds\":%.3f,"
               "\"ratio\":%.1f,\"peak_mib\":%ld}\n",
               n, (double)(a.st_size + b.st_size) / 1e6, seconds, processor, (double)n / seconds,
               read, seconds / read, peak_mib() - before);
        pdx_dataset_free(dataset);
    } else printf("{\"bench\":\"load\",\"error\":\"%s\"}\n", pdx_error_message());
    unlink(pairs);
    unlink(features);
    rmdir(folder);
    return status != PDX_OK;
}
