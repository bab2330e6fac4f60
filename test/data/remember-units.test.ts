import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as later } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { prepareCache } from "../../runtime/data/cache.ts";
import { examineVolumes, type VolumeFile } from "../../runtime/data/examine-volumes.ts";
import { phantom, phantomFile } from "./phantom.ts";

const root = mkdtempSync(join(tmpdir(), "medctc-remember-"));
afterAll(() => rmSync(root, { recursive: true }));

const cache = { folder: join(root, "cache"), bytes: 1e6 };
const settings = { units: "auto", orientation: "LPS", assumeOrientation: null } as const;
const body = phantom();
const sound = phantomFile(body);
const metadata = { slope: 1, intercept: -1024, xySpacing: 1.5, zSpacing: 3 };
const files = ["a.nii.gz", "b.nii.gz"].map((name) => join(root, name));
const volumes: readonly VolumeFile[] = files.map((file) => ({ file, metadata }));
const remembered = " (decided before, of the same files)";

/** A change so long ago that the state of a file tells it from any other. */
async function written(file: string, content: Uint8Array): Promise<void> {
  writeFileSync(file, content);
  await later(130);
}

beforeAll(async () => {
  for (const file of files) await written(file, sound);
});
beforeEach(() => {
  rmSync(cache.folder, { recursive: true, force: true });
  prepareCache(cache);
});

/** What is decided, and whether values were read for it. */
async function examined(some = volumes, change: Partial<typeof settings> | { readonly units: "stored" } = {}) {
  let hasRead = false;
  const tell = (progress: string): void => {
    hasRead ||= progress.startsWith("values of volume");
  };
  return { ...(await examineVolumes(some, { ...settings, ...change }, tell, cache)), hasRead };
}

function entries(): readonly string[] {
  return readdirSync(cache.folder).filter((name) => /^[0-9a-f]{64}\.units$/.test(name));
}

test("what was decided is remembered, and that is said", async () => {
  const first = await examined();
  expect(first).toMatchObject({ units: "hounsfield", problems: [], hasRead: true });
  expect(first.notes[0]).not.toContain(remembered);
  const again = await examined();
  expect(again).toEqual({
    ...first,
    hasRead: false,
    sampled: [],
    notes: [`${first.notes[0]}${remembered}`, ...first.notes.slice(1)],
  });
  expect((await examined(volumes, { units: "stored" })).units).toBe("stored");
  expect(entries()).toHaveLength(1);
});

test("a file, a table or a data set that changed is decided on again", async () => {
  await examined();
  expect((await examined(volumes.slice(1))).hasRead).toBe(true);
  const other = volumes.map(({ file }) => ({ file, metadata: { ...metadata, intercept: -1000 } }));
  expect((await examined(other)).hasRead).toBe(true);
  const [first = ""] = files;
  // The same size, and other values: what a scanner stored.
  await written(first, phantomFile(body, { intercept: -1024 }));
  const mixed = await examined();
  expect(mixed.hasRead).toBe(true);
  expect(mixed.problems[0]?.message).toContain("some volumes hold");
  // A mixture is not remembered, since it is to be mended.
  expect((await examined()).hasRead).toBe(true);
  await written(first, sound);
  expect(await examined()).toMatchObject({ hasRead: true, units: "hounsfield" });
});

test("a file that is still being written is not remembered", async () => {
  const [first = ""] = files;
  writeFileSync(first, sound);
  await examined();
  expect(entries()).toEqual([]);
  await later(130);
});

test("a damaged entry is decided again, and entries go with the volumes of the cache", async () => {
  await examined();
  const [name = ""] = entries();
  const path = join(cache.folder, name);
  const bytes = readFileSync(path, "utf8");
  for (const damaged of [bytes.replace("hounsfield", "stored"), bytes.slice(0, -1), "", "{}"]) {
    writeFileSync(path, damaged);
    expect(await examined()).toMatchObject({ hasRead: true, units: "hounsfield" });
    expect(readFileSync(path, "utf8")).toBe(bytes);
  }
  prepareCache({ ...cache, bytes: 10 });
  expect(entries()).toEqual([]);
});

test("a cache that cannot be written changes no decision", async () => {
  rmSync(cache.folder, { recursive: true });
  writeFileSync(cache.folder, "a file");
  expect(await examined()).toMatchObject({ hasRead: true, units: "hounsfield", problems: [] });
  rmSync(cache.folder);
});
