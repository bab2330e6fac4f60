import { fileURLToPath, pathToFileURL } from "node:url";
import type { Location, TextEdit } from "vscode-languageserver/node";
import { rangeOf, type Span } from "../../grammar/index.ts";
import { pathOfSource } from "./library.ts";

/** The path of a document; what is not a file, as an untitled one, is called by its address. */
export function pathOfUri(uri: string): string {
  return uri.startsWith("file:") ? fileURLToPath(uri) : uri;
}

function uriOfSource(name: string): string {
  return /^[a-z-]{2,}:/.test(name) ? name : pathToFileURL(pathOfSource(name)).href;
}

export function locationOf(span: Span): Location {
  return { uri: uriOfSource(span.source.name), range: rangeOf(span) };
}

/** The same text in the place of each span, by the addresses of their files. */
export function changesOf(spans: readonly Span[], newText: string): Record<string, TextEdit[]> {
  const changes: Record<string, TextEdit[]> = {};
  for (const span of spans) {
    const { uri, range } = locationOf(span);
    changes[uri] = [...(changes[uri] ?? []), { range, newText }];
  }
  return changes;
}
