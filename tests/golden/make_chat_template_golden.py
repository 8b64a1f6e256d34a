"""Makes tests/testdata/text/templates.jsonl (small templates, one construct
each) and family_chats.jsonl (conversations for tests/testdata/text/chat/*.jinja,
which have the constructs of the model families' templates), and what jinja2 (as
transformers drives it) makes of them.

Run from the repository root with jinja2: python
tests/golden/make_chat_template_golden.py. Committed; run it again to add cases.
"""

import json
import pathlib

import jinja2

from chat_environment import chat_environment

VARIABLES = {
    "messages": [
        {"role": "system", "content": "  be \"nice\"\n"},
        {"role": "user", "content": "caf\u00e9 \u4e2d\U0001f600 <a&b>"},
        {"role": "assistant", "content": "<think>\nwhy\n</think>\n\nyes",
         "tool_calls": [{"function": {"name": "f", "arguments":
                                      {"x": 1, "y": [1.5, None, True]}}}]},
        {"role": "tool", "content": None},
    ],
    "bos_token": "<s>", "flag": True, "number": 7, "real": 2.5, "empty": [],
    "nested": {"b": 1, "a": {"c": "d"}, "Z": "z"},
    "words": ["b", "a", "C", "a"],
}

TEMPLATES = [
    # white space
    "a\n  {% if flag %}\n  b\n  {% endif %}\nc\n",
    "a \n {%- if flag -%} \n b \n {%- endif +%}\n c",
    "  {%+ if flag %}x{% endif %}  \n{# c #}\n  {#- d -#}  y",
    "{{ 1 }}\n{{ 2 }}\n\n{{- 3 }}  {{ 4 -}}\n 5\n\n",
    "x {% if flag %} y {% endif %} z", "\r\na\r{% if flag %}\r\nb{% endif %}",
    "{%- set a = 1 %}\n  {%- set b = 2 -%}\n{{ a }}{{ b }}",
    # literals and printing
    "{{ 1 }} {{ 1.0 }} {{ -2 }} {{ 1e3 if false else 0.1 }} {{ true }} {{ none }}",
    "{{ 'a\\n\\t\\'b\\\\' }}{{ \"q'\" }}{{ '\\u4e2d\\x41' }}{{ 'a' 'b' }}",
    "{{ [1, 'a', none, true, 2.5, [], {}] }}{{ {'a': 1, 'b': ['x']} }}{{ () }}",
    "{{ ['it\\'s', '\"', 'a\\nb'] }}", "{{ missing }}|{{ nested.missing }}|",
    "{{ 1.5e300 if false }}", "{{ 100000000000000000.0 * 1.0 }}{{ 0.00001 * 1 }}",
    # operators
    "{{ 1 + 2 * 3 - 4 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % 3 }} {{ -7 % 3 }} {{ 7 / 2 }}",
    "{{ 7.5 // 2 }} {{ -7.5 % 2 }} {{ 2 * 'ab' }} {{ 'ab' * 2 }} {{ [1] + [2] }}",
    "{{ 1 ~ 'a' ~ none ~ true }} {{ 'a' + 'b' ~ 1 + 2 }}",
    "{{ 1 == 1.0 }} {{ 'a' != 'b' }} {{ 1 < 2 }} {{ 'a' <= 'b' }} {{ true == 1 }}",
    "{{ 'a' in 'cat' }} {{ 'x' not in words }} {{ 'a' in nested }} {{ 1 in [1.0] }}",
    "{{ not flag }} {{ flag and 0 }} {{ 0 or 'x' }} {{ not 1 == 2 }} {{ none or [] }}",
    "{{ 'y' if flag else 'n' }} {{ 'y' if not flag }}| {{ 1 if 0 else 2 if 0 else 3 }}",
    "{{ - 3 | abs }} {{ (-3) | abs }} {{ 2 ~ 3 | string }} {{ +5 }}",
    # access
    "{{ messages[0].role }} {{ messages[0]['role'] }} {{ messages[-1].role }}",
    "{{ messages[9] }}|{{ messages['role'] }}|{{ nested['a']['c'] }}|{{ nested.a.c }}",
    "{{ 'h\u00e9llo'[1] }} {{ 'h\u00e9llo'[1:3] }} {{ 'hello'[::-1] }} {{ 'hello'[-3:] }} {{ 'abc'[5:] }}",
    "{{ words[1:] }} {{ words[:-1] }} {{ words[::2] }} {{ words[::-1] }} {{ words[3:0:-2] }}",
    "{{ nested.items }}" if False else "{{ nested.items() | list }}",
    "{{ nested.get('b') }} {{ nested.get('q') }} {{ nested.get('q', 5) }} {{ nested.keys() | list }} {{ nested.values() | list }}",
    # loops
    "{% for m in messages %}{{ loop.index }}{{ loop.index0 }}{{ loop.first }}{{ loop.last }}{{ loop.revindex }}{{ loop.length }} {% endfor %}",
    "{% for k, v in nested.items() %}{{ k }}={{ v }};{% endfor %}",
    "{% for k, v in nested | dictsort %}{{ k }}={{ v }};{% endfor %}{% for k in nested %}{{ k }}{% endfor %}",
    "{% for c in 'a\u00e9' %}[{{ c }}]{% endfor %}{% for x in empty %}x{% else %}none{% endfor %}",
    "{% for m in messages if m.content %}{{ loop.index }}/{{ loop.length }} {% endfor %}",
    "{% for m in messages %}{% if loop.index == 2 %}{% continue %}{% endif %}{% if loop.index == 4 %}{% break %}{% endif %}{{ m.role }} {% endfor %}",
    "{% for w in words %}{{ loop.previtem }}<{{ w }}>{{ loop.nextitem }} {% endfor %}",
    "{% for i in range(3) %}{% for j in range(1, 4, 2) %}{{ i }}{{ j }}{{ loop.index }} {% endfor %}{% endfor %}{{ range(5, 0, -2) | list }}",
    "{% for x in missing %}{{ x }}{% else %}-{% endfor %}",
    # variables and scopes
    "{% set x = 1 %}{% for i in [1, 2] %}{% set x = x + i %}{{ x }} {% endfor %}{{ x }}",
    "{% set ns = namespace(x=1, y='a') %}{% for i in [1, 2] %}{% set ns.x = ns.x + i %}{% endfor %}{{ ns.x }}{{ ns.y }}{{ ns.z }}",
    "{% if flag %}{% set x = 5 %}{% endif %}{{ x }}{% set a, b = [1, 2] %}{{ a }}{{ b }}{% set t = 1, 2 %}{{ t | length }}",
    "{% set block %}  in {{ number }}\n{% endset %}[{{ block }}]{% set messages = messages[1:] %}{{ messages | length }}",
    "{% macro f(a, b='x', c=none) %}<{{ a }}{{ b }}{{ c }}{{ number }}>{% endmacro %}{{ f(1) }}{{ f(1, c=2) }}{{ f(b=3, a=4) }}{{ f() }}",
    "{% macro f(n) %}{% if n > 0 %}{{ n }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(4) }}",
    "{% macro f() %}{{ later }}{% endmacro %}{% set later = 3 %}{{ f() }}{{ f() | upper }}",
    # filters
    "{{ messages[0].content | trim }}|{{ 'xxaxx' | trim('x') }}|{{ none | trim }}",
    "{{ words | length }}{{ 'h\u00e9' | length }}{{ nested | count }}{{ missing | length }}",
    "{{ missing | default('d') }} {{ '' | default('d') }} {{ '' | default('d', true) }} {{ none | d('x', boolean=true) }}",
    "{{ nested | tojson }} {{ messages[2] | tojson }} {{ messages[1].content | tojson }}",
    "{{ nested | tojson(indent=2) }}\n{{ [] | tojson(indent=2) }}{{ {} | tojson }}{{ [1.0, 1e20, 0.1] | tojson }}",
    "{{ messages[1].content | tojson(ensure_ascii=true) }}{{ nested | tojson(sort_keys=true, separators=(',', ':')) }}",
    "{{ words | join(', ') }} {{ messages | map(attribute='role') | join('/') }} {{ [1, none] | join }}",
    "{{ words | first }}{{ words | last }}{{ words | sort | join }}{{ words | sort(reverse=true) | join }}{{ words | reverse | list }}",
    "{{ messages | selectattr('role', 'equalto', 'user') | list | length }} {{ messages | rejectattr('content') | map(attribute='role') | list }}",
    "{{ messages | selectattr('tool_calls', 'defined') | list | length }} {{ [1, 2, 3] | select('odd') | list }} {{ [0, 1, ''] | reject | list }}",
    "{{ words | map('upper') | list }} {{ ['1', '2'] | map('int') | sum }} {{ none | selectattr('x') | list }}",
    "{{ 'a-b' | replace('-', '+') }} {{ 'ABC' | lower }} {{ 'abC d' | capitalize }} {{ 'x' | upper }} {{ 3 | string + 'a' }}",
    "{{ 'a\\nb\\n\\nc' | indent }}|{{ 'a\\nb' | indent(2, true) }}|{{ 'a\\n\\nb' | indent(1, blank=true) }}",
    "{{ '12' | int }} {{ 'x' | int }} {{ 'x' | int(5) }} {{ 2.9 | int }} {{ '2.5' | float }} {{ true | int }} {{ nested.items() | list | length }}",
    "{{ nested | items | list }} {{ 'abc' | list }} {{ 'abc' | reverse }} {{ -2.5 | abs }}",
    "{{ '<b>' | safe }}{{ messages | map(attribute='content', default='none') | first }}",
    # tests
    "{{ x is defined }}{{ flag is defined }}{{ x is undefined }}{{ none is none }}{{ flag is true }}{{ 0 is false }}",
    "{{ 'a' is string }}{{ 1 is number }}{{ 1 is integer }}{{ 1.0 is float }}{{ nested is mapping }}{{ words is iterable }}{{ words is sequence }}{{ 'a' is sequence }}{{ true is boolean }}{{ true is integer }}",
    "{{ 3 is odd }}{{ 4 is even }}{{ 4 is divisibleby 2 }}{{ 1 is eq 1 }}{{ 'a' is in words }}{{ 1 is not none }}{{ 2 is gt(1) }}{{ 1 is equalto(2) }}",
    # methods
    "{{ ' a '.strip() }}|{{ 'xxa'.lstrip('x') }}|{{ 'a  '.rstrip() }}|{{ 'a,b,c'.split(',') }}|{{ ' a  b '.split() }}|{{ 'a,b,c'.split(',', 1) }}|{{ 'a b c'.split(None, 1) }}",
    "{{ messages[2].content.split('</think>')[-1].lstrip('\\n') }}|{{ 'abc'.startswith('a') }}{{ 'abc'.endswith(('x', 'c')) }}",
    "{{ 'aXa'.replace('a', 'b', 1) }}{{ 'ab'.upper() }}{{ 'AB'.lower() }}{{ 'hello wORLD'.title() }}{{ 'aBC'.capitalize() }}{{ 'h\u00e9llo'.find('l') }}{{ 'aaa'.count('a') }}",
    "{{ 'a\\nb\\r\\nc'.splitlines() }}{{ 'a,b,c'.rsplit(',', 1) }}{{ '-'.join(['a', 'b']) }}{{ '12'.isdigit() }}{{ 'a'.find('z') }}",
    # functions
    "{{ strftime_now('%d %B %Y') }} {{ strftime_now('%Y-%m-%d %a %b') }}",
    "{{ dict(a=1, b='x') }}{{ dict(nested, b=2) }}",
    "{% generation %}a{{ number }}{% endgeneration %}b",
    # errors
    "{{ raise_exception('no: ' ~ number) }}", "{{ missing.x }}", "{{ missing() }}",
    "{{ 1 + 'a' }}", "{{ 'a' < 1 }}", "{% for x in 5 %}{% endfor %}",
    "{{ 1 // 0 }}", "{% set nested.x = 1 %}", "{{ words.append(1) }}",
    "{% if %}", "{{ 'a }}",
    "{% for x in words %}", "{{ (1 }}", "{% endif %}", "{{ 1 | nosuch }}",
    "{{ 1 is nosuch }}", "{% nosuch %}", "{% break %}", "{{ a b }}",
]


