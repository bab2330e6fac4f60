import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { compareAdapters, readAdapter } from "../../runtime/adapters/index.ts";
import { diffAdapters } from "../../runtime/app/adapters/diff.ts";
import { elementsOf, type FloatTensor, readSafetensors, writeSafetensors } from "../../runtime/weights/index.ts";
import { listeningReporter } from "./listening-reporter.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-diff-"));
afterAll(() => rmSync(folder, { recursive: true }));

const encoder = "test/fixtures/peft-conv/deep-lora";

/** A copy of the encoder's adapter whose tensors have other names and values, some of them several times. */
function copy(name: string, namesOf: (name: string) => readonly string[], factor = 1): string {
  const to = join(folder, name);
  cpSync(encoder, to, { recursive: true });
  const file = join(to, "adapter_model.safetensors");
  const tensors = new Map<string, FloatTensor>();
  for (const [key, stored] of readSafetensors(file, readFileSync(file))) {
    const scale = key.includes("lora_B") ? factor : 1;
    for (const each of namesOf(key))
      tensors.set(each, { shape: stored.shape, data: Float32Array.from(elementsOf(stored), (value) => scale * value) });
  }
  writeFileSync(file, writeSafetensors(tensors));
  return to;
}

const prefixed = (prefix: string) => (name: string) => name.replace("base_model.model.", `base_model.model.${prefix}`);

function diff(a: string, b: string) {
  const reporter = listeningReporter();
  const ended = diffAdapters({ a, b, forSpec: null }, reporter);
  return { difference: ended.kind === "done" ? ended.value : null, heard: reporter.heard };
}

test("one encoder's adapter is held against the same modules of a whole model's, in either order; of convolutions too", () => {
  const own = copy("own", (name) => [prefixed("net.")(name)]);
  const whole = copy(
    "whole",
    (name) => [prefixed("visual.net.")(name), ...(name.includes("stem") ? [prefixed("text.own.")(name)] : [])],
    1.5,
  );
  const { difference, heard } = diff(own, whole);
  expect(heard).toEqual([expect.stringMatching(/its `([\w.]+)` is `visual\.\1` there$/)]);
  expect(difference?.only).toEqual([[], ["text.own.stem"]]);
  expect(difference?.both.map(({ name }) => name).toSorted()).toEqual([
    "visual.net.point",
    "visual.net.stem",
    "visual.net.wide",
  ]);
  for (const { norms, difference: between, cosine } of difference?.both ?? []) {
    expect(norms[1] / norms[0]).toBeCloseTo(1.5, 6);
    expect((between ?? 0) / norms[0]).toBeCloseTo(0.5, 6);
    expect(cosine).toBeCloseTo(1, 9);
  }
  const turned = diff(whole, own);
  expect(turned.difference?.only).toEqual([["text.own.stem"], []]);
  expect(turned.difference?.whole?.difference).toBeCloseTo(difference?.whole?.difference ?? 0, 9);
});

test("the norm of a convolution's update is that of its products, place by place", () => {
  const file = join(encoder, "adapter_model.safetensors");
  const read = readAdapter(file);
  if (read.kind === "wrong") throw new Error(read.diagnostic.message);
  const tensors = readSafetensors(file, readFileSync(file));
  for (const { name, norms } of compareAdapters(read, read).both) {
    const [a, b] = ["A", "B"].map((letter) => tensors.get(`base_model.model.${name}.lora_${letter}.weight`));
    if (a === undefined || b === undefined) throw new Error(name);
    const [rank = 0] = a.shape;
    const [outputs = 0] = b.shape;
    const [down, up] = [elementsOf(a), elementsOf(b)];
    const inputs = down.length / rank;
    let squares = 0;
    for (let row = 0; row < outputs; row++)
      for (let column = 0; column < inputs; column++) {
        let sum = 0;
        for (let index = 0; index < rank; index++)
          sum += (up[row * rank + index] ?? NaN) * (down[index * inputs + column] ?? NaN);
        squares += (2 * sum) ** 2;
      }
    // The scale is 8 / 4.
    expect(norms[0]).toBeCloseTo(Math.sqrt(squares), 5);
  }
});

test("kernels of other shapes are not compared, though they have as many places", () => {
  const file = join(encoder, "adapter_model.safetensors");
  const read = readAdapter(file);
  if (read.kind === "wrong") throw new Error(read.diagnostic.message);
  const turned = new Map(
    [...read.parts].map(([name, part]) => [
      name,
      part.kind === "update" ? { ...part, kernel: [part.kernel.reduce((count, size) => count * size, 1)] } : part,
    ]),
  );
  const [first] = compareAdapters(read, { ...read, parts: turned }).both;
  expect(first?.difference).toBeNull();
});

test("an encoder that the whole model could have twice is not guessed", () => {
  const two = copy("two", (name) => [prefixed("left.net.")(name), prefixed("right.net.")(name)]);
  const { difference, heard } = diff(
    copy("one", (name) => [prefixed("net.")(name)]),
    two,
  );
  expect(heard).toEqual([expect.stringContaining("several times, behind `left.`, `right.`: none is taken")]);
  expect(difference?.both).toEqual([]);
});
