#!/usr/bin/env python3
"""What scripts may rely on: keys, their order, ids, errors, exit codes.

Usage: filters_test.py LIMBECK [TEST...]

One JSON object per line in, one per line out, in order, with `id` copied; a
bad line is answered with {"error"} and the run goes on, exit code 1 at the
end. tests/recipes has what the numbers must be.
"""

import json
import math
import re
import tempfile
from pathlib import Path

import program
from program import Case, TINY, artefact, run

GOOD, BAD = 0, 1


def setUpModule():
    """A finished workspace: its student has model and tokenizer."""
    global _shared, WORKSPACE, MODEL
    _shared = tempfile.TemporaryDirectory()
    WORKSPACE = Path(_shared.name) / "workspace"
    done = run("run", TINY, "--workspace", WORKSPACE)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    MODEL = artefact(WORKSPACE, "student") / "part-0000/checkpoint"


def tearDownModule():
    _shared.cleanup()


class Filter(Case):
    def filter(self, code, *arguments, lines):
        """The answers to `lines`: objects, or strings taken as they are."""
        text = "".join((line if isinstance(line, str) else json.dumps(line)) +
                       "\n" for line in lines)
        done = run(*arguments, input=text)
        self.assertEqual(done.returncode, code, done.stderr)
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(len(answers), len(lines), done.stdout)
        errors = sum("error" in answer for answer in answers)
        self.assertEqual(errors > 0, code == BAD, answers)
        if errors:
            self.assertEqual(
                done.stderr, f"limbeck: {errors} of {len(lines)} lines had an "
                             "error\n")
        return answers


class EveryFilter(Filter):
    # Verb with its options, a good line, and the keys of its answer.
    def table(self):
        return [
            (["tokenize", "--tokenizer", MODEL], {"text": "1 + 1"}, ["ids"]),
            (["tokenize", "--decode", "--tokenizer", MODEL],
             {"ids": [300, 301]}, ["text"]),
            (["render", "--tokenizer", MODEL],
             {"messages": [{"role": "user", "content": "1?"}]}, ["text"]),
            (["score", "--model", MODEL, "--top_k", 2], {"ids": [5, 6, 7]},
             ["logprobs", "top_ids", "top_logprobs"]),
            (["generate", "--model", MODEL, "--max_tokens", 2],
             {"ids": [5, 6, 7]}, ["samples"]),
            (["verify"], {"gold": "2", "answer": "2", "kind": "integer"},
             ["verdict", "extracted", "reason"]),
        ]

    def test_order_ids_and_errors(self):
        ids = ["a", None, 2**64 - 1, -3, 0.5, {"deep": [1, "x"]}, [], True]
        for verb, line, keys in self.table():
            with self.subTest(" ".join(map(str, verb[:2]))):
                lines = [dict(line, id=i) for i in ids]
                lines += [line, "no json", "[1]", '{"id": "e"}', '"text"',
                          dict(line, other="key", id="last")]
                answers = self.filter(BAD, *verb, lines=lines)
                for answer, expected in zip(answers, ids):
                    self.assertEqual(answer["id"], expected)
                    self.assertEqual(list(answer), ["id"] + keys)
                self.assertEqual(list(answers[len(ids)]), keys)
                for answer in answers[len(ids) + 1:-1]:
                    self.assertIn("error", answer)
                self.assertIn("line 10", answers[len(ids) + 1]["error"])
                self.assertEqual(answers[-2], {"error": answers[-2]["error"]})
                self.assertEqual(answers[-3]["id"], "e")
                self.assertEqual(answers[-1]["id"], "last")
                self.assertEqual(list(answers[-1]), ["id"] + keys)

    def test_input_from_a_file_and_from_dash(self):
        for verb, line, _ in self.table()[:1] + self.table()[4:5]:
            path = self.write("lines.jsonl", json.dumps(line) + "\r\n" +
                              json.dumps(line))
            from_file = run(*verb, path)
            self.assertEqual(from_file.returncode, GOOD, from_file.stderr)
            from_dash = run(*verb, "-", input=path.read_text())
            self.assertEqual(from_dash.stdout, from_file.stdout)
            self.assertEqual(len(from_file.stdout.splitlines()), 2)

    def test_no_input_is_fine_and_a_missing_file_is_not(self):
        for verb, _, _ in self.table()[:1] + self.table()[3:4]:
            empty = run(*verb)
            self.assertEqual((empty.returncode, empty.stdout, empty.stderr),
                             (GOOD, "", ""))
            self.assert_refused(run(*verb, self.folder / "none.jsonl"),
                                "none.jsonl")

    def test_missing_folders(self):
        for verb, _, _ in (self.table()[0], self.table()[3]):
            elsewhere = [self.folder / "none" if word is MODEL else word
                         for word in verb]
            self.assert_refused(run(*elsewhere), str(self.folder / "none"))

    def test_arguments_that_are_none(self):
        for arguments in ([], ["tokenize"], ["frobnicate"],
                          ["score", "--model", MODEL, "--dtype", "int7"],
                          ["tokenize", "--tokenizer", MODEL, "--decode",
                           "--special"]):
            done = run(*arguments)
            self.assertNotEqual(done.returncode, 0, arguments)
            self.assertLess(done.returncode, 128)
            self.assertEqual(done.stdout, "")
            self.assertNotEqual(done.stderr, "")


