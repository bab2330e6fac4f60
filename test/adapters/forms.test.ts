import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { elementsOf } from "../../runtime/weights/elements.ts";
import { type FloatTensor, readSafetensors, writeSafetensors } from "../../runtime/weights/index.ts";
import { medctc, prepareProgram, runHere } from "../cli/medctc.ts";
import { smallSpecWith } from "./small-spec.ts";

const spec = "specs/medct-small.vlm";
const fixtures = "test/fixtures/ctclip-small";
const peft = join(fixtures, "peft_adapter");
const given = ["--weights", join(fixtures, "weights.safetensors"), "--feeds", join(fixtures, "batch.safetensors")];
const folder = mkdtempSync(join(tmpdir(), "medctc-forms-"));
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(() => prepareProgram());

async function forward(own: string, ...words: readonly string[]) {
  const out = join(folder, "out.safetensors");
  const { code, err } = await runHere(["run", own, "forward", "-o", out, ...given, ...words]);
  const loss = code === 0 ? readSafetensors(out, readFileSync(out)).get("loss") : undefined;
  return { code, err, loss: loss === undefined ? null : elementsOf(loss)[0] };
}

/** The adapter under other names, with the config or without it. */
function renamed(name: string, rename: (name: string) => readonly string[], config: object | null): string {
  const into = join(folder, name);
  mkdirSync(into);
  const file = join(peft, "adapter_model.safetensors");
  const tensors = new Map<string, FloatTensor>();
  for (const [own, tensor] of readSafetensors(file, readFileSync(file)))
    for (const each of rename(own)) tensors.set(each, { shape: tensor.shape, data: elementsOf(tensor) });
  writeFileSync(join(into, "epoch.safetensors"), writeSafetensors(tensors));
  const fields: unknown = JSON.parse(readFileSync(join(peft, "adapter_config.json"), "utf8"));
  if (config !== null)
    writeFileSync(join(into, "adapter_config.json"), JSON.stringify({ ...Object(fields), ...config }));
  return join(into, "epoch.safetensors");
}

test("without a config the alpha has to be said, and is held against the spec's", async () => {
  const { loss } = await forward(spec, "--adapter", peft);
  const bare = join(folder, "bare.safetensors");
  copyFileSync(join(peft, "adapter_model.safetensors"), bare);
  const unsaid = await forward(spec, "--adapter", bare);
  expect([unsaid.code, unsaid.err]).toEqual([
    1,
    expect.stringContaining(`error[E714]: nothing says the alpha of the 12 LoRA updates in \`${bare}\``),
  ]);
  expect(unsaid.err).toContain("--adapter-alpha");
  expect(await forward(spec, "--adapter", bare, "--adapter-alpha", "8")).toEqual({ code: 0, err: "", loss });
  const other = await forward(spec, "--adapter", bare, "--adapter-alpha", "16");
  expect([other.code, other.err]).toEqual([1, expect.stringContaining("has the scale 4 (16 / 4), but in the spec")]);
});

test("a config beside a file is used whatever the file is called", async () => {
  const same = await forward(
    spec,
    "--adapter",
    renamed("same", (name) => [name], {}),
  );
  expect(same).toEqual({ ...(await forward(spec, "--adapter", peft)), err: "" });
  const other = await forward(
    spec,
    "--adapter",
    renamed("other-alpha", (name) => [name], { lora_alpha: 16 }),
  );
  expect([other.code, other.err]).toEqual([1, expect.stringContaining("error[E707]")]);
  // What to do is said once, however many adapters differ.
  expect(other.err.match(/E707|9 more|help:.*/g)).toEqual([
    ...["E707", "E707", "E707", "9 more"],
    "help: print the adapter's placements with `medctc adapter spec FOLDER --for SPEC`",
  ]);
});

test("names without PEFT's prefix are taken with a note that their alpha is the spec's, unless a config says it", async () => {
  const own = (name: string): readonly string[] => [name.replace("base_model.model.", "")];
  const { code, err } = await forward(spec, "--adapter", renamed("own-names", own, null));
  expect([code, err]).toEqual([0, expect.stringContaining("has no record of the alpha of its LoRA updates")]);
  const other = await forward(spec, "--adapter", renamed("own-names-config", own, { lora_alpha: 16 }));
  expect([other.code, other.err]).toEqual([1, expect.stringContaining("has the scale 4 (16 / 4)")]);
});

