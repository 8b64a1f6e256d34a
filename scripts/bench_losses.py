#!/usr/bin/env python3
"""Times the fused losses beside PyTorch's and other projects', in one process.

Every round runs each provider once, in shuffled order, beside the bare matrix
products of the same row; ratios are taken within a round, so that a machine
whose speed drifts still gives a fair comparison. Each pass is a forward and a
backward with dW added to an existing buffer.

The results file is updated row by row: a run that was cut off goes on with
--rows, and rows of other runs stay. A provider that cannot take part is listed
with its reason; rivals come with scripts/setup --rivals.

examples:
  bench_losses.py --list --device cuda
  bench_losses.py --rows 0:4 --output docs/results/losses-cpu-desk.json
  bench_losses.py --device cuda --rows 0:10 --output losses.json
  bench_losses.py --only limbeck,eager --rounds 5
  bench_losses.py --table docs/results/losses-*.json > docs/results/losses.md
"""

import argparse
import contextlib
import ctypes
import datetime
import fcntl
import gc
import json
import os
import platform
import random
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OURS = "limbeck"
PRODUCTS = "products"


def parse():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--rows", default=":", metavar="A:B",
                        help="rows A to B - 1 of --list (all)")
    parser.add_argument("--only", default="", metavar="NAME,NAME",
                        help="providers whose names contain one of these")
    parser.add_argument("--rounds", type=int, default=0,
                        help="timed rounds (30 on cuda, 11 on cpu)")
    parser.add_argument("--threads", type=int, default=0,
                        help="CPU threads (as many as PyTorch takes)")
    parser.add_argument("--realtime", action="store_true",
                        help="time at real-time priority (needs root): for a "
                        "machine that does other work too")
    parser.add_argument("--lock", metavar="FILE",
                        help="a file that other work on this machine locks "
                        "too: shared while a row is prepared, alone while it "
                        "is timed")
    parser.add_argument("--library", default=str(
        ROOT / "build/dev/kernels/python/liblimbeck_ops.so"))
    parser.add_argument("--output", help="JSON file to write or update")
    parser.add_argument("--list", action="store_true",
                        help="print the rows and end")
    parser.add_argument("--errors", action="store_true",
                        help="print the errors of every loss as Markdown and "
                        "end (docs/operators.md)")
    parser.add_argument("--table", nargs="+", metavar="FILE",
                        help="print these results as Markdown and end")
    return parser.parse_args()


def slice_of(text, length):
    first, _, last = text.partition(":")
    return range(length)[int(first) if first else None:
                         int(last) if last else None]


class Clock:
    """Seconds of a call, on the device that computes it."""

    def __init__(self, device):
        import torch
        self.torch = torch
        self.on_gpu = device == "cuda"
        # Larger than the last-level cache: the next pass finds it cold.
        self.flush = torch.empty(64 << 20, device=device) if self.on_gpu \
            else None

    def seconds(self, call):
        if not self.on_gpu:
            begin = time.perf_counter()
            call()
            return time.perf_counter() - begin
        self.flush.zero_()
        begin, end = (self.torch.cuda.Event(enable_timing=True)
                      for _ in range(2))
        begin.record()
        call()
        end.record()
        end.synchronize()
        return begin.elapsed_time(end) / 1e3


def products_of(problem):
    """The matrix products that no linear loss can do without, in place."""
    import torch
    hidden, weight = problem.hidden.detach(), problem.weight.detach()
    logits = torch.mm(hidden, weight.T)
    hidden_grad = torch.empty_like(hidden)
    weight_grad = torch.zeros_like(weight)
    dense = problem.row.is_dense
    teacher = torch.empty_like(logits) if dense else None
    passes = 2 if problem.row.loss == "logprob" else 1

    def run():
        for _ in range(passes):
            torch.mm(hidden, weight.T, out=logits)
        if dense:
            torch.mm(problem.teacher_hidden, problem.teacher_weight.T,
                     out=teacher)
        torch.mm(logits, weight, out=hidden_grad)
        torch.addmm(weight_grad, logits.T, hidden, out=weight_grad)
    return run