class Tokenize(Filter):
    def test_special_tokens(self):
        text = "<|user|>1<|end|>"
        plain, = self.filter(GOOD, "tokenize", "--tokenizer", MODEL,
                             lines=[{"text": text}])
        special, = self.filter(GOOD, "tokenize", "--tokenizer", MODEL,
                               "--special", lines=[{"text": text}])
        # Tags in the text are one id each, with and without --special.
        self.assertLessEqual(len(plain["ids"]), 4)
        self.assertEqual(special["ids"][-len(plain["ids"]):], plain["ids"])
        back, = self.filter(GOOD, "tokenize", "--decode", "--tokenizer",
                            MODEL, lines=[plain])
        self.assertEqual(back, {"text": text})

    def test_bytes_that_are_no_utf8_become_replacements(self):
        ids, = self.filter(GOOD, "tokenize", "--tokenizer", MODEL,
                           lines=[{"text": "\u2603"}])
        cut = {"ids": ids["ids"][:-1]}
        back, = self.filter(GOOD, "tokenize", "--decode", "--tokenizer",
                            MODEL, lines=[cut])
        self.assertIn("\ufffd", back["text"])

    def test_ids_outside(self):
        answers = self.filter(
            BAD, "tokenize", "--decode", "--tokenizer", MODEL,
            lines=[{"ids": [5, 384]}, {"ids": [-1]}, {"ids": [1.5]},
                   {"ids": "5"}, {"ids": []}])
        self.assertIn("384", answers[0]["error"])
        self.assertIn("-1", answers[1]["error"])
        self.assertEqual(answers[4], {"text": ""})


class Score(Filter):
    def test_one_number_per_position_from_the_second_on(self):
        answers = self.filter(
            BAD, "score", "--model", MODEL, "--top_k", 384,
            lines=[{"ids": [5]}, {"ids": [5, 6, 7]}, {"ids": [5, 384]},
                   {"ids": []}, {"ids": [5] * 513}])
        self.assertEqual(answers[0], {"logprobs": [], "top_ids": [],
                                      "top_logprobs": []})
        score = answers[1]
        self.assertEqual(len(score["logprobs"]), 2)
        for at, following in enumerate((6, 7)):
            self.assertEqual(sorted(score["top_ids"][at]), list(range(384)))
            place = score["top_ids"][at].index(following)
            self.assertEqual(score["top_logprobs"][at][place],
                             score["logprobs"][at])
            self.assertEqual(score["top_logprobs"][at],
                             sorted(score["top_logprobs"][at], reverse=True))
            mass = sum(map(math.exp, score["top_logprobs"][at]))
            self.assertAlmostEqual(mass, 1, places=5)
        self.assertIn("384", answers[2]["error"])
        self.assertIn("empty", answers[3]["error"])
        self.assertIn("513 tokens", answers[4]["error"])
        self.assertIn("512", answers[4]["error"])

    def test_other_dtype_is_near(self):
        line = {"ids": [5, 6, 7, 8]}
        exact, = self.filter(GOOD, "score", "--model", MODEL, lines=[line])
        near, = self.filter(GOOD, "score", "--model", MODEL, "--dtype",
                            "bfloat16", lines=[line])
        self.assertEqual(list(exact), ["logprobs"])
        for a, b in zip(exact["logprobs"], near["logprobs"]):
            self.assertAlmostEqual(a, b, delta=0.1)  # 8 bits of mantissa


