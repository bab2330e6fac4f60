import { type AdapterUpdate, type Declared, firstValuesOf, type TracedSpec } from "../../../compiler/index.ts";
import {
  constantTensors,
  type DeclaredConfig,
  differenceFrom,
  knownTypes,
  type PeftConfig,
} from "../../adapters/index.ts";
import type { MatchedAdapters } from "./unmet-config.ts";

/** Largest difference of numbers that are the same but for their last digits, of the largest of a tensor. */
const tolerance = 1e-5;

export interface Difference {
  readonly module: string;
  /** What the file has, and what the spec has instead. */
  readonly found: string;
  readonly expected: string;
}

/** What the declaration of an adapter says, and a config of the same type or of another one. */
export function declaredDifference(
  update: AdapterUpdate,
  count: number,
  config: PeftConfig,
  given: MatchedAdapters,
  spec: TracedSpec,
): Difference | null {
  const stored: DeclaredConfig =
    config.kind === "declared"
      ? config
      : { kind: "declared", type: knownTypes[config.kind], fields: new Map(), patterns: new Map() };
  if (update.kind === "declared") {
    const { module } = update;
    const difference = differenceFrom(stored, update.form, count);
    if (difference !== null) return { module, ...difference };
    const changed = changedConstant(update, given, spec);
    if (changed === null) return null;
    const found = `has other numbers in \`${changed}\` than follow from its config`;
    return { module, found, expected: "gives them: PEFT's model may have its modules in another order" };
  }
  const module = update.kind === "other" ? update.path : update.module;
  return { module, found: `is of the type ${stored.type}`, expected: "is not" };
}

/** The first of an adapter's tensors that its clause says are constants, and that are others in the file; null where none is. */
function changedConstant(
  { form, tensors }: AdapterUpdate & Declared,
  { file, match }: MatchedAdapters,
  spec: TracedSpec,
): string | null {
  const names = constantTensors(form);
  const constants = tensors.filter(({ checkpoint }) => names.some((name) => checkpoint.endsWith(`.${name}`)));
  if (constants.length === 0) return null;
  const piecesOf = firstValuesOf(spec.parameters, spec.settings.seed);
  const changed = constants.find(({ path, checkpoint }) => {
    const stored = file.tensors.get(match.found.get(checkpoint) ?? "");
    if (stored === undefined) return false;
    return !isSame(
      [...piecesOf(path)].flatMap((piece) => [...piece]),
      [...file.floats(stored)].flatMap((piece) => [...piece]),
    );
  });
  return changed?.checkpoint ?? null;
}

function isSame(own: readonly number[], stored: readonly number[]): boolean {
  const largest = own.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return own.every((value, place) => Math.abs(value - (stored[place] ?? Number.NaN)) <= tolerance * largest);
}
