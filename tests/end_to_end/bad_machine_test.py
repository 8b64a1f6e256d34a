#!/usr/bin/env python3
"""Full disks and workspaces that are in use.

Usage: bad_machine_test.py LIMBECK [TEST...]

Each must be refused with one message that says what and where,
leave nothing half-written, and work once it is repaired.
"""

import fcntl
import json
import os
import resource
import shutil
import signal
import subprocess
import time

import program
from program import Case, TINY, artefact, digests, finished, run


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
                self.assertEqual(digests(self.workspace), digests(finished()))

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
