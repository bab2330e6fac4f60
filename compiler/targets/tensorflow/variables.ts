import { memoizeDepthFirst, type Node, type Program, type TensorType } from "../../ir/index.ts";
import { roleOf, type ValueRole } from "../../programs/index.ts";
import { type GraphWriter, scopeOf } from "./graph-writer.ts";
import { typeAttribute } from "./graphdef.ts";

/** A value that stays in the session between runs. */
export interface Variable {
  /** The path of the parameter that is kept here, or the name of a value that is computed once. */
  readonly path: string;
  readonly type: TensorType;
  readonly role: ValueRole;
  /** The node that stands for the variable. */
  readonly handle: string;
  /** What gives its value: it is fed, or computed once from what was fed. */
  readonly source: { readonly kind: "fed" } | { readonly kind: "computed"; readonly from: Node };
}

/**
 * The variables that some programs read and write, one for each value and type that is used. A frozen weight that is
 * used only in bf16 is kept only in bf16.
 */
export class Variables {
  readonly all = new Map<string, Variable>();
  private readonly writer: GraphWriter;
  private readonly trainable: ReadonlySet<string>;
  private readonly interned = new Map<string, number>();
  /** The same number for the same computation, in whichever program it stands. */
  private readonly intern = memoizeDepthFirst(
    ({ inputs }: Node) => inputs,
    ({ operation }, numbers: readonly number[]): number => {
      const key = `${JSON.stringify(operation)} ${numbers.join(" ")}`;
      const known = this.interned.get(key) ?? this.interned.size;
      this.interned.set(key, known);
      return known;
    },
  );

  constructor(writer: GraphWriter, trainable: ReadonlySet<string>) {
    this.writer = writer;
    this.trainable = trainable;
  }

  /** The variable that a program reads at a parameter. */
  forParameter(program: Program, path: string, type: TensorType): Variable {
    const computed = program.once.get(path);
    if (computed === undefined) return this.fed(path, type);
    const { operation, inputs } = computed;
    const [source] = inputs;
    if (operation.op === "cast" && source?.operation.op === "parameter") return this.fed(source.operation.path, type);
    const name = `computed:${this.intern(computed)}`;
    return this.declare(name, name, computed.type, "frozen", { kind: "computed", from: computed });
  }

  /** The variable that keeps what is fed at a path, in some type. */
  fed(path: string, type: TensorType): Variable {
    const role = roleOf(path, this.trainable);
    const name = type.dtype === "bf16" ? `${path}:bf16` : path;
    return this.declare(name, path, type, role, { kind: "fed" });
  }

  /** The variable of a value that is computed once, by its name. */
  computed(name: string): Variable {
    const variable = this.all.get(name);
    if (variable === undefined) throw new Error(`${name} is computed once`);
    return variable;
  }

  private declare(key: string, path: string, type: TensorType, role: ValueRole, source: Variable["source"]): Variable {
    const known = this.all.get(key);
    if (known !== undefined) return known;
    const name = `variables/${scopeOf(key)}`;
    const handle = this.writer.named(name, "VarHandleOp", [], {
      dtype: typeAttribute(type.dtype),
      shape: { kind: "shape", shape: type.shape },
      shared_name: { kind: "string", value: name },
      container: { kind: "string", value: "" },
    });
    const variable = { path, type, role, handle, source };
    this.all.set(key, variable);
    return variable;
  }
}
