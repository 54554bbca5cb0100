"""Every notebook of examples/notebooks runs, and gives outputs where the committed one has them."""
import importlib.util
import os
import tempfile
import unittest
from pathlib import Path

NOTEBOOKS = Path(__file__).resolve().parents[3] / "examples" / "notebooks"
PACKAGE = Path(__file__).resolve().parents[1]
NEEDED = ("nbclient", "nbformat", "ipykernel", "pandas", "matplotlib")


def kinds(cell):
    """What a cell gave: {"image/png"}, {"text/plain", "text/html"}, {"stream"}, ..."""
    out = set()
    for output in cell.get("outputs", []):
        if output.output_type == "stream":
            out |= {output.name}
        else:
            out |= set(output.get("data", {})) or {output.output_type}
    return out


@unittest.skipUnless(all(map(importlib.util.find_spec, NEEDED)),
                     f"one of {', '.join(NEEDED)} is absent")
class Notebooks(unittest.TestCase):
    def test_all_run(self):
        import nbclient
        import nbformat
        from ipykernel.kernelspec import install

        names = sorted(path.name for path in NOTEBOOKS.glob("*.ipynb"))
        self.assertGreaterEqual(len(names), 7)
        with tempfile.TemporaryDirectory() as folder:
            install(prefix=folder, kernel_name="pdx-test")
            os.environ["JUPYTER_PATH"] = os.path.join(folder, "share", "jupyter")
            os.environ["PYTHONPATH"] = os.pathsep.join(
                [str(PACKAGE), os.environ.get("PYTHONPATH", "")])
            for name in names:
                with self.subTest(name):
                    committed = nbformat.read(NOTEBOOKS / name, 4)
                    if name == "one-decision.ipynb" and not importlib.util.find_spec("shap"):
                        committed.cells = committed.cells[:-2]
                    again = nbformat.from_dict(committed)
                    before = [kinds(cell) for cell in committed.cells]
                    nbclient.NotebookClient(
                        again, timeout=240, kernel_name="pdx-test",
                        resources={"metadata": {"path": str(NOTEBOOKS)}}).execute()
                    for cell, then in zip(again.cells, before):
                        self.assertEqual(kinds(cell) - {"stderr"}, then - {"stderr"}, cell.source)

    def test_outputs_are_committed_and_small(self):
        import nbformat
        for path in NOTEBOOKS.glob("*.ipynb"):
            cells = nbformat.read(path, 4).cells
            self.assertTrue(any("image/png" in kinds(cell) for cell in cells), path.name)
            self.assertLess(path.stat().st_size, 200_000, path.name)
            for cell in cells:
                self.assertNotIn("error", kinds(cell))
                self.assertNotIn("stderr", kinds(cell), f"{path.name}: {cell.source}")
