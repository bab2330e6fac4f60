import type { File, ModelMember, Quantity, Selector, Setting } from "../../grammar/index.ts";

/** The lists of selectors of a file, in its order. */
export function selectorsIn(file: File): readonly (readonly Selector[])[] {
  return file.items
    .flatMap((item) => (item.kind === "model" ? item.members.flatMap(selectorsOf) : []))
    .filter((list) => list.length > 0);
}

function selectorsOf(member: ModelMember): readonly (readonly Selector[])[] {
  switch (member.kind) {
    case "freeze-rule":
    case "parameter-group":
    case "placement":
      return [member.selectors, member.except];
    case "expect":
      return [...inQuantity(member.left), ...inQuantity(member.right)];
    case "addition":
      return selectorsOf(member.member);
    case "input":
    case "encoder":
    case "head-let":
    case "metric":
    case "param":
    case "optional-buffer":
    case "part":
    case "loss-use":
    case "removal":
      return [];
  }
}

function inQuantity(quantity: Quantity): readonly (readonly Selector[])[] {
  switch (quantity.kind) {
    case "number":
    case "computed":
      return [];
    case "measure":
      return quantity.of === null ? [] : [quantity.of];
    case "quantity-binary":
      return [...inQuantity(quantity.left), ...inQuantity(quantity.right)];
  }
}

/** The settings of a file with the block that each is in; `group` for those of a group of parameters. */
export function settingsIn(file: File): readonly { readonly block: string; readonly setting: Setting }[] {
  return file.items.flatMap((item) => {
    if (item.kind === "settings") return item.entries.map((setting) => ({ block: `${item.block}`, setting }));
    if (item.kind !== "model") return [];
    return item.members.flatMap((member) =>
      member.kind === "parameter-group" ? member.settings.map((setting) => ({ block: "group", setting })) : [],
    );
  });
}
