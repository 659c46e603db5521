"""Carried columns of every Arrow type, plain and nested, from every source format into both output formats: what comes
out is what pyarrow reads from the source. Prints one line; exit code 1 on the first that differs or is refused without
a word about the column.

    python check_carried.py path/to/dist/cli/main.js [--seeds 1 2 3]
"""
import argparse, datetime, decimal, os, random, shutil, subprocess, sys, tempfile
import pyarrow as pa, pyarrow.feather as feather, pyarrow.parquet as pq

ROWS = 24
parser = argparse.ArgumentParser()
parser.add_argument('main')
parser.add_argument('--seeds', type=int, nargs='+', default=[1, 2, 3])
arguments = parser.parse_args()
rng = random.Random()
day = datetime.date(2020, 1, 1)
moment = datetime.datetime(2020, 1, 1, 2, 3, 4)
words = ['', 'a', 'ü', 'word ' * 9, '\x00\n']
whole = lambda bits, signed: lambda: rng.randrange(-(1 << bits - 1), 1 << bits - 1) if signed else rng.randrange(1 << bits)

# Type, and how a value is drawn.
PLAIN = [
    (pa.bool_(), lambda: rng.random() < 0.5),
    *((getattr(pa, f'{"" if signed else "u"}int{bits}')(), whole(bits, signed)) for bits in (8, 16, 32, 64) for signed in (True, False)),
    (pa.float32(), lambda: float(rng.randrange(-999, 999))), (pa.float64(), rng.random),
    (pa.string(), lambda: rng.choice(words)), (pa.large_string(), lambda: rng.choice(words)), (pa.string_view(), lambda: rng.choice(words)),
    (pa.binary(), lambda: rng.choice(words).encode()), (pa.large_binary(), lambda: rng.choice(words).encode()), (pa.binary(3), lambda: rng.randbytes(3)),
    (pa.date32(), lambda: day + datetime.timedelta(rng.randrange(9999))),
    (pa.time32('ms'), lambda: datetime.time(rng.randrange(24), 5, 6, 7000)), (pa.time64('us'), lambda: datetime.time(rng.randrange(24), 5, 6, 7)),
    *((pa.timestamp(unit, zone), lambda: moment + datetime.timedelta(rng.randrange(9999))) for unit in ('ms', 'us', 'ns') for zone in (None, 'UTC')),
    *((pa.decimal128(p, 2), lambda p=p: decimal.Decimal(rng.randrange(10 ** (p - 2))) / 100) for p in (7, 15, 25)),
    (pa.dictionary(pa.int8(), pa.string()), lambda: rng.choice(words)),
]
NESTINGS = {
    'plain': (lambda t: t, lambda v: v),
    'list': (pa.list_, lambda v: lambda: [v() if rng.random() < 0.8 else None for _ in range(rng.randrange(4))]),
    'large_list': (pa.large_list, lambda v: lambda: [v() for _ in range(rng.randrange(4))]),
    'list_view': (pa.list_view, lambda v: lambda: [v() for _ in range(rng.randrange(4))]),
    'pair': (lambda t: pa.list_(t, 2), lambda v: lambda: [v(), v()]),
    'list of lists': (lambda t: pa.list_(pa.list_(t)), lambda v: lambda: [[v() for _ in range(rng.randrange(3))] for _ in range(rng.randrange(3))]),
    'struct': (lambda t: pa.struct([('a', t), ('b', pa.list_(t))]), lambda v: lambda: {'a': v(), 'b': [v(), v()]}),
    'list of structs': (lambda t: pa.list_(pa.struct([('a', t)])), lambda v: lambda: [{'a': v()} for _ in range(rng.randrange(3))]),
    'map': (lambda t: pa.map_(pa.string(), t), lambda v: lambda: [(str(k), v()) for k in range(rng.randrange(3))]),
}
WRITERS = {
    'parquet': lambda t, path: pq.write_table(t, path, row_group_size=9),
    'arrow': lambda t, path: feather.write_feather(t, path, compression='uncompressed', chunksize=9),
    'feather': lambda t, path: feather.write_feather(t, path),
    'arrows': lambda t, path: write_stream(t, path),
}


