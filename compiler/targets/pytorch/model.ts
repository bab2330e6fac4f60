import type { Expression, HeadLet, ModelDeclaration, ModelMember } from "../../../grammar/index.ts";
import { own } from "./body.ts";
import { commentAbove, docstring, hashComment } from "./comments.ts";
import { writeFirstValues } from "./first-values.ts";
import { inferredArguments, pipeOf } from "./heads.ts";
import { MethodsWriter } from "./methods.ts";
import { bufferTypes, checkpointEntries, dictionary, writeParam, writePart } from "./module.ts";
import { className, modelAttributeName, variableName } from "./names.ts";
import { writeOptionalBuffers } from "./optional-buffers.ts";
import type { ModelParts } from "./parts.ts";
import type { Paths } from "./paths.ts";
import { emptyPlace } from "./place.ts";
import { writeFreezing, writePlacements } from "./placements.ts";
import { call, indented, layOut, printPython, word } from "./python.ts";
import { type Declarations, Scope, type Writer } from "./scope.ts";
import { writeShared } from "./shared.ts";
import { Translator } from "./translate.ts";
import { namesIn } from "./walk.ts";

/** Writes the class of a model: its parts, its values and its loss. */
export class ModelWriter {
  private readonly parts: ModelParts;
  private readonly paths: Paths;
  private readonly declarations: Declarations;
  private readonly writer: Writer;

  constructor(parts: ModelParts, paths: Paths, declarations: Declarations, writer: Writer) {
    this.parts = parts;
    this.paths = paths;
    this.declarations = declarations;
    this.writer = writer;
  }

  lines(): readonly string[] {
    const { declaration } = this.parts.written;
    for (const module of ["nn", "ops", "Tensor", "ClassVar"] as const) this.writer.use(module);
    const comment = docstring(1, [
      `The model \`${declaration.name.text}\`: called with its inputs, it gives the spec's lets by name.`,
    ]);
    const methods = new MethodsWriter(this.parts, this.declarations, this.writer);
    return [
      `class ${modelClass(declaration)}(nn.Module):`,
      ...comment,
      "",
      ...this.names(),
      ...methods.inputNames(),
      "",
      ...bufferTypes(this.parts.members, modelAttributeName, this.writer),
      ...this.init(),
      "",
      ...writeFirstValues(this.parts.members, modelAttributeName, () => methods.inside()),
      ...writeOptionalBuffers(this.parts.members, () => methods.inside()),
      ...methods.lines(),
    ];
  }

  private names(): readonly string[] {
    const heads = this.parts
      .heads()
      .flatMap(({ name, named }) =>
        named === null ? [] : [`${JSON.stringify(`heads.${name.text}`)}: ${JSON.stringify(named.value)}`],
      );
    const isSharing = this.parts.written.components.some(({ kind }) => kind === "shared");
    const all = dictionary(1, "checkpoint_names: ClassVar[dict[str, str]] = ", [
      ...checkpointEntries(this.parts.members, modelAttributeName),
      ...heads,
      ...(isSharing ? ['"shared": "*"'] : []),
    ]);
    return all.length === 0 ? [indented(1, "checkpoint_names: ClassVar[dict[str, str]] = {}")] : all;
  }

  private init(): readonly string[] {
    const scope = new Scope();
    const translator = new Translator({ ...emptyPlace(scope, this.declarations, this.writer), isMaking: true });
    return [
      indented(1, "def __init__(self) -> None:"),
      indented(2, "super().__init__()"),
      ...this.parts.members.flatMap((member) => this.initMember(member, translator)),
      ...this.headModules(translator),
      ...writeShared(this.parts.written.components, this.writer),
      ...writePlacements(this.parts.written, this.paths, translator),
      ...writeFreezing(this.parts.written, this.parts.spec, this.paths),
      indented(2, "ops.use_checkpoint_names(self)"),
      ...(this.isComputed() ? [indented(2, "ops.compute_first_values(self)")] : []),
    ];
  }

  /** Whether any parameter has a first value that follows from others. */
  private isComputed(): boolean {
    return [...this.paths.parameters.keys()].some(({ initial }) => initial.kind === "computed");
  }

  private initMember(member: ModelMember, translator: Translator): readonly string[] {
    const { scope } = translator.place;
    switch (member.kind) {
      case "encoder": {
        scope.define(member.name.text, own(modelAttributeName(member.name.text)));
        const given = new Set(this.parts.givenTo(member));
        const ofModule = member.module.arguments.filter((each) => !given.has(each));
        const made = translator.construction({ ...member.module, arguments: ofModule });
        return [...above(member), ...layOut(2, `self.${modelAttributeName(member.name.text)} = `, made)];
      }
      case "part":
      case "param":
        scope.define(member.name.text, own(modelAttributeName(member.name.text)));
        return [
          ...above(member),
          ...(member.kind === "part"
            ? writePart(member, translator, modelAttributeName(member.name.text))
            : writeParam(member, translator, modelAttributeName(member.name.text))),
        ];
      case "head-let":
        return this.constantLet(member, translator);
      case "optional-buffer":
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
    if (!this.parts.written.constants.has(name)) return [];
    const used = namesIn(
      this.parts.members.flatMap((each): readonly Expression[] =>
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
    const entries = this.parts.heads().map((head) => {
      const component = this.parts.written.components.find(
        (each) => each.kind === "head" && each.name === head.name.text,
      );
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
}

export function modelClass({ name }: ModelDeclaration): string {
  return className(name.text);
}

function above({ span }: ModelMember): readonly string[] {
  return hashComment(2, commentAbove(span));
}
