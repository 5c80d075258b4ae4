"""Workload W1 in plain Python: one loop over a heap of tuples."""

import heapq
import json
import random
import sys
import time
from collections import deque

TASKS = int(sys.argv[1])
OUTAGE, SERVICE, ROOM, ATTEMPTS = 30.0, 0.001, 2000, 10
LONGEST = [min(60.0, 2.0 ** (attempt - 1)) for attempt in range(1, ATTEMPTS + 1)]


def run(tasks):
    events = [(0.0, task, task) for task in range(1, tasks + 1)]
    number = tasks
    failures = bytearray(tasks + 1)
    waiting = deque()
    attempts = succeeded = dead = 0
    while events:
        now, _, task = heapq.heappop(events)
        if task == 0:
            waiting.popleft()
            succeeded += 1
            if waiting:
                number += 1
                heapq.heappush(events, (now + SERVICE, number, 0))
            continue
        attempts += 1
        if now >= OUTAGE and len(waiting) < ROOM:
            waiting.append(task)
            if len(waiting) == 1:
                number += 1
                heapq.heappush(events, (now + SERVICE, number, 0))
            continue
        failed = failures[task] = failures[task] + 1
        if failed == ATTEMPTS:
            dead += 1
        else:
            number += 1
            heapq.heappush(events, (now + random.random() * LONGEST[failed - 1], number, task))
    return attempts, succeeded, dead


random.seed(1)
began = time.perf_counter()
attempts, succeeded, dead = run(TASKS)
seconds = time.perf_counter() - began
print(json.dumps({"tasks": TASKS, "events": attempts + succeeded, "attempts": attempts, "succeeded": succeeded, "dead": dead, "bestSeconds": seconds, "medianSeconds": seconds}))
