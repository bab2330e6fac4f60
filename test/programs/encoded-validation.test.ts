import { expect, test } from "vitest";
import { buildValidation, compileSpec, encodedValidation, inputsOf } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";

const path = "specs/pairs.vlm";

/** The inputs that the loss of five held-out examples reads where they are encoded already; null where it reads volumes besides. */
function readOf(image: string, more = "", batch = 4): readonly string[] | null {
  const text = `
import "std/contrastive"
import "std/heads"
import "std/linear"

model pairs {
  input ct: f32[batch, 1, 1, 2, 3] = volume(size = [1, 2, 3])
  input right: f32[batch, 5] = table(columns = ["g", "h", "i", "j", "k"])
  let raw = ct |> flatten |> linear(4)
  let image = ${image}
  let report = right |> linear(4) |> l2_normalize
  loss contrastive(image |> l2_normalize, report, 4.0)
  ${more}
}

train {
  optimizer = adamw(lr = 1e-2)
  batch = ${batch}
}

eval {
  image = image
}
`;
  const { spec, diagnostics } = compileSpec(createSource(path, text), new SpecLibrary("specs/std", path));
  if (spec === null) throw new Error(JSON.stringify(diagnostics));
  const plain = buildValidation(spec, 5);
  if (plain === null) throw new Error("the spec is validated");
  const validation = encodedValidation(spec, plain, new Set(["ct"]));
  expect(validation?.encoded ?? new Map([["latent", "encoded:latent"]])).toEqual(
    new Map([["latent", "encoded:latent"]]),
  );
  return validation === null
    ? null
    : validation.programs.flatMap((program) => inputsOf(program).map(({ name }) => name)).toSorted();
}

test("a loss of encodings reads these in place of volumes", () => {
  expect(readOf("raw")).toEqual(["encoded:latent", "right"]);
  expect(readOf("raw", "", 1)).toEqual(["encoded:latent", "right"]);
});

test("what reads volumes besides, or an encoding that follows from other rows, is computed of the volumes", () => {
  expect(readOf("raw", "metric bright = mean(ct)")).toBeNull();
  expect(readOf("raw |> l2_normalize", "loss 0.1 * mean(raw * raw)")).toBeNull();
  expect(readOf("raw - mean(raw, axis = 0)")).toBeNull();
});
