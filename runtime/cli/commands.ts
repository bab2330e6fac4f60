import type { DefineCommand } from "./command.ts";

/** A command as the help lists it. Its file is loaded when it is the one that is asked for. */
export interface ListedCommand {
  /** One word, or a group and one word. */
  readonly words: readonly [string] | readonly [string, string];
  readonly summary: string;
  readonly load: () => Promise<{ readonly define: DefineCommand }>;
  /** For a command that the program starts for itself. */
  readonly isHidden?: boolean;
}

/** Words under which several commands stand, and that are none themselves. */
export const groups: ReadonlyMap<string, string> = new Map([
  ["data", "check, show, pack or generate data sets"],
  ["weights", "inspect files of weights: safetensors, checkpoints of torch.save, sharded models"],
  ["adapter", "merge, combine, compare and read adapters: medctc's own, and PEFT's folders"],
  ["backend", "install execution backends"],
]);

/** All commands, in the order of the help. */
export const commands: readonly ListedCommand[] = [
  {
    words: ["models"],
    summary: "list the models that come with medctc: what they are, their parameters and sources",
    load: () => import("./models.ts"),
  },
  {
    words: ["init"],
    summary: "write a spec to start from: a variant of a model, with comments",
    load: () => import("./init.ts"),
  },
  {
    words: ["check"],
    summary: "report mistakes in specs and their imports",
    load: () => import("./check.ts"),
  },
  { words: ["fmt"], summary: "format specs", load: () => import("./format.ts") },
  {
    words: ["expand"],
    summary: "print the whole of a variant as one spec that amends no other",
    load: () => import("./expand.ts"),
  },
  {
    words: ["compile"],
    summary: "print a summary of a spec and check its expectations",
    load: () => import("./compile.ts"),
  },
  {
    words: ["watch"],
    summary: "compile a spec at each save of its files, and print what changed",
    load: () => import("./watch.ts"),
  },
  {
    words: ["graph"],
    summary: "draw a model: encoders, layers, adapters, and how values flow to the loss",
    load: () => import("./graph.ts"),
  },
  {
    words: ["params"],
    summary: "list every parameter: names, shape, whether it is trained, and the rule that decides",
    load: () => import("./params.ts"),
  },
  { words: ["explain"], summary: "list what a selector matches, and why", load: () => import("./explain.ts") },
  {
    words: ["place"],
    summary: "find placements of adapters that meet a budget of trainable parameters, the simplest first",
    load: () => import("./place.ts"),
  },
  {
    words: ["diff"],
    summary: "compare the meaning of two specs: adapters, trained parameters, counts, costs, settings",
    load: () => import("./diff.ts"),
  },
  {
    words: ["golden"],
    summary: "keep the plans of specs beside them, and report what drifted",
    load: () => import("./golden.ts"),
  },
  { words: ["train"], summary: "train a spec's adapters on volumes with reports", load: () => import("./train.ts") },
  {
    words: ["eval"],
    summary: "measure what a spec's `eval` block asks for: classification, retrieval, probes",
    load: () => import("./eval.ts"),
  },
  {
    words: ["compare"],
    summary: "compare two evaluations of the same volumes: differences, intervals, p",
    load: () => import("./compare.ts"),
  },
  {
    words: ["serve"],
    summary: "show trainings as they go, and side by side, in a browser on this machine",
    load: () => import("./serve.ts"),
  },
  {
    words: ["sweep"],
    summary: "train many placements of adapters, or other settings, and compare them in one table and page",
    load: () => import("./sweep.ts"),
  },
  {
    words: ["sweep", "collect"],
    summary: "gather the results of a sweep's runs, wherever they ran, and list what is missing",
    load: () => import("./sweep-collect.ts"),
  },
  {
    words: ["track"],
    summary: "write runs and sweeps into the folders of MLflow or Weights & Biases",
    load: () => import("./track.ts"),
  },
  {
    words: ["export"],
    summary: "write ONNX models, the weights alone, or adapters for PEFT",
    load: () => import("./export.ts"),
  },
  { words: ["run"], summary: "run one program of a spec once, on given tensors", load: () => import("./run.ts") },
  {
    words: ["bench"],
    summary: "measure one run of a program, beside the machine's rate of matrix products",
    load: () => import("./bench.ts"),
  },
  {
    words: ["data", "check"],
    summary: "report the problems of a data set, file by file, and count its contents",
    load: () => import("./data-check.ts"),
  },
  {
    words: ["data", "pack"],
    summary: "preprocess a data set into WebDataset shards, to train on without reading its files again",
    load: () => import("./data-pack.ts"),
  },
  {
    words: ["data", "show"],
    summary: "draw the middle slices of a volume, as the network sees them",
    load: () => import("./data-show.ts"),
  },
  {
    words: ["data", "synth"],
    summary: "generate a small data set in CT-RATE's layout to try a spec on: synthetic chests, no patient data",
    load: () => import("./data-synth.ts"),
  },
  {
    words: ["weights", "inspect"],
    summary: "list the tensors of a file; the format is detected, and no code in the file is executed",
    load: () => import("./weights-inspect.ts"),
  },
  {
    words: ["weights", "check"],
    summary: "compare a file with a spec's weights: found, missing, misshapen",
    load: () => import("./weights-check.ts"),
  },
  {
    words: ["adapter", "merge"],
    summary: "fold adapters into the adapted weights, and write all weights of the model",
    load: () => import("./adapter-merge.ts"),
  },
  {
    words: ["adapter", "combine"],
    summary: "make one adapter of several, by their weighted sum, TIES, DARE or magnitude pruning",
    load: () => import("./adapter-combine.ts"),
  },
  {
    words: ["adapter", "start"],
    summary: "compute first values of LoRA from training data, as EVA has them",
    load: () => import("./adapter-start.ts"),
  },
  {
    words: ["adapter", "svd"],
    summary: "show what rank each update really has, and truncate updates to another one",
    load: () => import("./adapter-svd.ts"),
  },
  {
    words: ["adapter", "prune"],
    summary: "leave out of an adapter what carries little: elements, ranks, modules",
    load: () => import("./adapter-prune.ts"),
  },
  {
    words: ["adapter", "diff"],
    summary: "compare two adapters by their updates to each weight; ranks may differ",
    load: () => import("./adapter-diff.ts"),
  },
  {
    words: ["adapter", "spec"],
    summary: "print the placements of a PEFT adapter",
    load: () => import("./adapter-spec.ts"),
  },
  {
    words: ["backend", "install"],
    summary: "install native TensorFlow, or PyTorch, into medctc's cache folder, once; needs python3 with pip",
    load: () => import("./backend-install.ts"),
  },
  {
    words: ["lsp"],
    summary: "answer an editor over standard input and output, by the Language Server Protocol",
    load: () => import("./lsp.ts"),
  },
  {
    words: ["play"],
    summary: "write specs in a browser, with counts, picture and placements beside them, on this machine alone",
    load: () => import("./play.ts"),
  },
  {
    words: ["doctor"],
    summary: "report what is installed, what is missing, and how to fix it",
    load: () => import("./doctor.ts"),
  },
  {
    words: ["measure"],
    summary: "the process that `medctc bench` starts",
    load: () => import("./measure.ts"),
    isHidden: true,
  },
];
