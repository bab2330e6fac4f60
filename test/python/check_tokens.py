"""Encodes texts with the libraries that models come with and compares: check_tokens.py VOCABULARY GIVEN."""

import json
import os
import sys

os.environ["HF_HUB_OFFLINE"] = "1"

vocabulary, given = sys.argv[1:]
with open(given, encoding="utf-8") as file:
    content = json.load(file)
texts = [each["text"] for each in content["encoded"]]
length = content["length"]


def of_word_pieces():
    """The settings of transformers' BertTokenizer."""
    from tokenizers import BertWordPieceTokenizer

    tokenizer = BertWordPieceTokenizer(vocabulary, lowercase=True)
    tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    tokenizer.enable_truncation(length)
    tokenizer.enable_padding(length=length, pad_id=tokenizer.token_to_id("[PAD]"))
    return [(each.ids, each.attention_mask) for each in tokenizer.encode_batch(texts)]


def of_json():
    """As the file says, but for its lengths."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(vocabulary)
    padding = {"pad_token": "<pad>", "pad_id": tokenizer.token_to_id("<pad>"), **(tokenizer.padding or {})}
    tokenizer.enable_truncation(length, direction=(tokenizer.truncation or {}).get("direction", "right"))
    tokenizer.enable_padding(**{**padding, "length": length})
    return [(each.ids, each.attention_mask) for each in tokenizer.encode_batch(texts)]


def of_sentence_pieces():
    """transformers' SiglipTokenizer, with texts in canonical form or as they are."""
    from transformers import SiglipTokenizer

    class Plain(SiglipTokenizer):
        def canonicalize_text(self, text, **_):
            return text

    kind = SiglipTokenizer if content["canonical"] else Plain
    tokenizer = kind(vocabulary, pad_token=content["padding"])
    found = tokenizer(texts, max_length=length, padding="max_length", truncation=True, return_attention_mask=True)
    return list(zip(found["input_ids"], found["attention_mask"]))


read = of_json if vocabulary.endswith(".json") else of_sentence_pieces if vocabulary.endswith(".model") else of_word_pieces
expected = read()
different = [
    (ours, ids, mask) for ours, (ids, mask) in zip(content["encoded"], expected) if ours["ids"] != ids or ours["mask"] != mask
]
for ours, ids, mask in different[:10]:
    print(f"{ours['text']!r}\n  medctc {ours['ids']}\n  theirs {ids}", file=sys.stderr)
    if ours["mask"] != mask:
        print(f"  masks {ours['mask']} {mask}", file=sys.stderr)
tokens = sum(sum(ours["mask"]) for ours in content["encoded"])
kinds = len({number for ours in content["encoded"] for number in ours["ids"]})
print(f"tokens of {len(texts)} texts: {len(different)} different; {tokens} tokens, {kinds} of them different")
sys.exit(1 if different else 0)
