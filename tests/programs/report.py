"""pdx-report: the page in headless Chromium. Every view is gone through, numbers are read from it and
held against the programs' and against independent ones, a judge is added, hostile texts stay texts,
and nothing is asked of a network. Pictures of the page are left in the build's report-pictures/."""
import contextlib
import csv
import io
import json
import math
import os
import time
import xml.dom.minidom

import support
from browser import CHROMIUM, Browser
from support import check, equal, near, refused, run

PICTURES = os.path.join(os.path.dirname(support.PROGRAMS), "report-pictures")
VIEWS = ["dissection", "similarity", "agreement", "position", "effects", "pairs", "trust", "add"]


@contextlib.contextmanager
def opened(path, **more):
    """The page, ready; at the end no complaint may have come and nothing but the file was asked."""
    if not CHROMIUM:
        raise support.Skip("no chromium")
    with Browser(**more) as page:
        page.open(path)
        page.wait("document.documentElement.classList.contains('ready')")
        yield page
        equal(page.complaints, [], "console and exceptions")
        equal([url for url in page.requests if not url.startswith(("data:", "blob:"))],
              ["file://" + os.path.abspath(path)], "requests")


def report(folder, *arguments, name="report.html"):
    done = run("pdx-report", *arguments, "-o", folder.at(name))
    equal(done.status, 0, done.err)
    equal(done.out, "", "stdout")
    check("the report is in" in done.err, done.err)
    return folder.at(name)


def downloaded(page, view):
    """The CSV behind a view, as the reader gets it: the text that the page hands to the browser."""
    text = page.js(f"""(async () => {{
        const make = URL.createObjectURL;
        let saved = null;
        URL.createObjectURL = (blob) => {{ saved = blob; return make.call(URL, blob); }};
        document.querySelector('#{view} .under button').click();
        URL.createObjectURL = make;
        return saved.text();
    }})()""")
    return list(csv.DictReader(io.StringIO(text)))


