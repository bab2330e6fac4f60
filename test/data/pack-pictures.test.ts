import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { type DataSettings, defaultData } from "../../compiler/index.ts";
import { openDataset } from "../../runtime/data/open-dataset.ts";
import { pictureNames } from "../../runtime/data/pack/index.ts";
import { scanTar } from "../../runtime/data/readers/index.ts";
import { prepareProgram, runHere } from "../cli/medctc.ts";
import { dataFolder, table } from "./data-folder.ts";

const spec = `
import "std/bce"

model two_views {
  input frontal: f32[batch, 3, 8, 8] = image(column = "frontal")
  input lateral: f32[batch, 3, 8, 8] = image(column = "Lateral view")
  input labels: f32[batch, 1] = table(columns = ["Nodule"])
  param weight: f32[192, 1] = normal(0.1)
  let logits = matmul(reshape(frontal + lateral, [-1, 192]), weight)
  loss bce(logits, labels)
}
`;
const captioning = `
import "std/clip_text"
import "std/contrastive"
import "std/heads"

model captioning {
  input picture: f32[batch, 3, 2, 2] = image()
  encoder text = clip_text(vocab = 300, dim = 16, layers = 1, heads = 2, length = 12, outputs = 12) named "*"
  loss contrastive(reshape(picture, [-1, 12]) |> l2_normalize, text.latent |> l2_normalize)
}

data {
  file = "picture"
  text = ["a", "b"]
  text_separator = " / "
}
`;
const pictures = resolve("test/fixtures/open-clip/images");

beforeAll(prepareProgram);

/** Packs the examples of views.csv as a spec takes them, both in a folder; gives the folder of shards. */
async function packed(folder: string, spec: string): Promise<string> {
  const shards = join(folder, "shards");
  const { err } = await runHere([
    "data",
    "pack",
    join(folder, "views.csv"),
    "-o",
    shards,
    "--spec",
    join(folder, spec),
  ]);
  expect(err).not.toContain("error");
  return shards;
}

test("several pictures of an example are named as webdataset names them, and read by their columns", async () => {
  const folder = dataFolder({
    "two.vlm": spec,
    "views.csv": table(
      "frontal,Lateral view,Nodule",
      ...["a/rgb.png,b/rgb.jpg,1", "a/grey.jpg,b/PLAIN,0", "a/rgb.jpg,b/rgb.jpg,"],
    ),
    ...Object.fromEntries(
      ["rgb.png", "grey.jpg", "rgb.jpg"].map((name) => [`a/${name}`, readFileSync(join(pictures, name))]),
    ),
    "b/rgb.jpg": readFileSync(join(pictures, "rgb.jpg")),
    "b/PLAIN": readFileSync(join(pictures, "palette.png")),
  });
  const shards = await packed(folder, "two.vlm");
  const [shard = ""] = readdirSync(shards).filter((name) => name.endsWith(".tar"));
  const scan = scanTar(join(shards, shard), () => false);
  const names = scan.kind === "ok" ? scan.value.map(({ name }) => name.replace(/-[0-9a-f]{16}\./, "-HASH.")) : [];
  expect(names).toEqual([
    ...["a_grey.frontal.jpg", "a_grey.lateral_view.png", "a_grey.json"],
    ...["a_rgb.frontal.jpg", "a_rgb.lateral_view.jpg", "a_rgb.json"],
    ...["a_rgb-HASH.frontal.png", "a_rgb-HASH.lateral_view.jpg", "a_rgb-HASH.json"],
  ]);
  const wanted = { files: ["Lateral view", "frontal"], texts: [], labels: ["Nodule"], split: "train" } as const;
  const { examples, problems } = await openDataset(shards, defaultData, wanted);
  expect(problems).toEqual([]);
  expect(examples.map(({ name, labels }) => [name, labels.get("Nodule")])).toEqual([
    ["a/grey.jpg", false],
    ["a/rgb.jpg", null],
    ["a/rgb.png", true],
  ]);
  const [grey] = examples;
  expect(grey?.files.map((file) => (typeof file === "string" ? file : file.name))).toEqual(
    names.slice(0, 2).toReversed(),
  );
  const other = await openDataset(shards, defaultData, { ...wanted, files: ["axial"] });
  expect(other.problems[0]?.message).toContain(
    "its shards have no files of `axial`, only of `frontal`, `Lateral view`",
  );
});

test("names of columns become names of members, no two of them the same", () => {
  const named = (...columns: readonly string[]) => pictureNames(columns.map((column) => ({ column, isPicture: true })));
  expect(named("filepath")).toEqual([""]);
  expect(named("PA.View", "pa view", "日", "x".repeat(50))).toEqual(["pa_view", "pa_view_1", "_", "x".repeat(32)]);
  const mixed = ["scan", "picture"].map((column, place) => ({ column, isPicture: place === 1 }));
  expect(pictureNames(mixed)).toEqual([null, "picture"]);
});

test("a spec that says another separator of texts, or column of files, than the shards were made with is refused", async () => {
  const folder = dataFolder({
    "clip.vlm": captioning,
    "views.csv": table("picture,a,b", "rgb.png,One.,Two."),
    "rgb.png": readFileSync(join(pictures, "rgb.png")),
  });
  const shards = await packed(folder, "clip.vlm");
  const said = { ...defaultData, text: ["a", "b"] };
  const wanted = { files: [null], texts: [null], labels: null, split: "train" } as const;
  const open = (change: Partial<DataSettings>) => openDataset(shards, { ...said, ...change }, wanted);
  const texts = (await open({ textSeparator: " / ", file: "picture" })).examples.map((example) => example.texts);
  expect(texts).toEqual([["One. / Two."]]);
  expect((await open({})).examples.map((example) => example.texts)).toEqual(texts);
  expect((await open({ textSeparator: " " })).problems).toMatchObject([
    {
      message:
        'its values were made with other settings: `text_separator` is " / " in the shards and " " in the `data` block',
    },
  ]);
  expect((await open({ file: "path" })).problems[0]?.message).toContain(
    '`file` is "picture" in the shards and "path" in the `data` block',
  );
});
