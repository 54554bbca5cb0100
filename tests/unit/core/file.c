/* Files: lines of every shape, whole or not at all, a message for whatever goes wrong. */
#include <prefdissect/prefdissect.h>

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "core/file.h"

static char folder[] = "/tmp/pdx-file-XXXXXX";

static const char *in_folder(const char *name) {
    static char path[4][256];
    static int turn;
    char *out = path[turn++ % 4];
    snprintf(out, sizeof path[0], "%s/%s", folder, name);
    return out;
}

static void put(const char *name, const void *bytes, size_t length) {
    FILE *file = fopen(in_folder(name), "wb");
    if (!file || fwrite(bytes, 1, length, file) != length || fclose(file)) abort();
}

static int files_in_folder(void) {
    int count = 0;
    DIR *dir = opendir(folder);
    while (dir && readdir(dir)) ++count;
    if (dir) closedir(dir);
    return count - 2;
}

static void line_is(pdx__lines *lines, const char *text, int64_t number, int64_t offset) {
    int more;
    OK(pdx__lines_next(lines, &more));
    REQUIRE(more);
    CHECK_TEXT(lines->line, text);
    CHECK_INT(lines->length, strlen(text));
    CHECK_INT(lines->number, number);
    CHECK_INT(lines->offset, offset);
}

static void no_more_lines(pdx__lines *lines) {
    int more;
    OK(pdx__lines_next(lines, &more));
    CHECK(!more);
}

static void lines_of_every_shape(void) {
    static const char text[] = "\xEF\xBB\xBFone\r\n\n \t\ntwo\rhalf\nlast";
    put("lines", text, sizeof text - 1);
    pdx__lines lines;
    OK(pdx__lines_open(&lines, in_folder("lines")));
    line_is(&lines, "one", 1, 3);
    line_is(&lines, "two\rhalf", 4, 12);
    line_is(&lines, "last", 5, 21);
    no_more_lines(&lines);
    no_more_lines(&lines);
    pdx__lines_close(&lines);
    pdx__lines_close(&lines);

    put("empty", "", 0);
    OK(pdx__lines_open(&lines, in_folder("empty")));
    no_more_lines(&lines);
    pdx__lines_close(&lines);

    put("mark", "\xEF\xBB\xBF", 3);
    OK(pdx__lines_open(&lines, in_folder("mark")));
    no_more_lines(&lines);
    pdx__lines_close(&lines);
}

/* Lines whose ends fall before, on and after the ends of the blocks that are read. */
static void lines_across_blocks(void) {
    enum { LENGTH = 1 << 20 };
    char *text = malloc(LENGTH);
    REQUIRE(text);
    memset(text, 'x', LENGTH);
    const size_t ends[] = {(1 << 18) - 1, 1 << 18, (1 << 19) - 2, (1 << 19) - 1, LENGTH - 1};
    for (size_t i = 0; i < 5; ++i) text[ends[i]] = '\n';
    text[(1 << 18) - 2] = '\r';
    put("long", text, LENGTH);
    free(text);
    pdx__lines lines;
    int more;
    OK(pdx__lines_open(&lines, in_folder("long")));
    const size_t lengths[] = {(1 << 18) - 2, 0, (1 << 18) - 3, 0, (1 << 19) - 1};
    const int64_t starts[] = {0, 1 << 18, (1 << 18) + 1, (1 << 19) - 1, 1 << 19};
    for (int i = 0; i < 5; ++i) {
        if (!lengths[i]) continue;
        OK(pdx__lines_next(&lines, &more));
        CHECK_INT(more, 1);
        CHECK_INT(lines.length, lengths[i]);
        CHECK_INT(lines.number, i + 1);
        CHECK_INT(lines.offset, starts[i]);
    }
    no_more_lines(&lines);
    pdx__lines_close(&lines);
}

/* A sparse file: one line longer than the limit, refused with its number. */
static void a_line_without_end(void) {
    put("endless", "{}\n", 3);
    REQUIRE(truncate(in_folder("endless"), (off_t)PDX__LONGEST_LINE + 4096) == 0);
    pdx__lines lines;
    int more;
    OK(pdx__lines_open(&lines, in_folder("endless")));
    line_is(&lines, "{}", 1, 0);
    FAILS(pdx__lines_next(&lines, &more), PDX_EPARSE, "endless:2: the line is longer than 256 MiB");
    pdx__lines_close(&lines);
    unlink(in_folder("endless"));
}

