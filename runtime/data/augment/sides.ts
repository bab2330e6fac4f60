import type { Augmentation, SpatialAxis } from "../../../compiler/index.ts";
import type { Problem } from "../../text/index.ts";

/** Words for one side of a body in English, and short forms of reports: `RUL` is the right upper lobe. `bilateral` is no side. */
const word =
  /\b(?:left|right)(?:-?sided|wards?)?\b|\b(?:RUL|RML|RLL|LUL|LLL)\b|\b[LR]\.? (?=lung|lobe|upper|middle|lower|hil(?:um|ar)|pleura|kidney|adrenal|breast|axilla|atri|ventric|main bronch)/iu;
const shortForm = /^[LR]$|^[LR][UML]L$/;

/** The first word of a text that names a side; null where none does. */
export function sidesNamed(text: string): string | null {
  for (const match of text.matchAll(new RegExp(word, "giu"))) {
    const found = match[0].trim().replace(/\.$/, "");
    // Short forms are written in capitals: `l upper` is a list, not a side.
    if (found.length > 3 || shortForm.test(found)) return found;
  }
  return null;
}

/**
 * The axis of volumes along which left and right lie, from what orientation says of x, y and z, and from the order in which the
 * network's axes take them; null where nothing says it.
 */
export function leftRightAxis(orientation: string | null, axes = "zxy"): SpatialAxis | null {
  const place = [...(orientation ?? "")].findIndex((letter) => letter === "L" || letter === "R");
  return place < 0 ? null : (spatialAxes[axes.indexOf("xyz".charAt(place))] ?? null);
}

/** In the order of a network's axes. */
const spatialAxes = ["slices", "height", "width"] as const satisfies readonly SpatialAxis[];

/** What a network is trained on that may name a side. */
export interface NamedTexts {
  readonly classes: readonly string[];
  readonly reports: Iterable<{ readonly name: string; readonly text: string }>;
}

/**
 * Why volumes may not be flipped: a flip along the left-right axis, or along any where it is not known which one that is, would make
 * wrong what a class or a report says of a side. Null where they may.
 */
export function sideProblem(
  augmentations: readonly Augmentation[],
  leftRight: SpatialAxis | null,
  { classes, reports }: NamedTexts,
): Problem | null {
  const flip = augmentations.find(
    (each) => each.kind === "flip" && each.sides === "refuse" && (leftRight === null || each.axis === leftRight),
  );
  if (flip?.kind !== "flip") return null;
  const named = namedSide(classes, reports);
  if (named === null) return null;
  const written = `flip(axis = ${flip.axis})`;
  const does =
    leftRight === null
      ? "may exchange left and right, because the volumes' orientation is not known"
      : "exchanges left and right";
  const orientation = leftRight === null ? "set `orientation` and `assume_orientation` in the `data` block, " : "";
  return {
    subject: "",
    message: `\`${written}\` ${does}, but ${named}`,
    help: `${orientation}remove the flip, or write \`flip(axis = ${flip.axis}, sides = ignore)\` to keep it`,
  };
}

/** Which class or report names a side, in words. */
function namedSide(classes: NamedTexts["classes"], reports: NamedTexts["reports"]): string | null {
  for (const name of classes) {
    const side = sidesNamed(name);
    if (side !== null) return `the class "${name}" names a side`;
  }
  let [all, naming] = [0, 0];
  let first: string | null = null;
  for (const { name, text } of reports) {
    all++;
    const side = sidesNamed(text);
    if (side === null) continue;
    naming++;
    first ??= `${name} ("${side}")`;
  }
  if (first === null) return null;
  return naming === 1
    ? `the report of ${first} names a side`
    : `${naming} of ${all} reports name a side, first ${first}`;
}
