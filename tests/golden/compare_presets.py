"""Compares tests/testdata/kernels/presets.txt with the published code itself.

The golden numbers are written from definitions (make_preset_golden.py); this
runs the functions of the projects on the same inputs, in float64 instead of
their float32. Run it after adding a preset or to read a newer version:

    .limbeck/python/bin/python tests/golden/compare_presets.py FOLDER...

A FOLDER holds unpacked wheels or checkouts, one folder each (`pip download
--no-deps trl==1.16.0 liger-kernel==0.8.5 ms-swift==4.6.0 verl==0.9.1
megatron-core==0.19.2 tinker-cookbook==0.6.1`; git checkouts of DistillKit
a61c2e7, KDFlow 3a7a21a, distillm d47e77f, ROLL 8eb27cc, NeMo RL 7ea279a).
Site-packages are searched as well. What is not found is said and left out.
"""

import ast
import math
import pathlib
import sys
import types

import torch
import torch.distributed.tensor  # NeMo RL asks for its DTensor
import torch.nn.functional as F

GOLDEN = pathlib.Path("tests/testdata/kernels/presets.txt")
TOLERANCE = 1e-9


def read_golden():
    lines = iter(GOLDEN.read_text().splitlines())
    data, cases = {}, []
    for line in lines:
        word, *rest = line.split()
        if word == "shape":
            n, v, vt, k = map(int, rest)
            shapes = {"student": (n, v), "teacher": (n, vt),
                      "logprobs": (n, k), "ids": (n, k), "target": (n,)}
        elif word == "case":
            loss, gradient = ([float(x) for x in next(lines).split()]
                              for _ in range(2))
            cases.append((rest[0], [float(x) for x in rest[1:]],
                          torch.tensor(loss, dtype=torch.float64),
                          torch.tensor(gradient, dtype=torch.float64)
                          .reshape(n, v)))
        else:
            kind = torch.int64 if word in ("ids", "target") else torch.float64
            number = int if kind == torch.int64 else float
            data[word] = torch.tensor([number(x) for x in rest],
                                      dtype=kind).reshape(shapes[word])
    return types.SimpleNamespace(**data), cases


class Sources:
    """Functions and classes of files, without their modules' imports."""

    def __init__(self, folders):
        self.folders = [pathlib.Path(folder) for folder in folders]
        self.folders += [pathlib.Path(p) for p in sys.path if p]

    def path(self, suffix):
        for folder in self.folders:
            for found in [folder / suffix, *folder.glob(f"*/{suffix}")]:
                if found.is_file():
                    return found
        raise FileNotFoundError(f"{suffix} is in none of the folders")

    def load(self, suffix, *names, **known):
        text = self.path(suffix).read_text()
        for narrow, wide in (("torch.float32", "torch.float64"),
                             (".float()", ".double()")):
            text = text.replace(narrow, wide)
        wanted = [node for node in ast.walk(ast.parse(text))
                  if getattr(node, "name", None) in names]
        for node in wanted:
            if isinstance(node, ast.FunctionDef):
                node.decorator_list = []
        module = ast.Module(
            [ast.ImportFrom("__future__", [ast.alias("annotations")], 0),
             *wanted], [])
        scope = {"torch": torch, "F": F, "math": math, **known}
        exec(compile(ast.fix_missing_locations(module), suffix, "exec"), scope)
        return types.SimpleNamespace(**{name: scope[name] for name in names})


def narrowed(student, teacher):
    width = min(student.shape[-1], teacher.shape[-1])
    return student[..., :width], teacher[..., :width]


def rows(function, *tensors):
    """A loss that a project averages or sums, of each row alone."""
    return torch.stack([function(*(t[i:i + 1] for t in tensors)).reshape(())
                        for i in range(len(tensors[0]))])


# --- one function per project: (sources, data, student, case) -> [N] ---

def trl_gkd(sources, data, student, case):
    function = sources.load("trl/experimental/gkd/gkd_trainer.py",
                            "generalized_jsd_loss").generalized_jsd_loss
    return rows(lambda s, t: function(s, t, beta=case.beta,
                                      temperature=case.temperature,
                                      reduction="sum"),
                *narrowed(student, data.teacher))


def trl_server(sources, data, student, case):
    code = sources.load(
        "trl/experimental/server_distillation/server_distillation_trainer.py",
        "_jsd_divergence", "_add_tail_bucket")
    listed = torch.ones_like(data.ids, dtype=torch.bool)
    log_q = torch.log_softmax(student, -1).gather(-1, data.ids)
    log_q, mask = code._add_tail_bucket(log_q, listed)
    log_p, _ = code._add_tail_bucket(data.logprobs, listed)
    return code._jsd_divergence(log_q, log_p, case.beta, mask).sum(-1)


