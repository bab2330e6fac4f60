import { copyFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TracedSpec } from "../../compiler/index.ts";
import { gzipped } from "../data/nifti-file.ts";
import { Random } from "../random.ts";

const pictures = "test/fixtures/open-clip/images";
const findings = [
  "a nodule of the left lung",
  "no effusion",
  "clear lungs",
  "a large heart",
  "fluid",
  "a hiatal hernia",
];

/** Writes a table of examples with files of the kind that a spec's inputs ask for, and gives its path. */
export function writeExamples(folder: string, spec: TracedSpec, rows: number): string {
  mkdirSync(folder, { recursive: true });
  const random = new Random(11);
  const sources = [...spec.sources.values()];
  const given = sources.flatMap((source) => (source.kind === "tokens" ? (source.columns ?? []) : []));
  const texts = [...new Set([...(spec.data.text ?? ["title"]), ...given])];
  const labels = sources.flatMap((source) => (source.kind === "table" ? source.columns : []));
  const hasPictures = sources.some(({ kind }) => kind === "image");
  const lines = Array.from({ length: rows }, (_, row) => {
    const file = hasPictures ? copyPicture(folder, row) : writeVolume(folder, row, spec, random);
    // What tells examples apart comes first, as some texts are short.
    const text = `${"abcdefgh"[row] ?? ""}: ${findings[row % findings.length] ?? ""}.`;
    return [file, ...texts.map(() => `"${text}"`), ...labels.map(() => random.below(2))].join(",");
  });
  const table = join(folder, "examples.csv");
  writeFileSync(table, `${["filepath", ...texts, ...labels].join(",")}\n${lines.join("\n")}\n`);
  return table;
}

/** The vocabulary in a fixture's folder. */
export function vocabularyOf(folder: string): string {
  const files = ["vocab.txt", "tokenizer.json", "spiece.model"].map((name) => join(folder, name));
  const found = files.find((file) => existsSync(file));
  if (found === undefined) throw new Error(`${folder} has a vocabulary`);
  return found;
}

function copyPicture(folder: string, row: number): string {
  const names = readdirSync(pictures).filter((name) => /^(rgb|grey|wide|one-bit)\./.test(name));
  const name = names[row % names.length] ?? "";
  const copy = `${row}-${name}`;
  copyFileSync(join(pictures, name), join(folder, copy));
  return copy;
}

/** Air around a body with something of its own in it, stored LPS in Hounsfield units, which fills about what the network sees. */
function writeVolume(folder: string, row: number, { data }: TracedSpec, random: Random): string {
  const sizes = [20, 18, 16] as const;
  const spacing = [..."xyz"].map((axis, at) => {
    const place = data.axes.indexOf(axis);
    return ((data.size[place] ?? 1) * (data.spacing[place] ?? 1)) / (sizes[at] ?? 1);
  });
  const [x = 1, y = 1, z = 1] = spacing;
  const sform = [-x, 0, 0, 0, 0, -y, 0, 0, 0, 0, z, 0];
  const centre = sizes.map((size) => 0.3 * size + random.below(Math.round(0.4 * size)));
  const values = Array.from({ length: sizes[0] * sizes[1] * sizes[2] }, (_, place) => {
    const at = [place % sizes[0], Math.floor(place / sizes[0]) % sizes[1], Math.floor(place / sizes[0] / sizes[1])];
    const away = (from: readonly number[], radius: number) =>
      at.reduce((sum, each, axis) => sum + ((each - (from[axis] ?? 0)) / (radius * (sizes[axis] ?? 1))) ** 2, 0);
    const noise = random.below(30);
    if (away(centre, 0.15) < 1) return 300 + noise;
    return away(
      sizes.map((size) => size / 2),
      0.45,
    ) < 1
      ? 20 + noise
      : -1000 + noise;
  });
  const name = `${row}.nii.gz`;
  writeFileSync(join(folder, name), gzipped({ sizes, spacing, sform, values }));
  return name;
}
