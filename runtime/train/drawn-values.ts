import * as v from "valibot";
import { readOwnJson } from "../json/index.ts";

/** What a training's random first values follow from, and the parameters of the model that have them, by names in checkpoints. */
export interface DrawnValues {
  readonly seed: number;
  readonly parameters: readonly string[];
}

/** The key of that record in the metadata of adapters and the settings of checkpoints. */
export const drawnKey = "medctc.first_values";

/** The record as a JSON text. */
export function encodeDrawn({ seed, parameters }: DrawnValues): string {
  return JSON.stringify({ seed, parameters });
}

const record = v.object({ seed: v.number(), parameters: v.array(v.string()) });

/** Reads such a text again; null for another. */
export function decodeDrawn(text: string): DrawnValues | null {
  return readOwnJson(text, record);
}
