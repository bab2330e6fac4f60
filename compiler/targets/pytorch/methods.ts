import type { Encoder, Expression, ModelMember } from "../../../grammar/index.ts";
import { forwardOf } from "../../elaborate/index.ts";
import { imageOutputs, sharedInputs, textOutputs } from "../../programs/index.ts";
import { own } from "./body.ts";
import { commentAbove, hashComment } from "./comments.ts";
import { type Cut, cutOf, neededBy } from "./cut.ts";
import { modelAttributeName, variableName } from "./names.ts";
import type { ModelParts } from "./parts.ts";
import { type EncoderValue, emptyPlace, type Place } from "./place.ts";
import {
  binary,
  call,
  indented,
  layOut,
  layOutSignature,
  type Python,
  type PythonArgument,
  type PythonEntry,
  printPython,
  text,
  word,
} from "./python.ts";
import { type Declarations, Scope, type Writer } from "./scope.ts";
import { Translator } from "./translate.ts";
import { returnedName } from "./walk.ts";

/** What the methods of a model call their own variables. */
const ownVariables: ReadonlySet<string> = new Set(["values", "batch", "terms", "outputs"]);

/** Writes what a model computes: its values, and its losses and metrics in the two parts of a step that is shared out. */
export class MethodsWriter {
  private readonly parts: ModelParts;
  private readonly declarations: Declarations;
  private readonly writer: Writer;

  constructor(parts: ModelParts, declarations: Declarations, writer: Writer) {
    this.parts = parts;
    this.declarations = declarations;
    this.writer = writer;
  }

  /** Which inputs `compare` reads: those of the rows, and those that all rows share. */
  inputNames(): readonly string[] {
    if (this.parts.losses().length === 0) return [];
    const { compared } = this.cut();
    const shared = sharedInputs(this.parts.spec);
    const ofRows = this.allInputs().filter((each) => compared.has(each) && !shared.has(each));
    const tuple = (names: readonly string[]): string =>
      `(${names.map((each) => JSON.stringify(each)).join(", ")}${names.length === 1 ? "," : ""})`;
    return [
      indented(1, "# Of a batch's inputs, those that `compare` reads row by row, and those that all rows share."),
      indented(1, `COMPARED_INPUTS: tuple[str, ...] = ${tuple(ofRows)}`),
      indented(1, `SHARED_INPUTS: tuple[str, ...] = ${tuple([...shared])}`),
    ];
  }

  lines(): readonly string[] {
    if (this.parts.losses().length === 0) return [...this.forward([]), ...this.encode()];
    const cut = this.cut();
    return [
      ...this.forward(cut.embedded.values()),
      ...this.encode(),
      "",
      ...this.embed(cut),
      "",
      ...this.compare(cut),
      "",
      indented(1, "def loss_of(self, batch: dict[str, Tensor]) -> Tensor:"),
      indented(2, '"""The loss of a batch, whose inputs are there by their names."""'),
      indented(2, 'return self.compare(self.embed(batch), batch)["loss"]'),
    ];
  }

  private cut(): Cut {
    return cutOf(this.parts, this.declarations.facts);
  }

  /** The values of the spec by name; those of encoders, too, where they are asked for by themselves. */
  private forward(asked: Iterable<Expression>): readonly string[] {
    const inputs = this.parts.inputs();
    const input = (name: string): Python => word(this.parameterName(name));
    const place = this.place(input);
    const computed = this.statements(null, place, input);
    const results = [...this.parts.spec.outputs.keys(), ...[...asked].flatMap((each) => this.encoderName(each) ?? [])];
    const entries = results.map((name): PythonEntry => ({ name, value: this.read(name, place) }));
    const parameters = inputs.map((name) => `${this.parameterName(name)}: Tensor`);
    return [
      indented(1, "@ops.on_own_device"),
      ...layOutSignature(1, "def forward", ["self", ...parameters], " -> dict[str, Tensor]:"),
      ...withoutUnused(computed, printPython({ kind: "dict", entries })),
      ...layOut(2, "return ", { kind: "dict", entries }),
    ];
  }

