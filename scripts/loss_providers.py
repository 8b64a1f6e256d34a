"""Who computes a loss in bench_losses.py: ours, PyTorch's, other kernels'.

A provider turns a problem into a step: one forward and backward pass that
leaves dX in hidden.grad and adds dW to an existing buffer, as training with
accumulation does. What a provider cannot do it says by raising Skip.
"""

import contextlib
import importlib
import importlib.metadata
import sys
import types

import torch

from loss_problems import defined_loss

VERSIONS = {"liger-kernel": "0.8.5", "trl": "1.16.0", "orda-kernel": "0.1.0"}


class Skip(Exception):
    """Why a provider does not take part in a row."""


class Step:
    """One pass of `loss(problem)`, and where its dW went."""

    def __init__(self, problem, loss, weight_grad=None):
        self.problem = problem
        self.loss = loss
        self.weight_grad = weight_grad
        if weight_grad is None:
            problem.weight.grad = torch.zeros_like(problem.weight)

    def run(self):
        self.problem.hidden.grad = None
        loss = self.loss(self.problem)
        loss.backward()
        return loss.detach()

    def gradients(self):
        """dX and dW of one pass, from a zeroed buffer."""
        buffer = self.weight_grad
        if buffer is None:
            buffer = self.problem.weight.grad
        buffer.zero_()
        loss = self.run()
        return loss, self.problem.hidden.grad, buffer

    def close(self):
        self.problem.weight.grad = None
        self.problem.hidden.grad = None


def limbeck_loss(problem, **options):
    ops, row = torch.ops.limbeck, problem.row
    head = (problem.hidden, problem.weight)
    if row.loss == "cross_entropy":
        return ops.linear_cross_entropy(*head, problem.target, **options)[0]
    if row.is_dense:
        return ops.linear_distillation(
            *head, problem.teacher_hidden, problem.teacher_weight,
            divergence=row.loss, **options)[0]
    if row.loss.startswith("topk_"):
        return ops.linear_topk_distillation(
            *head, problem.top_ids, problem.top_logprobs,
            divergence=row.loss.removeprefix("topk_"), **options)[0]
    if row.loss == "grpo":
        if not hasattr(ops, "linear_policy_loss"):
            raise Skip("linear_policy_loss is not in this library")
        return ops.linear_policy_loss(
            *head, problem.target, problem.sampler_logprob, problem.advantage,
            kind="grpo", **options)[0]
    if not hasattr(ops, "linear_logprob"):
        raise Skip("linear_logprob is not in this library")
    logprob, entropy = ops.linear_logprob(*head, problem.target, **options)
    return logprob.mean() + entropy.mean()


def limbeck(problem):
    """Ours, dW straight into a float32 buffer."""
    buffer = torch.zeros_like(problem.weight, dtype=torch.float32)
    return Step(problem, lambda p: limbeck_loss(p, weight_grad=buffer), buffer)


def limbeck_autograd(problem):
    """Ours, dW through autograd into weight.grad."""
    return Step(problem, limbeck_loss)


def eager(problem, logit_dtype=torch.float32):
    return Step(problem, lambda p: defined_loss(p, p.hidden, p.weight,
                                                logit_dtype))


def eager_bf16(problem):
    if problem.row.dtype != "bfloat16":
        raise Skip("the inputs are float32")
    return eager(problem, torch.bfloat16)


def compiled(problem, logit_dtype=torch.float32):
    torch._dynamo.reset()
    function = torch.compile(defined_loss, dynamic=False)
    return Step(problem, lambda p: function(p, p.hidden, p.weight,
                                            logit_dtype))


def compiled_bf16(problem):
    if problem.row.dtype != "bfloat16":
        raise Skip("the inputs are float32")
    return compiled(problem, torch.bfloat16)


def rival(package, module):
    """The module of a rival at the pinned version."""
    try:
        version = importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        raise Skip(f"{package} is not installed "
                   "(scripts/setup --rivals)") from None
    if version != VERSIONS[package]:
        raise Skip(f"{package} is {version}, pinned is {VERSIONS[package]}")
    try:
        return importlib.import_module(module)
    except Exception as error:  # whatever the import of a rival may raise
        raise Skip(f"{module} cannot be imported: {error}") from error


def needs_gpu(problem, package):
    if not problem.hidden.is_cuda:
        raise Skip(f"{package}'s Triton kernels need a GPU")


def gkd_beta(problem):
    """The losses that GKD's one parameter reaches."""
    betas = {"forward_kl": 0.0, "jsd": 0.5, "reverse_kl": 1.0}
    if problem.row.loss not in betas:
        raise Skip("the loss is not among its own")
    return betas[problem.row.loss]


