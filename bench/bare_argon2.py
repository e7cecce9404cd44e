"""How many Argon2id verifications a second the cores do with nothing around them.

Run: python -m bench.bare_argon2 MEMORY_KIB ITERATIONS THREADS SECONDS
"""

import sys
import threading
import time

from argon2 import PasswordHasher

from bench.people import PASSWORD


def main(memory_kib: int, iterations: int, threads: int, seconds: float) -> float:
    """Verify on so many threads at once; the rate of all."""
    hasher = PasswordHasher(time_cost=iterations, memory_cost=memory_kib, parallelism=1)
    stored = hasher.hash(PASSWORD)
    done: list[int] = []
    began = time.perf_counter()

    def verify() -> None:
        count = 0
        while time.perf_counter() - began < seconds:
            hasher.verify(stored, PASSWORD)
            count += 1
        done.append(count)

    workers = [threading.Thread(target=verify) for _number in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sum(done) / (time.perf_counter() - began)


if __name__ == "__main__":
    print(main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])))
