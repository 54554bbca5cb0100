/* Tables of pdx-probe; see probe_table.h. */
#include "probe_table.h"

#include <math.h>
#include <string.h>

#include "analysis_write.h"

/* "+0.32 (+0.10 to +0.55)", or blanks, in `width` characters. */
static void print_effect(FILE *f, int width, const pdx_estimate *e, double unit, int places) {
    char text[80] = "-";
    if (!isnan(e->value) && !isnan(e->low))
        snprintf(text, sizeof text, "%+.*f (%+.*f to %+.*f)", places, unit * e->value, places,
                 unit * e->low, places, unit * e->high);
    else if (!isnan(e->value)) snprintf(text, sizeof text, "%+.*f", places, unit * e->value);
    fprintf(f, " %*s", width, text);
}

/* Copies that the judge has not seen, or not before they were edited. */
static void print_unjudged(FILE *f, const pdx_probe *probe) {
    char text[2000] = "";
    size_t used = 0;
    for (int32_t i = 0; i < pdx_probe_count(probe) && used < sizeof text; ++i) {
        pdx_probe_effect e;
        cli_read(pdx_probe_get(probe, i, &e));
        if (e.unjudged)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s %lld", used ? ", " : "",
                                     e.name, (long long)e.unjudged);
    }
    if (used) cli_print_paragraph(f, "copies without a verdict: ", "%s", text);
}

void print_probe_table(FILE *f, const pdx_probe *probe) {
    static const char *const verdicts[] = {"as predicted", "stronger", "weaker", "opposite"};
    pdx_probe_summary s;
    pdx_probe_calibration c;
    cli_read(pdx_probe_summary_get(probe, &s));
    cli_read(pdx_probe_calibration_get(probe, &c));
    cli_print_paragraph(f, "", "%s", pdx_probe_sentence(probe));
    fprintf(f, "\n%-20s %5s %24s %24s  %-12s %22s %7s\n", "edit", "pairs", "measured (95 %)",
            "predicted (95 %)", "", "P(win), points", "turned");
    for (int32_t i = 0; i < pdx_probe_count(probe); ++i) {
        pdx_probe_effect e;
        cli_read(pdx_probe_get(probe, i, &e));
        int same = !strcmp(e.name, "same");
        if (same) continue;
        cli_print_column(f, e.name, 20);
        fprintf(f, " %5lld", (long long)e.pairs);
        print_effect(f, 24, &e.measured, 1, 2);
        print_effect(f, 24, &e.predicted, 1, 2);
        fprintf(f, "  %-12s", e.pairs ? verdicts[e.verdict] : "");
        print_effect(f, 22, &e.wins, 100, 0);
        if (e.turned.n) fprintf(f, " %5.0f %%", 100 * e.turned.value);
        fputc('\n', f);
    }
    fprintf(f, "\nlog-odds of winning for the edited response");
    if (!isnan(c.scale)) fprintf(f, "; one unit is %.3g of the judge's own log-odds", c.scale);
    fputc('\n', f);
    if (s.same_first.n)
        fprintf(f, "the same text on both sides: the one shown first wins %.0f %% (%.0f to %.0f)\n",
                100 * s.same_first.value, 100 * s.same_first.low, 100 * s.same_first.high);
    if (s.constant_wins.n)
        fprintf(f, "an answer that ignores the query wins %.0f %% (%.0f to %.0f)\n",
                100 * s.constant_wins.value, 100 * s.constant_wins.low, 100 * s.constant_wins.high);
    print_unjudged(f, probe);
    if (s.orphans) fprintf(f, "%lld copies lack their original\n", (long long)s.orphans);
}

static void csv_estimate(FILE *f, const pdx_estimate *e) {
    const double value[3] = {e->value, e->low, e->high};
    for (int i = 0; i < 3; ++i) {
        fputc(',', f);
        if (isfinite(value[i])) fprintf(f, "%.9g", value[i]);
    }
}

static void csv_heads(FILE *f, const char *const *heads, int count) {
    for (int i = 0; i < count; ++i) fprintf(f, ",%s,%s_low,%s_high", heads[i], heads[i], heads[i]);
    fputc('\n', f);
}

