#!/usr/bin/env python3
"""Recipes, files and machines that are wrong, through the real program.

Usage: bad_input_test.py LIMBECK [TEST...]

Each must be refused or counted with one message that says what and where,
leave nothing half-written, and work once it is repaired.
"""

import fcntl
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import program
from program import Case, TINY, artefact, digests, run

TINY_TEXT = TINY.read_text()


def setUpModule():
    """One finished workspace that tests copy, damage and repair."""
    global _shared, FINISHED
    _shared = tempfile.TemporaryDirectory()
    FINISHED = Path(_shared.name) / "workspace"
    done = run("run", TINY, "--workspace", FINISHED)
    if done.returncode != 0:
        raise AssertionError(done.stderr)


def tearDownModule():
    _shared.cleanup()


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
        tokenizer = artefact(FINISHED, "tokenizer") / "part-0000/tokenizer"
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
             ["config.json describes 9520 parameters", "hold 8752"]),
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
        tokenizer = artefact(FINISHED, "tokenizer") / "part-0000/tokenizer"
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
        tokenizer = artefact(FINISHED, "tokenizer") / "part-0000/tokenizer"
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


class Damage(Case):
    """Artefacts that changed after they were complete."""

    def setUp(self):
        super().setUp()
        self.copy(FINISHED)

    def shard(self, stage="tokens", name="part-0000/samples.lbk"):
        return artefact(self.workspace, stage) / name

    def test_truncated_shard_is_not_reused(self):
        shard = self.shard()
        whole = shard.read_bytes()
        for keep, change in ((0, []), (len(whole) - 1, []),
                             (len(whole) // 2, ["bins.bin_tokens=256"])):
            with self.subTest(keep):
                shard.write_bytes(whole[:keep])
                self.assert_refused(self.run_recipe(TINY, *change),
                                    "stage 'tokens' is damaged",
                                    "samples.lbk", f"{keep} bytes",
                                    f"says {len(whole)}")
        shard.write_bytes(whole)
        self.assert_done(self.run_recipe())
        self.assertEqual(digests(self.workspace), digests(FINISHED))

    def test_plan_tells_of_the_damage(self):
        os.truncate(self.shard(), 100)
        self.assert_refused(
            run("plan", TINY, "--workspace", self.workspace), "samples.lbk",
            "100 bytes")

    def test_missing_shard(self):
        self.shard().unlink()
        self.assert_refused(self.run_recipe(), "samples.lbk", "is missing")

    def test_damaged_artefact_is_made_again_once_removed(self):
        os.truncate(self.shard(), 100)
        shutil.rmtree(artefact(self.workspace, "tokens"))
        done = self.run_recipe()
        self.assert_done(done)
        self.assertEqual(digests(self.workspace), digests(FINISHED))

    def test_flipped_bit_in_a_shard_that_is_read(self):
        shard = self.shard()
        whole = shard.read_bytes()
        size = len(whole)
        for at in (20, size // 2, size - 10):
            with self.subTest(at):
                damaged = bytearray(whole)
                damaged[at] ^= 1
                shard.write_bytes(damaged)
                done = self.run_recipe(TINY, "bins.bin_tokens=256")
                self.assert_refused(done, "stage 'bins'", "samples.lbk")
                self.assert_nothing_half_written()
                self.assertEqual(
                    len([path for path in self.workspace.glob("bins-*")
                         if (path / "manifest.textproto").exists()]), 1)
        shard.write_bytes(whole)
        self.assert_done(self.run_recipe(TINY, "bins.bin_tokens=256"))

    def test_flipped_bit_in_a_checkpoint(self):
        weights = self.shard("student",
                             "part-0000/checkpoint/model.safetensors")
        whole = weights.read_bytes()
        damaged = bytearray(whole)
        damaged[-5] ^= 64
        weights.write_bytes(damaged)
        self.assert_refused(self.run_recipe(TINY, "scores.max_tokens=9"),
                            "model.safetensors", "SHA-256")
        weights.write_bytes(whole)
        self.assert_done(self.run_recipe(TINY, "scores.max_tokens=9"))

    def test_changed_scores_do_not_reach_the_report(self):
        scores = self.shard("scores", "part-0000/scores.json")
        text = scores.read_text()
        changed = text.replace('"pass_at_1": 0.0', '"pass_at_1": 1.0')
        self.assertNotEqual(changed, text)
        scores.write_text(changed)
        self.assert_refused(self.run_recipe(), "scores.json", "SHA-256")

    def test_broken_manifest(self):
        manifest = artefact(self.workspace, "tokens") / "manifest.textproto"
        whole = manifest.read_bytes()
        for damaged in (b"\0" * 100, whole[:200]):
            manifest.write_bytes(damaged)
            self.assert_refused(self.run_recipe(), str(manifest),
                                "is no manifest: line ")
        # An empty one proves nothing: the partitions' own ones do.
        manifest.write_bytes(b"")
        self.assert_done(self.run_recipe())
        self.assertEqual(digests(self.workspace), digests(FINISHED))

    def test_damaged_samples_are_not_taken_over(self):
        """More samples per problem reuse the earlier ones, if whole."""
        shard = self.shard("scores", "part-0000/traces.lbk")
        whole = shard.read_bytes()
        damaged = bytearray(whole)
        damaged[len(whole) // 2] ^= 1
        shard.write_bytes(damaged)
        done = self.run_recipe(TINY, "scores.samples_per_problem=3")
        self.assert_refused(done, "stage 'scores'", "traces.lbk", "SHA-256",
                            "; remove ")
        more = re.search(r"remove (\S+) to have", done.stderr)[1]
        self.assertNotIn(str(shard.parents[1]), more)
        shutil.rmtree(more)
        done = self.run_recipe(TINY, "scores.samples_per_problem=3")
        self.assert_done(done)

    def test_damage_in_an_interrupted_artefact(self):
        folder = artefact(self.workspace, "tokens")
        (folder / "manifest.textproto").unlink()
        os.truncate(folder / "part-0001/samples.lbk", 100)
        self.assert_refused(self.run_recipe(), "samples.lbk", "100 bytes")
        self.assert_nothing_half_written("tokens")


class Tokenizers(Case):
    """Ids of one vocabulary never meet a model of another."""

    OTHER = '''
        stages { name: "other" inputs: "solutions"
                 train_tokenizer { vocab_size: 400 } }'''

    def setUp(self):
        super().setUp()
        self.copy(FINISHED)

    def test_training_with_another_vocabulary(self):
        recipe = self.write("r.textproto", TINY_TEXT.replace(
            'inputs: "bins"\n  inputs: "tokenizer"',
            'inputs: "bins"\n  inputs: "other"').replace(
                'tokenizer_input: "tokenizer"', 'tokenizer_input: "other"') +
                            self.OTHER)
        self.assert_refused(self.run_recipe(recipe), "stage 'student'",
                            "tokenizer", "bins")
        self.assert_nothing_half_written()

    def test_initial_model_with_another_vocabulary(self):
        self.write("r.textproto", TINY_TEXT + self.OTHER + '''
            stages { name: "other_tokens" inputs: "filtered" inputs: "other"
                     tokenize {} }
            stages { name: "other_bins" inputs: "other_tokens" pack {} }
            stages { name: "second" inputs: "other_bins" inputs: "student"
                     train { initial_model_input: "student" epochs: 1 } }''')
        self.assert_refused(self.run_recipe(self.folder / "r.textproto"),
                            "stage 'second'", "tokenizer")
        self.assert_nothing_half_written("second")

    def test_signals_of_another_vocabulary(self):
        self.write("r.textproto", TINY_TEXT + self.OTHER + '''
            stages { name: "sampled" inputs: "problems" inputs: "student"
                     generate { samples_per_problem: 1 max_tokens: 8
                                capture_top_k: 2 rows: 4 } }
            stages { name: "other_tokens" inputs: "sampled" inputs: "other"
                     tokenize {} }
            stages { name: "other_bins" inputs: "other_tokens"
                     inputs: "sampled" pack {} }''')
        done = self.run_recipe(self.folder / "r.textproto")
        if done.returncode == 0:
            numbers = program.manifest_numbers(
                artefact(self.workspace, "other_bins"))
            self.assertEqual(numbers["out"], 0, numbers)
            self.assertEqual(numbers["rejected"], numbers["in"])
        else:
            self.assert_refused(done, "tokenizer")

    def test_captured_ids_of_another_vocabulary(self):
        self.write("r.textproto", TINY_TEXT + self.OTHER + '''
            stages { name: "sampled" inputs: "problems" inputs: "student"
                     generate { samples_per_problem: 1 max_tokens: 8
                                rows: 4 } }
            stages { name: "other_tokens" inputs: "sampled" inputs: "other"
                     tokenize { use_captured_ids: true } }''')
        self.assert_refused(self.run_recipe(self.folder / "r.textproto"),
                            "stage 'other_tokens'", "tokenizer")
        self.assert_nothing_half_written("other_tokens")


def limit_files(size):
    """As a full disk: no file grows beyond `size` bytes."""
    def prepare():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    return prepare


def own_mounts(folder, options):
    """Command prefix that mounts a tmpfs which only the program sees."""
    prefix = ["unshare", "-m"] + (["-r"] if os.geteuid() != 0 else [])
    script = f'mount -t tmpfs -o {options} tmpfs "$0" && exec "$@"'
    prefix += ["sh", "-c", script, str(folder)]
    works = subprocess.run(prefix + ["true"], capture_output=True,
                           check=False)
    return prefix if works.returncode == 0 else None


class Disk(Case):
    def test_files_cannot_grow(self):
        """Every size fails somewhere else; all go on afterwards."""
        for size in (0, 1500, 7000, 20000):
            with self.subTest(size):
                shutil.rmtree(self.workspace, ignore_errors=True)
                done = self.run_recipe(preexec_fn=limit_files(size))
                self.assert_refused(done, "File too large")
                self.assert_nothing_half_written()
                done = self.run_recipe()
                self.assert_done(done)
                self.assertEqual(digests(self.workspace), digests(FINISHED))

    def test_too_little_disk_to_begin(self):
        self.workspace.mkdir()
        prefix = own_mounts(self.workspace, "size=8m")
        if prefix is None:
            self.skipTest("this machine allows no mounts of one's own")
        self.assert_refused(self.run_recipe(prefix=prefix), "8.0 MiB",
                            str(self.workspace), "free disk")

    def test_disk_gets_full(self):
        self.workspace.mkdir()
        prefix = own_mounts(self.workspace, "size=65m,nr_inodes=40")
        if prefix is None:
            self.skipTest("this machine allows no mounts of one's own")
        self.assert_refused(self.run_recipe(prefix=prefix),
                            "No space left on device", str(self.workspace))

    def test_read_only_workspace(self):
        self.workspace.mkdir()
        prefix = own_mounts(self.workspace, "ro")
        if prefix is None:
            self.skipTest("this machine allows no mounts of one's own")
        self.assert_refused(self.run_recipe(prefix=prefix),
                            str(self.workspace), "Read-only file system")

    def test_workspace_is_a_file(self):
        self.workspace.write_text("")
        self.assert_refused(self.run_recipe(), str(self.workspace))

    def test_full_standard_output(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run(
                [program.program(), "doctor"], stdout=full,
                stderr=subprocess.PIPE, text=True, check=False)
        self.assert_refused(done, "standard output",
                            "No space left on device")


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
        bins = artefact(FINISHED, "bins")
        for arguments, words in (
                (["nowhere", 0], ["nowhere does not exist"]),
                ([bins, 99], ["has 6 bins, bin 99"]),
                ([bins, 0, "--sequence", 99], ["sequence 99"]),
                ([artefact(FINISHED, "tokens"), 0], ["bins.lbk"])):
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
        self.assertEqual(digests(self.workspace), digests(FINISHED))
        self.assertEqual((self.workspace / "lock").read_bytes(), b"")
        done = run("doctor", preexec_fn=lambda: os.close(1))
        self.assert_refused(done, "standard output", "Bad file descriptor")
        done = run("verify", preexec_fn=lambda: os.close(0))
        self.assert_refused(done, "standard input", "Bad file descriptor")


class TwoRuns(Case):
    LONG = "student.max_tokens=1500000"

    def wait_for(self, condition, process):
        for _ in range(3000):
            if condition():
                return
            self.assertIsNone(process.poll(), "it ended too early")
            time.sleep(0.01)
        self.fail("nothing happened in 30 s")

    def training(self):
        folders = list(self.workspace.glob("student-*/part-0000/metrics*"))
        return bool(folders)

    def test_second_run_is_told_of_the_first_and_interrupt_resumes(self):
        first = program.start("run", TINY, "--workspace", self.workspace,
                              "--set", self.LONG)
        try:
            self.wait_for(self.training, first)
            second = self.run_recipe()
            self.assert_refused(second, f"process {first.pid}", "in use",
                                str(self.workspace))
            first.send_signal(signal.SIGINT)
            _, errors = first.communicate(timeout=60)
        finally:
            first.kill()
            first.wait()
        self.assertEqual(first.returncode, 1, errors)
        self.assertIn("Interrupt, stopping", errors)
        self.assertIn("stopped in stage 'student'; the same command goes on",
                      errors)
        self.assert_nothing_half_written("student")
        folder = artefact(self.workspace, "student")
        attempts = json.loads((folder / "run.json").read_text())["attempts"]
        self.assertEqual([a["outcome"] for a in attempts], ["cancelled"])
        planned = run("plan", TINY, "--workspace", self.workspace, "--set",
                      self.LONG)
        self.assertIn("was interrupted, goes on where it stopped",
                      planned.stdout)
        # Another length is another stage: what is done stays done.
        done = self.run_recipe()
        self.assert_done(done)
        self.assertIn("bins] up to date", done.stderr)

    def test_terminated_run_leaves_no_lock(self):
        first = program.start("run", TINY, "--workspace", self.workspace,
                              "--set", self.LONG)
        try:
            self.wait_for(self.training, first)
        finally:
            first.kill()
            first.communicate()
        self.assert_done(self.run_recipe())

    def test_lock_of_another_program(self):
        self.workspace.mkdir()
        with open(self.workspace / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            lock.write("12345\n")
            lock.flush()
            self.assert_refused(self.run_recipe(), "process 12345",
                                str(self.workspace / "lock"))


if __name__ == "__main__":
    program.main()
