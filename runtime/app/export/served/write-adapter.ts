import { statSync } from "node:fs";
import { join } from "node:path";
import { onnxAdapterPieces } from "../../../backends/onnx/index.ts";
import { contractKey, encodeContract, type ModelContract } from "../../../data/index.ts";
import { writeAtomically } from "../../../files/index.ts";
import { type FloatTensor, safetensorsPieces, type WeightPieces } from "../../../weights/index.ts";
import { fileIdentity } from "../../train/identity.ts";
import type { FittedUpdates } from "./fit-updates.ts";
import type { Manifest, ServedAdapter, ServedFile } from "./manifest.ts";
import type { ServedTypes } from "./served-types.ts";

/** The folder of adapters, beside the base. */
export const adaptersFolder = "adapters";

/** The files of an adapter, for programs of these names. */
export function servedFiles(name: string, programs: readonly string[]): readonly string[] {
  return ["safetensors", ...programs.map(nativeEnding)].map((ending) => servedFile(name, ending));
}

function servedFile(name: string, ending: string): string {
  return `${adaptersFolder}/${name}.${ending}`;
}

/** Of ONNX Runtime's own form. */
function nativeEnding(program: string): string {
  return `${program}.onnx_adapter`;
}

/** What is written of an adapter besides its values. */
export interface AdapterAbout {
  readonly name: string;
  /** SHA-256 of the base that it is for. */
  readonly base: string;
  readonly placements: readonly string[];
  readonly updates: Pick<FittedUpdates, "ranks" | "paddedTo">;
  readonly contract: ModelContract;
}

/**
 * Writes an adapter's tensors, by the names of programs' inputs: as safetensors, and for ONNX Runtime's own loader in a file for each
 * program, which refuses what it has no input for.
 */
export function writeServedAdapter(
  folder: string,
  types: ServedTypes,
  programs: Manifest["base"]["programs"],
  piecesOf: WeightPieces,
  { name, base, placements, updates: { ranks, paddedTo }, contract }: AdapterAbout,
): ServedAdapter {
  const tensors = new Map(
    [...types].map(([path, { dtype, shape }]): readonly [string, FloatTensor] => [
      path,
      { shape, data: () => piecesOf(path), isWhole: dtype === "i32" },
    ]),
  );
  const metadata = new Map([
    ["medctc.adapter", name],
    ["medctc.base_sha256", base],
    [contractKey, encodeContract(contract)],
  ]);
  const write = (ending: string, content: Iterable<Uint8Array>): ServedFile => {
    const file = servedFile(name, ending);
    writeAtomically(join(folder, file), content);
    return fileOf(folder, file);
  };
  const native = Object.entries(programs).flatMap(([program, { adapter_inputs: inputs }]) => {
    const own = new Map([...tensors].filter(([path]) => inputs.includes(path)));
    // ONNX Runtime reads no tensor without dimensions from these files.
    const isReadable = own.size > 0 && [...own.values()].every(({ shape }) => shape.length > 0);
    return isReadable ? [[program, write(nativeEnding(program), onnxAdapterPieces(own))] as const] : [];
  });
  return {
    safetensors: write("safetensors", safetensorsPieces(tensors, metadata)),
    onnx_adapters: Object.fromEntries(native),
    placements: [...placements],
    ranks: [...ranks],
    padded_to: [...paddedTo],
    contract,
  };
}

/** A written file, with its size and its hash. */
export function fileOf(folder: string, file: string): ServedFile {
  const path = join(folder, file);
  return { file, bytes: statSync(path).size, sha256: fileIdentity(path) };
}
