"""Reads what `medctc track` wrote by MLflow's client and by W&B's own reader, and holds it to the runs' logs.

Usage: check_trackers.py FOLDER
"""

import json
import math
import os
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

os.environ.update(
    MLFLOW_ALLOW_FILE_STORE="true",
    MLFLOW_DISABLE_TELEMETRY="true",
    DO_NOT_TRACK="true",
    WANDB_ERROR_REPORTING="false",
    WANDB_MODE="offline",
    WANDB_DIR=sys.argv[1],
)

from mlflow.tracking import MlflowClient  # noqa: E402
from wandb_server import sync  # noqa: E402

EXPERIMENT = "Chest, ü: \u2028 1"
FILES = {"mlflow": ["adapter.safetensors", "report.html", "spec.vlm"], "wandb": ["adapter.safetensors", "spec.vlm"]}
PARAMS = {
    "adapters": "lora(rank = 2) on a.b",
    "backend": "onnx",
    "batch": "8",
    "data.orientation": '"LPS"',
    "data.size": "[20, 60, 60]",
    "medctc": "0.1.0",
    "parameters.total": "400",
    "parameters.trainable": "40",
    "precision": "f32",
    "seed": "1",
    "spec": "small.vlm",
    "steps": "10",
    "train.lr": "1e-3",
}
# As JSON where they are written so in the spec.
CONFIG = {
    name: json.loads(value) if re.match(r'[\d"\[]', value) and name != "medctc" else value
    for name, value in PARAMS.items()
}


def logged(folder, evaluated):
    """The histories of a run by its names, from its own files: (step, value)."""
    histories = {}
    for line in (folder / "metrics.jsonl").read_text().splitlines():
        values = json.loads(line)
        step = values.pop("step")
        for name, value in values.items():
            histories.setdefault(f"train/{name}", []).append((step, math.nan if value is None else float(value)))
    steps = sorted(int(path.stem[5:]) for path in (folder / "evaluations").iterdir())
    for step in steps:
        found = evaluated[step]
        for name, value in found["values"] + (found["intervals"] if step == steps[-1] else []):
            histories.setdefault(name, []).append((step, float(value)))
    return histories


def decode(key):
    """The name of a metric from MLflow's key."""
    return re.sub(r"_x([0-9A-F]+)_", lambda match: chr(int(match[1], 16)), key.replace(".", "/"))


def same(found, expected, what):
    if json.dumps(found, sort_keys=True) != json.dumps(expected, sort_keys=True):
        sys.exit(f"{what}: found {str(found)[:2000]}\nexpected {str(expected)[:2000]}")


def check_mlflow(uri, runs, evaluated):
    client = MlflowClient(uri)
    experiment = client.get_experiment_by_name(EXPERIMENT)
    found = {run.info.run_name: run for run in client.search_runs([experiment.experiment_id])}
    same(sorted(found), sorted([*runs, "sweep"]), "runs")
    points = 0
    for name, folder in runs.items():
        run = found[name]
        histories = {}
        for key in run.data.metrics:
            history = client.get_metric_history(run.info.run_id, key)
            histories[decode(key)] = [(metric.step, metric.value) for metric in history]
            points += len(history)
            times = [metric.timestamp for metric in history]
            if times != sorted(times):
                sys.exit(f"{name}: the times of {key} are not in order")
        same(histories, logged(folder, evaluated), f"{name} in MLflow")
        own = {**PARAMS}
        if "seed " in name:
            own |= {"sweep.entry": name.split(",")[0]} | ({"sweep.placement": "card"} if "card" in name else {})
            same(run.data.tags["mlflow.parentRunId"], found["sweep"].info.run_id, "the parent")
        same(run.data.params, own, f"parameters of {name}")
        same(run.info.status, "RUNNING" if name == "going" else "FINISHED", f"the state of {name}")
        same(sorted(each.path for each in client.list_artifacts(run.info.run_id)), FILES["mlflow"], f"files of {name}")
        loss = client.get_metric_history(run.info.run_id, "train/loss")
        same([loss[0].timestamp, loss[1].timestamp], [1_700_000_000_250, 1_700_000_002_250], f"times of {name}")
    children = client.search_runs([experiment.experiment_id], f"tags.mlflow.parentRunId = '{found['sweep'].info.run_id}'")
    same(len(children), 3, "children of the sweep")
    print(f"MLflow {version('mlflow-skinny')}, {uri.split(':')[0]}: {len(found)} runs, {points} values")


