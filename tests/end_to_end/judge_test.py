#!/usr/bin/env python3
"""The filter `limbeck judge`: its fields, its order, its refusals.

Usage: judge_test.py LIMBECK [TEST...]

What the verdicts must be is told by tests/data/judge.
"""

import json
import os
import subprocess
import unittest

import program
from program import Case, run

DOUBLE = "print(int(input()) * 2)"
FOUR = [{"input": "2", "output": "4"}]


def line(code=DOUBLE, **fields):
    return dict({"language": "python", "code": code, "tests": FOUR}, **fields)


def judge(*arguments, lines):
    text = "".join((entry if isinstance(entry, str) else json.dumps(entry)) +
                   "\n" for entry in lines)
    return run("judge", *arguments, input=text)


class Judge(Case):
    def answers(self, *arguments, lines, code=0):
        done = judge(*arguments, lines=lines)
        self.assertEqual(done.returncode, code, done.stderr)
        answers = [json.loads(text) for text in done.stdout.splitlines()]
        self.assertEqual(len(answers), len(lines))
        return answers


class Fields(Judge):
    def test_accepted(self):
        answer, = self.answers(lines=[line(id={"a": 1})])
        self.assertEqual(list(answer), ["id", "verdict", "tests", "isolation",
                                        "detail"])
        self.assertEqual(answer["id"], {"a": 1})
        self.assertEqual(answer["verdict"], "accepted")
        self.assertIn(answer["isolation"], ["A", "B"])
        self.assertEqual(answer["detail"], "")
        test, = answer["tests"]
        self.assertEqual(list(test), ["verdict", "seconds", "peak_mb",
                                      "wall_seconds", "runs"])
        self.assertEqual(test["verdict"], "accepted")
        self.assertLess(test["seconds"], 6)
        self.assertGreater(test["peak_mb"], 1)

    def test_every_verdict(self):
        lines = [
            line(), line("print(5)"), line("while True: pass",
                                           time_limit_s=0.3),
            line("x = 'x' * (1 << 30)", memory_limit_mb=100), line("1 / 0"),
            line("print("), line(tests=[]),
        ]
        self.assertEqual(
            [answer["verdict"] for answer in self.answers(lines=lines)],
            ["accepted", "wrong_answer", "time_limit", "memory_limit",
             "runtime_error", "compile_error", "judge_error"])

    def test_cpp_and_functions(self):
        cpp = ("#include <iostream>\nint main() { long long n; std::cin >> n; "
               "std::cout << 2 * n; }")
        answers = self.answers(lines=[
            line(cpp, language="cpp"),
            line("def f(a):\n    return [a, 2 * a]", function="f",
                 tests=[{"input": "2", "output": "[2, 4]"}]),
            line(checker={"name": "python", "code":
                          "import sys\nprint(int(open(sys.argv[3]).read() == "
                          "'4\\n'))"}),
        ])
        self.assertEqual([answer["verdict"] for answer in answers],
                         ["accepted"] * 3, answers)

    def test_interactive_is_skipped(self):
        answer, = self.answers(lines=[line(interactive=True)])
        self.assertEqual(answer["verdict"], "judge_error")
        self.assertIs(answer["skipped"], True)

    def test_compat_is_livecodebench(self):
        reads = "import sys\nfor line in sys.stdin:\n    print(int(line) * 2)"
        sound, = self.answers(lines=[line(reads)])
        compat, = self.answers("--mode", "compat", lines=[line(reads)])
        self.assertEqual(sound["verdict"], "accepted")
        self.assertEqual(compat["verdict"], "runtime_error")


class Order(Judge):
    def test_answers_keep_the_order_whatever_the_workers(self):
        # The first lines take longest.
        lines = [line(f"import time\ntime.sleep({max(0, 0.6 - 0.1 * i)})\n"
                      f"print({4 + i % 2})", id=i) for i in range(12)]
        lines.insert(5, "no json")
        lines.insert(7, json.dumps({"id": "bad", "language": "java"}))
        verdicts = []
        for workers in (1, 4):
            answers = self.answers("--workers", workers, lines=lines, code=1)
            verdicts.append([(a.get("id"), a.get("verdict"), a.get("error"))
                             for a in answers])
        self.assertEqual(verdicts[0], verdicts[1])
        self.assertEqual([v[0] for v in verdicts[0] if isinstance(v[0], int)],
                         list(range(12)))
        self.assertIn("line 6", verdicts[0][5][2])

    def test_an_answer_comes_as_soon_as_it_is_known(self):
        process = subprocess.Popen(
            [program.program(), "judge", "--workers", "2"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=program.environment())
        with process:
            for number in range(3):
                process.stdin.write(json.dumps(line(id=number)) + "\n")
                process.stdin.flush()
                answer = json.loads(process.stdout.readline())
                self.assertEqual(answer["id"], number)
            process.stdin.close()
            self.assertEqual(process.wait(), 0)

    def test_a_closed_output_ends_the_run(self):
        process = subprocess.Popen(
            [program.program(), "judge", "--workers", "1"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, env=program.environment())
        process.stdout.close()
        process.communicate(
            "".join(json.dumps(line()) + "\n" for _ in range(8)), timeout=60)
        self.assertNotEqual(process.returncode, 0)


class Isolation(Judge):
    def test_too_little_isolation_refuses_every_line(self):
        level = self.answers(lines=[line()])[0]["isolation"]
        if level == "A":
            self.skipTest("nothing is stronger than level A")
        answers = self.answers("--min_isolation", "A", lines=[line(), line()],
                               code=1)
        for answer in answers:
            self.assertEqual(list(answer), ["error"])

    def test_unsafe_never_passes(self):
        level = self.answers(lines=[line()])[0]["isolation"]
        if level == "A":
            self.skipTest("nothing is stronger than level A")
        passed, wrong = self.answers("--min_isolation", "A", "--unsafe",
                                     lines=[line(), line("print(5)")])
        self.assertEqual(passed["verdict"], "judge_error")
        self.assertEqual(passed["unsafe_verdict"], "accepted")
        self.assertEqual(wrong["verdict"], "wrong_answer")

    def test_nothing_of_the_caller_is_visible(self):
        code = ("import os\nprint(os.environ.get('LIMBECK_SECRET', 'none'), "
                "sorted(os.listdir('/dev/fd') if os.path.exists('/dev/fd') "
                "else []))")
        done = run("judge", input=json.dumps(
            line(code, tests=[{"input": "", "output": "x"}])) + "\n",
                   env=program.environment(LIMBECK_SECRET="hunter2"))
        self.assertNotIn("hunter2", done.stdout)

    def test_no_files_are_left(self):
        before = set(os.listdir("/tmp"))
        self.answers(lines=[line(), line("print(", language="cpp")])
        left = {name for name in set(os.listdir("/tmp")) - before
                if "limbeck" in name or "box" in name}
        self.assertEqual(left, set())


if __name__ == "__main__":
    program.main()
