import { elementCount, type Input } from "../../compiler/index.ts";
import { generator } from "../random.ts";

/** So many numbers are drawn of a large tensor, and then repeated: a scan has hundreds of millions. */
const drawn = 2 ** 20;

/** Values for a program's inputs, always the same; those of step 0. */
export function drawInputs(inputs: readonly Input[]): ReadonlyMap<string, Float32Array | Int32Array> {
  const random = generator(0);
  return new Map(inputs.map(({ name, type, values }) => [name, draw(values, elementCount(type), random)]));
}

function draw(values: Input["values"], count: number, random: () => number): Float32Array | Int32Array {
  switch (values.kind) {
    case "uniform":
      return repeated(new Float32Array(count), () => 2 * random() - 1);
    case "below":
      return repeated(new Int32Array(count), () => Math.floor(random() * values.limit));
    case "ones":
      return new Int32Array(count).fill(1);
    case "step":
      return new Int32Array(count);
  }
}

function repeated<Values extends Float32Array | Int32Array>(values: Values, next: () => number): Values {
  const first = Math.min(drawn, values.length);
  for (let place = 0; place < first; place++) values[place] = next();
  for (let place = first; place < values.length; place += first) values.copyWithin(place, 0, first);
  return values;
}
