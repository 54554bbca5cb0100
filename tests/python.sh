#!/bin/sh
# The Python package with everything that its users bring along: pandas, pyarrow, ArviZ, matplotlib,
# scikit-learn, shap, dask.distributed, Jupyter, mypy. By hand; tests/run.sh runs the same tests and skips
# by name what is absent. The first time, some 800 MB of packages go to build-test/python.
#   sh tests/python.sh          all of bindings/python/tests
#   sh tests/python.sh bench    the library beside what one would write today (tests/bench/python_peers.py)
#                               and what Python adds to it (tests/bench/python_calls.py)
set -e
cd "$(dirname "$0")/.."
. examples/setup.sh
want_build
want python3-venv python3 -m venv --help
install_missing
python=build-test/python/bin/python
[ -x "$python" ] || python3 -m venv build-test/python
"$python" -m pip install -q --disable-pip-version-check pandas pandas-stubs pyarrow arviz matplotlib \
    scikit-learn shap distributed nbclient ipykernel ipywidgets nbformat mypy tqdm
[ -f build/build.ninja ] || meson setup build >&2
ninja -C build >&2
PREFDISSECT_LIBRARY=$PWD/build/src/libprefdissect.so
export PREFDISSECT_LIBRARY PYTHONDONTWRITEBYTECODE=1
if [ "$1" = bench ]; then
    "$python" -m pip install -q --disable-pip-version-check statsmodels numpyro
    PYTHONPATH=bindings/python "$python" tests/bench/python_calls.py
    PYTHONPATH=bindings/python exec "$python" tests/bench/python_peers.py
fi
failed=
for test in bindings/python/tests/test_*.py; do
    name=$(basename "$test" .py)
    echo "== $name"
    "$python" bindings/python/tests/run.py "$name" || failed="$failed $name"
done
[ -z "$failed" ] || { echo "FAILED:$failed"; exit 1; }
