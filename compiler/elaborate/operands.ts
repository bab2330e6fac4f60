import type { Expression } from "../../grammar/index.ts";

/** What a condition compares, for a message that shows the values. */
export function operandsOf(condition: Expression): readonly Expression[] {
  switch (condition.kind) {
    case "binary":
      return [...operandsOf(condition.left), ...operandsOf(condition.right)];
    case "unary":
      return operandsOf(condition.operand);
    case "number":
    case "string":
    case "boolean":
    case "none":
    case "infer":
    case "arrow":
      return [];
    case "name":
    case "list":
    case "range":
    case "if":
    case "call":
    case "member":
    case "index":
    case "pipe":
      return [condition];
  }
}
