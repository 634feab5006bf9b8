"""Which paths a pattern means: "train/*.jpg", "**/labels.csv", "train/**", "train". The same rules as in src/base/path_pattern.h."""
import re


def path_matches(pattern: str, path: str) -> bool:
    """`*` and `?` stand for what is in one part of a path, `**` as a whole part for any number of parts, none too. A pattern without any
    of these is the path of a file, or of a folder with all that is below it."""
    if not is_pattern(pattern):
        return path == pattern or path.startswith(pattern + "/")
    parts = path.split("/")
    # reached[i]: the first i parts of the path are matched by the pattern's parts so far.
    reached = [True] + [False] * len(parts)
    for wanted in pattern.split("/"):
        if wanted == "**":
            reached = [any(reached[:i + 1]) for i in range(len(reached))]
        else:
            part = re.compile("".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in wanted) + r"\Z", re.DOTALL)
            reached = [i > 0 and reached[i - 1] and part.match(parts[i - 1]) is not None for i in range(len(reached))]
    return reached[-1]


def is_pattern(path: str) -> bool:
    """Whether anything in it stands for something else."""
    return "*" in path or "?" in path
