"""What safetensors finds in a checkpoint folder, and folders in other styles."""

import json

import torch
from safetensors import safe_open
from safetensors.torch import save_file


def tensors(folder):
    """Every tensor of a folder, by name."""
    found = {}
    for path in sorted(folder.glob("*.safetensors")):
        with safe_open(path, "pt") as file:
            for key in file.keys():
                assert key not in found, key
                found[key] = file.get_tensor(key)
    return found


def to_version_4(folder):
    """config.json as transformers 4 wrote it."""
    path = folder / "config.json"
    config = json.loads(path.read_text())
    rope = config.pop("rope_parameters")
    config["rope_theta"] = rope.pop("rope_theta")
    if rope.get("rope_type", "default") == "default":
        config["rope_scaling"] = None
    else:
        # The oldest files say "type".
        rope["type"] = rope.pop("rope_type")
        config["rope_scaling"] = rope
    config["torch_dtype"] = config.pop("dtype")
    config["transformers_version"] = "4.43.0"
    path.write_text(json.dumps(config, indent=2))


def to_float8(folder, block):
    """Matrices of the blocks as e4m3 with a scale for each square of weights.

    Returns the same tensors taken back to bfloat16, as DeepSeek-V3's own
    conversion does.
    """
    stored, plain = {}, {}
    for key, value in tensors(folder).items():
        plain[key] = value if key.endswith("correction_bias") else value.to(
            torch.bfloat16)
        stored[key] = plain[key]
        if value.dim() != 2 or "proj" not in key:
            continue
        rows, columns = -(-value.shape[0] // block), -(-value.shape[1] // block)
        padded = torch.zeros(rows * block, columns * block)
        padded[:value.shape[0], :value.shape[1]] = value
        tiles = padded.view(rows, block, columns, block)
        scale = tiles.abs().amax(dim=(1, 3)) / 448
        spread = scale.repeat_interleave(block, 0).repeat_interleave(block, 1)
        spread = spread[:value.shape[0], :value.shape[1]]
        stored[key] = (value / spread).to(torch.float8_e4m3fn)
        stored[key + "_scale_inv"] = scale
        plain[key] = (stored[key].float() * spread).to(torch.bfloat16)
    save_file(stored, folder / "model.safetensors", {"format": "pt"})
    config = json.loads((folder / "config.json").read_text())
    config["dtype"] = "bfloat16"
    config["quantization_config"] = {
        "activation_scheme": "dynamic", "fmt": "e4m3", "quant_method": "fp8",
        "weight_block_size": [block, block]}
    (folder / "config.json").write_text(json.dumps(config, indent=2))
    return plain
