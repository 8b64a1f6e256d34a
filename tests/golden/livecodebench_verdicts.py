#!/usr/bin/env python3
"""Asks LiveCodeBench's own runner about the programs below.

Usage: livecodebench_verdicts.py CHECKOUT/lcb_runner/evaluation/testing_util.py
       tests/testdata/judge/livecodebench_verdicts.jsonl

CHECKOUT is LiveCodeBench at 28fef95; numpy must be there. Each line of the
result is a request of `limbeck judge` and the codes of the official runner:
one per test it ran, or "died" where its process ended without an answer. All
programs are our own. Nothing here is isolated: do not add hostile programs.
"""

import importlib.util
import json
import multiprocessing
import sys

ECHO = [["3\n1 2 3\n", "6\n"], ["2\n5 7\n", "12\n"]]
LINES = [["a\nb\nc\n", "3\n"]]
CONSTANT = [["", "0.3\n"]]

# name, program, [input, output] pairs, function
CASES = [
    ("sum", "n = int(input())\nprint(sum(map(int, input().split())))", ECHO),
    ("main_guard", "def main():\n    input()\n    "
     "print(sum(map(int, input().split())))\nif __name__ == '__main__':\n"
     "    main()", ECHO),
    ("main_guard_double_quotes", "def main():\n    input()\n    "
     "print(sum(map(int, input().split())))\n"
     "if __name__ == \"__main__\":\n    main()", ECHO),
    ("main_guard_first", "if __name__ == '__main__':\n    print(6)\nx = 1",
     [["", "6"]]),
    ("second_test_wrong", "input()\nprint(6)", ECHO),
    ("iterates_stdin", "import sys\nn = 0\nfor line in sys.stdin:\n    n += 1\n"
     "print(n)", LINES),
    ("open_zero", "print(len(open(0).read().split()))", LINES),
    ("builtins_open_zero", "import builtins\n"
     "print(len(builtins.open(0).read().split()))", LINES),
    ("stdin_read", "import sys\nprint(len(sys.stdin.read().split()))", LINES),
    ("stdin_read_twice", "import sys\nsys.stdin.read()\n"
     "print(len(sys.stdin.read().split()))", LINES),
    ("stdin_readlines", "import sys\nprint(len(sys.stdin.readlines()))", LINES),
    ("stdin_readline", "import sys\nn = 0\nwhile sys.stdin.readline():\n"
     "    n += 1\nprint(n)", LINES),
    ("readline_alias", "import sys\ninput = sys.stdin.readline\n"
     "print(int(input()) + len(input().split()))", [["3\n1 2 3\n", "6"]]),
    ("buffer_read", "import sys\nprint(len(sys.stdin.buffer.read().split()))",
     LINES),
    ("buffer_readline", "import sys\na = sys.stdin.buffer.readline()\n"
     "b = sys.stdin.buffer.readline()\nprint(3 if a != b else 0)", LINES),
    ("buffer_readline_once", "import sys\n"
     "print(sys.stdin.buffer.readline().decode().strip())", [["a\nb", "a"]]),
    ("stdout_buffer", "import sys\nsys.stdout.buffer.write(b'3\\n')", LINES),
    ("stdout_write", "import sys\nsys.stdout.write('3\\n')", LINES),
    ("print_to_stderr", "import sys\nprint('x', file=sys.stderr)\nprint(3)",
     LINES),
    ("input_at_end", "while True:\n    try:\n        input()\n    "
     "except EOFError:\n        break\nprint(3)", LINES),
    ("input_too_far", "for i in range(9):\n    input()\nprint(3)", LINES),
    ("blank_line", "a = input()\nb = input()\nc = input()\nprint(c)",
     [["1\n\n2\n", "2"]]),
    ("no_input", "print(input())", [["", "x"]]),
    ("exit_zero", "print(3)\nexit(0)\nprint(4)", LINES),
    ("sys_exit_message", "import sys\nprint(3)\nsys.exit('bye')", LINES),
    ("quit", "print(3)\nquit()", LINES),
    ("exit_one", "import sys\nprint(3)\nsys.exit(1)", LINES),
    ("raises", "print(3)\nraise ValueError('x')", LINES),
    ("assertion", "assert False", LINES),
    ("syntax_error", "print(3", LINES),
    ("empty_program", "", LINES),
    ("comment_only", "# nothing", LINES),
    ("class_solution_prints", "class Solution:\n    def f(self):\n"
     "        return 3\nprint(Solution().f())", LINES),
    ("without_imports", "print(Counter('aab')['a'] + ceil(0.5))", LINES),
    ("recursion", "def f(n):\n    return 0 if n == 0 else 1 + f(n - 1)\n"
     "print(f(20000) - 19997)", LINES),
    ("recursion_error", "def f(n):\n    return f(n + 1)\nf(0)", LINES),
    ("nonlocal_global", "x = 0\ndef f():\n    global x\n    x = 3\nf()\n"
     "print(x)", LINES),
    ("global_of_module", "def f():\n    global y\n    y = 3\nf()\nprint(y)",
     LINES),
    ("star_import", "from math import *\nprint(ceil(2.5))", LINES),
    ("import_inside", "def f():\n    import math\n    return math.ceil(2.5)\n"
     "print(f())", LINES),
    ("state_kept", "import sys\nsys.count = getattr(sys, 'count', 0) + 1\n"
     "print(sys.count)", [["", "1"], ["", "2"]]),
    ("float_noise", "print(0.1 + 0.2)", CONSTANT),
    ("float_same", "print('0.30')", CONSTANT),
    ("float_exponent", "print('3e-1')", CONSTANT),
    ("third", "print(1 / 3)", [["", "0.333333333333"]]),
    ("leading_zeros", "print('007')", [["", "7"]]),
    ("underscore", "print('1_0')", [["", "10"]]),
    ("minus_zero", "print('-0')", [["", "0"]]),
    ("infinity", "print('inf')", [["", "Infinity"]]),
    ("not_a_number", "print('nan')", [["", "NaN"]]),
    ("nan_same_text", "print('NaN')", [["", "NaN"]]),
    ("big_numbers", "print(10 ** 30 + 1)", [["", str(10 ** 30)]]),
    ("case", "print('yes')", [["", "YES"]]),
    ("trailing_blanks", "print('1 2  ')\nprint()", [["", "1 2"]]),
    ("leading_blanks", "print('  1 2')", [["", "1 2"]]),
    ("inner_blanks", "print('1  2')", [["", "1 2"]]),
    ("inner_blanks_of_words", "print('a  b')", [["", "a b"]]),
    ("inner_empty_line", "print('1')\nprint()\nprint('2')", [["", "1\n2"]]),
    ("expected_empty_line", "print('1')\nprint()\nprint('2')",
     [["", "1\n\n2\n"]]),
    ("one_line_more", "print(1)\nprint(2)", [["", "1"]]),
    ("nothing_for_nothing", "pass", [["", ""]]),
    ("no_break_space", "print('\\u00a01\\u3000')", [["", "1"]]),
    ("carriage_return", "print('1\\r')", [["", "1"]]),
    ("fullwidth", "print('\uff11')", [["", "\uff12"]]),
    ("loops", "while True:\n    pass", LINES),
    ("swallows_alarm", "import time\ntry:\n    time.sleep(20)\n"
     "except BaseException:\n    pass\nprint(3)", LINES),
    ("loop_with_except", "import time\ntime.sleep(7)", LINES),
    ("fork_is_gone", "import os\nos.fork()", LINES),
    ("popen_is_gone", "import subprocess\nsubprocess.run(['true'])", LINES),
    ("resource_is_gone", "import resource\nprint(3)", LINES),
    ("getcwd_is_gone", "import os\nprint(os.getcwd())", LINES),
    ("writes_file", "with open('x', 'w') as f:\n    f.write('1')\nprint(3)",
     LINES),
    ("threads", "import threading\ndef f():\n    print(3)\n"
     "t = threading.Thread(target=f)\nt.start()\nt.join()", LINES),
    ("dataclass", "from dataclasses import dataclass\n@dataclass\nclass P:\n"
     "    x: int\nprint(P(3).x)", LINES),
    ("lambda_and_comprehension", "k = 2\nf = lambda x: x + k\n"
     "print(max([f(i) for i in range(2)]))", LINES),
    ("class_scope_comprehension", "n = 3\nclass A:\n    xs = [n for _ in "
     "range(1)]\nprint(A.xs[0])", LINES),
    ("return_outside", "print(3)\nreturn", LINES),
    ("yield_outside", "print(3)\nyield 1", LINES),
    ("print_end", "print(3, end='')", LINES),
    ("flush", "import sys\nprint(3)\nsys.stdout.flush()", LINES),
    ("replaces_stdout", "import sys, io\nsys.stdout = io.StringIO()\nprint(3)",
     LINES),
    ("keyboard_interrupt", "raise KeyboardInterrupt", LINES),
    ("hard_exit", "import os\nprint(3)\nos._exit(0)", LINES),
    # Functions.
    ("f_add", "def add(a, b):\n    return a + b", [["1\n2", "3"]], "add"),
    ("f_method", "class Solution:\n    def add(self, a: int, b: int) -> int:\n"
     "        return a + b", [["1\n2", "3"], ["5\n5", "10"]], "add"),
    ("f_typed", "class Solution:\n    def f(self, a: List[int]) -> "
     "Optional[int]:\n        return max(a)", [["[1, 2]", "2"]], "f"),
    ("f_wrong", "def f(a):\n    return a + 1", [["1", "3"]], "f"),
    ("f_tuple", "def f(a):\n    return (a, a)", [["1", "[1, 1]"]], "f"),
    ("f_nested_tuple", "def f(a):\n    return [(a, a)]", [["1", "[[1, 1]]"]],
     "f"),
    ("f_float_noise", "def f():\n    return 0.1 + 0.2", [["", "0.3"]], "f"),
    ("f_float_noise_arg", "def f(a):\n    return 0.1 + 0.2", [["1", "0.3"]],
     "f"),
    ("f_float_int", "def f(a):\n    return a / 1", [["3", "3"]], "f"),
    ("f_true_one", "def f(a):\n    return True", [["3", "1"]], "f"),
    ("f_one_true", "def f(a):\n    return 1", [["3", "true"]], "f"),
    ("f_none", "def f(a):\n    pass", [["3", "null"]], "f"),
    ("f_string", "def f(a):\n    return a", [["\"x\\u00e9\"", "\"x\u00e9\""]],
     "f"),
    ("f_string_number", "def f(a):\n    return str(a)", [["3", "3"]], "f"),
    ("f_dict", "def f(a):\n    return {'x': [a]}", [["3", "{\"x\": [3]}"]],
     "f"),
    ("f_dict_int_keys", "def f(a):\n    return {1: a}", [["3", "{\"1\": 3}"]],
     "f"),
    ("f_counter", "def f(a):\n    return Counter(a)",
     [["\"aab\"", "{\"b\": 1, \"a\": 2}"]], "f"),
    ("f_deque", "def f(a):\n    return collections.deque(a)",
     [["[1]", "[1]"]], "f"),
    ("f_set", "def f(a):\n    return {1}", [["3", "[1]"]], "f"),
    ("f_generator", "def f(a):\n    yield 1", [["3", "[1]"]], "f"),
    ("f_map", "def f(a):\n    return map(int, a)", [["[1]", "[1]"]], "f"),
    ("f_big", "def f(a):\n    return 10 ** 30", [["1", str(10 ** 30)]], "f"),
    ("f_big_float", "def f(a):\n    return 1e30", [["1", str(10 ** 30)]], "f"),
    ("f_nan", "def f(a):\n    return float('nan')", [["1", "NaN"]], "f"),
    ("f_infinity", "def f(a):\n    return float('inf')", [["1", "Infinity"]],
     "f"),
    ("f_fraction", "from fractions import Fraction\ndef f(a):\n"
     "    return Fraction(1, 2)", [["1", "0.5"]], "f"),
    ("f_decimal", "from decimal import Decimal\ndef f(a):\n"
     "    return Decimal('3')", [["1", "3"]], "f"),
    ("f_complex", "def f(a):\n    return 3 + 0j", [["1", "3"]], "f"),
    ("f_equals_all", "class E:\n    def __eq__(self, other):\n"
     "        return True\ndef f(a):\n    return E()", [["1", "3"]], "f"),
    ("f_list_equals_all", "class E(list):\n    def __eq__(self, other):\n"
     "        return True\ndef f(a):\n    return E()", [["1", "[3]"]], "f"),
    ("f_int_equals_all", "class E(int):\n    def __eq__(self, other):\n"
     "        return True\ndef f(a):\n    return [E(5)]", [["1", "[3]"]], "f"),
    ("f_equals_raises", "class E:\n    def __eq__(self, other):\n"
     "        raise ValueError\ndef f(a):\n    return E()", [["1", "3"]], "f"),
    ("f_named_tuple", "P = namedtuple('P', 'x y')\ndef f(a):\n"
     "    return P(1, 2)", [["1", "[1, 2]"]], "f"),
    ("f_int_enum", "import enum\nclass E(enum.IntEnum):\n    A = 3\n"
     "def f(a):\n    return E.A", [["1", "3"]], "f"),
    ("f_missing", "def g(a):\n    return 3", [["1", "3"]], "f"),
    ("f_raises", "def f(a):\n    raise ValueError", [["1", "3"]], "f"),
    ("f_wrong_arity", "def f(a, b):\n    return 3", [["1", "3"]], "f"),
    ("f_exit", "import sys\ndef f(a):\n    sys.exit(0)", [["1", "3"]], "f"),
    ("f_loop", "def f(a):\n    while True:\n        pass", [["1", "3"]], "f"),
    ("f_loop_at_load", "while True:\n    pass\ndef f(a):\n    return 3",
     [["1", "3"]], "f"),
    ("f_raises_at_load", "1 / 0\ndef f(a):\n    return 3", [["1", "3"]], "f"),
    ("f_prints", "def f(a):\n    print('x' * 100)\n    return 3",
     [["1", "3"]], "f"),
    ("f_reads_input", "def f(a):\n    return input()", [["1", "3"]], "f"),
    ("f_main_guard", "def f(a):\n    return 3\nif __name__ == '__main__':\n"
     "    print(f(int(input())))", [["1", "3"]], "f"),
    ("f_mutates", "def f(a):\n    a.append(1)\n    return a",
     [["[0]", "[0, 1]"]], "f"),
    ("f_second_wrong", "def f(a):\n    return a", [["1", "1"], ["2", "3"],
                                                  ["3", "3"]], "f"),
    ("f_pow_is_builtin", "def f(a):\n    return pow(2, a, 5)", [["3", "3"]],
     "f"),
    ("f_solution_and_function", "class Solution:\n    pass\ndef f(a):\n"
     "    return 3", [["1", "3"]], "f"),
    ("f_broken_input", "def f(a):\n    return 3", [["{", "3"]], "f"),
    ("f_broken_output", "def f(a):\n    return 3", [["1", "{"]], "f"),
    ("f_trailing_newline", "def f(a):\n    return 3", [["1\n", "3"]], "f"),
]


