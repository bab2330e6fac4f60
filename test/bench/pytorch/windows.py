"""Convolutions and pools over three axes, forward and backward, in PyTorch: windows.py CASES ROUNDS

CASES is a JSON file of shapes with the channels last; here they stand first, as PyTorch has them unless it is told
otherwise. Prints the milliseconds of each round of each case as JSON. Needs torch.
"""

import json
import os
import sys
import time

import torch
from torch.nn.functional import avg_pool3d, conv3d, max_pool3d


# Seconds after which a case gets no more rounds than three.
LIMIT = 5


def main(path, rounds):
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    with open(path) as file:
        cases = json.load(file)
    print(json.dumps({case["name"]: times(case, rounds) for case in cases}))


def times(case, rounds):
    batch, *sizes, channels = case["input"]
    x = torch.randn(batch, channels, *sizes, requires_grad=True)
    stride, padding = case["stride"], case["padding"]
    wanted = [x]
    if case["kind"] == "conv":
        weight = torch.randn(case["weight"], requires_grad=True)
        wanted.append(weight)
        forward = lambda: conv3d(x, weight, stride=stride, padding=padding, groups=case["groups"])
    else:
        pool = max_pool3d if case["kind"] == "max_pool" else avg_pool3d
        forward = lambda: pool(x, case["weight"], stride=stride, padding=padding)
    slopes = torch.randn_like(forward())
    found = []
    end = time.perf_counter() + LIMIT
    while len(found) < rounds and (len(found) < 3 or time.perf_counter() < end):
        start = time.perf_counter()
        torch.autograd.grad(forward(), wanted, slopes)
        found.append(1000 * (time.perf_counter() - start))
    return found


main(sys.argv[1], int(sys.argv[2]))
