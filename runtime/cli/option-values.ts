import { InvalidArgumentError, Option } from "@commander-js/extra-typings";
import { readRanks } from "../../compiler/index.ts";
import { type BackendUse, backendNames, currentName } from "../backends/names.ts";

/** Reads an option that is a whole number of at least `least`. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
    throw new InvalidArgumentError(`Must be a whole number${least > 0 ? " above 0" : ""}.`);
  };
}

/** `--backend`: those that are for a use. Their earlier names are understood and not offered. */
export function backendOption(what: string, use: BackendUse) {
  const choices: readonly string[] = ["auto", ...backendNames(use)];
  return new Option("--backend <name>", what)
    .choices(choices)
    .default("auto")
    .argParser((word) => {
      const name = currentName(word);
      if (choices.includes(name)) return name;
      throw new InvalidArgumentError(`Allowed choices are ${choices.join(", ")}.`);
    });
}

/** `--set`, which may be given several times. */
export function setOption() {
  const none: readonly string[] = [];
  return new Option("--set <assignment>", "another value than the spec's, such as train.lr=1e-3; can be repeated")
    .argParser((assignment: string, earlier: readonly string[]) => [...earlier, assignment])
    .default(none, "none");
}

/** `--port`, for what is served to browsers on this machine. */
export function portOption() {
  return new Option("--port <number>", "port to listen at, on this machine alone; 0 for any that is free")
    .argParser((text) => {
      const value = Number(text);
      if (/^\d+$/.test(text) && value <= 65_535) return value;
      throw new InvalidArgumentError("Must be a whole number from 0 to 65535.");
    })
    .default(0, "any");
}

/** Reads a width in pixels that a picture can have. */
export function pictureWidth(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 320 && value <= 10_000) return value;
  throw new InvalidArgumentError("Must be a whole number from 320 to 10000.");
}

/** Reads an amount of memory, such as `20GB`, in bytes. */
export function amount(text: string): number {
  const [, number = "", unit = ""] = /^(\d+(?:\.\d+)?)(MB|GB|TB)?$/.exec(text) ?? [];
  const bytes = Number(number) * ({ MB: 1e6, GB: 1e9, TB: 1e12 }[unit] ?? 1);
  if (number !== "" && (unit !== "" || bytes === 0) && Number.isSafeInteger(bytes)) return bytes;
  throw new InvalidArgumentError("Must be an amount such as 500MB or 20GB, or 0.");
}

/** Reads ranks, as `readRanks` does. */
export function ranks(text: string): readonly number[] {
  const read = readRanks(text);
  if (read.kind === "wrong") throw new InvalidArgumentError(read.rule);
  return read.ranks;
}

/** Reads names with commas between. */
export function names(text: string): readonly string[] {
  const found = text.split(",").map((name) => name.trim());
  if (!found.includes("")) return found;
  throw new InvalidArgumentError("Names are separated by commas, such as lora,dora.");
}

/** Reads a share of something: above 0, and 1 for all of it. */
export function share(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value > 0 && value <= 1) return value;
  throw new InvalidArgumentError("Must be a number above 0 and up to 1.");
}
