#!/usr/bin/env python3
"""Draws what `--example growth -- FILE.json` wrote: growth.py FILE.json OUT.svg"""

import json
import math
import sys

PANELS = [
    ("admit", 1, "admit, p99", "µs"),
    ("admit_placed", 1, "admit among pins, p99", "µs"),
    ("admit_named", 1, "admit with names, p99", "µs"),
    ("refuse", 1, "refuse by count, p99", "µs"),
    ("name", None, "name one afterwards, average", "µs"),
    ("alternatives", 1, "refused with alternatives, p99", "µs"),
    ("replace", 1, "replace a failed node, p99", "µs"),
    ("fork", 1, "fork and first write, p99", "µs"),
    ("memory_pinned", None, "memory", "MiB"),
]
COLOURS = {1_250: "#0072b2", 12_500: "#d55e00", 125_000: "#009e73"}
WIDTH, HEIGHT, LEFT, TOP = 300, 200, 62, 40
LOTS = [0, 1_000, 10_000]


def value(row, key, part):
    found = row.get(key)
    if isinstance(found, list):
        found = found[part]
    return found


def label(number):
    if number >= 1e6:
        return f"{number / 1e6:g} M"
    return f"{number / 1e3:g} k" if number >= 1e3 else f"{number:g}"


def panel(rows, at, key, part, title, unit):
    x0, y0 = LEFT + at % 3 * WIDTH, TOP + at // 3 * HEIGHT
    wide, high = WIDTH - 90, HEIGHT - 70
    points = {}
    for row in rows:
        found = value(row, key, part)
        if found:
            points.setdefault(row["nodes"], []).append((row["wanted_lots"], found))
    every = [found for of in points.values() for _, found in of]
    low = math.floor(math.log10(min(every)))
    high10 = max(math.ceil(math.log10(max(every))), low + 1)

    def x(lots):
        return x0 + wide * LOTS.index(lots) / (len(LOTS) - 1)

    def y(found):
        return y0 + high * (1 - (math.log10(found) - low) / (high10 - low))

    yield f'<text x="{x0}" y="{y0 - 10}" class="title">{title}, {unit}</text>'
    for power in range(low, high10 + 1):
        height = y(10**power)
        yield f'<line x1="{x0}" x2="{x0 + wide}" y1="{height:.1f}" y2="{height:.1f}" class="grid"/>'
        yield f'<text x="{x0 - 6}" y="{height + 4:.1f}" class="left">{label(10.0**power)}</text>'
    for lots in LOTS:
        yield f'<text x="{x(lots):.1f}" y="{y0 + high + 16}" class="mid">{label(lots)}</text>'
    for nodes, of in sorted(points.items()):
        colour = COLOURS[nodes]
        line = " ".join(f"{x(lots):.1f},{y(found):.1f}" for lots, found in of)
        yield f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>'
        for lots, found in of:
            yield f'<circle cx="{x(lots):.1f}" cy="{y(found):.1f}" r="3" fill="{colour}"/>'


def main():
    source, target = sys.argv[1:]
    with open(source, encoding="utf-8") as file:
        rows = json.load(file)
    wide, high = LEFT + 3 * WIDTH, TOP + math.ceil(len(PANELS) / 3) * HEIGHT + 30
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" '
        f'viewBox="0 0 {wide} {high}" font-family="sans-serif" font-size="11">',
        "<title>How the calendar's figures grow with nodes and lots</title>",
        "<style>.title{font-size:13px;font-weight:bold}.grid{stroke:#ddd}"
        ".left{text-anchor:end}.mid{text-anchor:middle}</style>",
        f'<rect width="{wide}" height="{high}" fill="white"/>',
    ]
    for at, (key, part, title, unit) in enumerate(PANELS):
        out += panel(rows, at, key, part, title, unit)
    x = LEFT
    for nodes, colour in COLOURS.items():
        out.append(f'<circle cx="{x}" cy="{high - 20}" r="4" fill="{colour}"/>')
        out.append(f'<text x="{x + 10}" y="{high - 16}">{nodes:,} nodes</text>')
        x += 130
    out.append(f'<text x="{x}" y="{high - 16}">across: lots asked for; logarithmic upwards</text>')
    out.append("</svg>")
    with open(target, "w", encoding="utf-8") as file:
        file.write("\n".join(out) + "\n")


if __name__ == "__main__":
    main()
