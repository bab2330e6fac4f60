import { at } from "../../lowering/index.ts";
import { int, ints } from "../messages.ts";
import { type Lowering, padsOf, reshapeTo } from "./context.ts";

/** One group for each channel, between transposes: ONNX has the channels before time, height and width. */
export const depthwiseConv3d: Lowering<"depthwise_conv3d"> = ({ padding, flip }, inputs, type, target) => {
  const weight = at(inputs, 1);
  const dim = type.shape.at(-1) ?? 1;
  const first = target.add("Transpose", [at(inputs, 0).name], { perm: ints([0, 4, 1, 2, 3]) });
  const axes = [2, 3, 4];
  const kernel = flip
    ? target.add("Slice", [
        weight.name,
        ...[axes.map(() => -1), axes.map(() => -(2 ** 31)), axes, axes.map(() => -1)].map((values) =>
          target.list(values),
        ),
      ])
    : weight.name;
  const mixed = target.add("Conv", [first, kernel], {
    group: int(dim),
    kernel_shape: ints(weight.type.shape.slice(2)),
    pads: ints(padsOf(padding)),
  });
  return target.add("Transpose", [mixed], { perm: ints([0, 2, 3, 4, 1]) });
};

/** For each tap the sum of input times gradient, of the padded input moved by that tap. */
export const depthwiseConv3dWeight: Lowering<"depthwise_conv3d_weight"> = (
  { padding, kernel: [times = 1, height = 1, width = 1] },
  inputs,
  type,
  target,
) => {
  const gradient = at(inputs, 1);
  const padded = target.add("Pad", [at(inputs, 0).name, target.list(padsOf([[0, 0], ...padding, [0, 0]]))]);
  const [, timeOut = 0, heightOut = 0, widthOut = 0, dim = 0] = gradient.type.shape;
  const taps: string[] = [];
  for (let time = 0; time < times; time++) {
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        const ends = [time + timeOut, row + heightOut, column + widthOut];
        const moved = target.add("Slice", [
          padded,
          target.list([time, row, column]),
          target.list(ends),
          target.list([1, 2, 3]),
        ]);
        const product = target.add("Mul", [moved, gradient.name]);
        const sum = target.add("ReduceSum", [product, target.list([0, 1, 2, 3])], { keepdims: int(0) });
        taps.push(reshapeTo(sum, [dim, 1], target));
      }
    }
  }
  const [only] = taps;
  const all = taps.length === 1 && only !== undefined ? only : target.add("Concat", taps, { axis: int(1) });
  return reshapeTo(all, type.shape, target);
};
