import { type Diagnostic, didYouMean, type Expression, report, type Span } from "../../grammar/index.ts";
import { SettingReader } from "./reader.ts";

/** A column of the tables of labels, and the classes whose largest score is its score. */
export interface EvalColumn {
  readonly name: string;
  readonly of: readonly string[];
}

/** The settings of the `eval` block that columns follow from. */
interface ColumnBlock {
  readonly classes: readonly string[];
  readonly columns: readonly EvalColumn[] | null;
}

/** The columns that are evaluated: those that the `eval` block names, or else one for each class, with the class's own name. */
export function evaluatedColumns({ classes, columns }: ColumnBlock): readonly EvalColumn[] {
  return columns ?? classes.map((name) => ({ name, of: [name] }));
}

/** The names of these columns, which tables of labels have. */
export function labelColumns(block: ColumnBlock): readonly string[] {
  return evaluatedColumns(block).map(({ name }) => name);
}

/** The classes that are scored and of which nothing is evaluated. */
export function unevaluatedClasses(block: ColumnBlock): readonly string[] {
  const evaluated = new Set(evaluatedColumns(block).flatMap(({ of }) => of));
  return block.classes.filter((name) => !evaluated.has(name));
}

/** Columns as a spec has them; one of the class of its own name is that name. */
export function printColumns(columns: readonly EvalColumn[]): string {
  const printed = columns.map(({ name, of }) => {
    const isPlain = of.length === 1 && of[0] === name;
    const classes = of.map((each) => JSON.stringify(each)).join(", ");
    return isPlain ? JSON.stringify(name) : `column(${JSON.stringify(name)}, of = [${classes}])`;
  });
  return `[${printed.join(", ")}]`;
}

const expected = 'a list of classes and of columns such as `column("nodule", of = ["Lung nodule"])`, at least one';

/** A column as it is written: its name, and the names of classes, each with its place. */
interface WrittenColumn {
  readonly name: string;
  readonly span: Span;
  readonly of: readonly { readonly name: string; readonly span: Span }[];
}

/** Reads `columns` of the `eval` block, whose classes were read before; null where it does not say any. */
export function readColumns(
  reader: Pick<SettingReader<"columns" | "classes">, "expression" | "refuse" | "hasRefused">,
  classes: readonly string[],
): { readonly columns: readonly EvalColumn[] | null; readonly diagnostics: readonly Diagnostic[] } {
  const value = reader.expression("columns");
  if (value === null) return { columns: null, diagnostics: [] };
  if (value.kind !== "list" || value.elements.length === 0) {
    reader.refuse("columns", expected);
    return { columns: null, diagnostics: [] };
  }
  const diagnostics: Diagnostic[] = [];
  const written = value.elements.flatMap((element): readonly WrittenColumn[] => {
    const column = readColumn(element, diagnostics);
    if (column === null) reader.refuse("columns", expected, element.span);
    return column === null || column === "reported" ? [] : [column];
  });
  // Nothing follows from classes that are not known.
  if (reader.hasRefused("columns") || reader.hasRefused("classes")) return { columns: null, diagnostics };
  if (classes.length === 0) {
    return { columns: null, diagnostics: [...diagnostics, report("columns-without-classes", value.span, {})] };
  }
  const named = new Map<string, Span>();
  for (const { name, span, of } of written) {
    const earlier = named.get(name);
    if (earlier !== undefined) {
      const labels = [{ span: earlier, message: "the first one" }];
      diagnostics.push(report("duplicate-column", span, { name }, { labels }));
    } else named.set(name, span);
    diagnostics.push(...classDiagnostics(of, classes));
  }
  if (diagnostics.length > 0) {
    return { columns: null, diagnostics: diagnostics.toSorted((a, b) => (a.span?.start ?? 0) - (b.span?.start ?? 0)) };
  }
  return { columns: written.map(({ name, of }) => ({ name, of: of.map((each) => each.name) })), diagnostics };
}

/** Reports the classes of a column that there are not, and those that it has twice. */
function classDiagnostics(of: WrittenColumn["of"], classes: readonly string[]): readonly Diagnostic[] {
  const found = new Map<string, Span>();
  return of.flatMap(({ name, span }) => {
    const earlier = found.get(name);
    if (earlier !== undefined) {
      const labels = [{ span: earlier, message: "first here" }];
      return [report("repeated-column-class", span, { name }, { labels })];
    }
    found.set(name, span);
    if (classes.includes(name)) return [];
    const near = didYouMean(name, classes);
    const extra = { ...(near === null ? {} : { help: near }), choices: classes.map((each) => JSON.stringify(each)) };
    return [report("unknown-column-class", span, { name }, extra)];
  });
}

/** A class by its name, or `column(...)`; null for anything else, `reported` where it lacks something. */
function readColumn(element: Expression, diagnostics: Diagnostic[]): WrittenColumn | "reported" | null {
  if (element.kind === "string" && element.value.trim() !== "") {
    const { value: name, span } = element;
    return { name, span, of: [{ name, span }] };
  }
  if (element.kind !== "call" || element.callee.kind !== "name" || element.callee.text !== "column") return null;
  const [first, ...others] = element.arguments;
  // Its name needs none.
  const call =
    first === undefined || first.name !== null
      ? element
      : { ...element, arguments: [{ ...first, name: { text: "name", span: first.span } }, ...others] };
  const reader = new SettingReader(call, "column", ["name", "of"]);
  const name = reader.optionalString("name");
  const list = reader.expression("of");
  if (name === null && !reader.hasRefused("name")) reader.refuse("column", "given its name first", element.span);
  const of = list?.kind === "list" ? list.elements : [];
  const names = of.flatMap((each) => (each.kind === "string" ? [{ name: each.value, span: each.span }] : []));
  if (list !== null && (list.kind !== "list" || names.length < of.length)) {
    reader.refuse("of", "a list of classes in quotes", of.find((each) => each.kind !== "string")?.span);
  }
  diagnostics.push(...reader.diagnostics);
  if (name === null || reader.diagnostics.length > 0) return "reported";
  if (names.length === 0) {
    diagnostics.push(report("empty-column", list?.span ?? element.span, { name }));
    return "reported";
  }
  return { name, span: element.span, of: names };
}
