import type {
  AdapterDeclaration,
  FunctionDeclaration,
  LossDeclaration,
  ModelMember,
  ModuleDeclaration,
  ModuleMember,
  Parameter,
  ParamMember,
  PartMember,
} from "../../../grammar/index.ts";
import { forwardOf, isOfWholeModel } from "../../elaborate/index.ts";
import { BodyWriter, loopOf, namesRead, own, withoutUnusedSizes } from "./body.ts";
import { commentAbove, docstring, hashComment, writtenType } from "./comments.ts";
import { computedValues, firstValues, writeFirstValues } from "./first-values.ts";
import { changedIn } from "./lets.ts";
import { attributeName, className, variableName } from "./names.ts";
import { sizesOf, writeOptionalBuffers } from "./optional-buffers.ts";
import { emptyPlace } from "./place.ts";
import { call, indented, layOut, layOutSignature, method, type Python, text, withComment, word } from "./python.ts";
import { type Declarations, Scope, type Writer } from "./scope.ts";
import { sharedTensors } from "./shared.ts";
import { isNumeric, shapesOf, writeSignature } from "./signature.ts";
import { Translator } from "./translate.ts";
import { expressionsOf, forwardExpressions, namesIn } from "./walk.ts";

/** What others read of the modules, which is then stored. */
export interface Accessed {
  /** Every name that stands behind a dot. */
  readonly names: ReadonlySet<string>;
  /** The lets of a module's forward that are read from outside. */
  readonly lets: (declaration: ModuleDeclaration | AdapterDeclaration) => ReadonlySet<string>;
}

/** A function, or a loss. */
export function writeFunction(
  declaration: FunctionDeclaration | LossDeclaration,
  declarations: Declarations,
  writer: Writer,
): readonly string[] {
  const { name, parameters, body, span } = declaration;
  const drops = declarations.drops(declaration);
  const place = emptyPlace(new Scope(), declarations, writer);
  const translator = new Translator({ ...place, training: drops ? word("training") : null });
  const signature = writeSignature(parameters, translator, 1);
  const bodies = new BodyWriter();
  const sizes = bodies.sizes(parameters, namesRead(parameters, body), translator, 1);
  const given = drops ? [...signature.parameters, "*", "training: bool"] : signature.parameters;
  const shapes = shapesOf(parameters);
  return [
    ...layOutSignature(0, `def ${variableName(name.text)}`, given, `${returned(body, declarations, writer)}:`),
    ...docstring(1, commentAbove(span)),
    ...(shapes === null ? [] : hashComment(1, [shapes])),
    ...signature.defaults,
    ...withoutUnusedSizes([...sizes, ...bodies.statements(body, translator, 1)]),
  ];
}

/** ` -> Tensor` where a body returns nothing else; nothing where it is a sum that begins as a number, which type checkers do not follow. */
function returned(body: FunctionDeclaration["body"], { facts }: Declarations, writer: Writer): string {
  const last = body.at(-1);
  const changed = changedIn(body);
  const isSum = body.some(
    (each) =>
      each.kind === "let" &&
      facts.isAll(each.value, "number") &&
      each.names.some(({ text: name }) => changed.has(name)),
  );
  if (isSum) return "";
  if (last?.kind !== "return" || !facts.isAll(last.value, "tensor")) return "";
  writer.use("Tensor");
  return " -> Tensor";
}

/** The class of a module or an adapter. */
export function writeModule(
  declaration: ModuleDeclaration | AdapterDeclaration,
  accessed: Accessed,
  declarations: Declarations,
  writer: Writer,
): readonly string[] {
  const { name, members, span } = declaration;
  const isAdapter = declaration.kind === "adapter";
  if (isAdapter) writer.use("ops");
  else writer.use("nn");
  const comment = docstring(1, commentAbove(span));
  const names = dictionary(1, "checkpoint_names: ClassVar[dict[str, str]] = ", checkpointEntries(members));
  if (names.length > 0) writer.use("ClassVar");
  return [
    `class ${className(name.text)}(${classAbove(declaration)}):`,
    ...comment,
    ...(comment.length > 0 ? [""] : []),
    ...names,
    ...(names.length > 0 ? [""] : []),
    ...bufferTypes(members, attributeName, writer),
    ...sharedTensors(members),
    ...(isAdapter && isOfWholeModel(declaration) ? [indented(1, "of_whole_model = True"), ""] : []),
    ...writeInit(declaration, accessed, declarations, writer),
    "",
    ...writeFirstValues(members, attributeName, () => insideOf(declaration, declarations, writer)),
    ...writeOptionalBuffers(members, () => insideOf(declaration, declarations, writer)),
    ...writeForward(declaration, accessed, declarations, writer),
  ];
}

function classAbove(declaration: ModuleDeclaration | AdapterDeclaration): string {
  if (declaration.kind === "module") return "nn.Module";
  return declaration.wraps.kind === "parameter" ? "ops.ParameterAdapter" : "ops.Adapter";
}