  /** What an evaluation asks for, from the inputs that it needs: prompts have no image. */
  private encode(): readonly string[] {
    const { evaluation } = this.parts.spec;
    const ofImages = new Set(imageOutputs(evaluation).values());
    const others = [...new Set(textOutputs(evaluation).values())].filter((name) => !ofImages.has(name));
    // What is computed of images is asked for at once: what it has in common is computed once.
    const groups = [[...ofImages], ...others.map((name) => [name])].filter(({ length }) => length > 0);
    if (groups.length === 0) return [];
    const blocks = groups.flatMap((names) => {
      const place = this.place(inputInBatch);
      const { span } = this.parts.written.declaration;
      const needed = neededBy(
        names.map((name) => ({ kind: "name", text: name, span })),
        this.parts,
      );
      const isAsked = names.map((name): Python => word(`${JSON.stringify(name)} in outputs`));
      const condition = isAsked.reduce((some, each) => binary("or", some, each));
      return [
        ...layOut(2, "if ", condition, ":"),
        ...this.statements(needed, place, inputInBatch, 3),
        ...names.flatMap((name) => layOut(3, `values[${JSON.stringify(name)}] = `, this.read(name, place))),
      ];
    });
    return [
      "",
      indented(1, "@ops.on_own_device"),
      ...layOutSignature(
        1,
        "def encode",
        ["self", "outputs: list[str]", "batch: dict[str, Tensor]"],
        " -> dict[str, Tensor]:",
      ),
      indented(2, '"""Values that the `eval` block reads, by name, from the inputs that they need."""'),
      indented(2, "values: dict[str, Tensor] = {}"),
      ...blocks,
      indented(2, "return values"),
    ];
  }

  private embed({ embedded }: Cut): readonly string[] {
    return [
      indented(1, "@ops.on_own_device"),
      indented(1, "def embed(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:"),
      ...(embedded.size === 0
        ? [
            indented(2, '"""Nothing: no row of a batch gives anything by itself that `compare` could take."""'),
            indented(2, "return {}"),
          ]
        : [
            indented(2, '"""What each row of a batch gives by itself, for `compare`."""'),
            ...(this.embedOfForward(embedded) ?? this.embedByItself(embedded)),
          ]),
    ];
  }

  /** Where `forward` computes hardly more, `embed` is a choice of its values. */
  private embedOfForward(embedded: Cut["embedded"]): readonly string[] | null {
    const needed = neededBy(embedded.values(), this.parts);
    const isMore = (member: ModelMember): boolean => {
      if (member.kind !== "encoder" && member.kind !== "head-let") return false;
      return !needed.has(member.name.text) && (member.kind === "encoder" || this.isFed(member.name.text));
    };
    if (this.parts.members.some(isMore)) return null;
    if ([...embedded].some(([name, expression]) => expression.kind !== "name" || expression.text !== name)) return null;
    const fed = this.parts.inputs().map((name) => ({ name: null, value: entryOf("batch", name) }));
    const entries = [...embedded.keys()].map((name): PythonEntry => ({ name, value: entryOf("values", name) }));
    return [
      ...layOut(2, "values = ", { kind: "call", callee: word("self"), arguments: fed }),
      ...layOut(2, "return ", { kind: "dict", entries }),
    ];
  }

  private embedByItself(embedded: Cut["embedded"]): readonly string[] {
    const needed = neededBy(embedded.values(), this.parts);
    const place = this.place(inputInBatch);
    const lines = this.statements(needed, place, inputInBatch);
    const entries = [...embedded].map(([name, expression]): PythonEntry => {
      const member = this.memberAround(expression);
      return { name, value: this.translator(member, place).expression(expression) };
    });
    return [...lines, ...layOut(2, "return ", { kind: "dict", entries })];
  }

