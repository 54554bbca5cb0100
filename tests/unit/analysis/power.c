/* Power: the textbook's formula where the prior is flat, the simulator where it is not. */
#include <prefdissect/prefdissect.h>

#include "check.h"

static void textbook(void) {
    pdx_power_options o;
    pdx_power_options_init(&o);
    o.prior_scale = INFINITY;
    o.background = 0;
    o.effect = 0.3;
    /* twice the divergence of the two Bernoulli distributions is the information between */
    double p = 1 / (1 + exp(-0.3)), pairs, power;
    double information = 2 * (p * log(2 * p) + (1 - p) * log(2 - 2 * p)) / 0.09;
    double z = 1.959963984540054 + 0.8416212335729143;
    OK(pdx_power_pairs(&pairs, &o));
    CHECK_NEAR(pairs, z * z / (0.09 * 0.3 * information), 1);
    OK(pdx_power_of(&power, pairs, &o));
    CHECK_NEAR(power, 0.8, 1e-3);
    o.shared = 0.5; /* half of the property is said by the others: twice the pairs */
    double twice;
    OK(pdx_power_pairs(&twice, &o));
    CHECK_NEAR(twice, 2 * pairs, 2);
    o.effect = -0.3; /* the sign is no matter */
    OK(pdx_power_pairs(&power, &o));
    CHECK_NEAR(power, twice, 0);
}

static void the_prior_costs_pairs(void) {
    pdx_power_options o;
    pdx_power_options_init(&o);
    double with, without, power;
    OK(pdx_power_pairs(&with, &o));
    o.prior_scale = INFINITY;
    OK(pdx_power_pairs(&without, &o));
    CHECK(with > without && with < 3 * without);
    o.prior_scale = 0.1;
    double last = 0;
    for (double n = 10; n < 1e6; n *= 2) {
        OK(pdx_power_of(&power, n, &o));
        CHECK(power >= last && power <= 1);
        last = power;
    }
    CHECK(last > 0.999);
}

/* Closed form against many fitted studies: within the noise of the latter, and 2 % for the closed
 * form's normal approximation. */
static void simulated(void) {
    static const struct {
        double effect, prior_scale, shared, background;
    } cases[] = {{0.3, 0.1, 0, 0.5}, {0.4, 1, 0.25, 0.3}, {0.8, 0.3, 0, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        pdx_power_options o;
        pdx_power_options_init(&o);
        o.effect = cases[i].effect;
        o.prior_scale = cases[i].prior_scale;
        o.shared = cases[i].shared;
        o.background = cases[i].background;
        double pairs;
        pdx_rate seen;
        OK(pdx_power_pairs(&pairs, &o));
        OK(pdx_power_simulated(&seen, (int64_t)pairs, 600, &o));
        printf("effect %g: %g pairs, power seen %.3f (%.3f to %.3f)\n", o.effect, pairs, seen.value,
               seen.low, seen.high);
        CHECK(seen.low - 0.02 <= 0.8 && 0.8 <= seen.high + 0.02);
    }
}

static void described(void) {
    enum { N = 400 };
    static const char *const names[] = {"a", "copy", "b"};
    double x[N * 3], twelve;
    for (int i = 0; i < N; ++i) {
        x[3 * i] = i % 4 == 0 ? 1 : i % 4 == 1 ? -1 : 0;
        x[3 * i + 1] = x[3 * i];
        x[3 * i + 2] = i / 4 % 2 ? 1 : -1;
    }
    pdx_schema *schema;
    pdx_dataset *dataset;
    OK(pdx_schema_from_names(&schema, names, 3));
    OK(pdx_dataset_from_arrays(&dataset, schema, N, x, NULL, NULL));
    pdx_power_options o;
    pdx_power_options_init(&o);
    OK(pdx_power_describe(&o, dataset, 2, NULL));
    CHECK_NEAR(o.differs, 1, 1e-15);
    CHECK_NEAR(o.shared, 0, 1e-9);
    CHECK_NEAR(o.background, 0.5, 0); /* as it was */
    OK(pdx_power_describe(&o, dataset, 0, NULL));
    CHECK_NEAR(o.differs, 0.5, 1e-15);
    CHECK_NEAR(o.shared, 1, 0);
    CHECK_INT(pdx_power_pairs(&twelve, &o), PDX_EINVAL); /* the copy says it all */
    CHECK_INT(pdx_power_describe(&o, dataset, 3, NULL), PDX_EINVAL);
    pdx_dataset_free(dataset);
    pdx_schema_free(schema);
}

static void misuse(void) {
    pdx_power_options o;
    pdx_power_options_init(&o);
    double out;
    o.effect = 0;
    CHECK_INT(pdx_power_pairs(&out, &o), PDX_EINVAL);
    CHECK(isnan(out));
    o.effect = 1e-9;
    CHECK_INT(pdx_power_pairs(&out, &o), PDX_ENUMERIC);
    o.effect = 0.2;
    o.power = 1;
    CHECK_INT(pdx_power_pairs(&out, &o), PDX_EINVAL);
    pdx_power_options_init(&o);
    CHECK_INT(pdx_power_of(&out, 0, &o), PDX_EINVAL);
    pdx_rate rate;
    CHECK_INT(pdx_power_simulated(&rate, 0, 10, &o), PDX_EINVAL);
}

int main(void) {
    RUN(textbook);
    RUN(the_prior_costs_pairs);
    RUN(simulated);
    RUN(described);
    RUN(misuse);
    return check_result();
}
