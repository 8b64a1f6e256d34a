"""`limbeck convert`: layouts and number formats that the libraries read."""

import json
import shutil

import packages  # noqa: F401, before torch
import families
import program
import torch
from checkpoint_files import tensors, to_float8, to_version_4
from limbeck_program import done, score
from safetensors import safe_open

SEQUENCE = families.token_ids(60)
NAMES = ("llama3", "qwen3", "deepseek_v3")
SHARD_BYTES = 40_000


class Convert(program.Case):
    def model_folder(self, name, **options):
        folder = self.folder / name
        folder.mkdir()
        return families.write_model(name, folder, **options)

    def converted(self, source, name, *arguments):
        folder = self.folder / name
        done("convert", source, folder, *arguments)
        return folder

    def assert_same_tensors(self, folder, wanted):
        found = tensors(folder)
        self.assertEqual(sorted(found), sorted(wanted))
        for key, value in wanted.items():
            self.assertEqual(found[key].dtype, value.dtype, key)
            self.assertTrue(torch.equal(found[key], value), key)

    def shards(self, name):
        """One file, shards, and one file again; transformers reads each."""
        source = self.model_folder(name)
        sharded = self.converted(source, "sharded", "--shard_size",
                                 SHARD_BYTES)
        files = sorted(sharded.glob("*.safetensors"))
        self.assertGreater(len(files), 2)
        index = json.loads(
            (sharded / "model.safetensors.index.json").read_text())
        bytes_of = {key: value.nbytes for key, value in
                    tensors(source).items()}
        self.assertEqual(sorted(index["weight_map"]), sorted(bytes_of))
        self.assertEqual(index["metadata"]["total_size"],
                         sum(bytes_of.values()))
        for file in files:
            with safe_open(file, "pt") as opened:
                self.assertEqual(opened.metadata(), {"format": "pt"})
                self.assertEqual(
                    sorted(opened.keys()), sorted(
                        key for key, where in index["weight_map"].items()
                        if where == file.name))
        self.assert_same_tensors(sharded, tensors(source))
        model = families.load(sharded)
        self.assertTrue(torch.equal(
            families.logprobs(model, SEQUENCE),
            families.logprobs(families.load(source), SEQUENCE)))
        again = self.converted(sharded, "again")
        self.assertEqual([path.name for path in again.glob("model*")],
                         ["model.safetensors"])
        self.assert_same_tensors(again, tensors(source))
        self.assertTrue(torch.equal(*(score(folder, [SEQUENCE])[0]
                                      for folder in (sharded, source))))

    def number_formats(self, name):
        """bfloat16 and float16 round as torch does; back to float32 exactly."""
        source = self.model_folder(name)
        original = tensors(source)
        for dtype in (torch.bfloat16, torch.float16):
            text = str(dtype).removeprefix("torch.")
            small = self.converted(source, text, "--dtype", text)
            wanted = {key: value if key.endswith("correction_bias") else
                      value.to(dtype) for key, value in original.items()}
            self.assert_same_tensors(small, wanted)
            families.load(small, dtype)
            large = self.converted(small, f"{text}_float32", "--dtype",
                                   "float32")
            self.assert_same_tensors(
                large, {key: value.float() for key, value in wanted.items()})

    def test_shards_of_transformers(self):
        source = self.model_folder("qwen2", max_shard_size="40KB")
        self.assertGreater(len(list(source.glob("*.safetensors"))), 2)
        theirs = families.logprobs(families.load(source), SEQUENCE)
        ours, = score(source, [SEQUENCE])
        self.assertLess((ours - theirs).abs().max().item(), 2e-5)

    def test_configurations_of_version_4(self):
        for name in families.CASES:
            source = self.model_folder(name)
            older = self.folder / f"{name}_4"
            shutil.copytree(source, older)
            to_version_4(older)
            self.assertTrue(torch.equal(score(older, [SEQUENCE])[0],
                                        score(source, [SEQUENCE])[0]), name)
            written = self.converted(older, f"{name}_4_written")
            self.assertTrue(torch.equal(
                families.logprobs(families.load(written), SEQUENCE),
                families.logprobs(families.load(source), SEQUENCE)), name)

    def test_float8_blocks(self):
        """Stored as DeepSeek-V3 stores its weights, with partial blocks."""
        source = self.model_folder("deepseek_v3")
        eight = self.folder / "float8"
        shutil.copytree(source, eight)
        wanted = to_float8(eight, block=16)
        written = self.converted(eight, "written")
        self.assert_same_tensors(written, wanted)
        self.assertNotIn("quantization_config",
                         (written / "config.json").read_text())
        # float8 times its factor is exact in float32; as stored it is rounded
        # to bfloat16, which is what `written` holds.
        exact = self.converted(eight, "exact", "--dtype", "float32")
        for stored, folder in ((eight, exact), (written, written)):
            theirs = families.logprobs(families.load(folder), SEQUENCE)
            ours, = score(stored, [SEQUENCE], "--dtype", "float32")
            self.assertLess((ours - theirs).abs().max().item(), 2e-5)

    def test_tokenizer_files_go_along(self):
        source = self.model_folder("llama")
        (source / "chat_template.jinja").write_text(families.TEMPLATE)
        more = source / "additional_chat_templates"
        more.mkdir()
        (more / "tools.jinja").write_text("{{ messages[0].content }}")
        written = self.converted(source, "written")
        for name in ("tokenizer.json", "tokenizer_config.json",
                     "chat_template.jinja",
                     "additional_chat_templates/tools.jinja"):
            self.assertEqual((written / name).read_bytes(),
                             (source / name).read_bytes())


def add_cases():
    for name in NAMES:
        setattr(Convert, f"test_shards_{name}",
                lambda self, name=name: self.shards(name))
        setattr(Convert, f"test_number_formats_{name}",
                lambda self, name=name: self.number_formats(name))


add_cases()

if __name__ == "__main__":
    program.main()
