const keywords = [
  ..."False None True and as assert async await break class continue def del elif else except finally for from global".split(
    " ",
  ),
  ..."if import in is lambda nonlocal not or pass raise return try while with yield".split(" "),
];

/** What emitted code means by these names. */
const used = [
  ..."torch nn F math ops self super Tensor ClassVar min max len range int float bool str list dict".split(" "),
  ..."require training Adapter".split(" "),
];

/** Attributes of nn.Module, which a part or a parameter must not hide. */
const ofModule = [
  ..."T_destination add_module apply bfloat16 buffers call_super_init children compile cpu cuda double dump_patches".split(
    " ",
  ),
  ..."eval extra_repr float forward get_buffer get_extra_state get_parameter get_submodule half ipu load_state_dict".split(
    " ",
  ),
  ..."modules mtia named_buffers named_children named_modules named_parameters parameters register_backward_hook".split(
    " ",
  ),
  ..."register_buffer register_forward_hook register_forward_pre_hook register_full_backward_hook".split(" "),
  ..."register_full_backward_pre_hook register_load_state_dict_post_hook register_load_state_dict_pre_hook".split(" "),
  ..."register_module register_parameter register_state_dict_post_hook register_state_dict_pre_hook".split(" "),
  ..."requires_grad_ set_extra_state set_submodule share_memory state_dict to to_empty train training type xpu".split(
    " ",
  ),
  ..."zero_grad base original checkpoint_names first_values optional_buffers sharing place of_whole_model".split(" "),
  "parametrizations",
];

const variables = new Set([...keywords, ...used]);
const attributes = new Set([...keywords, ...ofModule]);

/** A name of the language as one of Python's variables. */
export function variableName(name: string): string {
  return variables.has(name) ? `${name}_` : name;
}

/** A name of the language as an attribute of a module. */
export function attributeName(name: string): string {
  return attributes.has(name) ? `${name}_` : name;
}

/** What the class of a model has besides its members. */
const ofModel = new Set(["embed", "compare", "loss_of", "shared"]);

/** A name of a model's member as an attribute of the model. */
export function modelAttributeName(name: string): string {
  return ofModel.has(name) ? `${name}_` : attributeName(name);
}

/** The attribute that has a let of a module's last forward, for those who read it from outside. */
export function lastValue(name: string): string {
  return `last_${name}`;
}

/** `bert_layer` as `BertLayer`. */
export function className(name: string): string {
  const joined = name
    .split("_")
    .map((part) => part.slice(0, 1).toUpperCase() + part.slice(1))
    .join("");
  return variables.has(joined) || /^\d/.test(joined) ? `${joined}_` : joined;
}

/** The name of the file for a `.vlm` file: `std/linear` is `linear`. */
export function fileName(source: string): string {
  const last = source.split(/[\\/]/).at(-1) ?? "";
  const clean = last
    .replace(/\.vlm$/, "")
    .replace(/\W/g, "_")
    .replace(/^(?=\d)/, "_");
  return keywords.includes(clean) || clean === "" ? `${clean}_` : clean;
}
