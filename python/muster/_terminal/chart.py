"""A small chart of one metric, as SVG in a notebook."""
import html
from typing import Any, Dict, List, Optional, Tuple

WIDTH, HEIGHT, MARGIN = 260, 90, 4
_LINE = ('<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" '
         'aria-label="{label}">{lines}</svg>')


def chart(curve: Dict[str, Any]) -> str:
    """Of one of run.get_metric_curves(); nothing for what is no series of numbers. A NaN or an infinity leaves a gap."""
    pieces = _pieces(curve.get("points") or [])
    known = [point for piece in pieces for point in piece]
    if len(known) < 2:
        return ""
    left, right = min(x for x, _ in known), max(x for x, _ in known)
    least, most = min(y for _, y in known), max(y for _, y in known)

    def place(point: Tuple[float, float]) -> str:
        across = (point[0] - left) / (right - left) if right > left else 0.5
        up = (point[1] - least) / (most - least) if most > least else 0.5
        return "{:.1f},{:.1f}".format(MARGIN + across * (WIDTH - 2 * MARGIN), HEIGHT - MARGIN - up * (HEIGHT - 2 * MARGIN))

    lines = "".join('<polyline fill="none" stroke="currentColor" stroke-width="1.5" points="{}"/>'.format(" ".join(map(place, piece)))
                    for piece in pieces)
    return _LINE.format(width=WIDTH, height=HEIGHT, label=html.escape("{} from {:g} to {:g}".format(curve.get("name"), least, most)),
                        lines=lines)


def _pieces(points: List[Dict[str, Any]]) -> List[List[Tuple[float, float]]]:
    """The stretches of numbers, each point at its step, else at its place in the series."""
    steps = all(point.get("step") is not None for point in points)
    pieces: List[List[Tuple[float, float]]] = [[]]
    for index, point in enumerate(points):
        value = number(point.get("value"))
        if value is None:
            pieces.append([])
        else:
            pieces[-1].append((float(point["step"]) if steps else float(index), value))
    return [piece for piece in pieces if piece]


def number(value: Any) -> Optional[float]:
    """A number that can be drawn."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value or value in (float("inf"), float("-inf")):
        return None
    return float(value)