def ask(path, sample, code, answers):
    spec = importlib.util.spec_from_file_location("official", path)
    official = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(official)
    sys.set_int_max_str_digits(50000)  # as compute_code_generation_metrics
    codes, _ = official.run_test(sample, test=code, timeout=6)
    answers.append([code if code in (-2, -3, -4) and code is not True
                    else bool(code) for code in codes])


def official_codes(path, case):
    name, code, tests = case[:3]
    sample = {"inputs": [t[0] for t in tests], "outputs": [t[1] for t in tests]}
    if len(case) > 3:
        sample["fn_name"] = case[3]
    manager = multiprocessing.Manager()
    answers = manager.list()
    process = multiprocessing.Process(
        target=ask,
        args=(path, {"input_output": json.dumps(sample)}, code, answers))
    process.start()
    process.join(timeout=7 * len(tests) + 5)
    if process.is_alive():
        process.kill()
    return answers[0] if len(answers) else "died"


def main():
    lines = []
    for case in CASES:
        name, code, tests = case[:3]
        line = {"id": name, "language": "python", "code": code,
                "tests": [{"input": i, "output": o} for i, o in tests]}
        if len(case) > 3:
            line["function"] = case[3]
        line["official"] = official_codes(sys.argv[1], case)
        lines.append(json.dumps(line) + "\n")
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        file.writelines(lines)


if __name__ == "__main__":
    main()
