"""What the README and the docstrings show runs; the types hold."""
import contextlib
import doctest
import importlib
import importlib.util
import io
import os
import pkgutil
import re
import subprocess
import sys
import unittest
from pathlib import Path

import prefdissect as pdx

ROOT = Path(__file__).resolve().parents[3]
MODULES = ["prefdissect"] + [f"prefdissect.{module.name}"
                             for module in pkgutil.iter_modules(pdx.__path__)
                             if module.name != "estimator" or importlib.util.find_spec("sklearn")]


class Documents(unittest.TestCase):
    def test_readme(self):
        (program,) = re.findall(r"^```python\n(.*?)^```$", (ROOT / "README.md").read_text(),
                                flags=re.S | re.M)
        here = os.getcwd()
        os.chdir(ROOT / "examples")
        self.addCleanup(os.chdir, here)
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(compile(program, "README.md", "exec"), {})
        self.assertIn("longer ", printed.getvalue())

    def test_doctests(self):
        tried = 0
        for name in MODULES:
            result = doctest.testmod(importlib.import_module(name))
            self.assertEqual(result.failed, 0, name)
            tried += result.attempted
        self.assertGreater(tried, 10)

    def test_everything_public_has_a_docstring(self):
        for name in pdx.__all__:
            value = getattr(pdx, name)
            if isinstance(value, str):
                continue
            self.assertTrue(value.__doc__, name)
            for part, member in vars(value).items() if isinstance(value, type) else ():
                if not part.startswith("_") and (callable(member) or isinstance(
                        member, (property, classmethod))):
                    self.assertTrue(member.__doc__, f"{name}.{part}")

    def test_modules_are_installed(self):
        listed = set(re.findall(r"prefdissect/([\w.]+)'", (
            ROOT / "bindings/python/meson.build").read_text()))
        there = {path.name for path in Path(pdx.__file__).parent.iterdir() if path.is_file()}
        self.assertEqual(listed, {name for name in there if name.endswith((".py", ".typed"))})

    def test_programs_have_entries(self):
        entries = re.findall(r'^(pdx-[\w-]+) = "prefdissect._programs', (
            ROOT / "pyproject.toml").read_text(), flags=re.M)
        self.assertEqual(sorted(entries),
                         sorted(path.stem for path in (ROOT / "examples").glob("pdx-*.c")))

    @unittest.skipIf(importlib.util.find_spec("mypy") is None, "mypy is absent")
    def test_types(self):
        result = subprocess.run([sys.executable, "-m", "mypy", "--cache-dir", os.devnull], cwd=ROOT,
                                capture_output=True, text=True)
        self.assertEqual(result.returncode, 0, result.stdout)
