import { expect, test } from "vitest";
import {
  buildForward,
  buildProgram,
  compileSpec,
  optimise,
  runProgram,
  type TracedSpec,
} from "../../compiler/index.ts";
import { createSource, renderDiagnostics } from "../../grammar/index.ts";
import { programBackends } from "../../runtime/backends/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";
import { Random } from "../random.ts";
import { openForTraining } from "./open-engine.ts";

/** A spec with two heads beside its latents, one of them after dropout. */
function specOf(evaluation: string): TracedSpec {
  const text = `import "std/bert"
import "std/contrastive"
import "std/dropout"
import "std/heads"
import "std/linear"
model m {
  input ct: f32[batch, 1, 2, 3, 4] = volume(size = [2, 3, 4])
  encoder text = bert(vocab = 20, dim = 8, layers = 1, heads = 2, ff = 8, positions = 8, length = 4)
  let features = rearrange(ct, "b c d h w -> b (c d h w)") |> linear(8)
  let image = features |> l2_normalize
  let report = text.hidden |> cls |> l2_normalize
  let findings = features |> drop(0.5) |> linear(3)
  let others = features |> linear(3)
  freeze text
  loss contrastive(image, report) + mean(findings) + mean(others)
}
train {
  batch = 4
}
eval {
  classes = ["a", "b", "c"]
  ${evaluation}
}
`;
  const { spec, diagnostics } = compileSpec(createSource("m.vlm", text), new SpecLibrary("specs/std", "m.vlm"));
  if (spec === null) throw new Error(renderDiagnostics(diagnostics, { colour: false }));
  return spec;
}

const tasks = 'tasks = [classify(findings), classify(others, name = "other_head"), classify(findings, name = "again")]';
const logits = ["logits/classify", "logits/other_head", "logits/again"];

test.each([
  [`image = image, text = report, ${tasks}`, ["latent", ...logits]],
  ["image = image, text = report", ["latent"]],
  [tasks, logits],
  ["image = image, tasks = [probe()]", ["latent"]],
  ["text = report", null],
])("`%s` has an encoder of images that gives %j", (evaluation, expected) => {
  const program = buildProgram(specOf(evaluation), "encode_image");
  expect(program === null ? null : [...program.outputs.keys()]).toEqual(expected);
});

test.each(programBackends.filter((each) => each.load().kind === "ready"))(
  "latents and logits come out together on $name, as the evaluator's values of their lets, without dropout",
  async (backend) => {
    const spec = specOf(`image = image, text = report, ${tasks}`);
    const engine = await openForTraining(backend, spec);
    const random = new Random(3);
    const ct = Float32Array.from({ length: 96 }, () => random.below(2000) / 1000 - 1);
    const found = await engine.run("encode_image", new Map([["ct", ct]]));
    expect([...found.keys()]).toEqual(["latent", ...logits]);
    const kept = await engine.read();
    await engine.dispose();
    const typeOf = new Map(spec.parameters.map(({ path, type }) => [path, type]));
    const parameters = new Map(
      [...kept].flatMap(([path, data]) => {
        const type = typeOf.get(path);
        return type === undefined ? [] : [[path, { type, data }] as const];
      }),
    );
    const type = { dtype: "f32", shape: [4, 1, 2, 3, 4] } as const;
    const forward = buildForward(spec, []);
    const outputs = new Map([...forward.outputs].filter(([name]) => ["image", "findings", "others"].includes(name)));
    const inputs = new Map([["ct", { type, data: ct }]]);
    const expected = runProgram(optimise({ ...forward, outputs }, spec), { inputs, parameters }, "f64");
    for (const [output, name] of [
      ["latent", "image"],
      ["logits/classify", "findings"],
      ["logits/other_head", "others"],
      ["logits/again", "findings"],
    ] as const) {
      const values = expected.get(name)?.data ?? [];
      expect(values.length).toBe(name === "image" ? 32 : 12);
      for (const [place, value] of values.entries()) expect(found.get(output)?.[place], output).toBeCloseTo(value, 5);
    }
  },
);