test("of several adapters in one file one has to be named", async () => {
  const twice = (name: string): readonly string[] =>
    ["one", "two"].map((each) => name.replace(/\.(lora_[AB])\./, `.$1.${each}.`));
  const file = renamed("several", twice, {});
  const { code, err } = await forward(spec, "--adapter", file);
  expect([code, err]).toEqual([1, expect.stringContaining("it has the adapters `one`, `two`")]);
  expect(err).toContain("--adapter-name one");
  expect((await forward(spec, "--adapter", file, "--adapter-name", "three")).err).toContain("not `three`");
  expect((await forward(spec, "--adapter", file, "--adapter-name", "two")).loss).toBe(
    (await forward(spec, "--adapter", peft)).loss,
  );
});

test("a field of the config that changes values and is not supported is named", async () => {
  for (const [field, value] of [
    ["lora_bias", true],
    ["layer_replication", [[0, 2]]],
    ["init_lora_weights", "pissa_niter_4"],
    ["init_lora_weights", "olora"],
    ["use_something_new", 3],
  ] as const) {
    const file = renamed(`field-${field}-${String(value)}`, (name) => [name], { [field]: value });
    const { code, err } = await forward(spec, "--adapter", file);
    expect([field, code, err]).toEqual([field, 1, expect.stringMatching(new RegExp(`error\\[E706\\].*\`${field}\``))]);
  }
});

test("fields that say where adapters are change nothing", async () => {
  const fields = {
    exclude_modules: ["x"],
    layers_to_transform: [0],
    layers_pattern: "layers",
    fan_in_fan_out: true,
    init_lora_weights: "orthogonal",
    task_type: "FEATURE_EXTRACTION",
  };
  expect(
    (
      await forward(
        spec,
        "--adapter",
        renamed("fields", (name) => [name], fields),
      )
    ).code,
  ).toBe(0);
});

test("a module that was trained besides and is not in the file is named, but not one that the model has not", async () => {
  const fields = { modules_to_save: ["to_visual_latent", "score"] };
  const same = (name: string): readonly string[] => [name];
  const { code, err } = await forward(spec, "--adapter", renamed("not-saved", same, fields));
  const file = join(folder, "not-saved", "adapter_config.json");
  const what =
    "has `to_visual_latent` in `modules_to_save`, but epoch.safetensors has none of it: the model's own is used";
  expect([code, err]).toEqual([0, `note: ${file} ${what}\n`]);
});

test("modules that a config says are adapted, and the file has not, are refused where the spec has no adapter there either", async () => {
  const first = join(folder, "first-layer.vlm");
  writeFileSync(first, smallSpecWith(["lora(rank = 4, alpha = 8) on text.layers[0].attn.q,v"]));
  const cut = (name: string): readonly string[] => (name.includes(".encoder.layer.0.") ? [name] : []);
  for (const [name, fields, lacking] of [
    ["by-endings", { target_modules: ["query", "value"] }, ["query", "value"]],
    ["by-pattern", { target_modules: ".*\\.(query|value)" }, ["query", "value"]],
    ["by-layers", { target_modules: ["query", "value"], layers_to_transform: [0, 1] }, ["query", "value"]],
    ["by-names", { target_modules: ["query", "encoder.layer.0.attention.self.value"] }, ["query"]],
  ] as const) {
    const file = renamed(name, cut, fields);
    const config = join(folder, name, "adapter_config.json");
    const { code, err } = await forward(first, "--adapter", file);
    const expected = lacking.map(
      (each) =>
        `error[E720]: \`${config}\` says that \`text_transformer.encoder.layer.1.attention.self.${each}\` has an adapter, but \`epoch.safetensors\` beside it has none of it`,
    );
    expect([name, code, err.match(/^error.*/gm)]).toEqual([name, 1, expected]);
  }
  for (const [name, fields] of [
    ["first-alone", { target_modules: ["query", "value"], layers_to_transform: [0] }],
    ["others-excluded", { target_modules: ["query", "value"], exclude_modules: ".*layer\\.1\\..*" }],
    ["alone-pattern", { target_modules: ".*layer\\.0\\..*\\.(query|value)" }],
  ] as const) {
    const { code, err, loss } = await forward(first, "--adapter", renamed(name, cut, fields));
    expect([name, code, typeof loss]).toEqual([name, 0, "number"]);
    expect(err).not.toMatch(/^(note|error)/m);
  }
});

