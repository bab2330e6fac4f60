import { normaliseGraphemes, readCharsmap } from "./charsmap.ts";
import { type Fields, fieldsOf, flag, Refusal, shown } from "./json-fields.ts";
import { space } from "./split-patterns.ts";

export interface Normalised {
  readonly text: string;
  /** Whether it still has what the text began with, or what that became. */
  readonly keepsStart: boolean;
}

export type Normalise = (text: string) => Normalised;
type Change = (text: string) => string;

interface Step {
  readonly change: Change;
  /** Whether the beginning of a text is cut off; null where it never is. */
  readonly cutsStart: ((text: string) => boolean) | null;
}

const help =
  "of normalizers, Precompiled, Lowercase, NFC, NFD, NFKC, NFKD, Strip and Replace of a text, of blanks or of punctuation are supported";

/** What a `normalizer` makes of a text. */
export function normaliserIn(normalizer: unknown): Normalise {
  const steps = normalizer === null || normalizer === undefined ? [] : stepsOf(normalizer).map(stepOf);
  return (text) => {
    let normalised: Normalised = { text, keepsStart: true };
    for (const { change, cutsStart } of steps) {
      const keepsStart = normalised.keepsStart && cutsStart?.(normalised.text) !== true;
      normalised = { text: change(normalised.text), keepsStart };
    }
    return normalised;
  };
}

function stepsOf(normalizer: unknown): readonly Fields[] {
  const fields = fieldsOf(normalizer, "`normalizer`");
  if (fields.get("type") !== "Sequence") return [fields];
  const steps = fields.get("normalizers");
  if (!Array.isArray(steps)) throw new Refusal("its `normalizer.normalizers` are not a list");
  return steps.map((step: unknown) => fieldsOf(step, "a step of `normalizer`"));
}

function stepOf(fields: Fields): Step {
  const type = fields.get("type");
  const keeping = (change: Change): Step => ({ change, cutsStart: null });
  switch (type) {
    case "NFC":
    case "NFD":
    case "NFKC":
    case "NFKD":
      return keeping((text) => text.normalize(type));
    case "Lowercase":
      // Letter by letter, so that a capital sigma at a word's end is any other.
      return keeping((text) => text.replaceAll("Σ", "σ").toLowerCase());
    case "Strip":
      return stripOf(fields);
    case "Precompiled":
      return keeping(precompiledOf(fields.get("precompiled_charsmap") ?? null));
    case "Replace":
      return replacementOf(fields);
    default:
      throw new Refusal(`its \`normalizer\` has ${shown(type)}, which is not supported`, help);
  }
}

const blank = new RegExp(`[${space}]`);

function stripOf(fields: Fields): Step {
  const left = flag(fields, "normalizer", "strip_left", true);
  const right = flag(fields, "normalizer", "strip_right", true);
  const change = (text: string): string => {
    let [start, end] = [0, text.length];
    while (left && start < end && blank.test(text.charAt(start))) start++;
    while (right && end > start && blank.test(text.charAt(end - 1))) end--;
    return text.slice(start, end);
  };
  return { change, cutsStart: (text) => left && blank.test(text.charAt(0)) };
}

function precompiledOf(written: unknown): Change {
  if (typeof written !== "string" || !/^[A-Za-z0-9+/]*={0,2}$/.test(written)) {
    throw new Refusal("its `normalizer.precompiled_charsmap` is not base64");
  }
  const map = readCharsmap(Buffer.from(written, "base64"));
  if (map.kind === "failed") throw new Refusal(map.problem.message, map.problem.help);
  return (text) => normaliseGraphemes(text, map.value);
}

const punctuation = "!-/:-@[-`{-~";
/** Patterns that files replace, as they write them, and the same in JavaScript. */
const patterns: ReadonlyMap<string, RegExp> = new Map([
  [" {2,}", / {2,}/g],
  [String.raw`\s+`, new RegExp(`[${space}]+`, "g")],
  // Written by Python's re.escape of string.punctuation in a class, and by hand.
  [
    `[${"!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~".replace(/[^"!%',/:;<=>@_`]/g, "\\$&")}]`,
    new RegExp(`[${punctuation}]`, "g"),
  ],
  ["[!\"#$%&'()*+,-./:;<=>?@\\[\\\\\\]^_`{|}~]", new RegExp(`[${punctuation}]`, "g")],
]);

function replacementOf(fields: Fields): Step {
  const content = fields.get("content");
  const pattern = fieldsOf(fields.get("pattern"), "`normalizer.pattern`");
  const [plain, regex] = [pattern.get("String"), pattern.get("Regex")];
  if (typeof content !== "string") throw new Refusal("its `normalizer.content` is not a text");
  const known =
    typeof plain === "string" && plain !== "" ? plain : typeof regex === "string" ? patterns.get(regex) : undefined;
  if (known === undefined)
    throw new Refusal(`its \`normalizer\` replaces ${shown(plain ?? regex)}, which is not supported`, help);
  return {
    change: (text) => text.replaceAll(known, () => content),
    cutsStart: content === "" ? (text) => text.search(known instanceof RegExp ? known : literal(known)) === 0 : null,
  };
}

function literal(text: string): RegExp {
  return new RegExp(text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
}
