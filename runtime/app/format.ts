import { createSource, type Diagnostic, formatSource } from "../../grammar/index.ts";
import {
  attempt,
  decodeText,
  readText,
  type StorageProblem,
  type TextFile,
  whyUnread,
  writeAtomically,
} from "../files/index.ts";

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
  return formatted(decodeText(bytes, name), name);
}

/** Formats a file, and changes nothing. */
export function formatPath(path: string): Formatted {
  return formatted(readText(path), path);
}

/** Writes a formatted text into its file; what keeps it from being written, or null. */
export function writeFormatted(path: string, text: string): StorageProblem | null {
  const written = attempt(path, () => writeAtomically(path, text));
  return written.kind === "failed" ? written.problem : null;
}

function formatted(file: TextFile, name: string): Formatted {
  if (file.kind !== "text") return { kind: "wrong", diagnostics: [whyUnread(file, name)] };
  const { text, diagnostics } = formatSource(createSource(name, file.text));
  return text === null
    ? { kind: "wrong", diagnostics }
    : { kind: "text", text, changed: text !== file.text, diagnostics };
}
