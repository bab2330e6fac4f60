import type { Plan, PlannedTensor } from "../../../compiler/index.ts";
import { besidesModel, unloadedName } from "../../adapters/index.ts";
import type { PlacedTensor, StoredDtype } from "../../weights/index.ts";
import { matchPlan } from "../weights/match-tensors.ts";
import type { GivenTensors } from "../weights/open.ts";

/** What a tensor is in the checkpoint that is written. */
export type CheckpointTensor =
  /** What the file that was read has. */
  | { readonly kind: "copied"; readonly tensor: PlacedTensor }
  /** A parameter or a buffer of the spec that has other values now; `stored` is its type in the file, null where it was not there. */
  | { readonly kind: "changed"; readonly planned: PlannedTensor; readonly stored: StoredDtype | null };

/** What is left out of a file, and what of it. */
export interface LeftOut {
  readonly what: "adapters" | "originals" | "copy" | "dict" | "value" | "metadata";
  readonly names: readonly string[];
}

/** A checkpoint as it is written, by its names there. */
export interface CheckpointContents {
  readonly tensors: ReadonlyMap<string, CheckpointTensor>;
  readonly metadata: ReadonlyMap<string, string>;
  /** The names of tensors that no parameter or buffer of the spec has, and no optional one. */
  readonly unknown: readonly string[];
  readonly left: readonly LeftOut[];
  /** Tensors that share memory with one that is changed, and are written as they were. */
  readonly torn: readonly { readonly name: string; readonly changed: string }[];
}

/** The model of a spec by its names in checkpoints, where no file has one. */
export function plannedContents(plan: Plan): CheckpointContents {
  const tensors = ownTensors(plan).map((planned) => [planned.checkpoint, changedTo(planned, null)] as const);
  return { tensors: new Map(tensors), metadata: pytorchs, unknown: [], left: [], torn: [] };
}

/** By this transformers knows for which framework a file was written. */
const pytorchs: ReadonlyMap<string, string> = new Map([["format", "pt"]]);

/** Texts about a file that do not hold for another one. */
const ofThisFile = /hash|sha\d|checksum|digest|total_size|total_parameters/i;

/**
 * A checkpoint of the same model: all tensors of a file by its names there, but for those of adapters, those of other dicts than the
 * model's and of other copies of the weights. `isChanged` says which parameters and buffers have other values now, by their paths.
 * Names lose what a PeftModel puts into them, the dict that the model is in, and the copy that was asked for.
 */
export function contentsOf(
  file: GivenTensors,
  plan: Plan,
  { copy, merge }: { readonly copy: string | null; readonly merge: boolean },
  isChanged: (path: string) => boolean,
): CheckpointContents {
  const own = ownTensors(plan);
  const known = new Map(own.flatMap((each) => withName(file.match.found.get(each.checkpoint), each)));
  const ofAdapters = new Set(
    [...plan.parameters, ...plan.buffers].flatMap(({ ofAdapter, checkpoint }) =>
      ofAdapter ? (file.match.found.get(checkpoint) ?? []) : [],
    ),
  );
  const kindOf = besidesModel(file.inFile.values());
  const naming = namingOf(file, known, copy === "" ? otherCopies(file, plan) : [], copy);
  const tensors = new Map<string, CheckpointTensor>();
  const unknown: string[] = [];
  const left = { adapters: [...file.ofOthers], originals: none(), copy: none(), dict: none() };
  const changed = changedPlaces(file, known, isChanged);
  const torn: { readonly name: string; readonly changed: string }[] = [];
  for (const [plain, tensor] of file.tensors) {
    const inFile = file.inFile.get(plain) ?? plain;
    const planned = known.get(plain);
    const place = naming.placeOf(plain, inFile);
    if (place.kind === "left") left[place.what].push(inFile);
    else if (ofAdapters.has(plain)) {
      if (!merge) left.adapters.push(inFile);
    } else if (planned === undefined && kindOf(inFile) === "adapter") left.adapters.push(inFile);
    else if (planned === undefined && kindOf(inFile) === "original") left.originals.push(inFile);
    else {
      // A name that PEFT's own would become may be another tensor's.
      const name = tensors.has(place.name) ? inFile : place.name;
      const shared = planned === undefined ? changed.sameAs(tensor) : null;
      const value = planned !== undefined && isChanged(planned.path) ? planned : shared;
      tensors.set(name, value === null ? { kind: "copied", tensor } : changedTo(value, tensor.dtype));
      if (planned === undefined && !file.optional.has(plain)) unknown.push(name);
      const other = value === null ? changed.overlapping(tensor) : null;
      if (other !== null) torn.push({ name, changed: other });
    }
  }
  for (const each of own) {
    if (file.match.found.has(each.checkpoint) || !isChanged(each.path)) continue;
    tensors.set(naming.nameFor(each.checkpoint), changedTo(each, null));
  }
  const dropped = [...file.metadata.keys()].filter((key) => ofThisFile.test(key));
  const metadata = new Map([...pytorchs, ...[...file.metadata].filter(([key]) => !ofThisFile.test(key))]);
  const all: readonly LeftOut[] = [
    { what: "adapters", names: left.adapters },
    { what: "originals", names: left.originals },
    { what: "copy", names: left.copy },
    { what: "dict", names: left.dict },
    { what: "value", names: file.values },
    { what: "metadata", names: dropped },
  ];
  return { tensors, metadata, unknown, left: all.filter(({ names }) => names.length > 0), torn };
}

