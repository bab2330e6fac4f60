import type { Dtype, Node, OperationName, TensorType } from "../../../ir/index.ts";
import type { Attributes } from "../graphdef.ts";
import { type Kind, readsWholeRows, type Space, type View, viewOf } from "./space.ts";

/** A row program as an operation of the graph: what it reads, what it gives, and its attributes. */
export interface RowProgram {
  /** A value that is repeated in several ways is read several times. */
  readonly inputs: readonly Node[];
  readonly outputs: readonly Node[];
  readonly attributes: Attributes;
}

/** The numbers of what runtime/backends/tensorflow/native/addons/program.h names. */
const opcodes = {
  load: 0,
  store: 1,
  neg: 2,
  exp: 3,
  log: 4,
  sqrt: 5,
  rsqrt: 6,
  abs: 7,
  sign: 8,
  erf: 9,
  tanh: 10,
  roundToBf16: 11,
  broadcast: 12,
  add: 13,
  sub: 14,
  mul: 15,
  div: 16,
  maximum: 17,
  minimum: 18,
  equal: 19,
  not_equal: 20,
  less: 21,
  less_equal: 22,
  greater: 23,
  greater_equal: 24,
  where: 25,
  sum: 26,
  max: 27,
  softmax: 28,
} as const satisfies Partial<Readonly<Record<OperationName | "load" | "store" | "roundToBf16", number>>>;

type Opcode = keyof typeof opcodes;

const kinds: Readonly<Record<Kind, number>> = { full: 0, row: 1, column: 2, scalar: 3 };
const places = { slot: 0, input: 1, output: 2, constant: 3 } as const;

/** Whose elements a row program reads and writes. */
const types: Readonly<Record<Dtype, number | null>> = { f32: 0, bf16: 1, bool: 2, i32: null };

interface Instruction {
  readonly opcode: Opcode;
  /** A value, or an output where it stores. */
  readonly result: number;
  /** Values, or an input where it loads. */
  readonly operands: readonly number[];
}

interface Value {
  readonly kind: Kind;
  place: { readonly at: keyof typeof places; readonly index: number } | "unplaced";
}

interface Input {
  readonly node: Node;
  readonly view: View;
  readonly value: number;
}

/** Writes operations of one space, in their order, as a row program; `read` has what is read outside of it. */
export function encodeRows(members: readonly Node[], space: Space, read: ReadonlySet<Node>): RowProgram {
  const encoder = new Encoder(members, space);
  for (const member of members) encoder.compute(member);
  return encoder.finish(members.filter((member) => read.has(member)));
}

class Encoder {
  private readonly inputs: Input[] = [];
  private readonly constants: number[] = [];
  private readonly values: Value[] = [];
  private readonly instructions: Instruction[] = [];
  /** What stands for each member: several may have one value. */
  private readonly valueOf = new Map<Node, number>();
  private readonly members: ReadonlySet<Node>;
  private readonly space: Space;
  private readonly wholeRows: boolean;

  constructor(members: readonly Node[], space: Space) {
    this.members = new Set(members);
    this.space = space;
    this.wholeRows = members.some(readsWholeRows);
  }

  compute(node: Node): void {
    const { operation, inputs, type } = node;
    const { op } = operation;
    const shape =
      op === "sum" || op === "max" || op === "reshape" ? inputs.map((input) => input.type.shape)[0] : type.shape;
    const operands = inputs.map((input) => this.operand(input, shape ?? []));
    const [first = 0] = operands;
    const kind = this.kindWithin(type.shape);
    const result = this.result(op, operands, first, kind, node);
    // One number that stands for all is written out, so that it can be given as it is.
    const repeated = this.values[result]?.kind === kind ? result : this.instruct("broadcast", kind, [result]);
    this.valueOf.set(node, this.rounded(repeated, kind, node));
  }

  private result(
    op: OperationName,
    operands: readonly number[],
    first: number,
    kind: Kind,
    { type, inputs }: Node,
  ): number {
    switch (op) {
      case "reshape":
        return first;
      case "cast":
        // What is not zero is true; all else is the same number, rounded where its type is narrower.
        return type.dtype === "bool" && inputs[0]?.type.dtype !== "bool"
          ? this.instruct("not_equal", kind, [first, this.constant(0)])
          : first;
      default:
        if (!isOpcode(op)) throw new Error(`a row program has no instruction for ${op}`);
        return this.instruct(op, kind, operands);
    }
  }

  /** A result in bf16 is computed in f32 and rounded. */
  private rounded(value: number, kind: Kind, { operation, inputs, type }: Node): number {
    const isExact = operation.op === "reshape" || (operation.op === "cast" && inputs[0]?.type.dtype !== "f32");
    return type.dtype === "bf16" && !isExact ? this.instruct("roundToBf16", kind, [value]) : value;
  }