/** What an adapter of a parameter is given as a value: that parameter. Empty for others. */
function adaptedParameter(declaration: ModuleDeclaration | AdapterDeclaration): readonly Parameter[] {
  if (declaration.kind !== "adapter" || declaration.wraps.kind !== "parameter") return [];
  const { base: name, wraps, span } = declaration;
  return [{ name, type: wraps.type, default: null, span }];
}

/** The name by which an adapter means the module that it adapts; null for others. */
function adaptedModule(declaration: ModuleDeclaration | AdapterDeclaration): string | null {
  return declaration.kind === "adapter" && declaration.wraps.kind === "modules" ? declaration.base.text : null;
}

/** The names in checkpoints that differ from those in Python. */
export function checkpointEntries(
  members: readonly NamedMember[],
  attributeOf: (name: string) => string = attributeName,
): readonly string[] {
  return members.flatMap((member) => {
    if (member.kind !== "param" && member.kind !== "part" && member.kind !== "encoder") return [];
    if (member.name === undefined || member.shared === true) return [];
    const attribute = attributeOf(member.name.text);
    const stored = member.named?.value ?? member.name.text;
    return attribute === stored ? [] : [`${JSON.stringify(attribute)}: ${JSON.stringify(stored)}`];
  });
}

/** What buffers are, which a type checker cannot see in their registration. */
export function bufferTypes(
  members: readonly (ModuleMember | ModelMember)[],
  attributeOf: (name: string) => string,
  writer: Writer,
): readonly string[] {
  const lines = members.flatMap((member) => {
    if (member.kind !== "param" || member.storage !== "buffer" || member.shared) return [];
    writer.use("Tensor");
    return [indented(1, `${attributeOf(member.name.text)}: Tensor${member.when === null ? "" : " | None"}`)];
  });
  return lines.length === 0 ? [] : [...lines, ""];
}

type NamedMember = { readonly kind: string } & Partial<Pick<ParamMember, "name" | "named" | "shared">>;

export function dictionary(indent: number, before: string, entries: readonly string[]): readonly string[] {
  if (entries.length === 0) return [];
  const line = indented(indent, `${before}{${entries.join(", ")}}`);
  if (line.length <= 100) return [line];
  return [
    indented(indent, `${before}{`),
    ...entries.map((each) => indented(indent + 1, `${each},`)),
    indented(indent, "}"),
  ];
}

function memberNames(members: readonly ModuleMember[]): ReadonlySet<string> {
  return new Set(members.flatMap((each) => (each.kind === "param" || each.kind === "part" ? [each.name.text] : [])));
}

/** The arguments and lets of a module that its forward, its first values or others read: they are its attributes. */
function storedNames(
  declaration: ModuleDeclaration | AdapterDeclaration,
  { names }: Accessed,
  { facts }: Declarations,
): ReadonlySet<string> {
  const members = memberNames(declaration.members);
  const computed = declaration.members.flatMap((each) => (each.kind === "param" ? computedValues(each, facts) : []));
  const optional = declaration.members.filter(({ kind }) => kind === "optional-buffer");
  const inForward = namesIn([
    ...forwardExpressions(forwardOf(declaration)),
    ...expressionsOf(optional),
    ...computed.flatMap(({ value, conditions }) => [value, ...conditions.map(({ condition }) => condition)]),
  ]);
  const lets = declaration.members.flatMap((each) => (each.kind === "let" ? each.names.map(({ text }) => text) : []));
  const parameters = declaration.parameters.map(({ name }) => name.text);
  const read = [
    ...parameters.filter((each) => names.has(each) || inForward.has(each)),
    ...lets.filter((each) => inForward.has(each)),
  ];
  return new Set(read.filter((each) => !members.has(each)));
}

function writeInit(
  declaration: ModuleDeclaration | AdapterDeclaration,
  accessed: Accessed,
  declarations: Declarations,
  writer: Writer,
): readonly string[] {
  const { parameters, members } = declaration;
  const base = adaptedModule(declaration);
  const adapted = adaptedParameter(declaration);
  const scope = new Scope();
  const translator = new Translator({ ...emptyPlace(scope, declarations, writer), base, isMaking: true });
  if (base !== null) {
    scope.define(base, word("base"));
    writer.use("nn");
  }
  const stored = storedNames(declaration, accessed, declarations);
  const signature = writeSignature([...adapted, ...parameters], translator, 2);
  const given = ["self", ...(base === null ? [] : ["base: nn.Module"]), ...signature.parameters];
  const sizes = new BodyWriter().sizes(
    adapted,
    namesIn(expressionsOf(members.filter(({ kind }) => kind !== "forward"))),
    translator,
    2,
  );
  const kept = (name: string): readonly string[] =>
    stored.has(name) ? [indented(2, `self.${attributeName(name)} = ${variableName(name)}`)] : [];
  return [
    ...layOutSignature(1, "def __init__", given, " -> None:"),
    indented(2, base === null ? "super().__init__()" : "super().__init__(base)"),
    ...signature.defaults,
    ...parameters.flatMap(({ name }) => kept(name.text)),
    ...sizes,
    ...members.flatMap((member) => [
      ...(member.kind === "forward" || member.kind === "optional-buffer" || isShared(member)
        ? []
        : hashComment(2, commentAbove(member.span))),
      ...writeMember(member, translator),
      ...(member.kind === "let" ? member.names.flatMap(({ text: name }) => kept(name)) : []),
    ]),
  ];
}

