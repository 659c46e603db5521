"""Proves the bytes of __test__/data/golden.txt with the trainers' own writers, given the same packs.

    python check_golden.py

mds, megatron and npy must be what MDSWriter, IndexedDatasetBuilder and numpy.save write, byte by byte; index.json the
same document. Safetensors leaves the order of tensors open, so its file is loaded instead.
"""
import json
import os
import re
import sys
import tempfile
import types

import numpy as np
import safetensors.numpy

from readers_of_trainers import without_init

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '__test__', 'data', 'golden.txt')
IDS = [[11, 12, 13, 21, 22], [31, 32, 33, 34]]
LABELS = [[-100, 12, 13, -100, 22], [-100, 32, -100, 34]]
WEIGHTS = [[0, .5, .25, 0, 2], [0, 1, 0, 1]]
LENGTHS, SEQUENCES = [[3, 2], [4]], [[0, 1], [2]]


def golden():
    files, current = {}, None
    for line in open(GOLDEN, encoding='utf-8'):
        if line.startswith('file '):
            current = files.setdefault(line.split()[1], bytearray())
            continue
        for text, count, equal, octets, comment in re.findall(r'`([^`]*)`|(\d+)\*([0-9a-f]{2})|([0-9a-f]+)|(#.*)', line):
            if comment:
                break
            current += text.encode() if text else bytes.fromhex(equal) * int(count) if count else bytes.fromhex(octets)
    return files


def mds(folder):
    without_init('streaming', 'streaming.base', 'streaming.base.format', 'streaming.base.format.base', 'streaming.base.format.mds', 'streaming.base.storage')
    # The uploader imports cloud clients; local files need none.
    local = types.SimpleNamespace(local=folder, remote=None, upload_file=lambda name: None, clear_local=lambda **_: None)
    uploads = types.ModuleType('streaming.base.storage.upload')
    uploads.CloudUploader = types.SimpleNamespace(get=lambda *_: local)
    sys.modules['streaming.base.storage.upload'] = uploads
    from streaming.base.format.mds.writer import MDSWriter
    kinds = {'input_ids': 'int32', 'labels': 'int32', 'loss_weights': 'float32', 'seq_lengths': 'int32', 'sequence_ids': 'int64'}
    with MDSWriter(columns={name: f'ndarray:{kind}' for name, kind in kinds.items()}, out=folder) as writer:
        for values in zip(IDS, LABELS, WEIGHTS, LENGTHS, SEQUENCES):
            writer.write({name: np.array(value, kinds[name]) for name, value in zip(kinds, values)})


def megatron(folder, dtype):
    import torch
    from megatron.core.datasets.indexed_dataset import IndexedDatasetBuilder
    prefix = os.path.join(folder, 'packed_text_document')
    builder = IndexedDatasetBuilder(prefix + '.bin', dtype)
    for row in ([11, 12, 13, 1, 21, 22, 1, 1], [31, 32, 33, 34, 1, 1, 1, 1]):
        builder.add_document(torch.tensor(row), [8])
    builder.finalize(prefix + '.idx')


def npy(folder, arrays):
    for name, (kind, values) in arrays.items():
        np.save(os.path.join(folder, name), np.array(values, kind))


def flat(rows):
    return [value for row in rows for value in row]


def padded(rows, value, kind='int32'):
    return np.array([row + [value] * (8 - len(row)) for row in rows], kind)


def main():
    files = golden()
    with tempfile.TemporaryDirectory() as root:
        for name in {os.path.dirname(path) for path in files}:
            os.mkdir(os.path.join(root, name))
        mds(os.path.join(root, 'mds'))
        megatron(os.path.join(root, 'megatron-int32'), np.int32)
        megatron(os.path.join(root, 'megatron-uint16'), np.uint16)
        npy(os.path.join(root, 'megatron-int32'), {'packed_text_document.cu_seqlens.npy': ('<i8', [0, 4, 7, 12])})
        npy(os.path.join(root, 'npy'), {
            'input_ids.npy': ('<i4', flat(IDS)), 'labels.npy': ('<i4', flat(LABELS)), 'loss_weights.npy': ('<f4', flat(WEIGHTS)),
            'cu_seqlens.npy': ('<i8', [0, 3, 5, 9]), 'pack_offsets.npy': ('<i8', [0, 2, 3]), 'sequence_ids.npy': ('<i8', [0, 1, 2]),
        })
        for path, want in files.items():
            if path.startswith('safetensors/'):
                continue
            with open(os.path.join(root, path), 'rb') as file:
                got = file.read()
            same = json.loads(got) == json.loads(want) if path.endswith('.json') else got == want
            if not same:
                sys.exit(f'FAULT {path}: its own writer gives\n{got.hex(" ")}\nand golden.txt says\n{bytes(want).hex(" ")}')
    tensors = safetensors.numpy.load(bytes(files['safetensors/data-00000-of-00001.safetensors']))
    wanted = {
        'input_ids': padded(IDS, 0), 'labels': padded(LABELS, -100), 'loss_weights': padded(WEIGHTS, 0, 'float32'),
        'position_ids': padded([[0, 1, 2, 0, 1], [0, 1, 2, 3]], 0), 'attention_mask': padded([[1, 1, 1, 2, 2], [1] * 4], 0),
        'cu_seqlens': np.array([0, 3, 5, 9], 'int32'), 'pack_offsets': np.array([0, 2, 3], 'int32'), 'sequence_ids': np.arange(3),
    }
    for name, want in wanted.items():
        if tensors[name].dtype != want.dtype or not np.array_equal(tensors[name], want):
            sys.exit(f'FAULT safetensors: {name} is {tensors[name]}')
    if tensors.keys() != wanted.keys():
        sys.exit(f'FAULT safetensors: {sorted(tensors)}')
    print(f'OK golden: {len(files)} files are what the trainers\' own writers write')


main()
