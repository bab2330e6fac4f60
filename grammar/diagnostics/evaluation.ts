import { error } from "./row.ts";

/** E83x: how scores are measured; E84x: which columns of labels they are measured against. */
export const evaluation = {
  "threshold-volumes": error<{ readonly rule: string }>(
    "E830",
    ({ rule }) => `\`${rule}\` needs volumes to choose thresholds on`,
    () => 'add `on = training`, `on = "val_"` for volumes of that name, or `on = evaluated`, which tables mark',
  ),
  "task-without-setting": error<{ readonly task: string; readonly missing: string }>(
    "E831",
    ({ task, missing }) => `\`${task}\` needs \`${missing}\`, which the \`eval\` block does not set`,
  ),
  "duplicate-task": error<{ readonly name: string }>(
    "E832",
    ({ name }) => `two tasks are called \`${name}\``,
    () => 'tell them apart by names, such as `name = "ensemble"`',
  ),
  "other-prompts": error<{ readonly prompt: string }>(
    "E833",
    ({ prompt }) => `"${prompt}" is not one of the prompts of the \`eval\` block, of which \`text\` is computed`,
    () => "add it to `prompts` of the block, which `prompts()` takes",
  ),
  "without-reports": error(
    "E834",
    () => "`retrieval` needs latents of reports, and `text` is computed of `prompts()`",
    () => "let `text` depend on an input from `tokens()`, or remove the task",
  ),
  "unknown-column-class": error<{ readonly name: string }>(
    "E840",
    ({ name }) => `\`${name}\` is not one of the \`classes\``,
    () => 'a column has the scores of classes: `column("NAME", of = ["CLASS"])`',
  ),
  "empty-column": error<{ readonly name: string }>(
    "E841",
    ({ name }) => `the column \`${name}\` has no class`,
    () => 'name the classes whose largest score it has, such as `of = ["Lung nodule"]`',
  ),
  "duplicate-column": error<{ readonly name: string }>(
    "E842",
    ({ name }) => `two columns are called \`${name}\``,
    () => "write one column with the classes of both",
  ),
  "repeated-column-class": error<{ readonly name: string }>(
    "E843",
    ({ name }) => `the column has the class \`${name}\` twice`,
    () => "remove one of the two",
  ),
  "columns-without-classes": error(
    "E844",
    () => "`columns` needs `classes`, which the `eval` block does not set",
    () => "`columns` says how the scores of `classes` are compared with a data set's own labels",
  ),
} as const;
