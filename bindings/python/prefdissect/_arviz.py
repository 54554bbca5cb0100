"""Fits for ArviZ, below 1.0 and from there on."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import _api
from ._calls import floats
from ._options import name_of

if TYPE_CHECKING:
    from .fit import Fit


def to_arviz(fit: Fit, x: npt.ArrayLike | None, y: npt.ArrayLike | None) -> Any:
    """See `Fit.to_arviz`."""
    draws = fit.draws
    if draws is None:
        raise ValueError("this fit kept no draws; fit with draws=1000 or so")
    import arviz
    groups: dict[str, dict[str, Any]] = {"posterior": {"weight": draws[np.newaxis]}}
    coords: dict[str, Any] = {"property": list(fit.columns)}
    dims = {"weight": ["property"]}
    if x is not None and y is not None:
        rows = floats(x, (len(np.asarray(x)), draws.shape[1]), "x")
        labels = floats(y, (len(rows),), "y")
        odds = draws @ rows.T
        groups["log_likelihood"] = {"y": (labels * odds - np.logaddexp(0, odds))[np.newaxis]}
        groups["observed_data"] = {"y": labels}
        coords["row"] = np.arange(len(rows))
        dims["y"] = ["row"]
    if int(arviz.__version__.split(".")[0]) >= 1:
        data = arviz.from_dict(groups, coords=coords, dims=dims)
    else:
        data = arviz.from_dict(**groups, coords=coords, dims=dims)
    data["posterior"].attrs.update(_said(fit))
    return data


def _said(fit: Fit) -> dict[str, Any]:
    """What a reader of the draws must know, as attributes (numbers and texts only)."""
    certificate = fit.certificate
    said: dict[str, Any] = {f"certificate_{name}": getattr(certificate, name)
                            for name, *_ in _api.pdx_certificate._fields_}
    said["certificate_method"] = name_of("METHOD", certificate.method)
    said.update(judge=fit.judge, group=fit.group, label=fit.label, rows=fit.rows,
                verdict=fit.verdict, prior_scale=fit.prior_scale, log_evidence=fit.log_evidence,
                elpd_loo=fit.elpd_loo, inference_library="prefdissect")
    return said
