import type { OperationOf } from "../../compiler/ir/types.ts";
import type { Random } from "../random.ts";

/** A small convolution of one to three axes, in groups or not, whose padding is smaller than its kernel. */
export function randomConvolution(numbers: Random): {
  readonly conv: OperationOf<"conv">;
  readonly input: readonly number[];
  readonly weight: readonly number[];
} {
  const axes = Array.from({ length: 1 + numbers.below(3) });
  const largest = axes.length === 3 ? 2 : 3;
  const kernel = axes.map(() => 1 + numbers.below(largest));
  const dilation = axes.map(() => 1 + numbers.below(2));
  const stride = axes.map(() => 1 + numbers.below(largest));
  const padding = kernel.map((size) => [numbers.below(size), numbers.below(size)] as const);
  const sizes = kernel.map((size, axis) => (size - 1) * (dilation[axis] ?? 1) + 1 + numbers.below(3));
  const groups = 1 + numbers.below(3);
  const [channels, outputs] = [1 + numbers.below(2), 1 + numbers.below(2)];
  return {
    conv: { op: "conv", stride, dilation, padding, groups },
    input: [1 + numbers.below(2), ...sizes, groups * channels],
    weight: [groups * outputs, channels, ...kernel],
  };
}
