"""Opens a packed data set with the trainers' own readers and proves it against the source.

    python check_dataset.py DIR --format trl --source source.parquet [--capacity 2048]

Proves: every source token stands in exactly one pack, in order within its sequence; no pack is over capacity; positions
restart; labels, masks, loss masks and boundaries are what docs/formats.md says; column types are exact. Prints one line
("OK ..." or "FAULT ...", naming the first offending row) and exits 0 or 1 (2: bad arguments, 3: a reader is missing).
"""
import argparse
import glob
import json
import os
import sys
from collections import defaultdict

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from readers_of_trainers import Missing, hf_dataset, llamafactory_seqlens, load_prepared, mds_rows, megatron_indexed
from rows import IGNORE, piece_labels

I32, I64, I8, F32 = pa.int32(), pa.int64(), pa.int8(), pa.float32()
# Columns of every tabular format: name -> element type; the ones marked with '?' may be absent.
PLAIN = {'input_ids': I32, 'seq_lengths': I32, 'sequence_ids': I64, 'labels?': I32, 'position_ids?': I32, 'attention_mask?': I32,
         'loss_mask?': I8, 'loss_weights?': F32, 'piece_starts?': I64, 'token_counts?': I32}
COLUMNS = {
    'parquet': PLAIN, 'arrow': PLAIN, 'mds': PLAIN, 'npy': PLAIN, 'safetensors': PLAIN,
    'hf': {'input_ids': I32, 'labels': I32, 'position_ids': I32, 'seq_lengths': I32, 'loss_weights?': F32, 'sequence_ids?': I64, 'piece_starts?': I64, 'token_counts?': I32},
    'trl': {'input_ids': I32, 'labels': I32, 'seq_lengths': I32},
    'llamafactory': {'input_ids': I32, 'attention_mask': I32, 'position_ids': I32, 'labels': I32},
    'nemo': {'input_ids': I32, 'loss_mask': I8, 'seq_start_id': I32, 'sequence_ids?': I64, 'piece_starts?': I64, 'token_counts?': I32},
    'megatron': {},
}
CLOSED = {'trl', 'llamafactory'}      # a further column breaks the trainer's collator or is meaningless to it
PADDED = {'hf': 0, 'llamafactory': 1, 'megatron': 0, 'safetensors': 0}      # width of a row = capacity + this
FORMATS = [*COLUMNS, 'seqpack']


class Fault(Exception):
    pass


def need(condition, message):
    if not condition:
        raise Fault(message)


# ---------------------------------------------------------------- readers: one dict of columns per row

def check_types(schema, format_, carry=()):
    wanted = COLUMNS[format_]
    for key, element in wanted.items():
        name = key.rstrip('?')
        if name not in schema.names:
            need(key.endswith('?'), f'column {name} is missing; found {schema.names}')
            continue
        type_ = schema.field(name).type
        need(pa.types.is_list(type_) and type_.value_type == element, f'column {name} is {type_}, not list<{element}>')
    known = {k.rstrip('?') for k in wanted} | set(carry)
    extra = [n for n in schema.names if n not in known]
    need(format_ not in CLOSED or not extra, f'columns {extra} do not belong to format {format_}')


def table_rows(batches):
    for batch in batches:
        columns = {}
        for name, column in zip(batch.schema.names, batch.columns):
            need(column.null_count == 0, f'column {name} has a null row')
            if pa.types.is_list(column.type) and pa.types.is_primitive(column.type.value_type):
                need(column.flatten().null_count == 0, f'column {name} has a null element')
                columns[name] = (column.offsets.to_numpy(), column.values.to_numpy(zero_copy_only=False))
            else:
                columns[name] = column.to_pylist()
        for i in range(batch.num_rows):
            yield {k: v[1][v[0][i]:v[0][i + 1]] if isinstance(v, tuple) else v[i] for k, v in columns.items()}


