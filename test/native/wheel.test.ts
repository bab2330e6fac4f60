import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { devNull, tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { Wheel } from "../../runtime/backends/tensorflow/native/versions.ts";
import { fetchWheel } from "../../runtime/backends/tensorflow/native/wheel.ts";
import { bundle } from "../bundle.ts";

const bytes = Uint8Array.from({ length: 3_000_000 }, (_, index) => (index * 2_654_435_761) >>> 24);
const wheel: Wheel = {
  name: "medctc-test",
  version: "1.0",
  platform: "manylinux_2_27_x86_64",
  python: "3.11",
  sha256: createHash("sha256").update(bytes).digest("hex"),
  bytes: bytes.length,
  diskBytes: 0,
  untried: null,
};

interface Served {
  readonly cuts?: readonly number[];
  readonly knowsRanges?: boolean;
  readonly content?: Uint8Array;
}

interface Index {
  /** The range that each request asked for, or null for all. */
  readonly ranges: (string | null)[];
  readonly close: () => Promise<unknown>;
}

const programFolder = mkdtempSync(join(tmpdir(), "medctc-index-server-"));
const indexServer = join(programFolder, "index-server.mjs");
beforeAll(() => bundle("test/native/index-server.ts", indexServer));
afterAll(() => rmSync(programFolder, { recursive: true }));

let folder: string;
let index: Index | null = null;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "medctc-wheel-"));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await index?.close();
  index = null;
  rmSync(folder, { recursive: true });
});

/** Starts a package index on this machine, and makes it the only one that pip knows. */
async function serve({ cuts = [], knowsRanges = true, content = bytes }: Served): Promise<Index> {
  const file = "medctc_test-1.0-py3-none-any.whl";
  const worker = new Worker(indexServer, {
    workerData: { bytes: content, file, cuts, knowsRanges },
  });
  const ranges: (string | null)[] = [];
  const port = await new Promise<number>((listening) => {
    worker.on("message", (message: { readonly port?: number; readonly range?: string | null }) => {
      if (message.port === undefined) ranges.push(message.range ?? null);
      else listening(message.port);
    });
  });
  vi.stubEnv("PIP_CONFIG_FILE", devNull);
  vi.stubEnv("PIP_INDEX_URL", `http://127.0.0.1:${port}/simple/`);
  vi.stubEnv("PIP_EXTRA_INDEX_URL", "");
  vi.stubEnv("PIP_FIND_LINKS", "");
  vi.stubEnv("NO_PROXY", "127.0.0.1");
  index = { ranges, close: () => worker.terminate() };
  return index;
}

/** Downloads without waiting between attempts; gives the file, and what was said. */
function download(wanted = wheel): { readonly path: string; readonly said: readonly string[] } {
  const said: string[] = [];
  return { path: fetchWheel(wanted, folder, (line) => said.push(line), { patienceSeconds: 0, shows: false }), said };
}

const part = (): string => join(folder, "wheel", "tensorflow.whl.part");

/** What an earlier download left. */
function leavePart(content: Uint8Array): void {
  mkdirSync(join(folder, "wheel"));
  writeFileSync(part(), content);
}

/** The messages of a thread come when this one is idle. */
const settled = (): Promise<void> => new Promise((done) => setTimeout(done, 50));

describe("a wheel is downloaded by the user's own settings of pip", () => {
  test("and is there when its sha256 is right; the second time nothing is asked for", async () => {
    const { ranges } = await serve({});
    expect(readFileSync(download().path).equals(bytes)).toBe(true);
    expect(existsSync(part())).toBe(false);
    download();
    await settled();
    expect(ranges).toEqual([null]);
  });

  test("and goes on where the connection broke", async () => {
    const { ranges } = await serve({ cuts: [1_000_000, 2_000_000] });
    expect(readFileSync(download().path).equals(bytes)).toBe(true);
    await settled();
    expect(ranges[0]).toBeNull();
    expect(ranges).toHaveLength(3);
    for (const range of ranges.slice(1)) expect(range).toMatch(/^bytes=[1-9]\d+-$/);
  });

  test("and goes on with what an interrupted command left", async () => {
    leavePart(bytes.subarray(0, 1_234_567));
    const { ranges } = await serve({});
    const { path, said } = download();
    expect(readFileSync(path).equals(bytes)).toBe(true);
    expect(said).toEqual(["Downloading medctc-test 1.0 (3 MB, resuming after 1 MB) ..."]);
    await settled();
    expect(ranges).toEqual(["bytes=1234567-"]);
  });

  test("and begins anew where the server does not know ranges", async () => {
    leavePart(bytes.subarray(0, 1_234_567));
    await serve({ knowsRanges: false });
    expect(readFileSync(download().path).equals(bytes)).toBe(true);
  });

  test("and keeps what has arrived when the connection does not come back", async () => {
    await serve({ cuts: [1_500_000, 1_500_000, 1_500_000, 1_500_000, 1_500_000] });
    expect(() => download()).toThrow("was interrupted; what has arrived is kept");
    const kept = readFileSync(part());
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.equals(bytes.subarray(0, kept.length))).toBe(true);
  });

  test("and is removed when its sha256 is wrong", async () => {
    const changed = Uint8Array.from(bytes);
    changed[2_000_000] = 255 - (changed[2_000_000] ?? 0);
    await serve({ content: changed });
    expect(() => download()).toThrow("is not what this version of medctc was made with; it was removed");
    expect(existsSync(part())).toBe(false);
    expect(existsSync(join(folder, "wheel", "tensorflow.whl"))).toBe(false);
  });

  test("and its absence on the index is an error with the next step", async () => {
    await serve({});
    expect(() => download({ ...wheel, version: "9.9" })).toThrow("medctc-test 9.9 could not be downloaded");
  });
});
