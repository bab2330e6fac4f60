/** What the page of trainings has besides the style of reports. */
export const pageStyle = `\
.visually-hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.runs td,.runs th{white-space:nowrap}
.runs tbody th{white-space:normal;min-width:13em;max-width:26em;overflow-wrap:anywhere}
.runs label{display:flex;gap:8px;align-items:baseline;cursor:pointer}
.runs input{margin:0;flex:none}
.swatch{display:inline-block;width:22px;height:8px;flex:none}
.state{display:inline-block;border:1px solid var(--line);border-radius:999px;padding:0 9px;font-size:13px}
.state.running{border-color:var(--last);color:var(--last)}
.state.failed{border-color:var(--warn);color:var(--warn)}
.note{display:block;color:var(--muted);font-size:12px;white-space:normal;max-width:22em;overflow-wrap:anywhere}
progress:not([hidden]){display:block}
progress{width:100%;min-width:90px;height:6px;margin-top:4px;accent-color:var(--last)}
#controls{display:flex;flex-wrap:wrap;gap:4px 20px;margin-bottom:14px}
#controls label{display:inline-flex;gap:6px;align-items:center}
#curves .card{min-width:0}
#curves svg{width:100%;overflow:visible}
#curves text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;fill:var(--muted)}
#curves .grid{stroke:var(--line);stroke-width:1}
#curves details{margin-top:8px;font-size:13px}
summary{cursor:pointer;color:var(--muted)}
summary:focus-visible,input:focus-visible{outline:2px solid var(--last);outline-offset:2px}
.keys{list-style:none;display:flex;flex-wrap:wrap;gap:2px 16px;margin:0 0 14px;padding:0;font-size:13px}
.keys li{display:flex;gap:6px;align-items:center;min-width:0;overflow-wrap:anywhere}
.problems{margin:0;padding:12px 14px;overflow-x:auto;white-space:pre-wrap;overflow-wrap:anywhere;background:var(--card);border:1px solid var(--line);border-radius:8px}
td.setting{max-width:24em;overflow-wrap:anywhere}
`;
