/** How the download script ends when it does not end well; Python itself ends with 1. */
export const downloadEnds = { otherPip: 3, notFound: 4, wrongHash: 5, interrupted: 6, noPip: 7 } as const;

/**
 * A Python program that downloads one wheel into a file, by the user's own settings of pip: its indexes, credentials,
 * proxies and certificates. It goes on with `<file>.part` where an earlier one stopped, tries again where the connection
 * breaks, and renames the file only when its sha256 is right. pip has no public interface for that, so its own classes
 * are asked for the address and for the connection; where a version of pip has others, it ends with `otherPip` and plain
 * `pip download` does the work.
 *
 * Arguments: name, version, platform, python, sha256, file, seconds to wait before it tries again.
 */
export const downloadScript = String.raw`
import hashlib, os, signal, sys, time
name, version, platform, python, sha256, path, patience = sys.argv[1:]
part = path + ".part"

def end(code, message):
    print(message, file=sys.stderr, flush=True)
    sys.exit(code)

def stop(*_):
    print("\nStopped; what has arrived is kept.", file=sys.stderr, flush=True)
    os._exit(${downloadEnds.interrupted})

signal.signal(signal.SIGINT, stop)
try:
    import pip
except ImportError:
    end(${downloadEnds.noPip}, "python3 has no pip")
try:
    from pip._internal.cli.cmdoptions import make_target_python
    from pip._internal.commands import create_command
    from pip._vendor.requests.exceptions import RequestException
    command = create_command("download")
    options, _ = command.parse_args([
        "--no-deps", "--only-binary=:all:", "--implementation=cp", "--platform=" + platform,
        "--python-version=" + python, "--no-cache-dir", "-d", os.path.dirname(path), name])
    session = command._build_session(options)
    finder = command._build_package_finder(options=options, session=session, target_python=make_target_python(options))
    links = [each.link for each in finder.find_all_candidates(name) if str(each.version) == version]
    pairs = [(link.url_without_fragment, link.hash if link.hash_name == "sha256" else None) for link in links]
except (ImportError, AttributeError, TypeError, AssertionError, SystemExit) as error:
    end(${downloadEnds.otherPip}, f"this pip cannot be asked for the address of a wheel ({error})")

# An index need not tell hashes. Where it tells another one, the file is not worth its bytes.
pairs.sort(key=lambda pair: pair[1] != sha256)
if not pairs:
    end(${downloadEnds.notFound}, f"the package index of pip has no {name} {version} for {platform}")
url, told = pairs[0]
if told not in (None, sha256):
    end(${downloadEnds.wrongHash}, f"the package index of pip has {name} {version} with another sha256: {told}")

begun = time.monotonic()
arrived = 0
shown = None

def show(have, total):
    """One line that changes on a terminal, a line for every tenth elsewhere."""
    global shown
    seconds = max(time.monotonic() - begun, 0.001)
    rate = arrived / seconds
    left = f"{(total - have) / rate:.0f} s left" if rate > 0 else ""
    percent = 100 * have // total
    text = f"{percent:3d} %  {have / 1e6:.0f} of {total / 1e6:.0f} MB  {rate / 1e6:.1f} MB/s  {left}"
    if sys.stderr.isatty():
        key = int(seconds * 5)
        if key != shown or have == total:
            print("\r  " + text.ljust(60), end="\n" if have == total else "", file=sys.stderr, flush=True)
    else:
        key = percent // 10
        if key != shown:
            print("  " + text, file=sys.stderr, flush=True)
    shown = key

def receive():
    """One request for what is missing; true when all is there."""
    global arrived
    have = os.path.getsize(part) if os.path.exists(part) else 0
    headers = {"Accept-Encoding": "identity"}
    if have > 0:
        headers["Range"] = f"bytes={have}-"
    with session.get(url, headers=headers, stream=True) as response:
        if response.status_code == 416:
            return True
        response.raise_for_status()
        if response.status_code != 206:
            have = 0
        total = have + int(response.headers["Content-Length"])
        with open(part, "ab" if have > 0 else "wb") as file:
            for chunk in response.iter_content(1 << 18):
                file.write(chunk)
                have += len(chunk)
                arrived += len(chunk)
                show(have, total)
        return have >= total

failures = 0
while True:
    before = arrived
    try:
        if receive():
            break
        problem = "the connection ended early"
    except (RequestException, OSError) as error:
        problem = str(error) or type(error).__name__
    failures = 0 if arrived > before else failures + 1
    if failures == 4:
        end(${downloadEnds.interrupted}, problem)
    print(f"\n  {problem}; trying again", file=sys.stderr, flush=True)
    time.sleep(float(patience) * 2 ** failures)

digest = hashlib.sha256()
with open(part, "rb") as file:
    for block in iter(lambda: file.read(1 << 20), b""):
        digest.update(block)
if digest.hexdigest() != sha256:
    os.remove(part)
    end(${downloadEnds.wrongHash}, f"its sha256 is {digest.hexdigest()}")
os.replace(part, path)
`;

/** A Python program that takes TensorFlow's libraries and the headers that the addon includes out of a wheel. */
export const unpackScript = `
import sys, zipfile
wheel, target = sys.argv[1], sys.argv[2]
libraries = ("tensorflow/libtensorflow_cc.so.2", "tensorflow/libtensorflow_framework.so.2")
headers = ("tensorflow/c/", "tensorflow/core/platform/", "xla/tsl/", "tsl/")
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        inside = name.removeprefix("tensorflow/include/")
        if ".." not in name and (name in libraries or (inside != name and inside.startswith(headers))):
            archive.extract(name, target)
`;
