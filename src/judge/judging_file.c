/* Rows of judgments: appended and flushed as they come to PATH.part, which is locked and renamed at
 * the end; read again where a run was interrupted. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/file.h"
#include "core/json.h"
#include "judge/judging.h"

/* ---- rows of an earlier run ---- */

static pdx_status open_part(pdx__judging *r, const char *path) {
    r->part = pdx__alloc(strlen(path) + 6, 1);
    if (!r->part) return PDX_ENOMEM;
    sprintf(r->part, "%s.part", path);
    r->file = open(r->part, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (r->file < 0)
        return pdx__fail_at(PDX_EIO, r->part, 0, "cannot be written: %s", strerror(errno));
    if (flock(r->file, LOCK_EX | LOCK_NB) != 0)
        return pdx__fail_at(PDX_EBUSY, r->part, 0, "another run is writing this file");
    return PDX_OK;
}

/* A row of an earlier run: it must be of this judge and prompt, of a pair that is asked. */
static pdx_status take_row(pdx__judging *r, const cJSON *row, pdx__where where) {
    const char *pair = NULL, *judge = NULL, *order = NULL, *prompt = NULL, *winner = NULL;
    int64_t repeat = 0;
    const cJSON *provenance = NULL;
    PDX__TRY(pdx__json_string(row, "pair", PDX__REQUIRED, &pair, where));
    PDX__TRY(pdx__json_string(row, "judge", PDX__REQUIRED, &judge, where));
    PDX__TRY(pdx__json_string(row, "order", PDX__REQUIRED, &order, where));
    PDX__TRY(pdx__json_string(row, "winner", PDX__OPTIONAL, &winner, where));
    PDX__TRY(pdx__json_int(row, "repeat", PDX__OPTIONAL, &repeat, where));
    PDX__TRY(pdx__json_object(row, "provenance", PDX__REQUIRED, &provenance, where));
    PDX__TRY(pdx__json_string(provenance, "prompt_sha256", PDX__REQUIRED, &prompt, where));
    int64_t number = pdx_dataset_find(r->dataset, pair);
    if (strcmp(judge, r->name) || strcmp(prompt, r->judge->prompt_sha256) || number < 0)
        return pdx__fail_at(PDX_EINVAL, where.file, where.line,
                            "this file is of a run with another judge, prompt or data: finish that "
                            "run or remove the file");
    if (number < r->pairs && repeat >= 0 && repeat < r->judge->repeats) {
        int64_t q = number * r->judge->repeats + repeat;
        int ba = !strcmp(order, "BA");
        r->have[q] |= (unsigned char)(1 << ba);
        if (winner) r->winner[ba][q] = *winner == 't' ? 'T' : (unsigned char)*winner;
    }
    ++r->result->resumed;
    return PDX_OK;
}

/* Rows of an interrupted run. What follows the last newline was torn off and is cut away. */
static pdx_status take_rows(pdx__judging *r) {
    off_t size = lseek(r->file, 0, SEEK_END), keep = size;
    char last = '\n';
    while (keep > 0 && pread(r->file, &last, 1, keep - 1) == 1 && last != '\n') --keep;
    if (keep < size && ftruncate(r->file, keep) != 0)
        return pdx__fail_at(PDX_EIO, r->part, 0, "cannot be cut: %s", strerror(errno));
    lseek(r->file, keep, SEEK_SET);
    if (keep == 0) return PDX_OK;
    pdx__lines lines;
    PDX__TRY(pdx__lines_open(&lines, r->part));
    pdx_status status = PDX_OK;
    for (int more = 1; status == PDX_OK;) {
        status = pdx__lines_next(&lines, &more);
        if (status != PDX_OK || !more) break;
        cJSON *row;
        pdx__where where = {r->part, lines.number};
        status = pdx__json_parse(&row, lines.line, lines.length, where);
        int failures = status == PDX_OK && cJSON_GetObjectItemCaseSensitive(row, "error");
        if (status == PDX_OK && !failures) status = take_row(r, row, where);
        cJSON_Delete(row);
        if (failures) { /* written last of all: a run was killed before the renaming */
            if (ftruncate(r->file, lines.offset) != 0 || lseek(r->file, 0, SEEK_END) < 0)
                status = pdx__fail_at(PDX_EIO, r->part, 0, "cannot be cut: %s", strerror(errno));
            break;
        }
    }
    pdx__lines_close(&lines);
    return status;
}

pdx_status pdx__rows_open(pdx__judging *r, const char *path) {
    PDX__TRY(open_part(r, path));
    return take_rows(r);
}

/* ---- rows ---- */

static void begin_row(pdx__judging *r, pdx__buf *out, const pdx__question *q, int32_t order) {
    pdx__buf_text(out, "{\"pair\":");
    pdx__buf_json_string(out, q->id, strlen(q->id));
    pdx__buf_text(out, ",\"judge\":");
    pdx__buf_json_string(out, r->name, strlen(r->name));
    pdx__buf_printf(out, ",\"order\":\"%s\"", order ? "BA" : "AB");
    if (r->judge->repeats > 1) pdx__buf_printf(out, ",\"repeat\":%d", q->repeat);
}

static void write_logp(pdx__judging *r, pdx__buf *out, const pdx__answer *a) {
    static const char *const bound[] = {"", "first", "second", "both"};
    double coverage = (a->bounds & PDX__BOUND_FIRST ? 0 : exp(a->logp_first)) +
                      (a->bounds & PDX__BOUND_SECOND ? 0 : exp(a->logp_second));
    pdx__buf_text(out, ",\"logp_first\":");
    pdx__buf_json_double(out, a->logp_first);
    pdx__buf_text(out, ",\"logp_second\":");
    pdx__buf_json_double(out, a->logp_second);
    if (a->bounds) pdx__buf_printf(out, ",\"bound\":\"%s\"", bound[a->bounds]);
    if (a->normalised) {
        pdx__buf_text(out, ",\"normalised\":true");
        return;
    }
    pdx__buf_text(out, ",\"coverage\":");
    pdx__buf_json_double(out, coverage);
    r->coverage_sum += coverage;
    ++r->covered;
}

static int32_t verdict_of(const pdx__answer *a) {
    if (isnan(a->logp_first) || isnan(a->logp_second)) return a->shown;
    if (a->logp_first == a->logp_second) return PDX__SHOWN_TIE;
    return a->logp_first > a->logp_second ? PDX__SHOWN_FIRST : PDX__SHOWN_SECOND;
}

static void write_row(pdx__judging *r, pdx__buf *out, const pdx__question *q, int32_t order,
                      const pdx__answer *a) {
    static const char *const shown_names[] = {"null", "\"first\"", "\"second\"", "\"tie\""};
    int32_t shown = verdict_of(a);
    int is_a = shown == (order ? PDX__SHOWN_SECOND : PDX__SHOWN_FIRST);
    const char *winner = shown == PDX__SHOWN_NONE  ? "null"
                         : shown == PDX__SHOWN_TIE ? "\"tie\""
                         : is_a                    ? "\"A\""
                                                   : "\"B\"";
    begin_row(r, out, q, order);
    pdx__buf_printf(out, ",\"shown\":%s,\"winner\":%s", shown_names[shown], winner);
    if (!isnan(a->logp_first) && !isnan(a->logp_second)) write_logp(r, out, a);
    if (a->raw) {
        pdx__buf_text(out, ",\"raw\":");
        pdx__buf_json_string(out, a->raw, strlen(a->raw));
    }
    if (a->truncated) pdx__buf_text(out, ",\"truncated\":true");
    pdx__buf_printf(out, ",\"provenance\":%s}\n",
                    a->provenance ? a->provenance : r->judge->provenance);
    ++r->result->judgments;
    r->result->truncated += a->truncated;
    if (shown == PDX__SHOWN_NONE) ++r->result->no_verdict;
    else {
        r->first_sum += shown == PDX__SHOWN_TIE ? 0.5 : shown == PDX__SHOWN_FIRST;
        ++r->verdicts;
        r->winner[order][q->pair * r->judge->repeats + q->repeat] = shown == PDX__SHOWN_TIE ? 'T'
                                                                    : is_a                  ? 'A'
                                                                                            : 'B';
    }
}

static pdx_status append(pdx__judging *r, const pdx__buf *rows) {
    if (rows->status != PDX_OK) return rows->status;
    for (size_t at = 0; at < rows->length;) {
        ssize_t n = write(r->file, rows->data + at, rows->length - at);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0)
            return pdx__fail_at(PDX_EIO, r->part, 0, "cannot be written: %s", strerror(errno));
        at += (size_t)n;
    }
    return PDX_OK;
}

