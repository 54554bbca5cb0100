/* Agreement of judges by their verdicts, as table, CSV and JSON. */
#include "agreement_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis_write.h"

typedef struct verdicts {
    pdx_dataset *dataset;
    pdx_judgments *judgments;
    int32_t *judge, count; /* numbers of the judges compared */
    int32_t gold;          /* place of the gold judge among them; -1: none */
    pdx_agreement *pair;   /* [count][count] of the group at hand */
} verdicts;

static const char *name_of(const verdicts *v, int32_t i) {
    return pdx_judgments_judge_name(v->judgments, v->judge[i]);
}

static const char *group_name(const verdicts *v, int32_t g) {
    return g < 0 ? "overall" : pdx_dataset_group_name(v->dataset, g);
}

static void take_judges(verdicts *v, const char *gold) {
    int32_t all = pdx_judgments_judge_count(v->judgments), asked = cli_data.judges.count;
    v->gold = -1;
    v->judge = calloc((size_t)(all + asked) + 1, sizeof *v->judge);
    if (!v->judge) cli_fail(CLI_OUTSIDE, "out of memory");
    for (int32_t i = 0; i < asked; ++i) {
        int32_t judge = pdx_judgments_find_judge(v->judgments, cli_data.judges.items[i]);
        if (judge < 0)
            cli_fail(CLI_BAD_INPUT, "judge '%s' has no judgments", cli_data.judges.items[i]);
        v->judge[v->count++] = judge;
    }
    for (int32_t i = 0; !asked && i < all; ++i) v->judge[v->count++] = i;
    if (gold) {
        int32_t judge = pdx_judgments_find_judge(v->judgments, gold);
        if (judge < 0) cli_fail(CLI_BAD_INPUT, "--gold: '%s' has no judgments", gold);
        for (int32_t i = 0; i < v->count; ++i)
            if (v->judge[i] == judge) v->gold = i;
        if (v->gold < 0) {
            v->gold = v->count;
            v->judge[v->count++] = judge;
        }
    }
    v->pair = calloc((size_t)v->count * (size_t)v->count + 1, sizeof *v->pair);
    if (!v->pair) cli_fail(CLI_OUTSIDE, "out of memory");
    if (v->count < 2)
        cli_note("there is one judge only: it agrees with itself; its consistency is shown");
}

/* Is this couple shown? Each once, and with a gold judge only those with it. */
static int is_shown(const verdicts *v, int32_t a, int32_t b) {
    return v->gold < 0 ? a < b : b == v->gold && a != b;
}

static const pdx_agreement *couple(const verdicts *v, int32_t a, int32_t b) {
    return &v->pair[(size_t)a * (size_t)v->count + (size_t)b];
}

static void compute(verdicts *v, int32_t g) {
    cli_read(pdx_judgments_agreement_all(v->judgments, v->dataset, v->judge, v->count, g, v->pair));
}

/* ---- JSON ---- */

static void json_group(FILE *f, const verdicts *v, int32_t g) {
    cli_print_json(f, group_name(v, g));
    fputs(":{\"pairs\":[", f);
    int first = 1;
    for (int32_t a = 0; a < v->count; ++a)
        for (int32_t b = 0; b < v->count; ++b) {
            if (!is_shown(v, a, b)) continue;
            const pdx_agreement *p = couple(v, a, b);
            fputs(first ? "\n{\"a\":" : ",\n{\"a\":", f);
            first = 0;
            cli_print_json(f, name_of(v, a));
            fputs(",\"b\":", f);
            cli_print_json(f, name_of(v, b));
            fprintf(f, ",\"pairs\":%lld,", (long long)p->pairs);
            const pdx_rate *const rates[] = {&p->raw, &p->raw_decided, &p->kappa, &p->alpha};
            static const char *const names[] = {"raw", "raw_decided", "kappa", "alpha"};
            for (int k = 0; k < 4; ++k) {
                if (k) fputc(',', f);
                print_rate(f, names[k], rates[k]);
            }
            fputc('}', f);
        }
    pdx_rate alpha;
    cli_read(pdx_judgments_alpha(v->judgments, v->dataset, v->judge, v->count, g, &alpha));
    fputs("],", f);
    print_rate(f, "alpha", &alpha);
    fputs(",\"judges\":{", f);
    for (int32_t i = 0; i < v->count; ++i) {
        pdx_consistency c;
        cli_read(pdx_judgments_consistency(v->judgments, v->dataset, v->judge[i], g, &c));
        fputs(i ? ",\n" : "\n", f);
        cli_print_json(f, name_of(v, i));
        fputs(":{", f);
        print_rate(f, "first", &c.first);
        fputc(',', f);
        print_rate(f, "consistent", &c.consistent);
        fputc(',', f);
        print_rate(f, "flip", &c.flip);
        fputc(',', f);
        print_rate(f, "flip_to_first", &c.flip_to_first);
        fputc('}', f);
    }
    fputs("}}", f);
}

/* ---- CSV ---- */

static void csv_rate(FILE *f, const verdicts *v, int32_t g, const char *what, int32_t a, int32_t b,
                     const pdx_rate *r) {
    cli_print_csv(f, group_name(v, g));
    fprintf(f, ",%s,", what);
    cli_print_csv(f, name_of(v, a));
    fputc(',', f);
    if (b >= 0) cli_print_csv(f, name_of(v, b));
    const double numbers[] = {r->value, r->low, r->high};
    for (int k = 0; k < 3; ++k) {
        fputc(',', f);
        if (isfinite(numbers[k])) print_number(f, numbers[k]);
    }
    fprintf(f, ",%lld\n", (long long)r->n);
}

