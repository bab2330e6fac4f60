"""Compares retrieval that medctc evaluated with scikit-learn's and SciPy's numbers for the same latents.

Usage: check_retrieval.py CASES. CASES is a JSON list of images, reports, texts, recallAt and what was found in both directions.
"""

import json
import sys

import numpy
import sklearn
from scipy.stats import rankdata
from sklearn.metrics import label_ranking_average_precision_score
from sklearn.metrics.pairwise import cosine_similarity

TOLERANCE = 1e-12


def same(found, expected):
    return abs(found - expected) <= TOLERANCE


def wrong(found, scores, right, recall_at):
    """The names of numbers that differ. Rows look among columns."""
    ahead = numpy.array([rankdata(-row, method="max") for row in scores])
    # Right answers that are equal to the first one are not ahead of it.
    first = [
        1 + int(((row >= row[of].max()) & ~of).sum()) for row, of in zip(scores, right)
    ]
    assert all(rank <= row[of].min() for rank, row, of in zip(first, ahead, right))
    differ = []
    if found["ranks"] != first:
        differ.append("ranks")
    if not same(found["meanAveragePrecision"], label_ranking_average_precision_score(right, scores)):
        differ.append("meanAveragePrecision")
    if not same(found["medianRank"], numpy.median(first)):
        differ.append("medianRank")
    for k, recall in zip(recall_at, found["recall"]):
        if not same(recall, numpy.mean(numpy.array(first) <= k)):
            differ.append(f"recall at {k}")
    return differ


def check(case):
    texts = numpy.array(case["texts"])
    right = texts[:, None] == texts[None]
    scores = cosine_similarity(numpy.asarray(case["reports"]), numpy.asarray(case["images"]))
    # What is not exact is summed in another order here, and equal only where it is the same sum.
    scores = scores.round(12)
    directions = [(scores, right), (scores.T, right.T)]
    return [name for found, each in zip(case["found"], directions) for name in wrong(found, *each, case["recallAt"])]


def main(path):
    with open(path, encoding="utf-8") as file:
        cases = json.load(file)
    failures = [(place, differ) for place, differ in enumerate(map(check, cases)) if differ]
    several = sum(len(case["texts"]) - len(set(case["texts"])) for case in cases)
    print(
        f"scikit-learn {sklearn.__version__}: {len(cases)} retrievals, {several} examples with another's report, "
        f"{len(failures)} that differ by more than {TOLERANCE}"
    )
    if failures:
        sys.exit(str(failures[:10]))


main(sys.argv[1])
