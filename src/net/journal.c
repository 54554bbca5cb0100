/* The journal of answers. In memory there is only where each answer lies; bodies are read when they
 * are asked for. Leaves out what answers mean. */
#include "net/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "core/file.h"
#include "core/json.h"
#include "core/strmap.h"

enum {
    KEY = 64,
    NAME = 16, /* bytes of a key that tell it from all others in memory */
    KEPT_OF_FAILURE = 4096
};
static const char head[] = "{\"key\":\"", answered[] = "\",\"answered\":true,",
                  failed[] = "\",\"answered\":false,";

typedef struct place {
    int64_t offset;
    uint32_t length, line;
} place;

struct pdx__journal {
    char *path;
    int file;
    pdx__strmap keys;
    place *list; /* [keys] */
    size_t capacity;
    int64_t size, lines, answers;
    pdx__buf line; /* that is written */
};

static void name_of(const char *key, char out[NAME]) {
    for (int i = 0; i < NAME; ++i) {
        int high = key[2 * i], low = key[2 * i + 1];
        out[i] = (char)((high > '9' ? high - 'a' + 10 : high - '0') << 4 |
                        (low > '9' ? low - 'a' + 10 : low - '0'));
    }
}

static pdx_status remember(pdx__journal *j, const char *key, int64_t offset, size_t length) {
    int64_t index;
    int added;
    char name[NAME];
    name_of(key, name);
    PDX__TRY(pdx__grow(&j->list, &j->capacity, (size_t)j->keys.count + 1, sizeof *j->list));
    PDX__TRY(pdx__strmap_add(&j->keys, name, NAME, &index, &added));
    j->answers += added;
    j->list[index] = (place){offset, (uint32_t)length, (uint32_t)j->lines};
    return PDX_OK;
}

static int is_hex(const char *text) {
    for (int i = 0; i < KEY; ++i)
        if (!strchr("0123456789abcdef", text[i])) return 0;
    return 1;
}

/* A line that a run of ours wrote; only answered lines are parsed, and only where someone looks. */
static pdx_status take_line(pdx__journal *j, const pdx__lines *lines, pdx__journal_see see,
                            void *context) {
    const char *text = lines->line;
    size_t fixed = sizeof head - 1 + KEY;
    j->lines = lines->number;
    int ok = lines->length > fixed + sizeof failed && !memcmp(text, head, sizeof head - 1) &&
             !memchr(text, 0, lines->length) && is_hex(text + sizeof head - 1) &&
             text[lines->length - 1] == '}';
    if (ok && !strncmp(text + fixed, failed, sizeof failed - 1)) return PDX_OK;
    if (!ok || strncmp(text + fixed, answered, sizeof answered - 1) != 0)
        return pdx__fail_at(PDX_EPARSE, j->path, lines->number, "is no line of a journal");
    if (see) {
        cJSON *row;
        PDX__TRY(pdx__json_parse(&row, text, lines->length, (pdx__where){j->path, lines->number}));
        see(context, cJSON_GetObjectItemCaseSensitive(row, "answer"));
        cJSON_Delete(row);
    }
    return remember(j, text + sizeof head - 1, lines->offset, lines->length);
}

/* What follows the last line end was torn off by a kill. */
static pdx_status cut_torn_line(pdx__journal *j) {
    char block[4096];
    off_t size = lseek(j->file, 0, SEEK_END), keep = size;
    while (keep > 0) {
        off_t from = keep > (off_t)sizeof block ? keep - (off_t)sizeof block : 0;
        ssize_t got = pread(j->file, block, (size_t)(keep - from), from);
        if (got != keep - from) return pdx__fail_errno(j->path, 0, "cannot be read: ");
        const char *end = memrchr(block, '\n', (size_t)got);
        keep = end ? from + (end - block) + 1 : from;
        if (end) break;
    }
    if (keep < size && ftruncate(j->file, keep) != 0)
        return pdx__fail_errno(j->path, 0, "cannot be cut: ");
    j->size = keep;
    return PDX_OK;
}

static pdx_status read_lines(pdx__journal *j, pdx__journal_see see, void *context) {
    pdx__lines lines;
    if (j->size == 0) return PDX_OK;
    PDX__TRY(pdx__lines_open(&lines, j->path));
    pdx_status status;
    for (int more = 1;;) {
        status = pdx__lines_next(&lines, &more);
        if (status == PDX_OK && more) status = take_line(j, &lines, see, context);
        if (status != PDX_OK || !more) break;
    }
    pdx__lines_close(&lines);
    return status;
}

static pdx_status open_file(pdx__journal *j, const char *path, pdx__journal_see see,
                            void *context) {
    j->path = pdx__strdup(path);
    if (!j->path) return PDX_ENOMEM;
    j->file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (j->file < 0) return pdx__fail_errno(path, 0, "cannot be written: ");
    if (flock(j->file, LOCK_EX | LOCK_NB) != 0)
        return pdx__fail_at(PDX_EBUSY, path, 0, "another run is writing this journal");
    PDX__TRY(cut_torn_line(j));
    return read_lines(j, see, context);
}