def liger_chunked(sources, data, student, case):
    code = sources.load("liger_kernel/chunked_loss/jsd_loss.py",
                        "distillation_loss_fn")
    missing = data.teacher.shape[1] - student.shape[1]
    padded = F.pad(student, (0, missing)) / case.temperature
    return rows(lambda s, t: code.distillation_loss_fn(s, t, case.beta),
                padded, data.teacher / case.temperature)


def kdflow(name, argument):
    def run(sources, data, student, case):
        names = {"jsd": ("js_div", "compute_js_div"),
                 "akl": ("adaptive_kl_div", "compute_adaptive_kl_div")}
        file, function = names[name]
        code = sources.load(f"kdflow/loss/{file}.py", function)
        return getattr(code, function)(
            *narrowed(student, data.teacher), temperature=case.temperature,
            **{argument: case.beta})
    return run


def distillm(name, mixes=True):
    def run(sources, data, student, case):
        function = getattr(sources.load("distillm/losses.py", name), name)
        extra = {"lam": case.beta} if mixes else {}
        return rows(lambda s, t: function(
            s / case.temperature, t / case.temperature,
            {"label": torch.zeros(1)}, **extra),
            *narrowed(student, data.teacher))
    return run


def minillm(sources, data, student, case):
    code = sources.load("minillm/utils.py", "get_entropy", "get_x_entropy")
    s, t = narrowed(student / case.temperature,
                    data.teacher / case.temperature)
    none = torch.zeros_like(s, dtype=torch.bool)
    return code.get_x_entropy(s, t, none, 1) - code.get_entropy(s, none, 1)


def roll(objective, listed=False):
    def run(sources, data, student, case):
        code = sources.load("roll/pipeline/distill/various_divergence.py",
                            "VariousDivergence", IGNORE_INDEX=-100)
        divergence = code.VariousDivergence(types.SimpleNamespace(
            kd_temperature=case.temperature, kd_objective=objective,
            adaptive_kl_alpha=case.beta))
        # The teacher's side as op_compute_topk_probs_and_indices does it.
        s, t = narrowed(student, data.teacher)
        if listed:
            s, t = student.gather(-1, data.ids), data.logprobs
        t = t / case.temperature / case.teacher_temperature
        return divergence(s, t.softmax(-1), t.log_softmax(-1), t.isinf())
    return run


def distillkit_dense(sources, data, student, case):
    code = sources.load("distillkit/lossfuncs/kl.py", "dense_kl_div")
    return case.temperature ** 2 * rows(
        lambda s, t: code.dense_kl_div(s, t, temperature=case.temperature),
        *narrowed(student, data.teacher))


def distillkit_sparse(missing):
    def run(sources, data, student, case):
        kinds = sources.load("distillkit/missing_probability.py",
                             "MissingProbabilityHandling",
                             Enum=__import__("enum").Enum)
        handling = kinds.MissingProbabilityHandling
        common = sources.load("distillkit/lossfuncs/common.py",
                              "get_logprobs", "get_target_logprobs",
                              MissingProbabilityHandling=handling)
        code = sources.load("distillkit/lossfuncs/kl.py",
                            "sparse_kl_div_inner",
                            MissingProbabilityHandling=handling,
                            get_logprobs=common.get_logprobs)
        return case.temperature ** 2 * rows(
            lambda s, i, p: code.sparse_kl_div_inner(
                s[None], i[None], p[None], missing=handling[missing],
                temperature=case.temperature),
            student, data.ids, data.logprobs)
    return run


def megatron(ghost):
    def run(sources, data, student, case):
        code = sources.load("megatron/training/distillation/"
                            "cached_logits_loss.py", "topk_kl_div",
                            dist=types.SimpleNamespace(ProcessGroup=None),
                            CACHED_LOGITS_LOGPROB_SENTINEL=-1e4)
        loss = code.topk_kl_div(student.clone()[:, None],
                                data.logprobs[:, None], data.ids[:, None], 1,
                                0, None, add_ghost_token=ghost)
        return loss.reshape(-1)
    return run


def verl(sources, data, student, case):
    code = sources.load("verl/trainer/distillation/fsdp/losses.py",
                        "kl_divergence", "compute_forward_kl_topk",
                        get_ulysses_sequence_parallel_world_size=lambda: 1)
    config = types.SimpleNamespace(distillation_loss=types.SimpleNamespace(
        use_chunked_topk=False, log_prob_min_clamp=-10.0))

    def nested(values):
        return types.SimpleNamespace(is_nested=True, values=lambda: values)
    loss = code.compute_forward_kl_topk(
        student[None], nested(data.logprobs), nested(data.ids), config, "thd")
    # The clamps of trainer/distillation/losses.py, with their defaults.
    return loss["distillation_losses"][0].clamp_min(0.0).clamp(-10.0, 10.0)