def ceilings(device):
    """Bytes/s of a copy (read and write), operations/s of two products."""
    import torch
    clock = Clock(device)
    size = (1 << 30) if device == "cuda" else (1 << 26)
    source = torch.ones(size, device=device)
    target = torch.empty_like(source)
    result = {"copy_bytes_per_second": 2 * source.nbytes / min(
        clock.seconds(lambda: target.copy_(source)) for _ in range(5))}
    del source, target
    rows, width, columns = (8192, 1536, 151936) if device == "cuda" else \
        (512, 1024, 32000)
    for dtype in (torch.float32, torch.bfloat16):
        if device == "cuda" and dtype == torch.float32:
            continue
        left = torch.ones(rows, width, device=device, dtype=dtype)
        head = torch.ones(columns, width, device=device, dtype=dtype)
        logits = torch.mm(left, head.T)
        out = torch.empty_like(head)
        best = [min(clock.seconds(call) for _ in range(5)) for call in (
            lambda: torch.mm(left, head.T, out=logits),
            lambda: torch.mm(logits.T, left, out=out))]
        result[f"{dtype}".removeprefix("torch.") + "_operations_per_second"] = [
            2 * rows * width * columns / seconds for seconds in best]
    return result


def relative(ours, exact):
    return ((ours.double() - exact).norm() / exact.norm()).item()


class Exact:
    """32 rows of a row's problem, and what float64 makes of them."""

    def __init__(self, row, device):
        from loss_problems import Problem, reference
        self.kinds = {}
        for kind in ("random", "close") if row.is_dense else ("random",):
            problem = Problem(row, device, kind, tokens=32)
            self.kinds[kind] = (problem, *reference(problem))

    def errors(self, make):
        """Relative errors of a provider, for both kinds of problem."""
        found = {}
        for kind, (problem, loss, hidden, weight) in self.kinds.items():
            step = make(problem)
            ours = step.gradients()
            found[kind] = {"loss": abs(ours[0].double() - loss).item() /
                           max(abs(loss.item()), 1e-30),
                           "hidden": relative(ours[1], hidden),
                           "weight": relative(ours[2], weight)}
            step.close()
        return found


def peak_bytes(step, device):
    """Memory of one pass beyond what was there before it."""
    import torch
    gc.collect()
    if device == "cuda":
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        step.run()
        torch.cuda.synchronize()
        return torch.cuda.max_memory_allocated() - before
    try:
        # Hands freed memory back first, else it would hide what a pass takes.
        ctypes.CDLL(None).malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5")  # resets VmHWM
    except OSError:
        return None

    def status(name):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1]) * 1024
        return 0
    before = status("VmRSS")
    step.run()
    return status("VmHWM") - before


def interval(values, draw):
    """Median and its bootstrap 95 % interval."""
    medians = sorted(statistics.median(draw.choices(values, k=len(values)))
                     for _ in range(2000))
    return [statistics.median(values), medians[50], medians[1949]]


