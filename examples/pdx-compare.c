/* pdx-compare: which judges are alike, by their weights (similarity, clusters) and by their
 * verdicts (agreement, consistency). */
#include "agreement_table.h"
#include "analysis_write.h"
#include "contrast_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static cli_list fits, weights;
static int32_t metric_asked = PDX_METRIC_COUNT, agreement;
static const char *group, *nearer, *gold, *contrast, *svg;
static double rate = 0.05;
static pdx_similarity_options options;
static const char *const metric_name[] = {"pearson", "spearman", "l1", "l2"};

static const cli_option table[] = {
    {.kind = CLI_HEADING, .name = "Weights"},
    {.kind = CLI_LIST,
     .name = "fits",
     .argument = "FILE",
     .target = &fits,
     .help = "fits.json of pdx-fit; repeatable. Without fits and weights the data are fitted now"},
    {.kind = CLI_LIST,
     .name = "weights",
     .argument = "DIR",
     .target = &weights,
     .help = "published weights of Li et al. 2024, a folder or a file; repeatable"},
    {.kind = CLI_HEADING, .name = "Comparison"},
    {.kind = CLI_CHOICE,
     .name = "metric",
     .argument = "pearson|spearman|l1|l2|all",
     .target = &metric_asked,
     .help = "of the weights; tables show pearson by default, JSON all"},
    {.kind = CLI_TEXT,
     .name = "group",
     .argument = "NAME",
     .target = &group,
     .help = "this group; tables show overall (the mean over scenarios) by default, JSON all"},
    {.kind = CLI_TEXT,
     .name = "nearer",
     .argument = "A,B,C",
     .target = &nearer,
     .help = "also: the probability that judge A is nearer to B than to C"},
    {.kind = CLI_TEXT,
     .name = "contrast",
     .argument = "A,B",
     .target = &contrast,
     .help = "instead: what judge A weighs more or less than B, property by property"},
    {.kind = CLI_REAL,
     .name = "rate",
     .argument = "R",
     .target = &rate,
     .most = 1,
     .help = "with --contrast: share of wrong signs among its discoveries; default 0.05",
     .advanced = 1},
    {.kind = CLI_SWITCH,
     .name = "agreement",
     .target = &agreement,
     .help = "compare verdicts, not weights: needs --pairs and --judgments"},
    {.kind = CLI_TEXT,
     .name = "gold",
     .argument = "JUDGE",
     .target = &gold,
     .help = "with --agreement: only with this judge (--verdicts gold makes a field one)"},
    {.kind = CLI_TEXT,
     .name = "svg",
     .argument = "FILE",
     .target = &svg,
     .help = "also a picture of it: the matrix with its clusters, or the contrasts"},
    {.kind = CLI_INT64,
     .name = "draws",
     .argument = "N",
     .target = &options.draws,
     .most = 1e6,
     .help = "of each posterior, for intervals; default 400, 0: none",
     .advanced = 1},
    {.kind = CLI_END},
};

static const cli_program program = {
    .name = "pdx-compare",
    .purpose = "which judges are alike?",
    .usage = "pdx-compare --fits fits.json\n"
             "       pdx-compare --fits fits.json --contrast A,B --svg contrast.svg\n"
             "       pdx-compare --agreement --pairs pairs.jsonl --judgments judgments.jsonl",
    .tables = {cli_data_table, table},
    .output_argument = "FILE",
    .output_help = "the comparison; default standard output",
    .formats = 1,
};

static double at(const pdx_similarity *s, const double *matrix, int32_t a, int32_t b) {
    return matrix ? matrix[(size_t)a * (size_t)pdx_similarity_judge_count(s) + (size_t)b] : NAN;
}

static const char *group_name(const pdx_similarity *s, int32_t g) {
    return g < 0 ? "overall" : pdx_similarity_group(s, g);
}

static int is_wanted(const pdx_similarity *s, int32_t g) {
    return !group || !strcmp(group, group_name(s, g));
}

static int is_metric_wanted(int32_t m) {
    return metric_asked == PDX_METRIC_COUNT || metric_asked == m;
}

/* ---- JSON ---- */

static void write_matrix(FILE *f, const pdx_similarity *s, const char *suffix, int32_t m,
                         const double *matrix) {
    int32_t n = pdx_similarity_judge_count(s);
    fprintf(f, "\"%s%s\":[", metric_name[m], suffix);
    for (int32_t a = 0; a < n; ++a) {
        fputs(a ? ",[" : "[", f);
        for (int32_t b = 0; b < n; ++b) {
            if (b) fputc(',', f);
            print_number(f, at(s, matrix, a, b));
        }
        fputc(']', f);
    }
    fputc(']', f);
}

