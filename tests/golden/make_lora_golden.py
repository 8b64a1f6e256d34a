"""Makes tests/testdata/lora: adapters written by PEFT and what they compute.

The bases are the checkpoints of tests/testdata/student. Run from the
repository root with torch, transformers, safetensors and peft:

    python tests/golden/make_lora_golden.py

The files are committed; run it again only to add cases. With three folders as
arguments it loads an adapter on its base with PEFT and prints how far its
log-probabilities are from those of a checkpoint instead:

    python tests/golden/make_lora_golden.py BASE ADAPTER CHECKPOINT
"""

import json
import pathlib
import shutil
import sys
import warnings

import peft
import torch
import transformers
from safetensors.torch import save_file

BASES = pathlib.Path("tests/testdata/student")
OUTPUT = pathlib.Path("tests/testdata/lora")
IDS = [3, 17, 0, 63, 5, 5, 42, 8, 29, 11, 60, 2, 33, 1, 9, 54, 20, 7, 48, 13]


def cases():
    """Name, base, settings, and whether merge_and_unload keeps the numbers."""
    yield "plain", "llama", dict(
        r=4, lora_alpha=8,
        target_modules=["q_proj", "v_proj", "down_proj", "lm_head"]), True
    yield "patterns", "qwen2", dict(
        r=3, lora_alpha=6, use_rslora=True, bias="all",
        target_modules=r".*\.(q_proj|k_proj|up_proj|o_proj)",
        rank_pattern={"k_proj": 2, r"layers\.1\.mlp\.up_proj": 5},
        alpha_pattern={"^model.layers.0.self_attn.q_proj": 16}), True
    yield "dora", "llama", dict(
        r=2, lora_alpha=4, use_dora=True,
        target_modules=["embed_tokens", "q_proj", "o_proj", "gate_proj"]), True
    yield "saved", "llama", dict(
        r=2, lora_alpha=2, target_modules=["v_proj"],
        modules_to_save=["lm_head", "embed_tokens", "model.norm"]), True
    # PEFT merges these into the one tensor that both share.
    yield "tied_embedding", "qwen2", dict(
        r=2, lora_alpha=4, target_modules=["embed_tokens", "q_proj"]), False
    yield "tied_head", "qwen2", dict(
        r=2, lora_alpha=4, target_modules=["lm_head", "q_proj"]), False
    yield "tied_both", "llama_tied_bfloat16", dict(
        r=2, lora_alpha=4, target_modules=["embed_tokens", "q_proj"],
        ensure_weight_tying=True), False
    yield "tied_saved", "qwen2", dict(
        r=2, lora_alpha=4, target_modules=["q_proj"],
        modules_to_save=["lm_head"]), True
    # PEFT stores embedding and head three times each.
    yield "resized", "llama", dict(
        r=2, lora_alpha=4, target_modules=["q_proj"],
        modules_to_save=["embed_tokens", "lm_head"]), True


ROWS = {"resized": 66}  # of the vocabulary, where it is not the base's


def load(folder, rows=None):
    model = transformers.AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager").eval()
    if rows is not None:
        model.resize_token_embeddings(rows)
    return model


@torch.no_grad()
def logprobs(model):
    logits = model(torch.tensor([IDS])).logits[0]
    return torch.log_softmax(logits.double(), -1).float()


@torch.no_grad()
def randomise(model):
    """As after training: nothing is at its initial value."""
    for name, value in model.named_parameters():
        if "lora_magnitude" in name:
            value.mul_(1 + 0.2 * torch.rand_like(value))
        elif value.requires_grad:
            value.add_(0.15 * torch.randn_like(value))


def make(name, base, settings, mergeable):
    torch.manual_seed(20260731)  # PEFT draws the first factors
    model = peft.get_peft_model(
        load(BASES / base, ROWS.get(name)),
        peft.LoraConfig(task_type="CAUSAL_LM", **settings)).eval()
    randomise(model)
    folder = OUTPUT / name
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    # From the files, so that they are all there is.
    model = peft.PeftModel.from_pretrained(
        load(BASES / base, ROWS.get(name)), folder).eval()
    expected = {"ids": torch.tensor(IDS), "logprobs": logprobs(model)}
    if mergeable:
        before = load(BASES / base, ROWS.get(name)).state_dict()
        merged = model.merge_and_unload().state_dict()
        expected.update({
            f"merged.{key}": value.clone() for key, value in merged.items()
            if not torch.equal(value, before[key])})
    save_file(expected, folder / "expected.safetensors")
    for file in folder.iterdir():
        file.chmod(0o644)


def make_settings_portable(folder):
    """Sorts what PEFT writes in the order of a set, drops this machine."""
    path = folder / "adapter_config.json"
    settings = json.loads(path.read_text())
    settings["base_model_name_or_path"] = "base"
    for key in ("target_modules", "modules_to_save"):
        if isinstance(settings[key], list):
            settings[key] = sorted(settings[key])
    path.write_text(json.dumps(settings, indent=2, sort_keys=True) + "\n")


def compare(base, adapter, checkpoint):
    adapted = peft.PeftModel.from_pretrained(load(base), adapter).eval()
    difference = (logprobs(adapted) - logprobs(load(checkpoint))).abs().max()
    print(f"largest difference of log-probabilities: {difference:g}")


def main():
    warnings.filterwarnings("ignore")
    if len(sys.argv) == 4:
        compare(*sys.argv[1:])
        return
    for name, base, settings, mergeable in cases():
        make(name, base, settings, mergeable)
        make_settings_portable(OUTPUT / name)
    versions = {"peft": peft.__version__,
                "torch": torch.__version__.split("+")[0],
                "transformers": transformers.__version__}
    (OUTPUT / "versions.json").write_text(json.dumps(versions, indent=2) + "\n")


if __name__ == "__main__":
    main()
