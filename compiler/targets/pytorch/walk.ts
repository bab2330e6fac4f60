import type {
  Dimension,
  Expression,
  ForwardMember,
  Item,
  ModelMember,
  ModuleMember,
  Statement,
} from "../../../grammar/index.ts";

/** Visits an expression and all within it. */
export function visitExpression(expression: Expression, visit: (each: Expression) => void): void {
  visit(expression);
  for (const each of directlyIn(expression)) visitExpression(each, visit);
}

/** The expressions that an expression is made of. */
export function directlyIn(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case "number":
    case "string":
    case "boolean":
    case "none":
    case "infer":
    case "name":
      return [];
    case "list":
      return expression.elements;
    case "range":
      return [expression.from, expression.to];
    case "unary":
      return [expression.operand];
    case "binary":
      return [expression.left, expression.right];
    case "if":
      return [expression.condition, expression.then, expression.otherwise];
    case "call":
      return [expression.callee, ...expression.arguments.map(({ value }) => value)];
    case "arrow":
      return [expression.body];
    case "member":
      return [expression.object];
    case "index":
      return [expression.object, expression.index];
    case "pipe":
      return [expression.value, expression.into];
  }
}

/** The expressions of a body, outermost only. */
export function expressionsIn(body: readonly Statement[]): readonly Expression[] {
  return body.flatMap(ofStatement);
}

function ofStatement(statement: Statement): readonly Expression[] {
  switch (statement.kind) {
    case "let":
    case "assign":
    case "return":
      return [statement.value];
    case "require":
      return [statement.condition];
    case "for": {
      const { repetition, body: inner } = statement;
      return [repetition.kind === "repeat" ? repetition.count : repetition.over, ...expressionsIn(inner)];
    }
  }
}

/** The expressions that the members of a module have, outermost only. */
export function expressionsOf(members: readonly ModuleMember[]): readonly Expression[] {
  return members.flatMap(ofMember);
}

function ofMember(member: ModuleMember): readonly Expression[] {
  switch (member.kind) {
    case "let":
      return [member.value];
    case "require":
      return [member.condition];
    case "param":
      return [...member.type.dims.flatMap(sizesIn), ...present(member.initial), ...present(member.when)];
    case "optional-buffer":
      return [...member.type.dims.flatMap(sizesIn), ...present(member.value), ...present(member.when)];
    case "part": {
      const { repetition } = member;
      const over = repetition === null ? [] : [repetition.kind === "repeat" ? repetition.count : repetition.over];
      return [...over, member.module, ...present(member.when)];
    }
    case "forward":
      return forwardExpressions(member);
    case "peft":
      return [];
  }
}

/** The name of what a forward returns; null where that is another expression. */
export function returnedName({ body }: ForwardMember): string | null {
  const last = body.at(-1);
  return last?.kind === "return" && last.value.kind === "name" ? last.value.text : null;
}

export function forwardExpressions({ parameters, body }: ForwardMember): readonly Expression[] {
  return [...parameters.flatMap((each) => present(each.default)), ...expressionsIn(body)];
}

/** The expressions of a model that its package computes. */
export function modelExpressions(members: readonly ModelMember[]): readonly Expression[] {
  return members.flatMap(ofModelMember);
}

function ofModelMember(member: ModelMember): readonly Expression[] {
  switch (member.kind) {
    case "encoder":
      return [member.module];
    case "head-let":
    case "loss-use":
      return [member.value];
    case "param":
    case "optional-buffer":
    case "part":
      return expressionsOf([member]);
    case "placement":
      return [member.adapter];
    case "metric":
    case "input":
    case "freeze-rule":
    case "parameter-group":
    case "expect":
    case "addition":
    case "removal":
      return [];
  }
}

/** The names that expressions use. */
export function namesIn(expressions: readonly Expression[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const expression of expressions)
    visitExpression(expression, (each) => {
      if (each.kind === "name") names.add(each.text);
    });
  return names;
}

/** What stands behind a dot after a name: `v.block`. */
export function membersIn(expressions: readonly Expression[]): readonly (readonly [string, string])[] {
  const found: (readonly [string, string])[] = [];
  for (const expression of expressions)
    visitExpression(expression, (each) => {
      if (each.kind === "member" && each.object.kind === "name") found.push([each.object.text, each.name.text]);
    });
  return found;
}

function present<Value>(value: Value | null): readonly Value[] {
  return value === null ? [] : [value];
}

function sizesIn(dim: Dimension): readonly Expression[] {
  if (dim.kind === "rest") return [];
  return [dim.kind === "spread" ? dim.list : dim];
}

/** The expressions of a declaration of a file, outermost only; those of a model are apart. */
export function itemExpressions(item: Item): readonly Expression[] {
  switch (item.kind) {
    case "module":
    case "adapter":
      return [...item.parameters.flatMap((each) => present(each.default)), ...expressionsOf(item.members)];
    case "function":
    case "loss":
      return expressionsIn(item.body);
    case "model":
    case "file-let":
    case "import":
    case "roles":
    case "settings":
      return [];
  }
}
