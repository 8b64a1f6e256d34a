// The report's style sheet: readable on a phone, in the dark and on paper.
#ifndef LIMBECK_RECIPES_REPORT_STYLE_H_
#define LIMBECK_RECIPES_REPORT_STYLE_H_

namespace limbeck::report {

inline constexpr char kStyleSheet[] = R"css(
:root {
  --ink: #1d2330; --soft: #5b6577; --line: #d9dee7; --page: #ffffff;
  --tint: #f4f6fa; --good: #1b7f4d; --bad: #b3372f;
  --s0: #2f5fb3; --s1: #d9722b; --s2: #2a8f7a; --s3: #9a4fa8; --s4: #b8901c;
  --s5: #5f6b7a;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e6e9f0; --soft: #9aa5b8; --line: #353d4c; --page: #14181f;
    --tint: #1d232d; --good: #58c48c; --bad: #ee8078;
    --s0: #7da5ee; --s1: #f0a066; --s2: #5fc7b1; --s3: #cf93da; --s4: #e0bd55;
    --s5: #9aa5b8;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.55 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
}
main { max-width: 60rem; margin: 0 auto; padding: 1.2rem 1rem 4rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: .6rem 0 .4rem; }
h2 { font-size: 1.25rem; margin: 2.4rem 0 .6rem; padding-top: .6rem;
     border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.2rem 0 .3rem; }
p { margin: .4rem 0 .8rem; max-width: 46rem; }
nav { display: flex; flex-wrap: wrap; gap: .2rem .9rem; font-size: .9rem; }
a { color: var(--s0); }
.soft, .source { color: var(--soft); font-size: .85rem; }
.source { overflow-wrap: anywhere; margin-top: .5rem; }
code { font: .85em/1.4 ui-monospace, "DejaVu Sans Mono", monospace; }
.cards { display: grid; gap: .7rem; margin: 1rem 0;
         grid-template-columns: repeat(auto-fit, minmax(10.5rem, 1fr)); }
.card { background: var(--tint); border-radius: .5rem; padding: .7rem .9rem;
        border-left: .3rem solid var(--c, var(--line)); }
.card b { display: block; font-size: 1.6rem; line-height: 1.25; }
.card span { color: var(--soft); font-size: .85rem; }
.scroll { overflow-x: auto; margin: .6rem 0; }
table { border-collapse: collapse; font-size: .9rem; min-width: 100%; }
th { text-align: left; color: var(--soft); font-weight: 600; }
th, td { padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line);
         vertical-align: top; }
.n { text-align: right; font-variant-numeric: tabular-nums;
     white-space: nowrap; }
figure { margin: .8rem 0; }
figcaption { color: var(--soft); font-size: .85rem; }
svg { width: 100%; height: auto; display: block; max-width: 46rem; }
svg text { fill: var(--ink); font: 12px system-ui, "DejaVu Sans", sans-serif; }
svg .soft { fill: var(--soft); }
svg .axis { stroke: var(--line); fill: none; }
svg .whisker { stroke: var(--ink); stroke-width: 1.5; fill: none; }
.f0 { fill: var(--s0); } .f1 { fill: var(--s1); } .f2 { fill: var(--s2); }
.f3 { fill: var(--s3); } .f4 { fill: var(--s4); } .f5 { fill: var(--s5); }
.l0 { stroke: var(--s0); } .l1 { stroke: var(--s1); } .l2 { stroke: var(--s2); }
.l3 { stroke: var(--s3); } .l4 { stroke: var(--s4); } .l5 { stroke: var(--s5); }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.dashed { stroke-dasharray: 5 4; }
.grid { display: grid; gap: .7rem;
        grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); }
.trace { background: var(--tint); border-radius: .5rem; padding: .6rem .8rem; }
.trace h4 { margin: 0 0 .3rem; font-size: .9rem; }
.trace pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere;
             font: .82rem/1.45 ui-monospace, "DejaVu Sans Mono", monospace; }
.good { color: var(--good); } .bad { color: var(--bad); }
.question { font-weight: 600; margin: 1.2rem 0 .4rem; }
@media print {
  body { font-size: 10.5pt; background: #fff; color: #000; }
  nav { display: none; }
  section { break-inside: avoid-page; }
  main { max-width: none; padding: 0; }
  .scroll { overflow: visible; }
}
)css";

}  // namespace limbeck::report

#endif  // LIMBECK_RECIPES_REPORT_STYLE_H_
