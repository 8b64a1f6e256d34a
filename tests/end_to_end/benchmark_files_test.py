#!/usr/bin/env python3
"""A tiny model evaluated on files in the layouts of public benchmarks.

Usage: benchmark_files_test.py LIMBECK

A recipe trains a model in a second and evaluates it on an examination, a
multiple-choice table and a code benchmark, all made up. Looked at: scores that
name the files' own problems, the order of options stored with each sample, the
report's pages, equal bytes after a kill, and complaints about wrong recipes.
"""

import json
import re
import signal
import time
import unittest

import program

EXAM = "".join(json.dumps(line) + "\n" for line in [
    {"id": "2024-I-1", "problem": "Two and two?", "answer": "004"},
    {"id": "2024-I-2", "problem": "Three and four?", "answer": 7},
    {"id": "2024-II-1", "problem": "Ten less one?", "answer": "9"}])
CHOICES = """Question,Correct Answer,Incorrect Answer 1,Incorrect Answer 2,\
Incorrect Answer 3,Record ID,Subdomain
"Which is
red?",ruby,sky,grass,snow,rec1,Colours
Which barks?,dog,"cat, black",cow,hen,rec2,Animals
"""
TESTS = json.dumps([{"input": "1 2\n", "output": "3\n", "testtype": "stdin"}])
PROGRAMS = json.dumps({
    "question_title": "Sum", "question_content": "Add two numbers.",
    "platform": "atcoder", "question_id": "abc1",
    "contest_date": "2024-09-01", "starter_code": "", "difficulty": "easy",
    "public_test_cases": TESTS, "private_test_cases": TESTS,
    "metadata": "{}"}) + "\n"

RECIPE = """base: "%s"
name: "exams"
stages {
  name: "student"
  train { architecture { max_positions: 4096 } max_tokens: 2000 }
}
stages {
  name: "aime"
  inputs: "student"
  evaluate {
    benchmark_file { name: NAME_AIME24 path: "${EXAMS}/aime.jsonl" }
    samples_per_problem: 6 max_tokens: 40 rows: 4
  }
}
stages {
  name: "gpqa"
  inputs: "student"
  evaluate {
    benchmark_file { name: NAME_GPQA_DIAMOND path: "${EXAMS}/gpqa.csv" }
    samples_per_problem: 6 max_tokens: 40 rows: 4
  }
}
stages {
  name: "code"
  inputs: "student"
  evaluate {
    benchmark_file {
      name: NAME_LIVECODEBENCH path: "${EXAMS}/test.jsonl"
      min_isolation: ISOLATION_D
    }
    samples_per_problem: 2 max_tokens: 8 rows: 4
  }
}
report { title: "Exams" evaluations: "aime" references: "DeepSeek-R1" }
"""


