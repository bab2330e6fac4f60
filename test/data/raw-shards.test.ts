import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as later } from "node:timers/promises";
import { beforeAll, expect, test } from "vitest";
import { defaultData } from "../../compiler/index.ts";
import { settleData } from "../../runtime/app/data/contract.ts";
import { requestsOf } from "../../runtime/data/load-example.ts";
import { loadAugmented, loadVolume } from "../../runtime/data/load-volume.ts";
import { openDataset } from "../../runtime/data/open-dataset.ts";
import { prepareProgram, runHere } from "../cli/medctc.ts";
import { dataFolder, table } from "./data-folder.ts";
import { gzipped, niftiFile } from "./nifti-file.ts";
import { type TarPart, tarFile } from "./tar-file.ts";

const settings = { ...defaultData, spacing: [1, 1, 1], size: [2, 4, 4], orientation: "RAS" } as const;
const input = {
  kind: "volume",
  name: "image",
  file: 0,
  shape: [1, ...settings.size],
  settings: { ...settings, units: "stored" },
} as const;
const needs = { files: [null], texts: [null], labels: null, split: "train" } as const;
/** Stored LPS. */
const sform = [-1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 1, 0];
const values = (start: number) => Array.from({ length: 24 }, (_, index) => start + 7 * index);
const volumes = {
  "a.nii.gz": gzipped({ sform, values: values(-300) }),
  "b.nii": niftiFile({ sform, values: values(20), littleEndian: false }),
};
const captions = [
  ["a.nii.gz", "One."],
  ["b.nii", "Two."],
] as const;

/** Shards of others: the volumes as they are, between others' members. */
function shardOf(files: Readonly<Record<string, Uint8Array>>): Buffer {
  const parts = captions.flatMap(([name, caption]): TarPart[] => [
    { name, content: files[name] ?? "" },
    { name: `${name.slice(0, 1)}.txt`, content: caption },
  ]);
  return tarFile(parts);
}

beforeAll(prepareProgram);

/** Each example's values, and where they came from; or what is wrong with its file. */
async function loadedFrom(path: string, cache: string | null = null) {
  const { examples, problems } = await openDataset(path, settings, needs);
  expect(problems).toEqual([]);
  return Promise.all(
    examples.map(async (example) => {
      const [request] = requestsOf(example, [input], "f32");
      if (request === undefined) throw new Error("no request");
      const kept = cache === null ? null : { folder: cache, bytes: 1e6 };
      const { result } = await loadVolume(request, { cache: kept });
      return result.kind === "ok" ? result.value : result.problem;
    }),
  );
}

test("volumes in shards have the values, the texts and the orientation of those in a folder", async () => {
  const rows = captions.map((cells) => cells.join(","));
  const folder = dataFolder({ ...volumes, "all.csv": table("filepath,title", ...rows) });
  const shards = dataFolder({ "all.tar": shardOf(volumes) });
  const own = await loadedFrom(join(folder, "all.csv"));
  expect(await loadedFrom(shards)).toEqual(own);
  // All of them, and the padding.
  expect(own.map((each) => ("voxels" in each ? new Set(each.voxels).size : each.message))).toEqual([25, 25]);
  const notes: string[] = [];
  const reporter = {
    note: (note: string) => notes.push(note),
    problem: () => undefined,
    progress: () => undefined,
    progressEnd: () => undefined,
  };
  const set = await openDataset(shards, settings, needs);
  const settled = await settleData(settings, [set], { inputs: [input], needs }, false, reporter);
  expect(settled?.orientations.get("image")).toBe("RAS");
  expect(notes.join()).toContain("all 2 volumes are stored LPS, and are reordered to RAS");
});

test("a volume in a shard is kept in the cache until its archive changes", async () => {
  const shards = dataFolder({ "all.tar": shardOf(volumes) });
  const cache = dataFolder({});
  await later(120);
  const first = await loadedFrom(shards, cache);
  const again = await loadedFrom(shards, cache);
  expect(again).toEqual(first.map((each) => ({ ...each, from: "cache" })));
  expect(readdirSync(cache)).toHaveLength(2);
  writeFileSync(join(shards, "all.tar"), shardOf({ ...volumes, "a.nii.gz": gzipped({ sform, values: values(-200) }) }));
  const changed = await loadedFrom(shards, cache);
  expect(changed[0]).not.toEqual(first[0]);
  expect(changed[1]).toEqual(first[1]);
});

