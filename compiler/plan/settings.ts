import type { Expression, File, SettingsName } from "../../grammar/index.ts";

/** The value of a setting as it was written, or null. */
function settingOf(file: File, block: SettingsName, key: string): Expression | null {
  for (const item of file.items) {
    if (item.kind !== "settings" || item.block !== block) continue;
    const entry = item.entries.find(({ name }) => name.text === key);
    if (entry !== undefined) return entry.value;
  }
  return null;
}

/** Rows in a batch; 1 when the spec does not say. */
export function batchOf(file: File): number {
  const batch = settingOf(file, "train", "batch");
  return batch?.kind === "number" && Number.isSafeInteger(batch.value) && batch.value > 0 ? batch.value : 1;
}

/** Numbers that an optimizer keeps for each trainable one. */
const optimizerSlots: ReadonlyMap<string, number> = new Map([
  ["adamw", 2],
  ["adam", 2],
  ["sgd", 0],
]);

export function optimizerSlotsOf(file: File): number {
  const optimizer = settingOf(file, "train", "optimizer");
  const callee = optimizer?.kind === "call" ? optimizer.callee : optimizer;
  return callee?.kind === "name" ? (optimizerSlots.get(callee.text) ?? 2) : 2;
}
