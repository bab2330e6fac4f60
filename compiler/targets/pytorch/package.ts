import type {
  AdapterDeclaration,
  Expression,
  Item,
  ModelMember,
  ModuleDeclaration,
  Source,
} from "../../../grammar/index.ts";
import { forwardOf } from "../../elaborate/index.ts";
import { type Callable, placedName, scopeOf } from "../../load/index.ts";
import type { TracedSpec, WrittenModel } from "../../programs/index.ts";
import { UniqueNames } from "../lowering/index.ts";
import type { TargetFile, WrittenBy } from "../target.ts";
import { docstring, fill } from "./comments.ts";
import { Facts } from "./facts.ts";
import { leftOut } from "./left-out.ts";
import { metadataSource } from "./metadata.ts";
import { ModelWriter, modelClass } from "./model.ts";
import { type Accessed, pythonName, writeFunction, writeModule } from "./module.ts";
import { fileName } from "./names.ts";
import { opsSource } from "./ops.ts";
import { optimizerSource } from "./optimizer.ts";
import { ModelParts } from "./parts.ts";
import { pathsOf } from "./paths.ts";
import type { Declarations, Writer } from "./scope.ts";
import {
  expressionsIn,
  itemExpressions,
  membersIn,
  modelExpressions,
  namesIn,
  returnedName,
  visitExpression,
} from "./walk.ts";

/** The files of a package for a model, below the folder that has the package's name. */
export function packageFiles(spec: TracedSpec, about: WrittenBy): readonly TargetFile[] {
  const facts = new Facts();
  const written = spec.writtenWith(facts.watch);
  return new PackageWriter(written, spec, facts).files(about);
}

/** The modules beside these that train a package, which are the same for every spec. */
const workerModules = ["link", "processes", "state", "step", "timing", "weights", "worker"] as const;

interface Draft {
  readonly name: string;
  readonly source: Source;
  readonly used: Set<string>;
  readonly imports: Map<string, Set<string>>;
  readonly blocks: { readonly start: number; readonly lines: readonly string[] }[];
}

class PackageWriter {
  private readonly written: WrittenModel;
  private readonly spec: TracedSpec;
  private readonly declarations: Declarations;
  private readonly drafts = new Map<Source, Draft>();
  private readonly names = new UniqueNames(["__init__", "model", "ops", "optimizer", "metadata", ...workerModules]);
  private readonly queue: Callable[] = [];
  private readonly seen = new Set<Callable>();

  constructor(written: WrittenModel, spec: TracedSpec, facts: Facts) {
    this.written = written;
    this.spec = spec;
    const scopes = new Map(written.program.files.map((file) => [file.source, scopeOf(file).scope]));
    const callable = (name: string, source: Source): Callable | null => scopes.get(source)?.callables.get(name) ?? null;
    const qualified: Declarations["qualified"] = (alias, name, source) =>
      scopes.get(source)?.qualified.get(alias)?.get(name) ?? null;
    this.declarations = {
      facts,
      callable,
      qualified,
      settings: spec.settings,
      isEncoder: (instance) => written.components.some((each) => each.kind === "encoder" && each.instance === instance),
      placedOf: (adapter) => {
        const isAlike = (each: AdapterDeclaration): boolean =>
          adapter.kind === "adapter" && placedName(each) === placedName(adapter);
        const all = written.placed.flatMap(({ adapters }) =>
          adapters.map(({ adapter: { declaration } }) => declaration),
        );
        return [...new Set(all)].filter(isAlike);
      },
      readsPlaced: modelExpressions(written.declaration.members).some(readsPlaced),
      fileValue: (name, source) => written.files.of(source).environment.lookup(name) ?? null,
      drops: dropping(
        written.program.files.flatMap(({ parsed }) => parsed.file.items),
        callable,
        qualified,
        (expression) => facts.of(expression)?.isDrawn ?? false,
      ),
    };
  }

