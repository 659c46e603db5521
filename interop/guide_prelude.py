"""What the guides call yours: a small model and a tokenizer. Both are made when they are first named."""
import os
import warnings

warnings.filterwarnings('ignore')
os.environ.setdefault('HF_HUB_OFFLINE', '1')
os.environ.setdefault('CUDA_VISIBLE_DEVICES', '')
if 'tokenizer' in open(__file__).read().split('# --- the guide ---', 1)[1]:
    from check_trl import tokenizer as make_tokenizer
    from tiny_model import tiny_llama
    model, tokenizer = tiny_llama(200_000, 4096), make_tokenizer()
# --- the guide ---
