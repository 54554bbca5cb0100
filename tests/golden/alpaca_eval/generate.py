"""Length-controlled win rates of AlpacaEval's own code on ../shared/data/alpacaeval: the numbers of
golden.csv. Run by hand:

    python3 -m venv venv && venv/bin/pip install alpaca-eval==0.6.6
    venv/bin/python tests/golden/alpaca_eval/generate.py ../shared/data/alpacaeval > golden.csv

What stands in for what cannot be had offline:
- The set has no texts, so lengths are words, not characters: outputs are texts of that many letters.
- AlpacaEval's file of gamed baselines and difficulties is downloaded. "minimal" does not use it; for
  "difficulty" ("length_controlled_noreg") a made-up difficulty stands in its place, the number of
  words of the query over 20, minus one, which the test computes likewise. "length_controlled_v1"
  adds the gamed baselines' annotations as rows of weight 0.1: they are AlpacaEval's own data on its
  own 805 prompts and mean nothing on others.
"""
import json
import pathlib
import sys
import tempfile
import warnings

import numpy
import pandas
import sklearn

warnings.simplefilter("ignore")
from alpaca_eval.metrics import glm_winrate  # noqa: E402

root = pathlib.Path(sys.argv[1])


def lines(name):
    return [json.loads(line) for line in open(root / name)]


words = {row["id"]: (row["a"][0], row["b"][0]) for row in lines("features.jsonl")}
pairs = {row["id"]: row for row in lines("pairs.jsonl")}
queries = sorted({row["query"] for row in pairs.values()})
number = {query: i for i, query in enumerate(queries)}
difficulty = [len(query.split()) / 20 - 1 for query in queries]

folder = pathlib.Path(tempfile.mkdtemp())
pandas.DataFrame({"model": "none", "index": range(len(queries)), "instruction_difficulty": difficulty,
                  "preference": 0.5, "std_delta_len": 0.0, "not_gamed_baseline": False}
                 ).to_csv(folder / "df_gamed.csv", index=False)
glm_winrate.hf_hub_download = lambda **_: folder / "df_gamed.csv"


def chosen_c(fit):
    def wrapper(*args, **kwargs):
        model = fit(*args, **kwargs)
        wrapper.model = model
        return model
    return wrapper


glm_winrate.fit_LogisticRegressionCV = chosen_c(glm_winrate.fit_LogisticRegressionCV)

print("judge,model,glm,n,win_rate,length_controlled,weight_length,weight_model,weight_difficulty,c")
sets = {}
for row in lines("judgments.jsonl"):
    model = pairs[row["pair"]]["model_b"]
    preference = None
    if row.get("p_b") is not None:
        preference = 1 + row["p_b"]
    elif row["winner"]:
        preference = {"A": 1.0, "B": 2.0, "tie": 1.5}[row["winner"]]
    a, b = words[row["pair"]]
    sets.setdefault((row["judge"], model), []).append(
        {"index": number[pairs[row["pair"]]["query"]], "preference": preference, "output_1": "a" * a,
         "output_2": "b" * b, "generator_1": "baseline", "generator_2": model, "annotator": row["judge"]})
for (judge, model), rows in sorted(sets.items()):
    for name in ("minimal", "noreg"):
        frame = pandas.DataFrame(rows).set_index("index")
        result = glm_winrate.get_length_controlled_winrate(
            frame, glm_name=f"length_controlled_{name}", save_weights_dir=None,
            is_add_glm_preference_inplace=False, is_warn_extreme_changes=False)
        fitted = glm_winrate.fit_LogisticRegressionCV.model
        weights = dict(zip(fitted.feature_names_in_, fitted.coef_[0]))
        weight = [next((v for k, v in weights.items() if part in k), 0.0)
                  for part in ("std_delta_len", "not_gamed", "difficulty")]
        print(f"{judge},{model},{name},{len(rows)},{result['win_rate']:.6f},"
              f"{result['length_controlled_winrate']:.6f},"
              + ",".join(f"{w:.6f}" for w in weight) + f",{float(numpy.ravel(fitted.C_)[0]):.8g}")
print(f"# alpaca-eval 0.6.6, scikit-learn {sklearn.__version__}, numpy {numpy.__version__}, "
      f"pandas {pandas.__version__}")
