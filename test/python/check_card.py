"""Hugging Face's own reader takes the cards that medctc wrote, and PEFT a folder that is ready for its hub: check_card.py FIXTURES PEFT CARD..."""

import sys

from huggingface_hub import ModelCard, metadata_load
from peft import PeftConfig, PeftModel
from safetensors import safe_open
from safetensors.torch import load_file

from ctclip_model import CtClip

fixtures, folder, *cards = sys.argv[1:]
expected = {
    "license": "apache-2.0",
    "datasets": ["example/ct"],
    "base_model": "example/ct-clip",
    "pipeline_tag": "zero-shot-image-classification",
}
for path in (f"{folder}/README.md", *cards):
    fields = metadata_load(path)
    card = ModelCard.load(path)
    assert card.data.to_dict() == fields, path
    for name, value in expected.items():
        assert fields[name] == value, (path, name, fields.get(name))
    assert fields["tags"][0] == "medctc", fields["tags"]
    # Reading and writing it again loses nothing.
    assert ModelCard(str(card)).data.to_dict() == fields, path
    assert "## Intended use\n\nResearch." in card.text and "Not stated." in card.text, path
    print(f"{path.rsplit('/', 1)[-1]}: {fields}")

assert metadata_load(f"{folder}/README.md")["library_name"] == "peft"
config = PeftConfig.from_pretrained(folder)
assert config.base_model_name_or_path == "example/ct-clip", config
with safe_open(f"{folder}/adapter_model.safetensors", "pt") as file:
    assert file.metadata()["format"] == "pt", file.metadata()
model = CtClip()
model.load_state_dict(load_file(f"{fixtures}/weights.safetensors"), strict=False)
adapted = PeftModel.from_pretrained(model, folder)
stored = load_file(f"{folder}/adapter_model.safetensors")
loaded = {name.replace(".default", ""): tensor for name, tensor in adapted.state_dict().items()}
assert stored and all((loaded[name] == tensor).all() for name, tensor in stored.items())
print(f"{len(stored)} tensors loaded from the folder")
