"""Makes tests/testdata/benchmarks: small files in the formats of data sets.

All problems are made up. Parquet is written by Arrow itself, pickles by
Python's own pickle. Run from the repository root with pyarrow==26.0.1:

    python tests/golden/make_benchmark_golden.py

The files are committed; run it again only to add cases.
"""

import base64
import decimal
import json
import pathlib
import pickle
import zlib

import pyarrow as pa
import pyarrow.parquet as pq

OUTPUT = pathlib.Path("tests/testdata/benchmarks")


def packed_tests():
    """LiveCodeBench's private tests: every protocol, short to 70 kB."""
    cases = []
    for protocol in (2, 3, 4, 5):
        for name, unit, count in (("short", "1 2\n", 1), ("page", "12 ", 100),
                                  ("long", "314 ", 17500)):
            tests = [{"input": unit * count, "output": "7\n",
                      "testtype": "stdin"}]
            pickled = pickle.dumps(json.dumps(tests), protocol=protocol)
            cases.append({
                "name": f"{name}, protocol {protocol}", "unit": unit,
                "count": count,
                "packed": base64.b64encode(zlib.compress(pickled)).decode()})
    for protocol in (2, 4):
        tests = {"inputs": ["1 2\n"], "outputs": ["7\n"], "fn_name": None}
        pickled = pickle.dumps(tests, protocol=protocol)
        cases.append({
            "name": f"dict, protocol {protocol}", "unit": "1 2\n", "count": 1,
            "packed": base64.b64encode(zlib.compress(pickled)).decode()})
    shared = "1 2\n"
    tests = [{"input": shared, "output": "7\n", "testtype": "stdin"}]
    cases.append({
        "name": "list of dicts, protocol 5", "unit": "1 2\n", "count": 1,
        "packed": base64.b64encode(zlib.compress(
            pickle.dumps(tests, protocol=5))).decode()})
    lines = "".join(json.dumps(case) + "\n" for case in cases)
    (OUTPUT / "packed_tests.jsonl").write_text(lines)


def parquet():
    pq.write_table(pa.table({
        "ID": ["2024-I-1", "2024-I-2", "2024-II-3"],
        "Problem": ["What is 30 + 40?", "Q \u00e9?", "Third"],
        "Answer": pa.array([70, 204, 999], pa.int64()),
        "url": ["https://x/2024_AIME_I_Problems/Problem_1", None,
                "https://x/2025_AIME_II_Problems/Problem_3"],
    }), OUTPUT / "aime.parquet", compression="zstd")
    pq.write_table(pa.table({
        "id": ["2024/A", "2024/B", "2024/C"],
        "contest_start": pa.array([0, 86400, None], pa.timestamp("s")),
        "title": ["Sum", "Guess", "Max"],
        "description": ["Add two numbers.", "Find it.", "The larger one."],
        "interaction_format": [None, "Ask and I answer.", None],
        "time_limit": [2.0, 1.0, 1.5],
        "memory_limit": [256.0, 256.0, 64.0],
        "rating": pa.array([800, 1200, None], pa.int32()),
        "tags": pa.array([["math"], ["greedy", "math"], []]),
        "input_mode": pa.array(["stdio", "stdio", "stdio"]).
            dictionary_encode(),
        "executable": [True, True, True],
        "official_tests_complete": [True, True, False],
        "examples": [[{"input": "1 2\n", "output": "3\n"}], [], None],
        "official_tests": [[{"input": "1 2\n", "output": "3\n"},
                            {"input": "5 5\n", "output": "10\n"}], [], []],
    }), OUTPUT / "codeforces.parquet", compression="snappy", row_group_size=2)
    pq.write_table(pa.table({
        "problem_id": ["2024/C", "1999/Z", "2024/C"],
        "input": ["4 9\n", "x\n", "7 2\n"],
        "output": ["9\n", "y\n", "7\n"],
    }), OUTPUT / "test_cases_2024.parquet", compression="gzip")
    pq.write_table(pa.table({"problem": ["p"], "answer": pa.array(
        [decimal.Decimal("1.5")], pa.decimal128(5, 2))}), OUTPUT / "decimal.parquet")
    # 64 MiB in a few kB.
    pq.write_table(pa.table({"problem": ["x" * (64 << 20)]}),
                   OUTPUT / "bomb.parquet", compression="zstd",
                   use_dictionary=False, write_statistics=False)


def main():
    OUTPUT.mkdir(parents=True, exist_ok=True)
    packed_tests()
    parquet()


if __name__ == "__main__":
    main()