static void write_group(FILE *f, const pdx_similarity *s, int32_t g) {
    int first = 1;
    cli_print_json(f, group_name(s, g));
    fputs(":{", f);
    for (int32_t m = 0; m < PDX_METRIC_COUNT; ++m) {
        if (!is_metric_wanted(m)) continue;
        if (!first) fputc(',', f);
        first = 0;
        write_matrix(f, s, "", m, pdx_similarity_matrix(s, g, m));
        if (!pdx_similarity_low(s, g, m)) continue;
        fputc(',', f);
        write_matrix(f, s, "_mean", m, pdx_similarity_mean(s, g, m));
        fputc(',', f);
        write_matrix(f, s, "_low", m, pdx_similarity_low(s, g, m));
        fputc(',', f);
        write_matrix(f, s, "_high", m, pdx_similarity_high(s, g, m));
    }
    fputc('}', f);
}

static void *room(size_t count, size_t size) {
    void *block = calloc(count + 1, size);
    if (!block) cli_fail(CLI_OUTSIDE, "out of memory");
    return block;
}

static void write_clusters(FILE *f, const pdx_similarity *s, int32_t g) {
    int32_t n = pdx_similarity_judge_count(s), *order = room((size_t)n, sizeof *order), first = 1;
    pdx_merge *merge = room((size_t)n, sizeof *merge);
    cli_print_json(f, group_name(s, g));
    fputs(":{", f);
    for (int32_t m = 0; m < PDX_METRIC_COUNT; ++m) {
        if (!is_metric_wanted(m)) continue;
        cli_read(pdx_similarity_cluster(s, g, m, merge, order));
        fprintf(f, "%s\"%s\":{\"order\":[", first ? "" : ",", metric_name[m]);
        for (int32_t i = 0; i < n; ++i) fprintf(f, "%s%d", i ? "," : "", order[i]);
        fputs("],\"merges\":[", f);
        for (int32_t i = 0; i + 1 < n; ++i) {
            fprintf(f, "%s{\"left\":%d,\"right\":%d,\"count\":%d,\"height\":", i ? "," : "",
                    merge[i].left, merge[i].right, merge[i].count);
            print_number(f, merge[i].height);
            fputc('}', f);
        }
        fputs("]}", f);
        first = 0;
    }
    fputc('}', f);
    free(order);
    free(merge);
}

static void write_json(FILE *f, const pdx_similarity *s, double nearer_probability) {
    int32_t n = pdx_similarity_judge_count(s), groups = pdx_similarity_group_count(s);
    fputs("{\"format\":\"prefdissect.compare\",\"version\":1,\"judges\":[", f);
    for (int32_t i = 0; i < n; ++i) {
        if (i) fputc(',', f);
        cli_print_json(f, pdx_similarity_judge(s, i));
    }
    fputs("],\"scenarios\":[", f);
    for (int32_t g = 0, first = 1; g < groups; ++g) {
        if (!pdx_similarity_is_scenario(s, g)) continue;
        if (!first) fputc(',', f);
        first = 0;
        cli_print_json(f, pdx_similarity_group(s, g));
    }
    for (int part = 0; part < 2; ++part) {
        fputs(part ? "},\n\"clusters\":{\n" : "],\n\"groups\":{\n", f);
        for (int32_t g = -1, first = 1; g < groups; ++g) {
            if (!is_wanted(s, g)) continue;
            if (!first) fputs(",\n", f);
            first = 0;
            if (part) write_clusters(f, s, g);
            else write_group(f, s, g);
        }
    }
    fputs("},\n\"note\":", f);
    cli_print_json(f, pdx_similarity_note(s));
    if (nearer) {
        fputs(",\"nearer\":{\"judges\":", f);
        cli_print_json(f, nearer);
        fputs(",\"probability\":", f);
        print_number(f, nearer_probability);
        fputc('}', f);
    }
    fputs("}\n", f);
}

/* ---- CSV ---- */

