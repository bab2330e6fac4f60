import type { Diagnostic } from "../../../grammar/index.ts";

/** What is searched for, and among what. */
export interface PlaceOptions {
  /** As an expectation writes it: `1.67M` is what rounds to it, `1_671_168` is that number, `0.38%` a share. */
  readonly budget: string;
  /** Everything up to the budget, instead of what it means. */
  readonly atMost: boolean;
  /** Names of adapters; null for those that the spec places, or knows where it places none. */
  readonly kinds: readonly string[] | null;
  readonly ranks: readonly number[];
  /** Selectors of what may be adapted; null for everything that has a role. */
  readonly on: string | null;
  /** One rank for everything that is adapted. */
  readonly sameRank: boolean;
  /** Further arguments of every adapter, such as `alpha = 2 * rank`, where `rank`, or what the size of an adapter is called, is the one that is tried. */
  readonly with: string;
  /** How many of the simplest are wanted. */
  readonly top: number;
}

/** Why a search cannot be made, in words, and what to do about it where that is known. */
export interface PlaceProblem {
  readonly rule: string;
  readonly help: string | null;
}

/** One placement that meets the budget. */
export interface FoundPlacement {
  /** The lines of a model that make it, one for each rank. */
  readonly lines: readonly string[];
  /** Library files that the spec has to import for it, such as `std/dora`. */
  readonly imports: readonly string[];
  readonly kind: string;
  /** What is selected with which rank, by encoder or stage; the rank is null for an adapter that has none. */
  readonly parts: readonly { readonly selectors: string; readonly rank: number | null }[];
  readonly adapters: number;
  /** All that is trainable, with what the spec trains besides adapters. */
  readonly trainable: number;
  /** Of all parameters, with those of the adapters. */
  readonly share: number;
}

export interface FoundPlacements {
  /** The simplest, in the order of their simplicity. */
  readonly placements: readonly FoundPlacement[];
  /** How many there are in all. */
  readonly count: number;
  /** What the budget allows to be trainable, both ends included. */
  readonly range: { readonly least: number; readonly most: number };
  /** What the spec trains besides adapters. */
  readonly without: number;
  /** The search space by region: how many role groups there are at `vision`, at `vision.spatial`, ... */
  readonly regions: readonly { readonly selector: string; readonly groups: number }[];
}

export type PlaceResult =
  | { readonly kind: "found"; readonly found: FoundPlacements; readonly bare: BareText }
  | { readonly kind: "refused"; readonly problem: PlaceProblem }
  | { readonly kind: "wrong-spec"; readonly diagnostics: readonly Diagnostic[] };

/** A spec's text without its placements and expectations, in which everything else stands where it stood. */
export interface BareText {
  readonly text: string;
  /** Where lines can be put into the model. */
  readonly end: number;
}
