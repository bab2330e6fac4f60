"""ONNX models that medctc wrote pass onnx's checker, with shapes inferred, and use no operators but ONNX's: check_onnx_files.py FOLDER..."""

import sys
from pathlib import Path

import onnx

for folder in map(Path, sys.argv[1:]):
    files = sorted(folder.glob("*.onnx"))
    assert "forward.onnx" in {file.name for file in files}, (folder, files)
    for file in files:
        onnx.checker.check_model(str(file), full_check=True)
        onnx.shape_inference.infer_shapes_path(str(file), str(folder / "inferred"), strict_mode=True, data_prop=True)
        domains = {node.domain for node in onnx.load(file, load_external_data=False).graph.node}
        assert domains == {""}, (file, domains)
    print(f"{folder.parent.name}: {', '.join(file.stem for file in files)}")
