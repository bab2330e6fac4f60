import { availableParallelism, totalmem } from "node:os";
import { cacheFolder, inspectNative, nativeFiles, versions } from "../native/index.ts";
import { renderTable } from "./table.ts";
import { type ExitCode, exitCodes, type Terminal } from "./terminal.ts";

interface Finding {
  readonly what: string;
  readonly state: "ok" | "missing" | "broken";
  readonly detail: string;
  /** The one command that repairs it. */
  readonly repair: string | null;
}

/** `medctc doctor`: what is there, what is missing, and the command that repairs it. */
export function doctor({ json }: { readonly json: boolean }, terminal: Terminal): ExitCode {
  const native = inspectNative(nativeFiles());
  const isReady = native.kind === "ready";
  const findings: readonly Finding[] = [
    { what: "Node", state: "ok", detail: process.versions.node, repair: null },
    {
      what: "machine",
      state: "ok",
      detail: `${process.platform} ${process.arch}, ${availableParallelism()} threads, ${(totalmem() / 2 ** 30).toFixed(1)} GiB`,
      repair: null,
    },
    { what: "cache", state: "ok", detail: cacheFolder(), repair: null },
    {
      what: "TensorFlow",
      state: isReady ? "ok" : native.kind === "missing" ? "missing" : "broken",
      detail: isReady ? `${versions.tensorflow}, CPU, by tfjs-node-gpu ${versions.tfjs}` : native.reason,
      repair: isReady ? null : native.repair,
    },
  ];
  if (json) terminal.out(`${JSON.stringify(findings, null, 2)}\n`);
  else {
    const rows = findings.map(({ what, state, detail, repair }) => [
      what,
      state,
      repair === null ? detail : `${detail}; run: ${repair}`,
    ]);
    terminal.out(renderTable(rows, ["left", "left", "left"]));
  }
  return findings.some(({ state }) => state === "broken") ? exitCodes.wrong : exitCodes.done;
}
