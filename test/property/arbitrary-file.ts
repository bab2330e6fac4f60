import fc from "fast-check";
import type * as ast from "../../grammar/ast.ts";
import { identifier, number, span, text, word } from "./arbitrary-names.ts";
import { except, selectors } from "./arbitrary-selectors.ts";
import { distinct } from "./distinct-members.ts";

const name = identifier.map((made): ast.Expression => ({ kind: "name", text: made.text, span }));

const leaf: fc.Arbitrary<ast.Expression> = fc.oneof(
  number,
  text.map(({ value }): ast.Expression => ({ kind: "string", value, span })),
  fc.boolean().map((value): ast.Expression => ({ kind: "boolean", value, span })),
  fc.constantFrom<ast.Expression>({ kind: "none", span }, { kind: "infer", span }),
  name,
);

const few = { maxLength: 3 } as const;

const { expression, call } = fc.letrec<{ expression: ast.Expression; postfix: ast.Expression; call: ast.Call }>(
  (tie) => ({
    expression: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      leaf,
      tie("postfix"),
      fc.array(tie("expression"), few).map((elements): ast.Expression => ({ kind: "list", elements, span })),
      fc.record({
        kind: fc.constant("range" as const),
        from: tie("expression"),
        to: tie("expression"),
        span: fc.constant(span),
      }),
      fc.record({
        kind: fc.constant("unary" as const),
        operator: fc.constantFrom("-" as const, "not" as const),
        operand: tie("expression"),
        span: fc.constant(span),
      }),
      fc.record({
        kind: fc.constant("binary" as const),
        operator: fc.constantFrom<ast.BinaryOperator[]>(
          "or",
          "and",
          "==",
          "!=",
          "<",
          "<=",
          ">",
          ">=",
          "+",
          "-",
          "*",
          "/",
          "//",
          "%",
        ),
        left: tie("expression"),
        right: tie("expression"),
        span: fc.constant(span),
      }),
      fc.record({
        kind: fc.constant("if" as const),
        condition: tie("expression"),
        then: tie("expression"),
        otherwise: tie("expression"),
        span: fc.constant(span),
      }),
      fc.record({
        kind: fc.constant("arrow" as const),
        parameter: identifier,
        body: tie("expression"),
        span: fc.constant(span),
      }),
      fc.record({
        kind: fc.constant("pipe" as const),
        value: tie("expression"),
        into: tie("postfix"),
        span: fc.constant(span),
      }),
    ),
    postfix: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      name,
      tie("call"),
      fc.record({
        kind: fc.constant("member" as const),
        object: tie("expression"),
        name: word,
        span: fc.constant(span),
      }),
      fc.record({
        kind: fc.constant("index" as const),
        object: tie("expression"),
        index: tie("expression"),
        span: fc.constant(span),
      }),
    ),
    call: fc.record({
      kind: fc.constant("call" as const),
      callee: tie("expression"),
      arguments: fc.uniqueArray(
        fc.record({ name: fc.option(word), value: tie("expression"), span: fc.constant(span) }),
        {
          maxLength: 3,
          selector: (argument) => argument.name?.text ?? Symbol("positional"),
        },
      ),
      span: fc.constant(span),
    }),
  }),
);

/** A call of a plain name, as parts, encoders and placements hold it. */
const namedCall = fc.tuple(call, name, fc.option(identifier)).map(([made, object, member]): ast.Call => {
  return { ...made, callee: member === null ? object : { kind: "member", object, name: member, span } };
});

const dimension: fc.Arbitrary<ast.Dimension> = fc.oneof(
  fc.constant<ast.Dimension>({ kind: "rest", span }),
  expression.map((list): ast.Dimension => ({ kind: "spread", list, span })),
  expression,
);
const tensorType = fc.record({
  kind: fc.constant("tensor-type" as const),
  dtype: fc.constantFrom<ast.DtypeName[]>("f32", "bf16", "i32", "bool"),
  dims: fc.array(dimension, few),
  span: fc.constant(span),
});
const scalar = fc.constantFrom<ast.ScalarTypeName[]>("int", "float", "bool", "string");
const type: fc.Arbitrary<ast.TypeExpression> = fc.oneof(
  tensorType,
  scalar.map((made): ast.TypeExpression => ({ kind: "scalar-type", name: made, span })),
  scalar.map((element): ast.TypeExpression => ({ kind: "list-type", element, span })),
);

const parameters = fc.uniqueArray(
  fc.record({ name: identifier, type: fc.option(type), default: fc.option(expression), span: fc.constant(span) }),
  { maxLength: 3, selector: (parameter) => parameter.name.text },
);
const repetition: fc.Arbitrary<ast.Repetition> = fc.oneof(
  expression.map((count): ast.Repetition => ({ kind: "repeat", count })),
  fc.record({ kind: fc.constant("for" as const), variable: identifier, over: expression }),
);

