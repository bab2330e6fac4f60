import { printBytes } from "../../compiler/index.ts";
import { printable } from "../../grammar/index.ts";
import { printCount, renderTable } from "../text/index.ts";
import { bytesOf, countOf, openTensors } from "../weights/index.ts";
import { refuse } from "./fail.ts";
import { type ExitCode, exitCodes, type Terminal } from "./terminal.ts";

/** `medctc weights inspect`: what is in a file of weights, of which no tensor is read. */
export function inspectWeights(path: string, { json }: { readonly json: boolean }, terminal: Terminal): ExitCode {
  const opened = openTensors(path);
  if (opened.kind === "wrong") return refuse([opened.diagnostic], terminal);
  opened.close();
  const { format, metadata } = opened;
  const tensors = [...opened.tensors].map(([name, { dtype, shape }]) => ({
    name,
    dtype,
    shape,
    bytes: bytesOf(dtype) * countOf(shape),
  }));
  const elements = tensors.reduce((sum, { shape }) => sum + countOf(shape), 0);
  const bytes = tensors.reduce((sum, each) => sum + each.bytes, 0);
  if (json) {
    const totals = { tensors: tensors.length, elements, bytes };
    const texts = [...metadata].map(([key, text]) => ({ key, text }));
    terminal.json(`${JSON.stringify({ format, tensors, totals, metadata: texts }, null, 2)}\n`);
    return exitCodes.done;
  }
  const rows = tensors.map((each) => [
    printable(each.name),
    each.dtype,
    `[${each.shape.join(", ")}]`,
    printBytes(each.bytes),
  ]);
  terminal.out(renderTable([["name", "dtype", "shape", "size"], ...rows], ["left", "left", "left", "right"]));
  const counted = `${printCount(tensors.length)} tensors, ${printCount(elements)} elements, ${printBytes(bytes)}`;
  terminal.out(`\n${format}: ${counted}\n`);
  for (const [key, text] of metadata) terminal.out(`  ${printable(`${key}: ${text}`)}\n`);
  return exitCodes.done;
}
