"""Opens a packed data set with the trainers' own readers and proves it against the source.

    python check_dataset.py DIR --format trl --source source.parquet [--capacity 2048]

Proves: every source token stands in exactly one pack, in order within its sequence; no pack is over capacity; positions
restart; labels, masks, loss masks and boundaries are what docs/formats.md says; column types are exact. Prints one line
("OK ..." or "FAULT ...", naming the first offending row) and exits 0 or 1 (2: bad arguments, 3: a reader is missing).
"""
import argparse
import json
import os
import sys
from collections import defaultdict

import numpy as np

from faults import Fault, need
from read_packed import CLOSED, COLUMNS, FORMATS, PADDED, READERS
from read_source import Source
from readers_of_trainers import Missing, llamafactory_seqlens, load_prepared
from rows import IGNORE


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
