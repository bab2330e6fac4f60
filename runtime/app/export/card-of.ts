import { basename, join, resolve } from "node:path";
import { printNumberOf } from "../../../compiler/index.ts";
import { kindOfPath } from "../../files/index.ts";
import { listWords, quotePython } from "../../text/index.ts";
import type { GivenWeights } from "../weights/open.ts";
import type { CardOf } from "./card.ts";
import { integerLines } from "./integer-report.ts";
import type { OnnxExport, OnnxInput } from "./onnx.ts";
import type { PeftExport } from "./peft.ts";
import type { ServedExport } from "./served/export-served.ts";
import { baseName } from "./served/manifest.ts";
import type { WeightsExport } from "./weights.ts";

type Given = Pick<GivenWeights, "weights" | "adapter">;

const halfPrecision = "Matrix products, and the weights that they read, in 16-bit floats.";

/** The card of adapters for PEFT, in their folder. */
export function cardOfPeft(folder: string, given: Given, exported: PeftExport): CardOf {
  const { type, adapters, files, compiled } = exported;
  const usage = [
    "from peft import PeftModel",
    "",
    "# base: the torch.nn.Module of the base model with its weights, whose modules have their names in the checkpoint",
    'model = PeftModel.from_pretrained(base, ".")',
  ];
  return {
    path: join(folder, "README.md"),
    ...{ compiled, given },
    written: {
      summary: `${printNumberOf(adapters, "adapter")} of PEFT's type ${type}.`,
      files,
      precision: ["32-bit floats."],
      usage: usage.join("\n"),
    },
    libraryName: "peft",
    tags: ["peft", type.toLowerCase()],
  };
}

/** The card of weights alone, beside their file. */
export function cardOfWeights(file: string, isMerged: boolean, given: Given, exported: WeightsExport): CardOf {
  const { compiled, tensors, types } = exported;
  const stored = [...types].map(([dtype, count]) => `${dtype} (${printNumberOf(count, "tensor")})`);
  const usage = ["from safetensors.torch import load_file", "", `weights = load_file(${quotePython(basename(file))})`];
  return {
    path: cardBeside(file),
    ...{ compiled, given },
    written: {
      summary: `${printNumberOf(tensors, "tensor")} by their names in checkpoints, ${isMerged ? "with adapters folded in" : "without adapters"}.`,
      files: [basename(file)],
      precision: [`Stored as ${listWords(stored, "and")}.`],
      usage: usage.join("\n"),
    },
    libraryName: null,
    tags: ["safetensors"],
  };
}

/** The card of a model that is served with one adapter or another, in its folder. */
export function cardOfServed(folder: string, weights: string | null, exported: ServedExport): CardOf {
  const { adapters, manifest, compiled } = exported;
  const { base, half, integers } = manifest;
  const inIntegers = Object.keys(integers).length;
  const programs = Object.values(base.programs);
  const kept = Object.values(manifest.adapters).flatMap(({ safetensors, onnx_adapters }) => [
    safetensors.file,
    ...Object.values(onnx_adapters).map(({ file }) => file),
  ]);
  const usage = [
    "import json",
    "import onnxruntime",
    "from safetensors.numpy import load_file",
    "",
    'served = json.load(open("adapters.json", encoding="utf-8"))',
    `adapter = load_file(served["adapters"][${quotePython(adapters.at(-1) ?? baseName)}]["safetensors"]["file"])`,
    ...programs.flatMap(({ file, inputs }, place) => [
      "",
      `program = list(served["base"]["programs"].values())[${place}]`,
      `session = onnxruntime.InferenceSession(${quotePython(file)}, providers=["CPUExecutionProvider"])`,
      'given = {name: adapter[name] for name in program["adapter_inputs"]}',
      `# and ${listWords(
        inputs.map(({ name, type, shape }) => `${name}: ${type} [${shape.join(", ")}]`),
        "and",
      )}`,
      "outputs = session.run(None, {**inputs, **given})",
    ]),
  ];
  return {
    path: join(folder, "README.md"),
    ...{ compiled, given: { weights, adapter: null } },
    written: {
      summary: `${printNumberOf(programs.length, "ONNX model")} with ${printNumberOf(adapters.length, "adapter")}, switched by name: ${listWords(adapters, "and")}. \`${baseName}\` is the model without any.`,
      files: [...programs.map(({ file }) => file), base.weights.file, "adapters.json", ...kept],
      precision: [
        half ? halfPrecision : "Computed in 32-bit floats.",
        ...(inIntegers === 0
          ? []
          : [`${printNumberOf(inIntegers, "weight")} of the base in 8-bit integers, adapters in 32-bit floats.`]),
      ],
      usage: usage.join("\n"),
    },
    libraryName: null,
    tags: ["onnx"],
  };
}

export interface OnnxForm {
  readonly merge: boolean;
  readonly half: boolean;
}

/** The card of ONNX models: in their folder, or beside the file of one. */
export function cardOfOnnx(path: string, form: OnnxForm, given: Given, exported: OnnxExport): CardOf {
  const { models, weights, integers, programs, compiled } = exported;
  const isMerged = form.merge ? "with adapters folded into the weights" : "with adapters beside the weights";
  const hasAdapters = compiled.plan.placements.length > 0;
  return {
    path: path.endsWith(".onnx") ? cardBeside(path) : join(path, "README.md"),
    ...{ compiled, given },
    written: {
      summary: `${printNumberOf(models.length, "ONNX model")}${hasAdapters ? `, ${isMerged}` : ""}.`,
      files: [...models, ...weights],
      precision: [
        form.half ? halfPrecision : "Computed in 32-bit floats.",
        ...(integers === null ? [] : integerLines(integers)),
      ],
      usage: ["import numpy", "import onnxruntime", ...programs.map(pythonOf)].join("\n"),
    },
    libraryName: null,
    tags: ["onnx"],
  };
}

function pythonOf({ file, inputs, outputs }: OnnxExport["programs"][number]): string {
  return [
    "",
    `session = onnxruntime.InferenceSession(${quotePython(file)}, providers=["CPUExecutionProvider"])`,
    `# outputs: ${outputs.join(", ")}`,
    "outputs = session.run(None, {",
    ...inputs.map((input) => `    ${quotePython(input.name)}: ${zerosOf(input)},`),
    "})",
  ].join("\n");
}

/** Zeros of an input's shape; where it takes any batch, of one of 1. */
function zerosOf({ dtype, sizes }: OnnxInput): string {
  const shape = sizes.map((size) => (typeof size === "number" ? String(size) : "1"));
  return `numpy.zeros((${shape.join(", ")}${shape.length === 1 ? "," : ""}), numpy.${dtype})`;
}

/** `image.md` beside `image.onnx`; null beside a device or a pipe. */
function cardBeside(file: string): string | null {
  return kindOfPath(file) === "other" ? null : resolve(file).replace(/(?:\.[A-Za-z0-9]+)?$/, ".md");
}
