"""Studies with planted truth."""
from __future__ import annotations

import ctypes
from ctypes import byref
from typing import NamedTuple

from . import _api
from ._calls import made
from ._hooks import ProgressFunction
from ._library import lib
from ._options import options
from .dataset import Dataset
from .judgments import Judgments
from .schema import Schema
from .study import Study


class Simulation(NamedTuple):
    """Pairs, what the judges said of them, and the planted weights as a study of means."""

    dataset: Dataset
    judgments: Judgments
    truth: Study


def simulate(*, pairs: int | None = None, scenarios: int | None = None, factors: int | None = None,
             zeros: float | None = None, prior_scale: float | None = None,
             scenario_sd: float | None = None, judges: int | None = None, ties: float | None = None,
             tie_model: str | None = None, repeats: int | None = None,
             schema: Schema | None = None, seed: int | None = None,
             progress: ProgressFunction | None = None) -> Simulation:
    """A dataset with correlated properties and judges of known weights, each seeing both orders.

    Parameters
    ----------
    pairs : int
        Default 1200.
    scenarios : int
        Groups, at most 16; default 4.
    factors : int
        Latent factors behind the properties; default 4.
    zeros : float
        Share of comparisons that are 0; default 0.7.
    prior_scale, scenario_sd : float
        Weights of unnamed judges ~ Laplace(0, prior_scale), default 0.3; how they differ between
        scenarios, default 0.1.
    judges : int
        Default 3: "human", "model-strong" and "model-weak".
    ties : float
        Share of human verdicts that are ties; default 0.1.
    tie_model : {"davidson", "ordinal"}
        How ties come about.
    repeats : int
        Of each order by the human judge; default 1.
    schema : Schema
        Default "li2024".
    seed : int
        Default 1.

    Examples
    --------
    >>> dataset, judgments, truth = simulate(pairs=100, scenarios=2)
    >>> len(dataset), judgments.judges, len(truth)
    (100, ('human', 'model-strong', 'model-weak'), 6)
    """
    struct, hooks = options(_api.pdx_simulate_options, lib.pdx_simulate_options_init, {
        "pairs": pairs, "scenarios": scenarios, "factors": factors, "zeros": zeros,
        "prior_scale": prior_scale, "scenario_sd": scenario_sd, "judges": judges, "ties": ties,
        "tie_model": tie_model, "repeats": repeats, "schema": schema, "seed": seed,
        "progress": progress}, {"tie_model": "TIES"})
    judgments = ctypes.POINTER(_api.pdx_judgments)()
    truth = ctypes.POINTER(_api.pdx_study)()
    dataset = made(_api.pdx_dataset, lib.pdx_simulate, byref(judgments), byref(truth),
                   byref(struct), hooks=hooks)
    return Simulation(Dataset(dataset), Judgments(judgments), Study(truth))
