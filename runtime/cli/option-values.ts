import { InvalidArgumentError } from "commander";

/** Reads an option that is a whole number of at least `least`. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
    throw new InvalidArgumentError(`It is a whole number${least > 0 ? " above 0" : ""}.`);
  };
}

/** Reads a width in pixels that a picture can have. */
export function pictureWidth(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 320 && value <= 10_000) return value;
  throw new InvalidArgumentError("It is a whole number from 320 to 10000.");
}

/** Reads an amount of memory, such as `20GB`, in bytes. */
export function amount(text: string): number {
  const [, number = "", unit = ""] = /^(\d+(?:\.\d+)?)(MB|GB|TB)?$/.exec(text) ?? [];
  const bytes = Number(number) * ({ MB: 1e6, GB: 1e9, TB: 1e12 }[unit] ?? 1);
  if (number !== "" && (unit !== "" || bytes === 0) && Number.isSafeInteger(bytes)) return bytes;
  throw new InvalidArgumentError("It is an amount such as 500MB or 20GB, or 0.");
}
