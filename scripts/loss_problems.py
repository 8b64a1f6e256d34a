"""The losses that bench_losses.py times: their inputs, definitions, and rows.

A row is one loss at one shape. Definitions are written with PyTorch's own
operators, in the dtype of the logits: float64 is the reference for errors,
float32 and bfloat16 are the eager rivals.
"""

import math
from dataclasses import asdict, dataclass

import torch

DENSE = ("forward_kl", "reverse_kl", "jsd", "skew_forward_kl",
         "skew_reverse_kl", "total_variation", "adaptive_kl", "symmetric_kl")
ENTRIES = 20  # of a top-k teacher


@dataclass(frozen=True)
class Row:
    """One loss at one shape. hidden and teacher_hidden are widths."""
    loss: str
    tokens: int
    hidden: int
    columns: int
    teacher_hidden: int = 0
    dtype: str = "float32"

    @property
    def name(self):
        teacher = f"+{self.teacher_hidden}" if self.teacher_hidden else ""
        return (f"{self.loss} {self.tokens}x{self.hidden}{teacher}"
                f"x{self.columns} {self.dtype}")

    @property
    def is_dense(self):
        return self.loss in DENSE

    def operations(self):
        """Useful floating-point operations: 6 N H V, and 2 N Ht V."""
        width = 6 * self.hidden + 2 * self.teacher_hidden
        if self.loss == "logprob":  # its gradient cannot be known in forward
            width += 2 * self.hidden
        return width * self.tokens * self.columns

    def as_json(self):
        return {"name": self.name} | asdict(self)


def cpu_rows():
    small, large = 32000, 151936
    rows = [Row("cross_entropy", *shape) for shape in (
        (64, 896, small), (256, 896, small), (512, 1536, small),
        (64, 896, large), (256, 896, large))]
    rows += [Row(loss, 256, 896, small, 1536) for loss in DENSE]
    rows += [Row("jsd", 64, 896, large, 1536),
             Row("forward_kl", 256, 896, large, 1536),
             Row("topk_forward_kl", 256, 896, small),
             Row("topk_jsd", 256, 896, small),
             Row("grpo", 256, 896, small),
             Row("logprob", 256, 896, small)]
    rows += [Row(loss, 256, 896, small, width, "bfloat16")
             for loss, width in (("cross_entropy", 0), ("forward_kl", 1536),
                                 ("jsd", 1536), ("topk_forward_kl", 0))]
    return rows


def cuda_rows():
    columns = 151936

    def dense(loss, tokens=8192, hidden=1536, teacher=3584, width=columns):
        return Row(loss, tokens, hidden, width, teacher, "bfloat16")

    rows = [dense("cross_entropy", teacher=0)]
    rows += [dense(loss) for loss in DENSE]
    rows += [dense("topk_forward_kl", teacher=0),
             dense("topk_jsd", teacher=0), dense("grpo", teacher=0),
             dense("logprob", teacher=0)]
    rows += [dense(loss, tokens) for tokens in (4096, 32768)
             for loss in ("forward_kl", "jsd")]
    rows += [dense("forward_kl", hidden=4096, teacher=4096, width=128256),
             dense("jsd", hidden=4096, teacher=4096, width=128256),
             dense("forward_kl", hidden=3584, teacher=8192),
             dense("cross_entropy", 4096, 4096, 0, 128256),
             dense("cross_entropy", 32768, teacher=0)]
    return rows


