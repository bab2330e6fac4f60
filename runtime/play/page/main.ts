import { notify } from "./announce.ts";
import { part } from "./elements.ts";
import { readFragment } from "./link.ts";
import { Playground, titleOf } from "./playground.ts";
import { loadTexts, type PageTexts } from "./texts.ts";

/** Opens what the link names, or else what the page was started with. */
async function start(): Promise<void> {
  const texts = await loadTexts();
  const link = await readFragment(location.hash.slice(1));
  const opened = withLink(texts, link.kind === "bundled" ? link.path : null);
  const linked = link.kind === "spec" ? link.spec : null;
  document.title = titleOf(linked?.path ?? opened.start.path);
  new Playground(opened, linked);
  if (link.kind === "wrong") notify(`The link cannot be read: ${link.why}.`);
}

function withLink(texts: PageTexts, path: string | null): PageTexts {
  if (path === null || !Object.hasOwn(texts.bundled, path)) return texts;
  return { ...texts, start: { path, isBundled: true } };
}

// A link that is opened in the same tab is another page.
window.addEventListener("hashchange", () => location.reload());

start().catch((error: unknown) => {
  const failure = part("failure");
  failure.textContent = `The page could not be started: ${error instanceof Error ? error.message : String(error)}`;
  failure.hidden = false;
});
