"""Models of transformers in the program, and the program's in transformers."""

import packages
import families
import program
import torch
from limbeck_program import done, generate, score
from safetensors import safe_open

SEQUENCES = [families.token_ids(count, seed) for seed, count in
             enumerate((90, 33, 2), 1)]
PROMPTS = [families.token_ids(count, seed, families.TOKENS)
           for seed, count in enumerate((50, 1), 7)]
TOLERANCE = 2e-5
NEW_TOKENS = 24


def worst(ours, theirs):
    return max((a - b).abs().max().item()
               for a, b in zip(ours, theirs, strict=True))


def tensors(folder):
    """Every tensor that safetensors finds in a folder."""
    found = {}
    for path in sorted(folder.glob("*.safetensors")):
        with safe_open(path, "pt") as file:
            for key in file.keys():
                assert key not in found, key
                found[key] = file.get_tensor(key)
    return found


class Models(program.Case):
    def model_folder(self, name, **options):
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        return families.write_model(name, folder, **options)

    def assert_same(self, folder, model, *arguments):
        """The program computes of a folder what the model does."""
        theirs = [families.logprobs(model, ids) for ids in SEQUENCES]
        difference = worst(score(folder, SEQUENCES, *arguments), theirs)
        print(f"\n  {folder.name}: {difference:.1e}", end=" ", flush=True)
        self.assertLess(difference, TOLERANCE)
        ours = generate(folder, [{"ids": ids} for ids in PROMPTS],
                        NEW_TOKENS, *arguments)
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
        self.assert_same(folder, families.load(folder))
        self.assertIn(f"{families.CASES[name][0]}, ", done("inspect", folder))
        copy = self.folder / f"{name}_written"
        done("convert", folder, copy)
        self.assert_same_tensors(copy, folder)
        self.assert_same(copy, families.load(copy))

    def made_here(self, name):
        """A random model of the program, from a configuration."""
        source = self.folder / f"{name}_config"
        families.config(name).save_pretrained(source)
        folder = self.folder / f"{name}_made"
        done("init", folder, "--config", source / "config.json", "--tokenizer",
             families.TOKENIZER, "--seed", 5)
        self.assert_same(folder, families.load(folder))


def add_cases():
    for name in families.CASES:
        setattr(Models, f"test_{name}_read_and_written",
                lambda self, name=name: self.read_and_written(name))
        setattr(Models, f"test_{name}_made_here",
                lambda self, name=name: self.made_here(name))


add_cases()

if __name__ == "__main__":
    program.main()
