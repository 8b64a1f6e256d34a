"""Makes tests/testdata/kernels/presets.txt: losses of other implementations.

Each preset of kernels/presets.h is computed here from its published definition
in extended precision, and its gradient by central differences, independently
of the C++ sources; compare_presets.py compares it with the projects' code. Run from the repository root with numpy:

    python tests/golden/make_preset_golden.py

The file is committed; run it again only to add presets. Format: the inputs,
then for each case a line "case NAME BETA TEMPERATURE TEACHER_TEMPERATURE
HARD_WEIGHT", the losses of the rows and the gradient of their sum.
"""

import pathlib

import numpy as np

OUTPUT = pathlib.Path("tests/testdata/kernels/presets.txt")
ROWS, COLUMNS, TEACHER_COLUMNS, LISTED = 4, 9, 11, 4
REAL = np.longdouble
STEP = REAL(1e-6)


def log_softmax(x):
    shifted = x - x.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def kl(log_p, log_q):
    return (np.exp(log_p) * (log_p - log_q)).sum(axis=-1)


def dense(student, teacher, t, second=1.0):
    width = min(student.shape[1], teacher.shape[1])
    return (log_softmax(teacher[:, :width] / (REAL(t) * REAL(second))),
            log_softmax(student[:, :width] / REAL(t)))


def jsd(log_p, log_q, share):
    """share weighs the teacher, in the mixture and in front of its KL."""
    if share == 0.0:
        return kl(log_p, log_q)
    if share == 1.0:
        return kl(log_q, log_p)
    share = REAL(share)
    log_m = np.log(share * np.exp(log_p) + (1 - share) * np.exp(log_q))
    return share * kl(log_p, log_m) + (1 - share) * kl(log_q, log_m)


def adaptive(log_p, log_q, mass, frozen):
    """KDFlow, ROLL: ascending order, tail while the running mass <= mass."""
    p, q = np.exp(log_p), np.exp(frozen)
    share = []
    for row in range(p.shape[0]):
        order = np.argsort(p[row], kind="stable")
        running = np.cumsum(p[row][order])
        gap = np.abs(p[row] - q[row])[order]
        tail = gap[running <= mass].sum()
        share.append((gap.sum() - tail) / gap.sum())
    share = np.array(share)
    return share * kl(log_p, log_q) + (1 - share) * kl(log_q, log_p)


def listed(student, data, t=1.0):
    full = log_softmax(student / REAL(t))
    return full, np.take_along_axis(full, data["ids"], axis=1)


def padded(student, width):
    zeros = np.zeros((student.shape[0], width - student.shape[1]), REAL)
    return np.concatenate([student, zeros], axis=1)


def distillkit_zero(student, data, t):
    _, log_q = listed(student, data, t)
    log_p = log_softmax(data["logprobs"] / REAL(t))
    return REAL(t) ** 2 * kl(log_p, log_q)


def distillkit_uniform(student, data, t):
    _, log_q = listed(student, data, t)
    log_p = data["logprobs"]
    if t != 1.0:
        power = 1 / REAL(t)
        rest = 1 - np.exp(log_p).sum(axis=1, keepdims=True)
        total = (np.exp(power * log_p).sum(axis=1, keepdims=True) +
                 rest ** power)
        log_p = power * log_p - np.log(total)

    def tail(x):
        return np.log1p(-np.clip(np.exp(x).sum(axis=1), REAL(1e-8),
                                 1 - REAL(1e-8)))

    tail_p, tail_q = tail(log_p), tail(log_q)
    return REAL(t) ** 2 * (kl(log_p, log_q) +
                           np.exp(tail_p) * (tail_p - tail_q))


def ghost(student, data):
    _, log_q = listed(student, data)
    log_p = data["logprobs"]

    def tail(x):
        return np.log(np.maximum(1 - np.exp(x).sum(axis=1), REAL(1e-8)))

    return kl(log_p, log_q) + np.exp(tail(log_p)) * (tail(log_p) - tail(log_q))


def trl_server(student, data, share):
    def classes(x):
        log_mass = np.minimum(np.log(np.exp(x).sum(axis=1)), REAL(-1e-7))
        tail = np.log(-np.expm1(log_mass))
        return np.concatenate([x, tail[:, None]], axis=1)

    return jsd(classes(data["logprobs"]), classes(listed(student, data)[1]),
               share)


def renormalized(student, data, t, second=1.0):
    own = np.take_along_axis(student, data["ids"], axis=1)
    return (log_softmax(data["logprobs"] / (REAL(t) * REAL(second))),
            log_softmax(own / REAL(t)))


