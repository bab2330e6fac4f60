import type { Argument, Encoder, Expression, HeadLet, ModelDeclaration, ModelMember } from "../../../grammar/index.ts";
import { forwardOf, type ModuleInstance } from "../../elaborate/index.ts";
import { inputsGiven } from "../../load/index.ts";
import type { TracedSpec, WrittenModel } from "../../programs/index.ts";
import { own } from "./body.ts";
import { commentAbove, docstring, hashComment } from "./comments.ts";
import { inferredArguments, pipeOf } from "./heads.ts";
import { checkpointEntries, dictionary, emptyPlace, writeParam, writePart } from "./module.ts";
import { attributeName, className, variableName } from "./names.ts";
import type { Paths } from "./paths.ts";
import { writeFreezing, writePlacements } from "./placements.ts";
import {
  binary,
  call,
  indented,
  layOut,
  layOutSignature,
  type Python,
  type PythonArgument,
  printPython,
  text,
  word,
} from "./python.ts";
import { type Declarations, Scope, type Writer } from "./scope.ts";
import { type EncoderValue, Translator } from "./translate.ts";
import { namesIn, returnedName } from "./walk.ts";

/** Writes the class of a model: its parts, its values and its loss. */
export class ModelWriter {
  private readonly written: WrittenModel;
  private readonly spec: TracedSpec;
  private readonly paths: Paths;
  private readonly declarations: Declarations;
  private readonly writer: Writer;
  private readonly members: readonly ModelMember[];

  constructor(written: WrittenModel, spec: TracedSpec, paths: Paths, declarations: Declarations, writer: Writer) {
    this.written = written;
    this.spec = spec;
    this.paths = paths;
    this.declarations = declarations;
    this.writer = writer;
    this.members = written.declaration.members;
  }

  lines(): readonly string[] {
    const { declaration } = this.written;
    for (const module of ["nn", "ops", "Tensor"] as const) this.writer.use(module);
    const comment = docstring(1, [
      `The model \`${declaration.name.text}\`: called with its inputs, it gives the spec's lets by name.`,
    ]);
    return [
      `class ${modelClass(declaration)}(nn.Module):`,
      ...comment,
      "",
      ...this.names(),
      "",
      ...this.init(),
      "",
      ...this.forward(),
      ...this.loss(),
    ];
  }

  private names(): readonly string[] {
    const heads = this.heads().flatMap(({ name, named }) =>
      named === null ? [] : [`${JSON.stringify(`heads.${name.text}`)}: ${JSON.stringify(named.value)}`],
    );
    const all = dictionary(1, "checkpoint_names = ", [...checkpointEntries(this.members), ...heads]);
    return all.length === 0 ? [indented(1, "checkpoint_names: dict[str, str] = {}")] : all;
  }

  /** The lets that make a module in their pipe. */
  private heads(): readonly HeadLet[] {
    const made = new Set(this.written.components.flatMap((each) => (each.kind === "head" ? [each.name] : [])));
    return this.members.filter((each): each is HeadLet => each.kind === "head-let" && made.has(each.name.text));
  }

  private init(): readonly string[] {
    const scope = new Scope();
    const translator = new Translator({ ...emptyPlace(scope, this.declarations, this.writer), isMaking: true });
    return [
      indented(1, "def __init__(self) -> None:"),
      indented(2, "super().__init__()"),
      ...this.members.flatMap((member) => this.initMember(member, translator)),
      ...this.headModules(translator),
      ...writePlacements(this.written, this.paths, translator),
      ...writeFreezing(this.written, this.spec, this.paths),
      indented(2, "ops.use_checkpoint_names(self)"),
    ];
  }

  private initMember(member: ModelMember, translator: Translator): readonly string[] {
    const { scope } = translator.place;
    switch (member.kind) {
      case "encoder": {
        scope.define(member.name.text, own(attributeName(member.name.text)));
        const given = new Set(this.givenTo(member));
        const ofModule = member.module.arguments.filter((each) => !given.has(each));
        const made = translator.construction({ ...member.module, arguments: ofModule });
        return [...above(member), ...layOut(2, `self.${attributeName(member.name.text)} = `, made)];
      }
      case "part":
      case "param":
        scope.define(member.name.text, own(attributeName(member.name.text)));
        return [
          ...above(member),
          ...(member.kind === "part" ? writePart(member, translator) : writeParam(member, translator)),
        ];
      case "head-let":
        return this.constantLet(member, translator);
      case "metric":
      case "input":
      case "loss-use":
      case "freeze-rule":
      case "parameter-group":
      case "placement":
      case "expect":
      case "addition":
      case "removal":
        return [];
    }
  }

