import { statSync } from "node:fs";
import { join } from "node:path";
import { onnxAdapterPieces } from "../../../backends/onnx/index.ts";
import { contractKey, encodeContract, type ModelContract } from "../../../data/index.ts";
import { writeAtomically } from "../../../files/index.ts";
import { type FloatTensor, safetensorsPieces, type WeightPieces } from "../../../weights/index.ts";
import { fileIdentity } from "../../train/identity.ts";
import type { ServedAdapter, ServedFile } from "./manifest.ts";

/** The folder of adapters, beside the base. */
export const adaptersFolder = "adapters";

/** What is written of an adapter besides its values. */
export interface AdapterAbout {
  readonly name: string;
  /** SHA-256 of the base that it is for. */
  readonly base: string;
  readonly placements: readonly string[];
  readonly ranks: readonly number[];
  readonly contract: ModelContract;
}

/** Writes an adapter's tensors, by the names of a model's inputs, as safetensors and for ONNX Runtime's own loader. */
export function writeServedAdapter(
  folder: string,
  shapes: ReadonlyMap<string, readonly number[]>,
  piecesOf: WeightPieces,
  { name, base, placements, ranks, contract }: AdapterAbout,
): ServedAdapter {
  const tensors = new Map(
    [...shapes].map(([path, shape]): readonly [string, FloatTensor] => [path, { shape, data: () => piecesOf(path) }]),
  );
  const metadata = new Map([
    ["medctc.adapter", name],
    ["medctc.base_sha256", base],
    [contractKey, encodeContract(contract)],
  ]);
  const write = (ending: string, content: Iterable<Uint8Array>): ServedFile => {
    const file = `${adaptersFolder}/${name}.${ending}`;
    writeAtomically(join(folder, file), content);
    return fileOf(folder, file);
  };
  // ONNX Runtime reads no tensor without dimensions from these files.
  const isReadable = [...shapes.values()].every(({ length }) => length > 0);
  return {
    safetensors: write("safetensors", safetensorsPieces(tensors, metadata)),
    onnx_adapter: isReadable ? write("onnx_adapter", onnxAdapterPieces(tensors)) : null,
    placements: [...placements],
    ranks: [...ranks],
    contract,
  };
}

/** A written file, with its size and its hash. */
export function fileOf(folder: string, file: string): ServedFile {
  const path = join(folder, file);
  return { file, bytes: statSync(path).size, sha256: fileIdentity(path) };
}
