"""Charts as SVG text for pages: no fonts, no scripts, colours by class so that the page's scheme decides."""

from dataclasses import dataclass
from html import escape

from ciip_irt.plots.chart import Axis, Band, Bars, Chart, Line, Points, ReferenceLine
from ciip_irt.plots.palette import DASHES

__all__ = ["chart_svg", "mark_svg"]

TOP, BOTTOM = 14, 42
CHARACTER = 7.2  # pixels: the width of a character at 12 pixels, on average
LONGEST = 14  # characters of a label: 100 pixels; the whole is in its title


@dataclass(frozen=True, slots=True)
class _Frame:
    """Data units to the drawing's own."""

    x: Axis
    y: Axis
    width: float
    height: float
    left: float
    right: float

    def at_x(self, value: float) -> float:
        share = (value - self.x.low) / (self.x.high - self.x.low)
        return self.left + share * (self.width - self.left - self.right)

    def at_y(self, value: float) -> float:
        share = (value - self.y.low) / (self.y.high - self.y.low)
        return self.height - BOTTOM - share * (self.height - TOP - BOTTOM)


def chart_svg(chart: Chart, width: float = 400, height: float = 270) -> str:
    """The chart as one ``<svg>`` element; every text in it is escaped.

    Marks carry the classes ``t-<tone>`` (colour, see ``palette.tone_css``), ``line``, ``strong``, ``band``,
    ``whisker``, ``dot``, ``bar``, ``reference``.

    >>> from ciip_irt.plots.chart import Axis, Line
    >>> axis = Axis("x", 0, 1, ((0, "0"), (1, "1")))
    >>> text = chart_svg(Chart("A <line>", "It rises.", axis, axis, (Line((0, 1), (0, 1), "key", "B"),)))
    >>> text[:5], "A &lt;line&gt;" in text
    ('<svg ', True)
    >>> '<polyline class="line t-key" points="33.2,228 380.8,14"/>' in text
    True
    """
    labels = [_short(mark.label) for mark in chart.marks if isinstance(mark, Line)]
    right = 12 + CHARACTER * max((len(label) for label in labels), default=0)
    left = 26 + CHARACTER * max((len(text) for _, text in chart.y.ticks), default=0)
    frame = _Frame(chart.x, chart.y, width, height, left, right)
    parts = [
        f'<svg class="chart" viewBox="0 0 {_n(width)} {_n(height)}" role="img" '
        f'aria-label="{escape(f"{chart.title}. {chart.description}")}">',
        _axes(frame),
    ]
    for mark in chart.marks:
        match mark:
            case Band():
                parts.append(_band(frame, mark))
            case ReferenceLine():
                parts.append(_reference(frame, mark))
            case Line():
                parts.append(_line(frame, mark))
            case Points():
                parts.append(_points(frame, mark))
            case Bars():
                parts.append(_bars(frame, mark))
    parts.append("</svg>")
    return "".join(parts)


def mark_svg(mark: Points) -> str:
    """The bare mark, for a legend beside the chart.

    >>> mark_svg(Points((), (), "first", shape="square"))[:55]
    '<svg class="mark" viewBox="0 0 10 10" aria-hidden="true'
    """
    hollow = " hollow" if mark.hollow else ""
    shape = _shape(mark.shape, 5.0, 5.0, "")
    group = f'<g class="points{hollow} t-{mark.tone}">{shape}</g>'
    return f'<svg class="mark" viewBox="0 0 10 10" aria-hidden="true">{group}</svg>'


def _short(label: str) -> str:
    return label if len(label) <= LONGEST else f"{label[: LONGEST - 1]}…"


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _path(frame: _Frame, x: tuple[float, ...], y: tuple[float, ...]) -> str:
    return " ".join(
        f"{_n(frame.at_x(u))},{_n(frame.at_y(min(max(v, frame.y.low), frame.y.high)))}"
        for u, v in zip(x, y, strict=True)
    )


def _axes(frame: _Frame) -> str:
    left, right = _n(frame.left), _n(frame.width - frame.right)
    base = _n(frame.height - BOTTOM)
    parts = ['<g class="axes">']
    for value, text in frame.y.ticks:
        at = _n(frame.at_y(value))
        parts.append(f'<path class="grid" d="M{left} {at}H{right}"/>')
        parts.append(
            f'<text x="{_n(frame.left - 6)}" y="{at}" dy=".35em" text-anchor="end">{escape(text)}</text>'
        )
    parts.append(f'<path class="base" d="M{left} {base}H{right}"/>')
    for value, text in frame.x.ticks:
        at = _n(frame.at_x(value))
        parts.append(f'<path class="base" d="M{at} {base}v4"/>')
        parts.append(
            f'<text x="{at}" y="{_n(frame.height - BOTTOM + 16)}" text-anchor="middle">{escape(text)}</text>'
        )
    middle_x = _n((frame.left + frame.width - frame.right) / 2)
    middle_y = _n((TOP + frame.height - BOTTOM) / 2)
    parts.append(
        f'<text class="label" x="{middle_x}" y="{_n(frame.height - 6)}" text-anchor="middle">'
        f"{escape(frame.x.label)}</text>"
        f'<text class="label" transform="translate(11 {middle_y}) rotate(-90)" text-anchor="middle">'
        f"{escape(frame.y.label)}</text></g>"
    )
    return "".join(parts)