test("a volume that is cut off in its shard is named, and no other is taken for its rest", async () => {
  const whole = volumes["a.nii.gz"];
  const shards = dataFolder({ "all.tar": shardOf({ ...volumes, "a.nii.gz": whole.subarray(0, -20) }) });
  const [first] = await loadedFrom(shards);
  expect(first).toMatchObject({
    subject: join(shards, "all.tar/a.nii.gz"),
    message: "it is truncated within its gzip data",
  });
  const { out, err } = await runHere(["data", "check", shards]);
  expect(err).toContain("all.tar/a.nii.gz: it is truncated within its gzip data");
  expect(out).toMatch(/without a problem +1/);
});

test("a label map in a shard lies on the grid of its volume there, which may have settings of its own", async () => {
  const labels = Array.from({ length: 24 }, (_, index) => index % 3);
  const files = { ct: volumes["a.nii.gz"], seg: gzipped({ sform, values: labels }) };
  const shards = dataFolder({
    "all.tar": tarFile([
      { name: "a.ct.nii.gz", content: files.ct },
      { name: "a.seg.nii.gz", content: files.seg },
    ]),
  });
  const folder = dataFolder({
    "ct.nii.gz": files.ct,
    "seg.nii.gz": files.seg,
    "all.csv": table("ct,seg", "ct.nii.gz,seg.nii.gz"),
  });
  const own = { ...input.settings, window: [-200, 200], spacing: [2, 1, 1] } as const;
  const both = [
    { ...input, settings: own },
    {
      kind: "segmentation",
      name: "lesion",
      file: 1,
      shape: input.shape,
      dtype: "f32",
      of: "image",
      volume: 0,
      settings: own,
      labels: [1, 2],
    },
  ] as const;
  const cache = { folder: dataFolder({}), bytes: 1e6 };
  const loadedBy = async (path: string, columns: readonly string[], from: string) => {
    const { examples, problems } = await openDataset(path, settings, { ...needs, files: columns, texts: [] });
    expect(problems).toEqual([]);
    return Promise.all(
      examples.flatMap((example) =>
        requestsOf(example, both, "f32").map(async (request) => {
          const { result } = await loadAugmented(request, { cache });
          if (result.kind === "failed") return result.problem;
          expect(result.value.from).toBe(from);
          return result.value.voxels;
        }),
      ),
    );
  };
  await later(120);
  const there = await loadedBy(shards, ["ct.nii.gz", "seg.nii.gz"], "file");
  expect(there).toHaveLength(2);
  expect(new Set(there[1] instanceof Float32Array ? there[1] : [])).toEqual(new Set([0, 1]));
  expect(there).toEqual(await loadedBy(join(folder, "all.csv"), ["ct", "seg"], "file"));
  expect(await loadedBy(shards, ["ct.nii.gz", "seg.nii.gz"], "cache")).toEqual(there);
});

test("volumes in shards are packed and drawn as those of a folder", async () => {
  const shards = dataFolder({ "all.tar": shardOf(volumes) });
  const folder = dataFolder({});
  const spec = join(folder, "tiny.vlm");
  const tiny = readFileSync("test/train/tiny.vlm", "utf8");
  writeFileSync(spec, tiny.replace("spacing = [90, 30, 30]", "spacing = [1, 1, 1]"));
  const packed = await runHere([
    "data",
    "pack",
    shards,
    "-o",
    join(folder, "packed"),
    "--spec",
    spec,
    "--workers",
    "1",
  ]);
  expect(packed.err).not.toContain("error");
  const drawn = await runHere(["data", "show", "a", "--data", shards, "-o", join(folder, "a.png"), "--spec", spec]);
  expect(drawn.err).not.toContain("error");
});
