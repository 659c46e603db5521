"""Ids and masks of text against transformers, for tokenizers that npm packages ship.

    check_text.py CLI FOLDER ROWS NAME    FOLDER: a model's, with tokenizer.json

Every character of Unicode, and generated rows in many languages, with code, emoji, tools, odd white space and strings of special tokens
are tokenized by `stowage tokenize --json` and by `PreTrainedTokenizerFast.from_pretrained(FOLDER)`. Ids
must be equal for every row; masks to an independent implementation of the rules in docs/from-text.md:
prefixes, for Qwen3 also the turns that its template rewrites, and the spans that transformers itself finds
in a template with generation marks (with `return_assistant_tokens_mask`, but for tokens that begin before
their span, which are none of ours). The first twenty rows that transformers refuses must be refused.
Prints one line.
"""
import json
import os
import random
import subprocess
import sys
import tempfile

os.environ["TRANSFORMERS_VERBOSITY"] = "error"
from tokenizers import processors
from transformers import PreTrainedTokenizerFast
from transformers.utils import chat_template_utils

NOW = {"now": "2024-07-26", "date_string": "26 Jul 2024"}
WORDS = (
    "the quick brown fox jumps over lazy dog naïve café Zürich straße 東京 大学 你好世界 こんにちは カタカナ 안녕하세요 Привет "
    "мир שלום مرحبا हिन्दी ไทย Ελληνικά İstanbul ﬁne ﬂy e\u0301clair A\u030a 123 4567 3.14159 1,000,000 x=1; foo(bar) "
    "if(a&&b){return c;} f(x): 'll 've don't I'M they'RE 's 'ſ 🙂 👩‍👩‍👧 🇩🇪 👍🏽 \u200b \u00a0 \u3000 \x1c \x85 \u2028 ½ ² Ⅳ "
    "١٢٣ 𝔘𝔫𝔦 #include <stdio.h> http://a.b/c?d=e_f&g --- *** `code` $x^2$ {\"a\":1} \\n </p> ﷽ ﬆ"
).split(" ")
SPECIAL = ["<|im_end|>", "<|im_start|>", "<|endoftext|>", "<|eot_id|>", "<bos>", "<eos>", "<end_of_turn>",
           "<｜end▁of▁sentence｜>", "<|begin_of_text|>", "<think>", "</think>"]
GAPS = [" ", " ", " ", " ", "  ", "\n", "\n\n", "\t", "\r\n", "   ", "", " \n ", "\n    "]
TOOLS = [{"type": "function", "function": {
    "name": "get_weather", "description": 'Wetter für "Städte" <b>&',
    "parameters": {"type": "object", "required": ["city"], "properties": {
        "city": {"type": "string"}, "n": {"type": "number", "default": 1e-7},
        "k": {"type": "array", "items": {"type": "integer"}}}}}}]


def text(r, count=None, special=0.0):
    count = r.choice([0, 1, 2, 3, 5, 8, 13, 30, 60]) if count is None else count
    words = [r.choice(SPECIAL if r.random() < special else WORDS) + r.choice(GAPS) for _ in range(count)]
    start = r.choice([" ", "\n", "  ", "\r\n", "\t"]) if r.random() < 0.2 else ""
    signs = [r.randrange(32, 0xD7FF), r.randrange(0xE000, 0xFDD0), r.randrange(0x10000, 0x1FFFF)]
    end = "".join(map(chr, signs)) if r.random() < 0.1 else ""
    return start + "".join(words) + end


def signs():
    """Every character there is, 64 a row: what the classes of the patterns must agree on."""
    points = [point for point in range(0x110000) if not 0xD800 <= point < 0xE000]
    return [{"text": "".join(map(chr, points[at:at + 64]))} for at in range(0, len(points), 64)]