void print_probe_csv(FILE *f, const pdx_probe *probe) {
    static const char *const heads[] = {"measured", "predicted", "gap",
                                        "own",      "wins",      "wins_predicted"};
    fprintf(f, "edit,content,pairs,queries,unjudged,untouched,turned");
    csv_heads(f, heads, 6);
    for (int32_t i = 0; i < pdx_probe_count(probe); ++i) {
        pdx_probe_effect e;
        cli_read(pdx_probe_get(probe, i, &e));
        cli_print_csv(f, e.name);
        fprintf(f, ",%d,%lld,%lld,%lld,%lld,", e.content, (long long)e.pairs, (long long)e.queries,
                (long long)e.unjudged, (long long)e.untouched);
        if (e.turned.n) fprintf(f, "%.9g", e.turned.value);
        csv_estimate(f, &e.measured);
        csv_estimate(f, &e.predicted);
        csv_estimate(f, &e.gap);
        csv_estimate(f, &e.own);
        csv_estimate(f, &e.wins);
        csv_estimate(f, &e.wins_predicted);
        fputc('\n', f);
    }
}

/* ---- shifts ---- */

/* "61.3 (52.0 to 70.1)" */
static void print_share(FILE *f, int width, const pdx_estimate *e, double unit, int sign) {
    char text[80] = "-";
    const char *format = sign ? "%+.1f (%+.1f to %+.1f)" : "%.1f (%.1f to %.1f)";
    if (!isnan(e->value))
        snprintf(text, sizeof text, format, unit * e->value, unit * e->low, unit * e->high);
    fprintf(f, " %*s", width, text);
}

static void print_shift_row(FILE *f, const pdx_shift_row *r) {
    int sign = r->against != NULL;
    cli_print_column(f, r->arm, 12);
    fprintf(f, " %5lld", (long long)r->pairs);
    print_share(f, 24, &r->numbers.wins, 100, sign);
    print_share(f, 24, &r->numbers.controlled, 100, sign);
    print_share(f, 24, &r->numbers.predicted, 100, sign);
    print_share(f, 20, &r->numbers.grade, 1, sign);
    fprintf(f, " %+7.0f", r->length);
    if (sign && !isnan(r->length_share)) fprintf(f, " %6.0f %%", 100 * r->length_share);
    fputc('\n', f);
}

void print_shift_table(FILE *f, const pdx_shift *shift) {
    const char *group = NULL;
    int head = -1;
    fprintf(f, "judge %s, baseline %s; 95 %% intervals over queries\n", pdx_shift_judge(shift),
            pdx_shift_baseline(shift));
    for (int32_t i = 0; i < pdx_shift_count(shift); ++i) {
        pdx_shift_row r;
        cli_read(pdx_shift_get(shift, i, &r));
        if (!group || strcmp(group, r.group)) fprintf(f, "\n%s\n", r.group);
        else if (head == (r.against != NULL)) head = r.against != NULL;
        if (!group || strcmp(group, r.group) || head != (r.against != NULL)) {
            char what[80] = "arm";
            if (r.against) snprintf(what, sizeof what, "less %.50s", r.against);
            head = r.against != NULL;
            cli_print_column(f, what, 12);
            fprintf(f, " %5s %24s %24s %24s %20s %7s%s\n", r.against ? "both" : "pairs", "wins, %",
                    "at equal length, %", "predicted, %", "grade", "longer",
                    r.against ? "  by length" : "");
        }
        group = r.group;
        print_shift_row(f, &r);
        if (r.unjudged)
            fprintf(f, "  %lld %s\n", (long long)r.unjudged,
                    r.against ? "queries are not judged for both" : "pairs lack a verdict");
    }
}

void print_shift_csv(FILE *f, const pdx_shift *shift) {
    static const char *const heads[] = {"wins", "controlled", "predicted", "predicted_length",
                                        "grade"};
    fprintf(f, "arm,against,group,pairs,unjudged,graded,length,length_share");
    csv_heads(f, heads, 5);
    for (int32_t i = 0; i < pdx_shift_count(shift); ++i) {
        pdx_shift_row r;
        cli_read(pdx_shift_get(shift, i, &r));
        cli_print_csv(f, r.arm);
        fputc(',', f);
        if (r.against) cli_print_csv(f, r.against);
        fputc(',', f);
        cli_print_csv(f, r.group);
        fprintf(f, ",%lld,%lld,%lld,%.9g,", (long long)r.pairs, (long long)r.unjudged,
                (long long)r.graded, r.length);
        if (!isnan(r.length_share)) fprintf(f, "%.9g", r.length_share);
        csv_estimate(f, &r.numbers.wins);
        csv_estimate(f, &r.numbers.controlled);
        csv_estimate(f, &r.numbers.predicted);
        csv_estimate(f, &r.numbers.predicted_length);
        csv_estimate(f, &r.numbers.grade);
        fputc('\n', f);
    }
}
