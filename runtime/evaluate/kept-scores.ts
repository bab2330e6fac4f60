import * as v from "valibot";
import { at } from "../at.ts";
import { readOwnJson } from "../json/index.ts";
import type { ScoredExamples } from "./results.ts";

/** The scores that an evaluation is made of, with what they belong to. */
export interface KeptScores extends ScoredExamples {
  readonly names: readonly string[];
  readonly labels: readonly (readonly (boolean | null)[])[];
}

/** Scores as a JSON text, a volume on each line: what an evaluation can be made of again. */
export function encodeScores(kept: KeptScores): string {
  return `{\n${scoreEntries(kept)}\n}\n`;
}

/** The entries of that object. */
export function scoreEntries({ classes, names, scores, labels }: KeptScores): string {
  const rows = names.map((name, index) => {
    const row = {
      name,
      scores: Array.from(at(scores, index)),
      labels: at(labels, index).map((label) => (label === null ? null : Number(label))),
    };
    return `    ${JSON.stringify(row)}`;
  });
  return `  "classes": ${JSON.stringify(classes)},\n  "volumes": [\n${rows.join(",\n")}\n  ]`;
}

const kept = v.object({
  classes: v.array(v.string()),
  volumes: v.array(
    v.object({
      name: v.string(),
      scores: v.array(v.pipe(v.number(), v.finite())),
      labels: v.array(v.nullable(v.picklist([0, 1]))),
    }),
  ),
});

/** Reads such a text again; null for one that is not such a text. */
export function decodeScores(text: string): KeptScores | null {
  const read = readOwnJson(text, kept);
  if (read === null) return null;
  const { classes, volumes } = read;
  const isWhole = volumes.every(({ scores, labels }) => {
    return scores.length === classes.length && labels.length === classes.length;
  });
  if (!isWhole) return null;
  return {
    classes,
    names: volumes.map(({ name }) => name),
    scores: volumes.map(({ scores }) => scores),
    labels: volumes.map(({ labels }) => labels.map((label) => (label === null ? null : label === 1))),
  };
}
