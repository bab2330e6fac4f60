import {
  elementCount,
  nodesOf,
  type Plan,
  type PlannedTensor,
  type Program,
  printType,
  type TensorData,
  type TensorType,
} from "../../../compiler/index.ts";
import { type Diagnostic, didYouMean, report } from "../../../grammar/index.ts";
import { joined, matchNames, type NameMatch, type OpenTensors, type Wanted } from "../../weights/index.ts";

/** Values for a program, and what is wrong with what was given. */
export interface Matched {
  readonly values: ReadonlyMap<string, TensorData>;
  readonly diagnostics: readonly Diagnostic[];
}

/** A tensor of a file: its shape, and its elements in pieces. */
export interface FoundTensor {
  readonly shape: readonly number[];
  readonly floats: () => Iterable<Float32Array>;
}

/** What is fed: each input by its name, and the number of the step. */
export function matchInputs(program: Program, feeds: OpenTensors | null, step: number): Matched {
  const values = new Map<string, TensorData>();
  const diagnostics: Diagnostic[] = [];
  const missing: string[] = [];
  for (const { operation, type } of nodesOf(program)) {
    if (operation.op !== "input" || values.has(operation.name)) continue;
    const { name } = operation;
    const found = feeds === null ? null : tensorOf(feeds, name);
    if (name === "step") values.set(name, { type, data: Float32Array.of(step) });
    else if (found === null) missing.push(name);
    else diagnostics.push(...take(name, found, type, values, name));
  }
  if (missing.length > 0) {
    const help = didYouMean(missing[0] ?? "", feeds?.tensors.keys() ?? []);
    const params = { names: missing, what: missing.length === 1 ? "the input" : "the inputs" };
    diagnostics.push(report("missing-tensors", "--feeds", params, { help }));
  }
  return { values, diagnostics };
}

/** The tensors of some files by the paths of the parameters and buffers that they are; the last file that has one counts. */
export function findTensors<File extends OpenTensors>(
  plan: Plan,
  opened: readonly { readonly file: File; readonly match: NameMatch }[],
): ReadonlyMap<string, FoundTensor & { readonly file: File }> {
  const tensors = new Map<string, FoundTensor & { readonly file: File }>();
  for (const { file, match } of opened) {
    for (const { path, checkpoint } of [...plan.parameters, ...plan.buffers]) {
      const tensor = tensorOf(file, match.found.get(checkpoint) ?? "");
      if (tensor !== null && match.found.has(checkpoint)) tensors.set(path, { ...tensor, file });
    }
  }
  return tensors;
}

/** The names of a file that a spec's parameters and buffers have there; of several copies in it, those of `copy`. */
export function matchPlan(
  { parameters, buffers }: Plan,
  { tensors }: OpenTensors,
  copy: string | null = null,
): NameMatch {
  const all = [...parameters, ...buffers];
  const ofModel = all.filter(({ ofAdapter }) => !ofAdapter).map(wantedOf);
  // Adapters are in files of their own, and so found by a prefix of their own.
  const ofAdapters = all.filter(({ ofAdapter }) => ofAdapter).map((each) => ({ ...wantedOf(each), ofAdapter: true }));
  return matchNames([...ofModel, ...ofAdapters], tensors.keys(), copy);
}

/** Says that a file has the weights several times; null where it has them once, or each copy is the same memory. */
export function severalCopies(path: string, { tensors }: OpenTensors, { copies, found }: NameMatch): Diagnostic | null {
  const [first, ...others] = copies;
  if (first === undefined) return null;
  const isTied = [...found.values()].every((name) => {
    if (!name.startsWith(first)) return true;
    const own = tensors.get(name);
    return others.every((other) => {
      const twin = tensors.get(other + name.slice(first.length));
      return twin === undefined || (twin.from === own?.from && twin.dtype === own.dtype);
    });
  });
  if (isTied) return null;
  // Without the dot; the one without a prefix is empty.
  const names = copies.map((prefix) => prefix.slice(0, -1)).toSorted();
  return report("several-copies", path, { path, names });
}

/** Says that a file has no copy of a name. */
export function noCopy(path: string, { tensors }: OpenTensors, copy: string): Diagnostic {
  const prefixes = new Set([...tensors.keys()].map((name) => name.slice(0, Math.max(0, name.indexOf(".")))));
  return report("no-such-copy", path, { path, name: copy }, { help: didYouMean(copy, prefixes) });
}

function wantedOf({ path, checkpoint }: PlannedTensor): Wanted {
  return { checkpoint, group: path.slice(0, path.search(/\.|$/)) };
}

/** The tensor of exactly that name in a file. */
export function tensorOf({ tensors, floats }: OpenTensors, name: string): FoundTensor | null {
  const tensor = tensors.get(name);
  return tensor === undefined ? null : { shape: tensor.shape, floats: () => floats(tensor) };
}

export function missingWeights(missing: ReadonlySet<string>): Diagnostic {
  const params = { names: [...missing], what: missing.size === 1 ? "the weight" : `${missing.size} weights` };
  const help = "pass the model's with --weights and the adapters' with --adapter";
  return report("missing-tensors", "--weights", params, { help });
}

/** Says what a file of adapters lacks, as one that was cut does. */
export function missingInAdapter(file: string, names: ReadonlySet<string>): Diagnostic {
  const what = names.size === 1 ? "a tensor of the spec's adapters" : `${names.size} tensors of the spec's adapters`;
  const help = "pass the whole adapter, or place what the file has: `medctc adapter spec` writes that";
  return report("missing-tensors", file, { names: [...names], what }, { help });
}

export function misshapen(name: string, shape: readonly number[], expected: TensorType): Diagnostic {
  const params = { name, found: `[${shape.join(", ")}]`, expected: printType(expected) };
  return report("misshapen-tensor", name, params);
}

function take(
  key: string,
  { shape, floats }: FoundTensor,
  type: TensorData["type"],
  values: Map<string, TensorData>,
  name: string,
): readonly Diagnostic[] {
  const isSame = shape.length === type.shape.length && shape.every((size, axis) => size === type.shape[axis]);
  if (!isSame) return [misshapen(name, shape, type)];
  values.set(key, { type, data: joined(floats(), elementCount(type)) });
  return [];
}
