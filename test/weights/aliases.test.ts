import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type OpenTensors, openTensors, writeSafetensors } from "../../runtime/weights/index.ts";
import { medctc, prepareProgram } from "../cli/medctc.ts";
import { floats, type Tensors } from "../parity/peft-fixture.ts";
import { weights, writeCase } from "../parity/peft-tables-cases.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-aliases-"));
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(() => prepareProgram());

const tensors = new Map([
  ["words.weight", { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) }],
  ["norm.weight", { shape: [2], data: Float32Array.of(5, 6) }],
]);

function written(name: string, metadata: Readonly<Record<string, string>>): string {
  const file = join(folder, name);
  writeFileSync(file, writeSafetensors(tensors, new Map(Object.entries(metadata))));
  return file;
}

function opened(file: string): OpenTensors {
  const found = openTensors(file);
  if (found.kind === "wrong") throw new Error(found.diagnostic.message);
  found.close();
  return found;
}

test("a tensor that safetensors stored once is read under both of its names", () => {
  const file = written("tied.safetensors", { "head.weight": "words.weight", format: "pt" });
  const found = openTensors(file);
  if (found.kind === "wrong") throw new Error(found.diagnostic.message);
  const head = found.tensors.get("head.weight");
  expect([...found.aliases]).toEqual([["head.weight", "words.weight"]]);
  expect(head === undefined ? [] : [...found.floats(head)].flatMap((piece) => [...piece])).toEqual([1, 2, 3, 4]);
  found.close();
  const { out } = medctc(["weights", "inspect", file]);
  expect(out).toContain("  head.weight is another name of words.weight\n  format: pt\n");
  expect(out).toContain("2 tensors, 6 elements");
  expect(JSON.parse(medctc(["weights", "inspect", file, "--json"]).out)).toMatchObject({
    aliases: [{ name: "head.weight", kept: "words.weight" }],
    metadata: [{ key: "format", text: "pt" }],
    totals: { tensors: 2, elements: 6 },
  });
});

test("records that lead to no tensor, in a circle, or away from one that is stored, are texts", () => {
  const file = written("texts.safetensors", {
    "a.weight": "b.weight",
    "b.weight": "a.weight",
    "head.weight": "tail.weight",
    "norm.weight": "words.weight",
    "c.weight": "a.weight",
  });
  const found = opened(file);
  expect([...found.aliases]).toEqual([]);
  expect([...found.tensors.keys()]).toEqual(["words.weight", "norm.weight"]);
  expect(found.metadata.size).toBe(5);
});

test("a weight is found by its other name, and one of another shape is refused where it is used", () => {
  const { spec } = writeCase(folder, "tokens");
  const own = new Map([...weights].filter(([name]) => name !== "words.weight"));
  const words = weights.get("words.weight");
  if (words === undefined) throw new Error("the network has a table");
  const check = (name: string, tensors: Tensors, kept: string) => {
    const file = join(folder, name);
    const stored = [...tensors].map(([each, tensor]) => [each, { shape: tensor.shape, data: floats(tensor) }] as const);
    writeFileSync(file, writeSafetensors(new Map(stored), new Map([["words.weight", kept]])));
    return medctc(["weights", "check", spec, file]);
  };
  const tied = check("tied-words.safetensors", new Map([...own, ["head.weight", words]]), "head.weight");
  expect([tied.code, tied.out]).toEqual([0, expect.stringContaining(" 0 missing, 0 misshapen, 0 unexpected")]);
  const other = check("other-shape.safetensors", own, "fc.weight");
  expect([other.code, other.out]).toEqual([1, expect.stringMatching(/words\.weight.*\[19, 12\].*\[5, 20\]/)]);
});

test("the files of an index bring their other names", () => {
  written("part-1.safetensors", { "head.weight": "words.weight" });
  const index = join(folder, "model.safetensors.index.json");
  const weights = { "words.weight": "part-1.safetensors", "norm.weight": "part-1.safetensors" };
  writeFileSync(index, JSON.stringify({ weight_map: weights }));
  expect([...opened(index).aliases]).toEqual([["head.weight", "words.weight"]]);
  expect(opened(index).tensors.has("head.weight")).toBe(true);
});
