"""Results of bench_losses.py as Markdown, with the targets they must meet."""

# On an H200: (what is asked, row, rival or None for the share, factor).
GPU_NAME = "H200"
KD = "8192x1536+3584x151936 bfloat16"
CE = "8192x1536x151936 bfloat16"
SHARE = 0.84
TARGETS = [
    *[(f"{loss}: >= 84 % of the products", f"{loss} {KD}", None, SHARE)
      for loss in ("forward_kl", "reverse_kl", "jsd", "skew_forward_kl",
                   "skew_reverse_kl", "total_variation", "adaptive_kl",
                   "symmetric_kl")],
    ("forward KL: >= 1.7x TRL chunked", f"forward_kl {KD}",
     "TRL chunked divergence", 1.7),
    ("JSD: >= 2.3x TRL chunked", f"jsd {KD}", "TRL chunked divergence", 2.3),
    ("forward KL: no slower than Liger behind a teacher head",
     f"forward_kl {KD}", "Liger fused linear KL behind a teacher head", 1.0),
    ("JSD: >= 3x Liger fused linear JSD", f"jsd {KD}",
     "Liger fused linear JSD", 3.0),
    ("cross entropy: >= 4x Liger's Triton path", f"cross_entropy {CE}",
     "Liger fused linear CE", 4.0),
    ("cross entropy: >= 90 % of the products", f"cross_entropy {CE}", None,
     0.90),
    ("logprob: >= 84 % of the products", f"logprob {CE}", None, SHARE),
]
UNMEASURED = "UNMEASURED"


def percent(value):
    if value is None:
        return "-"
    if value == 0:
        return "0"
    return f"{100 * value:.2g} %" if value >= 1e-4 else f"{value:.1e}"


def span(values, form):
    return f"{form(values[0])} ({form(values[1])} to {form(values[2])})"


def worst(provider, kind, key):
    found = provider["errors"].get(kind)
    return percent(found[key]) if found else "-"


def peak_rate(result):
    """The fastest product of the row's dtype in the same run, operations/s."""
    key = f"{result['row']['dtype']}_operations_per_second"
    return max(max(found[key]) for found in result["ceilings"] if key in found)


def share_of_peak(result, provider):
    return f"{100 * provider['operations_per_second'] / peak_rate(result):.0f} %"


def reasons(skipped):
    """Those that did not run, by the reason why."""
    names = {}
    for name, reason in skipped.items():
        names.setdefault(reason, []).append(name)
    return ". ".join(f"{reason}: {'; '.join(group)}"
                     for reason, group in names.items())


def row_table(result):
    rate = result["providers"]
    lines = [f"### {result['row']['name']}", "",
             f"Products alone {1e3 * result['products']['median']:.1f} ms, "
             f"{result['rounds']} rounds, {result['when']}. "
             f"{ceiling_text(result['ceilings'])}", "",
             "| Provider | ms | share of products | of peak | time / ours "
             "| dX error | dX, close | dW error | loss error | memory |",
             "|---|---|---|---|---|---|---|---|---|---|"]
    for name, provider in rate.items():
        ratio = provider.get("time_over_limbeck")
        memory = provider.get("peak_bytes")
        lines.append(" | ".join([
            f"| {name}", f"{1e3 * provider['seconds']['median']:.1f}",
            span(provider["share_of_products"], lambda v: f"{100 * v:.0f} %"),
            share_of_peak(result, provider),
            span(ratio, lambda v: f"{v:.2f}") if ratio else "-",
            worst(provider, "random", "hidden"),
            worst(provider, "close", "hidden"),
            worst(provider, "random", "weight"),
            worst(provider, "random", "loss"),
            f"{memory / 1e6:.0f} MB |" if memory is not None else "- |"]))
    if result["skipped"]:
        lines += ["", f"Not run. {reasons(result['skipped'])}."]
    return lines + [""]


def overview(results):
    """One line per row: ours, and the quickest of the others."""
    lines = ["| Row | ours, ms | share of products | of peak "
             "| quickest other | its time / ours | its share | our dX error "
             "| its dX error |", "|---|---|---|---|---|---|---|---|---|"]
    for result in results["rows"]:
        providers = result["providers"]
        ours = providers.get("limbeck")
        if ours is None:
            continue
        others = {name: p for name, p in providers.items()
                  if not name.startswith("limbeck")}
        name = min(others, key=lambda n: others[n]["seconds"]["median"],
                   default=None)
        other = others.get(name)
        lines.append("| " + " | ".join([
            result["row"]["name"], f"{1e3 * ours['seconds']['median']:.1f}",
            span(ours["share_of_products"], lambda v: f"{100 * v:.0f} %"),
            share_of_peak(result, ours), name or "-",
            span(other["time_over_limbeck"], lambda v: f"{v:.2f}")
            if other else "-",
            f"{100 * other['share_of_products'][0]:.0f} %" if other else "-",
            hidden_errors(ours), hidden_errors(other) if other else "-"])
            + " |")
    return lines + [""]


