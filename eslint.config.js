import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

/** Imports point one way: runtime -> compiler -> grammar; a room is entered by its index. */
const intoGrammar = {
  regex: "(^|/)grammar/(?!index\\.ts$)",
  message: "Import what grammar/index.ts gives; add it there if it is missing.",
};
const intoCompiler = {
  regex: "(^|/)compiler/[^/]+/(?!index\\.ts$)",
  message: "Import a compiler folder through its index.ts.",
};
const intoDiagnostics = {
  regex: "(^|/)diagnostics/(?!index\\.ts$)",
  message: "Import grammar/diagnostics/index.ts.",
};
const noNode = { regex: "^node:", message: "What runs in a browser, too, does no I/O." };
const noCompiler = { regex: "(^|/)compiler/", message: "grammar/ knows nothing of compiler/." };
const onnxRuntime = {
  regex: "^onnxruntime",
  message:
    "Only runtime/backends/onnx/worker.ts loads ONNX Runtime, in a thread that is started with its telemetry off.",
};
const noRuntime = { regex: "(^|/)runtime/", message: "Only runtime/ knows runtime/." };

const restrictImports = (...patterns) => ({ "no-restricted-imports": ["error", { patterns }] });

/** No clock, no environment, no console: what grammar/ and compiler/ give depends on their arguments alone. */
const pure = {
  "no-restricted-globals": [
    "error",
    ...["process", "console", "performance", "Date", "Buffer", "fetch", "setTimeout", "setInterval"].map((name) => ({
      name,
      message: "What is pure has no effects; they belong to the rest of runtime/.",
    })),
  ],
  "no-restricted-properties": ["error", { object: "Math", property: "random", message: "Use a seeded generator." }],
};

export default defineConfig(
  globalIgnores(["dist/", ".cache/", "node_modules/"]),
  { linterOptions: { noInlineConfig: true } },
  { rules: { "max-lines": ["error", { max: 400 }], "no-empty": "error", eqeqeq: "error" } },
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      "@typescript-eslint/ban-ts-comment": [
        "error",
        { "ts-expect-error": true, "ts-ignore": true, "ts-nocheck": true },
      ],
      "@typescript-eslint/consistent-type-assertions": ["error", { assertionStyle: "never" }],
      "@typescript-eslint/consistent-type-exports": "error",
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-non-null-assertion": "error",
      "@typescript-eslint/no-unnecessary-condition": "error",
      "@typescript-eslint/prefer-readonly": "error",
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: true },
      ],
    },
  },
  {
    files: ["grammar/**/*.ts"],
    rules: { ...pure, ...restrictImports(noNode, noCompiler, noRuntime, intoDiagnostics) },
  },
  // The extension of VS Code is a program of its own, in the editor: it speaks with medctc by the protocol alone.
  {
    files: ["grammar/vscode/**/*.ts"],
    rules: {
      "no-restricted-globals": "off",
      ...restrictImports({ regex: "^\\.\\./", message: "The extension has nothing of medctc in it." }),
    },
  },
  { files: ["compiler/**/*.ts"], rules: { ...pure, ...restrictImports(noNode, noRuntime, intoGrammar) } },
  { files: ["runtime/**/*.ts", "test/**/*.ts"], rules: restrictImports(onnxRuntime) },
  { files: ["runtime/**/*.ts"], rules: restrictImports(intoGrammar, intoCompiler, onnxRuntime) },
  {
    files: ["runtime/{printout,report/picture}/**/*.ts"],
    rules: { ...pure, ...restrictImports(noNode, intoGrammar, intoCompiler, onnxRuntime) },
  },
  { files: ["runtime/backends/onnx/worker.ts"], rules: restrictImports(intoGrammar, intoCompiler) },
);
