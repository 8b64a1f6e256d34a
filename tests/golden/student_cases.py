"""The tiny checkpoints of tests/testdata/student.

Sizes are odd where they may be odd, and every feature of a family is strong
enough to show: windows shorter than the sequence, positions beyond the
original length, biases that change the choice of experts.
"""

import dataclasses

import torch
import transformers

VOCAB = 64


@dataclasses.dataclass
class Case:
    name: str
    config: transformers.PretrainedConfig
    dtype: torch.dtype = torch.float32
    version_4: bool = False  # config.json as transformers 4 writes it


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


def rope(kind, theta, **settings):
    return dict(rope_type=kind, rope_theta=theta, **settings)


def llama3_rope(factor):
    """The numbers of Llama 3.1 (8) and 3.2 (32)."""
    return rope("llama3", 500000.0, factor=factor, low_freq_factor=1.0,
                high_freq_factor=4.0, original_max_position_embeddings=8192)


def llama_cases():
    llama = transformers.LlamaConfig
    yield Case("llama", llama(
        **sizes(rope_theta=10000.0, tie_word_embeddings=False)))
    yield Case("llama_tied_bfloat16", llama(
        **sizes(head_dim=8, eos_token_id=[2, 4], tie_word_embeddings=True,
                rope_theta=500000.0)), torch.bfloat16)
    yield Case("llama31_rope", llama(
        **sizes(hidden_size=21, num_attention_heads=3, num_key_value_heads=1,
                head_dim=16, tie_word_embeddings=False,
                max_position_embeddings=131072,
                rope_parameters=llama3_rope(8.0))))
    yield Case("llama32_rope_v4", llama(
        **sizes(head_dim=22, tie_word_embeddings=True,
                max_position_embeddings=131072,
                rope_parameters=llama3_rope(32.0))), version_4=True)
    yield Case("llama_linear_biases", llama(
        **sizes(num_key_value_heads=4, tie_word_embeddings=False,
                attention_bias=True, max_position_embeddings=4096,
                rope_parameters=rope("linear", 10000.0, factor=4.0))))


def mistral_and_qwen_cases():
    qwen2 = transformers.Qwen2Config
    yield Case("qwen2", qwen2(
        **sizes(num_key_value_heads=1, rms_norm_eps=1e-6, rope_theta=1000000.0,
                tie_word_embeddings=True)))
    yield Case("qwen2_sliding_yarn_v4", qwen2(
        **sizes(num_hidden_layers=3, tie_word_embeddings=False,
                use_sliding_window=True, sliding_window=9, max_window_layers=1,
                max_position_embeddings=2048,
                rope_parameters=rope("yarn", 10000.0, factor=4.0,
                                     original_max_position_embeddings=512))),
        version_4=True)
    yield Case("mistral", transformers.MistralConfig(
        **sizes(hidden_size=22, num_attention_heads=3, num_key_value_heads=1,
                head_dim=10, sliding_window=7, tie_word_embeddings=False,
                max_position_embeddings=4096, rope_theta=10000.0)))
    qwen3 = dict(hidden_size=19, head_dim=10, rms_norm_eps=1e-6,
                 max_position_embeddings=4096, rope_theta=1000000.0)
    yield Case("qwen3", transformers.Qwen3Config(
        **sizes(tie_word_embeddings=False, **qwen3)))
    yield Case("qwen3_bfloat16", transformers.Qwen3Config(
        **sizes(tie_word_embeddings=True, **qwen3)), torch.bfloat16)


def deepseek_sizes(**changes):
    latent = dict(
        hidden_size=20,
        num_attention_heads=3,
        num_key_value_heads=3,
        intermediate_size=30,
        q_lora_rank=10,
        kv_lora_rank=14,
        qk_nope_head_dim=5,
        qk_rope_head_dim=6,
        v_head_dim=7,
        # Multiples of 16 bytes: what grouped_mm of the reference takes.
        moe_intermediate_size=12,
        n_routed_experts=8,
        num_experts_per_tok=3,
        n_group=4,
        topk_group=2,
        n_shared_experts=1,
        first_k_dense_replace=1,
        routed_scaling_factor=2.5,
        norm_topk_prob=True,
        tie_word_embeddings=False,
        max_position_embeddings=4096,
        num_nextn_predict_layers=0,
        rope_parameters=rope("yarn", 10000.0, factor=40.0, beta_fast=32,
                             beta_slow=1, mscale=0.8, mscale_all_dim=0.6,
                             original_max_position_embeddings=128),
    )
    latent.update(changes)
    return sizes(**latent)


def deepseek_cases():
    deepseek = transformers.DeepseekV3Config
    yield Case("deepseek_v3", deepseek(**deepseek_sizes()))
    # Values wider than keys, pairs (i, i + half), no groups.
    yield Case("deepseek_v3_direct_v4", deepseek(**deepseek_sizes(
        q_lora_rank=None, qk_nope_head_dim=4, v_head_dim=12,
        rope_interleave=False, n_routed_experts=5, num_experts_per_tok=2,
        n_group=1, topk_group=1, n_shared_experts=2, norm_topk_prob=False,
        routed_scaling_factor=1.0,
        rope_parameters=rope("yarn", 10000.0, factor=40.0, beta_fast=32,
                             beta_slow=1, mscale=1.0, mscale_all_dim=1.0,
                             original_max_position_embeddings=64))),
        version_4=True)
    yield Case("deepseek_v3_bfloat16", deepseek(**deepseek_sizes(
        hidden_size=24, moe_intermediate_size=8, qk_nope_head_dim=6)),
        torch.bfloat16)


def cases():
    yield from llama_cases()
    yield from mistral_and_qwen_cases()
    yield from deepseek_cases()
