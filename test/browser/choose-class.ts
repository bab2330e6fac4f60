import { pathToFileURL } from "node:url";
import * as v from "valibot";
import type { Browser, View } from "./devtools.ts";

const shown = v.array(v.object({ classes: v.string(), fill: v.string() }));

/** What is wrong with a page's map of latents when its reader chooses another class than the first: which points have another colour. */
export async function chooseClass(browser: Browser, path: string, view: View): Promise<readonly string[]> {
  const tab = await browser.open(pathToFileURL(path).href, view);
  try {
    const problems: string[] = [];
    for (const chosen of [0, 3, 1]) {
      const points = v.parse(shown, await tab.evaluate(chosenAndShown(chosen)));
      const marked = points.filter(({ classes }) => classes.split(" ").includes(`p${chosen}`));
      const unknown = points.filter(({ classes }) => classes.split(" ").includes(`u${chosen}`));
      const others = points.filter((point) => !marked.includes(point) && !unknown.includes(point));
      const groups = [marked, unknown, others].map((group) => new Set(group.map(({ fill }) => fill)));
      const fills = groups.flatMap((group) => [...group]);
      // A colour for each of the three, which no other has.
      const isRight = groups.every(({ size }) => size === 1) && new Set(fills).size === groups.length;
      if (!isRight) problems.push(`with class ${chosen} chosen the points have the colours ${fills.join(", ")}`);
    }
    return problems;
  } finally {
    await tab.close();
  }
}

/** Chooses a class as a click on its name does, and gives the points as they then are. */
function chosenAndShown(chosen: number): string {
  return `document.querySelector('label[for="latents-class-${chosen}"]').click();
[...document.querySelectorAll(".map circle")].map((point) => ({
  classes: point.getAttribute("class") ?? "", fill: getComputedStyle(point).fill,
}))`;
}
