import { type EvalSettings, unevaluatedClasses } from "../../../compiler/index.ts";
import { listWords } from "../../text/index.ts";
import type { Reporter } from "../reporter.ts";

/** Says which classes no column of the labels is compared with. */
export function noteUnevaluated(settings: EvalSettings, reporter: Pick<Reporter, "note">): void {
  const left = unevaluatedClasses(settings);
  if (left.length === 0) return;
  const names = listWords(
    left.map((name) => JSON.stringify(name)),
    "and",
  );
  reporter.note(`not evaluated: ${names}, which no column of the \`eval\` block is of`);
}
