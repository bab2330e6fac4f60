import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { run } from "../../runtime/cli/program.ts";
import { findDataInputs, operationsOf, VolumeLoader } from "../../runtime/data/index.ts";
import { openDataset } from "../../runtime/data/open-dataset.ts";
import { slicesOf } from "../../runtime/data/planes.ts";
import { loadTokenizer } from "../../runtime/data/tokenizers/tokenizer.ts";
import { compilePath } from "../../runtime/specs/index.ts";
import { Batches, planOrder } from "../../runtime/train/index.ts";
import { listeningTerminal } from "../cli/listening-terminal.ts";
import { SmallTraining } from "../cli/small-training.ts";
import { readElements } from "../report/markup-check.ts";
import { metadataHeader, reportsHeader, table, volumes } from "./data-folder.ts";
import { phantom, phantomFile } from "./phantom.ts";
import { decodePng } from "./png-pixels.ts";

const small = new SmallTraining();
const changes = "augment = [rotate(degrees = 30), intensity(shift = 0.2), noise(std = 0.1)]";
const spec = small.specWith("page.vlm", "[90, 30, 30]", `[3, 1.5, 1.5]\n  ${changes}`);

/** Checks a data set as the command does, and gives its page. */
async function pageOf(folder: string, ...more: readonly string[]) {
  const output = small.path("check.html");
  const { terminal, said } = listeningTerminal();
  const code = await run(["data", "check", folder, "-o", output, ...more], terminal);
  const html = readFileSync(output, "utf8");
  readElements(html);
  return { code, ...said, html, sections: [...html.matchAll(/<h2 id="([^"]+)"/g)].map(([, id]) => id) };
}

/** The cells of a table's rows, by the name of the row. */
function rowsOf(html: string, caption: string): ReadonlyMap<string, readonly string[]> {
  const part = html.split("<caption>").find((each) => each.startsWith(`<span>${caption}`)) ?? "";
  const [body = ""] = part.split("</table>");
  const rows = [...body.matchAll(/<tr><th scope="row"[^>]*>(.*?)<\/th>(.*?)<\/tr>/g)];
  return new Map(
    rows.map(([, name = "", cells = ""]) => [
      name,
      [...cells.matchAll(/<td[^>]*>(.*?)<\/td>/g)].map(([, cell = ""]) => cell),
    ]),
  );
}

function picturesIn(html: string) {
  return [...html.matchAll(/<image href="data:image\/png;base64,([^"]*)"/g)].map(([, data = ""]) =>
    decodePng(Buffer.from(data, "base64")),
  );
}

/** Phantoms of known values to train on and held out, stored with the intercept of a scanner. */
function phantoms(): string {
  const folder = small.path("phantoms");
  const names = ["train_1_a_1", "train_2_a_1", "train_3_a_1", "train_4_a_1", "valid_1_a_1"].map(
    (name) => `${name}.nii.gz`,
  );
  for (const path of Object.keys(volumes(...names))) {
    const sizes = path.includes("train_2") ? ([12, 14, 10] as const) : ([12, 14, 8] as const);
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), phantomFile(phantom(sizes), { codes: "LPS", intercept: -1024 }));
  }
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  write("m.csv", table(metadataHeader, ...names.map((name) => `${name},1,-1024,"[1.5, 1.5]",3`)));
  const long = "Lungs are clear. ".repeat(20);
  write("r.csv", table(reportsHeader, ...names.map((name, place) => `${name},${place === 1 ? long : "Clear."},`)));
  const classes = "VolumeName,Medical material,Cardiomegaly,Hiatal hernia,Lymphadenopathy";
  const labels = ["1,0,0,", "1,1,0,", "0,1,,", "0,1,0,", "1,0,1,0"];
  // One example has no row.
  write(
    "l.csv",
    table(classes, ...labels.flatMap((cells, place) => (place === 3 ? [] : [`${names[place]},${cells}`]))),
  );
  write("vocab.txt", readFileSync(join(small.data, "vocab.txt"), "utf8"));
  return folder;
}

