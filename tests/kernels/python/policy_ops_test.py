"""Losses of sampled tokens from Python: gradcheck, opcheck, presets.

Usage: policy_ops_test.py PATH_TO_LIBLIMBECK_OPS
Exits with 77 (skipped) where Python has no torch.
"""

import json
import sys
import unittest

try:
    import torch
except (ImportError, OSError, ValueError) as error:
    print(f"skipped: Python cannot import torch ({error})")
    sys.exit(77)

KINDS = ("grpo", "dapo", "dr_grpo", "gspo", "on_policy_distillation")


class Samples:
    """Five tokens of two sequences under a head of nine columns."""

    def __init__(self, dtype):
        generator = torch.Generator().manual_seed(2)

        def normal(*shape):
            return torch.randn(*shape, generator=generator, dtype=dtype)

        self.hidden = normal(5, 4).requires_grad_()
        self.weight = normal(9, 4).requires_grad_()
        self.bias = normal(9).requires_grad_()
        self.target = torch.tensor([0, 8, 3, 3, 5])
        logits = self.hidden @ self.weight.T + self.bias
        log_q = torch.log_softmax(logits.detach(), 1)
        self.logprob = log_q.gather(1, self.target[:, None])[:, 0]
        self.sampler = self.logprob + 0.3 * normal(5)
        self.reference = self.logprob + 0.3 * normal(5)
        self.advantage = normal(5)
        self.sequence = torch.tensor([7, -2, 7, 7, -2])

    def options(self, **changes):
        return dict(bias=self.bias, reference_logprob=self.reference,
                    kl_coefficient=0.2, entropy_bonus=0.1,
                    sequence_id=self.sequence, **changes)

    def parameters(self):
        return self.hidden, self.weight, self.bias


class PolicyOps(unittest.TestCase):
    def test_gradcheck_of_every_kind(self):
        s = Samples(torch.float64)
        for kind in KINDS:
            for estimator in ("k1", "k2", "k3"):
                def loss(hidden, weight, bias):
                    options = s.options(kind=kind, kl_estimator=estimator)
                    options["bias"] = bias
                    return torch.ops.limbeck.linear_policy_loss(
                        hidden, weight, s.target, s.sampler, s.advantage,
                        **options)[0]
                self.assertTrue(
                    torch.autograd.gradcheck(loss, s.parameters()))

    def test_gradcheck_of_both_logprob_outputs(self):
        s = Samples(torch.float64)

        def outputs(hidden, weight, bias):
            return torch.ops.limbeck.linear_logprob(
                hidden, weight, s.target, temperature=0.7, bias=bias)
        self.assertTrue(torch.autograd.gradcheck(outputs, s.parameters()))

    def test_logprob_equals_torch(self):
        s = Samples(torch.float32)
        logprob, entropy = torch.ops.limbeck.linear_logprob(
            s.hidden, s.weight, s.target, bias=s.bias)
        logits = s.hidden @ s.weight.T + s.bias
        expected = torch.distributions.Categorical(logits=logits)
        torch.testing.assert_close(logprob, expected.log_prob(s.target))
        torch.testing.assert_close(entropy, expected.entropy())
        ours = torch.autograd.grad((logprob - entropy).sum(), s.parameters())
        theirs = torch.autograd.grad(
            (expected.log_prob(s.target) - expected.entropy()).sum(),
            s.parameters())
        for a, b in zip(ours, theirs):
            torch.testing.assert_close(a, b)

    def test_cached_distillation_equals_the_dense_one(self):
        s = Samples(torch.float64)
        log_p = torch.log_softmax(torch.randn(5, 9, dtype=torch.float64), 1)
        head = s.weight.detach()
        direction = log_p.exp() @ head
        entropy = -(log_p.exp() * log_p).sum(1)

        def loss(hidden):
            return torch.ops.limbeck.linear_cached_distillation(
                hidden, head, direction, entropy)[0]
        self.assertTrue(torch.autograd.gradcheck(loss, (s.hidden,)))
        log_q = torch.log_softmax(s.hidden @ head.T, 1)
        torch.testing.assert_close(
            loss(s.hidden),
            torch.nn.functional.kl_div(log_q, log_p, log_target=True,
                                       reduction="batchmean"))

    def test_opcheck(self):
        for dtype in (torch.float64, torch.float32, torch.bfloat16):
            for op, arguments, options in self.calls(dtype):
                torch.library.opcheck(op.default, arguments, options)

    @staticmethod
    def calls(dtype):
        """Every operator, with every kind of optional tensor."""
        s = Samples(torch.float64)
        hidden, weight, bias = (value.detach().to(dtype).requires_grad_()
                                for value in s.parameters())
        rows = torch.float64 if dtype == torch.float64 else torch.float32
        sampler, advantage, reference = (
            value.to(rows) for value in (s.sampler, s.advantage, s.reference))
        ops = torch.ops.limbeck
        call = (hidden, weight, s.target)
        options = {"bias": bias, "reference_logprob": reference,
                   "kl_coefficient": 0.2, "entropy_bonus": 0.1,
                   "sequence_id": s.sequence}
        chosen = {"token_weight": torch.ones(5), "chunk_tokens": 2,
                  "kept_rows": torch.tensor([0, 2, 3])}
        total = {"weight_grad": torch.zeros(9, 4, dtype=rows),
                 "grad_scale": torch.tensor(2.0)}
        for kind in KINDS + ("cispo",):
            yield (ops.linear_policy_loss, call + (sampler, advantage),
                   options | {"kind": kind})
        for more in (chosen, total):
            yield (ops.linear_policy_loss, call + (sampler, advantage),
                   more | {"kind": "grpo"})
        yield ops.linear_logprob, call, {"bias": bias, "temperature": 2.0}
        yield ops.linear_cached_distillation, (
            hidden, weight.detach(), torch.zeros(5, 4, dtype=rows),
            torch.zeros(5, dtype=rows)), {}

    def test_meta_describes_every_call(self):
        for op, arguments, options in self.calls(torch.float32):
            results = op(*(value.to("meta") for value in arguments),
                         **{name: value.to("meta") if torch.is_tensor(value)
                            else value for name, value in options.items()})
            self.assertEqual(results[-1].shape, (5,))
            self.assertEqual(results[-1].device.type, "meta")

    def test_meta_beside_values_is_refused(self):
        for op, arguments, options in self.calls(torch.float32):
            for place in range(len(arguments)):
                mixed = list(arguments)
                mixed[place] = mixed[place].to("meta")
                with self.assertRaisesRegex(
                        RuntimeError, "limbeck::[a-z_]+: [a-z_]+ is on "
                        "(cpu|meta), [a-z_]+ on (cpu|meta)"):
                    op(*mixed, **options)

    def test_errors_of_logprob_name_the_operator_as_torch_does(self):
        s = Samples(torch.float32)
        with self.assertRaisesRegex(
                IndexError, r"^limbeck::linear_logprob: target\[0\] is -100"):
            torch.ops.limbeck.linear_logprob(s.hidden, s.weight,
                                             s.target - 100)

    def test_weight_grad(self):
        s = Samples(torch.float32)
        call = (s.hidden, s.weight, s.target, s.sampler, s.advantage)
        expected, = torch.autograd.grad(
            torch.ops.limbeck.linear_policy_loss(*call, kind="grpo")[0],
            s.weight)
        total = torch.zeros(9, 4)
        torch.ops.limbeck.linear_policy_loss(
            *call, kind="grpo", weight_grad=total,
            grad_scale=torch.tensor(2.0))[0].backward()
        torch.testing.assert_close(total, 2 * expected)
        self.assertIsNone(s.weight.grad)

    def test_signature_defaults(self):
        s = Samples(torch.float32)
        loss, token_loss, logprob, entropy = \
            torch.ops.limbeck.linear_policy_loss(
                s.hidden, s.weight, s.target, s.sampler, s.advantage,
                kind="dapo")
        for tensor in (token_loss, logprob, entropy):
            self.assertEqual(tensor.shape, (5,))
            self.assertFalse(tensor.requires_grad)
        torch.testing.assert_close(loss, token_loss.mean())

    def test_unknown_kind(self):
        s = Samples(torch.float32)
        with self.assertRaisesRegex(
                (RuntimeError, ValueError),
                "linear_policy_loss: kind is 'ppo', must be grpo"):
            torch.ops.limbeck.linear_policy_loss(
                s.hidden, s.weight, s.target, s.sampler, s.advantage,
                kind="ppo")


