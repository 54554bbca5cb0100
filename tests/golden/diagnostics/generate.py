"""R-hat, ESS and k-hat of ArviZ on draws that the C test makes in the same way.

Run by hand with arviz 0.23.4, numpy 2.4.6, scipy 1.17.1 (Python 3.11):
    python generate.py > expected.inc
The draws are autoregressive in uniform numbers of a 64-bit congruential generator: additions and
multiplications only, so both languages get the same bits. Tolerance of the test: 1e-9 relative, for
sums in another order. Where the test asks for NaN (constant draws) ArviZ gives a number; those cases
are not here. NAN: ArviZ wants two chains for R-hat, the test leaves it out.
"""

import warnings

import arviz
import numpy as np

warnings.simplefilter("ignore")


def uniforms(seed, count):
    state, out = seed, []
    for _ in range(count):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        out.append((state >> 11) * 2.0**-53)
    return out


def chains_of(seed, chains, length, rho, shift, stretch, step):
    """draw = (rho * last + uniform - 1/2) * stretch^chain + shift * chain, rounded to `step`."""
    u = uniforms(seed, chains * length)
    out = np.zeros((chains, length))
    for c in range(chains):
        last = 0.0
        for i in range(length):
            last = rho * last + (u[c * length + i] - 0.5)
            value = last * stretch**c + shift * c
            out[c, i] = np.floor(value / step) * step if step else value
    return out


CHAINS = [  # seed, chains, length, rho, shift, stretch, step
    (1, 4, 500, 0.0, 0.0, 1.0, 0.0),
    (2, 4, 2000, 0.9, 0.0, 1.0, 0.0),
    (3, 2, 101, 0.5, 0.25, 1.0, 0.0),
    (4, 4, 250, -0.75, 0.0, 1.0, 0.0),
    (5, 1, 1000, 0.25, 0.0, 1.0, 0.0),
    (6, 3, 400, 0.5, 0.0, 2.0, 0.0),
    (7, 4, 300, 0.5, 0.0, 1.0, 0.125),
    (8, 2, 20, 0.96875, 0.0, 1.0, 0.0),
]
print("static const struct chain_case CHAIN_CASES[] = {")
for case in CHAINS:
    draws = chains_of(*case)
    numbers = [
        float(arviz.rhat(draws, method="rank")),
        float(arviz.ess(draws, method="bulk")),
        float(arviz.ess(draws, method="tail")),
        float(arviz.ess(draws, method="mean")),
    ]
    print("    {" + ", ".join(repr(v) for v in case) + ", {" + ", ".join("NAN" if v != v else repr(v) for v in numbers) + "}},")
print("};")

WEIGHTS = [  # seed, count, power: weight = u^-power, Pareto with index `power`
    (11, 512, 0.25),
    (12, 512, 0.5),
    (13, 2000, 1.0),
    (14, 30, 0.125),
    (15, 8192, 0.75),
]
print("static const struct weight_case WEIGHT_CASES[] = {")
for seed, count, power in WEIGHTS:
    u = np.array(uniforms(seed, count))
    log_weight = -power * np.log(u)
    smoothed, khat = arviz.psislw(log_weight.copy(), reff=1.0)
    numbers = [float(khat), float(smoothed[0]), float(smoothed.max()), float(np.sum(np.exp(2 * smoothed)))]
    print(f"    {{{seed}, {count}, {power!r}, {{" + ", ".join(map(repr, numbers)) + "}},")
print("};")
