"""Trains a tokenizer of each kind with Python's libraries: make_tokenizers.py FOLDER TEXT. Each gets a folder of its own."""

import json
import os
import sys
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import sentencepiece
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import Qwen2Tokenizer, RobertaTokenizer, T5Tokenizer

folder, given = Path(sys.argv[1]), sys.argv[2]
lines = [line for line in Path(given).read_text(encoding="utf-8").split("\n") if line.strip()]
size = 3000


def pairs(pre_tokenizer, normalizer=None):
    """Byte pairs with an alphabet of all bytes: vocabulary and pairs."""
    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizer
    if normalizer is not None:
        trained.normalizer = normalizer
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trained.train_from_iterator(lines, trainers.BpeTrainer(vocab_size=size, initial_alphabet=alphabet, show_progress=False))
    model = json.loads(trained.to_str())["model"]
    return model["vocab"], [tuple(merge) for merge in model["merges"]]


def save(name, tokenizer):
    (folder / name).mkdir()
    tokenizer.save(str(folder / name / "tokenizer.json"))


def behind(vocabulary, tokens):
    """A vocabulary with tokens before it, as RoBERTa has them."""
    return {**{token: number for number, token in enumerate(tokens)}, **{token: number + len(tokens) for token, number in vocabulary.items()}}


vocabulary, merges = pairs(pre_tokenizers.ByteLevel(add_prefix_space=False))
framed = behind(vocabulary, ["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
mask = AddedToken("<mask>", lstrip=True, special=True, normalized=False)
for name, spaced in (("roberta", False), ("roberta-spaced", True)):
    save(name, RobertaTokenizer(vocab=framed, merges=merges, mask_token=mask, add_prefix_space=spaced).backend_tokenizer)

qwen = Qwen2Tokenizer(vocab=vocabulary, merges=merges)
qwen.add_tokens([AddedToken("<|im_start|>", special=True, normalized=False)])
qwen.add_tokens([
    AddedToken("<think>", special=False, normalized=False),
    AddedToken("ﬁnding\u0301", special=False, normalized=True),
    AddedToken("lung", special=False, normalized=True, single_word=True),
    AddedToken("[IMPRESSION]", special=False, normalized=False, lstrip=True, rstrip=True),
])  # fmt: skip
backend = qwen.backend_tokenizer
end = qwen.convert_tokens_to_ids("<|endoftext|>")
backend.post_processor = processors.Sequence([
    processors.ByteLevel(trim_offsets=False),
    processors.TemplateProcessing(single="$A <|endoftext|>", special_tokens=[("<|endoftext|>", end)]),
])  # fmt: skip
backend.enable_padding(pad_id=end, pad_token="<|endoftext|>")
save("qwen", backend)
backend.enable_padding(direction="left", pad_id=end, pad_token="<|endoftext|>")
backend.enable_truncation(12, direction="left")
save("qwen-left", backend)

pattern = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
words = pre_tokenizers.Sequence(
    [pre_tokenizers.Split(Regex(pattern), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
)
vocabulary, merges = pairs(words)
# Words that no pairs lead to are taken whole.
vocabulary = {**vocabulary, "cardiomegalyXYZ": len(vocabulary), "ĠatelectasisXYZ": len(vocabulary) + 1}
llama = Tokenizer(models.BPE(vocabulary, merges, ignore_merges=True))
llama.pre_tokenizer = words
llama.add_special_tokens(["<|begin_of_text|>", "<|end_of_text|>"])
start = llama.token_to_id("<|begin_of_text|>")
llama.post_processor = processors.Sequence([
    processors.ByteLevel(trim_offsets=True),
    processors.TemplateProcessing(single="<|begin_of_text|> $A", special_tokens=[("<|begin_of_text|>", start)]),
])  # fmt: skip
llama.enable_padding(pad_id=start + 1, pad_token="<|end_of_text|>")
save("llama", llama)

# Letters that the vocabulary does not have are unknown, or nothing.
for name, settings in (("few-bytes", {"unk_token": "<unk>", "fuse_unk": True}), ("few-bytes-apart", {"unk_token": "<unk>"}), ("few-bytes-left-out", {})):
    few = Tokenizer(models.BPE(**settings))
    few.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    few.train_from_iterator(
        [line for line in lines if line.isascii()], trainers.BpeTrainer(vocab_size=500, special_tokens=["<pad>", "<unk>"], show_progress=False)
    )
    save(name, few)


def pieces(name, **settings):
    """A spiece.model with T5's and SigLIP's numbers: padding 0, end 1, unknown 2."""
    (folder / name).mkdir()
    ids = {"pad_id": 0, "eos_id": 1, "unk_id": 2, "bos_id": -1}
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines), model_prefix=str(folder / name / "spiece"), model_type="unigram", hard_vocab_limit=False,
        minloglevel=2, **{"vocab_size": size, **ids, **settings},
    )  # fmt: skip
    return folder / name / "spiece.model"


model = pieces("siglip", normalization_rule_name="nmt_nfkc")
pieces("pieces-as-they-are", normalization_rule_name="identity", remove_extra_whitespaces=False)
pieces("pieces-without-blank", normalization_rule_name="nfkc_cf", add_dummy_prefix=False)

from sentencepiece import sentencepiece_model_pb2

proto = sentencepiece_model_pb2.ModelProto.FromString(model.read_bytes())
scored = [(piece.piece, piece.score) for piece in proto.pieces]
charsmap = proto.normalizer_spec.precompiled_charsmap
save("t5", T5Tokenizer(vocab=scored, _spm_precompiled_charsmap=charsmap, extra_ids=10).backend_tokenizer)

punctuation = r"""[!"#$%&'()*+,-./:;<=>?@\[\\\]^_`{|}~]"""
for name, scheme, split in (("siglip-json", "first", True), ("siglip-json-whole", "always", False), ("siglip-json-never", "never", True)):
    unigram = Tokenizer(models.Unigram(scored, unk_id=2, byte_fallback=False))
    unigram.normalizer = normalizers.Sequence([
        normalizers.Lowercase(),
        normalizers.Replace(Regex(punctuation), ""),
        normalizers.Replace(Regex(r"\s+"), " "),
        normalizers.Strip(),
        normalizers.Precompiled(charsmap),
        normalizers.Replace(Regex(" {2,}"), "▁"),
    ])  # fmt: skip
    unigram.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme=scheme, split=split)
    unigram.post_processor = processors.TemplateProcessing(single=["$A", "</s>"], special_tokens=[("</s>", 1)])
    unigram.add_special_tokens([AddedToken("</s>", lstrip=True, rstrip=True, normalized=False), "<unk>"])
    unigram.enable_padding(pad_id=1, pad_token="</s>")
    save(name, unigram)
