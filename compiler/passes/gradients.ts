import { type Node, neededFor, type Origin, type Program } from "../ir/index.ts";
import { isMeasured, valueNamed } from "../programs/index.ts";

/** The loss that a program gives. */
export function lossOf({ outputs }: Program): Node {
  const loss = outputs.get("loss");
  if (loss === undefined) throw new Error("a program that is trained has a loss");
  return loss;
}

/** What a program computes forward: all that its loss and what is logged beside it depend on. */
export function forwardNodes({ outputs }: Program): readonly Node[] {
  return neededFor([...outputs].flatMap(([name, node]) => (isMeasured(name) ? [node] : [])));
}

/** The gradients that a program gives, by the paths of their parameters. */
export function gradientOutputs({ outputs }: Program): ReadonlyMap<string, Node> {
  return new Map(
    [...outputs].flatMap(([name, node]): readonly (readonly [string, Node])[] => {
      const value = valueNamed(name);
      return value.kind === "gradient" ? [[value.parameter, node]] : [];
    }),
  );
}

/** Where what belongs to no module comes from: the place of the loss, or of any output. */
export function originOf({ outputs }: Program): Origin {
  const [first] = [outputs.get("loss"), ...outputs.values()].flatMap((node) => node ?? []);
  if (first === undefined) throw new Error("a program that is trained has a loss or gradients");
  return { ...first.origin, path: "" };
}
