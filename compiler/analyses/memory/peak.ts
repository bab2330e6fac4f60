import { countAt } from "../../at.ts";
import { byteCount, type Node, NodeMap, nodesOf, type Program } from "../../ir/index.ts";
import { valueNamed } from "../../programs/index.ts";
import { resultOf, scratchBytes } from "../../targets/tensorflow/index.ts";

/** What one run of a program keeps in memory at most, in bytes, without the process that runs it and what stays between runs. */
export interface Peak {
  /** Values of this run, where they are most. */
  readonly tensorBytes: number;
  /** Values that take at most `pieceBytes`, where these are most. */
  readonly pieceBytes: number;
  /** The operation where all of them are most; null for a program that computes nothing. */
  readonly at: Node | null;
}

/** Up to that size, memory comes from the heap and goes back to it, not to the system: the largest threshold of glibc. */
const largestPiece = 32 * 1024 * 1024;

/**
 * Estimates the memory of one run of an optimised program. Its operations run one after the other in the program's order,
 * in which the TensorFlow target chains all large ones; a value lives until it was last read. Linear in the program.
 */
export function peakOf(program: Program): Peak {
  const nodes = nodesOf(program);
  const run = new Run(program, nodes);
  for (const node of nodes) run.compute(node);
  const { tensorBytes, pieceBytes, at } = run;
  return { tensorBytes, pieceBytes, at };
}

/** Memory that one or several values share, and how often it will still be read. */
interface Buffer {
  readonly bytes: number;
  readersLeft: number;
}

class Run {
  tensorBytes = 0;
  pieceBytes = 0;
  at: Node | null = null;
  private liveBytes = 0;
  private livePieceBytes = 0;
  private readonly readers = new NodeMap<number>();
  private readonly buffers = new NodeMap<Buffer>();
  private readonly variables = new Map<string, Buffer>();
  private readonly updated = new Map<Node, string[]>();

  constructor({ outputs, updates }: Program, nodes: readonly Node[]) {
    for (const { inputs } of nodes) for (const input of inputs) this.addReader(input);
    // What is fetched stays until the end; gradients are fetched by a signature of their own.
    for (const [name, node] of outputs) if (valueNamed(name).kind !== "gradient") this.addReader(node);
    for (const [path, node] of updates) {
      // A new value becomes the variable, and so stays.
      this.addReader(node);
      const paths = this.updated.get(node);
      if (paths === undefined) this.updated.set(node, [path]);
      else paths.push(path);
    }
  }

  compute(node: Node): void {
    const { operation, inputs, type } = node;
    const readers = countAt(this.readers, node);
    const bytes = byteCount(type);
    switch (operation.op) {
      case "parameter": {
        // One reader more: what takes the variable's place, if anything does. Variables are counted by themselves.
        const variable = this.variables.get(operation.path) ?? { bytes, readersLeft: 1 };
        variable.readersLeft += readers;
        this.variables.set(operation.path, variable);
        this.buffers.set(node, variable);
        return;
      }
      case "input":
        // Who feeds it keeps it, and TensorFlow has a copy.
        this.allocate(2 * bytes, node);
        this.buffers.set(node, { bytes, readersLeft: readers + 1 });
        return;
      case "constant":
        // One number in the graph.
        return;
      default:
    }
    const shared = this.sharedBuffer(node, bytes);
    const buffer = shared ?? { bytes, readersLeft: 0 };
    buffer.readersLeft += readers;
    this.buffers.set(node, buffer);
    if (shared === null) this.allocate(bytes, node);
    else this.notePeak(node);
    for (const input of inputs) this.release(this.buffers.get(input));
    for (const path of this.updated.get(node) ?? []) this.release(this.variables.get(path));
  }

  /** The memory of an input that a result takes: another name for it, or written over what nothing else reads. */
  private sharedBuffer(node: Node, bytes: number): Buffer | null {
    switch (resultOf(node)) {
      case "new":
        return null;
      case "first input":
        return this.buffers.get(node.inputs[0] ?? node) ?? null;
      case "over an input":
        for (const input of node.inputs) {
          const buffer = this.buffers.get(input);
          if (buffer?.readersLeft === 1 && buffer.bytes === bytes && byteCount(input.type) === bytes) return buffer;
        }
        return null;
    }
  }

  private addReader(node: Node): void {
    this.readers.set(node, countAt(this.readers, node) + 1);
  }

  private allocate(bytes: number, node: Node): void {
    this.liveBytes += bytes;
    if (bytes <= largestPiece) this.livePieceBytes += bytes;
    this.notePeak(node);
  }

  private notePeak(node: Node): void {
    this.pieceBytes = Math.max(this.pieceBytes, this.livePieceBytes);
    const bytes = this.liveBytes + scratchBytes(node);
    if (bytes <= this.tensorBytes) return;
    this.tensorBytes = bytes;
    this.at = node;
  }

  private release(buffer: Buffer | undefined): void {
    if (buffer === undefined) return;
    buffer.readersLeft -= 1;
    if (buffer.readersLeft > 0) return;
    this.liveBytes -= buffer.bytes;
    if (buffer.bytes <= largestPiece) this.livePieceBytes -= buffer.bytes;
  }
}
