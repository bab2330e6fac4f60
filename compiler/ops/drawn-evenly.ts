import type { OperationOf } from "../ir/types.ts";
import { drawnBySeed } from "./drawn.ts";
import { Pcg64 } from "./pcg64.ts";
import type { OperationRule } from "./rule.ts";

/** Of more numbers than this NumPy shuffles all where it chooses more than a fiftieth of them. */
const many = 10_000;

type DrawnEvenly = OperationOf<"drawn_evenly">;

/** The draws of the programs of one spec, which are asked for by each of its placements. */
const known = new Map<string, Int32Array>();

/** What the operation gives. */
export function drawnEvenly({ count, limit, seed }: DrawnEvenly): Int32Array {
  const key = JSON.stringify([count, limit, seed]);
  const before = known.get(key);
  if (before !== undefined) return before;
  const random = new Pcg64(seed);
  const times = Math.floor(count / limit);
  const drawn = new Int32Array(count);
  for (let place = 0; place < times * limit; place++) drawn[place] = Math.floor(place / times);
  drawn.set(chosen(limit, count % limit, random), times * limit);
  shuffle(drawn, 1, (place) => random.upTo(place));
  if (known.size >= 4) known.clear();
  known.set(key, drawn);
  return drawn;
}

/** Different numbers below a limit, as `Generator.choice(limit, size, replace = False)` gives them. */
function chosen(limit: number, size: number, random: Pcg64): Int32Array {
  const choose = (place: number): number => random.choice(place);
  if (limit > many && size > Math.floor(limit / 50)) {
    const all = Int32Array.from({ length: limit }, (_, place) => place);
    shuffle(all, limit - size, choose);
    return all.slice(limit - size);
  }
  // Floyd's algorithm (Bentley & Floyd, 1987).
  const numbers = new Set<number>();
  for (let last = limit - size; last < limit; last++) {
    const number = random.choice(last);
    numbers.add(numbers.has(number) ? last : number);
  }
  const drawn = Int32Array.from(numbers);
  shuffle(drawn, 1, choose);
  return drawn;
}

/** From the last place down to `first`, each changes places with one that is not behind it. */
function shuffle(values: Int32Array, first: number, choose: (place: number) => number): void {
  for (let place = values.length - 1; place >= first; place--) {
    const other = choose(place);
    const value = values[place] ?? Number.NaN;
    values[place] = values[other] ?? Number.NaN;
    values[other] = value;
  }
}

/** Numbers below a limit, each as often as another or once more, in an order that NumPy draws: i32[count]. */
export const drawnEvenlyRule: OperationRule<"drawn_evenly"> = {
  ...drawnBySeed,
  type: ({ count, limit, seed }) => {
    if (count >= 2 ** 31 || limit < 1 || limit >= 2 ** 31)
      return "it draws fewer than 2^31 numbers below a limit from 1 up";
    if (!Number.isSafeInteger(seed) || seed < 0) return `its seed ${seed} is not a whole number from 0 up`;
    return { dtype: "i32", shape: [count] };
  },
  evaluate: (operation, _, __, output) => output.set(drawnEvenly(operation)),
};
