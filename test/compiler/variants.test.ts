import { describe, expect, test } from "vitest";
import { compareSpecs, compileSpec, expandSpec, planToYaml } from "../../compiler/index.ts";
import { createSource, renderDiagnostics } from "../../grammar/index.ts";
import { libraryOf } from "./memory-library.ts";

const base = `import "std/bert"
import "std/contrastive"
import "std/heads"
import "std/linear"
import "std/lora"

# Twice as much.
function doubled(x) {
  return 2 * x
}

model small {
  encoder text = bert(vocab = 20, dim = 8, layers = 2, heads = 2, ff = 8, positions = 8, length = 4)
  let a = text.hidden |> cls |> linear(4)
  let b = text.hidden |> cls |> linear(4) |> doubled

  freeze text, heads.*
  lora(rank = 1) on text.attn.q
  loss contrastive(a, b, 1.0)

  expect trainable = 32
  expect count(text.attn.q) = 2  # a layer each
}

# How it is trained.
train {
  batch = 4
  steps = 9
}

data {
  folder = "ct"
}
`;

function compiled(variant: string, files: Readonly<Record<string, string>> = {}) {
  const library = libraryOf({ "base.vlm": base, ...files });
  const source = createSource("main.vlm", variant.startsWith("import") ? variant : `import "./base"\n${variant}`);
  const { plan, spec, diagnostics } = compileSpec(source, library);
  return { plan, spec, said: renderDiagnostics(diagnostics, { colour: false }), source, library };
}

/** A variant that compiles, and whose expansion means the same. */
function wholeOf(variant: string, files: Readonly<Record<string, string>> = {}) {
  const { plan, spec, said, source, library } = compiled(variant, files);
  expect(said).toBe("");
  if (plan === null || spec === null) throw new Error("a spec without diagnostics has a plan");
  const { text } = expandSpec(source, library);
  if (text === null) throw new Error("a spec without diagnostics can be expanded");
  expect(text).not.toMatch(/amends|^ *(add|remove) /m);
  const whole = createSource("whole.vlm", text);
  const { comparison } = compareSpecs({ source, library }, { source: whole, library });
  expect(comparison?.isEqual).toBe(true);
  const again = compileSpec(whole, library).plan;
  expect(again === null ? null : planToYaml(again)).toBe(planToYaml(plan));
  expect(expandSpec(whole, library).text).toBe(text);
  return { plan, spec, text };
}

