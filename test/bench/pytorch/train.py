"""A training as CT-CLIP's own trainer makes it, on its own data sets: train.py own|expert SIZE DATA f32|bf16 STEPS OUT STARTED

SIZE is the name of a model in sizes.py, DATA a folder in CT-RATE's layout, STARTED the seconds since 1970 at which this process was
started. One volume a step, read by a worker of PyTorch's DataLoader; zero-shot scores of the held-out volumes before the first step and
after the last one, with each prompt and each volume encoded once; after each evaluation the adapters and the optimizer's state are
saved. ctclip.py says what is needed, with pandas, nibabel and tqdm besides. Prints the seconds of each part and the peak memory as JSON.
"""

import json
import os
import resource
import sys
import time
import types
import warnings

import ctclip
import torch
import torch.nn.functional as F
from sizes import SIZES
from torch.utils.data import DataLoader
from transformers import BertTokenizer

warnings.filterwarnings("ignore")
TABLES = {"train": "train", "valid": "validation"}


def dataset(module, made, data, split, **labels):
    """CT-CLIP's own data set, of a file of its scripts."""
    names = types.ModuleType(module)
    path = os.path.join(os.environ["CTCLIP_SRC"], "scripts", f"{module}.py")
    with open(path, encoding="utf8") as file:
        exec(compile(file.read(), path, "exec"), names.__dict__)
    tables = [f"{data}/{TABLES[split]}_{each}.csv" for each in ("reports", "metadata")]
    return getattr(names, made)(f"{data}/{split}", *tables, **labels)


class Sized:
    """A data set whose volumes have the size of a smaller model, cut from their middle."""

    def __init__(self, volumes, size):
        self.volumes = volumes
        side = SIZES[size]["vision"]["image_size"]
        self.sizes = (SIZES[size]["frames"], side, side)

    def __len__(self):
        return len(self.volumes)

    def __getitem__(self, index):
        volume, report, *_ = self.volumes[index]
        for axis, size in enumerate(self.sizes, 1):
            volume = volume.narrow(axis, (volume.shape[axis] - size) // 2, size)
        return volume.contiguous(), report


def main(name, size, data, precision, steps, out, started):
    torch.manual_seed(0)
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    bf16 = torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16")
    length = SIZES[size]["length"]
    tokenizer = BertTokenizer(f"{data}/vocab.txt", do_lower_case=True)
    vocabulary = SIZES[size]["text"].get("vocab_size", 30522)
    base = ctclip.build(size, "cpu", tuned=name == "expert")
    trained = {name: each for name, each in base.named_parameters() if each.requires_grad}
    optimizer = torch.optim.AdamW(trained.values(), lr=1e-4, weight_decay=0.01)
    read = Sized(dataset("data", "CTReportDataset", data, "train"), size)
    labels = f"{data}/valid_predicted_labels.csv"
    held = Sized(dataset("data_inference_nii", "CTReportDatasetinfer", data, "valid", labels=labels), size)
    with open(labels, encoding="utf8") as file:
        classes = file.readline().strip().split(",")[1:]
    spent = {"steps": [], "waiting": 0.0, "evaluating": 0.0, "saving": 0.0, "volumes": len(held)}

    def tokens(texts):
        found = tokenizer(texts, return_tensors="pt", padding="max_length", truncation=True, max_length=length)
        return {"input_ids": found["input_ids"].clamp(max=vocabulary - 1), "attention_mask": found["attention_mask"]}

    @torch.no_grad()
    def evaluate():
        start = time.perf_counter()
        prompts = tokens([f"{each} is {not_}present." for each in classes for not_ in ("", "not ")])
        with bf16:
            hidden = base.text_transformer(**prompts)[0][:, 0]
            texts = F.normalize(base.to_text_latent(hidden), dim=-1)
            scores = []
            for volume, _ in DataLoader(held, num_workers=1):
                latent = base.visual_transformer(volume, return_encoded_tokens=True).mean(dim=1).flatten(1)
                image = F.normalize(base.to_visual_latent(latent), dim=-1)
                logits = (texts @ image.t()).view(-1, 2) * base.temperature.exp()
                scores.append(logits.float().softmax(-1)[:, 0])
        spent["evaluating"] += time.perf_counter() - start

    def save(step):
        start = time.perf_counter()
        state = {"adapters": {name: each.detach() for name, each in trained.items()}, "optimizer": optimizer.state_dict()}
        torch.save(state, f"{out}/step-{step}.pt")
        spent["saving"] += time.perf_counter() - start

    spent["starting"] = time.time() - float(started)
    evaluate()
    save(0)
    batches = iter(DataLoader(read, batch_size=1, shuffle=True, num_workers=1))
    for _ in range(int(steps)):
        start = time.perf_counter()
        volume, report = next(batches)
        spent["waiting"] += time.perf_counter() - start
        with bf16:
            loss = ctclip.loss_of(base, {"image": volume, **tokens(list(report))})
        optimizer.zero_grad()
        loss.float().backward()
        torch.nn.utils.clip_grad_norm_(trained.values(), 0.5)
        optimizer.step()
        loss.item()
        spent["steps"].append(time.perf_counter() - start)
    evaluate()
    save(steps)
    spent["peakBytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    spent["seconds"] = time.time() - float(started)
    print("\n" + json.dumps(spent))


main(*sys.argv[1:])
