// The report's style sheet: readable on a phone, in the dark and on paper.
#ifndef LIMBECK_RECIPES_REPORT_STYLE_H_
#define LIMBECK_RECIPES_REPORT_STYLE_H_

namespace limbeck::report {

inline constexpr char kStyleSheet[] = R"css(
:root {
  --ink: #1d2330; --soft: #5b6577; --line: #d9dee7; --page: #ffffff;
  --tint: #f4f6fa; --good: #1b7f4d; --bad: #b3372f; --grey: #8a94a6;
  --s0: #2f5fb3; --s1: #d9722b; --s2: #2a8f7a; --s3: #9a4fa8;
  --s4: #a8801a; --s5: #c0486c; --s6: #4a8fc2; --s7: #6b7a1f;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e6e9f0; --soft: #9aa5b8; --line: #353d4c; --page: #14181f;
    --tint: #1d232d; --good: #58c48c; --bad: #ee8078; --grey: #7d879a;
    --s0: #7da5ee; --s1: #f0a066; --s2: #5fc7b1; --s3: #cf93da;
    --s4: #e0bd55; --s5: #f08aa6; --s6: #8cc4ea; --s7: #b9c960;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.55 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
  overflow-wrap: anywhere; -webkit-text-size-adjust: 100%;
}
main { max-width: 62rem; margin: 0 auto; padding: 1.2rem 1rem 4rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: .6rem 0 .4rem; }
h2 { font-size: 1.25rem; margin: 2.4rem 0 .6rem; padding-top: .6rem;
     border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.2rem 0 .3rem; }
p { margin: .4rem 0 .8rem; max-width: 46rem; }
nav { display: flex; flex-wrap: wrap; gap: .2rem .9rem; font-size: .9rem; }
a { color: var(--s0); }
.soft, .source, .guide { color: var(--soft); font-size: .85rem; }
.source { margin-top: .6rem; max-width: none; }
.whole { white-space: nowrap; }
code { font: .85em/1.4 ui-monospace, "DejaVu Sans Mono", monospace; }
.cards { display: grid; gap: .7rem; margin: 1rem 0;
         grid-template-columns: repeat(auto-fit, minmax(10rem, 1fr)); }
.card { background: var(--tint); border-radius: .5rem; padding: .7rem .9rem;
        border-left: .3rem solid var(--c, var(--line)); }
.card b { display: block; font-size: 1.6rem; line-height: 1.25; }
.card span { color: var(--soft); font-size: .85rem; }
.findings { padding-left: 1.2rem; max-width: 46rem; }
.terms { padding-left: 1.2rem; max-width: 46rem; color: var(--soft);
         font-size: .85rem; margin: .6rem 0; }
.terms b { color: var(--ink); font-weight: 600; }
.scroll { overflow-x: auto; margin: .6rem 0; }
table { border-collapse: collapse; font-size: .88rem; min-width: 100%; }
th { text-align: left; color: var(--soft); font-weight: 600;
     vertical-align: bottom; }
th, td { padding: .3rem .9rem .3rem 0; border-bottom: 1px solid var(--line); }
td { vertical-align: top; }
/* Words stay whole in narrow columns; names of files and foreign text need
   not. */
th, td { overflow-wrap: break-word; }
td code, td bdi { overflow-wrap: anywhere; }
th:last-child, td:last-child { padding-right: 0; }
.n { text-align: right; font-variant-numeric: tabular-nums; }
td.n { white-space: nowrap; }
figure { margin: .8rem 0; max-width: 46rem; }
figure h3 { margin-top: .4rem; }
figcaption { color: var(--soft); font-size: .85rem; }
.charts { display: grid; gap: .5rem 2rem;
          grid-template-columns: repeat(auto-fit, minmax(min(22rem, 100%), 1fr)); }
.charts figure { min-width: 0; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: .1rem .9rem;
          margin: .2rem 0 .4rem; padding: 0; font-size: .85rem; }
.swatch { margin-right: .35rem; }
.chart { display: block; width: 100%; overflow: visible; }
.framed { width: calc(100% - 3rem); margin-left: 2.9rem; }
.plot { overflow: visible; }
svg text { fill: var(--ink); font-size: 13px; paint-order: stroke;
           stroke: var(--page); stroke-width: 4px; stroke-linejoin: round; }
svg .soft { fill: var(--soft); font-size: 12px; }
svg .value { font-weight: 600; }
svg .axis { stroke: var(--line); }
svg .zero { stroke: var(--soft); }
svg .whisker { stroke: var(--ink); stroke-width: 1.5; }
svg .thick { stroke-width: 5; }
svg .empty { fill: var(--tint); stroke: var(--line); }
.bar { fill-opacity: .6; }
.cell { shape-rendering: crispEdges; }
.slot { stroke: var(--page); stroke-width: 2; }
.slot:not([fill-opacity]) { fill: var(--tint); }
.slot.unknown { fill: none; stroke: var(--line); stroke-width: 1; }
.touch { fill: transparent; }
a:hover .touch, a:focus .touch { stroke: var(--ink); stroke-width: 1.5; }
svg .count { font-size: 11px; }
.o-right { fill: var(--good); } .o-wrong { fill: var(--bad); }
.o-unknown { fill: var(--s4); } .o-none { fill: var(--grey); }
.o-cut { fill: var(--s3); } .o-error { fill: var(--ink); }
.kept { fill: var(--s2); } .merged { fill: var(--grey); }
.rejected { fill: var(--bad); stroke: var(--page); }
.f0 { fill: var(--s0); } .f1 { fill: var(--s1); } .f2 { fill: var(--s2); }
.f3 { fill: var(--s3); } .f4 { fill: var(--s4); } .f5 { fill: var(--s5); }
.f6 { fill: var(--s6); } .f7 { fill: var(--s7); } .fn { fill: var(--grey); }
.l0 { --c: var(--s0); } .l1 { --c: var(--s1); } .l2 { --c: var(--s2); }
.l3 { --c: var(--s3); } .l4 { --c: var(--s4); } .l5 { --c: var(--s5); }
.l6 { --c: var(--s6); } .l7 { --c: var(--s7); } .ln { --c: var(--grey); }
.line { fill: none; stroke: var(--c); stroke-width: 2;
        stroke-linejoin: round; vector-effect: non-scaling-stroke; }
.dashed { stroke-dasharray: 5 4; }
.grid { display: grid; gap: .7rem; align-items: start;
        grid-template-columns: repeat(auto-fit, minmax(14rem, 1fr)); }
/* All models of a problem side by side: four fit the page, more reach out of
   it. */
@media screen and (min-width: 1000px) {
  .of5 { --n: 5; } .of6 { --n: 6; } .of7 { --n: 7; } .of8 { --n: 8; }
  .of5, .of6, .of7, .of8 {
    --w: min(97vw, calc(var(--n) * 15rem));
    width: var(--w); margin-left: calc(50% - var(--w) / 2);
    grid-template-columns: repeat(var(--n), minmax(0, 1fr));
  }
}
.trace { background: var(--tint); border-radius: .5rem; padding: .6rem .8rem;
         border-left: .3rem solid var(--c, var(--line)); min-width: 0; }
.trace h4 { margin: 0 0 .3rem; font-size: .9rem; }
.trace h4 .soft { font-weight: 400; white-space: nowrap; }
.trace p { margin: .2rem 0; font-size: .85rem; }
.trace pre { margin: 0; white-space: pre-wrap; max-height: 26rem;
             overflow-y: auto; unicode-bidi: isolate;
             font: .82rem/1.45 ui-monospace, "DejaVu Sans Mono", monospace; }
.trace pre .soft { font-size: inherit; }
.key { border-left: .3rem solid var(--c, var(--line)); padding-left: .4rem; }
.broad { max-width: none; }
.fold { margin: .6rem 0; } .fold summary { color: var(--s0); }
summary { cursor: pointer; }
.index { columns: 9rem; padding: 0; list-style: none; font-size: .85rem; }
.sample { border-top: 1px solid var(--line); padding: .25rem 0;
          font-size: .85rem; }
.sample summary b { display: inline-block; min-width: 1.6rem;
                    font-variant-numeric: tabular-nums; }
.sample pre { background: var(--page); border-radius: .3rem;
              padding: .4rem .6rem; }
.problem h3 { margin-top: 2rem; }
.problem h3 + .question { margin-top: .3rem; font-weight: 400; }
mark { background: var(--s4); color: var(--page); }
.good { color: var(--good); } .bad { color: var(--bad); }
.question { font-weight: 600; margin: 1.4rem 0 .5rem; white-space: pre-line; }
.question .soft { font-weight: 400; }
@media (max-width: 40rem) {
  h1 { font-size: 1.5rem; }
  .wide, .wide tbody, .wide tr, .wide td { display: block; }
  .wide thead { display: none; }
  .wide tr { border-bottom: 1px solid var(--line); padding: .45rem 0; }
  .wide td { border: 0; padding: .08rem 0; display: flex; gap: 1rem;
             justify-content: space-between; text-align: right;
             white-space: normal; }
  .wide td::before { content: attr(data-head); color: var(--soft);
                     text-align: left; flex: none; max-width: 45%; }
  .wide td:first-child { font-weight: 600; text-align: left; }
  .wide td:first-child::before { content: none; }
}
@media print {
  :root {
    --ink: #000; --soft: #444; --line: #bbb; --page: #fff; --tint: #f4f6fa;
    --good: #1b7f4d; --bad: #b3372f; --grey: #8a94a6;
    --s0: #2f5fb3; --s1: #d9722b; --s2: #2a8f7a; --s3: #9a4fa8;
    --s4: #a8801a; --s5: #c0486c; --s6: #4a8fc2; --s7: #6b7a1f;
  }
  @page { margin: 16mm 14mm; }
  html { font-size: 11px; }
  body { font-size: 10pt; background: #fff;
         -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  nav { display: none; }
  main { max-width: none; padding: 0; }
  h2, h3, .guide, .legend, .question { break-after: avoid; }
  p { orphans: 3; widows: 3; }
  .guide, .question { break-inside: avoid; }
  .charts { grid-template-columns: 1fr 1fr; }
  svg text { font-size: 11px; }
  svg .soft { font-size: 10px; }
  .legend { margin: 0; }
  figure, tr, .card, .trace { break-inside: avoid; }
  thead { display: table-header-group; }
  .scroll { overflow: visible; }
  table { font-size: 8pt; }
  th, td { padding-right: .45rem; }
  td.n { white-space: normal; }
  .trace pre { max-height: none; overflow: visible; }
}
)css";

}  // namespace limbeck::report

#endif  // LIMBECK_RECIPES_REPORT_STYLE_H_
