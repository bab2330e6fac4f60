import { join } from "node:path";
import { type Diagnostic, report } from "../../../grammar/index.ts";
import { decodeContract, modelDifferences, type RecordedContract } from "../../data/index.ts";
import { kindOfPath, machineFiles } from "../../files/index.ts";
import { readState } from "../../train/index.ts";
import type { Reporter } from "../reporter.ts";
import type { GivenAdapter } from "./given-adapter.ts";

/** What adapters of one module cannot be combined for: inputs, names or shapes that differ. */
export function disagreements(adapters: readonly GivenAdapter[]): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  const contracts: { path: string; contract: RecordedContract }[] = [];
  for (const { path, file, contract } of adapters) {
    if (contract === null) continue;
    const read = decodeContract(contract);
    if (read.kind === "failed") found.push(report("bad-tensor-file", file, { path: file, problem: read.problem }));
    else contracts.push({ path, contract: read.value });
  }
  const [first, ...others] = contracts;
  if (first !== undefined) for (const other of others) found.push(...contractsDiffer(first, other));
  return found.length > 0 ? found : differentModules(adapters);
}

interface Recorded {
  readonly path: string;
  readonly contract: RecordedContract;
}

function contractsDiffer(first: Recorded, other: Recorded): readonly Diagnostic[] {
  // Of two records of the first version, which names no inputs, nothing is known to differ.
  const [before, after] = other.contract.version === 2 ? [first, other] : [other, first];
  if (after.contract.version !== 2) return [];
  return modelDifferences(before.contract, after.contract).map(({ input, field, recorded, now }) => {
    const sides = { first: before.path, ofFirst: recorded, other: after.path, ofOther: now };
    return report("adapters-trained-differently", first.path, { input, field, ...sides });
  });
}

/** Modules that have the same name and another shape, or the same name but for what is before it. */
function differentModules(adapters: readonly GivenAdapter[]): readonly Diagnostic[] {
  const known = new Map<string, { readonly path: string; readonly shape: string }>();
  for (const { path, updates, factors } of adapters) {
    const modules = [
      ...[...updates].map(([module, { matrices, kernel }]) => {
        const { outputs, inputs, groups } = matrices;
        return [module, `[${outputs}, ${inputs}]${kernelText(kernel, groups)}`] as const;
      }),
      ...[...factors].map(([module, { tensor, on }]) => [module, `[${tensor.shape.join(", ")}] of ${on}`] as const),
    ];
    for (const [module, shape] of modules) {
      const other = known.get(module);
      if (other === undefined) known.set(module, { path, shape });
      else if (other.shape !== shape) {
        const sides = { first: other.path, ofFirst: other.shape, other: path, ofOther: shape };
        return [report("updates-differ-in-shape", path, { module, ...sides })];
      }
    }
  }
  return namedDifferently(adapters);
}

function kernelText(kernel: readonly number[], groups: number): string {
  if (kernel.length === 0) return "";
  return ` with the kernel ${kernel.join(" x ")}${groups > 1 ? ` in ${groups} groups` : ""}`;
}

/** The first adapter's names that end as another's do: one may be of an encoder alone. */
function namedDifferently(adapters: readonly GivenAdapter[]): readonly Diagnostic[] {
  for (const one of adapters)
    for (const two of adapters) {
      if (one === two) continue;
      const shorter = new Set([...two.updates.keys(), ...two.factors.keys()]);
      for (const name of [...one.updates.keys(), ...one.factors.keys()]) {
        if (shorter.has(name)) continue;
        const same = endingsOf(name).find((ending) => shorter.has(ending));
        if (same === undefined) continue;
        const sides = { first: one.path, ofFirst: name, other: two.path, ofOther: same };
        return [report("modules-named-differently", two.path, sides)];
      }
    }
  return [];
}

/** What follows each dot of a name, of at least two parts: many modules share the last one. */
function endingsOf(name: string): readonly string[] {
  const parts = name.split(".");
  return parts.slice(1, -1).map((_, place) => parts.slice(place + 1).join("."));
}

/** Warns of adapters that are not recorded to be of the same weights. */
export function warnOfBases(adapters: readonly GivenAdapter[], reporter: Reporter): void {
  const named = adapters.flatMap(({ path, fields }) => {
    const base = fields["base_model_name_or_path"];
    return typeof base === "string" && base !== "" ? [{ path, base }] : [];
  });
  const trained = adapters.flatMap(({ path }) => {
    const base = weightsOfRun(path);
    return base === null ? [] : [{ path, base }];
  });
  for (const all of [named, trained]) {
    const [first] = all;
    const other = all.find(({ base }) => base !== first?.base);
    if (first === undefined || other === undefined) continue;
    reporter.warning(
      `these adapters may be of different weights: ${first.path} was trained on ${first.base}, ${other.path} on ${other.base}`,
    );
  }
}

/** The hash of the weights that a run was trained on, as its last checkpoint has it; null where there is none. */
function weightsOfRun(run: string): string | null {
  const folder = join(run, "checkpoints");
  if (kindOfPath(folder) !== "folder") return null;
  const newest = machineFiles
    .list(folder)
    .filter((name) => /^step-\d{8,16}$/.test(name))
    .sort()
    .at(-1);
  const state = newest === undefined ? null : readState(join(folder, newest));
  if (state?.kind !== "ok") return null;
  return state.value.identity.weights.replaceAll("\n", ", ").replaceAll(/([0-9a-f]{12})[0-9a-f]{52}/g, "$1...");
}
