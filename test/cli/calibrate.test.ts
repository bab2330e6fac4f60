import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ratesPath, readCarriedRates, readRates } from "../../runtime/machine/index.ts";
import { medctc, prepareProgram } from "./medctc.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-calibrate-test-"));
const env = { MEDCTC_CACHE: folder };
const small = "specs/medct-small.vlm";

beforeAll(prepareProgram);
afterAll(() => rmSync(folder, { recursive: true }));

test("rates are measured and stored, and a compiled spec has a time from then on", () => {
  const before = medctc(["compile", small, "--time"], { env });
  expect(before.code).toBe(0);
  expect(before.out).toBe(medctc(["compile", small], { env }).out);
  expect(before.err).toContain("the time of a step is unknown: nothing was measured on this machine");
  expect(before.err).toContain("medctc bench --calibrate");

  const carried = join(folder, "rates", "here.json");
  const calibration = ["bench", "--calibrate", "--backend", "onnx", "--steps", "1", "--json", "-o", carried];
  const { code, out } = medctc(calibration, { env });
  expect(code).toBe(0);
  const stored = readRates(folder);
  if (stored.kind !== "rates") throw new Error("there are rates");
  expect(JSON.parse(out)).toEqual({ path: ratesPath(folder), output: carried, ...stored.rates });
  expect(readCarriedRates(carried)).toEqual({ kind: "ok", value: stored.rates });
  expect(readdirSync(folder)).not.toContain("bench");
  expect(stored.rates.backends.map(({ backend, rates: { productFlops } }) => [backend, productFlops.bf16])).toEqual([
    ["onnx", null],
  ]);

  const after = medctc(["compile", small, "--time"], { env });
  expect({ code: after.code, err: after.err }).toEqual({ code: 0, err: "" });
  const expected = /\na step takes about [\d.]+ (ms|s) here \(ONNX Runtime, rates of \d{4}-\d\d-\d\d\)\n$/;
  expect(after.out).toMatch(expected);
  expect(after.out.replace(expected, "\n")).toBe(before.out);
  const { voxelsRead, bytesRead, saving } = stored.rates;
  expect(voxelsRead).toBeGreaterThan(0);
  expect(saving?.bytes).toBeGreaterThan(0);
  const reading = bytesRead === null ? /what reading takes is unknown/ : /\d[\d.]* \w+ \(\d+ %\) for reading beside/;

  const ofEpoch = medctc(["compile", small, "--time", "--volumes", "25692"], { env });
  const part = String.raw`\d[\d.]* \w+ \(\d+ %\)`;
  expect(ofEpoch.out).toMatch(
    new RegExp(
      `\nan epoch of 25,692 examples takes about [^:]*: ${part} for steps, evaluations not counted, ${part} for saving, ${part} for decoding beside, ${reading.source}\n$`,
    ),
  );
  const elsewhere = medctc(["compile", small, "--time", "--volumes", "25692", "--machine", carried], { env });
  expect(elsewhere.out.replace(/ on another machine \((.*?), rates of .* of /, " here ($1, rates of ")).toBe(
    ofEpoch.out,
  );
  const evaluated = medctc(["compile", small, "--time", "--volumes", "256", "--held-out", "3039"], { env });
  expect(evaluated.out).toMatch(/ for steps, [1-9][\d.]* \w+ \(\d+ %\) for evaluation on 3,039, \d/);
  const ofNothing = medctc(["compile", small, "--time", "--held-out", "8"], { env });
  expect([ofNothing.code, ofNothing.err]).toEqual([
    2,
    "error: --held-out is for the time of an epoch\n  help: add --volumes N\n",
  ]);
  const placed = medctc(
    ["place", small, "--budget", "2K", "--at-most", "--top", "2", "--time", "1", "--volumes", "25692"],
    { env },
  );
  expect(placed.err).toBe("");
  expect(placed.out).toMatch(/^trainable +share +step +ONNX Runtime +placement$/m);
  expect(placed.out.match(/ [\d.]+ m?s, \d[\d.]* \w+ /g)).toHaveLength(1);
  expect(placed.out).toMatch(
    /\nONNX Runtime: what a step and an epoch of 25,692 examples should take on this machine, by rates of \d{4}-\d\d-\d\d\nONNX Runtime, the first: .* for steps, .* for decoding beside, /,
  );
  const alone = medctc(["compile", small, "--volumes", "8"], { env });
  expect([alone.code, alone.err]).toEqual([2, "error: --volumes is for the time of an epoch\n  help: add --time\n"]);
}, 120_000);

test.each([
  ["no spec and no --calibrate", ["bench"], "a spec to measure is missing"],
  [
    "a file for what is measured of a spec",
    ["bench", small, "-o", "rates.json"],
    "--output is for what --calibrate measures",
  ],
  ["both", ["bench", small, "--calibrate"], "--calibrate takes no spec"],
])("%s is wrong usage", (_, args, expected) => {
  const { code, out, err } = medctc(args, { env });
  expect({ code, out }).toEqual({ code: 2, out: "" });
  expect(err).toContain(expected);
});

test("a backend without rates is refused", () => {
  const { code, err } = medctc(["bench", "--calibrate", "--backend", "evaluator"], { env });
  expect(code).toBe(1);
  expect(err).toContain("use --backend tensorflow, onnx or pytorch");
});
