/** What colours are for in a diagram or a chart. */
export interface Palette {
  readonly ink: string;
  readonly muted: string;
  readonly line: string;
  /** Around modules that are frozen. */
  readonly outline: string;
  readonly card: string;
  /** Behind cards. */
  readonly paper: string;
  /** Modules that are trained themselves. */
  readonly trained: string;
  /** The first evaluation and the last. */
  readonly first: string;
  readonly last: string;
  /** Placements in their order; a seventh has the first's again. */
  readonly placements: readonly string[];
  /** Text on a placement's colour. */
  readonly onPlacement: string;
}

/** Colours on white paper; each of those with text on it has a contrast of at least 4.5 to it. */
export const lightPalette: Palette = {
  ink: "#1b1f26",
  muted: "#5b6472",
  line: "#d5dae1",
  outline: "#9aa4b1",
  card: "#ffffff",
  paper: "#f4f5f7",
  trained: "#3a4352",
  first: "#7c8694",
  last: "#1d5fc4",
  placements: ["#1d5fc4", "#b1500b", "#187a48", "#7a3fb8", "#b02a68", "#0d7180"],
  onPlacement: "#ffffff",
};

export const darkPalette: Palette = {
  ink: "#e8ebf0",
  muted: "#a4adba",
  line: "#3a424f",
  outline: "#68727f",
  card: "#1b2028",
  paper: "#12161b",
  trained: "#c3cad5",
  first: "#98a2b0",
  last: "#84b3ff",
  placements: ["#84b3ff", "#f0a667", "#6fcf9c", "#c6a0f2", "#f093bd", "#62c6d6"],
  onPlacement: "#10141a",
};

/** Colours that follow the reader's theme: the style of the page gives each its value. */
export const themePalette: Palette = {
  ink: "var(--ink)",
  muted: "var(--muted)",
  line: "var(--line)",
  outline: "var(--outline)",
  card: "var(--card)",
  paper: "var(--paper)",
  trained: "var(--trained)",
  first: "var(--first)",
  last: "var(--last)",
  placements: lightPalette.placements.map((_, index) => `var(--placement-${index})`),
  onPlacement: "var(--on-placement)",
};

/** The declarations that give `themePalette` the values of a palette. */
export function declarePalette({ placements, onPlacement, ...rest }: Palette): string {
  const named = Object.entries(rest).map(([name, colour]) => `--${name}:${String(colour)};`);
  const placed = placements.map((colour, index) => `--placement-${index}:${colour};`);
  return [...named, ...placed, `--on-placement:${onPlacement};`].join("");
}
