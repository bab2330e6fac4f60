import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { defaultVolume } from "../../compiler/index.ts";
import { VolumeLoader } from "../../runtime/data/volume-loader.ts";

const place = vi.hoisted(() => ({ program: "" }));
vi.mock("../../runtime/files/index.ts", () => ({ bundledFile: () => place.program, writeAtomically: () => undefined }));

const folder = mkdtempSync(join(tmpdir(), "medctc-dying-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A thread that ends in the way that a path names, and answers for others. */
function loaderOf(): VolumeLoader {
  place.program = join(folder, "worker.mjs");
  writeFileSync(
    place.program,
    `import { parentPort } from "node:worker_threads";
     parentPort.on("message", ({ request: { path } }) => {
       if (path === "exits") process.exit(3);
       if (path === "throws") throw new Error("out of luck");
       const problem = { subject: path, message: "it is only a test", help: null };
       if (path === "fails") parentPort.postMessage({ kind: "failed", problem: { subject: path, message: "no such luck", help: null } });
       else parentPort.postMessage({ kind: "done", result: { kind: "failed", problem }, uncached: null });
     });`,
  );
  return new VolumeLoader({ cache: null, workers: 1, ahead: 4 });
}

const metadata = { slope: 1, intercept: 0, xySpacing: 1, zSpacing: 1 };
const prepare = { kind: "volume", settings: defaultVolume } as const;
const requestOf = (path: string) => ({ path, metadata, prepare }) as const;

test("a thread that ends is an error of the request that it was at, and the next request has a new thread", async () => {
  const loader = loaderOf();
  await expect(loader.load(requestOf("exits"))).rejects.toThrow("exits: the thread that loaded it ended");
  await expect(loader.load(requestOf("throws"))).rejects.toThrow(
    "throws: the thread that loaded it ended: out of luck",
  );
  await expect(loader.load(requestOf("fails"))).rejects.toThrow("fails: no such luck");
  expect(await loader.load(requestOf("answers"))).toMatchObject({ problem: { subject: "answers" } });
  await loader.dispose();
});

test("what was given to a thread that ended is loaded by the next one", async () => {
  const loader = loaderOf();
  const [lost, ...others] = ["throws", "answers", "fails", "again"].map((path) => loader.load(requestOf(path)));
  await expect(lost).rejects.toThrow("out of luck");
  await expect(others[0]).resolves.toMatchObject({ problem: { subject: "answers" } });
  await expect(others[1]).rejects.toThrow("fails: no such luck");
  await expect(others[2]).resolves.toMatchObject({ problem: { subject: "again" } });
  await loader.dispose();
});

test("threads that end while they work ahead harm nobody but who asks for it", async () => {
  const loader = loaderOf();
  loader.prefetch(["exits", "throws", "answers", "fails"].map(requestOf));
  expect(await loader.load(requestOf("answers"))).toMatchObject({ problem: { subject: "answers" } });
  await expect(loader.load(requestOf("throws"))).rejects.toThrow("out of luck");
  await loader.dispose();
});