static void write_csv(FILE *f, const pdx_similarity *s) {
    fputs("group,metric,a,b,value,mean,low,high\n", f);
    for (int32_t g = -1; g < pdx_similarity_group_count(s); ++g)
        for (int32_t m = 0; is_wanted(s, g) && m < PDX_METRIC_COUNT; ++m)
            for (int32_t a = 0; is_metric_wanted(m) && a < pdx_similarity_judge_count(s); ++a)
                for (int32_t b = 0; b < a; ++b) {
                    cli_print_csv(f, group_name(s, g));
                    fprintf(f, ",%s,", metric_name[m]);
                    cli_print_csv(f, pdx_similarity_judge(s, b));
                    fputc(',', f);
                    cli_print_csv(f, pdx_similarity_judge(s, a));
                    const double *const matrix[] = {
                        pdx_similarity_matrix(s, g, m), pdx_similarity_mean(s, g, m),
                        pdx_similarity_low(s, g, m), pdx_similarity_high(s, g, m)};
                    for (int k = 0; k < 4; ++k) {
                        fputc(',', f);
                        if (isfinite(at(s, matrix[k], a, b)))
                            print_number(f, at(s, matrix[k], a, b));
                    }
                    fputc('\n', f);
                }
}

/* ---- tables ---- */

enum { NAME = 24, WIDE = 9, MATRIX = 8 }; /* judges that fit side by side */

static void table_of_matrix(FILE *f, const pdx_similarity *s, const double *value,
                            const int32_t *order) {
    int32_t n = pdx_similarity_judge_count(s);
    fprintf(f, "%*s", NAME + 4, "");
    for (int32_t i = 0; i < n; ++i) fprintf(f, "%*d", WIDE, i + 1);
    fputc('\n', f);
    for (int32_t i = 0; i < n; ++i) {
        fprintf(f, "%3d ", i + 1);
        cli_print_column(f, pdx_similarity_judge(s, order[i]), NAME);
        for (int32_t k = 0; k < n; ++k) print_cell(f, WIDE, 3, at(s, value, order[i], order[k]));
        fputc('\n', f);
    }
}

/* Too many for a matrix: each with the one most and the one least like it. */
static void table_of_neighbours(FILE *f, const pdx_similarity *s, const double *value,
                                const int32_t *order) {
    int32_t n = pdx_similarity_judge_count(s);
    fprintf(f, "%-*s   %-*s%9s   %-*s%9s\n", NAME, "judge", NAME, "most like", "", NAME,
            "least like", "");
    for (int32_t i = 0; i < n; ++i) {
        int32_t me = order[i], most = -1, least = -1;
        for (int32_t k = 0; k < n; ++k) {
            double v = at(s, value, me, k);
            if (k == me || isnan(v)) continue;
            if (most < 0 || v > at(s, value, me, most)) most = k;
            if (least < 0 || v < at(s, value, me, least)) least = k;
        }
        cli_print_column(f, pdx_similarity_judge(s, me), NAME);
        for (int side = 0; side < 2; ++side) {
            int32_t other = side ? least : most;
            fputs("   ", f);
            cli_print_column(f, other < 0 ? "-" : pdx_similarity_judge(s, other), NAME);
            print_cell(f, WIDE, 3, other < 0 ? NAN : at(s, value, me, other));
        }
        fputc('\n', f);
    }
}

static void table_of_intervals(FILE *f, const pdx_similarity *s, int32_t g, int32_t m,
                               const int32_t *order) {
    const double *low = pdx_similarity_low(s, g, m), *high = pdx_similarity_high(s, g, m);
    int32_t n = pdx_similarity_judge_count(s);
    fprintf(f, "\n95 %% intervals of the true weights' similarity\n");
    for (int32_t i = 0; i < n; ++i)
        for (int32_t k = i + 1; k < n; ++k) {
            if (isnan(at(s, low, order[i], order[k]))) continue;
            fputs("    ", f);
            cli_print_column(f, pdx_similarity_judge(s, order[i]), NAME);
            fputs("  ", f);
            cli_print_column(f, pdx_similarity_judge(s, order[k]), NAME);
            print_cell(f, WIDE, 3, at(s, low, order[i], order[k]));
            fputs(" to", f);
            print_cell(f, WIDE - 2, 3, at(s, high, order[i], order[k]));
            fputc('\n', f);
        }
}