class Generate(Filter):
    def generate(self, *options, line, code=GOOD):
        answer, = self.filter(code, "generate", "--model", MODEL, *options,
                              lines=[line])
        return answer

    def test_keys_of_a_sample(self):
        sample = self.generate("--max_tokens", 3, "--ignore_eos",
                               line={"prompt": "1"})["samples"][0]
        self.assertEqual(list(sample), ["ids", "text", "finish_reason",
                                        "logprobs"])
        self.assertEqual(len(sample["ids"]), 3)
        self.assertEqual(len(sample["logprobs"]), 3)
        self.assertEqual(sample["finish_reason"], "length")
        sample = self.generate("--max_tokens", 3, "--logprobs", 2,
                               "--ignore_eos",
                               line={"prompt": "1"})["samples"][0]
        self.assertEqual([len(ids) for ids in sample["top_ids"]], [2, 2, 2])

    def test_greedy_takes_the_likeliest(self):
        line = {"ids": [2, 9, 17]}
        sample = self.generate("--max_tokens", 4, "--temperature", 0,
                               "--ignore_eos", line=line)["samples"][0]
        score, = self.filter(GOOD, "score", "--model", MODEL, "--top_k", 1,
                             lines=[{"ids": line["ids"] + sample["ids"]}])
        self.assertEqual([ids[0] for ids in score["top_ids"][2:]],
                         sample["ids"])

    def test_seed_and_index_decide_a_sample(self):
        line = {"prompt": "2"}
        three = self.generate("--max_tokens", 5, "--n", 3, "--seed", 4,
                              line=line)["samples"]
        two = self.generate("--max_tokens", 5, "--n", 2, "--seed", 4,
                            "--rows", 1, line=line)["samples"]
        other = self.generate("--max_tokens", 5, "--n", 2, "--seed", 5,
                              line=line)["samples"]
        self.assertEqual(three[:2], two)
        self.assertNotEqual(three[0]["ids"], three[1]["ids"])
        self.assertNotEqual(two, other)

    def test_stop_string(self):
        whole = self.generate("--max_tokens", 8, "--seed", 1, "--ignore_eos",
                              line={"prompt": "2"})["samples"][0]
        stop = next(c for c in whole["text"]
                    if c.isascii() and c.isprintable())
        sample = self.generate("--max_tokens", 8, "--seed", 1, "--ignore_eos",
                               "--stop", stop,
                               line={"prompt": "2"})["samples"][0]
        self.assertEqual(sample["finish_reason"], "stop")
        self.assertLess(len(sample["ids"]), 8 + 1)
        self.assertEqual(whole["ids"][:len(sample["ids"])], sample["ids"])

    def test_prompt_longer_than_the_context(self):
        answer = self.generate(line={"ids": [5] * 600}, code=BAD)
        self.assertIn("600", answer["error"])
        self.assertIn("512", answer["error"])


