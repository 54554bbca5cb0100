/* Every format imported with each allocation refused in turn, alone and with all that follow: it
 * says so and leaves nothing, or it does without and writes the very same files. */
#include <prefdissect/prefdissect.h>

#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "import_cases.h"
#include "memory.h"

static char folder[] = "/dev/shm/pdx-oom-XXXXXX"; /* in memory: each run writes files */
static char out[64];

static void no_log(void *user, int32_t level, const char *text) {
    (void)user, (void)level, (void)text;
}

static pdx_status import(const golden *one, int64_t *pairs) {
    pdx_import_options options;
    pdx_import_result result;
    pdx_import_options_init(&options);
    options.answers = one->answers;
    options.questions = one->questions;
    options.hooks.log = no_log;
    pdx_status status =
        pdx_import(&result, one->format, one->paths, golden_paths(one), out, &options);
    *pairs = result.pairs;
    return status;
}

static int same(const char *left, const char *right) {
    FILE *a = fopen(left, "rb"), *b = fopen(right, "rb");
    int equal = (a != NULL) == (b != NULL), x = 0;
    while (a && b && equal && x != EOF) {
        x = getc(a);
        equal = x == getc(b);
    }
    if (a) fclose(a);
    if (b) fclose(b);
    return equal;
}

/* Compares what was written with the golden files, and removes it. */
static int take_away(const golden *one) {
    int equal = 1;
    for (int i = 0; i < 4; ++i) {
        char expected[256], made[128];
        snprintf(expected, sizeof expected, GOLDEN "%s/expected/%s", one->name, golden_outputs[i]);
        snprintf(made, sizeof made, "%s/%s", out, golden_outputs[i]);
        equal &= same(expected, made);
        unlink(made);
    }
    rmdir(out);
    return equal;
}

static void refuse(const golden *one, long k, int which) {
    long asked, refused, live;
    int64_t pairs;
    memory_arm(k, which);
    pdx_status status = import(one, &pairs);
    memory_disarm(&asked, &refused, &live);
    if (live) CHECK_FAIL("%s, allocation %ld refused: %ld blocks are left", one->name, k, live);
    if (status == PDX_OK) {
        if (!take_away(one)) CHECK_FAIL("%s, allocation %ld refused: other files", one->name, k);
        return;
    }
    if (status != PDX_ENOMEM || !refused)
        CHECK_FAIL("%s, allocation %ld refused: %s: %s", one->name, k, pdx_status_name(status),
                   pdx_error_message());
    if (access(out, F_OK) == 0) {
        CHECK_FAIL("%s, allocation %ld refused: something is left", one->name, k);
        take_away(one);
    }
}

static void memory_runs_out(void) {
    for (size_t i = 0; i < sizeof golden_cases / sizeof golden_cases[0]; ++i) {
        const golden *one = &golden_cases[i];
        long asked, refused, live;
        int64_t pairs;
        int failures = check_failures;
        OK(import(one, &pairs)); /* fills what libraries keep for good */
        CHECK(take_away(one));
        memory_arm(0, MEMORY_NONE);
        pdx_status status = import(one, &pairs);
        memory_disarm(&asked, &refused, &live);
        OK(status);
        CHECK(take_away(one));
        long total = asked;
        for (int which = MEMORY_ONE; which <= MEMORY_ALL; ++which)
            for (long k = 0; k < total && check_failures < failures + 3; k += 1 + k / 300)
                refuse(one, k, which);
    }
}

int main(void) {
    if (!mkdtemp(folder) && !mkdtemp(strcpy(folder, "/tmp/pdx-oom-XXXXXX"))) return 1;
    snprintf(out, sizeof out, "%s/out", folder);
    RUN(memory_runs_out);
    if (rmdir(folder) != 0) return 1;
    return check_result();
}
