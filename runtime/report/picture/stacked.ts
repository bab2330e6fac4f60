import { countAt } from "../../at.ts";
import { beforeHead, drawArrow, type Placed } from "./arrows.ts";
import { tenths } from "./drawing.ts";
import type { Connection, FlowGraph } from "./flow-graph.ts";
import type { Layout } from "./layered.ts";

const between = 26;
const trackWidth = 11;
const arrowRoom = 13;
const apart = 9;

/** Units below each other, each after what it uses; arrows that pass others run at their left. It fits any width. */
export function layOutInColumn(
  graph: FlowGraph,
  width: number,
  heightOf: (unit: number, width: number) => number,
): Layout {
  const { order, connections } = graph;
  const placeOf = (unit: number): number => order.indexOf(unit);
  const passing = connections.filter(({ from, to }) => placeOf(to) > placeOf(from) + 1);
  const tracks = tracksOf(passing, placeOf);
  const count = Math.max(-1, ...tracks.values()) + 1;
  const left = count === 0 ? 0 : count * trackWidth + arrowRoom;
  const places = new Map<number, Placed>();
  let y = 0;
  for (const unit of order) {
    const height = heightOf(unit, width - left);
    places.set(unit, { x: left, y, width: width - left, height });
    y += height + between;
  }
  return {
    places,
    height: y - between,
    drawArrows: (palette) => {
      const entered = new Map<number, number>();
      const drawn = connections.flatMap((connection) => {
        const [from, to] = [places.get(connection.from), places.get(connection.to)];
        if (from === undefined || to === undefined) return [];
        const track = tracks.get(connection.from);
        if (!passing.includes(connection) || track === undefined) {
          const x = left + Math.min(40, (width - left) / 2);
          return [
            drawArrow(
              `M${x},${tenths(from.y + from.height)}V${beforeHead(to.y)}`,
              [x, to.y],
              "down",
              connection,
              palette,
            ),
          ];
        }
        const x = tenths((count - 1 - track) * trackWidth + 2);
        const nth = countAt(entered, connection.to);
        entered.set(connection.to, nth + 1);
        const leave = tenths(from.y + from.height - 14);
        const enter = tenths(to.y + 14 + nth * apart);
        const line = `M${left},${leave}H${x + 5}q-5,0 -5,5V${enter - 5}q0,5 5,5H${beforeHead(left)}`;
        return [drawArrow(line, [left, enter], "right", connection, palette)];
      });
      return drawn.join("");
    },
  };
}

/** A track for each unit whose arrows pass others, the nearest that is free all the way. */
function tracksOf(passing: readonly Connection[], placeOf: (unit: number) => number): ReadonlyMap<number, number> {
  const ends = new Map<number, number>();
  for (const { from, to } of passing) {
    const place = placeOf(to);
    ends.set(from, Math.max(place, ends.get(from) ?? place));
  }
  const taken: { readonly track: number; readonly from: number; readonly to: number }[] = [];
  const tracks = new Map<number, number>();
  const length = ([unit, end]: readonly [number, number]): number => end - placeOf(unit);
  for (const [unit, to] of [...ends].sort((a, b) => length(a) - length(b))) {
    const from = placeOf(unit);
    let track = 0;
    while (taken.some((other) => other.track === track && other.from < to && other.to > from)) track++;
    taken.push({ track, from, to });
    tracks.set(unit, track);
  }
  return tracks;
}
