/* Files of the programs: everything is kept in memory until it is complete, then written whole. */
#include "cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void cli_need_file(const char *path, int folder_too) {
    struct stat info;
    if (stat(path, &info) != 0 || access(path, R_OK) != 0)
        cli_fail(CLI_BAD_INPUT, "%s: cannot be read: %s", path, strerror(errno));
    if (!folder_too && S_ISDIR(info.st_mode))
        cli_fail(CLI_BAD_INPUT, "%s: is a folder, expected a file", path);
}

void cli_sink_open(cli_sink *sink) {
    *sink = (cli_sink){0};
    sink->stream = open_memstream(&sink->text, &sink->length);
    if (!sink->stream) cli_fail(CLI_OUTSIDE, "out of memory");
}

static void write_stream(FILE *stream, const char *name, const void *bytes, size_t length) {
    if (fwrite(bytes, 1, length, stream) != length || fflush(stream) != 0)
        cli_fail(CLI_OUTSIDE, "%s: cannot be written: %s", name, strerror(errno));
}

/* A new file takes the place of the old one only when it is complete; devices are written straight.
 */
static void write_file(const char *path, const void *bytes, size_t length) {
    struct stat info;
    if (!path || !strcmp(path, "-")) {
        write_stream(stdout, "standard output", bytes, length);
        return;
    }
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode)) {
        FILE *device = fopen(path, "wb");
        if (!device) cli_fail(CLI_OUTSIDE, "%s: cannot be written: %s", path, strerror(errno));
        write_stream(device, path, bytes, length);
        fclose(device);
        return;
    }
    char temporary[CLI_PATH + 16];
    snprintf(temporary, sizeof temporary, "%s.tmp-XXXXXX", path);
    int file = mkstemp(temporary);
    FILE *stream = file < 0 ? NULL : fdopen(file, "wb");
    if (!stream) cli_fail(CLI_OUTSIDE, "%s: cannot be written: %s", path, strerror(errno));
    mode_t mask = umask(0);
    umask(mask);
    int done = fwrite(bytes, 1, length, stream) == length && fchmod(file, 0666 & ~mask) == 0;
    done = fclose(stream) == 0 && done;
    if (done && rename(temporary, path) == 0) return;
    int reason = errno;
    unlink(temporary);
    cli_fail(CLI_OUTSIDE, "%s: cannot be written: %s", path, strerror(reason));
}

void cli_sink_finish(cli_sink *sink, const char *path) {
    if (fclose(sink->stream) != 0) cli_fail(CLI_OUTSIDE, "out of memory");
    write_file(path, sink->text, sink->length);
    free(sink->text);
    *sink = (cli_sink){0};
}

void cli_save_npy(const char *path, const double *values, const int64_t *shape, int dims) {
    char header[128], size[64] = "";
    size_t count = 1;
    for (int i = 0; i < dims; ++i) {
        count *= (size_t)shape[i];
        snprintf(size + strlen(size), sizeof size - strlen(size), "%lld,", (long long)shape[i]);
    }
    const uint16_t one = 1;
    char order = *(const char *)&one ? '<' : '>';
    int used = snprintf(header, sizeof header,
                        "{'descr': '%cf8', 'fortran_order': False, 'shape': (%s), }", order, size);
    cli_sink sink;
    cli_sink_open(&sink);
    /* magic, version 1.0, length of the header, which is padded so that the numbers start at 128 */
    fprintf(sink.stream, "\x93NUMPY%c%c%c%c", 1, 0, 118, 0);
    fprintf(sink.stream, "%s%*s\n", header, 117 - used, "");
    fwrite(values, sizeof *values, count, sink.stream);
    cli_sink_finish(&sink, path);
}

void cli_make_folder(const char *folder) {
    struct stat info;
    if (mkdir(folder, 0777) == 0) return;
    int reason = errno;
    if (reason == EEXIST && stat(folder, &info) == 0) {
        if (S_ISDIR(info.st_mode)) return;
        cli_fail(CLI_BAD_INPUT, "%s: is a file, expected a folder", folder);
    }
    cli_fail(CLI_OUTSIDE, "%s: cannot make the folder: %s", folder, strerror(reason));
}

void cli_join(char out[CLI_PATH], const char *folder, const char *name) {
    size_t length = strlen(folder);
    int ended = length && folder[length - 1] == '/';
    if (snprintf(out, CLI_PATH, "%s%s%s", folder, ended ? "" : "/", name) >= CLI_PATH)
        cli_fail(CLI_BAD_INPUT, "the path %.60s... is too long", folder);
}

void cli_print_csv(FILE *stream, const char *text) {
    if (!text[strcspn(text, ",\"\r\n")]) {
        fputs(text, stream);
        return;
    }
    fputc('"', stream);
    for (; *text; ++text) {
        if (*text == '"') fputc('"', stream);
        fputc(*text, stream);
    }
    fputc('"', stream);
}

void cli_print_json(FILE *stream, const char *text) {
    fputc('"', stream);
    for (; *text; ++text) {
        if (*text == '"' || *text == '\\') fputc('\\', stream);
        if ((unsigned char)*text < 0x20) fprintf(stream, "\\u%04x", (unsigned char)*text);
        else fputc(*text, stream);
    }
    fputc('"', stream);
}

void cli_print_wrapped(FILE *stream, const char *text, int column) {
    int at = column;
    while (*text) {
        int word = (int)strcspn(text, " ");
        if (at > column && at + 1 + word > 99) {
            fprintf(stream, "\n%*s", column, "");
            at = column;
        } else if (at > column) {
            fputc(' ', stream);
            ++at;
        }
        fprintf(stream, "%.*s", word, text);
        at += word;
        text += word;
        while (*text == ' ') ++text;
    }
    fputc('\n', stream);
}

void cli_print_paragraph(FILE *stream, const char *lead, const char *format, ...) {
    char text[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    fputs(lead, stream);
    cli_print_wrapped(stream, text, (int)strlen(lead));
}

/* Length of `text` in characters: bytes that do not continue one. */
static int characters(const char *text) {
    int count = 0;
    for (; *text; ++text) count += (*text & 0xC0) != 0x80;
    return count;
}

void cli_print_column(FILE *stream, const char *text, int width) {
    int length = characters(text), kept = length > width ? width - 3 : length, printed = 0;
    for (; *text; ++text) {
        if ((*text & 0xC0) != 0x80 && printed++ == kept) break;
        unsigned char byte = (unsigned char)*text;
        fputc(byte < 0x20 || byte == 0x7F ? '?' : byte, stream);
    }
    if (length > width) fputs("...", stream);
    else fprintf(stream, "%*s", width - length, "");
}