describe("a variant means what its expansion means", () => {
  test("an empty one is its base under another name", () => {
    const { plan, spec, text } = wholeOf("model card amends small {}\n");
    expect(plan.model).toBe("card");
    expect(plan.expectations.map(({ text }) => text)).toEqual(["trainable = 32", "count(text.attn.q) = 2"]);
    expect([spec.settings.batch, spec.settings.schedule.steps, spec.data.folder]).toEqual([4, 9, "ct"]);
    expect(text).toContain("# Twice as much.\nfunction doubled(x) {");
    expect(text).toContain("= 2  # a layer each\n");
    expect(text).toContain("# How it is trained.\ntrain {");
  });

  test("placements and expectations take the place of all of their kind", () => {
    const { plan } = wholeOf(
      "model card amends small {\n  lora(rank = 2) on text.attn.k\n  expect trainable = 64\n}\n",
    );
    expect(plan.placements.map(({ text }) => text)).toEqual(["lora(rank = 2) on text.attn.k"]);
    expect(plan.expectations.map(({ text }) => text)).toEqual(["trainable = 64"]);
  });

  test("`add` adds to those of the base", () => {
    const { plan } = wholeOf(`model card amends small {
  # Beside the queries.
  add lora(rank = 2) on text.attn.k
  add train text.layers[1].norm
  add expect trainable(text.layers[0]) = 48
  expect trainable = 128
}
`);
    expect(plan.placements).toHaveLength(2);
    expect(plan.expectations.map(({ text }) => text)).toEqual(["trainable(text.layers[0]) = 48", "trainable = 128"]);
  });

  test("groups take the place of the base's, or are added to them", () => {
    const { plan } = wholeOf(`model card amends small {
  add group text.layers[0] { lr = 2 * lr }
  add group text.layers[0].lora { weight_decay = 0 }
}
`);
    const groups = plan.parameters.flatMap(({ trainable, group }) => (trainable && group !== undefined ? [group] : []));
    expect(groups).not.toEqual([]);
    expect(new Set(groups.map((group) => group.replace(/lr \S+,/, "lr,")))).toEqual(new Set(["lr, weight_decay 0"]));
  });

  test("a metric takes the place of the base's of that name, is added, or is removed", () => {
    const measured = base.replace("  freeze", "  metric spread = mean(a)\n  metric other = mean(b)\n\n  freeze");
    const { spec } = wholeOf(
      `model card amends small {
  metric spread = mean(a * a)
  metric between = mean(a * b)
  remove other
}
`,
      { "base.vlm": measured },
    );
    expect([...spec.metrics.keys()]).toEqual(["spread", "between"]);
  });

  test("`remove` takes out a member by its name, and an adapter's placements", () => {
    const { plan } = wholeOf(`model card amends small {
  remove lora, b
  loss contrastive(a, a, 1.0)
  add train heads.a
  expect trainable = 36
}
`);
    expect(plan.placements).toEqual([]);
    expect(plan.components.map(({ name }) => name)).not.toContain("heads.b");
  });

  test("a let takes the place of that of its name, new ones stand before what uses them", () => {
    const { plan } = wholeOf(`model card amends small {
  let pooled = text.hidden |> mean(axis = 1)
  let a = pooled |> linear(4, bias = false)
  let last = b * 2
  loss contrastive(a, last, 1.0)
}
`);
    // The head `a` without its bias.
    expect((compiled("model card amends small {}\n").plan?.totals.base ?? 0) - plan.totals.base).toBe(4);
  });

  test("members that depend on one another keep the variant's order", () => {
    wholeOf(`model card amends small {
  let b = text.hidden |> cls |> linear(4)
  let a = b + 1
}
`);
  });

  test("an input stands before the encoders", () => {
    wholeOf("model card amends small {\n  input input_ids: i32[batch, 4] = tokens()\n}\n");
  });

  test.each([
    ["a block of its own", "train {\n  batch = 2\n}\n", [2, null, 1]],
    ["an amended block", "train amends {\n  batch = 2\n  epochs = 3\n}\n", [2, 9, 3]],
    ["a removed setting", "train amends { remove steps }\n", [4, null, 1]],
  ])("settings: %s", (_, block, expected) => {
    const { spec } = wholeOf(`model card amends small {}\n${block}`);
    const { batch, schedule, epochs } = spec.settings;
    expect([batch, schedule.steps, epochs]).toEqual(expected);
  });

  test("a variant of a variant", () => {
    const middle = `import "../base"\nmodel middle amends small {
  lora(rank = 2) on text.attn.k
  expect trainable = 64
}
train amends { batch = 2 }
data { folder = "../other" }
`;
    const { plan, spec } = wholeOf(
      'import "./parts/middle"\nmodel last amends middle {\n  add lora(rank = 1) on text.attn.v\n  expect trainable = 96\n}\n',
      { "parts/middle.vlm": middle },
    );
    expect(plan.placements).toHaveLength(2);
    expect([spec.settings.batch, spec.settings.schedule.steps]).toEqual([2, 9]);
    // From the folder of the variant, not from that of the base.
    expect(spec.data.folder).toBe("other");
  });

  test("declarations of its own and of its base", () => {
    wholeOf(
      `import "./base"
import "./parts/more"
# Three times.
function tripled(x) {
  return x + twice(x)
}
model card amends small {
  let b = text.hidden |> cls |> linear(4) |> doubled |> tripled
}
`,
      { "parts/more.vlm": 'import "std/linear"\nfunction twice(x) {\n  return 2 * x\n}\n' },
    );
  });
});

test("what both files declare is shown at the variant", () => {
  expect(compiled("function doubled(x) {\n  return x\n}\nmodel card amends small {}\n").said).toContain(
    "error[E302]: `doubled` is declared twice\n --> main.vlm:2:10",
  );
});

test("a mistake of a base is reported once", () => {
  const { said } = compiled('import "./wrong"\nmodel card amends m {}\n', {
    "wrong.vlm": "model m {\n  lora(rank = 1) on text\n}\n",
  });
  expect(said.match(/error/g)).toHaveLength(1);
});

test("bases that amend each other are refused", () => {
  const { said } = compiled('import "./one"\nmodel card amends one {}\n', {
    "one.vlm": 'import "./two"\nmodel one amends two {}\n',
    "two.vlm": 'import "./one"\nmodel two amends one {}\n',
  });
  expect(said.match(/error\[.*/g)).toEqual(["error[E206]: this import closes a cycle: one.vlm -> two.vlm -> one.vlm"]);
});

test("a mistake that follows from what is amended shows both files", () => {
  const { said } = compiled("model card amends small {}\ntrain amends {\n  batch = 3\n}\n", {
    "base.vlm": base.replace("steps = 9", "micro_batch = 2"),
  });
  expect(said).toMatch(/E602.*\n *--> base.vlm:28:17[\s\S]*::: main.vlm:3:1\n[\s\S]*amended here/);
});
