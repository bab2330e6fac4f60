const multipliers: Readonly<Record<string, number>> = {
  K: 1e3,
  M: 1e6,
  B: 1e9,
  KB: 1024,
  MB: 1024 ** 2,
  GB: 1024 ** 3,
};

/** The value of a number literal; rounded to 15 digits after its suffix, so that `1.67M` is 1670000 exactly. */
export function numberValue(text: string): number {
  const match = /^([\d_.]+(?:[eE][+-]?\d+)?)(.*)$/.exec(text);
  const digits = Number((match?.[1] ?? text).replaceAll("_", ""));
  const suffix = match?.[2] ?? "";
  if (suffix === "") return digits;
  if (suffix === "%") return digits / 100;
  return Number((digits * (multipliers[suffix] ?? 1)).toPrecision(15));
}

const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", '"': '"', "\\": "\\" };

/** The text that a quoted literal stands for, and the offset in it of an escape that means nothing. */
export function stringValue(image: string): { readonly value: string; readonly badEscape: number | null } {
  let value = "";
  let badEscape: number | null = null;
  for (let index = 1; index < image.length - 1; index++) {
    const character = image.charAt(index);
    if (character !== "\\") {
      value += character;
      continue;
    }
    index++;
    const meant = escapes[image.charAt(index)];
    if (meant === undefined) badEscape ??= index - 1;
    value += meant ?? image.charAt(index);
  }
  return { value, badEscape };
}
