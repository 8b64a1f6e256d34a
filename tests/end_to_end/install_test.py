#!/usr/bin/env python3
"""Installs the program into a folder and uses it from there.

Usage: install_test.py LIMBECK CMAKE BUILD_FOLDER TORCH_LIBRARIES [TEST...]

Runs with an empty environment in another directory, and looks at what the
dynamic linker sees: three Protobufs and two Abseils must not meet.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import program

CMAKE = BUILD = TORCH = None
# What every Linux system that runs this has.
SYSTEM = re.compile(r"(linux-vdso|ld-linux[-\w]*|lib(c|m|dl|rt|pthread|util|"
                    r"stdc\+\+|gcc_s))\.so")


def output(*command, **options):
    return subprocess.run(command, check=True, text=True,
                          capture_output=True, **options).stdout


def names(program_path, *options):
    """Demangled dynamic symbols without their versions."""
    shown = output("nm", "-DC", *options, str(program_path))
    return [line.split(maxsplit=2 if line[0] != " " else 1)[-1]
            for line in shown.splitlines()]


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls._folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls._folder.cleanup)
        first = Path(cls._folder.name) / "first place"
        output(CMAKE, "--install", BUILD, "--prefix", str(first))
        # Moved: nothing may depend on where it was put.
        cls.tree = Path(cls._folder.name) / "moved"
        first.rename(cls.tree)
        cls.limbeck = cls.tree / "bin" / "limbeck"
        cls.elsewhere = Path(cls._folder.name) / "elsewhere"
        cls.elsewhere.mkdir()

    def run_installed(self, *arguments, **options):
        return subprocess.run([str(self.limbeck), *arguments], env={},
                              cwd=self.elsewhere, text=True,
                              capture_output=True, check=False, **options)

    def test_doctor(self):
        done = self.run_installed("doctor")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(str(self.tree / "share/limbeck"), done.stdout)
        self.assertIn("isolation level", done.stdout)

    def test_finds_its_recipes(self):
        done = self.run_installed("plan", "quickstart_teacher")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("solution_bins", done.stdout)
        self.assertEqual(list(self.elsewhere.iterdir()), [])

    def test_finds_its_models(self):
        folder = program.HERE.parents[1] / "recipes" / "quickstart"
        if not (folder / "teacher").is_dir():
            self.skipTest("the shipped checkpoints are not in this tree")
        done = self.run_installed("plan", "quickstart")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_linked_libraries_are_found_in_the_tree(self):
        dynamic = output("readelf", "-d", str(self.limbeck))
        needed = re.findall(r"NEEDED.*\[(.*)\]", dynamic)
        self.assertIn("libsentencepiece.so.0", needed)
        for library in needed:
            self.assertNotRegex(library, r"^lib(cuda|nv|protobuf|absl)")
            self.assertTrue(
                SYSTEM.match(library) or (self.tree / "lib" / library).exists()
                or (Path(TORCH) / library).exists(), library)
        runpath = re.findall(r"R(?:UN)?PATH.*\[(.*)\]", dynamic)
        self.assertEqual(runpath, [f"$ORIGIN/../lib:{TORCH}"])

    def test_nothing_comes_from_the_build_folder(self):
        places = re.findall(r"=> (/\S+|not found)",
                            output("ldd", str(self.limbeck), env={}))
        self.assertNotIn("not found", places)
        torch_root = str(Path(TORCH).resolve().parents[1])
        for place in places:
            resolved = str(Path(place).resolve())
            if not resolved.startswith(torch_root):
                self.assertFalse(resolved.startswith(BUILD + "/"), place)

    def test_no_symbol_is_shared_between_the_protobufs(self):
        exported = names(self.limbeck, "--defined-only")
        imported = names(self.limbeck, "--undefined-only")
        self.assertGreater(len(imported), 100)
        for name in exported:
            self.assertNotRegex(
                name, r"\b(google::protobuf|absl|sentencepiece)::")
        for name in imported:
            self.assertNotRegex(name, r"^((vtable|typeinfo)( name)? for )?"
                                      r"(google::protobuf|absl)::")

    def test_torch_sentencepiece_and_protobuf_in_one_process(self):
        """Trains a vocabulary, reads it again and runs a model on its ids."""
        workspace = str(self.elsewhere / "w")
        try:
            done = self.run_installed("run", str(program.TINY),
                                      "--workspace", workspace)
            self.assertEqual(done.returncode, 0, done.stderr)
            model = program.artefact(workspace, "student") / \
                "part-0000/checkpoint"
            text = "What is 12 + 30? \N{GREEK SMALL LETTER PI}\n"
            done = self.run_installed(
                "tokenize", "--tokenizer", str(model),
                input=json.dumps({"text": text}) + "\n")
            self.assertEqual(done.returncode, 0, done.stderr)
            back = self.run_installed("tokenize", "--decode", "--tokenizer",
                                      str(model), input=done.stdout)
            self.assertEqual(json.loads(back.stdout), {"text": text})
            scored = self.run_installed("score", "--model", str(model),
                                        input=done.stdout)
            self.assertEqual(scored.returncode, 0, scored.stderr)
            self.assertEqual(len(json.loads(scored.stdout)["logprobs"]),
                             len(json.loads(done.stdout)["ids"]) - 1)
        finally:
            shutil.rmtree(workspace, ignore_errors=True)


if __name__ == "__main__":
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    CMAKE, BUILD, TORCH = sys.argv[2:5]
    del sys.argv[2:5]
    program.main()
