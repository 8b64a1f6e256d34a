#!/usr/bin/env python3
"""docs/evaluation.md lists the fields that the filters print, no others.

Usage: contracts_test.py LIMBECK [TEST...]
"""

import json
import re
import unittest
from pathlib import Path

import program
from program import Case, run

DOCUMENT = Path(__file__).parents[2] / "docs" / "evaluation.md"
# Printed only where they apply, which these runs do not make them.
RARE = {"verify": {"reward", "rewards"}, "judge": {"skipped", "unsafe_verdict"},
        "benchmark": {"rating"}, "compare": set()}


def documented(verb):
    """Names in backquotes in the first column of the verb's first table."""
    text = DOCUMENT.read_text()
    section = text.split(f"## Output of `{verb}`\n")[1]
    section = re.split(r"^##", section, flags=re.M)[0]
    return {name for row in re.findall(r"^\| (`[^|]*) \|", section, re.M)
            for name in re.findall(r"`([^`]*)`", row)}


class Contracts(Case):
    def assert_fields(self, verb, answer):
        self.assertEqual(set(answer), documented(verb) - RARE[verb])

    def answer(self, verb, line):
        done = run(verb, input=json.dumps(line) + "\n")
        self.assert_done(done)
        return json.loads(done.stdout)

    def test_verify(self):
        self.assert_fields("verify", self.answer(
            "verify", {"gold": "7", "answer": "\\boxed{8}"}))

    def test_judge(self):
        answer = self.answer("judge", {
            "language": "python", "code": "print(7)",
            "tests": [{"input": "", "output": "7"}]})
        if "error" in answer:
            self.skipTest(answer["error"])
        self.assert_fields("judge", answer)

    def test_benchmark_and_compare(self):
        data = self.write("p.jsonl", json.dumps(
            {"id": "p", "problem": "?", "answer": "7", "level": "1"}))
        samples = self.write("s.jsonl", json.dumps(
            {"problem_id": "p", "sample": 0, "text": "\\boxed{7}"}))
        done = run("benchmark", "--name", "jsonl", "--data", data,
                   "--samples", samples)
        self.assert_done(done)
        self.assert_fields("benchmark", json.loads(done.stdout))
        result = self.write("r.json", done.stdout)
        done = run("compare", result, result)
        self.assert_done(done)
        comparison, = json.loads(done.stdout)["comparisons"]
        self.assert_fields("compare", comparison)


if __name__ == "__main__":
    program.main()
