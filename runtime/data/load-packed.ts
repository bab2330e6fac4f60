import { at } from "../at.ts";
import { failed, ok, type Result } from "../text/index.ts";
import { type ArchiveMember, memberPath, readMember } from "./archive-member.ts";
import { type Fault, fault, problemOf } from "./problem.ts";
import { longestNpyHeader, npyBytes, parseNpyHeader, widened } from "./readers/index.ts";

/**
 * Values of a shape from a NumPy file in an archive, as they were preprocessed before, or what is wrong with them. No more memory is taken
 * than the shape needs, whatever the file says. Throws what the file system says.
 */
export function loadPacked(member: ArchiveMember, shape: readonly number[]): Result<Float32Array<ArrayBuffer>> {
  const read = valuesOf(member, shape);
  return read.kind === "ok" ? read : failed(problemOf(memberPath(member), read.problem));
}

function valuesOf(member: ArchiveMember, shape: readonly number[]): Result<Float32Array<ArrayBuffer>, Fault> {
  if (!/\.npy$/i.test(member.name)) {
    return failed(fault("it is neither a NumPy nor a NIfTI file, which volumes are read from archives as", packHelp));
  }
  const start = new Uint8Array(Math.min(longestNpyHeader, member.bytes));
  if (!readMember(member, start)) return failed(shorter);
  const parsed = parseNpyHeader(start);
  if (parsed.kind === "failed") return parsed;
  const { type, shape: found, headerBytes } = parsed.value;
  if (found.join() !== shape.join()) {
    return failed(fault(`it has ${found.join(" x ")} values, but the model takes ${shape.join(" x ")}`, packHelp));
  }
  const count = shape.reduce((product, size) => product * size, 1);
  const needed = headerBytes + count * npyBytes[type];
  if (member.bytes !== needed) {
    return failed(fault(`it has ${member.bytes} bytes, but ${found.join(" x ")} values have ${needed}`));
  }
  const bytes = new Uint8Array(count * npyBytes[type]);
  if (!readMember(member, bytes, headerBytes)) return failed(shorter);
  const values = type === "f32" ? new Float32Array(bytes.buffer) : widened(new Uint16Array(bytes.buffer));
  for (let index = 0; index < count; index++) {
    if (!Number.isFinite(values[index])) {
      return failed(fault(`value ${index} of ${count} is ${at(values, index)}, which no volume has`));
    }
  }
  return ok(values);
}

const shorter = fault("its archive became shorter while it was read");

const packHelp = "write the shards with `medctc data pack` and the same `data` block";
