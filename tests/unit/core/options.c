/* Options: defaults, older callers, ranges. */
#include <prefdissect/prefdissect.h>

#include "check.h"
#include "core/options.h"

typedef struct older {
    uint32_t size;
    int32_t mode;
    double rate;
} older;
typedef struct newer {
    uint32_t size;
    int32_t mode;
    double rate;
    int64_t rows;
    uint64_t seed;
    const char *path;
    pdx_hooks hooks;
} newer;

static const char *const modes[] = {"slow", "fast", NULL};
static const pdx__option table[] = {
    {"mode", PDX__OPTION_INT32, offsetof(newer, mode), 1, 0, 1, modes},
    {"rate", PDX__OPTION_DOUBLE, offsetof(newer, rate), 0.5, 0, 1, NULL},
    {"rows", PDX__OPTION_INT64, offsetof(newer, rows), 10, 1, 1e15, NULL},
    {"seed", PDX__OPTION_UINT64, offsetof(newer, seed), 7, 0, 0, NULL},
    {"path", PDX__OPTION_POINTER, offsetof(newer, path), 0, 0, 0, NULL},
    {"hooks", PDX__OPTION_HOOKS, offsetof(newer, hooks), 0, 0, 0, NULL},
};

static pdx_status take(newer *full, const void *given) {
    return pdx__options_take(full, sizeof *full, given, table, PDX__ROWS(table), "options");
}

static void defaults(void) {
    newer full;
    memset(&full, 0xff, sizeof full);
    OK(take(&full, NULL));
    CHECK_INT(full.size, sizeof full);
    CHECK_INT(full.mode, 1);
    CHECK(full.rate == 0.5);
    CHECK_INT(full.rows, 10);
    CHECK_INT(full.seed, 7);
    CHECK(!full.path && !full.hooks.progress && !full.hooks.log && !full.hooks.user);
    pdx__buf out = PDX__BUF_EMPTY;
    pdx__options_json(&out, &full, table, PDX__ROWS(table));
    CHECK_TEXT(out.data, "{\"mode\":\"fast\",\"rate\":0.5,\"rows\":10,\"seed\":7}");
    pdx__buf_clear(&out);
    pdx__options_json(&out, &full, table, 0);
    CHECK_TEXT(out.data, "{}");
    pdx__buf_free(&out);
}

static void older_callers_keep_working(void) {
    newer full;
    older given = {sizeof given, 0, 0.25};
    OK(take(&full, &given));
    CHECK_INT(full.size, sizeof full);
    CHECK_INT(full.mode, 0);
    CHECK(full.rate == 0.25);
    CHECK_INT(full.rows, 10);
    CHECK_INT(full.seed, 7);
}

static void misuse_is_named(void) {
    newer full, given;
    pdx__options_init(&given, sizeof given, table, PDX__ROWS(table));
    given.mode = 2;
    FAILS(take(&full, &given), PDX_EINVAL, "options: 'mode' is 2, must be from 0 to 1");
    given.mode = 0;
    given.rate = NAN;
    FAILS(take(&full, &given), PDX_EINVAL, "options: 'rate' is nan, must be from 0 to 1");
    given.rate = 0;
    given.rows = 0;
    FAILS(take(&full, &given), PDX_EINVAL, "'rows' is 0");
    given.rows = 1;
    given.size = 0;
    FAILS(take(&full, &given), PDX_EINVAL, "'size' is not set");
    given.size = sizeof given + 8;
    FAILS(take(&full, &given), PDX_EINVAL, "made for a newer library");
}

static void init_fills_no_more_than_the_callers_struct(void) {
    struct {
        older options;
        char behind[64];
    } given;
    memset(&given, 0x5a, sizeof given);
    pdx__options_init(&given.options, sizeof given.options, table, PDX__ROWS(table));
    CHECK_INT(given.options.size, sizeof given.options);
    CHECK(given.options.rate == 0.5);
    for (size_t i = 0; i < sizeof given.behind; ++i) CHECK_INT(given.behind[i], 0x5a);
    pdx_fit_options fit;
    memset(&fit, 0x5a, sizeof fit);
    uint32_t shorter = offsetof(pdx_fit_options, seed);
    (pdx_fit_options_init)(&fit, shorter);
    CHECK_INT(fit.size, shorter);
    CHECK(fit.seed == 0x5a5a5a5a5a5a5a5a);
    OK((pdx_fit_options_preset)(&fit, shorter, "paper"));
    CHECK_INT(fit.size, shorter);
    CHECK_INT(fit.folds, 10);
    CHECK(fit.seed == 0x5a5a5a5a5a5a5a5a);
    FAILS((pdx_fit_options_preset)(&fit, 8, "paper"), PDX_EINVAL, "too short");
}

int main(void) {
    RUN(defaults);
    RUN(older_callers_keep_working);
    RUN(init_fills_no_more_than_the_callers_struct);
    RUN(misuse_is_named);
    return check_result();
}
