import * as v from "valibot";
import { type VolumeSettings, windowsOf } from "../../compiler/index.ts";
import { failed, ok, type Result } from "../text/index.ts";
import type { DataInputs } from "./data-inputs.ts";

/** The name of the record in the metadata of safetensors and ONNX files, and in checkpoints. */
export const contractKey = "medctc.contract";

const pair = v.tuple([v.number(), v.number()]);
const triple = v.tuple([v.number(), v.number(), v.number()]);
const size = v.pipe(v.number(), v.safeInteger(), v.minValue(1));

/** What a network takes: volumes, and texts where it has any. */
export const contractSchema = v.object({
  version: v.literal(1),
  /** Windows are in Hounsfield units, whatever files hold. */
  units: v.literal("hounsfield"),
  /** Null where the orientation of the volumes was not known. */
  orientation: v.nullable(v.string()),
  axes: v.string(),
  spacing: triple,
  size: triple,
  window: v.array(pair),
  range: pair,
  pad: v.number(),
  /** Tokens of each text, and numbers that they may have; null where a model's texts were not known. */
  texts: v.nullable(v.array(v.object({ length: size, vocabulary: size }))),
});

export type DataContract = v.InferOutput<typeof contractSchema>;

/** The contract of a `data` block and a model's inputs; `orientation` is that of the volumes that the network sees, where it is known. */
export function contractOf(
  settings: VolumeSettings,
  orientation: string | null,
  inputs: DataInputs | null,
): DataContract {
  const { axes, spacing, size: voxels, range, pad } = settings;
  return {
    version: 1,
    units: "hounsfield",
    orientation,
    axes,
    spacing: [...spacing],
    size: [...voxels],
    window: windowsOf(settings).map(([lowest, highest]) => [lowest, highest]),
    range: [...range],
    pad,
    texts:
      inputs?.inputs.flatMap((input) =>
        input.kind === "tokens" ? [{ length: input.length, vocabulary: input.vocabulary }] : [],
      ) ?? null,
  };
}

/** One line of JSON, the same for the same contract. */
export function encodeContract(contract: DataContract): string {
  return JSON.stringify(contract);
}

/** Reads what `encodeContract` wrote; the problem in words, with `its`. */
export function decodeContract(text: string): Result<DataContract, string> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return failed(`its \`${contractKey}\` is not valid JSON`);
  }
  const read = v.safeParse(contractSchema, value);
  if (read.success) return ok(read.output);
  const where = v.getDotPath(read.issues[0]);
  return failed(`its \`${contractKey}\` cannot be read${where === null ? "" : ` at \`${where}\``}`);
}

/** A part of two contracts that differs. */
export interface ContractDifference {
  readonly field: string;
  readonly recorded: string;
  readonly now: string;
}

/** In what a recorded contract and one of now differ, field by field. What one of them does not know does not differ. */
export function contractDifferences(recorded: DataContract, now: DataContract): readonly ContractDifference[] {
  const fields = ["orientation", "axes", "spacing", "size", "window", "range", "pad", "texts"] as const;
  return fields.flatMap((field) => {
    const [before, after] = [recorded[field], now[field]];
    if (before === null || after === null) return [];
    const [was, is] = [JSON.stringify(before), JSON.stringify(after)];
    return was === is ? [] : [{ field, recorded: was, now: is }];
  });
}
