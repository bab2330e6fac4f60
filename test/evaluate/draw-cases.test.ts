import { expect, test } from "vitest";
import { caseDrawing } from "../../runtime/app/evaluate/draw-cases.ts";
import { at } from "../../runtime/at.ts";
import { type Example, findDataInputs, gridOf, type VolumeLoader } from "../../runtime/data/index.ts";
import { compilePath } from "../../runtime/specs/index.ts";
import { decodePng } from "../data/png-pixels.ts";

/** What the small spec takes of a data set, and its input of volumes. */
function smallInputs() {
  const { spec } = compilePath("specs/medct-small.vlm");
  const found = spec === null ? null : findDataInputs(spec);
  if (found?.kind !== "ok") throw new Error("the spec compiles");
  const volume = found.value.inputs.find((input) => input.kind === "volume");
  if (volume === undefined) throw new Error("it takes a volume");
  return { inputs: found.value, volume };
}

const { inputs, volume } = smallInputs();
const voxels = gridOf(volume).sizes.reduce((product, size) => product * size, 1);

function exampleOf(name: string): Example {
  const file = `data/${name}`;
  return {
    name,
    file,
    files: [file],
    metadata: null,
    texts: ["clinic 7"],
    labels: null,
  };
}

/** Every voxel is -1 or 1, as the name says; files with `bad` in their names cannot be read. */
const loader: Pick<VolumeLoader, "load"> = {
  load: ({ path }) =>
    Promise.resolve(
      path.includes("bad")
        ? { kind: "failed", problem: { subject: path, message: "the data ends early", help: null } }
        : {
            kind: "ok",
            value: {
              voxels: new Float32Array(voxels).fill(path.includes("white") ? 1 : -1),
              from: "file",
            },
          },
    ),
};

function drawing({ hasReports = true, isStopped = false } = {}) {
  const names = ["black", "white", "bad", ...Array.from({ length: 9 }, (_, place) => `other_${place}`)];
  const said: string[] = [];
  let reads = 0;
  const readReports = () => {
    reads++;
    const texts = (name: string) => [`Findings of ${name}.`, "No effusion."];
    return Promise.resolve(hasReports ? names.map((name) => ({ name, texts: texts(name) })) : []);
  };
  const data = { inputs, orientations: new Map([[volume.name, "LPS"]]) };
  const draw = caseDrawing(
    { examples: names.map(exampleOf), data, loader, readReports, isStopped: () => isStopped },
    { progress: (text) => said.push(text), progressEnd: () => said.push("") },
  );
  return { draw, names, said, readsOf: () => reads };
}

test("slices of three planes are drawn as the network sees them, with their reports, which are read once", async () => {
  const { draw, said, readsOf } = drawing();
  const found = await draw(["white", "black", "gone"]);
  expect([...found.keys()]).toEqual(["white", "black"]);
  expect(said).toEqual(["slices of white", "slices of black", ""]);
  await draw(["white"]);
  expect(readsOf()).toBe(1);
  for (const [name, grey] of [
    ["white", 255],
    ["black", 0],
  ] as const) {
    const { pictures, text } = found.get(name) ?? { pictures: [], text: null };
    expect(text).toBe(`Findings of ${name}.\nNo effusion.`);
    expect(pictures).toHaveLength(1);
    const planes = at(pictures, 0).pictures;
    expect(planes.map(({ title }) => title)).toEqual(["axial", "sagittal", "coronal"]);
    for (const { png } of planes) expect(new Set(decodePng(Buffer.from(png)).pixels)).toEqual(new Set([grey]));
  }
});

test("what cannot be read has its report, what has no report its slices, and no more are drawn than a page holds", async () => {
  expect(await drawing().draw(["bad"])).toEqual(
    new Map([["bad", { pictures: [], text: "Findings of bad.\nNo effusion." }]]),
  );
  const { draw, names } = drawing({ hasReports: false });
  const found = await draw(names);
  expect([...found.keys()]).toEqual(names.slice(0, 6));
  expect([...found.values()].map(({ text }) => text)).toEqual(names.slice(0, 6).map(() => null));
});

test("nothing is drawn once the user asked to stop", async () => {
  const { draw, names, readsOf } = drawing({ isStopped: true });
  expect((await draw(names)).size).toBe(0);
  expect(readsOf()).toBe(0);
});
