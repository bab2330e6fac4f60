import { at, filledTo, type Value } from "../../lowering/index.ts";
import { typeAttribute } from "../graphdef.ts";
import type { Lowering, Target } from "./context.ts";
import { formOf, kernelOf, type Shapes, shapesOf } from "./convolution-form.ts";
import { type Depthwise, depthwiseConv, depthwiseWeight } from "./depthwise.ts";
import { inF32, padWith, sliceOf, transposeTo, viewAs } from "./floats.ts";
import { convByTaps, convInputByTaps, convWeightByTaps, type Grouped } from "./taps.ts";

export const conv: Lowering<"conv"> = inF32((operation, inputs, type, target) => {
  const [input, weight] = [at(inputs, 0), at(inputs, 1)];
  const shapes = shapesOf(operation, input.type.shape, weight.type.shape, type.shape);
  switch (formOf(shapes)) {
    case "depthwise":
      return viewAs(depthwiseConv(input.name, weight.name, false, depthwiseOf(shapes), target), type.shape, target);
    case "by taps":
      return convByTaps(input.name, weight.name, groupedOf(shapes), target);
    case "dense": {
      const { over, attributes, amounts } = kernelOf(shapes);
      const read = padWith(viewAs(input.name, withAxes(shapes.input, over), target), amounts, 0, target);
      const name = target.add(`Conv${over}D`, [read, filterOf(weight, over, target)], attributes);
      return viewAs(name, type.shape, target);
    }
  }
});

export const convInput: Lowering<"conv_input"> = inF32((operation, inputs, type, target) => {
  const [gradient, weight] = [at(inputs, 0), at(inputs, 1)];
  const shapes = shapesOf(operation, type.shape, weight.type.shape, gradient.type.shape);
  switch (formOf(shapes)) {
    case "depthwise":
      return viewAs(
        depthwiseConv(gradient.name, weight.name, true, turned(depthwiseOf(shapes)), target),
        type.shape,
        target,
      );
    case "by taps":
      return convInputByTaps(gradient.name, weight.name, groupedOf(shapes), target);
    case "dense": {
      const { over, attributes, amounts } = kernelOf(shapes);
      const whole = withAxes(shapes.input, over);
      const sizes = whole.map((size, axis) => size + (amounts[axis]?.[0] ?? 0) + (amounts[axis]?.[1] ?? 0));
      const slopes = viewAs(gradient.name, withAxes(shapes.output, over), target);
      const name = target.add(
        over === 2 ? "Conv2DBackpropInput" : "Conv3DBackpropInputV2",
        [target.list(sizes), filterOf(weight, over, target), slopes],
        over === 2 ? attributes : { ...attributes, Tshape: typeAttribute("i32") },
      );
      const begin = amounts.map(([before]) => before);
      const inner = sizes.every((size, axis) => size === whole[axis]) ? name : sliceOf(name, begin, whole, target);
      return viewAs(inner, type.shape, target);
    }
  }
});

export const convWeight: Lowering<"conv_weight"> = inF32((operation, inputs, type, target) => {
  const [input, gradient] = [at(inputs, 0), at(inputs, 1)];
  const shapes = shapesOf(operation, input.type.shape, type.shape, gradient.type.shape);
  switch (formOf(shapes)) {
    case "depthwise":
      return viewAs(depthwiseWeight(input.name, gradient.name, depthwiseOf(shapes), target), type.shape, target);
    case "by taps":
      return viewAs(convWeightByTaps(input.name, gradient.name, groupedOf(shapes), target), type.shape, target);
    case "dense": {
      const { over, attributes, amounts } = kernelOf(shapes);
      const [outputs = 1, channels = 1, ...kernel] = shapes.weight;
      const filter = [...filledTo(over, kernel, 1), channels, outputs];
      const read = padWith(viewAs(input.name, withAxes(shapes.input, over), target), amounts, 0, target);
      const slopes = viewAs(gradient.name, withAxes(shapes.output, over), target);
      const name = target.add(
        over === 2 ? "Conv2DBackpropFilter" : "Conv3DBackpropFilterV2",
        [read, target.list(filter), slopes],
        attributes,
      );
      const axes = Array.from({ length: over }, (_, axis) => axis);
      return viewAs(transposeTo(name, [over + 1, over, ...axes], target), type.shape, target);
    }
  }
});

/** [outputs, channels, ...] -> [..., channels, outputs], over as many axes as the kernel has. */
function filterOf({ name, type: { shape } }: Value, over: number, target: Target): string {
  const [outputs = 1, channels = 1, ...kernel] = shape;
  const whole = viewAs(name, [outputs, channels, ...filledTo(over, kernel, 1)], target);
  return transposeTo(whole, [...Array.from({ length: over }, (_, axis) => axis + 2), 1, 0], target);
}

/** [batch, ..., channels] with that many axes between. */
function withAxes(shape: readonly number[], over: number): readonly number[] {
  return [shape[0] ?? 1, ...filledTo(over, shape.slice(1, -1), 1), shape.at(-1) ?? 1];
}

function groupedOf({ input, weight, output, windows, groups }: Shapes): Grouped {
  const [outputs = 1, channels = 1] = weight;
  const batch = input[0] ?? 1;
  return {
    batch,
    sizes: input.slice(1, -1),
    counts: output.slice(1, -1),
    groups,
    channels,
    outputs: outputs / groups,
    windows,
  };
}

function depthwiseOf({ input, output, windows, groups }: Shapes): Depthwise {
  const volume = (sizes: readonly number[]): readonly [number, number, number] => {
    const [time = 1, height = 1, width = 1] = filledTo(3, sizes, 1);
    return [time, height, width];
  };
  return {
    batch: input[0] ?? 1,
    sizes: volume(input.slice(1, -1)),
    counts: volume(output.slice(1, -1)),
    channels: groups,
    windows: {
      kernel: volume(windows.kernel),
      stride: [1, 1, 1],
      dilation: [1, 1, 1],
      padding: filledTo(3, windows.padding, [0, 0] as const),
    },
  };
}

/** The convolution of a gradient with the kernel turned around and the rest of the padding. */
function turned({ sizes, counts, windows, ...rest }: Depthwise): Depthwise {
  const padding = windows.padding.map(([before, after], axis) => {
    const reach = (windows.kernel[axis] ?? 1) - 1;
    return [reach - before, reach - after] as const;
  });
  return { ...rest, sizes: counts, counts: sizes, windows: { ...windows, padding } };
}
