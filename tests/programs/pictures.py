"""Pictures of the programs, on small data with known tastes: each is an SVG that any XML reader
takes, holds what it is about, and is not written where it cannot be."""
import csv
import io
import json
import os
import xml.dom.minidom

import support
from support import check, equal, refused, run


def picture(path, *words):
    """The texts of an SVG; `words` are among them."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    tree = xml.dom.minidom.parseString(text)
    equal(tree.documentElement.tagName, "svg")
    check("NaN" not in text and "nan" not in text, "a number that is none")
    for word in words:
        check(word in text, f"{path}: '{word}' is not in it")
    return text


def simulated(f):
    equal(run("pdx-simulate", "-o", f.path, "--pairs", 200).status, 0)
    return ["--features", f.at("features.jsonl"), "--judgments", f.at("judgments.jsonl")]


def test_fit():
    with support.Folder() as f:
        data = simulated(f)
        out = [f.at(name) for name in ("d.svg", "p.svg", "r.svg", "fits.json")]
        done = run("pdx-fit", *data, "--svg", out[0], "--svg-position", out[1], "--svg-prior",
                   out[2], "-o", out[3])
        equal(done.status, 0, done.err)
        picture(out[0], "human", "model-weak", "lengthy", "shown first")
        picture(out[1], "human", "model-weak", "by the fit", "as seen")
        picture(out[2], "Laplace 0.025", "Laplace 0.1 (this fit)", "Laplace 0.4")
        first = open(out[0], encoding="utf-8").read()
        run("pdx-fit", *data, "--svg", out[0], "-o", out[3], "--threads", 1)
        equal(open(out[0], encoding="utf-8").read(), first, "the same input, other bytes")
        # nothing is written where a picture cannot be drawn
        table = f.write("taste.csv", support.taste_table(100))
        refused(run("pdx-fit", "--table", table, "--svg-position", f.at("x.svg"), "-o",
                    f.at("x.json")), 2, "order is known")
        check(not os.path.exists(f.at("x.json")), "fits were written")
        refused(run("pdx-fit", "--table", table, "--svg", f.at("x.svg"), "--svg-group", "g"), 2,
                "no group 'g'")
        refused(run("pdx-fit", "--table", table, "--svg", "/nowhere/x.svg"), 3, "nowhere")


def test_compare():
    with support.Folder() as f:
        data = simulated(f)
        fits = f.at("fits.json")
        run("pdx-fit", *data, "-o", fits)
        svg = f.at("x.svg")
        equal(run("pdx-compare", "--fits", fits, "--svg", svg).status, 0)
        picture(svg, "Pearson", "overall", "model-strong")
        equal(run("pdx-compare", "--agreement", *data, "--svg", svg).status, 0)
        picture(svg, "same verdict", "model-strong")
        shown = run("pdx-compare", "--fits", fits, "--contrast", "human,model-weak", "--svg", svg)
        contrasts = json.loads(shown.out)["contrasts"]
        sizes = [abs(c["mean"]) for c in contrasts]
        equal(sizes, sorted(sizes, reverse=True))
        equal(len(contrasts), 29)
        for c in contrasts:
            check(c["low"] <= c["mean"] <= c["high"], str(c))
        text = picture(svg, "human against model-weak", "weighs more for human")
        # a bold name for each discovery, and the title
        equal(text.count("font-weight=\"bold\""), 1 + sum(c["discovery"] for c in contrasts))
        table = run("pdx-compare", "--fits", fits, "--contrast", "human,model-weak", "--format",
                    "table").out
        equal(table.count("\n  * "), sum(c["discovery"] for c in contrasts))
        rows = list(csv.DictReader(io.StringIO(run(
            "pdx-compare", "--fits", fits, "--contrast", "human,model-weak", "--format",
            "csv").out)))
        equal([r["property"] for r in rows], [c["property"] for c in contrasts])
        for wrong, why in (("human", "is not A,B"), ("human,nobody", "nobody")):
            refused(run("pdx-compare", "--fits", fits, "--contrast", wrong), 2, why)
        refused(run("pdx-compare", "--fits", fits, "--contrast", "a,b", "--nearer", "a,b,c"), 2,
                "--nearer")


def test_published_weights():
    folder = os.path.join(support.DATA, "gair", "fitted_paras_comparison")
    if not os.path.isdir(folder):
        raise support.Skip("no " + folder)
    with support.Folder() as f:
        svg = f.at("x.svg")
        equal(run("pdx-compare", "--weights", folder, "--svg", svg).status, 0)
        text = picture(svg, "human", "no uncertainty is known", "mean over 11 groups")
        equal(text.count("<rect"), 1 + 33 * 33 + 10)
        shown = run("pdx-compare", "--weights", folder, "--contrast", "human,qwen-7b", "--group",
                    "Code", "--svg", svg)
        check(all(c["sd"] is None and not c["discovery"]
                  for c in json.loads(shown.out)["contrasts"]), shown.out)
        picture(svg, "means only", "Code")


def test_explain():
    with support.Folder() as f:
        data = simulated(f)
        svg = f.at("x.svg")
        asked = ["pdx-explain", *data, "--judge", "human", "--pair", "sim/000000"]
        shown = run(*asked, "--svg", svg)
        equal(shown.status, 0, shown.err)
        picture(svg, "equal responses", "sim/000000", "human leans to")
        refused(run("pdx-explain", *data, "--judge", "human", "--effects", "--svg", svg), 2,
                "--pair")


support.main(globals())
