"""The job of `packDataset` in Python: read a Parquet file, pack, write. Prints one line of JSON.

    python datasets_peers.py trl-bfd|trl-wrapped|seqpacker SOURCE.parquet OUTPUT CAPACITY
"""
import json
import sys
import time
import warnings

warnings.filterwarnings('ignore')


def load(path):
    import datasets
    datasets.disable_progress_bars()
    return datasets.load_dataset('parquet', data_files=path, split='train').select_columns(['input_ids'])


def main(peer, source, output, capacity):
    if peer == 'seqpacker':
        import pyarrow.parquet as pq
        from seqpacker.hf_utils import pack_dataset
    else:
        from trl import pack_dataset
    start, used = time.perf_counter(), time.process_time()
    if peer == 'seqpacker':
        packed = pack_dataset(pq.read_table(source, columns=['input_ids'])['input_ids'].to_pylist(), capacity)
    else:
        packed = pack_dataset(load(source), capacity, strategy=peer.split('-')[1])
    packed.to_parquet(output)
    seconds, busy = time.perf_counter() - start, time.process_time() - used
    names = {'seqpacker': 'seqpacker pack_dataset', 'trl-bfd': "datasets + TRL pack_dataset, 'bfd'",
             'trl-wrapped': "datasets + TRL pack_dataset, 'wrapped' (cuts sequences)"}
    print(json.dumps({'name': names[peer], 'seconds': seconds, 'busy': busy, 'packs': len(packed)}))


main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
