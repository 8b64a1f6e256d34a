"""Makes tests/testdata/student: tiny checkpoints and their log-probabilities.

The reference is transformers itself, so that names, layouts, rounding order
and configuration files are those of the library our checkpoints must serve.
Run from the repository root with the versions of tests/testdata/student/
versions.json of torch and transformers, and safetensors:

    python tests/golden/make_student_golden.py            all of them
    python tests/golden/make_student_golden.py NAME ...   these only
    python tests/golden/make_student_golden.py --check    made anew in a
        temporary folder and compared with what is committed

With --compare it compares two other checkpoints instead:

    python tests/golden/make_student_golden.py --compare EXPORTED ORIGINAL
"""

import argparse
import json
import pathlib
import shutil
import sys
import tempfile

import torch
import transformers
from safetensors.torch import load_file, save_file

from student_cases import VOCAB, cases

OUTPUT = pathlib.Path("tests/testdata/student")
IDS = [3, 17, 0, 63, 5, 5, 42, 8, 29, 11, 60, 2, 33, 1, 9, 54, 20, 7, 48, 13]
LONG = 2048
CONTINUED = 32
# Below this a greedy choice might be another one with another rounding.
SMALLEST_LEAD = 2e-4


def long_ids():
    """The same sequence as LongIds() of tests/student/golden_test.cc."""
    state, ids = 1, []
    for _ in range(LONG):
        state = (state * 1103515245 + 12345) % 2**31
        ids.append((state >> 16) % VOCAB)
    return ids


def randomise(model):
    """Norms, biases and the router's balance start as ones and zeros."""
    with torch.no_grad():
        for value in model.parameters():
            if value.dim() == 1:
                value.add_(torch.randn_like(value) * 0.3)
        for name, value in model.named_buffers():
            if name.endswith("e_score_correction_bias"):
                # Some biased scores below zero.
                value.copy_(torch.randn_like(value) * 0.3 - 0.5)


def write_version_4(folder):
    """Rewrites config.json to the keys of transformers 4."""
    path = folder / "config.json"
    config = json.loads(path.read_text())
    scaling = config.pop("rope_parameters")
    config["rope_theta"] = scaling.pop("rope_theta")
    kind = scaling.pop("rope_type")
    # Files before 4.43 say "type", later ones "rope_type".
    key = "rope_type" if kind == "llama3" else "type"
    config["rope_scaling"] = {key: kind, **scaling}
    config["torch_dtype"] = config.pop("dtype")
    config["transformers_version"] = "4.46.3"
    config.pop("layer_types", None)
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")


def load(folder, dtype, attention="eager"):
    # Loaded anew: casting a model would cast its RoPE frequencies as well.
    return transformers.AutoModelForCausalLM.from_pretrained(
        folder, dtype=dtype, attn_implementation=attention).eval()


@torch.no_grad()
def logprobs(model, ids):
    logits = model(torch.tensor([ids])).logits[0]
    return torch.log_softmax(logits.double(), -1)


def next_logprobs(model, ids):
    """Of every token after the first."""
    rows = logprobs(model, ids)[:-1]
    return rows.gather(1, torch.tensor(ids[1:])[:, None])[:, 0]


def continue_greedily(model, ids):
    ids = list(ids)
    for _ in range(CONTINUED):
        best = logprobs(model, ids)[-1].topk(2)
        lead = (best.values[0] - best.values[1]).item()
        if lead < SMALLEST_LEAD:
            raise ValueError(f"the best token leads by {lead:g} only")
        ids.append(best.indices[0].item())
    return ids[-CONTINUED:]


