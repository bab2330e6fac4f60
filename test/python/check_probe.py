"""Compares linear probes that medctc fitted with scikit-learn's on the same examples and folds.

Usage: check_probe.py CASES. CASES is a JSON object of `fits` and `nested`.
"""

import json
import sys

import numpy
import sklearn
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.preprocessing import StandardScaler

# Of coefficients, which a loss that is 1e-20 from the least still leaves; and of probabilities.
TOLERANCES = 1e-8, 1e-9


def logistic(strength):
    # L-BFGS of SciPy stops by how little losses change, some 1e-7 away in coefficients; this solver goes on.
    return LogisticRegression(C=1 / strength, solver="newton-cholesky", tol=1e-13, max_iter=1000)



def check_fit(case):
    """How far coefficients are apart."""
    model = logistic(case["strength"]).fit(numpy.asarray(case["latents"]), case["present"])
    expected = numpy.append(model.coef_[0], model.intercept_)
    return float(numpy.abs(expected - case["coefficients"]).max())


def check_nested(case):
    """How far probabilities are apart, and whether each strength is the one that is chosen."""
    latents = numpy.asarray(case["latents"])
    labels = numpy.asarray(case["labels"], float)
    folds = numpy.asarray(case["folds"])
    scores = numpy.asarray(case["scores"], float)
    apart, chosen = 0.0, True
    for column, found in enumerate(case["classes"]):
        known = ~numpy.isnan(labels[:, column])
        for fold in range(folds.max() + 1):
            losses = {}
            for strength in case["strengths"]:
                loss = 0.0
                for inner in set(folds.tolist()) - {fold}:
                    # Standardised by all that is fitted on, labelled or not.
                    rows = (folds != fold) & (folds != inner)
                    scaler = StandardScaler().fit(latents[rows])
                    model = logistic(strength).fit(scaler.transform(latents[rows & known]), labels[rows & known, column])
                    left = (folds == inner) & known
                    probabilities = model.predict_proba(scaler.transform(latents[left]))
                    loss += log_loss(labels[left, column], probabilities, labels=[0, 1], normalize=False)
                losses[strength] = loss
            best = min(losses, key=lambda strength: (losses[strength], -strength))
            chosen &= best == found["strengths"][fold]
            rows = folds != fold
            scaler = StandardScaler().fit(latents[rows])
            model = logistic(best).fit(scaler.transform(latents[rows & known]), labels[rows & known, column])
            expected = model.predict_proba(scaler.transform(latents[~rows]))[:, 1]
            apart = max(apart, float(numpy.abs(expected - scores[~rows, column]).max()))
    return apart, chosen


def main(path):
    with open(path, encoding="utf-8") as file:
        cases = json.load(file)
    fits = max(check_fit(case) for case in cases["fits"])
    nested = [check_nested(case) for case in cases["nested"]]
    apart = max(each for each, _ in nested)
    strengths = sorted({strength for case in cases["nested"] for each in case["classes"] for strength in each["strengths"]})
    print(
        f"scikit-learn {sklearn.__version__}: coefficients of {len(cases['fits'])} fits within {fits:.1e}, probabilities of "
        f"{len(nested)} nested choices within {apart:.1e}; strengths {strengths} were chosen"
    )
    if fits > TOLERANCES[0] or apart > TOLERANCES[1] or not all(chosen for _, chosen in nested):
        sys.exit(str([fits, nested]))


main(sys.argv[1])