describe("the page of volumes", () => {
  let folder = "";
  let page: Awaited<ReturnType<typeof pageOf>>;
  beforeAll(async () => {
    folder = phantoms();
    page = await pageOf(folder, "--spec", spec);
  });

  test("is named after what is printed, and ends as the check does", () => {
    expect(page.err).not.toContain("error");
    expect(page.out).toMatch(/problems\s+0\n\n.*check\.html\n$/);
    expect(page.code).toBe(0);
    expect(page.sections).toEqual(["notes", "classes", "examples", "units", "geometry", "texts"]);
    for (const note of page.err.matchAll(/^note: (.*)$/gm))
      expect(page.html.replaceAll("&#39;", "'")).toContain(`<li>${note[1]}</li>`);
  });

  test("counts positive, negative and missing labels by split", () => {
    const rows = rowsOf(page.html, "Labels of 4 to train on and 1 held out");
    expect([...rows]).toEqual([
      ["Medical material", ["2", "1", "1", "1", "0", "0"]],
      ["Cardiomegaly", ["2", "1", "1", "0", "1", "0"]],
      ["Hiatal hernia", ["0", "2", "2", "1", "0", "0"]],
      ["Lymphadenopathy", ["0", "0", "4", "0", "1", "0"]],
    ]);
    expect(page.html).toContain("66.7 % (2)");
    expect(page.html).toContain("no label");
  });

  test("says what `auto` decided, and by which shares of voxels", () => {
    expect(page.html).toContain("looked at the values of 5 volumes: 5 in stored values.");
    expect(page.html).toContain("It decided <code>units = stored</code>: the table’s slope and intercept are applied.");
    const share = (units: readonly number[], low: number, high: number): string =>
      `${((100 * units.filter((value) => value >= low && value <= high).length) / units.length).toFixed(1)} %`;
    const { units } = phantom();
    const stored = units.map((value) => value + 1024);
    const rows = rowsOf(page.html, "Voxels near -1000");
    expect(rows.get("train/train_1/train_1_a/train_1_a_1.nii.gz")).toEqual([
      "1, -1024",
      ...[stored, units].flatMap((values) => [share(values, -1100, -900), share(values, -300, 300), "0.0 %"]),
      "stored",
    ]);
    expect(rows.get("mean of 5 volumes")).toHaveLength(8);
  });

  test("has the values in Hounsfield units, and the lengths of texts with the limit", () => {
    const all = [...Array.from({ length: 4 }, () => phantom().units), phantom([12, 14, 10]).units]
      .flat()
      .sort((a, b) => a - b);
    const [least = 0, middle = 0, most = 0] = [all[0], all[(all.length - 1) >> 1], all.at(-1)];
    expect(page.html).toContain(
      `${all.length.toLocaleString("en")} voxels, from ${least.toLocaleString("en")} to ${most} HU, median ${middle}.`,
    );
    expect(page.html).toContain("window -1,000 to 1,000");
    expect(page.html).toContain("The model takes 24 tokens of a text. 1 of 4 are longer and are cut to it.");
    expect(page.html).toContain("limit of 24 tokens");
  });

  test("has sizes, spacing and orientation as they are stored", () => {
    const rows = rowsOf(page.html, "Least and most");
    const longer = "train/train_2/train_2_a/train_2_a_1.nii.gz";
    expect(rows.get("columns")).toEqual(["12", "12", "12", "", ""]);
    expect(rows.get("rows")).toEqual(["14", "14", "14", "", ""]);
    expect(rows.get("slices")).toEqual(["8", "8", "10", "train/train_1/train_1_a/train_1_a_1.nii.gz", longer]);
    expect(rows.get("spacing of columns")).toEqual(["1.5 mm", "1.5 mm", "1.5 mm", "", ""]);
    expect(rows.get("spacing of slices")).toEqual(["3 mm", "3 mm", "3 mm", "", ""]);
    expect([...rowsOf(page.html, "Orientation")]).toEqual([["LPS", ["5", "used as stored"]]]);
    expect(page.html).toContain('<p class="only">12 columns</p><p class="detail">in all 5 volumes</p>');
  });

  test("draws what the first step of a training is given, after and before", async () => {
    const compiled = compilePath(spec).spec;
    if (compiled === null) throw new Error("it compiles");
    const inputs = findDataInputs(compiled);
    const tokenizer = loadTokenizer(join(folder, "vocab.txt"));
    if (inputs.kind === "failed" || tokenizer.kind === "failed") throw new Error("both are there");
    const { examples } = await openDataset(folder, compiled.data, { ...inputs.value.needs, split: "train" });
    const { batch, microBatch, seed } = compiled.settings;
    const planned = planOrder({ examples: examples.length, batch, seed });
    if (planned.kind === "too-few") throw new Error(planned.problem);
    const settings = { ...compiled.data, units: "stored" as const };
    const settled = {
      ...inputs.value,
      inputs: inputs.value.inputs.map((input) => (input.kind === "volume" ? { ...input, settings } : input)),
    };
    const loader = new VolumeLoader({ cache: null, workers: 1 });
    const rowsWith = async (augment: typeof compiled.data.augment): Promise<readonly Float32Array[]> => {
      const batches = new Batches({
        ...{ examples, order: planned.order, settings: { batch, microBatch }, loader, shared: new Map() },
        ...{ tokenizer: tokenizer.value, inputs: settled, skipBad: false },
        processes: { count: 1, first: 0, here: 1 },
        augment: { operations: operationsOf(augment), seed },
      });
      const { rows } = batches.at(0, 1);
      const micro = [await rows(0, microBatch), await rows(microBatch, microBatch)];
      return micro.flatMap((values) => {
        const both = [...values.values()].find((each): each is Float32Array => each instanceof Float32Array);
        if (both === undefined) throw new Error("a model of volumes takes floats");
        return [both.subarray(0, both.length / 2), both.subarray(both.length / 2)];
      });
    };
    try {
      const before = await rowsWith([]);
      const after = await rowsWith(settings.augment);
      const drawn = [0, 1, 2].flatMap((row) => [before[row], after[row]]);
      const expected = drawn.flatMap((values = new Float32Array()) =>
        slicesOf(values, settings.size, settings.range).flat(),
      );
      const shown = picturesIn(page.html);
      expect(shown.map(({ width, height }) => [width, height])).toEqual(
        expected.map(({ width, height }) => [width, height]),
      );
      for (const [place, { pixels }] of expected.entries()) expect(shown[place]?.pixels.equals(pixels)).toBe(true);
      expect(new Set(shown.map(({ pixels }) => pixels.toString("hex"))).size).toBeGreaterThan(6);
      const names = [...page.html.matchAll(/<figure class="card example"><figcaption>(.*?)</g)].map(([, name]) => name);
      expect(names).toEqual([...planned.order.batchAt(0).examples].slice(0, 3).map((index) => examples[index]?.name));
      expect(page.html).toContain("<code>noise(std = 0.1, chance = 1)</code>");
      expect([...page.html.matchAll(/<p class="row">(.*?)<\/p>/g)].map(([, title]) => title).join()).toBe(
        "before,after,before,after,before,after",
      );
    } finally {
      await loader.dispose();
    }
  });

  test("without a spec has what CT-CLIP takes, without anything that is not changed", async () => {
    const { html, sections } = await pageOf(folder);
    expect(sections).toContain("examples");
    expect(html).toContain("They are not changed at random.");
    expect(html).toContain("CT-CLIP takes 512 tokens of a text. None is cut.");
    expect(picturesIn(html)).toHaveLength(9);
    expect(html).not.toContain('<p class="row">');
  });

  test("without volumes' values has what tables and headers say", async () => {
    const { sections, html, err } = await pageOf(folder, "--spec", spec, "--no-volumes");
    expect(sections).toEqual(["notes", "classes", "geometry", "texts"]);
    expect(rowsOf(html, "Least and most").get("slices")?.[2]).toBe("10");
    expect(err).not.toContain("units = auto");
    expect(html).not.toContain("img-src");
  });

  test("a flip that a training would refuse is not drawn but named", async () => {
    const flips = small.specWith("flips.vlm", "[90, 30, 30]", "[3, 1.5, 1.5]\n  augment = [flip(axis = height)]");
    const sided = small.path("sided");
    const named = ["train_1_a_1.nii.gz", "train_2_a_1.nii.gz", "train_3_a_1.nii.gz", "train_4_a_1.nii.gz"];
    cpSync(folder, sided, { recursive: true });
    writeFileSync(
      join(sided, "r.csv"),
      table(reportsHeader, ...named.map((name) => `${name},Nodule in the left lung.,`)),
    );
    const { html } = await pageOf(sided, "--spec", flips);
    expect(html).toMatch(/A training refuses <code>augment<\/code>: `flip\(axis = height\)` exchanges left and right/);
    expect(picturesIn(html)).toHaveLength(9);
  });
});