def write_stream(table, path):
    with pa.ipc.new_stream(path, table.schema) as writer:
        writer.write_table(table, max_chunksize=9)


def read(path):
    return pq.read_table(path) if path.endswith('parquet') else pa.ipc.open_file(path).read_all()


def source_values(path, kind, name):
    if kind == 'parquet':
        table = pq.read_table(path)
    elif kind == 'arrows':
        table = pa.ipc.open_stream(path).read_all()
    else:
        table = pa.ipc.open_file(path).read_all()
    return table[name].to_pylist()


def compare(out, name, wanted, where):
    found = read(os.path.join(out, next(f for f in sorted(os.listdir(out)) if f.endswith(('.parquet', '.arrow')))))
    for sequences, values in zip(found['sequence_ids'].to_pylist(), found[name].to_pylist()):
        for sequence, value in zip(sequences, values):
            if value != wanted[sequence]:
                sys.exit(f'FAULT {where}: {value!r} of sequence {sequence}, not {wanted[sequence]!r}')


def all_types(seed, folder, refused):
    """Number of columns compared."""
    rng.seed(seed)
    compared = 0
    ids = [[k + 1] * (k % 5 + 1) for k in range(ROWS)]
    for nesting, (of_type, of_value) in NESTINGS.items():
        columns, names = {'input_ids': pa.array(ids, pa.list_(pa.int32()))}, []
        for number, (plain, value) in enumerate(PLAIN):
            if nesting == 'plain' or not pa.types.is_dictionary(plain):
                values = [of_value(value)() if rng.random() < 0.8 or nesting == 'map' else None for _ in range(ROWS)]
                columns[f'c{number}'] = pa.array(values, of_type(plain))
                names.append(f'c{number}')
        for kind, write in WRITERS.items():
            path, wanted = os.path.join(folder, f'source.{kind}'), {}
            for name in names:      # what pyarrow can't write, or read again, isn't asked
                try:
                    write(pa.table({name: columns[name]}), path)
                    wanted[name] = source_values(path, kind, name)
                except (pa.ArrowNotImplementedError, pa.ArrowInvalid, pa.ArrowTypeError):
                    pass
            write(pa.table({name: columns[name] for name in ('input_ids', *wanted)}), path)
            for output in ('parquet', 'arrow'):
                where = lambda name: f'seed {seed}, {nesting} of {columns[name].type}, {kind} to {output}'
                # All at once; where a column is refused, one by one, so that it doesn't hide the others.
                sets, out = [list(wanted)], os.path.join(folder, 'out')
                while sets:
                    some = sets.pop()
                    shutil.rmtree(out, ignore_errors=True)
                    command = ['node', arguments.main, 'pack', path, '-c', '8', '-o', out, '-f', output, '--carry-columns', ','.join(some), '-q']
                    done = subprocess.run(command, capture_output=True, text=True)
                    if done.returncode != 0 and 'ERR_OPTION' not in done.stderr and 'ERR_COLUMN' not in done.stderr:
                        sys.exit(f'FAULT {where(some[0])}: {done.stderr.strip()}')
                    if done.returncode != 0 and len(some) > 1:
                        sets.extend([name] for name in some)
                    elif done.returncode != 0:
                        refused.add(f'{columns[some[0]].type} to {output}')
                    else:
                        for name in some:
                            compare(out, name, wanted[name], where(name))
                        compared += len(some)
    return compared


def main():
    folder, refused = tempfile.mkdtemp(), set()
    compared = sum(all_types(seed, folder, refused) for seed in arguments.seeds)
    shutil.rmtree(folder)
    print(f'OK {compared} carried columns are what pyarrow reads; refused by name: {"; ".join(sorted(refused)) or "none"}')


main()
