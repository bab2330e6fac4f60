import type { Argument, Call, Expression, Span } from "../../grammar/index.ts";
import type { LoadedFile } from "../load/index.ts";
import type { Declaration } from "./declarations.ts";
import type { ProgramNames } from "./program-names.ts";
import { Scope } from "./scope.ts";

/** Hears of each name that stands for something. */
export type Hear = (span: Span, declaration: Declaration) => void;

/** Finds the names in expressions. */
export class ExpressionNames {
  private readonly program: ProgramNames;
  private readonly file: LoadedFile;
  private readonly hear: Hear;

  constructor(program: ProgramNames, file: LoadedFile, hear: Hear) {
    this.program = program;
    this.file = file;
    this.hear = hear;
  }

  read(expression: Expression, scope: Scope): void {
    switch (expression.kind) {
      case "number":
      case "string":
      case "boolean":
      case "none":
      case "infer":
        break;
      case "name":
        this.name(expression.text, expression.span, scope);
        break;
      case "list":
        for (const each of expression.elements) this.read(each, scope);
        break;
      case "range":
        this.all([expression.from, expression.to], scope);
        break;
      case "unary":
        this.read(expression.operand, scope);
        break;
      case "binary":
        this.all([expression.left, expression.right], scope);
        break;
      case "if":
        this.all([expression.condition, expression.then, expression.otherwise], scope);
        break;
      case "index":
        this.all([expression.object, expression.index], scope);
        break;
      case "pipe":
        this.all([expression.value, expression.into], scope);
        break;
      case "arrow": {
        const inner = new Scope(scope);
        const variable = this.program.declarations.of("variable", expression.parameter, expression.parameter.span);
        inner.declare(variable);
        this.hear(expression.parameter.span, variable);
        this.read(expression.body, inner);
        break;
      }
      case "call":
        this.call(expression, scope);
        break;
      case "member": {
        this.read(expression.object, scope);
        const { text, span } = expression.name;
        const found = this.program.memberOf(expression.object, text, scope, this.file);
        if (found !== null) this.hear(span, found);
      }
    }
  }

  /** The same where words such as `cosine(...)` have a meaning of their own, which are no calls of what is declared. */
  words(expression: Expression, scope: Scope): void {
    if (expression.kind !== "call" || expression.callee.kind !== "name") this.read(expression, scope);
    else for (const { value } of expression.arguments) this.words(value, scope);
  }

  private all(expressions: readonly Expression[], scope: Scope): void {
    for (const each of expressions) this.read(each, scope);
  }

  private name(text: string, span: Span, scope: Scope): void {
    const found = scope.lookup(text);
    if (found !== null) this.hear(span, found);
  }

  private call({ callee, arguments: given }: Call, scope: Scope): void {
    this.read(callee, scope);
    const known = this.program.parametersOf(callee, scope, this.file);
    for (const argument of given) {
      this.argument(argument, known);
      // The label of an axis is a word.
      if (argument.name?.text === "axis") this.words(argument.value, scope);
      else this.read(argument.value, scope);
    }
  }

  private argument({ name }: Argument, known: ReadonlyMap<string, Declaration>): void {
    const found = name === null ? undefined : known.get(name.text);
    if (name !== null && found !== undefined) this.hear(name.span, found);
  }
}
