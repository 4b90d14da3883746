"""The page's style: light and dark by the reader's setting, narrow screens, print.

Series colours are those of Okabe and Ito (2008), told apart with any colour vision; in the dark their lighter
kin. Lines differ in dashes and dots as well, and every chart stands beside its table.
"""

from typing import Final

STYLE: Final = """
:root{--paper:#fff;--ink:#1b1f24;--soft:#59636e;--line:#d1d9e0;--wash:#f6f8fa;--good:#006b4f;--bad:#a8320a;
--s1:#0072b2;--s2:#b34700;--s3:#007a5a;--s4:#9c4a78;--s5:#7a5c00}
@media(prefers-color-scheme:dark){:root{--paper:#0f1419;--ink:#e6edf3;--soft:#9aa7b4;--line:#364049;--wash:#171e25;
--good:#4fd1a5;--bad:#ff9466;--s1:#56b4e9;--s2:#ff9d5c;--s3:#2dc99f;--s4:#e39bc4;--s5:#f0d24a}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif;
overflow-wrap:anywhere}
main,header,footer{max-width:76rem;margin:0 auto;padding:0 1.25rem}
header{padding-top:1.5rem}
h1{font-size:1.7rem;line-height:1.2;margin:0 0 .25rem}
h2{font-size:1.3rem;margin:2.5rem 0 .5rem;padding-top:.75rem;border-top:1px solid var(--line)}
h3{font-size:1.05rem;margin:1.5rem 0 .25rem}
p{margin:.5rem 0;max-width:46rem}
a{color:var(--s1)}
:focus-visible{outline:3px solid var(--s1);outline-offset:2px}
code{font:.92em ui-monospace,monospace}
.soft,figcaption,caption,dt{color:var(--soft)}
.skip{position:absolute;left:-99rem}
.skip:focus{left:1rem;top:1rem;background:var(--paper);padding:.5rem 1rem}
nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1rem;list-style:none;padding:0;margin:1rem 0}
.verdict{display:inline-block;font-weight:600;padding:.3rem .8rem;border:2px solid;border-radius:.4rem;
margin:.75rem 0 0}
.good{color:var(--good)}
.bad{color:var(--bad)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;margin:.75rem 0}
dd{margin:0}
.scroll{overflow-x:auto;margin:.75rem 0}
table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}
caption{text-align:left;padding:.2rem 0;caption-side:top}
th,td{padding:.3rem .65rem;border-bottom:1px solid var(--line);text-align:left;vertical-align:top;
overflow-wrap:normal}
thead th{border-bottom:2px solid var(--line);vertical-align:bottom}
tbody th{font-weight:400}
tr.own th,tr.own td{font-weight:600;background:var(--wash)}
.n{text-align:right;white-space:nowrap}
.i{color:var(--soft);font-weight:400;display:block;font-size:.85em;white-space:nowrap}
.two{display:grid;gap:.5rem}
.cell{text-align:right;background:color-mix(in srgb,var(--s1) calc(var(--v)*45%),transparent)}
.beside{display:grid;gap:.5rem 2.5rem;align-items:start;
grid-template-columns:repeat(auto-fit,minmax(min(100%,25rem),1fr))}
figure{margin:.75rem 0;min-width:0}
figcaption{font-size:.9rem;max-width:32rem}
svg{width:100%;max-width:32rem;height:auto;display:block}
svg text{fill:var(--ink);font:12px system-ui,sans-serif}
svg .tick{fill:var(--soft);font-size:11px}
.grid{stroke:var(--line);stroke-width:1}
.axis{stroke:var(--soft);stroke-width:1}
.even{stroke:var(--soft);stroke-width:1.5;stroke-dasharray:2 3;fill:none}
.l{fill:none;stroke-width:2;stroke-linejoin:round}
.s1{stroke:var(--s1)}.s2{stroke:var(--s2);stroke-dasharray:7 3}.s3{stroke:var(--s3);stroke-dasharray:2 3}
.s4{stroke:var(--s4);stroke-dasharray:9 3 2 3}.s5{stroke:var(--s5);stroke-dasharray:12 4}
.d1{fill:var(--s1)}.d2{fill:var(--s2)}.d3{fill:var(--s3)}.d4{fill:var(--s4)}.d5{fill:var(--s5)}
.whisker{stroke-width:2}
footer{margin-top:3rem;padding-bottom:2rem;font-size:.9rem}
@media(max-width:40rem){body{font-size:15px}main,header,footer{padding:0 .9rem}th,td{padding:.25rem .4rem}
.stack{width:100%}.stack tbody th{font-weight:600}
.stack thead{position:absolute;left:-99rem}
.stack tr{display:block;padding:.35rem 0;border-bottom:1px solid var(--line)}
.stack th,.stack td{display:block;border:0;padding:.05rem 0;text-align:left;white-space:normal}
.i{display:inline}
.stack td::before{content:attr(data-of) ": ";color:var(--soft)}}
@media print{:root{--paper:#fff;--ink:#000;--soft:#444;--line:#bbb;--wash:#f2f2f2}nav,.skip{display:none}
body{font-size:10pt}h2{break-after:avoid}figure,tr{break-inside:avoid}.scroll{overflow:visible}a{color:inherit}}
"""