def summary(seconds):
    ordered = sorted(seconds)
    return {"median": statistics.median(ordered),
            "p20": ordered[len(ordered) // 5],
            "p80": ordered[-1 - len(ordered) // 5]}


@contextlib.contextmanager
def ahead_of_others(wanted):
    """All threads of this process before those of others, if `wanted`."""
    def schedule(policy, priority):
        for task in Path("/proc/self/task").iterdir():
            os.sched_setscheduler(int(task.name), policy,
                                  os.sched_param(priority))
    if wanted:
        schedule(os.SCHED_RR, 1)
    try:
        yield
    finally:
        if wanted:
            schedule(os.SCHED_OTHER, 0)


class Turn:
    """Whose turn it is on a machine that is shared by a lock file."""

    def __init__(self, path):
        self.file = open(path, "a") if path else None
        self.share()

    def share(self):
        if self.file:
            fcntl.flock(self.file, fcntl.LOCK_SH)

    @contextlib.contextmanager
    def alone(self):
        if self.file:  # let go first: two that wait for each other wait long
            fcntl.flock(self.file, fcntl.LOCK_UN)
            fcntl.flock(self.file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            self.share()


def time_rounds(calls, clock, rounds, draw):
    """Seconds of every call in every round; order shuffled within rounds."""
    seconds = {name: [] for name in calls}
    for _ in range(2):
        for call in calls.values():
            call()
    for _ in range(rounds):
        names = list(calls)
        draw.shuffle(names)
        for name in names:
            gc.collect()
            seconds[name].append(clock.seconds(calls[name]))
    return seconds


def steps_of(row, device, only):
    """Steps by provider, and the reasons of those that cannot."""
    from loss_problems import Problem
    from loss_providers import PROVIDERS, Skip
    wanted = [part for part in only.split(",") if part]
    steps, found, skipped = {}, {}, {}
    problem, exact = Problem(row, device), Exact(row, device)
    for name, make in PROVIDERS.items():
        if wanted and not any(part in name for part in wanted):
            continue
        try:
            found[name] = {"errors": exact.errors(make)}
            steps[name] = make(problem)
            buffer = steps[name].weight_grad
            if buffer is None:  # one dW buffer serves all of a kind
                buffer = problem.weight.grad
            steps[name].run()
            found[name]["peak_bytes"] = peak_bytes(steps[name], device)
        except Skip as reason:
            skipped[name] = str(reason)
        except Exception as error:  # a rival's failure is a result
            steps.pop(name, None)
            found.pop(name, None)
            skipped[name] = f"{type(error).__name__}: {error}".splitlines()[0]
    return problem, steps, found, skipped


def run_row(row, device, args, turn):
    draw = random.Random(1)
    begin = time.monotonic()
    problem, steps, found, skipped = steps_of(row, device, args.only)
    calls = {name: step.run for name, step in steps.items()}
    calls[PRODUCTS] = products_of(problem)
    rounds = args.rounds or (30 if device == "cuda" else 11)
    with turn.alone(), ahead_of_others(args.realtime):
        before = ceilings(device)
        seconds = time_rounds(calls, Clock(device), rounds, draw)
        after = ceilings(device)
    for name in steps:
        ours = found[name]
        ours["seconds"] = summary(seconds[name])
        ours["share_of_products"] = interval(
            [p / s for p, s in zip(seconds[PRODUCTS], seconds[name])], draw)
        if OURS in steps:
            ours["time_over_limbeck"] = interval(
                [s / o for s, o in zip(seconds[name], seconds[OURS])], draw)
        ours["operations_per_second"] = \
            row.operations() / ours["seconds"]["median"]
    return {"row": row.as_json(), "rounds": rounds,
            "when": datetime.date.today().isoformat(),
            "took_seconds": round(time.monotonic() - begin, 1),
            "ceilings": [before, after],
            PRODUCTS: summary(seconds[PRODUCTS]),
            "providers": found, "skipped": skipped}


def machine(device):
    import torch
    facts = {"device": device, "torch": torch.__version__,
             "python": platform.python_version(),
             "threads": torch.get_num_threads(),
             "processor": processor()}
    if device == "cuda":
        facts["gpu"] = torch.cuda.get_device_name()
        facts["cuda"] = torch.version.cuda
    import importlib.metadata
    for package in ("liger-kernel", "trl", "orda-kernel", "triton"):
        try:
            facts[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            facts[package] = None
    return facts


def processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return f"{line.split(':')[1].strip()}, {os.cpu_count()} cores"
    return platform.processor()


def store(path, results):
    path = Path(path)
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(results, indent=1) + "\n")
    temporary.replace(path)


def measure(args, rows):
    import torch
    if args.threads:
        torch.set_num_threads(args.threads)
    torch.ops.load_library(args.library)
    results = {}
    if args.output and Path(args.output).exists():
        results = json.loads(Path(args.output).read_text())
    results["machine"] = machine(args.device)
    stored = {row["row"]["name"]: row for row in results.get("rows", [])}
    turn = Turn(args.lock)
    for row in rows:
        result = run_row(row, args.device, args, turn)
        stored[row.name] = result
        print_row(result)
        order = {row.name: place for place, row in enumerate(all_rows(args))}
        results["rows"] = sorted(
            stored.values(),
            key=lambda row: order.get(row["row"]["name"], len(order)))
        if args.output:
            store(args.output, results)
        gc.collect()


def every_loss_errors(device):
    """{loss: {(provider, dtype): errors}} at 32 x 896 (+ 1536) x 32000."""
    from loss_problems import DENSE, Row, cpu_rows
    from loss_providers import PROVIDERS
    names = ("limbeck", "eager, float32 logits", "eager, bfloat16 logits")
    losses = {}
    for loss in dict.fromkeys(row.loss for row in cpu_rows()):
        found = losses.setdefault(loss, {})
        for dtype in ("float32", "bfloat16"):
            row = Row(loss, 32, 896, 32000, 1536 if loss in DENSE else 0,
                      dtype)
            exact = Exact(row, device)
            for name in names[:2 if dtype == "float32" else 3]:
                found[name, dtype] = exact.errors(PROVIDERS[name])
    return losses


def all_rows(args):
    from loss_problems import cpu_rows, cuda_rows
    return cuda_rows() if args.device == "cuda" else cpu_rows()


def print_row(result):
    from loss_tables import row_table
    print("\n".join(row_table(result)), flush=True)


def main():
    args = parse()
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    if args.table:
        from loss_tables import document
        print(document([json.loads(Path(name).read_text())
                        for name in args.table]))
        return
    if args.errors:
        import torch
        from loss_tables import error_table
        torch.ops.load_library(args.library)
        print("\n".join(error_table(every_loss_errors(args.device))))
        return
    rows = all_rows(args)
    chosen = slice_of(args.rows, len(rows))
    if args.list:
        for index in chosen:
            print(f"{index:3d}  {rows[index].name}")
        return
    measure(args, [rows[index] for index in chosen])


if __name__ == "__main__":
    main()
