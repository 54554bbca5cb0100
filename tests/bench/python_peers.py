"""One judge's weights by what a Python user would write today, in one run: time, and what each says.

usage: sh tests/python.sh bench

400 pairs, 29 properties in {-1, 0, 1}, planted weights ~ Laplace(0, 0.3). Each way is asked for weights
with 95 % intervals. Prints one JSON line a way: processor seconds of all threads (best of a few runs; compiling included), the share of
planted weights inside the intervals, mean width, the root mean square error of the weights.
"""
import json
import time
import warnings

import numpy as np

import prefdissect as pdx

N, D, SCALE = 400, 29, 0.3


def planted(seed):
    numbers = np.random.default_rng(seed)
    x = numbers.choice([-1, 0, 1], (N, D), p=[0.15, 0.7, 0.15]).astype(np.int8)
    w = numbers.laplace(0, SCALE, D)
    y = (numbers.random(N) < 1 / (1 + np.exp(-(x @ w)))).astype(float)
    return x, y, w


def ours(x, y):
    fit = pdx.Fit.from_rows(x, y, prior_scale=SCALE)
    return fit.mean, fit.interval()


def numpyro_nuts(x, y):
    import jax
    import numpyro
    from numpyro import distributions as dist
    from numpyro.infer import MCMC, NUTS

    def model(x, y):
        w = numpyro.sample("w", dist.Laplace(0, SCALE).expand([D]).to_event(1))
        numpyro.sample("y", dist.Bernoulli(logits=x @ w), obs=y)

    sampler = MCMC(NUTS(model), num_warmup=500, num_samples=2000, num_chains=4,
                   chain_method="sequential", progress_bar=False)
    sampler.run(jax.random.PRNGKey(0), x.astype(np.float32), y.astype(np.float32))
    draws = np.asarray(sampler.get_samples()["w"])
    return draws.mean(axis=0), np.quantile(draws, [0.025, 0.975], axis=0).T


def sklearn_bootstrap(x, y, count=100):
    from sklearn.linear_model import LogisticRegressionCV
    numbers = np.random.default_rng(1)

    def fit(rows):
        model = LogisticRegressionCV(Cs=10, cv=5, fit_intercept=False, scoring="neg_log_loss",
                                     penalty="l2", max_iter=500)
        return model.fit(x[rows], y[rows]).coef_[0]

    draws = np.array([fit(numbers.integers(0, N, N)) for _ in range(count)])
    return fit(np.arange(N)), np.quantile(draws, [0.025, 0.975], axis=0).T


def statsmodels_logit(x, y):
    import statsmodels.api as sm
    fit = sm.Logit(y, x.astype(float)).fit(disp=0)
    return fit.params, fit.conf_int()


WAYS = [
    ("prefdissect, EP with its certificate and held-out prediction", ours, 20),
    ("numpyro NUTS, 4 x (500 + 2000), as the original", numpyro_nuts, 1),
    ("scikit-learn LogisticRegressionCV (l2), 100 bootstrap samples", sklearn_bootstrap, 1),
    ("statsmodels Logit (no prior)", statsmodels_logit, 5),
]


def main():
    first = None
    for name, way, runs in WAYS:
        seconds, inside, width, error = float("inf"), [], [], []
        for seed in range(2):
            x, y, w = planted(seed)
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    for _ in range(runs):
                        start = time.process_time()
                        mean, interval = way(x, y)
                        seconds = min(seconds, time.process_time() - start)
            except ImportError as missing:
                print(json.dumps({"way": name, "skipped": str(missing)}), flush=True)
                break
            inside.append(np.mean((interval[:, 0] <= w) & (w <= interval[:, 1])))
            width.append(np.mean(interval[:, 1] - interval[:, 0]))
            error.append(np.mean((mean - w) ** 2))
        else:
            first = first or seconds
            print(json.dumps({
                "way": name, "seconds": round(seconds, 5), "ratio": round(seconds / first, 1),
                "inside": round(float(np.mean(inside)), 3), "width": round(float(np.mean(width)), 3),
                "rmse": round(float(np.sqrt(np.mean(error))), 3)}), flush=True)


if __name__ == "__main__":
    main()
