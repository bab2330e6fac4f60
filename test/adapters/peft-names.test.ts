import { expect, test } from "vitest";
import { moduleInPeft, placeModules, plainNames } from "../../runtime/adapters/index.ts";

function plain(...names: readonly string[]): readonly string[] {
  return [...plainNames(names, null).names.keys()];
}

test("what a PeftModel, torch.compile and FSDP put inside names is taken out", () => {
  expect(
    plain(
      "base_model.model.a.q.base_layer.weight",
      "base_model.model.a.q.lora_A.default.weight",
      "_orig_mod.base_model.model.a.v._orig_mod.lora_B.v2.weight",
      "a._fsdp_wrapped_module.k.lora_magnitude_vector.v2.weight",
      "a._checkpoint_wrapped_module.k.ia3_l.default",
      "a.emb.lora_embedding_A.default",
      "a.head.modules_to_save.default.weight",
      "a.head.original_module.weight",
    ),
  ).toEqual([
    "base_model.model.a.q.weight",
    "base_model.model.a.q.lora_A.weight",
    "base_model.model.a.v.lora_B.weight",
    "a.k.lora_magnitude_vector",
    "a.k.ia3_l",
    "a.emb.lora_embedding_A",
    "a.head.weight",
    "a.head.original_module.weight",
  ]);
});

test("adapters of every kind in a PeftModel have the names of their files", () => {
  expect(
    plain(
      "base_model.model.a.q.base_layer.weight",
      "base_model.model.a.q.hada_w1_a.site",
      "base_model.model.a._orig_mod.q.oft_R.site.weight",
      "base_model.model.a.norm.base_layer.bias",
      "base_model.model.a.norm.ln_tuning_layers.site.bias",
      "base_model.model.a.emb.original_module.weight",
      "base_model.model.a.emb.token_adapter.base_layer.weight",
      "base_model.model.a.emb.token_adapter.trainable_tokens_delta.site",
      "base_model.model.a.v.hada_w1_a.default",
      "base_model.vera_A.default",
    ),
  ).toEqual([
    "base_model.model.a.q.weight",
    "base_model.model.a.q.hada_w1_a",
    "base_model.model.a.q.oft_R.weight",
    "base_model.model.a.norm.bias",
    "base_model.model.a.norm.ln_tuning_layers.bias",
    "base_model.model.a.emb.original_module.weight",
    "base_model.model.a.emb.weight",
    "base_model.model.a.emb.token_adapter.trainable_tokens_delta",
    "base_model.model.a.v.hada_w1_a",
    "base_model.vera_A",
  ]);
  expect(plainNames(["q.base_layer.weight", "q.hada_w1_a.one", "q.hada_w1_a.two"], null).adapters).toEqual([
    "one",
    "two",
  ]);
});

test("names of PEFT's files, of loralib and of models stay as they are", () => {
  const names = [
    "base_model.model.a.q.lora_A.weight",
    "a.q.lora_A",
    "a.q.lora_magnitude_vector",
    "a.base_layer",
    "module.weight",
  ];
  expect(plain(...names)).toEqual(names);
  // An adapter inside another module of PEFT's has one beside it.
  const nested = [
    "a.attn.lora_A.weight",
    "a.attn.base_layer.lora_A.weight",
    "a.attn.base_layer.out_proj.lora_A.weight",
  ];
  expect(plain(...nested)).toEqual(nested);
  expect(plain("a.attn.base_layer.out_proj.base_layer.weight")).toEqual(["a.attn.out_proj.weight"]);
});

test("a name that would be another's keeps its own", () => {
  expect(plain("a.weight", "a.base_layer.weight")).toEqual(["a.weight", "a.base_layer.weight"]);
  expect(plain("a.base_layer.weight", "a.weight")).toEqual(["a.base_layer.weight", "a.weight"]);
  expect(plain("a._orig_mod.b", "_orig_mod.a.b")).toEqual(["a.b", "_orig_mod.a.b"]);
});

test("of several adapters the one that is named is read, and the others are left out", () => {
  const names = ["q.lora_A.one.weight", "q.lora_A.two.weight", "h.modules_to_save.one.bias", "q.base_layer.weight"];
  expect(plainNames(names, null).adapters).toEqual(["one", "two"]);
  expect([...plainNames(names, "two").names]).toEqual([
    ["q.lora_A.weight", "q.lora_A.two.weight"],
    ["q.weight", "q.base_layer.weight"],
  ]);
  expect(plainNames(["a.q.lora_A.weight"], null)).toMatchObject({ adapters: [], isPeft: false });
  expect(plainNames(["base_model.model.a.q.lora_A.weight"], null)).toMatchObject({ adapters: [], isPeft: true });
});

test("the module that a config's patterns are for is the one that PEFT was given", () => {
  expect(moduleInPeft("module.base_model.model._orig_mod.a.q.lora_A.default.weight")).toBe("_orig_mod.a.q");
  expect(moduleInPeft("a.q.lora_magnitude_vector")).toBe("a.q");
  expect(moduleInPeft("a.q.ia3_l.default")).toBe("a.q");
});

test("the modules of an adapter are found in a model by their names, or behind one prefix", () => {
  const model = ["text.layer.0.q", "text.layer.1.q", "vision.layer.0.q", "head"];
  const placed = (...modules: readonly string[]) => {
    const found = placeModules(modules, model);
    return found.kind === "placed" ? modules.map(found.nameOf) : found;
  };
  expect(placed("text.layer.0.q", "head")).toEqual(["text.layer.0.q", "head"]);
  expect(placed("layer.0.q", "layer.1.q")).toEqual(["text.layer.0.q", "text.layer.1.q"]);
  expect(placed("clip.text.layer.0.q", "clip.text.layer.1.q")).toEqual(["text.layer.0.q", "text.layer.1.q"]);
  expect(placed("bert.layer.0.q", "bert.layer.1.q")).toEqual(["text.layer.0.q", "text.layer.1.q"]);
  expect(placed("layer.0.q")).toEqual({ kind: "several", prefixes: ["text.", "vision."] });
  expect(placed("q")).toEqual({ kind: "unknown" });
  expect(placed("layer.2.q")).toEqual({ kind: "unknown" });
});
