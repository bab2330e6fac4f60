"""CT-CLIP's own reading and preprocessing of one volume: preprocess.py FILE ROUNDS

Needs CTCLIP_SRC, a checkout of CT-CLIP, and torch, nibabel, pandas and tqdm. Prints the seconds of each round, the peak
memory and the mean as JSON.
"""

import json
import os
import resource
import sys
import time

import pandas
import torch


def main(path, rounds):
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    source = os.path.join(os.environ["CTCLIP_SRC"], "scripts/data_inference_nii.py")
    names = {}
    with open(source) as script:
        exec(compile(script.read(), source, "exec"), names)
    row = {"VolumeName": os.path.basename(path), "RescaleSlope": 1, "RescaleIntercept": 0}
    table = pandas.DataFrame([{**row, "XYSpacing": "[0.7, 0.7]", "ZSpacing": 1.0}])
    seconds = []
    for _ in range(rounds):
        start = time.time()
        volume = names["CTReportDatasetinfer"].nii_img_to_tensor(None, path, table)
        seconds.append(time.time() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "peakBytes": peak, "mean": float(volume.double().mean())}))


main(sys.argv[1], int(sys.argv[2]))
