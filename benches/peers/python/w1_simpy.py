"""Workload W1 in SimPy, as its manual teaches: a process for each task, a resource as the server."""

import json
import random
import sys
import time

import simpy

TASKS = int(sys.argv[1])
OUTAGE, SERVICE, ROOM, ATTEMPTS = 30.0, 0.001, 2000, 10
counts = {"attempts": 0, "succeeded": 0, "dead": 0}


def task(env, server):
    for attempt in range(1, ATTEMPTS + 1):
        counts["attempts"] += 1
        if env.now >= OUTAGE and server.count + len(server.queue) < ROOM:
            with server.request() as turn:
                yield turn
                yield env.timeout(SERVICE)
            counts["succeeded"] += 1
            return
        if attempt < ATTEMPTS:
            yield env.timeout(random.uniform(0, min(60.0, 2.0 ** (attempt - 1))))
    counts["dead"] += 1


random.seed(1)
began = time.perf_counter()
env = simpy.Environment()
server = simpy.Resource(env, 1)
for _ in range(TASKS):
    env.process(task(env, server))
env.run()
seconds = time.perf_counter() - began
events = counts["attempts"] + counts["succeeded"]
print(json.dumps({"tasks": TASKS, "events": events, **counts, "bestSeconds": seconds, "medianSeconds": seconds}))