const letStatement: fc.Arbitrary<ast.Let> = fc
  .oneof(
    fc.record({ names: fc.tuple(identifier), destructure: fc.constant(false) }),
    fc.record({
      names: fc.uniqueArray(identifier, { minLength: 1, maxLength: 3, selector: (made) => made.text }),
      destructure: fc.constant(true),
    }),
  )
  .chain((names) =>
    fc
      .record({ type: fc.option(tensorType), value: expression })
      .map((rest): ast.Let => ({ kind: "let", ...names, ...rest, span })),
  );
const requirement: fc.Arbitrary<ast.Require> = fc.record({
  kind: fc.constant("require" as const),
  condition: expression,
  message: text,
  span: fc.constant(span),
});
const assign = fc.record({
  kind: fc.constant("assign" as const),
  name: identifier,
  value: expression,
  span: fc.constant(span),
});
const plain: fc.Arbitrary<ast.Statement> = fc.oneof(letStatement, assign, requirement);
const loop: fc.Arbitrary<ast.Statement> = fc.record({
  kind: fc.constant("for" as const),
  repetition,
  body: fc.array(plain, few),
  span: fc.constant(span),
});
const body = fc
  .tuple(fc.array(fc.oneof(plain, loop), few), expression)
  .map(([statements, value]): readonly ast.Statement[] => [...statements, { kind: "return", value, span }]);

const tags = fc.record({
  role: fc.option(fc.array(identifier, { minLength: 1, maxLength: 3 })),
  named: fc.option(text),
  when: fc.option(expression),
});
const param: fc.Arbitrary<ast.ParamMember> = fc
  .record({
    sharing: fc.oneof(
      fc.constant({ shared: false, group: null }),
      fc.option(expression).map((group) => ({ shared: true, group })),
    ),
    storage: fc.constantFrom("param" as const, "buffer" as const),
    name: identifier,
    type: tensorType,
    initial: fc.option(expression),
  })
  .chain(({ sharing, ...head }) =>
    tags.map((rest): ast.ParamMember => ({ kind: "param", ...sharing, ...head, ...rest, span })),
  );
const part: fc.Arbitrary<ast.PartMember> = fc
  .record({ name: identifier, repetition: fc.option(repetition), module: namedCall })
  .chain((head) => tags.map((rest): ast.PartMember => ({ kind: "part", ...head, ...rest, span })));

const peft = fc
  .tuple(identifier, call)
  .map(([type, { arguments: fields }]): ast.PeftMember => ({ kind: "peft", type, fields, span }));
const forward = fc.record({ kind: fc.constant("forward" as const), parameters, body, span: fc.constant(span) });
const named = fc.oneof<fc.Arbitrary<ast.ModuleMember>[]>(letStatement, requirement, param, part);
const moduleMembers = fc
  .tuple(fc.array(named, few), fc.array(peft, { maxLength: 1 }), forward)
  .map(([members, forms, last]): readonly ast.ModuleMember[] => [...distinct(members), ...forms, last]);

const { quantity } = fc.letrec<{ quantity: ast.Quantity }>((tie) => ({
  quantity: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    number,
    fc
      .tuple(namedCall, fc.constantFrom("call" as const, "index" as const))
      .map(([made, kind]): ast.Expression => (kind === "call" ? made : { kind, object: made, index: made, span }))
      .map((value): ast.Quantity => ({ kind: "computed", value, span })),
    fc.record({
      kind: fc.constant("measure" as const),
      name: identifier,
      of: fc.constant(null),
      span: fc.constant(span),
    }),
    fc.record({
      kind: fc.constant("measure" as const),
      name: fc.constantFrom("count", "trainable").map((made): ast.Name => ({ text: made, span })),
      of: fc.option(selectors),
      span: fc.constant(span),
    }),
    fc.record({
      kind: fc.constant("quantity-binary" as const),
      operator: fc.constantFrom<ast.ArithmeticOperator[]>("+", "-", "*", "/"),
      left: tie("quantity"),
      right: tie("quantity"),
      span: fc.constant(span),
    }),
  ),
}));

const input: fc.Arbitrary<ast.InputMember> = fc
  .record({ name: identifier, type: tensorType, source: namedCall })
  .map((rest) => ({ kind: "input", ...rest, span }));
const encoder: fc.Arbitrary<ast.Encoder> = fc
  .record({ name: identifier, module: namedCall, named: fc.option(text) })
  .map((rest) => ({ kind: "encoder", ...rest, span }));
const headLet: fc.Arbitrary<ast.HeadLet> = fc
  .record({ name: identifier, value: expression, named: fc.option(text) })
  .map((rest) => ({ kind: "head-let", ...rest, span }));
