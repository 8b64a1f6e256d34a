"""The operators from Python: torch.ops, gradcheck, opcheck.

Usage: ops_test.py PATH_TO_LIBLIMBECK_OPS
Exits with 77 (skipped) where Python has no torch.
"""

import sys
import unittest

try:
    import torch
except (ImportError, OSError) as error:
    print(f"skipped: Python cannot import torch ({error})")
    sys.exit(77)

DIVERGENCES = ("forward_kl", "reverse_kl", "jsd", "skew_forward_kl",
               "skew_reverse_kl", "symmetric_kl")


def inputs(dtype=torch.float64):
    generator = torch.Generator().manual_seed(1)

    def normal(*shape):
        return torch.randn(*shape, generator=generator, dtype=dtype)

    return normal(5, 4).requires_grad_(), normal(9, 4).requires_grad_(), \
        normal(5, 3), normal(9, 3)


class Ops(unittest.TestCase):
    def test_cross_entropy_equals_torch(self):
        logits = torch.randn(6, 33, requires_grad=True)
        target = torch.tensor([1, 2, -100, 32, 0, 5])
        loss, token_loss = torch.ops.limbeck.cross_entropy(logits, target)
        expected = torch.nn.functional.cross_entropy(logits, target)
        torch.testing.assert_close(loss, expected)
        self.assertEqual(token_loss[2].item(), 0.0)
        ours, = torch.autograd.grad(loss, logits, retain_graph=True)
        theirs, = torch.autograd.grad(expected, logits)
        torch.testing.assert_close(ours, theirs)

    def test_gradcheck(self):
        hidden, weight, teacher_hidden, teacher_weight = inputs()
        for divergence in DIVERGENCES:
            def loss(h, w, name=divergence):
                return torch.ops.limbeck.linear_distillation(
                    h, w, teacher_hidden, teacher_weight, divergence=name,
                    mix=0.3, temperature=1.5)[0]
            self.assertTrue(torch.autograd.gradcheck(loss, (hidden, weight)))

    def test_opcheck(self):
        hidden, weight, teacher_hidden, teacher_weight = inputs(torch.float32)
        torch.library.opcheck(
            torch.ops.limbeck.linear_distillation.default,
            (hidden, weight, teacher_hidden, teacher_weight),
            {"divergence": "jsd"})
        torch.library.opcheck(
            torch.ops.limbeck.linear_cross_entropy.default,
            (hidden, weight, torch.tensor([0, 1, 2, 3, 4])))

    def test_error_names_argument_and_both_values(self):
        with self.assertRaisesRegex(RuntimeError, "N = 3 .* has N = 2"):
            torch.ops.limbeck.cross_entropy(
                torch.zeros(2, 4), torch.zeros(3, dtype=torch.int64))


if __name__ == "__main__":
    torch.ops.load_library(sys.argv.pop())
    unittest.main()