test("modules of another encoder than the one that the adapter is of may have the same names", async () => {
  const text = join(folder, "text-only.vlm");
  writeFileSync(text, smallSpecWith(["lora(rank = 4, alpha = 8) on text.attn.q,v"]));
  const alone = (name: string): readonly string[] =>
    name.includes("text_transformer.") ? [name.replace("text_transformer.", "")] : [];
  const file = renamed("text-endings", alone, { target_modules: ["query", "value", "to_q"] });
  const what = "has `to_q` in `target_modules`, but epoch.safetensors has no adapter there";
  expect(await forward(text, "--adapter", file)).toMatchObject({
    code: 0,
    err: `note: ${join(folder, "text-endings", "adapter_config.json")} ${what}\n`,
  });
});

test("names of a config that mean nothing and biases that are not there are told", async () => {
  const same = (name: string): readonly string[] => [name];
  const file = renamed("in-vain", same, {
    target_modules: ["query", "value", "to_q", "to_kv", "c_attn"],
    exclude_modules: ["lm_head"],
    rank_pattern: { "layer.7.attention.self.query": 2 },
    alpha_pattern: { "encoder.layer.0.output.dense": 4 },
    bias: "lora_only",
  });
  const config = join(folder, "in-vain", "adapter_config.json");
  const notes = [
    "has `c_attn` in `target_modules`, but epoch.safetensors has no adapter there",
    "has `lm_head` in `exclude_modules`, but the model has no such module",
    "has `layer.7.attention.self.query` in `rank_pattern`, but epoch.safetensors has no adapter there",
    "has `encoder.layer.0.output.dense` in `alpha_pattern`, but epoch.safetensors has no adapter there",
    'has `bias` "lora_only", but epoch.safetensors has no biases: the model\'s own are used',
  ].map((each) => `note: ${config} ${each}`);
  const { code, err } = await forward(spec, "--adapter", file);
  expect([code, err.trim().split("\n")]).toEqual([0, notes]);
  const compared = medctc(["adapter", "diff", file, peft]);
  expect([compared.code, compared.err.match(/^note: .*/gm)]).toEqual([0, [notes[0], notes[2], notes[3]]]);
});

test("an adapter of one encoder that the spec does not adapt there is refused", async () => {
  const alone = (name: string): readonly string[] =>
    name.includes("text_transformer.") ? [name.replace("text_transformer.", "")] : [];
  const text = join(folder, "text.vlm");
  writeFileSync(text, smallSpecWith(["lora(rank = 4, alpha = 8) on text.attn.q,v"]));
  expect((await forward(text, "--adapter", renamed("text-alone", alone, {}))).code).toBe(0);
  const fewer = join(folder, "fewer.vlm");
  writeFileSync(fewer, smallSpecWith(["lora(rank = 4, alpha = 8) on text.attn.q"]));
  const { code, err } = await forward(fewer, "--adapter", join(folder, "text-alone", "epoch.safetensors"));
  expect([code, err]).toEqual([1, expect.stringContaining("self.value` is in the file, but in the spec there is no")]);
  const placed = await runHere(["adapter", "spec", join(folder, "text-alone", "epoch.safetensors"), "--for", spec]);
  expect([placed.code, placed.out]).toEqual([0, "lora(rank = 4, alpha = 8) on text.attn.q,v\n"]);
});

test("what a file of adapters lacks is named with the file", async () => {
  const file = renamed("cut", (name) => (name.includes("encoder.layer.1.") ? [] : [name]), {});
  const { code, err } = await forward(spec, "--adapter", file);
  expect(code).toBe(1);
  expect(err).toMatch(/^error\[E703\]: \d+ tensors of the spec's adapters are missing: .*encoder\.layer\.1\./m);
  expect(err).toContain(` --> ${file}`);
});
