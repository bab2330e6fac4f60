import { spawnSync } from "node:child_process";
import { beforeAll, expect, test } from "vitest";
import { prepareProgram } from "../cli/medctc.ts";
import { backends } from "../cli/small-training.ts";

beforeAll(prepareProgram);

// `node test/train/kill.mjs 100 SEED` does the same a hundred times.
test("trainings that are killed ten times, at any moment, end with the same bytes as undisturbed ones", () => {
  const trainings = backends.map((backend) => (backend === "tfjs" ? "pieces-tfjs" : "whole-onnx"));
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["test/train/kill.mjs", "10", "4", trainings.join(",")],
    { encoding: "utf8" },
  );
  expect(stderr).toBe("");
  const report: unknown = JSON.parse(stdout);
  expect(report).toMatchObject({ kills: 10, problems: [] });
  // Some were killed within a save, or the test would show nothing.
  expect(report).not.toMatchObject({ withinSave: 0 });
  expect(status).toBe(0);
});
