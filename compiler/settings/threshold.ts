import { type Diagnostic, type Expression, report } from "../../grammar/index.ts";
import { literal } from "./literals.ts";
import type { NamedCall, Range } from "./named-call.ts";
import type { SettingReader } from "./reader.ts";

/** A score, or how one is chosen for each class, and on which volumes. */
export type ThresholdSetting =
  | { readonly kind: "fixed"; readonly value: number }
  | { readonly kind: "youden" | "best_f1"; readonly on: ThresholdVolumes }
  | { readonly kind: "sensitivity"; readonly atLeast: number; readonly on: ThresholdVolumes };

/** Volumes to choose thresholds on: those to train on, those that are evaluated, or those that are named as `valid` names volumes. */
export type ThresholdVolumes =
  | { readonly kind: "training" }
  | { readonly kind: "evaluated" }
  | { readonly kind: "named"; readonly name: string };

const thresholdVolumes = ["training", "evaluated"] as const;
const thresholdRules = ["youden", "best_f1", "sensitivity"] as const;
export const defaultThreshold: ThresholdSetting = { kind: "fixed", value: 0.5 };
const score: Range = { of: "a number from 0 to 1", holds: (value) => value >= 0 && value <= 1 };
const sensitivity: Range = { of: "a number above 0, 1 at most", holds: (value) => value > 0 && value <= 1 };

type ThresholdReader = Pick<
  SettingReader<"threshold">,
  "expression" | "call" | "known" | "argument" | "read" | "refuse"
>;

/** Reads `threshold` of the `eval` block or of one of its tasks. */
export function readThreshold(reader: ThresholdReader, otherwise: ThresholdSetting): ThresholdSetting {
  const value = reader.expression("threshold");
  if (value === null) return otherwise;
  const expected = "a number from 0 to 1, `youden(...)`, `best_f1(...)` or `sensitivity(...)`";
  const number = literal(value);
  if (number !== null) {
    if (score.holds(number)) return { kind: "fixed", value: number };
    reader.refuse("threshold", expected);
    return otherwise;
  }
  const call = reader.call("threshold", thresholdRules, expected);
  const kind = thresholdRules.find((rule) => rule === call.name);
  if (kind === undefined) return otherwise;
  reader.known(call, kind === "sensitivity" ? ["at_least", "on"] : ["on"]);
  const on = readVolumes(reader, call);
  if (on === null) return otherwise;
  if (kind !== "sensitivity") return { kind, on };
  const atLeast = reader.argument(call, "at_least", 0, sensitivity);
  if (!isGiven(call, "at_least"))
    reader.refuse("threshold", "given what sensitivity it needs, such as `at_least = 0.9`");
  return { kind, atLeast, on };
}

/** Null where nothing says it, and after reporting what is wrong with it. */
function readVolumes(reader: ThresholdReader, call: NamedCall): ThresholdVolumes | null {
  const expected = '`training`, `evaluated`, or what volumes are named by, such as `"val_"`';
  const parsed = (value: Expression): ThresholdVolumes | null => {
    if (value.kind === "string" && value.value !== "") return { kind: "named", name: value.value };
    const kind = thresholdVolumes.find((each) => value.kind === "name" && each === value.text);
    return kind === undefined ? null : { kind };
  };
  return reader.read(call, "on", expected, parsed, { choices: thresholdVolumes });
}

/** Reports a threshold that is chosen and does not say on which volumes. */
export function unsaidVolumes(threshold: Expression | null): readonly Diagnostic[] {
  const callee = threshold?.kind === "call" ? threshold.callee : threshold;
  const rule = thresholdRules.find((each) => callee?.kind === "name" && callee.text === each);
  const call = threshold?.kind === "call" ? threshold : null;
  if (threshold === null || rule === undefined || isGiven({ name: rule, call }, "on")) return [];
  return [report("threshold-volumes", threshold.span, { rule })];
}

function isGiven({ call }: NamedCall, name: string): boolean {
  return call?.arguments.some((argument) => argument.name?.text === name) ?? false;
}

/** A threshold as a spec has it. */
export function printThreshold(threshold: ThresholdSetting): string {
  if (threshold.kind === "fixed") return String(threshold.value);
  const on = threshold.on.kind === "named" ? JSON.stringify(threshold.on.name) : threshold.on.kind;
  const least = threshold.kind === "sensitivity" ? `at_least = ${threshold.atLeast}, ` : "";
  return `${threshold.kind}(${least}on = ${on})`;
}