function none(): string[] {
  return [];
}

function ownTensors({ parameters, buffers }: Plan): readonly PlannedTensor[] {
  return [...parameters, ...buffers].filter(({ ofAdapter }) => !ofAdapter);
}

function changedTo(planned: PlannedTensor, stored: StoredDtype | null): CheckpointTensor {
  return { kind: "changed", planned, stored };
}

function withName<Value>(name: string | undefined, value: Value): readonly (readonly [string, Value])[] {
  return name === undefined ? [] : [[name, value]];
}

type Placed =
  | { readonly kind: "named"; readonly name: string }
  | { readonly kind: "left"; readonly what: "copy" | "dict" };

interface Naming {
  /** What becomes of a tensor, by its plain name and the one in the file. */
  readonly placeOf: (plain: string, inFile: string) => Placed;
  /** The name of a tensor that the file does not have, by the spec's. */
  readonly nameFor: (checkpoint: string) => string;
}

/** How names in the file become those in the one that is written. */
function namingOf(
  file: GivenTensors,
  known: ReadonlyMap<string, PlannedTensor>,
  others: readonly string[],
  copy: string | null,
): Naming {
  const dictOf = (inFile: string): string => file.dicts.get(inFile) ?? "";
  const asRead = (plain: string): string => file.inFile.get(plain) ?? plain;
  const examples = new Map([...known].map(([plain, { checkpoint }]) => [dictOf(asRead(plain)), { plain, checkpoint }]));
  const before = new Map(
    [...examples].map(([dict, { plain, checkpoint }]) => {
      // The parts of an index, and dicts beside each other, are parts of a whole checkpoint.
      const isOnly = examples.size === 1 && file.format !== "several files";
      const inside = asRead(plain).slice(dict.length);
      return [dict, isOnly ? "" : checkpoint.endsWith(inside) ? checkpoint.slice(0, -inside.length) : dict];
    }),
  );
  const chosen = copy === null || copy === "" ? "" : `${copy}.`;
  const nameOf = (inFile: string): string => {
    if (chosen !== "" && inFile.startsWith(chosen)) return unloadedName(inFile.slice(chosen.length));
    const dict = [dictOf(inFile), ...before.keys()].find((each) => before.has(each) && inFile.startsWith(each)) ?? "";
    return unloadedName((before.get(dict) ?? "") + inFile.slice(dict.length));
  };
  return {
    placeOf: (plain, inFile) => {
      if (!before.has(dictOf(inFile))) return { kind: "left", what: "dict" };
      const isOther = chosen === "" ? others.some((each) => plain.startsWith(each)) : !plain.startsWith(chosen);
      return isOther ? { kind: "left", what: "copy" } : { kind: "named", name: nameOf(inFile) };
    },
    nameFor: (checkpoint) => {
      const rule = file.match.rules.find(({ added }) => checkpoint.startsWith(added));
      return nameOf(rule === undefined ? checkpoint : rule.removed + checkpoint.slice(rule.added.length));
    },
  };
}

/** What stands before the names of all copies of the weights but those without anything before them. */
function otherCopies(file: GivenTensors, plan: Plan): readonly string[] {
  return matchPlan(plan, file).copies.filter((prefix) => prefix !== "");
}

/** Where the tensors lie that are changed: tensors of a pickle may be views of the same memory. */
function changedPlaces(
  file: GivenTensors,
  known: ReadonlyMap<string, PlannedTensor>,
  isChanged: (path: string) => boolean,
) {
  const same = new Map<string, PlannedTensor>();
  const byFile = new Map<string, { readonly name: string; readonly tensor: PlacedTensor }[]>();
  const keyOf = (tensor: PlacedTensor): string =>
    JSON.stringify([file.fileOf(tensor), tensor.from, tensor.to, tensor.dtype, tensor.shape, tensor.strides]);
  for (const [plain, planned] of known) {
    const tensor = file.tensors.get(plain);
    if (tensor === undefined || tensor.from === tensor.to || !isChanged(planned.path)) continue;
    same.set(keyOf(tensor), planned);
    const own = byFile.get(file.fileOf(tensor));
    const each = { name: file.inFile.get(plain) ?? plain, tensor };
    if (own === undefined) byFile.set(file.fileOf(tensor), [each]);
    else own.push(each);
  }
  return {
    sameAs: (tensor: PlacedTensor): PlannedTensor | null => same.get(keyOf(tensor)) ?? null,
    /** The name of one that shares some of a tensor's bytes; null where none does. */
    overlapping: (tensor: PlacedTensor): string | null => {
      if (file.format === "safetensors") return null;
      const near = byFile.get(file.fileOf(tensor)) ?? [];
      return near.find((each) => each.tensor.from < tensor.to && tensor.from < each.tensor.to)?.name ?? null;
    },
  };
}
