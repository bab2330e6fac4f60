/** What PEFT puts before the names of a model's own parameters. */
export const peftPrefix = "base_model.model.";

/** What it puts before the names of tensors that all adapters of a model share. */
export const peftRoot = "base_model.";

/** The names of a file as checkpoints of the model and PEFT's files of adapters have them. */
export interface PlainNames {
  /** The file's names by their plain ones, in the order of the file. */
  readonly names: ReadonlyMap<string, string>;
  /** The names that a PeftModel's own state dict gives its adapters; PEFT's files of one adapter have none. */
  readonly adapters: readonly string[];
  /** Whether any name is one that PEFT gives. */
  readonly isPeft: boolean;
}

/** Parts of names that say how a module is run, and nothing of what it is: torch.compile, FSDP, recomputed activations. */
const wrappers: ReadonlySet<string> = new Set(["_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"]);

/** A tensor of an adapter in a PeftModel: the adapter's name stands behind what it is. */
const named = /^(.*\.(?:lora_(?:embedding_)?[AB]|lora_magnitude_vector|ia3_l))\.([^.]+)(\.weight|\.bias)?$/;

/** Adapters that are listed; a PeftModel has a few. */
const mostAdapters = 1000;

/**
 * Takes from names what torch.compile, FSDP and a whole PeftModel put inside them: `_orig_mod.`, `.base_layer.`, the adapter's name in
 * `lora_A.default.weight`, and `modules_to_save.default.`, which stands for the module beside it. What stands before all names, such as
 * `module.` or `base_model.model.`, is left to the prefix rules. `adapter` is the one that is wanted; the others' tensors are left out.
 */
export function plainNames(given: Iterable<string>, adapter: string | null): PlainNames {
  const all = [...given];
  const wrapped = wrappedModules(all);
  const adapters = new Set<string>();
  for (const name of all) {
    const own = adapterIn(withoutWrappers(name), wrapped);
    if (own !== null && adapters.size < mostAdapters) adapters.add(own);
  }
  const names = new Map<string, string>();
  let isPeft = adapters.size > 0;
  // A name that is plain in the file is that tensor's, whatever another one would be without its wrappers.
  const plain = new Set(all);
  for (const name of all) {
    const unwrapped = withoutWrappers(name);
    const own = adapterIn(unwrapped, wrapped);
    if (adapter !== null && own !== null && own !== adapter) continue;
    const short = ownName(unwrapped, wrapped);
    if (short !== unwrapped || name.includes(peftPrefix)) isPeft = true;
    const isFree = !names.has(short) && (short === name || !plain.has(short));
    names.set(isFree ? short : name, name);
  }
  return { names, adapters: [...adapters], isPeft };
}

/** A name without the parts that torch.compile, FSDP and recomputed activations put into it. */
export function withoutWrappers(name: string): string {
  if (!name.includes("_orig_mod") && !name.includes("_wrapped_module")) return name;
  return name
    .split(".")
    .filter((part) => !wrappers.has(part))
    .join(".");
}

/** The modules that a PeftModel put another one around: what they are themselves is in their `base_layer`. */
function wrappedModules(names: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>();
  for (const name of names) {
    const own = withoutWrappers(name);
    for (let at = own.indexOf(inside); at >= 0; at = own.indexOf(inside, at + 1)) found.add(own.slice(0, at));
  }
  return found;
}

const inside = ".base_layer.";

/** What PEFT calls an adapter that nobody named. */
const unnamed = "default";

/** The tensor of an adapter of any kind in a PeftModel, with the adapter's name behind it; null for others. */
function namedTensor(name: string, wrapped: ReadonlySet<string>) {
  const [kind = ""] = /\.(?:weight|bias)$/.exec(name) ?? [];
  const [, module = "", tensor = "", own = ""] =
    /^(.*)\.([^.]+)\.([^.]+)$/.exec(name.slice(0, name.length - kind.length)) ?? [];
  if (tensor === "base_layer") return null;
  const isInside = wrapped.has(module) || (own === unnamed && name.includes(peftRoot));
  return isInside && !name.includes(".modules_to_save.") ? { own, plain: `${module}.${tensor}${kind}` } : null;
}

