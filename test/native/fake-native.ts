import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type NativeFiles, nativeFiles } from "../../runtime/backends/tensorflow/native/native-files.ts";
import { recordedFiles, writeRecord } from "../../runtime/backends/tensorflow/native/record.ts";

/** An install that looks right to whoever does not load it: made-up files of 200 kB, with a record of them. */
export interface FakeNative {
  readonly cache: string;
  readonly files: NativeFiles;
  readonly remove: () => void;
}

export function fakeNative(): FakeNative {
  const cache = mkdtempSync(join(tmpdir(), "medctc-native-"));
  const files = nativeFiles("cpu", cache);
  for (const [name, path] of recordedFiles(files)) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, name.padEnd(200_000, "."));
  }
  writeFileSync(join(files.package, "package.json"), JSON.stringify({ main: "index.js" }));
  // What the real one does first: it loads its addon.
  writeFileSync(join(files.package, "index.js"), 'require("./lib/napi-v8/tfjs_binding.node");');
  symlinkSync(tmpdir(), join(files.modules, "a-package"));
  writeRecord(files);
  return { cache, files, remove: () => rmSync(cache, { recursive: true }) };
}
