"""Compares evaluations that medctc made with scikit-learn's numbers for the same scores and labels.

Usage: check_metrics.py CASES. CASES is a JSON list of classes, scores, labels, threshold and evaluation.
"""

import json
import sys

import numpy
import sklearn
from sklearn.metrics import accuracy_score, auc, f1_score, precision_score, roc_auc_score, roc_curve

TOLERANCE = 1e-12


def same(found, expected):
    return found is not None and abs(found - expected) <= TOLERANCE


def check(case):
    """The names of the numbers that differ, and how many classes of the case have no AUROC."""
    truths = numpy.asarray(case["labels"], float)
    known = ~numpy.isnan(truths)
    labels = numpy.where(known, truths, 0).astype(int)
    scores = numpy.asarray(case["scores"], float)
    calls = (scores >= case["threshold"]).astype(int)
    wrong, aurocs, f1s, precisions = [], [], [], []
    for column, found in enumerate(case["evaluation"]["classes"]):
        truth, score, call = (each[known[:, column], column] for each in (labels, scores, calls))
        metrics = {name: metric["value"] for name, metric in found["metrics"].items()}
        if found["missing"] != len(labels) - len(truth):
            wrong.append("missing")
        if len(truth) == 0:
            if found["roc"] or any(value is not None for value in metrics.values()):
                wrong.append("numbers of a class without labels")
            continue
        expected = {
            "accuracy": accuracy_score(truth, call),
            "precision": precision_score(truth, call, zero_division=0),
            "f1": f1_score(truth, call, zero_division=0),
        }
        wrong += [name for name, value in expected.items() if not same(metrics[name], value)]
        f1s.append(expected["f1"])
        precisions.append(expected["precision"])
        if truth.min() == truth.max():
            if metrics["auroc"] is not None or found["roc"]:
                wrong.append("undefined auroc")
            continue
        aurocs.append(roc_auc_score(truth, score))
        if not same(metrics["auroc"], aurocs[-1]):
            wrong.append("auroc")
        rates = numpy.array([[point["falsePositives"], point["truePositives"]] for point in found["roc"]], float)
        rates /= [found["absent"], found["present"]]
        every = numpy.stack(roc_curve(truth, score, drop_intermediate=False)[:2], 1)
        on_curve = all(numpy.abs(every - point).max(1).min() <= TOLERANCE for point in rates)
        if not on_curve or not same(auc(rates[:, 0], rates[:, 1]), aurocs[-1]):
            wrong.append("roc")
    overall = {name: metric["value"] for name, metric in case["evaluation"]["overall"].items()}
    expected = {}
    if known.all():
        expected = {
            "accuracy": accuracy_score(labels.flatten(), calls.flatten()),
            "macroF1": f1_score(labels, calls, average="macro", zero_division=0),
            "microF1": f1_score(labels, calls, average="micro", zero_division=0),
            "macroPrecision": precision_score(labels, calls, average="macro", zero_division=0),
            "microPrecision": precision_score(labels, calls, average="micro", zero_division=0),
        }
    elif known.any():
        # Of several classes at once scikit-learn takes no gaps: micro averages are those of all cells as one class.
        expected = {
            "accuracy": accuracy_score(labels[known], calls[known]),
            "macroF1": float(numpy.mean(f1s)),
            "microF1": f1_score(labels[known], calls[known], zero_division=0),
            "macroPrecision": float(numpy.mean(precisions)),
            "microPrecision": precision_score(labels[known], calls[known], zero_division=0),
        }
    elif any(value is not None for value in overall.values()):
        wrong.append("numbers without labels")
    if aurocs:
        expected["meanAuroc"] = float(numpy.mean(aurocs))
    elif overall["meanAuroc"] is not None:
        wrong.append("undefined meanAuroc")
    wrong += [f"overall {name}" for name, value in expected.items() if not same(overall[name], value)]
    return wrong, labels.shape[1] - len(aurocs)


def main(path):
    with open(path, encoding="utf-8") as file:
        cases = json.load(file)
    results = [check(case) for case in cases]
    undefined = sum(count for _, count in results)
    failures = [(place, wrong) for place, (wrong, _) in enumerate(results) if wrong]
    print(
        f"scikit-learn {sklearn.__version__}: {len(cases)} evaluations, {undefined} classes without an AUROC, "
        f"{len(failures)} that differ by more than {TOLERANCE}"
    )
    if failures:
        sys.exit(str(failures[:10]))


main(sys.argv[1])