static void what_cannot_be_read(void) {
    pdx__lines lines;
    pdx__buf buf = PDX__BUF_EMPTY;
    FAILS(pdx__lines_open(&lines, folder), PDX_EIO, "is a folder");
    FAILS(pdx__lines_open(&lines, in_folder("absent")), PDX_EIO, "absent: No such file");
    FAILS(pdx__file_read(folder, 0, &buf), PDX_EIO, "is a folder");
    put("ten", "0123456789", 10);
    FAILS(pdx__file_read(in_folder("ten"), 9, &buf), PDX_EIO, "larger than 9 bytes");
    pdx__buf_free(&buf);
    OK(pdx__file_read(in_folder("ten"), 10, &buf));
    CHECK_TEXT(buf.data, "0123456789");
    pdx__buf_free(&buf);
    OK(pdx__file_read(in_folder("empty"), 0, &buf));
    CHECK_TEXT(buf.data, "");
    pdx__buf_free(&buf);
}

static int holds(const char *name, const char *text) {
    pdx__buf buf = PDX__BUF_EMPTY;
    int same = pdx__file_read(in_folder(name), 0, &buf) == PDX_OK && !strcmp(buf.data, text);
    pdx__buf_free(&buf);
    return same;
}

static void written_whole_or_not_at_all(void) {
    put("old", "old", 3);
    int before = files_in_folder();
    pdx__writer writer;
    OK(pdx__writer_open(&writer, in_folder("old")));
    OK(pdx__writer_append(&writer, "new", 3));
    CHECK(holds("old", "old"));
    pdx__writer_abandon(&writer);
    pdx__writer_abandon(&writer);
    CHECK(holds("old", "old"));
    OK(pdx__file_write(in_folder("old"), "new", 3));
    CHECK(holds("old", "new"));
    CHECK_INT(files_in_folder(), before);

    mode_t mask = umask(022);
    OK(pdx__file_write(in_folder("mode"), "", 0));
    umask(mask);
    struct stat info;
    REQUIRE(stat(in_folder("mode"), &info) == 0);
    CHECK_INT(info.st_mode & 0777, 0644);
}

/* A size limit plays the full disk: the first write past it fails. */
static void a_full_disk(void) {
    put("kept", "kept", 4);
    int before = files_in_folder();
    struct rlimit limit, small;
    REQUIRE(getrlimit(RLIMIT_FSIZE, &limit) == 0);
    small = limit;
    small.rlim_cur = 100000;
    char *bytes = calloc(1, 300000);
    REQUIRE(bytes);
    signal(SIGXFSZ, SIG_IGN);
    REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
    pdx_status status = pdx__file_write(in_folder("kept"), bytes, 300000);
    setrlimit(RLIMIT_FSIZE, &limit);
    free(bytes);
    FAILS(status, PDX_EIO, "kept: cannot be written: File too large");
    CHECK(holds("kept", "kept"));
    CHECK_INT(files_in_folder(), before);
    if (access("/dev/full", W_OK) != 0) SKIP("no /dev/full");
    FAILS(pdx__file_write("/dev/full", "x", 1), PDX_EIO,
          "/dev/full: cannot be written: No space left on device");
}

static void what_cannot_be_written(void) {
    FAILS(pdx__file_write(folder, "x", 1), PDX_EIO, "is a folder");
    FAILS(pdx__file_write(in_folder("absent/x"), "x", 1), PDX_EIO, "No such file");
    FAILS(pdx__make_folder(in_folder("absent/x")), PDX_EIO, "cannot make the folder");
    FAILS(pdx__make_folder(in_folder("ten")), PDX_EIO, "cannot make the folder");
    OK(pdx__make_folder(folder));
    char *path;
    OK(pdx__path_join(&path, "a/", "b"));
    CHECK_TEXT(path, "a/b");
    pdx__free(path);
    OK(pdx__path_join(&path, "a", "b"));
    CHECK_TEXT(path, "a/b");
    pdx__free(path);
}

int main(void) {
    if (!mkdtemp(folder)) return 1;
    RUN(lines_of_every_shape);
    RUN(lines_across_blocks);
    RUN(a_line_without_end);
    RUN(what_cannot_be_read);
    RUN(written_whole_or_not_at_all);
    RUN(a_full_disk);
    RUN(what_cannot_be_written);
    const char *names[] = {"lines", "empty", "mark", "long", "ten", "old", "mode", "kept"};
    for (size_t i = 0; i < sizeof names / sizeof *names; ++i) unlink(in_folder(names[i]));
    CHECK(rmdir(folder) == 0);
    return check_result();
}
