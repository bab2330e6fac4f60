import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { spreadOf } from "../../runtime/bench/index.ts";
import { bundle } from "../bundle.ts";
import { outputOf } from "../command.ts";
import { print } from "../print.ts";
import { turnsOf } from "./turns.ts";

/**
 * Convolutions and pools over three axes, forward and backward on TensorFlow, beside PyTorch where a Python that has it is
 * named: `node test/run.mjs test/bench/windows.ts [PYTHON]`. Both take turns on the same machine; a row has the medians of all
 * rounds, the first of each process left out.
 */
const [, , python] = process.argv;
const turns = turnsOf(2);
const rounds = 7;
const cases = "test/bench/window-cases.json";
const measured = v.record(v.string(), v.array(v.number()));

const folder = mkdtempSync(join(tmpdir(), "medctc-windows-"));
try {
  const script = join(folder, "windows.mjs");
  await bundle("test/bench/windows-apart.ts", script);
  const ours = new Map<string, number[]>();
  const theirs = new Map<string, number[]>();
  for (let turn = 0; turn < turns; turn++) {
    collect(ours, process.execPath, script);
    if (python !== undefined) collect(theirs, python, "test/bench/pytorch/windows.py");
  }
  print("| forward and backward | TensorFlow, ms | PyTorch, ms | of its time |", "|---|---|---|---|");
  for (const [name, times] of ours) {
    const { medianMs } = spreadOf(times);
    const beside = theirs.get(name);
    const base = beside === undefined ? null : spreadOf(beside).medianMs;
    const cells = base === null ? ["", ""] : [base.toFixed(1), (medianMs / base).toFixed(2)];
    print(`| ${[name, medianMs.toFixed(1), ...cells].join(" | ")} |`);
  }
} finally {
  rmSync(folder, { recursive: true });
}

function collect(into: Map<string, number[]>, command: string, script: string): void {
  const output = outputOf(command, [script, cases, String(rounds)], { stderr: "inherit" });
  for (const [name, times] of Object.entries(v.parse(measured, JSON.parse(output))))
    into.set(name, [...(into.get(name) ?? []), ...times.slice(1)]);
}