def turn(role, content, **more):
    return {"role": role, "content": content, **more}


CALL = {"function": {"name": "f", "arguments": {"x": 1, "y": "\u00e9"}}}
CHATS = [
    [turn("user", "hi")],
    [turn("system", " be nice "), turn("user", " hello \n")],
    [turn("user", "a"), turn("assistant", "b"), turn("user", "c")],
    [turn("user", "a"), turn("assistant", "<think>\nx\n</think>\n\nb"),
     turn("user", "c")],
    [turn("user", "a"), turn("assistant", "b", reasoning_content="why"),
     turn("user", "c"), turn("assistant", "d", reasoning_content="so")],
    [turn("user", "w?"), turn("assistant", "", tool_calls=[CALL]),
     turn("tool", "{\"t\": 20}"), turn("tool", "2"), turn("assistant", "20")],
    [turn("user", "w?"), turn("assistant", None, tool_calls=[CALL, CALL])],
    [turn("assistant", "only")], [turn("weird", "x"), turn("user", "u")],
    [turn("user", "a"), turn("user", "b")], [turn("user", None)], [],
    [turn("user", "\u4e2d\u6587 \U0001f600"), turn("assistant", "<&>")],
]
MORE = [{}, {"tools": [{"type": "function", "function": {"name": "f"}}]},
        {"enable_thinking": False}, {"enable_thinking": True},
        {"date_string": "01 Jan 2025"}]


