/* Files for a test: written into one temporary folder, which is removed at the end of the program.
 */
#ifndef PDX_TEST_SCRATCH_H
#define PDX_TEST_SCRATCH_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char scratch_folder[64];

static void scratch_remove(void) {
    char command[96];
    snprintf(command, sizeof command, "rm -rf %s", scratch_folder);
    if (scratch_folder[0] && system(command) != 0) printf("cannot remove %s\n", scratch_folder);
}

/* Path of a file in the folder; valid until eight more were asked for. */
static const char *scratch_path(const char *name) {
    static char path[8][160];
    static int next;
    if (!scratch_folder[0]) {
        strcpy(scratch_folder, "/tmp/pdx-test-XXXXXX");
        if (!mkdtemp(scratch_folder)) abort();
        atexit(scratch_remove);
    }
    next = (next + 1) % 8;
    snprintf(path[next], sizeof path[next], "%s/%s", scratch_folder, name);
    return path[next];
}

static const char *scratch_bytes(const char *name, const void *bytes, size_t length) {
    const char *path = scratch_path(name);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(bytes, 1, length, file) != length || fclose(file) != 0) abort();
    return path;
}

static inline const char *scratch_file(const char *name, const char *text) {
    return scratch_bytes(name, text, strlen(text));
}

#endif
