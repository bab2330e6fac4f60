/** How the processes of a backend that runs in some of its own are started. */
export interface Launch {
  /** Processes on this machine. */
  readonly processes: number;
  /** How many machines there are, and which of them this one is; the first leads. */
  readonly machines: { readonly count: number; readonly rank: number };
  readonly by: /** By this program, in a Python that is named or found; where the machines meet, such as `host:29500`, if there are several. */
    | { readonly kind: "torchrun"; readonly python: string | null; readonly rendezvous: string | null }
    /** By somebody else; they connect to this socket. */
    | { readonly kind: "attached"; readonly socket: string };
  /** Asked while processes are waited for, which may be long; waiting ends when it is true. */
  readonly isStopped?: () => boolean;
}

/** One process on this machine. */
export const oneProcess: Launch = {
  processes: 1,
  machines: { count: 1, rank: 0 },
  by: { kind: "torchrun", python: null, rendezvous: null },
};

/** The number of processes on all machines. */
export function worldOf({ processes, machines }: Launch): number {
  return processes * machines.count;
}
