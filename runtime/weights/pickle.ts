import { PickleMachine } from "./pickle-machine.ts";
import { type PickleTypes, type PickleValue, PyDict } from "./pickle-values.ts";

/** Instructions that are followed at most: some thirty are needed for each tensor. */
const mostInstructions = 2 ** 19;

/**
 * Reads a pickle (Python's pickletools says what its instructions do) as data: of what it names, `types` says what it is; no
 * instruction calls anything, and an object is its name. The instructions are those that torch.save writes with the protocols
 * 2 to 5. Refuses with a FormatError.
 */
export function readPickle(file: string, bytes: Uint8Array, types: PickleTypes): PickleValue {
  const machine = new PickleMachine(file, bytes, types);
  for (let count = 0; count < mostInstructions; count++) {
    const code = String.fromCharCode(machine.u8());
    if (code === ".") return machine.end();
    const follow = instructions.get(code);
    if (follow === undefined) throw machine.refused(refused.get(code) ?? `of code ${code.charCodeAt(0)}`);
    follow(machine);
  }
  throw machine.wrong(`it has more than ${mostInstructions} instructions`);
}

/** What each instruction does, by the character that it is in Python's pickle module. */
const instructions: ReadonlyMap<string, (machine: PickleMachine) => void> = new Map([
  ["\x80", (machine) => machine.protocol(machine.u8())],
  ["\x95", (machine) => void machine.take(8)],
  ["(", (machine) => machine.mark()],
  ["N", (machine) => machine.push(null)],
  ["\x88", (machine) => machine.push(true)],
  ["\x89", (machine) => machine.push(false)],
  ["K", (machine) => machine.push(machine.u8())],
  ["M", (machine) => machine.push(machine.u16())],
  ["J", (machine) => machine.push(machine.i32())],
  ["\x8a", (machine) => machine.push(machine.long(machine.u8()))],
  ["\x8b", (machine) => machine.push(machine.long(machine.u32()))],
  ["B", (machine) => machine.push(machine.bytesOf(machine.u32()))],
  ["C", (machine) => machine.push(machine.bytesOf(machine.u8()))],
  ["\x8e", (machine) => machine.push(machine.bytesOf(machine.u64()))],
  ["\x96", (machine) => machine.push(machine.bytesOf(machine.u64()))],
  ["U", (machine) => machine.push(machine.bytesOf(machine.u8()))],
  ["T", (machine) => machine.push(machine.bytesOf(machine.u32()))],
  ["G", (machine) => machine.push(machine.f64())],
  ["\x8c", (machine) => machine.push(machine.text(machine.u8()))],
  ["X", (machine) => machine.push(machine.text(machine.u32()))],
  ["\x8d", (machine) => machine.push(machine.text(machine.u64()))],
  [")", (machine) => machine.tuple(0)],
  ["\x85", (machine) => machine.tuple(1)],
  ["\x86", (machine) => machine.tuple(2)],
  ["\x87", (machine) => machine.tuple(3)],
  ["t", (machine) => machine.push({ kind: "tuple", items: machine.marked() })],
  ["]", (machine) => machine.push({ kind: "list", items: [] })],
  ["a", (machine) => machine.append([machine.pop()])],
  ["e", (machine) => machine.append(machine.marked())],
  ["}", (machine) => machine.push(new PyDict())],
  ["s", (machine) => machine.setItems(machine.popBoth())],
  ["u", (machine) => machine.setItems(machine.marked())],
  ["\x8f", (machine) => machine.push({ kind: "other" })],
  ["\x90", (machine) => machine.add()],
  [
    "\x91",
    (machine) => {
      machine.marked();
      machine.push({ kind: "other" });
    },
  ],
  ["0", (machine) => void machine.pop()],
  ["1", (machine) => void machine.marked()],
  ["2", (machine) => machine.push(machine.top())],
  ["q", (machine) => machine.remember(machine.u8())],
  ["r", (machine) => machine.remember(machine.u32())],
  ["\x94", (machine) => machine.remember()],
  ["h", (machine) => machine.recall(machine.u8())],
  ["j", (machine) => machine.recall(machine.u32())],
  ["c", (machine) => machine.named(machine.line(), machine.line())],
  ["\x93", (machine) => machine.named(...machine.popBoth())],
  ["Q", (machine) => machine.push(machine.types.persistent(machine.pop()))],
  ["R", (machine) => machine.reduce()],
  // An object's type and what it is made of: as data, the same as a call.
  ["\x81", (machine) => machine.reduce()],
  [
    "\x92",
    (machine) => {
      machine.pop();
      machine.reduce();
    },
  ],
  ["o", (machine) => machine.object()],
  [
    "i",
    (machine) => {
      const given = machine.marked();
      machine.named(machine.line(), machine.line());
      machine.push({ kind: "tuple", items: given });
      machine.reduce();
    },
  ],
  ["b", (machine) => machine.build()],
]);

/** Instructions that need more than a file, by their names in Python's pickletools. */
const refused: ReadonlyMap<string, string> = new Map([
  ["P", "PERSID"],
  ["\x82", "EXT1"],
  ["\x83", "EXT2"],
  ["\x84", "EXT4"],
  ["\x97", "NEXT_BUFFER"],
]);