static void write_table(FILE *f, const pdx_similarity *s, double nearer_probability) {
    int32_t n = pdx_similarity_judge_count(s), *order = room((size_t)n, sizeof *order);
    int32_t m = metric_asked == PDX_METRIC_COUNT ? PDX_METRIC_PEARSON : metric_asked;
    pdx_merge *merge = room((size_t)n, sizeof *merge);
    for (int32_t g = -1; g < pdx_similarity_group_count(s); ++g) {
        if (group ? !is_wanted(s, g) : g >= 0) continue;
        cli_read(pdx_similarity_cluster(s, g, m, merge, order));
        fprintf(f, "Similarity of weights, %s, %s; judges that are alike stand together\n\n",
                metric_name[m], group_name(s, g));
        if (n <= MATRIX) table_of_matrix(f, s, pdx_similarity_matrix(s, g, m), order);
        else table_of_neighbours(f, s, pdx_similarity_matrix(s, g, m), order);
        if (n <= MATRIX && pdx_similarity_low(s, g, m)) table_of_intervals(f, s, g, m, order);
    }
    fputc('\n', f);
    cli_print_paragraph(f, "", "%s", pdx_similarity_note(s));
    if (nearer)
        fprintf(f, "P(%s: the first is nearer to the second) = %.3f\n", nearer, nearer_probability);
    free(order);
    free(merge);
}

/* ---- running ---- */

static void draw(const pdx_similarity *s) {
    int32_t g = -1;
    while (group && g < pdx_similarity_group_count(s) && !is_wanted(s, g)) ++g;
    cli_picture(pdx_report_similarity_svg(s, g, metric_asked % PDX_METRIC_COUNT, svg));
}

static double ask_nearer(const pdx_study *study, int32_t m) {
    char names[1024], *judge[3];
    double probability;
    int count = 0;
    snprintf(names, sizeof names, "%s", nearer);
    for (char *part = strtok(names, ","); part; part = strtok(NULL, ","))
        if (count++ < 3) judge[count - 1] = part;
    if (count != 3) cli_fail(CLI_BAD_INPUT, "--nearer: '%s' is not A,B,C", nearer);
    const char *in = group && strcmp(group, "overall") ? group : NULL;
    cli_read(pdx_study_nearer(&probability, study, in, m, judge[0], judge[1], judge[2], &options));
    return probability;
}

static void compare_weights(void) {
    pdx_study *study;
    pdx_similarity *similarity;
    if (fits.count || weights.count) {
        load_fits(&study, &fits, &weights);
    } else {
        pdx_dataset *dataset;
        pdx_judgments *judgments;
        if (!cli_data_given())
            cli_fail(CLI_BAD_INPUT,
                     "which judges? Give --fits FILE, --weights DIR, or --pairs FILE "
                     "and --judgments FILE");
        cli_load(&dataset, &judgments);
        fit_now(&study, dataset, judgments, 0);
        pdx_judgments_free(judgments);
        pdx_dataset_free(dataset);
    }
    if (contrast) {
        write_contrast(study, contrast, group, rate, svg);
        pdx_study_free(study);
        return;
    }
    options.judges = cli_data.judges.count ? cli_data.judges.items : NULL;
    options.judge_count = cli_data.judges.count;
    options.seed = (uint64_t)cli.seed;
    options.threads = cli.threads;
    options.hooks = cli_hooks();
    cli_read(pdx_similarity_create(&similarity, study, &options));
    int found = 0;
    for (int32_t g = -1; g < pdx_similarity_group_count(similarity); ++g)
        found |= is_wanted(similarity, g);
    if (!found) cli_fail(CLI_BAD_INPUT, "--group: there is no group '%s'", group);
    double probability = nearer ? ask_nearer(study, metric_asked % PDX_METRIC_COUNT) : NAN;
    if (svg) draw(similarity);
    cli_sink sink;
    cli_sink_open(&sink);
    if (cli.format == CLI_FORMAT_JSON) write_json(sink.stream, similarity, probability);
    else if (cli.format == CLI_FORMAT_CSV) write_csv(sink.stream, similarity);
    else write_table(sink.stream, similarity, probability);
    cli_sink_finish(&sink, cli.output);
    pdx_similarity_free(similarity);
    pdx_study_free(study);
}

int main(int argc, char **argv) {
    pdx_similarity_options_init(&options);
    cli_parse(&program, argc, argv);
    if (agreement && (fits.count || weights.count || nearer || contrast))
        cli_fail(CLI_BAD_INPUT, "--agreement is of judgments: --fits, --weights, --nearer and "
                                "--contrast do not go with it");
    if (contrast && nearer) cli_fail(CLI_BAD_INPUT, "--contrast and --nearer are apart");
    if (gold && !agreement) cli_fail(CLI_BAD_INPUT, "--gold goes with --agreement");
    if (agreement) write_agreement(gold, group, svg);
    else compare_weights();
    return CLI_DONE;
}