def conversation(r, special, tools):
    messages = [{"role": "system", "content": text(r, special=special)}] if r.random() < 0.4 else []
    for _ in range(r.choice([1, 1, 1, 2, 3, 5])):
        messages.append({"role": "user", "content": text(r, special=special)})
        answer = {"role": "assistant", "content": text(r, special=special)}
        if tools and r.random() < 0.3:
            answer["content"] = "<think>\n" + text(r, 5) + "\n</think>\n\n" + text(r)
        elif tools and r.random() < 0.2:
            answer["reasoning_content"] = text(r, 5)
        messages.append(answer)
        if tools and r.random() < 0.15:
            call = {"name": "get_weather", "arguments": {"city": text(r, 2), "t": 1.5}}
            answer["tool_calls"] = [{"type": "function", "function": call}]
            messages += [{"role": "tool", "content": text(r, 4)}, {"role": "assistant", "content": text(r)}]
    if r.random() < 0.1:
        messages.append({"role": "user", "content": text(r)})
    return {"messages": messages, "tools": TOOLS if tools and r.random() < 0.2 else None}


class Stowage:
    """The command line at work on rows; a row that is refused is found by halving."""

    def __init__(self, cli, folder, scratch, options):
        self.cli, self.folder, self.scratch, self.options = cli, folder, scratch, options

    def rows(self, rows):
        path = os.path.join(self.scratch, "rows.jsonl")
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(json.dumps(row, ensure_ascii=k % 2 == 0) + "\n" for k, row in enumerate(rows))
        command = ["node", self.cli, "tokenize", path, "--tokenizer", self.folder, "--show", str(len(rows)), "--json"]
        done = subprocess.run(command + self.options, capture_output=True, text=True, encoding="utf-8")
        if done.returncode == 0:
            return json.loads(done.stdout)["rows"]
        error = json.loads(done.stdout or done.stderr.strip().splitlines()[-1])
        if len(rows) == 1:
            return [{"refused": error}]
        row = error.get("error", error).get("row")
        at = row if isinstance(row, int) else len(rows) // 2
        at = min(max(at, 1), len(rows) - 1)
        return self.rows(rows[:at]) + self.rows(rows[at:])


def bare(tokenizer):
    """The tokenizer without what its post-processor does to offsets."""
    own = type(tokenizer._tokenizer).from_str(tokenizer._tokenizer.to_str())
    own.post_processor = processors.Sequence([])
    own.no_truncation()
    own.no_padding()
    return own


MARKED = """{%- for message in messages %}
    {%- if message.role == 'assistant' %}
{{ '[assistant]' }}
        {%- generation %}{{ message.content }}{{ eos_token }}{% endgeneration %}

    {%- else %}
        {{- '[' + message.role + ']' + message.content }}
    {%- endif %}
{% endfor %}"""


def layout_span(whole, turn, start):
    """Where a rewritten turn stands in ChatML: from its first character to the end of the turn."""
    header = whole.index("<|im_start|>assistant\n", start) + len("<|im_start|>assistant\n")
    end = whole.index("<|im_end|>", header)
    content = turn["content"].split("</think>")[-1].strip()
    own = whole[header:end]
    first = len(own) - len(own.lstrip())
    return ((header + first, end + len("<|im_end|>")) if content else None), end


def expected_spans(tokenizer, row, whole, extra, chatml):
    """By prefixes; where they don't hold, by the layout of ChatML, or none."""
    spans = []
    at = 0
    for k, message in enumerate(row["messages"]):
        if message["role"] != "assistant":
            continue
        try:
            before = tokenizer.apply_chat_template(
                row["messages"][:k], tools=row["tools"], tokenize=False, add_generation_prompt=True, **extra)
            behind = tokenizer.apply_chat_template(row["messages"][:k + 1], tools=row["tools"], tokenize=False, **extra)
        except Exception:
            before = behind = None
        found, at = layout_span(whole, message, at) if chatml else (None, 0)
        if before is not None and whole.startswith(before) and whole.startswith(behind):
            spans.append((len(before), len(behind)))
        elif not chatml:
            return None
        elif found is not None:
            spans.append(found)
    return spans


