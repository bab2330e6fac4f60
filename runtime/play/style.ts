import { pageColours } from "../report/index.ts";

/** The style of the page: the colours of the reports, two columns on a desk and one on a phone. */
export function styleText(): string {
  return `${pageColours()}${rules}${narrow}${motion}`;
}

const mono = 'ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace';

const rules = `\
:root{--error:#b3261e}
@media (prefers-color-scheme:dark){:root{--error:#ff8a80}}
*{box-sizing:border-box}
[hidden]{display:none!important}
html{-webkit-text-size-adjust:100%}
body{margin:0;height:100vh;height:100dvh;display:grid;grid-template-rows:auto minmax(0,1fr) auto;background:var(--paper);color:var(--ink);font:14px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
header{display:flex;flex-wrap:wrap;align-items:center;gap:8px 14px;padding:8px 16px;background:var(--card);border-bottom:1px solid var(--line)}
h1{font-size:16px;line-height:1.2;margin:0;letter-spacing:-.01em}
h2{font-size:13px;margin:0}
h3{font-size:13px;margin:14px 0 6px}
p{margin:0}
button,select,input{font:inherit;color:var(--ink);background:var(--card);border:1px solid var(--outline);border-radius:6px;min-height:28px}
button{padding:3px 10px;cursor:pointer;white-space:nowrap}
button:hover{background:var(--soft)}
button.primary{background:var(--last);border-color:var(--last);color:var(--on-placement)}
button.primary:hover{filter:brightness(1.08)}
select{padding:3px 6px;max-width:100%}
input:not([type=checkbox]){padding:3px 8px;width:100%}
input[type=checkbox]{min-height:0;width:15px;height:15px;margin:0;accent-color:var(--last)}
::placeholder{color:var(--muted);opacity:1}
:focus-visible{outline:2px solid var(--last);outline-offset:1px}
[role=tabpanel]:focus-visible{outline-offset:-2px}
kbd{font:inherit;font-size:11px;border:1px solid var(--line);border-radius:3px;padding:0 4px;background:var(--card)}
code,pre{font-family:${mono};font-size:12.5px}
#menu{flex:0 1 auto;min-width:0}
#menu select{font-weight:600}
.actions{display:flex;flex-wrap:wrap;gap:6px}
header .actions{margin-left:auto}
main{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,1fr);min-height:0}
#failure{grid-column:1/-1;padding:12px 16px;color:var(--error);font-weight:600}
noscript{grid-column:1/-1;padding:16px}
#spec{display:flex;flex-direction:column;min-height:0;min-width:0;border-right:1px solid var(--line);background:var(--card)}
#editor{flex:1 1 auto;min-height:0;overflow:hidden}
#mistakes-section{border-top:1px solid var(--line);max-height:34%;overflow:auto;flex:none;background:var(--paper)}
#mistake-count{padding:6px 12px;color:var(--muted);font-weight:600}
.has-errors #mistake-count{color:var(--error)}
#mistakes{list-style:none;margin:0;padding:0 12px}
#mistakes li{display:flex;gap:10px;align-items:baseline;padding:6px 0;border-top:1px solid var(--line);overflow-wrap:anywhere}
#mistakes li>div{min-width:0}
#mistakes li strong{font-weight:600;color:var(--warn)}
#mistakes li.error strong{color:var(--error)}
#mistakes .place{font-family:${mono};font-size:12px;min-width:62px;text-align:right;padding:1px 6px;min-height:24px;flex:none}
#mistakes p+p{margin-top:3px}
.detail,.hint,.note,#keys,footer{color:var(--muted)}
.detail{white-space:pre-wrap}
#keys{flex:none;font-size:12px;padding:5px 12px;border-top:1px solid var(--line);background:var(--paper)}
#answers{display:grid;grid-template-rows:auto auto auto minmax(0,1fr);min-height:0;min-width:0}
#stale{padding:6px 16px;color:var(--warn);font-weight:600;border-bottom:1px solid var(--line)}
.is-stale .printed,.is-stale .picture{color:var(--muted)}
.tiles{display:grid;grid-template-columns:repeat(5,minmax(0,1fr));margin:0;border-bottom:1px solid var(--line);background:var(--card);min-height:75px}
.tile{padding:8px 14px;border-left:1px solid var(--line);min-width:0}
.tile:first-child{border-left:0}
.tile dt{color:var(--muted);font-size:12px}
.tile dd{margin:0;font-size:16px;line-height:1.3;font-weight:600;font-variant-numeric:tabular-nums;letter-spacing:-.01em;overflow-wrap:anywhere}
.tile dd+dd{font-size:12px;font-weight:400;color:var(--muted);letter-spacing:0}
.tile.wrong dd:not(dd+dd){color:var(--error)}
[role=tablist]{display:flex;overflow-x:auto;padding:0 8px;border-bottom:1px solid var(--line);background:var(--card);scrollbar-width:thin}
[role=tab]{border:0;border-radius:0;background:none;padding:8px 10px;color:var(--muted);border-bottom:2px solid transparent;margin-bottom:-1px}
[role=tab]:hover{color:var(--ink);background:none}
[role=tab][aria-selected=true]{color:var(--ink);font-weight:600;border-bottom-color:var(--last)}
[role=tab]:focus-visible{outline-offset:-3px}
#panels{min-height:0;overflow:auto}
[role=tabpanel]{padding:12px 16px 20px}
.fields{display:flex;flex-wrap:wrap;gap:8px 14px;align-items:flex-end;margin-bottom:12px}
form.fields{display:grid;grid-template-columns:repeat(auto-fill,minmax(170px,1fr));align-items:start}
.field{display:flex;flex-direction:column;gap:3px;min-width:0;font-size:13px}
.field label{color:var(--muted);font-size:12px}
.field .hint{font-size:12px}
.tick{display:inline-flex;align-items:center;gap:7px;min-height:28px;font-size:13px}
.ticks{grid-column:1/-1;display:flex;flex-wrap:wrap;gap:8px 18px;align-items:center}
.bar{display:flex;gap:8px 14px;align-items:center;justify-content:space-between;margin-bottom:8px}
.bar .actions{flex:none}
.command{color:var(--muted);overflow-wrap:anywhere;min-width:0}
.printed{margin:0;padding:12px 14px;overflow-x:auto;background:var(--card);border:1px solid var(--line);border-radius:8px;line-height:1.5;tab-size:4}
.printed ins,.printed del,.printed .gap{display:block;text-decoration:none;margin:0 -14px;padding:0 14px;width:max-content;min-width:calc(100% + 28px)}
.printed ins{color:var(--placement-2);background:color-mix(in srgb,var(--placement-2) 9%,transparent)}
.printed del{color:var(--error);background:color-mix(in srgb,var(--error) 8%,transparent)}
.printed .gap{color:var(--muted)}
.note{margin-bottom:8px;white-space:pre-wrap}
[aria-busy=true] .printed{opacity:.55}
.diagram{margin:0}
svg{display:block;max-width:100%;height:auto}
.scroll{overflow-x:auto;background:var(--card);border:1px solid var(--line);border-radius:8px;margin:0 0 12px}
table{border-collapse:collapse;width:100%;font-size:13px}
th,td{padding:5px 12px;text-align:left;vertical-align:baseline;font-weight:400;border-top:1px solid var(--line)}
thead th,thead td{color:var(--muted);font-size:12px;border-top:0}
tbody th code{white-space:pre}
.number{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
tbody tr:hover>*{background:var(--soft)}
details summary{cursor:pointer;margin-bottom:8px}
#notice{position:fixed;left:50%;bottom:34px;transform:translateX(-50%);max-width:calc(100vw - 32px);background:var(--trained);color:var(--paper);padding:8px 16px;border-radius:8px;z-index:10}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
footer{font-size:12px;padding:5px 16px;border-top:1px solid var(--line);background:var(--card)}
`;

const narrow = `\
@media (max-width:900px){
body{height:auto;display:block}
main{display:block}
header{padding:8px 12px}
header .actions{margin-left:0}
#menu{flex:1 1 200px}
#menu select{width:100%}
#spec{border-right:0}
#editor{height:56vh;min-height:260px;flex:none}
#mistakes-section{max-height:none}
#answers{display:block;border-top:8px solid var(--paper)}
.tiles{grid-template-columns:repeat(2,minmax(0,1fr))}
.tile{border-left:0;border-top:1px solid var(--line);padding:8px 12px}
[role=tablist]{position:sticky;top:0;z-index:2}
[role=tabpanel]{padding:12px}
.bar{flex-wrap:wrap}
button,select,input{min-height:34px}
input:not([type=checkbox]),select{font-size:16px}
}
`;

/** What moves by itself, for readers who want nothing to. */
const motion = `\
@media (prefers-reduced-motion:no-preference){button,[role=tab]{transition:background-color .12s,color .12s}}
`;
