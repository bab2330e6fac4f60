import { createHash } from "node:crypto";
import { labelColumns } from "../../../compiler/index.ts";
import { type CacheSettings, type DataInputs, type Dataset, type Example, openDataset } from "../../data/index.ts";
import type { SweepEntry } from "../../sweep/index.ts";
import { settleData } from "../data/contract.ts";
import { exampleRecord } from "../data/example-record.ts";
import { isUsable } from "../data/open.ts";
import type { Reporter } from "../reporter.ts";

/** The volumes that a run reads, and a hash of what a data set says of them: of all but their voxels. */
export interface SweepData {
  readonly hash: string;
  readonly examples: readonly Example[];
  /** How many of these are there to train on. */
  readonly toTrainOn: number;
  /** How many are held out; null where nothing is evaluated. */
  readonly heldOut: number | null;
  readonly inputs: DataInputs;
}

/** Opens what entries train on and are evaluated on, once for all that read the same; null after reporting what is wrong. */
export async function openSweepData(
  entries: readonly SweepEntry[],
  dataOf: (entry: SweepEntry) => string,
  skipBad: boolean,
  cache: CacheSettings | null,
  reporter: Reporter,
): Promise<ReadonlyMap<string, SweepData> | null> {
  const found = new Map<string, SweepData>();
  for (const entry of entries) {
    const key = dataKey(entry);
    if (found.has(key)) continue;
    const { data: settings, evaluation } = entry;
    const data = dataOf(entry);
    const classes = labelColumns(evaluation);
    const isEvaluated = evaluation.image !== null && evaluation.text !== null && classes.length > 0;
    if (entry.inputs.kind === "failed") {
      reporter.problem(entry.inputs.problem);
      return null;
    }
    const { files, texts, labels } = entry.inputs.value.needs;
    const train = await openDataset(data, settings, { files, texts, labels, split: "train" });
    if (!isEvaluated) {
      reporter.note(`${entry.name} is not evaluated: its \`eval\` block sets no latents or no classes`);
    }
    const held = isEvaluated
      ? await openDataset(data, settings, { files, texts: [], labels: classes, split: "valid" })
      : null;
    if (!isUsable({ ...train, notes: [] }, { data, skipBad }, reporter)) return null;
    // As in a training, a folder without held-out volumes or labels is no mistake, and bad files may be skipped.
    const isWithout =
      held?.examples.length === 0 && (skipBad || held.problems.every(({ subject }) => subject === data));
    if (held !== null && !isWithout && !isUsable({ ...held, notes: [] }, { data, skipBad }, reporter)) return null;
    const sets: readonly Dataset[] = held === null ? [train] : [train, held];
    // Each run says what is found; here it decides which entries of the cache are theirs.
    const quiet = { ...reporter, note: () => undefined };
    const settled = await settleData(settings, sets, entry.inputs.value, skipBad, quiet, cache);
    if (settled === null) return null;
    const examples = sets.flatMap((set) => set.examples);
    const heldOut = held === null || held.examples.length === 0 ? null : held.examples.length;
    const counts = { toTrainOn: train.examples.length, heldOut };
    found.set(key, { hash: hashOf(sets), examples, ...counts, inputs: settled.inputs });
  }
  return found;
}

/** The same for entries that read the same volumes in the same way. */
export function dataKey({ data, inputs, evaluation }: Pick<SweepEntry, "data" | "inputs" | "evaluation">): string {
  return JSON.stringify([data, inputs.kind === "ok" ? inputs.value.needs : null, labelColumns(evaluation)]);
}

function hashOf(sets: readonly Dataset[]): string {
  const hash = createHash("sha256");
  for (const { examples } of sets) {
    for (const example of examples) hash.update(exampleRecord(example, []));
    hash.update("\n");
  }
  return hash.digest("hex");
}
