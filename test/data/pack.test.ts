import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as later } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DataSettings, defaultData, halfBits } from "../../compiler/index.ts";
import { settleData } from "../../runtime/app/data/contract.ts";
import { operationsOf } from "../../runtime/data/augment/index.ts";
import { contractOf } from "../../runtime/data/contract.ts";
import { readManifest } from "../../runtime/data/layouts/index.ts";
import { requestsOf } from "../../runtime/data/load-example.ts";
import { loadAugmented, loadVolume } from "../../runtime/data/load-volume.ts";
import { openDataset } from "../../runtime/data/open-dataset.ts";
import { widened } from "../../runtime/data/readers/index.ts";
import { writeDataset } from "../../runtime/data/synth/index.ts";
import { medctc, prepareProgram } from "../cli/medctc.ts";
import { hashOf } from "./synth-set.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-pack-"));
const data = join(folder, "ct");
const spec = resolve("test/train/tiny.vlm");
const settings = { ...defaultData, spacing: [90, 30, 30], size: [4, 12, 12] } as const;
const training = { files: [null], texts: [null], labels: null, split: "train" } as const;

beforeAll(() => {
  prepareProgram();
  writeDataset(data, { pairs: 8, valid: 6, seed: 1 }, () => undefined);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Packs into a folder of that name, in shards of three examples. */
function pack(name: string, ...more: readonly string[]) {
  const output = join(folder, name);
  const run = medctc([
    "data",
    "pack",
    data,
    "-o",
    output,
    "--spec",
    spec,
    "--shard-size",
    "0.02MB",
    "--workers",
    "1",
    ...more,
  ]);
  return { output, run };
}

/** Everything that a data set gives of a split: what is said of each example, and its values. */
async function contentOf(path: string, split: "train" | "valid") {
  const needs = { files: [null], texts: split === "train" ? [null] : [], labels: ["Cardiomegaly"], split } as const;
  const { examples, problems } = await openDataset(path, settings, needs);
  expect(problems).toEqual([]);
  const input = { kind: "volume", name: "image", file: 0, shape: [1, ...settings.size], settings } as const;
  return Promise.all(
    examples.map(async (example) => {
      const [request] = requestsOf(example, [input], "f32");
      if (request === undefined) throw new Error("no request");
      const { result } = await loadVolume(request, { cache: null });
      if (result.kind === "failed") throw new Error(result.problem.message);
      return { name: example.name, texts: example.texts, labels: [...example.labels], values: result.value.voxels };
    }),
  );
}

describe("medctc data pack", () => {
  test("writes shards with the names, texts, labels and values of their data set, to the bit", async () => {
    const { output, run } = pack("f32");
    expect(run.err).not.toContain("error");
    expect(run.code).toBe(0);
    expect(readdirSync(output).filter((name) => name.endsWith(".tar"))).toHaveLength(5);
    for (const split of ["train", "valid"] as const) {
      const packed = await contentOf(output, split);
      expect(packed).toEqual(await contentOf(data, split));
      expect(packed).toHaveLength(split === "train" ? 8 : 6);
    }
  });

  test("rounds values to the nearest 16-bit floats where it is asked to", async () => {
    const { output, run } = pack("f16", "--storage", "f16");
    expect(run.code).toBe(0);
    const rounded = (await contentOf(data, "train")).map(({ values, ...rest }) => ({
      ...rest,
      values: widened(Uint16Array.from(values, halfBits)),
    }));
    expect(await contentOf(output, "train")).toEqual(rounded);
  });

  test("keeps complete shards, and writes the same bytes again where one was damaged or removed", () => {
    const { output } = pack("again");
    const before = hashOf(output);
    expect(pack("again").run.out).toMatch(/already complete\s+5\n/);
    const [first = "", second = ""] = readdirSync(output).filter((name) => name.endsWith(".tar"));
    const bytes = readFileSync(join(output, first));
    bytes[700] = (bytes[700] ?? 0) ^ 1;
    writeFileSync(join(output, first), bytes);
    rmSync(join(output, second));
    expect(pack("again").run.out).toMatch(/already complete\s+3\n/);
    expect(hashOf(output)).toBe(before);
  });

  test("killed at any moment leaves nothing that is taken for a whole set, and comes to the same shards", async () => {
    const whole = hashOf(pack("whole").output);
    const output = join(folder, "killed");
    const args = ["data", "pack", data, "-o", output, "--spec", spec, "--shard-size", "0.02MB", "--workers", "1"];
    for (let round = 0; round < 4; round++) {
      const child = spawn(process.execPath, [resolve("dist/medctc.js"), ...args], { stdio: "ignore" });
      const ended = new Promise((settle) => child.on("exit", settle));
      const shards = (): number =>
        existsSync(output) ? readdirSync(output).filter((name) => /^[^.].*\.tar$/.test(name)).length : 0;
      while (shards() < Math.min(round, 4) && child.exitCode === null) await later(5);
      child.kill("SIGKILL");
      await ended;
      if (!existsSync(join(output, "shards.json"))) continue;
      const { examples, problems } = await openDataset(output, settings, {
        files: [null],
        texts: [null],
        labels: null,
        split: "train",
      });
      if (problems.length > 0)
        expect([examples.length, problems[0]?.message]).toEqual([0, "its packing was not finished"]);
      else expect(examples).toHaveLength(8);
    }
    expect(medctc(args).code).toBe(0);
    expect(hashOf(output)).toBe(whole);
  });

  test("stops at Ctrl-C with what is complete, and says how to go on", async () => {
    const output = join(folder, "stopped");
    const args = ["data", "pack", data, "-o", output, "--spec", spec, "--shard-size", "0.001MB", "--workers", "1"];
    const child = spawn(process.execPath, [resolve("dist/medctc.js"), ...args], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    let err = "";
    child.stderr.on("data", (piece: Buffer) => {
      err += piece.toString();
    });
    const ended = new Promise<number | null>((settle) => child.on("exit", settle));
    while (!existsSync(join(output, "shards.json"))) await later(5);
    child.kill("SIGINT");
    const code = await ended;
    // It may have been done just before.
    if (code !== 0) {
      expect(code).toBe(130);
      expect(err).toMatch(/stopped; \d+ of 14 shards (is|are) complete; the same command resumes there/);
    }
    expect(readdirSync(output).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  test("is held against its record by `data check`, which names a shard that differs", () => {
    const { output } = pack("checked");
    const sound = medctc(["data", "check", output, "--spec", spec]);
    expect({ code: sound.code, err: sound.err }).toMatchObject({ code: 0 });
    expect(sound.err).toContain("verifying shards");
    const [first = ""] = readdirSync(output).filter((name) => name.endsWith(".tar"));
    const path = join(output, first);
    const bytes = readFileSync(path);
    // The first value of the first volume, which stays one that a volume may have.
    bytes[512 + 128] = (bytes[512 + 128] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    const { code, out, err } = medctc(["data", "check", output, "--spec", spec]);
    expect(code).toBe(1);
    expect(err).toContain(`error: ${path}: its content is not what was packed: its SHA-256 differs`);
    expect(out).toMatch(/without a problem +11\n/);
    expect(medctc(["data", "check", output, "--spec", spec, "--no-volumes"]).code).toBe(0);
  });

  test("refuses to read shards by other settings, and names both sides", () => {
    const { output } = pack("other");
    const changed = join(folder, "changed.vlm");
    writeFileSync(changed, readFileSync(spec, "utf8").replace("spacing = [90, 30, 30]", "spacing = [80, 30, 30]"));
    const { code, err } = medctc(["train", changed, "--data", output, "-o", join(folder, "run"), "--skip-bad"]);
    expect(code).toBe(1);
    expect(err).toContain("`spacing` is [90, 30, 30] in the shards and [80, 30, 30] in the `data` block");
  });

  test("records what values mean, which training takes from there", async () => {
    const { output } = pack("recorded");
    const manifest = readManifest(output);
    const contract = manifest.kind === "ok" ? manifest.value?.contract : null;
    const needs = { files: [null], texts: [null], labels: null } as const;
    const taken = { inputs: [{ kind: "volume", name: "ct", file: 0, shape: [], settings }], needs } as const;
    const sources = await openDataset(data, settings, training);
    const notes: string[] = [];
    const reporter = {
      note: (note: string) => notes.push(note),
      problem: () => undefined,
      progress: () => undefined,
      progressEnd: () => undefined,
    };
    const settled = await settleData(settings, [sources], taken, false, reporter);
    const orientation = settled?.orientations.get("ct") ?? null;
    expect(orientation).not.toBe(null);
    expect(contract).toEqual(contractOf(settings, orientation));
    notes.length = 0;
    const again = await settleData(
      settings,
      [null, await openDataset(output, settings, training)],
      taken,
      false,
      reporter,
    );
    expect(again?.orientations).toEqual(settled?.orientations);
    expect(notes).toEqual([]);
  });

  test.each([
    ["orientation", { orientation: "RAI" }],
    ["axes", { axes: "zyx" }],
    ["crop", { crop: "foreground" }],
    ["resize", { resize: "squash" }],
    ["window", { otherWindows: [[-160, 240]] }],
    ["grid", { grid: "torchio" }],
    ["clip", { clip: "after" }],
    ["range", { range: [0, 1] }],
    ["pad", { pad: 0 }],
  ] as const)("refuses to read shards by another %s", async (field, change) => {
    const { output } = pack("recorded");
    const { examples, problems } = await openDataset(output, { ...settings, ...change }, training);
    expect(examples).toEqual([]);
    expect(problems[0]?.message).toMatch(new RegExp(`settings: \`${field}\` is .* in the shards and .* in the`));
  });

  test("of another text is refused for each example", async () => {
    const { output } = pack("recorded");
    const { problems } = await openDataset(output, { ...settings, text: ["Impressions_EN"] }, training);
    expect(problems.map(({ message }) => message).join("\n")).toContain("have no texts of Impressions_EN");
  });

  test("has a channel for each window, and is read by a spec that names the table it was made of", async () => {
    const windows = { window: [-1000, 400], otherWindows: [[-160, 240]], range: [0, 1], pad: 0 } as const;
    const two = { ...settings, ...windows };
    const input = { kind: "volume", name: "", file: 0, shape: [], settings: { ...two, units: "stored" } } as const;
    const text = readFileSync(spec, "utf8")
      .replace("codebook = 16", "codebook = 16, channels = 2")
      .replace("size = [4, 12, 12]", "size = [4, 12, 12], window = [[-1000, 400], [-160, 240]], range = [0, 1]");
    const path = join(folder, "windows.vlm");
    writeFileSync(path, text);
    const output = join(folder, "windows");
    const run = medctc(["data", "pack", data, "-o", output, "--spec", path, "--workers", "1"]);
    expect(run.err).not.toContain("error");
    const valuesOf = async (from: string, by: DataSettings) => {
      const { examples } = await openDataset(from, by, { ...training, texts: [] });
      const loaded = await Promise.all(
        examples.map(async (example) => {
          const [request] = requestsOf(example, [input], "f32");
          if (request === undefined) throw new Error("no request");
          const { result } = await loadVolume(request, { cache: null });
          return result.kind === "ok" ? result.value.voxels : result.problem.message;
        }),
      );
      return loaded;
    };
    const packed = await valuesOf(output, { ...two, table: "chests.csv" });
    expect(packed[0]).toHaveLength(2 * 4 * 12 * 12);
    expect(packed).toEqual(await valuesOf(data, two));
  });

  test("is changed at random as its data set would be", async () => {
    const { output } = pack("recorded");
    const { volumes: operations } = operationsOf([{ kind: "noise", std: 0.1, chance: 1 }]);
    const augment = { operations, draw: { seed: 5, step: 1, example: "a" } };
    const input = { kind: "volume", name: "", file: 0, shape: [], settings } as const;
    const changed = async (from: string, change: typeof augment | null) => {
      const [example] = (await openDataset(from, settings, training)).examples;
      const [request] = example === undefined ? [] : requestsOf(example, [input], "f32", change);
      if (request === undefined) throw new Error("no request");
      const { result } = await loadAugmented(request, { cache: null });
      return result.kind === "ok" ? result.value.voxels : result.problem.message;
    };
    expect(await changed(output, augment)).toEqual(await changed(data, augment));
    expect(await changed(output, augment)).not.toEqual(await changed(output, null));
  });

  test("leaves out what cannot be read where it is told to, and touches no folder of others", () => {
    const bad = join(folder, "bad");
    spawnSync("cp", ["-r", data, bad]);
    const [file = ""] = readdirSync(bad, { recursive: true, encoding: "utf8" }).filter((name) =>
      name.endsWith(".nii.gz"),
    );
    writeFileSync(join(bad, file), "no volume");
    const args = ["data", "pack", bad, "-o", join(folder, "skipped"), "--spec", spec, "--workers", "1"];
    const refused = medctc(args);
    expect(refused.code).toBe(1);
    expect(refused.err).toContain("--skip-bad");
    const { code, out, err } = medctc([...args, "--skip-bad"]);
    expect(code).toBe(0);
    expect(err).toContain(file);
    expect(out).toMatch(/skipped\s+1\n/);
    expect(medctc(["data", "pack", data, "-o", data, "--spec", spec]).err).toContain(
      "its contents are not from `medctc data pack`",
    );
  });
});
