"""Runs a document's blocks in one namespace, as a notebook's cells: `run_blocks.py DOCUMENT PRELUDE`.

The prelude gives the names that the document leaves to its reader. After each block the run that it submitted, if any, is waited for.
The last line is JSON: the runs' ids, and the block that failed, if one did.
"""

import json
import pathlib
import sys
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from documents import Document  # noqa: E402


def main(document, prelude):
    names = {"__name__": "__main__"}
    exec(compile(pathlib.Path(prelude).read_text(), prelude, "exec"), names)
    runs, failed = [], None
    for block, line in Document(pathlib.Path(document)).blocks:
        try:
            # The lines before it are left blank, so that a traceback names the document's own.
            exec(compile("\n" * (line - 1) + block, document, "exec"), names)
            run = names.get("run")
            if run is not None and run.id not in runs:
                runs.append(run.id)
                run.wait_for_completion(raise_on_error=False)
        except BaseException:
            traceback.print_exc()
            failed = {"line": line, "block": block}
            break
    print(json.dumps({"runs": runs, "failed": failed}))


main(*sys.argv[1:])
