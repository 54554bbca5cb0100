"""How many pairs an effect needs."""
from __future__ import annotations

import ctypes
from ctypes import byref
from typing import TYPE_CHECKING

from . import _api
from ._calls import run
from ._hooks import Hooks, ProgressFunction
from ._library import lib
from ._options import options
from .agreement import Rate

if TYPE_CHECKING:
    from .dataset import Dataset
    from .fit import Fit


class Power:
    """A study to come: which effect is to be found, among what else.

    Parameters
    ----------
    effect : float
        The weight to be found, in log-odds; default 0.2 (55 % to 45 %).
    differs : float
        Share of pairs in which the property differs; default 0.3.
    background : float
        sd of the log-odds that the other properties make; default 0.5.
    shared : float
        R^2 of the property by the others, in [0, 1); default 0.
    power : float
        Wanted; default 0.8.
    level : float
        P(weight has the right sign) that counts as found; default 0.975.
    prior_scale : float
        b of the Laplace prior; default 0.1; infinity: flat.
    seed, threads : int
        Of the simulator.

    Examples
    --------
    >>> needed = Power(effect=0.4, differs=0.5).pairs
    >>> 200 < needed < 2000, round(Power(effect=0.4, differs=0.5).of(needed), 2)
    (True, 0.8)
    """

    def __init__(self, *, effect: float | None = None, differs: float | None = None,
                 background: float | None = None, shared: float | None = None,
                 power: float | None = None, level: float | None = None,
                 prior_scale: float | None = None, seed: int | None = None,
                 threads: int | None = None) -> None:
        self._given = {"effect": effect, "differs": differs, "background": background,
                       "shared": shared, "power": power, "level": level,
                       "prior_scale": prior_scale, "seed": seed, "threads": threads}
        self._struct()  # wrong options are told here

    @classmethod
    def like(cls, dataset: Dataset, name: str, fit: Fit | None = None, *,
             effect: float | None = None, power: float | None = None, level: float | None = None,
             prior_scale: float | None = None, seed: int | None = None, threads: int | None = None
             ) -> Power:
        """For a property as frequent and as entangled as it is in a dataset.

        Parameters
        ----------
        dataset : Dataset
        name : str
            Of the property.
        fit : Fit, optional
            What the other properties weigh.
        effect, power, level, prior_scale, seed, threads
            As for `Power`.
        """
        struct, _ = options(_api.pdx_power_options, lib.pdx_power_options_init, {})
        run(lib.pdx_power_describe, byref(struct), dataset._pointer, dataset.schema.find(name),
            None if fit is None else fit._pointer)
        return cls(effect=effect, differs=struct.differs, background=struct.background,
                   shared=struct.shared, power=power, level=level, prior_scale=prior_scale,
                   seed=seed, threads=threads)

    @property
    def pairs(self) -> float:
        """Pairs needed, one label each.

        Raises
        ------
        NumericError
            1e12 do not do.
        """
        out = ctypes.c_double()
        run(lib.pdx_power_pairs, byref(out), byref(self._struct()[0]))
        return out.value

    def of(self, pairs: float) -> float:
        """The power of so many pairs."""
        out = ctypes.c_double()
        run(lib.pdx_power_of, byref(out), pairs, byref(self._struct()[0]))
        return out.value

    def simulated(self, pairs: int, studies: int = 400, *,
                  progress: ProgressFunction | None = None) -> Rate:
        """The power seen in so many simulated studies, each fitted; Wilson's interval."""
        struct, hooks = self._struct(progress)
        out = _api.pdx_rate()
        run(lib.pdx_power_simulated, byref(out), pairs, studies, byref(struct), hooks=hooks)
        return Rate.of(out)

    def _struct(self, progress: ProgressFunction | None = None
                ) -> tuple[_api.pdx_power_options, Hooks | None]:
        return options(_api.pdx_power_options, lib.pdx_power_options_init,
                       {**self._given, "progress": progress})

    def __repr__(self) -> str:
        struct, _ = self._struct()
        return (f"<Power: effect {struct.effect:g}, differs in {struct.differs:.0%}, background "
                f"{struct.background:.2f}, shared {struct.shared:.2f}>")
