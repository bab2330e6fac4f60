"""
Processes of a training do what medctc tells them over its socket, which a few lines stand for here: they train, keep and give back
the state of every optimizer, encode, stop, and end when they should, whatever happens to one of them.
"""

import json
import os
import queue
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager

import torch
import torch.multiprocessing as mp
from check_step import AFTER, batch_of, free_port, model_of, near, package, plain_steps
from safetensors.torch import save_file

FORMS = {"f32": ("f", torch.float32), "i32": ("i", torch.int32)}
PATIENCE_SECONDS = 300


class Medctc:
    """The other end of the socket: answers what processes ask for and tells process 0 what to do."""

    def __init__(self, world, rows=None):
        self.world = world
        self.rows = rows or (lambda rank, asked: None)
        self.told = queue.Queue()
        self.links = {}
        self.path = os.path.join(tempfile.mkdtemp(dir=sys.path[0]), "link")
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(self.path)
        self.server.listen()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        for _ in range(self.world):
            link, _ = self.server.accept()
            threading.Thread(target=self.hear, args=(link,), daemon=True).start()

    def hear(self, link):
        rank = None
        try:
            while True:
                header, tensors = receive(link)
                if header["kind"] == "hello":
                    assert set(header) == {"kind", "rank", "world", "local_rank", "device", "torch", "tensors"}
                    assert header["world"] == self.world and header["torch"] == torch.__version__
                    rank = header["rank"]
                    self.links[rank] = link
                elif header["kind"] == "rows":
                    send(link, *(self.rows(rank, header) or answer(header)))
                    continue
                self.told.put((rank, header, tensors))
        except OSError:
            self.told.put((rank, {"kind": "gone"}, {}))

    def next(self, *kinds):
        """What is told next of these kinds, by whom."""
        while True:
            rank, header, tensors = self.told.get(timeout=PATIENCE_SECONDS)
            if header["kind"] in kinds:
                return rank, header, tensors
            assert header["kind"] != "error", header["traceback"]

    def ready(self):
        for _ in range(self.world):
            self.next("hello")
        assert set(self.links) == set(range(self.world))
        return self

    def ask(self, kind, tensors=None, **fields):
        send(self.links[0], {"kind": kind, **fields}, tensors or {})
        answers = {
            "open": ["done"],
            "store": ["done"],
            "step": ["stepped", "stopped"],
            "encode": ["values"],
            "read": ["values"],
        }
        return self.next(*answers[kind])[1:]

    def step(self, step, batch=8, micro=8, gradients=False):
        return self.ask("step", step=step, batch=batch, micro=micro, gradients=gradients)

    def open(self, weights, steps_per_epoch=1):
        return self.ask("open", weights=weights, seed=3, steps=10, steps_per_epoch=steps_per_epoch, threads=1)


def send(link, header, tensors):
    names = {torch.float32: "f32", torch.int32: "i32"}
    listed = [{"name": n, "dtype": names[t.dtype], "shape": list(t.shape)} for n, t in tensors.items()]
    text = json.dumps({**header, "tensors": listed}).encode()
    data = b"".join(t.detach().contiguous().numpy().tobytes() for t in tensors.values())
    link.sendall(struct.pack("<I", len(text)) + text + data)


def receive(link):
    def exactly(count):
        data = b""
        while len(data) < count:
            more = link.recv(min(count - len(data), 65536))
            if not more:
                raise ConnectionError
            data += more
        return data

    header = json.loads(exactly(struct.unpack("<I", exactly(4))[0]))
    tensors = {}
    for each in header["tensors"]:
        letter, dtype = FORMS[each["dtype"]]
        count = torch.Size(each["shape"]).numel()
        numbers = struct.unpack(f"<{count}{letter}", exactly(4 * count))
        tensors[each["name"]] = torch.tensor(numbers, dtype=dtype).reshape(each["shape"])
    return header, tensors


def answer(asked, rows=8):
    whole = batch_of(asked["step"], rows)
    first, end = asked["from"], asked["from"] + asked["count"]
    return {"kind": "rows"}, {name: each if name == "balance" else each[first:end] for name, each in whole.items()}


def be_worker(rank, world, port, path, change):
    os.environ.update(RANK=str(rank), WORLD_SIZE=str(world), LOCAL_RANK=str(rank), MEDCTC_LINK=path)
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    from pair import worker

    if change is not None:
        change(rank)
    worker.main()


@contextmanager
def workers(world, rows=None, change=None):
    """Processes that have said hello; at the end they must have ended, with their statuses in `ended`."""
    medctc = Medctc(world, rows)
    context = mp.get_context("fork")
    port = free_port()
    started = [
        context.Process(target=be_worker, args=(rank, world, port, medctc.path, change)) for rank in range(world)
    ]
    for each in started:
        each.start()
    medctc.processes = started
    medctc.ended = lambda: [each.join(PATIENCE_SECONDS) or each.exitcode for each in started]
    try:
        yield medctc.ready()
        statuses = medctc.ended()
        assert None not in statuses, f"{statuses}: a process goes on"
    finally:
        for each in started:
            each.kill()


