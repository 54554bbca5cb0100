/* The CSV reader: what RFC 4180 allows, and what it refuses with a place. */
#include <prefdissect/prefdissect.h>

#include <unistd.h>

#include "check.h"
#include "data/csv.h"

static char path[64];

static void put(const char *text, size_t length) {
    snprintf(path, sizeof path, "/tmp/pdx-csv-%ld.csv", (long)getpid());
    FILE *file = fopen(path, "wb");
    if (!file) abort();
    fwrite(text, 1, length, file);
    fclose(file);
}

/* All fields, "|" between them, "/" after a record with its line. */
static pdx_status flatten(const char *text, size_t length, char *out, size_t capacity) {
    put(text, length);
    pdx__csv csv;
    size_t used = 0;
    out[0] = 0;
    pdx_status status = pdx__csv_open(&csv, path);
    for (int more = 1; status == PDX_OK;) {
        status = pdx__csv_next(&csv, &more);
        if (status != PDX_OK || !more) break;
        for (int64_t i = 0; i < csv.count; ++i) {
            used +=
                (size_t)snprintf(out + used, capacity - used, "%s%s", i ? "|" : "", csv.field[i]);
            CHECK_INT(strlen(csv.field[i]), csv.length[i]);
        }
        used += (size_t)snprintf(out + used, capacity - used, "/%lld ", (long long)csv.line);
    }
    pdx__csv_close(&csv);
    unlink(path);
    return status;
}

#define READS(text, expected)                                                                      \
    do {                                                                                           \
        char out_[512];                                                                            \
        OK(flatten(text, sizeof text - 1, out_, sizeof out_));                                     \
        CHECK_TEXT(out_, expected);                                                                \
    } while (0)
#define REFUSES(text, part)                                                                        \
    do {                                                                                           \
        char out_[512];                                                                            \
        FAILS(flatten(text, sizeof text - 1, out_, sizeof out_), PDX_EPARSE, part);                \
    } while (0)

static void records_and_fields(void) {
    READS("a,b\n1,2\n", "a|b/1 1|2/2 ");
    READS("a,b\r\n1,2\r\n", "a|b/1 1|2/2 ");
    READS("\xEF\xBB\xBF"
          "a,b\n1,2",
          "a|b/1 1|2/2 ");
    READS("a,b\n\n\r\n1,\n", "a|b/1 1|/4 ");
    READS("a,b\n,\n", "a|b/1 |/2 ");
    READS("", "");
    READS("a\n\"\"\nb\n", "a/1 /2 b/3 ");
}

static void quotes_and_line_ends_in_fields(void) {
    READS("a,b\n\"x,y\",\"say \"\"hi\"\"\"\nq,r\n", "a|b/1 x,y|say \"hi\"/2 q|r/3 ");
    READS("a,b\n\"one\n\ntwo\r\n\",2\n3,4\n", "a|b/1 one\n\ntwo\r\n|2/2 3|4/6 ");
    READS("a,b\n5\" pipe,\"end\"\r\n", "a|b/1 5\" pipe|end/2 ");
    READS("a\n\"end\"", "a/1 end/2 ");
}

static void a_field_across_blocks(void) {
    size_t length = 300000;
    char *text = malloc(length + 32), *flat = malloc(length + 64);
    REQUIRE(text && flat);
    memcpy(text, "a,b\n\"", 5);
    for (size_t i = 5; i < length; ++i) text[i] = i % 97 ? 'x' : '\n';
    memcpy(text + length, "\",1\n", 5);
    OK(flatten(text, length + 4, flat, length + 64));
    CHECK(!memcmp(flat + 6, text + 5, length - 5));
    free(text);
    free(flat);
}

static void refusals_say_where(void) {
    REFUSES("a,b\n1,2,3\n", ":2: expected 2 fields as in the header, found 3");
    REFUSES("a,b\n\"1\n\n,2\n", ":2: the quoted field is not closed");
    REFUSES("a,b\n\n\"1\"x,2\n", ":3: text after the closing quote of field 1");
    REFUSES("a,b\n1,\xff\n", ":2: field 2 is not UTF-8");
    REFUSES("a,b\n1,\0\n", ":2: a NUL byte");
    REFUSES("a,b\n1,\"\n\0\"\n", ":3: a NUL byte");
    pdx__csv csv;
    FAILS(pdx__csv_open(&csv, "/tmp"), PDX_EIO, "is a folder");
    FAILS(pdx__csv_open(&csv, "/nowhere/x.csv"), PDX_EIO, "/nowhere/x.csv: No such file");
}

int main(void) {
    RUN(records_and_fields);
    RUN(quotes_and_line_ends_in_fields);
    RUN(a_field_across_blocks);
    RUN(refusals_say_where);
    return check_result();
}
