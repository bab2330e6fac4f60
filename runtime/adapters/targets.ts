import { isEmpty, shown, textsIn } from "./config-fields.ts";
import { type Fields, type Wrong, wrong } from "./json-object.ts";
import { endingsOf, type ListedName } from "./listed-names.ts";
import { fitsName, type NamePattern, type PatternReader } from "./name-pattern.ts";
import { withoutWrappers } from "./peft-names.ts";

/**
 * Why PEFT puts no adapter on a module, by the name that it was given; null where it puts one there. With `mayBeRenamed` the name may have
 * another prefix than those of a list.
 */
export type Targets = (module: string, mayBeRenamed?: boolean) => string | null;

/** Which modules a config is for, and the names by which it says so. */
export interface ReadTargets {
  readonly kind: "targets";
  readonly targets: Targets;
  /** Whether it says itself that a module, by the name that PEFT was given, has an adapter. */
  readonly isTargeted: (module: string) => boolean;
  /** Those of `target_modules` and of `exclude_modules`. */
  readonly listed: readonly ListedName[];
}

/** What PEFT takes for all linear layers, which it finds by their classes. */
const allLinear = "all-linear";

/**
 * Reads which modules a config is for, as PEFT's `check_target_module_exists` does: `target_modules` and `exclude_modules`, names and endings
 * of names or an expression for whole names; `modules_to_save`, which have no adapters; `layers_to_transform` by `layers_pattern`. Of types
 * that are not known one name by itself may be how names end.
 */
export function readTargets(
  fields: Fields,
  saved: readonly SavedModule[],
  reader: PatternReader,
  isKnownType: boolean,
): ReadTargets | Wrong {
  const included = namesIn(fields, "target_modules", reader, !isKnownType);
  const excluded = namesIn(fields, "exclude_modules", reader, false);
  const layers = layersIn(fields, reader);
  if ("problem" in included) return included;
  if ("problem" in excluded) return excluded;
  if ("problem" in layers) return layers;
  const isKnown = !isEmpty(fields.get("target_modules")) && !isAllLinear(fields.get("target_modules"));
  const whyNot = (module: string, mayBeRenamed: boolean): string | null => {
    if (excluded.fit(module) !== null) return `excludes \`${module}\` (\`exclude_modules\`)`;
    if (saved.some(({ has }) => has(module))) return `saves \`${module}\` as a whole (\`modules_to_save\`)`;
    if (!isKnown) return null;
    const fit = included.fit(module);
    if (fit === null && mayBeRenamed && included.isRenamed(module)) return null;
    if (fit === null) return `does not have \`${module}\` among its \`target_modules\``;
    if (fit === "ending" && layers(module) === false)
      return `does not have the layer of \`${module}\` among its \`layers_to_transform\``;
    return null;
  };
  // Parts of torch.compile and FSDP may have been added after PEFT was given the model.
  const targets: Targets = (module, mayBeRenamed = false) => {
    const why = whyNot(module, mayBeRenamed);
    return why === null || whyNot(withoutWrappers(module), mayBeRenamed) === null ? null : why;
  };
  const isTargeted = (module: string): boolean => isKnown && whyNot(module, false) === null;
  return { kind: "targets", targets, isTargeted, listed: [...included.listed, ...excluded.listed] };
}

/** How a name is among some: it is one of them or fits their expression, or it ends with one. */
type Fit = "whole" | "ending" | null;

interface Names {
  readonly fit: (module: string) => Fit;
  /** Whether it is one of them but for what stands before: of tensors that somebody renamed the config may have the names from before. */
  readonly isRenamed: (module: string) => boolean;
  readonly listed: readonly ListedName[];
}