def write_weights(folder):
    path = os.path.join(folder, "weights.safetensors")
    save_file(model_of("contrastive").state_dict(), path)
    return path


def check_training(folder):
    told, after, averages = plain_steps("contrastive", 8)
    weights = write_weights(folder)
    stops = {}

    def rows(rank, asked):
        return ({"kind": "stop", "reason": "a volume is bad"}, {}) if stops.pop(rank, False) else None

    with workers(3, rows) as medctc:
        medctc.open(weights)
        os.unlink(weights)
        for rank, (expected, gradients) in enumerate(told):
            # Ctrl-C and the end of a job reach all processes: medctc decides what comes of it.
            os.kill(medctc.processes[rank].pid, signal.SIGTERM)
            os.kill(medctc.processes[rank].pid, signal.SIGINT)
            stops[2 - rank] = True
            header, _ = medctc.step(rank, micro=2)
            assert header == {"kind": "stopped", "reason": "a volume is bad", "tensors": []}, header
            header, tensors = medctc.step(rank, micro=2, gradients=True)
            near("loss", header["loss"], expected["loss"])
            near("norm", header["gradient_norm"], expected["norm"])
            near("rate", header["learning_rate"], expected["rate"])
            assert set(header["metrics"]) == {"accuracy", "loss/pair", "loss/decay"}
            given = {name.removeprefix("gradient:pair."): each for name, each in tensors.items()}
            # Those of the group that is frozen in the first epoch are zeros.
            assert {name for name, each in given.items() if each.any()} == set(gradients)
            for name, each in gradients.items():
                near(name, given[name], each)
        _, state = medctc.ask("read")
        assert {name.split(":")[-1] for name in state} == {f"pair.{name}" for name in averages}
        for name, each in averages.items():
            near(name, state[f"pair.{name}"], after[name], AFTER)
            near(name, state[f"average:pair.{name}"], each, AFTER)
        model = model_of("contrastive").eval()
        model.load_state_dict({name: averages.get(name, each) for name, each in after.items()})
        images = {"image": batch_of(0, 5)["image"]}
        _, values = medctc.ask("encode", images, outputs=["image", "scale"])
        expected = model.encode(["image", "scale"], images)
        assert list(values) == list(expected)
        for name, each in expected.items():
            near(name, values[name], each, AFTER)
        _, again = medctc.ask("read")
        assert all(torch.equal(state[name], again[name]) for name in state), "encoding changes nothing"
        send(medctc.links[0], {"kind": "quit"}, {})
        assert medctc.ended() == [0, 0, 0]


def check_state(folder, kind, slots):
    """A training that goes on from what it gave back is the same to the bit, in every optimizer."""
    from pair import optimizer

    def choose(_):
        optimizer.chosen = kind

    weights = write_weights(folder)
    with workers(1, change=choose) as medctc:
        medctc.open(weights, steps_per_epoch=3)
        states = []
        for step in range(5):
            medctc.step(step)
            states.append(medctc.ask("read")[1])
        assert {name.split(":")[0] for name in states[0] if ":" in name} == {*slots, "average"}, kind
        for done in 2, 4:
            medctc.open(weights, steps_per_epoch=3)
            medctc.ask("store", states[done - 1], step=done)
            found = [medctc.ask("read")[1]]
            for step in range(done, 5):
                medctc.step(step)
                found.append(medctc.ask("read")[1])
            for expected, state in zip(states[done - 1 :], found, strict=True):
                assert list(state) == list(expected)
                for name, each in expected.items():
                    assert torch.equal(state[name], each), f"{kind}: {name} after {done}"
        medctc.ask("store", {"pair.mix.weight": torch.ones(5, 4)}, step=5)
        changed = medctc.ask("read")[1]
        assert [name for name in changed if not torch.equal(changed[name], states[-1][name])] == ["pair.mix.weight"]
        send(medctc.links[0], {"kind": "store", "step": 5}, {"pair.mix.weight": torch.ones(4, 5)})
        _, header, _ = medctc.next("error")
        assert "pair.mix.weight has the shape [4, 5], not [5, 4]" in header["message"], header


def check_not_finite(folder):
    def rows(rank, asked):
        header, tensors = answer(asked)
        return header, {**tensors, "image": tensors["image"] * float("nan")}

    with workers(1, rows) as medctc:
        medctc.open(write_weights(folder))
        header, _ = medctc.step(0)
        assert header["loss"] == header["gradient_norm"] == "NaN", header
        send(medctc.links[0], {"kind": "quit"}, {})


def check_error(folder):
    """What goes wrong in one process is told first, and none is left."""

    def rows(rank, asked):
        header, tensors = answer(asked)
        return header, {**tensors, "image": tensors["image"][:, :4]} if rank == 1 else tensors

    with workers(3, rows) as medctc:
        medctc.open(write_weights(folder))
        send(medctc.links[0], {"kind": "step", "step": 0, "batch": 8, "micro": 8, "gradients": False}, {})
        rank, header, _ = medctc.next("error")
        assert rank == 1 and "shapes cannot be multiplied" in header["message"], header
        assert "in embed" in header["traceback"] and header["out_of_memory"] is False, header
        for _ in range(2):
            _, header, _ = medctc.next("error")
            assert "lost the others" in header["message"], header
        assert medctc.ended() == [1, 1, 1]