/* No row is written for a failure while the run goes on, so that it is asked again; what asking
 * again cannot mend gets a row without a verdict at the very end. */
pdx_status pdx__rows_missing(pdx__judging *r, const pdx__question *q, int32_t order,
                             const pdx__answer *a) {
    if (!*r->failure)
        snprintf(r->failure, sizeof r->failure, "pair '%.80s', order %s: %.200s", q->id,
                 order ? "BA" : "AB", a->failure);
    ++*(a->permanent ? &r->result->refused : &r->result->failed);
    if (!a->permanent && !r->options->allow_missing) return PDX_OK;
    begin_row(r, &r->refused, q, order);
    pdx__buf_text(&r->refused, ",\"shown\":null,\"winner\":null,\"error\":");
    pdx__buf_json_string(&r->refused, a->failure, strlen(a->failure));
    pdx__buf_printf(&r->refused, ",\"provenance\":%s}\n", r->judge->provenance);
    return r->refused.status;
}

pdx_status pdx__rows_answer(pdx__judging *r, const pdx__question *q, int32_t order,
                            const pdx__answer *a) {
    pdx__buf row = PDX__BUF_EMPTY;
    write_row(r, &row, q, order, a);
    pdx_status status = append(r, &row);
    pdx__buf_free(&row);
    return status;
}

pdx_status pdx__rows_finish(pdx__judging *r, const char *path) {
    PDX__TRY(append(r, &r->refused));
    if (fsync(r->file) != 0 || rename(r->part, path) != 0)
        return pdx__fail_at(PDX_EIO, path, 0, "cannot be written: %s", strerror(errno));
    return PDX_OK;
}
