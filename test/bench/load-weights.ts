import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import * as v from "valibot";
import { bundle } from "../bundle.ts";
import { outputOf } from "../command.ts";
import { print } from "../print.ts";

/**
 * Loading all weights of the full-size model into TensorFlow, beside plain reads of the same file: `node test/run.mjs
 * test/bench/load-weights.ts [SPEC]`. Needs 2 GB of disk and 4 GB of memory.
 */
const [, , spec = "specs/medct.vlm"] = process.argv;
const turns = 3;
const plainRead = v.object({ ownSeconds: v.number() });
const loading = v.object({
  readSeconds: v.number(),
  prepareSeconds: v.number(),
  loadSeconds: v.number(),
  addedBytes: v.number(),
  weightBytes: v.number(),
});
const folder = mkdtempSync(join(tmpdir(), "medctc-load-"));
const script = resolve(".cache/scripts/test/bench/load-weights-apart.mjs");
const file = join(folder, "weights.safetensors");
try {
  await bundle("test/bench/load-weights-apart.ts", script);
  apart("write");
  for (let turn = 0; turn < turns; turn++) {
    const { ownSeconds } = v.parse(plainRead, JSON.parse(apart("read")));
    const { readSeconds, prepareSeconds, loadSeconds, addedBytes, weightBytes } = v.parse(
      loading,
      JSON.parse(apart("load")),
    );
    const { size } = statSync(file);
    const [read, own, load] = [size / readSeconds / 1e9, size / ownSeconds / 1e9, weightBytes / loadSeconds / 1e9];
    print(
      `${(weightBytes / 1e9).toFixed(2)} GB: loaded at ${load.toFixed(2)} GB/s after ${prepareSeconds.toFixed(1)} s for the graph; a plain read into new memory is ` +
        `${own.toFixed(2)} GB/s, ratio ${(load / own).toFixed(2)}; over and over into the same 4 MiB it is ` +
        `${read.toFixed(1)} GB/s; memory grew by at most ${(addedBytes / weightBytes).toFixed(2)} of the weights`,
    );
  }
} finally {
  rmSync(folder, { recursive: true });
}

/** Does one thing in a process of its own, whose memory is of this alone; gives the last line that it prints. */
function apart(what: "write" | "read" | "load"): string {
  const words = [script, what, spec, file];
  return (
    outputOf(process.execPath, words, { env: { TF_CPP_MIN_LOG_LEVEL: "2" } })
      .trim()
      .split("\n")
      .at(-1) ?? ""
  );
}
