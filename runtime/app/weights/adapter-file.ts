import { basename, join } from "node:path";
import { peftFiles } from "../../adapters/index.ts";
import { kindOfPath } from "../../files/index.ts";
import { averageFile } from "../../train/index.ts";
import type { Reporter } from "../reporter.ts";

/** What a folder with adapters has: medctc's own, of which the averages are what was evaluated, or PEFT's. */
export function adapterFile(path: string): string {
  if (kindOfPath(path) !== "folder") return path;
  const files = [averageFile, "adapter.safetensors", peftFiles.tensors, peftFiles.olderTensors].map((name) =>
    join(path, name),
  );
  return files.find((file) => kindOfPath(file) === "file") ?? files[1] ?? path;
}

/** Says that averages are taken where a folder with adapters has the parameters themselves, too. */
export function reportAverages(adapter: string | null, reporter: Reporter): void {
  if (adapter === null || basename(adapterFile(adapter)) !== averageFile || kindOfPath(adapter) !== "folder") return;
  reporter.note(
    `taking the averages, ${join(adapter, averageFile)}; the last step's parameters are in adapter.safetensors beside it`,
  );
}