test("volumes that cannot be used together are said to be, on the page as well", async () => {
  const folder = phantoms();
  const path = "train/train_1/train_1_a/train_1_a_1.nii.gz";
  writeFileSync(join(folder, path), phantomFile(phantom(), { codes: "LPS" }));
  writeFileSync(
    join(folder, "train/train_3/train_3_a/train_3_a_1.nii.gz"),
    phantomFile(phantom(), { codes: "RAS", intercept: -1024 }),
  );
  const { html, code } = await pageOf(folder, "--spec", spec);
  expect(code).toBe(1);
  expect(html).toContain(
    "5 volumes: 1 in Hounsfield units already and 4 in stored values. They cannot be used together.",
  );
  expect(rowsOf(html, "Voxels near -1000").get(path)?.at(-1)).toBe("hounsfield");
  expect([...rowsOf(html, "Orientation")]).toEqual([
    ["LPS", ["4", "used as stored"]],
    ["RAS", ["1", "used as stored"]],
  ]);
  expect(rowsOf(html, "3 problems").size).toBeGreaterThan(0);
});

test("a table of pictures shows these in their colours, and nothing of volumes", async () => {
  const folder = small.path("pictures");
  mkdirSync(folder);
  for (const name of ["rgb.png", "grey.png"])
    writeFileSync(join(folder, name), readFileSync(join("test/fixtures/open-clip/images", name)));
  writeFileSync(join(folder, "t.csv"), table("filepath,title,split", "rgb.png,One,train", "grey.png,Two,train"));
  const seeing = small.write(
    "seeing.vlm",
    `import "std/vit"
import "std/heads"
model seeing {
  encoder vision = vit(size = 32, patch = 16, dim = 8, layers = 1, heads = 1, outputs = 4)
  loss mean(vision.latent)
}
train { batch = 2, seed = 3 }
data { table = "t.csv", augment = [flip(axis = width, chance = 1)] }
`,
  );
  const { html, sections, err } = await pageOf(folder, "--spec", seeing);
  expect(err).not.toContain("error");
  expect(sections).toEqual(["notes", "examples"]);
  const pictures = picturesIn(html);
  expect(pictures.map(({ width, height, pixels }) => [width, height, pixels.length])).toEqual(
    Array(4).fill([32, 32, 3 * 32 * 32]),
  );
  const [before, after] = pictures;
  for (let row = 0; row < 32; row++) {
    for (let column = 0; column < 32; column++) {
      const from = (row * 32 + column) * 3;
      const to = (row * 32 + 31 - column) * 3;
      expect(after?.pixels.subarray(to, to + 3)).toEqual(before?.pixels.subarray(from, from + 3));
    }
  }
});