class Problem:
    """The inputs of a row, `tokens` of its rows.

    kind "random": teacher and student are unrelated. kind "close": the teacher
    is the student with a little noise in its head, so that the gradient is a
    difference of almost equal numbers.
    """

    def __init__(self, row, device, kind="random", tokens=None):
        self.row = row
        self.tokens = row.tokens if tokens is None else tokens
        dtype = getattr(torch, row.dtype)
        generator = torch.Generator(device=device).manual_seed(1)

        def normal(*shape, scale=1.0):
            values = torch.randn(*shape, generator=generator, device=device)
            return values.mul_(scale).to(dtype)

        def integers(high, *shape):
            return torch.randint(high, shape, generator=generator,
                                 device=device)

        width, columns = row.hidden, row.columns
        self.hidden = normal(self.tokens, width).requires_grad_()
        # Logits of spread 3: peaks near 13 among 32,000 columns.
        self.weight = normal(columns, width, scale=3 / math.sqrt(width))
        self.target = integers(columns, self.tokens)
        if row.is_dense and kind == "close":
            self.teacher_hidden = self.hidden.detach()
            self.teacher_weight = self.weight + normal(
                columns, width, scale=0.1 / math.sqrt(width))
        elif row.is_dense:
            teacher = row.teacher_hidden
            self.teacher_hidden = normal(self.tokens, teacher)
            self.teacher_weight = normal(columns, teacher,
                                         scale=3 / math.sqrt(teacher))
        if row.loss.startswith("topk_"):
            # No id twice in a list.
            steps = torch.arange(ENTRIES, device=device) * (columns // ENTRIES)
            self.top_ids = (integers(columns, self.tokens, 1) + steps) % columns
            draws = torch.rand(self.tokens, ENTRIES, generator=generator,
                               device=device)
            self.top_logprobs = torch.log(0.9 * draws / draws.sum(1, True))
        if row.loss == "grpo":
            self.advantage = torch.randn(self.tokens, generator=generator,
                                         device=device)
            self.sampler_logprob = torch.full((self.tokens,),
                                              -math.log(columns),
                                              device=device)
        self.weight.requires_grad_()

    def inputs_bytes(self):
        return sum(value.nbytes for value in vars(self).values()
                   if isinstance(value, torch.Tensor))


def dense_divergence(name, student, teacher, mix=0.5):
    """Sum over columns, mean over rows. Conventions of docs/operators.md."""
    lq = torch.log_softmax(student, -1)
    lp = torch.log_softmax(teacher, -1)
    p, q = lp.exp(), lq.exp()

    def kl(share, log_share, log_other):
        return (share * (log_share - log_other)).sum(-1).mean()

    def log_mixture(teacher_share):
        return torch.logaddexp(lp + math.log(teacher_share),
                               lq + math.log1p(-teacher_share))

    if name == "forward_kl":
        return kl(p, lp, lq)
    if name == "reverse_kl":
        return kl(q, lq, lp)
    if name == "jsd":
        lm = log_mixture(mix)
        return mix * kl(p, lp, lm) + (1 - mix) * kl(q, lq, lm)
    if name == "skew_forward_kl":
        return kl(p, lp, log_mixture(mix))
    if name == "skew_reverse_kl":
        return kl(q, lq, log_mixture(1 - mix))
    if name == "total_variation":
        return 0.5 * (p - q).abs().sum(-1).mean()
    if name == "symmetric_kl":
        return (1 - mix) * kl(p, lp, lq) + mix * kl(q, lq, lp)
    share = adaptive_share(p.detach(), q.detach(), mix)
    both = torch.stack([(p * (lp - lq)).sum(-1), (q * (lq - lp)).sum(-1)])
    return (share * both[0] + (1 - share) * both[1]).mean()


def adaptive_share(p, q, head_mass):
    ordered, order = p.sort(-1, descending=True)
    head = ordered.cumsum(-1) <= head_mass
    head[:, 0] = True
    gap = (p - q).abs().gather(-1, order)
    return (gap * head).sum(-1) / gap.sum(-1)


def topk_divergence(problem, logits):
    """The K + 1 classes of a list and its tail; forward KL or JSD(0.5)."""
    lse = logits.logsumexp(-1, keepdim=True)
    listed = logits.gather(-1, problem.top_ids) - lse
    tail = torch.log1p(-listed.exp().sum(-1, keepdim=True))
    log_q = torch.cat([listed, tail], -1)
    given = problem.top_logprobs.to(logits.dtype)
    log_p = torch.cat([given, torch.log1p(-given.exp().sum(-1, keepdim=True))],
                      -1)
    name = problem.row.loss.removeprefix("topk_")
    p, q = log_p.exp(), log_q.exp()
    if name == "forward_kl":
        return (p * (log_p - log_q)).sum(-1).mean()
    log_m = torch.logaddexp(log_p, log_q) - math.log(2)
    return 0.5 * (p * (log_p - log_m) + q * (log_q - log_m)).sum(-1).mean()


def sampled_loss(problem, logits):
    """GRPO's token loss, or the mean log-probability plus mean entropy."""
    logprobs = torch.log_softmax(logits, -1)
    chosen = logprobs.gather(-1, problem.target[:, None]).squeeze(-1)
    if problem.row.loss == "logprob":
        entropy = -(logprobs.exp() * logprobs).sum(-1)
        return chosen.mean() + entropy.mean()
    ratio = (chosen - problem.sampler_logprob.to(logits.dtype)).exp()
    advantage = problem.advantage.to(logits.dtype)
    clipped = ratio.clamp(0.8, 1.28)
    return -torch.minimum(ratio * advantage, clipped * advantage).mean()


def defined_loss(problem, hidden, weight, logit_dtype):
    """The row's loss by definition, all logits at once."""
    logits = (hidden @ weight.T).to(logit_dtype)
    row = problem.row
    if row.loss == "cross_entropy":
        return torch.nn.functional.cross_entropy(logits, problem.target)
    if row.loss.startswith("topk_"):
        return topk_divergence(problem, logits)
    if not row.is_dense:
        return sampled_loss(problem, logits)
    with torch.no_grad():
        teacher = problem.teacher_hidden.to(hidden.dtype) @ \
            problem.teacher_weight.to(hidden.dtype).T
    return dense_divergence(row.loss, logits, teacher.to(logit_dtype))


def reference(problem):
    """loss, dX, dW in float64."""
    hidden = problem.hidden.detach().double().requires_grad_()
    weight = problem.weight.detach().double().requires_grad_()
    loss = defined_loss(problem, hidden, weight, torch.float64)
    loss.backward()
    return loss.detach(), hidden.grad, weight.grad