static void csv_group(FILE *f, const verdicts *v, int32_t g) {
    for (int32_t a = 0; a < v->count; ++a)
        for (int32_t b = 0; b < v->count; ++b) {
            if (!is_shown(v, a, b)) continue;
            const pdx_agreement *p = couple(v, a, b);
            csv_rate(f, v, g, "raw", a, b, &p->raw);
            csv_rate(f, v, g, "kappa", a, b, &p->kappa);
            csv_rate(f, v, g, "alpha", a, b, &p->alpha);
        }
    for (int32_t i = 0; i < v->count; ++i) {
        pdx_consistency c;
        cli_read(pdx_judgments_consistency(v->judgments, v->dataset, v->judge[i], g, &c));
        csv_rate(f, v, g, "first", i, -1, &c.first);
        csv_rate(f, v, g, "consistent", i, -1, &c.consistent);
        csv_rate(f, v, g, "flip", i, -1, &c.flip);
        csv_rate(f, v, g, "flip_to_first", i, -1, &c.flip_to_first);
    }
}

/* ---- tables ---- */

enum { NAME = 20 };

static void print_share(FILE *f, const pdx_rate *r) {
    if (isfinite(r->value))
        fprintf(f, "  %5.1f %% (%4.1f to %5.1f)", 100 * r->value, 100 * r->low, 100 * r->high);
    else fprintf(f, "  %23s", "-");
}

static void print_coefficient(FILE *f, const pdx_rate *r) {
    if (isfinite(r->value)) fprintf(f, "  %5.2f (%5.2f to %5.2f)", r->value, r->low, r->high);
    else fprintf(f, "  %22s", "-");
}

static void table_group(FILE *f, const verdicts *v, int32_t g) {
    fprintf(f, "Agreement, %s\n", group_name(v, g));
    if (v->count > 1)
        fprintf(f, "%*s%7s  %23s  %22s\n", 2 * NAME + 2, "", "pairs", "same verdict", "kappa");
    for (int32_t a = 0; a < v->count; ++a)
        for (int32_t b = 0; b < v->count; ++b) {
            if (!is_shown(v, a, b)) continue;
            const pdx_agreement *p = couple(v, a, b);
            cli_print_column(f, name_of(v, a), NAME);
            fputs("  ", f);
            cli_print_column(f, name_of(v, b), NAME);
            fprintf(f, "%7lld", (long long)p->pairs);
            print_share(f, &p->raw);
            print_coefficient(f, &p->kappa);
            fputc('\n', f);
        }
    pdx_rate alpha;
    cli_read(pdx_judgments_alpha(v->judgments, v->dataset, v->judge, v->count, g, &alpha));
    if (v->count > 1 && isfinite(alpha.value))
        fprintf(f, "Krippendorff's alpha of all: %.2f (%.2f to %.2f)\n", alpha.value, alpha.low,
                alpha.high);
    fprintf(f, "\n%-*s  %23s  %23s  %23s\n", NAME, "judge", "P(first)", "same in both orders",
            "flips to first");
    for (int32_t i = 0; i < v->count; ++i) {
        pdx_consistency c;
        cli_read(pdx_judgments_consistency(v->judgments, v->dataset, v->judge[i], g, &c));
        cli_print_column(f, name_of(v, i), NAME);
        print_share(f, &c.first);
        print_share(f, &c.consistent);
        print_share(f, &c.flip_to_first);
        fputc('\n', f);
    }
    fputc('\n', f);
}

void write_agreement(const char *gold, const char *group, const char *svg) {
    verdicts v = {0};
    cli_sink sink;
    int first = 1, shown = 0;
    cli_load(&v.dataset, &v.judgments);
    take_judges(&v, gold);
    cli_sink_open(&sink);
    if (cli.format == CLI_FORMAT_JSON)
        fputs("{\"format\":\"prefdissect.agreement\",\"version\":1,\"groups\":{\n", sink.stream);
    if (cli.format == CLI_FORMAT_CSV) fputs("group,what,a,b,value,low,high,n\n", sink.stream);
    for (int32_t g = -1; g < pdx_dataset_group_count(v.dataset); ++g) {
        if (group && strcmp(group, group_name(&v, g))) continue;
        compute(&v, g);
        if (svg && !shown)
            cli_picture(pdx_report_agreement_svg(v.judgments, v.dataset, v.judge, v.count, g,
                                                 PDX_AGREEMENT_RAW, svg));
        if (cli.format == CLI_FORMAT_JSON) {
            if (!first) fputs(",\n", sink.stream);
            first = 0;
            json_group(sink.stream, &v, g);
        } else if (cli.format == CLI_FORMAT_CSV) csv_group(sink.stream, &v, g);
        else table_group(sink.stream, &v, g);
        ++shown;
    }
    if (!shown) cli_fail(CLI_BAD_INPUT, "--group: there is no group '%s'", group);
    if (cli.format == CLI_FORMAT_JSON) fputs("}}\n", sink.stream);
    if (cli.format == CLI_FORMAT_TABLE)
        cli_print_paragraph(sink.stream, "",
                            "In brackets 95 %% intervals: Wilson's for shares, the jackknife over "
                            "pairs for kappa and alpha. A judge's verdict on a pair is the "
                            "majority over its orders and repeats; one that changes with "
                            "the order is a tie.");
    cli_sink_finish(&sink, cli.output);
    free(v.pair);
    free(v.judge);
    pdx_judgments_free(v.judgments);
    pdx_dataset_free(v.dataset);
}