def hidden_errors(provider):
    """Of unrelated and, for dense losses, of close pairs."""
    close = worst(provider, "close", "hidden")
    return worst(provider, "random", "hidden") + \
        (f", close {close}" if close != "-" else "")


def error_table(losses):
    """dX errors of ours and of PyTorch's operators, unrelated / close pairs."""
    columns = (("limbeck", "float32"), ("eager, float32 logits", "float32"),
               ("limbeck", "bfloat16"), ("eager, float32 logits", "bfloat16"),
               ("eager, bfloat16 logits", "bfloat16"))

    def cell(found):
        parts = [percent(found[kind]["hidden"])
                 for kind in ("random", "close") if kind in found]
        return " / ".join(parts)
    return ["| Loss | " + " | ".join(
        f"{name.replace('limbeck', 'ours')}, {dtype} inputs"
        for name, dtype in columns) + " |", "|---" * 6 + "|",
        *(f"| {loss} | " + " | ".join(cell(found[column])
                                      for column in columns) + " |"
          for loss, found in losses.items())]


def verdict(rows, name, rival, factor):
    result = rows.get(name)
    ours = result and result["providers"].get("limbeck")
    if not ours:
        return UNMEASURED
    if rival is None:
        value = ours["share_of_products"]
        text = span(value, lambda v: f"{100 * v:.0f} %")
    elif rival in result["providers"]:
        value = result["providers"][rival]["time_over_limbeck"]
        text = span(value, lambda v: f"{v:.2f}x")
    else:
        return UNMEASURED
    return f"{'met' if value[0] >= factor else 'missed'}: {text}"


def targets(all_results):
    rows = {}
    for results in all_results:
        if GPU_NAME in (results["machine"].get("gpu") or ""):
            rows.update({row["row"]["name"]: row for row in results["rows"]})
    lines = [f"## Targets on an {GPU_NAME}", "",
             "| Target | Result |", "|---|---|"]
    lines += [f"| {text} | {verdict(rows, name, rival, factor)} |"
              for text, name, rival, factor in TARGETS]
    return lines + [""]


def machine_line(results):
    facts = results["machine"]
    where = facts.get("gpu") or facts["processor"]
    rest = ", ".join(f"{name} {facts[name]}" for name in (
        "torch", "cuda", "liger-kernel", "trl", "orda-kernel", "triton")
        if facts.get(name))
    return f"{where}, {facts['threads']} threads, {rest}"


def ceiling_text(moments):
    """The ceilings of a row: before and after its rounds."""
    def both(key, scale, unit):
        values = [f"{found[key] / scale:.1f}" for found in moments]
        return f"{' and '.join(values)} {unit}"
    products = "; ".join(
        f"{name.removesuffix('_operations_per_second')} products "
        + " and ".join(f"{max(found[name]) / 1e9:.0f}" for found in moments)
        + " GFLOP/s" for name in moments[0] if name.endswith("per_second")
        and not name.startswith("copy"))
    return (f"Ceilings before and after: copy "
            f"{both('copy_bytes_per_second', 1e9, 'GB/s')}; {products}.")


def document(all_results):
    lines = ["# Losses: speed, error, memory", "",
             "Written by `scripts/bench_losses.py --table`. Time of a forward "
             "and a backward pass", "with dW added to an existing buffer; "
             "medians with bootstrap 95 % intervals.", "",
             "- Share of products: time of the bare matrix products "
             "(PyTorch's, in place) / time, both", "  of one round. Above "
             "100 % where our own division of the products between threads",
             "  beats PyTorch's.",
             "- Of peak: useful operations per second (6 H V and 2 Ht V a "
             "token, whatever is recomputed)", "  / the fastest product of "
             "that dtype measured beside the row.",
             "- Time / ours: ratios of one round.",
             "- Errors are relative (L2 for gradients) against float64 on 32 "
             "rows; close: the teacher is", "  the student with a little "
             "noise in its head.",
             "- Memory is what one pass takes beyond what was there.", ""]
    for results in all_results:
        lines += [f"## {machine_line(results)}", ""]
        if results.get("note"):  # by hand: what disturbed the run, say
            lines += [results["note"], ""]
        lines += overview(results)
        for row in results["rows"]:
            lines += row_table(row)
    return "\n".join(lines + targets(all_results)).rstrip()
