import { once } from "node:events";
import * as v from "valibot";
import type { ParquetAnswer } from "./messages.ts";
import { openParquet } from "./parquet-file.ts";

const taskSchema = v.object({ file: v.string() });
const wishSchema = v.object({ places: v.array(v.number()) });

/** A process that reads one Parquet file: what a damaged one makes the library do ends no other process. */
if (process.send !== undefined) {
  // Who waits for it decides what a signal ends, and takes it along.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);
  process.on("disconnect", () => process.exit());
  await read();
}

async function read(): Promise<void> {
  const { file } = v.parse(taskSchema, await heard());
  const opened = await openParquet(file);
  if (opened.kind === "failed") {
    await tell({ kind: "failed", fault: opened.problem });
    return;
  }
  const { columns, read: readRows, close } = opened.value;
  const asked = heard();
  await tell({ kind: "columns", columns });
  const { places } = v.parse(wishSchema, await asked);
  const end = await readRows(places, (rows, before) => tell({ kind: "rows", before, rows }));
  await close();
  await tell(end.kind === "ok" ? { kind: "done" } : { kind: "failed", fault: end.problem });
}

async function heard(): Promise<unknown> {
  const message: readonly unknown[] = await once(process, "message");
  return message[0];
}

/** Waits until it was taken, so that no more rows wait than are given at once. */
function tell(answer: ParquetAnswer): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send?.(answer, undefined, undefined, (error) => (error === null ? resolve() : reject(error)));
  });
}
