import type { Expression, Span } from "../../../grammar/index.ts";
import type { BuiltinName } from "../../elaborate/index.ts";
import { attribute, binary, call, method, type Python, text, word } from "./python.ts";
import { refuse } from "./refusal.ts";

/** An argument in Python. */
export interface Given {
  readonly python: Python;
  /** Whether it is known when a module is made, or computed from tensors. */
  readonly kind: "number" | "tensor" | "other";
}

/** A call of a builtin, for the rule that writes it. */
export interface BuiltinUse {
  readonly name: BuiltinName;
  readonly span: Span;
  readonly has: (parameter: string) => boolean;
  readonly given: (parameter: string) => Given;
  /** An argument as it is written, for one that is no value of Python's. */
  readonly written: (parameter: string) => Expression;
  /** Arguments beside the parameters, by name. */
  readonly others: Readonly<Record<string, Python>>;
  /** Axes by number, with labels resolved. */
  readonly axis: (of: string) => Python;
  /** Whether it draws in each step of training. */
  readonly isDrawn: boolean;
  /** Whether dropout is on, and all else that is drawn in training. */
  readonly training: () => Python;
  /** Whether an argument is an input as it is fed. */
  readonly isFed: (parameter: string) => boolean;
  /** The number of axes of an argument. */
  readonly rank: (of: string) => number;
}

/** How a builtin is written in Python. */
type Rule = (use: BuiltinUse) => Python;

function python(use: BuiltinUse, parameter: string): Python {
  return use.given(parameter).python;
}

function unknownInPackages({ name, span }: BuiltinUse): never {
  return refuse(`\`${name}()\` can only be called in a default itself, which a package has by its value`, span);
}

function optional(use: BuiltinUse, parameter: string): Python | null {
  return use.has(parameter) ? python(use, parameter) : null;
}

function elementwise(onNumbers: string | null): Rule {
  return (use) => {
    const x = use.given("x");
    const isNumber = x.kind === "number" && onNumbers !== null;
    return call(isNumber ? onNumbers : `torch.${use.name}`, [x.python]);
  };
}

/** A function of ops.py with the same name and arguments. */
function inOps(...parameters: readonly string[]): Rule {
  return (use) => {
    const [first, ...rest] = parameters;
    const positional = rest.filter((each) => !each.endsWith("?"));
    const named = rest.flatMap((each) => {
      const name = each.replace("?", "");
      return each.endsWith("?") && use.has(name) ? [[name, python(use, name)] as const] : [];
    });
    return call(
      `ops.${use.name}`,
      [first ?? "x", ...positional].map((each) => python(use, each)),
      { ...Object.fromEntries(named), ...use.others },
    );
  };
}

function reduction(name: string): Rule {
  return (use) => {
    const keep = optional(use, "keep");
    const every = word(
      `[${Array.from({ length: use.has("axis") || keep === null ? 0 : use.rank("x") }, (_, axis) => axis).join(", ")}]`,
    );
    const dim = use.has("axis") ? use.axis("x") : keep === null ? null : every;
    return method(python(use, "x"), name, [], { dim, keepdim: keep });
  };
}

function alongAxis(use: BuiltinUse): Python {
  return call(`torch.${use.name}`, [python(use, "x")], { dim: use.axis("x") });
}

function filled(use: BuiltinUse): Python {
  return call(`torch.${use.name}`, [python(use, "sizes")]);
}

function largerOrSmaller(onNumbers: string): Rule {
  return (use) => {
    const [a, b] = [use.given("a"), use.given("b")];
    return call(a.kind === "number" && b.kind === "number" ? onNumbers : `ops.${use.name}`, [a.python, b.python]);
  };
}

/** A number as one with a fraction, so that a tensor of it is f32. */
function asFloat({ python, kind }: Given): Python {
  if (kind !== "number") return python;
  if (python.kind === "unary") return { ...python, operand: asFloat({ python: python.operand, kind }) };
  if (python.kind !== "word") return call("float", [python]);
  return /^-?\d+$/.test(python.text) ? word(`${python.text}.0`) : python;
}

/** Equal elements keep their order. */
function sorted(name: string, use: BuiltinUse): Python {
  const dim = use.has("axis") ? use.axis("x") : word("-1");
  return method(python(use, "x"), name, [], { dim, descending: optional(use, "descending"), stable: word("True") });
}

