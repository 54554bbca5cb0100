"""Column files from Python: written in batches, fitted here, by a process pool, by dask."""
import os
import tempfile
import unittest
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np

import prefdissect as pdx


def arrays(n=20000, d=5):
    rng = np.random.default_rng(3)
    x = rng.integers(-1, 2, (n, d)).astype(np.int8)
    weights = np.array([0.6, -0.4, 0, 0.2, 0.1])
    y = (rng.random(n) < 1 / (1 + np.exp(-x @ weights))).astype(float)
    return x, y


class ColumnFiles(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "t.columns")
        self.x, self.y = arrays()
        with pdx.ColumnsWriter(self.path, [f"p{k}" for k in range(5)]) as writer:
            for i in range(0, len(self.y), 7000):
                writer.append(self.x[i:i + 7000], self.y[i:i + 7000])
        self.columns = pdx.Columns(self.path)
        self.addCleanup(self.columns.close)

    def test_what_is_written_is_fitted(self):
        self.assertEqual((self.columns.rows, self.columns.chunks, self.columns.kind), (20000, 5, "int8"))
        fit = self.columns.fit()[0]
        memory = pdx.Fit.from_rows(self.x, self.y, predict=False)
        np.testing.assert_allclose(fit.mean, memory.mean, atol=2e-4 * memory.sd.min())

    def test_parts_by_executors(self):
        here = self.columns.fit(draws=8)[0]
        for executor in (ThreadPoolExecutor(2), ProcessPoolExecutor(2)):
            with self.subTest(type(executor).__name__), executor:
                there = self.columns.fit(executor=executor, draws=8)[0]
                np.testing.assert_allclose(there.mean, here.mean, atol=1e-10)
                np.testing.assert_allclose(there.draws, here.draws, atol=1e-9)

    def test_parts_by_dask(self):
        try:
            from dask.distributed import Client, LocalCluster
        except ImportError as error:
            self.skipTest(f"dask.distributed: {error}")
        here = self.columns.fit()[0]
        with LocalCluster(n_workers=2, threads_per_worker=1, processes=True,
                          dashboard_address=None) as cluster, Client(cluster) as client:
            there = self.columns.fit(executor=client.get_executor(), parts=2)[0]
        np.testing.assert_allclose(there.mean, here.mean, atol=1e-10)
        np.testing.assert_allclose(there.sd, here.sd, atol=1e-10)

    def test_own_sums(self):
        asked = []

        def sums(request, length):
            asked.append(length)
            return sum(self.columns.sums(request, length, first=i, count=1) for i in range(5))

        there = self.columns.fit(sums=sums)[0]
        np.testing.assert_allclose(there.mean, self.columns.fit()[0].mean, atol=1e-10)
        self.assertGreater(len(asked), 4)

        def broken(request, length):
            raise ZeroDivisionError("mine")

        with self.assertRaisesRegex(ZeroDivisionError, "mine"):
            self.columns.fit(sums=broken)

    def test_bad_input(self):
        other = self.path + "2"
        with self.assertRaisesRegex(pdx.InvalidError, "row 1, column 'a'"):
            with pdx.ColumnsWriter(other, ["a"]) as writer:
                writer.append([[0.5]], [1])
        self.assertFalse(os.path.exists(other))
        with self.assertRaises(pdx.ParseError):
            pdx.Columns(__file__)
        with self.assertRaises(ValueError):
            pdx.ColumnsWriter(other, ["a"], kind="double")


if __name__ == "__main__":
    unittest.main()