def _band(frame: _Frame, mark: Band) -> str:
    there = _path(frame, mark.x, mark.high)
    back = _path(frame, mark.x[::-1], mark.low[::-1])
    return f'<polygon class="band t-{mark.tone}" points="{there} {back}"/>'


def _reference(frame: _Frame, mark: ReferenceLine) -> str:
    if mark.across == "x":
        at, top = frame.at_x(mark.at), TOP
        line = f"M{_n(at)} {_n(frame.height - BOTTOM)}V{_n(top)}"
        crowded = at > frame.width - frame.right - CHARACTER * len(mark.label)
        anchor, shift = ("end", -4) if crowded else ("start", 4)
        place = f'x="{_n(at + shift)}" y="{_n(top + 8)}" text-anchor="{anchor}"'
    else:
        at = frame.at_y(mark.at)
        line = f"M{_n(frame.left)} {_n(at)}H{_n(frame.width - frame.right)}"
        place = f'x="{_n(frame.width - frame.right)}" y="{_n(at - 4)}" text-anchor="end"'
    text = f"<text {place}>{escape(mark.label)}</text>" if mark.label else ""
    return f'<g class="reference"><path d="{line}"/>{text}</g>'


def _line(frame: _Frame, mark: Line) -> str:
    strong = " strong" if mark.strong else ""
    pattern = ",".join(map(_n, DASHES[mark.dash % len(DASHES)]))
    dash = f' stroke-dasharray="{pattern}"' if pattern else ""
    parts = [f'<polyline class="line{strong} t-{mark.tone}"{dash} points="{_path(frame, mark.x, mark.y)}"/>']
    if mark.dots:
        radius = 3.2 if mark.strong else 2
        for u, v in zip(mark.x, mark.y, strict=True):
            centre = f'cx="{_n(frame.at_x(u))}" cy="{_n(frame.at_y(v))}"'
            parts.append(f'<circle class="dot t-{mark.tone}" {centre} r="{radius}"/>')
    if mark.label:
        height = mark.y[-1] if mark.label_y is None else mark.label_y
        full = f"<title>{escape(mark.label)}</title>" if len(mark.label) > LONGEST else ""
        parts.append(
            f'<text class="name{strong} t-{mark.tone}" x="{_n(frame.at_x(mark.x[-1]) + 7)}" '
            f'y="{_n(frame.at_y(height))}" dy=".35em">{escape(_short(mark.label))}{full}</text>'
        )
    return "".join(parts)


def _points(frame: _Frame, mark: Points) -> str:
    hollow = " hollow" if mark.hollow else ""
    parts = [f'<g class="points{hollow} t-{mark.tone}">']
    if mark.low:
        whiskers = "".join(
            f"M{_n(frame.at_x(u))} {_n(frame.at_y(a))}V{_n(frame.at_y(b))}"
            for u, a, b in zip(mark.x, mark.low, mark.high, strict=True)
        )
        parts.append(f'<path class="whisker" d="{whiskers}"/>')
    for k, (u, v) in enumerate(zip(mark.x, mark.y, strict=True)):
        title = f"<title>{escape(mark.names[k])}</title>" if mark.names else ""
        shape = _shape(mark.shape, frame.at_x(u), frame.at_y(v), title)
        if mark.links and mark.links[k]:
            shape = f'<a href="{escape(mark.links[k])}">{shape}</a>'
        parts.append(shape)
    return "".join(parts) + "</g>"


def _shape(shape: str, x: float, y: float, title: str) -> str:
    if shape == "square":
        return f'<rect class="dot" x="{_n(x - 3)}" y="{_n(y - 3)}" width="6" height="6">{title}</rect>'
    if shape == "triangle":
        path = f"M{_n(x)} {_n(y - 4.2)}l4 7h-8z"
        return f'<path class="dot" d="{path}">{title}</path>'
    return f'<circle class="dot" cx="{_n(x)}" cy="{_n(y)}" r="3">{title}</circle>'


def _bars(frame: _Frame, mark: Bars) -> str:
    base = frame.at_y(max(frame.y.low, 0.0))
    half = mark.width / 2
    parts = [f'<g class="bars t-{mark.tone}">']
    for u, v in zip(mark.x, mark.y, strict=True):
        left, right = max(frame.at_x(u - half), frame.left), frame.at_x(u + half)
        top = frame.at_y(v)
        parts.append(
            f'<rect class="bar" x="{left:.2f}" y="{_n(top)}" width="{max(right - left - 0.4, 0.3):.2f}" '
            f'height="{_n(base - top)}"/>'
        )
    return "".join(parts) + "</g>"
