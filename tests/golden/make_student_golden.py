"""Makes tests/testdata/student: tiny checkpoints and their log-probabilities.

The reference is transformers itself, so that names, layouts, rounding order
and configuration files are those of the library our checkpoints must serve.
Run from the repository root with torch, transformers and safetensors:

    python tests/golden/make_student_golden.py

The files are committed; run it again only to add cases. With two folders as
arguments it compares these two checkpoints instead:

    python tests/golden/make_student_golden.py EXPORTED ORIGINAL
"""

import json
import pathlib
import shutil
import sys

import torch
import transformers
from safetensors.torch import save_file

OUTPUT = pathlib.Path("tests/testdata/student")
VOCAB = 64
IDS = [3, 17, 0, 63, 5, 5, 42, 8, 29, 11, 60, 2, 33, 1, 9, 54, 20, 7, 48, 13]


def sizes(**changes):
    common = dict(
        vocab_size=VOCAB,
        hidden_size=24,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        intermediate_size=40,
        max_position_embeddings=64,
        rms_norm_eps=1e-5,
        initializer_range=0.3,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=None,
    )
    common.update(changes)
    return common


def cases():
    llama = transformers.LlamaConfig
    qwen2 = transformers.Qwen2Config
    yield "llama", llama(
        **sizes(rope_theta=10000.0, tie_word_embeddings=False)), torch.float32
    yield "llama_tied_bfloat16", llama(
        **sizes(head_dim=8, eos_token_id=[2, 4], tie_word_embeddings=True,
                rope_theta=500000.0)), torch.bfloat16
    yield "qwen2", qwen2(
        **sizes(num_key_value_heads=1, rms_norm_eps=1e-6, rope_theta=1000000.0,
                tie_word_embeddings=True)), torch.float32


def make(name, config, dtype):
    torch.manual_seed(20240901)
    model = transformers.AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        for key, value in model.named_parameters():
            if value.dim() == 1:  # norms and biases start as ones and zeros
                value.add_(torch.randn_like(value) * 0.3)
    folder = OUTPUT / name
    shutil.rmtree(folder, ignore_errors=True)
    model.to(dtype).save_pretrained(folder)
    expected = {
        "ids": torch.tensor(IDS),
        # The weights as stored, computed in float32: parity of arithmetic.
        "logprobs": logprobs(folder, torch.float32),
    }
    if dtype != torch.float32:
        # Our forward takes the same attention operator in these types.
        expected["logprobs_rounded"] = logprobs(folder, dtype, "sdpa")
    save_file(expected, folder / "expected.safetensors")
    for file in folder.iterdir():
        file.chmod(0o644)


@torch.no_grad()
def logprobs(folder, dtype, attention="eager"):
    # Loaded anew: casting a model would cast its RoPE frequencies as well.
    model = transformers.AutoModelForCausalLM.from_pretrained(
        folder, dtype=dtype, attn_implementation=attention)
    logits = model.eval()(torch.tensor([IDS])).logits[0]
    return torch.log_softmax(logits.double(), -1).float()


def compare(first, second):
    """Prints how far two checkpoint folders are apart, in float32."""
    a, b = (logprobs(folder, torch.float32) for folder in (first, second))
    print(f"largest difference of log-probabilities: {(a - b).abs().max():g}")


def main():
    if len(sys.argv) == 3:
        compare(sys.argv[1], sys.argv[2])
        return
    OUTPUT.mkdir(parents=True, exist_ok=True)
    for name, config, dtype in cases():
        make(name, config, dtype)
    versions = {"torch": torch.__version__.split("+")[0],
                "transformers": transformers.__version__}
    (OUTPUT / "versions.json").write_text(json.dumps(versions, indent=2) + "\n")


if __name__ == "__main__":
    main()
