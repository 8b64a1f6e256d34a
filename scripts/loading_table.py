#!/usr/bin/env python3
"""The results of limbeck_loading_bench as Markdown, with the shares of the
read bandwidth of the same run.

    build/release/student/limbeck_loading_bench FOLDER \\
        --benchmark_repetitions=5 --benchmark_out=loading_bench.json
    scripts/loading_table.py loading_bench.json
"""

import json
import statistics
import sys

READS = {"read_reused/threads:1": "`read(2)` into one buffer, one thread",
         "read_reused/threads:2": "`read(2)` into one buffer each, two threads",
         "read_fresh/threads:1": "`read(2)` into fresh memory, one thread",
         "read_fresh/threads:2": "`read(2)` into fresh memory, two threads"}
LOADS = {"load_as_BFloat16": "load as stored (bfloat16)",
         "load_as_Float": "load as float32",
         "convert_to_float16": "convert to float16, written and synced"}


def speeds(result):
    """Name -> GB/s of every repetition."""
    found = {}
    for run in result["benchmarks"]:
        if run.get("run_type") == "iteration":
            name = run["name"].replace("/process_time", "").replace("/real_time", "")
            found.setdefault(name.split("/repeats")[0], []).append(
                run["bytes_per_second"] / 1e9)
    return found


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        found = speeds(json.load(file))
    print("| | GB/s, median (best) | share of reading into fresh memory |")
    print("|---|---|---|")
    for place, words in (("cache/", "page cache"), ("disk/", "disk")):
        fresh = max((statistics.median(values) for name, values in found.items()
                     if name.startswith(place + "read_fresh")), default=None)
        for name, text in {**READS, **LOADS}.items():
            values = found.get(place + name)
            if not values:
                continue
            middle = statistics.median(values)
            share = f"{middle / fresh:.0%}" if fresh and name in LOADS else ""
            print(f"| {words}: {text} | {middle:.2f} ({max(values):.2f}) "
                  f"| {share} |")
    for values in filter(None, [found.get("decode_float8")]):
        print(f"| float8 codes to float32, one thread | "
              f"{statistics.median(values):.2f} ({max(values):.2f}) | |")


if __name__ == "__main__":
    sys.exit(main())
