import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { readFileText } from "../../files/index.ts";
import { readOwnJson } from "../../json/index.ts";
import { ProblemError } from "../../text/index.ts";
import { compareIdentity, type RunIdentity } from "../../train/index.ts";
import { describeDifference } from "./identity.ts";

const identity = v.object({
  spec: v.string(),
  data: v.string(),
  weights: v.string(),
  seed: v.number(),
  batch: v.number(),
  precision: v.string(),
  steps: v.number(),
});

/** The file in a run's work folder by which the machines of a training know that they train the same. */
export function leadingFile(workFolder: string): string {
  return join(workFolder, "leading.json");
}

export function writeLeading(workFolder: string, leading: RunIdentity): void {
  writeFileSync(leadingFile(workFolder), JSON.stringify(leading));
}

/** Throws a ProblemError where a machine does not train what the first one does: rows of other data would go unnoticed. */
export function checkLeading(path: string, own: RunIdentity): void {
  const leading = existsSync(path) ? readOwnJson(readFileText(path), identity) : null;
  if (leading === null) {
    const message = "the first machine did not write it";
    throw new ProblemError({
      subject: path,
      message,
      help: "give all machines the same -o, on a file system that all see",
    });
  }
  const [difference] = compareIdentity(leading, own);
  if (difference === undefined) return;
  const { field, saved, now } = difference;
  const message = `\`${field}\` is not what the first machine has: ${describeDifference(field, saved, now)}`;
  throw new ProblemError({ subject: "", message, help: "run the same command on the same files on all machines" });
}
