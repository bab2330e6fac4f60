import { describe, expect, test } from "vitest";
import type { Augmentation, SpatialAxis } from "../../compiler/index.ts";
import type { VolumeGrid } from "../../runtime/data/augment/grid.ts";
import { fitProblem, leftRightAxis, sideProblem } from "../../runtime/data/augment/index.ts";
import { sidesNamed } from "../../runtime/data/augment/sides.ts";

describe("a side is named", () => {
  test.each([
    ["A nodule in the left lung.", "left"],
    ["RIGHT pleural effusion", "RIGHT"],
    ["Right-sided effusion", "Right-sided"],
    ["Consolidation in the RUL and lingula", "RUL"],
    ["mass, LLL", "LLL"],
    ["L lung is clear", "L"],
    ["R. upper lobe nodule", "R"],
    ["shifted leftward", "leftward"],
  ])("in %j", (text, side) => expect(sidesNamed(text)).toBe(side));

  test.each([
    "Bilateral pleural effusion",
    "both lungs are clear",
    "Upright chest radiograph; brightness normal",
    "Fracture of L1 and L 2 vertebra",
    "LR-5 lesion",
    "the cleft is not seen; copyright",
    "l upper is an item of a list",
    "",
  ])("not in %j", (text) => expect(sidesNamed(text)).toBe(null));
});

test.each([
  ["LPS", "height"],
  ["RAS", "height"],
  ["PLS", "width"],
  ["SAL", "slices"],
  [null, null],
] as const)("left and right of volumes in %s lie along %s", (orientation, axis) => {
  expect(leftRightAxis(orientation)).toBe(axis);
});

describe("a flip", () => {
  const flip = (axis: SpatialAxis, sides: "refuse" | "ignore" = "refuse"): Augmentation => ({
    ...{ kind: "flip", axis, chance: 0.5, sides },
  });
  const reports = [
    { name: "train_1_a_1.nii.gz", text: "Bilateral effusion." },
    { name: "train_2_a_1.nii.gz", text: "Nodule in the left lung." },
    { name: "train_3_a_1.nii.gz", text: "Mass in the RUL." },
  ];

  test("is refused where it exchanges sides that reports name, with the first of them and how many", () => {
    expect(sideProblem([flip("width"), flip("height")], "height", { classes: [], reports })).toEqual({
      subject: "",
      message:
        '`flip(axis = height)` exchanges left and right, but 2 of 3 reports name a side, first train_2_a_1.nii.gz ("left")',
      help: "remove the flip, or write `flip(axis = height, sides = ignore)` to keep it",
    });
  });

  test("is refused where a class names a side", () => {
    const found = sideProblem([flip("width")], "width", { classes: ["Cardiomegaly", "Left effusion"], reports: [] });
    expect(found?.message).toContain('the class "Left effusion" names a side');
  });

  test("is refused along any axis where nothing says which one is which", () => {
    const found = sideProblem([flip("slices")], null, { classes: [], reports: reports.slice(0, 2) });
    expect(found?.message).toBe(
      "`flip(axis = slices)` may exchange left and right, because the volumes' orientation is not known, but the report of " +
        'train_2_a_1.nii.gz ("left") names a side',
    );
    expect(found?.help).toMatch(
      /^set `orientation` and `assume_orientation` in the `data` block, remove the flip, or write/,
    );
  });

  test("is fine along another axis, where nothing names a side, and where it is told to", () => {
    const texts = { classes: ["Left effusion"], reports };
    expect(sideProblem([flip("slices"), flip("width")], "height", texts)).toBe(null);
    expect(sideProblem([flip("height")], "height", { classes: ["Effusion"], reports: reports.slice(0, 1) })).toBe(null);
    expect(sideProblem([flip("height", "ignore")], "height", texts)).toBe(null);
    expect(sideProblem([{ kind: "noise", std: 0.1, chance: 1 }], null, texts)).toBe(null);
  });
});

describe("an operation fits", () => {
  const channel = { range: [-1, 1], window: [-1000, 1000], padding: -1 } as const;
  const volume: VolumeGrid = { sizes: [4, 5, 6], spacing: [1, 1, 1], channels: [channel] };
  const image: VolumeGrid = { ...volume, sizes: [1, 5, 6], channels: [{ ...channel, window: null }] };
  const window: Augmentation = { kind: "window", jitter: 50, chance: 1 };
  const flipped: Augmentation = { kind: "flip", axis: "slices", chance: 1, sides: "refuse" };
  const rotated: Augmentation = { kind: "rotate", axis: "height", degrees: 10, chance: 1 };

  test.each([
    [window, "`window` moves the ends of a window, which neither images nor volumes with `window = min_max` have"],
    [flipped, "`flip(axis = slices)` reverses an axis of one voxel"],
    [rotated, "`rotate(axis = height)` turns an image out of its plane"],
  ])("volumes but not images: %j", (operation, message) => {
    expect(fitProblem([operation], volume)).toBe(null);
    expect(fitProblem([operation], image)?.message).toBe(message);
  });

  test("windows that are wider than their ends move, of every channel", () => {
    const narrow = { ...channel, window: [0, 100] } as const;
    expect(fitProblem([{ ...window, jitter: 49 }], { ...volume, channels: [channel, narrow] })).toBe(null);
    expect(fitProblem([window], { ...volume, channels: [channel, narrow] })?.message).toBe(
      "`window(jitter = 50)` is half the width of a window or more, which is 100",
    );
  });

  test("images where it stays in their plane", () => {
    expect(
      fitProblem(
        [
          { ...rotated, axis: "slices" },
          { ...flipped, axis: "width" },
        ],
        image,
      ),
    ).toBe(null);
  });
});
