#!/usr/bin/env python3
"""Models, problem files and sets that are wrong or empty.

Usage: bad_source_test.py LIMBECK [TEST...]

Each must be refused or counted with one message that says what and where,
leave nothing half-written, and work once it is repaired.
"""

import json
import os
import shutil

import program
from program import Case, TINY_TEXT, artefact, finished, run


class Sources(Case):
    """What a recipe names outside itself."""

    MODEL = ('models {{ name: "teacher" path: "{}" }}\n'
             'stages {{ name: "problems" arithmetic_problems '
             '{{ num_problems: 3 }} }}\n'
             'stages {{ name: "scores" inputs: "problems" inputs: "teacher" '
             'evaluate {{ max_tokens: 4 rows: 2 '
             'samples_per_problem: 1 }} }}\n')
    INGEST = ('stages {{ name: "problems" ingest {{ path: "{}" '
              'partitions: 1 }} }}\n')

    def init(self, name="model", positions=512):
        tokenizer = artefact(finished(), "tokenizer") / "part-0000/tokenizer"
        self.assert_done(run(
            "init", self.folder / name, "--tokenizer", tokenizer,
            "--hidden_size", 16, "--layers", 1, "--heads", 2,
            "--intermediate_size", 32, "--max_positions", positions))
        return self.folder / name

    def test_missing_model_folder(self):
        recipe = self.write("r.textproto", self.MODEL.format("model"))
        self.assert_refused(self.run_recipe(recipe), "r.textproto:1:",
                            "teacher.path", "there is no folder", "model")
        self.assertFalse(self.workspace.exists())
        self.init()
        self.assert_done(self.run_recipe(recipe))

    def test_model_folder_without_model(self):
        recipe = self.write("r.textproto", self.MODEL.format("model"))
        (self.folder / "model").mkdir()
        self.assert_refused(self.run_recipe(recipe), "model",
                            "holds no model")

    def test_missing_problem_file(self):
        recipe = self.write("r.textproto", self.INGEST.format("p.jsonl"))
        self.assert_refused(self.run_recipe(recipe), "r.textproto:1:",
                            "problems.path", "there is no file", "p.jsonl")
        self.assertFalse(self.workspace.exists())
        self.write("p.jsonl", '{"problem": "1+1?", "answer": "2"}\n')
        self.assert_done(self.run_recipe(recipe))

    def test_unset_variable(self):
        recipe = self.write("r.textproto",
                            self.INGEST.format("${LIMBECK_NOWHERE}/p.jsonl"))
        self.write("p.jsonl", '{"problem": "1+1?", "answer": "2"}\n')
        for value in (None, ""):
            done = self.run_recipe(
                recipe, env=program.environment(LIMBECK_NOWHERE=value))
            self.assert_refused(done, "r.textproto:1:", "problems.path",
                                "LIMBECK_NOWHERE is not set")
        self.assertFalse(self.workspace.exists())
        self.assert_done(self.run_recipe(recipe, env=program.environment(
            LIMBECK_NOWHERE=str(self.folder))))

    def test_bad_problem_lines_are_counted(self):
        self.write("p.jsonl", "\n".join([
            '{"problem": "1+1?", "answer": "2"}', '{"problem": "1+2?"}',
            "no json", '["list"]', '{"problem": "1+3?", "answer": "4"}']))
        recipe = self.write("r.textproto", self.INGEST.format("p.jsonl"))
        self.assert_done(self.run_recipe(recipe))
        folder = artefact(self.workspace, "problems")
        numbers = program.manifest_numbers(folder)
        self.assertEqual(numbers["in"], 5)
        self.assertEqual(numbers["out"] + numbers["rejected"], 5)
        self.assertGreaterEqual(numbers["reasons"]["BAD_RECORD"], 2)
        shown = run("inspect", folder / "part-0000/rejects.lbk", "--records",
                    9).stdout
        self.assertIn("no json", shown)
        self.assertIn("byte_offset: ", shown)

    def damage_model(self, *damages):
        """Damaged checkpoints are refused; the whole one works."""
        whole = self.init("whole")
        recipe = self.write("r.textproto", self.MODEL.format("model"))
        for damage, words in damages:
            shutil.copytree(whole, self.folder / "model")
            damage(self.folder / "model")
            with self.subTest(words):
                self.assert_refused(self.run_recipe(recipe), *words)
                self.assert_nothing_half_written("scores")
            shutil.rmtree(self.folder / "model")
        whole.rename(self.folder / "model")
        self.assert_done(self.run_recipe(recipe))

    def test_truncated_files(self):
        def cut(name, keep):
            def damage(model):
                size = (model / name).stat().st_size
                os.truncate(model / name, keep if keep >= 0 else size + keep)
            return damage
        self.damage_model(
            (cut("model.safetensors", 0), ["model.safetensors"]),
            (cut("model.safetensors", 100),
             ["model.safetensors", "at most 92 possible"]),
            (cut("model.safetensors", -1),
             ["model.safetensors", "outside of 35007 bytes"]),
            (cut("tokenizer.model", 1000), ["tokenizer.model"]),
            (cut("config.json", 50), ["config.json", "line "]),
            (lambda model: (model / "tokenizer.model").unlink(),
             ["tokenizer.model", "model"]))

    def test_configuration_that_does_not_fit(self):
        def change(**values):
            def damage(model):
                config = json.loads((model / "config.json").read_text())
                config.update(values)
                config = {k: v for k, v in config.items() if v is not None}
                (model / "config.json").write_text(json.dumps(config))
            return damage
        self.damage_model(
            (change(num_hidden_layers=None),
             ["config.json", "num_hidden_layers"]),
            (change(intermediate_size=48),
             ["mlp.up_proj.weight\" is [32, 16] in model.safetensors and "
              "[48, 16] by config.json"]),
            (change(rope_scaling={"rope_type": "dynamic", "factor": 2.0}),
             ["config.json", "rope_scaling: rope_type is dynamic"]),
            (change(sliding_window=16),
             ["config.json", "sliding_window is 16"]),
            (change(model_type="gpt2"), ["config.json", "gpt2", "llama"]))

    def test_problem_longer_than_the_context(self):
        self.init(positions=64)
        words = " ".join(str(1000 + i) for i in range(100))
        self.write("p.jsonl", f'{{"problem": "{words}", "answer": "2"}}\n'
                              '{"problem": "1+1?", "answer": "2"}\n')
        recipe = self.write("r.textproto", f'''
            models {{ name: "teacher" path: "model" }}
            stages {{ name: "problems" ingest {{ path: "p.jsonl"
                      partitions: 1 }} }}
            stages {{ name: "traces" inputs: "problems" inputs: "teacher"
                      generate {{ samples_per_problem: 2 max_tokens: 8
                                  rows: 4 }} }}
            stages {{ name: "scores" inputs: "problems" inputs: "teacher"
                      evaluate {{ samples_per_problem: 2 max_tokens: 8
                                  rows: 4 }} }}''')
        self.assert_done(self.run_recipe(recipe))
        for stage in ("traces", "scores"):
            numbers = program.manifest_numbers(artefact(self.workspace,
                                                        stage))
            self.assertEqual(numbers["reasons"], {"PROMPT_TOO_LONG": 2},
                             stage)
            self.assertEqual((numbers["in"], numbers["out"]), (4, 2), stage)
        shown = run("inspect", artefact(self.workspace, "traces"),
                    "--records", 1).stdout
        self.assertIn("threshold: ", shown)

    def test_teacher_that_never_stops(self):
        self.init()
        recipe = self.write("r.textproto", '''
            models { name: "teacher" path: "model" }
            stages { name: "problems"
                     arithmetic_problems { num_problems: 5 partitions: 1 } }
            stages { name: "traces" inputs: "problems" inputs: "teacher"
                     generate { samples_per_problem: 2 max_tokens: 8
                                temperature: 0 rows: 4 } }
            stages { name: "filtered" inputs: "traces"
                     filter { require_correct: false } }''')
        self.assert_done(self.run_recipe(recipe))
        traces = program.manifest_numbers(artefact(self.workspace, "traces"))
        self.assertEqual((traces["in"], traces["out"]), (10, 10))
        filtered = program.manifest_numbers(artefact(self.workspace,
                                                     "filtered"))
        self.assertEqual(filtered["reasons"], {"FINISH_REASON": 10})
        self.assertEqual((filtered["in"], filtered["out"]), (10, 0))


