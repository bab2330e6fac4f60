import * as v from "valibot";
import { at } from "../at.ts";
import { readOwnJson } from "../json/index.ts";
import { defaultBootstrap, defaultThreshold, type ScoredExamples } from "./results.ts";
import type { ThresholdPolicy } from "./thresholds.ts";

/** The scores that an evaluation is made of, with what they belong to. */
export interface KeptScores extends ScoredExamples {
  readonly names: readonly string[];
  readonly labels: readonly (readonly (boolean | null)[])[];
}

/** Scores as a JSON text, a volume on each line: what an evaluation can be made of again. Thresholds are not chosen on other volumes. */
export function encodeScores(kept: KeptScores): string {
  return `{\n${scoreEntries(kept)}\n}\n`;
}

/** The entries of that object. */
export function scoreEntries(kept: KeptScores): string {
  const { classes, names, scores, labels, groups, threshold = defaultThreshold, bootstrap = defaultBootstrap } = kept;
  const rows = names.map((name, index) => {
    const row = {
      name,
      ...(groups === undefined ? {} : { group: at(groups.of, index) }),
      scores: Array.from(at(scores, index)),
      labels: at(labels, index).map((label) => (label === null ? null : Number(label))),
    };
    return `    ${JSON.stringify(row)}`;
  });
  const settings = { threshold, bootstrap, by: groups?.by ?? null };
  const lines = [`  "classes": ${JSON.stringify(classes)}`, `  "settings": ${JSON.stringify(settings)}`];
  return `${lines.join(",\n")},\n  "volumes": [\n${rows.join(",\n")}\n  ]`;
}

const policy: v.GenericSchema<unknown, ThresholdPolicy> = v.variant("kind", [
  v.object({ kind: v.literal("fixed"), value: v.number() }),
  v.object({ kind: v.picklist(["youden", "best_f1"]), on: v.null() }),
  v.object({ kind: v.literal("sensitivity"), atLeast: v.number(), on: v.null() }),
]);

const kept = v.object({
  classes: v.array(v.string()),
  /** What older runs do not have. */
  settings: v.optional(
    v.object({
      threshold: policy,
      bootstrap: v.nullable(v.object({ resamples: v.number(), seed: v.number() })),
      by: v.nullable(v.string()),
    }),
    { threshold: defaultThreshold, bootstrap: defaultBootstrap, by: null },
  ),
  volumes: v.array(
    v.object({
      name: v.string(),
      group: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0))),
      scores: v.array(v.pipe(v.number(), v.finite())),
      labels: v.array(v.nullable(v.picklist([0, 1]))),
    }),
  ),
});

/** Reads such a text again; null for one that is not such a text. */
export function decodeScores(text: string): KeptScores | null {
  const read = readOwnJson(text, kept);
  if (read === null) return null;
  const { classes, settings, volumes } = read;
  const isWhole = volumes.every(({ scores, labels }) => {
    return scores.length === classes.length && labels.length === classes.length;
  });
  if (!isWhole) return null;
  const groups = volumes.flatMap(({ group }) => group ?? []);
  const isGrouped = groups.length === volumes.length && groups.every((group) => group < volumes.length);
  if (settings.by !== null && !isGrouped) return null;
  const { threshold, bootstrap, by } = settings;
  return {
    classes,
    names: volumes.map(({ name }) => name),
    scores: volumes.map(({ scores }) => scores),
    labels: volumes.map(({ labels }) => labels.map((label) => (label === null ? null : label === 1))),
    ...{ threshold, bootstrap },
    ...(by === null
      ? {}
      : { groups: { by, of: Int32Array.from(groups), count: 1 + groups.reduce((a, b) => Math.max(a, b), -1) } }),
  };
}