  files(about: WrittenBy): readonly TargetFile[] {
    const { declaration } = this.written;
    const paths = pathsOf(this.written.components);
    const draft = this.draft(declaration.span.source, "model");
    const parts = new ModelParts(this.written, this.spec);
    const model = new ModelWriter(parts, paths, this.declarations, this.writer(draft));
    draft.blocks.push({ start: declaration.span.start, lines: model.lines() });
    const accessed = accessedIn(this.written, this.declarations);
    for (let next = this.queue.shift(); next !== undefined; next = this.queue.shift()) {
      const { source, start } = next.span;
      const own = this.draft(source, fileName(source.name));
      const writer = this.writer(own);
      const lines =
        next.kind === "module" || next.kind === "adapter"
          ? writeModule(next, accessed, this.declarations, writer)
          : writeFunction(next, this.declarations, writer);
      own.blocks.push({ start, lines });
    }
    const folder = declaration.name.text;
    const files = [...this.drafts.values()].map((each) => ({ name: `${each.name}.py`, content: printDraft(each) }));
    return [
      ...files,
      { name: "ops.py", content: opsSource },
      { name: "optimizer.py", content: optimizerSource(this.spec, paths, folder) },
      { name: "metadata.py", content: metadataSource(this.written, about) },
      {
        name: "__init__.py",
        content: initSource(modelClass(declaration), this.declares("loss-use"), leftOut(this.written)),
      },
    ].map(({ name, content }) => ({ name: `${folder}/${name}`, content }));
  }

  private declares(kind: ModelMember["kind"]): boolean {
    return this.written.declaration.members.some((each) => each.kind === kind);
  }

  private draft(source: Source, wanted: string): Draft {
    const known = this.drafts.get(source);
    if (known !== undefined) return known;
    const name = wanted === "model" ? "model" : this.names.take(wanted);
    const draft: Draft = { name, source, used: new Set(), imports: new Map(), blocks: [] };
    this.drafts.set(source, draft);
    return draft;
  }

  /** A name for what stands behind an alias: one that nothing in the file has. */
  private aliased({ kind, name }: Callable, alias: string, within: Source): string {
    const { items } = this.written.program.files.find(({ source }) => source === within)?.parsed.file ?? { items: [] };
    const declared = items.flatMap((item) =>
      item.kind === "module" || item.kind === "adapter" ? [pythonName(item.kind, item.name.text)] : [],
    );
    const words = new Set([...declared, ...within.text.matchAll(/\w+/g)].map(String));
    let own = pythonName(kind, `${alias}_${name.text}`);
    while (words.has(own)) own += "_";
    return own;
  }

  private writer(draft: Draft): Writer {
    return {
      use: (module) => draft.used.add(module),
      nameOf: (callable, alias) => {
        if (!this.seen.has(callable)) {
          this.seen.add(callable);
          this.queue.push(callable);
        }
        const own = pythonName(callable.kind, callable.name.text);
        const { source } = callable.span;
        if (source === draft.source) return own;
        const name = alias === undefined ? own : this.aliased(callable, alias, draft.source);
        const from = this.draft(source, fileName(source.name)).name;
        const imported = draft.imports.get(from) ?? new Set();
        draft.imports.set(from, imported.add(name === own ? own : `${own} as ${name}`));
        return name;
      },
    };
  }
}

function printDraft({ source, used, imports, blocks, name }: Draft): string {
  const torch = [...(used.has("Tensor") ? ["Tensor"] : []), ...(used.has("nn") ? ["nn"] : [])];
  const sections = [
    [...(used.has("math") ? ["import math"] : []), ...(used.has("ClassVar") ? ["from typing import ClassVar"] : [])],
    [
      ...(used.has("torch") ? ["import torch"] : []),
      ...(used.has("F") ? ["import torch.nn.functional as F"] : []),
      ...(torch.length > 0 ? [`from torch import ${torch.join(", ")}`] : []),
    ],
    [
      ...(used.has("ops") ? ["from . import ops"] : []),
      ...[...imports]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([from, names]) => importLine(from, [...names].sort(compareAsRuff))),
    ],
  ].filter((lines) => lines.length > 0);
  const ordered = blocks.toSorted((a, b) => a.start - b.start).map(({ lines }) => lines.join("\n"));
  const title = name === "model" ? `The model of ${source.name}.` : `What the spec takes from ${source.name}.`;
  const head = [docstring(0, [title]).join("\n"), ...sections.map((lines) => lines.join("\n"))].join("\n\n");
  return `${[head, ...ordered].join("\n\n\n")}\n`;
}

