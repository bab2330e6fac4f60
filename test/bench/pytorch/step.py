"""Training steps of one contender on the processor: step.py peft|expert|package SIZE f32|bf16 BATCH STEPS [FOLDER]

SIZE is the name of a model in sizes.py, ctclip.py says what is needed, and FOLDER has the package of its spec. Prints the
seconds of each step, of which the first is a warm-up, the peak memory in bytes and the last loss as JSON. `step.py check SIZE FOLDER`
prints the losses of CT-CLIP with PEFT and of the package, on the same weights and inputs.
"""

import json
import os
import resource
import sys
import time

import contenders
import sizes
import torch


def steps(name, size, precision, batch, count, folder=None):
    given = sizes.inputs(size, int(batch), "cpu")
    if name == "package":
        step = contenders.package_step(folder, given, precision)
    else:
        step = contenders.reference_step(name, size, given, precision)
    seconds = []
    loss = None
    for _ in range(int(count) + 1):
        start = time.perf_counter()
        loss = step()
        seconds.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"seconds": seconds, "peakBytes": peak, "loss": loss}


def check(size, folder):
    peft, package = contenders.losses(size, folder, "cpu")
    return {"peft": peft, "package": package}


torch.manual_seed(0)
torch.set_num_threads(len(os.sched_getaffinity(0)))
print(json.dumps(check(*sys.argv[2:]) if sys.argv[1] == "check" else steps(*sys.argv[1:])))
