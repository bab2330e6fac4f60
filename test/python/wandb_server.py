"""A server on this machine that takes what `wandb sync` uploads, as far as it has to be answered to finish."""

import gzip
import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Uploads:
    """What was uploaded of runs, by their ids."""

    def __init__(self):
        self.rows = {}
        self.summaries = {}
        self.files = {}
        self.exit_codes = {}

    def stream(self, run, body):
        files = body.get("files", {})
        if "wandb-history.jsonl" in files:
            rows = self.rows.setdefault(run, [])
            part = files["wandb-history.jsonl"]
            if part["offset"] != len(rows):
                sys.exit(f"{run}: rows from {part['offset']} on come after {len(rows)}")
            rows.extend(json.loads(line) for line in part["content"])
        if "wandb-summary.json" in files:
            self.summaries[run] = json.loads(files["wandb-summary.json"]["content"][0])
        if body.get("complete"):
            self.exit_codes[run] = body["exitcode"]


def answer(body, address, uploads):
    """The answer to a request of GraphQL: that a run is there, and where its files go."""
    query, variables = body["query"], body.get("variables") or {}
    if "UpsertBucket" in query:
        project = {"id": "p", "name": variables["project"], "entity": {"id": "e", "name": "somebody"}}
        bucket = {"id": "r", "name": variables["name"], "displayName": "", "config": "{}", "project": project}
        return {"upsertBucket": {"bucket": {**bucket, "historyLineCount": 0}, "inserted": True}}
    if "CreateRunFiles" in query:
        uploads.files.setdefault(variables["run"], set()).update(variables["files"])
        places = [{"name": name, "uploadUrl": f"{address}/{variables['run']}/{name}"} for name in variables["files"]]
        return {"createRunFiles": {"runID": "r", "uploadHeaders": [], "files": places}}
    return {}


def sync(folders, home):
    """What `wandb sync` uploads of folders of offline runs."""
    uploads = Uploads()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            data = {}
            if self.path == "/graphql":
                data = {"data": answer(json.loads(body), address, uploads)}
            elif self.path.endswith("/file_stream"):
                uploads.stream(self.path.split("/")[-2], json.loads(body))
            content = json.dumps(data).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PUT = do_POST

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    command = [sys.executable, "-m", "wandb", "sync", *map(str, folders)]
    # It writes logs of its own beside the runs.
    kept = {"HOME": home, "WANDB_DIR": home}
    env = {**os.environ, **kept, "WANDB_BASE_URL": address, "WANDB_API_KEY": "0" * 40, "WANDB_MODE": "online"}
    read = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, env=env, check=False)
    server.shutdown()
    told = read.stdout + read.stderr
    if read.returncode != 0 or told.count("Finished syncing") != len(folders):
        sys.exit(f"wandb sync: {told}")
    return uploads
