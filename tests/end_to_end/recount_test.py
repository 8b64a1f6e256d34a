#!/usr/bin/env python3
"""Counts of manifests against shards, and that the counting itself can fail.

Usage: recount_test.py LIMBECK [TEST...]
"""

import shutil

import program
import recount
import shards
from program import artefact, finished


class Recount(program.Case):
    def setUp(self):
        super().setUp()
        self.copy(finished())

    def rewrite(self, stage, *replacements):
        manifest = artefact(self.workspace, stage) / "manifest.textproto"
        text = manifest.read_text()
        for old, new in replacements:
            self.assertIn(old, text)
            text = text.replace(old, new, 1)
        manifest.write_text(text)

    def test_manifests_say_what_the_shards_hold(self):
        counted, wrong = recount.recount(self.workspace)
        self.assertEqual(wrong, [])
        self.assertEqual(counted, [
            "bins", "filtered", "problems", "scores", "solutions", "student",
            "tokenizer", "tokens", "verified"])

    def test_a_lost_record_is_found(self):
        """Both manifests agree with each other, and both are wrong."""
        self.rewrite("verified", ("out: 40", "out: 39"), ("in: 40", "in: 39"))
        self.rewrite("filtered", ("in: 40", "in: 39"), ("out: 40", "out: 39"))
        _, wrong = recount.recount(self.workspace)
        self.assertEqual(wrong, [
            f"{stage}: {what}: counted 40, the manifest says 39"
            for stage in ("filtered", "verified") for what in ("in", "out")])

    def test_exchanged_shards_are_found(self):
        folder = artefact(self.workspace, "filtered")
        shutil.copy(folder / "part-0000/traces.lbk",
                    folder / "part-0001/traces.lbk")
        _, wrong = recount.recount(self.workspace)
        self.assertTrue(wrong)

    def test_rejects_count_by_their_reason(self):
        self.rewrite("filtered", ("out: 40", "out: 39\n  rejected: 1"))
        _, wrong = recount.recount(self.workspace)
        self.assertIn("filtered: rejected: counted 0, the manifest says 1",
                      wrong)

    def test_changed_bytes_of_a_shard_are_found(self):
        shard = artefact(self.workspace, "tokens") / "part-0000/samples.lbk"
        whole = shard.read_bytes()
        expected = shards.records(shard)
        self.assertGreater(len(expected), 10)
        found = 0
        for at in range(0, len(whole), 97):
            shard.write_bytes(whole[:at])
            self.assertRaises(ValueError, shards.records, shard)
            damaged = bytearray(whole)
            damaged[at] ^= 16
            shard.write_bytes(damaged)
            try:
                # Markers and the copies of the header are not looked at.
                self.assertEqual(shards.records(shard), expected)
            except ValueError:
                found += 1
        self.assertGreater(found, 5)


if __name__ == "__main__":
    program.main()