function isShared(member: ModuleMember): boolean {
  return member.kind === "param" && member.shared;
}

function writeMember(member: ModuleMember, translator: Translator): readonly string[] {
  switch (member.kind) {
    case "let":
    case "require":
      return new BodyWriter().statement(member, null, translator, 2);
    case "param":
      return writeParam(member, translator);
    case "part":
      return writePart(member, translator);
    case "optional-buffer":
    case "forward":
    case "peft":
      return [];
  }
}

/** A parameter or a buffer with its first values, and its type as a comment. */
export function writeParam(
  member: ParamMember,
  translator: Translator,
  attribute = attributeName(member.name.text),
): readonly string[] {
  const { type, initial, storage, when } = member;
  const { writer } = translator.place;
  if (member.shared) return [];
  const values = firstValues(initial, sizesOf(type, translator), translator);
  const typed = type.dtype === "i32" ? method(values, "int", []) : values;
  const where = (value: Python): Python =>
    when === null
      ? value
      : { kind: "if", condition: translator.expression(when), then: value, otherwise: word("None") };
  if (storage === "param") writer.use("nn");
  const lines =
    storage === "param"
      ? layOut(2, `self.${attribute} = `, where(call("nn.Parameter", [typed])))
      : layOut(2, "", method(word("self"), "register_buffer", [text(attribute), where(typed)]));
  return withComment(2, lines, writtenType(type));
}

/** A part, or a ModuleList of them. */
export function writePart(
  member: PartMember,
  translator: Translator,
  name = attributeName(member.name.text),
): readonly string[] {
  const { repetition, module, when } = member;
  const { writer, scope } = translator.place;
  const attribute = `self.${name}`;
  const inside = new Scope(scope);
  const inner = new Translator({ ...translator.place, scope: inside });
  writer.use("nn");
  let made: Python;
  if (repetition === null) made = inner.construction(module);
  else {
    const { variable, over } = loopOf(repetition, translator, inside);
    const element = inner.construction(module);
    made = call("nn.ModuleList", [{ kind: "comprehension", element, variable, over }]);
  }
  if (when === null) return layOut(2, `${attribute} = `, made);
  const condition = translator.expression(when);
  return layOut(2, `${attribute} = `, { kind: "if", condition, then: made, otherwise: word("None") });
}

function writeForward(
  declaration: ModuleDeclaration | AdapterDeclaration,
  accessed: Accessed,
  declarations: Declarations,
  writer: Writer,
): readonly string[] {
  const { parameters: own, body } = forwardOf(declaration);
  const parameters = [...adaptedParameter(declaration), ...own];
  const translator = insideOf(declaration, declarations, writer);
  const signature = writeSignature(parameters, translator, 2);
  const bodies = new BodyWriter(accessed.lets(declaration));
  const sizes = bodies.sizes(parameters, namesRead(parameters, body), translator, 2);
  const shapes = shapesOf(parameters);
  return [
    ...layOutSignature(1, "def forward", ["self", ...signature.parameters], `${returned(body, declarations, writer)}:`),
    ...(shapes === null ? [] : hashComment(2, [shapes])),
    ...signature.defaults,
    ...withoutUnusedSizes([...sizes, ...bodies.statements(body, translator, 2)]),
  ];
}

/** What names mean in the methods of a module: its arguments, lets, parameters and parts are attributes. */
function insideOf(
  declaration: ModuleDeclaration | AdapterDeclaration,
  declarations: Declarations,
  writer: Writer,
): Translator {
  const outer = new Scope();
  for (const { name, type } of declaration.parameters)
    outer.define(name.text, own(attributeName(name.text)), isNumeric(type));
  for (const name of letsOf(declaration.members)) outer.define(name, own(attributeName(name)));
  const base = adaptedModule(declaration);
  if (base !== null) outer.define(base, own("base"));
  for (const name of memberNames(declaration.members)) outer.define(name, own(attributeName(name)));
  return new Translator({ ...emptyPlace(new Scope(outer), declarations, writer), base, training: own("training") });
}

function letsOf(members: readonly ModuleMember[]): readonly string[] {
  return members.flatMap((each) => (each.kind === "let" ? each.names.map(({ text: name }) => name) : []));
}

/** The module that a file's declaration stands for, in Python. */
export function pythonName(kind: "module" | "adapter" | "function" | "loss", name: string): string {
  return kind === "module" || kind === "adapter" ? className(name) : variableName(name);
}
