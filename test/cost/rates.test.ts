import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  type BackendRates,
  encodeRates,
  instructionSets,
  ratesOf,
  ratesPath,
  readCarriedRates,
  readRates,
  writeRates,
} from "../../runtime/machine/index.ts";

let cache: string;
beforeEach(() => {
  cache = join(mkdtempSync(join(tmpdir(), "medctc-rates-")), "cache");
});
afterEach(() => rmSync(join(cache, ".."), { recursive: true }));

const rates = { productFlops: { f32: 2e11, bf16: null }, bytes: 1e10, operationSeconds: 1e-6, runSeconds: 0 };
const now = new Date("2026-11-30T12:00:00Z");
const storage = { voxelsRead: 5e6, bytesRead: 1e9, saving: { seconds: 0.01, bytes: 1e8 } };

function foundOf(backend: string, found = rates, on = now): BackendRates {
  return ratesOf({ backend, engine: null, device: null, gpus: null, exchange: null, rates: found }, on);
}

test("what is stored is read, and other backends keep theirs", () => {
  expect(readRates(cache)).toEqual({ kind: "none" });
  writeRates([foundOf("tensorflow", rates, new Date("2026-11-01")), foundOf("onnx")], storage, cache);
  const found = writeRates([foundOf("tensorflow", { ...rates, bytes: 2e10 })], storage, cache);
  expect(readRates(cache)).toEqual({ kind: "rates", rates: found });
  expect(found).toMatchObject({ ...storage, instructions: instructionSets() });
  expect(found.backends.map(({ backend, measured }) => [backend, measured])).toEqual([
    ["onnx", "2026-11-30"],
    ["tensorflow", "2026-11-30"],
  ]);
  expect(readdirSync(cache)).toEqual(["rates.json"]);
});

test("rates of another processor, or of another number of threads, are refused and replaced", () => {
  writeRates([foundOf("onnx")], storage, cache);
  expect(readRates(cache, "another").kind).toBe("refused");
  expect(readRates(cache, undefined, 1000).kind).toBe("refused");
  const foreign = { processor: "Other\u001b[31m", threads: 4, backends: [foundOf("onnx")] };
  writeFileSync(ratesPath(cache), JSON.stringify(foreign));
  expect(readRates(cache)).toEqual({
    kind: "refused",
    why: `${ratesPath(cache)} is of another machine, with 4 threads of Other?[31m`,
  });
  expect(writeRates([foundOf("tensorflow")], storage, cache).backends).toHaveLength(1);
});

/** What a version wrote that measured products, memory and operations alone. */
function formerRates() {
  const { processor, threads } = writeRates([foundOf("onnx")], storage, cache);
  const { measured, version } = foundOf("onnx");
  return { processor, threads, backends: [{ backend: "onnx", measured, version, rates }] };
}

test("rates of this machine of a version that measured otherwise are refused and replaced", () => {
  for (const before of [formerRates(), { format: 1, ...formerRates() }]) {
    writeFileSync(ratesPath(cache), JSON.stringify(before));
    expect(readRates(cache)).toEqual({
      kind: "refused",
      why: `${ratesPath(cache)} is of an earlier medctc, which measured otherwise`,
    });
  }
  expect(writeRates([foundOf("tensorflow")], storage, cache).backends).toHaveLength(1);
  expect(readRates(cache).kind).toBe("rates");
});

test.each([
  ["half of a text", '{"processor": "x", '],
  ["another form", "[]"],
  [
    "a rate of nothing",
    JSON.stringify({ processor: "x", threads: 1, backends: [foundOf("onnx", { ...rates, bytes: 0 })] }),
  ],
  [
    "a day that is none",
    JSON.stringify({ processor: "x", threads: 1, backends: [{ ...foundOf("onnx"), measured: "soon" }] }),
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

/** What is said of a file of rates of another machine with such a text. */
function carried(text: string): string {
  mkdirSync(cache, { recursive: true });
  const path = join(cache, "carried.json");
  writeFileSync(path, text);
  const read = readCarriedRates(path);
  return read.kind === "ok" ? "ok" : `${read.problem.code}: ${read.problem.message.replaceAll(path, "FILE")}`;
}

test("a file of rates is read on any machine", () => {
  const found = writeRates([foundOf("onnx")], storage, cache);
  writeFileSync(join(cache, "carried.json"), encodeRates({ ...found, processor: "another", threads: 128 }));
  expect(readCarriedRates(join(cache, "carried.json"))).toEqual({
    kind: "ok",
    value: { ...found, processor: "another", threads: 128 },
  });
  expect(JSON.parse(readFileSync(join(cache, "carried.json"), "utf8"))).toMatchObject({ format: 2 });
});

test("of a file of rates that is damaged, of something else, or of another version, the place is named", () => {
  const whole = writeRates([foundOf("onnx")], storage, cache);
  const with_ = (changes: object): string => JSON.stringify({ format: 2, ...whole, ...changes });
  const [backend] = whole.backends;
  expect(carried(with_({}))).toBe("ok");
  expect(carried('{"format": 2, ')).toMatch(/^E212: `FILE` has no rates of a machine: it is not valid JSON: /);
  expect(carried('{"name": "medctc"}')).toBe("E212: `FILE` has no rates of a machine: `processor` is missing");
  expect(carried("[]")).toMatch(/^E212: /);
  expect(carried(with_({ threads: 1.5 }))).toContain("`threads` is not a whole number");
  expect(carried(with_({ saving: { seconds: -1, bytes: 1 } }))).toContain("`saving.seconds` is less than 0");
  expect(carried(with_({ backends: [{ ...backend, rates: { ...rates, bytes: 0 } }] }))).toContain(
    "`backends[0].rates.bytes` is not more than 0",
  );
  expect(carried(with_({ backends: [{ ...backend, measured: "soon" }] }))).toContain(
    "`backends[0].measured` is not a day such as 2026-11-30",
  );
  expect(carried(with_({ backends: Array.from({ length: 17 }, () => backend) }))).toContain(
    "`backends` is longer than 16",
  );
  expect(carried(with_({ processor: "x".repeat(300) }))).toContain("`processor` is longer than 200 characters");
  expect(carried(`{"format": 2, "format": 2}`)).toContain("it has `format` twice");
  expect(carried("[".repeat(10_000))).toContain("it is nested deeper than 8 levels");
  expect(carried(`{"x": "${"x".repeat(2 ** 17)}"}`)).toMatch(/^E212: /);
  expect(carried(JSON.stringify({ format: 3 }))).toMatch(/^E213: /);
  expect(carried(JSON.stringify(formerRates()))).toMatch(/^E214: /);
  expect(carried(with_({ format: 1 }))).toMatch(/^E214: /);
  expect(readCarriedRates(join(cache, "absent.json"))).toMatchObject({ problem: { code: "E201" } });
  expect(readCarriedRates(cache)).toMatchObject({ problem: { code: "E212" } });
});
