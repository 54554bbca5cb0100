/* Win rates at equal length on made-up preferences: length alone, the model alone, the bootstrap;
 * what is refused. Against AlpacaEval's own: tests/golden/alpaca_eval. */
#include <prefdissect/prefdissect.h>

#include "check.h"

enum { N = 300 };
static double preference[N], longer[N], hard[N];

static double sigmoid(double z) { return 1 / (1 + exp(-z)); }

static void make(double length, double model, double difficulty) {
    for (int i = 0; i < N; ++i) {
        longer[i] = 100 + (i * 37) % 201 - 100; /* from 0 to 200: the model writes more */
        hard[i] = (i * 11) % 13 / 6. - 1;
        preference[i] = sigmoid(length * tanh(longer[i] / 58) + model + difficulty * hard[i]);
    }
}

static void known(void) {
    pdx_length_control out;
    make(1.5, -0.5, 0);
    OK(pdx_length_controlled(&out, N, preference, longer, NULL, 200, 1));
    CHECK_INT(out.n, N);
    CHECK(out.raw.value > 0.5); /* length hides that the model is worse */
    CHECK_NEAR(out.controlled.value, sigmoid(-0.5), 0.005);
    CHECK_NEAR(out.weight_length, 1.5, 0.03);
    CHECK(out.controlled.low < out.controlled.value && out.controlled.value < out.controlled.high);
    make(0, 0.4, 1);
    OK(pdx_length_controlled(&out, N, preference, longer, hard, 0, 1));
    CHECK_NEAR(out.controlled.value, out.raw.value, 0.01);
    CHECK_NEAR(out.weight_difficulty, 1, 0.02);
    CHECK(isnan(out.raw.low) && isnan(out.controlled.high));
}

static void missing(void) {
    pdx_length_control out;
    make(1, 0.2, 0);
    for (int i = 0; i < N; i += 3) preference[i] = NAN;
    OK(pdx_length_controlled(&out, N, preference, longer, NULL, 0, 1));
    CHECK_INT(out.n, N - N / 3);
    CHECK_NEAR(out.controlled.value, sigmoid(0.2), 0.01);
}

static void refused(void) {
    pdx_length_control out;
    make(1, 0, 0);
    FAILS(pdx_length_controlled(&out, 9, preference, longer, NULL, 0, 1), PDX_EINVAL, "too few");
    preference[3] = 1.5;
    FAILS(pdx_length_controlled(&out, N, preference, longer, NULL, 0, 1), PDX_EINVAL, "row 3");
    make(1, 0, 0);
    longer[5] = NAN;
    FAILS(pdx_length_controlled(&out, N, preference, longer, NULL, 0, 1), PDX_EINVAL, "row 5");
    FAILS(pdx_length_controlled(&out, N, preference, NULL, NULL, 0, 1), PDX_EINVAL, "NULL");
}

int main(void) {
    RUN(known);
    RUN(missing);
    RUN(refused);
    return check_result();
}
