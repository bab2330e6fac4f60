import type { Let, Parameter, Repetition, Statement, TensorType } from "../../../grammar/index.ts";
import { attentionsIn } from "./attention.ts";
import { commentAbove, hashComment, writtenType } from "./comments.ts";
import { idiomsIn } from "./match-idioms.ts";
import { lastValue, variableName } from "./names.ts";
import {
  attribute,
  call,
  indented,
  layOut,
  method,
  type Python,
  printPython,
  text,
  withComment,
  word,
} from "./python.ts";
import { Scope } from "./scope.ts";
import { Translator } from "./translate.ts";
import { expressionsIn, namesIn } from "./walk.ts";

/** Writes the statements of functions and of the forward of modules. */
export class BodyWriter {
  /** The lets that others read after a call, which become attributes of the module. */
  private readonly exposed: ReadonlySet<string>;

  constructor(exposed: ReadonlySet<string> = new Set()) {
    this.exposed = exposed;
  }

  /** The sizes that the types of parameters name, of names that are read. */
  sizes(
    parameters: readonly Parameter[],
    names: ReadonlySet<string>,
    translator: Translator,
    indent: number,
  ): readonly string[] {
    return parameters.flatMap(({ name, type }) =>
      type?.kind === "tensor-type"
        ? sizeLines(type, word(variableName(name.text)), names, translator, indent, false)
        : [],
    );
  }

  statements(body: readonly Statement[], outside: Translator, indent: number): readonly string[] {
    const lines: string[] = [];
    const { declarations } = outside.place;
    const attentions = attentionsIn(body, this.exposed, declarations);
    const idioms = idiomsIn(body, this.exposed, declarations);
    const dropped = new Set([...attentions.dropped, ...idioms.dropped]);
    const translator = new Translator({
      ...outside.place,
      attentions: new Map([...outside.place.attentions, ...attentions.found]),
      idioms: new Map([...outside.place.idioms, ...idioms.found]),
    });
    for (const [index, statement] of body.entries()) {
      if (dropped.has(statement)) continue;
      lines.push(...hashComment(indent, commentAbove(statement.span)));
      lines.push(...this.statement(statement, body.slice(index + 1), translator, indent));
    }
    return lines.length === 0 ? [indented(indent, "pass")] : lines;
  }

  /** `rest` is what follows in the same body; null where others than that read a let. */
  statement(
    statement: Statement,
    rest: readonly Statement[] | null,
    translator: Translator,
    indent: number,
  ): readonly string[] {
    switch (statement.kind) {
      case "let":
        return this.let(statement, rest, translator, indent);
      case "assign": {
        const { name, value } = statement;
        const target = printPython(translator.place.scope.lookup(name.text) ?? word(variableName(name.text)));
        const python = translator.expression(value);
        return [...layOut(indent, `${target} = `, python), ...this.expose(name.text, word(target), indent)];
      }
      case "require": {
        translator.place.writer.use("ops");
        const condition = translator.expression(statement.condition);
        return layOut(indent, "", call("ops.require", [condition, text(statement.message.value)]));
      }
      case "for": {
        const scope = new Scope(translator.place.scope);
        const inner = new Translator({ ...translator.place, scope });
        const { variable, over } = loopOf(statement.repetition, translator, scope);
        const loop = layOut(indent, `for ${variable} in `, over, ":");
        return [...loop, ...this.statements(statement.body, inner, indent + 1)];
      }
      case "return":
        return layOut(indent, "return ", translator.expression(statement.value));
    }
  }

  private let(
    statement: Let,
    rest: readonly Statement[] | null,
    translator: Translator,
    indent: number,
  ): readonly string[] {
    const { names, destructure, type, value } = statement;
    const { scope, declarations } = translator.place;
    const python = translator.expression(value);
    const read = rest === null ? null : namesIn(expressionsIn(rest));
    const targets = names.map(({ text: name, span }) => {
      const hidden = declarations.callable(name, span.source);
      const wanted = variableName(name);
      // A local variable of Python's hides a function of that name in the whole body.
      const isHiding = hidden?.kind === "function" || hidden?.kind === "loss";
      const isUnused = destructure && read?.has(name) === false && !this.exposed.has(name);
      const target = scope.variable(isHiding ? `${wanted}_` : isUnused ? `_${wanted}` : wanted);
      scope.define(name, target);
      return target;
    });
    const [first] = targets;
    const left = targets.map(printPython).join(", ") + (destructure && targets.length === 1 ? "," : "");
    const lines = withComment(indent, layOut(indent, `${left} = `, python), type === null ? null : writtenType(type));
    const sizes =
      type === null || first === undefined
        ? []
        : sizeLines(type, first, read ?? new Set(), translator, indent, declarations.facts.of(value) !== null);
    const exposed = names.flatMap(({ text: name }, index) => this.expose(name, targets[index] ?? word(name), indent));
    return [...lines, ...sizes, ...exposed];
  }

  private expose(name: string, value: Python, indent: number): readonly string[] {
    if (!this.exposed.has(name)) return [];
    return [indented(indent, `self.${lastValue(name)} = ${printPython(value)}`)];
  }
}

/** The names that a function reads. */
export function namesRead(parameters: readonly Parameter[], body: readonly Statement[]): ReadonlySet<string> {
  return namesIn([...expressionsIn(body), ...parameters.flatMap((each) => each.default ?? [])]);
}

/** Lines of a body without variables for sizes that only named an axis. */
export function withoutUnusedSizes(lines: readonly string[]): readonly string[] {
  const words = lines.flatMap((line) => line.replace(/#.*/, "").match(/\w+/g) ?? []);
  return lines.filter((line) => {
    const variable = /^ *(\w+) = \w+\.size\(-?\d+\)$/.exec(line)?.[1];
    return variable === undefined || words.filter((each) => each === variable).length > 1;
  });
}

/** What a loop or a repeated part runs over. */
export function loopOf(
  repetition: Repetition,
  translator: Translator,
  inside: Scope,
): { readonly variable: string; readonly over: Python } {
  if (repetition.kind === "repeat")
    return { variable: "_", over: call("range", [translator.expression(repetition.count)]) };
  const over = translator.expression(repetition.over);
  const variable = inside.variable(variableName(repetition.variable.text));
  inside.define(repetition.variable.text, variable);
  return { variable: printPython(variable), over };
}

/** Variables for the sizes that a type names first, of those that are used. */
function sizeLines(
  { dims }: TensorType,
  tensor: Python,
  used: ReadonlySet<string>,
  { place: { scope, declarations } }: Translator,
  indent: number,
  isComputed: boolean,
): readonly string[] {
  const rest = dims.findIndex(({ kind }) => kind === "rest");
  return dims.flatMap((dim, index) => {
    if (dim.kind !== "name" || !used.has(dim.text)) return [];
    const isNew = scope.lookup(dim.text) === null || (isComputed && declarations.facts.of(dim) === null);
    if (!isNew) return [];
    const variable = scope.variable(variableName(dim.text));
    scope.define(dim.text, variable);
    const axis = rest >= 0 && index > rest ? index - dims.length : index;
    const size = method(tensor, "size", [word(String(axis))]);
    return layOut(indent, `${printPython(variable)} = `, size);
  });
}

/** `self.name` */
export function own(name: string): Python {
  return attribute(word("self"), name);
}
