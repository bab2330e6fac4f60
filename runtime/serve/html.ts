import { escapeMarkup, styleOf } from "../report/index.ts";
import { pageStyle } from "./page-style.ts";

/** The page's frame; what is in it is made in the browser, of what the server tells. */
export function pageHtml(roots: readonly string[]): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>medctc: trainings</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/style.css">
<script type="module" src="/page.js"></script>
</head>
<body>
<header>
<h1>Trainings</h1>
<p class="about">${roots.map((root) => `<code>${escapeMarkup(root)}</code>`).join(" ")}</p>
<p id="status" role="status" class="run">Looking for runs ...</p>
</header>
<main>
<noscript><p class="warning">This page needs JavaScript.</p></noscript>
<section aria-labelledby="runs-title"><h2 id="runs-title">Runs</h2><div id="runs"></div></section>
<section aria-labelledby="curves-title"><h2 id="curves-title">Curves</h2><div id="controls"></div><div id="curves" class="charts"></div></section>
<section aria-labelledby="results-title"><h2 id="results-title">Side by side</h2><div id="results"></div></section>
<section aria-labelledby="problems-title"><h2 id="problems-title">Problems</h2><div id="problems"></div></section>
</main>
<footer>Made by medctc. This page is served by this machine, and loads nothing from elsewhere.</footer>
</body>
</html>
`;
}

export function styleSheet(): string {
  return `${styleOf({ width: 1280 })}${pageStyle}`;
}
