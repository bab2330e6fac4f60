import { error } from "./row.ts";

/** E4xx: what happens when modules are made and traced with their numbers. */
export const elaboration = {
  "unknown-name": error<{ readonly name: string }>("E401", ({ name }) => `\`${name}\` is not known here`),
  "not-callable": error<{ readonly found: string }>("E402", ({ found }) => `${found} cannot be called`),
  "wrong-type": error<{ readonly what: string; readonly expected: string; readonly found: string }>(
    "E403",
    ({ what, expected, found }) => `${what} must be ${expected}, but is ${found}`,
  ),
  "bad-operands": error<{ readonly operation: string; readonly detail: string }>(
    "E404",
    ({ operation, detail }) => `\`${operation}\`: ${detail}`,
  ),
  "bad-pattern": error<{ readonly detail: string }>("E405", ({ detail }) => `invalid pattern: ${detail}`),
  "requirement-failed": error<{ readonly message: string }>("E406", ({ message }) => message),
  "unknown-member": error<{ readonly name: string; readonly of: string }>(
    "E407",
    ({ name, of }) => `${of} has no \`${name}\``,
  ),
  "shape-mismatch": error<{ readonly what: string; readonly expected: string; readonly found: string }>(
    "E408",
    ({ what, expected, found }) => `${what} is declared ${expected}, but is ${found}`,
  ),
  "cannot-infer": error<{ readonly argument: string; readonly module: string }>(
    "E409",
    ({ argument, module }) => `\`${argument}\` of \`${module}\` must be given here`,
    () => "sizes are inferred only for a module that is created in a pipe of a model",
  ),
  "too-deep": error<{ readonly limit: number }>(
    "E410",
    ({ limit }) => `modules and functions call each other more than ${limit} deep`,
    () => "does one of them call itself?",
  ),
  "too-large": error<{ readonly what: string; readonly limit: number }>(
    "E411",
    ({ what, limit }) => `this creates more than ${limit} ${what}`,
  ),
  "out-of-range": error<{ readonly index: number; readonly length: number }>(
    "E412",
    ({ index, length }) => `there is no element ${index} in a list of ${length}`,
  ),
  "bad-size": error<{ readonly what: string; readonly found: string }>(
    "E413",
    ({ what, found }) => `${what} must be a non-negative whole number, but is ${found}`,
  ),
  "duplicate-checkpoint": error<{ readonly name: string }>(
    "E414",
    ({ name }) => `two parameters have the name \`${name}\` in checkpoints`,
    () => "give one of them another name with `named`",
  ),
  "unknown-size": error<{ readonly name: string }>(
    "E415",
    ({ name }) => `the size \`${name}\` of this input is not known`,
    () => "sizes of an encoder's inputs are its arguments, numbers, or `batch`",
  ),
  "inline-module": error<{ readonly name: string }>(
    "E416",
    ({ name }) => `the module \`${name}\` cannot be created here`,
    () => "declare it with `part`, or create it in a pipe of a model's `let`",
  ),
  "two-heads": error<{ readonly name: string }>(
    "E417",
    ({ name }) => `the head \`${name}\` creates more than one module`,
    () => "give each module a `let` of its own",
  ),
  "not-a-role": error<{ readonly written: string }>(
    "E418",
    ({ written }) => `\`${written}\` is not a role`,
    () => 'write a role with its family, such as `attn.q`, and import the family (`"std/roles"`)',
  ),
  "unequal-inputs": error<{ readonly name: string; readonly first: string; readonly second: string }>(
    "E419",
    ({ name, first, second }) => `the input \`${name}\` is ${second} here, but ${first} earlier`,
  ),
  "bad-arithmetic": error<{ readonly detail: string }>("E420", ({ detail }) => detail),
  "not-a-number": error<{ readonly what: string; readonly found: string }>(
    "E421",
    ({ what, found }) => `${what} must be one number, but this is ${found}`,
  ),
  "late-input": error<{ readonly name: string }>(
    "E422",
    ({ name }) => `the input \`${name}\` is declared after an encoder that takes it`,
    () => "declare it before the encoder",
  ),
  "tensor-outside-forward": error(
    "E427",
    () => "this tensor is computed outside of `forward`",
    () => "compute it in `forward`: arguments, and a `let` of a module, hold what is known at compile time",
  ),
  "late-first-value": error<{ readonly name: string; readonly uses: string }>(
    "E428",
    ({ name, uses }) =>
      name === uses
        ? `the first value of \`${name}\` depends on itself`
        : `the first value of \`${name}\` depends on \`${uses}\`, which is declared after it`,
    () => "a first value can use what is declared before the parameter",
  ),
  "first-value-of-batch": error(
    "E429",
    () => "a first value cannot depend on a batch",
    () => "it is computed once, from parameters that are declared before it",
  ),
  "outside-first-value": error<{ readonly operation: string }>(
    "E430",
    ({ operation }) => `\`${operation}\` can only be used in the first value of a parameter`,
    () => "it has no derivative and is computed once: declare a `param` or a `buffer` with it",
  ),
  "not-run-yet": error<{ readonly name: string; readonly of: string }>(
    "E433",
    ({ name, of }) => `\`${name}\` of ${of} is not computed yet`,
    () => "declare an encoder before what reads its values",
  ),
  "shared-outside-adapter": error(
    "E431",
    () => "only an adapter has shared parameters",
    () => "a parameter of the model is one for all that read it",
  ),
  "outside-placement": error<{ readonly operation: string }>(
    "E434",
    ({ operation }) => `\`${operation}\` can only be used in the default of an adapter's parameter`,
    () => "a placement of the adapter has it: write `number: int = placement_number()` among its parameters",
  ),
  "unequal-group": error<{
    readonly name: string;
    readonly group: number;
    readonly first: string;
    readonly second: string;
  }>(
    "E437",
    ({ name, group, first, second }) =>
      `\`${name}\` of group ${group} is ${first} in one placement and ${second} in another`,
    () => "what a group shares has one type and one first value: give what differs another group",
  ),
  "optional-buffer-read": error<{ readonly name: string }>(
    "E450",
    ({ name }) => `\`${name}\` is an optional buffer, which nothing can read: a checkpoint need not have it`,
    () => "compute the value where it is used, by a function that the optional buffer calls as well",
  ),
  "unfixed-optional-buffer": error<{ readonly name: string; readonly uses: string }>(
    "E451",
    ({ name, uses }) => `the value of the optional buffer \`${name}\` ${uses}`,
    () => "it must follow from the module's arguments alone; without a value only its shape is checked",
  ),
  "peft-outside-adapter": error(
    "E803",
    () => "only an adapter has a form in PEFT",
    () => "write the `peft` clause in the adapter whose file PEFT is to read",
  ),
  "unnamed-peft-field": error(
    "E804",
    () => "a field of PEFT's config has a name",
    () => "write it as in adapter_config.json: `peft LOHA(r = rank)`",
  ),
  "reshaped-parameter": error<{
    readonly adapter: string;
    readonly path: string;
    readonly found: string;
    readonly expected: string;
  }>(
    "E440",
    ({ adapter, path, found, expected }) => `\`${adapter}\` makes ${found} of \`${path}\`, which is ${expected}`,
    () => "an adapter of a parameter returns a value of the parameter's type",
  ),
  "inputs-of-parameter": error<{ readonly adapter: string }>(
    "E441",
    ({ adapter }) => `\`${adapter}\` adapts a parameter, so its \`forward\` has no inputs`,
    () => "write `forward()`: its `base` is the value of the parameter",
  ),
  "size-and-argument": error<{ readonly name: string; readonly adapter: string }>(
    "E443",
    ({ name, adapter }) => `\`${name}\` is an argument of \`${adapter}\` and a size of what it wraps`,
    () => "give the size another name, and compare both with `require`",
  ),
  "computed-shared-value": error<{ readonly name: string }>(
    "E432",
    ({ name }) => `the first value of the shared \`${name}\` depends on what is adapted`,
    () => "what is shared has one first value for all placements: a constant, or drawn from the seed",
  ),
} as const;
