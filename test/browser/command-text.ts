import { spawnSync } from "node:child_process";

const known = new Map<string, string>();

/** What a command line prints; run once however often it is asked for. */
export function medctcText(...words: readonly string[]): string {
  const key = words.join("\0");
  const text =
    known.get(key) ??
    spawnSync(process.execPath, ["dist/medctc.js", ...words], { encoding: "utf8", maxBuffer: 2 ** 26 }).stdout;
  known.set(key, text);
  return text;
}
