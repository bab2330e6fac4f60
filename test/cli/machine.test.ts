import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { type BackendRates, encodeRates, type MachineRates } from "../../runtime/machine/index.ts";
import { runHere } from "./medctc.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-machine-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

const small = "specs/medct-small.vlm";
const rates = { productFlops: { f32: 1e8, bf16: null }, bytes: 1e12, operationSeconds: 0, runSeconds: 0 };
const about = { measured: "2026-11-30", version: "0.1.0", rates };
const pytorch: BackendRates = {
  ...{ ...about, backend: "pytorch", engine: "PyTorch", device: "GPU of a test", gpus: 8 },
  exchange: { latencySeconds: 0.25, sumBytes: 1e6, gatherBytes: 1e6 },
};
const onnx: BackendRates = { ...about, backend: "onnx", engine: null, device: "CPU", gpus: null, exchange: null };

/** A file of rates; of a disk that gives and takes anything at once, so that steps are what an epoch waits for. */
function written(name: string, ...backends: readonly BackendRates[]): string {
  const storage = { voxelsRead: 1e15, bytesRead: 1e15, saving: { seconds: 2, bytes: 1e15 } };
  const machine: MachineRates = { processor: "P", threads: 64, instructions: ["AVX2"], ...storage, backends };
  const path = join(folder, name);
  writeFileSync(path, encodeRates(machine));
  return path;
}

const both = written("both.json", onnx, pytorch);
const alone = written("onnx.json", onnx);
const shared = written("shared.json", { ...pytorch, gpus: null, exchange: null });

/** What is said of times, on standard output and as notes and errors. */
async function timesOf(...words: readonly string[]): Promise<string> {
  const { out, err } = await runHere(["compile", small, "--set", "train.batch=8", "--time", ...words]);
  const lines = out.split("\n").filter((line) => /^(a step|each process|an epoch)/.test(line));
  return [...lines, ...err.split("\n").filter((line) => line !== "")].join("\n");
}

function secondsOf(text: string): number {
  const [, amount = "", unit = ""] = /a step takes about ([\d.]+) (m?s)/.exec(text) ?? [];
  return Number(amount) / (unit === "ms" ? 1000 : 1);
}

test("a step on another machine takes what its backends do there, and in processes what PyTorch does", async () => {
  const one = await timesOf("--machine", both);
  expect(one).toMatch(/ on another machine \(ONNX Runtime, rates of P, 64 threads of 2026-11-30\)\n/);
  expect(one).toMatch(/ on another machine \(PyTorch, rates of GPU of a test, P of 2026-11-30\)$/);
  const two = await timesOf("--machine", both, "--processes", "2");
  expect(two).not.toContain("ONNX Runtime");
  expect(two).toMatch(/^a step takes about .* in 2 processes on another machine \(PyTorch, /);
  // 3,584 numbers and as many counts as parameters, and two latents of 16 numbers for each of eight rows.
  expect(two).toMatch(
    /\neach process has 4 rows and about [\d.]+ MiB at most, and gathers gradients of 14\.1 KiB and rows of 1\.00 KiB in 1\.3 s$/,
  );
  // Half of the step, and five exchanges of a quarter of a second.
  const gathered = secondsOf(two) - secondsOf(one.split("\n").at(-1) ?? "") / 2;
  expect(gathered).toBeGreaterThan(1.2);
  expect(gathered).toBeLessThan(1.2 + 0.2 * secondsOf(one));
});

test("an epoch in processes has a share for gathering, and one for saving", async () => {
  const epoch = await timesOf(
    "--machine",
    both,
    "--processes",
    "2",
    "--nodes",
    "2",
    "--volumes",
    "80",
    "--held-out",
    "8",
  );
  expect(epoch).toContain("in 4 processes on another machine");
  expect(epoch).toMatch(
    /\nan epoch of 80 examples takes about .*: .* for steps, \d+ s \(\d+ %\) for gathering, .* for evaluation on 8, 4 s \(\d+ %\) for saving, 0 s \(0 %\) for decoding beside, 0 s \(0 %\) for reading beside$/,
  );
});

test("processes that share a processor compute no faster, and what nobody measured is unknown", async () => {
  const [one, two] = [await timesOf("--machine", shared), await timesOf("--machine", shared, "--processes", "2")];
  expect(secondsOf(two) / secondsOf(one)).toBeGreaterThan(0.9);
  expect(two).toContain(" in an unknown time");
  expect(await timesOf("--machine", shared, "--processes", "2", "--volumes", "80")).toContain(
    ", what gathering takes is unknown, evaluations not counted, ",
  );
  expect(await timesOf("--machine", alone, "--processes", "2")).toContain(
    "the time of a step is unknown: there are no rates of PyTorch, which alone trains in several processes",
  );
});

test("placements are expected on another machine too", async () => {
  const asked = ["place", small, "--budget", "2K", "--at-most", "--top", "2", "--time", "1", "--volumes", "80"];
  const { code, out, err } = await runHere([...asked, "--machine", both, "--processes", "2"]);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out).toContain(
    "\nPyTorch: what a step and an epoch of 80 examples should take on another machine in 2 processes, by rates of GPU of a test, P of 2026-11-30\n",
  );
  expect(out).toMatch(/\nPyTorch, the first: .* for steps, .* for gathering, /);
  const json = await runHere([...asked, "--machine", both, "--processes", "2", "--json"]);
  expect(json.out).toContain('"gatherSeconds": ');
});

test.each([
  ["compile without --time", ["compile", small, "--machine", both], "--machine is for the time of a step"],
  ["compile without --time", ["compile", small, "--processes", "2"], "--processes is for the time of a step"],
  ["place without --time", ["place", small, "--budget", "2K", "--nodes", "2"], "--nodes is for the time of a step"],
  ["a sweep that runs here", ["sweep", "sweep.yaml", "--machine", both], "--machine is for jobs"],
])("%s is wrong usage", async (_, words, expected) => {
  const { code, out, err } = await runHere(words);
  expect({ code, out }).toEqual({ code: 2, out: "" });
  expect(err).toContain(expected);
});

test("a file that has no rates is refused, with its name and the place", async () => {
  const path = join(folder, "other.json");
  writeFileSync(path, '{"processor": "P", "threads": 0}');
  for (const words of [
    ["compile", small, "--time"],
    ["place", small, "--budget", "2K", "--time", "1"],
  ]) {
    const { code, err } = await runHere([...words, "--machine", path]);
    expect(code).toBe(1);
    expect(err).toContain(`error[E212]: \`${path}\` has no rates of a machine: \`threads\` is less than 1`);
  }
});
