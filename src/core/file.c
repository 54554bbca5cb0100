/* POSIX files with messages. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

pdx_status pdx__fail_errno(const char *path, int64_t line, const char *what) {
    return errno == ENOMEM ? pdx__nomem()
                           : pdx__fail_at(PDX_EIO, path, line, "%s%s", what, strerror(errno));
}

pdx_status pdx__input_open(void **out, const char *path) {
    *out = NULL;
    if (!strcmp(path, "-")) {
        *out = stdin;
        return PDX_OK;
    }
    struct stat info;
    if (stat(path, &info) != 0) return pdx__fail_errno(path, 0, "");
    if (S_ISDIR(info.st_mode))
        return pdx__fail_at(PDX_EIO, path, 0, "is a folder, expected a file");
    FILE *stream = fopen(path, "rbe");
    if (!stream) return pdx__fail_errno(path, 0, "");
    *out = stream;
    return PDX_OK;
}

void pdx__input_close(void *stream) {
    if (stream && stream != stdin) fclose(stream);
}

pdx_status pdx__file_read(const char *path, size_t ceiling, pdx__buf *out) {
    void *stream;
    PDX__TRY(pdx__input_open(&stream, path));
    const uint64_t usual = (uint64_t)4 << 30;
    if (!ceiling) ceiling = usual < SIZE_MAX ? (size_t)usual : SIZE_MAX;
    pdx_status status = PDX_OK;
    char *chunk = pdx__alloc(1 << 16, 1);
    if (!chunk) status = PDX_ENOMEM;
    size_t got;
    while (status == PDX_OK && (got = fread(chunk, 1, 1 << 16, stream)) > 0) {
        if (got > ceiling - out->length)
            status = pdx__fail_at(PDX_EIO, path, 0, "is larger than %zu bytes", ceiling);
        else {
            pdx__buf_append(out, chunk, got);
            status = out->status;
        }
    }
    if (status == PDX_OK && ferror(stream)) status = pdx__fail_errno(path, 0, "cannot be read: ");
    if (status == PDX_OK) {
        pdx__buf_append(out, "", 0);
        status = out->status;
    }
    pdx__free(chunk);
    pdx__input_close(stream);
    return status;
}

struct pdx__lines_state {
    FILE *stream;
    char *block; /* what was read from the stream and not handed out yet */
    size_t start, end;
    int64_t position; /* of block[start] in the file */
    pdx__buf line;
};
enum { BLOCK = 1 << 18 };

pdx_status pdx__lines_open(pdx__lines *lines, const char *path) {
    memset(lines, 0, sizeof *lines);
    lines->path = path;
    void *stream;
    PDX__TRY(pdx__input_open(&stream, path));
    struct pdx__lines_state *state = pdx__alloc_zero(1, sizeof *state);
    char *block = pdx__alloc(BLOCK, 1);
    if (!state || !block) {
        pdx__free(state);
        pdx__free(block);
        pdx__input_close(stream);
        return PDX_ENOMEM;
    }
    state->stream = stream;
    state->block = block;
    state->line.ceiling = PDX__LONGEST_LINE;
    lines->state = state;
    return PDX_OK;
}

static pdx_status refill(pdx__lines *lines) {
    struct pdx__lines_state *s = lines->state;
    s->start = 0;
    s->end = fread(s->block, 1, BLOCK, s->stream);
    if (s->end == 0 && ferror(s->stream))
        return pdx__fail_errno(lines->path, lines->number, "cannot be read: ");
    if (s->position == 0 && s->end >= 3 && !memcmp(s->block, "\xEF\xBB\xBF", 3)) {
        s->start = 3;
        s->position = 3;
    }
    return PDX_OK;
}

pdx_status pdx__lines_next(pdx__lines *lines, int *more) {
    struct pdx__lines_state *s = lines->state;
    *more = 0;
    for (;;) {
        pdx__buf_clear(&s->line);
        int ended = 0, any = 0;
        lines->offset = s->position;
        while (!ended) {
            if (s->start == s->end) {
                PDX__TRY(refill(lines));
                if (s->end == 0) break;
                if (!any) lines->offset = s->position;
            }
            char *from = s->block + s->start;
            char *newline = memchr(from, '\n', s->end - s->start);
            size_t length = newline ? (size_t)(newline - from) : s->end - s->start;
            any = 1;
            pdx__buf_append(&s->line, from, length);
            if (s->line.status != PDX_OK)
                return s->line.status == PDX_ENOMEM
                           ? PDX_ENOMEM
                           : pdx__fail_at(PDX_EPARSE, lines->path, lines->number + 1,
                                          "the line is longer than %d MiB",
                                          PDX__LONGEST_LINE >> 20);
            size_t used = length + (newline ? 1 : 0);
            s->start += used;
            s->position += (int64_t)used;
            ended = newline != NULL;
        }
        if (!any) return PDX_OK;
        ++lines->number;
        size_t length = s->line.length;
        if (length && s->line.data[length - 1] == '\r') s->line.data[--length] = 0;
        size_t blank = 0;
        while (blank < length && (s->line.data[blank] == ' ' || s->line.data[blank] == '\t'))
            ++blank;
        if (blank == length) continue;
        lines->line = s->line.data;
        lines->length = length;
        *more = 1;
        return PDX_OK;
    }
}