class Presets(unittest.TestCase):
    def test_options_name_the_operator_that_computes_the_same(self):
        student = torch.randn(3, 8, requires_grad=True)
        teacher = torch.randn(3, 8)
        for name in torch.ops.limbeck.preset_names():
            about = json.loads(torch.ops.limbeck.preset_options(
                name, beta=0.3, temperature=1.0))
            self.assertIn(about["operator"],
                          ("distillation", "topk_distillation"))
            if about["difference"] or about["operator"] != "distillation":
                continue
            expected, _ = torch.ops.limbeck.distillation(
                student, teacher, **about["arguments"])
            ours, _ = torch.ops.limbeck.preset_loss(
                student, preset=name, teacher_logits=teacher, beta=0.3)
            torch.testing.assert_close(ours, expected)

    def test_unknown_preset_lists_the_names(self):
        names = ", ".join(torch.ops.limbeck.preset_names())
        for call in (torch.ops.limbeck.preset_options,
                     lambda preset: torch.ops.limbeck.preset_loss(
                         torch.zeros(2, 3), preset=preset)):
            with self.assertRaisesRegex(
                    ValueError, f"preset is 'gkd', must be one of {names}"):
                call("gkd")

    def test_difference_from_the_exact_loss(self):
        student = torch.randn(3, 8, requires_grad=True)
        top = torch.log_softmax(torch.randn(3, 8), 1).topk(3)
        listed = dict(preset="verl_forward_kl_topk", top_ids=top.indices,
                      top_logprobs=top.values)
        theirs, _ = torch.ops.limbeck.preset_loss(student, **listed)
        exact, _ = torch.ops.limbeck.preset_loss(student, exact=True, **listed)
        theirs.backward()
        self.assertTrue(torch.isfinite(student.grad).all())
        self.assertGreaterEqual(theirs.item(), exact.item())


if __name__ == "__main__":
    torch.manual_seed(3)
    torch.ops.load_library(sys.argv.pop())
    unittest.main()
