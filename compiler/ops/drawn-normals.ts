import type { OperationOf } from "../ir/types.ts";
import { drawnBySeed } from "./drawn.ts";
import { MersenneTwister } from "./mersenne-twister.ts";
import type { OperationRule } from "./rule.ts";

/** Numbers that PyTorch draws together, of which the second half follow from the angles, from so many on. */
const block = 16;

type DrawnNormals = OperationOf<"drawn_normals">;

/** What `torch.randn` gives with a CPU generator of that seed, up to the last digits of cosines. */
export function drawnNormals({ sizes, seed }: DrawnNormals): Float32Array {
  const random = new MersenneTwister(seed);
  const drawn = new Float32Array(sizes.reduce((all, size) => all * size, 1));
  if (drawn.length < block) {
    drawPairs(drawn, random);
    return drawn;
  }
  for (let place = 0; place < drawn.length; place++) drawn[place] = even24(random);
  const whole = drawn.length - (drawn.length % block);
  for (let from = 0; from < whole; from += block) turnBlock(drawn, from);
  if (whole === drawn.length) return drawn;
  // What is left over of the last block is drawn anew, with numbers before it that make it whole.
  const from = drawn.length - block;
  for (let place = from; place < drawn.length; place++) drawn[place] = even24(random);
  turnBlock(drawn, from);
  return drawn;
}

/** Box & Muller (1958) of numbers from 0 up to 1: the first half are lengths, the second angles. */
function turnBlock(drawn: Float32Array, from: number): void {
  for (let place = from; place < from + block / 2; place++) {
    const far = Math.sqrt(-2 * Math.log(1 - (drawn[place] ?? Number.NaN)));
    const angle = 2 * Math.PI * (drawn[place + block / 2] ?? Number.NaN);
    drawn[place] = far * Math.cos(angle);
    drawn[place + block / 2] = far * Math.sin(angle);
  }
}

/** The same of numbers with 53 bits, two at a time, the angle first. */
function drawPairs(drawn: Float32Array, random: MersenneTwister): void {
  for (let place = 0; place < drawn.length; place += 2) {
    const angle = 2 * Math.PI * even53(random);
    const far = Math.sqrt(-2 * Math.log1p(-even53(random)));
    drawn[place] = far * Math.cos(angle);
    if (place + 1 < drawn.length) drawn[place + 1] = far * Math.sin(angle);
  }
}

function even24(random: MersenneTwister): number {
  return (random.next() & 0xffffff) / 2 ** 24;
}

function even53(random: MersenneTwister): number {
  const high = random.next() & 0x1fffff;
  return (high * 2 ** 32 + random.next()) / 2 ** 53;
}

/** Numbers of the standard normal distribution, as PyTorch draws them. */
export const drawnNormalsRule: OperationRule<"drawn_normals"> = {
  ...drawnBySeed,
  type: ({ sizes, seed }) =>
    Number.isSafeInteger(seed) ? { dtype: "f32", shape: sizes } : `its seed ${seed} is not a whole number`,
  evaluate: (operation, _, __, output) => output.set(drawnNormals(operation)),
};