  /** A let that parts and adapters may use. */
  private constantLet(member: HeadLet, translator: Translator): readonly string[] {
    const { text: name } = member.name;
    if (!this.written.constants.has(name)) return [];
    const used = namesIn(
      this.members.flatMap((each): readonly Expression[] =>
        each.kind === "encoder" || each.kind === "part"
          ? [each.module]
          : each.kind === "placement"
            ? [each.adapter]
            : [],
      ),
    );
    const value = translator.expression(member.value);
    translator.place.scope.define(name, used.has(name) ? word(variableName(name)) : value);
    return used.has(name) ? layOut(2, `${variableName(name)} = `, value) : [];
  }

  private headModules(translator: Translator): readonly string[] {
    const entries = this.heads().map((head) => {
      const component = this.written.components.find((each) => each.kind === "head" && each.name === head.name.text);
      if (component?.kind !== "head") throw new Error("a head was made where its let was traced");
      const pipe = pipeOf(head.value, component.instance, this.declarations);
      const inferred = inferredArguments(component.instance, pipe);
      const made =
        pipe.kind === "call"
          ? translator.construction(pipe, inferred)
          : call(
              translator.expression(pipe),
              [],
              Object.fromEntries(inferred.map(({ name, value }) => [name ?? "", value])),
            );
      return `${JSON.stringify(head.name.text)}: ${printPython(made)}`;
    });
    if (entries.length === 0) return [];
    return [
      indented(2, "self.heads = nn.ModuleDict("),
      indented(3, "{"),
      ...entries.map((each) => indented(4, `${each},`)),
      indented(3, "}"),
      indented(2, ")"),
    ];
  }

  /** The inputs of encoders and lets, in the order in which the spec uses them. */
  private inputs(): readonly string[] {
    const names = new Set<string>();
    const used = namesIn(
      this.members.flatMap((each) =>
        each.kind === "head-let"
          ? [each.value]
          : each.kind === "encoder"
            ? this.givenTo(each).map(({ value }) => value)
            : [],
      ),
    );
    for (const member of this.members) {
      if (member.kind === "input" && used.has(member.name.text)) names.add(member.name.text);
      if (member.kind === "encoder") for (const name of this.inputsOf(member)) names.add(name);
    }
    return [...names];
  }

  /** What the spec gives to an encoder besides what is fed: by the names of its forward's parameters. */
  private givenTo({ name, module }: Encoder): readonly Argument[] {
    const { declaration } = this.encoder(name.text);
    return declaration.kind === "module" ? module.arguments.filter(inputsGiven(declaration)) : [];
  }

  /** The inputs that are fed to an encoder. */
  private inputsOf(encoder: Encoder): readonly string[] {
    const { parameters } = forwardOf(this.encoder(encoder.name.text).declaration);
    const given = new Set(this.givenTo(encoder).map(({ name }) => name?.text));
    return parameters.flatMap(({ name, type }) =>
      type?.kind === "tensor-type" && !given.has(name.text) ? [name.text] : [],
    );
  }

  private encoderCall(encoder: Encoder, translator: Translator): Python {
    const { parameters } = forwardOf(this.encoder(encoder.name.text).declaration);
    const given = new Map(this.givenTo(encoder).map(({ name, value }) => [name?.text, value]));
    const fed = new Set(this.inputsOf(encoder));
    let isNamed = false;
    const passed = parameters.flatMap(({ name: { text: name } }): readonly PythonArgument[] => {
      const value = given.get(name);
      if (value === undefined && !fed.has(name)) {
        isNamed = true;
        return [];
      }
      const python = value === undefined ? word(variableName(name)) : translator.expression(value);
      return [{ name: isNamed ? variableName(name) : null, value: python }];
    });
    return { kind: "call", callee: own(attributeName(encoder.name.text)), arguments: passed };
  }

  private encoder(name: string): ModuleInstance {
    const component = this.written.components.find((each) => each.kind === "encoder" && each.name === name);
    if (component?.kind !== "encoder") throw new Error("an encoder is a component of its model");
    return component.instance;
  }

  private encoders(): ReadonlyMap<string, EncoderValue> {
    return new Map(
      this.members.flatMap((member): readonly (readonly [string, EncoderValue])[] => {
        if (member.kind !== "encoder") return [];
        const returned = returnedName(forwardOf(this.encoder(member.name.text).declaration));
        return [[member.name.text, { variable: word(variableName(member.name.text)), returned }]];
      }),
    );
  }

  /** What names mean in the methods: parts and parameters are attributes, inputs variables. */
  private scope(): Scope {
    const outer = new Scope();
    for (const member of this.members) {
      if (member.kind === "encoder" || member.kind === "part" || member.kind === "param")
        outer.define(member.name.text, own(attributeName(member.name.text)));
    }
    const scope = new Scope(outer);
    for (const member of this.members)
      if (member.kind === "input") scope.define(member.name.text, word(variableName(member.name.text)));
    return scope;
  }

