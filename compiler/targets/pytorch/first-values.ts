import type { Expression, ModelMember, ModuleMember, ParamMember } from "../../../grammar/index.ts";
import type { InitialValue } from "../../ir/index.ts";
import type { Facts } from "./facts.ts";
import { binary, call, indented, layOut, method, type Python, printPython, word } from "./python.ts";
import { refuse } from "./refusal.ts";
import type { Writer } from "./scope.ts";
import type { Translator } from "./translate.ts";

/** A first value that is computed from others, and which conditions hold where it is. */
interface ComputedValue {
  readonly value: Expression;
  readonly conditions: readonly { readonly condition: Expression; readonly holds: boolean }[];
}

/** What a parameter is made with: zeros where its first value is computed, which has to wait for those that it follows from. */
export function firstValues(initial: Expression | null, sizes: Python, translator: Translator): Python {
  const { writer, declarations } = translator.place;
  const { facts } = declarations;
  if (initial === null) return filled("zeros", sizes, writer);
  if (initial.kind === "name" && (initial.text === "zeros" || initial.text === "ones"))
    return filled(initial.text, sizes, writer);
  if (initial.kind === "if") {
    const only = onlyBranch(initial, facts);
    if (only !== null) return firstValues(only, sizes, translator);
    const then = firstValues(initial.then, sizes, translator);
    const otherwise = firstValues(initial.otherwise, sizes, translator);
    if (printPython(then) === printPython(otherwise)) return then;
    return { kind: "if", condition: translator.expression(initial.condition), then, otherwise };
  }
  if (initial.kind === "call" && initial.callee.kind === "name") {
    const [argument] = initial.arguments;
    const kind = initial.callee.text;
    if (argument !== undefined && (kind === "normal" || kind === "uniform" || kind === "constant")) {
      const value = translator.expression(argument.value);
      if (kind === "constant") return full(sizes, value, writer);
      writer.use("ops");
      return call(`ops.${kind}`, [sizes, value]);
    }
  }
  if (facts.isAll(initial, "number")) return full(sizes, translator.expression(initial), writer);
  if (isComputed(initial, facts) || facts.of(initial) === null) return filled("zeros", sizes, writer);
  return refuse("the first value of a parameter is not written where it is declared", initial.span);
}

/** A first value that follows from the seed alone, of a tensor that adapters share. */
export function knownFirstValue(initial: InitialValue, sizes: Python, writer: Writer): Python {
  switch (initial.kind) {
    case "constant":
      if (initial.value === 0 || initial.value === 1)
        return filled(initial.value === 0 ? "zeros" : "ones", sizes, writer);
      return full(sizes, word(String(initial.value)), writer);
    case "normal":
    case "uniform": {
      writer.use("ops");
      const of = initial.kind === "normal" ? initial.standardDeviation : initial.bound;
      return call(`ops.${initial.kind}`, [sizes, word(String(of))]);
    }
    case "computed":
      throw new Error("what adapters share has no computed first value");
  }
}

function filled(name: "zeros" | "ones", sizes: Python, writer: Writer): Python {
  writer.use("torch");
  return call(`torch.${name}`, [sizes]);
}

function full(sizes: Python, value: Python, writer: Writer): Python {
  writer.use("torch");
  const isFraction = value.kind === "word" && /^-?\d.*[.e]/.test(value.text);
  return call("torch.full", [sizes, value], { dtype: isFraction ? null : word("torch.float32") });
}

/** A package has no other arguments than the spec's: of a condition that always goes one way, the other branch is not written. */
function onlyBranch({ then, otherwise }: Expression & { readonly kind: "if" }, facts: Facts): Expression | null {
  if (facts.of(then) === null) return otherwise;
  return facts.of(otherwise) === null ? then : null;
}

/** Whether a value is a tensor, and not a number or what fills a tensor. */
export function isComputed(initial: Expression, facts: Facts): boolean {
  return facts.isAll(initial, "tensor", "parameter");
}

/** The first values of a parameter that are computed from others. */
export function computedValues({ initial, shared }: ParamMember, facts: Facts): readonly ComputedValue[] {
  const within = (value: Expression, conditions: ComputedValue["conditions"]): readonly ComputedValue[] => {
    if (value.kind !== "if") return isComputed(value, facts) ? [{ value, conditions }] : [];
    const only = onlyBranch(value, facts);
    if (only !== null) return within(only, conditions);
    const { condition, then, otherwise } = value;
    return [
      ...within(then, [...conditions, { condition, holds: true }]),
      ...within(otherwise, [...conditions, { condition, holds: false }]),
    ];
  };
  return initial === null || shared ? [] : within(initial, []);
}

/** The method that computes what follows from other parameters, once these are there; nothing where no first value does. */
export function writeFirstValues(
  members: readonly (ModuleMember | ModelMember)[],
  attributeOf: (name: string) => string,
  inside: () => Translator,
): readonly string[] {
  const params = members.filter((each): each is ParamMember => each.kind === "param");
  const translator = inside();
  const { writer, declarations } = translator.place;
  const lines = params.flatMap((member) =>
    computedValues(member, declarations.facts).flatMap(({ value, conditions }) => {
      const own = `self.${attributeOf(member.name.text)}`;
      const held = conditions.map(({ condition, holds }): Python => {
        const written = translator.expression(condition);
        if (holds) return written;
        const isEquality = written.kind === "binary" && written.operator === "==";
        return isEquality ? { ...written, operator: "!=" } : { kind: "unary", operator: "not ", operand: written };
      });
      const isThere = member.when === null ? [] : [binary("is not", word(own), word("None"))];
      const [first, ...rest] = [...isThere, ...held];
      const indent = first === undefined ? 2 : 3;
      const set = layOut(indent, "", method(word(own), "copy_", [translator.expression(value)]));
      return first === undefined
        ? set
        : [
            ...layOut(
              2,
              "if ",
              rest.reduce((both, each) => binary("and", both, each), first),
              ":",
            ),
            ...set,
          ];
    }),
  );
  if (lines.length === 0) return [];
  writer.use("torch");
  return [
    indented(1, "@torch.no_grad()"),
    indented(1, "def first_values(self) -> None:"),
    indented(2, '"""Computes the first values that follow from others, once these are there."""'),
    ...lines,
    "",
  ];
}
