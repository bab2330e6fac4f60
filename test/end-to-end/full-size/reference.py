"""CT-CLIP at full size by its own code: its model, its reading of data, and its tokenizer.

CTCLIP_SRC names a checkout of ibrahimethemhamamci/CT-CLIP. Needs torch, transformers, peft, einops,
vector-quantize-pytorch==1.1.2, beartype, pandas, nibabel and tqdm.
"""

import os
import sys
import types
import warnings

import torch
from transformers import BertTokenizer

warnings.filterwarnings("ignore", category=FutureWarning)
torch.set_num_threads(len(os.sched_getaffinity(0)))

# The benchmark's file builds the model.
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../bench/pytorch"))
import ctclip as bench  # noqa: E402


def model(weights=None):
    """The model with random values, or those of a checkpoint; without dropout."""
    torch.manual_seed(5)
    made = bench.reference()
    if weights is not None:
        made.load_state_dict(torch.load(weights, mmap=True))
    return made.eval()


def spread(made):
    """Larger values than the first ones, so that scores and gradients are not all alike."""
    with torch.no_grad():
        for name, parameter in made.named_parameters():
            if parameter.ndim > 1 and "text_transformer" not in name:
                parameter.mul_(1.5)
        made.temperature.fill_(1.3)


def volumes(data, split):
    """Volumes with reports as CT-CLIP's inference reads them: [1, 240, 480, 480], text, labels, name."""
    made = types.ModuleType("data_inference_nii")
    path = os.path.join(os.environ["CTCLIP_SRC"], "scripts/data_inference_nii.py")
    with open(path, encoding="utf8") as file:
        exec(compile(file.read(), path, "exec"), made.__dict__)
    tables = {"train": "train", "valid": "validation"}[split]
    read = made.CTReportDatasetinfer(
        f"{data}/{split}",
        f"{data}/{tables}_reports.csv",
        f"{data}/{tables}_metadata.csv",
        labels=f"{data}/{split}_predicted_labels.csv",
    )
    assert len(read) > 0, f"no volumes in {data}/{split}"
    return [read[index] for index in range(len(read))]


def tokens(data, texts):
    tokenizer = BertTokenizer(f"{data}/vocab.txt", do_lower_case=True)
    return tokenizer(texts, return_tensors="pt", padding="max_length", truncation=True, max_length=512)


def margins(vectors, codebook):
    """By how much the best codebook entry of each token leads, in cosine: [tokens]."""
    unit = torch.nn.functional.normalize
    vectors, codebook = unit(vectors.double(), dim=-1), unit(codebook.double(), dim=-1)
    best = torch.cat([(piece @ codebook.t()).topk(2, -1).values for piece in vectors.split(1024)])
    return best[:, 0] - best[:, 1]
