import { expect, test } from "vitest";
import { pytorchFiles } from "./pytorch-files.ts";

/** The files of the package of a model with one module, whose forward is given. */
function filesOf(forward: string, { outside = "", members = "", train = "" } = {}): ReadonlyMap<string, string> {
  const text = `import "std/linear"
import "std/layer_norm"
import "std/activations"
import "std/position_bias"
import "std/dropout"
${outside}
module small(slope = 0.1) {
  param weight: f32[4] = ones
  param one: f32[1] = ones
  ${members}
  forward(x: f32[batch, 4]) {
    ${forward}
  }
}
model idiomatic {
  encoder e = small()
  loss mean(e * e)
}
train { ${train} }
`;
  const files = pytorchFiles("specs/idiomatic.vlm", text);
  if (files === undefined || "span" in files) throw new Error(`the spec is written: ${files?.message ?? ""}`);
  return new Map(files.map(({ name, content }) => [name.replace("idiomatic/", ""), String(content)]));
}

/** The statements of the module's forward, in Python. */
function forwardOf(...given: Parameters<typeof filesOf>): readonly string[] {
  const [, body = ""] =
    /class Small[\s\S]*?def forward[^\n]*\n([\s\S]*?)(\n\n|$)/.exec(filesOf(...given).get("model.py") ?? "") ?? [];
  return body.split("\n").flatMap((line) => (line.trim().startsWith("#") ? [] : [line.trim()]));
}

test.each<readonly [string, readonly string[]]>([
  ["return 0.5 * x * (1 + erf(x / sqrt(2)))", ["return F.gelu(x)"]],
  ["return (1 + erf(x / sqrt(2))) * (x * 0.5)", ["return F.gelu(x)"]],
  ["return where(x > 0, x, slope * x)", ["return F.leaky_relu(x, self.slope)"]],
  ["return x * sigmoid(x)", ["return F.silu(x)"]],
  [
    "let length = sqrt(sum(x * x, axis = -1, keep = true))\n    return x / maximum(length, 1e-6)",
    ["return F.normalize(x, dim=-1, eps=1e-6)"],
  ],
  [
    "return weight + standardise(x, 1e-5) * weight",
    ["return F.layer_norm(x, self.weight.shape, self.weight, self.weight, 1e-5)"],
  ],
  [
    "return standardise(x |> tanh, 1e-5) * weight + weight",
    ["return F.layer_norm(torch.tanh(x), self.weight.shape, self.weight, self.weight, 1e-5)"],
  ],
])("what PyTorch has by a name of its own is called by it: %s", (forward, lines) => {
  expect(forwardOf(forward)).toEqual(lines);
});

test.each<readonly [string, readonly string[]]>([
  // Another constant, another axis, another tensor.
  ["return 0.5 * x * (1 + erf(x / sqrt(3)))", ["return 0.5 * x * (1 + torch.erf(x / math.sqrt(3)))"]],
  ["return 0.5 * x * (1 + erf(weight / sqrt(2)))", ["return 0.5 * x * (1 + torch.erf(self.weight / math.sqrt(2)))"]],
  ["return where(x > 0, x, weight * x)", ["return torch.where(x > 0, x, self.weight * x)"]],
  [
    "return x / maximum(sqrt(sum(x * x, axis = 0, keep = true)), 1e-6)",
    ["return x / ops.maximum(torch.sqrt((x * x).sum(dim=0, keepdim=True)), 1e-6)"],
  ],
  // Ties share a gradient.
  ["return relu(x)", ["return relu(x)"]],
  // A vector that is repeated, and one by which more is.
  ["return standardise(x, 1e-5) * weight + one", ["return standardise(x, 1e-5) * self.weight + self.one"]],
])("what is another formula is written out: %s", (forward, lines) => {
  expect(forwardOf(forward)).toEqual(lines);
});

test("a let that is read elsewhere stays, and one that changes is not looked through", () => {
  const length = "let length = sqrt(sum(x * x, axis = -1, keep = true))";
  const lines = [
    "length = torch.sqrt((x * x).sum(dim=-1, keepdim=True))",
    "return x / ops.maximum(length, 1e-6) + length",
  ];
  expect(forwardOf(`${length}\n    return x / maximum(length, 1e-6) + length`)).toEqual(lines);
  expect(forwardOf(`${length}\n    length = length + 1\n    return x / maximum(length, 1e-6)`)).toEqual([
    lines[0],
    "length = length + 1",
    "return x / ops.maximum(length, 1e-6)",
  ]);
});

test("a projection adds its bias by itself where products are rounded before anything is added", () => {
  const members = "part l = linear(4, 4)";
  expect(filesOf("return l(x)", { members, train: 'precision = "f32"' }).get("linear.py")).toContain(
    "return F.linear(x, self.weight, self.bias)",
  );
  expect(filesOf("return l(x)", { members, train: 'precision = "bf16"' }).get("linear.py")).toContain(
    "y = (x @ self.weight.mT).float()\n        return y if self.bias is None else y + self.bias",
  );
});

test("a module that takes no inputs is computed once, and one that draws at random is not", () => {
  const members = "part places = position_bias(2, 2, 4, 1)";
  expect(forwardOf("return x + mean(places())", { members })).toEqual([
    "return x + ops.computed_once(self.places).mean()",
  ]);
  const outside = "module drawn() {\n  param w: f32[4] = ones\n  forward() { return dropout(w, 0.5) }\n}";
  expect(forwardOf("return x + d()", { outside, members: "part d = drawn()" })).toEqual(["return x + self.d()"]);
});
