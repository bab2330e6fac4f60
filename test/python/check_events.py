"""Reads a log that medctc wrote with TensorBoard's own reader, which also checks every record's checksums.

Usage: check_events.py FOLDER
"""

import sys
from pathlib import Path

from tensorboard import version
from tensorboard.backend.event_processing import event_accumulator
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import PyRecordReader_New
from tensorboard.compat.tensorflow_stub.errors import OutOfRangeError

EXPECTED = [(1, 4.0), (2, 3.0), (3, 2.0), (4, 1.0), (5, 0.5), (6, 0.25)]


def records(path):
    """How many records a file has; a wrong checksum or a part of a record is an error."""
    reader = PyRecordReader_New(str(path).encode())
    count = 0
    while True:
        try:
            reader.GetNext()
        except OutOfRangeError:
            return count
        count += 1


def main(folder):
    files = sorted(Path(folder).iterdir())
    counts = [records(path) for path in files]
    log = event_accumulator.EventAccumulator(folder)
    log.Reload()
    tags = sorted(log.Tags()["scalars"])
    found = [(event.step, event.value) for event in log.Scalars("train/loss")]
    print(f"TensorBoard {version.VERSION} in Python: {counts} records, {tags}, losses {found}")
    if counts != [5, 6] or tags != ["train/learning_rate", "train/loss"] or found != EXPECTED:
        sys.exit(f"expected losses {EXPECTED}")


main(*sys.argv[1:])
