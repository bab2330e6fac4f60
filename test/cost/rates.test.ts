import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ratesOf, ratesPath, readRates, writeRates } from "../../runtime/machine/index.ts";

let cache: string;
beforeEach(() => {
  cache = join(mkdtempSync(join(tmpdir(), "medctc-rates-")), "cache");
});
afterEach(() => rmSync(join(cache, ".."), { recursive: true }));

const rates = { productFlops: { f32: 2e11, bf16: null }, bytes: 1e10, operationSeconds: 1e-6, runSeconds: 0 };
const now = new Date("2026-11-30T12:00:00Z");

test("what is stored is read, and other backends keep theirs", () => {
  expect(readRates(cache)).toEqual({ kind: "none" });
  writeRates(
    { backends: [ratesOf("tensorflow", rates, new Date("2026-11-01")), ratesOf("onnx", rates, now)], voxelsRead: 5e6 },
    cache,
  );
  const found = writeRates(
    { backends: [ratesOf("tensorflow", { ...rates, bytes: 2e10 }, now)], voxelsRead: 5e6 },
    cache,
  );
  expect(readRates(cache)).toEqual({ kind: "rates", rates: found });
  expect(found.voxelsRead).toBe(5e6);
  expect(found.backends.map(({ backend, measured }) => [backend, measured])).toEqual([
    ["onnx", "2026-11-30"],
    ["tensorflow", "2026-11-30"],
  ]);
  expect(readdirSync(cache)).toEqual(["rates.json"]);
});

test("rates of another processor, or of another number of threads, are refused and replaced", () => {
  writeRates({ backends: [ratesOf("onnx", rates, now)], voxelsRead: 5e6 }, cache);
  expect(readRates(cache, "another").kind).toBe("refused");
  expect(readRates(cache, undefined, 1000).kind).toBe("refused");
  const foreign = { processor: "Other\u001b[31m", threads: 4, backends: [ratesOf("onnx", rates, now)] };
  writeFileSync(ratesPath(cache), JSON.stringify(foreign));
  expect(readRates(cache)).toEqual({
    kind: "refused",
    why: `${ratesPath(cache)} is of another machine, with 4 threads of Other?[31m`,
  });
  expect(writeRates({ backends: [ratesOf("tensorflow", rates, now)], voxelsRead: 5e6 }, cache).backends).toHaveLength(
    1,
  );
});

test("rates of a version that measured no reading are read", () => {
  const backends = [ratesOf("onnx", rates, now)];
  const { processor, threads } = writeRates({ backends, voxelsRead: 5e6 }, cache);
  const before = { processor, threads, backends };
  writeFileSync(ratesPath(cache), JSON.stringify(before));
  expect(readRates(cache)).toEqual({ kind: "rates", rates: { ...before, voxelsRead: null } });
});

test.each([
  ["half of a text", '{"processor": "x", '],
  ["another form", "[]"],
  [
    "a rate of nothing",
    JSON.stringify({ processor: "x", threads: 1, backends: [ratesOf("onnx", { ...rates, bytes: 0 }, now)] }),
  ],
  [
    "a day that is none",
    JSON.stringify({ processor: "x", threads: 1, backends: [{ ...ratesOf("onnx", rates, now), measured: "soon" }] }),
  ],
])("%s is damaged", (_, text) => {
  mkdirSync(cache);
  writeFileSync(ratesPath(cache), text);
  expect(readRates(cache)).toEqual({ kind: "refused", why: `${ratesPath(cache)} is damaged` });
});

test("a file that is too large, or a folder in its place, is refused", () => {
  mkdirSync(ratesPath(cache), { recursive: true });
  expect(readRates(cache).kind).toBe("refused");
  rmSync(ratesPath(cache), { recursive: true });
  writeFileSync(ratesPath(cache), " ".repeat(2 ** 17));
  expect(readRates(cache).kind).toBe("refused");
});