def family_chats(environment):
    for path in sorted(pathlib.Path("tests/testdata/text/chat").glob("*.jinja")):
        template = environment.from_string(path.read_text(encoding="utf-8"))
        for messages in CHATS:
            for more in MORE:
                for prompt in (True, False):
                    case = {"template": path.name, "variables": {
                        "messages": messages, "add_generation_prompt": prompt,
                        "bos_token": "<s>", "eos_token": "</s>", **more}}
                    try:
                        case["text"] = template.render(
                            **json.loads(json.dumps(case["variables"])))
                    except (jinja2.TemplateError, TypeError, AttributeError):
                        pass
                    yield case


def main():
    environment = chat_environment()
    out = pathlib.Path("tests/testdata/text/templates.jsonl")
    lines = [json.dumps({"variables": VARIABLES})]
    for template in TEMPLATES:
        case = {"template": template}
        try:
            variables = json.loads(json.dumps(VARIABLES))
            case["text"] = environment.from_string(template).render(**variables)
        except (jinja2.TemplateError, TypeError, ZeroDivisionError,
                SyntaxError, AttributeError) as error:
            case["error"] = str(error)
        lines.append(json.dumps(case))
    out.write_text("\n".join(lines) + "\n", encoding="ascii")
    out = pathlib.Path("tests/testdata/text/family_chats.jsonl")
    out.write_text("".join(json.dumps(case) + "\n" for case in
                           family_chats(environment)), encoding="ascii")


if __name__ == "__main__":
    main()
