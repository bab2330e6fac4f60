import { createSource, type Expression, parseAssignment } from "../../../grammar/index.ts";
import { attribute, call, type Python, text, word } from "./python.ts";

/** What the language writes out, and PyTorch computes by one operation, with fewer tensors in memory. */
export interface Idiom {
  readonly written: Expression;
  /** What its names stand for; other names are built in. */
  readonly names: ReadonlyMap<string, IdiomName>;
  /** Whether the values are the same in f32 alone: in bf16 products are rounded before anything is added. */
  readonly inF32Alone: boolean;
  readonly python: (values: (name: string) => Python) => Python;
}

export interface IdiomName {
  readonly kind: "number" | "tensor";
  readonly mayBeNone: boolean;
  /** The number of its axes; null for any. One that has a single axis is as long as the last axis of the result. */
  readonly rank: number | null;
}

interface Row {
  readonly written: string;
  /** `x`: a tensor; `eps: number`; `weight: 1`: a tensor of one axis; `bias: 1?`: the same, or `none`. */
  readonly names: string;
  readonly inF32Alone?: boolean;
  readonly python: (values: (name: string) => Python) => Python;
}

const centred = "(x - mean(x, axis = -1, keep = true))";
const standardised = `${centred} * rsqrt(mean(${centred} * ${centred}, axis = -1, keep = true) + eps)`;
const product = "matmul(x, weight, transpose_b = true)";

/** The first that fits is taken; a larger one stands before those that are part of it. */
const rows: readonly Row[] = [
  {
    written: `if bias == none then ${product} else ${product} + bias`,
    names: "x, weight: 2, bias: 1?",
    inF32Alone: true,
    python: (value) => call("F.linear", [value("x"), value("weight"), value("bias")]),
  },
  {
    written: `${standardised} * weight + bias`,
    names: "x, eps: number, weight: 1, bias: 1",
    python: (value) =>
      call("F.layer_norm", [
        value("x"),
        attribute(value("weight"), "shape"),
        value("weight"),
        value("bias"),
        value("eps"),
      ]),
  },
  {
    written: standardised,
    names: "x, eps: number",
    python: (value) =>
      call("F.layer_norm", [value("x"), { kind: "index", of: attribute(value("x"), "shape"), index: word("-1:") }], {
        eps: value("eps"),
      }),
  },
  {
    written: "x / maximum(sqrt(sum(x * x, axis = -1, keep = true)), eps)",
    names: "x, eps: number",
    python: (value) => call("F.normalize", [value("x")], { dim: word("-1"), eps: value("eps") }),
  },
  {
    written: "0.5 * x * (1 + erf(x / sqrt(2)))",
    names: "x",
    python: (value) => call("F.gelu", [value("x")]),
  },
  {
    written: "0.5 * x * (1 + tanh(sqrt(2 / 3.141592653589793) * (x + 0.044715 * x * x * x)))",
    names: "x",
    python: (value) => call("F.gelu", [value("x")], { approximate: text("tanh") }),
  },
  {
    written: "x * (0.5 * (1 + tanh(0.5 * x)))",
    names: "x",
    python: (value) => call("F.silu", [value("x")]),
  },
  {
    written: "0.5 * (1 + tanh(0.5 * x))",
    names: "x",
    python: (value) => call("torch.sigmoid", [value("x")]),
  },
  {
    written: "where(x > 0, x, slope * x)",
    names: "x, slope: number",
    python: (value) => call("F.leaky_relu", [value("x"), value("slope")]),
  },
  {
    written: "maximum(x, 0) + log(1 + exp(-abs(x)))",
    names: "x",
    python: (value) => call("F.softplus", [value("x")]),
  },
];

function idiomOf({ written, names, inF32Alone = false, python }: Row): Idiom {
  const { assignment } = parseAssignment(createSource("idiom", `idiom = ${written}`));
  if (assignment === null) throw new Error(`an idiom is an expression: ${written}`);
  const known = names.split(", ").map((each): readonly [string, IdiomName] => {
    const [name = "", kind = ""] = each.split(": ");
    const rank = /^\d/.test(kind) ? Number.parseInt(kind, 10) : null;
    return [name, { kind: kind === "number" ? "number" : "tensor", mayBeNone: kind.endsWith("?"), rank }];
  });
  return { written: assignment.value, names: new Map(known), inF32Alone, python };
}

let idioms: readonly Idiom[] | null = null;

/** Every idiom; their texts are parsed when they are first asked for. */
export function allIdioms(): readonly Idiom[] {
  idioms ??= rows.map(idiomOf);
  return idioms;
}