function importLine(from: string, names: readonly string[]): string {
  const line = `from .${from} import ${names.join(", ")}`;
  return line.length <= 100 ? line : `from .${from} import (\n${names.map((each) => `    ${each},\n`).join("")})`;
}

/** Classes stand before functions. */
function compareAsRuff(a: string, b: string): number {
  const isClass = (name: string): boolean => /^[A-Z]/.test(name);
  if (isClass(a) !== isClass(b)) return isClass(a) ? -1 : 1;
  return a < b ? -1 : 1;
}

/** Which functions have dropout or draw in training, themselves or in a function that they call. */
function dropping(
  items: readonly Item[],
  callable: Declarations["callable"],
  qualified: Declarations["qualified"],
  isDrawn: (expression: Expression) => boolean,
): (callable: Callable) => boolean {
  const found = new Set<Callable>();
  for (let count = -1; count !== found.size; ) {
    count = found.size;
    for (const each of items) {
      if (each.kind !== "function" && each.kind !== "loss") continue;
      const { source } = each.span;
      const body = expressionsIn(each.body);
      const used = [...namesIn(body)];
      const behind = membersIn(body).map(([alias, name]) => qualified(alias, name, source));
      const called = [...used.map((name) => callable(name, source)), ...behind];
      const isBuiltin = used.some((name, index) => name === "dropout" && called[index] === null);
      const isParameter = each.parameters.some(({ name }) => name.text === "dropout");
      const areDrawn = body.some((expression) => contains(expression, (each) => each.kind === "call" && isDrawn(each)));
      if ((isBuiltin && !isParameter) || areDrawn || called.some((other) => other !== null && found.has(other)))
        found.add(each);
    }
  }
  return (each) => found.has(each);
}

/** Whether an expression has a list of what is placed of an adapter: `lora.placed`. */
function readsPlaced(expression: Expression): boolean {
  return contains(expression, (each) => each.kind === "member" && each.name.text === "placed");
}

function contains(expression: Expression, isSought: (each: Expression) => boolean): boolean {
  let isFound = false;
  visitExpression(expression, (each) => {
    isFound ||= isSought(each);
  });
  return isFound;
}

/** What is read of modules from outside: names behind a dot, and the lets among them. */
function accessedIn({ program, declaration }: WrittenModel, { facts }: Declarations): Accessed {
  const names = new Set<string>();
  const lets = new Map<ModuleDeclaration | AdapterDeclaration, Set<string>>();
  const all = program.files.flatMap(({ parsed }) => parsed.file.items.flatMap(itemExpressions));
  const encoders = new Set(declaration.members.flatMap((each) => (each.kind === "encoder" ? [each.name.text] : [])));
  const ofModel = modelExpressions(declaration.members);
  for (const expression of [...all, ...ofModel])
    visitExpression(expression, (each) => {
      if (each.kind !== "member") return;
      names.add(each.name.text);
      const isOfEncoder = each.object.kind === "name" && encoders.has(each.object.text) && ofModel.includes(expression);
      for (const instance of facts.of(each.object)?.instances ?? []) {
        const { members, values, declaration: own, adapters } = instance;
        if (members.has(each.name.text) || !values.has(each.name.text)) continue;
        if (isOfEncoder && adapters.length === 0 && returnedName(forwardOf(own)) === each.name.text) continue;
        const known = lets.get(own) ?? new Set();
        lets.set(own, known.add(each.name.text));
      }
    });
  return { names, lets: (own) => lets.get(own) ?? new Set() };
}

function initSource(model: string, hasLoss: boolean, without: readonly string[]): string {
  const names = hasLoss ? ["make_optimizer", "precision", "thaw"] : ["precision"];
  const title = "A model that medctc wrote of a spec, whose text is in `metadata.SPEC`.";
  const rest = without.length === 0 ? [] : ["", ...fill([`Of the spec it leaves out: ${without.join(", ")}.`], 100)];
  return `${rest.length === 0 ? `"""${title}"""` : ['"""', title, ...rest, '"""'].join("\n")}

from .model import ${model}
from .ops import compile_layers
from .optimizer import ${names.join(", ")}

__all__ = [${[model, "compile_layers", ...names].map((name) => JSON.stringify(name)).join(", ")}]
`;
}