class Verify(Filter):
    def test_verdicts(self):
        answers = self.filter(BAD, "verify", lines=[
            {"gold": "1,000", "answer": "\\boxed{1000}", "kind": "integer"},
            {"gold": "7", "answer": "thus \\boxed{8}", "kind": "integer"},
            {"gold": "7", "answer": "I do not know", "kind": "integer"},
            {"gold": "7", "answer": "\\boxed{7}"},
            {"gold": "7", "answer": "7", "kind": "poem"},
            {"gold": [7], "answer": "7"}, {"gold": "7"},
            {"gold": 7, "answer": "7"}])
        self.assertEqual(answers[0]["verdict"], "correct")
        self.assertEqual(answers[1]["verdict"], "wrong")
        self.assertEqual(answers[2]["verdict"], "wrong")
        self.assertEqual(answers[3]["verdict"], "correct")
        for answer in answers[4:7]:
            self.assertIn("error", answer)
        self.assertEqual(answers[7]["verdict"], "correct")

    def test_mathematics_in_both_modes(self):
        lines = [{"gold": "1/2", "answer": "so \\boxed{\\frac{2}{4}}"},
                 {"gold": "$2^{-99}$", "answer": "\\boxed{2^{-98}}"}]
        sound = self.filter(0, "verify", lines=lines)
        compat = self.filter(0, "verify", "--mode", "compat", lines=lines)
        self.assertEqual([a["verdict"] for a in sound], ["correct", "wrong"])
        self.assertEqual([a["verdict"] for a in compat],
                         ["correct", "correct"])

    def test_kinds_with_options(self):
        answers = self.filter(BAD, "verify", lines=[
            {"gold": "F", "answer": "Answer: F", "kind": "choice",
             "letters": "ABCDEF"},
            {"gold": "9.81", "answer": "about \\boxed{9.8}",
             "kind": "numeric", "relative_tolerance": 0.01},
            {"gold": "[A-Z]+-\\d+", "answer": "AB-12", "kind": "regex"},
            {"gold": {"required": ["a"]}, "answer": '```json\n{"a": 1}\n```',
             "kind": "json_schema"},
            {"gold": "(", "answer": "x", "kind": "regex"},
            {"gold": {"typo": 1}, "answer": "1", "kind": "json_schema"}])
        for answer in answers[:4]:
            self.assertEqual(answer["verdict"], "correct")
        self.assertIn("byte 1", answers[4]["error"])
        self.assertIn("typo", answers[5]["error"])

    def test_rewards(self):
        spec = self.write("reward.textproto",
                          "terms { accuracy {} } terms { format {} }")
        answers = self.filter(0, "verify", "--reward", spec, lines=[
            {"gold": "7", "answer": "<think>a</think>\\boxed{7}"},
            {"gold": "?!(", "answer": "<think>a</think>\\boxed{7}"}])
        self.assertEqual(answers[0]["reward"], 2)
        self.assertEqual(answers[0]["rewards"], {"accuracy": 1, "format": 1})
        self.assertIsNone(answers[1]["reward"])


class Benchmark(Filter):
    KEYS = ["benchmark", "mode", "problems", "samples_per_problem",
            "complete", "missing_samples", "pass_at_1",
            "pass_at_1_interval_exam", "pass_at_1_interval_population",
            "pass_at_k", "g_pass_at_k", "mg_pass_at_k", "cons_at_k",
            "cons_ties", "truncated_share", "no_answer_share",
            "judge_error_share", "unknown_share", "per_problem",
            "refused_problems", "outcomes", "settings"]

    def setUp(self):
        super().setUp()
        self.data = self.write("problems.jsonl", "".join(
            json.dumps({"id": name, "problem": "?", "answer": answer}) + "\n"
            for name, answer in (("a", "2"), ("b", "3"), ("c", "4"))))

    def benchmark(self, samples):
        text = "".join((line if isinstance(line, str) else json.dumps(line)) +
                       "\n" for line in samples)
        return run("benchmark", "--name", "jsonl", "--data", self.data,
                   "--samples", self.write("samples.jsonl", text))

    @staticmethod
    def sample(problem, number, answer):
        return {"problem_id": problem, "sample": number,
                "text": f"\\boxed{{{answer}}}"}

    def scores(self, samples):
        done = self.benchmark(samples)
        self.assert_done(done)
        return json.loads(done.stdout)

    def test_keys_and_missing_samples(self):
        scores = self.scores([self.sample("a", 0, 2), self.sample("a", 1, 2),
                              self.sample("b", 0, 3), self.sample("b", 1, 9),
                              self.sample("c", 1, 9)])
        self.assertEqual(list(scores), self.KEYS)
        self.assertEqual((scores["problems"], scores["samples_per_problem"],
                          scores["missing_samples"], scores["complete"]),
                         (3, 2, 1, False))
        self.assertAlmostEqual(scores["pass_at_1"], (1 + 0.5 + 0) / 3)
        self.assertEqual(scores["pass_at_k"]["2"], 1)  # of a and b
        self.assertEqual(list(scores["g_pass_at_k"]["1"]),
                         ["0.25", "0.5", "0.75", "1.0"])
        self.assertEqual(scores["per_problem"][0],
                         {"problem_id": "a", "correct": 2, "samples": 2})
        low, high = scores["pass_at_1_interval_exam"]
        self.assertLessEqual(low, scores["pass_at_1"])
        self.assertGreaterEqual(high, scores["pass_at_1"])

    def test_refuses(self):
        one = self.sample("a", 0, 2)
        for samples, words in (
                ([one, one], ("samples.jsonl:2", "'a'", "twice")),
                ([one, self.sample("z", 0, 1)], ("samples.jsonl:2", "'z'")),
                ([one, "no json"], ("samples.jsonl", "line 2")),
                ([{"problem_id": "a", "text": "2"}], ("sample",)),
                ([{"problem_id": "a", "sample": -1, "text": ""}], ("-1",)),
                ([{"problem_id": "a", "sample": 0}], ("text",))):
            with self.subTest(str(samples)):
                done = self.benchmark(samples)
                self.assert_refused(done, *words)
                self.assertEqual(done.stdout, "")

    def test_compare(self):
        right = [self.sample(p, 0, a) for p, a in zip("abc", (2, 3, 4))]
        wrong = [self.sample(p, 0, 9) for p in "abc"]
        a = self.write("a.json", self.benchmark(right).stdout)
        b = self.write("b.json", self.benchmark(wrong).stdout)
        done = run("compare", a, b)
        self.assert_done(done)
        comparison, = json.loads(done.stdout)["comparisons"]
        self.assertEqual(
            list(comparison),
            ["benchmark", "model_a", "model_b", "problems", "mean_a",
             "mean_b", "difference", "difference_interval", "p_value",
             "p_value_holm", "wins", "losses", "ties", "mcnemar_p_value",
             "smallest_detectable_difference", "only_in_a", "only_in_b"])
        self.assertEqual(comparison["difference"], 1)
        self.assertEqual((comparison["wins"], comparison["losses"],
                          comparison["ties"]), (3, 0, 0))
        many = self.write("many.json", f"[{a.read_text()}]")
        self.assertEqual(
            run("compare", many, b).stdout.replace("many.json", "a.json"),
            done.stdout)
        self.assertEqual((comparison["model_a"], comparison["model_b"]),
                         ("a.json", "b.json"))
        back = json.loads(run("compare", b, a).stdout)["comparisons"][0]
        self.assertEqual(back["difference"], -1)
        self.assertEqual(back["p_value"], comparison["p_value"])

    def test_compare_takes_artefacts_and_refuses_others(self):
        scores = artefact(WORKSPACE, "scores")
        done = run("compare", scores, scores)
        self.assert_done(done)
        comparison, = json.loads(done.stdout)["comparisons"]
        self.assertEqual((comparison["difference"], comparison["ties"]),
                         (0, 4))
        self.assertEqual((comparison["model_a"], comparison["model_b"]),
                         ("scores", "scores"))
        other = self.write("other.json", '{"benchmark": "x"}')
        for a, word in ((self.folder / "none.json", "none.json"),
                        (artefact(WORKSPACE, "bins"), "bins-"),
                        (other, "other.json"),
                        (self.write("t.json", "{"), "t.json")):
            self.assert_refused(run("compare", a, scores), word)


