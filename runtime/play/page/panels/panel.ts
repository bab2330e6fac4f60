import type { Lane } from "../lane.ts";
import type { Counts, Spec } from "../protocol.ts";

/** The text as the panels have it. */
export interface State {
  /** As it is in the editor. */
  readonly spec: Spec;
  /** The last text that compiled so far that it has counts, which panels tell of; null before there was one. */
  readonly shown: Spec | null;
  readonly counts: Counts | null;
  /** Where changes are counted from. */
  readonly start: Spec;
}

/** What a panel can do beside showing something. */
export interface Context {
  /** Answers at once, so that what is typed is always shown. */
  readonly quick: Lane;
  /** For what may take seconds. */
  readonly patient: Lane;
  /** Puts another text into the editor, as if it were typed. */
  readonly replaceText: (text: string) => void;
  readonly startFromHere: () => void;
}

/** A part of the page behind a tab. Nothing is computed for one that is not looked at. */
export interface Panel {
  readonly id: string;
  readonly title: string;
  readonly element: HTMLElement;
  /** Called while it is looked at, whenever the text changed. */
  readonly show: (state: State) => void;
}