def read_parquet(folder, format_, carry, pattern='*.parquet'):
    files = sorted(glob.glob(os.path.join(folder, pattern)))
    need(files, f'no {pattern} in {folder}')
    rows = [pq.read_metadata(f).num_rows for f in files]
    need(all(rows) or len(files) == 1, f'{os.path.basename(files[rows.index(0)] if 0 in rows else files[0])} has no rows; datasets.load_dataset fails on such a shard')
    if format_ == 'parquet' and all(rows):          # the reader that users call
        need(len(hf_dataset(files)) == sum(rows), 'datasets.load_dataset sees another number of rows')
    for path in files:
        file = pq.ParquetFile(path)
        check_types(file.schema_arrow, format_, carry)
        for group in range(file.num_row_groups):
            rows = file.metadata.row_group(group).num_rows
            need(format_ != 'nemo' or rows <= 500, f'row group {group} of {os.path.basename(path)} has {rows} rows; the NeMo reader holds a whole group, so 500 at most')
        yield from table_rows(file.iter_batches(batch_size=1000))


def read_arrow(folder, format_, carry):
    files = sorted(glob.glob(os.path.join(folder, '*.arrow')))
    need(files, f'no *.arrow in {folder}')
    for path in files:
        with pa.memory_map(path) as source:
            reader = pa.ipc.open_file(source)
            check_types(reader.schema, format_, carry)
            yield from table_rows(reader.get_batch(i) for i in range(reader.num_record_batches))


def read_hf(folder, format_, carry):
    dataset = hf_dataset(folder)
    if format_ == 'llamafactory':
        need(isinstance(dataset, dict) and 'train' in dataset, 'LLaMA-Factory wants a DatasetDict with a split named train')
        dataset = dataset['train']
    need(not isinstance(dataset, dict), 'a DatasetDict where a single Dataset was expected')
    check_types(dataset.data.schema, format_, carry)
    for name, feature in dataset.features.items():
        need('Sequence' in str(feature) or 'List' in str(feature), f'feature {name} is {feature}')
    for path in glob.glob(os.path.join(folder, '**', 'dataset_info.json'), recursive=True):
        need('"List"' not in open(path).read(), f'{os.path.basename(path)} says _type List, which datasets < 4 cannot read; write Sequence')
    yield from table_rows(dataset.data.to_batches())


def read_mds(folder, format_, carry):
    rows, encodings = mds_rows(folder)
    names = {'ndarray:int32': I32, 'ndarray:int64': I64, 'ndarray:int8': I8, 'ndarray:float32': F32}
    check_types(pa.schema([(n, pa.list_(names.get(e, pa.null()))) for n, e in encodings.items()]), format_, carry)
    yield from rows


def flat_rows(columns, offsets_name='pack_offsets'):
    """The layout of npy: flat columns, cu_seqlens over them, pack_offsets over the pieces."""
    for name in ('input_ids', 'cu_seqlens', offsets_name, 'sequence_ids'):
        need(name in columns, f'{name} is missing')
    cu, packs = columns['cu_seqlens'], columns[offsets_name]
    for name, v in (('cu_seqlens', cu), (offsets_name, packs)):
        need(len(v) and v[0] == 0 and (np.diff(v) >= 0).all(), f'{name} must start with 0 and never fall')
    need(packs[-1] == len(cu) - 1, f'{offsets_name} ends with {packs[-1]}, but there are {len(cu) - 1} pieces')
    need(cu[-1] == len(columns['input_ids']), f'cu_seqlens ends with {cu[-1]}, but there are {len(columns["input_ids"])} tokens')
    need(len(columns['sequence_ids']) == len(cu) - 1, 'sequence_ids and cu_seqlens disagree')
    for p in range(len(packs) - 1):
        a, b = packs[p], packs[p + 1]
        row = {'seq_lengths': np.diff(cu[a:b + 1])}
        for name, v in columns.items():
            if name in ('sequence_ids', 'piece_starts', 'token_counts'):
                row[name] = v[a:b]
            elif name not in ('cu_seqlens', offsets_name):
                need(len(v) == cu[-1], f'{name} has {len(v)} entries for {cu[-1]} tokens')
                row[name] = v[cu[a]:cu[b]]
        yield row


NPY = {'input_ids': '<i4', 'labels': '<i4', 'position_ids': '<i4', 'attention_mask': '<i4', 'loss_mask': '|i1', 'loss_weights': '<f4',
       'cu_seqlens': '<i8', 'pack_offsets': '<i8', 'sequence_ids': '<i8', 'piece_starts': '<i8', 'token_counts': '<i4'}


