import { defaultData } from "../../compiler/index.ts";
import type { DataReport } from "../../runtime/report/index.ts";
import { Random } from "../random.ts";

export const emptyData: DataReport = {
  folder: "ct",
  specPath: null,
  set: [],
  counts: null,
  problems: [],
  notes: [],
  labels: null,
  volumes: [],
  texts: null,
  examples: null,
};

/** A page with every section; whatever is named on it has this name. */
export function fullData(name = "train_1_a_1.nii.gz", classes = 18): DataReport {
  const random = new Random(1);
  const around = (middle: number, spread: number): readonly number[] =>
    Array.from({ length: 400 }, () => middle + (random.below(100) + random.below(100) - 99) * spread);
  const measures = (values: readonly number[]) => ({
    values,
    least: { value: Math.min(...values), file: name },
    most: { value: Math.max(...values), file: name },
  });
  const shares = { air: 0.31, tissue: 0.274, below: 0 };
  const reading = { units: "stored", asStored: { air: 0, tissue: 0.6, below: 0 }, rescaled: shares } as const;
  const header = {
    type: "int16",
    sizes: [512, 512, 300],
    slope: 1,
    intercept: 0,
    units: "stored",
    affine: null,
  } as const;
  const metadata = { slope: 1, intercept: -1024, xySpacing: 0.75, zSpacing: 1.5 };
  const sampled = { file: name, header, metadata, values: [], reading };
  const tokens = around(300, 3).map(Math.round);
  const counts = Array.from({ length: classes }, (_, place) => ({
    positive: place,
    negative: 20,
    missing: classes - place,
  }));
  const pixels = (title: string, height: number) => ({ title, png: onePixel, width: 360, height });
  const pictures = [pixels("axial", 360), pixels("coronal", 300), pixels("sagittal", 300)];
  return {
    folder: `data/${name}`,
    specPath: name,
    set: [`data.text = "${name}"`],
    counts: { volumes: 46, train: 38, valid: 38, neither: 2, good: 40, metadata: 46, reports: 46, labels: 46 },
    problems: Array.from({ length: 120 }, () => ({
      subject: name,
      message: `${name} is wrong`,
      help: `correct ${name}`,
    })),
    notes: Array.from({ length: 120 }, () => name),
    labels: {
      classes: Array.from({ length: classes }, (_, place) => `${name} of class ${place}`),
      splits: [
        { split: "train", examples: 20 + classes, counts },
        { split: "valid", examples: 20 + classes, counts: counts.toReversed() },
      ],
    },
    volumes: [
      {
        input: name,
        settings: { ...defaultData, orientation: "LPS" },
        headers: {
          sizes: [measures([512, 512]), measures([512, 768]), measures(around(300, 1).map(Math.round))],
          spacing: [
            measures(around(0.75, 0.002)),
            measures(around(0.75, 0.002)),
            measures([...around(1.5, 0.005), 900]),
          ],
          orientations: [
            ["LPS", 300],
            ["RAS", 99],
            [null, 1],
          ],
        },
        values: {
          units: "stored",
          decidedBy: [sampled, sampled],
          sampled: 2,
          hounsfield: [...around(-1000, 2), ...around(40, 3)],
        },
      },
    ],
    texts: { lengths: { texts: 400, cut: 3, longest: 600, alike: 2, tokens }, limit: 512 },
    examples: {
      augment: ["rotate(degrees = 10)", name],
      refused: null,
      seed: 7,
      unread: 1,
      shown: [
        {
          name,
          step: 1,
          rows: ["before", "after"].map((title) => ({ title: `${title}, ${name}`, pictures })),
        },
      ],
    },
  };
}

/** A grey pixel as a PNG file. */
const onePixel = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==",
  "base64",
);
