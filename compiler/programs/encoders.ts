import type { EvalSettings } from "../settings/index.ts";

/**
 * The outputs of `encode_image`, with the lets that they are: `latent` where the `eval` block names `image`, and `logits/NAME` for each
 * task that classifies, by its name.
 */
export function imageOutputs({ image, tasks }: EvalSettings): ReadonlyMap<string, string> {
  const logits = tasks.flatMap((task) =>
    task.kind === "classify" ? [[logitsOutput(task.name), task.logits] as const] : [],
  );
  return new Map([...(image === null ? [] : [["latent", image] as const]), ...logits]);
}

/** The output of `encode_image` that is the logits of a task, f32[batch, classes]. */
export function logitsOutput(task: string): string {
  return `logits/${task}`;
}

/** The outputs of `encode_text`: `latent` where the `eval` block names `text`, and then `scale` where it names one. */
export function textOutputs({ text, scale }: EvalSettings): ReadonlyMap<string, string> {
  if (text === null) return new Map();
  return new Map([["latent", text], ...(scale === null ? [] : [["scale", scale] as const])]);
}
