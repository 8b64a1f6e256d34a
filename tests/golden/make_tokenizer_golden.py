"""Makes tests/testdata/text: tiny tokenizers and what the libraries say.

The reference of tokenizer.json files is the library that defines them
(tokenizers), that of the chat template is jinja2 as transformers drives it.
Run from the repository root with tokenizers==0.23.3 and jinja2:

    python tests/golden/make_tokenizer_golden.py CONFIG

CONFIG is a tokenizer_config.json that the project has written beside a
tokenizer. The files are committed; run it again only to add cases.
"""

import json
import pathlib
import random
import sys

import jinja2
import jinja2.sandbox
from tokenizers import (AddedToken, Regex, Tokenizer, decoders, models,
                        normalizers, pre_tokenizers, processors, trainers)

OUTPUT = pathlib.Path("tests/testdata/text")

LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
          r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")
TEKKEN = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*"
          r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?"
          r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}"
          r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
DEEPSEEK = [r"\p{N}{1,3}", "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+",
            r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+"""
            "|[^\r\n" r"\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
            r"| ?[\p{P}\p{S}]+[" "\r\n" r"]*|\s*[" "\r\n"
            r"]+|\s+(?!\S)|\s+"]

CORPUS = [
    "The quick brown fox jumps over the lazy dog. It's 12345 o'clock, isn't "
    "it? They're sure we'll see; I'd say you've won.",
    "def add(a, b):\n    return a + b\n\n\nprint(add(1, 22))  # 333\n",
    "So 3 + 4 = 7 and 12 * 12 = 144, therefore the answer is \\boxed{151}.",
    "\u00dcber die gr\u00f6\u00dfte Stra\u00dfe f\u00e4hrt ein Zug.",
    "\u4e2d\u6587\u6587\u672c\u548c\u65e5\u672c\u8a9e\u306e\u30c6\u30ad"
    "\u30b9\u30c8\u3001\u041f\u0440\u0438\u0432\u0435\u0442 \u043c\u0438\u0440",
] * 3

TEXTS = CORPUS[:5] + [
    "", " ", "  ", "   a", "a   ", "\n", "\n\n", " \n ", "\r\n\r\nx", "\t\tx",
    "a \n\n  b", "a  \r\n  \r\n", "x\n \n", "\u00a0\u00a0x", "\u3000 x",
    "\u2028a\u2029\u0085b", "'s 't 're 've 'm 'll 'd", "'S 'T 'RE 'Ve 'M 'lL",
    "'\u017f '\u017fx", "it's'street", "''s", "don't", "'", "' ", " '", "'r",
    "1", "12", "123", "1234", "1234567890", " 123 456", "a1b22c333",
    "\u0663\u0664\u0665 \u2163 \u00bd\u00b2 \u0967\u0968", "1,234.56",
    "!!!", " !!!", "!?\n\n", " ...\r\n", "...a", "(a)", "a-b_c", "\\frac{1}{2}",
    "\U0001f600\U0001f601 \U0001f600", "\U0001f468\u200d\U0001f469",
    "\ud55c\uad6d\uc5b4 \ud14d\uc2a4\ud2b8", "\u0939\u093f\u0928\u094d",
    "\u05e9\u05dc\u05d5\u05dd", "\u0645\u0631\u062d\u0628\u0627", "\x00\x01",
    "\ufeffbom", "\ufffd", "\uffff", "\U0010ffff", "e\u0301", "\u00e9",
    "<think>", "</think>", "<|end|>", "a<think>b</think> c<|end|>",
    "<think", "<<think>>", "<think><think>", " <|end|> ", "<|end|>\n<|end|>",
    "<|user|>hi<|end|><|assistant|><think>\n", "<think>\nx", "tagged",
    "\u0120", "\u0120the \u010a", "\u0100", "<tag>", "<tag>ged", "a<tag>",
    "fjord", " fjord", "a zebra", "zebra",
    "zword", "azword", "zword_", "zword-zword", "\u00e9zword", " zword ",
    "zword\u0301", "a [L]b", "a  [L]  [L]b", "[R]  b", "a[R] \n[L] [R][R]",
    "  [L]", "\u3000[L]\u00a0", "a \u00e9t\u00e9 b", "ae\u0301te\u0301b",
    "e\u0301\u0316", "\u212b\u0327", "\u1112\u1161\u11ab", "\u0958",
    "q\u0301\u1acb\u0316", "McDonald HTTPServer iPhone XMLhttp/ a/b",
    "\u2581", " \u2581 a", "\u2581\u2581b", "a\u2581b", "<0x0A>", "\u1f600",
    "caf\u00e9 \u4e2d\u6587\u0416", "\u4e2d\U0001f600\u4e2d", "<s>a<s> b",
]


def random_texts():
    draw = random.Random(7)
    pool = list(" '\n\r\taAsStTrRe1239!?<>|\u00e9\u4e2d\u0663\u00a0\U0001f600")
    pieces = pool + ["<think>", "'s", "'RE", "  ", "\r\n", "the", "<|end|>",
                     "zword", "[L]", "[R]", "\u00e9t\u00e9", "e\u0301", "\u0416"]
    return ["".join(draw.choice(pieces) for _ in range(draw.randrange(1, 14)))
            for _ in range(300)]


def add_whole_words(tokenizer):
    """Words that merges cannot reach, as Llama 3's vocabulary has them."""
    data = json.loads(tokenizer.to_str())
    data["model"]["ignore_merges"] = True
    for word in ["\u0120\u0120\u0120", "\u0120zebra", "fjord"]:
        data["model"]["vocab"][word] = len(data["model"]["vocab"])
    return Tokenizer.from_str(json.dumps(data))


def build(pre_tokenizer, post_processor=None, normalizer=None, words=False):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.ByteLevel()
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    trainer = trainers.BpeTrainer(
        vocab_size=360, show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(CORPUS, trainer)
    if words:
        tokenizer = add_whole_words(tokenizer)
    tokenizer.add_special_tokens(
        [AddedToken(t, special=True, normalized=False)
         for t in ["<|begin|>", "<|end|>", "<|user|>", "<|assistant|>"]])
    tokenizer.add_tokens(
        [AddedToken("<think>", normalized=False),
         AddedToken("</think>", normalized=False),
         AddedToken("<tag>", normalized=True)])
    if post_processor is not None:
        tokenizer.post_processor = post_processor(tokenizer)
    return tokenizer


def split(*patterns):
    return pre_tokenizers.Sequence([
        *(pre_tokenizers.Split(Regex(pattern), behavior="isolated")
          for pattern in patterns),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def build_characters(pre_tokenizer, normalizer, decoder, byte_fallback=True):
    """A model over characters, as SentencePiece's are converted."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True,
                                     byte_fallback=byte_fallback))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoder
    first = ["<unk>", "<s>", "<|end|>"]
    if byte_fallback:
        first += ["<0x%02X>" % byte for byte in range(256)]
    trainer = trainers.BpeTrainer(vocab_size=len(first) + 180,
                                  special_tokens=first, show_progress=False)
    # Without line breaks and without one of the scripts, so that some
    # characters are unknown.
    corpus = [text.replace("\n", " ") for text in CORPUS[:4]]
    tokenizer.train_from_iterator(corpus, trainer)
    data = json.loads(tokenizer.to_str())
    data["added_tokens"] = data["added_tokens"][:3]
    data["added_tokens"] += [
        dict(data["added_tokens"][0], id=len(data["model"]["vocab"]) + i,
             content=content, special=False)
        for i, content in enumerate(["<think>", "</think>", "<tag>"])]
    tokenizer = Tokenizer.from_str(json.dumps(data))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 1)])
    return tokenizer


def write_characters():
    fallback = decoders.Sequence([
        decoders.Replace("\u2581", " "), decoders.ByteFallback(),
        decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    prepend = normalizers.Sequence([normalizers.Prepend("\u2581"),
                                    normalizers.Replace(" ", "\u2581")])
    write("llama2", build_characters(None, prepend, fallback))
    for scheme in ("always", "first", "never"):
        metaspace = {"replacement": "\u2581", "prepend_scheme": scheme}
        write("metaspace_" + scheme, build_characters(
            pre_tokenizers.Metaspace(split=scheme != "first", **metaspace),
            None, decoders.Metaspace(**metaspace),
            byte_fallback=scheme == "first"))


def add_flags(tokenizer):
    tokenizer.add_tokens([
        AddedToken("zword", single_word=True, normalized=True),
        AddedToken("[L]", lstrip=True, normalized=False),
        AddedToken("[R]", rstrip=True, normalized=False),
        AddedToken("\u00e9t\u00e9", lstrip=True, rstrip=True, normalized=True)])
    return tokenizer


def with_begin(tokenizer):
    begin = tokenizer.token_to_id("<|begin|>")
    return processors.Sequence([
        processors.ByteLevel(trim_offsets=False),
        processors.TemplateProcessing(
            single="<|begin|> $A", pair="<|begin|> $A $B",
            special_tokens=[("<|begin|>", begin)])])


def merges_as_text(data):
    data["model"]["merges"] = [
        merge if isinstance(merge, str) else " ".join(merge)
        for merge in data["model"]["merges"]]


def write(name, tokenizer, change=None):
    data = json.loads(tokenizer.to_str())
    if change is not None:
        change(data)
    folder = OUTPUT / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokenizer.json").write_text(
        json.dumps(data, ensure_ascii=True, separators=(",", ":")) + "\n")
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"eos_token": "<|end|>"}) + "\n")
    reference = Tokenizer.from_str(json.dumps(data))
    with open(folder / "golden.jsonl", "w", encoding="ascii") as out:
        for text in TEXTS + random_texts():
            ids = reference.encode(text, add_special_tokens=False).ids
            special = reference.encode(text, add_special_tokens=True).ids
            decoded = reference.decode(ids, skip_special_tokens=False)
            line = {"text": text, "ids": ids, "special": special,
                    "decoded": decoded}
            out.write(json.dumps(line, separators=(",", ":")) + "\n")


def write_tokenizers():
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False)
    write("gpt2", build(byte_level), merges_as_text)
    write("llama3", build(split(LLAMA3), with_begin, words=True))
    write("qwen2", build(split(QWEN2), None, normalizers.NFC()))
    digits = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), byte_level])
    write("digits", build(digits))
    write("deepseek", build(split(*DEEPSEEK)))
    write("tekken", build(split(TEKKEN)))
    write("flags", add_flags(build(split(QWEN2), None, normalizers.NFC())))
    write_characters()


def write_chats(config_path):
    def refuse(message):
        raise jinja2.TemplateError(message)

    environment = jinja2.sandbox.ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True)
    environment.globals["raise_exception"] = refuse
    config = json.loads(pathlib.Path(config_path).read_text(encoding="utf-8"))
    template = environment.from_string(config["chat_template"])
    roles = ["system", "user", "assistant", "tool"]
    contents = ["", "hi", " a\n b ", "\u4e2d\u6587", "<think>", "x<|end|>",
                "{{ 1 }}", "{% if %}", "<|en", "</thin"]
    draw = random.Random(3)
    chats = [[]]
    for _ in range(120):
        chats.append([{"role": draw.choice(roles[:3] * 4 + roles[3:]),
                       "content": draw.choice(contents)}
                      for _ in range(draw.randrange(1, 5))])
    with open(OUTPUT / "chats.jsonl", "w", encoding="ascii") as out:
        for messages in chats:
            for prompt in (False, True):
                try:
                    rendered = template.render(
                        messages=messages, add_generation_prompt=prompt)
                except jinja2.TemplateError:
                    rendered = None
                line = {"messages": messages, "prompt": prompt,
                        "text": rendered}
                out.write(json.dumps(line, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    write_tokenizers()
    if len(sys.argv) > 1:
        write_chats(sys.argv[1])
