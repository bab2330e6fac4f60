import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import type { Tab, View } from "./devtools.ts";

const screenshot = v.object({ data: v.string() });

/** Leaves a picture of a whole page, however long it is, in a folder if there is one. */
export async function takeScreenshot(tab: Tab, folder: string | undefined, name: string, view: View): Promise<void> {
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  const height = Number(await tab.evaluate("document.documentElement.scrollHeight"));
  const clip = { x: 0, y: 0, width: view.width, height, scale: 1 };
  const taken = await tab.send("Page.captureScreenshot", { captureBeyondViewport: true, clip });
  writeFileSync(join(folder, `${name}.png`), Buffer.from(v.parse(screenshot, taken).data, "base64"));
}
