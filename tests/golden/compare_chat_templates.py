"""Compares `limbeck render` with jinja2 on real chat templates.

    python tests/golden/compare_chat_templates.py LIMBECK FOLDER

Needs jinja2. FOLDER is searched for *.jinja files, such as those in the source
package of llama-cpp-python (vendor/llama.cpp/models/templates). Each is rendered
with many conversations: tools, thoughts, dates, odd roles. Prints the number of
texts that differ or are refused per template; exits with 1 if any differ.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import jinja2

from chat_environment import DATE, chat_environment


def turn(role, content, **more):
    return {"role": role, "content": content, **more}


TOOL = {"type": "function", "function": {
    "name": "get_weather", "description": "Weather of a \"city\"",
    "parameters": {"type": "object", "required": ["city"], "properties": {
        "city": {"type": "string", "description": "name"},
        "n": {"type": "integer", "enum": [1, 2]}}}}}


def call(arguments):
    return {"type": "function", "id": "call12345",
            "function": {"name": "get_weather", "arguments": arguments}}


RESULT = turn("tool", "{\"t\": 20}", name="get_weather",
              tool_call_id="call12345")
CHATS = [
    [turn("user", "hi")],
    [turn("system", "be nice"), turn("user", " hello \n")],
    [turn("user", "a"), turn("assistant", "b"), turn("user", "c")],
    [turn("user", "a"), turn("assistant", "<think>\nx\n</think>\n\nb"),
     turn("user", "c"), turn("assistant", "d", reasoning_content="why"),
     turn("user", "e")],
    [turn("user", "w?"), turn("assistant", "",
                              tool_calls=[call({"city": "K\u00f6ln", "n": 1})]),
     RESULT, turn("assistant", "20"), turn("user", "thanks")],
    [turn("user", "w?"),
     turn("assistant", None, tool_calls=[call("{\"city\": \"Bonn\"}")]), RESULT],
    [turn("user", [{"type": "text", "text": "part"}]), turn("assistant", "q")],
    [turn("assistant", "only")], [turn("weird", "x"), turn("user", "u")],
    [turn("user", "a"), turn("user", "b")], [],
    [turn("user", "\u4e2d\u6587 \U0001f600")],
]
MORE = [{}, {"tools": [TOOL]}, {"enable_thinking": False},
        {"enable_thinking": True}, {"date_string": "01 Jan 2025"},
        {"documents": [{"title": "t", "text": "x"}]}]


def cases():
    for messages in CHATS:
        for more in MORE:
            for prompt in (True, False):
                yield {"messages": messages, "add_generation_prompt": prompt,
                       "bos_token": "<s>", "eos_token": "</s>", **more}


def wanted(template, variables):
    try:
        return template.render(**json.loads(json.dumps(variables)))
    except Exception:  # whatever a template's misuse makes jinja2 raise
        return None


def ours(limbeck, text, lines):
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "chat_template.jinja").write_text(
            text, encoding="utf-8", newline="")
        answer = subprocess.run(
            [limbeck, "render", "--tokenizer", folder, "--date",
             DATE.strftime("%Y-%m-%d")], input="".join(
                 json.dumps(line) + "\n" for line in lines).encode(),
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return [json.loads(line) for line in answer.stdout.decode().splitlines()]


def main(limbeck, folder):
    failed = False
    for path in sorted(pathlib.Path(folder).rglob("*.jinja")):
        text = path.read_bytes().decode()
        try:
            template = chat_environment().from_string(text)
        except jinja2.TemplateError:
            print(f"{path.name}: not jinja2's")
            continue
        lines = list(cases())
        counts = {"same": 0, "both refuse": 0, "we refuse": 0,
                  "only we render": 0, "differ": 0}
        why = ""
        for line, answer in zip(lines, ours(limbeck, text, lines), strict=True):
            want = wanted(template, line)
            if "error" in answer:
                kind = "both refuse" if want is None else "we refuse"
                why = answer["error"] if want is not None else why
            else:
                kind = ("only we render" if want is None else
                        "same" if answer["text"] == want else "differ")
            counts[kind] += 1
        failed = failed or counts["differ"] > 0
        print(f"{path.name}: {counts} {why}")
    sys.exit(failed)


if __name__ == "__main__":
    main(*sys.argv[1:])
