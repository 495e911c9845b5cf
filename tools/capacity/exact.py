#!/usr/bin/env python3
"""Judges the calendar's verdicts on small cases with an exact solver (CP-SAT of OR-tools).

    exact.py CASES.jsonl [--show N]

Each line of the file is a case, written by `cargo run -p bareboat-capacity --example exact`:

  nodes    in the order of the fabric: {leaf, spine, domain, from}; a node is there from day
           `from` on
  floor    so many nodes are never sold
  out      taken out of supply: {nodes, from, to}
  pins     lots whose nodes have names: {nodes: [indexes], from, to}, options included
  demands  lots and quotes without names: {kind, nodes: count, from, to, shape}; at_risk where
           the calendar says that the lot cannot be kept
  new      the lot that was asked for
  verdict  accepted, infeasible (refused by count) or fragmented (refused for want of a place)
  at_risk  some lot of the case had lost its place to what was taken out of supply
  late     something was taken out of supply after something was promised, or nodes were named
           after a quote, which gives way to them

`accepted` is right when all can be packed, `infeasible` when they cannot; of `fragmented` it
counts those that the solver would have admitted, every lot without names moving as it likes.
Facts are not refused: a lot or a quote may lose its place to what is taken out of supply late,
and a quote to nodes that are named. Then the new lot must fit beside every lot not at risk.
Exit status 1 when one is wrong.
"""

import argparse
import collections
import itertools
import json
import multiprocessing
import sys

from ortools.sat.python import cp_model


def overlap(a, b):
    return a["from"] < b["to"] and b["from"] < a["to"]


def groups(case, key):
    """Node indexes by leaf or spine group."""
    found = collections.defaultdict(list)
    for index, node in enumerate(case["nodes"]):
        found[node[key]].append(index)
    return list(found.values())


# A shape is a set of limits; each adds its constraint. `has[n]` is whether the demand has node n.


def at_most_groups(key):
    def limit(model, case, has, most):
        used = []
        for members in groups(case, key):
            touched = model.new_bool_var("")
            for node in members:
                model.add_implication(has[node], touched)
            used.append(touched)
        model.add(sum(used) <= most)

    return limit


def at_most_each(key):
    """Spread: no more than so many nodes in one group."""

    def limit(model, case, has, most):
        for members in groups(case, key):
            model.add(sum(has[node] for node in members) <= most)

    return limit


def whole(key):
    """All of a group or none."""

    def limit(model, case, has, wanted):
        for members in groups(case, key) if wanted else []:
            for node in members[1:]:
                model.add(has[node] == has[members[0]])

    return limit


def contiguous(model, case, has, wanted):
    """Neighbours in the order of the fabric."""
    if not wanted:
        return
    begins = []
    before = 0
    for node in has:
        begin = model.new_bool_var("")
        model.add(begin >= node - before)
        begins.append(begin)
        before = node
    model.add(sum(begins) <= 1)


LIMITS = {
    "max_leaves": at_most_groups("leaf"),
    "max_spine_groups": at_most_groups("spine"),
    "max_domains": at_most_groups("domain"),
    "whole_domains": whole("domain"),
    "max_per_domain": at_most_each("domain"),
    "max_per_leaf": at_most_each("leaf"),
    "max_per_spine_group": at_most_each("spine"),
    "whole_leaves": whole("leaf"),
    "contiguous": contiguous,
}


def replacements(case):
    """A node of a pin that is out of supply needs another one for so long."""
    for pin in case["pins"]:
        for out in case["out"]:
            if not overlap(pin, out):
                continue
            for _ in set(pin["nodes"]) & set(out["nodes"]):
                yield {
                    "nodes": 1,
                    "from": max(pin["from"], out["from"]),
                    "to": min(pin["to"], out["to"]),
                    "shape": {},
                }


def joined(case):
    """What is out of supply, each node's overlapping windows as one."""
    days = collections.defaultdict(set)
    for out in case["out"]:
        for node in out["nodes"]:
            days[node].update(range(out["from"], out["to"]))
    for node, of_node in sorted(days.items()):
        run = []
        for day in sorted(of_node) + [None]:
            if run and day != run[-1] + 1:
                yield {"nodes": [node], "from": run[0], "to": run[-1] + 1}
                run = []
            if day is not None:
                run.append(day)


def packs(case, demands, replaced=True):
    """Whether all can be kept: each on the same nodes throughout, no node twice."""
    demands = demands + (list(replacements(case)) if replaced else [])
    model = cp_model.CpModel()
    every = []
    for demand in demands:
        has = []
        for index, node in enumerate(case["nodes"]):
            free = node["from"] <= demand["from"] and not any(
                index in bound["nodes"] and overlap(bound, demand)
                for bound in case["pins"] + case["out"]
            )
            has.append(model.new_bool_var("") if free else model.new_constant(0))
        model.add(sum(has) == demand["nodes"])
        for name, value in demand["shape"].items():
            LIMITS[name](model, case, has, value)
        for other, theirs in every:
            if overlap(demand, other):
                for mine, its in zip(has, theirs):
                    model.add(mine + its <= 1)
        every.append((demand, has))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    status = solver.solve(model)
    if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return True
    if status == cp_model.INFEASIBLE:
        return False
    raise SystemExit(f"case {case['case']}: the solver answers {solver.status_name(status)}")


