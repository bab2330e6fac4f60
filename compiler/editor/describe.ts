import type { Span } from "../../grammar/index.ts";
import { describe, type Value } from "../elaborate/index.ts";
import { elementCount, printType } from "../ir/index.ts";
import { parametersUnder } from "../select/index.ts";
import { printCount } from "../units.ts";
import type { Declaration } from "./declarations.ts";

/** What declares something, without its body: `module linear(outputs: int, inputs: int = infer, bias: bool = true)`. */
export function headOf({ kind, span: { source, start, end }, name }: Declaration): string {
  const text = source.text.slice(start, end);
  const body = /\)\s*(?:wraps\b[^{]*)?\{|^[^({]*\{/.exec(text);
  const head = (body === null ? text : text.slice(0, body.index + body[0].length - 1))
    .replace(/\s+/g, " ")
    .replace("( ", "(")
    .replace(/ \)( |$)/, ")$1")
    .trim();
  switch (kind) {
    case "parameter":
    case "size":
    case "variable":
    case "base":
    case "role":
    case "family":
    case "import":
      return `${kind} ${name.text === head ? head : head.startsWith("roles") ? name.text : head}`;
    case "function":
    case "loss":
    case "module":
    case "adapter":
    case "model":
    case "let":
    case "input":
    case "encoder":
    case "metric":
    case "param":
    case "optional-buffer":
    case "part":
      return head;
  }
}

/** The lines of comments directly above, without their marks; empty where there are none. */
export function commentAbove({ source: { text }, start }: Span): string {
  const lines = text.slice(0, start).split(/\r?\n/).slice(0, -1);
  const found: string[] = [];
  for (let line = lines.pop(); line !== undefined && /^\s*#/.test(line); line = lines.pop()) {
    found.unshift(line.replace(/^\s*# ?/, ""));
  }
  return found.join("\n");
}

/** A value as a hover shows it: a tensor's type with the names of its axes, a module with what is in it. */
export function describeValue(value: Value): string | null {
  switch (value.kind) {
    case "tensor": {
      const labels = value.labels.flatMap((label) => label ?? []);
      return labels.length === 0
        ? printType(value.node.type)
        : `${printType(value.node.type)}, axes ${labels.join(", ")}`;
    }
    case "instance": {
      const { instance } = value;
      const parameters = parametersUnder({ instance, parameter: null }, true);
      const count = parameters.reduce((sum, { type }) => sum + elementCount(type), 0);
      return `\`${instance.path}\`: ${printCount(count)} parameters`;
    }
    case "number":
    case "string":
    case "boolean":
    case "list":
    case "parameter":
    case "initial":
    case "dtype":
    case "none":
      return describe(value);
    case "infer":
    case "callable":
    case "builtin":
    case "arrow":
    case "imported":
    case "optional-buffer":
    case "axis-name":
    case "unknown":
      return null;
  }
}
