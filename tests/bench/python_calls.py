"""What Python adds to the library: the time of a call, of the import, the memory of a large dataset.

usage: PYTHONPATH=bindings/python python3 tests/bench/python_calls.py

Prints one JSON line a measurement; "ratio" is measured over limit. A call's overhead is the least time
of Fit.from_rows less the least time of pdx_fit_rows with everything prepared, both many times in turn.
"""
import ctypes
import json
import os
import resource
import subprocess
import sys
import time

import numpy as np

import prefdissect as pdx
from prefdissect import _api
from prefdissect._library import lib

HERE = os.path.dirname(os.path.abspath(__file__))


def tell(name, measured, limit, unit):
    print(json.dumps({"bench": name, "measured": round(measured, 4), "unit": unit, "limit": limit,
                      "ratio": round(measured / limit, 3)}), flush=True)


def least(calls, seconds):
    """Least time of each of several functions, called in turn."""
    best = [float("inf")] * len(calls)
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for i, call in enumerate(calls):
            start = time.perf_counter()
            call()
            best[i] = min(best[i], time.perf_counter() - start)
    return best


def call_overhead():
    numbers = np.random.default_rng(1)
    x = numbers.integers(-1, 2, (400, 29)).astype(np.int8)
    y = numbers.integers(0, 2, 400).astype(float)
    options = _api.pdx_fit_options()
    lib.pdx_fit_options_init(ctypes.byref(options), ctypes.sizeof(options))
    options.threads, options.predict, options.certificate = 1, 0, _api.PDX_CERTIFICATE_NEVER
    rows = _api.pdx_rows(size=ctypes.sizeof(_api.pdx_rows), d=29, n=400,
                         x_int8=x.ctypes.data_as(ctypes.POINTER(ctypes.c_int8)),
                         y=y.ctypes.data_as(ctypes.POINTER(ctypes.c_double)))
    out = ctypes.POINTER(_api.pdx_posterior)()

    def bare():
        lib.pdx_fit_rows(ctypes.byref(out), ctypes.byref(rows), ctypes.byref(options))
        lib.pdx_posterior_free(out)

    def wrapped():
        pdx.Fit.from_rows(x, y, threads=1, predict=False, certificate="never")

    def read():
        fit = pdx.Fit.from_rows(x, y, threads=1, predict=False, certificate="never")
        return fit.mean, fit.sd

    c, python, with_numbers = least([bare, wrapped, read], 8)
    tell("python call over C, N = 400, EP alone", 1e6 * (python - c), 20, "us")
    tell("the same, mean and sd read", 1e6 * (with_numbers - c), 30, "us")
    tell("C itself", 1e6 * c, 1000, "us")


def import_time():
    def seconds(module):
        code = (f"import time; start = time.process_time(); import {module}; "
                "print(time.process_time() - start)")
        return min(float(subprocess.run([sys.executable, "-c", code], check=True,
                                        capture_output=True, text=True).stdout) for _ in range(5))

    tell("import, numpy included, processor time", seconds("prefdissect"), 0.3, "s")
    tell("import of numpy alone", seconds("numpy"), 0.3, "s")


def resident():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) / 1024


def large_dataset():
    """In a process of its own: the peak is the process's."""
    n, d = 1_000_000, 29
    x = np.random.default_rng(1).integers(-1, 2, (n, d), dtype=np.int8)
    winner = np.random.default_rng(2).integers(0, 2, n)
    before = resident()
    data = pdx.Dataset.from_arrays(x)
    held = resident() - before
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before
    tell("million rows, 28 MiB of int8: held by the dataset", held, 28 + 60, "MiB")
    tell("the same, at most while it is made", peak, 2 * 28 + 60, "MiB")
    before = resident()
    views = [data.view(name) for name in data.properties]
    total = sum(int(view.sum(dtype=np.int64)) for view in views)
    assert total == int(x.sum(dtype=np.int64))
    tell("views of all columns, read", resident() - before + 0.01, 2, "MiB")
    start = time.perf_counter()
    judgments = pdx.Judgments()
    judgments.append("ann", np.arange(n), winner=np.array(["A", "B"])[winner].tolist())
    tell("a million judgments appended", time.perf_counter() - start, 3, "s")
    before, start = resident(), time.perf_counter()
    pdx.Fit.from_rows(x, winner.astype(float), predict=False)
    tell("fit of the million rows, memory left behind", resident() - before + 0.01, 40, "MiB")


if __name__ == "__main__":
    if sys.argv[1:] == ["large"]:
        large_dataset()
    else:
        call_overhead()
        import_time()
        subprocess.run([sys.executable, os.path.abspath(__file__), "large"], check=True)
