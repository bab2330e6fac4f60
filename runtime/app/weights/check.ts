import { buildForward, nodesOf, type Plan, type PlannedTensor, type TracedSpec } from "../../../compiler/index.ts";
import { type OpenAdapter, openAdapter } from "../../adapters/index.ts";
import type { NameMatch, OpenTensors, UnreadType } from "../../weights/index.ts";
import { compileReported, type SpecRequest } from "../compiled-spec.ts";
import { done, type Ended, type Reporter, refuseBy, refused } from "../reporter.ts";
import { matchPlan, noCopy, severalCopies } from "./match-tensors.ts";
import { matcherOf } from "./name-patterns.ts";
import { noChoices, type WeightChoices } from "./open.ts";
import { findOptional, optionalDifference } from "./optional-tensors.ts";
import { parameterOrder } from "./parameter-order.ts";

export interface WeightsCheckRequest extends SpecRequest {
  readonly file: string;
  /** Names of weights that the file need not have; `*` stands for anything. */
  readonly allowMissing: readonly string[];
  readonly choices?: WeightChoices;
}

/** What a file has of a model, by the names in checkpoints; shapes are the model's, and then the file's. */
export interface WeightsComparison {
  readonly format: OpenTensors["format"];
  readonly found: number;
  readonly rules: NameMatch["rules"];
  /** What a program reads and the file does not have. */
  readonly missing: readonly PlacedShape[];
  /** What the file need not have: no program reads it, or it is allowed to be missing. */
  readonly notNeeded: readonly PlacedShape[];
  readonly misshapen: readonly (PlacedShape & { readonly inFile: string; readonly found: readonly number[] })[];
  /** What the model computes itself, where the file has other values: the first of them, and the model's. */
  readonly differing: readonly (PlacedShape & {
    readonly inFile: string;
    readonly index: readonly number[];
    readonly found: number;
    readonly expected: number;
  })[];
  readonly unexpected: readonly (PlacedShape & { readonly dtype: string })[];
  /** Types of objects that are not tensors and were left unread. */
  readonly unread: readonly UnreadType[];
}

interface PlacedShape {
  readonly name: string;
  readonly shape: readonly number[];
}

/** What a file of weights has of a model, and what it has not. */
export function checkWeights(request: WeightsCheckRequest, reporter: Reporter): Ended<WeightsComparison> {
  const compiled = compileReported(request, reporter);
  if (compiled === null) return refused;
  const { copy, adapterName } = request.choices ?? noChoices;
  const file = openAdapter(request.file, adapterName, parameterOrder(compiled.plan));
  if (file.kind === "wrong") return refuseBy([file.diagnostic], reporter);
  try {
    const match = matchPlan(compiled.plan, file, copy);
    const several = severalCopies(request.file, file, match);
    if (several !== null) return refuseBy([several], reporter);
    if (copy !== null && match.found.size === 0) return refuseBy([noCopy(request.file, file, copy)], reporter);
    return done(compare(compiled.spec, compiled.plan, file, match, matcherOf(request.allowMissing)));
  } finally {
    file.close();
  }
}

function compare(
  spec: TracedSpec,
  plan: Plan,
  file: OpenAdapter,
  match: NameMatch,
  isAllowed: (name: string) => boolean,
): WeightsComparison {
  const { found, rules } = match;
  const read = new Set(
    nodesOf(buildForward(spec, [])).flatMap(({ operation }) => (operation.op === "parameter" ? [operation.path] : [])),
  );
  const missing: PlacedShape[] = [];
  const notNeeded: PlacedShape[] = [];
  const misshapen: WeightsComparison["misshapen"][number][] = [];
  for (const { path, checkpoint: name, shape } of expectedIn(plan, found)) {
    const inFile = found.get(name);
    const tensor = inFile === undefined ? undefined : file.tensors.get(inFile);
    if (inFile === undefined || tensor === undefined) {
      (read.has(path) && !isAllowed(name) ? missing : notNeeded).push({ name, shape });
    } else if (tensor.shape.join() !== shape.join()) misshapen.push({ name, shape, inFile, found: tensor.shape });
  }
  const optional = findOptional(spec.optional, file, match);
  const differing: WeightsComparison["differing"][number][] = [];
  for (const [inFile, each] of optional) {
    const tensor = file.tensors.get(inFile);
    const difference = tensor === undefined ? null : optionalDifference(each, tensor, file);
    if (difference === null) continue;
    const { checkpoint: name, type } = each;
    if (difference.kind === "shape") misshapen.push({ name, shape: type.shape, inFile, found: difference.found });
    else {
      const { index, found: has, expected } = difference;
      differing.push({ name, shape: type.shape, inFile, index, found: has, expected });
    }
  }
  const used = new Set([...found.values(), ...optional.keys()]);
  /** The name in the file under which a tensor is stored, whichever of its names is asked for. */
  const storedAs = (name: string): string => {
    const inFile = file.inFile.get(name) ?? name;
    return file.aliases.get(inFile) ?? inFile;
  };
  const stored = new Set([...used].map(storedAs));
  const unexpected = [...file.tensors].flatMap(([name, { shape, dtype }]) =>
    stored.has(storedAs(name)) ? [] : [{ name, shape, dtype }],
  );
  return {
    format: file.format,
    found: found.size,
    rules,
    missing,
    notNeeded,
    misshapen,
    differing,
    unexpected,
    unread: file.unread,
  };
}

/** What a file should have: the model, or the adapters where it has nothing but them. A tensor without elements is not stored. */
function expectedIn({ parameters, buffers }: Plan, found: NameMatch["found"]): readonly PlannedTensor[] {
  const all = [...parameters, ...buffers];
  const ofAdapters = all.filter(({ ofAdapter }) => ofAdapter);
  const ofModel = all.filter(({ ofAdapter }) => !ofAdapter);
  const hasAdapters = ofAdapters.some(({ checkpoint }) => found.has(checkpoint));
  const hasModel = ofModel.some(({ checkpoint }) => found.has(checkpoint));
  const expected = [...(hasModel || !hasAdapters ? ofModel : []), ...(hasAdapters ? ofAdapters : [])];
  return expected.filter(({ shape }) => !shape.includes(0));
}
