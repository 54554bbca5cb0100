"""Callbacks, Ctrl-C, the log, and what a call costs."""
import logging
import os
import signal
import subprocess
import sys
import threading
import time
import unittest

import numpy as np

import prefdissect as pdx


def long_call(**options):
    """Minutes of work, unless it is stopped."""
    numbers = np.random.default_rng(1)
    x = numbers.integers(-1, 2, (4000, 29)).astype(np.int8)
    return pdx.Fit.from_rows(x, numbers.integers(0, 2, 4000).astype(float), method="nuts",
                             nuts_draws=1000000, **options)


class Stopped(Exception):
    pass


class Callbacks(unittest.TestCase):
    def test_progress_is_told(self):
        seen = []
        data, judgments, _ = pdx.simulate(pairs=100, scenarios=2)
        pdx.Study.fit(data, judgments, progress=seen.append)
        self.assertEqual((seen[-1].what, seen[-1].done, seen[-1].total), ("fits", 3, 3))

    def test_exception_is_held_and_raised(self):
        calls = []

        def stop(progress):
            calls.append(progress)
            raise Stopped("enough")

        start = time.monotonic()
        with self.assertRaisesRegex(Stopped, "enough"):
            long_call(progress=stop)
        self.assertEqual(len(calls), 1)
        self.assertLess(time.monotonic() - start, 30)

    def test_interrupt_stops_a_long_call(self):
        before = signal.getsignal(signal.SIGINT)
        timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
        start = time.monotonic()
        timer.start()
        with self.assertRaises(KeyboardInterrupt):
            long_call()
        self.assertLess(time.monotonic() - start, 30)
        self.assertIs(signal.getsignal(signal.SIGINT), before)

    def test_own_handler_is_called_after_the_call(self):
        def handler(*_):
            raise Stopped

        before = signal.signal(signal.SIGINT, handler)
        try:
            threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
            with self.assertRaises(Stopped):
                long_call()
            self.assertIs(signal.getsignal(signal.SIGINT), handler)
        finally:
            signal.signal(signal.SIGINT, before)

    def test_other_threads_may_call(self):
        fits = []
        thread = threading.Thread(target=lambda: fits.append(pdx.Fit.from_rows([[1.0]], [1.0])))
        thread.start()
        thread.join()
        self.assertEqual(len(fits), 1)


class Cost(unittest.TestCase):
    def test_import_needs_only_numpy(self):
        code = ("import sys, numpy; before = set(sys.modules); import prefdissect; "
                "print(*(set(sys.modules) - before))")
        path = os.pathsep.join(sys.path)
        loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                                check=True, env={**os.environ, "PYTHONPATH": path}).stdout.split()
        self.assertIn("prefdissect.fit", loaded)
        self.assertFalse({"pandas", "arviz", "matplotlib", "sklearn", "shap", "tqdm", "pyarrow"}
                         & set(loaded))
