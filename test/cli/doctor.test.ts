import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { inspectNative, nativeFiles } from "../../runtime/backends/tensorflow/native/index.ts";
import { type FakeNative, fakeNative } from "../native/fake-native.ts";
import { medctc, prepareProgram } from "./medctc.ts";

interface Row {
  readonly what: string;
  readonly state: string;
  readonly detail: string;
  readonly repair: string | null;
}

/** The rows of `doctor --json` by what they are about, and how the command ended. */
function doctor(): { readonly code: number | null; readonly rows: ReadonlyMap<string, Row> } {
  const { code, out, err } = medctc(["doctor", "--json"]);
  expect(err).toBe("");
  return { code, rows: new Map(readRows(JSON.parse(out)).map((row) => [row.what, row])) };
}

function readRows(parsed: unknown): readonly Row[] {
  return Array.isArray(parsed) ? parsed.filter(isRow) : [];
}

function isRow(value: unknown): value is Row {
  return typeof value === "object" && value !== null && "what" in value && "repair" in value;
}

beforeAll(prepareProgram);

describe.runIf(inspectNative(nativeFiles()).kind === "ready")("doctor with TensorFlow", () => {
  test("tells its version, its device and its threads, as the library says", () => {
    const { code, rows } = doctor();
    expect(code).toBe(0);
    expect(rows.get("TensorFlow")?.detail).toMatch(
      /^2\.21\.0 by tfjs-node-gpu 4\.22\.0, on the [CG]PU, .* \d+ threads, operations of medctc's own$/,
    );
    expect(rows.get("backend")?.detail).toMatch(/^native TensorFlow, on the [CG]PU$/);
    expect([...rows.keys()].slice(0, 6)).toEqual(["Node", "machine", "C++ compiler", "Python", "cache", "TensorFlow"]);
  });
});

describe("doctor without TensorFlow", () => {
  let fake: FakeNative;
  beforeEach(() => {
    fake = fakeNative();
    vi.stubEnv("MEDCTC_CACHE", fake.cache);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    fake.remove();
  });

  test("says which backend is used instead, and the command that installs it", () => {
    vi.stubEnv("MEDCTC_CACHE", join(fake.cache, "empty"));
    const { code, rows } = doctor();
    expect(code).toBe(0);
    expect(rows.get("TensorFlow")).toMatchObject({ state: "missing", repair: "medctc backend install" });
    expect(rows.get("backend")?.detail).toContain("using ONNX Runtime");
    expect(medctc(["doctor"]).out).toContain("native TensorFlow is not installed; repair: medctc backend install");
  });

  test("finds a truncated library without loading it", () => {
    truncateSync(fake.files.library, 1000);
    const { code, rows } = doctor();
    expect(code).toBe(1);
    expect(rows.get("TensorFlow")).toMatchObject({ state: "broken", repair: "medctc backend install" });
    expect(rows.get("TensorFlow")?.detail).toContain("has 1000 bytes, not 200000");
  });

  test("outlives a library that ends its process", () => {
    writeFileSync(join(fake.files.package, "index.js"), 'process.kill(process.pid, "SIGSEGV");');
    const { code, rows } = doctor();
    expect(code).toBe(1);
    expect(rows.get("TensorFlow")?.detail).toBe("it cannot be loaded: its process was ended by SIGSEGV");
  });

  test("names the packages of a machine that has neither a compiler nor Python", () => {
    vi.stubEnv("CXX", "no-such-compiler");
    vi.stubEnv("PATH", fake.cache);
    const { rows } = doctor();
    expect(rows.get("C++ compiler")).toMatchObject({ state: "missing", repair: "apt-get install g++" });
    expect(rows.get("Python")).toMatchObject({ state: "missing", repair: "apt-get install python3-pip" });
  });

  test("says that a cache folder cannot be written, and how to name another", () => {
    writeFileSync(join(fake.cache, "file"), "");
    vi.stubEnv("MEDCTC_CACHE", join(fake.cache, "file"));
    const { rows } = doctor();
    expect(rows.get("cache")).toMatchObject({ state: "broken", repair: "export MEDCTC_CACHE=FOLDER" });
  });
});
