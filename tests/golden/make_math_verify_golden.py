"""Writes tests/testdata/verify/math_verify.json: what Math-Verify 0.8.0 finds
in texts, and whether it calls pairs of formulas equal, both ways round, for the
inputs of tests/golden/math_verify_inputs.json.

Needs: pip install --no-deps math-verify==0.8.0 latex2sympy2_extended==1.11.0
sympy==1.14.0 antlr4-python3-runtime==4.13.2 mpmath. Run from the repository's
root.
"""

import json
import logging
import warnings

from math_verify import parse, verify

logging.disable(logging.CRITICAL)
warnings.filterwarnings("ignore")


def equal(gold, answer):
    try:
        return bool(verify(gold, answer))
    except Exception:  # what it cannot compare it calls different
        return False


def main():
    with open("tests/golden/math_verify_inputs.json") as file:
        inputs = json.load(file)
    pairs = []
    for gold, answer in inputs["pairs"]:
        first, second = parse(f"${gold}$"), parse(f"${answer}$")
        pairs.append({"gold": gold, "answer": answer,
                      "equal": equal(first, second),
                      "reversed": equal(second, first)})
    texts = []
    for text in inputs["texts"]:
        found = parse(text)
        texts.append({"text": text, "found": found[-1] if found else ""})
    with open("tests/testdata/verify/math_verify.json", "w") as out:
        out.write('{"pairs":[\n' + ",\n".join(map(json.dumps, pairs)) +
                  '\n],\n"texts":[\n' + ",\n".join(map(json.dumps, texts)) +
                  "\n]}\n")


if __name__ == "__main__":
    main()
