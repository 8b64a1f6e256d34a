"""The operators from Python: torch.ops, gradcheck, opcheck.

Usage: ops_test.py PATH_TO_LIBLIMBECK_OPS
Exits with 77 (skipped) where Python has no torch.
"""

import sys
import unittest

try:
    import torch
except (ImportError, OSError, ValueError) as error:
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

    def test_gradcheck_of_a_list(self):
        hidden, weight, teacher_hidden, teacher_weight = inputs()
        top = torch.log_softmax(teacher_hidden @ teacher_weight.T, 1).topk(4)

        def loss(h, w):
            return torch.ops.limbeck.linear_topk_distillation(
                h, w, top.indices, top.values, divergence="jsd",
                target=torch.tensor([0, 8, -100, 3, 4]),
                cross_entropy_share=0.5)[0]
        self.assertTrue(torch.autograd.gradcheck(loss, (hidden, weight)))

    def test_opcheck(self):
        hidden, weight, teacher_hidden, teacher_weight = inputs(torch.float32)
        logits = (hidden @ weight.T).detach().requires_grad_()
        teacher = teacher_hidden @ teacher_weight.T
        top = torch.log_softmax(teacher, 1).topk(3)
        target = torch.tensor([0, 1, 2, 3, 4])
        ops = torch.ops.limbeck
        named = {"divergence": "jsd"}
        for op, arguments, options in (
                (ops.cross_entropy, (logits, target), {}),
                (ops.linear_cross_entropy, (hidden, weight, target),
                 {"bias": torch.zeros(9, requires_grad=True)}),
                (ops.distillation, (logits, teacher), named),
                (ops.linear_distillation,
                 (hidden, weight, teacher_hidden, teacher_weight), named),
                (ops.topk_distillation, (logits, top.indices, top.values),
                 named),
                (ops.linear_topk_distillation,
                 (hidden, weight, top.indices, top.values), named)):
            torch.library.opcheck(op.default, arguments, options)

    def test_weight_grad_receives_the_head_gradient(self):
        hidden, weight, _, _ = inputs(torch.float32)
        target = torch.tensor([0, 1, 2, 3, 4])
        expected, = torch.autograd.grad(
            torch.nn.functional.cross_entropy(hidden @ weight.T, target),
            weight)
        total = torch.zeros(9, 4)
        loss, _ = torch.ops.limbeck.linear_cross_entropy(
            hidden, weight, target, weight_grad=total,
            grad_scale=torch.tensor(2.0))
        loss.backward()
        torch.testing.assert_close(total, 2 * expected)
        self.assertIsNone(weight.grad)
        with torch.no_grad():
            torch.ops.limbeck.linear_cross_entropy(
                hidden, weight, target, weight_grad=total)
        torch.testing.assert_close(total, 2 * expected)

    def test_inference_mode(self):
        with torch.inference_mode():
            loss, token_loss = torch.ops.limbeck.cross_entropy(
                torch.zeros(2, 4), torch.tensor([0, 3]))
        torch.testing.assert_close(loss, torch.tensor(4.0).log())
        self.assertEqual(token_loss.shape, (2,))

    def test_error_names_argument_and_both_values(self):
        with self.assertRaisesRegex(RuntimeError, "N = 3 .* has N = 2"):
            torch.ops.limbeck.cross_entropy(
                torch.zeros(2, 4), torch.zeros(3, dtype=torch.int64))


if __name__ == "__main__":
    torch.ops.load_library(sys.argv.pop())
    unittest.main()
