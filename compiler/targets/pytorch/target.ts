import { optimise } from "../../passes/index.ts";
import type { Target } from "../target.ts";
import { packageFiles } from "./package.ts";
import { Refusal } from "./refusal.ts";

/** A Python package for PyTorch, which people read beside the spec: it is written of the syntax, not of the graph. */
export const pytorch: Target<"pytorch"> = {
  name: "pytorch",
  optimise: (program, context) => optimise(program, context),
  files: (spec, about) => {
    try {
      return packageFiles(spec, about);
    } catch (error) {
      if (error instanceof Refusal) return { span: error.span, message: error.message };
      throw error;
    }
  },
};
