import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { checkpointBytes, shareStep, tensorflowMemory } from "../../compiler/index.ts";
import { compilePath } from "../../runtime/specs/index.ts";
import { readSafetensors } from "../../runtime/weights/index.ts";
import { prepareProgram } from "../cli/medctc.ts";
import { SmallTraining, start } from "../cli/small-training.ts";
import { pythonWithPeft } from "./environment.ts";

beforeAll(prepareProgram);

test("a training in two processes exchanges and saves the bytes by which its time is expected", async () => {
  const training = new SmallTraining();
  const spec = training.specWith("three-steps.vlm", "epochs = 6", "steps = 3");
  const [run, told] = [training.path("run"), training.path("exchanges")];
  process.env["PYTHONPATH"] = resolve("test/python/count");
  process.env["MEDCTC_TEST_EXCHANGES"] = told;
  const given = ["--data", training.data, "--cache", training.path("cache"), "--workers", "1", "-o", run];
  const where = ["--backend", "pytorch", "--python", pythonWithPeft(), "--processes", "2"];
  const { code, err } = await start(["train", spec, ...given, ...where]).end;
  expect(code, err).toBe(0);

  const traced = compilePath(spec, {}).spec;
  const share = traced === null ? null : shareStep(traced, 2, tensorflowMemory);
  if (traced === null || share === null) throw new Error("the spec has a step");
  const both = [0, 1].map((rank) => readFileSync(`${told}-${rank}`, "utf8").trimEnd().split("\n"));
  for (const exchanges of both) {
    const bytesOf = (what: string): readonly number[] =>
      exchanges.flatMap((line) => (line.startsWith(`${what} `) ? [Number(line.split(" ").at(-1))] : []));
    expect(bytesOf("all_gather_into_tensor")).toEqual(Array.from({ length: 3 }, () => share.gatherBytes));
    // Four bytes are what processes say when all are done.
    expect(bytesOf("all_reduce float32").filter((bytes) => bytes > 4)).toEqual(
      Array.from({ length: 3 }, () => share.sumBytes),
    );
    const places = exchanges.flatMap((line, place) => (line.startsWith("all_gather") ? [place] : []));
    const [first = 0, second = 0] = places;
    const between = exchanges.slice(first, second);
    expect(between.filter((line) => line !== "all_reduce float32 4")).toHaveLength(share.exchanges);
  }

  const checkpoint = join(run, "checkpoints", "step-00000003");
  const saved = ["adapter.safetensors", "optimizer.safetensors"].flatMap((name) => {
    const path = join(checkpoint, name);
    return [...readSafetensors(path, readFileSync(path)).values()];
  });
  const bytes = saved.reduce((sum, { shape }) => sum + 4 * shape.reduce((all, size) => all * size, 1), 0);
  expect(bytes).toBe(checkpointBytes(traced));
});
