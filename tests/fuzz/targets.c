/* The parsers of foreign input as fuzz targets: bytes in, a status out, nothing else may happen.
 * Compiled once for each, with TARGET set to the name of a function here. Ordinary runs replay
 * corpus/TARGET (replay.c); with -Dfuzz=true (clang) libFuzzer searches on. */
#include <prefdissect/prefdissect.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input, as a file and in memory. */
typedef struct input {
    const char *path;
    const char *text;
    size_t size;
} input;

/* A call makes a handle or says why not. */
#define EXPECT(out, call)                                                                          \
    do {                                                                                           \
        pdx_status status_ = (call);                                                               \
        if ((status_ == PDX_OK) != ((out) != NULL)) abort();                                       \
        if (status_ != PDX_OK && !*pdx_error_message()) abort();                                   \
    } while (0)

static inline void schema(input in) {
    pdx_schema *out;
    EXPECT(out, pdx_schema_load(&out, in.path));
    for (int32_t i = 0; out && i < pdx_schema_count(out); ++i)
        pdx_property_compare(pdx_schema_property(out, i), 1, 2);
    pdx_schema_free(out);
}

static inline void surface(input in) {
    double values[30];
    pdx_surface_measure(in.text, in.size, in.text, in.size / 2, values);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char path[32];
    int file = memfd_create("input", MFD_CLOEXEC); /* a file in memory only */
    if (file < 0 || write(file, data, size) != (ssize_t)size) abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    TARGET((input){path, (const char *)data, size});
    close(file);
    return 0;
}
