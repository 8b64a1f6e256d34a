#!/usr/bin/env python3
"""Artefacts that changed or do not fit each other.

Usage: bad_artefact_test.py LIMBECK [TEST...]

Each must be refused with one message that says what and where,
leave nothing half-written, and work once it is repaired.
"""

import os
import re
import shutil

import program
from program import Case, TINY, TINY_TEXT, artefact, digests, finished, run


class Damage(Case):
    """Artefacts that changed after they were complete."""

    def setUp(self):
        super().setUp()
        self.copy(finished())

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
        self.assertEqual(digests(self.workspace), digests(finished()))

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
        self.assertEqual(digests(self.workspace), digests(finished()))

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
        self.assertEqual(digests(self.workspace), digests(finished()))

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
        self.copy(finished())

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


if __name__ == "__main__":
    program.main()