  private compare({ replaced, compared }: Cut): readonly string[] {
    const known = new Map([...replaced].map(([expression, name]) => [expression, entryOf("values", name)]));
    const place = { ...this.place(inputInBatch), replaced: known };
    const lines = this.statements(compared, place, inputInBatch);
    const translator = new Translator(place);
    const losses = this.parts.losses().map(({ value }) => this.number(value, translator));
    const names = this.parts.spec.lossNames.map((name) => `loss/${name}`);
    const terms = losses.map((value, index): PythonEntry => ({ name: names[index] ?? "", value }));
    const metrics = this.parts.metrics().map(({ name, value }): PythonEntry => {
      return { name: name.text, value: this.number(value, translator) };
    });
    const isSum = losses.length > 1;
    const summands = isSum ? names.map((name) => entryOf("terms", name)) : losses;
    const sum = summands.reduce((total, each) => binary("+", total, each));
    const rest: readonly PythonEntry[] = isSum ? [{ name: null, value: word("terms") }] : [];
    return [
      indented(1, "@ops.on_own_device"),
      ...layOutSignature(
        1,
        "def compare",
        ["self", "values: dict[str, Tensor]", "batch: dict[str, Tensor]"],
        " -> dict[str, Tensor]:",
      ),
      indented(2, '"""The loss and the metrics of all rows, from what `embed` gives and from their inputs."""'),
      ...lines,
      ...(isSum ? layOut(2, "terms = ", { kind: "dict", entries: terms }) : []),
      ...layOut(2, "return ", { kind: "dict", entries: [{ name: "loss", value: sum }, ...rest, ...metrics] }),
    ];
  }

  /** A loss or a metric, which is a tensor even where it is known. */
  private number(value: Expression, translator: Translator): Python {
    const python = translator.expression(value);
    if (!this.declarations.facts.isAll(value, "number")) return python;
    this.writer.use("torch");
    return call("torch.tensor", [call("float", [python])]);
  }

  /** Computes encoders and lets, those that are needed, and makes their names known to the place. */
  private statements(
    needed: ReadonlySet<string> | null,
    place: Place,
    input: (name: string) => Python,
    indent = 2,
  ): readonly string[] {
    const { constants } = this.parts.written;
    return this.parts.members.flatMap((member): readonly string[] => {
      if (member.kind !== "encoder" && member.kind !== "head-let") return [];
      const { text: name } = member.name;
      if (needed !== null && !needed.has(name)) return [];
      const translator = this.translator(member, place);
      const target = this.localName(name);
      if (member.kind === "encoder") return layOut(indent, `${target} = `, this.encoderCall(member, translator, input));
      const value = translator.expression(member.value);
      place.scope.define(name, constants.has(name) ? value : word(target));
      if (constants.has(name)) return [];
      return [...hashComment(indent, commentAbove(member.span)), ...layOut(indent, `${target} = `, value)];
    });
  }

  private translator(member: ModelMember | null, place: Place): Translator {
    const isHead = member?.kind === "head-let" && this.parts.heads().includes(member);
    return new Translator(
      isHead ? { ...place, head: { kind: "index", of: own("heads"), index: text(member.name.text) } } : place,
    );
  }

  private encoderCall(encoder: Encoder, translator: Translator, input: (name: string) => Python): Python {
    const { declaration, adapters } = this.parts.encoder(encoder.name.text);
    const { parameters } = forwardOf(declaration);
    const given = new Map(this.parts.givenTo(encoder).map(({ name, value }) => [name?.text, value]));
    const fed = new Set(this.parts.inputsOf(encoder));
    // An adapter around it may have them in another order.
    let isNamed = adapters.length > 0;
    const passed = parameters.flatMap(({ name: { text: name } }): readonly PythonArgument[] => {
      const value = given.get(name);
      if (value === undefined && !fed.has(name)) {
        isNamed = true;
        return [];
      }
      const python = value === undefined ? input(name) : translator.expression(value);
      return [{ name: isNamed ? variableName(name) : null, value: python }];
    });
    return { kind: "call", callee: own(modelAttributeName(encoder.name.text)), arguments: passed };
  }

  /** What computes from the model's own parts and parameters alone. */
  inside(): Translator {
    return new Translator(this.place(inputInBatch));
  }

