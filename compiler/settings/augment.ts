import type { ChannelWindow } from "../channel-windows.ts";
import type { NamedCall, Range, SpannedCall } from "./named-call.ts";
import type { SettingReader } from "./reader.ts";
import type { Interval } from "./volume.ts";

/** The axes of a volume, in their order. */
const spatialAxes = ["slices", "height", "width"] as const;
export type SpatialAxis = (typeof spatialAxes)[number];

interface Drawn {
  /** How likely it is that a volume or a text is changed at all. */
  readonly chance: number;
}

/** What moves voxels: adjacent ones are one resampling. */
export type GeometricAugmentation =
  | (Drawn & {
      readonly kind: "flip";
      readonly axis: SpatialAxis;
      /** What a text that names a side means for a flip that exchanges left and right. */
      readonly sides: "refuse" | "ignore";
    })
  /** By whole voxels, up to so many in both directions. */
  | (Drawn & { readonly kind: "shift"; readonly by: ShiftLimit })
  /** By an angle of up to so many degrees in both directions, around an axis through the middle. */
  | (Drawn & { readonly kind: "rotate"; readonly degrees: number; readonly axis: SpatialAxis })
  /** By one factor for all axes; what is above 1 enlarges. */
  | (Drawn & { readonly kind: "scale"; readonly range: Interval })
  /** A part of the volume, with such a share of each of its lengths, enlarged to the whole. */
  | (Drawn & { readonly kind: "crop"; readonly share: Interval });

/** What changes values where they are. */
export type ValueAugmentation =
  /** Both as shares of the range of values. */
  | (Drawn & { readonly kind: "intensity"; readonly shift: number; readonly scale: number })
  /** Gaussian noise with a standard deviation of up to such a share of the range. */
  | (Drawn & { readonly kind: "noise"; readonly std: number })
  /** A Gaussian with a standard deviation in voxels. */
  | (Drawn & { readonly kind: "blur"; readonly sigma: Interval })
  /** Each end of the window moves by up to so many of its units in both directions. */
  | (Drawn & { readonly kind: "window"; readonly jitter: number });

export type VolumeAugmentation = GeometricAugmentation | ValueAugmentation;

export type TextAugmentation =
  /** The chance is that of each sentence. */
  (Drawn & { readonly kind: "drop_sentences" }) | (Drawn & { readonly kind: "shuffle_sentences" });

/** A random change of what is trained on; the settings of `augment`, in the order in which they apply. */
export type Augmentation = VolumeAugmentation | TextAugmentation;

export type ShiftLimit =
  | { readonly unit: "voxels"; readonly most: readonly [slices: number, height: number, width: number] }
  /** Shares of the volume's lengths. */
  | { readonly unit: "fraction"; readonly most: number };

/** One operation: its arguments, and how it is read; null after reporting what it lacks. */
interface Operation<Kind extends Augmentation["kind"]> {
  readonly arguments: readonly [string, ...string[]];
  readonly read: (call: SpannedCall, reader: Reader) => Extract<Augmentation, { readonly kind: Kind }> | null;
}

type Reader = Pick<SettingReader<"augment">, "argument" | "interval" | "wordArgument" | "sizesArgument" | "refuse">;

const probability: Range = { of: "a probability above 0, up to 1", holds: (value) => value > 0 && value <= 1 };
const angle: Range = { of: "an angle above 0, up to 180 degrees", holds: (value) => value > 0 && value <= 180 };
const factor: Range = { of: "a number above 0, up to 10", holds: (value) => value > 0 && value <= 10 };
const share: Range = { of: "a share above 0, up to 1", holds: (value) => value > 0 && value <= 1 };
const shareBelowOne: Range = { of: "a share from 0 up to 1, without 1", holds: (value) => value >= 0 && value < 1 };
const voxels: Range = {
  of: "a whole number of voxels from 0 to 4096",
  holds: (value) => Number.isSafeInteger(value) && value >= 0 && value <= 4096,
};
const sigma: Range = { of: "a number of voxels above 0, up to 20", holds: (value) => value > 0 && value <= 20 };

