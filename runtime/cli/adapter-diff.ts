import { adapterUpdates } from "../../compiler/index.ts";
import { printable } from "../../grammar/index.ts";
import { type AdapterDifference, type Comparison, compareAdapters, readAdapter } from "../adapters/index.ts";
import { compilePath } from "../specs/index.ts";
import { renderTable } from "../text/index.ts";
import { adapterFile } from "./adapter-file.ts";
import { refuse } from "./fail.ts";
import { showDiagnostics } from "./show-diagnostics.ts";
import { type ExitCode, exitCodes, type Terminal } from "./terminal.ts";

export interface AdapterDiffOptions {
  /** A spec that gives the scales of updates in files that do not say them. */
  readonly forSpec: string | null;
  readonly json: boolean;
}

/** `medctc adapter diff`: how far apart two adapters are, by what they do to each weight. */
export function adapterDiff(a: string, b: string, options: AdapterDiffOptions, terminal: Terminal): ExitCode {
  const scales = scalesOf(options.forSpec, terminal);
  if (scales === null) return exitCodes.wrong;
  const read = [a, b].map((path) => readAdapter(adapterFile(path), scales));
  const wrong = read.flatMap((each) => (each.kind === "wrong" ? [each.diagnostic] : []));
  const [first, second] = read.flatMap((each) => (each.kind === "adapter" ? [each] : []));
  if (first === undefined || second === undefined) return refuse(wrong, terminal);
  const difference = compareAdapters(first, second);
  if (options.json) terminal.json(`${JSON.stringify(asJson(a, b, difference), null, 2)}\n`);
  else terminal.out(rendered(difference));
  for (const [index, path] of [a, b].entries())
    if (difference.isScaled[index] === false)
      terminal.err(`the scales of ${path} are not known, so its updates are B A alone: --for SPEC gives them\n`);
  return exitCodes.done;
}

/** The scales of a spec's updates, by names in checkpoints; null after saying what is wrong with the spec. */
function scalesOf(spec: string | null, terminal: Terminal): ReadonlyMap<string, number> | null {
  if (spec === null) return new Map();
  const compiled = compilePath(spec, terminal.libraryFolder);
  if (!showDiagnostics(compiled, terminal) || compiled.spec === null || compiled.plan === null) return null;
  return new Map(
    adapterUpdates(compiled.spec, compiled.plan).flatMap((update) =>
      update.kind === "low-rank" ? [[update.module, update.scale] as const] : [],
    ),
  );
}

function rendered({ both, whole, only }: AdapterDifference): string {
  const header = ["", "rank", "norm of A", "norm of B", "of A - B", "cosine"];
  const rows = both.map((each) => [printable(each.name), ranksOf(each), ...numbersOf(each)]);
  const last = whole === null ? [] : [["all of these", "", ...numbersOf(whole)]];
  const parts = both.length === 0 ? [] : [renderTable([header, ...rows, ...last], alignments)];
  for (const [index, names] of only.entries())
    if (names.length > 0)
      parts.push(`only in ${index === 0 ? "A" : "B"}\n${names.map((name) => `  ${printable(name)}\n`).join("")}`);
  return parts.length === 0 ? "both are empty\n" : parts.join("\n");
}

const alignments = ["left", "right", "right", "right", "right", "right"] as const;

function ranksOf({ ranks }: Comparison): string {
  if (ranks === null) return "";
  return ranks[0] === ranks[1] ? String(ranks[0]) : ranks.join(", ");
}

function numbersOf({ norms, difference, cosine }: Pick<Comparison, "norms" | "difference" | "cosine">) {
  return [
    ...norms.map(short),
    difference === null ? "-" : short(difference),
    cosine === null ? "-" : cosine.toFixed(6),
  ];
}

function short(value: number): string {
  return value === 0 ? "0" : value.toPrecision(5);
}

function asJson(a: string, b: string, { both, whole, only, isScaled }: AdapterDifference) {
  return {
    a: { path: a, scaled: isScaled[0], only: only[0] },
    b: { path: b, scaled: isScaled[1], only: only[1] },
    both,
    whole,
  };
}