/** The name of the adapter that a tensor belongs to in a PeftModel; null for others. */
function adapterIn(name: string, wrapped: ReadonlySet<string>): string | null {
  const [, , own = null, kind] = named.exec(name) ?? [];
  if (own !== null) return isOfOneAdapter(name, own, kind) ? null : own;
  return /\.modules_to_save\.([^.]+)\./.exec(name)?.[1] ?? namedTensor(name, wrapped)?.own ?? null;
}

/** `lora_A.weight` is the file of one adapter: what stands behind is no name of an adapter. */
function isOfOneAdapter(name: string, own: string, kind: string | undefined): boolean {
  return kind === undefined && (own === "weight" || own === "bias") && !name.includes(".lora_embedding_");
}

function ownName(name: string, wrapped: ReadonlySet<string>): string {
  const [, tensor, own = "", kind] = named.exec(name) ?? [];
  if (tensor !== undefined) {
    // PEFT's files have these three without `.weight`.
    const isBare = /\.(?:lora_embedding_[AB]|lora_magnitude_vector|ia3_l)$/.test(tensor);
    if (isOfOneAdapter(name, own, kind)) return isBare ? tensor : name;
    return isBare ? tensor : `${tensor}${kind ?? ""}`;
  }
  const other = namedTensor(name, wrapped);
  if (other !== null) return other.plain;
  const saved = name.replace(/\.modules_to_save\.[^.]+\./, ".").replace(/\.token_adapter(?=\.base_layer\.)/, "");
  // An adapter inside another module of PEFT's is told from the one beside it by this part of its name.
  if (/\.(?:lora_|ia3_l)/.test(saved)) return saved;
  return saved.replaceAll(/\.base_layer(?=\.)/g, "");
}

/**
 * What a tensor in a file is besides one of the model's, by its name there: an adapter's, or what a trained copy of its module stands
 * for; null for the model's own. A module that PEFT wraps has its own tensors behind `base_layer`, or twice behind `original_module` and
 * `modules_to_save`; all others behind its name are an adapter's.
 */
export function besidesModel(names: Iterable<string>): (name: string) => "adapter" | "original" | null {
  const wrapped = new Set<string>();
  const saved = new Set<string>();
  for (const name of names)
    for (const { 0: part, index } of name.matchAll(/\.(?:base_layer|modules_to_save)(?=\.)/g))
      (part === ".base_layer" ? wrapped : saved).add(name.slice(0, index));
  return (name) => {
    if (/\.(?:lora_|ia3_l)/.test(name)) return "adapter";
    for (const { index } of name.matchAll(/\./g)) {
      const [module, rest] = [name.slice(0, index), name.slice(index + 1)];
      if (wrapped.has(module) && !rest.startsWith("base_layer.")) return "adapter";
      if (saved.has(module) && !rest.startsWith("modules_to_save.")) return "original";
    }
    return null;
  };
}

/** A tensor's name once its PeftModel is merged and unloaded; what else stands in it, such as `module.`, stays. */
export function unloadedName(name: string): string {
  return name
    .replaceAll(/(^|\.)base_model\.model\./g, "$1")
    .replace(/\.modules_to_save\.[^.]+(?=\.)/, "")
    .replaceAll(/\.base_layer(?=\.)/g, "");
}

/** A name as checkpoints of the model have it, without what PEFT and DistributedDataParallel put before all names. */
export function withoutPrefix(name: string): string {
  const at = name.indexOf(peftPrefix);
  if (at >= 0) return name.slice(at + peftPrefix.length).replace(/^module\./, "");
  return name.replace(/^module\./, "").replace(/^base_model\./, "");
}

/** A module's name in the model that PEFT was given: what its config's patterns are held against. */
export function moduleInPeft(name: string): string {
  const at = name.indexOf(peftPrefix);
  const own = at < 0 ? name : name.slice(at + peftPrefix.length);
  // An nn.MultiheadAttention is one module to PEFT.
  return own
    .replace(/\.base_layer\.out_proj(?=\.lora_)/, "")
    .replace(/\.(?:lora_\w+|ia3_l|(?:token_adapter\.)?trainable_tokens_delta)(?:\.[^.]+)?(?:\.(?:weight|bias))?$/, "");
}
