import * as v from "valibot";
import type { TokenSettings } from "../../compiler/index.ts";
import { failed, ok, type Result } from "../text/index.ts";
import {
  type ContractDifference,
  contractSchema,
  type DataContract,
  volumeContractOf,
  volumeEntries,
} from "./contract.ts";
import type { BoundInput, DataInputs } from "./data-inputs.ts";

/** The name of the record in the metadata of safetensors and ONNX files, and in checkpoints. */
export const contractKey = "medctc.contract";

const number = v.number();
const rgb = v.tuple([number, number, number]);
const size = v.pipe(number, v.safeInteger(), v.minValue(1));

const inputSchema = v.variant("kind", [
  v.object({ kind: v.literal("volume"), ...volumeEntries }),
  v.object({
    kind: v.literal("image"),
    size: v.tuple([size, size]),
    mean: rgb,
    std: rgb,
    interpolation: v.string(),
    resize: v.string(),
    /** Null where grey pictures of 16 bits are not read. */
    bits: v.nullable(size),
  }),
  /** Lies on the grid of the volume that it is of. */
  v.object({ kind: v.literal("segmentation"), of: v.string(), labels: v.nullable(v.array(number)) }),
  /** How many there are of a text, and numbers that they may have. */
  v.object({
    ...{ kind: v.literal("tokens"), length: size, vocabulary: size },
    /** What is done with a text that the tokenizer's file does not say; left out where nothing is. */
    ...{ clean: v.exactOptional(v.string()), padding: v.exactOptional(v.string()), side: v.exactOptional(v.string()) },
  }),
]);

type InputContract = v.InferOutput<typeof inputSchema>;

const modelSchema = v.object({
  version: v.literal(2),
  /** What the network takes, by the names of its inputs, in their order. */
  inputs: v.record(v.string(), inputSchema),
});

/** What a network takes of files and texts, input by input. */
export type ModelContract = v.InferOutput<typeof modelSchema>;

/** What is in files: the first version knew one kind of volumes. */
export type RecordedContract = ModelContract | DataContract;

const recordedSchema = v.variant("version", [modelSchema, contractSchema]);

/** The contract of a model's inputs; `orientations` are those of the volumes that the network sees, where they are known. */
export function modelContractOf(
  { inputs }: Pick<DataInputs, "inputs">,
  orientations: ReadonlyMap<string, string | null>,
): ModelContract {
  const known = inputs.flatMap((input) => {
    const contract = inputContract(input, orientations.get(input.name) ?? null);
    return contract === null ? [] : [[input.name, contract] as const];
  });
  return { version: 2, inputs: Object.fromEntries(known) };
}

/** Null for what follows from another input, or is a label. */
function inputContract(input: BoundInput, orientation: string | null): InputContract | null {
  switch (input.kind) {
    case "volume":
      return { kind: "volume", ...volumeContractOf(input.settings, orientation ?? input.settings.orientation) };
    case "image": {
      const { size: pixels, mean, std, interpolation, resize, bits } = input.settings;
      return { kind: "image", size: [...pixels], mean: [...mean], std: [...std], interpolation, resize, bits };
    }
    case "segmentation":
      return { kind: "segmentation", of: input.of, labels: input.labels === null ? null : [...input.labels] };
    case "tokens":
    case "prompts":
      return { kind: "tokens", length: input.length, vocabulary: input.vocabulary, ...cleaningOf(input.settings) };
    case "mask":
    case "table":
    case "known":
    case "balance":
      return null;
  }
}

function cleaningOf({ clean, padding, side }: TokenSettings) {
  return {
    ...(clean === null ? {} : { clean }),
    ...(padding === null ? {} : { padding }),
    ...(side === null ? {} : { side }),
  };
}

/** One line of JSON, the same for the same contract. */
export function encodeContract(contract: ModelContract): string {
  return JSON.stringify(contract);
}