def check_wandb(folder, runs, evaluated):
    found = {}
    for path in folder.glob("offline-run-*/run-*.wandb"):
        command = [sys.executable, "-m", "wandb", "leet", "inspect", "--json", str(path)]
        read = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=True)
        if read.stderr.strip():
            sys.exit(f"{path}: {read.stderr}")
        records = [json.loads(line) for line in read.stdout.splitlines()]
        same([each["num"] for each in records], list(range(1, len(records) + 1)), "numbers of records")
        run = next(each["run"] for each in records if each["type"] == "run")
        found[run["display_name"]] = (run, records, path)
    same(sorted(found), sorted(runs), "runs")
    points = 0
    for name, source in runs.items():
        run, records, path = found[name]
        histories = {}
        times = []
        for record in records:
            if record["type"] != "history":
                continue
            item = record["history"]["item"]
            step = record["history"].get("step", {}).get("num", 0)
            same(item.pop("_step"), step, "the step")
            times.append(item.pop("_timestamp"))
            if abs(times[-1] - times[0] - item.pop("_runtime")) > 1e-6:
                sys.exit(f"{name}: the runtime of step {step} is not its time")
            for key, value in item.items():
                # NaN, which is not a number of JSON, is shown as a text.
                histories.setdefault(key, []).append((step, float(value)))
                points += 1
        expected = logged(source, evaluated)
        same(histories, expected, name)
        if times != sorted(times):
            sys.exit(f"{name}: its times are not in order")
        summary = next(each["summary"]["update"] for each in records if each["type"] == "summary")
        last = {key: values[-1][1] for key, values in expected.items()}
        shown = {key: float(value) for key, value in summary.items() if not key.startswith("_")}
        same(shown, last, f"summary of {name}")
        own = {**CONFIG}
        if "seed " in name:
            own |= {"sweep.entry": name.split(",")[0]} | ({"sweep.placement": "card"} if "card" in name else {})
            same(run["run_group"], "sweep", "the group")
        same(run["config"]["update"], own, f"config of {name}")
        same([run["project"], run["tags"]], ["chest", ["onnx", "f32"]], f"project and tags of {name}")
        exits = [each["exit"] for each in records if each["type"] == "exit"]
        same(len(exits), 0 if name == "going" else 1, f"ends of {name}")
        files = next(each["files"]["files"] for each in records if each["type"] == "files")
        same(sorted(each["path"] for each in files), FILES["wandb"], f"files of {name}")
        same(sorted(each.name for each in (path.parent / "files").iterdir()), FILES["wandb"], f"files beside {name}")
    print(f"W&B {version('wandb')}: {len(found)} runs, {points} values")
    return {name: (run["run_id"], path.parent) for name, (run, _, path) in found.items()}


def check_sync(synced, runs, evaluated, home):
    """What `wandb sync` uploads is what was logged."""
    uploads = sync([folder for _, folder in synced.values()], home)
    for name, (run, _) in synced.items():
        histories = {}
        for row in uploads.rows[run]:
            step = row.pop("_step")
            for key, value in row.items():
                if not key.startswith("_"):
                    histories.setdefault(key, []).append((step, float(value)))
        expected = logged(runs[name], evaluated)
        same(histories, expected, f"{name}, uploaded")
        summary = {key: value for key, value in uploads.summaries[run].items() if not key.startswith("_")}
        same(sorted(summary), sorted(expected), f"summary of {name}, uploaded")
        # What has not ended counts as crashed.
        same(uploads.exit_codes[run] == 0, name != "going", f"exit code of {name}")
        if not set(FILES["wandb"]) <= uploads.files[run]:
            sys.exit(f"{name}: {uploads.files[run]} were uploaded")
    print(f"wandb sync: {len(synced)} runs, {sum(map(len, uploads.rows.values()))} rows")


def main(folder):
    root = Path(folder)
    evaluated = json.loads((root / "evaluated.json").read_text())
    runs = {name: root / "runs" / name for name in ["odd", "going", "long", "wide"]}
    for entry, seed in [("card", 1), ("card", 2), ("low", 1)]:
        runs[f"{entry}, seed {seed}"] = root / "runs/sweep/runs" / entry / f"seed-{seed}"
    synced = check_wandb(root / "wandb", runs, evaluated)
    check_sync(synced, runs, evaluated, folder)
    check_mlflow((root / "mlflow").as_uri(), runs, evaluated)
    # What MLflow itself makes of the folder: a database, its default today.
    database = f"sqlite:///{root}/mlflow.db"
    migrate = [sys.executable, "-m", "mlflow", "migrate-filestore", "--source", str(root / "mlflow"), "--target", database]
    subprocess.run(migrate, capture_output=True, check=True)
    check_mlflow(database, runs, evaluated)


main(*sys.argv[1:])
