"""Draws the curves of benches/growth.py as SVG. Every curve is relative to its first point, which has the value 1."""

LEFT, TOP, BOTTOM, RIGHT = 50, 30, 30, 420
LINE_HEIGHT = 22


class Plot:
    """Coordinates of a plot whose horizontal axis is the number of doublings and whose vertical axis is the ratio."""

    def __init__(self, lines):
        self.width, self.height = 860, 60 + LINE_HEIGHT * max(8, len(lines))
        self.ratio_max = max([1.5, *(ratio for line in lines for ratio in line)])
        self.steps = max([2, *(len(line) for line in lines)])

    def x(self, step):
        return f"{LEFT + (self.width - LEFT - RIGHT) * step / (self.steps - 1):.1f}"

    def y(self, ratio):
        return f"{self.height - BOTTOM - (self.height - BOTTOM - TOP) * ratio / self.ratio_max:.1f}"

    def grid(self):
        for ratio in (half / 2 for half in range(int(self.ratio_max * 2) + 1)):
            y = self.y(ratio)
            yield (f'<path d="M {LEFT} {y} H {self.width - RIGHT}" stroke="#ddd"/>'
                   f'<text x="{LEFT - 8}" y="{y}" text-anchor="end">{ratio}</text>')
        for step in range(self.steps):
            label = f"{1 << step}N" if step else "N"
            yield f'<text x="{self.x(step)}" y="{self.height - 10}" text-anchor="middle">{label}</text>'

    def curve(self, line, colour):
        points = " ".join(f"{self.x(step)},{self.y(ratio)}" for step, ratio in enumerate(line))
        return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>'

    def legend(self, index, text, colour):
        y = TOP + 12 + LINE_HEIGHT * index
        return f'<text x="{self.width - RIGHT + 12}" y="{y}" fill="{colour}">{text}</text>'


def relative(points):
    costs = list(points.values())
    return [cost / costs[0] for cost in costs]


def svg(curves):
    """Yields the lines of the drawing. Curves with an unknown cost are left out."""
    curves = [curve for curve in curves if all(curve["points"].values())]
    lines = [relative(curve["points"]) for curve in curves]
    plot = Plot(lines)
    yield (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {plot.width} {plot.height}" width="{plot.width}" '
           'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="white"/>')
    yield f'<text x="{LEFT}" y="18">cost relative to the cost at N</text>'
    yield from plot.grid()
    for index, (curve, line) in enumerate(zip(curves, lines)):
        colour = f"hsl({index * 360 // len(curves)}, 65%, 42%)"
        yield plot.curve(line, colour)
        yield plot.legend(index, f'{curve["broker"]}, {curve["case"]}: {curve["figure"]}', colour)
    yield "</svg>"
