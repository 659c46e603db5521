"""Packs every instance of a JSON file with seqpacker; prints the packs as JSON.

    python seqpacker_packs.py INSTANCES.json

In: [{"capacity": C, "lengths": [...]}, ...]. Out: for each instance {strategy: {"ids", "ends"}} with the
ids of all packs in one list and the ends of the packs in it.
"""
import json
import sys

import numpy as np
from seqpacker import Packer

STRATEGIES = ["nf", "ff", "bf", "wf", "hk", "ffd", "bfd", "obfd", "obfdp"]


def packs(instance, strategy):
    packer = Packer(capacity=instance["capacity"], strategy=strategy)
    ids, cuts = packer.pack_flat(np.array(instance["lengths"], dtype=np.int64))
    return {"ids": ids.tolist(), "ends": [*cuts.tolist(), len(ids)]}


with open(sys.argv[1]) as file:
    instances = json.load(file)
json.dump([{s: packs(i, s) for s in STRATEGIES} for i in instances], sys.stdout)
