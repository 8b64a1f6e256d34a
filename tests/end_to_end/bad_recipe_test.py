#!/usr/bin/env python3
"""Recipes and command lines that are wrong, through the real program.

Usage: bad_recipe_test.py LIMBECK [TEST...]

Each must be refused with one message that says what and where,
leave nothing half-written, and work once it is repaired.
"""

import os
import shutil

import program
from program import Case, TINY_TEXT, artefact, digests, finished, run


class Recipes(Case):
    """Refused before anything runs: no workspace appears."""

    def refuse(self, text, *words, changes=()):
        shutil.rmtree(self.workspace, ignore_errors=True)
        recipe = self.write("recipe.textproto", text)
        self.assert_refused(self.run_recipe(recipe, *changes), *words)
        self.assertFalse(self.workspace.exists())

    def test_syntax(self):
        self.refuse('name: "x"\nstages { name: "a" filter { }\n',
                    "recipe.textproto:3:1")

    def test_unknown_field(self):
        self.refuse(TINY_TEXT.replace("num_problems", "num_problem"),
                    "recipe.textproto:8:", "no field 'num_problem'",
                    "did you mean 'num_problems'?")

    def test_wrong_enum(self):
        self.refuse(TINY_TEXT.replace("KIND_REFERENCE", "KIND_REFERENC"),
                    "recipe.textproto:13:", "KIND_REFERENC")

    def test_wrong_type(self):
        self.refuse(TINY_TEXT.replace("num_problems: 40",
                                      'num_problems: "many"'),
                    "recipe.textproto:8:", "many")

    def test_dangling_input(self):
        self.refuse(TINY_TEXT.replace('inputs: "solutions" verify',
                                      'inputs: "solution" verify'),
                    "recipe.textproto:20:", "verified.inputs[0]",
                    "no stage or model 'solution'",
                    "did you mean 'solutions'?")

    def test_cycle(self):
        self.refuse(TINY_TEXT.replace('inputs: "solutions" verify',
                                      'inputs: "filtered" verify'),
                    "recipe.textproto:20:", "in a circle", "verified",
                    "filtered")

    def test_input_of_the_wrong_kind(self):
        self.refuse(TINY_TEXT.replace('inputs: "solutions" verify',
                                      'inputs: "problems" verify'),
                    "recipe.textproto:20:", "'problems' holds problems",
                    "verify needs traces")

    def test_two_stages_of_one_name(self):
        self.refuse(TINY_TEXT + 'stages { name: "bins" filter {} }\n',
                    "recipe.textproto:", "bins", "taken already, at",
                    "recipe.textproto:28:")

    def test_impossible_values(self):
        """All at once: each complaint has its place and its value."""
        text = TINY_TEXT
        words = []
        for good, bad, complaint in (
                ("num_problems: 40", "num_problems: 0", "num_problems is 0"),
                ("samples_per_problem: 1", "samples_per_problem: -1",
                 "samples_per_problem is -1"),
                ("vocab_size: 384", "vocab_size: 3", "vocab_size is 3"),
                ("filter {}", "filter { repetition_ngram: 0 }",
                 "repetition_ngram is 0"),
                ("bin_tokens: 512", "bin_tokens: 0", "bin_tokens is 0"),
                ("max_tokens: 4000",
                 "max_tokens: 4000 learning_rate { peak: nan }", "nan"),
                ("rows: 4", "rows: 4 top_p: 1.5", "top_p is 1.5")):
            self.assertIn(good, text)
            text = text.replace(good, bad, 1)
            words.append(complaint)
        self.refuse(text, "recipe.textproto:8:", *words)
        for good, bad, word in (("num_heads: 2", "num_heads: 0", "num_heads"),
                                ("bins_per_step: 2", "bins_per_step: 0",
                                 "bins_per_step")):
            self.refuse(TINY_TEXT.replace(good, bad), "recipe.textproto:",
                        word, "0")

    def test_both_epochs_and_max_tokens(self):
        self.refuse(TINY_TEXT.replace("max_tokens: 4000",
                                      "max_tokens: 4000 epochs: 1"),
                    "recipe.textproto:", "student", "epochs", "max_tokens")

    def test_neither_epochs_nor_max_tokens(self):
        self.refuse(TINY_TEXT.replace("max_tokens: 4000", ""),
                    "recipe.textproto:", "student", "epochs", "max_tokens")

    def test_missing_base(self):
        self.refuse('base: "nowhere.textproto"\nname: "x"\n',
                    "recipe.textproto:1:", "nowhere.textproto")

    def test_circle_of_bases(self):
        self.write("other.textproto", 'base: "recipe.textproto"\n')
        self.refuse('base: "other.textproto"\nname: "x"\n',
                    "in a circle", "recipe.textproto")

    def test_nonsense_in_set(self):
        for change, words in (
                ("bins.bin_tokens", ("bins.bin_tokens", "=")),
                ("bins.bin_token=3", ("bin_token", "bin_tokens")),
                ("bin.bin_tokens=3", ("'bin'", "bins")),
                ("bins.bin_tokens=99999999999", ("bin_tokens",
                                                 "99999999999")),
                ("", ("--set",))):
            with self.subTest(change):
                self.refuse(TINY_TEXT, *words, changes=[change])

    def test_missing_recipe(self):
        self.assert_refused(self.run_recipe(self.folder / "none.textproto"),
                            "none.textproto")

    def test_recipe_of_random_bytes(self):
        recipe = self.folder / "recipe.textproto"
        recipe.write_bytes(bytes(range(256)) * 8)
        self.assert_refused(self.run_recipe(recipe), "recipe.textproto:1:")

    def test_no_stages(self):
        self.refuse('name: "x"\n', "recipe.textproto", "no stages")

    def test_report_of_no_evaluation(self):
        self.refuse(TINY_TEXT.replace('evaluations: "scores"',
                                      'evaluations: "score"'),
                    "no evaluation 'score'", "did you mean 'scores'?")

    def test_plan_refuses_the_same(self):
        recipe = self.write("recipe.textproto", 'name: "x"\n')
        planned = run("plan", recipe, "--workspace", self.workspace)
        self.assert_refused(planned, "no stages")


