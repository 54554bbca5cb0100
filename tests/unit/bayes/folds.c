/* Folds: the original's rule row by row against numpy, and the balanced ones. */
#include "bayes/folds.h"

#include "check.h"
#include "core/file.h"

static void test_paper_rule_matches_numpy(void) {
    pdx__lines lines;
    OK(pdx__lines_open(&lines, "tests/golden/folds/folds.txt"));
    pdx__folds folds = {0};
    int more, compared = 0;
    for (;;) {
        OK(pdx__lines_next(&lines, &more));
        if (!more) break;
        int n, k, fold, used;
        REQUIRE(sscanf(lines.line, "%d %d %d :%n", &n, &k, &fold, &used) == 3);
        if (fold == 0) {
            pdx__folds_free(&folds);
            OK(pdx__folds_create(&folds, n, k, 1, 99));
        }
        CHECK_INT(folds.size[fold], n / k);
        char *at = lines.line + used;
        for (int64_t i = 0; i < folds.size[fold]; ++i, ++compared)
            CHECK_INT(folds.order[folds.start[fold] + i], strtol(at, &at, 10));
        while (*at == ' ') ++at;
        CHECK_TEXT(at, "");
    }
    CHECK_INT(compared, 2 + 0 + 10 + 20 + 120 + 400 + 119 + 1410);
    pdx__folds_free(&folds);
    pdx__lines_close(&lines);
}

static void test_balanced_folds_cover_every_unit_once(void) {
    for (int n = 0; n < 60; n += 7)
        for (int k = 2; k <= 11; k += 3) {
            pdx__folds folds;
            OK(pdx__folds_create(&folds, n, k, 0, 1));
            int seen[60] = {0};
            for (int i = 0; i < k; ++i) {
                CHECK(folds.size[i] == n / k || folds.size[i] == (n + k - 1) / k);
                for (int64_t j = 0; j < folds.size[i]; ++j) ++seen[folds.order[folds.start[i] + j]];
            }
            for (int i = 0; i < n; ++i) CHECK_INT(seen[i], 1);
            pdx__folds_free(&folds);
        }
}

static void test_seed_decides(void) {
    pdx__folds a, b, c;
    OK(pdx__folds_create(&a, 100, 5, 0, 1));
    OK(pdx__folds_create(&b, 100, 5, 0, 1));
    OK(pdx__folds_create(&c, 100, 5, 0, 2));
    CHECK(memcmp(a.order, b.order, 100 * sizeof *a.order) == 0);
    CHECK(memcmp(a.order, c.order, 100 * sizeof *a.order) != 0);
    pdx__folds_free(&a);
    pdx__folds_free(&b);
    pdx__folds_free(&c);
}

static void test_misuse(void) {
    pdx__folds folds;
    FAILS(pdx__folds_create(&folds, 10, 1, 0, 1), PDX_EINVAL, "folds");
    CHECK(folds.order == NULL);
}

int main(void) {
    RUN(test_paper_rule_matches_numpy);
    RUN(test_balanced_folds_cover_every_unit_once);
    RUN(test_seed_decides);
    RUN(test_misuse);
    return check_result();
}