def expectations(folder, dtype):
    # The weights as stored, computed in float32: parity of arithmetic.
    exact = load(folder, torch.float32)
    expected = {
        "ids": torch.tensor(IDS),
        "logprobs": logprobs(exact, IDS).float(),
        "long_logprobs": next_logprobs(exact, long_ids()).float(),
        "greedy": torch.tensor(continue_greedily(exact, IDS)),
    }
    if dtype != torch.float32:
        for suffix, attention in (("rounded", "sdpa"), ("eager", "eager")):
            model = load(folder, dtype, attention)
            expected["logprobs_" + suffix] = logprobs(model, IDS).float()
            expected["long_logprobs_" + suffix] = next_logprobs(
                model, long_ids()).float()
    return expected


def make(case, output):
    torch.manual_seed(20240901)
    model = transformers.AutoModelForCausalLM.from_config(case.config)
    randomise(model)
    folder = output / case.name
    shutil.rmtree(folder, ignore_errors=True)
    # What from_pretrained keeps in float32 is stored in float32.
    biases = {name: value.clone() for name, value in model.named_buffers()
              if name.endswith("e_score_correction_bias")}
    model.to(case.dtype)
    for name, value in biases.items():
        model.get_submodule(name.rpartition(".")[0]).e_score_correction_bias = (
            torch.nn.Buffer(value))
    model.save_pretrained(folder)
    if case.version_4:
        write_version_4(folder)
    save_file(expectations(folder, case.dtype), folder / "expected.safetensors")
    for file in folder.iterdir():
        file.chmod(0o644)


def make_all(names, output):
    output.mkdir(parents=True, exist_ok=True)
    for case in cases():
        if not names or case.name in names:
            make(case, output)
    versions = {"torch": torch.__version__.split("+")[0],
                "transformers": transformers.__version__}
    (output / "versions.json").write_text(json.dumps(versions, indent=2) + "\n")


def differences(made, committed):
    """What is not the same in two folders of goldens, one line each."""
    # Files beside the cases' folders are other scripts'.
    files = {str(path.relative_to(root)) for root in (made, committed)
             for path in root.glob("*/*")} | {"versions.json"}
    for name in sorted(files):
        if not (made / name).exists() or not (committed / name).exists():
            yield f"{name}: only on one side"
        elif not name.endswith(".safetensors"):
            if json.loads((made / name).read_text()) != json.loads(
                    (committed / name).read_text()):
                yield f"{name}: differs"
        else:
            yield from tensor_differences(name, load_file(made / name),
                                          load_file(committed / name))


def tensor_differences(name, made, committed):
    if made.keys() != committed.keys():
        yield f"{name}: tensors {sorted(made.keys() ^ committed.keys())}"
    for key in sorted(made.keys() & committed.keys()):
        a, b = made[key], committed[key]
        if a.dtype != b.dtype or a.shape != b.shape:
            yield f"{name}: {key} has another type or shape"
            continue
        # Weights and ids are the same bits; other machines sum otherwise.
        exact = not key.split("long_")[-1].startswith("logprobs")
        rounded = key.endswith(("_rounded", "_eager"))
        limit = 0.0 if exact else 0.5 if rounded else 1e-4
        largest = (a.double() - b.double()).abs().max().item()
        if not largest <= limit:
            yield f"{name}: {key} differs by {largest:g}, allowed {limit:g}"


def check():
    with tempfile.TemporaryDirectory() as folder:
        make_all([], pathlib.Path(folder))
        found = list(differences(pathlib.Path(folder), OUTPUT))
    for line in found:
        print(line)
    print("the goldens are as committed" if not found else
          f"{len(found)} differences")
    return 1 if found else 0


def compare(first, second):
    """Prints how far two checkpoint folders are apart, in float32."""
    a, b = (logprobs(load(folder, torch.float32), IDS)
            for folder in (first, second))
    print(f"largest difference of log-probabilities: {(a - b).abs().max():g}")
    return 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--compare", nargs=2, metavar="FOLDER")
    arguments = parser.parse_args()
    if arguments.compare:
        return compare(*arguments.compare)
    if arguments.check:
        return check()
    make_all(arguments.names, OUTPUT)
    return 0


if __name__ == "__main__":
    sys.exit(main())