  finish(read: readonly Node[]): RowProgram {
    const outputs = read.map((node) => ({ node, value: this.givenValue(node) }));
    for (const [index, { node, value }] of outputs.entries()) this.give(node, index, value);
    const slots = this.placeSlots();
    const { rows, columns } = this.flattened(read);
    const program = [
      ...[rows, columns, this.wholeRows ? 1 : 0, slots],
      ...[this.inputs.length, outputs.length, this.values.length, this.instructions.length],
      ...this.inputs.flatMap(({ node, view }) => [typeNumber(node.type), kinds[view.kind], ...encodeAxes(view)]),
      ...read.flatMap(({ type }) => [
        ...[typeNumber(type), kinds[this.kindWithin(type.shape)], type.shape.length],
        ...type.shape,
      ]),
      ...this.values.flatMap(({ kind, place }) => {
        if (place === "unplaced") throw new Error("every value has a place");
        return [kinds[kind], places[place.at], place.index];
      }),
      ...this.instructions.flatMap(({ opcode, result, operands: [a = 0, b = 0, c = 0] }) => [
        ...[opcodes[opcode], result],
        ...[a, b, c],
      ]),
    ];
    return {
      inputs: this.inputs.map(({ node }) => node),
      outputs: read,
      attributes: {
        Tin: { kind: "types", dtypes: this.inputs.map(({ node }) => node.type.dtype) },
        Tout: { kind: "types", dtypes: read.map(({ type }) => type.dtype) },
        program: { kind: "ints", values: program },
        constants: { kind: "floats", values: this.constants },
      },
    };
  }

  /** One row where every number has its own place, so that tiles are as long as they can be. */
  private flattened(read: readonly Node[]): Space {
    const { rows, columns } = this.space;
    const isFlat =
      !this.wholeRows &&
      this.values.every(({ kind }) => kind === "full" || kind === "scalar") &&
      this.inputs.every(({ view }) => view.axes === null) &&
      read.every(({ type }) => this.kindWithin(type.shape) === "full");
    return isFlat ? { rows: 1, columns: rows * columns } : this.space;
  }

  private operand(node: Node, result: readonly number[]): number {
    const { operation } = node;
    if (operation.op === "constant") return this.constant(operation.value);
    const own = this.valueOf.get(node);
    if (own !== undefined) return own;
    if (this.members.has(node)) throw new Error("a member stands after those that it reads");
    const seen = viewOf(node.type.shape, result);
    // What has one column in a narrower result is a number for each row of the whole.
    const isNarrow = seen.kind === "full" && (result.at(-1) ?? 1) === 1 && this.space.columns !== 1;
    const view: View = isNarrow ? { ...seen, kind: "row" } : seen;
    const key = JSON.stringify(view);
    const known = this.inputs.find((input) => input.node === node && JSON.stringify(input.view) === key);
    return known?.value ?? this.input(node, view);
  }

  private input(node: Node, view: View): number {
    const index = this.inputs.length;
    const isInPlace = node.type.dtype === "f32" && view.axes === null;
    const value = this.value(view.kind, isInPlace ? { at: "input", index } : "unplaced");
    if (!isInPlace) this.instructions.push({ opcode: "load", result: value, operands: [index] });
    this.inputs.push({ node, view, value });
    return value;
  }

  private constant(number: number): number {
    const index = this.constants.push(number) - 1;
    return this.value("scalar", { at: "constant", index });
  }

  private instruct(opcode: Opcode, kind: Kind, operands: readonly number[]): number {
    const result = this.value(kind, "unplaced");
    this.instructions.push({ opcode, result, operands });
    return result;
  }

  private value(kind: Kind, place: Value["place"]): number {
    return this.values.push({ kind, place }) - 1;
  }

  private kindWithin(shape: readonly number[]): Kind {
    return (shape.at(-1) ?? 1) === this.space.columns ? "full" : "row";
  }

  private givenValue(node: Node): number {
    const value = this.valueOf.get(node);
    if (value === undefined) throw new Error("an output is a member");
    return value;
  }

  /** Puts an output in f32 where it is computed, and stores a copy of all others. */
  private give({ type }: Node, index: number, value: number): void {
    const computed = this.values[value];
    if (computed === undefined) throw new Error("a value is there");
    if (type.dtype === "f32" && computed.place === "unplaced" && this.isComputed(value)) {
      computed.place = { at: "output", index };
    } else {
      this.instructions.push({ opcode: "store", result: index, operands: [value] });
    }
  }

  /** What is not lies in an input, or is a constant. */
  private isComputed(value: number): boolean {
    return this.instructions.some(({ opcode, result }) => result === value && opcode !== "store");
  }

  /** Gives each value that has no place yet a slot which nothing else needs between its first and its last use; counts slots. */
  private placeSlots(): number {
    const lastUse = new Map<number, number>();
    for (const [at, { opcode, operands }] of this.instructions.entries())
      if (opcode !== "load") for (const operand of operands) lastUse.set(operand, at);
    const free: number[] = [];
    let slots = 0;
    for (const [at, { opcode, result, operands }] of this.instructions.entries()) {
      const value = opcode === "store" ? undefined : this.values[result];
      if (value?.place === "unplaced") {
        value.place = { at: "slot", index: free.pop() ?? slots++ };
        if (!lastUse.has(result)) free.push(slotOf(value));
      }
      if (opcode === "load") continue;
      for (const operand of new Set(operands)) {
        const used = this.values[operand];
        if (
          used !== undefined &&
          lastUse.get(operand) === at &&
          typeof used.place === "object" &&
          used.place.at === "slot"
        )
          free.push(slotOf(used));
      }
    }
    return slots;
  }
}

function slotOf({ place }: Value): number {
  if (place === "unplaced") throw new Error("a slot is given");
  return place.index;
}

function encodeAxes({ axes }: View): readonly number[] {
  if (axes === null) return [1, 0];
  return [0, axes.length, ...axes.flatMap(({ size, stride }) => [size, stride])];
}

function typeNumber({ dtype }: TensorType): number {
  const number = types[dtype];
  if (number === null) throw new Error(`a row program has no ${dtype}`);
  return number;
}

function isOpcode(op: string): op is Opcode {
  return Object.hasOwn(opcodes, op);
}
