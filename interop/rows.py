"""What the rows of a pack contain, exactly: the reference for `collate`, `blockDiagonalMask` and `unpad`.

Written for clarity, not for speed. The rules are those of docs/formats.md. Running this file writes
__test__/data/collate_cases.json, which the JavaScript tests compare with.
"""
import json
import os

import numpy as np

IGNORE = -100


def as_piece(entry, tokens):
    """A sequence index stands for the whole sequence; a cut one is (sequence, start, length)."""
    return (entry, 0, len(tokens[entry])) if isinstance(entry, (int, np.integer)) else tuple(entry)


def piece_labels(tokens, labels=None, loss_mask=None, first=True):
    """Unshifted labels of one piece and the weight of each label. The first token has nothing to be predicted from."""
    label = np.array(tokens if labels is None else labels, dtype=np.int64)
    weight = np.ones(len(label), np.float32) if loss_mask is None else np.array(loss_mask, np.float32)
    label[weight == 0] = IGNORE
    if first and len(label):
        label[0] = IGNORE
    weight[label == IGNORE] = 0
    return label, weight


def shift(values, fill):
    """Moves the entry of token t+1 to token t, inside one piece."""
    return np.concatenate([values[1:], np.array([fill], values.dtype)]) if len(values) else values


def collate(packs, tokens, *, layout='padded', width=None, capacity=None, pad_token_id=0, labels='unshifted', own_labels=None,
            loss_mask=None, attention_mask='segments', sequence_alignment=1, padding_segment=False, pad_to_multiple_of=1):
    """packs: a list of lists of sequence indices or (sequence, start, length); tokens: a list of integer sequences."""
    rows, segments_in_line = [], 0
    cu, cu_padded, cu_offsets, sequences = [0], [0], [0], []
    w = width or -(-(capacity or 0) // pad_to_multiple_of) * pad_to_multiple_of
    for pack in packs:
        row = {k: [] for k in ('input_ids', 'labels', 'position_ids', 'segment_ids', 'loss_weights')}
        for number, entry in enumerate(pack, 1):
            s, start, length = as_piece(entry, tokens)
            aligned = -(-length // sequence_alignment) * sequence_alignment
            cut = slice(start, start + length)
            label, weight = piece_labels(tokens[s][cut], None if own_labels is None else own_labels[s][cut],
                                         None if loss_mask is None else loss_mask[s][cut])
            if labels == 'shifted':
                label, weight = shift(label, IGNORE), shift(weight, 0)
            fill = aligned - length
            segments_in_line += 1
            row['input_ids'] += [*tokens[s][cut], *[pad_token_id] * fill]
            row['labels'] += [*label, *[IGNORE] * fill]
            row['loss_weights'] += [*weight, *[0] * fill]
            row['position_ids'] += range(aligned)
            row['segment_ids'] += [number if layout == 'padded' else segments_in_line] * aligned
            cu.append(cu[-1] + length)
            cu_padded.append(cu_padded[-1] + aligned)
            sequences.append(s)
        if layout == 'padded':
            tail = w - len(row['input_ids'])
            if tail < 0:
                raise ValueError(f'a row of {len(row["input_ids"])} tokens is wider than {w}')
            pad_row(row, tail, pad_token_id)
            if tail and padding_segment:
                cu.append(cu[-1])
                cu_padded.append(cu_padded[-1] + tail)
        cu_offsets.append(len(cu) - 1)
        rows.append(row)
    flat = {k: [v for row in rows for v in row[k]] for k in ('input_ids', 'labels', 'position_ids', 'segment_ids', 'loss_weights')}
    if layout == 'flat':
        tail = -len(flat['input_ids']) % pad_to_multiple_of
        pad_row(flat, tail, pad_token_id)
        if tail and padding_segment:
            cu.append(cu[-1])
            cu_padded.append(cu_padded[-1] + tail)
            cu_offsets[-1] += 1
    out = {k: np.array(flat[k], np.float32 if k == 'loss_weights' else np.int32) for k in flat}
    if labels is False:
        del out['labels']
    if loss_mask is None:
        del out['loss_weights']
    if attention_mask:
        out['attention_mask'] = out['segment_ids'].copy() if attention_mask == 'segments' else (out['segment_ids'] > 0).astype(np.int32)
    out['cu_seqlens'] = np.array(cu, np.int32)
    if padding_segment or sequence_alignment > 1:
        out['cu_seqlens_padded'] = np.array(cu_padded, np.int32)
    out['cu_seqlens_offsets'] = np.array(cu_offsets, np.int32)
    out['sequences'] = np.array(sequences, np.uint32)
    spans = np.diff(np.array(cu_padded if padding_segment or sequence_alignment > 1 else cu))
    out['max_seqlen'] = int(spans.max()) if len(spans) else 0
    out['row_count'] = len(packs)
    out['width'] = len(out['input_ids']) if layout == 'flat' else w
    return out


def pad_row(row, tail, pad_token_id):
    row['input_ids'] += [pad_token_id] * tail
    row['labels'] += [IGNORE] * tail
    for key in ('position_ids', 'segment_ids', 'loss_weights'):
        row[key] += [0] * tail


def block_diagonal_mask(segment_ids, kind='boolean', causal=True):
    """[L, L]; query rows of padding see themselves alone, so that no softmax row is empty."""
    s = np.asarray(segment_ids)
    allowed = (s[:, None] == s[None, :]) & (s != 0)[None, :]
    if causal:
        allowed &= np.tril(np.ones((len(s), len(s)), bool))
    allowed |= np.eye(len(s), dtype=bool)
    return allowed if kind == 'boolean' else np.where(allowed, 0, -np.inf).astype(np.float32)


def unpad(attention_mask):
    """[rows, width] of 1..k with 0 for padding -> what variable-length attention needs. Row by row, segment by segment."""
    mask = np.atleast_2d(np.asarray(attention_mask))
    seqlens = [int((row == number).sum()) for row in mask for number in range(1, int(row.max(initial=0)) + 1)]
    seqlens = np.array([n for n in seqlens if n], np.int32)
    return {'seqlens': seqlens, 'indices': np.flatnonzero(mask.reshape(-1)).astype(np.int32),
            'cu_seqlens': np.concatenate([[0], np.cumsum(seqlens)]).astype(np.int32), 'max_seqlen': int(seqlens.max(initial=0))}


CASES = {
    'worked example, padded': dict(packs=[[0, 1], [2]], capacity=8),
    'worked example, flat': dict(packs=[[0, 1], [2]], layout='flat'),
    'shifted labels': dict(packs=[[0, 1], [2]], capacity=8, labels='shifted'),
    'no labels, binary mask': dict(packs=[[0, 1], [2]], capacity=8, labels=False, attention_mask='binary'),
    'padding segment': dict(packs=[[0, 1], [2]], capacity=8, padding_segment=True),
    'own labels and loss mask': dict(packs=[[0, 1], [2]], capacity=8, own_labels=[[-100, 12, 13], [21, 22], [-100, -100, 33, 34]],
                                     loss_mask=[[0, 1, 1], [1, 1], [1, 1, 0, 1]]),
    'weights, shifted': dict(packs=[[0, 1], [2]], capacity=8, labels='shifted', loss_mask=[[0, .5, .25], [1, 2], [1, 1, 0, 1]]),
    'aligned to 4, padded': dict(packs=[[0, 1], [2]], capacity=8, sequence_alignment=4),
    'aligned to 2, flat, multiple of 16': dict(packs=[[0, 1], [2]], layout='flat', sequence_alignment=2, pad_to_multiple_of=16, padding_segment=True),
    'width above capacity, other padding id': dict(packs=[[0, 1], [2]], capacity=8, width=9, pad_token_id=2),
    'width rounded up to a multiple': dict(packs=[[0, 1]], capacity=7, pad_to_multiple_of=4),
    'one-token sequences, exactly full': dict(packs=[[3, 3, 3], [1, 3]], capacity=3),
    'pieces of a split sequence': dict(packs=[[(2, 0, 3)], [(2, 3, 1), 1]], capacity=3),
    'no packs': dict(packs=[], capacity=8),
}
TOKENS = [[11, 12, 13], [21, 22], [31, 32, 33, 34], [41]]


def cases():
    for name, case in CASES.items():
        options = {k: v for k, v in case.items() if k != 'packs'}
        result = collate(case['packs'], TOKENS, **options)
        yield {'name': name, 'packs': case['packs'], 'options': options, 'expected': {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in result.items()}}


def masks():
    yield {'segment_ids': [1, 1, 2, 2, 2, 0], 'causal': True, 'expected': block_diagonal_mask([1, 1, 2, 2, 2, 0]).astype(int).tolist()}
    yield {'segment_ids': [1, 1, 2, 2, 2, 0], 'causal': False, 'expected': block_diagonal_mask([1, 1, 2, 2, 2, 0], causal=False).astype(int).tolist()}
    yield {'segment_ids': [1, 0, 0, 2], 'causal': True, 'expected': block_diagonal_mask([1, 0, 0, 2]).astype(int).tolist()}


def unpads():
    for mask in ([[1, 1, 2, 2, 2, 0], [1, 2, 2, 3, 3, 3]], [[0, 0, 0]], [[1]], [[1, 1, 0, 0], [0, 0, 0, 0], [1, 2, 3, 4]], [[1, 1, 0, 2]]):
        yield {'attention_mask': mask, 'expected': {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in unpad(mask).items()}}


if __name__ == '__main__':
    document = {'tokens': TOKENS, 'collate': list(cases()), 'masks': list(masks()), 'unpad': list(unpads())}
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '__test__', 'data', 'collate_cases.json'), 'w') as out:
        lines = ['{"tokens": ' + json.dumps(TOKENS)]
        for key in ('collate', 'masks', 'unpad'):
            lines.append(f'"{key}": [\n  ' + ',\n  '.join(json.dumps(c) for c in document[key]) + '\n]')
        out.write(',\n'.join(lines) + '}\n')
    print({k: len(v) for k, v in document.items()})
