import { parseJson } from "../../../json/index.ts";
import { failed, ok, type Result } from "../../../text/index.ts";
import { type Fault, fault } from "../../problem.ts";
import { quoted } from "../../quoted.ts";

/** What the `KEY.json` of an example says, by name: everything that is a text, a number, a truth or null, and labels. */
export interface ExampleRecord {
  readonly fields: ReadonlyMap<string, unknown>;
  readonly labels: ReadonlyMap<string, unknown>;
}

const limits = { depth: 16, string: 2 ** 20 } as const;

export const noRecord: ExampleRecord = { fields: new Map(), labels: new Map() };

/** Reads the JSON of an example, whoever wrote it. */
export function parseRecord(text: string): Result<ExampleRecord, Fault> {
  const parsed = parseJson(text, limits);
  if (parsed.kind === "failed") return failed(fault(parsed.problem));
  const fields = entriesOf(parsed.value);
  if (fields === null) return failed(fault("it is not an object"));
  return ok({ fields, labels: entriesOf(fields.get("labels")) ?? new Map() });
}

function entriesOf(value: unknown): ReadonlyMap<string, unknown> | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? new Map(Object.entries(value)) : null;
}

/** A label: 1 or 0, or null where it is not known. */
export function labelIn({ fields, labels }: ExampleRecord, name: string): Result<boolean | null, Fault> {
  const value = labels.has(name) ? labels.get(name) : fields.get(name);
  switch (value) {
    case 1:
    case true:
      return ok(true);
    case 0:
    case false:
      return ok(false);
    case null:
      return ok(null);
    case undefined:
      return failed(fault(`it has no label for ${quoted(name)}`));
    default:
      return failed(fault(`its label for ${quoted(name)} is ${quoted(JSON.stringify(value))}, not 0, 1 or null`));
  }
}
