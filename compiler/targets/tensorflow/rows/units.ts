import { elementCount, type Node } from "../../../ir/index.ts";
import { commonSpace, isOfRows, readsWholeRows, type Space, spaceOfNode, viewOf } from "./space.ts";

/** Operations that run as one: a row program, or an operation by itself. */
export interface Unit {
  /** In the program's order. */
  readonly members: readonly Node[];
  /** The space of a row program; null for an operation that is none. */
  readonly space: Space | null;
}

/** Units that lie farther apart than that stay apart, so that what is computed late to save memory stays late. */
const farthest = 160;

/** A row program has at most that many operations, so that what it keeps of a tile fits the nearest cache. */
const mostMembers = 64;

/** Longer rows that are read as a whole would not fit a cache, and are too few for several threads. */
const longestRow = 32_768;

/**
 * Joins operations on the rows of tensors to units, each of which can run at once, and gives all in an order in which each
 * stands after what it reads; `from` is how many elements a tensor has at least. The order changes only where a join needs it: as Pearce and Kelly keep a topological order
 * (A dynamic topological sort algorithm for directed acyclic graphs, 2006), over a part of it that is bounded.
 */
export function joinRows(nodes: readonly Node[], from: number): readonly Unit[] {
  const order = new Order(nodes, from);
  for (const node of nodes) order.append(node);
  return order.units();
}

class Joined implements Unit {
  members: Node[];
  space: Space | null;
  place: number;

  constructor(node: Node, space: Space | null, place: number) {
    this.members = [node];
    this.space = space;
    this.place = place;
  }
}

class Order {
  private readonly sequence: Joined[] = [];
  private readonly unitOf = new Map<Node, Joined>();
  private readonly known: ReadonlySet<Node>;
  private readonly from: number;

  constructor(nodes: readonly Node[], from: number) {
    this.known = new Set(nodes);
    this.from = from;
  }

  append(node: Node): void {
    const space = isOfRows(node) && this.isWorth(node) ? spaceOfNode(node) : null;
    let unit = new Joined(node, space, this.sequence.length);
    this.sequence.push(unit);
    this.unitOf.set(node, unit);
    if (space === null) return;
    // The nearest first: a join with it may be what keeps a farther one from being joined.
    const before = new Set(node.inputs.flatMap((input) => this.unitOf.get(input) ?? []));
    for (const early of [...before].sort((a, b) => b.place - a.place)) unit = this.join(early, unit) ?? unit;
  }

  units(): readonly Unit[] {
    return this.sequence;
  }

  private isWorth(node: Node): boolean {
    const { rows, columns } = spaceOfNode(node);
    if (rows * columns < this.from) return false;
    return columns <= longestRow || !readsWholeRows(node);
  }

  /** Makes one unit of two; null where they do not fit each other, or would have to run both before and after a third. */
  private join(early: Joined, late: Joined): Joined | null {
    if (early === late || early.space === null || late.space === null || late.place < early.place) return null;
    const space = commonSpace(early.space, late.space);
    if (space === null || early.members.length + late.members.length > mostMembers) return null;
    if (late.place - early.place > farthest || !fits(early, late)) return null;
    const between = this.neededBetween(early, late);
    if (between === null) return null;
    const start = early.place;
    const part = this.sequence.slice(start, late.place + 1);
    const others = part.filter((unit) => unit !== early && unit !== late && !between.has(unit));
    early.members = [...early.members, ...late.members];
    early.space = space;
    for (const member of late.members) this.unitOf.set(member, early);
    const ordered = [...part.filter((unit) => between.has(unit)), early, ...others];
    // The part is one unit shorter now.
    this.sequence.splice(start, part.length, ...ordered);
    for (let place = start; place < this.sequence.length; place++) {
      const unit = this.sequence[place];
      if (unit !== undefined) unit.place = place;
    }
    return early;
  }

  /** The units after `early` on which `late` depends; null if one of them depends on `early`. */
  private neededBetween(early: Joined, late: Joined): ReadonlySet<Joined> | null {
    const found = new Set<Joined>();
    const pending = [late];
    for (let unit = pending.pop(); unit !== undefined; unit = pending.pop()) {
      for (const member of unit.members) {
        for (const input of member.inputs) {
          const source = this.known.has(input) ? this.unitOf.get(input) : undefined;
          if (source === undefined || source === unit) continue;
          if (source === early) {
            if (unit !== late) return null;
          } else if (source.place > early.place && !found.has(source)) {
            found.add(source);
            pending.push(source);
          }
        }
      }
    }
    return found;
  }
}

/** Whether what one unit gives to another is found there without repeating it over axes before the last. */
function fits(early: Joined, late: Joined): boolean {
  const given = new Set(early.members);
  return late.members.every((member) =>
    member.inputs.every((input) => {
      if (!given.has(input)) return true;
      const reads =
        member.operation.op === "sum" || member.operation.op === "max" ? input.type.shape : member.type.shape;
      const { kind, axes } = viewOf(input.type.shape, reads);
      return axes === null && (kind === "full" || kind === "row");
    }),
  );
}

/** Whether a unit is run as a row program: one operation alone runs as well in TensorFlow. */
export function isRowProgram(unit: Unit): unit is Unit & { readonly space: Space } {
  return unit.space !== null && unit.members.filter((member) => !isFree(member)).length > 1;
}

/** What costs nothing in a row program, nor as an operation by itself. */
function isFree({ operation, type }: Node): boolean {
  return operation.op === "reshape" || elementCount(type) === 0;
}

/** What others read of units, among nodes that a program has, and what the program itself gives. */
export function readOutside(units: readonly Unit[], nodes: readonly Node[], given: readonly Node[]): ReadonlySet<Node> {
  const read = new Set<Node>();
  if (units.length === 0) return read;
  const unitOf = new Map(units.flatMap((unit) => unit.members.map((member) => [member, unit] as const)));
  for (const node of given) read.add(node);
  for (const node of nodes) {
    for (const input of node.inputs) {
      const unit = unitOf.get(input);
      if (unit !== undefined && unit !== unitOf.get(node)) read.add(input);
    }
  }
  return read;
}
