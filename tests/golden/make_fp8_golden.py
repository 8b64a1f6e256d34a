"""Makes tests/testdata/checkpoints: what checkpoints may look like besides.

    deepseek_v3_fp8    float8 matrices with block factors in two shards, a layer
                       for further tokens, as deepseek-ai publishes them
    deepseek_v3_fused  experts in stacks, as transformers 5 writes them with
                       save_original_format=False

In each expected.safetensors: every weight under its own name as float32, of
float8 ones the product of torch with its factor; and the log-probabilities of
transformers with them. Run from the repository root with the versions of
tests/testdata/student/versions.json:

    python tests/golden/make_fp8_golden.py [--check]
"""

import json
import pathlib
import shutil
import sys
import tempfile

import torch
import transformers
from safetensors.torch import load_file, save_file

OUTPUT = pathlib.Path("tests/testdata/checkpoints")
BLOCK = (16, 8)  # rows, columns: not square, and no size is a multiple
LARGEST = 448.0
IDS = [3, 17, 0, 31, 5, 5, 12, 8, 29, 11]


def tiny_config():
    return transformers.DeepseekV3Config(
        vocab_size=32, hidden_size=20, intermediate_size=27,
        moe_intermediate_size=12, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=2, n_routed_experts=4, n_group=2, topk_group=1,
        num_experts_per_tok=2, n_shared_experts=1, first_k_dense_replace=1,
        q_lora_rank=10, kv_lora_rank=12, qk_rope_head_dim=4,
        qk_nope_head_dim=6, v_head_dim=5, max_position_embeddings=64,
        rms_norm_eps=1e-6, initializer_range=0.3, bos_token_id=0,
        eos_token_id=1, tie_word_embeddings=False)


def tiny_model():
    torch.manual_seed(20241226)
    model = transformers.AutoModelForCausalLM.from_config(tiny_config())
    with torch.no_grad():
        for name, buffer in model.named_buffers():
            if name.endswith("e_score_correction_bias"):
                buffer.copy_(torch.randn_like(buffer) * 0.3)
    return model.eval()


def blocks_of(factors, rows, columns):
    """Factors spread over the elements that they belong to."""
    spread = factors.repeat_interleave(BLOCK[0], 0)
    return spread.repeat_interleave(BLOCK[1], 1)[:rows, :columns]


