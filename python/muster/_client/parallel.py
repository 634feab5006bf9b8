"""Several tasks at once."""
from typing import Callable, List, TypeVar

T = TypeVar("T")


def run_parallel(tasks: List[Callable[[], T]], workers: int) -> List[T]:
    """Runs the tasks on some threads and gives their results in order; the first failure stops those not started and is
    raised."""
    if len(tasks) == 1:
        return [tasks[0]()]
    from concurrent.futures import ThreadPoolExecutor  # Takes a while to load, and jobs that only log do without.
    with ThreadPoolExecutor(max_workers=workers) as pool:
        futures = [pool.submit(task) for task in tasks]
        try:
            return [future.result() for future in futures]
        except BaseException:
            for future in futures:
                future.cancel()
            raise
