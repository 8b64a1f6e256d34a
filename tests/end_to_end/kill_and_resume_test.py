#!/usr/bin/env python3
"""Kills a run ten times with SIGKILL and compares it with an undisturbed one.

Usage: kill_and_resume_test.py LIMBECK RECIPE [SEED]

Some kills land inside generation, training and evaluation each: what the dead
process left must be a stage without manifest and with a journal record or a
training state. Afterwards manifests, shards, checkpoints and metrics must be
byte-identical (only files about time and cost may differ), and each stage's
counts are taken again from the shards.
"""

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

import program
import recount
import shards

# One kill each, in the order in which a run reaches the stages. None: at any
# moment. The group must be hit from inside at least once.
TARGETS = [("traces", "generate"), ("traces", "generate"), (None, ""),
           ("student_answers", "train"), ("student_sft", "train"),
           ("student_distilled", "train"), (None, ""),
           ("teacher_scores", "evaluate"), ("sft_scores", "evaluate"),
           ("distilled_scores", "evaluate")]
LONGEST_WAIT_ANYWHERE_SECONDS = 1.0
LONGEST_WAIT_INSIDE_SECONDS = 0.2
LONGEST_RUN_SECONDS = 120


def command(limbeck, recipe, workspace):
    return [limbeck, "run", recipe, "--workspace", str(workspace)]


def run_to_end(limbeck, recipe, workspace):
    done = subprocess.run(command(limbeck, recipe, workspace), text=True,
                          capture_output=True, check=False)
    if done.returncode != 0:
        sys.exit(f"run failed with {done.returncode}:\n{done.stderr[-3000:]}")


def saved_work(folder, group):
    """True if the next run finds something to go on from."""
    if group == "train":
        return any(folder.glob("part-*/training_state/step-*/state.json"))
    try:
        return any(shards.journal_records(path)
                   for path in folder.glob("part-*/*.journal"))
    except FileNotFoundError:  # became a shard meanwhile
        return False


def inside(workspace, stage, group):
    """True while the stage has saved work and no root manifest."""
    return any(re.fullmatch(rf"{stage}-[0-9a-f]+", folder.name) and
               not (folder / "manifest.textproto").exists() and
               saved_work(folder, group)
               for folder in workspace.glob(f"{stage}-*"))


def kill_inside(limbeck, recipe, workspace, target, chance):
    """Kills a run inside the target; True if it left work half done."""
    stage, group = target
    process = subprocess.Popen(command(limbeck, recipe, workspace),
                               stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    end = time.monotonic() + LONGEST_RUN_SECONDS
    while (stage and process.poll() is None and time.monotonic() < end and
           not inside(workspace, stage, group) and
           not program.is_complete(workspace, stage)):
        time.sleep(0.002)
    time.sleep(chance.uniform(0.0, LONGEST_WAIT_INSIDE_SECONDS if stage else
                              LONGEST_WAIT_ANYWHERE_SECONDS))
    process.send_signal(signal.SIGKILL)
    process.wait()
    return stage is not None and inside(workspace, stage, group)


def compare(undisturbed, killed):
    wrong = [f"{name}: {'differs' if name in killed else 'missing'}"
             for name, digest in undisturbed.items()
             if killed.get(name) != digest]
    wrong += [f"{name}: left over" for name in killed
              if name not in undisturbed]
    return wrong


def test(limbeck, recipe, folder, chance):
    """Returns how often each group was hit, the files and what is wrong."""
    began = time.monotonic()
    run_to_end(limbeck, recipe, folder / "undisturbed")
    print(f"undisturbed: {time.monotonic() - began:.0f} s", flush=True)
    hits = {group: 0 for _, group in TARGETS if group}
    for number, target in enumerate(TARGETS, 1):
        hit = kill_inside(limbeck, recipe, folder / "killed", target, chance)
        if hit:
            hits[target[1]] += 1
        print(f"kill {number}: {target[0] or 'anywhere'}"
              f"{' (inside)' if hit else ''}", flush=True)
    run_to_end(limbeck, recipe, folder / "killed")
    reference = program.digests(folder / "undisturbed")
    wrong = compare(reference, program.digests(folder / "killed"))
    counted, miscounts = recount.recount(folder / "killed")
    print(f"{len(counted)} stages counted again from their shards, "
          f"{len(miscounts)} differences")
    return hits, reference, wrong + miscounts


def main():
    limbeck, recipe = sys.argv[1], sys.argv[2]
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    if not os.path.exists(limbeck):
        sys.exit(f"no program at {limbeck}")
    with tempfile.TemporaryDirectory() as folder:
        # A rebuild meanwhile must not change the program under test.
        limbeck = shutil.copy2(limbeck, Path(folder) / "limbeck")
        hits, reference, wrong = test(limbeck, recipe, Path(folder),
                                      random.Random(seed))
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
