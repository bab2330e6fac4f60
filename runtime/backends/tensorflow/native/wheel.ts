import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { writeAtomically } from "../../../files/index.ts";
import { runCommand, SetupError } from "../../install/index.ts";
import { repair } from "./inspect.ts";
import type { Wheel } from "./versions.ts";
import { downloadEnds, downloadScript, unpackScript } from "./wheel-scripts.ts";

/** How a download behaves besides what it downloads. */
export interface DownloadManner {
  /** How long it waits before it tries a broken connection again; twice as long each time. */
  readonly patienceSeconds: number;
  /** Whether its progress, and what went wrong, go to standard error. */
  readonly shows: boolean;
}

const needsPip = "python3 with pip is needed (Debian: apt-get install python3-pip), and a package index that has it";

/**
 * Downloads a wheel into a folder and gives its path; one that is there already is taken as it is. What an interrupted
 * download left is gone on with. Throws a SetupError when the wheel cannot be had or has another sha256.
 */
export function fetchWheel(
  wheel: Wheel,
  folder: string,
  say: (line: string) => void,
  { patienceSeconds, shows }: DownloadManner = { patienceSeconds: 1, shows: true },
): string {
  const path = join(folder, "wheel", "tensorflow.whl");
  if (existsSync(path)) return path;
  mkdirSync(join(folder, "wheel"), { recursive: true });
  const named = `${wheel.name} ${wheel.version}`;
  const begun = statSync(`${path}.part`, { throwIfNoEntry: false })?.size ?? 0;
  const goesOn = begun === 0 ? "once" : `resuming after ${(begun / 1e6).toFixed(0)} MB`;
  say(`Downloading ${named} (${(wheel.bytes / 1e6).toFixed(0)} MB, ${goesOn}) ...`);
  const { name, version, platform, python, sha256 } = wheel;
  const { status, error } = spawnSync(
    "python3",
    ["-c", downloadScript, name, version, platform, python, sha256, path, String(patienceSeconds)],
    { stdio: ["ignore", "ignore", shows ? "inherit" : "ignore"] },
  );
  if (error !== undefined) throw new SetupError(`${named} was not downloaded: python3 could not be started`, needsPip);
  switch (status) {
    case 0:
      return path;
    case downloadEnds.otherPip:
      say("It is downloaded by pip itself, from its start.");
      downloadByPip(wheel, path, folder);
      return path;
    case downloadEnds.wrongHash:
      throw new SetupError(
        `what was downloaded as ${named} is not what this version of medctc was made with; it was removed`,
        `run ${repair} again; if that happens again, look at the package index that pip uses: pip config list`,
      );
    case downloadEnds.interrupted:
      throw new SetupError(
        `the download of ${named} was interrupted; what has arrived is kept`,
        `run ${repair} again; it resumes from there`,
      );
    default:
      throw new SetupError(`${named} could not be downloaded; the reason is above`, needsPip);
  }
}

/** For a pip that the script does not know: as its users call it, which begins at the start each time. */
function downloadByPip({ name, version, platform, python, sha256 }: Wheel, path: string, folder: string): void {
  const requirements = join(folder, "requirements.txt");
  const target = join(folder, "wheel", "pip");
  writeAtomically(requirements, `${name}==${version} --hash=sha256:${sha256}\n`);
  const options = ["--no-deps", "--require-hashes", "--only-binary=:all:", "--implementation=cp"];
  const kind = [`--platform=${platform}`, `--python-version=${python}`, "-d", target, "-r", requirements];
  runCommand("python3", ["-m", "pip", "download", "--disable-pip-version-check", ...options, ...kind], {
    problem: `${name} ${version} could not be downloaded`,
    help: needsPip,
  });
  const [found] = readdirSync(target);
  if (found === undefined) throw new SetupError(`pip left no wheel in ${target}`, `run ${repair} again`);
  renameSync(join(target, found), path);
  rmSync(requirements);
}

/** Unpacks the libraries and headers of a wheel into a folder, which is whole when it is there. */
export function unpackWheel(wheel: string, target: string): void {
  const part = `${target}.part`;
  for (const left of [part, target]) rmSync(left, { recursive: true, force: true });
  runCommand("python3", ["-c", unpackScript, wheel, part], {
    problem: `${wheel} could not be unpacked`,
    help: `look at the disk, remove the file if it is damaged, and run ${repair} again`,
  });
  renameSync(part, target);
}
