import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { medctc, prepareProgram, runHere } from "../cli/medctc.ts";

const fixtures = "test/fixtures/ctclip-small";
const root = mkdtempSync(join(tmpdir(), "medctc-sources-"));
const [spec, weights] = [join(root, "model.vlm"), join(root, "frozen.safetensors")];
const [adapter, own, feeds] = [join(root, "adapter"), join(root, "named"), join(root, "adapter.data")];
beforeAll(() => prepareProgram());
beforeEach(() => {
  rmSync(root, { recursive: true, force: true });
  mkdirSync(own, { recursive: true });
  copyFileSync("specs/medct-small.vlm", spec);
  copyFileSync(join(fixtures, "weights.safetensors"), weights);
  copyFileSync(join(fixtures, "batch.safetensors"), feeds);
  cpSync(join(fixtures, "peft_adapter"), adapter, { recursive: true });
  copyFileSync(join(adapter, "adapter_model.safetensors"), join(own, "lung.safetensors"));
  copyFileSync(join(adapter, "adapter_config.json"), join(own, "adapter_config.json"));
  symlinkSync(adapter, join(root, "link"));
  copyFileSync(weights, join(root, "m.onnx"));
  cpSync(adapter, join(root, "runs", "checkpoint-1"), { recursive: true });
  mkdirSync(join(root, "adapters"));
  copyFileSync(join(adapter, "adapter_model.safetensors"), join(root, "adapters", "lung.safetensors"));
});
afterAll(() => rmSync(root, { recursive: true }));

/** What a folder has, file by file. */
function contents(): readonly (readonly [string, string])[] {
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
  const paths = files.map(({ parentPath, name }) => join(parentPath, name)).toSorted();
  return paths.map((path) => [path, readFileSync(path, "base64")]);
}

const model = ["--weights", weights];
const last = (path: string): string => join(root, path);

test.each([
  ["--peft into the adapter's folder", [...model, "--adapter", adapter, "--peft", `${adapter}/.`], adapter],
  ["--peft into it by a link", [...model, "--adapter", adapter, "--peft", last("link")], adapter],
  [
    "--peft beside an adapter's file, whose config it would replace",
    [...model, "--adapter", last("named/lung.safetensors"), "--peft", own],
    last("named/lung.safetensors"),
  ],
  [
    "--peft into the folder whose only adapter it reads",
    [...model, "--adapter", last("runs"), "--peft", last("runs/checkpoint-1")],
    last("runs"),
  ],
  ["--safetensors over the spec", [...model, "--safetensors", spec], spec],
  ["--safetensors over the weights", [...model, "--safetensors", weights], weights],
  ["--onnx over the spec by its weights", ["--weights", feeds, "--onnx", root, "--program", "forward"], feeds],
  ["--onnx FILE over the weights", ["--weights", last("m.onnx"), "--onnx", last("m.onnx")], last("m.onnx")],
  [
    "--serve over an adapter that it is given",
    [...model, "--onnx", root, "--serve", `lung=${last("adapters/lung.safetensors")}`],
    last("adapters/lung.safetensors"),
  ],
])("export %s is refused, and everything stays", async (_, words, source) => {
  const before = contents();
  const { code, err } = await runHere(["export", spec, ...words]);
  expect([code, err]).toEqual([
    1,
    expect.stringContaining(`error: the result would be written over \`${source}\`, which it is made of\n  help: name`),
  ]);
  expect(contents()).toEqual(before);
});

test("run, graph and adapter start are refused over what they read", () => {
  const before = contents();
  const started = ["--data", "test/fixtures/ctrate-small", "--vocab", "test/fixtures/ctrate-small/vocab.txt"];
  for (const words of [
    ["run", spec, "forward", ...model, "--feeds", feeds, "-o", feeds],
    ["run", spec, "forward", ...model, "--feeds", feeds, "-o", weights],
    ["adapter", "start", spec, ...model, ...started, "-o", weights],
  ]) {
    const { code, err } = medctc(words);
    expect([words[0], code, err]).toEqual([words[0], 1, expect.stringContaining("would be written over")]);
  }
  expect(contents()).toEqual(before);
});
