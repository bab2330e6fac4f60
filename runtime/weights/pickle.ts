import { PickleMachine } from "./pickle-machine.ts";
import { type PickleTypes, type PickleValue, PyDict } from "./pickle-values.ts";

/** Instructions that are followed at most: some thirty are needed for each tensor. */
const mostInstructions = 2 ** 19;

/**
 * Reads a pickle (Python's pickletools says what its instructions do) as data: of what it names, `types` knows what it is,
 * and refuses the rest; no instruction calls anything. The instructions are those that torch.save writes with the protocols
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
  ["G", (machine) => machine.push(machine.f64())],
  ["\x8c", (machine) => machine.push(machine.text(machine.u8()))],
  ["X", (machine) => machine.push(machine.text(machine.u32()))],
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
  ["q", (machine) => machine.remember(machine.u8())],
  ["r", (machine) => machine.remember(machine.u32())],
  ["\x94", (machine) => machine.remember()],
  ["h", (machine) => machine.recall(machine.u8())],
  ["j", (machine) => machine.recall(machine.u32())],
  ["c", (machine) => machine.named(machine.line(), machine.line())],
  ["\x93", (machine) => machine.named(...machine.popBoth())],
  ["Q", (machine) => machine.push(machine.types.persistent(machine.pop()))],
  ["R", (machine) => machine.reduce()],
  ["b", (machine) => machine.build()],
]);

/** Instructions that make objects, or that need more than a file, by their names in Python's pickletools. */
const refused: ReadonlyMap<string, string> = new Map([
  ["i", "INST"],
  ["o", "OBJ"],
  ["\x81", "NEWOBJ"],
  ["\x92", "NEWOBJ_EX"],
  ["P", "PERSID"],
  ["\x82", "EXT1"],
  ["\x83", "EXT2"],
  ["\x84", "EXT4"],
  ["\x97", "NEXT_BUFFER"],
]);
