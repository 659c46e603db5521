"""TRL's own preparation of conversations: read JSON lines, template, mask, pack, write. Prints one line of JSON.

    python text_peers.py SOURCE.jsonl TOKENIZER_FOLDER TEMPLATE OUTPUT CAPACITY PROCESSES

What SFTTrainer does with `assistant_only_loss` and `packing` before it trains: `apply_chat_template` with
the mask of assistant tokens, labels, `pack_dataset` with 'bfd'. The template has generation marks: without
them there would be no mask.
"""
import json
import sys
import time
import warnings

warnings.filterwarnings('ignore')
import datasets
from transformers import PreTrainedTokenizerFast
from trl import pack_dataset


def main(source, folder, template, output, capacity, processes):
    datasets.disable_progress_bars()
    datasets.disable_caching()
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
    with open(template, encoding='utf-8') as file:
        tokenizer.chat_template = file.read()

    def tokens(row):
        made = tokenizer.apply_chat_template(row['messages'], tokenize=True, return_dict=True, return_assistant_tokens_mask=True)
        labels = [token if mark else -100 for token, mark in zip(made['input_ids'], made['assistant_masks'])]
        return {'input_ids': made['input_ids'], 'labels': labels}

    several = {'num_proc': processes} if processes > 1 else {}
    start = time.perf_counter()
    rows = datasets.load_dataset('json', data_files=source, split='train')
    made = rows.map(tokens, remove_columns=rows.column_names, **several)
    packed = pack_dataset(made, capacity, strategy='bfd', map_kwargs=several)
    packed.to_parquet(output)
    print(json.dumps({'seconds': time.perf_counter() - start, 'packs': len(packed)}))


if __name__ == '__main__':
    main(*sys.argv[1:5], int(sys.argv[5]), int(sys.argv[6]))