  private forward(): readonly string[] {
    const scope = this.scope();
    const place = emptyPlace(scope, this.declarations, this.writer);
    const encoders = this.encoders();
    const heads = new Set(this.heads());
    const results = new Map<string, string>();
    const computed = this.members.flatMap((member): readonly string[] => {
      if (member.kind === "encoder") {
        const translator = new Translator({ ...place, encoders, training: own("training") });
        return layOut(2, `${variableName(member.name.text)} = `, this.encoderCall(member, translator));
      }
      if (member.kind !== "head-let") return [];
      const head: Python | null = heads.has(member)
        ? { kind: "index", of: own("heads"), index: text(member.name.text) }
        : null;
      const translator = new Translator({ ...place, encoders, head, training: own("training") });
      const value = translator.expression(member.value);
      const target = this.localName(member.name.text, member);
      scope.define(member.name.text, word(target));
      if (this.spec.outputs.has(member.name.text)) results.set(member.name.text, target);
      return [...above(member), ...layOut(2, `${target} = `, value)];
    });
    for (const name of this.lossNames()) {
      const encoder = encoders.get(name);
      if (encoder !== undefined) results.set(name, printPython(encoder.variable));
    }
    const inputs = this.inputs().map((name) => `${variableName(name)}: Tensor`);
    return [
      indented(1, "@ops.on_own_device"),
      ...layOutSignature(1, "def forward", ["self", ...inputs], " -> dict[str, Tensor]:"),
      ...computed,
      ...returnedDictionary([...results].map(([name, variable]) => `${JSON.stringify(name)}: ${variable}`)),
    ];
  }

  /** A local variable must not hide a function that the same method calls. */
  private localName(name: string, { span }: HeadLet): string {
    const hidden = this.declarations.callable(name, span.source);
    return hidden?.kind === "function" || hidden?.kind === "loss" ? `${name}_` : variableName(name);
  }

  private losses(): readonly Expression[] {
    return this.members.flatMap((each) => (each.kind === "loss-use" ? [each.value] : []));
  }

  /** The values that the losses are computed from: lets, inputs, and what encoders give. */
  private lossNames(): readonly string[] {
    const used = namesIn(this.losses());
    return this.members.flatMap((member) => {
      const isValue = member.kind === "head-let" || member.kind === "input" || member.kind === "encoder";
      return isValue && used.has(member.name.text) ? [member.name.text] : [];
    });
  }

  private loss(): readonly string[] {
    const losses = this.losses();
    if (losses.length === 0) return [];
    const scope = this.scope();
    const names = this.lossNames().filter((name) => !this.written.constants.has(name));
    for (const name of names) if (!this.encoders().has(name)) scope.define(name, word(variableName(name)));
    for (const member of this.members)
      if (member.kind === "head-let" && this.written.constants.has(member.name.text)) {
        const translator = new Translator(emptyPlace(scope, this.declarations, this.writer));
        scope.define(member.name.text, translator.expression(member.value));
      }
    const place = { ...emptyPlace(scope, this.declarations, this.writer), encoders: this.encoders() };
    const translator = new Translator({ ...place, training: own("training") });
    const sum = losses.map((each) => translator.expression(each)).reduce((total, each) => binary("+", total, each));
    const outputs = new Set([...this.spec.outputs.keys(), ...this.encoders().keys()]);
    const arguments_: readonly PythonArgument[] = names.map((name) => ({
      name: null,
      value: { kind: "index", of: word(outputs.has(name) ? "values" : "batch"), index: text(name) },
    }));
    const fed: readonly PythonArgument[] = this.inputs().map((name) => ({
      name: null,
      value: { kind: "index", of: word("batch"), index: text(name) },
    }));
    return [
      "",
      indented(1, "@ops.on_own_device"),
      ...layOutSignature(
        1,
        "def loss",
        ["self", ...names.map((name) => `${variableName(name)}: Tensor`)],
        " -> Tensor:",
      ),
      indented(2, '"""The loss of a batch, from the values that `forward` gives and the inputs."""'),
      ...layOut(2, "return ", sum),
      "",
      indented(1, "def loss_of(self, batch: dict[str, Tensor]) -> Tensor:"),
      indented(2, '"""The loss of a batch, whose inputs are there by their names."""'),
      ...layOut(2, "values = ", { kind: "call", callee: word("self"), arguments: fed }),
      ...layOut(2, "return ", { kind: "call", callee: own("loss"), arguments: arguments_ }),
    ];
  }
}

export function modelClass({ name }: ModelDeclaration): string {
  return className(name.text);
}

function above({ span }: ModelMember): readonly string[] {
  return hashComment(2, commentAbove(span));
}

function returnedDictionary(entries: readonly string[]): readonly string[] {
  if (entries.length === 0) return [indented(2, "return {}")];
  return dictionary(2, "return ", entries);
}
