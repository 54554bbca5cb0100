/* The CSV reader. Comma only, UTF-8 only; a quote inside an unquoted field stands for itself. A
 * record is at most as long as the longest line of a file. */
#include "csv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/utf8.h"

enum { BLOCK = 1 << 16, END = -1 };

struct pdx__csv_state {
    void *stream;
    unsigned char block[BLOCK];
    size_t start, end;
    int64_t newlines; /* read so far */
    int64_t wanted;   /* fields of the header, 0 before it */
    pdx__buf text;    /* the record: fields one after another, each with its NUL */
    size_t *offset;
    size_t offset_capacity, field_capacity, length_capacity;
};

pdx_status pdx__csv_open(pdx__csv *csv, const char *path) {
    memset(csv, 0, sizeof *csv);
    csv->path = path;
    void *stream;
    PDX__TRY(pdx__input_open(&stream, path));
    csv->state = pdx__alloc_zero(1, sizeof *csv->state);
    if (!csv->state) {
        pdx__input_close(stream);
        return PDX_ENOMEM;
    }
    csv->state->stream = stream;
    csv->state->text.ceiling = PDX__LONGEST_LINE;
    return PDX_OK;
}

void pdx__csv_close(pdx__csv *csv) {
    struct pdx__csv_state *s = csv->state;
    if (s) {
        pdx__input_close(s->stream);
        pdx__buf_free(&s->text);
        pdx__free(s->offset);
        pdx__free(s);
    }
    pdx__free(csv->field);
    pdx__free(csv->length);
    memset(csv, 0, sizeof *csv);
}

/* The next byte without taking it, END at the end. */
static pdx_status peek(pdx__csv *csv, int *byte) {
    struct pdx__csv_state *s = csv->state;
    if (s->start == s->end) {
        int first = s->end == 0;
        s->start = 0;
        s->end = fread(s->block, 1, BLOCK, s->stream);
        if (s->end == 0 && ferror((FILE *)s->stream))
            return pdx__fail_at(PDX_EIO, csv->path, s->newlines + 1, "cannot be read: %s",
                                strerror(errno));
        if (first && s->end >= 3 && !memcmp(s->block, "\xEF\xBB\xBF", 3)) s->start = 3;
    }
    *byte = s->start < s->end ? s->block[s->start] : END;
    return PDX_OK;
}

/* Bytes of the block up to a newline, a NUL or `stop`, appended to the record. */
static void take_run(struct pdx__csv_state *s, unsigned char stop) {
    size_t from = s->start;
    for (; s->start < s->end; ++s->start) {
        unsigned char byte = s->block[s->start];
        if (byte == stop || byte == '\n' || byte == 0) break;
    }
    pdx__buf_append(&s->text, s->block + from, s->start - from);
}

static pdx_status quoted(pdx__csv *csv) {
    struct pdx__csv_state *s = csv->state;
    int64_t opened = s->newlines + 1;
    int byte;
    ++s->start;
    for (;;) {
        PDX__TRY(peek(csv, &byte));
        if (byte == END)
            return pdx__fail_at(PDX_EPARSE, csv->path, opened, "the quoted field is not closed");
        if (byte == '"') {
            ++s->start;
            PDX__TRY(peek(csv, &byte));
            if (byte != '"') return PDX_OK;
            pdx__buf_char(&s->text, '"');
            ++s->start;
        } else if (byte == '\n') {
            pdx__buf_char(&s->text, '\n');
            ++s->newlines;
            ++s->start;
        } else if (byte == 0)
            return pdx__fail_at(PDX_EPARSE, csv->path, s->newlines + 1, "a NUL byte in the text");
        else take_run(s, '"');
        if (s->text.status != PDX_OK) return PDX_OK;
    }
}

