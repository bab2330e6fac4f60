/**
 * Data flows down these lists, and imports point up them: between folders, and by each folder's index.ts alone. `ir` and `ops`
 * are one step: what an operation is, and the graph of operations. Another part of the house is one more list.
 */
const compiler = [
  ["load"],
  ["ir", "ops"],
  ["elaborate"],
  ["select"],
  ["settings"],
  ["plan"],
  ["programs"],
  ["passes"],
  ["targets"],
  ["analyses"],
  ["editor"],
];

const runtime = [
  ["text"],
  ["printout"],
  ["json"],
  ["files"],
  ["machine"],
  ["local-server"],
  ["specs"],
  ["weights"],
  ["adapters"],
  ["data"],
  ["backends"],
  ["evaluate"],
  ["train"],
  ["report"],
  ["play"],
  ["sweep"],
  ["bench"],
  ["card"],
  ["serve"],
  ["trackers"],
  ["app", "language-server"],
  ["api", "cli"],
];

/** Inside data: what makes tokens of texts, what reads files, what is made of volumes, how that changes at random, where data sets have what, and what is written of them. */
const data = [["tokenizers"], ["readers"], ["transforms"], ["augment"], ["layouts"], ["pack"]];

/** Files that run in a browser, in folders whose index.ts needs Node. */
const forBrowsers = ["^runtime/data/spec-contract\\.ts$", "^runtime/machine/version\\.ts$"];

/** A rule for each step: it knows nothing of the steps after it. */
function inOrder(room, steps) {
  return steps.slice(0, -1).map((step, index) => ({
    name: `${room}-${step.join("-")}-in-order`,
    comment: `${step.join(" and ")} knows nothing of what comes after it`,
    severity: "error",
    from: { path: `^${room}/(${step.join("|")})/` },
    to: {
      path: `^${room}/(${steps
        .slice(index + 1)
        .flat()
        .join("|")})/`,
    },
  }));
}

export default {
  forbidden: [
    {
      name: "no-cycles",
      comment: "files that need each other are one subject, or one of them knows too much",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    ...inOrder("compiler", compiler),
    ...inOrder("runtime", runtime),
    ...inOrder("runtime/data", data),
    {
      name: "compiler-by-index",
      comment: "a folder's index.ts is its whole surface; add there what is missing",
      severity: "error",
      from: { path: "^compiler/([^/]+)/", pathNot: "^compiler/(ops|targets|analyses)/" },
      to: { path: "^compiler/[^/]+/", pathNot: ["^compiler/$1/", "/index\\.ts$"] },
    },
    {
      name: "compiler-parts-by-index",
      comment:
        "the same for targets and analyses, each of which is a folder of its own; target.ts is what a target has to be",
      severity: "error",
      from: { path: "^compiler/(targets|analyses)/([^/]+)/" },
      to: { path: "^compiler/[^/]+/", pathNot: ["^compiler/$1/$2/", "/index\\.ts$", "^compiler/targets/target\\.ts$"] },
    },
    {
      name: "phases-by-index",
      comment: "compile.ts and the compiler's own index.ts see no more of a folder than the others",
      severity: "error",
      from: { path: "^compiler/[^/]+\\.ts$" },
      to: { path: "^compiler/[^/]+/", pathNot: "/index\\.ts$" },
    },
    {
      name: "runtime-by-index",
      comment:
        "the same for the runtime's folders; names.ts is what the command line has to know before anything is loaded",
      severity: "error",
      from: { path: "^runtime/([^/]+)/" },
      to: {
        path: "^runtime/[^/]+/",
        pathNot: ["^runtime/$1/", "/index\\.ts$", "^runtime/app/", "^runtime/backends/names\\.ts$", ...forBrowsers],
      },
    },
    {
      name: "page-apart",
      comment: "the page runs in a browser: of runtime/ it takes what needs no Node, and nothing of what serves it",
      severity: "error",
      from: { path: "^runtime/play/page/" },
      to: {
        path: "^runtime/",
        pathNot: ["^runtime/play/page/", "^runtime/(text|printout|report/picture)/index\\.ts$", ...forBrowsers],
      },
    },
    {
      name: "page-alone",
      comment: "nothing but its own bundle has the page's code",
      severity: "error",
      from: { pathNot: "^runtime/play/page/" },
      to: { path: "^runtime/play/page/" },
    },
    {
      name: "data-parts-by-index",
      comment: "the same for the folders of data",
      severity: "error",
      from: { path: "^runtime/data/([^/]+)" },
      to: { path: "^runtime/data/[^/]+/", pathNot: ["^runtime/data/$1/", "/index\\.ts$"] },
    },
    {
      name: "grammar-by-index",
      comment: "grammar/index.ts is all that others see of grammar/",
      severity: "error",
      from: { pathNot: "^grammar/" },
      to: { path: "^grammar/", pathNot: "^grammar/index\\.ts$" },
    },
    {
      name: "grammar-alone",
      comment: "text <-> syntax tree, and nothing else",
      severity: "error",
      from: { path: "^grammar/" },
      to: { path: "^(compiler|runtime)/" },
    },
    {
      name: "extension-alone",
      comment: "the extension of VS Code is bundled by itself, and speaks with medctc by the Language Server Protocol",
      severity: "error",
      from: { path: "^grammar/vscode/" },
      to: { path: "^(grammar|compiler|runtime)/", pathNot: "^grammar/vscode/" },
    },
    {
      name: "highlighting-for-editors",
      comment: "what editors colour by is made of the grammar's tables; medctc itself needs none of it",
      severity: "error",
      from: { pathNot: "^grammar/highlighting/" },
      to: { path: "^grammar/highlighting/" },
    },
  ],
  options: {
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    exclude: { path: "node_modules" },
  },
};
