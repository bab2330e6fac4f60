import { at } from "../at.ts";
import type { ScoredExamples } from "./results.ts";

/** The scores that an evaluation is made of, with what they belong to. */
export interface KeptScores extends ScoredExamples {
  readonly names: readonly string[];
  readonly labels: readonly (readonly boolean[])[];
}

/** Scores as a JSON text, a volume on each line: what an evaluation can be made of again. */
export function encodeScores({ classes, names, scores, labels }: KeptScores): string {
  const rows = names.map((name, index) => {
    const row = { name, scores: Array.from(at(scores, index)), labels: at(labels, index).map(Number) };
    return `    ${JSON.stringify(row)}`;
  });
  return `{\n  "classes": ${JSON.stringify(classes)},\n  "volumes": [\n${rows.join(",\n")}\n  ]\n}\n`;
}

/** Reads such a text again; null for one that is not such a text. */
export function decodeScores(text: string): KeptScores | null {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return null;
  }
  const classes = listOf(fieldOf(content, "classes"), isString);
  const volumes = listOf(fieldOf(content, "volumes"), (value): value is object => typeof value === "object");
  if (classes === null || volumes === null) return null;
  const names: string[] = [];
  const scores: (readonly number[])[] = [];
  const labels: (readonly boolean[])[] = [];
  for (const volume of volumes) {
    const name = fieldOf(volume, "name");
    const row = listOf(fieldOf(volume, "scores"), isScore);
    const marks = listOf(fieldOf(volume, "labels"), isLabel);
    const isWhole = row?.length === classes.length && marks?.length === classes.length;
    if (!isString(name) || row === null || marks === null || !isWhole) return null;
    names.push(name);
    scores.push(row);
    labels.push(marks.map((mark) => mark === 1));
  }
  return { classes, names, scores, labels };
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Object.getOwnPropertyDescriptor(value, name)?.value : undefined;
}

function listOf<Item>(value: unknown, isItem: (item: unknown) => item is Item): readonly Item[] | null {
  return Array.isArray(value) && value.every(isItem) ? value : null;
}

function isString(value: unknown): value is string {
  return typeof value === "string";
}

function isScore(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function isLabel(value: unknown): value is 0 | 1 {
  return value === 0 || value === 1;
}
