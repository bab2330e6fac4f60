import { describe, expect, test } from "vitest";
import type { TensorData } from "../../compiler/index.ts";
import { programBackends, runOnce } from "../../runtime/backends/index.ts";
import { ProblemError } from "../../runtime/text/index.ts";
import { Small } from "../passes/small-program.ts";

/** Rows of a table of five, by numbers that are fed. */
async function rowsOf(backend: (typeof programBackends)[number], numbers: readonly number[]) {
  const small = new Small();
  const table = small.add({ op: "iota", size: 5 });
  const ids = small.input("ids", [3], "i32");
  const program = small.program({ rows: small.add({ op: "gather", axis: 0 }, table, ids) });
  const model = { parameters: [], trainable: new Set<string>(), seed: 0, programs: [program] };
  const fed: TensorData = { type: { dtype: "i32", shape: [3] }, data: Float64Array.from(numbers) };
  const given = { inputs: new Map([["ids", fed]]), piecesOf: () => [], state: new Map() };
  const results = await runOnce(backend, model, given);
  return [...(results.get("rows")?.data ?? [])];
}

async function problemOf(run: Promise<unknown>): Promise<unknown> {
  try {
    return await run;
  } catch (error) {
    return error instanceof ProblemError ? error.problem : error;
  }
}

describe.each(programBackends.map((backend) => [backend.name, backend] as const))("on %s", (_, backend) => {
  const isReady = backend.load().kind === "ready";

  test.skipIf(!isReady)("rows of a table are read by their numbers, and a number beyond it is named", async () => {
    expect(await rowsOf(backend, [4, 0, 2])).toEqual([4, 0, 2]);
    const help = "the model looks them up in a table or takes them for classes: is the vocabulary that of the spec?";
    for (const wrong of [5, -1, 70_000]) {
      const message = `element 1 is ${wrong}, but the model takes numbers from 0 to 4`;
      expect(await problemOf(rowsOf(backend, [0, wrong, 0]))).toEqual({ subject: "input ids", message, help });
    }
  });
});
