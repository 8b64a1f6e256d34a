"""The operators from Python: torch.ops, gradcheck, opcheck.

Usage: ops_test.py PATH_TO_LIBLIMBECK_OPS
Exits with 77 (skipped) where Python has no torch.
"""

import importlib.util
import pathlib
import re
import sys
import unittest

try:
    import torch
except (ImportError, OSError, ValueError) as error:
    print(f"skipped: Python cannot import torch ({error})")
    sys.exit(77)

EXAMPLE = pathlib.Path(__file__).parents[3] / \
    "kernels/python/example_training_step.py"
DOCUMENT = EXAMPLE.parents[2] / "docs/operators.md"

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

    def test_gradcheck_of_cross_entropy(self):
        hidden, weight, _, _ = inputs()
        target = torch.tensor([0, 8, -100, 3, 4])
        bias = torch.linspace(-1, 1, 9, dtype=torch.float64,
                              requires_grad=True)
        for options in ({}, {"label_smoothing": 0.1}, {"z_loss": 1e-2},
                        {"softcap": 2.0},
                        {"label_smoothing": 0.2, "z_loss": 0.1,
                         "softcap": 3.0}):
            def loss(h, w, b, chosen=options):
                return torch.ops.limbeck.linear_cross_entropy(
                    h, w, target, bias=b, **chosen)[0]
            self.assertTrue(torch.autograd.gradcheck(loss,
                                                     (hidden, weight, bias)))

    def test_gradcheck_of_given_logits(self):
        hidden, weight, teacher_hidden, teacher_weight = inputs()
        logits = (hidden @ weight.T).detach().requires_grad_()
        teacher = teacher_hidden @ teacher_weight.T
        top = torch.log_softmax(teacher, 1).topk(4)
        target = torch.tensor([0, 8, -100, 3, 4])
        ops = torch.ops.limbeck
        for loss in (
                lambda x: ops.cross_entropy(x, target)[0],
                lambda x: ops.distillation(
                    x, teacher, divergence="reverse_kl", temperature=2.0,
                    temperature_squared=True, target=target,
                    cross_entropy_share=0.3)[0],
                lambda x: ops.topk_distillation(
                    x, top.indices, top.values, divergence="forward_kl",
                    tail="zero")[0],
                lambda x: ops.topk_distillation(
                    x, top.indices, top.values, divergence="forward_kl",
                    tail="renormalized", num_valid_columns=9)[0]):
            self.assertTrue(torch.autograd.gradcheck(loss, (logits,)))

    def test_gradcheck_of_total_variation(self):
        """Away from its kinks at p = q."""
        _, _, teacher_hidden, teacher_weight = inputs()
        teacher = teacher_hidden @ teacher_weight.T
        logits = (teacher + torch.linspace(-3, 3, 9)).requires_grad_()
        self.assertTrue(torch.autograd.gradcheck(
            lambda x: torch.ops.limbeck.distillation(
                x, teacher, divergence="total_variation")[0], (logits,)))

    def test_opcheck(self):
        for dtype in (torch.float64, torch.float32, torch.bfloat16):
            for op, arguments, options in self.calls(dtype):
                torch.library.opcheck(op.default, arguments, options)

    @staticmethod
    def calls(dtype):
        """Every operator, plain and with every kind of optional tensor."""
        hidden, weight, teacher_hidden, teacher_weight = (
            value.detach().to(dtype) for value in inputs())
        hidden.requires_grad_()
        weight.requires_grad_()
        logits = (hidden @ weight.T).detach().requires_grad_()
        teacher = teacher_hidden @ teacher_weight.T
        top = torch.log_softmax(teacher.float(), 1).topk(3)
        target = torch.tensor([0, 1, -100, 3, 4])
        ops = torch.ops.limbeck
        named = {"divergence": "jsd"}
        bias = torch.zeros(9, dtype=dtype)
        mixed = named | {"target": target, "cross_entropy_share": 0.25,
                         "token_weight": torch.ones(5),
                         "kept_rows": torch.tensor([0, 1, 3])}
        head = {"bias": bias.clone().requires_grad_(), "chunk_tokens": 2}
        sums = torch.float64 if dtype == torch.float64 else torch.float32
        total = {"weight_grad": torch.zeros(9, 4, dtype=sums),
                 "grad_scale": torch.tensor(2.0)}
        dense = (hidden, weight, teacher_hidden, teacher_weight)
        listed = (top.indices, top.values)
        tail = torch.full((5,), -2.0)
        return (
            (ops.cross_entropy, (logits, target), {}),
            (ops.cross_entropy, (logits, target),
             {"label_smoothing": 0.1, "token_weight": torch.ones(5)}),
            (ops.linear_cross_entropy, (hidden, weight, target), {}),
            (ops.linear_cross_entropy, (hidden, weight, target), head),
            (ops.linear_cross_entropy, (hidden, weight, target), total),
            (ops.distillation, (logits, teacher), named),
            (ops.distillation, (logits, teacher), mixed),
            (ops.linear_distillation, dense, named),
            (ops.linear_distillation, dense,
             mixed | head | {"teacher_bias": bias}),
            (ops.linear_distillation, dense, mixed | total),
            (ops.topk_distillation, (logits, *listed), named),
            (ops.topk_distillation, (logits, *listed, tail), mixed),
            (ops.linear_topk_distillation, (hidden, weight, *listed), named),
            (ops.linear_topk_distillation, (hidden, weight, *listed, tail),
             mixed | head))

    @staticmethod
    def on(device, values):
        if isinstance(values, dict):
            return {name: value.to(device) if torch.is_tensor(value) else value
                    for name, value in values.items()}
        return [value.to(device) for value in values]

    def test_value_of_classes_that_do_not_sum_to_one(self):
        p = torch.tensor([0.3, 0.2, 0.4], dtype=torch.float64)
        logits = inputs()[0].detach()[:1].requires_grad_()
        log_q = torch.log_softmax(logits, 1)[0]
        log_q = torch.stack((log_q[0], log_q[1], log_q[2:].logsumexp(0)))
        forward = (p * (p.log() - log_q)).sum()
        reverse = (log_q.exp() * (log_q - p.log())).sum()
        for divergence, plain, constant in (("forward_kl", forward, 0.1),
                                            ("reverse_kl", reverse, -0.1)):
            ours = torch.ops.limbeck.topk_distillation(
                logits, torch.tensor([[0, 1]]), p[None, :2].log(),
                p[2:].log(), divergence=divergence)[0]
            torch.testing.assert_close(ours, plain + constant)
            torch.testing.assert_close(
                *(torch.autograd.grad(loss, logits, retain_graph=True)[0]
                  for loss in (ours, plain)))

    def test_row_without_a_distribution_is_nan(self):
        target = torch.tensor([0, 1])
        for divergence in DIVERGENCES:
            logits = torch.full((2, 5), -torch.inf, requires_grad=True)
            loss, token_loss = torch.ops.limbeck.distillation(
                logits, torch.zeros(2, 5), divergence=divergence)
            loss.backward()
            self.assertTrue(token_loss.isnan().all())
            self.assertTrue(logits.grad.isnan().all())
        logits = torch.full((2, 5), -torch.inf, requires_grad=True)
        torch.ops.limbeck.cross_entropy(logits, target)[0].backward()
        self.assertTrue(logits.grad.isnan().any(1).all())

    def test_meta_describes_every_call(self):
        for op, arguments, options in self.calls(torch.float32):
            loss, token_loss = op(*self.on("meta", arguments),
                                  **self.on("meta", options))
            self.assertEqual((loss.shape, token_loss.shape), ((), (5,)))
            self.assertEqual(loss.device.type, "meta")

    def test_meta_beside_values_is_refused(self):
        for op, arguments, options in self.calls(torch.float32):
            for place in range(len(arguments)):
                mixed = list(arguments)
                mixed[place] = mixed[place].to("meta")
                with self.assertRaisesRegex(
                        RuntimeError, "limbeck::[a-z_]+: [a-z_]+ is on "
                        "(cpu|meta), [a-z_]+ on (cpu|meta)"):
                    op(*mixed, **options)
        logits = torch.randn(4, 6)
        target = torch.zeros(4, dtype=torch.int64, device="meta")
        with self.assertRaisesRegex(
                RuntimeError, "limbeck::cross_entropy: target is on meta, "
                "student_logits on cpu"):
            torch.ops.limbeck.cross_entropy(logits, target)

    def test_meta_checks_shapes_and_types(self):
        ops = torch.ops.limbeck
        hidden = torch.empty(4, 6, device="meta")
        weight = torch.empty(9, 6, device="meta")
        target = torch.empty(4, dtype=torch.int64, device="meta")
        with self.assertRaisesRegex(
                RuntimeError, "limbeck::linear_cross_entropy: weight has H = 5 "
                r"\(dimension 1\), hidden has H = 6"):
            ops.linear_cross_entropy(hidden, weight[:, :5], target)
        with self.assertRaisesRegex(
                TypeError, "weight is BFloat16, hidden is Float"):
            ops.linear_cross_entropy(hidden, weight.bfloat16(), target)
        with self.assertRaisesRegex(
                ValueError, "chunk_tokens is -1, must be 0 or more"):
            ops.linear_cross_entropy(hidden, weight, target, chunk_tokens=-1)

    def test_compiled_graph_with_symbolic_shapes(self):
        def loss(logits, target):
            return torch.ops.limbeck.cross_entropy(logits, target)[0] * 2
        compiled = torch.compile(loss, backend="aot_eager", fullgraph=True,
                                 dynamic=True)
        for rows in (3, 5):
            logits = torch.randn(rows, 7)
            target = torch.arange(rows)
            torch.testing.assert_close(compiled(logits, target),
                                       loss(logits, target))

    def test_compiled_graph_gives_the_same(self):
        hidden, weight, teacher_hidden, teacher_weight = inputs(torch.float32)

        def loss(h, w):
            return 2 * torch.ops.limbeck.linear_distillation(
                h, w, teacher_hidden, teacher_weight, divergence="jsd")[0]
        expected = torch.autograd.grad(loss(hidden, weight), (hidden, weight))
        compiled = torch.compile(loss, backend="aot_eager", fullgraph=True)
        ours = torch.autograd.grad(compiled(hidden, weight), (hidden, weight))
        torch.testing.assert_close(ours, expected)

    def test_backward_scales_and_repeats(self):
        hidden, weight, _, _ = inputs(torch.float32)
        target = torch.tensor([0, 1, 2, 3, 4])
        loss, _ = torch.ops.limbeck.linear_cross_entropy(hidden, weight,
                                                         target)
        once, = torch.autograd.grad(loss, weight, retain_graph=True)
        kept = once.clone()
        once.add_(1.0)  # the caller's to change
        again, = torch.autograd.grad(loss, weight, retain_graph=True)
        torch.testing.assert_close(again, kept)
        for _ in range(2):
            loss.backward(retain_graph=True)
        torch.testing.assert_close(weight.grad, 2 * kept)
        half, = torch.autograd.grad(0.5 * loss, weight)
        torch.testing.assert_close(half, 0.5 * kept)

    def test_example_gives_the_losses_of_plain_pytorch(self):
        spec = importlib.util.spec_from_file_location("example", EXAMPLE)
        example = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(example)
        plain = example.train(example.one_step(example.plain_loss))
        self.assertLess(plain[-1], plain[0])
        for step in (example.one_step(example.fused_loss), example.trl_step):
            for ours, theirs in zip(example.train(step), plain):
                self.assertAlmostEqual(ours, theirs, delta=2e-5 * theirs)

    def test_code_of_the_operators_page_runs(self):
        page = DOCUMENT.read_text()
        blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
        self.assertGreaterEqual(len(blocks), 3)
        scope = {}
        for block in blocks:  # each may use what those before it made
            for line in block.splitlines():
                if "load_library" not in line:
                    continue
                block = block.replace(line, "pass")
            exec(compile(block, str(DOCUMENT), "exec"), scope)

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
