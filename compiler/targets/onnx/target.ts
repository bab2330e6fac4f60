import type { Target } from "../target.ts";
import { optimiseForOnnx } from "./optimise.ts";

/** ONNX models, which have their weights in files beside them. */
export const onnx: Target<"onnx"> = {
  name: "onnx",
  optimise: (program, context) => optimiseForOnnx(program, context),
  files: null,
};
