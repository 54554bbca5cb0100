/* Every allocation of every public call made to fail in turn: alone, and with all that follow. The
 * call must give PDX_ENOMEM (or do without), leave *out NULL, no block and no file behind.
 * A new public call gets a function here and a row in the table at the end (covered.py looks). */
#include <prefdissect/prefdissect.h>

#include <dirent.h>
#include <unistd.h>

#include "check.h"
#include "memory.h"

static char folder[] = "/tmp/pdx-oom-XXXXXX";

static const char *in_folder(const char *name) {
    static char path[8][128];
    static int turn;
    char *out = path[turn++ % 8];
    snprintf(out, sizeof path[0], "%s/%s", folder, name);
    return out;
}

/* The call's status is returned where it is not PDX_OK; then `out` must be NULL. */
#define MAKES(out, call)                                                                           \
    do {                                                                                           \
        pdx_status s_ = (call);                                                                    \
        if (s_ != PDX_OK) {                                                                        \
            if (out) CHECK_FAIL("%s failed and set its result", #call);                            \
            return s_;                                                                             \
        }                                                                                          \
    } while (0)

/* The same, for a call that makes no handle: `clean` is done in any case. */
#define DOES(call, clean)                                                                          \
    do {                                                                                           \
        pdx_status s_ = (call);                                                                    \
        clean;                                                                                     \
        return s_;                                                                                 \
    } while (0)

static pdx_schema *schema;

static pdx_status schema_builtin(void) {
    pdx_schema *out = (pdx_schema *)folder;
    MAKES(out, pdx_schema_builtin(&out, "li2024"));
    pdx_schema_free(out);
    MAKES(out, pdx_schema_builtin(&out, "surface"));
    pdx_schema_free(out);
    return PDX_OK;
}

static pdx_status schema_from_names(void) {
    static const char *const names[] = {"brevity", "candour", "wit"};
    pdx_schema *out = (pdx_schema *)folder;
    MAKES(out, pdx_schema_from_names(&out, names, 3));
    pdx_schema_free(out);
    return PDX_OK;
}

static pdx_status schema_load(void) {
    pdx_schema *out = (pdx_schema *)folder;
    MAKES(out, pdx_schema_load(&out, in_folder("schema.json")));
    pdx_schema_free(out);
    return PDX_OK;
}

static pdx_status schema_save(void) { return pdx_schema_save(schema, in_folder("out")); }

static void make_inputs(void) {
    OK(pdx_schema_builtin(&schema, "li2024"));
    OK(pdx_schema_save(schema, in_folder("schema.json")));
}

static void free_inputs(void) { pdx_schema_free(schema); }

static const struct row {
    const char *name;
    pdx_status (*call)(void);
} rows[] = {
    {"schema_builtin", schema_builtin},
    {"schema_from_names", schema_from_names},
    {"schema_load", schema_load},
    {"schema_save", schema_save},
};

static int files_in_folder(void) {
    int count = 0;
    DIR *dir = opendir(folder);
    while (dir && readdir(dir)) ++count;
    if (dir) closedir(dir);
    return count;
}

static pdx_status attempt(const struct row *row, long fail_at, int which, long *asked,
                          long *refused) {
    long live;
    int before = files_in_folder();
    memory_arm(fail_at, which);
    pdx_status status = row->call();
    memory_disarm(asked, refused, &live);
    if (live)
        CHECK_FAIL("%s, allocation %ld refused: %ld blocks are left", row->name, fail_at, live);
    if (status != PDX_OK && (status != PDX_ENOMEM || !*refused))
        CHECK_FAIL("%s, allocation %ld refused: %s: %s", row->name, fail_at,
                   pdx_status_name(status), pdx_error_message());
    if (status != PDX_OK && files_in_folder() != before)
        CHECK_FAIL("%s, allocation %ld refused: a file is left", row->name, fail_at);
    return status;
}

static void exhaust(const struct row *row) {
    long asked, refused;
    int failures = check_failures;
    /* The first calls fill what libraries keep for good (stdio, thread stacks). */
    for (int i = 0; i < 2; ++i) OK(row->call());
    OK(attempt(row, 0, MEMORY_NONE, &asked, &refused));
    long total = asked, tries = 0;
    CHECK(total > 0);
    for (int which = MEMORY_ONE; which <= MEMORY_ALL; ++which)
        /* Each of the first hundred, then ever fewer: loops repeat themselves. */
        for (long k = 0; k < total && check_failures < failures + 3; k += 1 + k / 100, ++tries)
            attempt(row, k, which, &asked, &refused);
    printf("%s: %ld allocations, %ld tries\n", row->name, total, tries);
}

int main(void) {
    if (!mkdtemp(folder)) return 1;
    RUN(make_inputs);
    for (size_t i = 0; i < sizeof rows / sizeof *rows && !check_failures; ++i) {
        check_test = rows[i].name;
        ++check_tests;
        exhaust(&rows[i]);
    }
    free_inputs();
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", folder);
    if (system(command) != 0) return 1;
    return check_result();
}
