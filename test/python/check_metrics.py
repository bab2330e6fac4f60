"""Compares evaluations that medctc made with scikit-learn's numbers for the same scores and labels.

Usage: check_metrics.py CASES. CASES is a JSON list of classes, scores, labels, threshold and evaluation.
"""

import json
import sys
import warnings

import numpy
import sklearn
from sklearn.calibration import calibration_curve
from sklearn.metrics import (
    accuracy_score,
    auc,
    average_precision_score,
    balanced_accuracy_score,
    brier_score_loss,
    matthews_corrcoef,
    precision_recall_fscore_support,
    roc_curve,
)

TOLERANCE = 1e-12


def same(found, expected):
    return found is not None and abs(found - expected) <= TOLERANCE


def agree(found, expected):
    return found is None if expected is None else same(found, expected)


def calibration_error(truth, score):
    """The expected calibration error from scikit-learn's calibration curve, which says nothing of how many a bin has."""
    present, mean = calibration_curve(truth, score, n_bins=15, strategy="uniform")
    bins = numpy.searchsorted(numpy.linspace(0, 1, 16)[1:-1], score)
    return float(numpy.sum(numpy.bincount(bins)[numpy.unique(bins)] * numpy.abs(present - mean)) / len(score))


def of_class(truth, score, call):
    """The numbers of one class; None where there is no such number."""
    present, absent = truth.max() == 1, truth.min() == 0
    precisions, recalls, f1s, _ = precision_recall_fscore_support(truth, call, labels=[0, 1], zero_division=0)
    return {
        # As `roc_auc_score` makes it, which checks its input for as long as this takes.
        "auroc": auc(*roc_curve(truth, score)[:2]) if present and absent else None,
        "averagePrecision": average_precision_score(truth, score) if present else None,
        "brier": brier_score_loss(truth, score, pos_label=1) if present and absent else float(((score - truth) ** 2).mean()),
        "calibrationError": calibration_error(truth, score),
        "accuracy": accuracy_score(truth, call),
        "balancedAccuracy": balanced_accuracy_score(truth, call) if present and absent else None,
        "sensitivity": recalls[1] if present else None,
        "specificity": recalls[0] if absent else None,
        "precision": precisions[1],
        "f1": f1s[1],
        "mcc": matthews_corrcoef(truth, call) if present and absent else None,
    }


# Of several classes at once: the places of precision, recall and F1.
SEVERAL = {
    "micro": [("microPrecision", 0), ("microSensitivity", 1), ("microF1", 2)],
    "samples": [("samplesF1", 2)],
}


def over_classes(labels, calls, known):
    """The numbers of all calls together; those that scikit-learn takes of several classes at once are also of them so."""
    truth, call = labels[known], calls[known]
    precisions, recalls, f1s, _ = precision_recall_fscore_support(truth, call, labels=[0, 1], zero_division=0)
    # Of several classes at once scikit-learn takes no gaps.
    found = (labels * calls * known).sum(1)
    either = ((labels + calls) * known).sum(1)
    own = numpy.divide(2 * found, either, out=numpy.zeros(len(labels)), where=either > 0)
    expected = {
        "accuracy": accuracy_score(truth, call),
        "microF1": f1s[1],
        "microPrecision": precisions[1],
        "microSensitivity": recalls[1] if truth.max() == 1 else None,
        "microSpecificity": recalls[0] if truth.min() == 0 else None,
        "samplesF1": float(own[known.any(1)].mean()),
    }
    if known.all():
        labelled = labels.any()
        for average, names in SEVERAL.items():
            numbers = precision_recall_fscore_support(labels, calls, average=average, zero_division=0)
            for name, place in names:
                expected[name] = numbers[place] if labelled or place != 1 else None
    return expected


MEANS = {
    "meanAuroc": "auroc",
    "meanAveragePrecision": "averagePrecision",
    "brier": "brier",
    "calibrationError": "calibrationError",
    "balancedAccuracy": "balancedAccuracy",
    "macroSensitivity": "sensitivity",
    "macroSpecificity": "specificity",
    "macroPrecision": "precision",
    "macroF1": "f1",
    "mcc": "mcc",
}


def check(case):
    """The names of the numbers that differ, and how many classes of the case have no AUROC."""
    truths = numpy.asarray(case["labels"], float)
    known = ~numpy.isnan(truths)
    labels = numpy.where(known, truths, 0).astype(int)
    scores = numpy.asarray(case["scores"], float)
    calls = (scores >= case["threshold"]).astype(int)
    wrong, numbers, supports = [], [], []
    for column, found in enumerate(case["evaluation"]["classes"]):
        truth, score, call = (each[known[:, column], column] for each in (labels, scores, calls))
        metrics = {name: metric["value"] for name, metric in found["metrics"].items()}
        if found["missing"] != len(labels) - len(truth):
            wrong.append("missing")
        if len(truth) == 0:
            if found["roc"] or any(value is not None for value in metrics.values()):
                wrong.append("numbers of a class without labels")
            continue
        expected = of_class(truth, score, call)
        numbers.append(expected)
        supports.append(truth.sum())
        if metrics.keys() != expected.keys():
            wrong.append("names of metrics")
        wrong += [name for name, value in expected.items() if not agree(metrics[name], value)]
        if expected["auroc"] is None:
            if found["roc"]:
                wrong.append("roc of none")
            continue
        rates = numpy.array([[point["falsePositives"], point["truePositives"]] for point in found["roc"]], float)
        rates /= [found["absent"], found["present"]]
        every = numpy.stack(roc_curve(truth, score, drop_intermediate=False)[:2], 1)
        on_curve = all(numpy.abs(every - point).max(1).min() <= TOLERANCE for point in rates)
        if not on_curve or not same(auc(rates[:, 0], rates[:, 1]), expected["auroc"]):
            wrong.append("roc")
    overall = {name: metric["value"] for name, metric in case["evaluation"]["overall"].items()}
    if not known.any():
        if any(value is not None for value in overall.values()):
            wrong.append("numbers without labels")
        return wrong, labels.shape[1]
    expected = {}
    for name, metric in MEANS.items():
        defined = [each[metric] for each in numbers if each[metric] is not None]
        expected[name] = float(numpy.mean(defined)) if defined else None
    f1s = [each["f1"] for each in numbers]
    expected["weightedF1"] = float(numpy.average(f1s, weights=supports)) if sum(supports) > 0 else None
    # What scikit-learn itself makes of several classes at once takes the place of means.
    expected.update(over_classes(labels, calls, known))
    if overall.keys() != expected.keys():
        wrong.append("names over all")
    wrong += [f"overall {name}" for name, value in expected.items() if not agree(overall[name], value)]
    return wrong, labels.shape[1] - sum(each["auroc"] is not None for each in numbers)


def main(path):
    # Of classes that never occur and of constant calls.
    warnings.simplefilter("ignore")
    sklearn.set_config(assume_finite=True, skip_parameter_validation=True)
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