def read_npy(folder, format_, carry):
    columns = {}
    for path in glob.glob(os.path.join(folder, '*.npy')):
        name = os.path.basename(path)[:-4]
        if name in NPY:
            columns[name] = np.load(path, mmap_mode='r')
            need(columns[name].dtype.str == NPY[name] and columns[name].ndim == 1, f'{name}.npy is {columns[name].dtype.str} {columns[name].shape}, not {NPY[name]} and flat')
    yield from flat_rows(columns)


def read_safetensors(folder, format_, carry):
    from safetensors.numpy import load_file
    files = sorted(glob.glob(os.path.join(folder, '*.safetensors')))
    need(files, f'no *.safetensors in {folder}')
    for path in files:
        t = load_file(path)
        for name in ('input_ids', 'labels', 'position_ids', 'attention_mask'):
            need(name in t and t[name].dtype == np.int32 and t[name].ndim == 2, f'{name} must be an I32 tensor [packs, capacity]')
        for name, type_ in (('cu_seqlens', np.int32), ('pack_offsets', np.int32), ('sequence_ids', np.int64)):
            need(name in t and t[name].dtype == type_ and t[name].ndim == 1, f'{name} must be a flat tensor of {type_.__name__}')
        cu, packs = t['cu_seqlens'], t['pack_offsets']
        need(len(packs) == len(t['input_ids']) + 1 and packs[-1] == len(cu) - 1 == len(t['sequence_ids']), 'pack_offsets, cu_seqlens and sequence_ids disagree')
        for p in range(len(packs) - 1):
            a, b = packs[p], packs[p + 1]
            yield {'seq_lengths': np.diff(cu[a:b + 1]), **{n: t[n][p] for n in ('input_ids', 'labels', 'position_ids', 'attention_mask')},
                   **{n: t[n][p] for n in ('loss_weights',) if n in t}, **{n: t[n][a:b] for n in ('sequence_ids', 'piece_starts', 'token_counts') if n in t}}


def read_megatron(folder, format_, carry):
    prefixes = sorted(p[:-4] for p in glob.glob(os.path.join(folder, '*.idx')))
    need(prefixes, f'no *.idx in {folder}')
    for prefix in prefixes:
        data = megatron_indexed(prefix)
        need(data.dtype in (np.int32, np.uint16), f'tokens are {data.dtype}')
        need(np.array_equal(data.document_indices, np.arange(len(data) + 1)), 'each pack must be one sequence and one document')
        side = {n: np.load(f'{prefix}.{n}.npy') for n in ('cu_seqlens', 'pack_offsets', 'sequence_ids', 'piece_starts') if os.path.exists(f'{prefix}.{n}.npy')}
        need('cu_seqlens' in side and 'pack_offsets' in side, f'{os.path.basename(prefix)}.cu_seqlens.npy and .pack_offsets.npy say where sequences begin')
        need(len(side['pack_offsets']) == len(data) + 1, f'pack_offsets knows {len(side["pack_offsets"]) - 1} packs, the index {len(data)}')
        for p in range(len(data)):
            a, b = side['pack_offsets'][p], side['pack_offsets'][p + 1]
            yield {'input_ids': np.asarray(data[p]), 'seq_lengths': np.diff(side['cu_seqlens'][a:b + 1]), **{n: side[n][a:b] for n in ('sequence_ids', 'piece_starts') if n in side}}


READERS = {'parquet': read_parquet, 'arrow': read_arrow, 'hf': read_hf, 'trl': read_hf, 'llamafactory': read_hf, 'mds': read_mds,
           'npy': read_npy, 'safetensors': read_safetensors, 'megatron': read_megatron,
           'nemo': lambda folder, format_, carry: read_parquet(folder, format_, carry, '*.idx.parquet')}


# ---------------------------------------------------------------- the source

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


# ---------------------------------------------------------------- the proof

