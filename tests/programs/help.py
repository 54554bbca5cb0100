"""Help texts, versions and refused options of every program."""
import support
from support import check, equal, refused, run

PROGRAMS = ["pdx-quickstart", "pdx-fit", "pdx-simulate", "pdx-import", "pdx-judge", "pdx-annotate",
            "pdx-compare", "pdx-explain", "pdx-rank", "pdx-power", "pdx-report", "pdx-probe"]


def test_help_fits_one_screen():
    for program in PROGRAMS:
        for flag in ("--help", "-h"):
            shown = run(program, flag)
            equal(shown.status, 0, program)
            equal(shown.err, "", program)
            lines = shown.out.splitlines()
            check(len(lines) <= 40, f"{program}: {len(lines)} lines")
            check("usage: " + program in shown.out and "--help-all" in shown.out, program)


def test_no_line_is_wide():
    for program in PROGRAMS:
        for line in run(program, "--help-all").out.splitlines():
            check(len(line) <= 100, f"{program}: {len(line)} columns: {line}")


def test_help_all_has_the_common_options():
    for program in PROGRAMS:
        out = run(program, "--help-all").out
        for option in ("-o ", "--threads N", "--seed N", "--quiet", "--version"):
            check(option in out, f"{program} --help-all lacks {option}")


def test_version():
    for program in PROGRAMS:
        shown = run(program, "--version")
        equal(shown.status, 0, program)
        check(shown.out.startswith(program + " 0."), shown.out)


def test_wrong_options_are_named():
    for program in PROGRAMS:
        refused(run(program, "--frobnicate"), 2, program, "--frobnicate")
        refused(run(program, "--seed"), 2, "--seed", "needs a value")
        refused(run(program, "--seed", "many"), 2, "--seed", "many", "whole number")
        refused(run(program, "--threads=-1"), 2, "--threads", "-1")
        refused(run(program, "--quiet=yes"), 2, "--quiet", "no value")
    refused(run("pdx-fit", "--judgement", "x"), 2, "did you mean --judgments?")
    refused(run("pdx-fit", "--folds", "1"), 2, "--folds", "'1'")
    refused(run("pdx-fit", "--prior", "cauchy:1"), 2, "--prior", "cauchy:1", "laplace:B")
    refused(run("pdx-fit", "--prior", "laplace:0"), 2, "--prior")
    refused(run("pdx-fit", "--prior", "laplace:nan"), 2, "--prior")
    refused(run("pdx-fit", "--position", "flat"), 2, "--position")
    refused(run("pdx-fit", "--quantiles", "0.9,0.1"), 2, "--quantiles")
    refused(run("pdx-fit", "--preset", "plain"), 2, "--preset", "plain")
    refused(run("pdx-fit", "--where", "scenario"), 2, "--where", "FIELD=VALUE")
    refused(run("pdx-fit", "--draws-out", "x.npy"), 2, "--draws-out", "--draws N")
    refused(run("pdx-fit", "--pool", "halfway", "--table", "x.csv"), 2, "--pool")
    refused(run("pdx-fit", "--tau-scale", "0", "--table", "x.csv"), 2, "--tau-scale")
    refused(run("pdx-fit", "stray"), 2, "stray")
    refused(run("pdx-simulate"), 2, "-o DIR")


def test_outputs_are_checked_before_the_work():
    with support.Folder() as f:
        table = f.write("t.csv", support.taste_table(50))
        refused(run("pdx-fit", "--table", table, "-o", f.path), 2, "-o", "folder")
        refused(run("pdx-fit", "--table", table, "-o", f.at("no/fits.json")), 2, "-o", "no folder")
        equal(f.names(), ["t.csv"], "files")


def test_import_lists_its_formats():
    shown = run("pdx-import", "--list")
    equal(shown.status, 0, "status")
    for name in ("li2024", "alpacaeval", "mtbench", "llmbar", "rewardbench"):
        check(any(line.split()[0] == name for line in shown.out.splitlines()), name)


support.main(globals())