class BenchmarkFiles(program.Case):

    def setUp(self):
        super().setUp()
        self.write("exams/aime.jsonl", EXAM)
        self.write("exams/gpqa.csv", CHOICES)
        self.write("exams/test.jsonl", PROGRAMS)
        self.recipe = self.write("exams.textproto", RECIPE % program.TINY)
        self.environment = program.environment(EXAMS=str(self.folder / "exams"))

    def evaluate(self, *changes, **options):
        return self.run_recipe(self.recipe, *changes, env=self.environment,
                               **options)

    def scores(self, stage):
        path = program.artefact(self.workspace, stage)
        return json.loads((path / "part-0000" / "scores.json").read_text())

    def test_scores_and_pages(self):
        done = self.evaluate()
        self.assertEqual(done.returncode, 0, done.stderr)
        aime = self.scores("aime")
        self.assertEqual(aime["benchmark"], "aime24")
        self.assertEqual([one["problem_id"] for one in aime["per_problem"]],
                         ["2024-I-1", "2024-I-2", "2024-II-1"])
        self.assertEqual(aime["settings"]["prompt"], "deepseek_r1")
        self.assertEqual(aime["settings"]["temperature"], 0.6)
        gpqa = self.scores("gpqa")
        self.assertEqual(gpqa["samples_per_problem"], 6)
        self.assertTrue(gpqa["complete"])
        code = self.scores("code")
        self.assertIn(code["settings"]["isolation"], "ABCD")
        self.assertEqual(code["problems"], 1)
        self.check_pages()
        self.check_option_orders()
        self.check_comparison()

    def check_pages(self):
        report = (self.workspace / "report.html").read_text()
        pages = self.workspace / "report_pages"
        for name in ("aime24", "gpqa_diamond", "livecodebench"):
            self.assertIn(f'href="report_pages/{name}.html"', report)
            page = (pages / f"{name}.html").read_text()
            self.assertIn("default-src 'none'", page)
            for part in ("result", "map", "reliability", "samples",
                         "settings"):
                self.assertIn(f'<section id="{part}">', page)
            self.assertIn("<td>DeepSeek-R1</td>", page)
        self.assertIn("79.8", (pages / "aime24.html").read_text())
        self.assertIn("2024-II-1", (pages / "aime24.html").read_text())

    def check_option_orders(self):
        path = program.artefact(self.workspace, "gpqa")
        done = program.run("inspect", path / "part-0000" / "traces.lbk",
                           "--records", "12")
        self.assertEqual(done.returncode, 0, done.stderr)
        orders = re.findall(r"option_order: .*", done.stdout)
        self.assertGreaterEqual(len(orders), 12)

    def check_comparison(self):
        """The evaluation is as good as the output of `benchmark`."""
        path = program.artefact(self.workspace, "aime")
        done = program.run("compare", path, path)
        self.assertEqual(done.returncode, 0, done.stderr)
        one = json.loads(done.stdout)["comparisons"][0]
        self.assertEqual((one["benchmark"], one["problems"], one["ties"]),
                         ("aime24", 3, 3))

    def test_killed_evaluation_gives_the_same_bytes(self):
        slow = ("aime.samples_per_problem=60", "aime.max_tokens=200")
        done = self.evaluate(*slow)
        self.assertEqual(done.returncode, 0, done.stderr)
        expected = program.digests(self.workspace)
        undisturbed, self.workspace = self.workspace, self.folder / "killed"
        self.assertTrue(undisturbed.exists())
        self.kill_inside("aime", slow)
        done = self.evaluate(*slow)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(program.digests(self.workspace), expected)

    def kill_inside(self, stage, changes):
        arguments = ["run", self.recipe, "--workspace", self.workspace]
        for change in changes:
            arguments += ["--set", change]
        started = program.start(*arguments, env=self.environment)
        try:
            deadline = time.monotonic() + 100
            while time.monotonic() < deadline and started.poll() is None:
                found = list(self.workspace.glob(
                    f"{stage}-*/part-0000/*.journal"))
                if found and found[0].stat().st_size > 3000:
                    break
                time.sleep(0.005)
            started.send_signal(signal.SIGKILL)
        finally:
            started.communicate()
        self.assertEqual(started.returncode, -signal.SIGKILL)
        self.assertFalse(program.is_complete(self.workspace, stage))

    def test_wrong_recipes_are_refused_before_anything_runs(self):
        for change, text in [
                ("aime.benchmark_file.path=nowhere.jsonl",
                 "there is no file 'nowhere.jsonl'"),
                ("aime.benchmark_file.path=", "benchmark_file.path is empty"),
                ("aime.inputs=problems,student",
                 "2 inputs, evaluate takes a model"),
                ("scores.inputs=student", "evaluate takes problems, then")]:
            done = self.evaluate(change)
            self.assertEqual(done.returncode, 1, change)
            self.assertIn(text, done.stderr)
            self.assertFalse(list(self.workspace.glob("student-*")), change)

    def test_damaged_file_is_named_with_its_line(self):
        self.write("exams/aime.jsonl", EXAM + '{"id": "x"\n')
        done = self.evaluate(arguments=["--only", "problems", "solutions",
                                        "tokenizer", "verified", "filtered",
                                        "tokens", "bins", "student", "aime"])
        self.assertEqual(done.returncode, 1)
        self.assertIn("aime.jsonl, line 4", done.stderr)


if __name__ == "__main__":
    program.main()
