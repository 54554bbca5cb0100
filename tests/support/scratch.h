/* A folder of one's own for a test that writes files: the program works in it between scratch_enter
 * and scratch_leave, which removes it. */
#ifndef PDX_TEST_SCRATCH_H
#define PDX_TEST_SCRATCH_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char scratch_folder[] = "/tmp/pdx-test-XXXXXX";

static void scratch_enter(void) {
    if (!mkdtemp(scratch_folder) || chdir(scratch_folder) != 0) {
        perror(scratch_folder);
        exit(1);
    }
}

static void scratch_leave(void) {
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", scratch_folder);
    if (chdir("/") != 0 || system(command) != 0) perror(scratch_folder);
}

#endif
