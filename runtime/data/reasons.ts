import { reasonOf as reasonOfCode } from "../files/index.ts";

/** What is said otherwise of data than of other files. */
const reasons: ReadonlyMap<string, string> = new Map([
  ["ENOENT", "it does not exist"],
  ["ENOTDIR", "it is not a folder"],
  ["EISDIR", "it is a folder"],
  ["EMFILE", "too many files are open"],
]);

/** Why the file system refused, in words. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error ? String(error.code) : "";
  return reasons.get(code) ?? (code === "" ? error.message : reasonOfCode(code));
}
