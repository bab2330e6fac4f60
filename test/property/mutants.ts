import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { formatSource } from "../../grammar/format.ts";
import { parse } from "../../grammar/parser.ts";
import { createSource } from "../../grammar/source.ts";
import { Random } from "../random.ts";

/** What a run of mutants found. */
export interface MutantReport {
  readonly count: number;
  /** Mutants that still parse without an error. */
  readonly valid: number;
  /** Texts that made something throw, or that formatting did not keep. */
  readonly failures: readonly { readonly text: string; readonly reason: string }[];
  readonly slowestMs: number;
  /** Texts of up to 4 KB that took longer than 100 ms, timed again to leave out a pause of the machine. */
  readonly slow: readonly string[];
  /** The most errors that one text gave. */
  readonly mostErrors: number;
}

export interface MutantOptions {
  readonly count: number;
  readonly seed: number;
  readonly progress?: (done: number) => void;
}

const slowMs = 100;
const longestMutant = 4096;

/** Parses and formats seeded mutants of the library and the specs: edited, cut, spliced, or made of tokens at random. */
export function runMutants({ count, seed, progress }: MutantOptions): MutantReport {
  const texts = readSpecs();
  const random = new Random(seed);
  const failures: { readonly text: string; readonly reason: string }[] = [];
  const slow: string[] = [];
  let valid = 0;
  let slowestMs = 0;
  let mostErrors = 0;
  for (let index = 0; index < count; index++) {
    const text = mutate(texts, random).slice(0, longestMutant);
    try {
      const start = performance.now();
      const { diagnostics } = parse(createSource("mutant", text));
      let elapsedMs = performance.now() - start;
      if (elapsedMs > slowMs) elapsedMs = Math.min(elapsedMs, timeAgain(text));
      slowestMs = Math.max(slowestMs, elapsedMs);
      if (elapsedMs > slowMs) slow.push(text);
      mostErrors = Math.max(mostErrors, diagnostics.length);
      for (const { span } of diagnostics) {
        if (span === null || span.start < 0 || span.end < span.start || span.end > text.length) {
          failures.push({ text, reason: "a span lies outside the text" });
        }
      }
      if (diagnostics.length === 0) {
        valid++;
        const once = formatSource(createSource("mutant", text)).text;
        const twice = once === null ? null : formatSource(createSource("formatted", once)).text;
        if (once === null || twice !== once) failures.push({ text, reason: "formatting twice differs from once" });
      }
    } catch (error) {
      failures.push({ text, reason: String(error) });
    }
    if (index % 1000 === 999) progress?.(index + 1);
  }
  return { count, valid, failures, slowestMs, slow, mostErrors };
}

function timeAgain(text: string): number {
  const start = performance.now();
  parse(createSource("mutant", text));
  return performance.now() - start;
}

function readSpecs(): readonly string[] {
  return ["specs", "examples/placements"].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".vlm"))
      .sort()
      .map((name) => readFileSync(join(folder, name), "utf8")),
  );
}

const words = [
  ..."import roles function module adapter wraps loss model encoder let param buffer part forward return for in repeat if".split(
    " ",
  ),
  ..."then else when as named on also except freeze train expect require data eval and or not true false none infer".split(
    " ",
  ),
  ..."input amends add remove".split(" "),
  ..."( ) [ ] { } , . .. ... : = == != < <= > >= + - * ** / // |> # \n \r \t".split(" "),
  ...[
    "x",
    "linear",
    "attn",
    "1",
    "1.67M",
    "38%",
    "1e-4",
    '"text"',
    '"',
    "\\",
    "é",
    "日",
    "\u0000",
    "\ud800",
    "  ",
    "\n\n",
  ],
];

function mutate(texts: readonly string[], random: Random): string {
  const text = random.pick(texts);
  const from = random.below(text.length);
  switch (random.below(8)) {
    case 0:
      return text.slice(0, from);
    case 1:
      return text.slice(from);
    case 2: {
      const other = random.pick(texts);
      return text.slice(0, from) + other.slice(random.below(other.length));
    }
    case 3:
      return Array.from({ length: random.below(200) }, () => random.pick(words)).join(random.pick(["", " ", "\n"]));
    case 4: {
      const part = text.slice(from, from + random.below(80));
      return part.repeat(1 + random.below(60));
    }
    default:
      return edit(window(text, random), 1 + random.below(6), random);
  }
}

/** A part of a text as long as a mutant may be, from the start of a line on. */
function window(text: string, random: Random): string {
  if (text.length <= longestMutant) return text;
  const start = text.indexOf("\n", random.below(text.length - longestMutant)) + 1;
  return text.slice(start, start + longestMutant);
}

export function edit(text: string, edits: number, random: Random): string {
  let edited = text;
  for (let index = 0; index < edits; index++) {
    const at = random.below(edited.length + 1);
    const length = random.below(12);
    const middle = edited.slice(at, at + length);
    const replacements = ["", random.pick(words), `${middle}${middle}`, `${random.pick(words)}${middle}`];
    edited = edited.slice(0, at) + random.pick(replacements) + edited.slice(at + length);
  }
  return edited;
}
