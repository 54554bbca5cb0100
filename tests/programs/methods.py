"""pdx-fit's ways to an answer: methods, priors, margins, draws, and stopping."""
import math
import os
import signal
import struct
import subprocess
import time

import support
from support import check, check_fits, equal, fitted, near, weights


def test_table_of_margins():
    with support.Folder() as f:
        rows = support.taste_table(400).splitlines()
        margins = [rows[0][:-1] + "margin"]
        for i, row in enumerate(rows[1:]):
            x = list(map(int, row.split(",")))[:-1]
            eta = sum(a * b for a, b in zip(x, support.TASTE.values()))
            u = (i * 0.6180339887) % 1
            margins.append(",".join(map(str, [*x, 2 * (eta + math.log((u + .01) / (1.01 - u)))])))
        fits = fitted("--table", f.write("m.csv", "\n".join(margins) + "\n"), "--prior",
                      "laplace:1").json()
        check_fits(fits)
        near(fits["fits"][0]["margin_scale"]["mean"], 2, 0.4, "scale of the margins")
        found = weights(fits, fits["fits"][0]["judge"])
        for name, planted in support.TASTE.items():
            near(found[name], planted, 0.35, name)


def test_methods_agree():
    with support.Folder() as f:
        table = f.write("t.csv", support.taste_table(300))
        ep = fitted("--table", table, "--method", "ep").json()["fits"][0]
        for method in ("stis", "nuts"):
            other = fitted("--table", table, "--method", method).json()["fits"][0]
            equal(other["method"], method, "method")
            for i, sd in enumerate(ep["sd"]):
                near(other["mean"][i], ep["mean"][i], 0.1 * sd, method)


def test_position_intervals_hold_their_mean():
    with support.Folder() as f:
        data = support.arena(f, 200) + ["--judge", "hasty"]
        ep = check_fits(fitted(*data, "--method", "ep").json())[0]["position"]
        for method in ("stis", "nuts"):
            other = check_fits(fitted(*data, "--method", method).json())[0]["position"]
            for name in ("p_first", "p_first_low", "p_first_high"):
                near(other[name], ep[name], 0.01, f"{method} {name}")
            check(other["p_first_low"] < other["p_first"] < other["p_first_high"], method)


def test_priors_folds_and_paper():
    with support.Folder() as f:
        table = f.write("t.csv", support.taste_table(300))
        tight = fitted("--table", table, "--prior", "laplace:0.01").json()["fits"][0]
        wide = fitted("--table", table, "--prior", "gaussian:5").json()["fits"][0]
        found = fitted("--table", table, "--prior", "eb").json()["fits"][0]
        check(abs(tight["mean"][0]) < abs(found["mean"][0]) < abs(wide["mean"][0]) * 1.2, "priors")
        paper = fitted("--table", table, "--preset", "paper").json()
        equal(len(paper["fits"][0]["fold_mean"]), 4, "fold_mean")
        other = fitted("--table", table, "--preset=paper", "--prior", "laplace:0.3").json()
        check(paper["fits"][0]["fold_mean"] != other["fits"][0]["fold_mean"],
              "options beside --preset win")


def test_draws_are_a_numpy_file():
    with support.Folder() as f:
        table = f.write("t.csv", support.taste_table(200))
        fit = fitted("--table", table, "--draws", 4000, "--draws-out", f.at("d.npy"))
        fit = fit.json()["fits"][0]
        with open(f.at("d.npy"), "rb") as file:
            head = file.read(128)
            body = file.read()
        check(head.startswith(b"\x93NUMPY\x01\x00") and head.endswith(b"\n"), "magic")
        check(b"'shape': (1,4000,4,)" in head and b"<f8" in head, str(head))
        draws = struct.unpack(f"<{4000 * 4}d", body)
        for i in range(4):
            near(sum(draws[i::4]) / 4000, fit["mean"][i], 0.1 * fit["sd"][i], "mean of draws")


def test_interrupt_stops_long_fits():
    with support.Folder() as f:
        data = support.arena(f, 300)
        before = f.names()
        program = subprocess.Popen(
            [os.path.join(support.PROGRAMS, "pdx-fit"), *data, "--method", "nuts", "--folds",
             "1000", "-o", f.at("fits.json")],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(1)
        check(program.poll() is None, "the fits are still running after a second")
        program.send_signal(signal.SIGINT)
        start = time.time()
        _, err = program.communicate(timeout=60)
        equal(program.returncode, 130, err.decode())
        check(time.time() - start < 10, "it stops within ten seconds")
        equal(f.names(), before, "files")


support.main(globals())