def ms_swift(student, teacher, t, share):
    """Missing logits of either side are the other's."""
    v, vt = student.shape[1], teacher.shape[1]
    own = np.concatenate([student, teacher[:, v:]], axis=1)
    given = np.concatenate([teacher, student[:, vt:]], axis=1)
    return jsd(log_softmax(given / REAL(t)), log_softmax(own / REAL(t)), share)


def verl(student, data):
    _, log_q = listed(student, data)
    log_p = np.maximum(data["logprobs"], -10)
    return np.clip(kl(log_p, np.maximum(log_q, -10)), 0, 10)


def nemo_topk(student, data, weight):
    _, log_q = listed(student, data)
    log_p, log_q = log_softmax(data["logprobs"]), log_softmax(log_q)
    weight = REAL(weight)
    return weight * kl(log_p, log_q) + (1 - weight) * kl(log_q, log_p)


def nemo_zero_outside(student, data, weight):
    full, log_q = listed(student, data)
    log_p = log_softmax(data["logprobs"])
    weight = REAL(weight)
    teacher = np.full_like(full, -100)
    np.put_along_axis(teacher, data["ids"], log_p, axis=1)
    return weight * kl(log_p, log_q) + (1 - weight) * kl(full, teacher)


def soft_loss(name, student, data, case, frozen):
    beta, t, second, _ = case
    teacher = data["teacher"]
    pair = dense(student, teacher, t, second)
    forward = {
        "trl_gkd": lambda: jsd(*pair, beta),
        "liger_jsd": lambda: jsd(*pair, beta),
        "liger_padded_jsd": lambda: jsd(
            *dense(padded(student, TEACHER_COLUMNS), teacher, t), beta),
        "liger_kl_div": lambda: (np.exp(pair[0]) * (
            np.log(np.maximum(np.exp(pair[0]), REAL(1e-10))) - pair[1])
        ).sum(axis=1),
        "kdflow_jsd": lambda: jsd(*pair, 1 - beta),
        "kdflow_adaptive_kl": lambda: adaptive(
            *pair, beta, dense(frozen, teacher, t)[1]),
        "distillm_forward_kl": lambda: -(np.exp(pair[0]) *
                                         pair[1]).sum(axis=1),
        "distillm_skew_forward_kl": lambda: -(np.exp(pair[0]) * np.log(
            REAL(beta) * np.exp(pair[0]) + (1 - REAL(beta)) *
            np.exp(pair[1]))).sum(axis=1),
        "distillm_skew_reverse_kl": lambda: kl(pair[1], np.log(
            (1 - REAL(beta)) * np.exp(pair[0]) + REAL(beta) *
            np.exp(pair[1]))),
        "minillm_reverse_kl": lambda: kl(pair[1], pair[0]),
        "distillkit_kl": lambda: REAL(t) ** 2 * kl(*pair),
        "nemo_rl_mixed": lambda: REAL(beta) * kl(*pair) +
        (1 - REAL(beta)) * kl(pair[1], pair[0]),
        "roll_forward_kl": lambda: kl(*pair),
        "roll_js": lambda: roll_js(*pair),
        "trl_server_jsd": lambda: trl_server(student, data, beta),
        "ms_swift_gkd": lambda: ms_swift(student, teacher, t, beta),
        "ms_swift_topk": lambda: jsd(*renormalized(student, data, t), beta),
        "roll_topk_forward_kl": lambda: kl(
            *renormalized(student, data, t, second)),
        "tinker_topk": lambda: -(np.exp(log_softmax(data["logprobs"])) *
                                 listed(student, data)[1]).sum(axis=1),
        "distillkit_sparse_zero": lambda: distillkit_zero(student, data, t),
        "distillkit_sparse_uniform": lambda: distillkit_uniform(
            student, data, t),
        "megatron_topk": lambda: kl(data["logprobs"],
                                    listed(student, data)[1]),
        "megatron_ghost_token": lambda: ghost(student, data),
        "verl_forward_kl_topk": lambda: verl(student, data),
        "nemo_rl_topk": lambda: nemo_topk(student, data, beta),
        "nemo_rl_zero_outside": lambda: nemo_zero_outside(
            student, data, beta),
    }
    return forward[name]()


def roll_js(log_p, log_q):
    p, q, added = np.exp(log_p), np.exp(log_q), REAL(1e-9)
    log_m = np.log((p + q) / 2 + added)
    return (p * (np.log(p + added) - log_m) +
            q * (np.log(q + added) - log_m)).sum(axis=1) / 2


def loss(name, student, data, case, frozen):
    hard = REAL(case[3])
    result = (1 - hard) * soft_loss(name, student, data, case, frozen)
    if hard > 0:
        own = log_softmax(student)
        result = result - hard * np.take_along_axis(
            own, data["target"][:, None], axis=1)[:, 0]
    return result