const operations: { readonly [Kind in Augmentation["kind"]]: Operation<Kind> } = {
  flip: {
    arguments: ["axis", "chance", "sides"],
    read: (call, reader) => {
      const axis = reader.wordArgument(call, "axis", spatialAxes);
      const chance = reader.argument(call, "chance", 0.5, probability);
      const sides = reader.wordArgument(call, "sides", ["refuse", "ignore"] as const) ?? "refuse";
      if (axis !== null) return { kind: "flip", axis, chance, sides };
      if (!has(call, "axis")) reader.refuse("flip", "given an axis, such as `flip(axis = width)`", call.span);
      return null;
    },
  },
  shift: {
    arguments: ["voxels", "fraction", "chance"],
    read: (call, reader) => {
      const most = reader.sizesArgument(call, "voxels", voxels);
      const fraction = reader.argument(call, "fraction", 0, shareBelowOne);
      const chance = chanceOf(call, reader);
      if (has(call, "voxels") === has(call, "fraction")) {
        const expected = "given either `voxels`, such as `shift(voxels = [4, 8, 8])`, or `fraction`";
        reader.refuse("shift", expected, call.span);
        return null;
      }
      return {
        kind: "shift",
        chance,
        by: most === null ? { unit: "fraction", most: fraction } : { unit: "voxels", most },
      };
    },
  },
  rotate: {
    arguments: ["degrees", "axis", "chance"],
    read: (call, reader) => ({
      kind: "rotate",
      degrees: reader.argument(call, "degrees", 10, angle),
      axis: reader.wordArgument(call, "axis", spatialAxes) ?? "slices",
      chance: chanceOf(call, reader),
    }),
  },
  scale: {
    arguments: ["range", "chance"],
    read: (call, reader) => ({
      kind: "scale",
      range: reader.interval(call, "range", [0.9, 1.1], factor),
      chance: chanceOf(call, reader),
    }),
  },
  crop: {
    arguments: ["share", "chance"],
    read: (call, reader) => ({
      kind: "crop",
      share: reader.interval(call, "share", [0.8, 1], share),
      chance: chanceOf(call, reader),
    }),
  },
  intensity: {
    arguments: ["shift", "scale", "chance"],
    read: (call, reader) => ({
      kind: "intensity",
      shift: reader.argument(call, "shift", 0.1, shareBelowOne),
      scale: reader.argument(call, "scale", 0.1, shareBelowOne),
      chance: chanceOf(call, reader),
    }),
  },
  noise: {
    arguments: ["std", "chance"],
    read: (call, reader) => ({
      kind: "noise",
      std: reader.argument(call, "std", 0.05, share),
      chance: chanceOf(call, reader),
    }),
  },
  blur: {
    arguments: ["sigma", "chance"],
    read: (call, reader) => ({
      kind: "blur",
      sigma: reader.interval(call, "sigma", [0.25, 1.5], sigma),
      chance: chanceOf(call, reader),
    }),
  },
  window: {
    arguments: ["jitter", "chance"],
    read: (call, reader) => ({
      kind: "window",
      jitter: reader.argument(call, "jitter", 50, {
        of: "a number of the window's units above 0",
        holds: (value) => value > 0,
      }),
      chance: chanceOf(call, reader),
    }),
  },
  drop_sentences: {
    arguments: ["chance"],
    read: (call, reader) => ({
      kind: "drop_sentences",
      chance: reader.argument(call, "chance", 0.1, {
        of: "a probability above 0, below 1",
        holds: (value) => value > 0 && value < 1,
      }),
    }),
  },
  shuffle_sentences: {
    arguments: ["chance"],
    read: (call, reader) => ({ kind: "shuffle_sentences", chance: chanceOf(call, reader) }),
  },
};

/** The names of all operations. */
export const augmentationNames = Object.keys(operations);

/** Reads `augment = [...]`; `windows` are those that volumes are cut to. */
export function readAugmentations(
  reader: SettingReader<"augment">,
  windows: readonly ChannelWindow[],
): readonly Augmentation[] {
  const expected = "a list of operations, such as `[flip(axis = width), rotate(degrees = 10)]`";
  const widths = windows.flatMap((window) => (window === "min_max" ? [] : [window[1] - window[0]]));
  const narrowest = Math.min(...widths);
  return reader.calls("augment", augmentationNames, expected).flatMap((call) => {
    const operation = operationNamed(call);
    if (operation === null) return [];
    reader.known(call, operation.arguments);
    const read = operation.read(call, reader);
    if (read?.kind === "window" && widths.length < windows.length) {
      const help = "use `intensity`, which changes values wherever a window is";
      reader.refuse("augment", "without `window` where volumes have no fixed one (`window = min_max`)", call.span, {
        help,
      });
    } else if (read?.kind === "window" && read.jitter >= narrowest / 2) {
      reader.refuse("jitter", `less than half the width of the window, which is ${narrowest}`, call.span);
    }
    return read ?? [];
  });
}

function operationNamed({ name }: NamedCall): (typeof operations)[Augmentation["kind"]] | null {
  return name !== null && isOperation(name) ? operations[name] : null;
}

function isOperation(name: string): name is Augmentation["kind"] {
  return Object.hasOwn(operations, name);
}

function has({ call }: NamedCall, name: string): boolean {
  return call?.arguments.some((argument) => argument.name?.text === name) ?? false;
}

function chanceOf(call: NamedCall, reader: Reader): number {
  return reader.argument(call, "chance", 1, probability);
}

/** An operation as it is written, with what it leaves out. */
export function printAugmentation(augmentation: Augmentation): string {
  const { kind } = augmentation;
  return `${kind}(${argumentsOf(augmentation)
    .map(([name, value]) => `${name} = ${value}`)
    .join(", ")})`;
}

function argumentsOf(augmentation: Augmentation): readonly (readonly [name: string, value: string | number])[] {
  const chance = ["chance", augmentation.chance] as const;
  switch (augmentation.kind) {
    case "flip":
      return [["axis", augmentation.axis], chance, ["sides", augmentation.sides]];
    case "shift": {
      const { by } = augmentation;
      return [by.unit === "voxels" ? ["voxels", list(by.most)] : ["fraction", by.most], chance];
    }
    case "rotate":
      return [["degrees", augmentation.degrees], ["axis", augmentation.axis], chance];
    case "scale":
      return [["range", list(augmentation.range)], chance];
    case "crop":
      return [["share", list(augmentation.share)], chance];
    case "intensity":
      return [["shift", augmentation.shift], ["scale", augmentation.scale], chance];
    case "noise":
      return [["std", augmentation.std], chance];
    case "blur":
      return [["sigma", list(augmentation.sigma)], chance];
    case "window":
      return [["jitter", augmentation.jitter], chance];
    case "drop_sentences":
    case "shuffle_sentences":
      return [chance];
  }
}

function list(numbers: readonly number[]): string {
  return `[${numbers.join(", ")}]`;
}
