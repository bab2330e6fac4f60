import type { Augmentation, SpatialAxis } from "../../../compiler/index.ts";
import type { Problem } from "../../text/index.ts";
import type { VolumeGrid } from "./grid.ts";

/** Why an operation cannot change volumes or images of a grid; null where all can. */
export function fitProblem(augmentations: readonly Augmentation[], { sizes, channels }: VolumeGrid): Problem | null {
  const [slices, height, width] = sizes;
  const flat: Readonly<Record<SpatialAxis, boolean>> = {
    slices: slices === 1,
    height: height === 1,
    width: width === 1,
  };
  for (const each of augmentations) {
    if (each.kind === "flip" && flat[each.axis]) {
      return problem(`\`flip(axis = ${each.axis})\` reverses an axis of one voxel`, "choose another axis");
    }
    const others = (["slices", "height", "width"] as const).filter(
      (axis) => each.kind === "rotate" && axis !== each.axis,
    );
    if (each.kind === "rotate" && others.some((axis) => flat[axis])) {
      const message = `\`rotate(axis = ${each.axis})\` turns an image out of its plane`;
      return problem(message, "use `rotate(axis = slices)` for 2-D images");
    }
    if (each.kind !== "window") continue;
    for (const { window } of channels) {
      if (window === null) {
        const message =
          "`window` moves the ends of a window, which neither images nor volumes with `window = min_max` have";
        return problem(message, "use `intensity` for these");
      }
      const width = window[1] - window[0];
      if (each.jitter >= width / 2) {
        const message = `\`window(jitter = ${each.jitter})\` is half the width of a window or more, which is ${width}`;
        return problem(message, "use a smaller `jitter`, or a wider `window` of that input");
      }
    }
  }
  return null;
}

function problem(message: string, help: string): Problem {
  return { subject: "", message, help };
}