  /** What names mean in a method: parts and parameters are attributes; how an input is read differs. */
  private place(input: (name: string) => Python): Place {
    const outer = new Scope();
    for (const member of this.parts.members) {
      if (member.kind === "encoder" || member.kind === "part" || member.kind === "param")
        outer.define(member.name.text, own(modelAttributeName(member.name.text)));
    }
    const scope = new Scope(outer);
    for (const name of this.allInputs()) scope.define(name, input(name));
    const place = emptyPlace(scope, this.declarations, this.writer);
    return { ...place, encoders: this.encoders(), training: own("training"), isOfModel: true };
  }

  private encoders(): ReadonlyMap<string, EncoderValue> {
    return new Map(
      this.parts.members.flatMap((member): readonly (readonly [string, EncoderValue])[] => {
        if (member.kind !== "encoder") return [];
        const { declaration, adapters } = this.parts.encoder(member.name.text);
        // What an adapter around it gives is not what it returns itself.
        const returned = adapters.length === 0 ? returnedName(forwardOf(declaration)) : null;
        return [[member.name.text, { variable: word(this.localName(member.name.text)), returned }]];
      }),
    );
  }

  /** The inputs of encoders, and those that the model declares. */
  private allInputs(): readonly string[] {
    const declared = this.parts.members.flatMap((each) => (each.kind === "input" ? [each.name.text] : []));
    return [...new Set([...this.parts.inputs(), ...declared])];
  }

  private read(name: string, { scope, encoders }: Place): Python {
    return encoders.get(name)?.variable ?? scope.lookup(name) ?? word(this.localName(name));
  }

  /** A local variable must hide neither a function that the same method calls nor a variable of the method's own. */
  private localName(name: string): string {
    const sources = new Set(this.parts.members.map(({ span }) => span.source));
    const hidden = [...sources].map((source) => this.declarations.callable(name, source)?.kind);
    const isHiding = hidden.includes("function") || hidden.includes("loss") || ownVariables.has(name);
    return isHiding || this.isReadLater(name) ? `${name}_` : variableName(name);
  }

  /** The name of an input among the parameters of `forward`: that of a function which the method calls hides it. */
  private parameterName(name: string): string {
    return this.isReadLater(name) ? variableName(name) : this.localName(name);
  }

  /** Whether a let or an encoder has the name of an input that a later encoder takes. */
  private isReadLater(name: string): boolean {
    const own = this.parts.members.findIndex(
      (each) => (each.kind === "head-let" || each.kind === "encoder") && each.name.text === name,
    );
    const later = own < 0 ? [] : this.parts.members.slice(own + 1);
    return later.some((each) => each.kind === "encoder" && this.parts.inputsOf(each).includes(name));
  }

  /** The encoder whose value an expression is. */
  private encoderName(expression: Expression): string | null {
    const isName = expression.kind === "name" && this.parts.valueNamed(expression.text)?.kind === "encoder";
    return isName ? expression.text : null;
  }

  /** The let, loss or metric in which an expression stands. */
  private memberAround({ span }: Expression): ModelMember | null {
    const isAround = (each: ModelMember): boolean =>
      each.span.source === span.source && each.span.start <= span.start && span.end <= each.span.end;
    return this.parts.members.find(isAround) ?? null;
  }

  /** Whether a let depends on any input. */
  private isFed(name: string): boolean {
    const member = this.parts.valueNamed(name);
    if (member?.kind !== "head-let") return true;
    return [...neededBy([member.value], this.parts)].some((each) => this.parts.valueNamed(each)?.kind !== "head-let");
  }
}

/** Lines whose values nothing reads: an encoder is called all the same, for the lets in it. */
function withoutUnused(lines: readonly string[], end: string): readonly string[] {
  const isRead = (name: string, from: number): boolean =>
    [...lines.slice(from), end].some((line) => new RegExp(`\\b${name}\\b`).test(line));
  return lines.map((line, index) => {
    const [, space, name, value] = /^( +)(\w+) = (self\..*)$/.exec(line) ?? [];
    return name === undefined || isRead(name, index + 1) ? line : `${space ?? ""}${value ?? ""}`;
  });
}

function inputInBatch(name: string): Python {
  return entryOf("batch", name);
}

function entryOf(dictionary: string, name: string): Python {
  return { kind: "index", of: word(dictionary), index: text(name) };
}
