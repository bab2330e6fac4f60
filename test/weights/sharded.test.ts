import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { writeSafetensors } from "../../runtime/weights/index.ts";
import { openWhole, wrongOf } from "./opened.ts";
import { dictOf, floatBytes, tensorOf, torchFile } from "./torch-file.ts";

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "medctc-shards-"));
  write("model-1.safetensors", writeSafetensors(new Map([["a", { shape: [2], data: [1, 2] }]])));
  write("model-2.safetensors", writeSafetensors(new Map([["b", { shape: [], data: [3] }]])));
});

afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, bytes: Uint8Array | string): void {
  writeFileSync(join(folder, name), bytes);
}

function openIndex(index: unknown, text = JSON.stringify(index)) {
  write("model.safetensors.index.json", text);
  return openWhole(join(folder, "model.safetensors.index.json"));
}

const both = { a: "model-1.safetensors", b: "model-2.safetensors" };

test("an index gives the tensors of all its files, and so does its folder", () => {
  const expected = new Map([
    ["a", { dtype: "F32", shape: [2], values: [1, 2] }],
    ["b", { dtype: "F32", shape: [], values: [3] }],
  ]);
  expect(openIndex({ metadata: { total_size: 12 }, weight_map: both })).toEqual({
    kind: "tensors",
    tensors: expected,
    unread: [],
  });
  expect(openWhole(folder)).toEqual({ kind: "tensors", tensors: expected, unread: [] });
});

test("the files of an index may be checkpoints of torch.save", () => {
  write("model-1.bin", torchFile(dictOf(tensorOf("0", 2, 0, [2], [1])), { "0": floatBytes(5, 6) }));
  expect(openIndex({ weight_map: { weight: "model-1.bin" } })).toMatchObject({
    tensors: new Map([["weight", { dtype: "F32", shape: [2], values: [5, 6] }]]),
  });
});

test("an index gives the files of a model's parts under their names, of which each may have several files", () => {
  const parts = {
    "encoder.text": ["model-1.safetensors", "model-2.safetensors"],
    head: "model-2.safetensors",
    "": "model-1.safetensors",
  };
  const opened = openIndex({ parts });
  expect(opened.kind === "tensors" ? [...opened.tensors].map(([name, { values }]) => [name, values]) : opened).toEqual([
    ["encoder.text.a", [1, 2]],
    ["encoder.text.b", [3]],
    ["head.b", [3]],
    ["a", [1, 2]],
  ]);
  const mixed = openIndex({ weight_map: { a: "model-1.safetensors" }, parts: { head: "model-2.safetensors" } });
  expect(mixed.kind === "tensors" ? [...mixed.tensors.keys()] : mixed).toEqual(["a", "head.b"]);
});

test("an index is refused whose parts have the same name twice, or more files than can be open at once", () => {
  const twice = openIndex({ parts: { text: ["model-1.safetensors", "model-1.safetensors"] } });
  expect(wrongOf(twice).problem).toMatch(/has `text\.a`, which another file of the index has too/);
  const many = openIndex({ parts: { text: Array.from({ length: 600 }, (_, each) => `f${each}`) } });
  expect(wrongOf(many).problem).toMatch(/more than 512/);
  expect(wrongOf(openIndex({ parts: { text: "../model-1.safetensors" } })).problem).toMatch(/not in its folder/);
});

test("an index whose file is a link, inside or out of the folder, is refused", () => {
  symlinkSync(join(folder, "model-1.safetensors"), join(folder, "link.safetensors"));
  const { problem, help } = wrongOf(openIndex({ weight_map: { a: "link.safetensors" } }));
  expect(problem).toMatch(/link\.safetensors` cannot be read: it is a link/);
  expect(help).toMatch(/cp -rL/);
});

describe("an index is refused that names", () => {
  test.each<[string, unknown, RegExp]>([
    ["a file of another folder", { a: "../model-1.safetensors" }, /not in its folder/],
    ["a file by its whole path", { a: "/etc/passwd" }, /not in its folder/],
    ["a file of a folder in its folder", { a: "sub/model-1.safetensors" }, /not in its folder/],
    ["a file by a path of Windows", { a: "C:model-1.safetensors" }, /not in its folder/],
    ["its folder", { a: "." }, /not in its folder/],
    ["nothing", { a: "" }, /not in its folder/],
    ["a name with a zero", { a: "model-1\0.safetensors" }, /not in its folder/],
    [
      "a file that is not there",
      { a: "model-3.safetensors" },
      /model-3\.safetensors` cannot be read: it does not exist/,
    ],
    ["a tensor that its file does not have", { ...both, c: "model-1.safetensors" }, /has no `c`/],
    ["an index", { a: "model.safetensors.index.json" }, /an index, listed by another index/],
    ["a number", { a: 1 }, /a string is expected/],
    [
      "too many files",
      Object.fromEntries(Array.from({ length: 600 }, (_, each) => [`t${each}`, `f${each}`])),
      /more than 512/,
    ],
  ])("%s", (_, weights, problem) => {
    expect(wrongOf(openIndex({ weight_map: weights })).problem).toMatch(problem);
  });
});

describe("JSON that is no index is refused", () => {
  test.each<[string, string, RegExp]>([
    ["without a map", "{}", /no `weight_map` and no `parts`/],
    ["of a list", '{"weight_map": []}', /`\{` is expected/],
    ["with a name twice", '{"weight_map": {"a": "model-1.safetensors", "a": "model-2.safetensors"}}', /has `a` twice/],
    ["that ends early", '{"weight_map": {"a"', /it ends/],
    ["with something behind it", '{"weight_map": {}} x', /its end is expected/],
    ["200,000 deep", `{"x": ${"[".repeat(200_000)}${"]".repeat(200_000)}}`, /nested more than 64 deep/],
  ])("%s", (_, text, problem) => {
    expect(wrongOf(openIndex(null, text)).problem).toMatch(problem);
  });
});

test("a folder without weights says which names are looked for", () => {
  rmSync(join(folder, "model-1.safetensors"));
  expect(wrongOf(openWhole(folder)).problem).toMatch(/model\.safetensors\.index\.json, model\.safetensors/);
});