static pdx_status unquoted(pdx__csv *csv) {
    struct pdx__csv_state *s = csv->state;
    int byte;
    for (;;) {
        PDX__TRY(peek(csv, &byte));
        if (byte == END || byte == ',' || byte == '\n' || s->text.status != PDX_OK) return PDX_OK;
        if (byte == 0)
            return pdx__fail_at(PDX_EPARSE, csv->path, s->newlines + 1, "a NUL byte in the text");
        take_run(s, ',');
    }
}

/* Reads the fields of one record into text and offset. */
static pdx_status record(pdx__csv *csv, int *blank) {
    struct pdx__csv_state *s = csv->state;
    int byte, was_quoted = 0;
    csv->count = 0;
    for (;;) {
        PDX__TRY(
            pdx__grow(&s->offset, &s->offset_capacity, (size_t)csv->count + 1, sizeof *s->offset));
        s->offset[csv->count++] = s->text.length;
        PDX__TRY(peek(csv, &byte));
        was_quoted = byte == '"';
        PDX__TRY(was_quoted ? quoted(csv) : unquoted(csv));
        PDX__TRY(peek(csv, &byte));
        if (was_quoted && byte == '\r') {
            ++s->start;
            PDX__TRY(peek(csv, &byte));
            if (byte != '\n' && byte != END) byte = '\r';
        }
        /* The carriage return of an unquoted last field belongs to the line end. */
        if (!was_quoted && (byte == '\n' || byte == END) && s->text.status == PDX_OK &&
            s->text.length > s->offset[csv->count - 1] && s->text.data[s->text.length - 1] == '\r')
            --s->text.length;
        pdx__buf_char(&s->text, 0);
        if (s->text.status != PDX_OK)
            return s->text.status == PDX_ENOMEM
                       ? PDX_ENOMEM
                       : pdx__fail_at(PDX_EPARSE, csv->path, csv->line,
                                      "the record is longer than %d MiB", PDX__LONGEST_LINE >> 20);
        if (byte == END) break;
        if (byte != ',' && byte != '\n')
            return pdx__fail_at(PDX_EPARSE, csv->path, s->newlines + 1,
                                "text after the closing quote of field %lld",
                                (long long)csv->count);
        ++s->start;
        if (byte == '\n') {
            ++s->newlines;
            break;
        }
    }
    *blank = csv->count == 1 && !was_quoted && s->text.length == 1;
    return PDX_OK;
}

static pdx_status hand_out(pdx__csv *csv) {
    struct pdx__csv_state *s = csv->state;
    size_t count = (size_t)csv->count;
    PDX__TRY(pdx__grow(&csv->field, &s->field_capacity, count, sizeof *csv->field));
    PDX__TRY(pdx__grow(&csv->length, &s->length_capacity, count, sizeof *csv->length));
    for (size_t i = 0; i < count; ++i) {
        size_t end = i + 1 < count ? s->offset[i + 1] : s->text.length;
        csv->field[i] = s->text.data + s->offset[i];
        csv->length[i] = end - s->offset[i] - 1;
        if (pdx__utf8_valid_length(csv->field[i], csv->length[i]) < csv->length[i])
            return pdx__fail_at(PDX_EPARSE, csv->path, csv->line, "field %zu is not UTF-8", i + 1);
    }
    if (!s->wanted) s->wanted = csv->count;
    if (csv->count != s->wanted)
        return pdx__fail_at(PDX_EPARSE, csv->path, csv->line,
                            "expected %lld fields as in the header, found %lld",
                            (long long)s->wanted, (long long)csv->count);
    return PDX_OK;
}

pdx_status pdx__csv_next(pdx__csv *csv, int *more) {
    struct pdx__csv_state *s = csv->state;
    *more = 0;
    for (;;) {
        int byte, blank;
        PDX__TRY(peek(csv, &byte));
        if (byte == END) return PDX_OK;
        pdx__buf_clear(&s->text);
        csv->line = s->newlines + 1;
        PDX__TRY(record(csv, &blank));
        if (!blank) break;
    }
    ++csv->record;
    PDX__TRY(hand_out(csv));
    *more = 1;
    return PDX_OK;
}
