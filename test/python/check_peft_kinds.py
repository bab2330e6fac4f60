"""
PEFT loads adapters of the kinds of the fixture that medctc wrote: check_peft_kinds.py FIXTURE FOLDER..., where each FOLDER has
`adapter`, PEFT's two files.
"""
import torch
from peft import PeftModel
from peft_fixture import LIMIT, check, difference, name_of, network_case, read_words

tensors, networks, folders = read_words()

for folder in folders:
    base, _, x, expected = network_case(tensors, networks, folder)
    with torch.no_grad():
        plain = base(x)
        check(name_of(folder), PeftModel.from_pretrained(base, f"{folder}/adapter").eval()(x), expected)
    # An adapter that was not applied would also give what is near.
    assert difference(plain, expected) > 10 * LIMIT, folder
