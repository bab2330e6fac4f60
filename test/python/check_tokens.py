"""Encodes texts with Hugging Face's tokenizers and compares: check_tokens.py VOCABULARY GIVEN."""

import json
import sys

from tokenizers import BertWordPieceTokenizer

vocabulary, given = sys.argv[1:]
with open(given, encoding="utf-8") as file:
    content = json.load(file)

# The settings of transformers' BertTokenizer.
tokenizer = BertWordPieceTokenizer(vocabulary, lowercase=True)
tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
tokenizer.enable_truncation(content["length"])
tokenizer.enable_padding(length=content["length"], pad_id=tokenizer.token_to_id("[PAD]"))

texts = [each["text"] for each in content["encoded"]]
expected = tokenizer.encode_batch(texts)
different = [
    (ours["text"], ours["ids"], theirs.ids)
    for ours, theirs in zip(content["encoded"], expected)
    if ours["ids"] != theirs.ids or ours["mask"] != theirs.attention_mask
]
for text, ours, theirs in different[:10]:
    print(f"{text!r}\n  medctc     {ours}\n  tokenizers {theirs}", file=sys.stderr)
unknown = sum(ours["ids"].count(1) for ours in content["encoded"])
tokens = sum(sum(ours["mask"]) for ours in content["encoded"])
print(f"tokens of {len(texts)} texts: {len(different)} different; {tokens} tokens, {unknown} unknown")
sys.exit(1 if different else 0)
