import { describe, expect, test } from "vitest";
import { firstValuesOf } from "../../compiler/index.ts";
import { floats, readTensors, relative, tensorOf } from "./peft-fixture.ts";
import { below, fixture, placements, specOf, weightsOf } from "./peft-kinds-cases.ts";
import { backends, compileSmall, computedBy, expectGradients, inputOf } from "./peft-run.ts";

const names = Object.keys(placements);

function compiledCase(name: string) {
  const [network = "", kind = ""] = name.split("-");
  const compiled = compileSmall(name, specOf(network, placements[name] ?? []));
  const { plan } = compiled;
  const given = weightsOf(network);
  const stored = new Map(
    [...readTensors(`${fixture}/${name}/adapter_model.safetensors`)].map(([key, each]) => [
      key.replace(/^base_model\.(model\.)?/, ""),
      each,
    ]),
  );
  const values = new Map<string, Float32Array>();
  const following = new Set(
    plan.buffers.filter((each) => /\.osf_(?:left|right)$/.test(each.checkpoint)).map(({ path }) => path),
  );
  const read = new Set<string>();
  for (const { path: at, checkpoint, shape, ofAdapter } of [...plan.parameters, ...plan.buffers]) {
    // What follows from the weights is not in PEFT's file.
    if (ofAdapter && following.has(at) && !stored.has(checkpoint)) continue;
    const found = tensorOf(ofAdapter ? stored : given, checkpoint);
    expect([checkpoint, found.shape]).toEqual([checkpoint, shape]);
    values.set(at, floats(found));
    if (ofAdapter) read.add(checkpoint);
  }
  // Of what modules share a file may have copies behind their names.
  const shared = plan.buffers.filter(({ path }) => path.startsWith("shared."));
  for (const key of [...stored.keys()].filter((each) => !read.has(each))) {
    const of = shared.find(({ checkpoint }) => key.endsWith(`.${checkpoint}`));
    expect(floats(tensorOf(stored, key)), key).toEqual(values.get(of?.path ?? ""));
  }
  const pieces = firstValuesOf(compiled.spec.parameters, 0, (path) => {
    const known = values.get(path);
    return known === undefined ? null : [known];
  });
  for (const path of following) values.set(path, Float32Array.from([...pieces(path)].flatMap((each) => [...each])));
  return { compiled, values, expected: below(`${network}.${kind}.`), x: tensorOf(below(`${network}.`), "x") };
}

describe.each(backends)("%s gives", (backend) => {
  test.each(names)("PEFT's output of %s within 1e-5, and its gradients within 1e-4", async (name) => {
    const { compiled, values, expected, x } = compiledCase(name);
    const found = await computedBy(backend, compiled, values, new Map([["x", inputOf(x)]]), ["logits"]);
    expect(relative(found.outputs.get("logits"), tensorOf(expected, "output"))).toBeLessThan(1e-5);
    expectGradients(found.gradients, expected);
  });
});
