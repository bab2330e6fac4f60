import { buildForward, nodesOf, type Plan, type PlannedTensor, type TracedSpec } from "../../compiler/index.ts";
import { printable } from "../../grammar/index.ts";
import { compilePath } from "../specs/index.ts";
import { printCount, renderTable } from "../text/index.ts";
import { type NameMatch, type OpenTensors, openTensors } from "../weights/index.ts";
import { refuse } from "./fail.ts";
import { matchPlan } from "./match-tensors.ts";
import { matcherOf } from "./name-patterns.ts";
import { showDiagnostics } from "./show-diagnostics.ts";
import { type ExitCode, exitCodes, type Terminal } from "./terminal.ts";

export interface WeightsCheckOptions {
  /** Names of weights that the file need not have; `*` stands for anything. */
  readonly allowMissing: readonly string[];
  readonly json: boolean;
}

/** What a file has of a model, by the names in checkpoints; shapes are the model's, and then the file's. */
interface Comparison {
  readonly found: number;
  readonly rules: NameMatch["rules"];
  /** What a program reads and the file does not have. */
  readonly missing: readonly Place[];
  /** What the file need not have: no program reads it, or it is allowed to be missing. */
  readonly notNeeded: readonly Place[];
  readonly misshapen: readonly (Place & { readonly inFile: string; readonly found: readonly number[] })[];
  readonly unexpected: readonly (Place & { readonly dtype: string })[];
}

interface Place {
  readonly name: string;
  readonly shape: readonly number[];
}

/** `medctc weights check`: what a file of weights has of a model, and what it has not. */
export function checkWeights(
  specPath: string,
  path: string,
  { allowMissing, json }: WeightsCheckOptions,
  terminal: Terminal,
): ExitCode {
  const compiled = compilePath(specPath, terminal.libraryFolder);
  const { spec, plan } = compiled;
  if (!showDiagnostics(compiled, terminal) || spec === null || plan === null) return exitCodes.wrong;
  const file = openTensors(path);
  if (file.kind === "wrong") return refuse([file.diagnostic], terminal);
  file.close();
  const comparison = compare(spec, plan, file, matcherOf(allowMissing));
  if (json) terminal.json(`${JSON.stringify({ format: file.format, ...comparison }, null, 2)}\n`);
  else terminal.out(renderComparison(comparison, file));
  const { missing, misshapen } = comparison;
  return missing.length + misshapen.length === 0 ? exitCodes.done : exitCodes.wrong;
}

function compare(spec: TracedSpec, plan: Plan, file: OpenTensors, isAllowed: (name: string) => boolean): Comparison {
  const { found, rules } = matchPlan(plan, file);
  const read = new Set(
    nodesOf(buildForward(spec, [])).flatMap(({ operation }) => (operation.op === "parameter" ? [operation.path] : [])),
  );
  const missing: Place[] = [];
  const notNeeded: Place[] = [];
  const misshapen: Comparison["misshapen"][number][] = [];
  for (const { path, checkpoint: name, shape } of expectedIn(plan, found)) {
    const inFile = found.get(name);
    const tensor = inFile === undefined ? undefined : file.tensors.get(inFile);
    if (inFile === undefined || tensor === undefined) {
      (read.has(path) && !isAllowed(name) ? missing : notNeeded).push({ name, shape });
    } else if (tensor.shape.join() !== shape.join()) misshapen.push({ name, shape, inFile, found: tensor.shape });
  }
  const used = new Set(found.values());
  const unexpected = [...file.tensors].flatMap(([name, { shape, dtype }]) =>
    used.has(name) ? [] : [{ name, shape, dtype }],
  );
  return { found: found.size, rules, missing, notNeeded, misshapen, unexpected };
}

/** What a file should have: the model, or the adapters where it has nothing but them. A tensor without elements is not stored. */
function expectedIn({ parameters, buffers }: Plan, found: NameMatch["found"]): readonly PlannedTensor[] {
  const ofAdapters = parameters.filter(({ ofAdapter }) => ofAdapter);
  const ofModel = [...parameters.filter(({ ofAdapter }) => !ofAdapter), ...buffers];
  const hasAdapters = ofAdapters.some(({ checkpoint }) => found.has(checkpoint));
  const hasModel = ofModel.some(({ checkpoint }) => found.has(checkpoint));
  const expected = [...(hasModel || !hasAdapters ? ofModel : []), ...(hasAdapters ? ofAdapters : [])];
  return expected.filter(({ shape }) => !shape.includes(0));
}

/** Rows of one kind that are shown: a checkpoint of a training has hundreds that no model expects. */
const mostShown = 20;

function renderComparison(comparison: Comparison, { format }: OpenTensors): string {
  const { found, rules, missing, notNeeded, misshapen, unexpected } = comparison;
  const shapeOf = (shape: readonly number[]): string => `[${shape.join(", ")}]`;
  const rows = [
    ...shown("missing", missing, ({ name, shape }) => [name, shapeOf(shape), ""]),
    ...shown("misshapen", misshapen, (each) => [each.name, shapeOf(each.shape), shapeOf(each.found)]),
    ...shown("not needed", notNeeded, ({ name, shape }) => [name, shapeOf(shape), ""]),
    ...shown("unexpected", unexpected, ({ name, shape }) => [name, "", shapeOf(shape)]),
  ];
  const table = renderTable([["", "name", "in the model", "in the file"], ...rows], ["left", "left", "left", "left"]);
  const renamed = rules.map(({ removed, added }) => `names: \`${removed}\` in the file is \`${added}\` in the model\n`);
  const counts = [
    `${printCount(found)} found`,
    `${printCount(missing.length)} missing`,
    `${printCount(misshapen.length)} misshapen`,
    `${printCount(unexpected.length)} unexpected`,
  ];
  return `${rows.length === 0 ? "" : `${table}\n`}${printable(renamed.join(""))}${format}: ${counts.join(", ")}\n`;
}

function shown<Item>(kind: string, items: readonly Item[], cells: (item: Item) => readonly string[]) {
  const rows = items.slice(0, mostShown).map((item) => [kind, ...cells(item).map((cell) => printable(cell))]);
  const more = items.length - mostShown;
  return more > 0 ? [...rows, [kind, `and ${printCount(more)} more; --json lists all`]] : rows;
}
