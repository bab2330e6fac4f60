import { expect, test } from "vitest";
import { pytorchFiles } from "./pytorch-files.ts";

interface Changes {
  readonly imports?: string;
  readonly forward?: string;
  readonly members?: string;
  readonly train?: string;
}

function specOf({ imports = "", forward = "return l(x)", members = "", train = "" }: Changes): string {
  return `import "std/linear"
${imports}
module small(f = 1) {
  part l = linear(4, 4)
  forward(x: f32[batch, 4]) { ${forward} }
}
model refused {
  encoder e = small()
  ${members}
  loss mean(e * e)
}
train { ${train} }
`;
}

/** What the target says of a spec, with its place: the text there, and the file. */
function refusalOf(text: string): string {
  const files = pytorchFiles("specs/refused.vlm", text);
  if (files === undefined || !("span" in files)) throw new Error("the spec is refused");
  const { source, start, end } = files.span;
  return `${source.name}: ${source.text.slice(start, end)}: ${files.message}`;
}

test("lists that share lists are not written out without end", () => {
  const lists = Array.from({ length: 30 }, (_, index) => `let a${index + 1} = [a${index}, a${index}]`);
  const imports = `let a0 = [1]\n${lists.join("\n")}`;
  const forward = "return l(x) * len(a30)";
  expect(refusalOf(specOf({ imports, forward }))).toBe("specs/refused.vlm: a30: the list `a30` cannot be written out");
});

test.each<readonly [Changes, string]>([
  [
    {
      imports: 'import "std/lora"\nfunction lengths() {\n  return sum(lora.placed[0].up)\n}',
      members: "lora(rank = 2) on e.l\n  loss lengths()",
    },
    "specs/refused.vlm: placed: only the model's own losses, metrics and lets have a list of what is placed",
  ],
  [
    { imports: "function weigh(e) {\n  return sum(e.l.weight)\n}", members: "loss weigh(e)" },
    "specs/refused.vlm: l: an encoder is passed on, of which only its value is there",
  ],
  [
    {
      imports:
        "adapter own() wraps base: f32[m, n] {\n  param by: f32[] = mean(base)\n  forward() { return base * by }\n}",
      members: "own() on e.l.weight",
    },
    "specs/refused.vlm: param by: f32[] = mean(base): a package has no first values that follow from a parameter with an adapter",
  ],
  [{ forward: "let g = [exp]\n    return g[0](l(x))" }, "specs/refused.vlm: exp: `exp` is passed on as a value"],
  [
    { forward: "let shift = i => i + 1\n    return l(x)" },
    "specs/refused.vlm: i => i + 1: a function `i => ...` is passed on",
  ],
])("a package is refused, with its place: %j", (changes, refusal) => {
  expect(refusalOf(specOf(changes))).toBe(refusal);
});
