"""One posterior by numpyro, as the original system computes it: alpha ~ Laplace(0, 0.1), y ~
Bernoulli(logits = x alpha), no intercept, NUTS 4 chains x (500 + 2000), float32.

Run by hand with numpyro 0.22.0, jax 0.10.2, arviz 0.23.4, numpy 2.4.6 (Python 3.11, CPU):
    python generate.py
writes rows.csv (simulated here: 4-factor thresholded normal properties, 70 % zeros, weights from a
Laplace distribution) and expected.csv (mean, sd, Monte Carlo standard error of the mean by the
effective sample size of ArviZ), and prints the wall time of a first run, of a second one after
compiling, and the processor time of the second. Tolerance of the test: 4 mcse + 0.002 sd, the errors
of both sides.
"""

import time

import numpyro

numpyro.set_host_device_count(4)

import arviz
import jax
import numpy as np
import numpyro.distributions as dist
from numpyro.infer import MCMC, NUTS

N, D, FACTORS, ZEROS = 400, 29, 4, 0.7
rng = np.random.default_rng(20240217)
loadings = rng.normal(0, 0.6, (FACTORS, D))
latent = rng.normal(size=(N, FACTORS)) @ loadings + rng.normal(size=(N, D))
cuts = np.quantile(np.abs(latent), ZEROS, axis=0)
x = np.where(np.abs(latent) > cuts, np.sign(latent), 0).astype(int)
alpha = rng.laplace(0, 0.3, D)
y = (rng.uniform(size=N) < 1 / (1 + np.exp(-x @ alpha))).astype(int)
header = ",".join([f"x{d + 1}" for d in range(D)] + ["y"])
np.savetxt("rows.csv", np.column_stack([x, y]), fmt="%d", delimiter=",", header=header, comments="")


def model(x, y):
    weights = numpyro.sample("alpha", dist.Laplace(0, 0.1).expand([x.shape[1]]))
    numpyro.sample("y", dist.Bernoulli(logits=x @ weights), obs=y)


sampler = MCMC(NUTS(model), num_warmup=500, num_samples=2000, num_chains=4, progress_bar=False)
data = (np.float32(x), np.float32(y))
for name in ("first", "second"):
    wall, cpu = time.perf_counter(), time.process_time()
    sampler.run(jax.random.PRNGKey(0), *data)
    draws = np.asarray(sampler.get_samples(group_by_chain=True)["alpha"], dtype=float)
    print(f"{name}: wall {time.perf_counter() - wall:.1f} s, processor {time.process_time() - cpu:.1f} s")
with open("expected.csv", "w") as out:
    out.write("mean,sd,mcse\n")
    for d in range(D):
        one = draws[:, :, d]
        ess = float(arviz.ess(one, method="mean"))
        out.write(f"{one.mean():.7g},{one.std(ddof=1):.7g},{one.std(ddof=1) / ess**0.5:.4g}\n")
print("worst R-hat", max(float(arviz.rhat(draws[:, :, d])) for d in range(D)))
print("divergences", int(sampler.get_extra_fields()["diverging"].sum()))
