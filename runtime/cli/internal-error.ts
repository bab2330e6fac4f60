import { existsSync, readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { fileURLToPath } from "node:url";
import { version } from "../machine/index.ts";

/** What is reported of a mistake of this program: its stack by the sources, and what it ran on and was asked for. */
export function describeInternalError(error: unknown, commandLine: readonly string[]): string {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return [
    `internal error: ${inSources(stack)}`,
    `medctc ${version}, ${process.platform} ${process.arch}, Node ${process.versions.node}`,
    `command: medctc ${commandLine.map(quoted).join(" ")}`,
    "This is a fault of medctc, not of your files. Please report it with the text above.\n",
  ].join("\n");
}

/**
 * A stack with the places of the sources instead of the bundle's. The maps are read only now: Node.js would read them for every
 * start.
 */
function inSources(stack: string): string {
  const maps = new Map<string, SourceMap | null>();
  return stack.replace(/(file:\/\/\S+?\.js):(\d+):(\d+)/g, (place, url: string, line: string, column: string) => {
    const map = maps.get(url) ?? mapOf(url);
    maps.set(url, map);
    const origin = map?.findEntry(Number(line) - 1, Number(column) - 1);
    if (origin === undefined || !("originalSource" in origin)) return place;
    const source = origin.originalSource.replace(/^(\.\.\/)+/, "");
    return `${source}:${origin.originalLine + 1}:${origin.originalColumn + 1}`;
  });
}

function mapOf(url: string): SourceMap | null {
  try {
    const file = `${fileURLToPath(url)}.map`;
    const payload: unknown = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : null;
    return isPayload(payload) ? new SourceMap(payload) : null;
  } catch {
    // The stack as it is says more than a second mistake.
    return null;
  }
}

function isPayload(value: unknown): value is ConstructorParameters<typeof SourceMap>[0] {
  return typeof value === "object" && value !== null && "mappings" in value && "sources" in value;
}

/** A word as a shell takes it. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
