#!/usr/bin/env python3
"""Checks the rules of CONTRIBUTING.md that a machine can check.

Usage: tests/house_rules/house_rules.py [ROOT]
       tests/house_rules/house_rules.py --self-test

Prints one line per breach and exits with 1 if there is any.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

MAX_FILE_LINES = 600
MAX_FUNCTION_LINES = 80
MAX_KERNEL_LINES = 120  # device code

# Room -> rooms whose headers it may include, besides its own.
ARROWS = {
    "data": set(),
    "kernels": set(),
    "student": {"kernels", "data"},
    "teacher": {"student", "kernels", "data"},
    "distill": {"teacher", "student", "kernels", "data"},
    "eval": {"teacher", "student", "data"},
    "recipes": {"eval", "distill", "teacher", "student", "kernels", "data"},
}
# Whose headers rooms include in quotes, besides each other's.
LIBRARIES = {"absl", "google"}
# The one header that crosses into kernels/: dependency-free, host and device.
EXTRA_INCLUDES = {"kernels": {"data/base/random.h"}}

SAYS_NOTHING = {"common", "misc", "utils", "util", "helpers", "stuff"}
INCLUDE = re.compile(r'^\s*#\s*include\s*["<]([^">]+)[">]')
QUOTED = re.compile(r'^\s*#\s*include\s*"([^"]+)"')
GUARD = re.compile(r"#ifndef LIMBECK_\w+_CUH?_$|#ifndef LIMBECK_\w+_H_$")
TORCH = re.compile(r"^(torch|ATen|c10|caffe2)/")
SOURCE_SUFFIXES = {".h", ".cc", ".cu", ".cuh"}
SCRIPT_SUFFIXES = {".py"}

# Operators that no benchmark calls by name -> the benchmark that spends its
# time in them, and how.
MEASURED_BY = {
    # The fused losses of linear_*.h are the same rows behind a GEMM.
    "kernels/cross_entropy.h": "kernels/loss_bench.cc",
    "kernels/distillation.h": "kernels/loss_bench.cc",
    "kernels/topk_distillation.h": "kernels/loss_bench.cc",
    # A part of each layer, forward and backward.
    "kernels/layers/linear_bundle.h": "student/forward_bench.cc",
    "kernels/layers/rms_norm.h": "student/forward_bench.cc",
    "kernels/layers/swiglu.h": "student/forward_bench.cc",
    # One token of each row at a time: the sampling engine.
    "kernels/decode/decode.h": "teacher/sampling_bench.cc",
}
# Operators whose independent reference is not in kernels/reference/.
REFERENCE_IN = {
    "kernels/decode/decode.h": "tests/student/plain_decoder.cc",
}


def includes(text):
    for number, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(1)


def quoted_includes(text):
    for number, line in enumerate(text.splitlines(), 1):
        match = QUOTED.match(line)
        if match:
            yield number, match.group(1)


def check_arrows(path, text):
    room = path.parts[0]
    quoted = set(quoted_includes(text))
    for number, header in includes(text):
        target = header.split("/")[0]
        if {".", ".."} & set(header.split("/")):
            yield number, f"{header}: includes begin at the root"
        elif room not in ARROWS or target == room or target in ARROWS[room] \
                or header in EXTRA_INCLUDES.get(room, ()):
            continue
        elif target in ARROWS or target == "tests" or (
                target not in LIBRARIES and (number, header) in quoted):
            yield number, f"{room} may not include {header}"


def check_torch(path, text):
    for number, header in includes(text):
        if header == "torch/torch.h":
            yield number, "torch/torch.h is never included"
        elif not TORCH.match(header):
            continue
        elif path.parts[0] == "data" or path.parts[:2] == ("tests", "data"):
            yield number, f"data/ knows no LibTorch, but includes {header}"
        elif path.suffix in (".cu", ".cuh"):
            yield number, f"device code includes {header}"
        elif path.suffix == ".h" and header not in (
                "ATen/core/Tensor.h", "c10/core/ScalarType.h",
                "c10/core/Device.h"):
            yield number, f"headers include ATen/core/Tensor.h, not {header}"


def check_sentencepiece(path, text):
    found = [h for _, h in includes(text) if h.startswith("sentencepiece")]
    if not found:
        return
    if path.suffix != ".cc":
        yield 1, "sentencepiece headers belong in a .cc file"
    for number, header in includes(text):
        if header.startswith("absl/"):
            yield number, "sentencepiece and Abseil headers do not mix"


def check_one_sentencepiece(texts):
    """texts: path -> content. The wrapper is one file."""
    users = sorted(str(path) for path, text in texts.items() if any(
        header.startswith("sentencepiece") for _, header in includes(text)))
    for user in users[1:]:
        yield (f"{user}:1: sentencepiece headers belong in one .cc file, "
               f"{users[0]} has them already")


def check_conditionals(path, text):
    if str(path) in ("data/base/random.h", "kernels/cuda/architecture.h"):
        return
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(r"\s*#\s*if.*(CUDA|__NVCC__)", line) and \
                not GUARD.match(line):
            yield number, "a missing device is a stub file, not an #if"


def check_length(path, text):
    lines = text.count("\n")
    if lines > MAX_FILE_LINES and not text.startswith("// Generated by "):
        yield 1, f"{lines} lines, at most {MAX_FILE_LINES}"


NO_FUNCTION = re.compile(
    r"^\s*(namespace|class|struct|enum|union|extern|if|for|while|switch|do|"
    r"else|return|using|typedef|static const|const auto|constexpr)\b")


def functions(text):
    """Yields (line, length) of function bodies in clang-formatted code."""
    lines = text.splitlines()
    for begin, line in enumerate(lines):
        indent = len(line) - len(line.lstrip(" "))
        if indent > 2 or not line.rstrip().endswith("{"):
            continue
        head = begin
        while head > 0 and not re.search(r"[;}{:]\s*$|^\s*$|^#|^\s*//|^$",
                                         lines[head - 1]):
            head -= 1
        signature = " ".join(lines[head:begin + 1])
        if "(" not in signature or NO_FUNCTION.match(lines[head]):
            continue
        closing = " " * indent + "}"
        for end in range(begin + 1, len(lines)):
            if lines[end].startswith(closing):
                yield head + 1, end - head + 1
                break


def check_functions(path, text):
    limit = MAX_KERNEL_LINES if path.suffix in (".cu", ".cuh") else \
        MAX_FUNCTION_LINES
    for number, length in functions(text):
        if length > limit:
            yield number, f"function of {length} lines, at most {limit}"


def check_names(path, text):
    for part in path.with_suffix("").parts:
        if part.lower() in SAYS_NOTHING:
            yield 1, f"the name '{part}' says nothing"


def check_guard(path, text):
    if path.suffix != ".h":
        return
    guard = "LIMBECK_" + re.sub(r"[/.\-]", "_", str(path)).upper() + "_"
    if f"#ifndef {guard}\n#define {guard}\n" not in text:
        yield 1, f"include guard must be {guard}"


def check_open_ends(path, text):
    for number, line in enumerate(text.splitlines(), 1):
        if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", line):
            yield number, "open end left in the code"


def check_output(path, text):
    """Libraries print nothing; programs and tests may."""
    if path.parts[0] in ("tests", "recipes") or path.name.endswith(
            "_bench.cc") or path.name == "check.h":
        return
    for number, line in enumerate(text.splitlines(), 1):
        if re.search(r"std::(cout|cerr)\b|\bprintf\(|\bgetenv\(", line) and \
                "snprintf" not in line:
            yield number, "library code neither prints nor reads environment"


CHECKS = [check_arrows, check_torch, check_sentencepiece, check_conditionals,
          check_length, check_functions, check_names, check_guard,
          check_open_ends, check_output]
SCRIPT_CHECKS = [check_length, check_names]


def breaches_in(path, text, checks):
    for check in checks:
        for number, message in check(path, text):
            yield f"{path}:{number}: {message}"


def operators(root):
    """Headers of kernels/ that declare an operator, as ARCHITECTURE.md names
    files: <op>.h beside <op>_cpu.cc, <op>_cuda.cu or <op>_launch.h and
    <op>.cc; linear_<op>.h fuses one with the head."""
    for header in sorted((root / "kernels").rglob("*.h")):
        def beside(suffix):
            return header.with_name(header.stem + suffix).exists()
        if (beside("_cpu.cc") or beside("_cuda.cu") or
                (beside("_launch.h") and beside(".cc")) or
                header.name.startswith("linear_")):
            if "reference" not in header.parts:
                yield str(header.relative_to(root))


def included(root, path, seen):
    """What a test includes, itself or through files of tests."""
    if path in seen or not (root / path).exists():
        return
    seen.add(path)
    for _, header in includes((root / path).read_text()):
        yield header
        if header.startswith("tests/"):
            yield from included(root, header, seen)
            yield from included(root, header[:-1] + "cc", seen)


def check_operators(root):
    """Each operator has an independent reference, a test and a benchmark."""
    tests = [set(included(root, str(p.relative_to(root)), set()))
             for p in (root / "tests").rglob("*_test.cc")]
    benches = {str(path.relative_to(root)):
               {header for _, header in includes(path.read_text())}
               for room in ARROWS
               for path in (root / room).rglob("*_bench.cc")}
    for operator in operators(root):
        own = [headers for headers in tests if operator in headers]
        if not own:
            yield f"{operator}:1: no test includes it"
        reference = REFERENCE_IN.get(operator)
        if not (reference and (root / reference).exists()) and not any(
                header.startswith("kernels/reference/")
                for headers in own for header in headers):
            yield (f"{operator}:1: no test of it includes a reference of "
                   "kernels/reference/")
        if MEASURED_BY.get(operator) not in benches and not any(
                operator in headers for headers in benches.values()):
            yield f"{operator}:1: no benchmark includes it"


def tracked_files(root, suffixes):
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=root, check=True, capture_output=True, text=True).stdout
    for name in names.splitlines():
        if Path(name).suffix in suffixes and (root / name).exists():
            yield Path(name)


def check_tree(root):
    sources = {path: (root / path).read_text()
               for path in tracked_files(root, SOURCE_SUFFIXES)}
    for path, text in sources.items():
        yield from breaches_in(path, text, CHECKS)
    yield from check_one_sentencepiece(sources)
    for path in tracked_files(root, SCRIPT_SUFFIXES):
        yield from breaches_in(path, (root / path).read_text(), SCRIPT_CHECKS)
    yield from check_operators(root)


CASES = [
    ("student/a.cc", '#include "distill/step.h"\n', "may not include"),
    ("kernels/a.cc", '#include "data/base/file.h"\n', "may not include"),
    ("eval/a.cc", '#include "tests/support/mutation.h"\n', "may not include"),
    ("eval/a.cc", "#include <tests/support/mutation.h>\n", "may not include"),
    ("eval/a.cc", '#include "scripts/a.h"\n', "may not include"),
    ("eval/a.cc", '#include"beside.h"\n', "may not include"),
    ("eval/a.cc", '#include "../distill/step.h"\n', "begin at the root"),
    ("eval/a.cc", '#include "eval/../distill/step.h"\n', "begin at the root"),
    ("tests/eval/a.cc", '#include "./b.h"\n', "begin at the root"),
    ("data/a.cc", "#include <ATen/ATen.h>\n", "no LibTorch"),
    ("student/a.h", "#include <ATen/ATen.h>\n", "headers include"),
    ("student/a.cc", "#include <torch/torch.h>\n", "never included"),
    ("data/a.h", "#include <sentencepiece_processor.h>\n", "a .cc"),
    ("kernels/a.cc", "#ifdef LIMBECK_CUDA\n", "stub file"),
    ("data/a.cc", "//\n" * 601, "601 lines"),
    ("tests/a.py", "#\n" * 601, "601 lines"),
    ("data/a.cc", "int F() {\n" + "  G();\n" * 90 + "}\n",
     "function of 92 lines"),
    ("data/utils.cc", "", "says nothing"),
    ("tests/helpers.py", "", "says nothing"),
    ("data/a.h", "#ifndef X\n", "include guard"),
    ("data/a.cc", "// TO" + "DO: later\n", "open end"),
    ("data/a.cc", 'std::cerr << "x";\n', "neither prints"),
]
FINE = [
    ("eval/a.cc", '#include "absl/strings/str_cat.h"\n#include <vector>\n'
     '#include "eval/b.h"\n#include <sys/stat.h>\n'),
    ("tests/eval/a.cc", '#include "tests/support/mutation.h"\n'),
    ("data/a.h", "#ifndef LIMBECK_DATA_A_H_\n#define LIMBECK_DATA_A_H_\n"
     "int F();\n#endif  // LIMBECK_DATA_A_H_\n"),
    ("kernels/cuda/a.h", "#ifndef LIMBECK_KERNELS_CUDA_A_H_\n"
     "#define LIMBECK_KERNELS_CUDA_A_H_\n"
     "#endif  // LIMBECK_KERNELS_CUDA_A_H_\n"),
]
# A whole operator; each file but the header is missing once.
OPERATOR = {
    "kernels/new_op.h": "",
    "kernels/new_op_cpu.cc": "",
    "kernels/new_op_bench.cc": '#include "kernels/new_op.h"\n',
    "tests/kernels/new_op_test.cc": '#include "kernels/new_op.h"\n'
                                    '#include "tests/kernels/case.h"\n',
    "tests/kernels/case.h": '#include "kernels/reference/new_op.h"\n',
}
MISSING = {"kernels/new_op_bench.cc": "no benchmark",
           "tests/kernels/new_op_test.cc": "no test includes",
           "tests/kernels/case.h": "no test of it includes a reference",
           None: None}


def operator_breaches(without):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in OPERATOR.items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if name != without:
                path.write_text(text)
        return list(check_operators(Path(folder)))


def self_test():
    """Every rule must be able to fail, and only where it should."""
    failures = []
    for name, text, expected in CASES:
        checks = SCRIPT_CHECKS if name.endswith(".py") else CHECKS
        found = list(breaches_in(Path(name), text, checks))
        if not any(expected in breach for breach in found):
            failures.append(f"{name}: expected '{expected}', found {found}")
    for name, text in FINE:
        failures += breaches_in(Path(name), text, CHECKS)
    for without, expected in MISSING.items():
        found = operator_breaches(without)
        if expected is None and found or expected is not None and not any(
                expected in breach for breach in found):
            failures.append(f"operator without {without}: found {found}")
    spm = "#include <sentencepiece_trainer.h>\n"
    for count, texts in enumerate([{"a.cc": spm, "c.cc": ""},
                                   {"a.cc": spm, "b.cc": spm}]):
        found = list(check_one_sentencepiece(texts))
        if len(found) != count:
            failures.append(f"{count} breaches of {texts}: found {found}")
    for failure in failures:
        print(f"self-test: {failure}")
    print(f"self-test: {len(CASES) + len(FINE) + len(MISSING) + 2} cases, "
          f"{len(failures)} failures")
    return len(failures)


def main():
    if "--self-test" in sys.argv:
        return 1 if self_test() else 0
    root = Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    breaches = list(check_tree(root))
    print("\n".join(breaches) if breaches else "house rules: no breach")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
