"""Starts the program for the end-to-end tests and reads what it leaves."""

import atexit
import functools
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
TINY = HERE / "tiny.textproto"
TINY_TEXT = TINY.read_text()
TEMPORARY_SUFFIX = ".limbeck-tmp"
SKIPPED = 77  # SKIP_RETURN_CODE of the test list

# Provenance: what a run took, not what it made.
NOT_COMPARED = {"run.json", "ledger.json", "timing.jsonl", "lock",
                "report.html", "digests.json"}

_program = None


def program():
    """Path of the program under test."""
    return str(_program)


def environment(**changes):
    """The test's own environment, quiet and with few threads."""
    result = dict(os.environ, OMP_NUM_THREADS="1", LC_ALL="C.UTF-8")
    result.update(changes)
    return {name: value for name, value in result.items()
            if value is not None}


def run(*arguments, **options):
    """Runs the program to its end; standard input is empty by default."""
    options.setdefault("env", environment())
    options.setdefault("timeout", 120)
    if "input" not in options:
        options["stdin"] = subprocess.DEVNULL
    prefix = options.pop("prefix", [])
    return subprocess.run(prefix + [program(), *map(str, arguments)],
                          text=True, errors="replace", capture_output=True,
                          check=False, **options)


def start(*arguments, **options):
    """Starts the program; its messages come from `stderr`."""
    options.setdefault("env", environment())
    return subprocess.Popen([program(), *map(str, arguments)], text=True,
                            stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL,
                            stderr=subprocess.PIPE, **options)


@functools.cache
def finished():
    """A finished workspace of TINY. Copy it; never change it."""
    folder = tempfile.TemporaryDirectory()
    atexit.register(folder.cleanup)
    workspace = Path(folder.name) / "workspace"
    done = run("run", TINY, "--workspace", workspace)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return workspace


def artefact(workspace, stage):
    """The only artefact folder of a stage, whether complete or not."""
    found = [path for path in Path(workspace).glob(f"{stage}-*")
             if re.fullmatch(re.escape(stage) + r"-[0-9a-f]{12}", path.name)]
    if len(found) != 1:
        raise AssertionError(f"{len(found)} artefacts of {stage}: {found}")
    return found[0]


def is_complete(workspace, stage):
    return any((path / "manifest.textproto").exists()
               for path in Path(workspace).glob(f"{stage}-*"))


def digests(workspace):
    """SHA-256 of every file that must not depend on when or where."""
    found = {}
    for path in sorted(Path(workspace).rglob("*")):
        relative = path.relative_to(workspace)
        if not path.is_file() or path.name in NOT_COMPARED:
            continue
        if "events" not in relative.parts:
            found[str(relative)] = hashlib.sha256(
                path.read_bytes()).hexdigest()
    return found


def manifest_numbers(path):
    """Counts of a manifest: in, out, rejected, merged and by reason."""
    text = (Path(path) / "manifest.textproto").read_text()
    block = re.search(r"^counts \{\n(.*?)^\}", text, re.M | re.S).group(1)
    numbers = {name: 0 for name in ("in", "out", "rejected", "merged")}
    for name, value in re.findall(r"^  (in|out|rejected|merged): (\d+)", block,
                                  re.M):
        numbers[name] = int(value)
    numbers["reasons"] = {
        name: int(value) for name, value in re.findall(
            r'reason: "REJECTION_REASON_(\w+)"\s+count: (\d+)', block)}
    return numbers


class Case(unittest.TestCase):
    """A test with a folder of its own."""

    def setUp(self):
        self._folder = tempfile.TemporaryDirectory()
        self.addCleanup(self._folder.cleanup)
        self.folder = Path(self._folder.name)
        self.workspace = self.folder / "workspace"

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def copy(self, source):
        shutil.copytree(source, self.workspace)

    def run_recipe(self, recipe=TINY, *changes, **options):
        """`limbeck run` in this test's workspace, with --set CHANGES."""
        arguments = ["run", recipe, "--workspace", self.workspace]
        arguments += options.pop("arguments", [])
        for change in changes:
            arguments += ["--set", change]
        return run(*arguments, **options)

    def assert_done(self, done):
        self.assertEqual(done.returncode, 0, done.stderr)

    def assert_refused(self, done, *words):
        """Exit code, and one message that holds all words."""
        self.assertEqual(done.returncode, 1, done.stderr)
        messages = [line for line in done.stderr.splitlines()
                    if line.startswith("limbeck: ")]
        self.assertEqual(len(messages), 1, done.stderr)
        text = done.stderr[done.stderr.index("limbeck: "):]
        for word in words:
            self.assertIn(word, text)
        for leak in ("LibTorch", "terminate called", "what():", "CHECK"):
            self.assertNotIn(leak, done.stderr)

    def assert_nothing_half_written(self, *stages):
        """No temporary files, and no manifest of the named stages."""
        left = [str(path) for path in self.folder.rglob("*")
                if TEMPORARY_SUFFIX in path.name]
        self.assertEqual(left, [])
        for stage in stages:
            self.assertFalse(is_complete(self.workspace, stage), stage)


def main():
    """Usage: SOME_test.py LIMBECK [unittest's arguments]"""
    global _program
    if len(sys.argv) < 2 or not os.access(sys.argv[1], os.X_OK):
        sys.exit(f"usage: {sys.argv[0]} LIMBECK [TEST...]")
    _program = Path(sys.argv[1]).resolve()
    result = unittest.main(argv=[sys.argv[0], "-v", *sys.argv[2:]],
                           exit=False).result
    if not result.wasSuccessful():
        sys.exit(1)
    if result.testsRun and len(result.skipped) == result.testsRun:
        sys.exit(SKIPPED)