/** Reads what `encodeContract` wrote, now or before inputs had settings of their own; the problem in words, with `its`. */
export function decodeContract(text: string): Result<RecordedContract, string> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return failed(`its \`${contractKey}\` is not valid JSON`);
  }
  const read = v.safeParse(recordedSchema, value);
  if (read.success) return ok(read.output);
  const where = v.getDotPath(read.issues[0]);
  return failed(`its \`${contractKey}\` cannot be read${where === null ? "" : ` at \`${where}\``}`);
}

/** A part of what an input takes that differs. */
export interface InputDifference extends ContractDifference {
  readonly input: string;
}

/**
 * In what a recorded contract and one of now differ, by input and field. Inputs are compared by their names, and those that have other names
 * in their order, where there are as many of a kind: a spec may rename them. What only one of them has, or knows, does not differ.
 */
export function modelDifferences(recorded: RecordedContract, now: ModelContract): readonly InputDifference[] {
  return pairsOf(recorded, now).flatMap(({ input, before, after }) => {
    const was = new Map<string, unknown>(Object.entries(before));
    const is = new Map<string, unknown>(Object.entries(after));
    const gone = leftOut.filter((field) => was.has(field) && !is.has(field));
    const fields = before.kind === after.kind ? [...is.keys(), ...gone] : ["kind"];
    return fields.flatMap((field) => {
      const [one, other] = [was.get(field) ?? null, is.get(field) ?? null];
      if (mayBeUnknown.has(field) && (one === null || other === null)) return [];
      const [old, present] = [JSON.stringify(one), JSON.stringify(other)];
      return old === present ? [] : [{ input, field, recorded: old, now: present }];
    });
  });
}

/** What is left out where it is not set. */
const leftOut = ["clean", "padding", "side"];
const mayBeUnknown: ReadonlySet<string> = new Set(["orientation", "bits"]);

/** A contract with the orientations that another knows and it does not. */
export function withOrientations(contract: ModelContract, recorded: RecordedContract): ModelContract {
  const known = new Map(
    pairsOf(recorded, contract).flatMap(({ input, before }) =>
      before.kind === "volume" ? [[input, before.orientation] as const] : [],
    ),
  );
  const inputs = Object.entries(contract.inputs).map(([name, input]): readonly [string, InputContract] => {
    if (input.kind !== "volume") return [name, input];
    return [name, { ...input, orientation: input.orientation ?? known.get(name) ?? null }];
  });
  return { ...contract, inputs: Object.fromEntries(inputs) };
}

interface ContractPair {
  readonly input: string;
  readonly before: InputContract;
  readonly after: InputContract;
}

function pairsOf(recorded: RecordedContract, now: ModelContract): readonly ContractPair[] {
  const present = Object.entries(now.inputs);
  const before = new Map(recorded.version === 2 ? Object.entries(recorded.inputs) : firstInputs(recorded, now));
  const renamed = (kind: InputContract["kind"]): readonly ContractPair[] => {
    const others = [...before].filter(([name, input]) => input.kind === kind && !(name in now.inputs));
    const own = present.filter(([name, input]) => input.kind === kind && !before.has(name));
    if (others.length !== own.length) return [];
    return own.flatMap(([input, after], place) => {
      const other = others[place]?.[1];
      return other === undefined ? [] : [{ input, before: other, after }];
    });
  };
  const named = present.flatMap(([input, after]) => {
    const same = before.get(input);
    return same === undefined ? [] : [{ input, before: same, after }];
  });
  return [...named, ...(["volume", "image", "segmentation", "tokens"] as const).flatMap(renamed)];
}

/** What the first version says of inputs: the same of all volumes, and of texts in their order. */
function firstInputs(
  { texts, ...volume }: DataContract,
  now: ModelContract,
): readonly (readonly [string, InputContract])[] {
  const present = Object.entries(now.inputs);
  const volumes = present.filter(([, { kind }]) => kind === "volume");
  const tokens = present.filter(([, { kind }]) => kind === "tokens");
  const known = texts?.length === tokens.length ? texts : [];
  return [
    ...volumes.map(([name]) => [name, { kind: "volume", ...volume }] as const),
    ...tokens.flatMap(([name], place) => {
      const text = known[place];
      return text === undefined ? [] : [[name, { kind: "tokens", ...text }] as const];
    }),
  ];
}
