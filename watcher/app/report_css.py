"""The look of the HTML report: light and dark, phone and desk, print. Must not: hold anything that a feed can reach."""

from __future__ import annotations

CSS = """
:root{--ink:#1b1f24;--faint:#57606a;--line:#d0d7de;--paper:#fff;--soft:#f6f8fa;--link:#0a4f9e;--mark:#fff0b3;
--good:#1a6b32;--warn:#7a4b00;--bad:#a40e26;--bar:#2f6fb3;
--s0:#1f5fa8;--s1:#b4451f;--s2:#2c7a3d;--s3:#7a4fa0;--s4:#8a6d00;--s5:#555}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--faint:#a5b0bb;--line:#3a424c;--paper:#12161b;--soft:#1b2128;
--link:#7fb8ff;--mark:#5a4a00;--good:#6fd08c;--warn:#f0b95b;--bad:#ff8f8f;--bar:#5b9bd9;
--s0:#6fb0f2;--s1:#f0895c;--s2:#6fd08c;--s3:#c79bf0;--s4:#e0c04a;--s5:#b8c0c8}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:76rem;padding:1rem 1.25rem 3rem;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;overflow-wrap:anywhere}
h1{font-size:1.45rem;line-height:1.25;margin:.2rem 0 .3rem}
h2{font-size:1.15rem;margin:2.2rem 0 .6rem;padding-top:.5rem;border-top:1px solid var(--line)}
h3{font-size:1rem;margin:1.4rem 0 .4rem}
h4{font-size:1rem;margin:0}
p{margin:.3rem 0}
a{color:var(--link)}
a:focus-visible{outline:2px solid var(--link);outline-offset:2px}
.faint{color:var(--faint);font-size:.9rem}
.skip{position:absolute;left:-99rem}
.skip:focus{position:static}
nav ul{display:flex;flex-wrap:wrap;gap:.1rem .9rem;list-style:none;margin:.6rem 0 0;padding:0;font-size:.9rem}
nav a{display:inline-block;padding:.2rem 0}
.changed{background:var(--soft);border-left:4px solid var(--bar);padding:.6rem .9rem .7rem;margin:.8rem 0}
.changed h2{border:0;margin:0 0 .2rem;padding:0}
.changed ul{margin:.2rem 0 0;padding-left:1.15rem}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(18.5rem,1fr));gap:.6rem;list-style:none;margin:0;padding:0}
.card{border:1px solid var(--line);border-radius:6px;padding:.55rem .75rem .6rem;min-width:0}
.card.seen{border-left:4px solid var(--bar)}
.card.blind,.card.none{border-left:4px dashed var(--bad)}
.card h3{margin:0 0 .15rem;font-size:.98rem;line-height:1.3}
.card p{margin:.1rem 0}
.rung{font-size:1.05rem;font-weight:600}
.steps{display:inline-flex;gap:2px;vertical-align:middle;margin-right:.4rem}
.steps i{width:.7rem;height:.7rem;border:1px solid var(--bar);border-radius:2px}
.steps i.on{background:var(--bar)}
.good{color:var(--good)}.warn{color:var(--warn)}.bad{color:var(--bad);font-weight:600}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.92rem}
th,td{text-align:left;vertical-align:top;padding:.35rem .6rem .35rem 0;border-bottom:1px solid var(--line)}
th{font-weight:600;color:var(--faint)}
td.right,th.right{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
th{overflow-wrap:normal}
th.day{white-space:nowrap}
.hit{margin:.9rem 0;padding-left:3.3rem;position:relative}
.hit .score{position:absolute;left:0;top:0;width:2.8rem;text-align:right;font-weight:600;font-variant-numeric:tabular-nums}
.hit blockquote{margin:.35rem 0;padding:.1rem 0 .1rem .7rem;border-left:3px solid var(--line)}
.hit .also{margin:.2rem 0;padding-left:1.1rem;font-size:.92rem}
mark{background:var(--mark);color:inherit;padding:0 .1em;border-radius:2px}
.plot{overflow-x:auto;margin:.5rem 0}
.plot svg{display:block;width:100%;max-width:34rem;height:auto}
.plot .ground{fill:none}.plot .ink{fill:var(--ink)}.plot .axis{stroke:var(--faint)}.plot .grid{stroke:var(--line)}
.plot .s0{fill:var(--s0);stroke:var(--s0)}.plot .s1{fill:var(--s1);stroke:var(--s1)}
.plot .s2{fill:var(--s2);stroke:var(--s2)}.plot .s3{fill:var(--s3);stroke:var(--s3)}
.plot .s4{fill:var(--s4);stroke:var(--s4)}.plot .s5{fill:var(--s5);stroke:var(--s5)}
.plot .line{fill:none}.plot .open{fill:var(--paper)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem .9rem;margin:.4rem 0}
dt{color:var(--faint)}dd{margin:0;min-width:0}
@media (max-width:36rem){
body{padding:.7rem .8rem 2rem}
h1{font-size:1.2rem}
.hit{padding-left:0}.hit .score{position:static;display:inline;width:auto;margin-right:.4rem}
.hit h4{display:inline}
dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.4rem}
table.stack thead{position:absolute;left:-99rem}
table.stack tr{display:block;padding:.45rem 0;border-bottom:1px solid var(--line)}
table.stack td,table.stack th[scope=row]{display:block;border:0;padding:.05rem 0;text-align:left}
table.stack th[scope=row]{color:var(--ink)}
table.stack td:empty{display:none}
table.stack td[data-label]:not([data-label=""])::before{content:attr(data-label) ": ";color:var(--faint)}
}
@media print{body{max-width:none;font-size:11pt}nav,.skip{display:none}.card,.hit{break-inside:avoid}a{color:inherit}}
""".strip()
