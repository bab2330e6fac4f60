import { at } from "../../at.ts";
import { beforeHead, drawArrow, type Placed } from "./arrows.ts";
import { tenths } from "./drawing.ts";
import type { Connection, FlowGraph } from "./flow-graph.ts";
import type { Palette } from "./palette.ts";

/** What stands in a row: a unit, or the arrow that passes on its way to a later row. */
interface Slot {
  readonly unit: number;
  readonly passing: Connection | null;
  readonly width: number;
}

interface Row {
  /** From left to right. */
  slots: readonly Slot[];
  /** Their left edges. */
  lefts: readonly number[];
}

const gap = 16;
const between = 44;
const passingWidth = 18;
const leastEncoder = 330;
const leastBox = 190;

/** Where units stand in rows from top to bottom, and the arrows between them. */
export interface Layout {
  readonly places: ReadonlyMap<number, Placed>;
  readonly height: number;
  readonly drawArrows: (palette: Palette) => string;
}

/**
 * Rows from inputs to losses, encoders side by side and what belongs to each above and below it; null where a row does
 * not fit into the width. `widthOf` is the width that a unit would like; null for one that takes what there is.
 */
export function layOutInRows(
  graph: FlowGraph,
  width: number,
  widthOf: (unit: number) => number | null,
  heightOf: (unit: number, width: number) => number,
): Layout | null {
  const sized = graph.rows.map((units, row) => slotsOf(graph, units, row, width, widthOf));
  const slots = sized.filter((row) => row !== null);
  if (slots.length < sized.length) return null;
  const rows = placeRows(graph, slots, width, widthOf);
  const places = new Map<number, Placed>();
  const bottoms: number[] = [];
  let y = 0;
  for (const { slots: own, lefts } of rows) {
    let height = 0;
    for (const [index, slot] of own.entries()) {
      if (slot.passing !== null) continue;
      const tall = heightOf(slot.unit, slot.width);
      places.set(slot.unit, { x: at(lefts, index), y, width: slot.width, height: tall });
      height = Math.max(height, tall);
    }
    bottoms.push(y + height);
    y += height + between;
  }
  return { places, height: y - between, drawArrows: (palette) => drawArrows(graph, rows, places, bottoms, palette) };
}

/** The units of a row and the arrows that pass through it, with their widths; null where they are too many. */
function slotsOf(
  { connections, order, rows }: FlowGraph,
  units: readonly number[],
  row: number,
  width: number,
  widthOf: (unit: number) => number | null,
): readonly Slot[] | null {
  const rowOf = (unit: number): number => rows.findIndex((each) => each.includes(unit));
  const passing = connections.filter(({ from, to }) => rowOf(from) < row && rowOf(to) > row);
  const free = width - passing.length * (passingWidth + gap) - (units.length - 1) * gap;
  const greedy = units.filter((unit) => widthOf(unit) === null);
  const wanted = units.flatMap((unit) => widthOf(unit) ?? []).reduce((sum, each) => sum + each, 0);
  const others = units.length - greedy.length;
  const shrink = greedy.length > 0 || wanted <= free ? 1 : free / wanted;
  const share = greedy.length === 0 ? 0 : (free - wanted) / greedy.length;
  if (greedy.length > 0 && share < leastEncoder) return null;
  if (shrink < 1 && free / others < leastBox) return null;
  const slots = [
    ...units.map((unit): Slot => {
      const own = widthOf(unit);
      const shrunk = shrink < 1 ? free / others : own;
      return { unit, passing: null, width: Math.floor(shrunk ?? share) };
    }),
    ...passing.map((connection): Slot => ({ unit: connection.from, passing: connection, width: passingWidth })),
  ];
  const place = ({ unit }: Slot): number => order.indexOf(unit);
  return slots.sort((a, b) => place(a) - place(b));
}

/** Encoders over the whole width; above and below them, each slot as near to those that it is joined to as it can be. */
function placeRows(
  graph: FlowGraph,
  slots: readonly (readonly Slot[])[],
  width: number,
  widthOf: (unit: number) => number | null,
): readonly Row[] {
  const rows: Row[] = slots.map((own) => ({ slots: own, lefts: [] }));
  const start = Math.max(
    0,
    slots.findIndex((own) => own.some(({ unit, passing }) => passing === null && widthOf(unit) === null)),
  );
  const centres = new Map<string, number>();
  const put = (index: number, side: "from" | "to"): void => {
    const row = rows[index];
    if (row === undefined) return;
    const other = side === "from" ? index - 1 : index + 1;
    const wanted = row.slots.map((slot): number | null => {
      const joined = graph.connections.filter((connection) =>
        slot.passing === null ? connection[side === "from" ? "to" : "from"] === slot.unit : connection === slot.passing,
      );
      const known = joined.flatMap(
        (connection) => centres.get(passingKey(other, connection)) ?? centres.get(unitKey(connection[side])) ?? [],
      );
      return known.length === 0 ? null : known.reduce((sum, each) => sum + each, 0) / known.length;
    });
    const sorted = inOrder(row.slots, wanted);
    row.slots = sorted.map(({ slot }) => slot);
    row.lefts = spread(sorted, width);
    for (const [place, slot] of row.slots.entries()) {
      const centre = at(row.lefts, place) + slot.width / 2;
      centres.set(slot.passing === null ? unitKey(slot.unit) : passingKey(index, slot.passing), centre);
    }
  };
  for (let index = start; index < rows.length; index++) put(index, "from");
  for (let index = start - 1; index >= 0; index--) put(index, "to");
  return rows;
}

function unitKey(unit: number): string {
  return `unit ${unit}`;
}

