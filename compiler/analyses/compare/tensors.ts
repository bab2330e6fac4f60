import type { PlannedTensor } from "../../plan/index.ts";
import type { Meaning, MeantParameter } from "./meaning.ts";
import { foldPaths, pathsAround } from "./paths.ts";
import type { FreezeChange, NamedChange, TensorChange } from "./types.ts";

/** A parameter or a buffer with where it is in its model. */
type Tensor = PlannedTensor & { readonly storage: "param" | "buffer" };

/** Parameters of both specs that are trained in one of them only. */
export function compareFrozen(before: Meaning, after: Meaning): readonly FreezeChange[] {
  const old = new Map(before.parameters.map((parameter) => [parameter.path, parameter]));
  const changed = after.parameters.filter(({ path, trainable }) => {
    const known = old.get(path);
    return known !== undefined && known.trainable !== trainable;
  });
  return foldPaths(
    changed,
    ({ path }) => path,
    ({ trainable }) => String(trainable),
  ).map(({ text, items }) => {
    const isTrained = items[0]?.trainable ?? false;
    const elements = items.reduce((sum, parameter) => sum + sizeOf(parameter), 0);
    return { parameters: text, tensors: items.length, elements, isTrained: { before: !isTrained, after: isTrained } };
  });
}

/** What groups say of parameters that are trained in both specs, where they say something else. */
export function compareGroups(before: Meaning, after: Meaning): readonly NamedChange<string>[] {
  const old = new Map(before.parameters.map((parameter) => [parameter.path, parameter]));
  const changes = after.parameters.flatMap(({ path, trainable, group }): readonly NamedChange<string>[] => {
    const known = old.get(path);
    if (known === undefined || !known.trainable || !trainable || known.group === group) return [];
    return [{ name: path, before: known.group ?? null, after: group ?? null }];
  });
  return foldPaths(
    changes,
    ({ name }) => name,
    (change) => JSON.stringify([change.before, change.after]),
  ).flatMap(({ text, items: [first] }) => (first === undefined ? [] : [{ ...first, name: `group ${text}` }]));
}

/**
 * Parameters and buffers of the models that are in one of them only or are others there; those of adapters that changed are
 * told as adapters and left out.
 */
export function compareTensors(
  before: Meaning,
  after: Meaning,
  changedAdapters: ReadonlySet<string>,
): readonly TensorChange[] {
  const old = tensorsOf(before, changedAdapters);
  const current = tensorsOf(after, changedAdapters);
  const paths = [...new Set([...old.keys(), ...current.keys()])];
  const changes = paths.flatMap((path) => changesOf(path, old.get(path), current.get(path)));
  return foldPaths(
    changes,
    ({ tensors }) => tensors,
    // Names in checkpoints have the numbers of their layers.
    (each) => JSON.stringify([each.what, ...[each.before, each.after].map((text) => text?.replace(/\d+/g, "#"))]),
  ).flatMap(({ text, items }) => {
    const [first] = items;
    return first === undefined ? [] : [{ ...first, tensors: text, count: items.length }];
  });
}

function tensorsOf(meaning: Meaning, changedAdapters: ReadonlySet<string>): ReadonlyMap<string, Tensor> {
  const isOfChanged = ({ path, ofAdapter }: MeantParameter): boolean =>
    ofAdapter && [...pathsAround(path)].some((around) => changedAdapters.has(around));
  const parameters = meaning.parameters.filter((parameter) => !isOfChanged(parameter));
  const tensors: readonly Tensor[] = [
    ...parameters.map((each) => ({ ...each, storage: "param" as const })),
    ...meaning.buffers.map((each) => ({ ...each, storage: "buffer" as const })),
  ];
  return new Map(tensors.map((tensor) => [tensor.path, tensor]));
}

function changesOf(path: string, before: Tensor | undefined, after: Tensor | undefined): readonly TensorChange[] {
  const change = (what: TensorChange["what"], write: (tensor: Tensor) => string): readonly TensorChange[] => {
    const texts = {
      before: before === undefined ? null : write(before),
      after: after === undefined ? null : write(after),
    };
    return texts.before === texts.after ? [] : [{ tensors: path, count: 1, what, ...texts }];
  };
  if (before === undefined || after === undefined) return change("tensor", printTensor);
  const shape = change("shape", printTensor);
  return [
    ...shape,
    // First values follow from the shape, so that of another shape they are no other change.
    ...(shape.length > 0 ? [] : change("first values", ({ initial }) => initial)),
    ...change("name in checkpoints", ({ checkpoint }) => checkpoint),
  ];
}

function printTensor({ dtype, shape, storage }: Tensor): string {
  return `${storage} ${dtype}[${shape.join(", ")}]`;
}

function sizeOf({ shape }: PlannedTensor): number {
  return shape.reduce((product, size) => product * size, 1);
}
