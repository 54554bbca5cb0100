"""Similarity, agreement, explanations, effects, ratings, power: shapes, and numbers worked out here."""
import itertools
import unittest

import numpy as np

import prefdissect as pdx


def sigmoid(x):
    return 1 / (1 + np.exp(-np.asarray(x, dtype=float)))


class OfStudies(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.data, cls.judgments, cls.truth = pdx.simulate(pairs=400, scenarios=2)
        cls.study = pdx.Study.fit(cls.data, cls.judgments, prior_scale=0.3)

    def test_similarity(self):
        with self.study.similarity(draws=100) as similarity:
            self.assertEqual(similarity.judges, self.study.judges)
            self.assertEqual(similarity.groups, self.study.groups)
            self.assertEqual(similarity.scenarios, self.study.groups)
            group = similarity.groups[1]
            means = [self.study[judge, group].mean for judge in similarity.judges]
            np.testing.assert_allclose(similarity.matrix(group=group), np.corrcoef(means), atol=1e-12)
            l1 = [[-np.abs(a - b).mean() for a in means] for b in means]
            np.testing.assert_allclose(similarity.matrix("l1", group), l1, atol=1e-12)
            mean, low, high = similarity.interval()
            self.assertTrue((low <= mean).all() and (mean <= high).all())
            linkage, order = similarity.cluster()
            self.assertEqual((linkage.shape, sorted(order)), ((2, 4), [0, 1, 2]))
            self.assertEqual(linkage[-1, 3], 3)
            for wrong, kind in ((("cosine",), ValueError), (("l1", "nowhere"), KeyError)):
                with self.assertRaises(kind):
                    similarity.matrix(*wrong)
            overall = similarity.matrix()
        self.assertEqual(overall.shape, (3, 3))  # the view outlives the handle
        self.assertIsNone(self.truth.similarity().interval())
        self.assertIn("weights", self.truth.similarity().note)

    def test_nearer(self):
        a, b, c = self.study.judges
        one, other = self.study.nearer(a, b, c), self.study.nearer(a, c, b)
        self.assertAlmostEqual(one + other, 1, places=12)
        with self.assertRaises(pdx.InvalidError):
            self.truth.nearer(a, b, c)

    def test_agreement(self):
        one = self.judgments.agreement(self.data, "human", "model-strong")
        group = self.study.groups[0]
        everyone = self.judgments.agreement_all(self.data, group=group)
        self.assertEqual(everyone["human", "human"].raw_decided.value, 1)
        self.assertEqual(everyone["human", "model-weak"], everyone["model-weak", "human"])
        self.assertLess(everyone["human", "model-weak"].pairs, one.pairs)
        verdicts = {}
        rows = self.judgments.to_arrays()
        for judge, pair, winner in zip(rows["judge"], rows["pair"], rows["winner"]):
            verdicts.setdefault((judge, pair), []).append(winner)
        same = []
        for pair in range(len(self.data)):
            sides = []
            for judge in ("human", "model-strong"):
                said = verdicts[judge, pair]
                a, b = said.count("A"), said.count("B")
                sides.append("A" if a > b else "B" if b > a else "tie")
            same.append(sides[0] == sides[1])
        self.assertAlmostEqual(one.raw.value, np.mean(same))
        alpha = self.judgments.alpha(self.data, ["human", "model-strong"])
        self.assertAlmostEqual(alpha.value, one.alpha.value)
        weak = self.judgments.consistency(self.data, "model-weak")
        rates = self.judgments.rates(self.data, "model-weak")
        self.assertAlmostEqual(weak.first.value, rates.p_first)
        self.assertAlmostEqual(weak.consistent.value + weak.flip.value, 1)

    def test_effects(self):
        fit = self.study["model-strong", self.study.groups[0]]
        table = fit.effects(self.data, self.judgments)
        self.assertEqual(list(table["property"]), list(fit.columns))
        np.testing.assert_allclose(table["joint"], fit.mean, atol=1e-12)
        pairs = self.data.groups[fit.group]
        self.assertTrue((np.asarray(table["wins_n"]) <= 2 * len(pairs)).all())
        self.assertTrue((np.asarray(table["inflation"]) >= 1).all())

    def test_surprising(self):
        fit = self.study["human", self.study.groups[0]]
        table = fit.surprising(self.data, self.judgments, 5)
        self.assertEqual(len(table), 5)
        y, p = np.asarray(table["y"]), np.asarray(table["probability"])
        np.testing.assert_allclose(np.log(np.where(y == 1, p, 1 - p)), table["log_score"], rtol=1e-6)
        self.assertTrue((np.diff(table["log_score"]) >= 0).all())
        self.assertEqual(self.data.find(list(table["id"])[0]), list(table["pair"])[0])
        self.assertEqual(len(fit.surprising(self.data, self.judgments, 0)), 0)


class Decisions(unittest.TestCase):
    def test_shapley_is_the_mean_over_orders(self):
        parts, start = np.array([1.5, -0.5, 0.25]), 0.3
        expected = np.zeros(3)
        for order in itertools.permutations(range(3)):
            at = start
            for player in order:
                expected[player] += (sigmoid(at + parts[player]) - sigmoid(at)) / 6
                at += parts[player]
        np.testing.assert_allclose(pdx.shapley(parts, start), expected, atol=1e-12)

    def test_explanation(self):
        data, judgments, _ = pdx.simulate(pairs=300, scenarios=1)
        study = pdx.Study.fit(data, judgments, prior_scale=0.3)
        pair = int(np.flatnonzero(np.abs(data.values).sum(axis=1))[0])
        why = study.explain(data, data.id(pair), judge="model-weak")
        fit = study["model-weak", study.groups[0]]
        np.testing.assert_allclose(why.parts, fit.mean * data.row(pair), atol=1e-12)
        self.assertAlmostEqual(why.probability, sigmoid(why.log_odds))
        self.assertAlmostEqual(why.start + why.shares.sum(), why.probability)
        self.assertLess(why.probability_low, why.probability_high)
        first = fit.explain(data.row(pair), order="AB", draws=0)
        self.assertGreater(first.start, 0.5)
        self.assertTrue(np.isnan(first.probability_low))
        self.assertEqual(len(why.to_pandas()), 29)
        for wrong in ({"order": "AA"}, {"draws": -1}):
            with self.assertRaises(ValueError):
                fit.explain(data.row(pair), **wrong)
        with self.assertRaises(ValueError):
            fit.explain([1.0])


class Models(unittest.TestCase):
    def test_rating(self):
        names = ("best", "good", "poor")
        numbers = np.random.default_rng(3)
        rows, winners = [], []
        for i in range(240):
            a, b = numbers.choice(3, 2, replace=False)
            rows.append({"id": f"p{i}", "response_a": "word " * int(numbers.integers(1, 30)),
                         "response_b": "word " * int(numbers.integers(1, 30)),
                         "model_a": names[a], "model_b": names[b]})
            winners.append("A" if numbers.random() < sigmoid(1.2 * (b - a)) else "B")
        rows.append({"id": "same", "response_a": "x", "response_b": "y", "model_a": "good",
                     "model_b": "good"})
        data, judgments = pdx.Dataset.from_records(rows), pdx.Judgments()
        judgments.append("ann", np.arange(241), winner=winners + ["A"])
        with pdx.Rating.fit(data, judgments) as rating:
            self.assertEqual(rating.names, names)
            self.assertEqual((rating.left_out, len(rating)), (1, 3))
            best, poor = rating["best"], rating[2]
            self.assertGreater(best.low, poor.high)
            difference = rating.contrast("best", "poor")
            self.assertAlmostEqual(difference.mean, best.strength - poor.strength)
            self.assertGreater(difference.prob_greater, 0.999)
            self.assertEqual(rating.properties.columns, data.properties)
            self.assertEqual(list(rating.to_pandas()["name"]), list(names))
            with self.assertRaises(KeyError):
                rating["none"]
        with self.assertRaises(pdx.InvalidError):
            pdx.Rating.fit(pdx.Dataset.from_records(rows[-1:]), judgments)

    def test_power(self):
        power = pdx.Power(effect=0.5, differs=0.5, power=0.9)
        self.assertAlmostEqual(power.of(power.pairs), 0.9, places=2)
        seen = power.simulated(int(power.pairs), 40)
        self.assertGreater(seen.value, 0.7)
        self.assertEqual(seen.n, 40)
        data, judgments, truth = pdx.simulate(pairs=400, scenarios=1)
        like = pdx.Power.like(data, "length", truth[0], effect=0.5)
        differs = (data["length"] != 0).mean()
        self.assertAlmostEqual(like._struct()[0].differs, differs, places=6)
        with self.assertRaises(KeyError):
            pdx.Power.like(data, "beauty")
        with self.assertRaises(TypeError):
            pdx.Power(efect=1)
        with self.assertRaises(pdx.InvalidError):
            pdx.Power(shared=2).pairs
