"""Models of transformers in the program, and the program's in transformers."""

import json

import packages  # noqa: F401, before torch
import families
import program
import torch
from checkpoint_files import tensors
from limbeck_program import done, generate, score

SEQUENCES = [families.token_ids(count, seed) for seed, count in
             enumerate((90, 33, 2), 1)]
PROMPTS = [families.token_ids(count, seed, families.TOKENS)
           for seed, count in enumerate((50, 1), 7)]
TOLERANCE = 2e-5
NEW_TOKENS = 24
NOISE = 1.15  # of a mean over 900 positions


def worst(ours, theirs):
    return max((a - b).abs().max().item()
               for a, b in zip(ours, theirs, strict=True))


class Models(program.Case):
    def model_folder(self, name, **options):
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        return families.write_model(name, folder, **options)

    def assert_same(self, folder, model):
        """The program computes of a folder what the model does."""
        theirs = [families.logprobs(model, ids) for ids in SEQUENCES]
        difference = worst(score(folder, SEQUENCES), theirs)
        print(f"\n  {folder.name}: {difference:.1e}", end=" ", flush=True)
        self.assertLess(difference, TOLERANCE)

    def assert_same_choices(self, folder, model):
        ours = generate(folder, [{"ids": ids} for ids in PROMPTS], NEW_TOKENS)
        self.assertEqual([sample["ids"] for sample in ours],
                         [families.greedy(model, ids, NEW_TOKENS)
                          for ids in PROMPTS])

    def assert_same_tensors(self, folder, other):
        ours, theirs = tensors(folder), tensors(other)
        self.assertEqual(sorted(ours), sorted(theirs))
        for key, value in theirs.items():
            self.assertEqual(ours[key].dtype, value.dtype, key)
            self.assertTrue(torch.equal(ours[key], value), key)

    def read_and_written(self, name):
        """A model of transformers, and the same written by the program."""
        folder = self.model_folder(name)
        model = families.load(folder)
        self.assert_same(folder, model)
        self.assert_same_choices(folder, model)
        self.assertIn(f"{families.CASES[name][0]}, ", done("inspect", folder))
        copy = self.folder / f"{name}_written"
        done("convert", folder, copy)
        self.assert_same_tensors(copy, folder)
        families.load(copy)

    def made_here(self, name):
        """A random model of the program, from a configuration."""
        source = self.folder / f"{name}_config"
        families.config(name).save_pretrained(source)
        folder = self.folder / f"{name}_made"
        done("init", folder, "--config", source / "config.json", "--tokenizer",
             families.TOKENIZER, "--seed", 5)
        self.assert_same(folder, families.load(folder))

    def made_of_sizes(self, family):
        """The family's own defaults."""
        folder = self.folder / family
        done("init", folder, "--family", family, "--hidden_size", 48,
             "--layers", 2, "--heads", 4, "--intermediate_size", 80,
             "--vocab_size", families.VOCAB,
             "--tokenizer", families.TOKENIZER)
        self.assert_same(folder, families.load(folder))

    def test_generation_settings(self):
        """All end ids count; penalties and sampling are the user's to set."""
        folder = self.model_folder("llama")
        model = families.load(folder)
        prompt = PROMPTS[0]
        plain = families.greedy(model, prompt, NEW_TOKENS)
        end = plain[NEW_TOKENS // 2]
        (folder / "generation_config.json").write_text(json.dumps({
            "eos_token_id": [families.END, end], "repetition_penalty": 1.5,
            "do_sample": True, "temperature": 0.6, "top_k": 20}))
        ours, = generate(folder, [{"ids": prompt}], NEW_TOKENS)
        self.assertEqual(ours["ids"], plain[:plain.index(end) + 1])
        self.assertEqual(ours["finish_reason"], "stop")
        penalised = families.greedy(families.load(folder), prompt, NEW_TOKENS)
        self.assertNotEqual(ours["ids"], penalised)

    def bfloat16(self, name):
        """No further from transformers' eager path than its sdpa path is."""
        folder = self.model_folder(name, dtype=torch.bfloat16)
        sequences = [families.token_ids(150, seed) for seed in range(6)]
        eager, sdpa = (torch.cat([families.logprobs(model, ids)
                                  for ids in sequences]) for model in (
            families.load(folder, torch.bfloat16, attention)
            for attention in ("eager", "sdpa")))
        ours = torch.cat(score(folder, sequences))
        # A rounding can choose another expert: the median tells of arithmetic.
        for measure in (torch.mean, torch.median):
            found = measure((ours - eager).abs()).item()
            theirs = measure((sdpa - eager).abs()).item()
            print(f"\n  {name} {measure.__name__}: {found:.4f}, "
                  f"sdpa {theirs:.4f}", end=" ", flush=True)
            self.assertLess(found, theirs * NOISE)


def add_cases():
    for name in families.CASES:
        setattr(Models, f"test_{name}_read_and_written",
                lambda self, name=name: self.read_and_written(name))
        setattr(Models, f"test_{name}_made_here",
                lambda self, name=name: self.made_here(name))
        setattr(Models, f"test_{name}_bfloat16",
                lambda self, name=name: self.bfloat16(name))
    for family in sorted({family for family, _ in families.CASES.values()}):
        setattr(Models, f"test_{family}_made_of_sizes",
                lambda self, family=family: self.made_of_sizes(family))


add_cases()

if __name__ == "__main__":
    program.main()
