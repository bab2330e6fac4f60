import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { OnnxSession } from "../../runtime/backends/onnx/index.ts";
import { medctc, prepareProgram } from "../cli/medctc.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-session-"));
const step = join(folder, "step.onnx");
const number = (value: number) => ({ dtype: "int32", shape: [], data: Int32Array.of(value) }) as const;

beforeAll(() => {
  prepareProgram();
  expect(medctc(["export", "specs/medct-small.vlm", "--onnx", step, "--program", "step"]).code).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("a session of ONNX Runtime", () => {
  test("holds nobody up: timers of the caller run while a model is loaded", async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const session = await OnnxSession.load(step);
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(3);
    await session.dispose();
  });

  test("a file that is no model is an error in ONNX Runtime's own words", async () => {
    const file = join(folder, "bad.onnx");
    writeFileSync(file, "no model");
    await expect(OnnxSession.load(file)).rejects.toThrow(/bad\.onnx/);
  });

  test("an input that is missing is named, and the session goes on", async () => {
    const session = await OnnxSession.load(step);
    await expect(session.run(new Map([["step", number(0)]]), ["loss"])).rejects.toThrow("the model needs the input");
    await session.keep(new Map([["kept", number(3)]]));
    expect((await session.read(["kept"])).get("kept")?.data).toEqual(Int32Array.of(3));
    await session.dispose();
  });
});
