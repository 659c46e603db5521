"""Packed data sets as rows, a dict of columns each, by the readers that trainers use; what a reader would refuse is a Fault."""
import glob
import os

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from faults import need
from readers_of_trainers import hf_dataset, mds_rows, megatron_indexed

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
