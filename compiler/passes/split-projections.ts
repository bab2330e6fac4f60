import { type Builder, type Node, type Operation, type Program, rewrite } from "../ir/index.ts";
import { traitsOf } from "../ops/index.ts";
import { consumersOf } from "./consumers.ts";

/**
 * A projection whose result is only ever cut into parts becomes a projection for each part: the parts are of the weight,
 * which is small, instead of the result, which has a row for each token. Keys and values of one weight, and the values
 * and gates of a gated feed-forward part, are written like that.
 */
export function splitProjections(program: Program): Program {
  const usersOf = consumersOf(program);
  return rewrite(program, ({ operation, inputs: [old] }, [whole], build) => {
    if (operation.op !== "slice" || old === undefined || whole === undefined) return null;
    const isOnlyCut = usersOf(old).every((user) => cutsLastAxis(user.operation, old));
    if (!isOnlyCut || !cutsLastAxis(operation, old)) return null;
    return partOf(old, whole, operation, (node) => usersOf(node).length === 1, build);
  });
}

/** Some columns of a value, made from columns of weights; null where the value is made in another way. */
function partOf(
  old: Node,
  made: Node,
  columns: { readonly from: number; readonly to: number },
  hasOneUser: (old: Node) => boolean,
  build: Builder,
): Node | null {
  const { from, to } = columns;
  const { operation, type } = made;
  if (operation.op === "matmul") {
    const [a, b] = made.inputs;
    if (a === undefined || b?.type.shape.length !== 2) return null;
    return build.add(operation, a, build.add({ op: "slice", axis: operation.transposeB ? 0 : 1, from, to }, b));
  }
  if (!traitsOf(operation).isElementwise) return null;
  const terms = made.inputs.map((term, index) => {
    const width = term.type.shape.at(-1) ?? 1;
    if (width === 1) return term;
    if (term.type.shape.length === 1) return build.add({ op: "slice", axis: 0, from, to }, term);
    const oldTerm = old.inputs[index];
    const isOwn = oldTerm !== undefined && hasOneUser(oldTerm) && width === type.shape.at(-1);
    return isOwn ? partOf(oldTerm, term, columns, hasOneUser, build) : null;
  });
  const parts = terms.filter((term) => term !== null);
  return parts.length < terms.length ? null : build.add(operation, ...parts);
}

function cutsLastAxis(operation: Operation, { type }: Node): boolean {
  return operation.op === "slice" && (operation.axis === -1 || operation.axis === type.shape.length - 1);
}
