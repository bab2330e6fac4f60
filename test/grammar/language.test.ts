import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { checkSpec } from "../../compiler/index.ts";
import { catalogue, createSource } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";

const page = readFileSync("grammar/LANGUAGE.md", "utf8");
const library = new SpecLibrary("specs/std", "specs/example.vlm");

interface Example {
  readonly line: number;
  /** What the example is a part of, so that it need not repeat it. */
  readonly context: string;
  /** The code that a wrong example gives. */
  readonly wrong: string | null;
  readonly text: string;
}

const examples: readonly Example[] = [...page.matchAll(/^```vlm([^\n]*)\n(.*?)^```$/gms)].map((match) => {
  const [, info = "", text = ""] = match;
  const words = info.trim().split(" ");
  return {
    line: page.slice(0, match.index).split("\n").length,
    context: words.find((word) => ["body", "model", "rules"].includes(word)) ?? "file",
    wrong: words.find((word) => word.startsWith("wrong="))?.slice("wrong=".length) ?? null,
    text,
  };
});

/** What an example of rules is about. */
const encoders = `
  encoder text = bert(vocab = 100, dim = 32, layers = 4, heads = 4, ff = 64, positions = 16)
  encoder vision = ctvit(
    volume = [20, 60, 60], patch = [10, 20, 20], dim = 32, heads = 4, dim_head = 8,
    spatial_depth = 2, temporal_depth = 2, codebook = 64
  )
  let latent = text.hidden |> cls |> l2_normalize
  freeze vision, text.pooler
`;

const modelImports = [
  "specs/ctclip/ctvit",
  ...["bert", "clip_text", "contrastive", "heads", "ia3", "linear", "lora", "siglip", "vit"].map(
    (name) => `std/${name}`,
  ),
];

/** The example as a whole file. */
function completed({ context, text }: Example): string {
  if (context === "body") return `function example(x) {\n${text}}\n`;
  // Settings are those of a model.
  if (context === "file")
    return /^(train|data|eval) /m.test(text) && !/^model /m.test(text) ? `${text}\nmodel m {}\n` : text;
  return `${modelImports.map((path) => `import "${path}"\n`).join("")}model example {${context === "rules" ? encoders : ""}\n${text}}\n`;
}

describe("every example of LANGUAGE.md is what it says", () => {
  test.each(examples)("line $line", (example) => {
    const diagnostics = checkSpec(createSource("example.vlm", completed(example)), library);
    expect(diagnostics.map(({ code }) => code)).toEqual(example.wrong === null ? [] : [example.wrong]);
  });
});

test("every code is described, and those of a text have a wrong example", () => {
  const wrong = new Set(examples.map((example) => example.wrong));
  for (const [key, { code }] of Object.entries(catalogue)) {
    expect(page).toContain(`### ${code} ${key}\n`);
    if (!/^E[278]/.test(code) && !["too-many-errors", "no-model"].includes(key)) expect(wrong).toContain(code);
  }
});