function passingKey(row: number, { from, to }: Connection): string {
  return `${row}: ${from} to ${to}`;
}

interface Wanted {
  readonly slot: Slot;
  /** Where its centre would best be; null where that is all the same. */
  readonly centre: number | null;
}

/** Slots from left to right as they want to be, so that arrows cross little; one that does not care stays where it was. */
function inOrder(slots: readonly Slot[], centres: readonly (number | null)[]): readonly Wanted[] {
  let before = Number.NEGATIVE_INFINITY;
  const keyed = slots.map((slot, index) => {
    const centre = centres[index] ?? null;
    before = centre ?? before;
    return { slot, centre, key: before };
  });
  return keyed.sort((a, b) => (a.key === b.key ? 0 : a.key - b.key));
}

/** Left edges of slots, each centred where it wants to be as far as its neighbours and the edges let it. */
function spread(slots: readonly Wanted[], width: number): readonly number[] {
  const free = width - slots.reduce((sum, { slot }) => sum + slot.width, 0) - gap * (slots.length - 1);
  const isLoose = slots.every(({ centre }) => centre === null);
  const lefts: number[] = [];
  let next = isLoose ? free / 2 : 0;
  for (const { slot, centre } of slots) {
    const left = centre === null ? next : Math.max(next, centre - slot.width / 2);
    lefts.push(left);
    next = left + slot.width + gap;
  }
  let limit = width;
  for (const [index, { slot }] of [...slots.entries()].reverse()) {
    const left = Math.floor(Math.min(at(lefts, index), limit - slot.width));
    lefts[index] = left;
    limit = left - gap;
  }
  return lefts;
}

/** A point that an arrow goes through: at the lower or the upper edge of a row. */
type Point = readonly [x: number, y: number];

function drawArrows(
  { connections, rows: units }: FlowGraph,
  rows: readonly Row[],
  places: ReadonlyMap<number, Placed>,
  bottoms: readonly number[],
  palette: Palette,
): string {
  const rowOf = (unit: number): number => units.findIndex((each) => each.includes(unit));
  const routes = connections.flatMap((connection) => {
    const [from, to] = [places.get(connection.from), places.get(connection.to)];
    if (from === undefined || to === undefined) return [];
    const first = rowOf(connection.from);
    const last = rowOf(connection.to);
    const middle = rows.slice(first + 1, last).map(({ slots, lefts }) => {
      const index = slots.findIndex(({ passing }) => passing === connection);
      return at(lefts, index) + passingWidth / 2;
    });
    return [{ connection, from, to, first, last, middle }];
  });
  const leaves = ports(
    routes,
    ({ connection }) => connection.from,
    ({ from, to, middle }) => inside(from, middle[0] ?? centreOf(to), 0.3),
    22,
  );
  const enters = ports(
    routes,
    ({ connection }) => connection.to,
    (route, index) => inside(route.to, route.middle.at(-1) ?? at(leaves, index), 0.15),
    22,
  );
  const drawn = routes.map(({ connection, from, to, first, last, middle }, index) => {
    const start = at(leaves, index);
    const xs = [start, ...middle, at(enters, index)];
    let path = `M${tenths(start)},${tenths(from.y + from.height)}`;
    for (let row = first; row < last; row++) {
      const [x0, x1] = [at(xs, row - first), at(xs, row - first + 1)];
      const y0 = at(bottoms, row);
      const y1 = y0 + between;
      const end = row + 1 === last ? beforeHead(y1) : y1;
      path += `V${tenths(y0)}`;
      path += Math.abs(x1 - x0) < 0.5 ? `V${end}` : curve([x0, y0], [x1, end]);
    }
    return drawArrow(path, [at(enters, index), to.y], "down", connection, palette);
  });
  return drawn.join("");
}

function curve([x0, y0]: Point, [x1, y1]: Point): string {
  const middle = tenths((y0 + y1) / 2);
  return `C${tenths(x0)},${middle} ${tenths(x1)},${middle} ${tenths(x1)},${tenths(y1)}`;
}

function centreOf({ x, width }: Placed): number {
  return x + width / 2;
}

/** The nearest place to x that is not within a share of a box's width from its edges. */
function inside({ x, width }: Placed, near: number, share: number): number {
  return Math.min(Math.max(near, x + share * width), x + (1 - share) * width);
}

/** Where arrows leave or enter their boxes: near where they would like to, in the order of that, and apart. */
function ports<Route>(
  routes: readonly Route[],
  boxOf: (route: Route) => number,
  wantedOf: (route: Route, index: number) => number,
  apart: number,
): readonly number[] {
  const wanted = routes.map((route, index) => ({ index, box: boxOf(route), x: wantedOf(route, index) }));
  const placed = wanted.map(({ x }) => x);
  for (const box of new Set(wanted.map((each) => each.box))) {
    const own = wanted.filter((each) => each.box === box).sort((a, b) => a.x - b.x);
    const runs: { x: number; members: number[] }[] = [];
    for (const { x, index } of own) {
      let run = { x, members: [index] };
      for (
        let before = runs.at(-1);
        before !== undefined && run.x - before.x < (apart * (before.members.length + run.members.length)) / 2;
        before = runs.at(-1)
      ) {
        runs.pop();
        const count = before.members.length + run.members.length;
        run = {
          x: (before.x * before.members.length + run.x * run.members.length) / count,
          members: [...before.members, ...run.members],
        };
      }
      runs.push(run);
    }
    for (const { x, members } of runs) {
      for (const [place, index] of members.entries()) placed[index] = x + apart * (place - (members.length - 1) / 2);
    }
  }
  return placed;
}
