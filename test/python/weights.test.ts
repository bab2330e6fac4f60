import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { afterAll, expect, test } from "vitest";
import { type FloatTensor, openTensors, readSafetensors, writeSafetensors } from "../../runtime/weights/index.ts";
import { Random } from "../random.ts";
import { openWhole } from "../weights/opened.ts";
import { check, pythonWith, pythonWithPeft } from "./environment.ts";

const count = 1000;
const folder = mkdtempSync(join(tmpdir(), "medctc-python-weights-"));
afterAll(() => rmSync(folder, { recursive: true }));

const stored = v.object({
  tensors: v.record(v.string(), v.tuple([v.string(), v.array(v.number()), v.string()])),
  metadata: v.record(v.string(), v.string()),
});

function folderFor(name: string): string {
  mkdirSync(join(folder, name));
  return join(folder, name);
}

function safetensorsIn(inside: string): readonly string[] {
  return readdirSync(inside).filter((name) => name.endsWith(".safetensors"));
}

test("safetensors files that Hugging Face's library writes are read alike", () => {
  const inside = folderFor("theirs");
  check(safetensorsPython(), "weights.py", "write", inside, String(count));
  expect(safetensorsIn(inside)).toHaveLength(count);
  for (const path of safetensorsIn(inside).map((name) => join(inside, name))) {
    const expected = v.parse(stored, JSON.parse(readFileSync(`${path}.json`, "utf8")));
    const found = [...readSafetensors(path, readFileSync(path))].map(
      ([key, { dtype, shape, bytes }]) => [key, [dtype, shape, Buffer.from(bytes).toString("base64")]] as const,
    );
    const opened = openTensors(path);
    if (opened.kind === "wrong") throw new Error(opened.diagnostic.message);
    opened.close();
    expect(Object.fromEntries(found), path).toEqual(expected.tensors);
    expect(Object.fromEntries(opened.metadata), path).toEqual(expected.metadata);
    expect([...opened.tensors.keys()].sort(), path).toEqual(Object.keys(expected.tensors).sort());
  }
});

test("safetensors files that medctc writes are read alike by Hugging Face's library", () => {
  const inside = folderFor("ours");
  const random = new Random(3);
  for (let index = 0; index < count; index++) {
    const tensors = new Map<string, FloatTensor>();
    const expected = new Map<string, unknown>();
    for (let left = random.below(6); left > 0; left--) {
      const name = String.fromCodePoint(...Array.from({ length: random.below(9) }, () => 32 + random.below(0x2000)));
      const shape = Array.from({ length: random.below(5) }, () => random.below(5));
      const length = shape.reduce((product, size) => product * size, 1);
      const data = new Float32Array(Uint32Array.from({ length }, () => random.below(2 ** 32)).buffer);
      tensors.set(name, { shape, data });
      expected.set(name, ["F32", shape, Buffer.from(data.buffer).toString("base64")]);
    }
    const path = join(inside, `${index}.safetensors`);
    writeFileSync(path, writeSafetensors(tensors));
    writeFileSync(`${path}.json`, JSON.stringify({ tensors: Object.fromEntries(expected) }));
  }
  check(safetensorsPython(), "weights.py", "check", inside);
});

test("checkpoints that a current PyTorch writes are read as their twins in safetensors", () => {
  const inside = folderFor("torch");
  check(pythonWithPeft(), "write_torch.py", inside);
  const names = safetensorsIn(inside);
  expect(names).not.toHaveLength(0);
  for (const name of names) {
    const found = openWhole(join(inside, name.replace("safetensors", "pt")));
    expect({ ...found, unread: [] }, name).toEqual(openWhole(join(inside, name)));
    expect(found.kind, name).toBe("tensors");
  }
});

function safetensorsPython(): string {
  return pythonWith("safetensors==0.8.0", ["safetensors==0.8.0"]);
}
