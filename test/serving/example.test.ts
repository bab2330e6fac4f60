import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { afterAll, beforeAll, expect, test } from "vitest";
import { prepareProgram } from "../cli/medctc.ts";
import { run } from "../command.ts";
import {
  type ExampleModel,
  expectedScores,
  spec,
  startServer,
  vocabulary,
  volume,
  writeExampleModel,
} from "./example-model.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-serving-"));
const scored = v.object({ adapter: v.string(), scores: v.record(v.string(), v.number()) });
let model: ExampleModel;

beforeAll(() => {
  prepareProgram();
  model = writeExampleModel(folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

test("serve.mjs scores a volume under each adapter as the reference evaluator does, and going back gives the same numbers", async () => {
  const expected = new Map<string, ReadonlyMap<string, number>>();
  for (const [name, file] of model.adapters) expected.set(name, await expectedScores(file));
  const { line, stop } = await startServer("examples/serving/serve.mjs", spec, vocabulary, model.folder);
  try {
    const [, address = ""] = /^(http:\S+): base, lung, heart\n$/.exec(line) ?? [];
    const ask = async (adapter: string) => {
      const body = readFileSync(volume);
      const response = await fetch(`${address}/scores?adapter=${adapter}`, { method: "POST", body });
      return { status: response.status, answer: await response.json() };
    };
    const seen: Record<string, number>[] = [];
    for (const [name, reference] of expected) {
      const { adapter, scores } = v.parse(scored, (await ask(name)).answer);
      expect(adapter).toBe(name);
      expect(Object.keys(scores)).toEqual([...reference.keys()]);
      for (const [label, score] of reference)
        expect(Math.abs((scores[label] ?? Number.NaN) - score)).toBeLessThan(1e-5);
      for (const other of seen) expect(scores).not.toEqual(other);
      seen.push(scores);
    }
    const [first] = seen;
    expect(v.parse(scored, (await ask("base")).answer).scores).toEqual(first);
    expect(await ask("liver")).toEqual({ status: 400, answer: { error: "there is no adapter liver" } });
    expect(await (await fetch(`${address}/adapters`)).json()).toEqual(["base", "lung", "heart"]);
  } finally {
    stop();
  }
});

test.each([
  ["the weights", "weights.data", "weights.data is not the file that adapters.json lists"],
  ["a program", "encode_text.onnx", "encode_text.onnx is not the file that adapters.json lists"],
])("serve.mjs does not start where %s are not what the manifest lists", (_, file, why) => {
  const copy = join(folder, `damaged-${file}`);
  cpSync(model.folder, copy, { recursive: true });
  appendFileSync(join(copy, file), "\0");
  const { status, stderr } = run(process.execPath, ["examples/serving/serve.mjs", spec, vocabulary, copy]);
  expect(status).not.toBe(0);
  expect(stderr).toContain(why);
});
