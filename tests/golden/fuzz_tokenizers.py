"""Compares `limbeck tokenize` with the library tokenizers on random strings.

    python tests/golden/fuzz_tokenizers.py LIMBECK FOLDER... [--strings N]

Needs tokenizers==0.23.3. Each FOLDER holds a tokenizer.json. Prints the number
of strings whose ids differ, and the first of them; exits with 1 if there are
any. The strings mix real words of many scripts, every class of characters,
white space, digits, added tokens of the file, and unassigned code points.
"""

import argparse
import json
import pathlib
import random
import subprocess
import sys
import time
import unicodedata

from tokenizers import Tokenizer

WORDS = ("the of and Solve it's don't WE'LL I'M you've answer \\frac{1}{2} x^2 "
         "def return print( 3.14 1,000 12345 2024-11-22 http://a.b/c?d=e "
         "\u00fcber Stra\u00dfe caf\u00e9 cafe\u0301 \u4e2d\u6587 \u65e5\u672c\u8a9e "
         "\u3053\u3093\u306b\u3061\u306f \uc548\ub155 \u041f\u0440\u0438\u0432\u0435\u0442 "
         "\u0645\u0631\u062d\u0628\u0627 \u05e9\u05dc\u05d5\u05dd \u0928\u092e\u0938\u094d\u0924\u0947 "
         "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35 \U0001f600 \U0001f468\u200d\U0001f469\u200d\U0001f467 "
         "\ufb01 \u212b \u1e9b\u0323 \u1112\u1161\u11ab").split()
BLANKS = [" ", "  ", "   ", "\n", "\n\n", "\r\n", "\t", " \n", "\n ", "\u00a0",
          "\u3000", "\u2028", "\x85", "\x0b", "        "]


def random_character(draw):
    kind = draw.random()
    if kind < 0.4:
        return chr(draw.randrange(0x20, 0x7F))
    if kind < 0.6:
        return chr(draw.randrange(0, 0x3000))
    if kind < 0.8:
        return chr(draw.choice((draw.randrange(0x3000, 0xD800),
                                draw.randrange(0xE000, 0x20000))))
    if kind < 0.9:
        return chr(draw.randrange(0x300, 0x370))  # marks
    code = draw.randrange(0x110000 - 0x800)
    return chr(code if code < 0xD800 else code + 0x800)


def random_text(draw, added):
    parts = []
    for _ in range(draw.randrange(1, 14)):
        kind = draw.random()
        if kind < 0.35:
            parts.append(draw.choice(WORDS))
        elif kind < 0.55:
            parts.append(draw.choice(BLANKS))
        elif kind < 0.9:
            parts.append("".join(random_character(draw)
                                 for _ in range(draw.randrange(1, 5))))
        elif kind < 0.95 and added:
            parts.append(draw.choice(added))
        else:
            parts.append(str(draw.randrange(10 ** draw.randrange(1, 12))))
    return "".join(parts)


def compare(limbeck, folder, num_strings, seed):
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    added = [token.content
             for token in tokenizer.get_added_tokens_decoder().values()][:40]
    draw = random.Random(seed)
    different, refused, done = [], 0, 0
    while done < num_strings:
        texts = [random_text(draw, added)
                 for _ in range(min(50_000, num_strings - done))]
        lines = "".join(json.dumps({"text": text}) + "\n" for text in texts)
        ours = subprocess.run([limbeck, "tokenize", "--tokenizer", folder],
                              input=lines.encode(), stdout=subprocess.PIPE,
                              check=False).stdout.decode().splitlines()
        theirs = tokenizer.encode_batch(texts, add_special_tokens=False)
        for text, line, wanted in zip(texts, ours, theirs, strict=True):
            answer = json.loads(line)
            if "error" in answer:
                refused += 1
            elif answer["ids"] != wanted.ids:
                different.append((text, answer["ids"], wanted.ids))
        done += len(texts)
    return different, refused


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("limbeck")
    parser.add_argument("folders", nargs="+", type=pathlib.Path)
    parser.add_argument("--strings", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    failed = False
    for folder in options.folders:
        begin = time.time()
        different, refused = compare(options.limbeck, folder, options.strings,
                                     options.seed)
        print(f"{folder.name}: {options.strings} strings, {len(different)} "
              f"differ, {refused} refused ({time.time() - begin:.0f} s)")
        for text, ours, wanted in different[:3]:
            print(f"  {text!r}\n    ours   {ours}\n    theirs {wanted}")
            print("   ", [unicodedata.name(c, hex(ord(c))) for c in text][:12])
        failed = failed or bool(different)
    sys.exit(failed)


if __name__ == "__main__":
    main()
