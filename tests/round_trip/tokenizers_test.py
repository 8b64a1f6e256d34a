"""Tokenizers and chat templates: the program against the Python libraries."""

import json
import sys

import packages
import families
import program
from limbeck_program import done, filter_lines
from tokenizers import Tokenizer
from transformers import AutoTokenizer, PreTrainedTokenizerFast

sys.path.insert(0, str(packages.ROOT / "tests" / "golden"))
import fuzz_tokenizers  # noqa: E402
import real_vocabularies  # noqa: E402

QUICKSTART = packages.ROOT / "recipes" / "quickstart" / "teacher"
VOCABULARIES = packages.ROOT / ".limbeck" / "vocabularies"
STRINGS = 6000
LETTERS_ONLY = "def f(x): return x+1\n  The answer is 42. so (17 - 3) * 2 = 28"
CHATS = [
    [("user", "What is 2 + 2?")],
    [("user", "a"), ("assistant", "b\n\n"), ("user", " c <|end|> d ")],
    [("system", "Be brief."), ("user", "\u4e2d\u6587 \U0001f600 e\u0301")],
    [("user", "Compute 17 + 25 - 6."),
     ("assistant", "<think>\n17+25=42</think>36"), ("user", "times 2")],
]
QWEN_TEMPLATE = (
    "{%- if messages[0].role == 'system' -%}\n"
    "    {{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}"
    "\n{%- else -%}\n"
    "    {{- '<|im_start|>system\\nYou are Qwen.<|im_end|>\\n' }}\n"
    "{%- endif -%}\n{%- for message in messages -%}\n"
    "    {%- if message.role != 'system' -%}\n"
    "        {%- set text = message.content -%}\n"
    "        {%- if '</think>' in text and not loop.last -%}\n"
    "            {%- set text = text.split('</think>')[-1].lstrip('\\n') -%}\n"
    "        {%- endif -%}\n"
    "        {{- '<|im_start|>' + message.role + '\\n' + text + '<|im_end|>' "
    "+ '\\n' }}\n    {%- endif -%}\n{%- endfor -%}\n"
    "{%- if add_generation_prompt -%}\n"
    "    {{- '<|im_start|>assistant\\n' }}\n"
    "    {%- if enable_thinking is defined and not enable_thinking -%}\n"
    "        {{- '<think>\\n\\n</think>\\n\\n' }}\n"
    "    {%- endif -%}\n{%- endif -%}\n")

R1_TEMPLATE = (
    "{{ bos_token }}{%- for message in messages -%}"
    "{%- if message.role == 'user' -%}{{ '<\uff5cUser\uff5c>' + message.content }}"
    "{%- elif message.role == 'assistant' -%}"
    "{{ '<\uff5cAssistant\uff5c>' + message.content.split('</think>')[-1] + "
    "eos_token }}{%- else -%}{{ message.content }}{%- endif -%}{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{ '<\uff5cAssistant\uff5c><think>\n' }}"
    "{%- endif -%}")


def messages(chat):
    return [{"role": role, "content": content} for role, content in chat]


def our_ids(folder, texts, *arguments):
    return [answer["ids"] for answer in filter_lines(
        "tokenize", "--tokenizer", folder, *arguments,
        requests=[{"text": text} for text in texts])]


def golden_texts(name):
    lines = (families.TEXT / name / "golden.jsonl").read_text().splitlines()
    return [json.loads(line)["text"] for line in lines]


