"""Partial pooling beside numpyro, one judge of the original's size, in one run; one JSON line. By hand.

    pooled_peers.py           (needs numpyro and this project's package)

11 groups of 5,240 pairs, 29 properties. numpyro samples the same model, non-centred and in double
precision, 2 chains of 500 + 1,000 draws; its compilation is told apart.
"""
import json
import time

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
from numpyro.infer import MCMC, NUTS

import prefdissect as pdx

SIZES = [400] * 9 + [820] * 2
D = 29


def simulate():
    rng = np.random.default_rng(3)
    group = np.repeat(np.arange(len(SIZES)), SIZES)
    z = 0.87 * rng.normal(size=(group.size, D)) + 0.5 * np.outer(rng.normal(size=group.size),
                                                                 np.arange(D) % 3 - 1)
    x = (z > 1).astype(float) - (z < -1)
    w = rng.laplace(scale=0.25, size=D) + 0.15 * rng.normal(size=(len(SIZES), D))
    y = rng.random(group.size) < 1 / (1 + np.exp(-(w[group] * x).sum(1)))
    return x, y.astype(float), group


def model(x, y, group):
    mu = numpyro.sample("mu", dist.Laplace(0, 0.1).expand([D]).to_event(1))
    tau = numpyro.sample("tau", dist.HalfNormal(0.2))
    e = numpyro.sample("e", dist.Normal(0, 1).expand([len(SIZES), D]).to_event(2))
    w = numpyro.deterministic("w", mu + tau * e)
    numpyro.sample("y", dist.Bernoulli(logits=(w[group] * x).sum(1)), obs=y)


def theirs(x, y, group):
    numpyro.enable_x64()
    numpyro.set_host_device_count(2)
    mcmc = MCMC(NUTS(model), num_warmup=500, num_samples=1000, num_chains=2, chain_method="parallel",
                progress_bar=False)
    data = jnp.asarray(x), jnp.asarray(y), jnp.asarray(group)
    mcmc.run(jax.random.PRNGKey(0), *data)
    start = time.perf_counter()
    mcmc.run(jax.random.PRNGKey(1), *data)
    draws = {k: np.asarray(v) for k, v in mcmc.get_samples(group_by_chain=True).items()}
    seconds = time.perf_counter() - start
    least = min(float(np.min(numpyro.diagnostics.effective_sample_size(draws[k]))) for k in ("w", "tau"))
    return seconds, {k: v.reshape(-1, *v.shape[2:]) for k, v in draws.items()}, least


def main():
    x, y, group = simulate()
    data = pdx.Dataset.from_arrays(x, groups=[f"group {g}" for g in group])
    judgments = pdx.Judgments()
    judgments.append("judge", np.arange(group.size), winner=np.where(y > 0, "A", "B"))
    start = time.perf_counter()
    study = pdx.Study.fit(data, judgments, pool="partial", predict=False)
    ours = time.perf_counter() - start
    seconds, draws, least = theirs(x, y, group)
    apart = [np.abs(study["judge", f"group {g}"].mean - draws["w"][:, g].mean(0)) / draws["w"][:, g].std(0)
             for g in range(len(SIZES))]
    print(json.dumps({
        "benchmark": "pooled beside numpyro", "pairs": int(group.size), "groups": len(SIZES), "columns": D,
        "seconds": round(ours, 3), "numpyro_seconds": round(seconds, 1), "ratio": round(seconds / ours),
        "numpyro_least_ess": round(least), "means_apart_in_sd": round(float(np.sqrt(np.mean(np.square(apart)))), 3),
        "versions": {"numpyro": numpyro.__version__, "jax": jax.__version__}}))


main()
