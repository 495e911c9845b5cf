#!/usr/bin/env python3
"""The same requests to Slurm's `scontrol create reservation` and to our server, side by side.

    slurm.py --bareboat BINARY --requests REQUESTS.csv [--nodes 1250,12500] [--json FILE]

The requests are those of `admit -- stream`; for a pool of fewer than 12,500 nodes they are made
smaller in proportion. Slurm (from Debian: slurmctld, slurm-client, munge) runs with the
configuration beside this script. Ours is a book with a pool as large, every node received; each
request is a draft with its end use declared, made beforehand, and what is timed is the quote
(`POST /v1/contracts/{contract}/quotes`): authorisation, the determination that the client may have
it, the calendar's decision, and the commit on disk. It holds the capacity from then on. Then all that
is quoted is signed, and the server is asked what is reserved.

scontrol is a process of its own for each request: `scontrol ping` says what of it is that, and a
hundred contracts are signed through our command line.
"""

import argparse
import csv
import datetime
import http.client
import json
import math
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
LARGEST = 12500


def requests(path, nodes):
    scale = nodes / LARGEST
    with open(path, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield {
                "start": int(row["start_minutes"]) // 1440,
                "days": int(row["duration_minutes"]) // 1440,
                "nodes": max(1, math.ceil(int(row["nodes"]) * scale)),
            }


def first_day():
    """Day 0 of the requests: both refuse what is past."""
    return datetime.date.today() + datetime.timedelta(days=30)


def bound(asked, nodes):
    """What counting alone would accept."""
    held = [0] * 6 * 366
    accepted = 0
    for one in asked:
        days = range(one["start"], one["start"] + one["days"])
        if all(held[day] + one["nodes"] <= nodes for day in days):
            accepted += one["nodes"] * one["days"]
            for day in days:
                held[day] += one["nodes"]
    return accepted


def timed(step):
    begun = time.perf_counter()
    answer = step()
    return (time.perf_counter() - begun) * 1e3, answer


class Slurm:
    def __init__(self, folder, nodes):
        self.folder = folder
        for name in ("munge", "state", "log", "spool"):
            (folder / name).mkdir(parents=True)
        (folder / "munge").chmod(0o755)
        key = folder / "munge" / "key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o600)
        text = (HERE / "slurm.conf").read_text(encoding="utf-8")
        text = text.replace("@STATE@", str(folder)).replace("@HOST@", socket.gethostname())
        conf = folder / "slurm.conf"
        conf.write_text(text.replace("@LAST@", f"{nodes - 1:05}"), encoding="utf-8")
        self.env = dict(os.environ, SLURM_CONF=str(conf), TZ="UTC")
        munge = folder / "munge"
        self.daemons = [
            subprocess.Popen(
                ["munged", "--foreground", "--force", f"--key-file={key}",
                 f"--socket={munge}/munge.sock", f"--pid-file={munge}/munged.pid",
                 f"--log-file={munge}/munged.log", f"--seed-file={munge}/seed"],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL),
        ]
        time.sleep(1)
        self.daemons.append(
            subprocess.Popen(["slurmctld", "-D", "-f", str(conf)], env=self.env,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        for _ in range(100):
            if "UP" in self.scontrol("ping").stdout:
                return
            time.sleep(0.3)
        raise SystemExit(f"slurmctld does not answer; see {folder}/log/ctl.log")

    def scontrol(self, *words):
        return subprocess.run(["scontrol", *words], env=self.env, capture_output=True, text=True)

    def pings(self):
        return [timed(lambda: self.scontrol("ping"))[0] for _ in range(100)]

    def ask(self, one):
        start = first_day() + datetime.timedelta(days=one["start"])
        done = self.scontrol(
            "create", "reservation", f"StartTime={start}T00:00:00",
            f"Duration={one['days']}-00:00:00", f"NodeCnt={one['nodes']}", "Users=root",
            "PartitionName=all")
        created = re.search(r"Reservation created: (\S+)", done.stdout)
        one["name"] = created.group(1) if created else None
        return done.returncode == 0 and created is not None

    def given(self):
        shown = self.scontrol("-o", "show", "reservation").stdout
        found = re.findall(r"ReservationName=(\S+) .* NodeCnt=(\d+) ", shown)
        return {name: int(count) for name, count in found}

    def stop(self):
        for daemon in reversed(self.daemons):
            daemon.terminate()
            daemon.wait()


class Bareboat:
    """Our server, with a book of its own; the steps are those of the README."""

    def __init__(self, binary, folder, nodes):
        folder.mkdir()
        self.binary, self.folder, self.nodes = binary, folder, nodes
        self.book = folder / "book"
        made = self.cli("init", "--operator", "Compare Ltd", key=None)
        self.key = self.find_key(made)
        for line in self.setup():
            self.cli(*line)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.server = subprocess.Popen(
            [binary, "serve", "--book", self.book, "--listen", f"127.0.0.1:{self.port}"],
            stdout=subprocess.DEVNULL, stderr=open(folder / "server.log", "wb"))
        for _ in range(200):
            try:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port)
                self.connection.connect()
                break
            except OSError:
                time.sleep(0.1)
        self.connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.turn = 0

    @staticmethod
    def find_key(made):
        found = re.search(r'"(?:key|secret)"\s*:\s*"([^"]+)"', made)
        if not found:
            raise SystemExit(f"bareboat init printed no key: {made}")
        return found.group(1)

    def cli(self, *words, key=True, at=None):
        env = {name: value for name, value in os.environ.items() if "BAREBOAT" not in name}
        if key:
            env["BAREBOAT_KEY"] = self.key
        done = subprocess.run(
            [self.binary, "--json", *(at or ("--book", self.book)), *words], cwd=ROOT, env=env,
            capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"bareboat {' '.join(map(str, words))}: {done.stderr}")
        return done.stdout

    def setup(self):
        today = str(datetime.date.today())
        for role in ("planner", "compliance", "site_operator", "finance"):
            yield "grant", "create", "PR-0001", "--role", role
        yield ("model register B200 --vendor NVIDIA --gpus-per-node 8 --memory-gb 192 "
               "--tdp-watts 1000 --tpp 36000 --performance-density-centi 2200 --dram-gbps 8000 "
               "--eccn 3A090.a --nvlink-domain-gpus 8").split()
        yield ("site register FRA --name Frankfurt --country DE --zone Etc/UTC "
               "--power-kw 400000 --pue-milli 1200").split()
        yield "hall add H1 --site FRA".split()
        yield ("order place PO-1 --supplier Vendor --model B200 --site FRA --placed-on".split()
               + [today, "--price", "8000000.00 USD", "--tranche", f"{self.nodes}:{today}"])
        file = self.folder / "nodes.csv"
        with open(file, "w", encoding="utf-8") as out:
            out.write("serial,hall,rack,leaf,spine_group,nvlink_domain,bmc,gpus\n")
            for node in range(self.nodes):
                leaf = node // 32
                bmc = f"10.{node >> 16}.{node >> 8 & 255}.{node & 255}"
                out.write(f"S-{node:05},H1,R{node // 4:05},{leaf},{leaf // 16},,{bmc},\n")
        yield "tranche", "receive", "TR-0001", "--from", str(file), "--received-on", today
        for regime in ("us-ear", "us-ofac"):
            yield "rulebook", "adopt", regime
        lists = {
            "EL": "BIS 2026-07-09 jsonl bis_entity_list.jsonl",
            "MEU": "BIS 2026-07-09 jsonl bis_meu.jsonl",
            "DPL": "BIS 2026-04-14 jsonl bis_dpl.jsonl",
            "UVL": "BIS 2025-06-01 csl csl_sample.csv",
            "SDN": "OFAC 2022-01-31 ofac-sdn ofac_sdn.csv ofac_alt.csv ofac_add.csv",
        }
        for name, told in lists.items():
            publisher, published, form, *files = told.split()
            files = [word for file in files for word in ("--file", f"data/lists/{file}")]
            yield ("list", "import", name, "--source", "data/lists/README.md", "--publisher",
                   publisher, "--published-on", published, "--format", form, *files)
        party = ("--headquarters", "DE", "--domicile", "DE", "--no-parent", "extract",
                 "--not-held-by-listed", "extract", "--source", "extract")
        yield "party", "register", "A Partner GmbH", *party
        yield "party", "register", "A Client AG", *party
        yield "screening", "run", "--all"
        yield ("entity register HQ --name Compare --country DE --functional-currency EUR").split()
        yield ("organisation create PARTNER --name Partner --kind partner --party P-0001").split()
        yield "project create TRAINING --organisation ORG-0002".split()

    def post(self, path, body):
        self.turn += 1
        head = {
            "authorization": f"Bearer {self.key}", "content-type": "application/json",
            "idempotency-key": f"compare-{self.turn}",
        }
        self.connection.request("POST", path, json.dumps(body), head)
        answer = self.connection.getresponse()
        return answer.status, answer.read()

    def must(self, path, body):
        status, answer = self.post(path, body)
        if status >= 300:
            raise SystemExit(f"POST {path}: {status} {answer.decode()}")
        return json.loads(answer)

    def prepare(self, asked):
        for number, one in enumerate(asked):
            start = first_day() + datetime.timedelta(days=one["start"])
            end = start + datetime.timedelta(days=one["days"])
            draft = self.must("/v1/contracts", {
                "reference": f"R-{number}", "entity": "LE-0001", "partner": "P-0001",
                "client": "P-0002", "organisation": "ORG-0002", "project": "PRJ-0001",
                "currency": "EUR", "billing_zone": "Etc/UTC", "take_or_pay": "100",
                "treatment": "lease",
                "lots": [{"model": "B200", "site": "FRA", "gpus": one["nodes"] * 8,
                          "window": {"from": str(start), "to": str(end)}}],
                "price": {"total": "1700000.00 EUR"},
                "regulatory_termination": {"notice_days": 30, "refund_unearned": True},
            })
            one["contract"] = draft["contract"]["id"] if "contract" in draft else draft["id"]
            self.must(f"/v1/contracts/{one['contract']}/use", {
                "purpose": "training", "wmd": False, "military_intelligence": False,
                "training_for_d5_party": False, "diversion": False,
                "ear_activity": "in-country-transfer",
                "declared_on": str(datetime.date.today()), "source": "statement",
            })

    def ask(self, one):
        until = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=20)
        body = {"expires_at": until.strftime("%Y-%m-%dT%H:%M:%SZ")}
        status, answer = self.post(f"/v1/contracts/{one['contract']}/quotes", body)
        if status >= 300 and b"capacity." not in answer:
            raise SystemExit(f"a quote: {status} {answer.decode()}")
        return status < 300

    def sign(self, one):
        """Takes what the quote holds: the contract binds, and its lot is reserved."""
        body = {"signed_on": str(datetime.date.today())}
        self.must(f"/v1/contracts/{one['contract']}/sign", body)

    def sign_by_process(self, one):
        """The same through the command line: a process for each, as scontrol is."""
        self.cli("contract", "sign", one["contract"], "--on", str(datetime.date.today()),
                 at=("--server", f"http://127.0.0.1:{self.port}"))

    def given(self, one):
        """What is reserved for it, as the server says afterwards."""
        head = {"authorization": f"Bearer {self.key}"}
        self.connection.request("GET", f"/v1/lots?contract={one['contract']}", headers=head)
        answer = json.loads(self.connection.getresponse().read())
        return sum(lot["nodes"] for lot in answer["items"] if lot["reservation"])

    def stop(self):
        self.server.terminate()
        self.server.wait()


def percentile(of, share):
    of = sorted(of)
    return of[max(0, math.ceil(len(of) * share) - 1)] if of else None


def run(ask, asked):
    took = {True: [], False: []}
    sold = []
    for one in asked:
        milliseconds, accepted = timed(lambda: ask(one))
        took[accepted].append(milliseconds)
        if accepted:
            sold.append(one)
    return took, sold


def summary(name, nodes, took, sold, short, most):
    row = {"nodes": nodes, "system": name, "accepted": len(sold), "short": short}
    for kind, of in (("accept", took[True]), ("refuse", took[False])):
        row[kind] = [percentile(of, 0.5), percentile(of, 0.99)]
    given = sum(one.get("given", one["nodes"]) * one["days"] for one in sold)
    row["node_days"] = given
    row["of_bound"] = given / most
    return row


def compare(binary, file, nodes, folder):
    asked = list(requests(file, nodes))
    most = bound(asked, nodes)
    rows = []
    slurm = Slurm(folder / f"slurm-{nodes}", nodes)
    try:
        print(f"{nodes} nodes: Slurm", file=sys.stderr)
        pings = slurm.pings()
        took, sold = run(slurm.ask, asked)
        given = slurm.given()
        for one in sold:
            one["given"] = given.get(one["name"], 0)
        short = sum(one["given"] < one["nodes"] for one in sold)
        rows.append(summary("Slurm", nodes, took, sold, short, most))
        rows[-1]["ping"] = [percentile(pings, 0.5), percentile(pings, 0.99)]
    finally:
        slurm.stop()
    asked = list(requests(file, nodes))
    print(f"{nodes} nodes: our book", file=sys.stderr)
    ours = Bareboat(binary, folder / f"bareboat-{nodes}", nodes)
    try:
        ours.prepare(asked)
        took, sold = run(ours.ask, asked)
        by_process = [timed(lambda: ours.sign_by_process(one))[0] for one in sold[:100]]
        signed = [timed(lambda: ours.sign(one))[0] for one in sold[100:]]
        for one in sold:
            one["given"] = ours.given(one)
        short = sum(one["given"] < one["nodes"] for one in sold)
        rows.append(summary("Bareboat", nodes, took, sold, short, most))
        rows[-1]["sign"] = [percentile(signed, 0.5), percentile(signed, 0.99)]
        rows[-1]["process"] = [percentile(by_process, 0.5), percentile(by_process, 0.99)]
    finally:
        ours.stop()
    return rows


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bareboat", required=True, type=pathlib.Path)
    parser.add_argument("--requests", required=True, type=pathlib.Path)
    parser.add_argument("--nodes", default="1250,12500")
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    for program in ("slurmctld", "scontrol", "munged"):
        if not shutil.which(program):
            raise SystemExit(f"no {program}: apt-get install slurmctld slurm-client munge")
    rows = []
    with tempfile.TemporaryDirectory(prefix="compare-") as folder:
        os.chmod(folder, 0o755)
        for nodes in map(int, options.nodes.split(",")):
            rows += compare(options.bareboat.resolve(), options.requests, nodes,
                            pathlib.Path(folder))

    def pair(of):
        return "" if not of or of[0] is None else f"{of[0]:.1f} / {of[1]:.1f}"

    print("| nodes | | accept, ms | refuse, ms | accepted | node-days, of the count alone | short |")
    print("|---|---|---|---|---|---|---|")
    for row in rows:
        print(f"| {row['nodes']} | {row['system']} | {pair(row['accept'])} | {pair(row['refuse'])} "
              f"| {row['accepted']} | {100 * row['of_bound']:.1f}% | {row['short']} |")
    print()
    for row in rows:
        for key, what in (("ping", "`scontrol ping`"), ("sign", "signing what is quoted"),
                          ("process", "the same through `bareboat contract sign`")):
            if key in row:
                print(f"{what} at {row['nodes']} nodes: {pair(row[key])} ms")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
