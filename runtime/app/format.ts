import { createSource, type Diagnostic, formatSource, report, type Source } from "../../grammar/index.ts";
import { attempt, decodeText, readText, type StorageProblem, writeAtomically } from "../files/index.ts";

/** What putting a text into the one form of the language came to. */
export type Formatted =
  | {
      readonly kind: "text";
      readonly text: string;
      readonly changed: boolean;
      readonly diagnostics: readonly Diagnostic[];
    }
  | { readonly kind: "wrong"; readonly diagnostics: readonly Diagnostic[] };

/** Formats bytes that come from elsewhere than a file; `name` is what they are called in diagnostics. */
export function formatBytes(bytes: Uint8Array, name: string): Formatted {
  const input = decodeText(bytes, name);
  switch (input.kind) {
    case "text":
      return formatted(createSource(name, input.text));
    case "unreadable":
      return { kind: "wrong", diagnostics: [input.problem(name)] };
    case "missing":
      return { kind: "wrong", diagnostics: [] };
  }
}

/** Formats a file, and changes nothing. */
export function formatPath(path: string): Formatted {
  const file = readText(path);
  switch (file.kind) {
    case "text":
      return formatted(createSource(path, file.text));
    case "missing":
      return { kind: "wrong", diagnostics: [report("file-not-found", path, { path })] };
    case "unreadable":
      return { kind: "wrong", diagnostics: [file.problem(path)] };
  }
}

/** Writes a formatted text into its file; what keeps it from being written, or null. */
export function writeFormatted(path: string, text: string): StorageProblem | null {
  const written = attempt(path, () => writeAtomically(path, text));
  return written.kind === "failed" ? written.problem : null;
}

function formatted(source: Source): Formatted {
  const { text, diagnostics } = formatSource(source);
  return text === null
    ? { kind: "wrong", diagnostics }
    : { kind: "text", text, changed: text !== source.text, diagnostics };
}
