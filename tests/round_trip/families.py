"""Tiny random models of every family, as transformers makes and writes them."""

import json
import shutil

import packages
import torch
import transformers

TEXT = packages.ROOT / "tests" / "testdata" / "text"
TOKENIZER = TEXT / "qwen2"
TOKENS = 367
VOCAB = 371  # rows of the head, the last are padding
END, USER, ASSISTANT = 361, 362, 363
TEMPLATE = (
    "{%- for message in messages -%}"
    "{{ '<|user|>' if message.role == 'user' else '<|assistant|>' }}"
    "{{ message.content + '<|end|>' }}{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{ '<|assistant|>' }}{%- endif -%}")


def sizes(**changes):
    """Odd sizes, so that no two dimensions are exchanged unseen."""
    result = dict(
        vocab_size=VOCAB, hidden_size=36, num_hidden_layers=3,
        num_attention_heads=6, num_key_value_heads=2, intermediate_size=50,
        max_position_embeddings=160, rms_norm_eps=1e-5, initializer_range=0.2,
        bos_token_id=360, eos_token_id=END, pad_token_id=None,
        tie_word_embeddings=False)
    result.update(changes)
    return result


def rope(theta, **scaling):
    return {"rope_type": "default", "rope_theta": theta, **scaling}


YARN = {"rope_type": "yarn", "factor": 4.0, "beta_fast": 32.0,
        "beta_slow": 1.0, "original_max_position_embeddings": 40}
LATENT = dict(
    hidden_size=40,  # whole 16 bytes, for transformers' grouped products
    num_key_value_heads=6, kv_lora_rank=14, qk_nope_head_dim=10,
    qk_rope_head_dim=6, v_head_dim=8, moe_intermediate_size=24,
    n_routed_experts=12, n_shared_experts=1, num_experts_per_tok=3, n_group=4,
    topk_group=2, norm_topk_prob=True, routed_scaling_factor=2.5,
    first_k_dense_replace=1)

# Name -> family and settings.
CASES = {
    "llama": ("llama", sizes(rope_parameters=rope(10000.0))),
    "llama3": ("llama", sizes(
        head_dim=10, eos_token_id=[END, 360], tie_word_embeddings=True,
        rope_parameters=rope(
            500000.0, rope_type="llama3", factor=8.0, low_freq_factor=1.0,
            high_freq_factor=4.0, original_max_position_embeddings=40))),
    "mistral": ("mistral", sizes(
        head_dim=14, sliding_window=7, rope_parameters=rope(1000000.0))),
    "qwen2": ("qwen2", sizes(
        num_key_value_heads=1, rms_norm_eps=1e-6, tie_word_embeddings=True,
        rope_parameters=rope(1000000.0))),
    "qwen2_window": ("qwen2", sizes(
        use_sliding_window=True, sliding_window=5, max_window_layers=1,
        rope_parameters=rope(10000.0))),
    "qwen2_yarn": ("qwen2", sizes(rope_parameters=rope(1000000.0, **YARN))),
    "qwen3": ("qwen3", sizes(
        head_dim=16, tie_word_embeddings=True, rms_norm_eps=1e-6,
        rope_parameters=rope(1000000.0))),
    "deepseek_v3": ("deepseek_v3", sizes(
        q_lora_rank=22, rms_norm_eps=1e-6, **LATENT,
        rope_parameters=rope(10000.0, **YARN, mscale=1.0,
                             mscale_all_dim=1.0))),
    "deepseek_v3_direct_queries": ("deepseek_v3", sizes(
        q_lora_rank=None, rms_norm_eps=1e-6, **LATENT,
        rope_parameters=rope(10000.0))),
}


def config(name):
    family, settings = CASES[name]
    return transformers.AutoConfig.for_model(family, **settings)


def random_model(name):
    """Norms, biases and routers off their ones and zeros."""
    torch.manual_seed(20261122)
    model = transformers.AutoModelForCausalLM.from_config(config(name))
    values = dict(model.named_parameters())
    values.update((key, value) for key, value in model.named_buffers()
                  if key.endswith("e_score_correction_bias"))
    for value in values.values():
        if value.dim() == 1:
            value.add_(torch.randn_like(value) * 0.2)
    return model.eval()


def add_tokenizer(folder):
    shutil.copy(TOKENIZER / "tokenizer.json", folder)
    (folder / "tokenizer_config.json").write_text(json.dumps({
        "tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "<|end|>",
        "chat_template": TEMPLATE}))


def write_model(name, folder, dtype=torch.float32, **options):
    """A checkpoint of transformers with tokenizer."""
    random_model(name).to(dtype).save_pretrained(folder, **options)
    add_tokenizer(folder)
    return folder


def load(folder, dtype=torch.float32, attention="eager"):
    """The folder in transformers; nothing may be missing or left over."""
    model, information = transformers.AutoModelForCausalLM.from_pretrained(
        folder, dtype=dtype, attn_implementation=attention,
        experts_implementation="eager",
        output_loading_info=True, local_files_only=True)
    found = {key: value for key, value in information.items() if value}
    if found:
        raise AssertionError(f"{folder}: {found}")
    return model.eval()


def token_ids(count, seed=1, vocabulary=VOCAB):
    draw = torch.Generator().manual_seed(seed)
    return torch.randint(vocabulary, (count,), generator=draw).tolist()


def logprobs(model, ids):
    """Log-probability of each token from the second on, in float32."""
    logits = model(torch.tensor([ids])).logits[0, :-1].float()
    return logits.log_softmax(-1).gather(
        1, torch.tensor(ids[1:]).unsqueeze(1)).squeeze(1)


def greedy(model, ids, count):
    """Likeliest continuation without padding rows, end token included."""
    out = model.generate(
        torch.tensor([ids]), attention_mask=torch.ones(1, len(ids)),
        do_sample=False, max_new_tokens=count, pad_token_id=END,
        suppress_tokens=list(range(TOKENS, VOCAB)))
    return out[0, len(ids):].tolist()