def nemo(zero_outside, dense=False):
    def run(sources, data, student, case):
        code = sources.load(
            "nemo_rl/algorithms/loss/loss_functions.py", "DistillationLossFn",
            LossFunction=object, LossType=types.SimpleNamespace(TOKEN_LEVEL=0),
            LossInputType=types.SimpleNamespace(DISTILLATION=0))
        inputs = sources.load(
            "nemo_rl/distributed/model_utils.py",
            "get_distillation_topk_logprobs_from_logits")
        loss = code.DistillationLossFn(types.SimpleNamespace(
            kl_type="mixed", mixed_kl_weight=case.beta,
            zero_outside_topk=zero_outside))
        ids, teacher = data.ids, data.logprobs
        if dense:
            student, teacher = narrowed(student / case.temperature,
                                        data.teacher / case.temperature)
            ids = torch.arange(student.shape[1]).expand_as(student)

        def row(s, t, i):
            # Its last position has no next token and is cut off.
            two = (x.expand(2, -1)[None] for x in (s, t, i))
            parts = inputs.get_distillation_topk_logprobs_from_logits(
                *two, zero_outside, zero_outside)
            return loss(*parts, {"input_ids": s}, None, None)[0]
        return rows(row, student, teacher, ids)
    return run


def ms_swift(listed):
    def run(sources, data, student, case):
        code = sources.load(
            "swift/rlhf_trainers/gkd_loss.py", "default_log_softmax",
            "default_kl_div", "jsd_loss", "_align_vocab", Callable=None)
        if listed:
            s, t = student.gather(-1, data.ids), data.logprobs
        else:
            s, t = code._align_vocab(student, data.teacher.clone())
        return rows(lambda a, b: code.jsd_loss(a, b, case.beta),
                    s / case.temperature, t / case.temperature)
    return run


def tinker(sources, data, student, case):
    """Only the weights are published; the service's loss is -sum w log q."""
    text = sources.path(
        "tinker_cookbook/distillation/train_off_policy.py").read_text()
    assert "topk_logprobs -= torch.logsumexp(topk_logprobs, dim=-1" in text
    weights = (data.logprobs - data.logprobs.logsumexp(-1, True)).exp()
    log_q = torch.log_softmax(student, -1).gather(-1, data.ids)
    return -(weights * log_q).sum(-1)


PUBLISHED = {
    "trl_gkd": trl_gkd, "trl_server_jsd": trl_server,
    "liger_padded_jsd": liger_chunked,
    "kdflow_jsd": kdflow("jsd", "jsd_beta"),
    "kdflow_adaptive_kl": kdflow("akl", "adaptive_kl_alpha"),
    "distillm_forward_kl": distillm("forward_kl", False),
    "distillm_skew_forward_kl": distillm("skewed_forward_kl"),
    "distillm_skew_reverse_kl": distillm("skewed_reverse_kl"),
    "minillm_reverse_kl": minillm,
    "distillkit_kl": distillkit_dense,
    "distillkit_sparse_zero": distillkit_sparse("ZERO"),
    "distillkit_sparse_uniform": distillkit_sparse("SYMMETRIC_UNIFORM"),
    "roll_forward_kl": roll("forward_kl"), "roll_js": roll("js_divergence"),
    "roll_topk_forward_kl": roll("forward_kl", True),
    "megatron_topk": megatron(False), "megatron_ghost_token": megatron(True),
    "verl_forward_kl_topk": verl,
    "nemo_rl_mixed": nemo(False, True), "nemo_rl_topk": nemo(False),
    "nemo_rl_zero_outside": nemo(True),
    "ms_swift_gkd": ms_swift(False), "ms_swift_topk": ms_swift(True),
    "tinker_topk": tinker,
}


def compare(sources, data, name, numbers, loss, gradient):
    case = types.SimpleNamespace(**dict(zip(
        ("beta", "temperature", "teacher_temperature", "hard"), numbers)))
    student = data.student.clone().requires_grad_()
    soft = PUBLISHED[name](sources, data, student, case)
    hard = F.cross_entropy(student, data.target, reduction="none")
    total = (1 - case.hard) * soft + case.hard * hard
    total.sum().backward()
    return ((total - loss).abs().max().item(),
            (student.grad - gradient).abs().max().item())


def main():
    sources = Sources(sys.argv[1:])
    data, cases = read_golden()
    wrong = 0
    for name, numbers, loss, gradient in cases:
        if name not in PUBLISHED:
            print(f"{name:26} not compared")
            continue
        try:
            gaps = compare(sources, data, name, numbers, loss, gradient)
        except FileNotFoundError as error:
            print(f"{name:26} left out: {error}")
            continue
        good = max(gaps) <= TOLERANCE
        wrong += not good
        print(f"{name:26} {numbers} loss {gaps[0]:.1e} gradient {gaps[1]:.1e} "
              f"{'equal' if good else 'DIFFERENT'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