def check_wrong_weights(folder):
    path = os.path.join(folder, "other.safetensors")
    state = model_of("contrastive").state_dict()
    save_file({"other" if name == "pair.mix.weight" else name: each for name, each in state.items()}, path)
    with workers(2) as medctc:
        send(
            medctc.links[0],
            {"kind": "open", "weights": path, "seed": 0, "steps": 1, "steps_per_epoch": 1, "threads": 1},
            {},
        )
        _, header, _ = medctc.next("error")
        assert (
            header["message"] == f"{path} does not have this model's weights: missing pair.mix.weight, unexpected other"
        ), header


def check_memory(folder):
    def change(rank):
        from pair import worker

        def load(*given):
            raise torch.OutOfMemoryError("CUDA out of memory")

        worker.load_model = load

    with workers(1, change=change) as medctc:
        send(
            medctc.links[0],
            {"kind": "open", "weights": "w", "seed": 0, "steps": 1, "steps_per_epoch": 1, "threads": 1},
            {},
        )
        _, header, _ = medctc.next("error")
        assert header["out_of_memory"] is True, header


def check_lost_socket(folder):
    """Processes end with medctc, also while one computes and others wait for it."""
    began = threading.Event()

    def rows(rank, asked):
        if rank == 1:
            began.set()
            time.sleep(PATIENCE_SECONDS)
        return None

    with workers(2, rows) as medctc:
        medctc.open(write_weights(folder))
        send(medctc.links[0], {"kind": "step", "step": 0, "batch": 8, "micro": 8, "gradients": False}, {})
        assert began.wait(PATIENCE_SECONDS)
        for link in medctc.links.values():
            link.shutdown(socket.SHUT_RDWR)
        assert medctc.ended() == [1, 1]
    with workers(2) as medctc:
        medctc.open(write_weights(folder))
        # On a machine of its own: it ends while it waits for others, and these hear of it.
        medctc.links[1].shutdown(socket.SHUT_RDWR)
        assert medctc.next("gone")[0] == 1
        medctc.processes[1].join(PATIENCE_SECONDS)
        assert medctc.processes[1].exitcode == 1
        send(medctc.links[0], {"kind": "step", "step": 0, "batch": 8, "micro": 8, "gradients": False}, {})
        rank, header, _ = medctc.next("error")
        assert rank == 0 and "lost the others" in header["message"], header


def check_torchrun(folder):
    medctc = Medctc(2)
    command = [
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--nproc-per-node",
        "2",
        "--standalone",
        "-m",
        "pair.worker",
    ]
    started = subprocess.Popen(
        command, env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": folder, "MEDCTC_LINK": medctc.path}
    )
    try:
        medctc.ready().open(write_weights(folder))
        told, _, _ = plain_steps("contrastive", 8)
        near("loss", medctc.step(0)[0]["loss"], told[0][0]["loss"])
        send(medctc.links[0], {"kind": "quit"}, {})
        assert started.wait(PATIENCE_SECONDS) == 0
    finally:
        started.kill()


def check_frames():
    from pair.link import ProtocolError, parse_header

    for wrong in (
        b"",
        b"[]",
        b'{"kind": "step"}',
        b'{"tensors": []}',
        b'{"kind": "x", "tensors": [{"name": "a", "dtype": "f64", "shape": []}]}',
        b'{"kind": "x", "tensors": [{"name": "a", "dtype": "f32", "shape": [-1]}]}',
        b'{"kind": "x", "tensors": [{"name": "a", "dtype": "f32", "shape": [1.5]}]}',
        b'{"kind": "x", "tensors": [{"name": "a", "dtype": "f32", "shape": [9999999, 9999999]}]}',
        b'{"kind": "x", "tensors": [{"name": 1, "dtype": "f32", "shape": []}]}',
        b"[" * 100_000,
        b"\xff",
    ):
        try:
            parse_header(wrong)
        except ProtocolError:
            continue
        raise AssertionError(wrong)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        package(folder)
        sys.path.insert(0, folder)
        checks = [
            (check_frames,),
            (check_training, folder),
            *(
                (check_state, folder, kind, slots)
                for kind, slots in {
                    "adamw": ["mean", "square"],
                    "adam": ["mean", "square"],
                    "sgd": ["velocity"],
                    "plain": [],
                    "lion": ["mean"],
                    "adafactor": ["row", "column", "square"],
                }.items()
            ),
            (check_not_finite, folder),
            (check_error, folder),
            (check_wrong_weights, folder),
            (check_memory, folder),
            (check_lost_socket, folder),
            (check_torchrun, folder),
        ]
        for check, *given in checks:
            before = time.monotonic()
            check(*given)
            print(
                f"{check.__name__.replace('_', ' ')} {' '.join(map(str, given[1:2]))}: {time.monotonic() - before:.1f} s"
            )
