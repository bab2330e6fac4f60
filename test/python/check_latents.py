"""Holds what medctc makes of latents against Python's libraries.

`safetensors FOLDER` and `parquet FOLDER` read its files there and compare them with expected.json; `digits FILE` writes some of
scikit-learn's digits as JSON; `trust FILE MAP` compares how trustworthy a map of them is with scikit-learn's t-SNE.
"""

import json
import math
import struct
import sys

# Of the digits, so that t-SNE takes seconds.
COUNT = 500
# By how much less a map may be trustworthy than t-SNE's, whose aim neighbourhoods are.
MARGIN = 0.01


def expected_in(folder):
    with open(f"{folder}/expected.json", encoding="utf8") as file:
        return json.load(file)


def check_safetensors(folder):
    from safetensors import deserialize

    expected = expected_in(folder)
    with open(f"{folder}/latents.safetensors", "rb") as file:
        content = file.read()
    found = {}
    for name, tensor in deserialize(content):
        assert tensor["dtype"] == "F32", tensor["dtype"]
        rows, width = tensor["shape"]
        values = struct.unpack(f"<{rows * width}f", tensor["data"])
        found[name] = [list(values[row * width : (row + 1) * width]) for row in range(rows)]
    assert found["image"] == expected["images"]
    assert found["text"] == expected["reports"]
    labels = [[None if math.isnan(each) else each == 1 for each in row] for row in found["labels"]]
    assert labels == expected["labels"]
    about = json.loads(content[8 : 8 + struct.unpack("<Q", content[:8])[0]])["__metadata__"]
    assert json.loads(about["names"]) == expected["names"]
    assert json.loads(about["classes"]) == expected["classes"]
    assert about["medctc.spec"] == expected["about"]["medctc.spec"]


def check_parquet(folder):
    import pyarrow
    from pyarrow import parquet

    expected = expected_in(folder)
    table = parquet.read_table(f"{folder}/latents.parquet")
    assert table.column_names == ["VolumeName", "image", "text", *expected["classes"]], table.column_names
    assert table.schema.field("VolumeName").type == pyarrow.string()
    for name, key in (("image", "images"), ("text", "reports")):
        assert pyarrow.types.is_list(table.schema.field(name).type)
        assert table.schema.field(name).type.value_type == pyarrow.float32()
        assert table.column(name).to_pylist() == expected[key]
    assert table.column("VolumeName").to_pylist() == expected["names"]
    for index, name in enumerate(expected["classes"]):
        assert table.schema.field(name).type == pyarrow.bool_()
        assert table.column(name).to_pylist() == [row[index] for row in expected["labels"]]
    about = table.schema.metadata
    assert about[b"medctc.spec"].decode() == expected["about"]["medctc.spec"], about


def digits():
    from sklearn.datasets import load_digits

    return load_digits().data[:COUNT]


def write_digits(path):
    with open(path, "w", encoding="utf8") as file:
        json.dump(digits().tolist(), file)


def check_trust(path, map_path):
    import numpy
    from sklearn.manifold import TSNE, trustworthiness
    from sklearn.preprocessing import normalize

    # The map looks at directions alone.
    latents = normalize(digits())
    with open(map_path, encoding="utf8") as file:
        places = numpy.array(json.load(file)["places"])
    theirs = TSNE(random_state=0).fit_transform(latents)
    found, expected = trustworthiness(latents, places), trustworthiness(latents, theirs)
    print(f"trustworthiness of the map {found:.4f}, of scikit-learn's t-SNE {expected:.4f}")
    assert found >= expected - MARGIN
    mixed = trustworthiness(latents, places[numpy.random.default_rng(0).permutation(len(places))])
    assert mixed < 0.6, mixed


CHECKS = {"safetensors": check_safetensors, "parquet": check_parquet, "digits": write_digits, "trust": check_trust}
CHECKS[sys.argv[1]](*sys.argv[2:])