test("several inputs of volumes have sections of their own, and label maps are drawn with their volume", async () => {
  const folder = small.path("two");
  mkdirSync(folder);
  const body = phantom();
  const labels = { ...body, units: body.units.map((_, index) => [0, 2, 5][index % 3] ?? 0) };
  writeFileSync(join(folder, "ct.nii.gz"), phantomFile(body, { codes: "LPS" }));
  writeFileSync(join(folder, "pet.nii.gz"), phantomFile(phantom([6, 7, 4]), { codes: "RAS" }));
  writeFileSync(join(folder, "mask.nii.gz"), phantomFile(labels, { codes: "LPS" }));
  writeFileSync(join(folder, "t.csv"), table("ct,pet,mask", "ct.nii.gz,pet.nii.gz,mask.nii.gz"));
  const two = small.write(
    "two.vlm",
    `model two {
  input ct: f32[batch, 1, 4, 8, 8] = volume(column = "ct", orientation = "LPS")
  input pet: f32[batch, 2, 2, 4, 6] = volume(column = "pet", window = [[0, 10], [0, 5]], size = [2, 4, 6])
  input lesion: f32[batch, 2, 4, 8, 8] = segmentation(column = "mask", of = ct, labels = [2, 5])
  input organs: f32[batch, 1, 4, 8, 8] = segmentation(column = "mask", of = ct)
  param gain: f32[] = constant(0.0)
  loss gain * (mean(ct) + mean(pet) + mean(lesion) + mean(organs))
}
train { batch = 1, seed = 3 }
data { table = "t.csv", units = hounsfield, spacing = [3, 1.5, 1.5], size = [4, 8, 8], augment = [flip(axis = width, chance = 1)] }
`,
  );
  const { html, sections, err } = await pageOf(folder, "--spec", two);
  expect(err).not.toContain("error");
  expect(sections).toEqual(["notes", "examples", "units-1", "geometry-1", "units-2", "geometry-2"]);
  expect(html).toContain(">Units of ct<");
  expect(html).toContain(">Size, spacing and orientation of pet<");
  expect([...html.matchAll(/<p class="only">([^<]*) columns</g)].map(([, columns]) => columns)).toEqual(["12", "6"]);
  expect(html).toContain('<p class="only">6 columns</p><p class="detail">in the volume</p>');
  expect([...html.matchAll(/<p class="row">(.*?)<\/p>/g)].map(([, title]) => title)).toEqual(
    ["ct", "pet, window 0 to 10", "pet, window 0 to 5", "lesion, label 2", "lesion, label 5", "organs"].flatMap(
      (title) => [`before, ${title}`, `after, ${title}`],
    ),
  );
  const pictures = picturesIn(html);
  expect(pictures.map(({ width, height }) => `${width} x ${height}`)).toEqual(
    ["ct", "pet", "pet", "lesion", "lesion", "organs"].flatMap((name) => {
      const planes = name === "pet" ? ["6 x 4", "6 x 2", "4 x 2"] : ["8 x 8", "8 x 4", "8 x 4"];
      return [...planes, ...planes];
    }),
  );
  const greys = (row: number): ReadonlySet<number> => new Set(pictures[3 * row]?.pixels);
  expect([greys(6), greys(8)]).toEqual([new Set([0, 255]), new Set([0, 255])]);
  expect(greys(10)).toEqual(new Set([0, 102, 255]));
});

