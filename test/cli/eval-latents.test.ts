import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { parquetReadObjects } from "hyparquet";
import * as v from "valibot";
import { expect, test } from "vitest";
import { elementsOf, readSafetensors } from "../../runtime/weights/index.ts";
import { runHere } from "./medctc.ts";
import { SmallTraining } from "./small-training.ts";

const row = v.object({ image: v.array(v.number()) });
const training = new SmallTraining();
const evaluate = (...more: readonly string[]) => runHere(training.arguments("eval", ...more));

function tensorsIn(file: string) {
  const tensors = readSafetensors(file, readFileSync(file));
  return new Map(
    [...tensors].map(([name, tensor]) => [name, { shape: tensor.shape, values: [...elementsOf(tensor)] }]),
  );
}

test("latents of volumes and reports are written with labels, and the page has a map of them", async () => {
  const [file, output] = [training.path("made/latents.safetensors"), training.path("results")];
  const { code, out } = await evaluate("--split", "all", "--latents", file, "-o", output);
  expect(code).toBe(0);
  expect(out).toContain(`latents in ${file}\n`);
  const tensors = tensorsIn(file);
  const width = tensors.get("image")?.shape[1] ?? 0;
  expect([...tensors].map(([name, { shape }]) => [name, shape])).toEqual([
    ["image", [14, width]],
    ["text", [14, width]],
    ["labels", [14, 4]],
  ]);
  for (const name of ["image", "text"]) {
    const values = tensors.get(name)?.values ?? [];
    for (let row = 0; row < 14; row++) {
      expect(Math.hypot(...values.slice(row * width, (row + 1) * width))).toBeCloseTo(1, 5);
    }
  }
  const labels = readFileSync(`${output}/labels.csv`, "utf8")
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.split(","));
  expect(tensors.get("labels")?.values).toEqual(labels.flatMap(([, ...cells]) => cells.map(Number)));
  const header = readFileSync(file).subarray(8).toString("utf8");
  expect(header).toContain(JSON.stringify(JSON.stringify(labels.map(([name]) => name))));
  expect(header).toMatch(/"medctc.spec_sha256":"[0-9a-f]{64}"/);
  expect(header).toContain("medctc.contract");
  expect(header).not.toContain("medctc.adapter");
  const page = readFileSync(`${output}/report.html`, "utf8");
  expect(page.match(/<circle [^>]*><title>/g)).toHaveLength(14);
  expect(page).toContain("UMAP of the image latents of 14 volumes");
});

test("a Parquet file has the same numbers, and of few volumes there is no map", async () => {
  const [one, other] = [training.path("few.safetensors"), training.path("few.parquet")];
  const output = training.path("few");
  expect((await evaluate("--latents", one)).code).toBe(0);
  expect((await evaluate("--latents", other, "-o", output)).code).toBe(0);
  const { shape = [], values = [] } = tensorsIn(one).get("image") ?? {};
  const rows = v.parse(v.array(row), await parquetReadObjects({ file: new Uint8Array(readFileSync(other)).buffer }));
  expect(rows.flatMap(({ image }) => image)).toEqual(values);
  expect(rows).toHaveLength(shape[0] ?? 0);
  expect(readFileSync(`${output}/report.html`, "utf8")).toContain("There is no map of latents: 6 volumes are too few");
});

test("each of several adapters has a file of latents of its own", async () => {
  const run = training.path("run");
  expect((await runHere(training.arguments("train", "-o", run, "--steps", "1"))).code).toBe(0);
  const { code, out } = await evaluate("--base", "--adapter", run, "--latents", training.path("two.safetensors"));
  expect(code).toBe(0);
  const files = ["base", "run"].map((label) => training.path(`two-${label}.safetensors`));
  for (const file of files) expect(out).toContain(`latents in ${file}\n`);
  expect(existsSync(training.path("two.safetensors"))).toBe(false);
  const [base, adapted] = files.map((file) => tensorsIn(file).get("image")?.values);
  expect(adapted).not.toEqual(base);
  const header = readFileSync(files[1] ?? "")
    .subarray(8)
    .toString("utf8");
  expect(header).toMatch(/"medctc.adapter_sha256":"[0-9a-f]{64}"/);
});

test("where volumes have no reports, their latents are written alone, and it is said why", async () => {
  const data = training.copyOfData();
  const table = `${data}/validation_reports.csv`;
  const lines = readFileSync(table, "utf8").split("\n");
  training.write(table.slice(training.folder.length + 1), lines.filter((_, index) => index !== 2).join("\n"));
  const file = training.path("without.safetensors");
  const { code, err } = await evaluate("--data", data, "--latents", file);
  expect(code).toBe(0);
  expect(err).toContain("no latents of reports are written: ");
  expect([...tensorsIn(file).keys()]).toEqual(["image", "labels"]);
});

test("where no volume can be read there are no numbers, and files of latents have no rows", async () => {
  const data = training.copyOfData();
  const inside = readdirSync(`${data}/valid`, { recursive: true, encoding: "utf8" });
  const files = inside.filter((name) => name.endsWith(".nii.gz"));
  expect(files).toHaveLength(6);
  for (const name of files) writeFileSync(`${data}/valid/${name}`, "junk");
  const file = training.path("nothing.safetensors");
  const { code, out, err } = await evaluate("--data", data, "--skip-bad", "--latents", file);
  expect(err).not.toContain("internal error");
  expect(out).toContain("0 examples");
  expect(code).toBe(0);
  expect([...tensorsIn(file)].map(([name, { shape }]) => [name, shape])).toEqual([
    ["image", [0, 0]],
    ["text", [0, 0]],
    ["labels", [0, 4]],
  ]);
});

test("a file of another kind is refused, and so is a model without latents of images", async () => {
  const wrong = await evaluate("--latents", training.path("latents.npy"));
  expect(wrong.code).toBe(2);
  expect(wrong.err).toContain("Must end in .safetensors or .parquet.");
  expect((await evaluate("--latents", training.path(".parquet"))).code).toBe(2);
  const head = `  let findings = vision.tokens |> mean(axis = time) |> flatten |> linear(4)

  freeze`;
  training.specWith("head.vlm", "  freeze", head);
  const tasks = `eval {
  tasks = [classify(findings)]`;
  const spec = training.write(
    "head.vlm",
    readFileSync(training.path("head.vlm"), "utf8")
      .replace("eval {", tasks)
      .replace(/^ {2}(image|text|scale) = \w+\n/gm, ""),
  );
  const [, , ...given] = training.arguments("eval", "--latents", training.path("none.parquet"));
  const { code, err } = await runHere(["eval", spec, ...given]);
  expect(err).toContain("there are no latents to write\n  help: set `image` in the `eval` block");
  expect(code).toBe(1);
});
