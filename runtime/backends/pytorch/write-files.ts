import { closeSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { elementCount, type TargetFile } from "../../../compiler/index.ts";
import { machineFiles, writeAll } from "../../files/index.ts";
import { type FloatTensor, safetensorsPieces, type WeightPieces } from "../../weights/index.ts";
import type { WrittenSpec } from "../backend.ts";

/** The package around the package of a model, so that a model may be called as a package is that Python has. */
const around = "medctc_model";

/** Where a package is, and the name of what workers run of it. */
export interface WrittenPackage {
  /** Where Python finds it. */
  readonly folder: string;
  readonly module: string;
}

/** Writes a package into a folder. */
export function writePackage(files: readonly TargetFile[], into: string): WrittenPackage {
  const folder = join(into, "package");
  for (const { name, content } of files) {
    const path = join(folder, around, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
  const [model = ""] = files[0]?.name.split("/") ?? [];
  return { folder, module: `${around}.${model}.worker` };
}

/** Writes the weights that are read, by their names in checkpoints, a piece at a time. */
export function writeWeights(
  path: string,
  { spec, checkpoints }: Pick<WrittenSpec, "spec" | "checkpoints">,
  read: ReadonlySet<string>,
  piecesOf: WeightPieces,
): void {
  const tensors = new Map(
    spec.parameters.flatMap((parameter): readonly (readonly [string, FloatTensor])[] => {
      const checkpoint = checkpoints.get(parameter.path);
      const { shape } = parameter.type;
      if (checkpoint === undefined || !read.has(parameter.path) || elementCount(parameter.type) === 0) return [];
      return [[checkpoint, { shape, data: () => piecesOf(parameter.path) }]];
    }),
  );
  const handle = machineFiles.create(path, 0o600);
  try {
    for (const piece of safetensorsPieces(tensors, new Map())) writeAll(handle, piece, machineFiles);
  } finally {
    closeSync(handle);
  }
}