const dtypes: Readonly<Record<string, string>> = { f32: "float", bf16: "bfloat16", i32: "int", bool: "bool" };

/** Numbers that are drawn for a first value which is computed of them, or in each step of training. */
function drawn(parameter: string): Rule {
  return (use) => {
    if (!use.has("sizes")) return onlyFirstValue(use);
    const training = use.isDrawn ? use.training() : null;
    return call(`ops.${use.name}`, [python(use, "sizes"), python(use, parameter)], { training });
  };
}

function onlyFirstValue(use: BuiltinUse): never {
  return refuse(
    `\`${use.name}\` is the first value of a parameter, and is written only where one is declared`,
    use.span,
  );
}

/** Every builtin; one without a rule does not compile. */
export const builtinRules: { readonly [Name in BuiltinName]: Rule } = {
  zeros: filled,
  ones: filled,
  full: (use) => call("torch.full", [python(use, "sizes"), python(use, "value")], { dtype: word("torch.float32") }),
  iota: (use) => call("torch.arange", [python(use, "count")], { dtype: word("torch.int32") }),
  drawn_evenly: (use) => call("ops.drawn_evenly", [python(use, "count"), python(use, "limit"), python(use, "seed")]),
  drawn_normals: (use) => call("ops.drawn_normals", [python(use, "sizes"), python(use, "seed")]),
  drawn_places: (use) => call("ops.drawn_places", [python(use, "sizes"), python(use, "count"), python(use, "seed")]),
  constant: onlyFirstValue,
  normal: drawn("std"),
  uniform: drawn("bound"),
  svd: (use) => call("ops.svd", [python(use, "x"), python(use, "rank")]),
  eye: (use) => call("torch.eye", [python(use, "n")]),
  len: (use) => call("len", [python(use, "list")]),
  // What a placement knows is passed to its adapter by value.
  placements: unknownInPackages,
  placement_number: unknownInPackages,
  split_words: (use) => method(method(text(" "), "join", [python(use, "lines")]), "split", []),
  exp: elementwise("math.exp"),
  log: elementwise("math.log"),
  sqrt: elementwise("math.sqrt"),
  rsqrt: elementwise(null),
  abs: elementwise("abs"),
  sign: elementwise("ops.sign_of"),
  erf: elementwise(null),
  tanh: elementwise("math.tanh"),
  sin: elementwise("math.sin"),
  cos: elementwise("math.cos"),
  floor: elementwise("math.floor"),
  round: elementwise("round"),
  clip: (use) => {
    const areNumbers = ["x", "low", "high"].every((each) => use.given(each).kind === "number");
    const above = call(areNumbers ? "max" : "ops.maximum", [python(use, "x"), python(use, "low")]);
    return call(areNumbers ? "min" : "ops.minimum", [above, python(use, "high")]);
  },
  maximum: largerOrSmaller("max"),
  minimum: largerOrSmaller("min"),
  pow: (use) => binary("**", python(use, "a"), python(use, "b")),
  where: (use) => {
    const [a, b] = [use.given("a"), use.given("b")];
    const areNumbers = a.kind === "number" && b.kind === "number";
    const values = areNumbers ? [asFloat(a), asFloat(b)] : [a.python, b.python];
    return call("torch.where", [python(use, "condition"), ...values]);
  },
  stop_gradient: (use) => method(python(use, "x"), "detach", []),
  dropout: (use) => call("F.dropout", [python(use, "x"), python(use, "rate"), use.training()]),
  cast: (use) => {
    const expression = use.written("to");
    const name = expression.kind === "name" ? dtypes[expression.text] : undefined;
    return method(python(use, "x"), name ?? refuse("the type of a cast is not written in its place", use.span), []);
  },
  sum: reduction("sum"),
  mean: reduction("mean"),
  max: (use) => (use.has("y") ? call("max", [python(use, "x"), python(use, "y")]) : reduction("amax")(use)),
  min: (use) => (use.has("y") ? call("min", [python(use, "x"), python(use, "y")]) : reduction("amin")(use)),
  logsumexp: (use) => {
    const every = Array.from({ length: use.has("axis") ? 0 : use.rank("x") }, (_, axis) => word(String(axis)));
    const dim: Python = use.has("axis") ? use.axis("x") : { kind: "list", elements: every };
    return method(python(use, "x"), "logsumexp", [], { dim, keepdim: optional(use, "keep") });
  },
  argmax: (use) => method(python(use, "x"), "argmax", [], { dim: use.axis("x"), keepdim: optional(use, "keep") }),
  softmax: alongAxis,
  log_softmax: alongAxis,
  rearrange: inOps("x", "pattern"),
  reshape: (use) => method(python(use, "x"), "reshape", [python(use, "sizes")]),
  transpose: (use) => method(python(use, "x"), "permute", [python(use, "axes")]),
  slice: (use) => {
    const [from, to, step] = [optional(use, "from"), optional(use, "to"), optional(use, "step")];
    const isPlain = step === null && [from, to].every((each) => each?.kind === "word" && /^\d+$/.test(each.text));
    if (isPlain && from?.kind === "word" && to?.kind === "word") {
      const length = word(String(Number(to.text) - Number(from.text)));
      return method(python(use, "x"), "narrow", [use.axis("x"), from, length]);
    }
    const ends = [from ?? word("None"), to ?? word("None"), ...(step === null ? [] : [step])];
    return call("ops.slice_axis", [python(use, "x"), use.axis("x"), ...ends]);
  },
  take: (use) => call("ops.take", [python(use, "x"), python(use, "indices"), use.axis("x")]),
  take_along: (use) => call("ops.take_along", [python(use, "x"), python(use, "indices"), use.axis("x")]),
  roll: (use) => call("ops.roll", [python(use, "x"), python(use, "shift"), use.axis("x")]),
  flip: (use) => method(python(use, "x"), "flip", [use.axis("x")]),
  sort: (use) => attribute(sorted("sort", use), "values"),
  argsort: (use) => sorted("argsort", use),
  top_k: (use) => call("ops.top_k", [python(use, "x"), python(use, "k"), use.has("axis") ? use.axis("x") : word("-1")]),
  cumsum: (use) => method(python(use, "x"), "cumsum", [], { dim: use.axis("x") }),
  einsum: (use) => {
    const operands = ["a", "b", "c", "d"].flatMap((each) => optional(use, each) ?? []);
    return call("torch.einsum", [python(use, "pattern"), ...operands]);
  },
  resize: (use) =>
    call("ops.resize", [python(use, "x"), python(use, "size")], {
      axis: use.has("axis") ? use.axis("x") : null,
      mode: optional(use, "mode"),
    }),
  concat: (use) => call("torch.cat", [python(use, "list")], { dim: use.axis("list") }),
  split: (use) => {
    const parts = use.given("parts");
    return method(python(use, "x"), parts.kind === "number" ? "chunk" : "split", [parts.python], {
      dim: use.axis("x"),
    });
  },
  pad: inOps("x", "amounts"),
  // Ids that are fed are known to be in the table; of those that are computed, others give zeros.
  gather: (use) => {
    const [table, ids] = [python(use, "table"), python(use, "ids")];
    if (use.isFed("ids") && use.rank("table") === 2) return call("F.embedding", [ids, table]);
    return call("ops.take", [table, ids, word("0")]);
  },
  scatter_add: inOps("values", "ids", "rows"),
  one_hot: inOps("ids", "count"),
  matmul: (use) => {
    const side = (name: "a" | "b"): Python => {
      const value = python(use, name);
      const turned = attribute(value, "mT");
      const flag = optional(use, `transpose_${name}`);
      if (flag === null || (flag.kind === "word" && flag.text === "False")) return value;
      if (flag.kind === "word" && flag.text === "True") return turned;
      return { kind: "if", condition: flag, then: turned, otherwise: value };
    };
    return binary("@", side("a"), side("b"));
  },
  shape: (use) => call("list", [attribute(python(use, "x"), "shape")]),
  conv: inOps("x", "weight", "stride?", "padding?", "dilation?", "groups?"),
  conv_transpose: inOps("x", "weight", "stride?", "padding?", "output_padding?", "dilation?", "groups?"),
  max_pool: inOps("x", "size", "stride?", "padding?"),
  avg_pool: inOps("x", "size", "stride?", "padding?", "count_include_pad?"),
};