def quantise(weight):
    rows, columns = weight.shape
    count = [-(-size // block) for size, block in zip(weight.shape, BLOCK)]
    factors = torch.empty(count, dtype=torch.float32)
    for i in range(count[0]):
        for j in range(count[1]):
            block = weight[i * BLOCK[0]:(i + 1) * BLOCK[0],
                           j * BLOCK[1]:(j + 1) * BLOCK[1]]
            factors[i, j] = block.abs().max() / LARGEST
    spread = blocks_of(factors, rows, columns)
    codes = (weight / spread).to(torch.float8_e4m3fn)
    return codes, factors, codes.float() * spread


def is_quantised(name, tensor):
    """All matrices of layers but the router's, as in DeepSeek-V3."""
    return (name.startswith("model.layers.") and tensor.dim() == 2
            and not name.endswith("mlp.gate.weight"))


def next_layer(tensors, last):
    """A layer after the last one, with the names of DeepSeek-V3."""
    here, after = f"model.layers.{last}.", f"model.layers.{last + 1}."
    extra = {after + name[len(here):]: tensor.clone()
             for name, tensor in tensors.items() if name.startswith(here)}
    hidden = tensors["model.norm.weight"].numel()
    extra[after + "eh_proj.weight"] = torch.randn(hidden, 2 * hidden)
    for name in ("enorm", "hnorm", "shared_head.norm"):
        extra[f"{after}{name}.weight"] = torch.ones(hidden)
    for name, source in (("embed_tokens", "model.embed_tokens"),
                         ("shared_head.head", "lm_head")):
        extra[f"{after}{name}.weight"] = tensors[source + ".weight"].clone()
    return extra


def edit_json(path, **changes):
    content = json.loads(path.read_text())
    content.update(changes)
    path.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n")


def write_shards(folder, tensors):
    names = sorted(tensors)
    shards = {f"model-{i + 1:05}-of-000002.safetensors": names[i::2]
              for i in range(2)}
    for file, inside in shards.items():
        save_file({name: tensors[name].contiguous() for name in inside},
                  folder / file, metadata={"format": "pt"})
    (folder / "model.safetensors.index.json").write_text(json.dumps({
        "metadata": {"total_size": sum(tensor.nbytes
                                       for tensor in tensors.values())},
        "weight_map": {name: file for file, inside in shards.items()
                       for name in inside}}, indent=2, sort_keys=True) + "\n")


@torch.no_grad()
def logprobs(folder):
    model = transformers.AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager").eval()
    logits = model(torch.tensor([IDS])).logits[0]
    return torch.log_softmax(logits.double(), -1).float()


def save_expected(plain, folder):
    expected = {name: tensor.float()
                for name, tensor in load_file(plain / "model.safetensors").items()}
    expected["ids"] = torch.tensor(IDS)
    expected["logprobs"] = logprobs(plain)
    save_file(expected, folder / "expected.safetensors")


def make_fp8(scratch, folder):
    model = tiny_model()
    model.save_pretrained(scratch)
    weights = load_file(scratch / "model.safetensors")
    tensors = dict(weights) | next_layer(weights, 1)
    for name in list(tensors):
        if is_quantised(name, tensors[name]):
            codes, factors, product = quantise(tensors[name])
            tensors[name] = codes
            tensors[name + "_scale_inv"] = factors
            if name in weights:
                weights[name] = product
        elif not name.endswith("e_score_correction_bias"):
            tensors[name] = tensors[name].bfloat16()
            if name in weights:
                weights[name] = tensors[name].float()
    save_file(weights, scratch / "model.safetensors", metadata={"format": "pt"})
    for file in ("config.json", "generation_config.json"):
        shutil.copy(scratch / file, folder / file)
    edit_json(folder / "config.json", torch_dtype="bfloat16",
              num_nextn_predict_layers=1,
              quantization_config={"activation_scheme": "dynamic",
                                   "fmt": "e4m3", "quant_method": "fp8",
                                   "weight_block_size": list(BLOCK)})
    write_shards(folder, tensors)
    save_expected(scratch, folder)


def make_fused(scratch, folder):
    model = tiny_model()
    model.save_pretrained(scratch)
    model.save_pretrained(folder, save_original_format=False)
    save_expected(scratch, folder)


def make_all(output):
    for name, make in (("deepseek_v3_fp8", make_fp8),
                       ("deepseek_v3_fused", make_fused)):
        folder = output / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        with tempfile.TemporaryDirectory() as scratch:
            make(pathlib.Path(scratch), folder)
        for file in folder.iterdir():
            file.chmod(0o644)


def differences(made, committed):
    for path in sorted(made.glob("*/*")):
        other = committed / path.relative_to(made)
        if path.suffix != ".safetensors":
            same = json.loads(path.read_text()) == json.loads(other.read_text())
        else:
            a, b = load_file(path), load_file(other)
            same = a.keys() == b.keys() and all(
                torch.equal(a[name].view(torch.uint8), b[name].view(torch.uint8))
                if name != "logprobs" else torch.allclose(a[name], b[name],
                                                          atol=1e-5)
                for name in a)
        if not same:
            yield str(path.relative_to(made))


def main():
    if sys.argv[1:] != ["--check"]:
        make_all(OUTPUT)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        make_all(pathlib.Path(folder))
        found = list(differences(pathlib.Path(folder), OUTPUT))
    print("\n".join(found) or "the goldens are as committed")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
