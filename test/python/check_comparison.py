"""Compares DeLong's tests and corrected p that medctc made with MLstatkit's and statsmodels'.

Usage: check_comparison.py CASES. CASES is a JSON object of `aurocs` (labels, a, b, found) and `tests` (ps, holm, bh).
"""

import json
import sys

from MLstatkit import Delong_test
from statsmodels.stats.multitest import multipletests

TOLERANCE = 1e-12


def same(found, expected):
    return found is not None and abs(found - expected) <= TOLERANCE


def main(path):
    with open(path, encoding="utf-8") as file:
        cases = json.load(file)
    wrong, degenerate = [], 0
    for place, case in enumerate(cases["aurocs"]):
        found = case["found"]
        # What it draws where there is no variance must have both classes in at least one draw.
        answer = Delong_test(case["labels"], case["a"], case["b"], n_boot=100)
        z, p, _, _, a, b, info = answer
        if info["method"] != "delong":
            # Without variance MLstatkit draws instead.
            degenerate += 1
            if found["standardError"] > 1e-7:
                wrong.append(("variance", place))
            continue
        if not same(found["difference"], b - a):
            wrong.append(("difference", place))
        if not same(found["standardError"], info["var_diff"] ** 0.5) or not same(found["p"], p):
            wrong.append(("p", place))
    if degenerate > len(cases["aurocs"]) // 20:
        wrong.append(("degenerate", degenerate))
    for place, case in enumerate(cases["tests"]):
        for name, method in (("holm", "holm"), ("bh", "fdr_bh")):
            expected = multipletests(case["ps"], method=method)[1]
            if not all(same(*pair) for pair in zip(case[name], expected, strict=True)):
                wrong.append((name, place))
    print(
        f"{len(cases['aurocs'])} tests of two AUROCs ({degenerate} without variance), {len(cases['tests'])} corrections, "
        f"{len(wrong)} that differ by more than {TOLERANCE}"
    )
    if wrong:
        sys.exit(str(wrong[:10]))


main(sys.argv[1])