test("packed shards show what they hold, and leave out what only files say", async () => {
  const packed = small.path("packed");
  const { terminal } = listeningTerminal();
  expect(await run(["data", "pack", small.data, "-o", packed, "--spec", small.spec], terminal)).toBe(0);
  const { sections, html } = await pageOf(packed, "--spec", small.spec);
  expect(sections).toEqual(
    ["notes", "classes", "examples", "texts"].filter((id) => id !== "notes" || html.includes('id="notes"')),
  );
  expect(picturesIn(html)).toHaveLength(9);
  expect((await pageOf(packed, "--spec", small.spec, "--no-volumes")).sections).not.toContain("examples");
});

test("what is named in tables and by files is text, also where it is hostile", async () => {
  const folder = phantoms();
  const name = "train_5_<script>alert(1)_\u001b[31m\u202e'\".nii.gz";
  mkdirSync(join(folder, "train/x"), { recursive: true });
  writeFileSync(join(folder, "train/x", name), "what is no volume");
  const cell = `"<img src=x onerror=alert(1)>\u001b[2J"`;
  writeFileSync(join(folder, "l.csv"), table(`VolumeName,${cell}`, "train_1_a_1.nii.gz,1", "valid_1_a_1.nii.gz,0"));
  const { html, code } = await pageOf(folder, "--no-volumes");
  expect(code).toBe(1);
  expect(html).toContain("&lt;script&gt;");
  expect(html).toContain("&lt;img src=x onerror=alert(1)&gt;");
  for (const part of ["<script", "<img", "\u001b", "\u202e"]) expect(html).not.toContain(part);
});

describe("where the page goes", () => {
  test("an earlier one is replaced as a whole, and nothing else is left beside it", async () => {
    const folder = small.path("out");
    mkdirSync(folder);
    const output = join(folder, "check.html");
    writeFileSync(output, "earlier");
    const { terminal } = listeningTerminal();
    await run(["data", "check", small.data, "--no-volumes", "-o", output], terminal);
    expect(readFileSync(output, "utf8")).toMatch(/^<!doctype html>/);
    expect(readdirSync(folder)).toEqual(["check.html"]);
  });

  test("JSON is as it is without a page", async () => {
    const [without, withPage] = [listeningTerminal(), listeningTerminal()];
    await run(["data", "check", small.data, "--no-volumes", "--json"], without.terminal);
    await run(
      ["data", "check", small.data, "--no-volumes", "--json", "-o", small.path("json.html")],
      withPage.terminal,
    );
    expect(withPage.said.out).toBe(without.said.out);
    expect(JSON.parse(without.said.out)).toHaveProperty("counts.volumes", 14);
  });

  test.each([
    ["a folder", () => small.folder, "it is a folder"],
    ["in a folder that is not there", () => small.path("none/check.html"), "it does not exist"],
  ])("%s is refused before anything is read", async (_, output, why) => {
    const { terminal, said } = listeningTerminal();
    expect(await run(["data", "check", small.data, "-o", output()], terminal)).toBe(1);
    expect(said.err).toContain(why);
    expect(said.err).not.toContain("reading tables");
  });
});
