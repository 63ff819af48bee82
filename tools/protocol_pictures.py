# SPDX-License-Identifier: Apache-2.0
"""Draws the three steps of docs/protocol.md as docs/pictures/protocol-*.svg.

The numbers are those of Wattson's own example: 100 W for a primary and two replicas.
Usage: python3 tools/protocol_pictures.py [FOLDER]
"""
import os
import sys

WIDTH, HEIGHT = 760, 430
NAMES = ("Primary", "Replica 1", "Replica 2")
COLOURS = ("#1f6feb", "#2da44e", "#9a6700")
CENTRES = (135, 380, 625)
NODE_TOP, NODE_W, NODE_H = 296, 216, 118
BAR_W, WATTS_FULL = 184, 70.0
CTRL_X, CTRL_W, CTRL_H = 27, 706, 104
INK, PALE, PAPER = "#1f2328", "#d0d7de", "#ffffff"

# up and down: label lines of the arrow from and to the node; None: no arrow
STEPS = (
    ("readings", "1  Readings: every node reports its cap and what it draws",
     dict(charged=(50, 25, 25), frees=None, caps=(50, 25, 25), draws=(49.9, 12.0, 24.9),
          up=(("report", "hungry at 50 W"), ("report", "needs 13 of 25 W"),
              ("report", "hungry at 25 W")),
          down=(None, None, None))),
    ("decrease", "2  Decrease first: the old cap stays charged until it is acknowledged",
     dict(charged=(50, 25, 25), frees=(1, 10), caps=(50, 15, 25), draws=(49.9, 12.0, 24.9),
          up=(None, ("report", "ack: settled at 15 W"), None),
          down=(None, ("grant", "15 W for 2 s"), None))),
    ("increase", "3  Then give: the freed 10 W go to the primary, before the replica",
     dict(charged=(60, 15, 25), frees=None, caps=(60, 15, 25), draws=(55.0, 12.0, 24.9),
          up=(("report", "ack: settled at 60 W"), None, None),
          down=(("grant", "60 W for 2 s"), None, None))),
)


def text(x, y, body, size=13, anchor="middle", weight="normal", fill=INK):
    return (f'<text x="{x:g}" y="{y:g}" font-size="{size}" text-anchor="{anchor}" '
            f'font-weight="{weight}" fill="{fill}">{body}</text>')


def box(x, y, w, h, fill, stroke="none", radius=0, extra=""):
    return (f'<rect x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}" rx="{radius}" '
            f'fill="{fill}" stroke="{stroke}"{extra}/>')


def watts(w):
    return f"{w:g} W" if w == int(w) else f"{w:.1f} W"


def controller(step):
    out = [box(CTRL_X, 44, CTRL_W, CTRL_H, PAPER, INK, 8),
           text(CTRL_X + 16, 66, "Controller", 15, "start", "bold"),
           text(CTRL_X + CTRL_W - 16, 66, f"charged {sum(step['charged'])} W of 100 W", 13, "end")]
    left, scale = CTRL_X + 16, (CTRL_W - 32) / 100.0
    for i, amount in enumerate(step["charged"]):
        width = amount * scale
        out.append(box(left, 78, width, 34, COLOURS[i], PAPER))
        kept = width
        if step["frees"] and step["frees"][0] == i:
            kept = width - step["frees"][1] * scale
            out.append(box(left + kept, 78, width - kept, 34, "url(#hatch)", COLOURS[i]))
        out.append(text(left + kept / 2, 100, watts(amount if kept == width
                                                     else amount - step["frees"][1]),
                        13, fill=PAPER, weight="bold"))
        out.append(text(left + width / 2, 130, NAMES[i], 12))
        if kept != width:
            out.append(text(left + width - 4, 143, "hatched: 10 W charged until acknowledged", 11,
                            "end"))
        left += width
    return out


def node(i, step):
    x, cap, draw = CENTRES[i] - NODE_W / 2, step["caps"][i], step["draws"][i]
    bar, scale = x + 16, BAR_W / WATTS_FULL
    return [box(x, NODE_TOP, NODE_W, NODE_H, PAPER, INK, 8),
            text(x + 16, NODE_TOP + 24, NAMES[i], 15, "start", "bold"),
            box(bar, NODE_TOP + 38, BAR_W, 22, "#f6f8fa", PALE),
            box(bar, NODE_TOP + 38, draw * scale, 22, COLOURS[i]),
            f'<line x1="{bar + cap * scale:g}" y1="{NODE_TOP + 32}" x2="{bar + cap * scale:g}" '
            f'y2="{NODE_TOP + 66}" stroke="{INK}" stroke-width="3"/>',
            text(bar, NODE_TOP + 86, f"draws {watts(draw)}", 13, "start"),
            text(bar, NODE_TOP + 105, f"cap {watts(cap)}", 13, "start", "bold")]


def arrow(i, lines, up, paired):
    """Between a node and the controller; two arrows stand side by side."""
    x = CENTRES[i] + (0 if not paired else 24 if up else -24)
    start, end = (NODE_TOP - 4, 153) if up else (152, NODE_TOP - 5)
    right = up or not paired
    out = [f'<line x1="{x:g}" y1="{start}" x2="{x:g}" y2="{end}" stroke="{INK}" '
           'stroke-width="1.6" marker-end="url(#head)"/>']
    for k, line in enumerate(lines):
        out.append(text(x + (8 if right else -8), 218 + 16 * k, line, 12,
                        "start" if right else "end", "bold" if k == 0 else "normal"))
    return out


def picture(title, step):
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
           f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="DejaVu Sans, Verdana, sans-serif" '
           'role="img">',
           f'<title>{title}</title>',
           '<defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" '
           f'markerHeight="8" orient="auto"><path d="M0 0 L10 5 L0 10 z" fill="{INK}"/></marker>',
           '<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" '
           f'patternTransform="rotate(45)"><rect width="6" height="6" fill="{PAPER}"/>'
           f'<rect width="2" height="6" fill="{COLOURS[1]}"/></pattern></defs>',
           box(0, 0, WIDTH, HEIGHT, PAPER),
           text(16, 27, title, 16, "start", "bold")]
    out += controller(step)
    for i in range(3):
        out += node(i, step)
        paired = bool(step["up"][i] and step["down"][i])
        if step["up"][i]:
            out += arrow(i, step["up"][i], True, paired)
        if step["down"][i]:
            out += arrow(i, step["down"][i], False, paired)
    return "\n".join(out + ["</svg>", ""])


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(
        os.path.dirname(os.path.abspath(__file__)), "..", "docs", "pictures")
    os.makedirs(folder, exist_ok=True)
    for i, (name, title, step) in enumerate(STEPS):
        path = os.path.join(folder, f"protocol-{i + 1}-{name}.svg")
        with open(path, "w", encoding="utf-8") as f:
            f.write(picture(title, step))


if __name__ == "__main__":
    main()