class Tokenizers(program.Case):
    def same_ids(self, name):
        """A tokenizer that the program copied into a model folder."""
        folder = self.folder / name
        done("init", folder, "--hidden_size", 4, "--layers", 1, "--heads", 1,
             "--intermediate_size", 4, "--tokenizer", families.TEXT / name)
        texts = golden_texts(name)
        rust = Tokenizer.from_file(str(folder / "tokenizer.json"))
        for special, option in ((False, []), (True, ["--special"])):
            theirs = [rust.encode(text, add_special_tokens=special).ids
                      for text in texts]
            self.assertEqual(our_ids(folder, texts, *option), theirs)
        decoded = filter_lines("tokenize", "--tokenizer", folder, "--decode",
                               requests=[{"ids": ids} for ids in theirs])
        self.assertEqual([answer["text"] for answer in decoded],
                         [rust.decode(ids, skip_special_tokens=False)
                          for ids in theirs])
        loaded = PreTrainedTokenizerFast.from_pretrained(folder)
        self.assertEqual(loaded(texts)["input_ids"], theirs)

    def test_sentencepiece_of_the_quickstart(self):
        folder = self.folder / "written"
        done("convert", QUICKSTART, folder)
        theirs = AutoTokenizer.from_pretrained(folder)
        texts = LETTERS_ONLY.split("\n") + [LETTERS_ONLY, "<|user|>7<|end|>"]
        self.assertEqual(our_ids(folder, texts),
                         [theirs(text, add_special_tokens=False)["input_ids"]
                          for text in texts])

    def assert_same_renderings(self, folder, chats, **more):
        theirs = AutoTokenizer.from_pretrained(folder)
        for prompt in (False, True):
            requests = [{"messages": messages(chat), **more,
                         "add_generation_prompt": prompt} for chat in chats]
            ours = filter_lines("render", "--tokenizer", folder,
                                requests=requests)
            self.assertEqual(
                [answer["text"] for answer in ours],
                [theirs.apply_chat_template(
                    messages(chat), tokenize=False, **more,
                    add_generation_prompt=prompt) for chat in chats])

    def test_chat_template_in_the_configuration(self):
        self.assert_same_renderings(QUICKSTART, [CHATS[0]])

    def test_chat_template_as_transformers_writes_it(self):
        families.add_tokenizer(self.folder)
        tokenizer = AutoTokenizer.from_pretrained(self.folder)
        tokenizer.chat_template = QWEN_TEMPLATE
        folder = self.folder / "saved"
        tokenizer.save_pretrained(folder)
        self.assertTrue((folder / "chat_template.jinja").exists())
        self.assert_same_renderings(folder, CHATS)
        self.assert_same_renderings(folder, CHATS, enable_thinking=False)
        self.assertEqual(
            our_ids(folder, golden_texts("qwen2")),
            our_ids(families.TOKENIZER, golden_texts("qwen2")))

    def test_several_chat_templates(self):
        families.add_tokenizer(self.folder)
        tokenizer = AutoTokenizer.from_pretrained(self.folder)
        tokenizer.chat_template = {"default": families.TEMPLATE,
                                   "other": QWEN_TEMPLATE}
        folder = self.folder / "saved"
        tokenizer.save_pretrained(folder)
        request = {"messages": messages(CHATS[1])}
        for name in tokenizer.chat_template:
            ours, = filter_lines("render", "--tokenizer", folder, "--template_name",
                                 name, requests=[request])
            self.assertEqual(ours["text"], tokenizer.apply_chat_template(
                request["messages"], tokenize=False, chat_template=name))


class RealVocabularies(program.Case):
    """Qwen's and DeepSeek's, where scripts/setup could download them."""

    def setUp(self):
        super().setUp()
        if not VOCABULARIES.exists():
            self.skipTest("no real vocabularies: scripts/setup --python")

    def assert_same_ids(self, folder):
        different, refused = fuzz_tokenizers.compare(
            program.program(), folder, STRINGS, seed=20261122)
        self.assertEqual(different[:3], [])
        self.assertEqual(refused, 0)

    def test_qwen(self):
        real_vocabularies.make_qwen(VOCABULARIES, self.folder,
                                    ["qwen2", "llama3"])
        self.assert_same_ids(self.folder / "qwen2")
        self.assert_same_ids(self.folder / "llama3")
        (self.folder / "qwen2" / "chat_template.jinja").write_text(
            QWEN_TEMPLATE)
        theirs = AutoTokenizer.from_pretrained(self.folder / "qwen2")
        for chat in CHATS:
            rendered, = filter_lines(
                "render", "--tokenizer", self.folder / "qwen2",
                requests=[{"messages": messages(chat),
                           "add_generation_prompt": True}])
            self.assertEqual(
                our_ids(self.folder / "qwen2", [rendered["text"]])[0],
                theirs.apply_chat_template(
                    messages(chat), add_generation_prompt=True,
                    return_dict=False))

    def test_r1_distill(self):
        """Re-used ids; the configuration's bos is the tokenizer's eos."""
        real_vocabularies.make_qwen(VOCABULARIES, self.folder, ["r1_distill"])
        folder = self.folder / "r1_distill"
        (folder / "config.json").write_text(json.dumps({
            "model_type": "qwen2", "bos_token_id": 151643,
            "eos_token_id": 151643}))
        (folder / "chat_template.jinja").write_text(R1_TEMPLATE)
        self.assert_same_ids(folder)
        theirs = AutoTokenizer.from_pretrained(folder)
        for chat in CHATS:
            rendered, = filter_lines("render", "--tokenizer", folder, requests=[
                {"messages": messages(chat), "add_generation_prompt": True}])
            ids, = our_ids(folder, [rendered["text"]])
            self.assertEqual(ids, theirs.apply_chat_template(
                messages(chat), add_generation_prompt=True, return_dict=False))
            self.assertEqual(ids[0], 151646)
            self.assertEqual(ids[-3:-1], [151645, 151648])

    def test_deepseek(self):
        real_vocabularies.make_deepseek(VOCABULARIES, self.folder)
        self.assert_same_ids(self.folder / "deepseek")


def add_cases():
    for path in sorted(families.TEXT.glob("*/tokenizer.json")):
        name = path.parent.name
        setattr(Tokenizers, f"test_{name}",
                lambda self, name=name: self.same_ids(name))


add_cases()

if __name__ == "__main__":
    program.main()