def starts_of(lengths):
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def normalise(row, format_, r):
    """Adds seq_lengths where a format says boundaries in another way."""
    if format_ == 'llamafactory':
        mask = np.asarray(row['attention_mask'])
        row['seq_lengths'] = llamafactory_seqlens(mask)
        segments = np.repeat(np.arange(1, len(row['seq_lengths']) + 1), row['seq_lengths'])
        need(np.array_equal(mask[:len(segments)], segments) and not mask[len(segments):].any(), f'row {r}: attention_mask is not 1..k in order, then 0')
    elif format_ == 'nemo':
        start = np.asarray(row['seq_start_id'])
        need(len(start) and start[0] == 0 and (np.diff(start) > 0).all() and start[-1] < len(row['input_ids']), f'row {r}: seq_start_id {start[:6].tolist()} must start with 0 and rise below {len(row["input_ids"])}')
        row['seq_lengths'] = np.diff(np.append(start, len(row['input_ids'])))
    return row


def check_rows(rows, source, format_, capacity, pad=None, eos=None, alignment=1, carry=()):
    by_place, by_content = {}, defaultdict(list)
    for piece in source.pieces:
        by_place[piece[:2]] = piece
        by_content[source.tokens[piece[0]][piece[1]:piece[1] + piece[2]].tobytes()].append(piece)
    used, packs, placed = set(), 0, 0
    for r, row in enumerate(rows):
        packs += 1
        row = normalise(row, format_, r)
        if COLUMNS[format_].get('labels?'):
            need('labels' in row or (source.labels is None and source.mask is None), f'row {r}: labels are missing, though the source has labels or a loss mask')
        if 'loss_weights?' in COLUMNS[format_]:
            need('loss_weights' in row or not source.weighted, f'row {r}: loss_weights are missing, though the source has weights')
        ids, lengths = np.asarray(row['input_ids']).astype(np.int64), np.asarray(row['seq_lengths']).astype(np.int64)
        need(len(lengths), f'row {r}: an empty pack')
        need((lengths > 0).all(), f'row {r}: a sequence of length {lengths.min()} in seq_lengths')
        n, at = int(lengths.sum()), starts_of(lengths)
        need(n <= capacity, f'row {r}: {n} tokens in a pack of capacity {capacity}')
        if format_ in PADDED:
            width = capacity + PADDED[format_]
            need(len(ids) == width, f'row {r}: {len(ids)} tokens wide, not {width}')
            tail = ids[n:]
            need(not len(tail) or (tail == (tail[0] if pad is None else pad)).all(), f'row {r}: padding is not the padding id')
        else:
            need(len(ids) == n, f'row {r}: seq_lengths add up to {n}, but input_ids has {len(ids)}')
        for name in ('labels', 'position_ids', 'attention_mask', 'loss_mask', 'loss_weights'):
            need(name not in row or len(row[name]) == len(ids), f'row {r}: {name} has {len(row.get(name, ()))} entries for {len(ids)} tokens')
        for name in ('sequence_ids', 'piece_starts', 'token_counts', *carry):
            need(name not in row or len(row[name]) == len(lengths), f'row {r}: {name} has {len(row.get(name, ()))} entries for {len(lengths)} sequences')
        counts = np.asarray(row.get('token_counts', lengths)).astype(np.int64)
        need(alignment == 1 or 'token_counts' in row or format_ in CLOSED, f'row {r}: token_counts is missing, though sequences are aligned')
        wanted = {'labels': np.full(len(ids), IGNORE), 'position_ids': np.zeros(len(ids), np.int64), 'attention_mask': np.zeros(len(ids), np.int64),
                  'loss_weights': np.zeros(len(ids), np.float32), 'loss_mask': np.zeros(len(ids), np.int64)}
        for j, length in enumerate(lengths):
            a, b, count = at[j], at[j + 1], int(counts[j])
            need(-(-count // alignment) * alignment == length, f'row {r}, sequence {j}: {count} tokens take {length}, alignment {alignment}')
            content = ids[a:a + count]
            where = f'row {r}, sequence {j} (tokens {content[:4].tolist()}..., length {count})'
            candidates = [p for p in by_content.get(content.tobytes(), ()) if p not in used]
            if 'sequence_ids' in row:
                s = int(row['sequence_ids'][j])
                need(0 <= s < len(source.tokens), f'{where}: source sequence {s} does not exist')
                if 'piece_starts' in row:
                    piece = by_place.get((s, int(row['piece_starts'][j])))
                    need(piece is not None, f'{where}: no piece of source sequence {s} starts at {row["piece_starts"][j]}')
                    need(piece not in used, f'{where}: source sequence {s} from {piece[1]} stands in two packs')
                    candidates = [p for p in candidates if p == piece]
                else:
                    need(candidates or not any(q[0] == s for q in by_content.get(content.tobytes(), ())), f'{where}: source sequence {s} stands in two packs')
                    candidates = [p for p in candidates if p[0] == s]
                need(candidates, f'{where}: the tokens are not those of source sequence {s}')
            need(candidates, f'{where}: no source sequence has these tokens, or it already stands in another pack')
            piece = candidates[0]
            if len(candidates) > 1:      # equal tokens: take the one whose labels and loss mask agree
                piece = next((p for p in candidates if agrees(row, a, source.expected(p), format_)), piece)
            used.add(piece)
            _, label, weight = source.expected(piece)
            end = a + count
            wanted['labels'][a:end], wanted['loss_weights'][a:end] = label, weight
            wanted['loss_mask'][a:end] = weight != 0
            if format_ == 'nemo':        # aligned to the label: entry t is the weight of token t + 1
                wanted['loss_mask'][a:end] = np.append((weight != 0)[1:], 0)
            wanted['position_ids'][a:b], wanted['attention_mask'][a:b] = np.arange(length), j + 1
            for name in carry:
                got = row[name][j]
                need(same(got, source.carried[name][piece[0]]), f'{where}: {name} is {got!r}, in the source {source.carried[name][piece[0]]!r}')
            placed += count
            if format_ == 'megatron' and eos is not None:
                need(ids[b - 1] == eos, f'{where}: does not end with the end-of-document id {eos}')
        for name, want in wanted.items():
            if name in row:
                got = np.asarray(row[name])
                bad = np.flatnonzero(got != want)
                need(not len(bad), f'row {r}, token {bad[0] if len(bad) else 0}: {name} is {got[bad[0]] if len(bad) else 0}, not {want[bad[0]] if len(bad) else 0}')
    for piece in source.pieces:
        need(piece in used, f'source sequence {piece[0]} (from {piece[1]}, length {piece[2]}) stands in no pack')
    need(placed == sum(p[2] for p in source.pieces), f'{placed} tokens placed')
    efficiency = placed / (packs * capacity) if packs else 0
    return f'{packs} packs, {len(used)} sequences, {placed} tokens, {len(source.dropped)} dropped, capacity {capacity}, efficiency {efficiency:.4f}'


def agrees(row, a, expected, format_):
    _, label, weight = expected
    b = a + len(label)
    mask = weight != 0
    return ('labels' not in row or np.array_equal(row['labels'][a:b], label)) and \
           ('loss_weights' not in row or np.array_equal(row['loss_weights'][a:b], weight)) and \
           ('loss_mask' not in row or np.array_equal(np.asarray(row['loss_mask'][a:b]) != 0, np.append(mask[1:], False) if format_ == 'nemo' else mask))


def same(a, b):
    return bool(np.array_equal(a, b)) if isinstance(a, np.ndarray) or isinstance(b, np.ndarray) else a == b


def check_seqpack(folder, source, capacity):
    manifest, counts, templates, pools = load_prepared(folder)
    lengths = [p[2] for p in source.pieces]
    want = defaultdict(int)
    for n in lengths:
        want[n] += 1
    for key, value in (('max_seq_len', capacity), ('n_sequences', len(lengths)), ('total_tokens', sum(lengths)), ('n_bins', sum(templates.values())),
                       ('distinct_lengths', len(want)), ('distinct_templates', len(templates)), ('total_capacity', capacity * sum(templates.values()))):
        need(manifest.get(key) == value, f'manifest.json: {key} is {manifest.get(key)}, not {value}')
    need({'packer', 'efficiency'} <= set(manifest), 'manifest.json: packer and efficiency are missing')
    need(dict(counts) == dict(want), f'counts.json differs from the source, first at length {min(set(counts.items()) ^ set(want.items()), default=0)}')
    raw = json.load(open(os.path.join(folder, 'templates.json')))
    need(len(raw) == len(templates), 'templates.json repeats a template; its reader keeps only the last')
    have = defaultdict(int)
    for template, m in templates.items():
        need(m > 0 and list(template) == sorted(template, reverse=True), f'template {template} x {m}: lengths must fall, multiplicity must be positive')
        need(sum(template) <= capacity, f'template {template} needs {sum(template)} tokens of {capacity}')
        for n in template:
            have[n] += m
    need(dict(have) == dict(want), f'templates use other lengths than the source, first {min(set(have.items()) ^ set(want.items()), default=0)}')
    need(sorted(pools) == sorted(want), 'pools/ has other lengths than counts.json')
    seen = set()
    for n, pool in sorted(pools.items()):
        need(pool.dtype.str == '<i8' and pool.ndim == 1 and len(pool) == want[n], f'pools/{n}.npy is {pool.dtype.str} {pool.shape}, not {want[n]} values of <i8')
        need((np.diff(pool) > 0).all(), f'pools/{n}.npy: ids must rise (input order)')
        for s in pool.tolist():
            need(0 <= s < len(source.tokens) and len(source.tokens[s]) == n and s not in seen, f'pools/{n}.npy: sequence {s} is repeated or has another length')
            seen.add(s)
    return f'{sum(templates.values())} packs, {len(seen)} sequences, {sum(lengths)} tokens, {len(templates)} templates, capacity {capacity}'


def read_manifest(folder):
    for path in (os.path.join(folder, '_stowage.json'), os.path.join(folder, 'train', '_stowage.json')):
        if os.path.exists(path):
            return json.load(open(path))
    return {}


def check(folder, format_, source_path, capacity=None, overlong='error', empty='error', alignment=1, eos=None, pad=None,
          tokens='input_ids', labels='labels', loss_mask='loss_mask', carry=()):
    """Returns the verdict line, or raises Fault."""
    need(os.path.isdir(folder), f'{folder} is not a folder')
    manifest = read_manifest(folder)
    capacity = capacity or manifest.get('capacity')
    need(capacity, 'say --capacity: the output has no _stowage.json')
    need(manifest.get('capacity', capacity) == capacity, f'_stowage.json says capacity {manifest.get("capacity")}')
    columns = {'tokens': tokens, 'labels': labels, 'loss_mask': loss_mask, **{f'carry {c}': c for c in carry}}
    source = Source(source_path, columns, capacity, overlong, empty, alignment, eos)
    if format_ == 'seqpack':
        return 'OK seqpack: ' + check_seqpack(folder, source, capacity)
    try:
        return f'OK {format_}: ' + check_rows(READERS[format_](folder, format_, carry), source, format_, capacity, pad, eos, alignment, carry)
    except (Fault, Missing):
        raise
    except Exception as error:      # a reader that gives up is a fault of the output
        raise Fault(f'the reader failed: {type(error).__name__}: {str(error)[:300]}') from error


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('folder')
    parser.add_argument('--format', required=True, choices=FORMATS)
    parser.add_argument('--source', required=True, help='Parquet file, or folder of Parquet files read in name order')
    parser.add_argument('--capacity', type=int, help='default: from _stowage.json')
    parser.add_argument('--overlong', default='error', choices=['error', 'drop', 'truncate', 'split'])
    parser.add_argument('--empty', default='error', choices=['error', 'drop'])
    parser.add_argument('--alignment', type=int, default=1)
    parser.add_argument('--eos', type=int, help='end-of-document id that was appended')
    parser.add_argument('--pad', type=int, help='padding id')
    parser.add_argument('--tokens', default='input_ids')
    parser.add_argument('--labels', default='labels', help='source column; "" when the output was made without it')
    parser.add_argument('--loss-mask', default='loss_mask', help='source column; "" when the output was made without it')
    parser.add_argument('--carry', nargs='*', default=[], help='source columns carried along, one value per sequence')
    a = parser.parse_args()
    try:
        print(check(a.folder, a.format, a.source, a.capacity, a.overlong, a.empty, a.alignment, a.eos, a.pad, a.tokens, a.labels, a.loss_mask, a.carry))
    except Fault as fault:
        print(f'FAULT {a.format}: {fault}')
        sys.exit(1)
    except Missing as missing:
        print(f'SKIPPED {a.format}: {missing}')
        sys.exit(3)


if __name__ == '__main__':
    main()
