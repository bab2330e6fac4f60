"""What the checks of PEFT's adapters share: a fixture's tensors and its networks, and how far values may be from them."""
import importlib
import sys

import torch
from safetensors.torch import load_file

LIMIT = 1e-5


def read_words():
    """The tensors and the networks of the fixture that is the script's first word, and the folders that are the others."""
    fixture, *folders = sys.argv[1:]
    # What a network's own code reads of the command line is nothing of ours.
    sys.argv = sys.argv[:1]
    sys.path.insert(0, fixture)
    return load_file(f"{fixture}/tensors.safetensors"), importlib.import_module("networks"), folders


def name_of(folder):
    return folder.rsplit("/", 1)[-1]


def difference(found, expected):
    """The largest absolute difference over the largest absolute value that is expected."""
    # Of zeros there is no largest value.
    return 0.0 if torch.equal(found, expected) else ((found - expected).abs().max() / expected.abs().max()).item()


def check(name, found, expected, limit=LIMIT):
    far = difference(found, expected)
    print(f"{name}: differs by at most {far:.1e}")
    assert far < limit, (name, far)


def network_case(tensors, networks, folder):
    """
    The network with its weights, its input, and by their names what PEFT gave: of `NETWORK-KIND`, or of a case of the fixture's only one.
    """
    case = name_of(folder)
    if hasattr(networks, "NETWORK"):
        network, prefix, at = networks.NETWORK, "", f"{case}."
    else:
        name, kind = case.split("-")
        network, prefix, at = networks.NETWORKS[name], f"{name}.", f"{name}.{kind}."
    base = network()
    weights = {key: tensors[prefix + key] for key in base.state_dict()}
    base.load_state_dict(weights)
    given = {key.removeprefix(at): each for key, each in tensors.items() if key.startswith(at)}
    return base, weights, tensors[f"{prefix}x"], given
