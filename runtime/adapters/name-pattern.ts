import { type Wrong, wrong } from "./json-object.ts";

/** What a key of PEFT's `rank_pattern` or `alpha_pattern` says of the names of modules: how they end. */
export interface NamePattern {
  readonly kind: "pattern";
  readonly text: string;
  /** The characters at the end of a name; null for any character. */
  readonly ending: readonly (string | null)[];
  /** What may stand before them: nothing, whole parts of a name, or anything. */
  readonly before: "nothing" | "parts" | "anything";
}

/** Characters of a key; module names have some hundred at most. */
const longest = 500;

/**
 * Reads a key as PEFT does, which holds the regular expression `(.*\.)?(KEY)$` against a name, for keys that say how a name
 * ends: characters, `.` for any, `\.` for a dot, `^` before them for the whole name, `.*` for any beginning. Other regular
 * expressions are refused: some take for ever.
 */
export function readNamePattern(text: string): NamePattern | Wrong {
  if (text.length > longest) return wrong(`a pattern of ${text.length} characters is too long`);
  const unsupported = wrong(
    `the pattern \`${text}\` is not supported: only names of modules are, their endings, and \`.*\` before an ending`,
  );
  let rest = text;
  let before: NamePattern["before"] = "parts";
  if (rest.startsWith("^")) [rest, before] = [rest.slice(1), "nothing"];
  if (rest.startsWith(".*")) [rest, before] = [rest.slice(2), "anything"];
  if (rest.endsWith("$")) rest = rest.slice(0, -1);
  const ending: (string | null)[] = [];
  for (let at = 0; at < rest.length; at++) {
    const character = rest.charAt(at);
    const next = rest.charAt(at + 1);
    if (character === "\\") {
      // Before a letter or a digit it stands for a class, a boundary or a group.
      if (!/^[^\p{L}\p{N}]$/u.test(next)) return unsupported;
      ending.push(next);
      at++;
    } else if ("*+?()[]{}|^$".includes(character)) return unsupported;
    else ending.push(character === "." ? null : character);
  }
  return ending.length === 0 ? unsupported : { kind: "pattern", text, ending, before };
}

/** Whether a pattern fits the name of a module. */
export function fitsName({ ending, before }: NamePattern, name: string): boolean {
  const start = name.length - ending.length;
  if (start < 0 || (before === "nothing" && start > 0)) return false;
  if (before === "parts" && start > 0 && name[start - 1] !== ".") return false;
  return ending.every((character, index) => character === null || character === name[start + index]);
}
