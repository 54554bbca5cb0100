/* The page's flat calls (bindings/wasm), built for this machine: answers, refusals, and every
 * allocation made to fail. Numbers are compared by fit.js. */
#include "fit.h"

#include <unistd.h>

#include "check.h"
#include "scratch.h"
#ifdef WITH_MEMORY
#include "../fault/memory.h"
#endif

static const char about[] = "{\"columns\":[\"words\",\"bold\"],\"ids\":[\"a\",\"b \\u00e9\",\"c\"],"
                            "\"groups\":[{\"name\":\"g\",\"pairs\":[0,2]},{\"name\":\"h\","
                            "\"pairs\":[0,1]}],\"records\":4,\"record\":[0,1,3]}";
static const int8_t values[6] = {1, 0, -1, 1, 0, 0};
static const char options[] =
    "{\"prior\":\"laplace\",\"prior_scale\":0.2,\"prior_scales\":[0.1,0.2],"
    "\"quantile_probs\":[0.1,0.9],\"predict\":0,\"draws\":3,"
    "\"skip_unknown\":true,\"label\":\"majority\",\"seed\":5}";
static const char *labels = "labels.json", *rows = "rows.jsonl";

static void write_file(const char *name, const char *text) {
    FILE *file = fopen(name, "w");
    REQUIRE(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static pdx_status open_with(const char *text) {
    return pdxw_open(text, (uint32_t)strlen(text), values, 1);
}

static pdx_status fit_with(const char *path, const char *text) {
    return pdxw_fit(path, "judge", text, (uint32_t)strlen(text));
}

static void fits_come_as_json(void) {
    OK(open_with(about));
    OK(fit_with(labels, options));
    CHECK_CONTAINS(pdxw_fits(), "{\"format\":\"prefdissect.fits\",\"version\":1,");
    CHECK_CONTAINS(pdxw_fits(),
                   "{\"judge\":\"judge\",\"group\":\"g\",\"label\":\"majority\",\"n\":2");
    CHECK_CONTAINS(pdxw_fits(), "\"quantile_probs\":[0.1,0.9]");
    CHECK_CONTAINS(pdxw_fits(), "\"warnings\":[]}\n");
    OK(fit_with(rows, options));
    CHECK_CONTAINS(pdxw_fits(), "\"judge\":\"j\"");
    CHECK_CONTAINS(pdxw_fits(), "\"warnings\":[\"1 judgments of unknown pairs were left out\"]}\n");
    pdxw_close();
    CHECK_TEXT(pdxw_fits(), "");
}

static void what_is_wrong_is_named(void) {
    FAILS(fit_with(labels, "{}"), PDX_EINVAL, "pdxw_open comes first");
    FAILS(pdxw_open(about, sizeof about - 1, values, 4), PDX_EINVAL, "4 bytes");
    FAILS(open_with("[]"), PDX_EPARSE, "data: expected an object");
    FAILS(open_with("{\"columns\":[\"a\",\"b\"]}"), PDX_EINVAL, "'columns' and 'ids'");
    FAILS(open_with("{\"columns\":7}"), PDX_EPARSE, "'columns': no such field here, or not a list");
    FAILS(open_with("{\"columns\":[\"a\",\"b\"],\"ids\":[1,2,3]}"), PDX_EPARSE,
          "expected a string");
    FAILS(open_with("{\"columns\":[\"a\",\"a\"],\"ids\":[\"x\"]}"), PDX_EINVAL, "occurs twice");
    FAILS(open_with("{\"columns\":[],\"ids\":[\"x\"]}"), PDX_EINVAL, "no names");
    FAILS(open_with("{\"columns\":[\"a\"],\"ids\":[\"x\"],\"groups\":[1]}"), PDX_EPARSE,
          "expected objects");
    FAILS(open_with("{\"columns\":[\"a\"],\"ids\":[\"x\"],\"groups\":[{\"name\":\"g\"}]}"),
          PDX_EPARSE, "needs a 'name'");
    FAILS(open_with("{\"columns\":[\"a\"],\"ids\":[\"x\"],\"records\":1,\"record\":[0,0]}"),
          PDX_EINVAL, "one number a pair");
    const double broken = NAN;
    const char *one = "{\"columns\":[\"a\"],\"ids\":[\"x\"]}";
    FAILS(pdxw_open(one, (uint32_t)strlen(one), &broken, 8), PDX_EINVAL, "not finite");
    FAILS(fit_with(labels, "{}"), PDX_EINVAL, "pdxw_open comes first"); /* nothing is left open */
    OK(open_with(about));
    FAILS(fit_with(labels, "{\"seed\":-1}"), PDX_EPARSE, "options: field 'seed'");
    FAILS(fit_with(labels, "{\"hooks\":1}"), PDX_EPARSE, "no such option");
    FAILS(fit_with("nowhere", "{}"), PDX_EIO, "nowhere");
    FAILS(fit_with(rows, "{}"), PDX_EPARSE, "rows.jsonl:3: field 'pair'");
    pdxw_close();
}

#ifdef WITH_MEMORY
static pdx_status whole(void) {
    pdx_status status = open_with(about);
    if (status == PDX_OK) status = fit_with(rows, options);
    if (status == PDX_OK) status = fit_with(labels, options);
    pdxw_close();
    return status;
}

static void every_allocation_may_fail(void) {
    long asked, refused, live, total;
    for (int i = 0; i < 2; ++i) OK(whole());
    memory_arm(0, MEMORY_NONE);
    OK(whole());
    memory_disarm(&total, &refused, &live);
    CHECK_INT(live, 0);
    for (int which = MEMORY_ONE; which <= MEMORY_ALL; ++which)
        for (long k = 0; k < total; k += 1 + k / 50) {
            memory_arm(k, which);
            pdx_status status = whole();
            memory_disarm(&asked, &refused, &live);
            if ((status != PDX_OK && (status != PDX_ENOMEM || !refused)) || live)
                CHECK_FAIL("allocation %ld refused: %s, %ld blocks are left", k,
                           pdx_status_name(status), live);
        }
    CHECK(total > 100);
}
#endif

int main(void) {
    scratch_enter();
    write_file(labels, " [\"A\",\"B\",\"A\",\"B\"]\n");
    write_file(rows, "{\"pair\":\"a\",\"judge\":\"j\",\"order\":\"AB\",\"shown\":\"first\"}\n"
                     "{\"pair\":\"c\",\"judge\":\"j\",\"order\":\"BA\",\"shown\":\"first\"}\n"
                     "{\"pair\":\"d\",\"judge\":\"j\",\"order\":\"BA\",\"shown\":\"first\"}\n");
    RUN(fits_come_as_json);
    RUN(what_is_wrong_is_named);
#ifdef WITH_MEMORY
    RUN(every_allocation_may_fail);
#endif
    scratch_leave();
    return check_result();
}
