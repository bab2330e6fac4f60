import type { TargetName } from "../names.ts";
import { onnx } from "./onnx/index.ts";
import { pytorch } from "./pytorch/index.ts";
import type { Target } from "./target.ts";
import { tensorflow } from "./tensorflow/index.ts";

/** Every target there is; a name without one does not compile. */
const byName: { readonly [Name in TargetName]: Target<Name> } = { tensorflow, onnx, pytorch };

export type { TargetFile, Unwritable } from "./target.ts";

export const targets: readonly Target[] = Object.values(byName);
