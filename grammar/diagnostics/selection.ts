import { error, warning } from "./row.ts";

/** E5xx: what selectors reach, where adapters can sit, and what must be true. */
export const selection = {
  "idle-group": error(
    "E518",
    () => "nothing that this group names is trained",
    () => "remove it, or name what is trained",
  ),
  "nothing-placed": error<{ readonly name: string }>(
    "E526",
    ({ name }) => `no \`${name}\` is placed in the model`,
    () => "place it on projections, or remove the loss that reads it",
  ),
  "nothing-selected": error<{ readonly selector: string }>("E501", ({ selector }) => `\`${selector}\` selects nothing`),
  "placed-twice": error<{ readonly path: string; readonly adapter: string }>(
    "E502",
    ({ path, adapter }) => `\`${path}\` already has the adapter \`${adapter}\``,
    () => "write `also on` to place a second adapter there",
  ),
  "cannot-adapt": error<{ readonly adapter: string; readonly path: string; readonly module: string }>(
    "E503",
    ({ adapter, path, module }) => `\`${adapter}\` cannot adapt \`${path}\`, which is \`${module}\``,
  ),
  "wrong-parameter": error<{ readonly adapter: string; readonly path: string; readonly found: string }>(
    "E527",
    ({ adapter, path, found }) => `\`${adapter}\` cannot adapt \`${path}\`, which is ${found}`,
  ),
  "adapts-nothing": error<{ readonly adapter: string; readonly selector: string }>(
    "E516",
    ({ adapter, selector }) => `\`${adapter}\` cannot adapt anything that \`${selector}\` selects`,
  ),
  "part-of-fused": error<{
    readonly role: string;
    readonly path: string;
    readonly fused: string;
    /** What was asked for, with all of the fused projection. */
    readonly whole: string;
  }>(
    "E504",
    ({ role, path, fused }) => `\`${role}\` is a part of the fused projection \`${path}\`, which is \`${fused}\``,
    ({ whole }) => `select all of it with \`${whole}\``,
  ),
  "unknown-role": error<{ readonly role: string; readonly family: string }>(
    "E505",
    ({ role, family }) => `\`${family}\` has no role \`${role}\``,
  ),
  "unknown-component": error<{ readonly name: string }>("E506", ({ name }) => `the model has no component \`${name}\``),
  "no-such-layer": error<{ readonly written: string; readonly list: string; readonly count: number }>(
    "E507",
    ({ written, list, count }) =>
      `\`${written}\` goes beyond \`${list}\`, which has ${count} layers, 0 to ${count - 1}`,
  ),
  "uneven-layers": error<{
    readonly name: string;
    readonly values: number;
    readonly layers: number;
    readonly list: string;
  }>(
    "E517",
    ({ name, values, layers, list }) =>
      `\`${name}\` has ${values} ${values === 1 ? "value" : "values"}, and ${layers} ${layers === 1 ? "layer" : "layers"} of \`${list}\` ${layers === 1 ? "is" : "are"} selected`,
    () => "give a value for each layer, or place the adapter on each list of layers by itself",
  ),
  "in-no-layer": error<{ readonly name: string; readonly path: string }>(
    "E519",
    ({ name, path }) => `\`${name}\` differs by layer, and \`${path}\` is in no layer`,
    () => "place the adapter there by itself, with one value",
  ),
  "unequal-roles": error<{ readonly role: string; readonly meaning: string }>(
    "E520",
    ({ role, meaning }) => `\`${role}\` is ${meaning === "" ? "one role" : `\`${meaning}\``} in another declaration`,
    () => "give it the same meaning here, or another name",
  ),
  "unequal-parameters": error<{ readonly adapter: string; readonly other: string; readonly parameters: string }>(
    "E521",
    ({ adapter, other, parameters }) =>
      `\`${adapter}\` stands for \`${other}\`, whose parameters are \`${parameters}\``,
    () => "give it the same parameters: a placement is written for both",
  ),
  "second-stand-in": error<{
    readonly adapter: string;
    readonly other: string;
    readonly placed: string;
    readonly on: "modules" | "parameters";
  }>(
    "E522",
    ({ adapter, other, placed, on }) =>
      `\`${adapter}\` and \`${other}\` both stand for \`${placed}\` on the same ${on}`,
    () => "leave out `as` for one of them, and place it by its own name",
  ),
  "covers-some-layers": warning<{ readonly list: string; readonly covered: string; readonly count: number }>(
    "E508",
    ({ list, covered, count }) => `this covers ${covered} of the ${count} layers of \`${list}\``,
    () => "if this is intended, add `expect count(...) = N` for the same selection",
  ),
  "expectation-failed": error<{ readonly written: string; readonly found: string }>(
    "E509",
    ({ written, found }) => `expected ${written}, found ${found}`,
  ),
  "unknown-measure": error<{ readonly name: string }>(
    "E510",
    ({ name }) => `there is no measure \`${name}\``,
    () =>
      "measures are `trainable`, `total`, `base`, `frozen`, `count(SELECTORS)` and `trainable(SELECTORS)`, beside `let`s and functions",
  ),
  "no-model": error<{ readonly path: string }>("E511", ({ path }) => `\`${path}\` has no model to compile`),
  "second-model": error<{ readonly name: string }>(
    "E512",
    ({ name }) => `\`${name}\` is the second model of this file`,
    () => "keep one model in a file",
  ),
  "adapter-without-gradient": warning<{ readonly adapters: string; readonly selector: string }>(
    "E513",
    ({ adapters, selector }) => `no gradient reaches ${adapters} on \`${selector}\``,
    () => "remove the adapter, or call what it adapts on the way to a loss",
  ),
  "parameters-without-gradient": warning<{ readonly parameters: string; readonly component: string }>(
    "E514",
    ({ parameters, component }) => `no gradient reaches ${parameters} of \`${component}\``,
  ),
  "nothing-excepted": error<{ readonly selector: string }>(
    "E515",
    ({ selector }) => `\`except ${selector}\` excludes nothing`,
    () => "nothing that is selected before `except` is that, or in it",
  ),
} as const;
