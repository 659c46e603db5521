"""Sources as a checker holds an output against them: the sequences, and what the policies make of them."""
import glob
import os

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from faults import need
from rows import IGNORE, piece_labels


class Source:
    """Sequences of the source and the pieces that must stand in packs."""

    def __init__(self, path, columns, capacity, overlong='error', empty='error', alignment=1, eos=None):
        files = sorted(glob.glob(os.path.join(path, '*.parquet'))) if os.path.isdir(path) else [path]
        names = pq.read_schema(files[0]).names
        columns = {k: v for k, v in columns.items() if v in names}
        table = pa.concat_tables(pq.read_table(f, columns=list(dict.fromkeys(columns.values()))) for f in files)
        def lists(key, type_):
            if key not in columns:
                return None
            return [np.array([] if v is None else v, type_) for v in table[columns[key]].to_pylist()]
        self.tokens, self.labels, self.mask = lists('tokens', np.int64), lists('labels', np.int64), lists('loss_mask', np.float32)
        if eos is not None:
            for s, t in enumerate(self.tokens):
                if len(t) and t[-1] != eos:
                    self.tokens[s] = np.append(t, eos)
                    if self.mask is not None:
                        self.mask[s] = np.append(self.mask[s], self.mask[s][-1])
                    if self.labels is not None:
                        self.labels[s] = np.append(self.labels[s], eos if self.labels[s][-1] != IGNORE else IGNORE)
        usable = capacity // alignment * alignment if capacity else None
        self.pieces, self.dropped = [], []
        for s, t in enumerate(self.tokens):
            n = len(t)
            if n == 0:
                need(empty == 'drop', f'source sequence {s} is empty; say --empty drop')
                self.dropped.append(s)
            elif usable is None or n <= usable:
                self.pieces.append((s, 0, n))
            elif overlong == 'split':
                self.pieces += [(s, a, min(usable, n - a)) for a in range(0, n, usable)]
            elif overlong == 'truncate':
                self.pieces.append((s, 0, usable))
            else:
                need(overlong == 'drop', f'source sequence {s} has {n} tokens for capacity {capacity}; say --overlong drop, truncate or split')
                self.dropped.append(s)
        self.weighted = 'loss_mask' in columns and pa.types.is_floating(table[columns['loss_mask']].type.value_type)
        self.carried = {c: table[c].to_pylist() for c in table.column_names if c in columns.values()}

    def expected(self, piece):
        s, start, n = piece
        cut = slice(start, start + n)
        label, weight = piece_labels(self.tokens[s][cut], None if self.labels is None else self.labels[s][cut], None if self.mask is None else self.mask[s][cut])
        return self.tokens[s][cut], label, weight