def arena_with_texts(folder, pairs=160):
    """support.arena with words, groups and labels of a third judge, apart."""
    data = support.arena(folder, pairs)
    rows = [json.loads(line) for line in open(folder.at("pairs.jsonl"))]
    for i, row in enumerate(rows):
        row.update(query=f"question {i} about {'tea' if i % 4 else 'coffee'}",
                   response_a="first answer " * (i % 5 + 1), response_b="second answer",
                   model_a="m1", model_b="m2")
    folder.write("pairs.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    return [*data, "--group-by", "scenario"]


def pearson(a, b):
    ma, mb = math.fsum(a) / len(a), math.fsum(b) / len(b)
    top = math.fsum((x - ma) * (y - mb) for x, y in zip(a, b))
    return top / math.sqrt(math.fsum((x - ma) ** 2 for x in a) * math.fsum((y - mb) ** 2 for y in b))


def test_every_view():
    with support.Folder() as f:
        data = arena_with_texts(f)
        path = report(f, *data, "--title", "A small arena")
        fits = support.fitted(*data).json()
        os.makedirs(f.at("saved"))
        with opened(path, downloads=f.at("saved")) as page:
            page.click("#dissection .under button")
            page.wait("new Promise(done => setTimeout(() => done(true), 500))")
            equal(page.js("document.title"), "A small arena")
            equal(page.js("[...document.querySelectorAll('main > section')].map(s => s.id)"), VIEWS)
            check(page.js("document.querySelectorAll('#findings li').length") >= 3, "findings")
            seen = page.js("document.body.innerText")
            for word in ("NaN", "undefined", "Infinity", "[object"):
                check(word not in seen, f"{word} on the page")
            # weights, as the fits have them
            page.choose("#group select", "0")
            rows = downloaded(page, "dissection")
            group = page.js("document.querySelector('#group option[value=\"0\"]').textContent")
            of = {(fit["judge"], fit["group"]): fit for fit in fits["fits"]}
            equal(len(rows), 2 * len(fits["columns"]))
            for row in rows:
                fit = of[row["judge"], group.split(" (")[0]]
                k = fits["columns"].index(row["property"])
                near(float(row["weight"]), fit["mean"][k], 1e-12, "weight")
                near(float(row["low"]), 100 / (1 + math.exp(-fit["quantiles"][k][0])), 0.01, "low")
                near(float(row["P(weight > 0)"]), fit["prob_positive"][k], 1e-4, "P")
            # groups taken together: what pooling says that they share
            page.choose("#group select", "-1")
            shared = {part["judge"]: part for part in fits["pooled"]}
            for row in downloaded(page, "dissection"):
                k = fits["columns"].index(row["property"])
                near(float(row["weight"]), shared[row["judge"]]["mean"][k], 1e-12, "pooled weight")
            page.choose("#group select", "0")
            for view in VIEWS[:-1]:
                check(len(downloaded(page, view)) > 0, view)
            # sorting, the table, reading a chart by keyboard
            names = ("[...document.querySelectorAll('#dissection svg .name')].map(t => t.textContent)"
                     ".filter(t => t !== 'shown first')")
            page.choose("#dissection select", "name")
            equal(page.js(names), sorted(support.TASTE))
            page.click("#dissection summary")
            page.wait("document.querySelector('#dissection table')")
            equal(page.js("document.querySelectorAll('#dissection tbody tr').length"), len(rows))
            page.js("document.querySelector('#dissection svg[tabindex]').focus()")
            page.key("ArrowDown")
            read = page.js("document.querySelector('[aria-live=polite].unseen').textContent")
            check(read.startswith("clear. plain: ") and "hasty: " in read, read)
            equal(page.js("document.querySelector('#tip .first').textContent"), "clear")
            # unticking a judge
            page.click("#chooser summary")
            page.click("#judges input")
            equal(len(downloaded(page, "dissection")), len(fits["columns"]))
            page.click("#judges input")
            for metric in ("pearson", "spearman", "l1", "l2"):
                page.choose("#similarity select", metric)
                one, = downloaded(page, "similarity")
                theirs = run("pdx-compare", *data, "--group", group.split(" (")[0], "--metric", metric,
                             "--format", "json").json()
                value = theirs["groups"][group.split(" (")[0]][metric][0][1]
                near(float(one[metric]), value, 1e-12, metric)
            for choice in ("raw", "kappa"):
                page.choose("#agreement select", choice)
            check(any(name.endswith(".csv") for name in os.listdir(f.at("saved"))), "a file was saved")


def test_decisions():
    with support.Folder() as f:
        data = arena_with_texts(f)
        path = report(f, *data)
        with opened(path) as page:
            page.js("document.querySelector('#pairs').scrollIntoView()")
            found = "document.querySelector('#pairs .hint').textContent"
            search = ("(() => {{ const s = document.querySelector('#pairs input[type=search]');"
                      "s.value = {!r}; s.dispatchEvent(new Event('input')); }})()")
            page.js(search.format("COFFEE"))
            page.wait(found + ".startsWith('40 of 160')")
            page.js(search.format("p7"))
            page.wait("document.querySelector('.pair-id').textContent === 'p7'")
            words = page.js("document.querySelector('#pairs .texts').innerText")
            check("question 7 about tea" in words and "m2" in words, words)
            judged = [json.loads(line) for line in open(f.at("judgments.jsonl"))]
            shown = page.js("[...document.querySelectorAll('#pairs .detail tbody tr')].slice(0, 2)"
                            ".map(r => [...r.children].map(c => c.textContent))")
            for row in shown:
                for column, order in ((1, "AB"), (2, "BA")):
                    winner, = [j["winner"] for j in judged if (j["pair"], j["judge"], j["order"])
                               == ("p7", row[0], order)]
                    equal(row[column], winner, f"{row[0]} {order}")
            group = "work" if 7 % 3 else "play"
            for judge in ("0", "1"):
                page.choose("#pairs .tools label:nth-child(2) select", judge)
                name = page.js("document.querySelector('#pairs .tools label:nth-child(2) select')"
                               ".selectedOptions[0].textContent")
                for order in ("", "AB", "BA"):
                    page.choose("#pairs .tools label:nth-child(3) select", order)
                    ours = page.js("(() => { const w = document.querySelector('#pairs .why').dataset;"
                                   "return [JSON.parse(w.shares), Number(w.probability)]; })()")
                    theirs = run("pdx-explain", *data, "--judge", name, "--group", group, "--pair",
                                 "p7", "--order", order or "none", "--format", "json").json()["pair"]
                    near(ours[1], theirs["probability"], 1e-9, "probability")
                    shares = dict(zip(support.TASTE, ours[0]))
                    for part in theirs["properties"]:
                        near(shares[part["property"]], part["share"], 1e-9, part["property"])
                page.wait("document.querySelector('#pairs .why svg')")
            page.js(search.format("nowhere to be found"))
            page.wait(found + ".startsWith('0 of')")
            page.js(search.format(""))
            for value in ("text", "split", "flip", "surprise"):
                page.choose("#pairs .tools select", value)
                check("NaN" not in page.js("document.querySelector('#pairs').innerText"), value)
            page.js("document.querySelector('#pairs .list').focus()")
            page.key("ArrowDown")


def test_published_study():
    folder, = support.data_set("gair", "fitted_paras_comparison")
    weights = {}
    for name in os.listdir(folder):
        group = name[len("model_"):-len("_fitted_paras.jsonl")]
        for line in open(os.path.join(folder, name)):
            row = json.loads(line)
            weights[group, row["model_name"]] = row["parameters"]
    judges = sorted({judge for _, judge in weights})
    scenarios = sorted({group for group, _ in weights if group[0].isupper()})
    with support.Folder() as f:
        path = report(f, "--weights", folder)
        check(os.path.getsize(path) < 2e6, "size")
        with opened(path) as page:
            check(page.js("document.querySelector('#about').textContent")
                  .startswith("33 judges · 16 groups"), "33 x 16")
            for value in range(-1, 16):
                page.choose("#group select", str(value))
                name = page.js("document.querySelector('#group select').selectedOptions[0].text")
                over = scenarios if value < 0 else [name]
                rows = downloaded(page, "similarity")
                equal(len(rows), 33 * 32 // 2, name)
                for row in rows:
                    all_of = [pearson(weights[g, row["a"]], weights[g, row["b"]]) for g in over]
                    near(float(row["pearson"]), math.fsum(all_of) / len(all_of), 1e-12, name)
            rows = downloaded(page, "dissection")
            check(rows and all(r["low"] == "" for r in rows), "means only")
            page.choose("#similarity label:nth-child(2) select", "name")
            equal(page.js("[...document.querySelectorAll('#similarity .name')].map(t => t.textContent)"
                          "[0].split(' ')[0]"), min(judges, key=str.lower))
            # a row moved by keyboard
            page.js("document.querySelector('#similarity svg[tabindex]').focus()")
            page.key("ArrowDown")
            page.key("ArrowDown", alt=True)
            equal(page.js("document.querySelector('#similarity label:nth-child(2) select').value"),
                  "own")


def test_hostile_texts():
    attack = ("</script><script>window.hit = 1</script><img src=x onerror='window.hit = 1'>"
              "<style>body{display:none}</style>&lt;b&gt;\u202eevil\u2066\u200b ${window.hit=1}")
    with support.Folder() as f:
        data = arena_with_texts(f, 30)
        rows = [json.loads(line) for line in open(f.at("pairs.jsonl"))]
        for row in rows:
            row.update(id=row["id"], query=attack, response_a=attack, response_b=attack[::-1],
                       model_a=attack, scenario=attack)
        f.write("pairs.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
        judged = [json.loads(line) for line in open(f.at("judgments.jsonl"))]
        for row in judged:
            row["judge"] = attack + row["judge"]
        f.write("judgments.jsonl", "".join(json.dumps(row) + "\n" for row in judged))
        path = report(f, *data, "--title", attack)
        with opened(path) as page:
            page.wait("document.querySelector('#pairs .texts .body')")
            equal(page.js("window.hit"), None, "nothing ran")
            equal(page.js("document.querySelectorAll('#pairs img, #pairs style, #pairs script').length"), 0)
            shown = page.js("document.querySelector('#pairs .texts .body').textContent")
            check(attack.split("\u202e")[0] in shown and "[U+202E]evil[U+2066][U+200B]" in shown, shown)
            check(page.js("getComputedStyle(document.body).display") != "none", "the page is seen")
            check("\u202e" not in page.js("document.body.innerText"), "nothing turns the text round")


def test_a_judge_is_added():
    with support.Folder() as f:
        data = arena_with_texts(f)
        support.fitted(*data, "--pool", "none", "-o", f.at("fits.json"))
        path = report(f, *data, "--fits", f.at("fits.json"))
        names = list(support.TASTE)
        features = [json.loads(line)["cmp"] for line in open(f.at("features.jsonl"))]
        labels = ["A" if sum(x) + (i % 3 - 1) > 0 else "B" for i, x in enumerate(features)]
        f.write("newcomer.json", json.dumps(labels))
        judged = [json.loads(line) for line in open(f.at("judgments.jsonl"))]
        f.write("again.jsonl", "".join(json.dumps({**row, "judge": "late"}) + "\n" for row in judged
                                       if row["judge"] == "hasty"))
        native = {fit["group"]: fit for fit in
                  support.fitted(*data[:-4], "--group-by", "scenario", "--pool", "none", "--labels",
                                 f.at("newcomer.json")).json()["fits"]}
        with open(f.at("fits.json"), encoding="utf-8") as file:
            hasty = {fit["group"]: fit for fit in json.load(file)["fits"]
                     if fit["judge"] == "hasty"}
        with opened(path) as page:
            status = "document.querySelector('#add [role=status]').textContent"
            if not page.js("document.getElementById('fitter').textContent.trim()"):
                check("clang" in page.js(status), "a build without the fit says what it lacked")
                raise support.Skip("this build has no fit for pages")
            page.files("#file", f.at("newcomer.json"))
            page.wait(status + ".startsWith('Added')")
            page.files("#file", f.at("again.jsonl"))
            page.wait(status + ".includes('late')")
            for value in ("0", "1"):
                page.choose("#group select", value)
                group = page.js("document.querySelector('#group select').selectedOptions[0].text")
                group = group.split(" (")[0]
                rows = downloaded(page, "dissection")
                seen = set()
                for row in rows:
                    fit = {"newcomer": native, "late": hasty}.get(row["judge"], {}).get(group)
                    if not fit:
                        continue
                    seen.add(row["judge"])
                    k = names.index(row["property"])
                    near(float(row["weight"]), fit["mean"][k], 1e-9, f"{row['judge']} in {group}")
                equal(seen, {"newcomer", "late"})
            rows = downloaded(page, "similarity")
            equal(len(rows), 6, "four judges")
            alike, = [r for r in rows if {r["a"], r["b"]} == {"hasty", "late"}]
            near(float(alike["pearson"]), 1, 1e-9, "the same judgments, the same tastes")
            # dropped anywhere on the page
            page.js("""(() => {
                const data = new DataTransfer();
                data.items.add(new File(['{"pair": "p0", "judge": "x", "winner": "C"}\\n'], 'broken.jsonl'));
                dispatchEvent(new DragEvent('drop', { dataTransfer: data, cancelable: true }));
            })()""")
            page.wait(status + ".startsWith('Not added')")
            check("broken.jsonl:1" in page.js(status) and "winner" in page.js(status), page.js(status))


def test_odd_studies():
    """One judge; one pair in a group; a judge without a group; no texts; a property that never
    differs: a page without NaN."""
    with support.Folder() as f:
        lines = ["a,b,y,judge,group"]
        for i in range(40):
            lines.append(f"{i % 3 - 1},0,{i % 2},solo,big")
        for name, text in (("one.csv", lines + ["1,0,1,solo,tiny"]),
                           ("two.csv", lines + ["1,0,1,other,big", "0,0,0,other,big"]),
                           ("flat.csv", ["a,y"] + ["0,1", "0,0"] * 5)):
            table = f.write(name, "\n".join(text) + "\n")
            path = report(f, "--table", table, name=name + ".html")
            with opened(path, width=390) as page:
                seen = page.js("document.body.innerHTML")
                check("NaN" not in seen.split("<script")[0], name)
                check(page.js("document.documentElement.scrollWidth") <= 390, "no sideways scrolling")
                for view in page.js("[...document.querySelectorAll('main > section')].map(s => s.id)"):
                    check(page.js(f"document.querySelector('#{view} .chart').children.length") > 0, view)


def test_looks():
    """Pictures for people to look at, and what can be checked of them: nothing is wider than the
    window, every control has a name, dark and print are styled."""
    with support.Folder() as f:
        run("pdx-simulate", "--pairs", 400, "-o", f.at("sim"))
        data = [part for name in ("pairs", "features", "judgments") for part in
                ("--" + name, f.at(f"sim/{name}.jsonl"))]
        path = report(f, *data, "--names", f.at("sim/schema.json"), "--group-by", "scenario",
                      "--truth", f.at("sim/truth.json"))
        os.makedirs(PICTURES, exist_ok=True)
        with opened(path) as page:
            for width, dark in ((1280, False), (1280, True), (390, False), (390, True)):
                page.call("Emulation.setEmulatedMedia", features=[
                    {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
                page.resize(width, 900)
                page.wait(f"document.querySelector('#dissection svg[tabindex]').clientWidth <= {width}")
                check(page.js("document.documentElement.scrollWidth") <= width, f"{width} wide")
                light = page.js("getComputedStyle(document.body).backgroundColor")
                equal(light == "rgb(255, 255, 255)", not dark, light)
                page.picture(os.path.join(
                    PICTURES, f"report-{width}-{'dark' if dark else 'light'}.png"), whole=True)
            nameless = page.js(
                "[...document.querySelectorAll('select, input, button, svg[tabindex], "
                "[role=listbox]')].filter(n => !(n.getAttribute('aria-label') || "
                "n.closest('label') || n.textContent.trim())).map(n => n.outerHTML)")
            equal(nameless, [], "controls without a name")
            page.call("Emulation.setEmulatedMedia", media="print")
            equal(page.js("getComputedStyle(document.querySelector('#bar')).display"), "none", "print")


def test_pictures_for_print():
    with support.Folder() as f:
        data = arena_with_texts(f)
        report(f, *data, "--svg", f.at("svg"))
        equal(sorted(os.listdir(f.at("svg"))), sorted(
            ["agreement.svg", "similarity-overall.svg"] + [f"{kind}-{group}.svg" for group in
             ("work", "play") for kind in ("dissection", "position", "similarity")]))
        for name in os.listdir(f.at("svg")):
            xml.dom.minidom.parse(os.path.join(f.at("svg"), name))


def test_bad_input():
    with support.Folder() as f:
        data = arena_with_texts(f, 30)
        support.fitted(*data, "-o", f.at("fits.json"))
        f.write("taste.csv", support.taste_table(60))
        support.fitted("--table", f.at("taste.csv"), "-o", f.at("taste.json"))
        f.write("other.csv", "x,y\n1,1\n-1,0\n0,1\n")
        support.fitted("--table", f.at("other.csv"), "-o", f.at("other.json"))
        before = f.names()
        refused(run("pdx-report", folder=f.path), 2, "--fits")
        refused(run("pdx-report", "--fits", f.at("absent.json"), folder=f.path), 2, "absent.json")
        refused(run("pdx-report", "--fits", f.at("pairs.jsonl"), folder=f.path), 2, "pairs.jsonl")
        refused(run("pdx-report", "--fits", f.at("other.json"), *data, folder=f.path), 2, "columns")
        refused(run("pdx-report", "--fits", f.at("fits.json"), "--fits", f.at("other.json"),
                    folder=f.path), 2, "columns")
        refused(run("pdx-report", "--fits", f.at("fits.json"), "--text-chars", 3, folder=f.path), 2,
                "--text-chars")
        refused(run("pdx-report", "--weights", f.path, folder=f.path), 2)
        refused(run("pdx-report", *data, "-o", f.at("no/such/folder.html")), 2, "no/such")
        equal(f.names(), before, "files")


support.main(globals())
