/* The journal: what was answered is found again, whatever tore the file; batch files go through it.
 */
#include "net/journal.h"

#include <stdio.h>
#include <unistd.h>

#include "check.h"
#include "core/file.h"
#include "net/batch.h"

static char folder[] = "/tmp/pdx-journal-XXXXXX", path[64], other[64];
static const char *const keys[2] = {
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"};

static int32_t has(pdx__journal *j, const char *key, const char *text) {
    pdx__journal_entry entry;
    int32_t found;
    if (pdx__journal_find(j, key, &entry, &found) != PDX_OK) {
        CHECK_FAIL("%s", pdx_error_message());
        return 0;
    }
    if (found && text)
        CHECK_TEXT(cJSON_GetStringValue(cJSON_GetObjectItem(entry.answer, "t")), text);
    cJSON_Delete(entry.answer);
    return found;
}

static void answers_are_found_again(void) {
    pdx__journal *j, *second;
    unlink(path);
    OK(pdx__journal_open(&j, path, NULL, NULL));
    CHECK(!has(j, keys[0], NULL));
    OK(pdx__journal_failure(j, keys[0], 3, "it \"broke\"", "\xff\n", 2));
    CHECK(!has(j, keys[0], NULL)); /* a failure is no answer */
    OK(pdx__journal_answer(j, keys[0], 4, "{\n\"t\":\r\"one\"}", 13));
    CHECK(has(j, keys[0], "one"));
    FAILS(pdx__journal_open(&second, path, NULL, NULL), PDX_EBUSY, "another run");
    pdx__journal_close(j);
    OK(pdx__journal_open(&j, path, NULL, NULL));
    CHECK(has(j, keys[0], "one"));
    OK(pdx__journal_answer(j, keys[0], 1, "{\"t\":\"two\"}", 11)); /* the last one counts */
    CHECK(has(j, keys[0], "two"));
    CHECK_INT(pdx__journal_count(j), 1);
    pdx__journal_close(j);
}

/* Cut at many places, at each byte around a line's end, the file opens, holds what was whole, and
 * takes new lines. */
static void torn_lines_are_dropped(void) {
    pdx__journal *j;
    pdx__buf whole = PDX__BUF_EMPTY;
    unlink(path);
    OK(pdx__journal_open(&j, path, NULL, NULL));
    OK(pdx__journal_answer(j, keys[0], 1, "{\"t\":\"one\"}", 11));
    pdx__journal_close(j);
    OK(pdx__file_read(path, 0, &whole));
    size_t first = whole.length;
    OK(pdx__journal_open(&j, path, NULL, NULL));
    OK(pdx__journal_answer(j, keys[1], 1, "{\"t\":\"two\"}", 11));
    pdx__journal_close(j);
    pdx__buf_clear(&whole);
    OK(pdx__file_read(path, 0, &whole));
    for (size_t cut = 0; cut <= whole.length; cut += cut + 8 < first   ? 5
                                                     : cut < first + 4 ? 1
                                                                       : 3) {
        OK(pdx__file_write(path, whole.data, cut));
        OK(pdx__journal_open(&j, path, NULL, NULL));
        CHECK_INT(has(j, keys[0], "one"), cut >= first);
        CHECK_INT(has(j, keys[1], "two"), cut == whole.length);
        OK(pdx__journal_answer(j, keys[1], 1, "{\"t\":\"new\"}", 11));
        pdx__journal_close(j);
        OK(pdx__journal_open(&j, path, NULL, NULL));
        CHECK(has(j, keys[1], "new"));
        pdx__journal_close(j);
    }
    pdx__buf_free(&whole);
}

static void foreign_files_are_refused(void) {
    pdx__journal *j;
    OK(pdx__file_write(path, "{\"a\":1}\n", 8));
    FAILS(pdx__journal_open(&j, path, NULL, NULL), PDX_EPARSE, "journal:1");
    FAILS(pdx__journal_open(&j, "/no/such/folder/j", NULL, NULL), PDX_EIO, "/no/such");
    FAILS(pdx__journal_open(&j, folder, NULL, NULL), PDX_EIO, folder);
}

static void batch_results_come_in_any_order(void) {
    pdx__buf line = PDX__BUF_EMPTY;
    pdx__ask ask = {0, "/v1/completions", "{\"p\":1}", 7, 0, 1};
    pdx__batch_line(&line, &ask);
    char key[65];
    pdx__ask_key(&ask, key);
    CHECK_CONTAINS(line.data,
                   "\",\"method\":\"POST\",\"url\":\"/v1/completions\",\"body\":{\"p\":1}}\n");
    CHECK_CONTAINS(line.data, key);
    ask.repeat = 1;
    char second[65];
    pdx__ask_key(&ask, second);
    CHECK(strcmp(key, second) != 0);
    pdx__buf_clear(&line);
    pdx__buf_printf(
        &line,
        "{\"custom_id\":\"%s\",\"response\":null,\"error\":{\"message\":\"expired\"}}\n"
        "{\"custom_id\":\"%s\",\"response\":{\"status_code\":200,\"body\":{\"t\":\"b\"}},"
        "\"error\":null}\n"
        "{\"custom_id\":\"%s\",\"response\":{\"status_code\":500,\"body\":{\"error\":"
        "{\"message\":\"no\"}}},\"error\":null}\n",
        keys[1], keys[0], second);
    OK(pdx__file_write(other, line.data, line.length));
    unlink(path);
    pdx__journal *j;
    pdx__batch_counts counts;
    OK(pdx__journal_open(&j, path, NULL, NULL));
    OK(pdx__batch_read(&counts, j, other));
    CHECK_INT(counts.answered, 1);
    CHECK_INT(counts.failed, 2);
    CHECK(has(j, keys[0], "b") && !has(j, keys[1], NULL) && !has(j, second, NULL));
    OK(pdx__file_write(other, "{\"custom_id\":\"mine\"}\n", 21));
    FAILS(pdx__batch_read(&counts, j, other), PDX_EPARSE, "results:1");
    pdx__journal_close(j);
    pdx__buf_free(&line);
}

int main(void) {
    if (!mkdtemp(folder)) return 1;
    snprintf(path, sizeof path, "%s/journal", folder);
    snprintf(other, sizeof other, "%s/results", folder);
    RUN(answers_are_found_again);
    RUN(torn_lines_are_dropped);
    RUN(foreign_files_are_refused);
    RUN(batch_results_come_in_any_order);
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", folder);
    return check_result() | (system(command) != 0);
}
