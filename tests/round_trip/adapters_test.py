"""LoRA adapters: PEFT's merged by the program, the program's read by PEFT."""

import packages
import families
import program
import torch
from checkpoint_files import tensors
from limbeck_program import done, score

try:
    import peft
except Exception as error:
    packages.skip(f"no Python environment: scripts/setup --python ({error})")

SEQUENCE = families.token_ids(60)
TOLERANCE = 5e-5  # other order of sums: merged against beside the weights
ATTENTION = ["q_proj", "k_proj", "v_proj", "o_proj"]
MLP = ["gate_proj", "up_proj", "down_proj"]
# Routed experts are one parameter to transformers 5; PEFT's adapters of those
# are refused by name.
LATENT = ["q_a_proj", "q_b_proj", "kv_a_proj_with_mqa", "kv_b_proj", "o_proj"]
# Name -> base and PEFT's settings.
CASES = {
    "attention": ("llama", dict(r=3, lora_alpha=7, target_modules=ATTENTION)),
    "all_linear": ("qwen2", dict(r=5, lora_alpha=5,
                                 target_modules="all-linear")),
    "rank_stabilised": ("qwen3", dict(
        r=4, lora_alpha=8, use_rslora=True, target_modules=ATTENTION + MLP,
        rank_pattern={"v_proj": 2}, alpha_pattern={"up_proj": 3})),
    "dora": ("mistral", dict(r=2, lora_alpha=4, use_dora=True,
                             target_modules=ATTENTION + MLP)),
    "embedding": ("qwen2_window", dict(
        r=3, lora_alpha=6, target_modules=["embed_tokens", "lm_head",
                                           "q_proj"])),
    "full_copies": ("llama", dict(
        r=2, lora_alpha=2, target_modules=["v_proj"],
        modules_to_save=["lm_head", "embed_tokens"])),
    "latent": ("deepseek_v3", dict(r=3, lora_alpha=6, target_modules=LATENT)),
}


def randomise(model):
    """As after training: nothing is at its initial value."""
    torch.manual_seed(4)
    for name, value in model.named_parameters():
        if "lora_" in name or "modules_to_save" in name:
            value.add_(torch.randn_like(value) * 0.1)


def difference(one, other):
    return (one - other).abs().max().item()


class Adapters(program.Case):
    def base(self, name):
        folder = self.folder / "base"
        folder.mkdir()
        return families.write_model(name, folder)

    def merge(self, name):
        """An adapter that PEFT wrote, merged by both."""
        base_name, settings = CASES[name]
        base, adapter = self.base(base_name), self.folder / "adapter"
        model = peft.get_peft_model(
            families.load(base),
            peft.LoraConfig(task_type="CAUSAL_LM", **settings)).eval()
        randomise(model)
        model.save_pretrained(adapter)
        beside = families.logprobs(model, SEQUENCE)
        merged = self.folder / "merged"
        done("convert", base, merged, "--lora", adapter)
        found = families.logprobs(families.load(merged), SEQUENCE)
        self.assertLess(difference(found, beside), TOLERANCE)
        self.assertLess(difference(score(merged, [SEQUENCE])[0], beside),
                        TOLERANCE)
        self.assertGreater(
            difference(beside, score(base, [SEQUENCE])[0]), 0.1)
        theirs = self.folder / "theirs"
        model.merge_and_unload().save_pretrained(theirs)
        wanted = tensors(theirs)
        ours = tensors(merged)
        self.assertEqual(sorted(ours), sorted(wanted))
        for key, value in wanted.items():
            self.assertLess(difference(ours[key], value), 1e-5, key)

    def extract(self, name):
        """An adapter that the program took out of two checkpoints."""
        base = self.base(name)
        tuned = self.folder / "tuned"
        model = families.load(base)
        torch.manual_seed(6)
        rank = 3
        for key, value in model.named_parameters():
            if value.dim() == 2 and "proj" in key:
                value.add_(torch.randn(value.shape[0], rank)
                           @ torch.randn(rank, value.shape[1]) * 0.03)
        model.save_pretrained(tuned)
        families.add_tokenizer(tuned)
        wanted = families.logprobs(model, SEQUENCE)
        adapter = self.folder / "adapter"
        done("convert", tuned, adapter, "--extract_lora", base, "--rank", rank)
        loaded = peft.PeftModel.from_pretrained(families.load(base), adapter)
        self.assertLess(
            difference(families.logprobs(loaded.eval(), SEQUENCE), wanted),
            TOLERANCE)
        merged = self.folder / "merged"
        done("convert", base, merged, "--lora", adapter)
        self.assertLess(difference(score(merged, [SEQUENCE])[0], wanted),
                        TOLERANCE)

    def test_extracted_from_llama(self):
        self.extract("llama")

    def test_extracted_from_qwen3(self):
        self.extract("qwen3")

    def test_padding_rows_cut_and_added(self):
        """Rows beyond the tokenizer; what transformers computes stays."""
        base = self.base("qwen3")
        logits = families.load(base)(torch.tensor([[5, 9, 200]])).logits
        cut, wide = self.folder / "cut", self.folder / "wide"
        done("convert", base, cut, "--vocab_size", families.TOKENS)
        done("convert", cut, wide, "--vocab_size", 384)
        for folder, rows in ((cut, families.TOKENS), (wide, 384)):
            model = families.load(folder)
            self.assertEqual(model.config.vocab_size, rows)
            found = model(torch.tensor([[5, 9, 200]])).logits
            self.assertEqual(found.shape[-1], rows)
            self.assertTrue(torch.equal(found[..., :families.TOKENS],
                                        logits[..., :families.TOKENS]))


def add_cases():
    for name in CASES:
        setattr(Adapters, f"test_{name}",
                lambda self, name=name: self.merge(name))


add_cases()

if __name__ == "__main__":
    program.main()