def liger_cross_entropy(problem, accumulate=None):
    if problem.row.loss != "cross_entropy":
        raise Skip("cross entropy only")
    needs_gpu(problem, "liger-kernel")
    function = rival("liger-kernel",
                     "liger_kernel.ops").LigerFusedLinearCrossEntropyFunction

    def loss(p):
        result = function.apply(p.hidden, p.weight, p.target, None, None, -100,
                                0.0, 0.0, "mean", None, False, accumulate)
        return result[0] if isinstance(result, tuple) else result
    return Step(problem, loss)


def liger_cross_entropy_fp32(problem):
    return liger_cross_entropy(problem, torch.float32)


def liger_jsd(problem, accumulate=None):
    beta = gkd_beta(problem)
    needs_gpu(problem, "liger-kernel")
    function = rival("liger-kernel",
                     "liger_kernel.ops").LigerFusedLinearJSDFunction
    return Step(problem, lambda p: function.apply(
        p.hidden, p.weight, p.teacher_hidden, p.teacher_weight, None, beta,
        -100, 1.0, accumulate))


def liger_jsd_fp32(problem):
    return liger_jsd(problem, torch.float32)


def liger_kl(problem):
    """Behind a teacher head and softmax, which that kernel takes as given."""
    if problem.row.loss != "forward_kl":
        raise Skip("forward KL only")
    needs_gpu(problem, "liger-kernel")
    function = rival("liger-kernel", "liger_kernel.ops.fused_linear_kl_div"
                     ).LigerFusedLinearKLDivFunction

    def loss(p):
        with torch.no_grad():
            logits = p.teacher_hidden @ p.teacher_weight.T
            target = torch.softmax(logits, -1)
            del logits
        return function.apply(p.hidden, p.weight, target)
    return Step(problem, loss)


def liger_chunked_jsd(problem, compile_chunks=False):
    beta = gkd_beta(problem)
    module = rival("liger-kernel", "liger_kernel.chunked_loss.jsd_loss")
    function = module.LigerFusedLinearJSDLoss(
        weight_hard_loss=0.0, weight_soft_loss=1.0, beta=beta,
        compiled=compile_chunks)
    return Step(problem, lambda p: function(
        p.hidden, p.weight, p.teacher_hidden, p.teacher_weight, p.target))


def liger_chunked_jsd_compiled(problem):
    return liger_chunked_jsd(problem, True)


def trl_divergence(problem):
    """TRL's kernel without its trainers, which need packages of their own."""
    beta = gkd_beta(problem)
    if "trl.trainer.utils" not in sys.modules:
        rival("trl", "trl")
        trainer = types.ModuleType("trl.trainer")
        trainer.__path__ = []
        utilities = types.ModuleType("trl.trainer.utils")
        # Gathers a sharded head under DeepSpeed; here it is whole.
        utilities.maybe_gather_lm_head_ctx = (
            lambda *heads: contextlib.nullcontext())
        sys.modules["trl.trainer"] = trainer
        sys.modules["trl.trainer.utils"] = utilities
    function = rival("trl", "trl.kernels.chunked_divergence"
                     ).ChunkedDivergenceFunction
    return Step(problem, lambda p: function.apply(
        p.hidden, p.weight, None, p.teacher_hidden, p.teacher_weight, None,
        beta)[0].mean())


def orda(problem):
    kinds = {"cross_entropy": None, "forward_kl": "forward",
             "reverse_kl": "reverse"}
    if problem.row.loss not in kinds:
        raise Skip("the loss is not among its own, or under another convention")
    needs_gpu(problem, "orda-kernel")
    api = rival("orda-kernel", "orda_kernel.api")
    kind = kinds[problem.row.loss]

    def loss(p):
        if kind is None:
            teacher = api.TiedTeacher(p.hidden.detach())
            return api.distillation_loss(p.hidden, p.weight, p.target, teacher,
                                         student_ce_weight=1.0,
                                         kl_weight=0.0).loss
        teacher = api.SeparateTeacher(p.teacher_hidden, p.teacher_weight)
        return api.distillation_loss(
            p.hidden, p.weight, p.target, teacher, student_ce_weight=0.0,
            kl_weight=1.0, kl_divergence=kind).loss
    return Step(problem, loss)


PROVIDERS = {
    "limbeck": limbeck,
    "limbeck, dW by autograd": limbeck_autograd,
    "eager, float32 logits": eager,
    "eager, bfloat16 logits": eager_bf16,
    "torch.compile, float32 logits": compiled,
    "torch.compile, bfloat16 logits": compiled_bf16,
    "Liger fused linear CE": liger_cross_entropy,
    "Liger fused linear CE, float32 dW": liger_cross_entropy_fp32,
    "Liger fused linear JSD": liger_jsd,
    "Liger fused linear JSD, float32 dW": liger_jsd_fp32,
    "Liger fused linear KL behind a teacher head": liger_kl,
    "Liger chunked JSD": liger_chunked_jsd,
    "Liger chunked JSD, compiled": liger_chunked_jsd_compiled,
    "TRL chunked divergence": trl_divergence,
    "ORDA": orda,
}
