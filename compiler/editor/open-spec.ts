import type { Diagnostic, Expression, File, Source } from "../../grammar/index.ts";
import { type Compiled, compileProgram } from "../compile.ts";
import type { Value } from "../elaborate/index.ts";
import { type Library, type LoadedFile, loadProgram, type Program } from "../load/index.ts";
import { type FileNames, namesOf } from "./names.ts";
import { ProgramNames } from "./program-names.ts";

/** A spec that is open in an editor, as it is at one moment: what its text means, each part found when it is first asked for. */
export class OpenSpec {
  readonly source: Source;
  readonly program: Program;
  private readonly library: Library;
  private meaning: Meaning | null = null;
  private known: ProgramNames | null = null;
  private readonly names = new Map<LoadedFile, FileNames>();

  constructor(source: Source, library: Library) {
    this.source = source;
    this.library = library;
    this.program = loadProgram(source, library);
  }

  /** What another text in its place would be. */
  programOf(source: Source): Program {
    return loadProgram(source, this.library);
  }

  /** The tree of its own text. */
  get file(): File {
    return this.program.written.parsed.file;
  }

  get programNames(): ProgramNames {
    this.known ??= new ProgramNames(this.program);
    return this.known;
  }

  /** The names of the spec itself, or of a file that it imports. */
  namesOf(file: LoadedFile = this.program.written): FileNames {
    const known = this.names.get(file) ?? namesOf(file, this.programNames);
    this.names.set(file, known);
    return known;
  }

  /** What is wrong with it, as `medctc check` says; a library file needs no model. */
  get diagnostics(): readonly Diagnostic[] {
    return this.compiled.diagnostics.filter(({ key }) => key !== "no-model");
  }

  get compiled(): Meaning {
    this.meaning ??= this.compile();
    return this.meaning;
  }

  private compile(): Meaning {
    const values = new Map<Expression, Value>();
    const { source } = this;
    const compiled = compileProgram(this.program, (expression, value) => {
      if (expression.span.source === source) values.set(expression, value);
    });
    return { ...compiled, values };
  }
}

/** A compiled spec, with the last value of each expression in its own text. */
export interface Meaning extends Compiled {
  readonly values: ReadonlyMap<Expression, Value>;
}
