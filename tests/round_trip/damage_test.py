"""Damaged model folders: the program refuses them by name and stays alive.

Usage: damage_test.py LIMBECK [unittest's arguments]

LIMBECK_DAMAGE_CASES sets the number of cases of each kind (default 16).
"""

import concurrent.futures
import json
import os
import random
import resource
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "end_to_end"))

import damage  # noqa: E402
import program  # noqa: E402

CASES = int(os.environ.get("LIMBECK_DAMAGE_CASES", "16"))
SECONDS = 20
MEMORY = 6 << 30  # address space; LibTorch alone maps 1 GB
TOKENIZER = ROOT / "tests" / "testdata" / "text" / "qwen2"
TEMPLATE = (
    "{%- for message in messages -%}{%- if message.role == 'user' -%}"
    "{{- '<|user|>' + message.content | trim + '<|end|>' -}}{%- else -%}"
    "{{- '<|assistant|>' ~ message['content'] -}}{%- endif -%}{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- '<|assistant|>' -}}{%- endif -%}")
REQUEST = {"score": {"ids": [3, 4, 5]}, "tokenize": {"text": "a 12 <|end|> b"},
           "render": {"messages": [{"role": "user", "content": "a"}]}}
LEAKS = ("LibTorch", "terminate called", "what():", "CHECK", "std::", "c10::")


def limit():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def ask(verb, folder):
    if verb == "inspect":
        return program.run("inspect", folder, preexec_fn=limit,
                           timeout=3 * SECONDS)
    option = "--model" if verb == "score" else "--tokenizer"
    return program.run(verb, option, folder, preexec_fn=limit,
                       input=json.dumps(REQUEST[verb]) + "\n",
                       timeout=3 * SECONDS)


def complaint(done, *names):
    """What is wrong with how the program took a damaged file, or nothing."""
    if done.returncode not in (0, 1):
        return f"exit code {done.returncode}"
    if done.returncode == 0:
        return None
    said = done.stderr + (done.stdout if '"error"' in done.stdout else "")
    if "limbeck: " not in done.stderr:
        return "no message"
    if len(said) > 8000:
        return f"a message of {len(said)} characters"
    if any(leak in said for leak in LEAKS):
        return "a message that is none of the program's"
    if '"error"' not in done.stdout and not any(n in said for n in names):
        return f"a message that names none of {', '.join(names)}"
    return None


def write_sharded(folder, source):
    """The checkpoint in two files with an index."""
    header, data = damage.split_header(
        (source / "model.safetensors").read_bytes())
    header.pop("__metadata__", None)
    weight_map, names = {}, sorted(header)
    for number, part in enumerate((names[::2], names[1::2]), 1):
        file = f"model-{number:05}-of-00002.safetensors"
        pieces, place = {}, 0
        for name in part:
            begin, end = header[name]["data_offsets"]
            pieces[name] = dict(header[name], data_offsets=[
                place, place + end - begin])
            place += end - begin
            weight_map[name] = file
        content = b"".join(data[slice(*header[n]["data_offsets"])]
                           for n in part)
        (folder / file).write_bytes(damage.join_header(pieces, content))
    (folder / "model.safetensors.index.json").write_text(json.dumps(
        {"metadata": {"total_size": len(data)}, "weight_map": weight_map}))


class Damage(program.Case):
    def setUp(self):
        super().setUp()
        self.model = self.folder / "model"
        self.assert_done(program.run(
            "init", self.model, "--family", "qwen2", "--hidden_size", 8,
            "--layers", 1, "--heads", 2, "--intermediate_size", 12,
            "--tokenizer", TOKENIZER))
        (self.model / "chat_template.jinja").write_text(TEMPLATE)
        self.sharded = self.folder / "sharded"
        shutil.copytree(self.model, self.sharded, ignore=lambda _, names: [
            name for name in names if name == "model.safetensors"])
        write_sharded(self.sharded, self.model)

    def variant(self, source, number, file, content):
        """A copy by links with one file of another content."""
        folder = self.folder / f"case{number}"
        folder.mkdir()
        for path in source.iterdir():
            if path.name != file:
                os.link(path, folder / path.name)
        (folder / file).write_bytes(content)
        return folder

    def check(self, source, verb, file, content, number):
        folder = self.variant(source, number, file, content)
        done = ask(verb, folder)
        # A line's error and what a folder lacks are said of the folder.
        wrong = complaint(done, file, folder.name)
        if not wrong:
            shutil.rmtree(folder)
            return None
        kept = Path("/tmp") / f"limbeck-damage-{verb}-{file}-{number}"
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(folder, kept)
        return f"{kept}: {wrong}\n{done.stderr[:1500]}{done.stdout[:500]}"

    def check_all(self, source, verb, file, change):
        original = (source / file).read_bytes()
        draw = random.Random(f"{verb} {file}")
        contents = [change(draw, original) for _ in range(CASES)]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            found = list(pool.map(
                lambda case: self.check(source, verb, file, case[1], case[0]),
                enumerate(contents)))
        self.assertEqual([text for text in found if text], [])

    def test_config(self):
        self.check_all(self.model, "score", "config.json", damage.of_json)

    def test_tokenizer(self):
        self.check_all(self.model, "tokenize", "tokenizer.json",
                       damage.of_json)

    def test_tokenizer_config(self):
        self.check_all(self.model, "inspect", "tokenizer_config.json",
                       damage.of_json)

    def test_chat_template(self):
        self.check_all(self.model, "render", "chat_template.jinja",
                       damage.of_template)

    def test_tensors(self):
        self.check_all(self.model, "score", "model.safetensors",
                       damage.of_tensors)

    def test_index(self):
        self.check_all(self.sharded, "score", "model.safetensors.index.json",
                       damage.of_json)

    def test_shard(self):
        self.check_all(self.sharded, "inspect",
                       "model-00002-of-00002.safetensors", damage.of_tensors)

    def test_no_plain_file(self):
        """A folder or a pipe where a file should be; a name that leads out."""
        file = self.model / "model.safetensors"
        file.unlink()
        os.mkfifo(file)
        self.assertIsNone(complaint(ask("score", self.model), file.name))
        file.unlink()
        file.mkdir()
        self.assertIsNone(complaint(ask("score", self.model), file.name))
        index = self.sharded / "model.safetensors.index.json"
        content = json.loads(index.read_text())
        first = next(iter(content["weight_map"]))
        content["weight_map"][first] = "../model/model.safetensors"
        index.write_text(json.dumps(content))
        done = ask("score", self.sharded)
        self.assertEqual(done.returncode, 1)
        self.assertIsNone(complaint(done, index.name))


if __name__ == "__main__":
    program.main()
