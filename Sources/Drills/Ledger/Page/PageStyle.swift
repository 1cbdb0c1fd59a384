/// How the page looks: on a screen, by day and by night, and on paper.
enum PageStyle {
  static let text = colours + frame + tables + parts + drawings + paper

  private static let colours = """
    :root{color-scheme:light dark;--paper:#fff;--wash:#f6f6f3;--ink:#1c1d1f;--soft:#5f636b;--line:#dddcd6;\
    --mark:#2c5a87;--aside:#bfd1e3;--person:#9a5d12;--person-wash:#f3dfc4;--good:#1c6642;--bad:#a3262c;--unsure:#725500}
    @media (prefers-color-scheme:dark){:root{--paper:#141619;--wash:#1b1e22;--ink:#e9e8e4;--soft:#a3a8b0;--line:#343940;\
    --mark:#7db0e2;--aside:#38546f;--person:#e0aa66;--person-wash:#54401f;--good:#6fc798;--bad:#f28c88;--unsure:#dcbb5c}}

    """

  private static let frame = """
    *{box-sizing:border-box}
    html{-webkit-text-size-adjust:100%}
    body{margin:0;background:var(--paper);color:var(--ink);\
    font:15px/1.55 ui-sans-serif,system-ui,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;\
    font-variant-numeric:tabular-nums}
    main,header,footer{max-width:62rem;margin:0 auto;padding:0 1.5rem}
    header{padding-top:3.5rem}
    h1,h2,h3{font-family:Charter,"Iowan Old Style","Source Serif 4",Georgia,"DejaVu Serif",serif;font-weight:600;\
    line-height:1.2;text-wrap:balance;margin:0}
    h1{font-size:2.3rem;letter-spacing:-.015em}
    h2{font-size:1.45rem;margin:3.5rem 0 1rem;padding-top:1.1rem;border-top:2px solid var(--ink)}
    h3{font-size:1.2rem}
    h4{font-size:.78rem;font-weight:600;letter-spacing:.06em;text-transform:uppercase;color:var(--soft);\
    margin:1.6rem 0 .4rem}
    p{margin:.5rem 0;max-width:46rem}
    .lead{font-size:1.05rem;color:var(--soft)}
    .eyebrow{font-size:.78rem;letter-spacing:.08em;text-transform:uppercase;color:var(--soft);margin:0 0 .5rem}
    code{font:.86em/1.5 ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
    pre{background:var(--wash);border:1px solid var(--line);border-radius:4px;padding:.8rem 1rem;margin:.6rem 0;\
    white-space:pre-wrap;overflow-wrap:anywhere}
    footer{margin-top:4rem;padding-bottom:3rem;color:var(--soft);font-size:.85rem}

    """

  private static let tables = """
    .wide{overflow-x:auto}
    table{border-collapse:collapse;width:100%;font-size:.9rem}
    th{text-align:left;font-weight:600;color:var(--soft);font-size:.8rem;border-bottom:1px solid var(--soft);\
    padding:.25rem .9rem .25rem 0;vertical-align:bottom}
    td{padding:.34rem .9rem .34rem 0;border-bottom:1px solid var(--line);vertical-align:top}
    th.n,td.n{text-align:right;white-space:nowrap}
    th:last-child,td:last-child{padding-right:0}
    tr.sum td{border-bottom:0;border-top:1px solid var(--soft);font-weight:600}
    td.soft,.soft{color:var(--soft)}

    """