class EmptySets(Case):
    """Stages that need records say so; the others pass nothing on."""

    def refuse(self, stages, stage, *words):
        """The recipe with `stages`; nothing passes its filter or split."""
        recipe = self.write("r.textproto", TINY_TEXT.replace(
            "filter {}", "filter { min_output_tokens: 16000 }").split(
                'stages {\n  name: "student"')[0] + '''
            stages { name: "none" inputs: "problems"
                     split { begin: 0.99999 } }''' + stages)
        self.assert_refused(self.run_recipe(recipe), f"stage '{stage}'",
                            *words)
        self.assert_nothing_half_written(stage)
        return recipe

    def test_training_needs_bins(self):
        recipe = self.refuse('''
            stages { name: "student" inputs: "bins" inputs: "tokenizer"
                     train { tokenizer_input: "tokenizer" epochs: 1
                             architecture {
                               hidden_size: 16 num_layers: 1 num_heads: 2
                               num_kv_heads: 1 head_dim: 8
                               intermediate_size: 32 } } }''',
                             "student", "bins-", "0 bins")
        for stage in ("filtered", "tokens", "bins"):
            numbers = program.manifest_numbers(artefact(self.workspace,
                                                        stage))
            self.assertEqual(numbers["out"], 0)
        self.assert_done(
            self.run_recipe(recipe, "filtered.min_output_tokens=1"))

    def test_generation_needs_problems(self):
        self.refuse('''
            stages { name: "more" inputs: "none"
                     generate { teacher: KIND_REFERENCE
                                samples_per_problem: 1 } }''',
                    "more", "none-", "0 problems")

    def test_evaluation_needs_problems(self):
        tokenizer = artefact(finished(), "tokenizer") / "part-0000/tokenizer"
        self.assert_done(run(
            "init", self.folder / "model", "--tokenizer", tokenizer,
            "--hidden_size", 16, "--layers", 1, "--heads", 2,
            "--intermediate_size", 32))
        self.refuse('''
            models { name: "model" path: "model" }
            stages { name: "scores" inputs: "none" inputs: "model"
                     evaluate { samples_per_problem: 1 max_tokens: 4 } }''',
                    "scores", "none-", "0 problems")

    def test_vocabulary_needs_text(self):
        self.refuse('''
            stages { name: "vocabulary" inputs: "filtered"
                     train_tokenizer { vocab_size: 384 } }''',
                    "vocabulary", "0 usable documents")

    def test_empty_problem_file(self):
        self.write("p.jsonl", "")
        recipe = self.write("r.textproto", '''
            stages { name: "problems" ingest { path: "p.jsonl" } }
            stages { name: "traces" inputs: "problems"
                     generate { teacher: KIND_REFERENCE
                                samples_per_problem: 1 } }''')
        self.assert_refused(self.run_recipe(recipe), "stage 'traces'",
                            "problems-", "0 problems")

    def test_model_that_nobody_could_score(self):
        """All prompts are too long: counted, and the report says so."""
        tokenizer = artefact(finished(), "tokenizer") / "part-0000/tokenizer"
        self.assert_done(run(
            "init", self.folder / "model", "--tokenizer", tokenizer,
            "--hidden_size", 16, "--layers", 1, "--heads", 2,
            "--intermediate_size", 32, "--max_positions", 8))
        recipe = self.write("r.textproto", '''
            models { name: "model" path: "model" }
            stages { name: "problems"
                     arithmetic_problems { num_problems: 3 } }
            stages { name: "scores" inputs: "problems" inputs: "model"
                     evaluate { samples_per_problem: 1 max_tokens: 4 } }''')
        self.assert_done(self.run_recipe(recipe))
        numbers = program.manifest_numbers(artefact(self.workspace, "scores"))
        self.assertEqual(numbers["reasons"], {"PROMPT_TOO_LONG": 3})
        self.assertIn("no problem could be scored, 3 were refused",
                      (self.workspace / "report.html").read_text())


if __name__ == "__main__":
    program.main()
