import { darkPalette, declarePalette, lightPalette } from "./picture/index.ts";

export interface PageLook {
  /** Dark whatever the reader's system is. */
  readonly isDark?: boolean;
  /** How wide the page may be, in pixels. */
  readonly width?: number;
}

const light = `--soft:#eef1f5;--warn:#8a4b00;${declarePalette(lightPalette)}`;
const dark = `--soft:#232a34;--warn:#f2b869;${declarePalette(darkPalette)}`;

/** A page's own style: light and dark as the reader's system is, one column on a phone, and light on paper. */
export function styleOf({ isDark = false, width = 1072 }: PageLook): string {
  const colours = isDark ? `:root{color-scheme:dark;${dark}}\n` : pageColours();
  return `\n${colours}${rules}header,main,footer{max-width:${width + 2 * sides}px}\n${narrow}${print}`;
}

/** The colours of all pages, light and dark as the reader's system is. */
export function pageColours(): string {
  return `:root{color-scheme:light dark;${light}}\n@media (prefers-color-scheme:dark){:root{${dark}}}\n`;
}

/** Between the page and the edges of a wide window, in pixels. */
const sides = 24;

const rules = `\
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-behavior:smooth}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
header,main,footer{margin:0 auto;padding:0 ${sides}px}
header{padding-top:40px}
h1{font-size:28px;line-height:1.2;margin:0 0 8px;letter-spacing:-.01em;overflow-wrap:anywhere}
h2{font-size:20px;line-height:1.3;margin:48px 0 14px;padding-top:4px}
h3{font-size:15px;margin:24px 0 8px}
p{margin:0 0 12px}
a{color:var(--last)}
a:focus-visible,.scroll:focus-visible{outline:2px solid var(--last);outline-offset:2px}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;font-size:13px}
.about,.run{color:var(--muted)}
.run{margin-bottom:4px;overflow-wrap:anywhere}
.warning{color:var(--warn);font-weight:600}
nav{margin-top:16px;padding:10px 0;border-top:1px solid var(--line);border-bottom:1px solid var(--line)}
nav ul{display:flex;flex-wrap:wrap;gap:4px 20px;list-style:none;margin:0;padding:0}
nav a{text-decoration:none}
nav a:hover{text-decoration:underline}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin:24px 0 0}
.tile{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:12px 14px}
.tile dt{color:var(--muted);font-size:13px}
.tile dd{margin:2px 0 0;font-size:20px;line-height:1.25;font-weight:600;font-variant-numeric:tabular-nums;letter-spacing:-.01em}
.tile dd+dd{font-size:13px;font-weight:400;color:var(--muted);letter-spacing:0}
.card{background:var(--card);border:1px solid var(--line);border-radius:8px;margin:0 0 16px;padding:14px}
.charts{display:grid;grid-template-columns:1fr 1fr;gap:16px}
.charts .card{margin:0;min-width:0}
.full{grid-column:1/-1}
figcaption{font-weight:600;margin-bottom:8px;display:flex;flex-wrap:wrap;gap:2px 16px;justify-content:space-between}
figure{margin:0 0 16px}
svg{display:block;max-width:100%;height:auto}
.narrow{display:none}
.legend{display:inline-flex;flex-wrap:wrap;gap:2px 16px;font-weight:400;font-size:13px;color:var(--ink)}
.key::before{content:"";display:inline-block;width:16px;height:0;border-top:3px solid var(--last);vertical-align:middle;margin-right:6px}
.key.first::before{border-top-color:var(--first)}
.key.held-out::before{border-top-color:var(--placement-1)}
.rocs{display:grid;grid-template-columns:repeat(auto-fill,minmax(160px,1fr));gap:12px}
.roc{margin:0;padding:10px}
.roc figcaption{display:block;font-size:13px;line-height:1.35;min-height:54px;overflow-wrap:anywhere}
.roc .detail{display:block}
.roc svg{width:100%}
.detail{color:var(--muted);font-size:12px;font-weight:400;white-space:nowrap;font-variant-numeric:tabular-nums}
.scroll{overflow-x:auto;background:var(--card);border:1px solid var(--line);border-radius:8px;margin:0 0 16px}
table{border-collapse:collapse;width:100%;font-size:14px}
caption{text-align:left;padding:12px 14px 6px;font-weight:600}
th,td{padding:6px 14px;text-align:left;vertical-align:baseline;font-weight:400;border-top:1px solid var(--line)}
thead th{color:var(--muted);font-size:13px;border-top:0;white-space:nowrap}
caption span{position:sticky;left:14px;display:inline-block;max-width:calc(100vw - 64px)}
tbody th{min-width:9em;overflow-wrap:break-word}
.number{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
tbody tr:hover>*{background:var(--soft)}
ul{margin:0 0 16px;padding-left:20px}
.spec{overflow-x:auto;counter-reset:line;padding:14px 0;margin:0;tab-size:2;line-height:1.55}
.spec span.line{display:block;counter-increment:line;padding-right:14px;white-space:pre}
.spec span.line::before{content:counter(line);display:inline-block;width:44px;padding-right:14px;text-align:right;color:var(--muted);user-select:none}
.spec i{font-style:normal;color:var(--muted)}
.spec b{font-weight:400;color:var(--placement-2)}
.card.spec-card{padding:0}
.spec-card figcaption{padding:12px 14px 0;margin:0}
footer{color:var(--muted);font-size:13px;margin:40px auto;overflow-wrap:anywhere}
`;

const narrow = `\
@media (max-width:820px){
header,main,footer{padding-left:16px;padding-right:16px}
header{padding-top:24px}
h1{font-size:24px}
h2{margin-top:36px}
.wide{display:none}
.narrow{display:block}
.narrow svg{margin:0 auto}
.charts{grid-template-columns:1fr}
.tiles{grid-template-columns:repeat(auto-fit,minmax(140px,1fr))}
th,td{padding:6px 10px}
caption{padding-left:10px}
caption span{left:10px}
td .detail{display:block}
}
`;

const print = `\
@media print{
:root{--soft:#fff;--warn:#8a4b00;${declarePalette({ ...lightPalette, paper: "#ffffff" })}}
body{font-size:12px;print-color-adjust:exact;-webkit-print-color-adjust:exact}
header,main,footer{max-width:none;padding:0}
header{padding-top:0}
nav{display:none}
.wide{display:block}
.narrow{display:none}
.charts{grid-template-columns:1fr 1fr}
.card,.tile,tr,p{break-inside:avoid}
.spec-card{break-inside:auto}
h2,h3,caption,figcaption,.about{break-after:avoid}
.diagram{break-inside:avoid}
.scroll{overflow:visible}
.spec span.line{white-space:pre-wrap;padding-left:44px;text-indent:-44px}
.spec span.line::before{text-indent:0}
table{font-size:11px}
th,td{padding:3px 6px}
.rocs{grid-template-columns:repeat(5,1fr)}
}
`;