pdx_status pdx__journal_open(pdx__journal **out, const char *path, pdx__journal_see see,
                             void *context) {
    *out = NULL;
    pdx__journal *j = pdx__alloc_zero(1, sizeof *j);
    if (!j) return PDX_ENOMEM;
    j->file = -1;
    pdx_status status = open_file(j, path, see, context);
    if (status == PDX_OK) *out = j;
    else pdx__journal_close(j);
    return status;
}

void pdx__journal_close(pdx__journal *j) {
    if (!j) return;
    if (j->file >= 0) close(j->file);
    pdx__free(j->path);
    pdx__free(j->list);
    pdx__buf_free(&j->line);
    pdx__strmap_free(&j->keys);
    pdx__free(j);
}

int64_t pdx__journal_count(const pdx__journal *j) { return j->answers; }

pdx_status pdx__journal_find(pdx__journal *j, const char *key, pdx__journal_entry *out,
                             int32_t *found) {
    *found = 0;
    memset(out, 0, sizeof *out);
    char name[NAME];
    name_of(key, name);
    int64_t index = pdx__strmap_find(&j->keys, name, NAME);
    if (index < 0) return PDX_OK;
    place at = j->list[index];
    char *line = pdx__alloc(at.length + 1, 1);
    if (!line) return PDX_ENOMEM;
    cJSON *row = NULL;
    pdx__where where = {j->path, at.line};
    pdx_status status = PDX_OK;
    if (pread(j->file, line, at.length, at.offset) != (ssize_t)at.length)
        status = pdx__fail_at(PDX_EIO, j->path, at.line, "cannot be read");
    int64_t attempts = 0;
    if (status == PDX_OK && memcmp(line + sizeof head - 1, key, KEY) != 0) {
        pdx__free(line); /* of another key with the same name */
        return PDX_OK;
    }
    if (status == PDX_OK) status = pdx__json_parse(&row, line, at.length, where);
    if (status == PDX_OK) status = pdx__json_int(row, "time", PDX__REQUIRED, &out->time, where);
    if (status == PDX_OK) status = pdx__json_int(row, "attempts", PDX__REQUIRED, &attempts, where);
    if (status == PDX_OK) {
        out->attempts = attempts < 0 ? 0 : attempts > INT32_MAX ? INT32_MAX : (int32_t)attempts;
        out->answer = cJSON_DetachItemFromObjectCaseSensitive(row, "answer");
        *found = out->answer != NULL;
    }
    cJSON_Delete(row);
    pdx__free(line);
    return status;
}

/* One line by one write; half a line (a full disk) is taken back. */
static pdx_status append(pdx__journal *j) {
    PDX__TRY(j->line.status);
    size_t done = 0;
    while (done < j->line.length) {
        ssize_t wrote = pwrite(j->file, j->line.data + done, j->line.length - done,
                               (off_t)(j->size + (int64_t)done));
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote <= 0) {
            pdx_status status = pdx__fail_errno(j->path, 0, "cannot be written: ");
            if (ftruncate(j->file, j->size) != 0)
                status = PDX_EIO; /* torn: cut at the next start */
            return status;
        }
        done += (size_t)wrote;
    }
    ++j->lines;
    j->size += (int64_t)j->line.length;
    return PDX_OK;
}

static pdx__buf *begin(pdx__journal *j, const char *key, const char *kind, int32_t attempts) {
    pdx__buf_clear(&j->line);
    pdx__buf_text(&j->line, head);
    pdx__buf_append(&j->line, key, KEY);
    pdx__buf_text(&j->line, kind);
    pdx__buf_printf(&j->line, "\"time\":%lld,\"attempts\":%d", (long long)time(NULL), attempts);
    return &j->line;
}

pdx_status pdx__journal_answer(pdx__journal *j, const char *key, int32_t attempts, const char *body,
                               size_t length) {
    pdx__buf *line = begin(j, key, answered, attempts);
    pdx__buf_text(line, ",\"answer\":");
    size_t from = line->length;
    pdx__buf_append(line, body, length);
    if (line->status == PDX_OK)
        for (char *at = line->data + from; *(at += strcspn(at, "\r\n"));) *at = ' ';
    pdx__buf_text(line, "}\n");
    int64_t offset = j->size;
    PDX__TRY(append(j));
    return remember(j, key, offset, line->length - 1);
}

pdx_status pdx__journal_failure(pdx__journal *j, const char *key, int32_t attempts,
                                const char *reason, const char *body, size_t length) {
    pdx__buf *line = begin(j, key, failed, attempts);
    pdx__buf_text(line, ",\"error\":");
    pdx__buf_json_string(line, reason, strlen(reason));
    if (body) {
        pdx__buf_text(line, ",\"body\":");
        pdx__buf_json_string(line, body, length < KEPT_OF_FAILURE ? length : KEPT_OF_FAILURE);
    }
    pdx__buf_text(line, "}\n");
    return append(j);
}
