"""The declarations are those of the headers, and the library is of their version."""
import ctypes
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from prefdissect import _api, _library

PYTHON = Path(__file__).resolve().parents[1]
ROOT = PYTHON.parents[1]
CC = os.environ.get("CC", "cc").split()


def generated(*arguments):
    return subprocess.run([sys.executable, PYTHON / "gen_api.py", *arguments], check=True,
                          capture_output=True, text=True).stdout


def built(folder, source, *flags):
    """A C file's program or library."""
    path = Path(folder) / "made.c"
    path.write_text(source)
    out = Path(folder) / "made"
    subprocess.run([*CC, "-I", ROOT / "include", *flags, path, "-o", out], check=True)
    return out


@unittest.skipIf(shutil.which(CC[0]) is None, "no C compiler")
class Generated(unittest.TestCase):
    def test_committed_file_is_what_the_headers_give(self):
        committed = (PYTHON / "prefdissect" / "_api.py").read_text()
        self.assertTrue(generated("--print") == committed,
                        "the headers have changed: run bindings/python/gen_api.py and commit _api.py")

    def test_layout_is_the_compilers(self):
        with tempfile.TemporaryDirectory() as folder:
            program = built(folder, generated("--layout"))
            lines = subprocess.run([program], check=True, capture_output=True, text=True).stdout
        structs = set()
        for line in lines.splitlines():
            name, number = line.split()
            struct, _, field = name.partition(".")
            structs.add(struct)
            kind = getattr(_api, struct)
            ours = getattr(kind, field).offset if field else ctypes.sizeof(kind)
            self.assertEqual(ours, int(number), name)
        here = {name for name, kind in vars(_api).items() if isinstance(kind, type)
                and issubclass(kind, _api.Struct) and kind is not _api.Struct}
        self.assertEqual(structs, here)

    def test_every_function_of_the_library_is_declared(self):
        if shutil.which("nm") is None:
            self.skipTest("no nm")
        symbols = subprocess.run(["nm", "-D", "--defined-only", "--format=posix", _library.PATH],
                                 capture_output=True, text=True, check=True).stdout
        self.assertEqual({line.split()[0] for line in symbols.splitlines()}, set(_api.FUNCTIONS))

    def test_other_version_is_refused(self):
        source = 'const char *pdx_version_string(void) { return "%s"; }'
        major, minor, patch = _library.WANTED.split(".")
        with tempfile.TemporaryDirectory() as folder:
            for version, wanted in ((f"{major}.{int(minor) + 1}.0", "needs"),
                                    (f"{major}.{minor}.{int(patch) + 1}", "lacks pdx_")):
                path = built(folder, source % version, "-shared", "-fPIC")
                with self.assertRaisesRegex(ImportError, wanted):
                    _library.load(str(path.rename(path.with_name("lib" + version))))

    def test_where_the_library_is_looked_for(self):
        with tempfile.TemporaryDirectory() as folder:
            fake = Path(folder) / "pkg-config"
            fake.write_text(f'#!/bin/sh\n[ "$*" = "--variable=libdir prefdissect" ] && echo {folder}\n')
            fake.chmod(0o755)
            with mock.patch.dict(os.environ, {"PATH": f"{folder}:{os.environ['PATH']}"}):
                *_, last = _library._candidates()
                self.assertEqual(last, os.path.join(folder, _library.NAME))
            with mock.patch.dict(os.environ, {"PREFDISSECT_LIBRARY": "/some/where.so"}):
                self.assertEqual(_library.find(), "/some/where.so")
            with mock.patch.dict(os.environ, {"PATH": folder + "/none"}), mock.patch.object(
                    _library.os.path, "exists", return_value=False):
                os.environ.pop("PREFDISSECT_LIBRARY", None)
                self.assertEqual(_library.find(), "libprefdissect.so.0")  # the loader's path

    def test_no_library_is_an_import_error(self):
        with self.assertRaisesRegex(ImportError, "PREFDISSECT_LIBRARY"):
            _library.load("/nonexistent/libprefdissect.so")


class Enums(unittest.TestCase):
    def test_every_status_has_an_exception(self):
        from prefdissect._errors import BY_STATUS
        codes = {value for name, value in vars(_api).items()
                 if name.startswith("PDX_E") and isinstance(value, int) and value < 0}
        self.assertEqual(codes, set(BY_STATUS))
