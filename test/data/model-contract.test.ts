import { describe, expect, test } from "vitest";
import { defaultImage, defaultVolume, plainTokens } from "../../compiler/index.ts";
import {
  type BoundInput,
  decodeContract,
  encodeContract,
  modelContractOf,
  modelDifferences,
  withOrientations,
} from "../../runtime/data/index.ts";

/** What was written into adapters before inputs had settings of their own. */
const first = {
  version: 1,
  units: "hounsfield",
  orientation: "LPS",
  axes: "zxy",
  spacing: [1.5, 0.75, 0.75],
  size: [240, 480, 480],
  window: [[-1000, 1000]],
  range: [-1, 1],
  pad: -1,
  texts: [{ length: 512, vocabulary: 30522 }],
};

const volume = (name: string, settings = defaultVolume): BoundInput => ({
  ...{ kind: "volume", name, file: 0, shape: [], settings },
});
const tokens = (name: string, length = 512, settings = plainTokens): BoundInput => ({
  ...{ kind: "tokens", name, text: 0, length, vocabulary: 30522, settings },
});
const image = (name: string, settings = defaultImage): BoundInput => ({
  ...{ kind: "image", name, file: 0, shape: [], settings },
});
const contract = (...inputs: readonly BoundInput[]) => modelContractOf({ inputs }, new Map());

/** What a record and some inputs differ in, in words. */
function differences(record: unknown, ...inputs: readonly BoundInput[]): readonly string[] {
  const recorded = decodeContract(JSON.stringify(record));
  if (recorded.kind === "failed") throw new Error(recorded.problem);
  return modelDifferences(recorded.value, contract(...inputs)).map(
    ({ input, field, recorded: was, now }) => `${input}.${field}: ${was} -> ${now}`,
  );
}

describe("a record of the first version", () => {
  test("is of all volumes and of the texts in their order", () => {
    expect(differences(first, volume("image"), tokens("ids"))).toEqual([]);
    const narrow = { ...defaultVolume, window: [-500, 500] } as const;
    expect(differences(first, volume("a"), volume("b", narrow), tokens("ids", 77))).toEqual([
      "b.window: [[-1000,1000]] -> [[-500,500]]",
      "ids.length: 512 -> 77",
    ]);
    expect(differences({ ...first, texts: null }, volume("image"), tokens("ids", 77))).toEqual([]);
    const other = { ...defaultVolume, grid: "monai" } as const;
    expect(differences(first, volume("image", other), tokens("ids"))).toEqual(['image.grid: "torch" -> "monai"']);
    const late = { ...defaultVolume, clip: "after" } as const;
    expect(differences(first, volume("image", late), tokens("ids"))).toEqual(['image.clip: "before" -> "after"']);
  });

  test("knows the orientation that a contract does not", () => {
    const recorded = decodeContract(JSON.stringify(first));
    if (recorded.kind === "failed") throw new Error(recorded.problem);
    expect(withOrientations(contract(volume("image")), recorded.value).inputs["image"]).toMatchObject({
      orientation: "LPS",
    });
    const right = volume("image", { ...defaultVolume, orientation: "RAS" });
    expect(withOrientations(contract(right), recorded.value).inputs["image"]).toMatchObject({ orientation: "RAS" });
  });
});

describe("a record of today's", () => {
  const lesion: BoundInput = {
    ...{ kind: "segmentation", name: "lesion", file: 1, shape: [], dtype: "f32" },
    ...{ of: "image", volume: 0, settings: defaultVolume, labels: [1] },
  };

  test("is read as it was written", () => {
    const written = contract(volume("image"), image("photo"), lesion, tokens("ids"));
    expect(decodeContract(encodeContract(written))).toEqual({ kind: "ok", value: written });
    expect(Object.keys(written.inputs)).toEqual(["image", "photo", "lesion", "ids"]);
  });

  test("differs input by input and field by field", () => {
    const record = contract(volume("image"), image("photo"), lesion, tokens("ids"));
    const grey = { ...defaultImage, std: [0.5, 0.5, 0.5], resize: "squash" } as const;
    const other = { ...defaultVolume, spacing: [3, 1.5, 1.5], pad: 0 } as const;
    expect(
      differences(record, volume("image", other), image("photo", grey), { ...lesion, labels: [1, 2] }, tokens("ids")),
    ).toEqual([
      "image.spacing: [1.5,0.75,0.75] -> [3,1.5,1.5]",
      "image.pad: -1 -> 0",
      "photo.std: [0.26862954,0.26130258,0.27577711] -> [0.5,0.5,0.5]",
      'photo.resize: "shortest" -> "squash"',
      "lesion.labels: [1] -> [1,2]",
    ]);
    expect(differences(record, image("image"))[0]).toBe('image.kind: "volume" -> "image"');
  });

  test("differs in how volumes are cropped and resized, also from one that says nothing of it", () => {
    const squashed = { ...defaultVolume, crop: "foreground", resize: "squash", window: "min_max" } as const;
    const record = contract(volume("image", squashed));
    expect(decodeContract(encodeContract(record))).toEqual({ kind: "ok", value: record });
    expect(differences(record, volume("image"))).toEqual([
      'image.crop: "foreground" -> "none"',
      'image.resize: "squash" -> "spacing"',
      'image.window: ["min_max"] -> [[-1000,1000]]',
    ]);
    expect(differences(first, volume("image", { ...squashed, window: [-1000, 1000] }), tokens("ids"))).toEqual([
      'image.crop: "none" -> "foreground"',
      'image.resize: "spacing" -> "squash"',
    ]);
  });

  test("knows inputs by their order where they were renamed, and asks nothing of those that only one has", () => {
    const record = contract(volume("ct"), volume("pet", { ...defaultVolume, pad: 0 }), tokens("ids"));
    expect(differences(record, volume("first"), volume("second"))).toEqual(["second.pad: 0 -> -1"]);
    expect(differences(record, volume("first"))).toEqual([]);
    expect(differences(record, volume("pet"))).toEqual(["pet.pad: 0 -> -1"]);
  });

  test.each([
    ["no JSON", "{", "its `medctc.contract` is not valid JSON"],
    ["another version", '{"version":3,"inputs":{}}', "its `medctc.contract` cannot be read at `version`"],
    [
      "an input of no kind",
      '{"version":2,"inputs":{"image":{"kind":"sound"}}}',
      "its `medctc.contract` cannot be read at `inputs.image.kind`",
    ],
  ])("is refused with %s", (_, text, problem) => {
    expect(decodeContract(text)).toEqual({ kind: "failed", problem });
  });
});