  private static let parts = """
    .badge{display:inline-block;border:1px solid currentColor;border-radius:999px;padding:0 .6rem;font-size:.82rem;\
    font-weight:600;line-height:1.5rem;white-space:nowrap;letter-spacing:0;\
    font-family:ui-sans-serif,system-ui,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
    td .badge{border:0;padding:0;line-height:inherit;font-size:inherit}
    .good{color:var(--good)}.bad{color:var(--bad)}.unsure{color:var(--unsure)}
    .status{border:1px solid var(--line);border-left:5px solid currentColor;border-radius:4px;background:var(--wash);\
    padding:.9rem 1.2rem;margin:1.6rem 0 0}
    .status strong{font-size:1.1rem}
    .status p,.status ul{color:var(--ink);margin:.3rem 0 0}
    .status ul{padding-left:1.2rem}
    .cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(17rem,1fr));gap:1rem;margin-top:1.5rem}
    .card{border:1px solid var(--line);border-radius:6px;padding:1.1rem 1.2rem}
    .card h3{display:flex;justify-content:space-between;align-items:baseline;gap:.6rem}
    .figure{font-size:2rem;line-height:1.15;margin-top:.7rem;letter-spacing:-.02em}
    .figure small{font-size:.9rem;color:var(--soft);letter-spacing:0;margin-left:.3rem}
    .facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(13rem,1fr));gap:.9rem 1.6rem;margin:1rem 0 0}
    .facts dt{font-size:.8rem;color:var(--soft)}
    .facts dd{margin:0;font-size:1.02rem}
    .facts dd small{display:block;color:var(--soft);font-size:.82rem}
    article{border-top:1px solid var(--line);padding:1.8rem 0 .6rem;margin-top:1.2rem}
    article:first-of-type{border-top:0;margin-top:0;padding-top:.4rem}
    article>h3{display:flex;flex-wrap:wrap;gap:.3rem .8rem;align-items:center}
    .when{color:var(--soft);margin:.2rem 0 0}
    .fine{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem;font-size:.82rem;color:var(--soft);\
    margin:1.4rem 0 0}
    .fine dt{font-weight:600}.fine dd{margin:0;overflow-wrap:anywhere}

    """

  private static let drawings = """
    figure{margin:.6rem 0 0}
    h3.trendname{margin-top:2.2rem}h2+section>h3.trendname:first-child{margin-top:0}
    figcaption{font-size:.82rem;color:var(--soft);margin-top:.4rem;display:flex;flex-wrap:wrap;gap:.2rem 1.3rem}
    figcaption span{display:inline-flex;align-items:center;gap:.4rem}
    figcaption svg{width:1.5rem;height:.8rem;min-width:0}
    .wide>svg{display:block;width:100%;min-width:40rem;height:auto}
    svg.meter{display:block;width:100%;max-width:16rem;height:.55rem;margin:.25rem 0;overflow:visible}
    svg text{fill:var(--ink);font-size:12px}
    svg text.soft{fill:var(--soft)}
    svg text.end{text-anchor:end}svg text.mid{text-anchor:middle}
    svg text.strong{font-weight:600}
    .grid{stroke:var(--line);stroke-width:1;fill:none}
    .axis{stroke:var(--soft);stroke-width:1;fill:none}
    .crit{fill:var(--mark)}
    .par{fill:var(--aside)}
    .none{fill:none;stroke:var(--soft);stroke-width:1;stroke-dasharray:2 2}
    .person{fill:var(--person-wash);stroke:var(--person);stroke-width:1}
    .hatch{stroke:var(--person);stroke-width:1;fill:none}
    .row{fill:var(--wash)}
    .limit{stroke:var(--bad);stroke-width:1.5;stroke-dasharray:6 4;fill:none}
    svg text.limitname{fill:var(--bad);font-weight:600}
    .curve{stroke:var(--mark);stroke-width:1.5;fill:none}
    .dot{fill:var(--mark);stroke:var(--paper);stroke-width:1.5}
    .cross{stroke:var(--bad);stroke-width:2.2;fill:none}
    .hollow{fill:var(--paper);stroke:var(--unsure);stroke-width:2}
    .track{fill:var(--line)}
    .over{fill:var(--bad)}

    """

  private static let paper = """
    @media print{:root{color-scheme:light;--paper:#fff;--wash:#f4f4f1;--ink:#000;--soft:#444;--line:#ccc;--mark:#2c5a87;\
    --aside:#bfd1e3;--person:#9a5d12;--person-wash:#f3dfc4;--good:#1c6642;--bad:#a3262c;--unsure:#725500}
    body{font-size:10pt;-webkit-print-color-adjust:exact;print-color-adjust:exact}
    main,header,footer{max-width:none;padding:0}header{padding-top:0}
    h2{break-after:avoid;margin-top:2rem}h3,h4{break-after:avoid}
    figure,.card,.status,tr,.facts{break-inside:avoid}
    .wide{overflow:visible}.wide>svg{min-width:0}
    @page{margin:16mm}}
    """
}