class Arguments(Case):
    def test_only_and_report_are_checked_before_anything_runs(self):
        for arguments, words in (
                (["--only", "tokns"], ["no such stage", "'tokens'"]),
                (["--report", self.folder / "none/r.html"],
                 ["--report", "there is no folder", "none"])):
            done = self.run_recipe(arguments=arguments)
            self.assert_refused(done, *words)
            self.assertFalse(self.workspace.exists())

    def test_lineage_of_nothing(self):
        bins = artefact(finished(), "bins")
        for arguments, words in (
                (["nowhere", 0], ["nowhere does not exist"]),
                ([bins, 99], ["has 6 bins, bin 99"]),
                ([bins, 0, "--sequence", 99], ["sequence 99"]),
                ([artefact(finished(), "student"), 0],
                 ["(train) and has no rows", "inputs: bins, tokenizer"])):
            self.assert_refused(run("lineage", *arguments), *words)
        self.assertNotEqual(run("lineage", bins, "--", "-1").returncode, 0)

    def test_inspect_of_other_files(self):
        for content in (b"", b"text", bytes(range(256)) * 9):
            path = self.folder / "file"
            path.write_bytes(content)
            self.assert_refused(run("inspect", path), str(path))
        self.assert_refused(run("inspect", self.folder), str(self.folder),
                            "nothing to inspect")

    def test_closed_descriptors(self):
        """Messages never end up in a file that got the number 2."""
        done = self.run_recipe(preexec_fn=lambda: os.close(2))
        self.assertEqual(done.returncode, 0)
        self.assertEqual(digests(self.workspace), digests(finished()))
        self.assertEqual((self.workspace / "lock").read_bytes(), b"")
        done = run("doctor", preexec_fn=lambda: os.close(1))
        self.assert_refused(done, "standard output", "Bad file descriptor")
        done = run("verify", preexec_fn=lambda: os.close(0))
        self.assert_refused(done, "standard input", "Bad file descriptor")


if __name__ == "__main__":
    program.main()
