"""scripts/bench_losses.py: conventions of its rows, and its tables.

Usage: bench_losses_test.py PATH_TO_LIBLIMBECK_OPS
Exits with 77 (skipped) where Python has no torch.
"""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[3] / "scripts"))

try:
    import torch
except (ImportError, OSError, ValueError) as error:
    print(f"skipped: Python cannot import torch ({error})")
    sys.exit(77)

import bench_losses
import loss_providers
import loss_tables
from loss_problems import DENSE, Row, cpu_rows, cuda_rows

LOSSES = DENSE + ("cross_entropy", "topk_forward_kl", "topk_jsd", "grpo",
                  "logprob")


def small(loss, dtype="float32"):
    teacher = 24 if loss in DENSE else 0
    return Row(loss, 40, 16, 301, teacher, dtype)


class Alignment(unittest.TestCase):
    def check(self, name, loss, bound, dtype="float32"):
        try:
            errors = bench_losses.Exact(small(loss, dtype), "cpu").errors(
                loss_providers.PROVIDERS[name])
        except loss_providers.Skip as reason:
            return str(reason)
        for kind, found in errors.items():
            for what, error in found.items():
                limit = bound if kind == "random" else 30 * bound
                self.assertLess(error, limit, f"{name} {loss} {kind} {what}")
        return None

    def test_ours_compute_the_losses_of_the_definitions(self):
        for loss in LOSSES:
            for name in ("limbeck", "limbeck, dW by autograd"):
                self.assertIsNone(self.check(name, loss, 2e-5))

    def test_eager_code_computes_them_too(self):
        for loss in LOSSES:
            self.assertIsNone(self.check("eager, float32 logits", loss, 3e-4))

    def test_rivals_that_run_here_follow_the_same_conventions(self):
        for name in ("Liger chunked JSD", "TRL chunked divergence"):
            for loss in ("forward_kl", "jsd", "reverse_kl"):
                reason = self.check(name, loss, 3e-4)
                if reason:
                    self.assertIn("liger" if "Liger" in name else "trl",
                                  reason)

    def test_those_that_cannot_say_why(self):
        self.assertEqual(self.check("eager, bfloat16 logits", "jsd", 1),
                         "the inputs are float32")
        self.assertIn("need a GPU", self.check("ORDA", "forward_kl", 1))

    def test_bfloat16_keeps_its_tolerance(self):
        for loss in ("cross_entropy", "forward_kl", "jsd"):
            errors = bench_losses.Exact(small(loss, "bfloat16"), "cpu").errors(
                loss_providers.limbeck)
            for found in errors.values():
                self.assertLess(found["hidden"], 3e-3)
                self.assertLess(found["weight"], 3e-3)


class Tables(unittest.TestCase):
    def test_row_names_are_unique(self):
        for rows in (cpu_rows(), cuda_rows()):
            self.assertEqual(len({row.name for row in rows}), len(rows))

    def test_targets_name_rows_that_exist(self):
        names = {row.name for row in cuda_rows()}
        for _, name, rival, _ in loss_tables.TARGETS:
            self.assertIn(name, names)
            self.assertIn(rival, set(loss_providers.PROVIDERS) | {None})

    def test_slices(self):
        self.assertEqual(list(bench_losses.slice_of("1:3", 5)), [1, 2])
        self.assertEqual(list(bench_losses.slice_of(":2", 5)), [0, 1])
        self.assertEqual(list(bench_losses.slice_of(":", 3)), [0, 1, 2])

    @staticmethod
    def results(gpu, share):
        row = Row("jsd", 8192, 1536, 151936, 3584, "bfloat16")
        error = {"loss": 0.0, "hidden": 1e-3, "weight": 1e-3}
        ceilings = {"copy_bytes_per_second": 4e12,
                    "bfloat16_operations_per_second": [7e14, 8e14]}

        def provider(ratio):
            return {"seconds": {"median": 0.03 * ratio},
                    "share_of_products": [share / ratio] * 3,
                    "time_over_limbeck": [ratio] * 3, "peak_bytes": 10 ** 9,
                    "operations_per_second": share / ratio * 8e14,
                    "errors": {"random": error, "close": error}}
        return {"machine": {"gpu": gpu, "processor": "p", "threads": 1},
                "rows": [{"row": row.as_json(), "rounds": 3, "when": "-",
                          "ceilings": [ceilings, ceilings],
                          "products": {"median": 0.026}, "skipped": {},
                          "providers": {
                              "limbeck": provider(1.0),
                              "TRL chunked divergence": provider(2.0)}}]}

    def test_targets_are_met_missed_or_unmeasured(self):
        def line(text, start):
            return next(found for found in text.splitlines()
                        if found.startswith(f"| {start}"))
        measured = loss_tables.document([self.results("NVIDIA H200", 0.87)])
        self.assertIn("met: 87 %", line(measured, "jsd: >= 84 %"))
        self.assertIn("missed: 2.00x", line(measured, "JSD: >= 2.3x TRL"))
        self.assertIn("UNMEASURED", line(measured, "JSD: >= 3x Liger"))
        self.assertIn("UNMEASURED", line(measured, "forward_kl"))
        self.assertIn("| 87 % (87 % to 87 %) | 87 % | TRL", measured)
        elsewhere = loss_tables.document([self.results(None, 0.99)])
        self.assertNotIn("met:", elsewhere)


if __name__ == "__main__":
    torch.ops.load_library(sys.argv.pop())
    unittest.main()
