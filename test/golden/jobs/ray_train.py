"""Run one training on a Ray cluster whose machines share a file system.

From the folder to which its paths belong:

    python RUN/jobs/ray_train.py [--nodes 2] [--processes 4] [--cpus 8] [--gpus 1]

If started again, the run resumes from its last checkpoint. MEDCTC is another command than medctc. The Python of the cluster needs
ray[train] and PyTorch.
"""

import argparse
import ctypes
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# A cluster that this starts sends no statistics of its use.
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"

import ray
import torch.distributed as dist
from ray.train import FailureConfig, RunConfig, ScalingConfig, get_context
from ray.train.torch import TorchConfig, TorchTrainer

SPEC = ["specs/medct.vlm", "--set", "train.batch=8"]
TRAIN = ["specs/medct.vlm", "--set", "train.batch=8", "--data", "ct rate", "--allow-missing", "heads.*", "to_*"]
RUN = "runs/medct"
PACKAGE = "medctc_model.medct.worker"
COMMAND = shlex.split(os.environ.get("MEDCTC", "medctc"))


def work(given):
    """What each worker of Ray does: it is one process of the training."""
    context = get_context()
    place = Path(tempfile.mkdtemp(prefix="medctc-")) if context.get_local_rank() == 0 else None
    try:
        take_part(given, context, place)
    finally:
        if place is not None:
            shutil.rmtree(place, ignore_errors=True)


def take_part(given, context, place):
    rank, local_rank = context.get_world_rank(), context.get_local_rank()
    own = {
        "node": context.get_node_rank(),
        "processes": context.get_local_world_size(),
        "place": place,
        "meeting": meeting() if rank == 0 else None,
    }
    every = [None] * context.get_world_size()
    dist.all_gather_object(every, own)
    nodes = len({each["node"] for each in every})
    if any(each["processes"] * nodes != len(every) for each in every):
        counts = {each["node"]: each["processes"] for each in every}
        raise RuntimeError(f"machines have different numbers of workers: {counts}; change --processes")
    link = next(each["place"] for each in every if each["node"] == own["node"] and each["place"]) / "link"
    if any(each["node"] != index // own["processes"] for index, each in enumerate(every)):
        raise RuntimeError("Ray numbered its workers in another order than its machines")
    host, port = every[0]["meeting"]
    environment = {
        **os.environ,
        "RANK": str(rank),
        "LOCAL_RANK": str(local_rank),
        "WORLD_SIZE": str(len(every)),
        "MASTER_ADDR": host,
        "MASTER_PORT": port,
        "MEDCTC_LINK": str(link),
        "PYTHONPATH": os.pathsep.join(filter(None, [given["packages"], os.environ.get("PYTHONPATH")])),
    }
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    medctc = None
    try:
        if place is not None:
            where = ["--nodes", nodes, "--node-rank", own["node"], "--processes", own["processes"]]
            words = [*given["train"], *map(str, where), "--attach", str(link)]
            medctc = subprocess.Popen(words, cwd=given["folder"], preexec_fn=lambda: end_with_parent(libc))
        if waited_for(link, medctc):
            subprocess.run([sys.executable, "-m", PACKAGE], cwd=given["folder"], env=environment, check=True)
        if medctc is not None and medctc.wait() != 0:
            raise RuntimeError(f"medctc ended with {medctc.returncode}")
    finally:
        if medctc is not None:
            medctc.terminate()
            medctc.wait()


def meeting():
    """A host and a port of this machine, where the processes meet."""
    with socket.socket() as free:
        free.bind(("", 0))
        return ray.util.get_node_ip_address(), str(free.getsockname()[1])


def end_with_parent(libc):
    """Has a process told to save and end when the one that started it has ended, however that was."""
    if libc is not None:
        libc.prctl(1, signal.SIGTERM)


def waited_for(link, medctc):
    """Whether medctc listens; it reads the data first. False when it ended, whose folder goes then."""
    while not link.exists():
        if not link.parent.exists() or (medctc is not None and medctc.poll() is not None):
            return False
        time.sleep(0.5)
    return True


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--nodes", type=int, default=2)
    parser.add_argument("--processes", type=int, default=4, help="on each machine")
    parser.add_argument("--cpus", type=float, default=8, help="for each process")
    parser.add_argument("--gpus", type=float, default=1, help="for each process")
    given = parser.parse_args()
    folder = Path.cwd()
    packages = folder / RUN / "jobs" / "package"
    words = ["compile", *SPEC, "--target", "pytorch", "-o", str(packages / "medctc_model")]
    subprocess.run([*COMMAND, *words], check=True, stdout=subprocess.DEVNULL)
    ray.init()
    trainer = TorchTrainer(
        work,
        train_loop_config={
            "folder": str(folder),
            "packages": str(packages),
            "train": [*COMMAND, "train", *TRAIN, "-o", RUN, "--resume", "--backend", "pytorch"],
        },
        # The workers of Ray agree on where theirs meet; these use GPUs, or not, by themselves.
        torch_config=TorchConfig(backend="gloo"),
        scaling_config=ScalingConfig(
            num_workers=given.nodes * given.processes,
            use_gpu=given.gpus > 0,
            resources_per_worker={"CPU": given.cpus, **({"GPU": given.gpus} if given.gpus > 0 else {})},
        ),
        run_config=RunConfig(
            name="ray",
            storage_path=str(folder / RUN / "jobs"),
            failure_config=FailureConfig(max_failures=3),
        ),
    )
    trainer.fit()


if __name__ == "__main__":
    main()