void pdx__lines_close(pdx__lines *lines) {
    struct pdx__lines_state *s = lines->state;
    if (!s) return;
    pdx__input_close(s->stream);
    pdx__buf_free(&s->line);
    pdx__free(s->block);
    pdx__free(s);
    lines->state = NULL;
}

/* Not mkstemp: its files are 0600, and widening that takes a change of the process's umask. */
static int open_temporary(char *name, const char *path) {
    for (unsigned i = 0;; ++i) {
        sprintf(name, "%s.tmp-%ld-%u", path, (long)getpid(), i);
        int file = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (file >= 0 || errno != EEXIST || i == 10000) return file;
    }
}

pdx_status pdx__writer_open(pdx__writer *writer, const char *path) {
    memset(writer, 0, sizeof *writer);
    if (!strcmp(path, "-")) {
        writer->stream = stdout;
        return PDX_OK;
    }
    struct stat info;
    int exists = stat(path, &info) == 0;
    if (exists && S_ISDIR(info.st_mode))
        return pdx__fail_at(PDX_EIO, path, 0, "is a folder, expected a file name");
    writer->path = pdx__strdup(path);
    if (writer->path && exists && !S_ISREG(info.st_mode)) { /* a device or pipe: no renaming */
        writer->stream = fopen(path, "wbe");
        if (writer->stream) return PDX_OK;
        pdx_status status = pdx__fail_errno(path, 0, "cannot be written: ");
        pdx__writer_abandon(writer);
        return status;
    }
    writer->temporary = pdx__alloc(strlen(path) + 32, 1);
    if (!writer->path || !writer->temporary) {
        pdx__writer_abandon(writer);
        return PDX_ENOMEM;
    }
    int file = open_temporary(writer->temporary, path);
    if (file < 0) {
        pdx_status status = pdx__fail_errno(path, 0, "cannot be written: ");
        pdx__free(writer->temporary);
        writer->temporary = NULL;
        pdx__writer_abandon(writer);
        return status;
    }
    writer->stream = fdopen(file, "wb");
    if (!writer->stream) {
        close(file);
        pdx__writer_abandon(writer);
        return pdx__nomem();
    }
    return PDX_OK;
}

static const char *name_of(const pdx__writer *writer) {
    return writer->path ? writer->path : "standard output";
}

pdx_status pdx__writer_append(pdx__writer *writer, const void *bytes, size_t length) {
    if (length && fwrite(bytes, 1, length, writer->stream) != length)
        return pdx__fail_errno(name_of(writer), 0, "cannot be written: ");
    return PDX_OK;
}

pdx_status pdx__writer_commit(pdx__writer *writer) {
    int failed = fflush(writer->stream) != 0 || ferror(writer->stream);
    if (!failed && writer->temporary) {
        failed = fsync(fileno(writer->stream)) != 0 && errno != EINVAL;
        if (fclose(writer->stream) != 0) failed = 1;
        writer->stream = NULL;
        if (!failed) failed = rename(writer->temporary, writer->path) != 0;
    }
    pdx_status status = PDX_OK;
    if (failed) status = pdx__fail_errno(name_of(writer), 0, "cannot be written: ");
    else {
        pdx__free(writer->temporary);
        writer->temporary = NULL;
    }
    pdx__writer_abandon(writer);
    return status;
}

void pdx__writer_abandon(pdx__writer *writer) {
    if (writer->stream && writer->stream != stdout) fclose(writer->stream);
    if (writer->temporary) unlink(writer->temporary);
    pdx__free(writer->temporary);
    pdx__free(writer->path);
    memset(writer, 0, sizeof *writer);
}

pdx_status pdx__file_write(const char *path, const void *bytes, size_t length) {
    pdx__writer writer;
    PDX__TRY(pdx__writer_open(&writer, path));
    pdx_status status = pdx__writer_append(&writer, bytes, length);
    if (status == PDX_OK) return pdx__writer_commit(&writer);
    pdx__writer_abandon(&writer);
    return status;
}

pdx_status pdx__make_folder(const char *path) {
    struct stat info;
    if (mkdir(path, 0777) == 0) return PDX_OK;
    if (errno == EEXIST && stat(path, &info) == 0 && S_ISDIR(info.st_mode)) return PDX_OK;
    return pdx__fail_errno(path, 0, "cannot make the folder: ");
}

pdx_status pdx__path_join(char **out, const char *folder, const char *name) {
    size_t length = strlen(folder);
    *out = pdx__alloc(length + strlen(name) + 2, 1);
    if (!*out) return PDX_ENOMEM;
    sprintf(*out, "%s%s%s", folder, length && folder[length - 1] == '/' ? "" : "/", name);
    return PDX_OK;
}
