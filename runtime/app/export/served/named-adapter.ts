import { failed, ok, type Problem, type Result } from "../../../text/index.ts";
import { problem } from "../../reporter.ts";
import { baseName } from "./manifest.ts";

/** An adapter that is served under a name. */
export interface NamedAdapter {
  readonly name: string;
  /** A file of adapters, or a folder that has one. */
  readonly path: string;
}

/** Names are those of files on every system. */
const allowed = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Reads adapters that are given as `NAME=PATH`, each name once. */
export function readNamedAdapters(given: readonly string[]): Result<readonly NamedAdapter[]> {
  const named: NamedAdapter[] = [];
  for (const text of given) {
    const equals = text.indexOf("=");
    const [name, path] = [text.slice(0, Math.max(0, equals)), text.slice(equals + 1)];
    const wrong = equals < 0 || path === "" ? noName(text) : wrongName(name, named);
    if (wrong !== null) return failed(wrong);
    named.push({ name, path });
  }
  return ok(named);
}

function noName(text: string): Problem {
  return problem(`\`${text}\` is not NAME=PATH`, "name each adapter, such as --serve lung=runs/lung");
}

function wrongName(name: string, earlier: readonly NamedAdapter[]): Problem | null {
  if (!allowed.test(name)) {
    const help = "use letters, digits, `.`, `_` and `-`, at most 64, starting with a letter or digit";
    return problem(`\`${name}\` is not a valid name of an adapter`, help);
  }
  // Some systems do not tell capital letters from others.
  const plain = name.toLowerCase();
  if (plain === baseName)
    return problem(`\`${name}\` is the name of the model without adapters`, "choose another name");
  if (earlier.some((each) => each.name.toLowerCase() === plain))
    return problem(`two adapters have the name \`${name}\``, "choose another name for one of them");
  return null;
}

/** Why names do not fit those that are there: the same name takes the place of one, but its files would be those of another. */
export function takenName(named: readonly NamedAdapter[], known: readonly string[]): Problem | null {
  for (const { name } of named) {
    const other = known.find((each) => each !== name && each.toLowerCase() === name.toLowerCase());
    if (other !== undefined)
      return problem(`there is an adapter \`${other}\` already`, `choose another name for \`${name}\``);
  }
  return null;
}
