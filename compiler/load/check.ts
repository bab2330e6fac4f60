import {
  type Call,
  type Diagnostic,
  didYouMean,
  type Item,
  type Name,
  type Parameter,
  report,
} from "../../grammar/index.ts";
import { familiesOf } from "./families.ts";
import { ignoredInImports } from "./ignored.ts";
import type { LoadedFile } from "./imports.ts";
import { inputsGiven } from "./inputs-given.ts";
import type { Program } from "./program.ts";
import { type Callable, type Scope, scopeOf } from "./scope.ts";
import { standInsOf } from "./stand-ins.ts";
import { importHelp } from "./unimported.ts";

/**
 * What is wrong with the files of a program before any of it runs: imports, names that mean two things, and the calls
 * that make modules and adapters. In the order of the files and their text.
 */
export function checkProgram(program: Program): readonly Diagnostic[] {
  const { files, diagnostics, declared } = program;
  const all = [
    ...diagnostics,
    ...files.flatMap((file) => checkFile(file, declared)),
    ...familiesOf(files).diagnostics,
    ...standInsOf(files).diagnostics,
    ...ignoredInImports(program),
  ];
  // What is about no place comes first.
  const order = new Map(files.map(({ source }, index) => [source, index]));
  const rank = ({ span }: Diagnostic): number => (span === null ? 0 : (order.get(span.source) ?? 0));
  return all.sort((a, b) => rank(a) - rank(b) || (a.span?.start ?? 0) - (b.span?.start ?? 0));
}

/** An adapter of a parameter gives another value of it and is fed nothing; its sizes are known before its arguments. */
function checkWrappedParameter(item: Item): readonly Diagnostic[] {
  if (item.kind !== "adapter" || item.wraps.kind !== "parameter") return [];
  const adapter = item.name.text;
  const [first] = item.members.flatMap((member) => (member.kind === "forward" ? member.parameters : []));
  const both = item.wraps.type.dims.flatMap((dim) =>
    dim.kind === "name" && item.parameters.some(({ name }) => name.text === dim.text)
      ? [report("size-and-argument", dim.span, { name: dim.text, adapter })]
      : [],
  );
  return [...both, ...(first === undefined ? [] : [report("inputs-of-parameter", first.span, { adapter })])];
}

function checkFile(file: LoadedFile, library: Program["declared"]): readonly Diagnostic[] {
  const { scope, diagnostics: declared } = scopeOf(file);
  // What a variant has of its base is checked there.
  const diagnostics = declared.filter(({ span }) => span?.source === file.source);
  // What an unreadable import or a base that is not there would have declared is not known, so no name can be called unknown.
  const isWhole = file.imports.length === file.parsed.file.items.filter(({ kind }) => kind === "import").length;
  const isUnresolved = file.parsed.file.items.some((item) => item.kind === "model" && item.amends !== null);
  if (!isWhole || isUnresolved) return diagnostics;
  const own = file.parsed.file.items.filter(({ span }) => span.source === file.source);
  const calls = file.parsed.file.items.flatMap(declaringCalls).filter(({ call }) => call.span.source === file.source);
  return [
    ...diagnostics,
    ...own.flatMap(checkWrappedParameter),
    ...calls.flatMap((call) => checkCall(call, scope, file, library)),
  ];
}

type CalledKind = "module" | "adapter";

interface DeclaringCall {
  readonly call: Call;
  readonly kind: CalledKind;
  /** Whether it makes an encoder, which is given inputs beside its arguments. */
  readonly isEncoder?: true;
}