class Names(Case):
    """Recipes that ship, as a person names them."""

    def test_every_recipe_can_be_planned(self):
        folder = program.HERE.parents[1] / "recipes"
        shipped = (folder / "quickstart" / "teacher").is_dir()
        recipes = sorted(folder.glob("*.textproto"))
        self.assertGreaterEqual(len(recipes), 4)
        test_data = self.folder / "data"
        for name in ("train", "test", "example_model_solutions"):
            self.write(f"data/gsm8k/{name}.jsonl", "{}\n")
        for recipe in recipes:
            if "quickstart/" in recipe.read_text() and not shipped:
                continue
            with self.subTest(recipe.name):
                done = run("plan", recipe, "--workspace", self.workspace,
                           env=program.environment(
                               LIMBECK_TESTDATA=str(test_data)))
                # What a user has to name: models and files of one's own.
                needed = set(re.findall(r"\$\{(\w+)\}", recipe.read_text()))
                needed.discard("LIMBECK_TESTDATA")
                for name in needed:
                    self.assertIn(f"variable {name} is not set", done.stderr)
                if needed:
                    continue
                self.assert_done(done)
                stages = recipe.read_text().count("stages {")
                self.assertRegex(done.stdout,
                                 r"\d+ of \d+ stages to run")
                self.assertGreaterEqual(
                    len(done.stdout.splitlines()), stages // 2)
        self.assertFalse(self.workspace.exists())

    def test_name_without_folder_and_extension(self):
        root = program.HERE.parents[1]
        for name in ("quickstart_teacher", "recipes/quickstart_teacher",
                     "quickstart_teacher.textproto"):
            self.assert_done(run("plan", name, "--workspace", self.workspace,
                                 cwd=root))
        self.assert_refused(run("plan", "quickstat", cwd=root), "quickstat",
                            "tried: ")


if __name__ == "__main__":
    program.main()
