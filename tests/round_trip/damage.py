"""Deterministic damage: bytes, JSON values, templates, safetensors headers."""

import copy
import json

DEEP = "[" * 100_000
ODD_NUMBERS = [0, -1, 1, 7, 2**31, 2**53 + 1, 2**63, 10**30, 0.5, -0.0, 1e308]
ODD_VALUES = ODD_NUMBERS + [None, True, "", "x", "\x00", "\ud83d\ude00", [], {},
                            [[]], {"a": {}}, "a" * 10_000]
TEMPLATE_PIECES = [
    "{% for i in range(10**9) %}x{% endfor %}", "{{ range(2**62) | list }}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "{{ 'x' * 10**9 }}",
    "{% for a in messages recursive %}{{ loop(messages) }}{% endfor %}",
    "{{ messages.__class__ }}", "{{ ''.__class__.__mro__ }}", "{% raw %}",
    "{% set ns = namespace() %}{% set ns.a = ns %}{{ ns }}", "{{ 9**9**9 }}",
    "{{ " + "(" * 5_000 + "1" + ")" * 5_000 + " }}", "{{ '%s' % messages }}",
    "{{ 'ab'.replace('', 'x' * 10**6) }}", "{%- endfor -%}", "{{", "{#",
    "{% if " + "not " * 5_000 + "a %}{% endif %}", "{{ 1 // 0 }}", "{{ a.b.c }}",
    "{{ [1, 2, 3][10**20:-10**20:-1] }}", "{{ messages[2**64] }}", "{% set x %}",
    "{{ raise_exception(messages) }}", "{% include '/etc/passwd' %}",
    "{% for i in range(2000) %}{% for j in range(2000) %}{% for k in range(2000)"
    " %}{% endfor %}{% endfor %}{% endfor %}", "{{ x" + "|upper" * 5_000 + " }}",
]


def of_bytes(draw, data):
    """One change of a span or a bit."""
    kind = draw.randrange(6)
    at = draw.randrange(len(data) + 1)
    end = min(len(data), at + draw.choice((1, 2, 9, 100)))
    if kind == 0:
        return data[:at]
    if kind == 1:
        return data[:at] + data[end:]
    if kind == 2:
        return data[:end] + data[at:end] * draw.choice((1, 3)) + data[end:]
    if kind == 3:
        return data[:at] + draw.randbytes(4) + data[at:]
    if kind == 4:
        return data[:at] + draw.choice((b'"', b"{", b"]", b",", b"\xff", b"\0",
                                        b"1e999", b"\\u")) + data[at:]
    at = draw.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << draw.randrange(8)]) + data[at + 1:]


def places(value):
    """Every (container, key) of a JSON value, lists thinned out."""
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    else:
        return
    for key, inner in items[:40]:
        yield value, key
        yield from places(inner)


def of_values(draw, root):
    """A copy of a JSON value with one place changed."""
    root = copy.deepcopy(root)
    container, key = draw.choice(list(places(root)))
    kind = draw.randrange(4)
    if kind == 0:
        del container[key]
    elif kind == 1 and isinstance(container, dict):
        container[key + "x"] = container.pop(key)
    elif kind == 2:
        container[key] = [container[key]]
    else:
        container[key] = draw.choice(ODD_VALUES)
    return root


def of_json(draw, data):
    kind = draw.randrange(8)
    if kind < 3:
        return of_bytes(draw, data)
    if kind == 3:
        return draw.choice((b"", b"[]", b"null", DEEP.encode(), b"\xef\xbb\xbf{}",
                            b'{"a":' * 50_000, b"{" + b'"a":1,' * 50_000))
    return json.dumps(of_values(draw, json.loads(data))).encode()


def of_template(draw, data):
    if draw.randrange(3) == 0:
        return of_bytes(draw, data)
    text = data.decode()
    at = draw.randrange(len(text) + 1)
    return (text[:at] + draw.choice(TEMPLATE_PIECES) + text[at:]).encode()


def join_header(header, rest):
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + rest


def split_header(data):
    """Header and tensor bytes of a safetensors file."""
    size = int.from_bytes(data[:8], "little")
    return json.loads(data[8:8 + size]), data[8 + size:]


def of_tensors(draw, data):
    kind = draw.randrange(8)
    header, rest = split_header(data)
    if kind == 0:
        return of_bytes(draw, data[:600]) + data[600:]
    if kind == 1:
        size = draw.choice((0, 1, 2**20, 2**40, 2**63, 2**64 - 1, len(data)))
        return size.to_bytes(8, "little") + data[8:]
    if kind == 2:
        return data[:draw.randrange(len(data))]
    if kind == 3:
        return join_header(header, rest + b"\0" * draw.randrange(1, 9))
    if kind == 4:
        name = draw.choice(sorted(header))
        begin, end = header[name].get("data_offsets", (0, 0))
        shift = draw.choice((-4, 4, 2**40, 2**62))
        header[name]["data_offsets"] = [begin + shift, end + shift]
        return join_header(header, rest)
    return join_header(of_values(draw, header), rest)