function namesIn(fields: Fields, key: string, reader: PatternReader, mayEnd: boolean): Names | Wrong {
  const texts = textsIn(fields, key);
  if (typeof texts === "string") {
    if (texts === "" || isAllLinear(texts)) return { fit: () => null, isRenamed: () => false, listed: [] };
    const pattern = reader.whole(texts);
    if (pattern.kind === "wrong") return wrong(`in \`${key}\`, ${pattern.problem}`);
    const isEnding = mayEnd && /^\w+$/.test(texts);
    return {
      fit: (module) => (fitsName(pattern, module) ? "whole" : null),
      isRenamed: (module) => isEnding && module.endsWith(`.${texts}`),
      listed: [{ field: key, called: texts, pattern: isEnding ? null : pattern }],
    };
  }
  if ("problem" in texts) return texts;
  const all = new Set(texts);
  const fit = (module: string): Fit => {
    if (all.has(module)) return "whole";
    for (let dot = module.indexOf("."); dot >= 0; dot = module.indexOf(".", dot + 1))
      if (all.has(module.slice(dot + 1))) return "ending";
    return null;
  };
  const endings = new Set(texts.flatMap((text) => endingsOf(text)));
  // Its first part may be the prefix.
  const isRenamed = (module: string): boolean =>
    endingsOf(module)
      .slice(0, 2)
      .some((each) => endings.has(each));
  return { fit, isRenamed, listed: [...all].map((called) => ({ field: key, called, pattern: null })) };
}

function isAllLinear(value: unknown): boolean {
  return typeof value === "string" && value.toLowerCase() === allLinear;
}

/** A module that PEFT saves as a whole. */
export interface SavedModule {
  /** How the config calls it. */
  readonly called: string;
  /** Whether a name is the module's, or of something inside. */
  readonly has: (name: string) => boolean;
}

/** PEFT has a name of `modules_to_save` as an expression for any part of a name between dots. */
export function readSaved(fields: Fields, reader: PatternReader): readonly SavedModule[] | Wrong {
  const texts = textsIn(fields, "modules_to_save");
  if (typeof texts !== "string" && "problem" in texts) return texts;
  const saved: SavedModule[] = [];
  for (const called of typeof texts === "string" ? [texts] : texts) {
    const pattern = reader.start(`(^|.*\\.)${called}($|\\..*)`);
    if (pattern.kind === "wrong") return wrong(`in \`modules_to_save\`, ${pattern.problem}`);
    saved.push({ called, has: (name) => fitsName(pattern, name) });
  }
  return saved;
}

/** Whether a module is in a layer that has adapters; null where layers are not named. */
function layersIn(fields: Fields, reader: PatternReader): ((module: string) => boolean | null) | Wrong {
  const given = fields.get("layers_to_transform");
  // Layer 0 is no value that is not used.
  if (given !== 0 && isEmpty(given)) return () => null;
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  const layers = new Set(list.filter((each): each is number => Number.isSafeInteger(each)));
  if (list.some((each) => !Number.isSafeInteger(each)))
    return wrong(`its \`layers_to_transform\` is ${shown(given)}, but must be a number or a list of numbers`);
  const texts = textsIn(fields, "layers_pattern");
  if (typeof texts !== "string" && "problem" in texts) return texts;
  const names = typeof texts === "string" ? [texts].filter((text) => text !== "") : texts;
  const patterns: NamePattern[] = [];
  for (const text of names.length === 0 ? [".*?\\.[^.]*"] : names.map((name) => `(?:^|.*?\\.)${name}`)) {
    const pattern = reader.whole(text);
    if (pattern.kind === "wrong") return wrong(`in \`layers_pattern\`, ${pattern.problem}`);
    patterns.push(pattern);
  }
  return (module) => {
    for (const pattern of patterns) {
      const layer = layerOf(module, pattern);
      if (layer !== null) return layers.has(layer);
    }
    return false;
  };
}

/** The first number between dots that stands behind what a pattern fits. */
function layerOf(module: string, pattern: NamePattern): number | null {
  for (const { index, 1: digits } of module.matchAll(/\.(\d+)(?=\.)/g))
    if (fitsName(pattern, module.slice(0, index))) return Number(digits);
  return null;
}
