import { type Node, type Operation, type Program, rewrite } from "../ir/index.ts";

/** Computes once what is computed twice: the same operation on the same inputs. */
export function eliminateCommonSubexpressions(program: Program): Program {
  const known = new Map<string, Node>();
  /** Numbers of operations that are equal, and of the objects that they are. */
  const numbers = new Map<Operation | string, number>();
  const numberOf = (operation: Operation): number => {
    const text = JSON.stringify(operation);
    const number = numbers.get(text) ?? numbers.size;
    numbers.set(text, number).set(operation, number);
    return number;
  };
  return rewrite(program, (node, inputs, build) => {
    const key = `${numbers.get(node.operation) ?? numberOf(node.operation)} ${inputs.map(({ id }) => id).join(" ")}`;
    const found = known.get(key) ?? build.copy(node, inputs);
    known.set(key, found);
    return found;
  });
}
