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


def row_table(result):
    rate = result["providers"]
    lines = [f"### {result['row']['name']}", "",
             f"Products alone {1e3 * result['products']['median']:.1f} ms, "
             f"{result['rounds']} rounds, {result['when']}.", "",
             "| Provider | ms | share of products | time / ours | dX error "
             "| dX, close | dW error | loss error | memory |",
             "|---|---|---|---|---|---|---|---|---|"]
    for name, provider in rate.items():
        ratio = provider.get("time_over_limbeck")
        memory = provider.get("peak_bytes")
        lines.append(" | ".join([
            f"| {name}", f"{1e3 * provider['seconds']['median']:.1f}",
            span(provider["share_of_products"], lambda v: f"{100 * v:.0f} %"),
            span(ratio, lambda v: f"{v:.2f}") if ratio else "-",
            worst(provider, "random", "hidden"),
            worst(provider, "close", "hidden"),
            worst(provider, "random", "weight"),
            worst(provider, "random", "loss"),
            f"{memory / 1e6:.0f} MB |" if memory is not None else "- |"]))
    if result["skipped"]:
        lines += ["", "Not run: " + "; ".join(
            f"{name} ({reason})"
            for name, reason in result["skipped"].items()) + "."]
    return lines + [""]


def overview(results):
    """One line per row: ours, and the quickest of the others."""
    lines = ["| Row | ours, ms | share of products | quickest other "
             "| its time / ours | its share | our dX error |",
             "|---|---|---|---|---|---|---|"]
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
            name or "-",
            span(other["time_over_limbeck"], lambda v: f"{v:.2f}")
            if other else "-",
            f"{100 * other['share_of_products'][0]:.0f} %" if other else "-",
            worst(ours, "random", "hidden")]) + " |")
    return lines + [""]


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


def ceiling_line(results):
    parts = []
    for moment in ("first", "last"):
        found = results["ceilings"].get(moment)
        if not found:
            continue
        products = "; ".join(
            f"{name.removesuffix('_operations_per_second')} products "
            + " and ".join(f"{value / 1e9:.0f}" for value in values)
            + " GFLOP/s" for name, values in found.items()
            if name.endswith("operations_per_second"))
        parts.append(f"{moment}: copy "
                     f"{found['copy_bytes_per_second'] / 1e9:.1f} GB/s; "
                     f"{products}")
    return "Ceilings, " + ". ".join(parts) + "."


def document(all_results):
    lines = ["# Losses: speed, error, memory", "",
             "Written by `scripts/bench_losses.py --table`. Time of a forward "
             "and a backward pass", "with dW added to an existing buffer; "
             "share = time of the bare matrix products / time,",
             "both of one round; medians with bootstrap 95 % intervals. "
             "Errors are relative (L2 for", "gradients) against float64 on 32 "
             "rows. Memory is what one pass takes beyond what was there.", ""]
    for results in all_results:
        lines += [f"## {machine_line(results)}", "", ceiling_line(results), "",
                  *overview(results)]
        for row in results["rows"]:
            lines += row_table(row)
    return "\n".join(lines + targets(all_results)).rstrip()
