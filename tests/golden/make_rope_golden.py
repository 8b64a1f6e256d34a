"""Makes tests/testdata/student/rope.json: rotary frequencies of transformers.

Each case is a config.json and what the rotary class of its model makes of it:
the angle of each pair of channels per position (float32) and the factor of
cosine and sine. Run from the repository root with torch and transformers:

    python tests/golden/make_rope_golden.py

The file is committed; run it again only to add cases.
"""

import importlib
import json
import pathlib

import transformers

OUTPUT = pathlib.Path("tests/testdata/student/rope.json")

LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
          "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}
YARN = {"rope_type": "yarn", "factor": 4.0,
        "original_max_position_embeddings": 32768}
DEEPSEEK = {"type": "yarn", "factor": 40, "beta_fast": 32, "beta_slow": 1,
            "mscale": 1.0, "mscale_all_dim": 1.0,
            "original_max_position_embeddings": 4096}


def model(model_type, **changes):
    config = dict(
        model_type=model_type, vocab_size=64, hidden_size=512,
        num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=4,
        head_dim=128, intermediate_size=64, max_position_embeddings=131072,
        rms_norm_eps=1e-6, rope_theta=10000.0)
    if model_type == "deepseek_v3":
        del config["head_dim"]
        config.update(
            q_lora_rank=None, kv_lora_rank=16, qk_nope_head_dim=8,
            qk_rope_head_dim=64, v_head_dim=8, n_routed_experts=4,
            num_experts_per_tok=1, n_group=1, topk_group=1,
            moe_intermediate_size=8, first_k_dense_replace=1,
            routed_scaling_factor=2.5, max_position_embeddings=163840)
    config.update(changes)
    return config


def cases():
    yield "default", model("llama")
    yield "default_small_heads", model("qwen2", head_dim=6, rope_theta=1e6)
    yield "default_version5", model(
        "qwen3", rope_theta=None,
        rope_parameters={"rope_type": "default", "rope_theta": 5e6})
    yield "linear", model("llama", rope_scaling={"type": "linear",
                                                 "factor": 3.0})
    yield "llama31", model("llama", rope_theta=500000.0, rope_scaling=LLAMA3)
    yield "llama32", model("llama", head_dim=64, rope_theta=500000.0,
                           rope_scaling=dict(LLAMA3, factor=32.0))
    yield "llama3_blend", model(
        "mistral", head_dim=96, rope_theta=77777.0,
        rope_scaling=dict(LLAMA3, factor=5.5, low_freq_factor=0.7,
                          high_freq_factor=9.0,
                          original_max_position_embeddings=3000))
    yield "yarn", model("qwen3", rope_theta=1000000, rope_scaling=YARN)
    yield "yarn_qwen2", model("qwen2", rope_theta=1000000.0,
                              rope_scaling=dict(YARN, type="yarn"))
    yield "yarn_not_truncated", model("llama", rope_scaling=dict(
        YARN, truncate=False))
    yield "yarn_attention_factor", model("llama", rope_scaling=dict(
        YARN, attention_factor=1.25))
    yield "yarn_betas", model("llama", head_dim=80, rope_scaling=dict(
        YARN, beta_fast=24.0, beta_slow=2.5, factor=12.5))
    yield "yarn_mscales", model("llama", rope_scaling=dict(
        YARN, mscale=0.707, mscale_all_dim=1.3))
    yield "yarn_one_mscale", model("llama", rope_scaling=dict(
        YARN, mscale=0.707, mscale_all_dim=0))
    yield "yarn_ratio", model("llama", rope_scaling=dict(
        YARN, factor=None))
    yield "yarn_empty_ramp", model("llama", rope_scaling=dict(
        YARN, original_max_position_embeddings=6))
    yield "yarn_version5", model(
        "mistral", rope_theta=None,
        rope_parameters=dict(YARN, rope_theta=123456.0, factor=16.0))
    yield "deepseek", model("deepseek_v3", rope_theta=10000,
                            rope_scaling=DEEPSEEK)
    yield "deepseek_default", model("deepseek_v3", rope_theta=50000.0)


CLASSES = {"llama": "Llama", "mistral": "Mistral", "qwen2": "Qwen2",
           "qwen3": "Qwen3", "deepseek_v3": "DeepseekV3"}


def rotary(config):
    config = {key: value for key, value in config.items()
              if value is not None or key != "rope_theta"}
    parsed = transformers.AutoConfig.for_model(
        **json.loads(json.dumps(config)))
    name = config["model_type"]
    module = importlib.import_module(
        f"transformers.models.{name}.modeling_{name}")
    made = getattr(module, CLASSES[name] + "RotaryEmbedding")(parsed)
    return {"config": config, "factor": float(made.attention_scaling),
            "radians": made.inv_freq.tolist()}


def main():
    lines = [json.dumps(dict(name=name, **rotary(config)))
             for name, config in cases()]
    OUTPUT.write_text(
        '{"transformers": "%s", "cases": [\n%s\n]}\n'
        % (transformers.__version__, ",\n".join(lines)))


if __name__ == "__main__":
    main()
