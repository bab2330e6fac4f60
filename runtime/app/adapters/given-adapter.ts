import { type Diagnostic, report } from "../../../grammar/index.ts";
import {
  type ConfigFields,
  carriedFields,
  type LoraOf,
  loraPartsOf,
  type OtherTensor,
  placeModules,
  readAdapter,
} from "../../adapters/index.ts";
import { contractKey } from "../../data/index.ts";
import { openTensors } from "../../weights/index.ts";
import type { Reporter } from "../reporter.ts";
import { adapterFile, reportAdapterFile } from "../weights/adapter-file.ts";
import { parameterOrder } from "../weights/parameter-order.ts";
import type { AdaptedSpec } from "./adapted-spec.ts";
import { noteUnmet } from "./read.ts";

/** An adapter that is calculated with. */
export interface GivenAdapter {
  readonly kind: "adapter";
  /** As it was given: a file, or the folder of a run or of a PEFT adapter. */
  readonly path: string;
  readonly file: string;
  readonly isPeft: boolean;
  /** By the names of modules in checkpoints. */
  readonly updates: ReadonlyMap<string, LoraOf>;
  /** IA3's, by the names of modules. */
  readonly factors: ReadonlyMap<string, FactorsOf>;
  /** Everything else, by names in the file without prefixes. */
  readonly others: ReadonlyMap<string, OtherTensor>;
  /** What PEFT's config says that holds for another adapter of the same model too. */
  readonly fields: ConfigFields;
  /** The record of what it was trained on; null where the file has none. */
  readonly contract: string | null;
}

export interface FactorsOf {
  readonly on: "inputs" | "outputs" | "either";
  readonly tensor: OtherTensor;
}

interface Wrong {
  readonly kind: "wrong";
  readonly diagnostics: readonly Diagnostic[];
}

const factorsEnding = ".ia3_l";

/**
 * Reads an adapter with the scale of each update: by PEFT's config, by a spec that is given, or by that of its run where this is as it
 * was. With a spec that is given, modules get the names that they have in its model.
 */
export function readGiven(
  path: string,
  given: AdaptedSpec | null,
  specOfRun: (run: string) => AdaptedSpec | null,
  reporter: Reporter,
): GivenAdapter | Wrong {
  const file = adapterFile(path);
  reportAdapterFile(path, reporter);
  const read = readAdapter(file, new Map(), given === null ? undefined : parameterOrder(given.compiled.plan));
  if (read.kind === "wrong") return { kind: "wrong", diagnostics: [read.diagnostic] };
  noteUnmet(read, reporter);
  const { modules, others } = loraPartsOf(read);
  const { config } = read;
  const isPeft = config.kind === "config";
  const spec = given ?? (isPeft ? null : specOfRun(path));
  const damaged = [...modules.values()].filter(({ matrices }) => !areFinite(matrices.down) || !areFinite(matrices.up));
  const diagnostics = damaged.slice(0, 1).map(({ module }) => report("not-finite", file, { path, name: module }));
  const updates = new Map<string, LoraOf>();
  for (const [name, update] of modules) {
    const own = isPeft ? update : scaledBy(spec, update, path);
    if ("code" in own) diagnostics.push(own);
    else updates.set(name, own);
  }
  if (spec === null && !isPeft && modules.size > 0) {
    const help = "name the spec that it was trained with, --for SPEC, or put PEFT's adapter_config.json beside it";
    diagnostics.splice(
      0,
      diagnostics.length,
      report("unknown-alpha", file, { path, adapters: modules.size }, { help }),
    );
  }
  if (diagnostics.length > 0) return { kind: "wrong", diagnostics: diagnostics.slice(0, mostNamed) };
  const factors = new Map<string, FactorsOf>();
  for (const [name, tensor] of others) {
    if (!name.endsWith(factorsEnding)) continue;
    const module = name.slice(0, -factorsEnding.length);
    const update = spec?.updates.get(module);
    const on =
      config.kind === "config" && config.config.kind === "ia3" ? sideOf(config.config.isOnInputs(module)) : null;
    const known = on ?? (update?.kind === "factors" ? update.on : null);
    if (known !== null) factors.set(module, { on: known, tensor });
  }
  const rename = renaming([...updates.keys(), ...factors.keys()], given);
  return {
    kind: "adapter",
    path,
    file,
    isPeft,
    updates: renamed(updates, rename, (update, module) => ({ ...update, module, attention: moved(update, module) })),
    factors: renamed(factors, rename, (each) => each),
    others: new Map(
      [...others].filter(
        ([name]) => !factors.has(name.slice(0, -factorsEnding.length)) || !name.endsWith(factorsEnding),
      ),
    ),
    fields: isPeft ? carriedFields(file) : fieldsOfSpec(spec),
    contract: contractIn(file),
  };
}

/** Modules that are named of those with the same mistake. */
const mostNamed = 3;

function areFinite(values: Float64Array): boolean {
  return values.every(Number.isFinite);
}

function sideOf(isOnInputs: boolean): "inputs" | "outputs" {
  return isOnInputs ? "inputs" : "outputs";
}

/** An update with the scale that a spec gives it; without a spec, that is reported for all at once. */
function scaledBy(spec: AdaptedSpec | null, update: LoraOf, path: string): LoraOf | Diagnostic {
  if (spec === null) return update;
  const { module, matrices } = update;
  const known = spec.updates.get(module);
  const wrong = (why: string): Diagnostic => report("not-only-updates", path, { path, name: module, why });
  if (known?.kind !== "low-rank") return wrong(`is low-rank, but ${spec.path} has no such adapter there`);
  if (known.hasLengths) return wrong("has lengths of rows, of DoRA, which an update of scale x B A does not have");
  if (known.rank !== matrices.rank) return wrong(`has rank ${matrices.rank}, but ${known.rank} in ${spec.path}`);
  return { ...update, scale: known.scale, dropout: known.dropout, attention: known.attention?.module ?? null };
}

/** PEFT has to know of weights that are stored by inputs. */
function fieldsOfSpec(spec: AdaptedSpec | null): ConfigFields {
  const isTurned = [...(spec?.updates.values() ?? [])].some(
    (update) => update.kind === "low-rank" && update.folded.isTurned && !update.isEmbedding,
  );
  return isTurned ? { fan_in_fan_out: true } : {};
}

/** The names that modules have in the model of a spec: an adapter of one encoder alone has shorter ones. */
function renaming(modules: readonly string[], given: AdaptedSpec | null): (module: string) => string {
  if (given === null) return (module) => module;
  const own = given.compiled.elements.flatMap(({ instance, ofAdapter }) =>
    instance === null || ofAdapter ? [] : [instance.checkpoint],
  );
  const placed = placeModules(modules, own);
  return placed.kind === "placed" ? placed.nameOf : (module) => module;
}

function renamed<Value>(
  all: ReadonlyMap<string, Value>,
  rename: (module: string) => string,
  change: (value: Value, module: string) => Value,
): ReadonlyMap<string, Value> {
  return new Map(
    [...all].map(([module, value]) => {
      const name = rename(module);
      return [name, change(value, name)];
    }),
  );
}

/** An attention is named as its projections are. */
function moved({ module, attention }: LoraOf, name: string): string | null {
  if (attention === null) return null;
  return name.slice(0, name.length - (module.length - attention.length));
}

function contractIn(file: string): string | null {
  const opened = openTensors(file);
  if (opened.kind === "wrong") return null;
  opened.close();
  return opened.metadata.get(contractKey) ?? null;
}
