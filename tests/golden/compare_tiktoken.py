"""Compares `limbeck tokenize` with the library tiktoken on random strings.

    python tests/golden/compare_tiktoken.py LIMBECK FILE.tiktoken [--strings N]
    python tests/golden/compare_tiktoken.py --golden

Needs tiktoken==0.14.0 (and tokenizers, for fuzz_tokenizers). The file is read
with the patterns of GPT-2, Llama 3 and Qwen (there also with NFC, of characters
that Python's table and ours of Unicode 9.0 both have). Prints how many strings
differ; exits with 1 if any do. With --golden it makes
tests/testdata/text/tiktoken instead: a small vocabulary, full of runs that can
be merged in several ways, and ids for it.
"""

import argparse
import base64
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import unicodedata

import tiktoken
from tiktoken.load import load_tiktoken_bpe

from fuzz_tokenizers import random_text

CASELESS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
REST = (r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
PATTERNS = {
    "gpt2": (r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+"
             r"|\s+(?!\S)|\s+"),
    "llama3": CASELESS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}" + REST,
    "qwen": CASELESS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}" + REST,
}
SPECIAL = ["<|end|>", "<|start|>"]


def encoding(ranks, pattern):
    first = max(ranks.values()) + 1
    return tiktoken.Encoding(
        "test", pat_str=PATTERNS[pattern], mergeable_ranks=ranks,
        special_tokens={name: first + i for i, name in enumerate(SPECIAL)})


def config(ranks, pattern):
    first = max(ranks.values()) + 1
    return json.dumps({
        "tiktoken_pattern": pattern, "eos_token": SPECIAL[0],
        "added_tokens_decoder": {str(first + i): {"content": name,
                                                  "special": True}
                                 for i, name in enumerate(SPECIAL)}})


def wanted_ids(reference, pattern, text):
    if pattern == "qwen":
        text = unicodedata.normalize("NFC", text)
    return reference.encode(text, allowed_special="all")


def without_young_marks(text):
    old = unicodedata.ucd_3_2_0
    return "".join(c for c in text if old.category(c) != "Cn" or not (
        unicodedata.combining(c) or unicodedata.decomposition(c)))


def compare(limbeck, path, pattern, num_strings):
    ranks = load_tiktoken_bpe(str(path))
    reference = encoding(ranks, pattern)
    draw = random.Random(7)
    texts = [random_text(draw, SPECIAL) for _ in range(num_strings)]
    if pattern == "qwen":
        texts = [without_young_marks(text) for text in texts]
    lines = "".join(json.dumps({"text": text}) + "\n" for text in texts)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "vocabulary.tiktoken").write_bytes(path.read_bytes())
        (folder / "tokenizer_config.json").write_text(config(ranks, pattern))
        ours = subprocess.run([limbeck, "tokenize", "--tokenizer", folder],
                              input=lines.encode(), stdout=subprocess.PIPE,
                              check=False).stdout.decode().splitlines()
    different = [(text, line) for text, line in zip(texts, ours, strict=True)
                 if json.loads(line).get("ids") !=
                 wanted_ids(reference, pattern, text)]
    print(f"{path.name} as {pattern}: {num_strings} strings, "
          f"{len(different)} differ")
    for text, line in different[:3]:
        print(f"  {text!r}\n    ours   {line[:300]}\n    theirs "
              f"{wanted_ids(reference, pattern, text)}")
        print("   ", [unicodedata.name(c, hex(ord(c))) for c in text][:12])
    return not different


def make_golden():
    folder = pathlib.Path("tests/testdata/text/tiktoken")
    folder.mkdir(exist_ok=True)
    corpus = ("aaaaa aaaaaaaa abababab aabaab baab the other, the others; "
              "it's 12345 and 67 \u00fcber \u4e2d\u6587").encode()
    draw = random.Random(1)
    tokens = [bytes([byte]) for byte in range(256)]
    while len(tokens) < 400:
        at, length = draw.randrange(len(corpus)), draw.choice((2, 2, 3, 4, 6))
        token = corpus[at:at + length]
        if token not in tokens:
            tokens.append(token)
    ranks = {token: rank for rank, token in enumerate(tokens)}
    (folder / "small.tiktoken").write_text("".join(
        f"{base64.b64encode(token).decode()} {rank}\n"
        for token, rank in ranks.items()))
    (folder / "tokenizer_config.json").write_text(config(ranks, "llama3") + "\n")
    draw = random.Random(3)
    texts = [random_text(draw, SPECIAL) for _ in range(150)]
    texts += ["".join(draw.choice("ab") for _ in range(draw.randrange(2, 90)))
              for _ in range(150)]
    reference = encoding(ranks, "llama3")
    (folder / "golden.jsonl").write_text("".join(
        json.dumps({"text": text, "ids": wanted_ids(reference, "llama3", text)})
        + "\n" for text in texts))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--golden", action="store_true")
    parser.add_argument("limbeck", nargs="?")
    parser.add_argument("file", nargs="?", type=pathlib.Path)
    parser.add_argument("--strings", type=int, default=100_000)
    options = parser.parse_args()
    if options.golden:
        make_golden()
        return
    results = [compare(options.limbeck, options.file, pattern, options.strings)
               for pattern in PATTERNS]
    sys.exit(not all(results))


if __name__ == "__main__":
    main()
