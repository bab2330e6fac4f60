import type { ContentPolicy } from "../local-server/index.ts";
import { version } from "../machine/index.ts";

/** What the page may load: its own files, and pictures in its own style. Everything else is refused by the browser. */
export const pagePolicy: ContentPolicy = {
  "script-src": "'self'",
  "worker-src": "'self'",
  "style-src": "'self'",
  "img-src": "'self' data:",
  "connect-src": "'self'",
};

/** The page before its script fills it. Addresses are relative, so that it works below any path of any host. */
export function documentText(): string {
  const policy = Object.entries({
    "default-src": "'none'",
    ...pagePolicy,
    "base-uri": "'none'",
    "form-action": "'none'",
  })
    .map(([directive, sources]) => `${directive} ${sources}`)
    .join("; ");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>medctc</title>
<link rel="icon" href="data:,">
<link rel="preload" href="texts.json" as="fetch" crossorigin>
<link rel="stylesheet" href="page.css">
<script type="module" src="page.js"></script>
</head>
<body>
<header>
<h1>medctc</h1>
<div id="menu"></div>
<div class="actions" role="group" aria-label="Spec">
<button type="button" id="format" title="Format (Shift-Alt-F)">Format</button>
<button type="button" id="start-over">Start over</button>
<button type="button" id="copy-link">Copy link</button>
<button type="button" id="copy-text">Copy</button>
<button type="button" id="download">Download</button>
</div>
</header>
<main>
<p id="failure" role="alert" hidden></p>
<noscript><p>This page is a compiler that runs in the browser, so it needs JavaScript. It loads nothing from elsewhere.</p></noscript>
<section id="spec" aria-label="Spec">
<div id="editor"></div>
<section id="mistakes-section" aria-labelledby="mistake-count">
<h2 id="mistake-count">no mistakes</h2>
<ul id="mistakes"></ul>
</section>
<p id="keys">Tab indents; <kbd>Esc</kbd> then <kbd>Tab</kbd> leaves the editor. <kbd>Ctrl</kbd>+<kbd>Space</kbd> completes, <kbd>F8</kbd> goes to the next mistake, <kbd>Shift</kbd>+<kbd>Alt</kbd>+<kbd>F</kbd> formats.</p>
</section>
<section id="answers" aria-label="What the compiler finds">
<p id="stale" hidden>This text does not compile. What is below is of the last text that did.</p>
<dl id="counts" class="tiles"></dl>
<div id="tabs" role="tablist" aria-label="Panels"></div>
<div id="panels"></div>
</section>
</main>
<p id="notice" role="status" hidden></p>
<p id="announcements" class="unseen" role="status" aria-live="polite"></p>
<footer>medctc ${version}. The compiler runs in this page; no text leaves this machine.</footer>
</body>
</html>
`;
}
