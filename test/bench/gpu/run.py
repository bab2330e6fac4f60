"""Training steps of specs/medct.vlm on a GPU: the package that medctc writes, and CT-CLIP's own code with PEFT.

    medctc compile specs/medct.vlm --target pytorch -o PACKAGE
    CTCLIP_SRC=CT-CLIP python3 test/bench/gpu/run.py PACKAGE [--device cuda] [--batches 1 8] [--output results.json]

In bf16, on random weights: seconds a step, peak memory, and the share of the GPU's own rate of matrix products, which is measured first;
then the values of the package beside those that the processor computes. It takes less than eight minutes, and leaves out what would
take longer. It needs PyTorch 2.11 or newer, no network, test/bench/pytorch beside it, and for PEFT what ctclip.py there names; without
that, PEFT is left out. On a processor: --device cpu with the package of specs/medct-small.vlm.
"""

import argparse
import gc
import json
import os
import platform
import signal
import statistics
import sys
import time
from pathlib import Path

import torch
from torch.utils.flop_counter import FlopCounterMode

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "pytorch"))

import contenders  # noqa: E402
import sizes  # noqa: E402

# What has not ended after so many seconds is left out.
LIMIT = 450
WARM, TIMED = 2, 6


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("package")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--output", type=Path)
    given = parser.parse_args()
    began = time.monotonic()
    device = torch.device(given.device)
    size = contenders.model_in(given.package)
    results = {"torch": str(torch.__version__), "device": name_of(device), "model": size, "steps": []}
    torch.manual_seed(0)

    def keep():
        if given.output is not None:
            given.output.write_text(json.dumps(results, indent=2) + "\n")

    results["productRate"] = rate = product_rate(device)
    print(f"{results['device']}, PyTorch {results['torch']}; {size}, bf16", flush=True)
    print(f"matrix products in bf16: {rate / 1e12:.3g} TFLOP/s", flush=True)
    kinds = ["peft", "expert", "package"]
    if why_not := why_no_reference():
        print(f"without CT-CLIP's own code: {why_not}", flush=True)
        kinds = ["package"]
    results["values"] = values(given.package, size, device)
    keep()
    for what, each in results["values"].items():
        print(f"{what}: {each:.1e}", flush=True)
    runs = [(kind, batch) for batch in given.batches for kind in kinds]
    # What torch.compile takes is not known before: it comes last.
    if device.type == "cuda":
        runs += [("package, compiled", batch) for batch in given.batches]
    for kind, batch in runs:
        left = LIMIT - (time.monotonic() - began)
        measured = attempt(lambda kind=kind, batch=batch: measure(kind, size, given.package, batch, device), left)
        results["steps"].append({"kind": kind, "batch": batch, **measured})
        print(f"{kind}, batch {batch}: {line(measured)}", flush=True)
        keep()
    table(results)
    print(f"\n{time.monotonic() - began:.0f} s in all", flush=True)


def name_of(device):
    return torch.cuda.get_device_name(device) if device.type == "cuda" else f"CPU ({platform.machine()})"


def why_no_reference():
    if "CTCLIP_SRC" not in os.environ:
        return "CTCLIP_SRC is not set"
    try:
        import ctclip  # noqa: F401
    except ImportError as error:
        return str(error)
    return None


def wait_for(device):
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def seconds_of(act, device):
    wait_for(device)
    start = time.perf_counter()
    act()
    wait_for(device)
    return time.perf_counter() - start


def product_rate(device):
    """Floating-point operations a second of a product of two large random matrices, the best of ten."""
    side = 8192 if device.type == "cuda" else 1024
    a, b = (torch.randn(side, side, device=device, dtype=torch.bfloat16) for _ in range(2))
    for _ in range(3):
        a @ b
    return 2 * side**3 / min(seconds_of(lambda: a @ b, device) for _ in range(10))


