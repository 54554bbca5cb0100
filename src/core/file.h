/* Files: read whole or line by line; written whole or not at all. */
#ifndef PDX_CORE_FILE_H
#define PDX_CORE_FILE_H

#include "buf.h"

/* What errno says about `path` ("path:line: whatNo such file or directory"): PDX_ENOMEM or PDX_EIO.
 */
pdx_status pdx__fail_errno(const char *path, int64_t line, const char *what);

/* A FILE* for reading ("-" is standard input); a folder is refused by name. */
pdx_status pdx__input_open(void **stream, const char *path);
void pdx__input_close(void *stream); /* leaves standard input open */

/* Reads a whole file ("-" is standard input) of at most `ceiling` bytes (0: 4 GiB). */
pdx_status pdx__file_read(const char *path, size_t ceiling, pdx__buf *out);

/* Lines of a file ("-" is standard input), without their line end (\n or \r\n); a UTF-8 byte order
 * mark at the start is skipped. A line longer than PDX__LONGEST_LINE is an error. */
enum { PDX__LONGEST_LINE = 256 << 20 };
typedef struct pdx__lines {
    const char *path; /* as given: borrowed */
    int64_t number;   /* of the line last returned, from 1 */
    int64_t offset;   /* of that line's first byte in the file */
    char *line;       /* NUL-terminated; may hold NUL bytes: use length */
    size_t length;
    struct pdx__lines_state *state;
} pdx__lines;
pdx_status pdx__lines_open(pdx__lines *lines, const char *path);
/* *more = 0 at the end of the file. Blank lines are skipped (and counted). */
pdx_status pdx__lines_next(pdx__lines *lines, int *more);
void pdx__lines_close(pdx__lines *lines);

/* A file written under a temporary name beside it and renamed by commit; a device or pipe
 * ("/dev/stdout", "/dev/full") is written straight. */
typedef struct pdx__writer {
    char *path;
    char *temporary; /* NULL: standard output (path "-"), a device or a pipe */
    void *stream;    /* FILE* */
} pdx__writer;
pdx_status pdx__writer_open(pdx__writer *writer, const char *path);
pdx_status pdx__writer_append(pdx__writer *writer, const void *bytes, size_t length);
pdx_status pdx__writer_commit(pdx__writer *writer); /* flush, sync, rename; frees the writer */
void pdx__writer_abandon(pdx__writer *writer);      /* removes what was written; frees; any time */
/* All three in one. */
pdx_status pdx__file_write(const char *path, const void *bytes, size_t length);

/* Makes a folder; fine where it is there already. */
pdx_status pdx__make_folder(const char *path);
pdx_status pdx__path_join(char **out, const char *folder, const char *name);

#endif
