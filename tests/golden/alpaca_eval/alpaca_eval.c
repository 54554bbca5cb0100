/* Length-controlled win rates against AlpacaEval's own (golden.csv, by generate.py) on the real
 * annotations. Tolerance: 0.1 points of 100; what is left is liblinear's, which stops at 1e-4. */
#include <prefdissect/prefdissect.h>

#include <stdio.h>
#include <unistd.h>

#include "check.h"
#include "core/file.h"
#include "core/json.h"
#include "core/strmap.h"

enum { MOST = 4000 };
static pdx_dataset *dataset;
static double words[MOST]; /* A - B, in some unit */
static double difficulty[MOST];
static char judge_of[MOST][48], model_of[MOST][48];
static double preference_of[MOST];
static int64_t pair_of[MOST];
static int judgments;

/* str.split of Python: runs of white space; the queries' is ASCII. */
static int count_words(const char *text) {
    int count = 0;
    for (const char *at = text; *at;) {
        at += strspn(at, " \t\n\r\f\v");
        if (!*at) break;
        ++count;
        at += strcspn(at, " \t\n\r\f\v");
    }
    return count;
}

static void load(void) {
    pdx_dataset_files files = {.pairs = "../shared/data/alpacaeval/pairs.jsonl",
                               .features = "../shared/data/alpacaeval/features.jsonl",
                               .names = "../shared/data/feature_names.json"};
    pdx_dataset_options options;
    pdx_dataset_options_init(&options);
    options.values = PDX_VALUES_DIFFERENCE;
    OK(pdx_dataset_load(&dataset, &files, &options));
    OK(pdx_dataset_column(dataset, 0, words));
    for (int64_t i = 0; i < pdx_dataset_count(dataset); ++i) {
        const char *query;
        OK(pdx_dataset_text(dataset, i, "query", &query));
        difficulty[i] = count_words(query) / 20. - 1;
    }
    pdx__lines lines;
    int more;
    OK(pdx__lines_open(&lines, "../shared/data/alpacaeval/judgments.jsonl"));
    for (;;) {
        cJSON *row;
        const char *model, *winner;
        OK(pdx__lines_next(&lines, &more));
        if (!more) break;
        OK(pdx__json_parse(&row, lines.line, lines.length, (pdx__where){lines.path, lines.number}));
        const cJSON *p = cJSON_GetObjectItem(row, "p_b");
        pair_of[judgments] =
            pdx_dataset_find(dataset, cJSON_GetObjectItem(row, "pair")->valuestring);
        OK(pdx_dataset_text(dataset, pair_of[judgments], "model_b", &model));
        snprintf(model_of[judgments], sizeof model_of[0], "%s", model);
        snprintf(judge_of[judgments], sizeof judge_of[0], "%s",
                 cJSON_GetObjectItem(row, "judge")->valuestring);
        winner = cJSON_GetStringValue(cJSON_GetObjectItem(row, "winner"));
        preference_of[judgments] = cJSON_IsNumber(p)      ? p->valuedouble
                                   : !winner              ? NAN
                                   : !strcmp(winner, "A") ? 0
                                   : !strcmp(winner, "B") ? 1
                                                          : 0.5;
        ++judgments;
        cJSON_Delete(row);
    }
    pdx__lines_close(&lines);
}

static void same_as_alpaca_eval(void) {
    static double preference[MOST], length[MOST], hard[MOST];
    char line[512], judge[48], model[48], glm[16];
    int checked = 0, same_strength = 0;
    double worst = 0;
    FILE *file = fopen("tests/golden/alpaca_eval/golden.csv", "r");
    REQUIRE(file);
    while (fgets(line, sizeof line, file)) {
        int n, rows = 0;
        double raw, controlled, of_length, of_model, of_difficulty, c;
        if (sscanf(line, "%47[^,],%47[^,],%15[^,],%d,%lf,%lf,%lf,%lf,%lf,%lf", judge, model, glm,
                   &n, &raw, &controlled, &of_length, &of_model, &of_difficulty, &c) != 10)
            continue;
        for (int i = 0; i < judgments; ++i) {
            if (strcmp(judge, judge_of[i]) || strcmp(model, model_of[i])) continue;
            preference[rows] = preference_of[i];
            length[rows] = -words[pair_of[i]]; /* the model is B */
            hard[rows++] = difficulty[pair_of[i]];
        }
        CHECK_INT(rows, n);
        pdx_length_control out;
        OK(pdx_length_controlled(&out, rows, preference, length,
                                 strcmp(glm, "minimal") ? hard : NULL, 0, 1));
        CHECK_NEAR(100 * out.raw.value, raw, 1e-5);
        CHECK_NEAR(100 * out.controlled.value, controlled, 0.1);
        CHECK_NEAR(out.weight_length, -of_length, 0.02); /* theirs is of the baseline's length */
        CHECK_NEAR(out.weight_model, of_model, 0.005);
        worst = fmax(worst, fabs(100 * out.controlled.value - controlled));
        same_strength += fabs(out.strength / c - 1) < 1e-6;
        ++checked;
    }
    fclose(file);
    printf("%d win rates, the farthest %.4f points away, %d with the same penalty\n", checked,
           worst, same_strength);
    CHECK_INT(checked, 12);
    CHECK(same_strength >= 9); /* the others' folds find two penalties equally good */
}

int main(void) {
    if (access("../shared/data/alpacaeval/judgments.jsonl", R_OK) != 0) {
        printf("SKIP golden-alpaca_eval: ../shared/data/alpacaeval is not here\n");
        return 77;
    }
    RUN(load);
    RUN(same_as_alpaca_eval);
    pdx_dataset_free(dataset);
    return check_result();
}