def attempt(act, seconds):
    """What an act gives, or in words how it failed or that it took longer; memory is given back."""

    def late(*_):
        raise TimeoutError("left out, it would take too long")

    signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001))
    try:
        return act()
    except Exception as error:  # noqa: BLE001 - one that fails must not keep the others from being measured
        return {"failed": f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"}
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def measure(kind, size, folder, batch, device):
    given = sizes.inputs(size, batch, device)
    if kind.startswith("package"):
        step = contenders.package_step(folder, given, "bf16", compiled=kind == "package, compiled")
    else:
        step = contenders.reference_step(kind, size, given, "bf16")
    first = seconds_of(step, device)
    operations = None
    if kind != "package, compiled":
        with FlopCounterMode(display=False) as counter:
            step()
        operations = counter.get_total_flops()
    for _ in range(WARM):
        step()
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    times = [seconds_of(step, device) for _ in range(TIMED)]
    peak = torch.cuda.max_memory_allocated(device) if device.type == "cuda" else None
    return {"seconds": statistics.median(times), "times": times, "first": first, "peakBytes": peak, "operations": operations}


def values(folder, size, device):
    """How far the package's loss and gradients on the device are from the processor's, on a batch of two."""
    torch.manual_seed(1)
    model = contenders.package_model(folder, "cpu")
    trained = [each for each in model.parameters() if each.requires_grad]
    with torch.no_grad():
        for each in trained:
            # Adapters begin at zero, where half of the gradients are none.
            each.add_(0.02 * torch.randn_like(each))
    given = sizes.inputs(size, 2, "cpu")
    expected = loss_and_gradients(model, given, None)
    model.to(device)
    there = {name: each.to(device) for name, each in given.items()}
    found = {}
    for precision in ("f32", "bf16"):
        loss, gradients = loss_and_gradients(model, there, precision)
        found[f"loss in {precision}, from the processor's in f32"] = abs(loss - expected[0]) / max(abs(expected[0]), 1e-12)
        apart = torch.linalg.vector_norm(gradients - expected[1]) / torch.linalg.vector_norm(expected[1])
        found[f"gradients in {precision}, from the processor's in f32"] = apart.item()
    return found


def loss_and_gradients(model, given, precision):
    device = given["image"].device
    with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16"):
        loss = model.loss_of(given)
    trained = [each for each in model.parameters() if each.requires_grad]
    gradients = torch.autograd.grad(loss.float(), trained)
    return loss.item(), torch.cat([each.float().flatten().cpu() for each in gradients])


def line(measured):
    if "failed" in measured:
        return measured["failed"]
    memory = "" if measured["peakBytes"] is None else f", {measured['peakBytes'] / 1e9:.2f} GB"
    return f"{measured['seconds']:.4f} s a step{memory} (first {measured['first']:.1f} s)"


def table(results):
    """A row for each; the share of the product rate is of the fewest operations that any of them counts."""
    print("\n| batch | | s a step | peak GB | of PEFT's time | of its memory | of the product rate |\n|---|---|---|---|---|---|---|")
    for each in results["steps"]:
        if "failed" in each:
            continue
        same = [other for other in results["steps"] if other["batch"] == each["batch"] and "failed" not in other]
        peft = next((other for other in same if other["kind"] == "peft"), None)
        operations = min(other["operations"] for other in same if other["operations"])
        share = operations / each["seconds"] / results["productRate"]
        time_ratio = "" if peft is None else f"{each['seconds'] / peft['seconds']:.2f}"
        has_memory = each["peakBytes"] is not None
        memory_ratio = "" if peft is None or not has_memory else f"{each['peakBytes'] / peft['peakBytes']:.2f}"
        memory = f"{each['peakBytes'] / 1e9:.2f}" if has_memory else ""
        print(
            f"| {each['batch']} | {each['kind']} | {each['seconds']:.4f} | {memory} | {time_ratio} | {memory_ratio} "
            f"| {100 * share:.0f} % |"
        )


main()
