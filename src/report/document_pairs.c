/* The page's document, third part: the pairs with their properties and everybody's verdicts, and
 * the texts of as many as there is room for. */
#include <math.h>
#include <string.h>

#include "data/dataset.h"
#include "encode.h"
#include "report.h"

enum { MOST_PAIRS = 20000, BARE = 20 }; /* so many pairs without texts: then there are none */

typedef struct selection {
    int64_t total, count;
    int64_t *pair;  /* [count] ascending numbers in the dataset */
    int64_t *place; /* [total] place in `pair`, -1: not kept */
} selection;

/* The i-th of n numbers in an order that is evenly spread wherever it is cut: steps of the golden
 * section, made coprime to n. */
static int64_t gcd(int64_t a, int64_t b) {
    while (b) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}
static int64_t golden_step(int64_t n) {
    int64_t step = (int64_t)(0.6180339887498949 * (double)n);
    if (step < 1) step = 1;
    while (gcd(step, n) != 1) ++step;
    return step;
}

static pdx_status select_pairs(selection *out, const pdx__report_source *s) {
    int64_t n = pdx_dataset_count(s->dataset);
    *out = (selection){.total = n};
    out->pair = pdx__alloc((size_t)n, sizeof *out->pair);
    out->place = pdx__alloc((size_t)n, sizeof *out->place);
    if (!out->pair || !out->place) return PDX_ENOMEM;
    int64_t kept = 0, step = golden_step(n);
    for (int64_t i = 0; i < n; ++i) out->place[i] = n <= MOST_PAIRS ? 0 : -1;
    for (int32_t f = 0; n > MOST_PAIRS && s->surprise && f < s->fits; ++f)
        for (int32_t i = 0; i < s->surprising[f]; ++i) {
            int64_t pair = s->surprise[(size_t)f * (size_t)s->surprises + (size_t)i].pair;
            kept += out->place[pair] < 0;
            out->place[pair] = 0;
        }
    for (int64_t i = 0; n > MOST_PAIRS && kept < MOST_PAIRS; ++i) {
        int64_t pair = i * step % n;
        kept += out->place[pair] < 0;
        out->place[pair] = 0;
    }
    for (int64_t i = 0; i < n; ++i) {
        if (out->place[i] < 0) continue;
        out->place[i] = out->count;
        out->pair[out->count++] = i;
    }
    return PDX_OK;
}

/* How a list of labels, one a record of the file, meets the pairs. */
static void put_records(pdx__buf *out, const pdx__report_source *s, const selection *kept) {
    const pdx_dataset *data = s->dataset;
    pdx__buf_printf(out, ",\"records\":%lld", (long long)data->records);
    if (!data->record) return;
    pdx__buf_text(out, ",\"record\":[");
    for (int64_t i = 0; i < kept->count; ++i)
        pdx__buf_printf(out, "%s%lld", i ? "," : "", (long long)data->record[kept->pair[i]]);
    pdx__buf_char(out, ']');
}

static void put_ids(pdx__buf *out, const pdx__report_source *s, const selection *kept) {
    const char *first = kept->count ? pdx_dataset_id(s->dataset, kept->pair[0]) : "";
    size_t same = strlen(first);
    for (int64_t i = 1; i < kept->count; ++i) {
        const char *id = pdx_dataset_id(s->dataset, kept->pair[i]);
        size_t k = 0;
        while (k < same && id[k] == first[k]) ++k;
        same = k;
    }
    while (same && ((unsigned char)first[same] & 0xc0) == 0x80) --same; /* whole characters */
    pdx__buf_text(out, ",\"prefix\":");
    pdx__buf_json_string(out, first, same);
    pdx__buf_text(out, ",\"id\":[");
    for (int64_t i = 0; i < kept->count; ++i) {
        if (i) pdx__buf_char(out, ',');
        pdx__json_text(out, pdx_dataset_id(s->dataset, kept->pair[i]) + same);
    }
    pdx__buf_char(out, ']');
}

/* Rows of properties: comparisons as two bits each (value + 1, four a byte), else exact numbers. */
static pdx_status put_values(pdx__buf *out, const pdx__report_source *s, const selection *kept) {
    size_t d = (size_t)s->d, count = (size_t)kept->count * d;
    double *x = pdx__alloc(count, sizeof *x);
    uint8_t *packed = pdx__alloc_zero(count / 4 + 1, 1);
    pdx_status status = PDX_ENOMEM;
    if (!x || !packed) goto done;
    int ternary = 1;
    for (int64_t i = 0; i < kept->count; ++i)
        PDX__GO(pdx_dataset_row(s->dataset, kept->pair[i], x + (size_t)i * d));
    for (size_t i = 0; i < count; ++i) ternary &= x[i] == -1 || x[i] == 0 || x[i] == 1;
    for (size_t i = 0; ternary && i < count; ++i)
        packed[i / 4] |= (uint8_t)((unsigned)(int)(x[i] + 1) << 2 * (i % 4));
    pdx__buf_printf(out, ",\"ternary\":%d,\"x\":", ternary);
    if (ternary) pdx__json_bytes(out, packed, (count + 3) / 4);
    else pdx__json_exact(out, x, count);
    status = out->status;
done:
    pdx__free(x);
    pdx__free(packed);
    return status;
}

