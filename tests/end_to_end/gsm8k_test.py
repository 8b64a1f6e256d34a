#!/usr/bin/env python3
"""The recipe on real traces, cut short: every record is accounted for.

Usage: gsm8k_test.py LIMBECK [TEST...]

Skipped without the folder LIMBECK_TESTDATA. What the manifests claim is
counted again from the shards and from the published files themselves.
"""

import functools
import json
import os
import re
import tempfile
import unittest
from pathlib import Path

import program
from program import artefact, manifest_numbers, run

RECIPE = program.HERE.parents[1] / "recipes" / "gsm8k_replay.textproto"
SHORT = ["threads=1", "vocabulary.vocab_size=600", "student.epochs=0.05",
         "student.architecture.num_layers=1", "student_scores.max_problems=8",
         "student_scores.samples_per_problem=1",
         "student_scores.max_tokens=16", "student_scores.rows=8"]
# Stage, the stage its records come from, and the file that it writes.
CHAIN = [("traces", None, "traces.lbk"),
         ("verified", "traces", "traces.lbk"),
         ("filtered", "verified", "traces.lbk"),
         ("unique", "filtered", "traces.lbk"),
         ("train_traces", "unique", "traces.lbk"),
         ("heldout_problems", "problems", "problems.lbk"),
         ("clean_traces", "train_traces", "traces.lbk"),
         ("tokens", "clean_traces", "samples.lbk")]


@functools.cache
def records(folder, file):
    """All records of one file of an artefact, as text, one by one."""
    found = []
    for shard in sorted(folder.glob(f"part-*/{file}")):
        shown = run("inspect", shard, "--records", 1000000, "--full")
        assert shown.returncode == 0, shown.stderr
        found += re.split(r"^record \d+:\n", shown.stdout, flags=re.M)[1:]
    return found


@unittest.skipUnless(os.environ.get("LIMBECK_TESTDATA"),
                     "LIMBECK_TESTDATA is not set")
class Gsm8k(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls._folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls._folder.cleanup)
        cls.workspace = Path(cls._folder.name) / "workspace"
        arguments = ["run", RECIPE, "--workspace", cls.workspace]
        for change in SHORT:
            arguments += ["--set", change]
        cls.done = run(*arguments, timeout=300)
        if cls.done.returncode != 0:
            raise AssertionError(cls.done.stderr)
        with open(Path(os.environ["LIMBECK_TESTDATA"]) /
                  "gsm8k/example_model_solutions.jsonl") as file:
            cls.published = [json.loads(line) for line in file]

    def numbers(self, stage):
        return manifest_numbers(artefact(self.workspace, stage))

    def labels(self):
        """The published verdict of each of the four answers a problem."""
        return [answer["is_correct"] for line in self.published
                for answer in line.values()
                if isinstance(answer, dict) and "is_correct" in answer]

    def test_every_published_trace_came_in(self):
        self.assertEqual(len(self.labels()), 5276)
        self.assertEqual(self.numbers("problems")["out"], 1319)
        self.assertEqual(self.numbers("traces")["out"], 5276)

    def test_each_stage_adds_up_in_manifests_and_shards(self):
        for stage, before, file in CHAIN:
            with self.subTest(stage):
                counts = self.numbers(stage)
                self.assertEqual(
                    counts["in"],
                    counts["out"] + counts["rejected"] + counts["merged"])
                if before:
                    self.assertEqual(counts["in"],
                                     self.numbers(before)["out"])
                folder = artefact(self.workspace, stage)
                self.assertEqual(len(records(folder, file)), counts["out"])
                reasons = {}
                for text in records(folder, "rejects.lbk"):
                    reason = re.search(
                        r"^reason: REJECTION_REASON_(\w+)", text, re.M)[1]
                    reasons[reason] = reasons.get(reason, 0) + 1
                self.assertEqual(sum(reasons.values()), counts["rejected"])
                self.assertEqual(reasons, counts["reasons"])

    def test_packing_keeps_every_sample(self):
        counts = self.numbers("bins")
        folder = artefact(self.workspace, "bins")
        sequences = sum(text.count("\nsequences {")
                        for text in records(folder, "bins.lbk"))
        self.assertEqual(sequences, counts["out"])
        self.assertEqual(counts["in"], counts["out"] + counts["rejected"])
        self.assertEqual(counts["in"], self.numbers("tokens")["out"])

    def test_verdicts_agree_with_the_published_labels(self):
        labels = self.labels()
        table = {}
        disagreements = 0
        folder = artefact(self.workspace, "verified")
        for path in folder.glob("part-*/agreement.json"):
            agreement = json.loads(path.read_text())
            disagreements += len(agreement["disagreements"])
            for row in agreement["table"]:
                key = row["label"], row["verdict"]
                table[key] = table.get(key, 0) + row["traces"]
        self.assertEqual(sum(table.values()), len(labels))
        self.assertEqual(
            sum(n for (label, _), n in table.items() if label == "correct"),
            sum(labels))
        # "10+John's age": wrong in the labels, unknown to the verifier.
        off = {key: n for key, n in table.items() if key[0] != key[1]}
        self.assertEqual(off, {("wrong", "unknown"): 1})
        self.assertEqual(disagreements, 1)

    def test_the_report_shows_agreement_and_funnel(self):
        report = (self.workspace / "report.html").read_text()
        for text in (
                "a demonstration", "gsm8k, 20 % of the test set",
                "5,276 traces carry a label (published_label); the verifier "
                "agrees with 5,275 of them", "wrong answer 3,263",
                "unverified 1",
                "outside split 395", "Content-Security-Policy"):
            self.assertTrue(text in report, text)

    def test_no_problem_is_on_both_sides_of_the_split(self):
        kept = {re.search(r'^id: (".*")$', text, re.M)[1] for text in records(
            artefact(self.workspace, "heldout_problems"), "problems.lbk")}
        trained = {
            re.search(r'^problem \{\n  id: (".*")$', text, re.M)[1]
            for text in records(artefact(self.workspace, "train_traces"),
                                "traces.lbk")}
        self.assertEqual(len(kept), self.numbers("heldout_problems")["out"])
        self.assertGreater(len(trained), 500)
        self.assertEqual(kept & trained, set())
        self.assertAlmostEqual(len(kept) / 1319, 0.2, delta=0.035)

    def test_lineage_of_a_packed_row(self):
        questions = {line["question"].strip() for line in self.published}
        bins = artefact(self.workspace, "bins")
        last = len(records(bins, "bins.lbk")) - 1
        for row in (0, 7, last):
            shown = run("lineage", bins, row)
            self.assertEqual(shown.returncode, 0, shown.stderr)
            text = shown.stdout
            self.assertRegex(text, r"of gsm8k test, row \d+, licence MIT")
            self.assertRegex(text, r"teacher gsm8k/(6b|175b)_\w+, revision "
                                   r"[0-9a-f]{64}, licence MIT")
            self.assertIn("published_label version 1: correct", text)
            self.assertIn("integer version 5: correct", text)
            question = text.split("question\n")[1].split("gold answer\n")[0]
            question = "\n".join(line[4:] for line in question.splitlines())
            self.assertIn(question.strip(), questions)
            for stage, _, _ in CHAIN:
                if stage != "heldout_problems":
                    self.assertIn(f"  {stage} (", text)
        beyond = run("lineage", bins, last + 1)
        self.assertEqual(beyond.returncode, 1)
        self.assertIn(str(last + 1), beyond.stderr)


if __name__ == "__main__":
    program.main()
