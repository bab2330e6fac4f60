import { type Facts, factsOf, type Manual, OpenSpec, readManual } from "../../../../compiler/editor/index.ts";
import type { Compiled } from "../../../../compiler/index.ts";
import { createSource } from "../../../../grammar/index.ts";
import type { Spec, Texts } from "../protocol.ts";
import { TextLibrary } from "./text-library.ts";

/** A spec with what was found of it so far. */
export interface Opened {
  readonly spec: OpenSpec;
  readonly library: TextLibrary;
}

/** What was found of a spec when it last compiled: a broken text keeps it. */
export interface LastGood {
  readonly facts: Facts;
  readonly elements: Compiled["elements"];
}

/** Texts that are asked about again and again: the one in the editor, and the one that it is compared with. */
const rememberedTexts = 3;

/** The specs that the page asks about, each compiled once for all that is asked of it. */
export class Session {
  readonly manual: Manual;
  private readonly texts: Texts;
  private readonly opened = new Map<string, Opened>();
  private readonly good = new Map<string, LastGood>();

  constructor(texts: Texts) {
    this.texts = texts;
    this.manual = readManual(texts.manual);
  }

  open({ path, text, isBundled }: Spec): Opened {
    const key = JSON.stringify([path, text, isBundled]);
    const known = this.opened.get(key);
    if (known !== undefined) return known;
    const library = new TextLibrary(this.texts, { path, isBundled });
    const opened = { spec: new OpenSpec(createSource(path, text), library), library };
    this.opened.set(key, opened);
    for (const oldest of [...this.opened.keys()].slice(0, -rememberedTexts)) this.opened.delete(oldest);
    return opened;
  }

  /** What was found when the spec last compiled; nothing before that. */
  lastGood({ spec }: Opened): LastGood {
    const { name } = spec.source;
    const known = this.good.get(name) ?? { facts: new Map(), elements: [] };
    const { elements } = spec.compiled;
    const found = { facts: factsOf(spec) ?? known.facts, elements: elements.length > 0 ? elements : known.elements };
    this.good.set(name, found);
    return found;
  }
}
