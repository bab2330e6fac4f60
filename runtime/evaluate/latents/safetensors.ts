import { at } from "../../at.ts";
import { type FloatTensor, writeSafetensors } from "../../weights/index.ts";
import type { KeptLatents } from "./kept.ts";

/**
 * Latents as a safetensors file of 32-bit floats: `image` [volumes, width], `text` [volumes, width] where reports were encoded, and
 * `labels` [volumes, classes] of 1, 0, and NaN where a label is missing. The names of the rows and of the labels' columns are JSON lists
 * in its metadata, `names` and `classes`, since that has texts alone.
 */
export function latentsToSafetensors({ names, images, reports, classes, labels, about }: KeptLatents): Uint8Array {
  const rows = (latents: readonly Float32Array[]): FloatTensor => ({
    shape: [latents.length, latents[0]?.length ?? 0],
    data: () => latents,
  });
  const values = Float32Array.from({ length: names.length * classes.length }, (_, index) => {
    const label = at(at(labels, Math.floor(index / classes.length)), index % classes.length);
    return label === null ? Number.NaN : Number(label);
  });
  const tensors = new Map<string, FloatTensor>([
    ["image", rows(images)],
    ...(reports === null ? [] : [["text", rows(reports)] as const]),
    ["labels", { shape: [names.length, classes.length], data: values }],
  ]);
  const metadata = new Map([["names", JSON.stringify(names)], ["classes", JSON.stringify(classes)], ...about]);
  return writeSafetensors(tensors, metadata);
}
