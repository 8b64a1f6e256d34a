"""The operators on a GPU from Python: no waiting, memory, graphs, opcheck.

Usage: device_test.py PATH_TO_LIBLIMBECK_OPS
Exits with 77 (skipped) where Python has no torch or torch no GPU.
"""

import sys
import unittest

try:
    import torch
except (ImportError, OSError, ValueError) as error:
    print(f"skipped: Python cannot import torch ({error})")
    sys.exit(77)

TOKENS, WIDTH, COLUMNS, ENTRIES = 70, 32, 515, 9


def problem(dtype, requires_grad=True):
    """Arguments of each operator on the GPU, by its name."""
    generator = torch.Generator(device="cuda").manual_seed(1)

    def normal(*shape, kind=dtype):
        return torch.randn(*shape, generator=generator, device="cuda",
                           dtype=torch.float32).to(kind)

    hidden = normal(TOKENS, WIDTH).requires_grad_(requires_grad)
    weight = normal(COLUMNS, WIDTH).requires_grad_(requires_grad)
    teacher = normal(TOKENS, WIDTH), normal(COLUMNS, WIDTH)
    target = torch.randint(COLUMNS, (TOKENS,), generator=generator,
                           device="cuda")
    target[3] = -100
    top = torch.log_softmax((teacher[0] @ teacher[1].T).float(), 1).topk(
        ENTRIES)
    single = normal(TOKENS, kind=torch.float32)
    kept = target.clamp(min=0)
    mixed = {"target": target, "cross_entropy_share": 0.25,
             "temperature": 1.5}
    return {
        "linear_cross_entropy": ((hidden, weight, target),
                                 {"label_smoothing": 0.1}),
        "linear_distillation": ((hidden, weight, *teacher),
                                {"divergence": "jsd", **mixed}),
        "linear_topk_distillation": (
            (hidden, weight, top.indices.int(), top.values),
            {"divergence": "reverse_kl", **mixed}),
        "linear_policy_loss": (
            (hidden, weight, kept, single - 6, single),
            {"kind": "grpo", "entropy_bonus": 0.1}),
        "linear_logprob": ((hidden, weight, kept), {}),
        "linear_cached_distillation": (
            (hidden, weight, normal(TOKENS, WIDTH, kind=torch.float32),
             single.abs()), {}),
    }


def call(name, arguments, options):
    return getattr(torch.ops.limbeck, name)(*arguments, **options)


def step(name, arguments, options):
    loss = call(name, arguments, options)[0].sum()
    return torch.autograd.grad(loss, arguments[:1])


class Device(unittest.TestCase):
    def test_nothing_waits_for_the_device(self):
        for dtype in (torch.float32, torch.bfloat16):
            for name, (arguments, options) in problem(dtype).items():
                step(name, arguments, options)
                torch.cuda.synchronize()
                with self.subTest(operator=name, dtype=dtype):
                    torch.cuda.set_sync_debug_mode("error")
                    try:
                        step(name, arguments, options)
                    finally:
                        torch.cuda.set_sync_debug_mode("default")

    def test_a_captured_graph_gives_the_same_bits(self):
        for name, (arguments, options) in problem(
                torch.bfloat16, requires_grad=False).items():
            with self.subTest(operator=name):
                side = torch.cuda.Stream()
                with torch.cuda.stream(side):
                    expected = call(name, arguments, options)[0].clone()
                torch.cuda.synchronize()
                graph = torch.cuda.CUDAGraph()
                with torch.cuda.graph(graph):
                    result = call(name, arguments, options)[0]
                graph.replay()
                torch.cuda.synchronize()
                self.assertTrue(torch.equal(result, expected))

    def test_opcheck(self):
        for name, (arguments, options) in problem(torch.float32).items():
            with self.subTest(operator=name):
                torch.library.opcheck(
                    getattr(torch.ops.limbeck, name).default, arguments,
                    options)

    def test_memory_at_real_size(self):
        """docs/operators.md: at most 2.6 GB at any N."""
        width, other, columns = 1536, 3584, 151936
        for tokens in (4096, 16384):
            with self.subTest(tokens=tokens):
                def normal(*shape):
                    return torch.randn(*shape, device="cuda",
                                       dtype=torch.bfloat16).mul_(0.02)
                hidden = normal(tokens, width).requires_grad_()
                weight = normal(columns, width).requires_grad_()
                teacher = normal(tokens, other), normal(columns, other)
                weight_grad = torch.zeros(columns, width, device="cuda")
                options = {"divergence": "forward_kl",
                           "weight_grad": weight_grad, "chunk_tokens": 2048}
                torch.cuda.synchronize()
                torch.cuda.reset_peak_memory_stats()
                before = torch.cuda.memory_allocated()
                torch.ops.limbeck.linear_distillation(
                    hidden, weight, *teacher, **options)[0].backward()
                extra = torch.cuda.max_memory_allocated() - before \
                    - hidden.nbytes
                print(f"{tokens} tokens: {extra / 1e9:.3f} GB beyond inputs "
                      "and gradients")
                self.assertLessEqual(extra, 2.6e9)

    def test_bits_repeat_beside_other_work(self):
        """Blocks of another stream delay ours: no race may show."""
        noise = torch.randn(2048, 2048, device="cuda")
        side = torch.cuda.Stream()
        for name, (arguments, options) in problem(torch.bfloat16).items():
            with self.subTest(operator=name):
                first = step(name, arguments, options)[0]
                for _ in range(20):
                    with torch.cuda.stream(side):
                        torch.mm(noise, noise)
                    again = step(name, arguments, options)[0]
                    self.assertTrue(torch.equal(first, again))


if __name__ == "__main__":
    if not torch.cuda.is_available():
        print("skipped: no CUDA device")
        sys.exit(77)
    torch.ops.load_library(sys.argv.pop(1))
    unittest.main()