static pdx_status put_groups(pdx__buf *out, const pdx__report_source *s, const selection *kept) {
    int64_t *member = pdx__alloc((size_t)kept->total, sizeof *member);
    if (!member) return PDX_ENOMEM;
    pdx_status status = PDX_OK;
    pdx__buf_text(out, ",\"groups\":[");
    for (int32_t g = 0; g < s->groups && status == PDX_OK; ++g) {
        if (g) pdx__buf_char(out, ',');
        if (s->data_group[g] < 0) {
            pdx__buf_text(out, s->data_group[g] == -1 ? "1" : "0"); /* all pairs, or none */
            continue;
        }
        int64_t size = pdx_dataset_group_size(s->dataset, s->data_group[g]), count = 0;
        status = pdx_dataset_group_pairs(s->dataset, s->data_group[g], member);
        for (int64_t i = 0; i < size && status == PDX_OK; ++i)
            if (kept->place[member[i]] >= 0) member[count++] = kept->place[member[i]];
        pdx__json_indices(out, member, (size_t)count);
    }
    pdx__buf_char(out, ']');
    pdx__free(member);
    return status;
}

/* ---- verdicts ---- */

enum { ABSENT, NO_VERDICT, FOR_A, FOR_B, A_TIE, VERDICTS };

/* -1: none; 0: B; 0.5: tie; 1: A. */
static double verdict_of(const pdx_judgment *j) {
    if (j->winner == PDX_WINNER_A) return 1;
    if (j->winner == PDX_WINNER_B) return 0;
    if (j->winner == PDX_WINNER_TIE) return 0.5;
    double lean = isfinite(j->prob_a) ? j->prob_a - 0.5 : isfinite(j->margin) ? j->margin : NAN;
    return isnan(lean) ? -1 : lean > 0 ? 1 : lean < 0 ? 0 : 0.5;
}

/* code = verdict of order AB + 5 x that of BA + 25 x that of no known order; repeats by majority.
 */
static pdx_status code_judge(uint8_t *code, const pdx__report_source *s, const selection *kept,
                             int32_t judge) {
    size_t n = (size_t)kept->count;
    double *sum = pdx__alloc_zero(3 * n, sizeof *sum); /* of votes, A +1, B -1 */
    uint8_t *seen = pdx__alloc_zero(3 * n, 1);
    pdx_status status = PDX_ENOMEM;
    if (!sum || !seen) goto done;
    for (int64_t i = s->index.judge_start[judge]; i < s->index.judge_start[judge + 1]; ++i) {
        pdx_judgment j;
        PDX__GO(pdx_judgments_get(s->judgments, s->index.row[i], &j));
        if (j.pair >= kept->total || kept->place[j.pair] < 0) continue;
        size_t order = j.order == PDX_ORDER_AB ? 0 : j.order == PDX_ORDER_BA ? 1 : 2;
        size_t at = order * n + (size_t)kept->place[j.pair];
        double verdict = verdict_of(&j);
        if (verdict < 0) {
            if (seen[at] == ABSENT) seen[at] = NO_VERDICT;
            continue;
        }
        seen[at] = A_TIE;
        sum[at] += 2 * verdict - 1;
    }
    for (size_t i = 0; i < n; ++i) {
        int value = 0, unit = 1;
        for (size_t order = 0; order < 3; ++order, unit *= VERDICTS) {
            double votes = sum[order * n + i];
            int verdict = seen[order * n + i];
            if (verdict == A_TIE) verdict = votes > 0 ? FOR_A : votes < 0 ? FOR_B : A_TIE;
            value += unit * verdict;
        }
        code[i] = (uint8_t)value;
    }
    status = PDX_OK;
done:
    pdx__free(sum);
    pdx__free(seen);
    return status;
}

static pdx_status put_verdicts(pdx__buf *out, const pdx__report_source *s, const selection *kept) {
    size_t n = (size_t)kept->count;
    uint8_t *code = pdx__alloc((size_t)s->labellers * n, 1);
    if (!code) return PDX_ENOMEM;
    pdx_status status = PDX_OK;
    for (int32_t i = 0; i < s->labellers && status == PDX_OK; ++i)
        status = code_judge(code + (size_t)i * n, s, kept, s->label_judge[s->labeller[i]]);
    pdx__buf_text(out, ",\"verdicts\":");
    if (status == PDX_OK) pdx__json_bytes(out, code, (size_t)s->labellers * n);
    pdx__free(code);
    return status;
}

