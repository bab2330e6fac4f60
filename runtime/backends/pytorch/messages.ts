import * as v from "valibot";
import { parseJson } from "../../json/index.ts";
import type { Timed, Values } from "../engine.ts";

/** A tensor on the link between this program and a worker. */
export interface LinkTensor {
  readonly shape: readonly number[];
  readonly data: Values;
}

export type LinkTensors = ReadonlyMap<string, LinkTensor>;

/** What a worker is asked for or answered; tensors stand behind it. */
export type ToWorker =
  | {
      readonly kind: "open";
      readonly weights: string;
      readonly seed: number;
      readonly steps: number | null;
      readonly steps_per_epoch: number | null;
      readonly threads: number;
    }
  | { readonly kind: "store"; readonly step: number }
  | {
      readonly kind: "step";
      readonly step: number;
      readonly batch: number;
      readonly micro: number;
      readonly gradients: boolean;
    }
  | { readonly kind: "measure"; readonly step: number; readonly batch: number; readonly micro: number }
  | { readonly kind: "time"; readonly what: Timed; readonly size: number; readonly runs: number }
  | { readonly kind: "encode"; readonly outputs: readonly string[] }
  | { readonly kind: "rows" }
  | { readonly kind: "stop"; readonly reason: string }
  | { readonly kind: "read" }
  | { readonly kind: "quit" };

const wholeNumber = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
/** A number, or the word for one that JSON does not have. */
const measured = v.union([v.number(), v.pipe(v.picklist(["NaN", "Infinity", "-Infinity"]), v.transform(Number))]);

const message = v.variant("kind", [
  v.object({
    kind: v.literal("hello"),
    rank: wholeNumber,
    world: wholeNumber,
    local_rank: wholeNumber,
    device: v.string(),
    torch: v.string(),
  }),
  v.object({ kind: v.literal("done") }),
  v.object({
    kind: v.literal("stepped"),
    loss: measured,
    gradient_norm: measured,
    learning_rate: measured,
    metrics: v.record(v.string(), measured),
  }),
  v.object({ kind: v.literal("measured"), values: v.record(v.string(), measured) }),
  v.object({ kind: v.literal("timed"), seconds: v.pipe(v.number(), v.minValue(0)), gpus: wholeNumber }),
  v.object({ kind: v.literal("stopped"), reason: v.string() }),
  v.object({ kind: v.literal("values") }),
  v.object({ kind: v.literal("rows"), step: wholeNumber, from: wholeNumber, count: wholeNumber }),
  v.object({ kind: v.literal("error"), message: v.string(), traceback: v.string(), out_of_memory: v.boolean() }),
]);

/** What a worker says or asks for. */
export type FromWorker = v.InferOutput<typeof message>;

const tensor = v.object({
  name: v.string(),
  dtype: v.picklist(["f32", "i32"]),
  shape: v.pipe(v.array(wholeNumber), v.maxLength(32)),
});

export type TensorHead = v.InferOutput<typeof tensor>;

const header = v.object({ tensors: v.array(tensor) });

export interface Header {
  readonly message: FromWorker;
  readonly tensors: readonly TensorHead[];
}

/** What a header of a worker says; in words what is wrong with it for anything else. */
export function readHeader(text: string): Header | string {
  const json = parseJson(text, { depth: 8 });
  if (json.kind === "failed") return json.problem;
  const said = v.safeParse(message, json.value);
  const behind = v.safeParse(header, json.value);
  if (!said.success || !behind.success) return "it is not a message that workers send";
  return { message: said.output, tensors: behind.output.tensors };
}
