import type { NameKind, Suggestion } from "../../../compiler/editor/index.ts";
import type { PlaceOptions, Pricing } from "../../../compiler/index.ts";
import type { Emission } from "../../printout/index.ts";

/** A spec as the page has it: its path is where its imports are looked for. */
export interface Spec {
  readonly path: string;
  readonly text: string;
  /** Whether it is one that comes with the page, whose imports do, too; else they are among the reader's own files. */
  readonly isBundled: boolean;
}

/** Texts by their paths. */
export type Files = Readonly<Record<string, string>>;

/** What all specs can import. */
export interface Texts {
  /** Specs and the library, as they lie in the package. */
  readonly bundled: Files;
  /** What the reader's own spec imports. */
  readonly own: Files;
  /** The manual's tables, for hovers and completion. */
  readonly manual: string;
}

/** What the page asks the compiler for. */
export type Request =
  | { readonly kind: "check"; readonly spec: Spec }
  | { readonly kind: "complete"; readonly spec: Spec; readonly offset: number }
  | { readonly kind: "hover"; readonly spec: Spec; readonly offset: number }
  | { readonly kind: "format"; readonly spec: Spec }
  | { readonly kind: "picture"; readonly spec: Spec; readonly width: number }
  | PrintRequest
  | { readonly kind: "memory"; readonly spec: Spec }
  | PlaceRequest
  /** Writes placements into a text instead of its own. */
  | {
      readonly kind: "put";
      readonly spec: Spec;
      readonly lines: readonly string[];
      readonly imports: readonly string[];
    }
  | { readonly kind: "compare"; readonly before: Spec; readonly after: Spec }
  | { readonly kind: "package"; readonly spec: Spec };

export type RequestOf<Kind extends Request["kind"]> = Extract<Request, { readonly kind: Kind }>;

/** What a command prints of a spec. */
export interface PrintRequest {
  readonly kind: "print";
  readonly spec: Spec;
  readonly what: Emission | "parameters" | "trained-parameters";
  /** The last pass of a program, "none" for no pass, null for all. */
  readonly after: string | null;
  /** Expect the memory of a step even where the spec does not limit it. */
  readonly withMemory: boolean;
}

export interface PlaceRequest {
  readonly kind: "place";
  readonly spec: Spec;
  readonly options: Omit<PlaceOptions, "ranks"> & Pick<Pricing<never>, "costs" | "memory"> & { readonly ranks: string };
}

export interface Answers {
  readonly check: Checked;
  readonly complete: { readonly start: number; readonly suggestions: readonly ShownSuggestion[] };
  readonly hover: Hovered | null;
  /** Null where the text cannot be read. */
  readonly format: string | null;
  /** SVG; null where the spec does not compile. */
  readonly picture: string | null;
  readonly print: Printed;
  /** The expected peak of a step in words, and how layers are recomputed for it; null where nothing is trained. */
  readonly memory: { readonly peak: string; readonly recompute: string } | null;
  readonly place: Placed;
  readonly put: string | null;
  readonly compare: Printed;
  readonly package: Package;
}

/** A text, or why there is none. */
export type Printed = { readonly kind: "text"; readonly text: string } | Refusal;

export interface Refusal {
  readonly kind: "refused";
  readonly why: string;
}

export interface ShownSuggestion extends Pick<Suggestion, "text" | "kind" | "detail" | "about" | "insert"> {
  /** The change that imports it, where it is of a file of the library that is not imported yet. */
  readonly importing: Mending | null;
}

export interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** A change of the text that mends a mistake. */
export interface Mending extends Stretch {
  readonly title: string;
  readonly text: string;
}

/** A mistake: in the text, or in a file that it imports, when it stands at the import. */
export interface Mistake extends Stretch {
  readonly severity: "error" | "warning";
  readonly code: string;
  /** What it is, with notes and help on lines of their own. */
  readonly message: string;
  /** `12:3`, counted from 1. */
  readonly place: string;
  readonly mendings: readonly Mending[];
}

/** A name in the text, and what it stands for. */
export interface ShownName extends Stretch {
  readonly kind: NameKind;
}

/** What the compiler found of a member, to be shown after its line. */
export interface Fact {
  readonly at: number;
  readonly text: string;
}

export interface Expectation {
  readonly text: string;
  readonly found: string;
  readonly holds: boolean;
}

/** The numbers that a reader follows while typing. */
export interface Counts {
  readonly model: string;
  readonly trainable: number;
  readonly total: number;
  /** Without adapters. */
  readonly base: number;
  readonly batch: number;
  readonly step: string;
  readonly expectations: readonly Expectation[];
  readonly placements: readonly { readonly text: string; readonly adapters: number; readonly parameters: number }[];
}

export interface Checked {
  readonly mistakes: readonly Mistake[];
  readonly names: readonly ShownName[];
  readonly folds: readonly Stretch[];
  /** Those of the last text that compiled, where this one does not. */
  readonly facts: readonly Fact[];
  /** Null where the text does not compile so far. */
  readonly counts: Counts | null;
}

export interface Hovered extends Stretch {
  readonly code: string | null;
  /** Markdown of simple kinds. */
  readonly lines: readonly string[];
}

export interface ShownPlacement {
  readonly trainable: number;
  readonly share: string;
  readonly step: string;
  readonly peak: string;
  readonly lines: readonly string[];
  readonly imports: readonly string[];
}

export type Placed =
  | { readonly kind: "found"; readonly text: string; readonly placements: readonly ShownPlacement[] }
  | Refusal;

export type Package =
  | { readonly kind: "files"; readonly files: readonly { readonly name: string; readonly text: string }[] }
  | Refusal;

/** What a worker sends back through the port of a request. */
export type Reply<Value> =
  | { readonly kind: "done"; readonly value: Value }
  /** A mistake of medctc's own. */
  | { readonly kind: "failed"; readonly message: string };

/** The first thing that a worker is sent. */
export interface Opening {
  readonly kind: "open";
  readonly texts: Texts;
}
