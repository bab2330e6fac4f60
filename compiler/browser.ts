/**
 * medctc as a library for a browser: `import { compileSpec, createSource } from "medctc/compiler"`. It reads no file; a
 * `Library` of the caller's gives the texts that a spec imports, such as those in `medctc/specs/std/`.
 */
export {
  countDiagnostics,
  createSource,
  type Diagnostic,
  diagnosticToJson,
  formatSource,
  hasErrors,
  type ParsedFile,
  parse,
  renderDiagnostics,
  report,
  type Source,
  type Span,
} from "../grammar/index.ts";
export {
  buildProgram,
  type Compiled,
  checkSpec,
  compileSpec,
  explainSelectors,
  type FilePlace,
  firstValuesOf,
  type Given,
  type Library,
  optimise,
  type Plan,
  type Program,
  type ProgramName,
  planToYaml,
  printProgram,
  type ReadResult,
  runProgram,
  type SpecChanges,
  type TensorData,
  type TensorType,
  type TracedSpec,
  whyNoProgram,
} from "./index.ts";