/* ---- texts ---- */

static const char *const field[] = {"query", "response_a", "response_b", "model_a", "model_b"};
enum { CUT = 3, FIELDS = 5 }; /* the first three may be long */

/* [place,[texts],[characters cut]] of one pair; *any: it has some text. */
static pdx_status put_text(pdx__buf *out, const pdx__report_source *s, const selection *kept,
                           int64_t pair, int *any) {
    int64_t cut[CUT] = {0, 0, 0};
    *any = 0;
    pdx__buf_printf(out, "[%lld,[", (long long)kept->place[pair]);
    for (int f = 0; f < FIELDS; ++f) {
        const char *text;
        PDX__TRY(pdx_dataset_text(s->dataset, pair, field[f], &text));
        if (f) pdx__buf_char(out, ',');
        if (!text) {
            pdx__buf_text(out, "null");
            continue;
        }
        *any |= f < CUT;
        size_t length = strlen(text), used = 0;
        int64_t limit = f < CUT ? s->options->text_chars : 200, runes = 0;
        for (size_t i = 0; i < length; ++i) {
            if (((unsigned char)text[i] & 0xc0) == 0x80) continue;
            if (runes++ == limit) used = i;
        }
        if (runes > limit && f < CUT) cut[f] = runes - limit;
        pdx__buf_json_string(out, text, runes > limit ? used : length);
    }
    pdx__buf_printf(out, "],[%lld,%lld,%lld]]", (long long)cut[0], (long long)cut[1],
                    (long long)cut[2]);
    return out->status;
}

typedef struct writer {
    pdx__buf *out, one;
    const pdx__report_source *source;
    const selection *kept;
    char *done; /* [pairs] */
    int64_t room, count, bare;
    int full;
} writer;

static pdx_status offer(writer *w, int64_t pair) {
    int any;
    if (w->full || w->done[pair] || w->kept->place[pair] < 0) return PDX_OK;
    w->done[pair] = 1;
    pdx__buf_clear(&w->one);
    PDX__TRY(put_text(&w->one, w->source, w->kept, pair, &any));
    if (!any) {
        w->full = ++w->bare == BARE && w->count == 0;
        return PDX_OK;
    }
    w->room -= (int64_t)pdx__html_json_size(&w->one) + 2;
    if (w->room < 0 || w->count == w->source->options->pairs_shown) {
        w->full = 1;
        return PDX_OK;
    }
    if (w->count++) pdx__buf_text(w->out, ",\n");
    pdx__buf_append(w->out, w->one.data, w->one.length);
    return w->out->status;
}

static pdx_status put_texts(pdx__buf *out, const pdx__report_source *s, const selection *kept,
                            int64_t room) {
    writer w = {.out = out, .source = s, .kept = kept, .room = room};
    pdx_status status = PDX_ENOMEM;
    pdx__buf_text(out, ",\n\"texts\":[");
    if (s->options->pairs_shown == 0 || room <= 0) goto end;
    w.done = pdx__alloc_zero((size_t)kept->total, 1);
    if (!w.done) goto done;
    for (int32_t i = 0; s->surprise && i < s->surprises; ++i)
        for (int32_t f = 0; f < s->fits; ++f)
            if (i < s->surprising[f])
                PDX__GO(offer(&w, s->surprise[(size_t)f * (size_t)s->surprises + (size_t)i].pair));
    int64_t step = golden_step(kept->total);
    for (int64_t i = 0; i < kept->total && !w.full; ++i) PDX__GO(offer(&w, i * step % kept->total));
end:
    pdx__buf_char(out, ']');
    status = out->status;
done:
    pdx__buf_free(&w.one);
    pdx__free(w.done);
    return status;
}

pdx_status pdx__report_put_pairs(pdx__buf *out, const pdx__report_source *s, int64_t limit) {
    if (!s->dataset || pdx_dataset_count(s->dataset) == 0) return out->status;
    selection kept;
    pdx_status status;
    PDX__GO(select_pairs(&kept, s));
    pdx__buf_printf(out, ",\n\"pairs\":{\"total\":%lld", (long long)kept.total);
    if (kept.count < kept.total) {
        pdx__buf_text(out, ",\"kept\":");
        pdx__json_indices(out, kept.pair, (size_t)kept.count);
    }
    put_records(out, s, &kept);
    put_ids(out, s, &kept);
    PDX__GO(put_values(out, s, &kept));
    PDX__GO(put_groups(out, s, &kept));
    if (s->labellers) PDX__GO(put_verdicts(out, s, &kept));
    pdx__buf_char(out, '}');
    PDX__GO(put_texts(out, s, &kept, limit - (int64_t)pdx__html_json_size(out)));
    status = out->status;
done:
    pdx__free(kept.pair);
    pdx__free(kept.place);
    return status;
}
