import { describe, expect, test } from "vitest";
import { buildForward, buildStep, type Plan, type Program, type TensorData } from "../../compiler/index.ts";
import { modelOf, programBackends, runOnce } from "../../runtime/backends/index.ts";
import { elementsOf, type StoredTensor } from "../../runtime/weights/index.ts";
import { fixtureSpec, fixtureTensors, type PublishedFixture, publishedFixtures } from "./published-fixtures.ts";

const ready = programBackends.filter((backend) => backend.load().kind === "ready");

test.runIf(process.env["CI"])("all backends are there under CI", () => {
  expect(ready).toEqual(programBackends);
});

test("there are fixtures of published models", () => {
  expect(publishedFixtures.length).toBeGreaterThanOrEqual(2);
});

type Tensors = ReadonlyMap<string, StoredTensor>;

function shapesOf(all: Iterable<readonly [string, { readonly shape: readonly number[] }]>) {
  return new Map([...all].map(([name, { shape }]) => [name, shape] as const));
}

function plannedShapes({ parameters, buffers }: Plan, ofAdapters: boolean) {
  const planned = [...parameters, ...buffers].filter(({ ofAdapter }) => ofAdapter === ofAdapters);
  return shapesOf(planned.map((each) => [each.checkpoint, each]));
}

function isAmong(name: string, patterns: readonly RegExp[]): boolean {
  return patterns.some((pattern) => pattern.test(name));
}

/** The names behind a prefix, in alphabetic order. */
function namesBehind(prefix: string, names: Iterable<string>): readonly string[] {
  return [...names].flatMap((name) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : [])).toSorted();
}

/** The largest absolute difference from the fixture, over its largest absolute value, or absolutely where that is rounding. */
function difference(
  { vanishing }: PublishedFixture,
  expected: Tensors,
  name: string,
  found: ArrayLike<number> | undefined,
) {
  const stored = expected.get(name);
  if (stored === undefined) throw new Error(`the fixture has ${name}`);
  const values = [...elementsOf(stored)];
  expect([name, found?.length]).toEqual([name, values.length]);
  const errors = values.map((value, place) => Math.abs(value - (found?.[place] ?? Number.NaN)));
  return Math.max(...errors) / (isAmong(name, vanishing) ? 1 : Math.max(...values.map(Math.abs)));
}

function inputsOf(batch: Tensors): ReadonlyMap<string, TensorData> {
  const fed = [...batch].map(([name, stored]): readonly [string, TensorData] => {
    const type = { dtype: stored.dtype.startsWith("F") ? "f32" : "i32", shape: stored.shape } as const;
    return [name, { type, data: Float32Array.from(elementsOf(stored)) }];
  });
  return new Map([["step", { type: { dtype: "i32", shape: [] }, data: Float32Array.of(0) }], ...fed]);
}

describe.each(publishedFixtures.map((fixture) => [fixture.name, fixture] as const))("%s", (_, fixture) => {
  const weights = fixtureTensors(fixture, "weights");
  const lora = fixtureTensors(fixture, "lora");
  const expected = fixtureTensors(fixture, "expected");
  const trained = fixtureSpec(fixture, "trained");
  const adapted = fixtureSpec(fixture, "small");
  const inputs = inputsOf(fixtureTensors(fixture, "batch"));

  /** Runs a program on a backend with the fixture's weights and adapters. */
  function run(backend: (typeof ready)[number], { plan, spec }: typeof trained, program: Program) {
    const stored = new Map(
      [...plan.parameters, ...plan.buffers].map(({ path, checkpoint }) => [
        path,
        weights.get(checkpoint) ?? lora.get(checkpoint),
      ]),
    );
    return runOnce(backend, modelOf(spec, [backend.optimise(program, spec)]), {
      inputs,
      piecesOf: (at) => {
        const found = stored.get(at);
        return [found === undefined ? new Float32Array(0) : Float32Array.from(elementsOf(found))];
      },
      state: new Map(),
    });
  }

  test("has the names and shapes of its own code, all of which can be trained, and PEFT's adapters", () => {
    expect(plannedShapes(trained.plan, false)).toEqual(shapesOf(weights));
    expect(trained.plan.totals.frozen).toBe(0);
    expect(plannedShapes(trained.plan, true)).toEqual(new Map());
    expect(plannedShapes(adapted.plan, false)).toEqual(shapesOf(weights));
    expect(plannedShapes(adapted.plan, true)).toEqual(shapesOf(lora));
    expect(lora.size).toBeGreaterThan(0);
  });

  describe.each(ready.map((backend) => [backend.name, backend] as const))("on %s", (__, backend) => {
    test("stages are its own code's within 2e-5", async () => {
      const stages = namesBehind("stage.", expected.keys());
      expect(stages.length).toBeGreaterThanOrEqual(4);
      const values = await run(backend, trained, buildForward(trained.spec, stages));
      const far = stages.map((name) => {
        const own = values.get(name)?.data;
        return [name, difference(fixture, expected, `stage.${name}`, own)] as const;
      });
      expect(far.filter(([, error]) => !(error < 2e-5))).toEqual([]);
    });

    test.each([
      ["everything trained", trained, "loss", "grad.", plannedShapes(trained.plan, false)],
      ["adapters", adapted, "lora_loss", "lora_grad.", shapesOf(lora)],
    ] as const)("with %s the loss is its own code's within 1e-5, and each gradient within 1e-4", async (...words) => {
      const [, model, loss, prefix, shapes] = words;
      const step = buildStep(model.spec);
      if (step === null) throw new Error("the spec has a loss");
      const results = await run(backend, model, step);
      expect(difference(fixture, expected, loss, results.get("loss")?.data)).toBeLessThan(1e-5);
      const checkpoints = new Map(model.plan.parameters.map(({ path, checkpoint }) => [path, checkpoint]));
      const gradients = new Map(
        namesBehind("gradient:", results.keys()).map((path) => [
          checkpoints.get(path) ?? path,
          results.get(`gradient:${path}`)?.data,
        ]),
      );
      const buffers = new Set(model.plan.buffers.map(({ checkpoint }) => checkpoint));
      const used = [...shapes.keys()].filter((name) => !buffers.has(name) && !isAmong(name, fixture.unused)).toSorted();
      // Beside adapters a model may train parts of its own.
      expect([...gradients.keys()].filter((name) => shapes.has(name)).toSorted()).toEqual(used);
      expect(namesBehind(prefix, expected.keys())).toEqual(used);
      const far = used.map(
        (name) => [name, difference(fixture, expected, `${prefix}${name}`, gradients.get(name))] as const,
      );
      expect(far.filter(([, error]) => !(error < 1e-4))).toEqual([]);
    });
  });
});