def marked(tokenizer, own, stowage, rows, name):
    """Masks of a template with marks; how many are those of transformers to the token."""
    compiled = chat_template_utils._compile_jinja_template(MARKED)
    same = 0
    for row, it in zip(rows, stowage.rows(rows), strict=True):
        whole, spans = chat_template_utils._render_with_assistant_indices(
            compiled, row["messages"], None, None, False, **tokenizer.special_tokens_map)
        ids = own.encode(whole, add_special_tokens=False)
        assert it["text"] == whole and it["ids"] == ids.ids, (name, row)
        mask = [any(a <= start < b for a, b in spans) for start, _ in ids.offsets]
        assert it["trained"] == mask, (name, row)
        theirs = tokenizer.apply_chat_template(
            row["messages"], chat_template=MARKED, return_assistant_tokens_mask=True, return_dict=True)
        same += theirs["assistant_masks"] == [int(mark) for mark in mask]
    return same


def main():
    cli, folder, count, name = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
    own = bare(tokenizer)
    r = random.Random(11)
    with tempfile.TemporaryDirectory() as scratch:
        texts = [{"text": text(r, special=0.03)} for _ in range(count)] + signs()
        found = Stowage(cli, folder, scratch, ["--text-column", "text"]).rows(texts)
        for row, it in zip(texts, found, strict=True):
            assert it["ids"] == tokenizer(row["text"])["input_ids"], (name, row, it)
        if tokenizer.chat_template is None:
            print(f"{name}: {len(texts)} texts equal, no template")
            return
        extra = {"date_string": NOW["date_string"]} if "date_string" in tokenizer.chat_template else {}
        options = ["--messages-column", "messages", "--tools-column", "tools", "--special-tokens-in-content",
                   "--template-arguments", json.dumps(NOW)]
        rows, wholes, refused = [], [], []
        for k in range(count):
            row = conversation(r, 0.03 * (k % 3 == 0), k % 2 == 0)
            try:
                whole = tokenizer.apply_chat_template(row["messages"], tools=row["tools"], tokenize=False, **extra)
            except Exception:
                refused.append(row)
                continue
            rows.append(row)
            wholes.append(whole)
        stowage = Stowage(cli, folder, scratch, options)
        # Each refusal is a call of its own, which loads the tokenizer.
        for row in refused[:20]:
            assert "refused" in stowage.rows([row])[0], (name, row)
        equal = masks = 0
        for row, whole, it in zip(rows, wholes, stowage.rows(rows), strict=True):
            assert "refused" not in it, (name, row, it)
            ids = own.encode(whole, add_special_tokens=False)
            assert it["ids"] == ids.ids == tokenizer(whole, add_special_tokens=False)["input_ids"], (name, row)
            assert it["text"] == whole
            equal += 1
            held = any(token in json.dumps(row, ensure_ascii=False) for token in SPECIAL[:3])
            spans = expected_spans(tokenizer, row, whole, extra, name == "qwen3" and not held)
            if spans is not None:
                masks += 1
                mask = [any(a <= start < b for a, b in spans) for start, _ in ids.offsets]
                assert it["trained"] == mask, (name, row)
        template = os.path.join(scratch, "marked.jinja")
        with open(template, "w", encoding="utf-8") as file:
            file.write(MARKED)
        options = ["--messages-column", "messages", "--special-tokens-in-content", "--chat-template", template]
        plain = [conversation(r, 0.03 * (k % 3 == 0), False) for k in range(count)]
        same = marked(tokenizer, own, Stowage(cli, folder, scratch, options), plain, name)
        print(f"{name}: {len(texts)} texts and {equal} conversations equal, {len(refused)} refused by the reference "
              f"({min(len(refused), 20)} of them tried: refused); masks equal: {masks} "
              f"by turns, {count} by marks ({same} of them are transformers' own to the token)")


if __name__ == "__main__":
    main()
