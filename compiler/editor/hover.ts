import type { Expression, Selector, Span } from "../../grammar/index.ts";
import { builtinNamed, isBuiltinName } from "../elaborate/index.ts";
import { explainSelectors } from "../select/index.ts";
import { printCount, printNumberOf } from "../units.ts";
import { commentAbove, describeValue, headOf } from "./describe.ts";
import type { Manual } from "./manual.ts";
import { useAt } from "./navigate.ts";
import type { OpenSpec } from "./open-spec.ts";
import { selectorsIn, settingsIn } from "./parts.ts";

/** What is told of a place: code of the language, and sentences in Markdown. */
export interface Hover {
  readonly span: Span;
  readonly code: string | null;
  readonly lines: readonly string[];
}

/** What stands at an offset: a selector with what it selects, a name with what declares it, an expression with its value. */
export function hoverAt(spec: OpenSpec, offset: number, manual: Manual): Hover | null {
  return (
    ofSelector(spec, offset) ??
    ofSetting(spec, offset, manual) ??
    ofName(spec, offset) ??
    ofExpression(spec, offset, manual)
  );
}

function covers({ start, end }: Span, offset: number): boolean {
  return start <= offset && offset <= end;
}

function ofSelector(spec: OpenSpec, offset: number): Hover | null {
  const { elements } = spec.compiled;
  if (elements.length === 0) return null;
  for (const list of selectorsIn(spec.file)) {
    const index = list.findIndex(({ span }) => covers(span, offset));
    const selector = list[index];
    if (selector === undefined) continue;
    const { matches } = explainSelectors(textUpTo(list, index), elements);
    const own = explainSelectors(textUpTo(list, index - 1), elements).matches;
    const selected = matches.filter(({ path }) => !own.some((each) => each.path === path));
    const count = selected.reduce((sum, { parameters }) => sum + parameters, 0);
    const shown = selected.slice(0, 8).map(({ path, what, type, why }) => {
      const typed = type === null ? what : `${what} \`${type}\``;
      return `- \`${path}\` (${typed}): ${why}`;
    });
    const rest = selected.length > shown.length ? [`- and ${selected.length - shown.length} more`] : [];
    const title = `${printNumberOf(selected.length, "match").replace(/matchs$/, "matches")}, ${printCount(count)} parameters`;
    return { span: selector.span, code: null, lines: [title, [...shown, ...rest].join("\n")] };
  }
  return null;
}

/** A list of selectors up to one of them, which may continue those before it; nothing before the first. */
function textUpTo(list: readonly Selector[], index: number): string {
  const [first, last] = [list[0], list[index]];
  if (first === undefined || last === undefined) return "";
  return first.span.source.text.slice(first.span.start, last.span.end);
}

function ofSetting(spec: OpenSpec, offset: number, manual: Manual): Hover | null {
  const found = settingsIn(spec.file).find(({ setting }) => covers(setting.name.span, offset));
  if (found === undefined) return null;
  const about = manual.settings.get(`${found.block}.${found.setting.name.text}`);
  return about === undefined ? null : { span: found.setting.name.span, code: null, lines: [about] };
}

function ofName(spec: OpenSpec, offset: number): Hover | null {
  const use = useAt(spec, offset);
  if (use === null) return null;
  const { span, declaration } = use;
  const value = valueAt(spec, span) ?? valueNamed(spec, declaration.name.text, declaration.name.span);
  const { source } = declaration.name.span;
  const lines = [commentAbove(declaration.span), value ?? "", source === spec.source ? "" : `from \`${source.name}\``];
  return { span, code: headOf(declaration), lines: lines.filter((line) => line !== "") };
}

/** The value of the expression that is exactly there. */
function valueAt(spec: OpenSpec, { start, end }: Span): string | null {
  for (const [{ span }, value] of spec.compiled.values) {
    if (span.start === start && span.end === end) return describeValue(value);
  }
  return null;
}

/** What a member of the model stands for. */
function valueNamed(spec: OpenSpec, name: string, declared: Span): string | null {
  const model = spec.file.items.find((item) => item.kind === "model");
  const member = model?.members.find((each) => "name" in each && each.name.span === declared);
  const { plan } = spec.compiled;
  if (member === undefined || plan === null) return null;
  const component = plan.components.find((each) => each.name === name);
  if (component !== undefined) {
    const { parameters, trainable } = component;
    return `${printCount(parameters)} parameters, ${printCount(trainable)} of them trained`;
  }
  const unit = plan.flow.units.find((each) => each.name === name);
  return unit?.type === undefined || unit.type === null
    ? null
    : `\`${unit.type.dtype}[${unit.type.shape.join(", ")}]\``;
}

function ofExpression(spec: OpenSpec, offset: number, manual: Manual): Hover | null {
  let nearest: Expression | null = null;
  for (const [expression, value] of spec.compiled.values) {
    const { span } = expression;
    if (!covers(span, offset) || (describeValue(value) === null && value.kind !== "builtin")) continue;
    if (nearest === null || span.end - span.start < nearest.span.end - nearest.span.start) nearest = expression;
  }
  const value = nearest === null ? undefined : spec.compiled.values.get(nearest);
  if (nearest === null || value === undefined) return null;
  if (value.kind !== "builtin") return { span: nearest.span, code: null, lines: [describeValue(value) ?? ""] };
  const { name } = value;
  const code = isBuiltinName(name) ? `${name}(${builtinNamed(name).parameters.join(", ")})` : name;
  return { span: nearest.span, code, lines: [manual.operations.get(name) ?? ""].filter((line) => line !== "") };
}
