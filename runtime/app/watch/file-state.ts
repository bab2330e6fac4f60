import { statSync } from "node:fs";
import { errorCode } from "../../files/index.ts";

/** What tells a file from what it was before: which file it is, when it changed and how long it is, or why it cannot be seen. */
export interface FileState {
  readonly mark: string;
  /** Missing or without content, as it may be in the midst of being saved. */
  readonly isBare: boolean;
}

/** The state of the file at a path, behind all links. */
export function stateOf(path: string): FileState {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
    return { mark: [dev, ino, size, mtimeNs, ctimeNs].join(" "), isBare: size === 0n };
  } catch (error) {
    const code = errorCode(error);
    if (code === null) throw error;
    return { mark: code, isBare: true };
  }
}