def judge(line):
    """What the case counts as."""
    case = json.loads(line)
    case["out"] = list(joined(case))
    new, older, verdict = case["new"], case["demands"], case["verdict"]
    # The floor is asked of the new lot's window alone: what is taken out of supply may break it.
    everything = packs(case, older + [new]) and floor_kept(case, older, new)
    if case["at_risk"] and not case["late"]:
        return "WRONG: a promise was lost to another", line
    if verdict == "accepted":
        if everything:
            return "accepted, rightly", line
        # Beside what is at risk it may be; what is not at risk must still be kept.
        kept = [demand for demand in older if demand["kind"] == "lot" and not demand["at_risk"]]
        if case["late"] and packs(case, kept + [new], replaced=False):
            if case["at_risk"] or not packs(case, older):
                return "accepted beside what was broken already, rightly", line
            return "accepted beside a quote that had lost its place, rightly", line
        return "WRONG: accepted, and no packing exists", line
    if verdict == "infeasible":
        if not everything:
            return "infeasible, rightly", line
        return "WRONG: infeasible, and a packing exists", line
    if case["late"] and not packs(case, older):
        return f"{case['code']}, beside what was broken already", line
    of_what = f"{case['code']}, {reason(case)}"
    return of_what + (": a packing exists" if everything else ": no packing exists"), line


def floor_kept(case, older, new):
    """Whether, in the new lot's window, the floor is left beside it and all others."""
    promised = older + [new]
    for day in range(new["from"], new["to"]):
        there = {n for n, node in enumerate(case["nodes"]) if node["from"] <= day}
        for out in case["out"]:
            if out["from"] <= day < out["to"]:
                there -= set(out["nodes"])
        taken = sum(p["nodes"] for p in promised if p["from"] <= day < p["to"])
        taken += sum(len(pin["nodes"]) for pin in case["pins"] if pin["from"] <= day < pin["to"])
        if len(there) - taken < case["floor"]:
            return False
    return True


def reason(case):
    shaped = bool(case["new"]["shape"])
    if any(demand["shape"] for demand in case["demands"]):
        return "shapes promised" + (" and asked" if shaped else "")
    return "a shape asked" if shaped else "no shapes"


def self_check():
    """Every limit against all choices of nodes there are, on six nodes of three leaves."""
    leaves = [0, 0, 0, 1, 1, 2]
    nodes = [{"leaf": leaf, "spine": leaf // 2, "domain": node // 2, "from": 0}
             for node, leaf in enumerate(leaves)]
    by_leaf, by_spine = leaves, [leaf // 2 for leaf in leaves]
    by_domain = [node // 2 for node in range(6)]

    def each(chosen, of):
        return collections.Counter(of[node] for node in chosen)

    def is_whole(chosen, of):
        return all(count == of.count(group) for group, count in each(chosen, of).items())

    plain = {
        "max_leaves": lambda chosen, most: len(each(chosen, by_leaf)) <= most,
        "max_spine_groups": lambda chosen, most: len(each(chosen, by_spine)) <= most,
        "max_per_leaf": lambda chosen, most: max(each(chosen, by_leaf).values()) <= most,
        "max_per_spine_group": lambda chosen, most: max(each(chosen, by_spine).values()) <= most,
        "whole_leaves": lambda chosen, wanted: is_whole(chosen, by_leaf),
        "max_domains": lambda chosen, most: len(each(chosen, by_domain)) <= most,
        "whole_domains": lambda chosen, wanted: is_whole(chosen, by_domain),
        "max_per_domain": lambda chosen, most: max(each(chosen, by_domain).values()) <= most,
        "contiguous": lambda chosen, wanted: chosen[-1] - chosen[0] + 1 == len(chosen),
    }
    assert plain.keys() == LIMITS.keys()
    day = {"from": 0, "to": 1}
    for name, count, value in itertools.product(plain, range(1, 7), (1, 2, 3)):
        for bound in ([], [0], [1, 3], [4], [2, 5]):
            pins = [{**day, "nodes": bound}]
            case = {"case": name, "nodes": nodes, "pins": pins, "out": []}
            demand = {**day, "nodes": count, "shape": {name: value}}
            free = [node for node in range(6) if node not in bound]
            choices = itertools.combinations(free, count)
            expected = any(plain[name](chosen, value) for chosen in choices)
            assert packs(case, [demand]) == expected, (name, count, value, bound)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("cases")
    parser.add_argument("--show", type=int, default=3, help="wrong cases to print")
    options = parser.parse_args()
    self_check()
    with open(options.cases, encoding="utf-8") as file:
        lines = file.readlines()
    with multiprocessing.Pool() as pool:
        judged = pool.map(judge, lines, chunksize=16)
    counts = collections.Counter(what for what, _ in judged)
    for what, count in sorted(counts.items()):
        print(f"{count:7}  {what}")
    refused = [what for what, _ in judged if what.endswith("packing exists") and "WRONG" not in what]
    missed = sum(what.endswith(": a packing exists") for what in refused)
    share = 100 * missed / max(1, len(refused))
    print(f"{len(lines):7}  cases; of {len(refused)} refused for want of a place, an exact solver "
          f"would have admitted {missed}, {share:.1f}%")
    wrong = [line for what, line in judged if what.startswith("WRONG")]
    for line in wrong[: options.show]:
        print(line.strip())
    if not lines or wrong:
        sys.exit(f"{len(wrong)} of {len(lines)} verdicts are wrong")


if __name__ == "__main__":
    main()
