import * as v from "valibot";

/** What a process that reads a Parquet file is asked for first. */
export interface ParquetTask {
  readonly file: string;
}

/** The places of the columns whose cells are wanted. */
export interface ParquetWish {
  readonly places: readonly number[];
}

const answerSchema = v.variant("kind", [
  /** The names of the columns, after which the process waits for a wish. */
  v.object({ kind: v.literal("columns"), columns: v.array(v.string()) }),
  /** The wanted cells of some rows, and how many rows came before. */
  v.object({ kind: v.literal("rows"), before: v.number(), rows: v.array(v.array(v.string())) }),
  v.object({ kind: v.literal("done") }),
  v.object({ kind: v.literal("failed"), fault: v.object({ message: v.string(), help: v.nullable(v.string()) }) }),
]);

export type ParquetAnswer = v.InferInput<typeof answerSchema>;

/** Reads what a process answers. */
export function answerOf(message: unknown): ParquetAnswer {
  return v.parse(answerSchema, message);
}
