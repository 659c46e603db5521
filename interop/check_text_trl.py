"""Labels of packed conversations against those that TRL makes itself, and a training run on them.

    check_text_trl.py CLI FOLDER ROWS    FOLDER: the model's of Qwen3, with tokenizer.json

Conversations are packed by `stowage pack --format trl` with TRL's own training template, and given to
SFTTrainer as they are with `assistant_only_loss`. Every sequence must have the same ids and the same
labels. Tokens that begin before their span and end in it are TRL's and none of ours: docs/from-text.md
says so, and no row here has one. Then SFTTrainer trains on the packed rows. Prints one line.
"""
import json
import os
import random
import subprocess
import sys
import tempfile

import check_trl  # quiets the libraries
from check_text import conversation
from datasets import Dataset
from readers_of_trainers import hf_dataset
from tiny_model import tiny_llama
from transformers import PreTrainedTokenizerFast
from trl import SFTConfig, SFTTrainer
from trl.chat_template_utils import qwen3_training_chat_template


def theirs(tokenizer, rows, scratch):
    """Ids and labels by TRL alone."""
    config = SFTConfig(output_dir=scratch, use_cpu=True, bf16=False, report_to=[], assistant_only_loss=True, packing=False,
                       max_length=None, gradient_checkpointing=False, disable_tqdm=True)
    model = tiny_llama(len(tokenizer), 64)
    trainer = SFTTrainer(model=model, args=config, train_dataset=Dataset.from_list(rows), processing_class=tokenizer)
    for row in trainer.train_dataset:
        yield row["input_ids"], row["labels"]


def main():
    cli, folder, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
    tokenizer.chat_template = qwen3_training_chat_template
    r = random.Random(5)
    rows = []
    while len(rows) < count:
        row = {"messages": conversation(r, 0.0, False)["messages"]}
        if all(message["content"] == message["content"].strip() != "" for message in row["messages"]):
            rows.append(row)
    with tempfile.TemporaryDirectory() as scratch:
        source, template, output = (os.path.join(scratch, name) for name in ("rows.jsonl", "training.jinja", "packed"))
        with open(source, "w", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)
        with open(template, "w", encoding="utf-8") as file:
            file.write(qwen3_training_chat_template)
        command = ["node", cli, "pack", source, "--tokenizer", folder, "--messages-column", "messages", "--chat-template", template,
                   "--format", "trl", "--quiet", "--output"]
        subprocess.run([*command, output, "--capacity", "4096"], check=True)
        # Short rows to train on: logits of 150,000 words each take memory.
        subprocess.run([*command, output + "-short", "--capacity", "256", "--overlong", "drop"], check=True)
        ours = []
        for row in hf_dataset(output):
            at = 0
            for length in row["seq_lengths"]:
                ours.append((row["input_ids"][at:at + length], row["labels"][at:at + length]))
                at += length
        # The first token of a sequence never has a label: no token comes before it.
        wanted = [(ids, [-100, *labels[1:]]) for ids, labels in theirs(tokenizer, rows, scratch)]
        assert sorted(ours) == sorted(wanted), "ids or labels differ from TRL's"
        trained = sum(label != -100 for _, labels in ours for label in labels)
        assert trained > 0
        verdict = check_trl.check(output + "-short")
        assert verdict.startswith("OK"), verdict
        print(f"trl: ids and labels of {len(ours)} conversations are TRL's own ({trained} tokens have one); {verdict}")


if __name__ == "__main__":
    main()
