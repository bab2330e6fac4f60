import { printNumberOf } from "../../../compiler/index.ts";
import { listWords } from "../../text/index.ts";
import { largestOf } from "../../weights/index.ts";
import type { Reporter } from "../reporter.ts";
import type { CheckpointContents, LeftOut } from "./checkpoint-contents.ts";
import type { ExportedDtype, Rounding } from "./checkpoint-types.ts";

/** Names that are listed; a file of another trainer has hundreds. */
const mostNamed = 3;

/** Says what of a file is in the checkpoint that is written though the spec does not have it, and what is not. */
export function reportContents(path: string, { unknown, left, torn }: CheckpointContents, reporter: Reporter): void {
  if (unknown.length > 0) {
    const [what, are] = unknown.length === 1 ? ["tensor", "is"] : ["tensors", "are"];
    const count = `${unknown.length} ${what} of ${path} that the spec does not have ${are} copied unchanged`;
    reporter.note(`${count}: ${named(unknown)}`);
  }
  for (const each of left) reporter.note(`left out of the export: ${leftOut(each)}`);
  for (const { name, changed } of torn) {
    reporter.warning(
      `\`${name}\` shares memory with \`${changed}\` in ${path}, which is changed; it is copied unchanged, so the two differ`,
    );
  }
}

function leftOut({ what, names }: LeftOut): string {
  const count = printNumberOf(names.length, "tensor");
  switch (what) {
    case "adapters":
      return `${count} of adapters (${named(names)})`;
    case "originals":
      return `${count} that PEFT keeps beside trained copies (${named(names)})`;
    case "copy":
      return `${count} outside of the copy that --weights-copy names (${named(names)})`;
    case "dict":
      return `${count} beside the model's (${dictsOf(names)})`;
    case "value":
      return `values that are not tensors (${named([...new Set(names.map(firstPart))])})`;
    case "metadata":
      return `metadata about the old file (${named(names)})`;
  }
}

/** `optimizer` (240), by the first part of each name. */
function dictsOf(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(firstPart(name), (counts.get(firstPart(name)) ?? 0) + 1);
  const shown = [...counts].slice(0, mostNamed).map(([dict, count]) => `\`${dict}\`: ${count}`);
  return listed(shown, counts.size - shown.length);
}

function firstPart(name: string): string {
  return name.slice(0, name.search(/\.|$/));
}

function named(names: readonly string[]): string {
  const shown = names.slice(0, mostNamed).map((name) => `\`${name}\``);
  return listed(shown, names.length - shown.length);
}

function listed(shown: readonly string[], more: number): string {
  return more > 0 ? `${shown.join(", ")} and ${more} more` : shown.join(", ");
}

const sizes = { F64: "64-bit floats", F32: "32-bit floats", F16: "f16", BF16: "bf16", F8_E4M3: "f8", F8_E5M2: "f8" };

/** Says which weights were rounded, and which could not be. */
export function reportRounding(
  { shortened, tooLarge, notFinite }: Rounding,
  asked: ExportedDtype | null,
  reporter: Reporter,
): void {
  if (shortened.size > 0) {
    const counts = [...shortened].map(([dtype, count]) => `${printNumberOf(count, "tensor")} to ${sizes[dtype]}`);
    const why = asked === null ? ", the file's type; --dtype f32 keeps 32 bits" : "";
    reporter.note(`rounded ${listWords(counts, "and")}${why}`);
  }
  for (const { name, value, dtype } of tooLarge) {
    const limit = `which ends at ${largestOf(dtype)}`;
    reporter.warning(
      `\`${name}\` is written in 32 bits: its value ${value} is too large for ${sizes[dtype]}, ${limit}`,
    );
  }
  for (const { name, count } of notFinite)
    reporter.warning(`\`${name}\` has ${printNumberOf(count, "value")} that ${count === 1 ? "is" : "are"} not finite`);
}