def gradient(name, data, case):
    student = data["student"]
    result = np.zeros_like(student)
    for column in range(COLUMNS):
        step = np.zeros_like(student)
        step[:, column] = STEP
        ahead = loss(name, student + step, data, case, student)
        behind = loss(name, student - step, data, case, student)
        result[:, column] = (ahead - behind) / (2 * STEP)
    return result


# beta, temperature, teacher_temperature, hard_weight
DENSE = [(0.5, 1.0, 1.0, 0.0), (0.3, 2.0, 1.0, 0.25)]
CASES = {
    "trl_gkd": DENSE + [(0.0, 1.0, 1.0, 0.0), (1.0, 1.0, 1.0, 0.0)],
    "liger_jsd": DENSE,
    "liger_padded_jsd": DENSE,
    "liger_kl_div": DENSE,
    "kdflow_jsd": DENSE,
    "kdflow_adaptive_kl": DENSE,
    "distillm_forward_kl": DENSE,
    "distillm_skew_forward_kl": DENSE,
    "distillm_skew_reverse_kl": DENSE,
    "minillm_reverse_kl": DENSE,
    "distillkit_kl": DENSE,
    "nemo_rl_mixed": DENSE,
    "roll_forward_kl": DENSE + [(0.5, 2.0, 1.5, 0.0)],
    "roll_js": [(0.5, 1.0, 1.0, 0.0), (0.5, 2.0, 1.5, 0.25)],
    "trl_server_jsd": [(0.5, 1.0, 1.0, 0.0), (0.3, 1.0, 1.0, 0.25)],
    "ms_swift_gkd": DENSE,
    "ms_swift_topk": DENSE + [(0.0, 1.0, 1.0, 0.0)],
    "roll_topk_forward_kl": DENSE + [(0.5, 2.0, 1.5, 0.0)],
    "tinker_topk": [(0.5, 1.0, 1.0, 0.0), (0.5, 1.0, 1.0, 0.25)],
    "distillkit_sparse_zero": DENSE,
    "distillkit_sparse_uniform": DENSE,
    "megatron_topk": [(0.5, 1.0, 1.0, 0.0), (0.5, 1.0, 1.0, 0.25)],
    "megatron_ghost_token": [(0.5, 1.0, 1.0, 0.0), (0.5, 1.0, 1.0, 0.25)],
    "verl_forward_kl_topk": [(0.5, 1.0, 1.0, 0.0), (0.5, 1.0, 1.0, 0.25)],
    "nemo_rl_topk": [(0.5, 1.0, 1.0, 0.0), (0.3, 1.0, 1.0, 0.25)],
    "nemo_rl_zero_outside": [(0.5, 1.0, 1.0, 0.0), (0.3, 1.0, 1.0, 0.25)],
}


def inputs():
    random = np.random.default_rng(20261122)
    student = np.round(random.normal(0, 2, (ROWS, COLUMNS)), 3)
    teacher = np.round(random.normal(0, 2, (ROWS, TEACHER_COLUMNS)), 3)
    teacher[0, 2] = -21.0  # below every clamp
    teacher[3, 1] = 22.0  # a tail below every clamp
    student[1] += np.where(np.arange(COLUMNS) == 4, 9.0, 0.0)
    shared = log_softmax(teacher[:, :COLUMNS].astype(REAL))
    ids = np.argsort(-shared, axis=1, kind="stable")[:, :LISTED]
    ids[0, 3] = 2  # log-probability about -25
    # As float64: what the operators are given.
    logprobs = np.take_along_axis(shared, ids, axis=1).astype(np.float64)
    return {
        "student": student.astype(REAL),
        "teacher": teacher.astype(REAL),
        "ids": ids,
        "logprobs": logprobs.astype(REAL),
        "target": np.array([1, 8, 4, 0]),
    }


def text(values):
    return " ".join(repr(float(value)) for value in np.ravel(values))


def main():
    data = inputs()
    lines = [f"shape {ROWS} {COLUMNS} {TEACHER_COLUMNS} {LISTED}"]
    for name in ("student", "teacher", "logprobs"):
        lines.append(f"{name} {text(data[name])}")
    for name in ("ids", "target"):
        lines.append(f"{name} " + " ".join(map(str, np.ravel(data[name]))))
    for name, cases in CASES.items():
        for case in cases:
            lines.append(f"case {name} " + " ".join(map(repr, case)))
            lines.append(text(loss(name, data["student"], data, case,
                                   data["student"])))
            lines.append(text(gradient(name, data, case)))
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