/** The only keyword that is a name in the value of a setting. */
const lossName: ast.Expression = { kind: "name", text: "loss", span };
const settingValue: fc.Arbitrary<ast.Expression> = fc.oneof(
  { arbitrary: expression, weight: 8 },
  { arbitrary: fc.constant(lossName), weight: 1 },
  {
    arbitrary: identifier.map(
      (callee): ast.Expression => ({
        kind: "call",
        callee: { kind: "name", text: callee.text, span },
        arguments: [{ name: null, value: lossName, span }],
        span,
      }),
    ),
    weight: 1,
  },
);
const entriesOfBlock = fc.uniqueArray(fc.record({ name: word, value: settingValue, span: fc.constant(span) }), {
  maxLength: 3,
  selector: (entry) => entry.name.text,
});
const unnamed: fc.Arbitrary<ast.Unnamed> = fc.oneof<fc.Arbitrary<ast.Unnamed>[]>(
  fc.record({
    kind: fc.constant("freeze-rule" as const),
    action: fc.constantFrom("freeze" as const, "train" as const),
    selectors,
    except,
    span: fc.constant(span),
  }),
  fc
    .record({ selectors, except, settings: entriesOfBlock })
    .map((rest): ast.ParameterGroup => ({ kind: "parameter-group", ...rest, span })),
  fc.record({
    kind: fc.constant("placement" as const),
    adapter: namedCall,
    also: fc.boolean(),
    selectors,
    except,
    span: fc.constant(span),
  }),
  fc.record({ kind: fc.constant("loss-use" as const), value: expression, span: fc.constant(span) }),
  fc.record({
    kind: fc.constant("expect" as const),
    left: quantity,
    comparison: fc.constantFrom<ast.ExpectComparison[]>("=", "<", "<=", ">", ">="),
    right: quantity,
    span: fc.constant(span),
  }),
);

/** What is removed, each once. */
function removalOf(names: fc.Arbitrary<ast.Name>): fc.Arbitrary<ast.Removal> {
  return fc
    .uniqueArray(names, { minLength: 1, maxLength: 3, selector: (made) => made.text })
    .map((distinctNames) => ({ kind: "removal", names: distinctNames, span }));
}

const modelMember: fc.Arbitrary<ast.ModelMember> = fc.oneof<fc.Arbitrary<ast.ModelMember>[]>(
  param,
  part,
  input,
  encoder,
  headLet,
  fc.record({ kind: fc.constant("metric" as const), name: identifier, value: expression, span: fc.constant(span) }),
  unnamed,
  unnamed.map((member): ast.Addition => ({ kind: "addition", member, span })),
  removalOf(identifier),
);

const settings: fc.Arbitrary<ast.SettingsBlock> = fc
  .record({
    block: fc.constantFrom<ast.SettingsName[]>("train", "data", "eval"),
    amends: fc.boolean(),
    entries: entriesOfBlock,
    removals: fc.array(removalOf(word), { maxLength: 2 }),
  })
  .map(({ entries, removals, ...head }) => {
    // No name is set or removed twice.
    const seen = new Set(entries.map((entry) => entry.name.text));
    const distinctRemovals = removals.filter(({ names }) => {
      const isNew = names.every((made) => !seen.has(made.text));
      for (const made of names) seen.add(made.text);
      return isNew;
    });
    return { kind: "settings", ...head, entries, removals: distinctRemovals, span };
  });

const item: fc.Arbitrary<ast.Item> = fc.oneof<fc.Arbitrary<ast.Item>[]>(
  fc
    .record({ path: text, alias: fc.option(identifier) })
    .map((rest): ast.Import => ({ kind: "import", ...rest, span })),
  fc.record({ kind: fc.constant("file-let" as const), name: identifier, value: expression, span: fc.constant(span) }),
  fc.record({
    kind: fc.constant("roles" as const),
    family: identifier,
    roles: fc.uniqueArray(fc.record({ name: identifier, covers: fc.array(identifier, few), span: fc.constant(span) }), {
      maxLength: 3,
      selector: (role) => role.name.text,
    }),
    span: fc.constant(span),
  }),
  fc.record({
    kind: fc.constantFrom("function" as const, "loss" as const),
    name: identifier,
    parameters,
    body,
    span: fc.constant(span),
  }),
  fc.record({
    kind: fc.constant("module" as const),
    name: identifier,
    parameters,
    members: moduleMembers,
    span: fc.constant(span),
  }),
  fc.record({
    kind: fc.constant("adapter" as const),
    name: identifier,
    parameters,
    base: identifier,
    wraps: fc.oneof(
      fc.record({
        kind: fc.constant("modules" as const),
        names: fc.uniqueArray(identifier, { maxLength: 2, selector: (made) => made.text }),
      }),
      fc.record({ kind: fc.constant("parameter" as const), type: tensorType }),
    ),
    standsFor: fc.option<ast.Name>(identifier),
    members: moduleMembers,
    span: fc.constant(span),
  }),
  fc.record({
    kind: fc.constant("model" as const),
    name: identifier,
    amends: fc.option<ast.Name>(identifier),
    members: fc.array(modelMember, { maxLength: 6 }).map(distinct),
    span: fc.constant(span),
  }),
  settings,
);

/** Any file that the parser could have read. */
export const arbitraryFile: fc.Arbitrary<ast.File> = fc
  .array(item, { maxLength: 4 })
  .map((items): ast.File => ({ kind: "file", items, span }));
