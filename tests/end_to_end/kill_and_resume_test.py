#!/usr/bin/env python3
"""Kills a run ten times with SIGKILL and compares it with an undisturbed one.

Usage: kill_and_resume_test.py LIMBECK RECIPE [SEED]

Some kills land inside generation, training and evaluation each. Afterwards
manifests, shards, checkpoints and metrics must be byte-identical; only files
about time and cost may differ.
"""

import hashlib
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# Provenance: what a run took, not what it made.
NOT_COMPARED = {"run.json", "ledger.json", "timing.jsonl", "lock",
                "report.html"}
# One kill each, in the order in which a run reaches the stages. None: at any
# moment. The group must be hit from inside at least once.
TARGETS = [("traces", "generate"), ("traces", "generate"), (None, ""),
           ("student_answers", "train"), ("student_sft", "train"),
           ("student_distilled", "train"), (None, ""),
           ("teacher_scores", "evaluate"), ("sft_scores", "evaluate"),
           ("distilled_scores", "evaluate")]
LONGEST_WAIT_INSIDE_SECONDS = 0.3


def command(limbeck, recipe, workspace):
    return [limbeck, "run", recipe, "--workspace", str(workspace)]


def run_to_end(limbeck, recipe, workspace):
    done = subprocess.run(command(limbeck, recipe, workspace), text=True,
                          capture_output=True)
    if done.returncode != 0:
        sys.exit(f"run failed with {done.returncode}:\n{done.stderr[-3000:]}")


def in_progress(workspace, stage):
    """True while the stage has begun and has no root manifest."""
    for directory in workspace.glob(f"{stage}-*"):
        if re.fullmatch(rf"{stage}-[0-9a-f]+", directory.name):
            return not (directory / "manifest.textproto").exists()
    return False


def complete(workspace, stage):
    return any((d / "manifest.textproto").exists()
               for d in workspace.glob(f"{stage}-*"))


def kill_inside(limbeck, recipe, workspace, stage, chance):
    """Starts the run and kills it inside `stage` (None: anywhere)."""
    process = subprocess.Popen(command(limbeck, recipe, workspace),
                               stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    began = time.monotonic()
    while process.poll() is None and stage is not None:
        if in_progress(workspace, stage):
            break
        if complete(workspace, stage) or time.monotonic() - began > 60:
            break
        time.sleep(0.002)
    hit = stage is not None and in_progress(workspace, stage)
    time.sleep(chance.uniform(0.0, LONGEST_WAIT_INSIDE_SECONDS))
    hit = hit and in_progress(workspace, stage)
    if process.poll() is None:
        process.send_signal(signal.SIGKILL)
    process.wait()
    return hit


def digests(workspace):
    found = {}
    for path in sorted(workspace.rglob("*")):
        relative = path.relative_to(workspace)
        if not path.is_file() or path.name in NOT_COMPARED:
            continue
        if "events" in relative.parts:
            continue
        found[str(relative)] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def compare(undisturbed, killed):
    wrong = [f"{name}: {'differs' if name in killed else 'missing'}"
             for name, digest in undisturbed.items()
             if killed.get(name) != digest]
    wrong += [f"{name}: left over" for name in killed
              if name not in undisturbed]
    return wrong


def main():
    limbeck, recipe = sys.argv[1], sys.argv[2]
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    if not os.path.exists(limbeck):
        sys.exit(f"no program at {limbeck}")
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        # A rebuild meanwhile must not change the program under test.
        limbeck = shutil.copy2(limbeck, folder / "limbeck")
        run_to_end(limbeck, recipe, folder / "undisturbed")
        hits = {group: 0 for _, group in TARGETS if group}
        for number, (stage, group) in enumerate(TARGETS, 1):
            hit = kill_inside(limbeck, recipe, folder / "killed", stage,
                              chance)
            if hit:
                hits[group] += 1
            print(f"kill {number}: {stage or 'anywhere'}"
                  f"{' (inside)' if hit else ''}", flush=True)
        run_to_end(limbeck, recipe, folder / "killed")
        reference = digests(folder / "undisturbed")
        wrong = compare(reference, digests(folder / "killed"))
        checkpoints = [n for n in reference if n.endswith(".safetensors")]
    print(f"{len(reference)} files compared, {len(checkpoints)} checkpoints, "
          f"kills inside: {hits}, {len(wrong)} differences")
    if not checkpoints or 0 in hits.values():
        sys.exit("the test did not test: no checkpoint, or no kill inside one "
                 "of generate, train and evaluate")
    if wrong:
        sys.exit("\n".join(wrong[:20]))


if __name__ == "__main__":
    main()
