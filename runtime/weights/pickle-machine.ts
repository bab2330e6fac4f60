import { FormatError } from "./format-error.ts";
import { type PickleTypes, type PickleValue, PyDict, UnreadObject } from "./pickle-values.ts";

/** What a pickle's instructions work on: its bytes in their order, a stack of values with marks, and values that it keeps. */
export class PickleMachine {
  private readonly file: string;
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  readonly types: PickleTypes;
  private readonly stack: PickleValue[] = [];
  /** How high the stack was at each mark. */
  private readonly marks: number[] = [];
  private readonly memo = new Map<number, PickleValue>();
  private at = 0;

  constructor(file: string, bytes: Uint8Array, types: PickleTypes) {
    this.file = file;
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.types = types;
  }

  /** The only value that is left. */
  end(): PickleValue {
    const value = this.pop();
    if (this.stack.length > 0 || this.marks.length > 0) throw this.wrong("it ends with more than one value");
    if (this.at < this.bytes.length) throw this.wrong("it continues past its end");
    return value;
  }

  protocol(version: number): void {
    if (version < 2 || version > 5) throw this.wrong(`its protocol is ${version}; 2 to 5 are supported`);
  }

  mark(): void {
    this.marks.push(this.stack.length);
  }

  push(value: PickleValue): void {
    this.stack.push(value);
  }

  pop(): PickleValue {
    const value = this.stack.length > (this.marks.at(-1) ?? 0) ? this.stack.pop() : undefined;
    if (value === undefined) throw this.wrong("it takes a value from an empty stack");
    return value;
  }

  /** The value before the last, and the last. */
  popBoth(): readonly [PickleValue, PickleValue] {
    const last = this.pop();
    return [this.pop(), last];
  }

  marked(): PickleValue[] {
    const from = this.marks.pop();
    if (from === undefined) throw this.wrong("it takes values up to a mark, but there is none");
    return this.stack.splice(from);
  }

  top(): PickleValue {
    const value = this.stack.length > (this.marks.at(-1) ?? 0) ? this.stack.at(-1) : undefined;
    if (value === undefined) throw this.wrong("it reads a value from an empty stack");
    return value;
  }

  tuple(length: number): void {
    const items = Array.from({ length }, () => this.pop()).reverse();
    this.push({ kind: "tuple", items });
  }

  append(items: readonly PickleValue[]): void {
    const list = this.top();
    if (list instanceof UnreadObject) return;
    if (typeof list !== "object" || list?.kind !== "list") throw this.wrong("it adds to something that is not a list");
    for (const item of items) list.items.push(item);
  }

  /** What is put into a set, which is not looked into. */
  add(): void {
    this.marked();
    const set = this.top();
    if (typeof set !== "object" || (set?.kind !== "other" && set?.kind !== "unread"))
      throw this.wrong("it adds to something that is not a set");
  }

  /** Keys and values in turn. */
  setItems(items: readonly PickleValue[]): void {
    const top = this.top();
    const dict = top instanceof UnreadObject ? top.items : top;
    if (!(dict instanceof PyDict)) throw this.wrong("it sets an item of something that is not a dict");
    if (items.length % 2 !== 0) throw this.wrong("a key in it has no value");
    for (let index = 0; index < items.length; index += 2) dict.set(items[index] ?? null, items[index + 1] ?? null);
  }

  /** What an OrderedDict has besides its items, such as a state dict's `_metadata`, is left out. */
  build(): void {
    const [built, state] = this.popBoth();
    if (built instanceof UnreadObject) built.state = state;
    else if (!(built instanceof PyDict)) throw this.wrong("it sets the state of something that is not an object");
    this.push(built);
  }

  /** Keeps the last value at a place, or at the next one. */
  remember(place = this.memo.size): void {
    this.memo.set(place, this.top());
  }

  named(module: PickleValue, name: PickleValue): void {
    if (typeof module !== "string" || typeof name !== "string") throw this.wrong("a global in it has no name");
    this.push(this.types.named(module, name));
  }

  /** What a type, the value before the last, makes of the last. */
  reduce(): void {
    const [type, given] = this.popBoth();
    if (typeof given !== "object" || given?.kind !== "tuple")
      throw this.wrong("the arguments of a call in it are not a tuple");
    this.push(this.types.made(type, given.items));
  }

  /** The same of a type that stands before its arguments, behind a mark. */
  object(): void {
    const [type, ...given] = this.marked();
    if (type === undefined) throw this.wrong("it makes an object of nothing");
    this.push(this.types.made(type, given));
  }

  recall(place: number): void {
    const value = this.memo.get(place);
    if (value === undefined) throw this.wrong(`it reads memo entry ${place}, which it never stored`);
    this.push(value);
  }

  u8(): number {
    return this.view.getUint8(this.take(1));
  }

  u16(): number {
    return this.view.getUint16(this.take(2), true);
  }

  u32(): number {
    return this.view.getUint32(this.take(4), true);
  }

  i32(): number {
    return this.view.getInt32(this.take(4), true);
  }

  /** The highest byte first. */
  f64(): number {
    return this.view.getFloat64(this.take(8));
  }

  /** A whole number of so many bytes, the lowest first, in two's complement; beyond 2^53 it is not exact. */
  long(length: number): PickleValue {
    const from = this.take(length);
    // Nothing in a tensor is that long, and converting it takes the square of its length.
    if (length > longestNumber) return { kind: "other" };
    let value = 0n;
    for (let place = length - 1; place >= 0; place--) value = (value << 8n) | BigInt(this.bytes[from + place] ?? 0);
    return Number(BigInt.asIntN(8 * length, value));
  }

  text(length: number): string {
    const from = this.take(length);
    try {
      return decoder.decode(this.bytes.subarray(from, this.at));
    } catch {
      throw this.wrong("a text in it is not UTF-8");
    }
  }

  line(): string {
    const end = this.bytes.indexOf(newline, this.at);
    if (end < 0) throw this.wrong("it is truncated");
    const line = this.text(end - this.at);
    this.at = end + 1;
    return line;
  }

  /** Bytes, which no tensor has in a pickle. */
  bytesOf(length: number): PickleValue {
    this.take(length);
    return { kind: "other" };
  }

  /** A length of eight bytes. */
  u64(): number {
    return Number(this.view.getBigUint64(this.take(8), true));
  }

  /** Passes over so many bytes and gives where they start. */
  take(length: number): number {
    const from = this.at;
    if (from + length > this.bytes.length) throw this.wrong("it is truncated");
    this.at += length;
    return from;
  }

  /** What asks for more than tensors need, by its name in Python's pickletools. */
  refused(instruction: string): FormatError {
    const problem = `its pickle has the instruction ${instruction}, which torch.save does not write; nothing in it was executed`;
    return new FormatError(this.file, problem, this.types.help);
  }

  wrong(problem: string): FormatError {
    return new FormatError(this.file, `its pickle is malformed: ${problem}`);
  }
}

const newline = 0x0a;
const longestNumber = 256;
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
