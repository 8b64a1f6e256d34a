"""Counts a workspace again from its shards, not from its manifests.

For each stage: in = out + rejected + merged, `in` taken from the shards of the
stage before; the manifest must claim the same.
"""

import json
import re
from pathlib import Path

import program
import shards

# Field numbers of data/records.proto.
REJECTION_REASON = 2
PACKED_BIN_SEQUENCES = 3

# Stage kind -> the file that holds what it lets through.
OUTPUTS = {"arithmetic_problems": "problems.lbk", "generate": "traces.lbk",
           "verify": "traces.lbk", "filter": "traces.lbk",
           "dedup": "traces.lbk", "tokenize": "samples.lbk",
           "pack": "bins.lbk", "evaluate": "traces.lbk"}
# Stage kind -> the file of its input that holds what comes in.
INPUTS = {"generate": "problems.lbk", "verify": "traces.lbk",
          "filter": "traces.lbk", "dedup": "traces.lbk",
          "tokenize": "traces.lbk", "train_tokenizer": "traces.lbk",
          "pack": "samples.lbk", "train": "bins.lbk",
          "evaluate": "problems.lbk"}
# What comes out of these is no record: a checkpoint, a vocabulary, a table.
NO_RECORDS = {"train", "train_tokenizer", "compare"}


def reason_names():
    """Number -> name of a rejection's reason, from the definition."""
    proto = program.HERE.parents[1] / "data" / "records.proto"
    return {int(number): name for name, number in re.findall(
        r"REJECTION_REASON_(\w+) = (\d+);", proto.read_text())}


class Stage:
    """One artefact: what its manifest says and what its shards hold."""

    def __init__(self, folder):
        text = (folder / "manifest.textproto").read_text()
        self.folder = folder
        self.name = re.search(r'^stage_name: "(.*)"', text, re.M)[1]
        self.kind = re.search(r'^stage_kind: "(.*)"', text, re.M)[1]
        self.options = re.search(r'^options: "(.*)"', text, re.M)[1]
        self.parents = re.findall(r'^parents \{\s+name: "(.*)"', text, re.M)
        self.claimed = program.manifest_numbers(folder)

    def option(self, name):
        found = re.search(rf"\b{name}: (\d+)", self.options)
        return int(found[1]) if found else 0

    def records(self, file):
        return [record for path in sorted(self.folder.glob(f"part-*/{file}"))
                for record in shards.records(path)]


def stages_of(workspace):
    return [Stage(path.parent)
            for path in sorted(Path(workspace).glob("*/manifest.textproto"))]


def count_in(stage, by_name):
    """What came in, from the shards of the stages before; None: no input."""
    file = INPUTS.get(stage.kind)
    found = None
    for parent in stage.parents:
        if parent in by_name and OUTPUTS.get(by_name[parent].kind) == file:
            found = (found or 0) + len(by_name[parent].records(file))
    if found is not None and stage.kind in ("generate", "evaluate"):
        found = min(found, stage.option("max_problems") or found)
        found *= stage.option("samples_per_problem")
    return found


def count_out(stage):
    if stage.kind == "compare":
        path = stage.folder / "part-0000" / "comparison.json"
        return len(json.loads(path.read_text())["comparisons"])
    if stage.kind in NO_RECORDS:
        return stage.claimed["out"]
    found = stage.records(OUTPUTS[stage.kind])
    if stage.kind == "pack":
        return sum(number == PACKED_BIN_SEQUENCES for record in found
                   for number, _ in shards.fields(record))
    return len(found)


def count_reasons(stage):
    names = reason_names()
    counts = {}
    for record in stage.records("rejects.lbk"):
        name = names[dict(shards.fields(record))[REJECTION_REASON]]
        counts[name] = counts.get(name, 0) + 1
    return counts


def differences(stage, by_name):
    """What the manifest of `stage` claims and its shards do not hold."""
    if stage.kind not in OUTPUTS and stage.kind not in NO_RECORDS:
        return [f"no rule to count a stage of kind '{stage.kind}'"]
    claimed, reasons = stage.claimed, count_reasons(stage)
    rejected, out = sum(reasons.values()), count_out(stage)
    came_in = count_in(stage, by_name)
    if came_in is None:
        if stage.kind in INPUTS:
            return [f"no input of it holds {INPUTS[stage.kind]}"]
        came_in = out + rejected + claimed["merged"]
    counted = {"in": came_in, "out": out, "rejected": rejected,
               "merged": came_in - out - rejected, "reasons": reasons}
    return [f"{what}: counted {value}, the manifest says {claimed[what]}"
            for what, value in counted.items() if value != claimed[what]]


def recount(workspace):
    """Names of the stages that were counted, and every difference."""
    stages = stages_of(workspace)
    by_name = {stage.name: stage for stage in stages}
    wrong = [f"{stage.name}: {difference}" for stage in stages
             for difference in differences(stage, by_name)]
    return sorted(by_name), wrong