/** The calls that make encoders, parts and adapters. */
function declaringCalls(item: Item): readonly DeclaringCall[] {
  switch (item.kind) {
    case "module":
    case "adapter":
      return item.members.flatMap((member) =>
        member.kind === "part" ? [{ call: member.module, kind: "module" }] : [],
      );
    case "model":
      return item.members.flatMap((member): readonly DeclaringCall[] => {
        if (member.kind === "encoder") return [{ call: member.module, kind: "module", isEncoder: true }];
        if (member.kind === "part") return [{ call: member.module, kind: "module" }];
        return member.kind === "placement" ? [{ call: member.adapter, kind: "adapter" }] : [];
      });
    case "import":
    case "roles":
    case "function":
    case "loss":
    case "file-let":
    case "settings":
      return [];
  }
}

function checkCall(
  declaring: DeclaringCall,
  scope: Scope,
  file: LoadedFile,
  library: Program["declared"],
): readonly Diagnostic[] {
  const { call, kind } = declaring;
  const { callee } = call;
  if (callee.kind === "member" && callee.object.kind === "name") {
    const known = scope.qualified.get(callee.object.text);
    // An unknown name before the dot is reported where it is evaluated.
    if (known === undefined) return [];
    const callable = known.get(callee.name.text);
    if (callable?.kind === kind) return checkGiven(declaring, callable);
    const alias = callee.object.text;
    const name = `${alias}.${callee.name.text}`;
    const names = [...known.values()].flatMap((each) => (each.kind === kind ? [`${alias}.${each.name.text}`] : []));
    return [report("unknown-callable", callee.span, { name, kind }, { help: didYouMean(name, names) })];
  }
  if (callee.kind !== "name") return [];
  const callable = scope.callables.get(callee.text);
  if (callable?.kind === kind) return checkGiven(declaring, callable);
  return [unknownName(callee, kind, scope, file, library)];
}

/** What an encoder is given for parameters of its `forward` is no argument of its module. */
function checkGiven({ call, isEncoder }: DeclaringCall, callable: Callable): readonly Diagnostic[] {
  const isFed = isEncoder === true && callable.kind === "module" ? inputsGiven(callable) : () => false;
  return checkArguments({ ...call, arguments: call.arguments.filter((argument) => !isFed(argument)) }, callable);
}

function unknownName(
  name: Name,
  kind: CalledKind,
  scope: Scope,
  file: LoadedFile,
  library: Program["declared"],
): Diagnostic {
  const declared = library().filter((declaration) => declaration.kind === kind);
  const home = declared.find((declaration) => declaration.name === name.text);
  const params = { name: name.text, kind };
  if (home !== undefined) return report("unknown-callable", name.span, params, importHelp(home.file, file.parsed.file));
  const known = [...scope.callables].filter(([, callable]) => callable.kind === kind).map(([text]) => text);
  const others = declared.map((each) => each.name);
  return report("unknown-callable", name.span, params, {
    help: didYouMean(name.text, known) ?? didYouMean(name.text, others),
  });
}

function checkArguments(call: Call, { name, parameters }: Callable): readonly Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  const given = new Set<string>();
  for (const [index, argument] of call.arguments.entries()) {
    const parameter = argument.name === null ? parameters[index] : findParameter(parameters, argument.name);
    if (parameter !== undefined) {
      given.add(parameter.name.text);
    } else if (argument.name === null) {
      const params = { callee: name.text, limit: parameters.length };
      diagnostics.push(report("too-many-arguments", argument.span, params));
    } else {
      const params = { name: argument.name.text, callee: name.text };
      const help = didYouMean(
        argument.name.text,
        parameters.map((each) => each.name.text),
      );
      diagnostics.push(report("unknown-argument", argument.name.span, params, { help }));
    }
  }
  const missing = parameters.filter((each) => each.default === null && !given.has(each.name.text));
  const hasUnknown = diagnostics.length > 0;
  for (const each of hasUnknown ? [] : missing) {
    const labels = [{ span: each.span, message: "declared here" }];
    diagnostics.push(report("missing-argument", call.span, { name: each.name.text, callee: name.text }, { labels }));
  }
  return diagnostics;
}

function findParameter(parameters: readonly Parameter[], name: Name): Parameter | undefined {
  return parameters.find((parameter) => parameter.name.text === name.text);
}
