/* Runs a fuzz target on its corpus, as ordinary tests do: each file as it is, cut short, and with
 * bytes changed by a fixed rule. The sanitizer builds see what goes wrong.
 *   replay FOLDER */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* On a block of exactly this size, so that reading past its end is seen. */
static void run(const uint8_t *data, size_t size) {
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy) abort();
    memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static long variations(uint8_t *data, size_t size) {
    enum { CUTS = 40, CHANGES = 160 };
    static const char odd[] = "\0\"\\{}[],:-.eE0919tn \n\xff\x80";
    uint64_t state = 1;
    long runs = 1;
    run(data, size);
    for (size_t i = 0; i < CUTS && size; ++i, ++runs) run(data, size * i / CUTS);
    for (int i = 0; i < CHANGES && size; ++i, ++runs) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        size_t at = (size_t)(state >> 33) % size;
        uint8_t kept = data[at];
        data[at] = (uint8_t)odd[(state >> 20) % (sizeof odd - 1)];
        run(data, size);
        data[at] = kept;
    }
    return runs;
}

int main(int argc, char **argv) {
    DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
    if (!folder) {
        fprintf(stderr, "usage: replay FOLDER\n");
        return 2;
    }
    long files = 0, runs = 0;
    for (struct dirent *entry; (entry = readdir(folder));) {
        char path[1024];
        static uint8_t data[1 << 20];
        if (entry->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
        FILE *file = fopen(path, "rb");
        if (!file) return 2;
        size_t size = fread(data, 1, sizeof data, file);
        fclose(file);
        ++files;
        runs += variations(data, size);
    }
    closedir(folder);
    printf("%ld files, %ld runs\n", files, runs);
    return files ? 0 : 1;
}
